//! What names of tools stand for: rules by name, as the caller gives them. Which jobs deploy to where, what gates what.
//!
//! A rule has a pattern and a value. In a pattern `{name}` stands for one or more characters other than `/`, and `*` for
//! any characters or none; everything else stands for itself, and the whole name has to fit. In the value `{name}` is
//! what the pattern found there. So `deploy-{application}-{environment}` with the value `env:{environment}` sends the
//! runs of `deploy-check-web-prod` to `env:prod`.
//!
//! Where a name can be divided in several ways, the first placeholder takes as much as it can: the application above is
//! `check-web`. A name that is meant otherwise gets a rule of its own. Of several rules that fit, the one without
//! placeholders wins, then the one with the most text of its own, then the first one in the order of the alphabet.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{LONGEST_KEY, id_part};
use crate::error::{Error, Result};

pub(super) struct Rules(Vec<Rule>);

struct Rule {
    pattern: Vec<Piece>,
    value: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
    Any,
}

/// What a rule says of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) value: String,
    /// What stands for `{application}`.
    pub(super) application: Option<String>,
}

impl Rules {
    /// # Errors
    /// [`Error::Invalid`] with the option's name: a rule that is wrong has no fallback.
    pub(super) fn new(option: &str, table: &BTreeMap<String, String>) -> Result<Rules> {
        let mut rules = Vec::new();
        for (pattern, value) in table {
            let wrong = |reason: String| Error::invalid(option, format!("\"{pattern}\": {reason}"));
            let rule = Rule {
                pattern: pieces(pattern, true).map_err(wrong)?,
                value: pieces(value, false).map_err(wrong)?,
            };
            rule.check().map_err(wrong)?;
            rules.push(rule);
        }
        // The table is in alphabetical order already, and the sort keeps it.
        rules.sort_by_key(|rule| (rule.wild(), Reverse(rule.literal())));
        Ok(Rules(rules))
    }

    pub(super) fn say(&self, name: &str) -> Option<Said> {
        if name.len() > LONGEST_KEY {
            return None;
        }
        self.0.iter().find_map(|rule| rule.say(name))
    }
}

fn pieces(text: &str, is_pattern: bool) -> std::result::Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '{' | '}') || (is_pattern && c == '*')) {
        let (before, after) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        if let Some(after) = after.strip_prefix('*') {
            pieces.push(Piece::Any);
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('{').and_then(|after| after.split_once('}')) {
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(format!("\"{{{name}}}\" is no placeholder such as {{environment}}"));
            }
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        } else {
            return Err("a brace has no partner".into());
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

impl Rule {
    fn check(&self) -> std::result::Result<(), String> {
        let is_text = |piece: &Piece| matches!(piece, Piece::Text(_));
        if self.pattern.iter().zip(self.pattern.iter().skip(1)).any(|(a, b)| !is_text(a) && !is_text(b)) {
            return Err("two placeholders need text between them".into());
        }
        let names: Vec<&str> = self.pattern.iter().filter_map(Piece::name).collect();
        if names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|other| other == name)) {
            return Err("a placeholder stands there twice".into());
        }
        if let Some(name) = self.value.iter().filter_map(Piece::name).find(|name| !names.contains(name)) {
            return Err(format!("{{{name}}} is not in the pattern"));
        }
        let blank = |piece: &Piece| matches!(piece, Piece::Text(text) if text.trim().is_empty());
        if self.value.iter().all(blank) {
            return Err("says of no item what it is for".into());
        }
        Ok(())
    }

    fn wild(&self) -> bool {
        self.pattern.iter().any(|piece| !matches!(piece, Piece::Text(_)))
    }

    fn literal(&self) -> usize {
        let length = |piece: &Piece| if let Piece::Text(text) = piece { text.len() } else { 0 };
        self.pattern.iter().map(length).sum()
    }

    fn say(&self, name: &str) -> Option<Said> {
        let found = self.divide(name)?;
        let of = |wanted: &str| found.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
        let value: String = self
            .value
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Name(name) => of(name).unwrap_or_default(),
                Piece::Any => "",
            })
            .collect();
        let application = of("application").map(str::to_owned);
        Some(Said { value: id_part(&value), application })
    }

    /// What each placeholder stands for in a name that fits. Takes time in proportion to pattern times name.
    fn divide<'r, 'n>(&'r self, name: &'n str) -> Option<Vec<(&'r str, &'n str)>> {
        let bytes = name.as_bytes();
        let width = bytes.len() + 1;
        // Whether the pieces from one on fit the name from a place on; filled from the back.
        let mut fits = vec![false; width * (self.pattern.len() + 1)];
        let at = |fits: &[bool], piece: usize, place: usize| {
            place < width && fits.get(piece * width + place).copied().unwrap_or(false)
        };
        if let Some(last) = fits.last_mut() {
            *last = true;
        }
        for (number, piece) in self.pattern.iter().enumerate().rev() {
            for place in (0..width).rev() {
                let tail = bytes.get(place..).unwrap_or_default();
                let fit = match piece {
                    Piece::Text(text) => {
                        tail.starts_with(text.as_bytes()) && at(&fits, number + 1, place + text.len())
                    }
                    Piece::Name(_) => {
                        tail.first().is_some_and(|byte| *byte != b'/')
                            && (at(&fits, number + 1, place + 1) || at(&fits, number, place + 1))
                    }
                    Piece::Any => at(&fits, number + 1, place) || at(&fits, number, place + 1),
                };
                if let Some(slot) = fits.get_mut(number * width + place) {
                    *slot = fit;
                }
            }
        }
        if !at(&fits, 0, 0) {
            return None;
        }
        let mut found = Vec::new();
        let mut place = 0;
        for (number, piece) in self.pattern.iter().enumerate() {
            let end = match piece {
                Piece::Text(text) => place + text.len(),
                Piece::Any | Piece::Name(_) => {
                    let is_name = matches!(piece, Piece::Name(_));
                    let tail = bytes.get(place..).unwrap_or_default();
                    let most = tail.iter().position(|byte| is_name && *byte == b'/').unwrap_or(tail.len());
                    let least = usize::from(is_name);
                    (place + least..=place + most).rev().find(|end| at(&fits, number + 1, *end))?
                }
            };
            if let Piece::Name(placeholder) = piece {
                found.push((placeholder.as_str(), name.get(place..end)?));
            }
            place = end;
        }
        Some(found)
    }
}

impl Piece {
    fn name(&self) -> Option<&str> {
        if let Piece::Name(name) = self { Some(name) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(table: &[(&str, &str)]) -> Result<Rules> {
        let table = table.iter().map(|(pattern, value)| ((*pattern).to_owned(), (*value).to_owned()));
        Rules::new("deploy_jobs", &table.collect())
    }

    /// The value and the application, `-` where there is none.
    fn say(table: &[(&str, &str)], name: &str) -> Option<String> {
        let said = rules(table).unwrap().say(name)?;
        Some(format!("{} {}", said.value, said.application.as_deref().unwrap_or("-")))
    }

    #[test]
    fn placeholders_find_their_text() {
        let table = [
            ("deploy-{application}-{environment}", "env:{environment}"),
            ("Mobile/{application}/ship-*", "env:store"),
        ];
        for (name, expected) in [
            ("deploy-checks-prod", Some("env:prod checks")),
            ("deploy-check-web-prod", Some("env:prod check-web")),
            ("deploy--prod", None),
            ("deploy-checks-", None),
            ("deploy-checks", None),
            ("redeploy-checks-prod", None),
            ("deploy-checks/x-prod", None),
            ("Mobile/checks/ship-", Some("env:store checks")),
            ("Mobile/checks/ship-ios/main", Some("env:store checks")),
            ("deploy-Prüfung-größe", Some("env:größe Prüfung")),
            ("", None),
        ] {
            assert_eq!(say(&table, name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn the_rule_that_says_most_wins() {
        let table = [
            ("*", "env:any"),
            ("deploy-*", "env:some"),
            ("deploy-{environment}", "env:{environment}"),
            ("deploy-{x}", "env:later"),
            ("deploy-pre-prod", "env:staging"),
            ("deploy-{application}-prod", "env:prod"),
        ];
        for (name, expected) in [
            ("deploy-pre-prod", "env:staging -"),
            ("deploy-checks-prod", "env:prod checks"),
            // Of equally long ones the first in the alphabet.
            ("deploy-uat", "env:some -"),
            ("build", "env:any -"),
        ] {
            assert_eq!(say(&table, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn rules_that_are_wrong_are_refused() {
        for (pattern, value, reason) in [
            ("deploy-{", "env:x", "no partner"),
            ("deploy-}", "env:x", "no partner"),
            ("deploy-{a-b}", "env:x", "no placeholder"),
            ("deploy-{}", "env:x", "no placeholder"),
            ("{a}{b}", "env:x", "text between"),
            ("{a}-{a}", "env:x", "twice"),
            ("deploy", "env:{environment}", "not in the pattern"),
            ("deploy", " ", "no item"),
            ("deploy", "", "no item"),
        ] {
            let error = rules(&[(pattern, value)]).err().unwrap().to_string();
            assert!(error.starts_with("deploy_jobs: ") && error.contains(reason), "{pattern}: {error}");
        }
    }

    #[test]
    fn long_names_and_many_placeholders_take_no_time() {
        let pattern = "*a".repeat(100);
        let name = "a".repeat(LONGEST_KEY - 1) + "b";
        assert_eq!(say(&[(&pattern, "env:x")], &name), None);
        assert_eq!(say(&[("*", "env:x")], &"a".repeat(LONGEST_KEY + 1)), None);
    }
}
