//! From a template and a release to events.

use super::dates::{Period, has_dates, periods, shift};
use super::{ReleaseTemplate, TemplateCriterion, TemplateQuery, TemplateSkip};
use crate::analyze::message::{Say, say};
use crate::error::Result;
use crate::model::{Boundary, Event, FlowState, Kind, Link, LinkKind, Set, Statement};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// The source of all events that are made from templates.
const SOURCE: &str = "template";

/// The longest id of an item or event that is taken, less what is added to that of an item.
const LONGEST_KEY: usize = 950;

/// A part of a template, as it should be.
struct Part<'t> {
    key: String,
    kind: Kind,
    title: &'t str,
    stage: Option<&'t str>,
    boundary: Option<Boundary>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    due_at: Option<Instant>,
    needed_by: Option<Instant>,
    approvers: &'t [String],
}

impl<'t> Part<'t> {
    fn new(key: String, kind: Kind, title: &'t str) -> Part<'t> {
        Part {
            key,
            kind,
            title,
            stage: None,
            boundary: None,
            starts_at: None,
            ends_at: None,
            due_at: None,
            needed_by: None,
            approvers: &[],
        }
    }
}

pub(super) struct Push<'a> {
    stream: &'a ValueStream,
    template: &'a ReleaseTemplate,
    at: Instant,
    pub(super) events: Vec<Event>,
    pub(super) unchanged: u64,
    pub(super) skipped: Vec<TemplateSkip>,
    pub(super) evidence: Vec<u32>,
}

impl<'a> Push<'a> {
    pub(super) fn new(stream: &'a ValueStream, query: &'a TemplateQuery) -> Push<'a> {
        Push {
            stream,
            template: &query.template,
            at: query.at,
            events: Vec::new(),
            unchanged: 0,
            skipped: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn skip(&mut self, item: &str, why: Say) {
        let (reason, messages) = why.tell(self.stream);
        self.skipped.push(TemplateSkip { item: item.to_owned(), reason, messages });
    }

    /// Gives one release all parts.
    pub(super) fn release(&mut self, release: u32) -> Result<()> {
        let stream = self.stream;
        let id = stream.id(release);
        if let Some(state @ (FlowState::Done | FlowState::Cancelled)) = stream.state_of(release) {
            self.skip(id, say::template_release_over(state.as_str().into()));
            return Ok(());
        }
        let due = stream.last(release, Set::due_at);
        self.evidence.extend(due.map(|(_, event)| event));
        let due = due.map(|(due, _)| due);
        let template = self.template;
        if due.is_none() && has_dates(template) {
            self.skip(id, say::template_without_target());
        }
        let own = format!("{}/", escaped(&template.name));
        let periods = due.map(|due| periods(&template.phases, due)).unwrap_or_default();
        for (n, phase) in template.phases.iter().enumerate() {
            let name = format!("{own}phase/{}", escaped(&phase.name));
            let key = format!("{name}@{id}");
            let Period { start, end } = periods.get(n).copied().unwrap_or_default();
            let is_dated = phase.offset.is_some() || phase.duration.is_some();
            if due.is_some() && is_dated && (end.is_none() || (phase.duration.is_some() && start.is_none())) {
                self.skip(&item(&key), say::template_dates_unknown());
            }
            let part = Part {
                stage: phase.stage.as_deref(),
                starts_at: start.filter(|_| end.is_some()),
                ends_at: end,
                ..Part::new(key.clone(), Kind::Phase, &phase.name)
            };
            self.part(part, LinkKind::Parent, id)?;
            for activity in &phase.activities {
                let own = format!("{name}/activity/{}@{id}", escaped(&activity.name));
                let due_at = match activity.offset {
                    Some(offset) => self.date(due, offset, &own),
                    None => end,
                };
                let part = Part { due_at, ..Part::new(own, Kind::Activity, &activity.name) };
                self.part(part, LinkKind::Parent, &item(&key))?;
            }
            self.criteria(&phase.criteria, &name, id, true)?;
        }
        for gate in &template.gates {
            let name = format!("{own}gate/{}", escaped(&gate.name));
            let key = format!("{name}@{id}");
            let part = Part {
                stage: gate.stage.as_deref(),
                needed_by: gate.offset.and_then(|offset| self.date(due, offset, &key)),
                approvers: &gate.approvers,
                ..Part::new(key, Kind::Gate, &gate.name)
            };
            self.part(part, LinkKind::Gates, id)?;
            self.criteria(&gate.criteria, &name, id, false)?;
        }
        Ok(())
    }

    fn criteria(
        &mut self,
        all: &'a [TemplateCriterion],
        name: &str,
        release: &str,
        has_ends: bool,
    ) -> Result<()> {
        for criterion in all {
            let key = format!("{name}/criterion/{}@{release}", escaped(&criterion.name));
            let boundary = criterion.boundary.filter(|_| has_ends);
            let part = Part { boundary, ..Part::new(key, Kind::Criterion, &criterion.name) };
            self.part(part, LinkKind::Parent, &item(&format!("{name}@{release}")))?;
        }
        Ok(())
    }

    fn date(&mut self, due: Option<Instant>, offset: Span, key: &str) -> Option<Instant> {
        let date = shift(due?, offset);
        if date.is_none() {
            self.skip(&item(key), say::template_date_too_far());
        }
        date
    }

    /// Makes an event for what is not yet as it should be.
    fn part(&mut self, part: Part<'_>, relation: LinkKind, whole: &str) -> Result<()> {
        let stream = self.stream;
        let id = item(&part.key);
        if part.key.len() > LONGEST_KEY {
            self.skip(&id, say::template_id_too_long());
            return Ok(());
        }
        let known = stream.find(&id).ok();
        let mut event = Event::new(SOURCE, self.free(&part.key), self.at, &*id);
        if known.and_then(|known| stream.kind(known)) != Some(part.kind) {
            event.kind = Some(part.kind);
        }
        event.set.title = self.text(known, Set::title, Some(part.title), &id, "title");
        event.set.stage = self.text(known, Set::stage, part.stage, &id, "stage");
        event.set.boundary = self.value(known, Set::boundary, part.boundary, &id, "boundary");
        event.set.starts_at = self.value(known, Set::starts_at, part.starts_at, &id, "starts_at");
        event.set.ends_at = self.value(known, Set::ends_at, part.ends_at, &id, "ends_at");
        event.set.due_at = self.value(known, Set::due_at, part.due_at, &id, "due_at");
        event.set.needed_by = self.value(known, Set::needed_by, part.needed_by, &id, "needed_by");
        let links = std::iter::once((relation, whole));
        let links = links.chain(part.approvers.iter().map(|who| (LinkKind::Approver, who.as_str())));
        for (kind, to) in links {
            match known.map_or(Said::Never, |known| self.said(known, kind, to)) {
                Said::Never => event.links.push(Link::new(kind, to)),
                Said::Holds => {}
                Said::TakenBack => {
                    let why = say::template_link_taken_back(kind.as_str().into(), to.to_owned());
                    self.skip(&id, why);
                }
            }
        }
        let says_nothing = event.kind.is_none() && event.set.is_empty() && event.links.is_empty();
        if says_nothing {
            self.unchanged += 1;
            return Ok(());
        }
        Statement::of(&mut event.clone()).check()?;
        self.events.push(event);
        Ok(())
    }

    /// The id of an event that is not in use.
    fn free(&self, key: &str) -> String {
        let id = format!("{key}#{}", self.at);
        let is_used = |id: &str| self.stream.state.record.keys.find(&format!("{SOURCE}:{id}")).is_some();
        if !is_used(&id) {
            return id;
        }
        (2u64..).map(|n| format!("{id}/{n}")).find(|id| !is_used(id)).unwrap_or(id)
    }

    /// A value that is to be said: not where it is so already, or where somebody else has said another one since.
    fn value<T: Clone + PartialEq>(
        &mut self,
        known: Option<u32>,
        read: fn(&Set) -> Option<Option<&T>>,
        wanted: Option<T>,
        id: &str,
        field: &'static str,
    ) -> Option<T> {
        let wanted = wanted?;
        match known.and_then(|known| self.stream.last(known, read)) {
            Some((now, _)) if now == wanted => None,
            Some((_, event)) if !self.is_own(event) => {
                let by = self.stream.key(event).to_owned();
                self.skip(id, say::template_value_kept(field.into(), by));
                None
            }
            _ => Some(wanted),
        }
    }

    fn text(
        &mut self,
        known: Option<u32>,
        read: fn(&Set) -> Option<Option<&Box<str>>>,
        wanted: Option<&str>,
        id: &str,
        field: &'static str,
    ) -> Option<String> {
        self.value(known, read, wanted.map(Box::from), id, field).map(String::from)
    }

    fn is_own(&self, event: u32) -> bool {
        self.stream.key(event).split_once(':').is_some_and(|(source, _)| source == SOURCE)
    }

    /// What was said of a link so far. Somebody who moved a part to another whole has taken it back.
    fn said(&self, from: u32, kind: LinkKind, to: &str) -> Said {
        let stream = self.stream;
        let state = &*stream.state;
        let Some(link) = state.resolve(to).and_then(|to| state.links.find(from, to, kind)) else {
            return Said::Never;
        };
        if stream.holds(link) {
            return Said::Holds;
        }
        match state.links.stated(&state.record, link, stream.bounds).next() {
            Some(_) => Said::TakenBack,
            None => Said::Never,
        }
    }
}

/// What was said of a link.
enum Said {
    Never,
    Holds,
    TakenBack,
}

fn item(key: &str) -> String {
    format!("{SOURCE}:{key}")
}

/// A name as a part of an id: what separates the parts is written otherwise, so that no two ids can be the same.
fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F").replace('@', "%40")
}
