//! ServiceNow change requests, their approvals, and incidents, as the Table API gives them at
//! `/api/now/table/change_request`, `…/sysapproval_approver` and `…/incident`: a page (`result`), one record, a list, or
//! JSON Lines of these, in an Airbyte stream too; with `sysparm_display_value` `false`, `true` or `all`.
//!
//! **Which table** a record is of says `sys_class_name`, else the prefix of `number` (`CHG`, `INC`), else fields that only
//! one of them has (`sysapproval`; `start_date`; `incident_state`, `caller_id`, `severity`). Records of other tables
//! (users, tasks, problems) are counted in `ignored`.
//!
//! **Ids.** The item is `servicenow:<number>`, with the alias `servicenow:id/<sys_id>`; a record without number is known
//! by its `sys_id` alone.
//!
//! **Times.** The Table API gives values in UTC, without saying so. With `sysparm_display_value=all` the value counts;
//! with `true` there is but what the user's own zone and format made of it: such a record is known by a `state` in words
//! (an approval: by a number where the `sys_id` of what it approves would stand), and its times are read in the option `zone`; without one they are rejects.
//!
//! A **change request** is a gate, and its planned dates are the window:
//!
//! | field | event |
//! |---|---|
//! | `short_description`, `description` | `title`, `description` |
//! | `opened_at`, else `sys_created_on` | `asked_at` |
//! | `start_date`, `end_date` | `starts_at`, `ends_at` |
//! | `start_date`, else `due_date` | `needed_by` |
//! | `approval` | `decision`: `approved`, `rejected`; with `requested` and its like a decision is cleared; at `approval_set`, else at `sys_updated_on` |
//! | `state` | `status`, `status_id`, `state`: −5 new; −4, −3, −2 (assess, authorize, scheduled) waiting; −1, 0 (implement, review) active; 3 done; 4 cancelled |
//! | `type`, `risk`, `impact`, `close_code`, `work_start`, `work_end`, `assignment_group` | attributes of these names |
//!
//! **What it gates** the Table API says nowhere in a way that is the same in two houses. The option `gates` gives the
//! release or item per pattern, as for Jenkins (`Mobile {version}` = `plan:mobile-{version}`), of the first of these that
//! a pattern fits, each by its value, then by what is shown for it: `u_release`, `parent`, `number`, `business_service`,
//! `cmdb_ci`. With the option, a change request that no pattern fits is counted. One that is moved to another release
//! gates both, since nothing says that it left the first.
//!
//! An **approval** of it is a gate of its own, `servicenow:approval/<sys_id>`, that `gates` the change request: `approver`
//! becomes its `approver`, and with `approved` or `rejected` also who `decided_by`; `asked_at` is `sys_created_on`,
//! `needed_by` is `due_date`. One that is no longer required is cancelled.
//!
//! An **incident** has `opened_at` (else `sys_created_on`) as `starts_at`, and the state new then; `resolved_at` (else
//! `closed_at`) as `ends_at`, and the state done then. `state`: 1 new, 2 active, 3 to 5 waiting, 6 and 7 done, 8 cancelled.
//! `priority` is `priority`; `severity`, `urgency`, `impact`, `category` are attributes; `caused_by` (a change request) is a
//! `relates` link, since which deployment it was ServiceNow doesn't say.
//!
//! States are also known by their usual English names; the option `states` by value or name wins. An unknown one is
//! counted. `assigned_to` is `assignee`. `belongs_to` is the option `applications` by `business_service` or `cmdb_ci`, a
//! value or a name, else `application`. What else was so as of `sys_updated_on`.

use serde::Deserialize;

use super::elements::Pages;
use super::loose::{Either, Scalar, Text};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::rules::Rules;
use super::timestamp::Stamps;
use super::told::{self, Incident, Teller};
use super::{IngestOptions, Ingested, attribute, check_key, id_part};
use crate::error::{Error, Result};
use crate::model::{Decision, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

/// A value, or what is shown for it, or both.
type Cell<'a> = Either<'a, Pair<'a>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pair<'a> {
    #[serde(borrow)]
    value: Text<'a>,
    #[serde(borrow)]
    display_value: Text<'a>,
}

impl Cell<'_> {
    fn value(&self) -> Option<&str> {
        match self {
            Either::Text(text) => text.get(),
            Either::Object(pair) => pair.value.get().or(pair.display_value.get()),
        }
    }

    fn shown(&self) -> Option<&str> {
        match self {
            Either::Text(text) => text.get(),
            Either::Object(pair) => pair.display_value.get().or(pair.value.get()),
        }
    }

    fn is_pair(&self) -> bool {
        matches!(self, Either::Object(_))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Record<'a> {
    #[serde(borrow)]
    sys_id: Cell<'a>,
    #[serde(borrow)]
    sys_class_name: Cell<'a>,
    #[serde(borrow)]
    number: Cell<'a>,
    #[serde(borrow)]
    short_description: Cell<'a>,
    #[serde(borrow)]
    description: Cell<'a>,
    #[serde(borrow)]
    state: Cell<'a>,
    #[serde(borrow)]
    incident_state: Cell<'a>,
    #[serde(borrow)]
    approval: Cell<'a>,
    #[serde(borrow)]
    approval_set: Cell<'a>,
    #[serde(borrow)]
    sysapproval: Cell<'a>,
    #[serde(borrow)]
    approver: Cell<'a>,
    #[serde(borrow)]
    start_date: Cell<'a>,
    #[serde(borrow)]
    end_date: Cell<'a>,
    #[serde(borrow)]
    due_date: Cell<'a>,
    #[serde(borrow)]
    work_start: Cell<'a>,
    #[serde(borrow)]
    work_end: Cell<'a>,
    #[serde(borrow)]
    opened_at: Cell<'a>,
    #[serde(borrow)]
    resolved_at: Cell<'a>,
    #[serde(borrow)]
    closed_at: Cell<'a>,
    #[serde(borrow)]
    sys_created_on: Cell<'a>,
    #[serde(borrow)]
    sys_updated_on: Cell<'a>,
    #[serde(borrow)]
    priority: Cell<'a>,
    #[serde(borrow)]
    severity: Cell<'a>,
    #[serde(borrow)]
    urgency: Cell<'a>,
    #[serde(borrow)]
    impact: Cell<'a>,
    #[serde(borrow)]
    risk: Cell<'a>,
    #[serde(borrow)]
    category: Cell<'a>,
    #[serde(borrow, rename = "type")]
    kind: Cell<'a>,
    #[serde(borrow)]
    close_code: Cell<'a>,
    #[serde(borrow)]
    caller_id: Cell<'a>,
    #[serde(borrow)]
    caused_by: Cell<'a>,
    #[serde(borrow)]
    assigned_to: Cell<'a>,
    #[serde(borrow)]
    assignment_group: Cell<'a>,
    #[serde(borrow)]
    u_release: Cell<'a>,
    #[serde(borrow)]
    parent: Cell<'a>,
    #[serde(borrow)]
    business_service: Cell<'a>,
    #[serde(borrow)]
    cmdb_ci: Cell<'a>,
}

impl InPages for Record<'_> {
    const PAGES: Pages = Pages { keys: &["result"], own: None };
}

struct Table<'o> {
    teller: Teller<'o>,
    utc: Stamps,
    gates: Rules,
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    let teller = Teller::new("servicenow", options)?;
    let utc = Stamps::new(&IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() })?;
    Ok(Box::new(Table { teller, utc, gates: Rules::new("gates", &options.gates)? }))
}

impl Reader for Table<'_> {
    fn read(&mut self, part: Part<'_>) -> Ingested {
        let Table { teller, utc, gates } = self;
        for (position, record) in read_pages::<Record<'_>>(part) {
            teller.position = position;
            match &record {
                Ok(record) => {
                    if let Err(error) = record.tell(*utc, gates, teller) {
                        let name = record.number.value().or(record.sys_id.value());
                        teller.reject(name, &error);
                    }
                }
                Err(reject) => teller.ingested.rejects.push(reject.clone()),
            }
        }
        teller.done()
    }

    fn pages(&self) -> Pages {
        Record::PAGES
    }
}

/// Reads the times of a record.
struct Clock {
    values: Stamps,
    shown: Stamps,
}

impl Clock {
    fn read(&self, field: &str, cell: &Cell<'_>) -> Result<Option<Instant>> {
        let (stamps, text) = match cell {
            Either::Object(Pair { value: Text(Some(value)), .. }) => (self.values, Some(&**value)),
            Either::Object(pair) => (self.shown, pair.display_value.get()),
            Either::Text(text) => (self.shown, text.get()),
        };
        stamps.read(field, &text.map_or(Scalar::Absent, |text| Scalar::Text(text.into())))
    }
}

impl Record<'_> {
    fn tell(&self, utc: Stamps, gates: &Rules, teller: &mut Teller<'_>) -> Result<()> {
        let is_approval = self.sysapproval.value().is_some();
        // A state in words says that there is nothing but what a user is shown; of an approval, whose states are words
        // anyway, so does what it approves.
        let words = match is_approval {
            true => !self.sysapproval.is_pair() && self.sysapproval.value().is_some_and(|id| !is_sys_id(id)),
            false => {
                !self.state.is_pair() && self.state.value().is_some_and(|state| state.parse::<i64>().is_err())
            }
        };
        let clock = Clock { values: utc, shown: if words { teller.stamps } else { utc } };
        let class = self.sys_class_name.value().map(|class| class.to_ascii_lowercase().replace(' ', "_"));
        let number = self.number.value().unwrap_or_default();
        match class.as_deref() {
            Some("change_request" | "incident") => {}
            Some("sysapproval_approver") => return self.approval(&clock, teller),
            None if is_approval => return self.approval(&clock, teller),
            Some(other) => {
                teller.count(format!("table: {}", id_part(other)));
                return Ok(());
            }
            None => {}
        }
        let has = |cells: &[&Cell<'_>]| cells.iter().any(|cell| cell.value().is_some());
        let is_change = match class.as_deref() {
            Some(class) => class == "change_request",
            None if number.starts_with("CHG") => true,
            None if number.starts_with("INC") => false,
            None if has(&[&self.start_date]) => true,
            None if has(&[&self.incident_state, &self.caller_id, &self.severity]) => false,
            None if self.sys_id.value().is_some() || !number.is_empty() => {
                teller.count("record of another table");
                return Ok(());
            }
            None => return Err(Error::invalid("number", "is missing, and so is sys_id")),
        };
        if is_change { self.change(&clock, gates, teller) } else { self.incident(&clock, teller) }
    }

    /// The key of the item, and its other id.
    fn key(&self, teller: &Teller<'_>) -> Result<(String, Option<String>)> {
        let by_id = self.sys_id.value().map(|id| told::key(&["id", id]));
        match self.number.value() {
            Some(number) => {
                check_key("number", Some(number))?;
                Ok((told::key(&[number]), by_id.map(|id| teller.item(&id))))
            }
            None => {
                Ok((by_id.ok_or_else(|| Error::invalid("number", "is missing, and so is sys_id"))?, None))
            }
        }
    }

    fn flow_state(
        &self,
        usual: impl Fn(&str) -> Option<FlowState>,
        teller: &mut Teller<'_>,
    ) -> Option<FlowState> {
        let (value, shown) = (self.state.value()?, self.state.shown()?);
        let states = &teller.options.states;
        let known = states.get(value).or_else(|| states.get(shown)).copied();
        let state = known.or_else(|| usual(value)).or_else(|| by_name(value)).or_else(|| by_name(shown));
        if state.is_none() {
            teller.count(format!("state: {}", id_part(shown)));
        }
        state
    }

    fn names(&self) -> Vec<Option<&str>> {
        let cells = [&self.business_service, &self.cmdb_ci];
        cells.iter().flat_map(|cell| [cell.value(), cell.shown()]).collect()
    }

    /// What a change request gates, by the first of its names that a rule fits.
    fn gated(&self, gates: &Rules) -> Option<String> {
        let cells = [&self.u_release, &self.parent, &self.number, &self.business_service, &self.cmdb_ci];
        let mut names = cells.into_iter().flat_map(|cell| [cell.value(), cell.shown()]).flatten();
        names.find_map(|name| gates.say(name)).map(|said| said.value)
    }

    fn change(&self, clock: &Clock, gates: &Rules, teller: &mut Teller<'_>) -> Result<()> {
        let (key, alias) = self.key(teller)?;
        let created = clock.read("sys_created_on", &self.sys_created_on)?;
        let asked = clock.read("opened_at", &self.opened_at)?.or(created);
        let start = clock.read("start_date", &self.start_date)?;
        let end = clock.read("end_date", &self.end_date)?;
        let due = clock.read("due_date", &self.due_date)?;
        let decided = clock.read("approval_set", &self.approval_set)?;
        let seen = clock.read("sys_updated_on", &self.sys_updated_on)?.or(decided).or(asked);
        let seen = seen.ok_or_else(|| Error::invalid("sys_updated_on", "is missing, and so is opened_at"))?;
        if let Some(asked) = asked {
            let mut event = teller.event(&key, "asked", asked);
            event.kind = Some(Kind::Gate);
            event.set.asked_at = Some(asked);
            teller.tell(event);
        }
        let mut event = teller.event(&key, &format!("seen/{}", seen.millis()), seen);
        event.kind = Some(Kind::Gate);
        event.set.title = self.short_description.value().map(str::to_owned);
        event.set.description = self.description.value().map(str::to_owned);
        event.set.status = self.state.shown().map(str::to_owned);
        event.set.status_id = self.state.value().map(str::to_owned);
        event.set.state = self.flow_state(change_state, teller);
        event.set.priority = self.priority.shown().map(str::to_owned);
        event.set.assignee = self.assigned_to.shown().map(str::to_owned);
        event.set.needed_by = start.or(due);
        teller.span(&mut event, start, end);
        for (name, cell) in [
            ("approval", &self.approval),
            ("type", &self.kind),
            ("risk", &self.risk),
            ("impact", &self.impact),
            ("close_code", &self.close_code),
            ("work_start", &self.work_start),
            ("work_end", &self.work_end),
            ("assignment_group", &self.assignment_group),
            ("service", &self.business_service),
            ("cmdb_ci", &self.cmdb_ci),
        ] {
            attribute(&mut event.set, name, cell.shown());
        }
        teller.belong(&mut event, &self.names());
        match self.gated(gates) {
            Some(gated) => event.links.push(Link::new(LinkKind::Gates, gated)),
            None if !teller.options.gates.is_empty() => teller.count("change request that gates nothing"),
            None => {}
        }
        let approval = self.approval.value().map(plain);
        match decision(approval.as_deref()) {
            Some(decision) => {
                let at = decided.unwrap_or(seen);
                let mut deciding = teller.event(&key, &format!("decided/{}", at.millis()), at);
                deciding.set.decision = Some(decision);
                teller.tell(deciding);
            }
            None if approval.is_some() => event.clear.push("decision".into()),
            None => {}
        }
        teller.tell(event);
        if let Some(alias) = alias {
            teller.alias(&key, &alias, asked.unwrap_or(seen));
        }
        Ok(())
    }

    fn approval(&self, clock: &Clock, teller: &mut Teller<'_>) -> Result<()> {
        check_key("sys_id", self.sys_id.value())?;
        let key = told::key(&["approval", self.sys_id.value().unwrap_or_default()]);
        let asked = clock.read("sys_created_on", &self.sys_created_on)?;
        let seen = clock.read("sys_updated_on", &self.sys_updated_on)?.or(asked);
        let seen =
            seen.ok_or_else(|| Error::invalid("sys_updated_on", "is missing, and so is sys_created_on"))?;
        let mut event = teller.event(&key, &format!("seen/{}", seen.millis()), seen);
        event.kind = Some(Kind::Gate);
        event.set.title = self.sysapproval.shown().map(|what| format!("Approval of {what}"));
        event.set.status = self.state.shown().map(str::to_owned);
        event.set.asked_at = asked;
        event.set.needed_by = clock.read("due_date", &self.due_date)?;
        let state = self.state.value().map(plain);
        event.set.decision = decision(state.as_deref());
        if matches!(
            state.as_deref(),
            Some("cancelled" | "canceled" | "not required" | "no longer required" | "duplicate" | "skipped")
        ) {
            event.set.state = Some(FlowState::Cancelled);
        }
        if let Some(who) = self.approver.value() {
            let who = teller.define(&told::key(&["user", who]), Kind::Stakeholder, self.approver.shown());
            if event.set.decision.is_some() {
                event.links.push(Link::new(LinkKind::DecidedBy, &who));
            }
            event.links.push(Link::new(LinkKind::Approver, who));
        }
        // A number is shown for what is known by its id.
        let what = self.sysapproval.value().map(|what| match is_sys_id(what) {
            true => told::key(&["id", what]),
            false => told::key(&[what]),
        });
        event.links.extend(what.map(|what| Link::new(LinkKind::Gates, teller.item(&what))));
        teller.tell(event);
        Ok(())
    }

    fn incident(&self, clock: &Clock, teller: &mut Teller<'_>) -> Result<()> {
        let (key, alias) = self.key(teller)?;
        let created = clock.read("sys_created_on", &self.sys_created_on)?;
        let closed = clock.read("closed_at", &self.closed_at)?;
        let attribute = |name, cell: &Cell<'_>| (name, cell.shown().map(str::to_owned));
        let cause = self.caused_by.value().filter(|id| is_sys_id(id));
        let cause = cause.map(|id| Link::new(LinkKind::Relates, teller.item(&told::key(&["id", id]))));
        let incident = Incident {
            key,
            alias,
            title: self.short_description.value(),
            description: self.description.value(),
            status: self.state.shown(),
            status_id: self.state.value(),
            state: self.flow_state(incident_state, teller),
            priority: self.priority.shown().map(str::to_owned),
            assignee: self.assigned_to.shown().map(str::to_owned),
            attributes: vec![
                attribute("severity", &self.severity),
                attribute("urgency", &self.urgency),
                attribute("impact", &self.impact),
                attribute("category", &self.category),
                attribute("assignment_group", &self.assignment_group),
                attribute("service", &self.business_service),
                attribute("cmdb_ci", &self.cmdb_ci),
            ],
            links: cause.into_iter().collect(),
            names: self.names(),
            opened: clock.read("opened_at", &self.opened_at)?.or(created),
            resolved: clock.read("resolved_at", &self.resolved_at)?.or(closed),
            seen: clock.read("sys_updated_on", &self.sys_updated_on)?,
            ..Incident::default()
        };
        teller.incident(&incident)
    }
}

/// 32 hexadecimal digits.
fn is_sys_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A word as it is compared: `Not Yet Requested` and `not_yet_requested` are the same.
fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace('_', " ")
}

fn decision(approval: Option<&str>) -> Option<Decision> {
    match approval? {
        "approved" => Some(Decision::Approved),
        "rejected" => Some(Decision::Rejected),
        _ => None,
    }
}

fn change_state(value: &str) -> Option<FlowState> {
    Some(match value {
        "-5" => FlowState::New,
        "-4" | "-3" | "-2" => FlowState::Waiting,
        "-1" | "0" => FlowState::Active,
        "3" => FlowState::Done,
        "4" => FlowState::Cancelled,
        _ => return None,
    })
}

fn incident_state(value: &str) -> Option<FlowState> {
    Some(match value {
        "1" => FlowState::New,
        "2" => FlowState::Active,
        "3" | "4" | "5" => FlowState::Waiting,
        "6" | "7" => FlowState::Done,
        "8" => FlowState::Cancelled,
        _ => return None,
    })
}

fn by_name(name: &str) -> Option<FlowState> {
    Some(match plain(name).as_str() {
        "new" | "open" | "draft" => FlowState::New,
        "assess" | "authorize" | "scheduled" | "on hold" | "pending" | "awaiting user info"
        | "awaiting problem" | "awaiting evidence" => FlowState::Waiting,
        "implement" | "review" | "in progress" | "work in progress" | "active" => FlowState::Active,
        "closed" | "closed complete" | "resolved" | "complete" => FlowState::Done,
        "canceled" | "cancelled" | "closed skipped" | "closed incomplete" => FlowState::Cancelled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
