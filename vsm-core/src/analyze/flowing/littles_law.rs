//! Little's law over a window: work in progress, arrivals and times that have to fit together.

use serde::{Deserialize, Serialize};

use super::stages::{FlowStage, Ladder};
use super::{Who, check_window};
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{DAY, Instant, Zone};

text_enum! {
    /// How time is counted, with the way of counting work in progress that goes with it. Any other pair breaks Little's law.
    pub enum LittlesLawRule {
        /// Elapsed time, with the integral over time of how many are in progress.
        Elapsed = "elapsed",
        /// Days from the first to the last, both included, with how many are in progress on a day: started by then and not
        /// finished before it.
        Inclusive = "inclusive",
        /// Days from the first to the last, the last left out, with how many are in progress at the end of a day.
        Exclusive = "exclusive",
    }
}

/// A question for the law over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLawQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window. The rules that count days count every day that the window touches, whole.
    pub end: Instant,
    /// IANA zone in which days are counted.
    pub zone: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The stages in their order, made of the tool's own statuses; absent = new, waiting, active and done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<FlowStage>>,
    /// The stage in which work begins; absent = the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_stage: Option<String>,
    /// The stage in which work is over; absent = the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_stage: Option<String>,
}

/// The law over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// The zone of its days.
    pub zone: String,
    /// The law by each rule, the three in their order.
    pub rows: Vec<LittlesLawRow>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The law by one rule. Times are in days, rates per day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLawRow {
    /// How time and work in progress are counted.
    pub rule: LittlesLawRule,
    /// T: how long the window is.
    pub days: f64,
    /// How many were in progress when it began.
    pub open_at_start: u64,
    /// How many were in progress when it ended: N(T).
    pub open_at_end: u64,
    /// A: how many were in progress at some time of it: what was open at the start and what was started since.
    pub arrivals: u64,
    /// D: how many were finished in it.
    pub departures: u64,
    /// H: all time in progress within the window, in item-days: the integral of N(t).
    pub item_days: f64,
    /// L = H / T: the average work in progress; absent where the window has no time in it.
    pub average_wip: Option<f64>,
    /// λ = A / T.
    pub arrival_rate: Option<f64>,
    /// W, here w = the average over arrivals of the time that each was in progress within the window, added up item by item.
    pub average_time: Option<f64>,
    /// L − λ·W: zero, since time and work in progress are counted by a rule that fits.
    pub residual: Option<f64>,
    /// Θ = D / T: the throughput.
    pub throughput: Option<f64>,
    /// w′ = H / D: the approximate average cycle time.
    pub time_per_departure: Option<f64>,
    /// W*: the mean cycle time of what was finished, the time before the window included.
    pub cycle_time: Option<f64>,
    /// L − Θ·W*: how far the window is from a stable flow that begins and ends empty.
    pub finished_residual: Option<f64>,
    /// Started in the window over finished in it: above 1 work in progress grows.
    pub stability: Option<f64>,
    /// Flow debt, w′ − W*: above 0 what is in progress ages for what is finished; below 0 debt is paid back.
    pub flow_debt: Option<f64>,
}

impl LittlesLawQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant, zone: impl Into<String>) -> LittlesLawQuery {
        LittlesLawQuery {
            start,
            end,
            zone: zone.into(),
            within: None,
            kinds: None,
            stages: None,
            start_stage: None,
            end_stage: None,
        }
    }
}

impl ValueStream {
    /// Little's law, L = λ·W, over a window (J. Little, "A Proof for the Queuing Formula L = λW", 1961; over finite windows:
    /// S. Stidham, "L = λW: A Discounted Analogue and a New Proof", 1972), with throughput, stability and flow debt (D.
    /// Vacanti, "Actionable Agile Metrics for Predictability", 2015).
    ///
    /// An item is in progress from its first stage of work to its last entry into the stage in which work is over. What came
    /// there without being started is left out and listed. One pass over the history of every item, and a sort of starts
    /// and ends.
    ///
    /// # Errors
    /// [`Error::UnknownZone`](crate::Error::UnknownZone), [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`,
    /// [`Error::Invalid`](crate::Error::Invalid) for a window that ends before it starts or spans more than a hundred years,
    /// for a status in two stages and for a stage that is not there.
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Instant, Kind, LittlesLawQuery, ValueStream};
    /// let day = |day: i64| Instant::from_millis(1_782_864_000_000 + day * 86_400_000).unwrap();
    /// let mut stream = ValueStream::new();
    /// for (number, (start, end)) in [(0, 4), (1, 3), (2, 6), (5, 9)].into_iter().enumerate() {
    ///     for (at, state) in [(start, FlowState::Active), (end, FlowState::Done)] {
    ///         let mut event = Event::new("jira", format!("{number}-{at}"), day(at), format!("jira:{number}"));
    ///         event.kind = Some(Kind::Story);
    ///         event.set.state = Some(state);
    ///         stream.apply(event)?;
    ///     }
    /// }
    /// let law = stream.littles_law(&LittlesLawQuery::new(day(0), day(9), "UTC"))?;
    /// let elapsed = &law.rows[0];
    /// assert_eq!(elapsed.average_wip, Some(14.0 / 9.0));
    /// assert_eq!((elapsed.average_time, elapsed.residual), (Some(3.5), Some(0.0)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn littles_law(&self, query: &LittlesLawQuery) -> Result<LittlesLaw> {
        let zone = Zone::named(&query.zone)?;
        check_window(query.start, query.end)?;
        let mut who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        who.needs_state = query.stages.is_none();
        let ladder = Ladder::new(query.stages.as_deref())?;
        let (from, to) = ladder.ends(query.start_stage.as_deref(), query.end_stage.as_deref())?;
        let mut grounds = Grounds::default();
        let mut lives: Vec<(Instant, Option<Instant>)> = Vec::new();
        self.travellers(&who, &mut grounds, |grounds, traveller| {
            let path = ladder.path(&traveller);
            if path.has_unmapped {
                grounds.exclude("status_of_no_stage", self.id(traveller.item));
            }
            let done = path.last_entry(to);
            let Some(started) = path.started(from, to) else {
                if done.is_some() {
                    grounds.exclude("never_started", self.id(traveller.item));
                }
                return;
            };
            let finished = done.map(|(at, _)| at);
            if started < query.end && finished.is_none_or(|at| at >= query.start) {
                grounds.n += 1;
                let departed = done.filter(|(at, _)| *at < query.end);
                grounds.evidence.extend(departed.map(|(_, event)| event));
            }
            lives.push((started, finished));
        });
        let rows = LittlesLawRule::ALL.iter().map(|rule| row(*rule, query, zone, &lives)).collect();
        for rule in ["items:leaves", "reopen:last_done", ladder.rule()] {
            grounds.rule(rule);
        }
        grounds.rules.extend(LittlesLawRule::ALL.iter().map(|rule| format!("day_count:{rule}")));
        Ok(LittlesLaw {
            start: query.start,
            end: query.end,
            zone: zone.name().into(),
            rows,
            basis: grounds.finish(self),
        })
    }
}

/// In the units of a rule: whether an item is in progress from `since` to `until`, and how many units make a day.
struct Clock {
    start: i64,
    end: i64,
    unit: i64,
}

fn row(
    rule: LittlesLawRule,
    query: &LittlesLawQuery,
    zone: Zone,
    lives: &[(Instant, Option<Instant>)],
) -> LittlesLawRow {
    let day = |at: Instant| i64::from(chrono::Datelike::num_days_from_ce(&zone.date(at)));
    let clock = match rule {
        LittlesLawRule::Elapsed => Clock { start: query.start.millis(), end: query.end.millis(), unit: DAY },
        _ if query.start == query.end => Clock { start: 0, end: 0, unit: 1 },
        _ => {
            let last = Instant::clamped(query.end.millis() - 1);
            Clock { start: day(query.start), end: day(last) + 1, unit: 1 }
        }
    };
    // In progress in [since, until); finished in the unit of time that `end` lies in.
    let place = |(started, finished): &(Instant, Option<Instant>)| match rule {
        LittlesLawRule::Elapsed => {
            let end = finished.map(Instant::millis);
            (started.millis(), end, end)
        }
        LittlesLawRule::Inclusive => {
            let end = finished.map(day);
            (day(*started), end.map(|end| end + 1), end)
        }
        LittlesLawRule::Exclusive => {
            let end = finished.map(day);
            (day(*started), end, end)
        }
    };
    let mut sums = Sums::default();
    for (since, until, finished) in lives.iter().map(place) {
        sums.add(&clock, since, until, finished);
    }
    sums.row(rule, &clock)
}

/// What the items of a window come to.
#[derive(Default)]
struct Sums {
    arrivals: u64,
    open_at_start: u64,
    departures: u64,
    /// Of each item within the window, added up.
    within: i128,
    /// Of each item that was finished, all of it.
    cycles: i128,
    /// Where the number in progress changes, and by how much.
    changes: Vec<(i64, i64)>,
}

impl Sums {
    fn add(&mut self, clock: &Clock, since: i64, until: Option<i64>, finished: Option<i64>) {
        if since >= clock.end || finished.is_some_and(|at| at < clock.start) {
            return;
        }
        self.arrivals += 1;
        self.open_at_start += u64::from(since < clock.start);
        let (from, to) = (since.max(clock.start), until.unwrap_or(clock.end).clamp(clock.start, clock.end));
        self.within += i128::from((to - from).max(0));
        if from < to {
            self.changes.extend([(from, 1), (to, -1)]);
        }
        if let (Some(until), Some(_)) = (until, finished.filter(|at| *at < clock.end)) {
            self.departures += 1;
            self.cycles += i128::from(until - since);
        }
    }

    /// The integral of the number in progress, walking from change to change.
    fn integral(&mut self) -> i128 {
        self.changes.sort_unstable();
        let (mut sum, mut count, mut last) = (0i128, 0i128, None);
        for (at, by) in &self.changes {
            if let Some(last) = last {
                sum += count * i128::from(at - last);
            }
            (count, last) = (count + i128::from(*by), Some(*at));
        }
        sum
    }

    fn row(mut self, rule: LittlesLawRule, clock: &Clock) -> LittlesLawRow {
        let integral = self.integral();
        let length = clock.end - clock.start;
        let unit = clock.unit as f64;
        let days = length as f64 / unit;
        let per = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let item_days = integral as f64 / unit;
        let (arrivals, departures) = (self.arrivals as f64, self.departures as f64);
        let cycle_time = per(self.cycles as f64 / unit, departures);
        let time_per_departure = per(item_days, departures);
        let average_wip = per(item_days, days);
        let throughput = per(departures, days);
        LittlesLawRow {
            rule,
            days,
            open_at_start: self.open_at_start,
            open_at_end: self.arrivals - self.departures,
            arrivals: self.arrivals,
            departures: self.departures,
            item_days,
            average_wip,
            arrival_rate: per(arrivals, days),
            average_time: per(self.within as f64 / unit, arrivals),
            // Over whole numbers, so that what is zero is not a rounding error.
            residual: per((integral - self.within) as f64 / unit, days),
            throughput,
            time_per_departure,
            cycle_time,
            // Θ·W* is the time of what finished over that of the window.
            finished_residual: per((integral - self.cycles) as f64 / unit, days),
            stability: per(arrivals - self.open_at_start as f64, departures),
            flow_debt: time_per_departure.zip(cycle_time).map(|(all, finished)| all - finished),
        }
    }
}
