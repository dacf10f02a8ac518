//! Which departures a release can still reach, and by when each thing that is missing has to be settled for it.

use serde::{Deserialize, Serialize};

use super::message::say;
use super::plan::Plan;
use super::{Basis, Condition, CriticalPathQuery, Grounds, Message, Policy, ReadinessQuery, Unmet};
use crate::calendar::{Cadence, Calendar};
use crate::error::{Error, Result};
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span, Zone};

/// How many departures are looked at where the question does not say, and at most.
const DEPARTURES: u32 = 3;
const MOST: u32 = 100;

/// A question for the departures of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeparturesQuery {
    /// The release.
    pub release: String,
    /// The time it is asked at.
    pub at: Instant,
    /// IANA zone of the days and hours in sentences.
    pub zone: String,
    /// How many departures are looked at, from the next one on; absent = 3, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The working calendar; absent = that of the first of the release's applications that has one, else plain time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// How long work without an estimate takes; absent = no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Span>,
}

/// The departures of a release, and what each of them asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departures {
    /// The release.
    pub release: String,
    /// Its name for people.
    pub title: String,
    /// The time it was asked at.
    pub at: Instant,
    /// When everything that it needs is finished at the earliest. Unmet facts that have no duration are not in it.
    pub ready_at: Instant,
    /// When it ships then.
    pub ships_at: Instant,
    /// The departures, first to last. A release without a train has one, its target date; without that it has none.
    pub departures: Vec<DepartureReach>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One departure of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DepartureReach {
    /// When it leaves.
    pub departure: Instant,
    /// When the release must be ready for it.
    pub cutoff: Instant,
    /// Whether it can still be reached, and is not full.
    pub reachable: bool,
    /// Whether other releases take all the room on it, those that are ready before this one.
    #[serde(default)]
    pub full: bool,
    /// For how many releases there is room beside the others, this one among them; absent where no train has a capacity. Of
    /// several trains the one with the least room counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u32>,
    /// By how much it is missed, on the wall clock; absent where the release is ready in time.
    pub missed_by: Option<Span>,
    /// How much is to spare, on the wall clock; absent where it can't be reached.
    pub spare: Option<Span>,
    /// For each fact that is missing, by when it has to be settled; the most urgent first, then by condition and item.
    pub facts: Vec<FactDeadline>,
}

/// By when an unmet fact has to be settled for a departure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactDeadline {
    /// The condition that is not met.
    pub condition: Condition,
    /// The rule of the policy, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The item at fault.
    pub item: String,
    /// Whom it waits for.
    pub waits_for: Option<String>,
    /// The latest time that still reaches the departure.
    pub by: Instant,
    /// Whether that can be: it is not past, and not before the earliest time that the schedule gives.
    pub possible: bool,
    /// The deadline as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
}

impl DeparturesQuery {
    /// A question with all defaults.
    pub fn new(release: impl Into<String>, at: Instant, zone: impl Into<String>) -> DeparturesQuery {
        DeparturesQuery {
            release: release.into(),
            at,
            zone: zone.into(),
            count: None,
            policy: None,
            calendar: None,
            default_duration: None,
        }
    }
}

impl ValueStream {
    /// The next departures of a release: which can still be reached, by how much the others are missed, and by when each
    /// unmet fact of the last stage has to be settled for them.
    ///
    /// A piece of work, a gate or a build that is still to come has until its late finish, counted back from the cut-off; what
    /// has no duration of its own, such as a booking, has until the release that asks for it must be ready. Takes what one
    /// [`critical_path`](ValueStream::critical_path) and one [`readiness`](ValueStream::readiness) take, and a backward
    /// pass for each departure. On trains with a `capacity` all open releases of the application take departures in the order
    /// in which they are ready, ties by id; a departure without room for this one is full.
    ///
    /// # Errors
    /// Those of `critical_path` and `readiness`; [`Error::UnknownZone`]; [`Error::Invalid`] for an item that is not a
    /// release, and for a count of none or more than 100.
    ///
    /// ```
    /// use vsm_core::{Cadence, DeparturesQuery, Event, Kind, Link, LinkKind, ValueStream};
    /// let monday = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut app = Event::new("plan", "1", monday, "app:mobile");
    /// app.kind = Some(Kind::Application);
    /// let departure = "2026-01-06T00:00:00Z".parse()?;
    /// app.set.cadence = Some(Cadence { departure, every_days: Some(14), cutoff: None, capacity: None });
    /// let mut release = Event::new("plan", "2", monday, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// release.links.push(Link::new(LinkKind::BelongsTo, "app:mobile"));
    /// stream.apply_batch([app, release]);
    /// let next = stream.departures(&DeparturesQuery::new("plan:R1", monday, "UTC"))?;
    /// assert_eq!(next.departures[0].departure, "2026-03-03T00:00:00Z".parse()?);
    /// assert_eq!(next.departures.len(), 3);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn departures(&self, query: &DeparturesQuery) -> Result<Departures> {
        let zone = Zone::named(&query.zone)?;
        let count = query.count.unwrap_or(DEPARTURES);
        if count == 0 || count > MOST {
            return Err(Error::invalid("count", format!("must be from 1 to {MOST}")));
        }
        query.default_duration.unwrap_or_default().check("default_duration")?;
        let release = self.find(&query.release)?;
        if self.kind(release) != Some(Kind::Release) {
            return Err(Error::invalid("release", format!("\"{}\" is not a release", query.release)));
        }
        let id = self.id(release).to_owned();
        let readiness = self.readiness(&ReadinessQuery {
            policy: query.policy.clone(),
            ..ReadinessQuery::new(id.clone(), query.at)
        })?;
        let applications: Vec<u32> = self.to(release, LinkKind::BelongsTo).map(|(item, _)| item).collect();
        let path_query = CriticalPathQuery {
            calendar: query.calendar.clone().or_else(|| self.calendar_of(&applications)),
            default_duration: query.default_duration,
            policy: query.policy.clone(),
            ..CriticalPathQuery::new(id.clone(), query.at)
        };
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, &path_query)?;
        plan.lay_out(Some(release))?;
        let mut dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let sink = plan.number(release).unwrap_or(0);
        let ready_at = Instant::clamped(plan.network.ready(&dates, sink));
        let ships_at = Instant::clamped(dates.early_finish(sink));
        let (lines, trains): (Vec<u32>, Vec<Cadence>) = applications
            .iter()
            .filter_map(|application| Some((*application, *self.last(*application, Set::cadence)?.0)))
            .unzip();
        let due = self.last(release, Set::due_at).map(|(due, _)| due);
        let mut departures = Vec::new();
        for (departure, cutoff) in upcoming(&trains, due, query.at, count) {
            plan.network.backward(&mut dates, departure.millis());
            let mut facts: Vec<FactDeadline> = readiness
                .unmet
                .iter()
                .map(|fact| {
                    let (by, early) = self.deadline(&plan, &dates, fact, release, cutoff);
                    let possible = by >= query.at && early.is_none_or(|early| early <= by);
                    let item = self.find(&fact.item).unwrap_or(release);
                    let what = fact.rule.clone().unwrap_or_else(|| fact.condition.to_string()).into();
                    let minute = |at: Instant| (zone.minute(at), at);
                    let settled = if possible { say::settled_in_time } else { say::settled_too_late };
                    let (sentence, messages) = settled(item, what, minute(by), minute(departure)).tell(self);
                    FactDeadline {
                        condition: fact.condition,
                        rule: fact.rule.clone(),
                        item: fact.item.clone(),
                        waits_for: fact.waits_for.clone(),
                        by,
                        possible,
                        sentence,
                        messages,
                    }
                })
                .collect();
            facts.sort_by(|a, b| {
                (a.by, a.condition, &a.item, &a.rule).cmp(&(b.by, b.condition, &b.item, &b.rule))
            });
            let room = lines.iter().zip(&trains).filter_map(|(line, train)| {
                let own = train.last(departure)?;
                let here = u32::from(plan.network.seat(sink, *line) == Some(own));
                let others = plan.taken.on(*line, own).saturating_sub(here);
                Some(train.capacity?.saturating_sub(others))
            });
            let room = room.min();
            let full = room == Some(0);
            let is_in_time = ready_at <= cutoff;
            let reachable = is_in_time && !full;
            departures.push(DepartureReach {
                departure,
                cutoff,
                reachable,
                full,
                room,
                missed_by: (!is_in_time).then(|| ready_at.since(cutoff)),
                spare: reachable.then(|| cutoff.since(ready_at)),
                facts,
            });
        }
        let mut grounds = Grounds { n: readiness.unmet.len() as u64, ..Grounds::default() };
        grounds.rule("late_finish_counted_back_from_the_cutoff");
        grounds.rule("unmet_facts_without_duration_take_no_time");
        Ok(Departures {
            title: self.title(release).to_owned(),
            release: id,
            at: query.at,
            ready_at,
            ships_at,
            departures,
            basis: Basis { evidence: readiness.basis.evidence, ..grounds.finish(self) },
        })
    }

    /// By when a fact has to be settled, and the earliest that the schedule gives, where it is about work or a gate.
    fn deadline(
        &self,
        plan: &Plan<'_>,
        dates: &super::schedule::Dates,
        fact: &Unmet,
        release: u32,
        cutoff: Instant,
    ) -> (Instant, Option<Instant>) {
        let number = |id: &str| self.find(id).ok().and_then(|item| plan.number(item));
        let is_done_by_somebody = matches!(
            fact.condition,
            Condition::ScopeDone | Condition::GatePassed | Condition::NoBlockingDefect
        );
        let is_to_come = |number: &u32| {
            is_done_by_somebody
                || (fact.condition == Condition::BuildSucceeded && !plan.network.is_finished(*number))
        };
        if let Some(number) = number(&fact.item).filter(is_to_come) {
            let own = plan.network.own(dates, number);
            return (Instant::clamped(own.late_finish), Some(Instant::clamped(own.early_finish)));
        }
        let through = fact.through.as_deref().and_then(number);
        let place = through.filter(|number| plan.item(*number) != release);
        let by = place.map_or(cutoff, |number| Instant::clamped(plan.network.latest(dates, number)));
        (by, fact.earliest)
    }
}

/// The next departures of all trains together, each with its cut-off; the target date where there is no train.
fn upcoming(trains: &[Cadence], due: Option<Instant>, at: Instant, count: u32) -> Vec<(Instant, Instant)> {
    if trains.is_empty() {
        return due.map(|due| (due, due)).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut ready = at;
    while found.len() < count as usize {
        let leaves = trains
            .iter()
            .map(|train| train.next(ready))
            .try_fold(ready, |last, next| next.map(|next| next.max(last)));
        let Some(departure) = leaves else { break };
        let cutoff = trains.iter().filter_map(|train| train.latest_ready(departure)).min();
        let Some(cutoff) = cutoff.filter(|cutoff| *cutoff >= ready) else { break };
        found.push((departure, cutoff));
        let Some(next) = Instant::from_millis(cutoff.millis() + 1) else { break };
        ready = next;
    }
    found
}
