//! Rows: the facts of each group, put into buckets and added up.

use chrono::NaiveDate;

use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::time::{Instant, Span};

use super::answer::{DeliveryFrequency, DeliveryRow, DeliveryTime, NoFigure};
use super::bands::{DeliveryBand, standings};
use super::facts::{Facts, Groups, Sample};
use super::figures::{batch, median, share, split, time};
use super::pulls::Pull;
use super::query::{DeliveryGroup, DeliveryQuery};
use super::rules::{FailRateRule, FrequencyRule, NoDeploymentRule, Rules, WeekRule};
use super::units::{Bucket, Unit, buckets};

/// No answer has more rows: a day of a century for each of a hundred thousand applications is a mistake.
const MOST_ROWS: usize = 1_000_000;

/// A deployment as a group counts it.
struct Counted {
    key: u32,
    at: Instant,
    day: NaiveDate,
    succeeded: bool,
    failures: Vec<usize>,
    rework: bool,
    batch: Option<u64>,
}

/// The facts of one group.
#[derive(Default)]
pub(super) struct Share {
    counted: Vec<Counted>,
    samples: Vec<Sample>,
    /// When changes were made: those of samples with a lead time, and those that have not arrived.
    begun: Vec<Instant>,
    /// When those of them that have arrived did.
    arrived: Vec<Instant>,
    /// (noticed, over, time).
    recoveries: Vec<(Instant, Option<Instant>, i64)>,
    /// When these were noticed.
    noticed: Vec<Instant>,
    /// When incidents began.
    opened: Vec<Instant>,
    pulls: Vec<usize>,
}

/// A group with the rows that its facts make.
pub(super) struct Group<'s> {
    pub(super) name: Option<&'s str>,
    pub(super) share: Share,
    pub(super) rows: Vec<DeliveryRow>,
}

/// The rows of all groups, and of everything together where that is asked for.
pub(super) fn rows(
    facts: &Facts<'_>,
    query: &DeliveryQuery,
    bands: &[DeliveryBand],
) -> Result<(Vec<DeliveryRow>, Vec<DeliveryRow>)> {
    let (groups, total) = groups(facts, query, bands)?;
    let rows = groups.into_iter().flat_map(|group| group.rows).collect();
    Ok((rows, total.map_or_else(Vec::new, |total| total.rows)))
}

/// All groups by name, and everything together where that is asked for.
pub(super) fn groups<'s>(
    facts: &Facts<'s>,
    query: &DeliveryQuery,
    bands: &[DeliveryBand],
) -> Result<(Vec<Group<'s>>, Option<Group<'s>>)> {
    let by = query.group.unwrap_or(DeliveryGroup::Application);
    let mut groups = Groups::new(facts.stream, by, query.attribute.as_deref().unwrap_or_default());
    let mut shares: Vec<Share> = Vec::new();
    let mut total = Share::default();
    share_out(facts, query.pull_requests == Some(true), &mut groups, &mut shares, &mut total);
    let parts = buckets(query.start, query.end, facts.zone, query.bucket);
    if shares.len().saturating_mul(parts.len()) > MOST_ROWS {
        let reason = format!("more than {MOST_ROWS} rows: take longer buckets or a shorter window");
        return Err(Error::invalid("bucket", reason));
    }
    let mut order: Vec<(Option<&'s str>, Share)> = groups.names.into_iter().zip(shares).collect();
    order.sort_by_key(|(name, _)| *name);
    let group = |name: Option<&'s str>, share: Share| {
        let share = share.in_order(facts);
        let rows = parts.iter().map(|part| share.row(facts, query, (name, part), bands)).collect();
        Group { name, share, rows }
    };
    let total = (query.total == Some(true)).then(|| group(None, total));
    Ok((order.into_iter().map(|(name, share)| group(name, share)).collect(), total))
}

/// Hands every fact to its groups and to the total.
fn share_out(
    facts: &Facts<'_>,
    splits_pulls: bool,
    groups: &mut Groups<'_>,
    shares: &mut Vec<Share>,
    total: &mut Share,
) {
    let mut give = |groups: &[usize], total: &mut Share, put: &mut dyn FnMut(&mut Share)| {
        for group in groups {
            if shares.len() <= *group {
                shares.resize_with(group + 1, Share::default);
            }
            shares.get_mut(*group).into_iter().for_each(&mut *put);
        }
        put(total);
    };
    let index = &facts.index;
    for (n, run) in index.runs.iter().enumerate().filter(|(n, _)| facts.keeps_run(*n)) {
        let own = groups.of_run(index, n, None);
        give(&own, total, &mut |share| {
            share.counted.push(Counted {
                key: run.key,
                at: run.finished,
                day: facts.day(run.finished),
                succeeded: run.succeeded,
                failures: run.failures.clone(),
                rework: run.rework,
                batch: run.batch(&index.placements),
            });
        });
    }
    for sample in &facts.samples {
        let Some(place) = index.placements.get(sample.placement) else { continue };
        let own = groups.of_run(index, place.run, Some(sample.placement));
        give(&own, total, &mut |share| share.samples.push(*sample));
    }
    for (application, at) in &facts.waiting {
        let own = groups.of_application(Some(*application), None);
        give(&own, total, &mut |share| share.begun.push(*at));
    }
    let mut of = |causes: &[usize], applications: &[u32]| {
        let mut own: Vec<usize> = Vec::new();
        for cause in causes.iter().filter(|cause| facts.keeps_run(**cause)) {
            own.extend(groups.of_run(index, *cause, None));
        }
        if causes.is_empty() {
            own.extend(applications.iter().flat_map(|item| groups.of_application(Some(*item), None)));
            if applications.is_empty() {
                own.extend(groups.of_application(None, None));
            }
        }
        own.sort_unstable();
        own.dedup();
        own
    };
    for recovery in &facts.recoveries {
        let failure = recovery.failure.and_then(|n| facts.failures.get(n));
        let is_kept = match failure {
            Some(failure) => facts.keeps_failure(failure),
            None => recovery.causes.iter().any(|cause| facts.keeps_run(*cause)),
        };
        if is_kept {
            let applications = failure.map_or(&[][..], |failure| failure.applications.as_slice());
            let own = of(&recovery.causes, applications);
            let time = recovery.end.map_or(0, |end| end.since(recovery.start).millis());
            give(&own, total, &mut |share| share.recoveries.push((recovery.opened, recovery.end, time)));
        }
    }
    if facts.rules.fail_rate == FailRateRule::Incidents {
        for failure in facts.failures.iter().filter(|failure| facts.keeps_failure(failure)) {
            let own = if failure.applications.is_empty() {
                of(&failure.causes, &[])
            } else {
                of(&[], &failure.applications)
            };
            give(&own, total, &mut |share| share.opened.push(failure.opened));
        }
    }
    let pulls = if splits_pulls { facts.pulls.as_slice() } else { &[] };
    for (n, pull) in pulls.iter().enumerate().filter(|(_, pull)| facts.keeps_pull(pull)) {
        let run =
            pull.arrival.and_then(|arrival| index.placements.get(arrival.placement)).map(|place| place.run);
        let applications: Vec<u32> = facts.stream.applications(pull.pull).collect();
        let own = of(run.as_slice(), &applications);
        give(&own, total, &mut |share| share.pulls.push(n));
    }
}

/// Those of some facts in order of time that are in a bucket.
fn within<'a, T>(facts: &'a [T], part: &Bucket, at: impl Fn(&T) -> Instant) -> &'a [T] {
    let first = facts.partition_point(|fact| at(fact) < part.start);
    let end = facts.partition_point(|fact| at(fact) < part.end);
    facts.get(first..end).unwrap_or_default()
}

impl Share {
    /// Each deployment once, each change at the earliest time that it arrived; all in order of time.
    fn in_order(mut self, facts: &Facts<'_>) -> Share {
        let mut known: HashMap<u32, usize> = HashMap::default();
        let mut counted: Vec<Counted> = Vec::new();
        for one in self.counted {
            let at = *known.entry(one.key).or_insert(counted.len());
            match counted.get_mut(at) {
                None => counted.push(one),
                Some(run) => {
                    let is_later = match (run.succeeded, one.succeeded) {
                        (true, false) => false,
                        (false, true) => true,
                        _ => run.at < one.at,
                    };
                    if is_later {
                        (run.at, run.day) = (one.at, one.day);
                    }
                    run.succeeded |= one.succeeded;
                    run.rework |= one.rework;
                    run.failures.extend(one.failures);
                    run.failures.sort_unstable();
                    run.failures.dedup();
                    run.batch = match (run.batch, one.batch) {
                        (Some(a), Some(b)) => Some(a + b),
                        (a, b) => a.or(b),
                    };
                }
            }
        }
        counted.sort_unstable_by_key(|run| run.at);
        self.counted = counted;
        self.samples.sort_unstable_by_key(|sample| (sample.change, sample.at));
        self.samples.dedup_by_key(|sample| sample.change);
        self.samples.sort_unstable_by_key(|sample| sample.at);
        for (start, sample) in self.samples.iter().filter_map(|sample| Some((sample.start?, sample))) {
            if sample.span.is_some() {
                self.begun.push(start);
                self.arrived.push(sample.at);
            }
        }
        self.begun.sort_unstable();
        self.recoveries.sort_unstable_by_key(|(opened, end, time)| (end.is_none(), *end, *opened, *time));
        self.noticed = self.recoveries.iter().map(|(opened, ..)| *opened).collect();
        self.noticed.sort_unstable();
        self.opened.sort_unstable();
        self.pulls.sort_unstable_by_key(|n| facts.pulls.get(*n).map(|pull| pull.merged));
        self
    }

    fn row(
        &self,
        facts: &Facts<'_>,
        query: &DeliveryQuery,
        (name, part): (Option<&str>, &Bucket),
        bands: &[DeliveryBand],
    ) -> DeliveryRow {
        let rules = &facts.rules;
        let runs = within(&self.counted, part, |run| run.at);
        let good = || runs.iter().filter(|run| run.succeeded);
        let samples = within(&self.samples, part, |sample| sample.at);
        let n = good().count() as u64;
        let failed = runs.len() as u64 - n;
        let (count, of) = match rules.fail_rate {
            FailRateRule::FailedDeployments => (good().filter(|run| !run.failures.is_empty()).count(), n),
            FailRateRule::Incidents => (within(&self.opened, part, |at| *at).len(), n),
            FailRateRule::IncidentsPerChange => {
                (good().map(|run| run.failures.len()).sum(), samples.len() as u64)
            }
            FailRateRule::FailedResults => (failed as usize, n + failed),
        };
        let mut row = DeliveryRow {
            group: name.map(Into::into),
            bucket: part.name.clone(),
            start: part.start,
            end: part.end,
            lead_time: time(
                samples.iter().filter_map(|sample| sample.span).map(Span::millis).collect(),
                self.underway(part),
                NoFigure::NoChanges,
                rules,
            ),
            frequency: self.frequency(facts, runs, part),
            fail_rate: share(of, count as u64, rules),
            recovery: self.recovery(part, rules),
            rework_rate: share(n, good().filter(|run| run.rework).count() as u64, rules),
            batch_size: batch(good().filter_map(|run| run.batch).collect()),
            pull_requests: None,
            bands: Vec::new(),
        };
        if query.pull_requests == Some(true) {
            let pulls: Vec<&Pull> = self.pulls.iter().filter_map(|n| facts.pulls.get(*n)).collect();
            row.pull_requests = Some(split(within(&pulls, part, |pull| pull.merged), rules));
        }
        row.bands = standings(bands, &row);
        row
    }

    /// When each lead time ended, and the time, in order.
    pub(super) fn lead_times(&self) -> Vec<(Instant, Span)> {
        self.samples.iter().filter_map(|sample| Some((sample.at, sample.span?))).collect()
    }

    /// When each recovery ended, and the time, in order.
    pub(super) fn recovery_times(&self) -> Vec<(Instant, Span)> {
        let over =
            |(_, end, time): &(Instant, Option<Instant>, i64)| Some(((*end)?, Span::from_millis(*time)));
        self.recoveries.iter().filter_map(over).collect()
    }

    /// How many changes had been made and not arrived by the end of a time.
    fn underway(&self, part: &Bucket) -> u64 {
        let count = |times: &[Instant]| times.partition_point(|at| *at < part.end);
        count(&self.begun).saturating_sub(count(&self.arrived)) as u64
    }

    fn recovery(&self, part: &Bucket, rules: &Rules) -> DeliveryTime {
        let over = |end: Instant| {
            self.recoveries.partition_point(|(_, over, _)| over.is_some_and(|over| over < end))
        };
        let (first, end) = (over(part.start), over(part.end));
        let opened = self.noticed.partition_point(|opened| *opened < part.end);
        let times = self.recoveries.get(first..end).unwrap_or_default().iter().map(|(.., time)| *time);
        time(times.collect(), opened.saturating_sub(end) as u64, NoFigure::NothingRestored, rules)
    }

    fn frequency(&self, facts: &Facts<'_>, runs: &[Counted], part: &Bucket) -> DeliveryFrequency {
        let rules = &facts.rules;
        let mut days: Vec<NaiveDate> = runs.iter().filter(|run| run.succeeded).map(|run| run.day).collect();
        let n = days.len() as u64;
        days.sort_unstable();
        days.dedup();
        let median = |unit: Unit| {
            let (from, to) = unit.touched(part.start, part.end, facts.zone, rules.weeks)?;
            let mut counts = vec![0_u64; (to - from + 1) as usize];
            for day in &days {
                let place = usize::try_from(unit.of(*day) - from).ok();
                place.and_then(|at| counts.get_mut(at)).into_iter().for_each(|count| *count += 1);
            }
            median(counts, rules.percentiles)
        };
        let per = |unit: Unit| {
            let (from, to) = unit.touched(part.start, part.end, facts.zone, WeekRule::Touched)?;
            let per = n as f64 / f64::from(to - from + 1);
            Some(if rules.frequency == FrequencyRule::WholePerDay { per.floor() } else { per })
        };
        let mut found = DeliveryFrequency {
            n,
            failed: runs.len() as u64 - n,
            days: days.len() as u64,
            value: None,
            reason: None,
            days_per_week: median(Unit::Week),
            days_per_month: median(Unit::Month),
            days_per_half_year: median(Unit::HalfYear),
            per_day: per(Unit::Day),
            per_week: per(Unit::Week),
            per_month: per(Unit::Month),
        };
        found.value = match rules.frequency {
            FrequencyRule::DaysPerWeek => found.days_per_week,
            FrequencyRule::PerDay | FrequencyRule::WholePerDay => found.per_day,
            FrequencyRule::Count => Some(n as f64),
        };
        found.reason = found.value.is_none().then_some(NoFigure::NoWeek);
        if self.counted.is_empty() && rules.no_deployments == NoDeploymentRule::NoValue {
            // Never deployed at all is not deployed rarely.
            let DeliveryFrequency { value, days_per_week, days_per_month, days_per_half_year, .. } =
                &mut found;
            for figure in [value, days_per_week, days_per_month, days_per_half_year] {
                *figure = None;
            }
            (found.per_day, found.per_week, found.per_month) = (None, None, None);
            found.reason = Some(NoFigure::NoDeployments);
        }
        found
    }
}
