//! What the adapters of webhooks and lists have in common: ids that follow from content, pull requests, incidents.
//!
//! **Ids.** A webhook and a list tell the same thing in different words, and neither says which revision of it they
//! tell. So the id of an event ends in a digest of all it says, `<key>/<what>/<digest>`: a report that is repeated is
//! the same event, and one that says something else is another one. The digest is part of what is kept, and so must
//! never change. Of two events at the same time the one with the later id holds, so the words are chosen by the order of
//! what they stand for: `began`, `resolved`, `seen`; `created`, `seen`, `state`; `begun`, `finished`.
//!
//! **Pull requests** are changes that stand between commits: the commit that a merge made `follows` the pull request,
//! and the pull request `follows` the commits that were merged. Whoever walks back from a build comes through both, also
//! where a squash left no other way from the one to the other.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::elements::Pages;
use super::parts::Part;
use super::readers::Reader;
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, attribute, check_key, fingerprint, git, id_part};
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::model::{Event, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

/// Collects the events of an input.
pub(super) struct Teller<'o> {
    source: &'static str,
    pub(super) options: &'o IngestOptions,
    pub(super) stamps: Stamps,
    pub(super) ingested: Ingested,
    /// Where the record stands that is being read.
    pub(super) position: u64,
    /// The commits that the input names in full, for those that it shortens.
    pub(super) commits: BTreeSet<String>,
    /// The ids of what was defined so far.
    defined: HashSet<String>,
}

/// An adapter that tells what is in its records.
pub(super) struct Telling<'o> {
    teller: Teller<'o>,
    pages: Pages,
    learn: Option<Take<'o>>,
    read: Take<'o>,
}

/// Takes a part of the text.
type Take<'o> = fn(&mut Teller<'o>, Part<'_>);

impl<'o> Telling<'o> {
    pub(super) fn new(teller: Teller<'o>, read: Take<'o>, pages: Pages) -> Telling<'o> {
        Telling { teller, pages, learn: None, read }
    }

    /// With what is to be noted of all records before.
    pub(super) fn learning(self, learn: Take<'o>) -> Telling<'o> {
        Telling { learn: Some(learn), ..self }
    }
}

impl Reader for Telling<'_> {
    fn learns(&self) -> bool {
        self.learn.is_some()
    }

    fn learn(&mut self, part: Part<'_>) {
        if let Some(learn) = self.learn {
            learn(&mut self.teller, part);
        }
    }

    fn read(&mut self, part: Part<'_>) -> Ingested {
        (self.read)(&mut self.teller, part);
        self.teller.done()
    }

    fn pages(&self) -> Pages {
        self.pages
    }
}

/// A pull request as it was when it was last changed.
#[derive(Default)]
pub(super) struct Pull<'r> {
    pub(super) key: String,
    pub(super) title: Option<&'r str>,
    pub(super) description: Option<&'r str>,
    pub(super) status: Option<&'r str>,
    pub(super) state: Option<FlowState>,
    pub(super) author: Option<&'r str>,
    pub(super) repository: Option<&'r str>,
    pub(super) branch: Option<&'r str>,
    pub(super) target: Option<&'r str>,
    pub(super) url: Option<&'r str>,
    pub(super) attributes: Vec<(&'static str, Option<&'r str>)>,
    /// What the options may know its application by.
    pub(super) names: Vec<Option<&'r str>>,
    /// The commits that are to be merged, where they are known in full.
    pub(super) commits: Vec<String>,
    /// The commit that the merge made.
    pub(super) merge: Option<String>,
    pub(super) created: Option<Instant>,
    pub(super) closed: Option<Instant>,
    /// When it was as is told here.
    pub(super) seen: Option<Instant>,
}

/// An incident as it was when it was last changed.
#[derive(Default)]
pub(super) struct Incident<'r> {
    pub(super) key: String,
    pub(super) alias: Option<String>,
    pub(super) title: Option<&'r str>,
    pub(super) description: Option<&'r str>,
    pub(super) status: Option<&'r str>,
    pub(super) status_id: Option<&'r str>,
    pub(super) state: Option<FlowState>,
    pub(super) priority: Option<String>,
    pub(super) assignee: Option<String>,
    pub(super) attributes: Vec<(&'static str, Option<String>)>,
    pub(super) links: Vec<Link>,
    /// What the options may know its application by.
    pub(super) names: Vec<Option<&'r str>>,
    pub(super) opened: Option<Instant>,
    pub(super) resolved: Option<Instant>,
    /// Whether it is told to be open again, so that it has no end any more.
    pub(super) reopened: bool,
    /// When it was as is told here.
    pub(super) seen: Option<Instant>,
}

impl<'o> Teller<'o> {
    /// # Errors
    /// [`Error::UnknownZone`], by the options.
    pub(super) fn new(source: &'static str, options: &'o IngestOptions) -> Result<Teller<'o>> {
        let stamps = Stamps::new(options)?;
        let ingested = Ingested::default();
        let (commits, defined) = (BTreeSet::new(), HashSet::default());
        Ok(Teller { source, options, stamps, ingested, position: 0, commits, defined })
    }

    /// What was told so far and not given yet.
    pub(super) fn done(&mut self) -> Ingested {
        std::mem::take(&mut self.ingested).recorded(self.options.recorded_at)
    }

    pub(super) fn item(&self, key: &str) -> String {
        [self.source, ":", key].concat()
    }

    /// An event about one of the tool's own items; [`tell`](Teller::tell) completes its id.
    pub(super) fn event(&self, key: &str, what: &str, at: Instant) -> Event {
        Event::new(self.source, [key, "/", what].concat(), at, self.item(key))
    }

    /// An event about a commit.
    pub(super) fn commit(&self, sha: &str, what: &str, at: Instant) -> Event {
        let mut event = Event::new(self.source, ["git/", sha, "/", what].concat(), at, git::item(sha));
        event.kind = Some(Kind::Change);
        event
    }

    pub(super) fn tell(&mut self, mut event: Event) {
        complete(&mut event);
        self.ingested.events.push(event);
    }

    /// Rejects the record that is being read, or one of several things in it.
    pub(super) fn reject(&mut self, record: Option<&str>, error: &Error) {
        self.ingested.rejects.push(Reject::new(self.position, record, error));
    }

    pub(super) fn count(&mut self, ignored: impl Into<String>) {
        self.ingested.count(ignored);
    }

    /// Says once what kind of thing something is and how it is called; gives back its item.
    pub(super) fn define(&mut self, key: &str, kind: Kind, title: Option<&str>) -> String {
        self.define_with(key, kind, title, &[])
    }

    /// The same with attributes. Tools mention such things without saying since when they have been there, so it holds
    /// from 1970 on.
    pub(super) fn define_with(
        &mut self,
        key: &str,
        kind: Kind,
        title: Option<&str>,
        attributes: &[(&str, Option<&str>)],
    ) -> String {
        let epoch = Instant::from_millis(0).unwrap_or(Instant::MIN);
        let mut event = self.event(key, "defined", epoch);
        event.kind = Some(kind);
        event.set.title = title.map(str::to_owned);
        for (name, value) in attributes {
            attribute(&mut event.set, name, *value);
        }
        complete(&mut event);
        if self.defined.insert(event.id.clone()) {
            self.ingested.events.push(event);
        }
        self.item(key)
    }

    /// A commit that is named in full, here or, where it is shortened to twelve digits or more, by a single other record.
    pub(super) fn sha(&self, text: Option<&str>) -> Option<String> {
        full_sha(text).or_else(|| {
            let short = text.filter(|text| text.len() >= 12)?.to_ascii_lowercase();
            let mut found = self.commits.range(short.clone()..).take_while(|sha| sha.starts_with(&short));
            let sha = found.next()?;
            found.next().is_none().then(|| sha.clone())
        })
    }

    /// Adds the application that the options know by one of these names, the first that is known.
    pub(super) fn belong(&self, event: &mut Event, names: &[Option<&str>]) {
        let own = names.iter().flatten().find_map(|name| self.options.applications.get(*name));
        if let Some(application) = own.or(self.options.application.as_ref()) {
            event.links.push(Link::new(LinkKind::BelongsTo, application));
        }
    }

    /// Sets the two ends of something; an end before the start is counted and left out.
    pub(super) fn span(&mut self, event: &mut Event, start: Option<Instant>, end: Option<Instant>) {
        event.set.starts_at = start;
        match (start, end) {
            (Some(start), Some(end)) if end < start => self.count("end before the start"),
            _ => event.set.ends_at = end,
        }
    }

    pub(super) fn pull(&mut self, pull: &Pull<'_>) -> Result<()> {
        check_key("id", Some(&pull.key))?;
        let seen = pull.seen.or(pull.closed).or(pull.created);
        let seen =
            seen.ok_or_else(|| Error::invalid("created", "is missing: nothing says when this was so"))?;
        if let Some(created) = pull.created {
            let mut event = self.event(&pull.key, "created", created);
            event.kind = Some(Kind::Change);
            event.set.state = Some(FlowState::Active);
            event.set.starts_at = Some(created);
            self.tell(event);
        }
        let mut event = self.event(&pull.key, &format!("seen/{}", seen.millis()), seen);
        event.kind = Some(Kind::Change);
        event.set.title = pull.title.map(str::to_owned);
        event.set.description = pull.description.map(str::to_owned);
        event.set.status = pull.status.map(str::to_owned);
        let is_over = matches!(pull.state, Some(FlowState::Done | FlowState::Cancelled));
        let closed = pull.closed.filter(|_| is_over);
        event.set.state = pull.state.filter(|_| closed.is_none());
        attribute(&mut event.set, "author", pull.author);
        attribute(&mut event.set, "repository", pull.repository);
        attribute(&mut event.set, "branch", pull.branch);
        attribute(&mut event.set, "target", pull.target);
        attribute(&mut event.set, "url", pull.url);
        for (name, value) in &pull.attributes {
            attribute(&mut event.set, name, *value);
        }
        for sha in pull.commits.iter().filter(|sha| pull.merge.as_ref() != Some(sha)) {
            let link = Link::new(LinkKind::Follows, git::item(sha));
            if !event.links.contains(&link) {
                event.links.push(link);
            }
        }
        self.belong(&mut event, &pull.names);
        self.tell(event);
        if let Some(closed) = closed {
            let mut event = self.event(&pull.key, &format!("closed/{}", closed.millis()), closed);
            event.set.state = pull.state;
            self.span(&mut event, pull.created, Some(closed));
            self.tell(event);
        }
        if let Some(merge) = pull.merge.as_ref().filter(|_| pull.state == Some(FlowState::Done)) {
            let mut event = self.commit(merge, "merges", pull.closed.unwrap_or(seen));
            event.links.push(Link::new(LinkKind::Follows, self.item(&pull.key)));
            self.tell(event);
        }
        Ok(())
    }

    pub(super) fn incident(&mut self, incident: &Incident<'_>) -> Result<()> {
        let key = &incident.key;
        check_key("id", Some(key))?;
        let seen = incident.seen.or(incident.resolved).or(incident.opened);
        let seen =
            seen.ok_or_else(|| Error::invalid("created", "is missing: nothing says when this was so"))?;
        if let Some(opened) = incident.opened {
            let mut event = self.event(key, "began", opened);
            event.kind = Some(Kind::Incident);
            event.set.state = Some(FlowState::New);
            event.set.starts_at = Some(opened);
            self.tell(event);
        }
        let is_over = matches!(incident.state, Some(FlowState::Done | FlowState::Cancelled));
        let resolved = incident.resolved.filter(|_| is_over);
        let mut event = self.event(key, &format!("seen/{}", seen.millis()), seen);
        event.kind = Some(Kind::Incident);
        event.set.title = incident.title.map(str::to_owned);
        event.set.description = incident.description.map(str::to_owned);
        event.set.status = incident.status.map(str::to_owned);
        event.set.status_id = incident.status_id.map(str::to_owned);
        event.set.state = incident.state.filter(|_| resolved.is_none());
        event.set.priority.clone_from(&incident.priority);
        event.set.assignee.clone_from(&incident.assignee);
        if incident.reopened {
            event.clear.push("ends_at".into());
        }
        for (name, value) in &incident.attributes {
            attribute(&mut event.set, name, value.as_deref());
        }
        event.links.clone_from(&incident.links);
        self.belong(&mut event, &incident.names);
        self.tell(event);
        if let Some(resolved) = resolved {
            let mut event = self.event(key, &format!("resolved/{}", resolved.millis()), resolved);
            event.kind = Some(Kind::Incident);
            event.set.state = incident.state;
            self.span(&mut event, incident.opened, Some(resolved));
            self.tell(event);
        }
        if let Some(alias) = &incident.alias {
            self.alias(key, alias, incident.opened.unwrap_or(seen));
        }
        Ok(())
    }

    /// Says another id of an item, in an event of its own: one that belongs to something else must not cost the item its
    /// values.
    pub(super) fn alias(&mut self, key: &str, alias: &str, at: Instant) {
        let mut event = self.event(key, "known_as", at);
        event.aliases.push(alias.to_owned());
        self.tell(event);
    }
}

/// A commit that is named in full; shortened ones and that of all zeros, which stands for none, name no commit.
pub(super) fn full_sha(text: Option<&str>) -> Option<String> {
    let sha = text.filter(|text| matches!(text.len(), 40 | 64) && text.bytes().any(|byte| byte != b'0'))?;
    git::read_sha("sha", Some(sha)).ok()
}

/// The parts of a key, made fit for it and joined by slashes.
pub(super) fn key(parts: &[&str]) -> String {
    parts.iter().map(|part| id_part(part)).collect::<Vec<_>>().join("/")
}

/// Completes an id by a digest of all that the event says, folded to 32 bits: told apart are only statements about one item
/// at one time.
pub(super) fn complete(event: &mut Event) {
    let hash = fingerprint(event);
    let digest = (hash >> 32) as u32 ^ hash as u32;
    // A text takes whatever is written to it.
    let _ = write!(event.id, "/{digest:08x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_what_is_said() {
        let options = IngestOptions::default();
        let mut teller = Teller::new("tool", &options).unwrap();
        for title in ["a", "b", "a"] {
            let mut event = teller.event("x/1", "seen", Instant::MIN);
            event.set.title = Some(title.into());
            teller.tell(event);
        }
        let ids: Vec<&str> = teller.ingested.events.iter().map(|event| event.id.as_str()).collect();
        assert!(ids[0] == ids[2] && ids[0] != ids[1], "{ids:?}");
        // What is kept by its id must stay known by it.
        assert_eq!(ids[0], "x/1/seen/61d6c634");
    }

    #[test]
    fn commits_are_named_in_full() {
        let sha = "AB".repeat(20);
        assert_eq!(full_sha(Some(&sha)), Some("ab".repeat(20)));
        for text in [None, Some("ab01cd"), Some(&*"0".repeat(40)), Some(&*"x".repeat(40))] {
            assert_eq!(full_sha(text), None, "{text:?}");
        }
    }
}
