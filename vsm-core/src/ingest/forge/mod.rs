//! What the adapters of code forges (GitHub, GitLab) share.
//!
//! Their payloads are wide, and one member means another thing in every shape; so they are read as trees of JSON, through
//! [`Node`], to which a member of an unexpected type is absent.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

#[cfg(test)]
use serde_json::Value;

mod piece;
mod tree;

pub(in crate::ingest) use self::piece::Piece;
use self::tree::Tree;
use super::git::{item, message, read_sha};
use super::loose::Scalar;
use super::parts::Part;
use super::records::pieces;
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, LONGEST_PART, Reject, attribute, check_key, fingerprint, id_part};
use crate::error::{Error, Result};
use crate::model::{Event, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

static NULL: Tree<'_> = Tree::Null;

/// A value of a payload, or nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Node<'a>(&'a Tree<'a>);

impl<'a> Node<'a> {
    pub(in crate::ingest) fn at(self, name: &str) -> Node<'a> {
        Node(self.0.get(name).unwrap_or(&NULL))
    }

    /// Whether there is such a member, null or not.
    pub(in crate::ingest) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub(in crate::ingest) fn object(self, name: &str) -> Option<Node<'a>> {
        Some(self.at(name)).filter(|node| node.is_object())
    }

    pub(in crate::ingest) fn list(self, name: &str) -> Option<impl Iterator<Item = Node<'a>> + use<'a>> {
        match self.at(name).0 {
            Tree::List(list) => Some(list.iter().map(Node)),
            _ => None,
        }
    }

    /// The members of a list, none where it is no list.
    pub(in crate::ingest) fn each(self, name: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.list(name).into_iter().flatten()
    }

    pub(in crate::ingest) fn is_object(self) -> bool {
        matches!(self.0, Tree::Object(_))
    }

    pub(in crate::ingest) fn as_text(self) -> Option<&'a str> {
        match self.0 {
            Tree::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(in crate::ingest) fn text(self, name: &str) -> Option<&'a str> {
        self.at(name).as_text()
    }

    pub(in crate::ingest) fn owned(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(in crate::ingest) fn flag(self, name: &str) -> Option<bool> {
        match self.at(name).0 {
            Tree::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(in crate::ingest) fn number(self, name: &str) -> Option<f64> {
        match self.at(name).0 {
            Tree::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// A number or text that names something.
    pub(in crate::ingest) fn id(self, name: &str) -> Option<String> {
        let id = match self.at(name).0 {
            Tree::Text(text) => text.to_string(),
            Tree::Number(number) => number.to_string(),
            _ => return None,
        };
        (id.len() <= LONGEST_PART && check_key(name, Some(&id)).is_ok()).then_some(id)
    }

    pub(in crate::ingest) fn need_id(self, name: &str) -> Result<String> {
        self.id(name).ok_or_else(|| Error::invalid(name, "is missing or neither a number nor a text"))
    }

    pub(in crate::ingest) fn time(self, stamps: Stamps, name: &str) -> Result<Option<Instant>> {
        let scalar = match self.at(name).0 {
            Tree::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Tree::Number(number) => match number.as_i64() {
                Some(number) => Scalar::Int(number),
                None => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Tree::Bool(value) => Scalar::Bool(*value),
            _ => Scalar::Absent,
        };
        stamps.read(name, &scalar)
    }

    pub(in crate::ingest) fn need_time(self, stamps: Stamps, name: &str) -> Result<Instant> {
        self.time(stamps, name)?.ok_or_else(|| Error::invalid(name, "is missing"))
    }
}

/// One input on its way to events.
pub(in crate::ingest) struct Forge<'o> {
    pub(in crate::ingest) source: &'static str,
    pub(in crate::ingest) options: &'o IngestOptions,
    pub(in crate::ingest) stamps: Stamps,
    pub(in crate::ingest) out: Ingested,
}

impl<'o> Forge<'o> {
    /// Reads a text: every record goes to `record`, and a record that holds a list under one of the names of `pages` is a
    /// page of an interface's answer, each of whose entries does.
    pub(in crate::ingest) fn read(
        source: &'static str,
        text: Part<'_>,
        options: &'o IngestOptions,
        pages: &[&str],
        record: fn(&mut Forge<'o>, Node<'_>) -> Result<Vec<Event>>,
    ) -> Ingested {
        let stamps = match Stamps::new(options) {
            Ok(stamps) => stamps,
            Err(error) => return Ingested::refused(&error),
        };
        let mut forge = Forge { source, options, stamps, out: Ingested::default() };
        for piece in pieces(text) {
            let place = piece.position;
            for (position, value) in piece.read::<Tree<'_>>() {
                let value = match value {
                    Ok(value) => value,
                    Err(reject) => {
                        forge.out.rejects.push(reject);
                        continue;
                    }
                };
                let node = Node(&value);
                let page = pages.iter().find_map(|name| node.list(name));
                match page.filter(|_| !node.has("action")) {
                    None => forge.take(position, node, record),
                    Some(page) => {
                        for (entry, number) in page.zip(1..) {
                            // The line of a page says more than the number in it.
                            forge.take(place.unwrap_or(number), entry, record);
                        }
                    }
                }
            }
        }
        forge.out.recorded(options.recorded_at)
    }

    fn take(
        &mut self,
        position: u64,
        node: Node<'_>,
        record: fn(&mut Forge<'o>, Node<'_>) -> Result<Vec<Event>>,
    ) {
        let read = match node.is_object() {
            true => record(self, node),
            false => Err(Error::invalid("record", "is not an object")),
        };
        match read {
            Ok(events) => self.out.events.extend(events),
            Err(error) => {
                let name = ["html_url", "web_url", "url", "sha", "id"].iter().find_map(|name| node.id(name));
                self.out.rejects.push(Reject::new(position, name.as_deref(), &error));
            }
        }
    }

    /// An event of this tool about one of its items; `item` is the item's key.
    pub(in crate::ingest) fn event(&self, id: impl Into<String>, at: Instant, item: &str) -> Event {
        Event::new(self.source, id, at, self.item(item))
    }

    pub(in crate::ingest) fn item(&self, key: &str) -> String {
        [self.source, ":", key].concat()
    }

    /// Says where an item belongs: its repository as an attribute, and the application that is declared for it.
    pub(in crate::ingest) fn belongs(
        &self,
        event: &mut Event,
        repository: Option<&str>,
        number: Option<&str>,
    ) {
        let declared = |key: Option<&str>| self.options.applications.get(key?);
        let application =
            declared(repository).or_else(|| declared(number)).or(self.options.application.as_ref());
        if let Some(application) = application {
            event.links.push(Link::new(LinkKind::BelongsTo, application));
        }
        attribute(&mut event.set, "repository", repository);
    }

    /// The kind of an issue: what the option `kinds` says of its type or one of its labels, then the usual names.
    pub(in crate::ingest) fn kind(&mut self, kind: Option<&str>, labels: &[String]) -> Kind {
        let names = || kind.into_iter().chain(labels.iter().map(String::as_str));
        let declared = names().find_map(|name| {
            self.options.kinds.iter().find(|(declared, _)| declared.eq_ignore_ascii_case(name))
        });
        if let Some((_, kind)) = declared {
            return *kind;
        }
        if let Some(kind) = names().find_map(usual_kind) {
            return kind;
        }
        self.out.count("issue without a type or label that says its kind: read as a story");
        Kind::Story
    }

    /// The flow state that the option `states` gives one of some words: labels first, then the tool's own state.
    pub(in crate::ingest) fn state(&self, labels: &[String], status: &str) -> Option<FlowState> {
        let mut words = labels.iter().map(String::as_str).chain([status]);
        words.find_map(|word| {
            self.options
                .states
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(word))
                .map(|(_, state)| *state)
        })
    }

    /// The environment that a deployment goes to, as an event that makes it known.
    pub(in crate::ingest) fn environment(
        &self,
        id: String,
        at: Instant,
        repository: &str,
        name: &str,
    ) -> Event {
        let mut event = self.event(id, at, &environment_key(repository, name));
        event.kind = Some(Kind::Environment);
        event.set.title = Some(name.to_owned());
        attribute(&mut event.set, "repository", Some(repository));
        event
    }

    /// A commit as a push names it: message and time, but no parents.
    pub(in crate::ingest) fn pushed_commit(
        &self,
        commit: Node<'_>,
        repository: Option<&str>,
        number: Option<&str>,
    ) -> Result<(String, Event)> {
        let sha = read_sha("commits.id", commit.text("id"))?;
        let at = commit.need_time(self.stamps, "timestamp")?;
        let mut event = Event::new(self.source, format!("commit/{sha}/pushed"), at, item(&sha));
        event.kind = Some(Kind::Change);
        message(&mut event, commit.text("message"));
        attribute(&mut event.set, "author", commit.at("author").text("name"));
        self.belongs(&mut event, repository, number);
        Ok((sha, event))
    }

    /// The commits of a push. The head comes after the others and, unless history was rewritten, after the former
    /// head; the order among the others is not told.
    pub(in crate::ingest) fn push(
        &mut self,
        node: Node<'_>,
        repository: Option<&str>,
        number: Option<&str>,
        is_forced: bool,
    ) -> Result<Vec<Event>> {
        let after = read_sha("after", node.text("after"))?;
        if is_zero(&after) {
            self.out.count("push that deletes a branch or tag");
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let mut others = BTreeSet::new();
        let head_commit = node.object("head_commit");
        for commit in node.each("commits").chain(head_commit) {
            let (sha, event) = self.pushed_commit(commit, repository, number)?;
            if others.insert(sha) {
                events.push(event);
            }
        }
        let reference = node.text("ref").unwrap_or_default();
        // An annotated tag is an object of its own; the commit that it names stands beside it.
        let named = node.text("checkout_sha").or(head_commit.and_then(|head| head.text("id")));
        let head = named.map_or(Ok(after), |sha| read_sha("checkout_sha", Some(sha)))?;
        let Some(at) = events.iter().find(|event| event.item == item(&head)).map(|event| event.occurred_at)
        else {
            self.out.count(if reference.starts_with("refs/tags/") {
                "tag without the time of its commit"
            } else {
                "push without commits"
            });
            return Ok(events);
        };
        let repository = repository.unwrap_or_default();
        let mut event =
            Event::new(self.source, format!("{repository}/{}/{head}", id_part(reference)), at, item(&head));
        if let Some(tag) = reference.strip_prefix("refs/tags/") {
            event.set.tag = Some(tag.to_owned());
        } else {
            attribute(&mut event.set, "branch", reference.strip_prefix("refs/heads/"));
            let before = node.text("before").and_then(|sha| read_sha("before", Some(sha)).ok());
            let before = before.filter(|sha| !is_forced && !is_zero(sha));
            for sha in before.into_iter().chain(others).filter(|sha| *sha != head) {
                event.links.push(Link::new(LinkKind::Follows, item(&sha)));
            }
        }
        events.push(event);
        Ok(events)
    }
}

pub(in crate::ingest) fn environment_key(repository: &str, name: &str) -> String {
    format!("{repository}/environment/{}", id_part(name))
}

/// The value of an attribute as it is today: set, or known to be none.
pub(in crate::ingest) fn attribute_today(event: &mut Event, name: &str, value: Option<&str>) {
    match value.filter(|value| !value.is_empty()) {
        Some(_) => attribute(&mut event.set, name, value),
        None => event.clear.push(name.into()),
    }
}

/// Start and end; an end before the start, as clocks that differ make it, is counted, and the start left out.
pub(in crate::ingest) fn period(
    event: &mut Event,
    starts_at: Instant,
    ends_at: Option<Instant>,
    out: &mut Ingested,
) {
    event.set.ends_at = ends_at;
    match ends_at.is_some_and(|end| end < starts_at) {
        true => out.count("end before start"),
        false => event.set.starts_at = Some(starts_at),
    }
}

/// Completes the id of an event that tells the values of a moment by a hash of what it says: two states within one
/// second, or one state seen through two interfaces that don't give the same fields, are two events.
pub(in crate::ingest) fn with_hash(mut event: Event) -> Event {
    let hash = fingerprint(&event);
    // A text takes whatever is written to it.
    let _ = write!(event.id, "/{hash:016x}");
    event
}

fn is_zero(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

/// The usual names of types and labels, alone or after a prefix: `bug`, `kind/bug`, `type: bug`, `type::bug`.
fn usual_kind(name: &str) -> Option<Kind> {
    let name = name.trim().to_lowercase();
    let word = match name.rsplit_once(['/', ':']) {
        Some((prefix, word)) => {
            let prefix = prefix.trim_end_matches(':').trim();
            matches!(prefix, "type" | "kind" | "t" | "category" | "issue type").then(|| word.trim())?
        }
        None => name.as_str(),
    };
    Some(match word.replace(['-', '_'], " ").as_str() {
        "theme" | "initiative" => Kind::Theme,
        "epic" => Kind::Epic,
        "feature" | "new feature" | "enhancement" | "improvement" | "feature request" => Kind::Feature,
        "story" | "user story" | "task" | "spike" => Kind::Story,
        "bug" | "defect" | "regression" => Kind::Defect,
        "risk" | "security" | "vulnerability" | "compliance" => Kind::Risk,
        "technical debt" | "tech debt" | "debt" | "refactoring" => Kind::Debt,
        "incident" => Kind::Incident,
        _ => return None,
    })
}

/// A document with each of its values in turn replaced by one of another type or beyond reason.
#[cfg(test)]
pub(in crate::ingest) fn spoiled(text: &str) -> Vec<String> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let mut paths = vec![String::new()];
    let mut at = 0;
    while let Some(path) = paths.get(at).cloned() {
        match whole.pointer(&path) {
            Some(Value::Object(members)) => paths.extend(members.keys().map(|key| format!("{path}/{key}"))),
            Some(Value::Array(list)) => paths.extend((0..list.len()).map(|n| format!("{path}/{n}"))),
            _ => {}
        }
        at += 1;
    }
    let long = "9".repeat(5_000);
    let others = serde_json::json!([
        null,
        true,
        0,
        -1,
        1e300,
        u64::MAX,
        "",
        " ",
        "x",
        "a\u{0}b",
        "0000-01-01",
        "9999-12-31T23:59:59Z",
        long,
        [],
        [[]],
        {},
        "aaaa"
    ]);
    let others = others.as_array().cloned().unwrap_or_default();
    let spoil = |path: &String, other: &Value| {
        let mut spoiled = whole.clone();
        if let Some(place) = spoiled.pointer_mut(path) {
            *place = other.clone();
        }
        spoiled.to_string()
    };
    paths
        .iter()
        .flat_map(|path| others.iter().map(move |other| (path, other)))
        .map(|(p, o)| spoil(p, o))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_a_kind_alone_or_after_a_prefix() {
        let table = [
            ("Bug", Some(Kind::Defect)),
            ("kind/bug", Some(Kind::Defect)),
            ("type: enhancement", Some(Kind::Feature)),
            ("type::tech-debt", Some(Kind::Debt)),
            ("area/security", None),
            ("not a bug", None),
            ("", None),
        ];
        for (label, kind) in table {
            assert_eq!(usual_kind(label), kind, "{label}");
        }
    }
}
