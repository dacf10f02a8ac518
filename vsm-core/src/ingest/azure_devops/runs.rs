//! Runs of pipelines in YAML, and the approvals that their stages wait for.
//!
//! | field | event |
//! |---|---|
//! | `run.id` | item `…/build/<id>`: a run is the build of the same number |
//! | `run.name`, `run.createdDate`, `run.finishedDate` | `title`, `starts_at`, `ends_at` |
//! | `run.result`, else `run.state` | `result`, as of builds |
//! | `approval.id` | item `…/approval/<id>`, a gate that `gates` the run |
//! | `approval.createdOn`; `approval.status` at `approval.lastModifiedOn` | `asked_at`; `decision`: `approved`, `rejected`; `canceled`, `skipped`, `timedOut` cancelled |
//! | `approval.steps[]` | `assignedApprover` and `actualApprover` are `approver`s; the latter, of a step that is decided, is also who `decided_by` |
//!
//! The commit of a run is in the hook `build.complete` and in the list of builds. Hooks of stages and jobs are counted: a
//! stage says of no environment that it deploys to it.

use serde::Deserialize;

use super::payload::{Named, Person, Record};
use super::{Told, outcome};
use crate::error::{Error, Result};
use crate::ingest::loose::{List, Object, Scalar, Text};
use crate::ingest::told::Teller;
use crate::ingest::{attribute, check_key, id_part};
use crate::model::{Decision, Event, FlowState, Kind, Link, LinkKind, Outcome};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Run<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    result: Text<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    finished_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) pipeline: Object<Named<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Step<'a> {
    #[serde(borrow)]
    assigned_approver: Person<'a>,
    #[serde(borrow)]
    actual_approver: Person<'a>,
    #[serde(borrow)]
    status: Text<'a>,
}

impl Run<'_> {
    fn names(&self) -> Vec<Option<&str>> {
        self.pipeline
            .0
            .as_ref()
            .map_or_else(Vec::new, |pipeline| vec![pipeline.name.get(), pipeline.id.get()])
    }

    pub(super) fn tell(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        check_key("run.id", self.id.get())?;
        let key = told.key(&["build", self.id.get().unwrap_or_default()]);
        let start = teller.stamps.read("run.createdDate", &self.created_date)?;
        let finish = teller.stamps.read("run.finishedDate", &self.finished_date)?;
        let result = outcome(self.result.get().or(self.state.get()), teller);
        let is_running = result == Some(Outcome::Running);
        let finish = finish.filter(|_| !is_running);
        let at = finish.or(start).or(told.sent);
        let at = at.ok_or_else(|| Error::invalid("run.finishedDate", "is missing, and so is createdDate"))?;
        let mut event = teller.event(&key, if is_running { "begun" } else { "finished" }, at);
        event.kind = Some(Kind::Build);
        event.set.title = self.name.owned();
        event.set.result = result;
        teller.span(&mut event, start, finish);
        attribute(
            &mut event.set,
            "definition",
            self.pipeline.0.as_ref().and_then(|pipeline| pipeline.name.get()),
        );
        self.belong(&mut event, told, teller);
        teller.tell(event);
        Ok(())
    }

    fn belong(&self, event: &mut Event, told: &Told<'_>, teller: &Teller<'_>) {
        let names: Vec<Option<&str>> = self.names().into_iter().chain([told.project]).collect();
        teller.belong(event, &names);
    }
}

impl<R> Record<'_, R> {
    /// The approval of a stage.
    pub(super) fn check(
        &self,
        run: Option<&Run<'_>>,
        stage: Option<&str>,
        told: &Told<'_>,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        check_key("approval.id", self.id.get())?;
        let key = told.key(&["approval", self.id.get().unwrap_or_default()]);
        let asked = teller.stamps.read("createdOn", &self.created_on)?;
        let modified = teller.stamps.read("lastModifiedOn", &self.last_modified_on)?;
        let (decision, state) = match self.status.get() {
            Some("approved") => (Some(Decision::Approved), None),
            Some("rejected") => (Some(Decision::Rejected), None),
            Some("canceled" | "skipped" | "timedOut") => (None, Some(FlowState::Cancelled)),
            Some("pending" | "uninitiated" | "deferred") => (None, None),
            other => {
                teller.count(format!("approval: {}", id_part(other.unwrap_or("none"))));
                (None, None)
            }
        };
        let at = modified.or(asked).or(told.sent);
        let at = at.ok_or_else(|| Error::invalid("lastModifiedOn", "is missing, and so is createdOn"))?;
        let mut event = teller.event(&key, &format!("seen/{}", at.millis()), at);
        event.kind = Some(Kind::Gate);
        let what = run.and_then(|run| run.name.get());
        event.set.title = match (what, stage) {
            (Some(what), Some(stage)) => Some(format!("Approval of {what} for {stage}")),
            (what, stage) => what.or(stage).map(|what| format!("Approval of {what}")),
        };
        event.set.status = self.status.owned();
        event.set.state = state;
        event.set.asked_at = asked;
        event.set.decision = decision;
        attribute(&mut event.set, "stage", stage);
        for step in self.steps.0.iter().filter_map(|step| step.0.as_ref()) {
            let decided = decision.is_some() && matches!(step.status.get(), Some("approved" | "rejected"));
            for (person, decides) in [(&step.assigned_approver, false), (&step.actual_approver, decided)] {
                let Some(id) = person.id() else { continue };
                let who = teller.define(&told.key(&["user", id]), Kind::Stakeholder, person.name());
                let kinds = [Some(LinkKind::Approver), decides.then_some(LinkKind::DecidedBy)];
                for link in kinds.into_iter().flatten().map(|kind| Link::new(kind, &who)) {
                    if !event.links.contains(&link) {
                        event.links.push(link);
                    }
                }
            }
        }
        if let Some(run) = run {
            if let Some(id) = run.id.get() {
                event.links.push(Link::new(LinkKind::Gates, teller.item(&told.key(&["build", id]))));
            }
            run.belong(&mut event, told, teller);
        }
        teller.tell(event);
        Ok(())
    }
}

pub(super) type Steps<'a> = List<Object<Step<'a>>>;
