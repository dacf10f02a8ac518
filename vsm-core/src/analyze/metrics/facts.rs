//! What the items of a stream contribute to a metric.

use std::ops::Range;

use super::catalogue::Measure;
use super::plan::Plan;
use super::query::{MetricEvent, WipRule};
use super::spans::{Flowing, Releases};
use crate::analyze::EfficiencyRule;
use crate::analyze::life::blocks;
use crate::error::Result;
use crate::model::{FlowState, Kind, Set};
use crate::stream::ValueStream;
use crate::texts::NONE;
use crate::time::{DAY, Instant};

/// What one item contributes to one part of the window.
#[derive(Clone, Copy)]
pub(super) struct Fact {
    pub(super) item: u32,
    pub(super) bucket: usize,
    /// When it counts: the item's end, or its start where starts are counted.
    pub(super) at: Instant,
    pub(super) start: Option<Instant>,
    /// What the item was then.
    pub(super) kind: Option<Kind>,
    pub(super) amount: Amount,
    pub(super) event: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// A value of a sample.
    Sample(f64),
    /// The age of something that belongs to the sample and is not over.
    Open(f64),
    /// A part of something.
    Part { part: i64, whole: i64 },
    /// So many.
    Count(i64),
}

/// Takes what is found.
pub(super) trait Sink {
    fn take(&mut self, fact: Fact);
    /// Takes the days on which an item counts as what it is, one fact for each part of the window that has any of them.
    fn take_days(&mut self, plan: &Plan, days: &Range<usize>, fact: Fact) {
        days_by_part(plan, days, plan.buckets.of_days(days), fact, |fact| self.take(fact));
    }
    /// An item that ends in the window and is left out.
    fn leave_out(&mut self, item: u32, reason: &'static str);
    /// An item that is or was in a waiting state is among those looked at.
    fn waits(&mut self);
}

impl ValueStream {
    /// Everything that the items of a stream contribute, item by item.
    pub(super) fn facts(&self, plan: &Plan, within: Option<&str>, sink: &mut impl Sink) -> Result<()> {
        let within = self.all_under(within)?;
        let mut releases = Releases::default();
        for item in self.all().filter(|item| within.as_ref().is_none_or(|set| set.contains(item))) {
            self.facts_of_item(item, plan, &mut releases, sink);
        }
        Ok(())
    }

    /// What one item contributes.
    pub(super) fn facts_of_item(
        &self,
        item: u32,
        plan: &Plan,
        releases: &mut Releases,
        sink: &mut impl Sink,
    ) {
        let lives = self.lives();
        if lives.kinds(item).iter().any(|(_, kind)| plan.takes(*kind)) {
            let own = Flowing::of(self, lives, item, &plan.rules, releases);
            self.facts_of(&own, plan, sink);
        }
    }

    fn facts_of(&self, own: &Flowing<'_>, plan: &Plan, sink: &mut impl Sink) {
        let life = &own.life;
        if life.changes.iter().any(|(_, state, _)| *state == FlowState::Waiting) {
            sink.waits();
        }
        if life.changes.last().is_some_and(|(_, state, _)| *state == FlowState::Cancelled) {
            return;
        }
        // What nobody has said the state of was spoken of all the same.
        let needs_state =
            plan.rules.start_event != Some(MetricEvent::Created) || plan.measure() != Measure::Begun;
        if life.changes.is_empty() && needs_state {
            sink.leave_out(own.item, "no_state_known");
            return;
        }
        // An item flows by itself until it gets parts; from then on they flow, and what was before stays as it was.
        let until =
            if plan.leaves_only() { self.parts_since(own.item) } else { None }.unwrap_or(Instant::MAX);
        match plan.measure() {
            Measure::Level => own.level(plan, until, sink),
            Measure::Age => own.open(plan, until, Amount::Sample, sink),
            Measure::Begun => own.count_start(plan, until, sink),
            Measure::Net => {
                own.count_start(plan, until, sink);
                self.contribute(own, plan, until, sink);
            }
            Measure::Duration => {
                self.contribute(own, plan, until, sink);
                own.open(plan, until, Amount::Open, sink);
            }
            _ => self.contribute(own, plan, until, sink),
        }
    }

    /// What an item that ends in the window contributes.
    fn contribute(&self, own: &Flowing<'_>, plan: &Plan, until: Instant, sink: &mut impl Sink) {
        let Some((at, event)) = own.end else { return };
        let Some(bucket) = plan.buckets.at(at) else { return };
        let kind = own.life.kind_at(at);
        if !kind.is_some_and(|kind| plan.takes(kind)) {
            return;
        }
        if at >= until {
            sink.leave_out(own.item, "counted_by_its_parts");
            return;
        }
        match self.amount(own, plan, at) {
            Ok(amount) => {
                sink.take(Fact { item: own.item, bucket, at, start: own.start, kind, amount, event });
            }
            Err(reason) => sink.leave_out(own.item, reason),
        }
    }

    fn amount(
        &self,
        own: &Flowing<'_>,
        plan: &Plan,
        at: Instant,
    ) -> std::result::Result<Amount, &'static str> {
        let start = || own.start.ok_or("never_started");
        Ok(match plan.measure() {
            Measure::Duration => Amount::Sample(own.length(plan, start()?, at).ok_or("ends_before_start")?),
            Measure::Blocked => {
                let start = start()?;
                let events = own.events();
                let blocked = blocks(&events).into_iter().map(|block| {
                    let until = block.until.unwrap_or(Instant::MAX).min(at);
                    until.since(block.since.max(start)).millis().max(0)
                });
                Amount::Sample(blocked.sum::<i64>() as f64 / DAY as f64)
            }
            Measure::Efficiency => {
                let start = start()?;
                let (part, whole) = (own.life.active(start, at), at.since(start).millis());
                match plan.rules.efficiency {
                    _ if whole <= 0 => return Err("no_time"),
                    Some(EfficiencyRule::MeanOfRatios) => Amount::Sample(part as f64 / whole as f64),
                    _ => Amount::Part { part, whole },
                }
            }
            Measure::Size => {
                // As it was estimated then; what is said later rewrites nothing.
                let said = self.backwards(own.item).filter(|(_, event)| event.occurred <= at);
                let mut sizes = said.filter_map(|(_, event)| event.sets.iter().rev().find_map(Set::size));
                // There is one zero.
                Amount::Sample(*sizes.next().flatten().ok_or("no_size")? + 0.0)
            }
            Measure::Reopened => {
                let done = own.life.changes.iter().filter(|(_, state, _)| *state == FlowState::Done).count();
                Amount::Part { part: i64::from(done > 1), whole: 1 }
            }
            Measure::Net => Amount::Count(-1),
            Measure::Ended | Measure::Share | Measure::Begun | Measure::Level | Measure::Age => {
                Amount::Count(1)
            }
        })
    }
}

impl Flowing<'_> {
    fn count_start(&self, plan: &Plan, until: Instant, sink: &mut impl Sink) {
        let Some(at) = self.start.filter(|at| *at < until) else { return };
        let Some(bucket) = plan.buckets.at(at) else { return };
        let kind = self.life.kind_at(at);
        if kind.is_some_and(|kind| plan.takes(kind)) {
            let (start, amount, event) = (Some(at), Amount::Count(1), self.began_by);
            sink.take(Fact { item: self.item, bucket, at, start, kind, amount, event });
        }
    }

    /// What the item adds to the parts of the window at whose ends it is open.
    fn open(&self, plan: &Plan, until: Instant, amount: fn(f64) -> Amount, sink: &mut impl Sink) {
        let Some(start) = self.start else { return };
        let end = self.end.map_or(Instant::MAX, |(at, _)| at).min(until);
        let event = self.life.changes.last().map_or(NONE, |(_, _, event)| *event);
        for bucket in plan.buckets.ending(start, end) {
            let at = plan.buckets.end(bucket);
            // What it is at the last instant before the end.
            let kind = self.life.kind_at(Instant::clamped(at.millis() - 1));
            if let Some(age) = self.length(plan, start, at)
                && kind.is_some_and(|kind| plan.takes(kind))
            {
                let amount = amount(age);
                sink.take(Fact { item: self.item, bucket, at, start: Some(start), kind, amount, event });
            }
        }
    }

    /// What the item adds to the work in progress: days, or milliseconds for the integral.
    fn level(&self, plan: &Plan, until: Instant, sink: &mut impl Sink) {
        let rule = plan.rules.wip.unwrap_or(WipRule::EndOfDay);
        if rule == WipRule::EndOfDay {
            for (from, to) in self.life.in_progress() {
                self.level_days(plan, plan.buckets.ends_of_day(from, to.min(until)), sink);
            }
            return;
        }
        let Some(start) = self.start else { return };
        let end = self.end.map(|(at, _)| at).filter(|at| *at <= until);
        let last = end.unwrap_or(until);
        if last < start {
            return;
        }
        if rule == WipRule::Integral {
            self.level_time(plan, start, last, sink);
            return;
        }
        if rule == WipRule::StartOfDay {
            self.level_days(plan, plan.buckets.starts_of_day(start, last), sink);
            return;
        }
        if plan.buckets.is_before(last) {
            return;
        }
        let is_counted = rule == WipRule::Inclusive;
        let days = plan.buckets.day_of(start)..plan.buckets.day_of(last) + usize::from(is_counted);
        self.level_days(plan, days, sink);
    }

    /// Adds days, each as what the item was when it ended.
    fn level_days(&self, plan: &Plan, days: Range<usize>, sink: &mut impl Sink) {
        for (from, to, kind) in self.kinds() {
            if !plan.takes(kind) {
                continue;
            }
            let own = meet(&days, &plan.buckets.ends_of_day(from, to));
            if !own.is_empty() {
                sink.take_days(plan, &own, self.level_fact(plan, 0, kind, 0));
            }
        }
    }

    fn level_time(&self, plan: &Plan, start: Instant, end: Instant, sink: &mut impl Sink) {
        for (from, to, kind) in self.kinds() {
            let (from, to) = (from.max(start), to.min(end));
            if !plan.takes(kind) || to <= from {
                continue;
            }
            for bucket in plan.buckets.overlapping(from, to) {
                let part = to.min(plan.buckets.end(bucket)).since(from.max(plan.buckets.start(bucket)));
                if part.millis() > 0 {
                    sink.take(self.level_fact(plan, bucket, kind, part.millis()));
                }
            }
        }
    }

    fn level_fact(&self, plan: &Plan, bucket: usize, kind: Kind, amount: i64) -> Fact {
        let at = plan.buckets.end(bucket);
        let event = self.life.changes.last().map_or(NONE, |(_, _, event)| *event);
        let (kind, amount) = (Some(kind), Amount::Count(amount));
        Fact { item: self.item, bucket, at, start: self.start, kind, amount, event }
    }

    /// (from, to, kind): what the item was, from ever to ever.
    fn kinds(&self) -> impl Iterator<Item = (Instant, Instant, Kind)> {
        let kinds = &self.life.kinds;
        kinds.iter().enumerate().map(|(place, (since, kind))| {
            let from = if place == 0 { Instant::MIN } else { *since };
            let to = kinds.get(place + 1).map_or(Instant::MAX, |(next, _)| *next);
            (from, to, *kind)
        })
    }
}

/// The facts that some days make in some parts of the window, alike but for the part.
pub(super) fn days_by_part(
    plan: &Plan,
    days: &Range<usize>,
    parts: Range<usize>,
    fact: Fact,
    mut take: impl FnMut(Fact),
) {
    for bucket in parts {
        let own = meet(days, &plan.buckets.days(bucket)).len();
        if own > 0 {
            take(Fact { bucket, at: plan.buckets.end(bucket), amount: Amount::Count(own as i64), ..fact });
        }
    }
}

fn meet(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    let start = one.start.max(other.start);
    start..one.end.min(other.end).max(start)
}
