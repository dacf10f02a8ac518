//! Git history: commits as JSON Lines, references as CSV.
//!
//! **Commits** are read from what `git log` knows, one JSON object a line (a list of objects is read as well):
//!
//! | field | event |
//! |---|---|
//! | `sha` | item `git:<sha>` in lower case, kind change; 4 to 64 hexadecimal digits, else a reject |
//! | `committed`, else `authored` | `occurred_at` |
//! | `authored` | `starts_at`: change lead time begins here |
//! | `parents` | `follows` links |
//! | `subject` | `title` |
//! | `body`, else the list `body_keys` | `description` |
//! | `author` | attribute `author` |
//!
//! The event's id is the SHA. Only the full SHA names a commit, so histories should be written with full ones.
//!
//! **References** are CSV with the columns `ref`, `commit`, `date`, quoted or not, with or without that header (a
//! header may order them otherwise), as written by
//! `git for-each-ref --format='"%(refname)",%(objectname),%(creatordate:iso-strict)'`; for annotated tags the commit is
//! `%(*objectname)`. A tag becomes an event about its commit that sets `tag`; id `<sha>/refs/tags/<name>`, because
//! every repository may have its own `v1.0.0`. A tag that was moved between two exports stays on its first commit, too:
//! nothing says when it left. The name is kept as it stands: which release it means is for the correlation to say. Branches and other references don't say
//! what was released; they are counted in `ignored` by their folder.

use std::borrow::Cow;

use serde::Deserialize;

use super::loose::{List, Scalar, Text};
use super::parts::Part;
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, check_key, records};
use crate::document::{LONGEST_LINE, lines};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Commit<'a> {
    #[serde(borrow)]
    sha: Text<'a>,
    #[serde(borrow)]
    parents: List<Text<'a>>,
    #[serde(borrow)]
    authored: Scalar<'a>,
    #[serde(borrow)]
    committed: Scalar<'a>,
    #[serde(borrow)]
    subject: Text<'a>,
    #[serde(borrow)]
    body: Text<'a>,
    #[serde(borrow)]
    body_keys: List<Text<'a>>,
    #[serde(borrow)]
    author: Text<'a>,
}

pub(super) fn read_commits(text: Part<'_>, options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    for (position, commit) in records::read::<Commit<'_>>(text) {
        match commit {
            Ok(commit) => match commit_event(&commit, stamps, options) {
                Ok(event) => ingested.events.push(event),
                Err(error) => ingested.rejects.push(Reject::new(position, commit.sha.get(), &error)),
            },
            Err(reject) => ingested.rejects.push(reject),
        }
    }
    ingested.recorded(options.recorded_at)
}

fn commit_event(commit: &Commit<'_>, stamps: Stamps, options: &IngestOptions) -> Result<Event> {
    let sha = read_sha("sha", commit.sha.get())?;
    let authored = stamps.read("authored", &commit.authored)?;
    let occurred = match stamps.read("committed", &commit.committed)? {
        Some(committed) => committed,
        None => authored.ok_or_else(|| Error::invalid("committed", "is missing, and so is authored"))?,
    };
    let mut event = Event::new("git", &sha, occurred, item(&sha));
    event.kind = Some(Kind::Change);
    event.set.starts_at = authored;
    event.set.title = commit.subject.owned();
    event.set.description = commit.body.owned().or_else(|| {
        let keys: Vec<&str> = commit.body_keys.0.iter().filter_map(Text::get).collect();
        (!keys.is_empty()).then(|| keys.join(" "))
    });
    if let Some(author) = commit.author.owned() {
        event.set.attributes.insert("author".into(), author);
    }
    for (n, parent) in commit.parents.0.iter().enumerate() {
        let parent = read_sha(&format!("parents[{n}]"), parent.get())?;
        if parent == sha {
            return Err(Error::invalid(&format!("parents[{n}]"), "a commit can't be its own parent"));
        }
        event.links.push(Link::new(LinkKind::Follows, item(&parent)));
    }
    if let Some(application) = &options.application {
        event.links.push(Link::new(LinkKind::BelongsTo, application));
    }
    Ok(event)
}

/// The first line of a commit's message, and the rest.
pub(super) fn message(event: &mut Event, text: Option<&str>) {
    let Some(text) = text else { return };
    let (subject, body) = text.split_once('\n').unwrap_or((text, ""));
    let filled = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    event.set.title = filled(subject);
    event.set.description = filled(body);
}

/// The item of a commit.
pub(super) fn item(sha: &str) -> String {
    ["git:", sha].concat()
}

/// A SHA in lower case.
pub(super) fn read_sha(field: &str, text: Option<&str>) -> Result<String> {
    match text {
        None => Err(Error::invalid(field, "is missing")),
        Some(sha) if (4..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(sha.to_ascii_lowercase())
        }
        Some(_) => Err(Error::invalid(field, "is not a commit: 4 to 64 hexadecimal digits are expected")),
    }
}

pub(crate) fn read_tags(text: &[u8], options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    let mut columns = Columns { reference: 0, commit: 1, date: 2 };
    let mut first = true;
    for (position, line) in lines(text, LONGEST_LINE) {
        let cells = match line.map(split) {
            Ok(Some(cells)) => cells,
            Ok(None) => {
                let error = Error::invalid(
                    "line",
                    "is not CSV in UTF-8: a quote is not closed or a character is broken",
                );
                ingested.rejects.push(Reject::new(position, None, &error));
                continue;
            }
            Err(unreadable) => {
                let code = unreadable.code.into();
                ingested.rejects.push(Reject { position, record: None, code, reason: unreadable.reason });
                continue;
            }
        };
        if std::mem::take(&mut first)
            && let Some(header) = Columns::of(&cells)
        {
            columns = header;
            continue;
        }
        let reference = cells.get(columns.reference).map_or("", |cell| cell.trim());
        if let Some(rest) = reference.strip_prefix("refs/").filter(|rest| !rest.starts_with("tags/")) {
            let folder = rest.split_once('/').map_or(rest, |(folder, _)| folder);
            ingested.count(format!("refs/{}", super::id_part(folder)));
            continue;
        }
        match tag_event(reference, &cells, &columns, stamps) {
            Ok(event) => ingested.events.push(event),
            Err(error) => ingested.rejects.push(Reject::new(position, Some(reference), &error)),
        }
    }
    ingested.recorded(options.recorded_at)
}

fn tag_event(reference: &str, cells: &[Cow<'_, str>], columns: &Columns, stamps: Stamps) -> Result<Event> {
    let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let tag = reference
        .strip_prefix("refs/tags/")
        .ok_or_else(|| Error::invalid("ref", "must begin with refs/, such as refs/tags/1.4.0"))?;
    check_key("ref", Some(tag))?;
    let sha = read_sha("commit", cell(columns.commit))?;
    let date = cell(columns.date).ok_or_else(|| Error::invalid("date", "is missing"))?;
    let id = format!("{sha}/{reference}");
    let mut event = Event::new("git", id, stamps.text("date", date)?, item(&sha));
    event.set.tag = Some(tag.to_owned());
    Ok(event)
}

struct Columns {
    reference: usize,
    commit: usize,
    date: usize,
}

impl Columns {
    /// The columns that a header names.
    fn of(cells: &[Cow<'_, str>]) -> Option<Columns> {
        let find = |name: &str| cells.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        Some(Columns { reference: find("ref")?, commit: find("commit")?, date: find("date")? })
    }
}

/// The cells of a line of CSV; none where a quote is not closed or the line is not UTF-8.
fn split(line: &[u8]) -> Option<Vec<Cow<'_, str>>> {
    let mut rest = std::str::from_utf8(line).ok()?;
    let mut cells = Vec::new();
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            None => match rest.split_once(',') {
                Some((cell, after)) => (Cow::Borrowed(cell), Some(after)),
                None => (Cow::Borrowed(rest), None),
            },
            Some(quoted) => {
                let (cell, after) = unquote(quoted)?;
                (cell, if after.is_empty() { None } else { Some(after.strip_prefix(',')?) })
            }
        };
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return Some(cells),
        }
    }
}

/// The text up to the closing quote, and what follows it; two quotes stand for one.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (mut cell, mut rest) = text.split_once('"').map(|(cell, rest)| (Cow::Borrowed(cell), rest))?;
    while let Some(more) = rest.strip_prefix('"') {
        let (part, after) = more.split_once('"')?;
        let cell = cell.to_mut();
        cell.push('"');
        cell.push_str(part);
        rest = after;
    }
    Some((cell, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(text: &str) -> Ingested {
        read_commits(text.as_bytes().into(), &IngestOptions::default())
    }

    fn tags(text: &str) -> Ingested {
        read_tags(text.as_bytes(), &IngestOptions::default())
    }

    #[test]
    fn a_commit_becomes_a_change() {
        let text = r#"{"sha":"4F2C9A","parents":["aa01","BB02"],"authored":"2026-03-01T08:00:00+01:00",
            "committed":"2026-03-02T09:30:00Z","subject":"CHK-1 Crop the image","body":"Also CHK-2.","author":"Ada","x":[]}"#;
        let options = IngestOptions {
            application: Some("app:checks".into()),
            recorded_at: Some("2026-03-05T00:00:00Z".parse().unwrap()),
            ..IngestOptions::default()
        };
        let read = read_commits(text.as_bytes().into(), &options);
        assert_eq!(read.rejects, []);
        let [event] = read.events.as_slice() else { panic!("one event expected: {read:?}") };
        assert_eq!((event.key().as_str(), event.item.as_str()), ("git:4f2c9a", "git:4f2c9a"));
        assert_eq!(event.kind, Some(Kind::Change));
        assert_eq!(event.occurred_at.to_string(), "2026-03-02T09:30:00.000Z");
        assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T07:00:00.000Z");
        assert_eq!(event.set.title.as_deref(), Some("CHK-1 Crop the image"));
        assert_eq!(event.set.description.as_deref(), Some("Also CHK-2."));
        assert_eq!(event.set.attributes["author"], "Ada");
        assert_eq!(event.recorded_at, options.recorded_at);
        let links: Vec<(LinkKind, &str)> =
            event.links.iter().map(|link| (link.kind, link.to.as_str())).collect();
        let expected = [
            (LinkKind::Follows, "git:aa01"),
            (LinkKind::Follows, "git:bb02"),
            (LinkKind::BelongsTo, "app:checks"),
        ];
        assert_eq!(links, expected);
    }

    #[test]
    fn keys_of_the_body_stand_in_for_the_body() {
        let read =
            commits(r#"{"sha":"4f2c","authored":1772355600,"subject":null,"body_keys":["CHK-2","CHK-3"]}"#);
        assert_eq!(read.events[0].set.description.as_deref(), Some("CHK-2 CHK-3"));
        assert_eq!(read.events[0].occurred_at.to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(read.events[0].set.title, None);
    }

    #[test]
    fn bad_commits_are_rejected_one_by_one() {
        let table = [
            (r#"{"parents":[]}"#, "invalid", "sha: is missing"),
            (r#"{"sha":"xyz1","committed":"2026-03-01T09:00:00Z"}"#, "invalid", "sha: is not a commit"),
            (r#"{"sha":"abc","committed":"2026-03-01T09:00:00Z"}"#, "invalid", "sha: is not a commit"),
            (r#"{"sha":"4f2c","committed":null}"#, "invalid", "committed: is missing"),
            (r#"{"sha":"4f2c","committed":"2026-03-01T09:00:00"}"#, "invalid", "declare the zone"),
            (
                r#"{"sha":"4f2c","parents":["4F2C"],"committed":"2026-03-01T09:00:00Z"}"#,
                "invalid",
                "own parent",
            ),
            (
                r#"{"sha":"4f2c","parents":[null],"committed":"2026-03-01T09:00:00Z"}"#,
                "invalid",
                "parents[0]",
            ),
            (r#"{"sha":"4f2c","#, "document", "EOF"),
        ];
        for (line, code, reason) in table {
            let text = format!("{}\n{line}\n", r#"{"sha":"aaaa","committed":"2026-03-01T09:00:00Z"}"#);
            let read = commits(&text);
            assert_eq!(read.events.len(), 1, "{line}");
            let [reject] = read.rejects.as_slice() else { panic!("{line}: {read:?}") };
            assert_eq!((reject.position, reject.code.as_str()), (2, code), "{line}");
            assert!(reject.reason.contains(reason), "{line}: {}", reject.reason);
        }
    }

    #[test]
    fn tags_name_commits_and_branches_are_counted() {
        let read = tags(
            "ref,commit,date\n\"refs/heads/main\",4f2c,2026-03-01T09:00:00Z\n\
             \"refs/tags/v1,\"\"beta\"\"\",4F2C,2026-03-01T09:00:00+01:00\r\nrefs/tags/1.0.0,4f2c,2026-03-02 09:00:00 +0000\n\
             refs/remotes/origin/main,4f2c,\n",
        );
        assert_eq!(read.rejects, []);
        assert_eq!(read.ignored, [("refs/heads".to_owned(), 1), ("refs/remotes".to_owned(), 1)].into());
        let said: Vec<(&str, &str, Option<&str>)> = read
            .events
            .iter()
            .map(|event| (event.id.as_str(), event.item.as_str(), event.set.tag.as_deref()))
            .collect();
        let expected = [
            ("4f2c/refs/tags/v1,\"beta\"", "git:4f2c", Some("v1,\"beta\"")),
            ("4f2c/refs/tags/1.0.0", "git:4f2c", Some("1.0.0")),
        ];
        assert_eq!(said, expected);
        assert_eq!(read.events[0].occurred_at.to_string(), "2026-03-01T08:00:00.000Z");
        assert!(read.events.iter().all(|event| event.kind.is_none()));
    }

    #[test]
    fn two_repositories_may_have_the_same_tag() {
        let mut stream = crate::ValueStream::new();
        for commit in ["4f2c", "aa01"] {
            let read = tags(&format!("refs/tags/1.0.0,{commit},2026-03-01T09:00:00Z"));
            assert_eq!(stream.apply_batch(read.events).refused, []);
        }
    }

    #[test]
    fn a_header_may_order_the_columns_and_may_be_absent() {
        let read = tags("date,ref,commit\n2026-03-01T09:00:00Z,refs/tags/1,4f2c");
        assert_eq!(read.events[0].id, "4f2c/refs/tags/1");
        let read = tags("refs/tags/1,4f2c,2026-03-01T09:00:00Z");
        assert_eq!(read.events[0].id, "4f2c/refs/tags/1");
    }

    #[test]
    fn bad_tags_are_rejected_with_their_line() {
        let table = [
            ("v1,4f2c,2026-03-01T09:00:00Z", "ref: must begin"),
            ("refs/tags/,4f2c,2026-03-01T09:00:00Z", "ref: must not be blank"),
            ("refs/tags/1,,2026-03-01T09:00:00Z", "commit: is missing"),
            ("refs/tags/1,4f2c,", "date: is missing"),
            ("refs/tags/1,4f2c", "date: is missing"),
            ("\"refs/tags/1,4f2c,2026", "a quote is not closed"),
            ("\"refs/tags/1\"x,4f2c,2026", "a quote is not closed"),
            ("refs/tags/a\0b,4f2c,2026-03-01T09:00:00Z", "control characters"),
        ];
        for (line, reason) in table {
            let read = tags(&format!("ref,commit,date\n{line}\n"));
            assert_eq!(read.events, [], "{line}");
            let [reject] = read.rejects.as_slice() else { panic!("{line}: {read:?}") };
            assert_eq!(reject.position, 2);
            assert!(reject.reason.contains(reason), "{line}: {}", reject.reason);
        }
        assert_eq!(read_tags(b"refs/tags/\xff,4f2c,x", &IngestOptions::default()).rejects.len(), 1);
        let options = IngestOptions { zone: Some("Nowhere".into()), ..IngestOptions::default() };
        assert_eq!(read_tags(b"", &options).rejects[0].code, "unknown_zone");
    }
}
