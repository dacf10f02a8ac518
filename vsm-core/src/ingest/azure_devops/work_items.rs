//! Work items.
//!
//! | field | event |
//! |---|---|
//! | `id`; in a hook of an update `workItemId` | item `…/workitem/<id>` |
//! | `System.WorkItemType` | kind: option `kinds` by name; Epic, Feature, Bug defect, Risk; User Story, Product Backlog Item, Requirement, Issue and Task story; any other is a story and counted |
//! | `System.CreatedDate` | the state new |
//! | `System.State` | `status` and `state` at `Microsoft.VSTS.Common.StateChangeDate`; `…ActivatedDate` dates the state active before it |
//! | `System.ChangedDate` | when all else was so |
//! | `System.Title`, `System.AssignedTo` | `title`, `assignee` |
//! | `…Common.Priority` | `priority` |
//! | `…Common.Severity` | `severity` of a defect: `1 - Critical`, `2 - High` major, `3 - Medium` minor, `4 - Low` trivial |
//! | `…Scheduling.DueDate`, else `…TargetDate` | `due_at` |
//! | `…Scheduling.StoryPoints`, `Effort` or `Size` | `size` |
//! | `…Scheduling.OriginalEstimate`, `RemainingWork` (hours) | `estimate`, `remaining` |
//! | `…Common.BusinessValue` | `value` |
//! | `System.Tags`, `System.IterationPath`, `System.AreaPath`, `System.Reason` | attributes `labels`, `sprint`, `area`, `reason` |
//! | `System.TeamProject` | `belongs_to`: option `applications` by its name, else `application` |
//! | `System.Parent`; the relation Parent, or Child from the other side | `parent` |
//! | the relations Predecessor and Successor | `depends_on`, of the one that waits |
//! | the relation Related | `relates` |
//! | a commit or pull request in an `ArtifactLink` | that change `implements` the work item |
//!
//! **States**: option `states` by name; else New, To Do, Proposed, Approved, Open are new; Active, Committed, In Progress,
//! Doing, Resolved are active; On Hold and Blocked are waiting; Closed, Done, Completed, Inactive are done; Removed and Cut
//! are cancelled. Any other is counted. A work item that a hook says is deleted is cancelled.
//!
//! The **updates** of a work item (`_apis/wit/workItems/{id}/updates`) tell its history: of each the type, state and title
//! that it changed are read, as of its `System.ChangedDate`.
//!
//! `parent` and `depends_on` are events of their own: one that closes a cycle is refused, and takes nothing with it. What
//! an update took away is not followed: a link that is gone stays until something else says so.

use serde::Deserialize;

use super::Told;
use super::payload::{Named, Person, Record};
use crate::error::{Error, Result};
use crate::ingest::loose::{Either, Object, Scalar, Text};
use crate::ingest::told::{Teller, full_sha};
use crate::ingest::{attribute, check_key, id_part};
use crate::model::{Event, FlowState, Kind, Link, LinkKind, Severity};
use crate::time::{Instant, Span};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Revision<'a> {
    #[serde(borrow)]
    fields: Object<Fields<'a>>,
    #[serde(borrow)]
    relations: crate::ingest::loose::List<Object<Relation<'a>>>,
}

/// A value; in an update, what it was and what it is.
type Value<'a> = Either<'a, Changed<'a>>;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Changed<'a> {
    #[serde(borrow)]
    new_value: Text<'a>,
}

impl Value<'_> {
    fn now(&self) -> Option<&str> {
        match self {
            Either::Text(text) => text.get(),
            Either::Object(changed) => changed.new_value.get(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields<'a> {
    #[serde(borrow, rename = "System.WorkItemType")]
    kind: Value<'a>,
    #[serde(borrow, rename = "System.State")]
    state: Value<'a>,
    #[serde(borrow, rename = "System.Reason")]
    reason: Text<'a>,
    #[serde(borrow, rename = "System.Title")]
    title: Value<'a>,
    #[serde(borrow, rename = "System.AssignedTo")]
    assigned_to: Person<'a>,
    #[serde(borrow, rename = "System.CreatedDate")]
    created: Scalar<'a>,
    #[serde(borrow, rename = "System.ChangedDate")]
    changed: Value<'a>,
    #[serde(borrow, rename = "System.TeamProject")]
    project: Text<'a>,
    #[serde(borrow, rename = "System.AreaPath")]
    area: Text<'a>,
    #[serde(borrow, rename = "System.IterationPath")]
    iteration: Text<'a>,
    #[serde(borrow, rename = "System.Tags")]
    tags: Text<'a>,
    #[serde(borrow, rename = "System.Parent")]
    parent: Text<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.StateChangeDate")]
    state_changed: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.ActivatedDate")]
    activated: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.ClosedDate")]
    closed: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.Priority")]
    priority: Text<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.Severity")]
    severity: Text<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.BusinessValue")]
    value: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.DueDate")]
    due: Text<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.TargetDate")]
    target: Text<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.StoryPoints")]
    points: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.Effort")]
    effort: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.Size")]
    size: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.OriginalEstimate")]
    estimate: Scalar<'a>,
    #[serde(borrow, rename = "Microsoft.VSTS.Scheduling.RemainingWork")]
    remaining: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Relation<'a> {
    #[serde(borrow)]
    rel: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    attributes: Object<Named<'a>>,
}

pub(super) fn tell<R>(record: &Record<'_, R>, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
    let id = record.work_item_id.get().or(record.id.get());
    check_key("id", id)?;
    let id = id.unwrap_or_default();
    let (fields, relations) = match &record.revision {
        // Of an update the fields are what has changed; the whole is in its revision.
        Either::Object(Revision { fields: Object(Some(fields)), relations }) => (fields, relations),
        _ => match &record.fields.0 {
            Some(fields) => (fields, &record.relations),
            None => return Err(Error::invalid("fields", "is missing: send the hook with all details")),
        },
    };
    let key = told.key(&["workitem", id]);
    let stamps = teller.stamps;
    let created = stamps.read("System.CreatedDate", &fields.created)?;
    let changed = fields.changed.now().map(|text| stamps.text("System.ChangedDate", text)).transpose()?;
    let activated = stamps.read("Microsoft.VSTS.Common.ActivatedDate", &fields.activated)?;
    let closed = stamps.read("Microsoft.VSTS.Common.ClosedDate", &fields.closed)?;
    let moved = stamps.read("Microsoft.VSTS.Common.StateChangeDate", &fields.state_changed)?;
    let seen = changed.or(told.sent).or(moved).or(created);
    let seen =
        seen.ok_or_else(|| Error::invalid("System.ChangedDate", "is missing, and so is System.CreatedDate"))?;
    let due = fields.due.get().or(fields.target.get());
    let due = due.map(|text| stamps.day_end("Microsoft.VSTS.Scheduling.DueDate", text)).transpose()?;

    let kind = kind(fields.kind.now(), teller);
    if let Some(created) = created {
        let mut event = teller.event(&key, "created", created);
        event.kind = kind;
        event.set.state = Some(FlowState::New);
        teller.tell(event);
    }
    let state = state(fields.state.now(), teller);
    let is_over = matches!(state, Some(FlowState::Done | FlowState::Cancelled));
    let moved = moved.or(closed.filter(|_| is_over));
    if let Some(activated) = activated.filter(|at| moved.is_some_and(|moved| *at < moved)) {
        let mut event = teller.event(&key, &format!("state/{}", activated.millis()), activated);
        event.set.state = Some(FlowState::Active);
        teller.tell(event);
    }
    if let Some(moved) = moved {
        let mut event = teller.event(&key, &format!("state/{}", moved.millis()), moved);
        (event.set.state, event.set.status) = (state, fields.state.now().map(str::to_owned));
        teller.tell(event);
    }
    let mut event = teller.event(&key, &format!("seen/{}", seen.millis()), seen);
    event.kind = kind;
    if moved.is_none() {
        (event.set.state, event.set.status) = (state, fields.state.now().map(str::to_owned));
    }
    event.set.due_at = due;
    fields.fill(&mut event, kind, teller);
    attribute(&mut event.set, "url", record.url.get());
    teller.belong(&mut event, &[fields.project.get(), told.project]);
    teller.tell(event);
    if told.hook == Some("workitem.deleted") {
        let at = told.sent.unwrap_or(seen);
        let mut event = teller.event(&key, &format!("state/deleted/{}", at.millis()), at);
        event.set.state = Some(FlowState::Cancelled);
        teller.tell(event);
    }
    let parent =
        fields.parent.get().map(|parent| (LinkKind::Parent, key.clone(), told.key(&["workitem", parent])));
    let related = relations.0.iter().filter_map(|relation| relation.0.as_ref());
    let related = related.filter_map(|relation| relation.read(&key, told, teller)).collect::<Vec<_>>();
    for (link, from, to) in parent.into_iter().chain(related) {
        link_event(link, &from, &to, seen, teller);
    }
    Ok(())
}

/// One link, as an event of its own.
fn link_event(link: LinkKind, from: &str, to: &str, at: Instant, teller: &mut Teller<'_>) {
    if from == to {
        teller.count("link of a work item to itself");
        return;
    }
    let mut event = match from.strip_prefix("git:") {
        Some(sha) => teller.commit(sha, "work", at),
        None => teller.event(from, link.as_str(), at),
    };
    event.links.push(Link::new(link, teller.item(to)));
    teller.tell(event);
}

impl Fields<'_> {
    fn fill(&self, event: &mut Event, kind: Option<Kind>, teller: &mut Teller<'_>) {
        event.set.title = self.title.now().map(str::to_owned);
        event.set.assignee = self.assigned_to.name().map(str::to_owned);
        event.set.priority = self.priority.owned();
        if let (Some(severity), Some(Kind::Defect)) = (self.severity.get(), kind) {
            event.set.severity = severity_of(severity);
            if event.set.severity.is_none() {
                teller.count(format!("severity: {}", id_part(severity)));
            }
        }
        event.set.size = [&self.points, &self.effort, &self.size].into_iter().find_map(Scalar::float);
        event.set.value = self.value.float();
        event.set.estimate = hours(&self.estimate, teller);
        event.set.remaining = hours(&self.remaining, teller);
        attribute(&mut event.set, "labels", self.tags.get());
        attribute(&mut event.set, "sprint", self.iteration.get());
        attribute(&mut event.set, "area", self.area.get());
        attribute(&mut event.set, "reason", self.reason.get());
        attribute(&mut event.set, "project", self.project.get());
    }
}

impl Relation<'_> {
    /// What links what, by their keys; a commit by its item.
    fn read(
        &self,
        own: &str,
        told: &Told<'_>,
        teller: &mut Teller<'_>,
    ) -> Option<(LinkKind, String, String)> {
        let rel = self.rel.get()?;
        let url = self.url.get().unwrap_or_default();
        let own = own.to_owned();
        let other =
            url.rsplit('/').next().filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
        let other = || other.map(|id| told.key(&["workitem", id]));
        let found = match rel {
            "System.LinkTypes.Hierarchy-Reverse" => other().map(|other| (LinkKind::Parent, own, other)),
            "System.LinkTypes.Hierarchy-Forward" => other().map(|other| (LinkKind::Parent, other, own)),
            "System.LinkTypes.Dependency-Reverse" => other().map(|other| (LinkKind::DependsOn, own, other)),
            "System.LinkTypes.Dependency-Forward" => other().map(|other| (LinkKind::DependsOn, other, own)),
            "System.LinkTypes.Related" => other().map(|other| (LinkKind::Relates, own, other)),
            "ArtifactLink" => artifact(url, told).map(|change| (LinkKind::Implements, change, own)),
            _ => None,
        };
        if found.is_none() {
            let name = self.attributes.0.as_ref().and_then(|attributes| attributes.name.get());
            teller.count(format!("relation: {}", id_part(name.unwrap_or(rel))));
        }
        found
    }
}

/// `vstfs:///Git/Commit/<project>%2F<repository>%2F<sha>`, and the same of a pull request.
fn artifact(url: &str, told: &Told<'_>) -> Option<String> {
    let (kind, path) = url.strip_prefix("vstfs:///Git/")?.split_once('/')?;
    let path = path.replace("%2f", "/").replace("%2F", "/");
    let last = path.rsplit('/').next()?;
    match kind {
        "Commit" => full_sha(Some(last)).map(|sha| crate::ingest::git::item(&sha)),
        "PullRequestId" if last.bytes().all(|b| b.is_ascii_digit()) && !last.is_empty() => {
            Some(told.key(&["pull", last]))
        }
        _ => None,
    }
}

fn kind(name: Option<&str>, teller: &mut Teller<'_>) -> Option<Kind> {
    let name = name?;
    if let Some(kind) = teller.options.kinds.get(name) {
        return Some(*kind);
    }
    Some(match name {
        "Epic" => Kind::Epic,
        "Feature" => Kind::Feature,
        "Bug" => Kind::Defect,
        "Risk" => Kind::Risk,
        "User Story" | "Product Backlog Item" | "Requirement" | "Issue" | "Task" => Kind::Story,
        other => {
            teller.count(format!("type: {}", id_part(other)));
            Kind::Story
        }
    })
}

fn state(name: Option<&str>, teller: &mut Teller<'_>) -> Option<FlowState> {
    let name = name?;
    if let Some(state) = teller.options.states.get(name) {
        return Some(*state);
    }
    Some(match name {
        "New" | "To Do" | "Proposed" | "Approved" | "Open" => FlowState::New,
        "Active" | "Committed" | "In Progress" | "Doing" | "Resolved" => FlowState::Active,
        "On Hold" | "Blocked" => FlowState::Waiting,
        "Closed" | "Done" | "Completed" | "Inactive" => FlowState::Done,
        "Removed" | "Cut" => FlowState::Cancelled,
        other => {
            teller.count(format!("state: {}", id_part(other)));
            return None;
        }
    })
}

fn severity_of(text: &str) -> Option<Severity> {
    let word = text.rsplit('-').next().unwrap_or(text).trim();
    Some(match word {
        "Critical" => Severity::Critical,
        "High" => Severity::Major,
        "Medium" => Severity::Minor,
        "Low" => Severity::Trivial,
        _ => return None,
    })
}

fn hours(value: &Scalar<'_>, teller: &mut Teller<'_>) -> Option<Span> {
    let millis = value.float()? * 3_600_000.0;
    if millis < 0.0 {
        teller.count("negative estimate");
        return None;
    }
    // A number of hours that no span can hold is no estimate.
    (millis <= Span::LONGEST.millis() as f64).then(|| Span::from_millis(millis.round() as i64))
}
