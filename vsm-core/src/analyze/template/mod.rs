//! Templates: the phases, activities, gates and criteria that releases of one sort have in common.

mod check;
mod dates;
mod push;

use serde::{Deserialize, Serialize};

use self::push::Push;
use super::{Basis, Grounds, Message};
use crate::error::{Error, Result};
use crate::model::{Boundary, Event, FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::{Instant, Span, clip};

/// What releases of one sort have in common. Names tell its parts apart: a part that is renamed is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseTemplate {
    /// Its name; the ids of all that is made by it begin with it.
    pub name: String,
    /// The phases, first to last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<TemplatePhase>,
    /// The gates of the release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<TemplateGate>,
}

/// A phase of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplatePhase {
    /// Its name, which no other phase of the template has.
    pub name: String,
    /// The stage that it prepares and carries out; absent = none, so that every stage asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Its end, counted from the target date of the release, before it where negative; absent = when the next phase
    /// starts, of the last one the target date itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Span>,
    /// How long it takes; absent = unknown, so that it has no start, and no end unless there is an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// What is to be done in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<TemplateActivity>,
    /// What must be met before it starts or ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<TemplateCriterion>,
}

/// An activity of a phase of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateActivity {
    /// Its name, which no other activity of the phase has.
    pub name: String,
    /// When it is due, counted from the target date of the release, before it where negative; absent = when its phase
    /// ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Span>,
}

/// A criterion of a phase or gate of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateCriterion {
    /// Its name, which no other criterion of the phase or gate has.
    pub name: String,
    /// At which end of a phase it stands; absent = its end. Of no meaning for gates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Boundary>,
}

/// A gate of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateGate {
    /// Its name, which no other gate of the template has.
    pub name: String,
    /// The stage that asks for it; absent = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The stakeholders who may decide it, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// What must be met before it is passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<TemplateCriterion>,
    /// When its decision is needed, counted from the target date of the release, before it where negative; absent = nobody
    /// says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Span>,
}

/// A template, and the release that it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateQuery {
    /// The template.
    pub template: ReleaseTemplate,
    /// The release.
    pub release: String,
    /// The time that the events bear.
    pub at: Instant,
    /// Whether the releases that are parts of this one, however deep, get the same; absent = no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_children: Option<bool>,
}

/// The events that give a release what a template has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateEvents {
    /// The events, by release and then in the order of the template. They change nothing until the host applies them.
    pub events: Vec<Event>,
    /// How many parts are there already as the template has them.
    pub unchanged: u64,
    /// What is left out, and why, in the same order.
    pub skipped: Vec<TemplateSkip>,
    /// What the answer rests on; its `n` counts the releases.
    pub basis: Basis,
}

/// Something that a template does not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateSkip {
    /// The release or the part of it.
    pub item: String,
    /// Why, as an English sentence.
    pub reason: String,
    /// The same by codes and arguments, for other languages.
    pub messages: Vec<Message>,
}

impl ValueStream {
    /// The events that give a release, and the releases that are parts of it, the phases, activities, gates and criteria of
    /// a template.
    ///
    /// An event is made for what is not there yet or not as the template has it, so that applying them and asking again
    /// gives none. What another source has said since is kept, and named under `skipped`; so is a release that is
    /// over. What the template no longer has stays. Dates are counted in plain time from the target date (`due_at`) of
    /// each release; one without gets no dates. Ids follow from the names:
    /// `template:Standard/phase/Test/activity/Load test@plan:R1`, with `%`, `/` and `@` of names as `%25`, `%2F` and `%40`.
    ///
    /// Takes the history of all that it would change.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] with the place for an item that is not a release, and a template with a
    /// name that is empty, longer than 200 bytes or there twice, more than 1,000 parts, a negative duration, or a span beyond
    /// [`Span::LONGEST`].
    ///
    /// ```
    /// use vsm_core::{Event, Kind, ReleaseTemplate, TemplateGate, TemplateQuery, ValueStream};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut release = Event::new("plan", "1", day, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// let mut stream = ValueStream::new();
    /// stream.apply(release)?;
    /// let security = TemplateGate {
    ///     name: "Security".into(),
    ///     stage: Some("production".into()),
    ///     approvers: vec!["who:security".into()],
    ///     criteria: Vec::new(),
    ///     offset: None,
    /// };
    /// let template = ReleaseTemplate { name: "Standard".into(), phases: Vec::new(), gates: vec![security] };
    /// let query = TemplateQuery { template, release: "plan:R1".into(), at: day, include_children: None };
    /// let made = stream.template_events(&query)?;
    /// assert_eq!(made.events[0].item, "template:Standard/gate/Security@plan:R1");
    /// stream.apply_batch(made.events);
    /// assert_eq!(stream.template_events(&query)?.events, []);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn template_events(&self, query: &TemplateQuery) -> Result<TemplateEvents> {
        check::template(&query.template)?;
        let release = self.find(&query.release)?;
        if self.kind(release) != Some(Kind::Release) {
            let reason = format!("\"{}\" is not a release", clip(&query.release));
            return Err(Error::invalid("release", reason));
        }
        let mut releases = vec![release];
        if query.include_children == Some(true) {
            releases.extend(self.releases_below(release));
        }
        let mut push = Push::new(self, query);
        for release in &releases {
            push.release(*release)?;
        }
        let mut grounds = Grounds { n: releases.len() as u64, ..Grounds::default() };
        grounds.rule("dates:back_from_due_at");
        grounds.evidence = std::mem::take(&mut push.evidence);
        Ok(TemplateEvents {
            events: push.events,
            unchanged: push.unchanged,
            skipped: push.skipped,
            basis: grounds.finish(self),
        })
    }

    /// The releases that are parts of a release, however deep, by id; cancelled ones and theirs left out.
    fn releases_below(&self, release: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut stack = vec![release];
        while let Some(at) = stack.pop() {
            for (part, _) in self.from(at, LinkKind::Parent) {
                let is_open = self.state_of(part) != Some(FlowState::Cancelled);
                if is_open && self.kind(part) == Some(Kind::Release) {
                    found.push(part);
                    stack.push(part);
                }
            }
        }
        found.sort_unstable_by_key(|item| self.id(*item));
        found
    }
}
