//! The references of code forges in a text: `#12`, `acme/shop#12`, `!34`, `AB#12`, `GH-12`.

/// How a reference is written, which says what it can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `#12`: an issue, and in some forges a pull request.
    Hash,
    /// `!34`: a merge request.
    Bang,
    /// `AB#12`: a work item of Azure Boards.
    Boards,
    /// `GH-12`: an issue of GitHub.
    GitHub,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The repository that is named with it; none = that of the text.
    pub(super) repository: Option<&'a str>,
    pub(super) sign: Sign,
    pub(super) number: &'a str,
    pub(super) text: &'a str,
}

/// A longer number is none of an issue.
pub(super) const MOST_DIGITS: usize = 10;

/// All references in a text, in order. Within the name of a branch, where words are run together, one may follow a word
/// (`fix#12`).
pub(super) fn references(text: &str, is_branch: bool) -> Vec<Reference<'_>> {
    text.match_indices(['#', '!', '-'])
        .filter_map(|(at, sign)| reference(text, at, sign, is_branch))
        .collect()
}

fn reference<'a>(text: &'a str, at: usize, sign: &str, is_branch: bool) -> Option<Reference<'a>> {
    let (head, tail) = (text.get(..at)?, text.get(at + 1..)?);
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let ends = tail.get(digits..)?.chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
    if digits == 0 || digits > MOST_DIGITS || !ends {
        return None;
    }
    let sign = match sign {
        "#" => Sign::Hash,
        "!" => Sign::Bang,
        _ => Sign::GitHub,
    };
    // Two letters are looked back for, and not the whole path: a text may consist of hyphens.
    if let Some(start) = prefix(head, "GH").filter(|_| sign == Sign::GitHub)
        && let Some(text) = text.get(start..at + 1 + digits)
    {
        return Some(Reference { repository: None, sign, number: tail.get(..digits)?, text });
    }
    if sign == Sign::GitHub {
        return None;
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let start = head.rfind(|c: char| !is_path(c)).map_or(0, |last| {
        last + head.get(last..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    let before = head.get(start..)?;
    let (repository, sign, from) = match sign {
        Sign::Hash if before.eq_ignore_ascii_case("AB") => (None, Sign::Boards, start),
        _ if is_branch => (None, sign, at),
        _ if before.contains('/') => (Some(before), sign, start),
        // `&#39;` is a character of HTML.
        _ if before.is_empty() && !head.ends_with('&') => (None, sign, at),
        _ => return None,
    };
    let text = text.get(from..at + 1 + digits)?;
    Some(Reference { repository, sign, number: tail.get(..digits)?, text })
}

/// Where a prefix starts that a text ends with as a word of its own.
fn prefix(head: &str, prefix: &str) -> Option<usize> {
    let start = head.len().checked_sub(prefix.len())?;
    let is_it = head.get(start..)?.eq_ignore_ascii_case(prefix);
    let is_word = head.get(..start)?.chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
    (is_it && is_word).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_whole_words() {
        let found = |text, is_branch| -> Vec<String> {
            let show = |r: Reference<'_>| format!("{:?} {} {}", r.sign, r.repository.unwrap_or("-"), r.text);
            references(text, is_branch).into_iter().map(show).collect()
        };
        let expected =
            ["Hash - #12", "Hash acme/shop acme/shop#3", "Bang - !34", "Boards - AB#5", "GitHub - GH-6"];
        assert_eq!(found("(#12), acme/shop#3 !34 AB#5 gh#7 GH-6", false), expected);
        assert_eq!(found("#12a #_ a#12 &#39; Wow!34 #12345678901 # 7 UTF-8 é#", false), [""; 0]);
        assert_eq!(found("fix#12", true), ["Hash - #12"]);
        assert_eq!(found("feature/fix#12", true), ["Hash - #12"]);
    }
}
