//! When an item starts and ends by the rules, and how long that is.

use super::plan::Plan;
use super::query::{DayCount, MetricEvent, MetricRules, NegativeRule, ReopenPolicy};
use crate::analyze::life::{Lived, Stay, stays_by_status};
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::lives::Lives;
use crate::model::{FlowState, LinkKind, Set};
use crate::record::Stored;
use crate::stream::ValueStream;
use crate::texts::NONE;
use crate::time::{DAY, HOUR, Instant};

/// An item with what it has been through.
pub(super) struct Flowing<'a> {
    stream: &'a ValueStream,
    pub(super) item: u32,
    pub(super) life: Lived<'a>,
    pub(super) start: Option<Instant>,
    /// The event that begins it.
    pub(super) began_by: u32,
    /// With the event that ends it.
    pub(super) end: Option<(Instant, u32)>,
}

/// When releases are done; each is looked up once.
#[derive(Clone, Debug, Default)]
pub(super) struct Releases(HashMap<u32, Option<(Instant, u32)>>);

impl<'a> Flowing<'a> {
    pub(super) fn of(
        stream: &'a ValueStream,
        lives: &'a Lives,
        item: u32,
        rules: &MetricRules,
        releases: &mut Releases,
    ) -> Flowing<'a> {
        let mut own =
            Flowing { stream, item, life: Lived::lent(lives, item), start: None, began_by: NONE, end: None };
        let start = rules.start_event.and_then(|event| match event {
            MetricEvent::Done => own.done(rules.reopen),
            _ => own.first(event, &rules.start_status, releases),
        });
        let end = rules.end_event.and_then(|event| match event {
            MetricEvent::Done => own.done(rules.reopen),
            MetricEvent::Status => own.entered_last(&rules.end_status, rules.reopen),
            _ => own.first(event, &[], releases),
        });
        (own.start, own.began_by, own.end) =
            (start.map(|(at, _)| at), start.map_or(NONE, |(_, event)| event), end);
        own
    }

    /// All events of the item, first to last.
    pub(super) fn events(&self) -> Vec<(u32, &'a Stored)> {
        self.stream.chronicle(self.item)
    }

    fn done(&self, reopen: Option<ReopenPolicy>) -> Option<(Instant, u32)> {
        if reopen == Some(ReopenPolicy::FirstDone) {
            self.entered(|state| state == FlowState::Done)
        } else {
            self.life.done
        }
    }

    fn entered(&self, is_meant: impl Fn(FlowState) -> bool) -> Option<(Instant, u32)> {
        self.life.changes.iter().find(|(_, state, _)| is_meant(*state)).map(|(at, _, event)| (*at, *event))
    }

    /// The first time that something was so.
    fn first(
        &self,
        event: MetricEvent,
        states: &[String],
        releases: &mut Releases,
    ) -> Option<(Instant, u32)> {
        match event {
            MetricEvent::Created => self.stream.first_seen(self.item),
            MetricEvent::Started => self.entered(crate::analyze::life::in_progress),
            MetricEvent::Committed => self.stream.first_commit(self.item),
            MetricEvent::Active => self.entered(|state| state == FlowState::Active),
            MetricEvent::Done => self.entered(|state| state == FlowState::Done),
            MetricEvent::Status => {
                let events = self.events();
                let stays = stays_by_status(&events);
                stays.iter().find(|stay| is_one_of(stay, states)).map(|stay| (stay.since, stay.event))
            }
            MetricEvent::Released => releases.first(self.stream, self.item),
        }
    }

    /// The first entry into one of some states, or the last one if the item is still there.
    fn entered_last(&self, states: &[String], reopen: Option<ReopenPolicy>) -> Option<(Instant, u32)> {
        let events = self.events();
        let stays = stays_by_status(&events);
        let entry = if reopen == Some(ReopenPolicy::FirstDone) {
            stays.iter().find(|stay| is_one_of(stay, states))
        } else {
            stays.iter().rev().take_while(|stay| is_one_of(stay, states)).last()
        };
        entry.map(|stay| (stay.since, stay.event))
    }

    /// Milliseconds spent in active, or in the states that start the item, between two instants.
    fn worked(&self, rules: &MetricRules, start: Instant, end: Instant) -> i64 {
        if rules.start_event != Some(MetricEvent::Status) {
            return self.life.active(start, end);
        }
        let events = self.events();
        let stays = stays_by_status(&events);
        let own = stays.iter().filter(|stay| is_one_of(stay, &rules.start_status));
        let length = |stay: &Stay<'_>| {
            let until = stay.until.unwrap_or(Instant::MAX).min(end);
            until.since(stay.since.max(start)).millis().max(0)
        };
        own.map(length).sum()
    }

    /// How long the item took from its start to an end, in the unit of the plan; nothing where it ended before.
    pub(super) fn length(&self, plan: &Plan, start: Instant, end: Instant) -> Option<f64> {
        if end < start {
            return (plan.rules.negative == Some(NegativeRule::OneDay)).then_some(1.0);
        }
        if plan.rules.reopen == Some(ReopenPolicy::ActiveSegments) {
            return Some(self.worked(&plan.rules, start, end) as f64 / DAY as f64);
        }
        let elapsed = end.since(start).millis();
        let days = || plan.zone.date(end).signed_duration_since(plan.zone.date(start)).num_days();
        Some(match plan.day_count() {
            DayCount::Elapsed => elapsed as f64 / DAY as f64,
            DayCount::CalendarInclusive => (days() + 1).max(1) as f64,
            DayCount::CalendarExclusive => days().max(0) as f64,
            DayCount::FloorPlusOne => (elapsed / DAY + 1) as f64,
            DayCount::HalfDay => (days() as f64).max(0.5),
            DayCount::BusinessHours => plan.hours.as_ref()?.between(start, end).millis() as f64 / HOUR as f64,
        })
    }
}

fn is_one_of(stay: &Stay<'_>, states: &[String]) -> bool {
    states.iter().any(|state| state == stay.status || stay.status_id == Some(state))
}

impl Releases {
    /// When the first release that an item ships in, itself or with one of its wholes, was done.
    fn first(&mut self, stream: &ValueStream, item: u32) -> Option<(Instant, u32)> {
        let mut at = Some(item);
        // Wholes are nested a few levels deep, and never in a circle.
        while let Some(now) = at {
            let releases =
                stream.linked(now, LinkKind::ShipsIn, Direction::Outgoing).map(|(_, release)| release);
            let shipped = releases
                .filter_map(|release| self.done(stream, release))
                .min_by_key(|(at, event)| (*at, stream.key(*event)));
            if shipped.is_some() {
                return shipped;
            }
            at = stream.linked(now, LinkKind::Parent, Direction::Outgoing).map(|(_, whole)| whole).next();
        }
        None
    }

    /// Looks a release up again, if it ever was; whether it is done at another time than it was.
    pub(super) fn renew(&mut self, stream: &ValueStream, release: u32) -> bool {
        self.0.remove(&release).is_some_and(|before| self.done(stream, release) != before)
    }

    fn done(&mut self, stream: &ValueStream, release: u32) -> Option<(Instant, u32)> {
        *self.0.entry(release).or_insert_with(|| {
            let done = stream.done_at(release)?;
            Some(stream.last(release, Set::released_at).unwrap_or(done))
        })
    }
}

impl ValueStream {
    /// When the first change that does an item's work was made.
    fn first_commit(&self, item: u32) -> Option<(Instant, u32)> {
        let made = |change: u32| self.last(change, Set::starts_at).or_else(|| self.first_seen(change));
        self.changes_of(item).into_iter().filter_map(made).min_by_key(|(at, event)| (*at, self.key(*event)))
    }
}
