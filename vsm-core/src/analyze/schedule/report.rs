//! From dates to the answer.

use super::chains::Chains;
use super::dates::Dates;
use super::names::Names;
use super::network::Network;
use super::records::{Activity, CrashOption, CriticalPath, FloatPath, InfeasibleDate, MergePoint};
use super::words::DateConstraint;
use crate::analyze::Basis;
use crate::error::{Error, Result};
use crate::time::{Instant, Span};

/// What is asked of a schedule beside its dates.
#[derive(Clone, Debug, Default)]
pub(in crate::analyze) struct Wanted {
    pub(in crate::analyze) critical_only: bool,
    pub(in crate::analyze) near_critical: Span,
    pub(in crate::analyze) longest_paths: u32,
    pub(in crate::analyze) shorten_by: Option<Span>,
}

/// The most chains that are listed.
const MOST_PATHS: u32 = 1_000;

impl Wanted {
    pub(in crate::analyze) fn check(&self) -> Result<()> {
        self.near_critical.check("near_critical")?;
        if self.longest_paths > MOST_PATHS {
            return Err(Error::invalid("longest_paths", format!("must be at most {MOST_PATHS}")));
        }
        if let Some(by) = self.shorten_by {
            by.check("shorten_by")?;
            if by <= Span::ZERO {
                return Err(Error::invalid("shorten_by", "must be more than no time"));
            }
        }
        Ok(())
    }
}

/// A network with its dates, about to be told.
pub(in crate::analyze) struct Report<'a, N> {
    pub(in crate::analyze) network: &'a mut Network,
    pub(in crate::analyze) dates: &'a mut Dates,
    pub(in crate::analyze) names: &'a N,
    /// The activities whose finish is the answer, by id.
    pub(in crate::analyze) sinks: &'a [u32],
    /// The time that late dates are counted back from.
    pub(in crate::analyze) end: i64,
    pub(in crate::analyze) wanted: &'a Wanted,
}

impl<N: Names> Report<'_, N> {
    /// The answer but for what it rests on; `note` is told each activity on a driving chain.
    pub(in crate::analyze) fn tell(
        self,
        at: Instant,
        item: Option<u32>,
        mut note: impl FnMut(u32),
    ) -> CriticalPath {
        let Report { network, dates, names, sinks, end, wanted } = self;
        let chains = Chains::new(network, dates, sinks, names);
        let crash = match wanted.shorten_by {
            Some(by) => network.savings(dates, item, &chains, by.millis(), names),
            None => Vec::new(),
        };
        let network = &*network;
        let dates = &*dates;
        let path = chains.path(sinks.first().copied());
        let cadence_wait = path.iter().map(|number| network.wait(dates, *number)).sum();
        let id = |number: u32| names.id(number).to_owned();
        let finish = sinks.iter().map(|sink| dates.early_finish(*sink)).max().unwrap_or(end);
        let mut listed = Vec::new();
        let mut critical = Vec::new();
        for number in 0..network.len() {
            let is_critical = chains.through(number) > 0;
            if is_critical {
                note(number);
                critical.push(number);
            }
            if is_critical || !wanted.critical_only {
                listed.push(number);
            }
        }
        let order = |number: &u32| (dates.early_start(*number), names.id(*number));
        listed.sort_by_cached_key(order);
        critical.sort_by_cached_key(order);
        let mut drivers = Vec::new();
        let activities = listed
            .into_iter()
            .map(|number| {
                activity(network, dates, names, wanted, number, chains.through(number) > 0, &mut drivers)
            })
            .collect();
        let longest = if wanted.longest_paths > 0 {
            let ends = ends(network, dates, sinks, item.is_some(), finish);
            network.longest(dates, &ends, wanted.longest_paths as usize, names)
        } else {
            Vec::new()
        };
        let ready = sinks.first().map_or(end, |number| network.ready(dates, *number));
        CriticalPath {
            item: item.map(id),
            at,
            ready_at: Instant::clamped(ready),
            finish: Instant::clamped(finish),
            length: Span::from_millis(finish.saturating_sub(at.millis())),
            cadence_wait: Span::from_millis(cadence_wait),
            path: path.into_iter().map(id).collect(),
            path_count: chains.count,
            paths: longest
                .into_iter()
                .map(|path| FloatPath {
                    items: path.nodes.into_iter().map(id).collect(),
                    float: Span::from_millis(path.float),
                })
                .collect(),
            crash: crash
                .into_iter()
                .map(|saving| CrashOption {
                    item: id(saving.node),
                    saves: Span::from_millis(saving.saves),
                    saves_at_most: Span::from_millis(saving.at_most),
                })
                .collect(),
            merge_points: critical
                .into_iter()
                .filter_map(|n| merge(network, dates, names, wanted, n))
                .collect(),
            infeasible: infeasible(network, dates, names),
            activities,
            basis: Basis::default(),
        }
    }
}

fn activity(
    network: &Network,
    dates: &Dates,
    names: &impl Names,
    wanted: &Wanted,
    number: u32,
    is_critical: bool,
    drivers: &mut Vec<u32>,
) -> Activity {
    let own = network.own(dates, number);
    let is_done = network.is_finished(number);
    network.note_drivers(dates, number, drivers);
    drivers.sort_unstable_by_key(|number| names.id(*number));
    let worked = || network.clock.between(network.by(number), own.early_start, own.early_finish).max(0);
    Activity {
        item: names.id(number).to_owned(),
        title: names.title(number).to_owned(),
        kind: names.kind(number),
        done: is_done,
        duration: Span::from_millis(if is_done { worked() } else { network.duration(number) }),
        duration_from: names.source(number),
        early_start: Instant::clamped(own.early_start),
        early_finish: Instant::clamped(own.early_finish),
        late_start: Instant::clamped(own.late_start),
        late_finish: Instant::clamped(own.late_finish),
        total_float: Span::from_millis(own.total_float),
        free_float: Span::from_millis(own.free_float),
        critical: is_critical,
        near_critical: !is_done && own.total_float <= wanted.near_critical.millis(),
        started_by: network.cause(dates, number, !drivers.is_empty()),
        drivers: drivers.iter().map(|number| names.id(*number).to_owned()).collect(),
        cadence_wait: Span::from_millis(if is_done { 0 } else { network.wait(dates, number) }),
        part_of: None,
    }
}

/// Where chains may end, and how late they can be there: what was asked for, or whatever nothing open needs and what
/// finishes last.
fn ends(network: &Network, dates: &Dates, sinks: &[u32], is_one: bool, finish: i64) -> Vec<(u32, i64)> {
    if is_one {
        return sinks.iter().map(|sink| (*sink, 0)).collect();
    }
    let mut is_needed = vec![false; network.len() as usize];
    for number in (0..network.len()).filter(|number| !network.is_finished(*number)) {
        for need in network.needs(number) {
            if let Some(flag) = is_needed.get_mut(need.node as usize) {
                *flag = true;
            }
        }
    }
    let is_end = |number: &u32| {
        let is_needed = is_needed.get(*number as usize).copied().unwrap_or(true);
        !network.is_finished(*number) && (!is_needed || dates.early_finish(*number) == finish)
    };
    let float =
        |number| (number, network.clock.between(network.by(number), dates.early_finish(number), finish));
    (0..network.len()).filter(is_end).map(float).collect()
}

fn merge(
    network: &Network,
    dates: &Dates,
    names: &impl Names,
    wanted: &Wanted,
    number: u32,
) -> Option<MergePoint> {
    let open = network.needs(number).filter(|need| !network.is_finished(need.node));
    let near = open.filter(|need| {
        network.gap_before(dates, number, need).is_some_and(|gap| gap <= wanted.near_critical.millis())
    });
    let mut joins: Vec<&str> = near.map(|need| names.id(need.node)).collect();
    joins.sort_unstable();
    joins.dedup();
    let joins: Vec<String> = joins.into_iter().map(str::to_owned).collect();
    (joins.len() > 1).then(|| MergePoint { item: names.id(number).to_owned(), joins })
}

/// The demanded dates that can't be kept.
fn infeasible(network: &Network, dates: &Dates, names: &impl Names) -> Vec<InfeasibleDate> {
    let mut found = Vec::new();
    for number in 0..network.len() {
        let Some(special) = network.special_of(number) else { continue };
        if special.finished.is_some() {
            continue;
        }
        let (start, finish) = network.unconstrained(dates, number);
        let limits = special.constraint.into_iter().map(|(constraint, at)| (Some(constraint), at));
        for (constraint, at) in limits.chain(special.deadline.map(|at| (None, at))) {
            let reached = match constraint {
                Some(DateConstraint::StartNoEarlierThan | DateConstraint::FinishNoEarlierThan) => continue,
                Some(DateConstraint::StartNoLaterThan | DateConstraint::MustStartOn) => start,
                Some(DateConstraint::FinishNoLaterThan | DateConstraint::MustFinishOn) => finish,
                None => dates.early_finish(number),
            };
            let by = network.clock.between(network.by(number), at, reached);
            if by > 0 {
                let chain = network.chain_to(dates, number, names);
                found.push(InfeasibleDate {
                    item: names.id(number).to_owned(),
                    constraint,
                    at: Instant::clamped(at),
                    by: Span::from_millis(by),
                    chain: chain.into_iter().map(|number| names.id(number).to_owned()).collect(),
                });
            }
        }
    }
    found.sort_by(|a, b| (b.by, &a.item, a.constraint).cmp(&(a.by, &b.item, b.constraint)));
    found
}
