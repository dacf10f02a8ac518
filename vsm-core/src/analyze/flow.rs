//! The five flow metrics: velocity, time, efficiency, load and distribution.

use serde::{Deserialize, Serialize};

use super::life::{Life, in_progress};
use super::statistics::quantile;
use super::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span, Zone};

pub use super::statistics::PercentileRule;

text_enum! {
    /// What flows (the Flow Framework's four flow items).
    pub enum FlowItem {
        /// New value: features and stories.
        Feature = "feature",
        /// Defects.
        Defect = "defect",
        /// Risks.
        Risk = "risk",
        /// Technical debt.
        Debt = "debt",
    }
}

text_enum! {
    /// How the efficiencies of several items become one.
    pub enum EfficiencyRule {
        /// Sum of active time over sum of flow time; the default.
        RatioOfSums = "ratio_of_sums",
        /// Mean of each item's own ratio.
        MeanOfRatios = "mean_of_ratios",
    }
}

/// A question for the flow of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// IANA zone in which days are counted.
    pub zone: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How efficiencies are added up; absent = ratio of sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<EfficiencyRule>,
    /// How percentiles are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
}

/// The flow of a window. What has no data has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowMetrics {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// The zone of its days.
    pub zone: String,
    /// Flow velocity: items that were done in the window.
    pub velocity: u32,
    /// Flow time of these items, from first being active or waiting to done.
    pub time: Option<Durations>,
    /// Flow efficiency: active time over flow time, from 0 to 1; absent where no waiting state is in use.
    pub efficiency: Option<f64>,
    /// Flow load: items in progress at the end of a day, averaged over the days of the window.
    pub load: Option<f64>,
    /// The load of each day of the window.
    pub load_by_day: Vec<DayLoad>,
    /// Flow distribution: velocity by flow item, the four in their order.
    pub distribution: Vec<FlowShare>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// A sample of durations in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    /// How many.
    pub n: u64,
    /// The mean, rounded to the millisecond.
    pub mean: Span,
    /// The shortest.
    pub min: Span,
    /// The median.
    pub median: Span,
    /// The 85th percentile.
    pub p85: Span,
    /// The 95th percentile.
    pub p95: Span,
    /// The longest.
    pub max: Span,
}

/// Items in progress at the end of a day, each counted as what it was on that day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayLoad {
    /// The day as `YYYY-MM-DD` in the query's zone.
    pub day: String,
    /// All flow items.
    pub load: u32,
    /// Features and stories.
    pub feature: u32,
    /// Defects.
    pub defect: u32,
    /// Risks.
    pub risk: u32,
    /// Technical debt.
    pub debt: u32,
}

/// One flow item's part of the velocity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowShare {
    /// The flow item.
    pub flow_item: FlowItem,
    /// How many were done, each counted as what it was when it was done.
    pub velocity: u32,
    /// The part of all, from 0 to 1; absent where nothing was done.
    pub share: Option<f64>,
}

/// The longest window, in days: a century of them is a mistake.
pub(super) const LONGEST_WINDOW: i64 = 36_600;

/// Refuses a window that ends before it starts or spans more than a hundred years.
pub(super) fn check_window(start: Instant, end: Instant) -> Result<()> {
    if end < start {
        return Err(Error::invalid("end", "the window must not end before it starts"));
    }
    if end.since(start) > Span::from_days(LONGEST_WINDOW) {
        return Err(Error::invalid("end", "the window must not be longer than a hundred years"));
    }
    Ok(())
}

impl FlowItem {
    /// What an item of a kind flows as; containers and everything that is not work flow as nothing.
    pub fn of(kind: Kind) -> Option<FlowItem> {
        match kind {
            Kind::Feature | Kind::Story => Some(FlowItem::Feature),
            Kind::Defect => Some(FlowItem::Defect),
            Kind::Risk => Some(FlowItem::Risk),
            Kind::Debt => Some(FlowItem::Debt),
            _ => None,
        }
    }
}

impl FlowQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant, zone: impl Into<String>) -> FlowQuery {
        FlowQuery { start, end, zone: zone.into(), within: None, efficiency: None, percentiles: None }
    }
}

impl ValueStream {
    /// The five flow metrics of a window (M. Kersten, "Project to Product", 2018).
    ///
    /// Flow items are features, stories, defects, risks and debt without parts of their own; from the time that an
    /// item gets parts it is counted by them. A done item belongs to the window of its last entry into done, as what it was then.
    /// Flow time runs from the first entry into active or waiting, waits included; active time adds up all stays in
    /// active. An item that was never active or waiting has no flow time and is listed. Load counts what is active or waiting at the end of each day. Cancelled items count
    /// in nothing. Takes one pass over the history of every item, and one step per item and day in progress.
    ///
    /// # Errors
    /// [`Error::UnknownZone`], [`Error::UnknownItem`] for `within`, [`Error::Invalid`] for a window that ends before
    /// it starts or spans more than a hundred years.
    ///
    /// ```
    /// use vsm_core::{Event, FlowQuery, FlowState, Kind, Span, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let days = [(1, FlowState::New), (3, FlowState::Active), (6, FlowState::Waiting), (10, FlowState::Active),
    ///     (12, FlowState::Done)];
    /// for (day, state) in days {
    ///     let at = format!("2026-07-{day:02}T00:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", format!("{day}"), at, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let july = FlowQuery::new("2026-07-01T00:00:00Z".parse()?, "2026-08-01T00:00:00Z".parse()?, "UTC");
    /// let flow = stream.flow_metrics(&july)?;
    /// assert_eq!(flow.velocity, 1);
    /// assert_eq!(flow.time.unwrap().median, Span::from_days(9));
    /// assert_eq!((flow.efficiency.unwrap() * 1000.0).round(), 556.0);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn flow_metrics(&self, query: &FlowQuery) -> Result<FlowMetrics> {
        let zone = Zone::named(&query.zone)?;
        check_window(query.start, query.end)?;
        let within = self.all_under(query.within.as_deref())?;
        let mut tally = Tally::new(query, zone);
        for item in self.all() {
            if within.as_ref().is_some_and(|set| !set.contains(&item)) {
                continue;
            }
            self.tally(item, &mut tally);
        }
        Ok(tally.finish(self, query, zone))
    }

    /// Everything under the item of an id, if one is given.
    pub(super) fn all_under(&self, id: Option<&str>) -> Result<Option<HashSet<u32>>> {
        id.map(|id| self.find(id).map(|item| self.under(item))).transpose()
    }

    /// Everything under an item: its parts, its scope, what belongs to it or is owned by it, and their parts. Under an
    /// application or team a part counts only where it has none of its own: an epic's features may be other teams'.
    pub(super) fn under(&self, item: u32) -> HashSet<u32> {
        let membership = match self.kind(item) {
            Some(Kind::Application) => Some(LinkKind::BelongsTo),
            Some(Kind::Team) => Some(LinkKind::OwnedBy),
            _ => None,
        };
        let is_elsewhere = |other: u32| {
            let mut own = membership.into_iter().flat_map(|kind| self.to(other, kind)).peekable();
            own.peek().is_some() && !own.any(|(home, _)| home == item)
        };
        let mut found = HashSet::from_iter([item]);
        let mut stack = vec![item];
        while let Some(at) = stack.pop() {
            for (_, kind, other) in self.touching(at, Direction::Incoming) {
                let goes_on = matches!(
                    kind,
                    LinkKind::Parent | LinkKind::ShipsIn | LinkKind::BelongsTo | LinkKind::OwnedBy
                );
                if goes_on && !is_elsewhere(other) && found.insert(other) {
                    stack.push(other);
                }
            }
        }
        found
    }

    /// When the item got its first part, if it has any.
    pub(super) fn parts_since(&self, item: u32) -> Option<Instant> {
        if !self.knows_links(LinkKind::Parent) {
            return None;
        }
        let parts = self.from(item, LinkKind::Parent);
        let own = self.kind(item);
        let parts = parts.filter(|(part, _)| {
            self.state_of(*part) != Some(FlowState::Cancelled) && Kind::adds_up(self.kind(*part), own)
        });
        parts.filter_map(|(_, event)| self.occurred(event)).min()
    }

    fn tally(&self, item: u32, tally: &mut Tally) {
        let events = self.chronicle(item);
        if !events.iter().any(|(_, event)| event.kind.and_then(FlowItem::of).is_some()) {
            return;
        }
        let life = Life::of(&events);
        tally.waits_known |= life.changes.iter().any(|(_, state, _)| *state == FlowState::Waiting);
        if life.changes.last().is_some_and(|(_, state, _)| *state == FlowState::Cancelled) {
            return;
        }
        // An item flows by itself until it gets parts; from then on they flow, and what was before stays as it was.
        let until = self.parts_since(item).unwrap_or(Instant::MAX);
        if life.changes.is_empty() {
            tally.grounds.exclude("no_state_known", self.id(item));
            return;
        }
        tally.load(&life, until);
        let Some((done, event)) = life.done.filter(|(at, _)| tally.window(*at)) else { return };
        if done >= until {
            tally.grounds.exclude("counted_by_its_parts", self.id(item));
            return;
        }
        let Some(flow_item) = life.kind_at(done).and_then(FlowItem::of) else { return };
        tally.grounds.n += 1;
        tally.grounds.evidence.push(event);
        if let Some(slot) = tally.velocity.get_mut(flow_item as usize) {
            *slot += 1;
        }
        match life.started() {
            None => tally.grounds.exclude("never_started", self.id(item)),
            Some(start) => {
                let flow = done.since(start).millis();
                tally.times.push(flow);
                tally.active.push(life.active(start, done));
            }
        }
    }
}

/// What the items of a window add up to.
struct Tally {
    start: Instant,
    end: Instant,
    /// The last instant of each day of the window.
    days: Vec<(String, Instant)>,
    loads: Vec<[u32; 4]>,
    velocity: [u32; 4],
    times: Vec<i64>,
    active: Vec<i64>,
    waits_known: bool,
    grounds: Grounds,
}

impl Tally {
    fn new(query: &FlowQuery, zone: Zone) -> Tally {
        let mut days = Vec::new();
        let mut day = zone.date(query.start);
        while zone.day_start(day) < query.end && (days.len() as i64) < LONGEST_WINDOW + 2 {
            let Some(next) = day.succ_opt() else { break };
            let end = zone.day_start(next).min(query.end);
            days.push((day.to_string(), Instant::clamped(end.millis() - 1)));
            day = next;
        }
        Tally {
            start: query.start,
            end: query.end,
            loads: vec![[0; 4]; days.len()],
            days,
            velocity: [0; 4],
            times: Vec::new(),
            active: Vec::new(),
            waits_known: false,
            grounds: Grounds::default(),
        }
    }

    fn window(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }

    fn load(&mut self, life: &Life, until: Instant) {
        for (from, to, state) in life.stays() {
            if !in_progress(state) {
                continue;
            }
            let first = self.days.partition_point(|(_, last)| *last < from);
            let end = self.days.partition_point(|(_, last)| *last < to.min(until));
            for day in first..end {
                let Some((_, last)) = self.days.get(day) else { continue };
                let flow_item = life.kind_at(*last).and_then(FlowItem::of);
                if let (Some(item), Some(load)) = (flow_item, self.loads.get_mut(day))
                    && let Some(slot) = load.get_mut(item as usize)
                {
                    *slot += 1;
                }
            }
        }
    }

    fn finish(mut self, stream: &ValueStream, query: &FlowQuery, zone: Zone) -> FlowMetrics {
        let percentiles = query.percentiles.unwrap_or(PercentileRule::NearestRank);
        let rule = query.efficiency.unwrap_or(EfficiencyRule::RatioOfSums);
        self.grounds.rule(format!("percentile:{percentiles}"));
        self.grounds.rule(format!("efficiency:{rule}"));
        for name in [
            "day_count:elapsed",
            "reopen:last_done",
            "re_entry:cumulative",
            "items:leaves",
            "load:end_of_day",
        ] {
            self.grounds.rule(name);
        }
        let efficiency = if self.waits_known {
            efficiency(&self.active, &self.times, rule)
        } else {
            self.grounds.rule("efficiency:no_waiting_state_configured");
            None
        };
        let total: u32 = self.velocity.iter().sum();
        let distribution = FlowItem::ALL
            .iter()
            .zip(self.velocity)
            .map(|(flow_item, velocity)| FlowShare {
                flow_item: *flow_item,
                velocity,
                share: (total > 0).then(|| f64::from(velocity) / f64::from(total)),
            })
            .collect();
        let load_by_day: Vec<DayLoad> = self
            .days
            .into_iter()
            .zip(self.loads)
            .map(|((day, _), [feature, defect, risk, debt])| DayLoad {
                day,
                load: feature + defect + risk + debt,
                feature,
                defect,
                risk,
                debt,
            })
            .collect();
        let sum: u64 = load_by_day.iter().map(|day| u64::from(day.load)).sum();
        FlowMetrics {
            start: query.start,
            end: query.end,
            zone: zone.name().into(),
            velocity: total,
            time: Durations::of(self.times, percentiles),
            efficiency,
            load: (!load_by_day.is_empty()).then(|| sum as f64 / load_by_day.len() as f64),
            load_by_day,
            distribution,
            basis: self.grounds.finish(stream),
        }
    }
}

fn efficiency(active: &[i64], times: &[i64], rule: EfficiencyRule) -> Option<f64> {
    match rule {
        EfficiencyRule::RatioOfSums => {
            let sum = |spans: &[i64]| spans.iter().map(|span| i128::from(*span)).sum::<i128>();
            let total = sum(times);
            (total > 0).then(|| sum(active) as f64 / total as f64)
        }
        EfficiencyRule::MeanOfRatios => {
            let ratios: Vec<f64> = active
                .iter()
                .zip(times)
                .filter(|(_, t)| **t > 0)
                .map(|(a, t)| *a as f64 / *t as f64)
                .collect();
            (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
        }
    }
}

impl Durations {
    pub(super) fn of(mut sample: Vec<i64>, rule: PercentileRule) -> Option<Durations> {
        sample.sort_unstable();
        let (min, max) = (*sample.first()?, *sample.last()?);
        let n = sample.len() as i128;
        let sum: i128 = sample.iter().map(|span| i128::from(*span)).sum();
        let at = |p: f64, rule| Span::from_millis(percentile(&sample, p, rule));
        let median = if rule == PercentileRule::Lower { rule } else { PercentileRule::Linear };
        Some(Durations {
            n: n as u64,
            mean: Span::from_millis((sum + n / 2).div_euclid(n) as i64),
            min: Span::from_millis(min),
            median: at(0.5, median),
            p85: at(0.85, rule),
            p95: at(0.95, rule),
            max: Span::from_millis(max),
        })
    }
}

/// A percentile of an ascending sample of at least one value, to the nearest millisecond.
pub(super) fn percentile(sample: &[i64], p: f64, rule: PercentileRule) -> i64 {
    quantile(sample, p, rule).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn efficiencies_add_up_in_two_ways() {
        let (active, times) = ([DAY, DAY], [DAY, 9 * DAY]);
        assert_eq!(efficiency(&active, &times, EfficiencyRule::RatioOfSums), Some(0.2));
        let mean = efficiency(&active, &times, EfficiencyRule::MeanOfRatios).unwrap_or_default();
        assert!((mean - 0.5556).abs() < 1e-4);
    }
}
