//! The value of one item: its own measurements or those of its parts, against what was expected.

use super::arrival::Arrivals;
use super::figures::{finite, sum};
use super::realized::{ValuePoint, ValueRealizedQuery, ValueRow};
use super::series::{Point, Series, SeriesRule, totals};
use crate::analyze::Grounds;
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::Span;

/// Reads the value of one item after the other.
pub(super) struct Reader<'a> {
    stream: &'a ValueStream,
    query: &'a ValueRealizedQuery,
    arrivals: Arrivals<'a>,
    series: HashMap<u32, Series>,
    grounds: Grounds,
}

impl<'a> Reader<'a> {
    pub(super) fn new(stream: &'a ValueStream, query: &'a ValueRealizedQuery) -> Reader<'a> {
        let mut grounds = Grounds::default();
        grounds.rule(format!("series:{}", query.series.unwrap_or(SeriesRule::Last)));
        grounds.rule("shipped:first_in_production");
        Reader {
            stream,
            query,
            arrivals: Arrivals::new(stream, query.at),
            series: HashMap::default(),
            grounds,
        }
    }

    pub(super) fn finish(self) -> Grounds {
        self.grounds
    }

    fn series(&mut self, item: u32) -> &Series {
        let (stream, measure) = (self.stream, &self.query.measure);
        self.series.entry(item).or_insert_with(|| Series::of(stream, item, measure))
    }

    /// The nearest parts that were measured, by id, and how many were not.
    fn measured_parts(&mut self, item: u32) -> (Vec<u32>, u32) {
        let stream = self.stream;
        let (mut measured, mut unmeasured) = (Vec::new(), 0);
        let mut seen = HashSet::from_iter([item]);
        let mut stack = vec![item];
        while let Some(at) = stack.pop() {
            let parts: Vec<u32> = stream
                .linked(at, LinkKind::Parent, Direction::Incoming)
                .map(|(_, part)| part)
                .filter(|part| stream.state_of(*part) != Some(FlowState::Cancelled))
                .filter(|part| Kind::adds_up(stream.kind(*part), stream.kind(at)))
                .collect();
            if parts.is_empty() && at != item {
                unmeasured += 1;
            }
            for part in parts.into_iter().filter(|part| seen.insert(*part)) {
                if self.series(part).points.is_empty() {
                    stack.push(part);
                } else {
                    measured.push(part);
                }
            }
        }
        measured.sort_unstable_by_key(|part| stream.id(*part));
        (measured, unmeasured)
    }

    /// The value of an item; none where nobody says anything of it.
    pub(super) fn row(&mut self, item: u32, kind: Kind) -> Option<ValueRow> {
        let stream = self.stream;
        let own = self.series(item).clone();
        let is_sum = own.points.is_empty() && self.query.roll_up == Some(true);
        let (parts, unmeasured) = if is_sum { self.measured_parts(item) } else { (Vec::new(), 0) };
        if own.no_numbers > 0 {
            self.grounds.exclude("measurement_is_no_number", stream.id(item));
        }
        if own.says_nothing() && parts.is_empty() {
            self.grounds.exclude("unmeasured_without_target", stream.id(item));
            return None;
        }
        let of_parts: Vec<&Series> = parts.iter().filter_map(|part| self.series.get(part)).collect();
        let all: Vec<&Series> = if of_parts.is_empty() { vec![&own] } else { of_parts.clone() };
        let mut units: Vec<&str> =
            all.iter().chain([&&own]).flat_map(|one| &one.units).map(|u| &**u).collect();
        units.sort_unstable();
        units.dedup();
        let is_one_unit = units.len() < 2;
        // What an item says itself of what is expected goes before the sum of what its parts say.
        let expected = |list: fn(&Series) -> &Vec<Point>, pick: fn(&Vec<Point>) -> Option<&Point>| {
            let said = pick(list(&own)).map(|point| point.value);
            said.or_else(|| {
                let each: Option<Vec<f64>> =
                    of_parts.iter().map(|part| pick(list(part)).map(|point| point.value)).collect();
                each.filter(|each| !each.is_empty()).and_then(sum)
            })
            .filter(|_| is_one_unit)
        };
        let target = expected(|series| &series.targets, |list| list.last());
        let first_target = expected(|series| &series.targets, |list| list.first());
        let baseline = expected(|series| &series.baselines, |list| list.last());
        let points = if is_one_unit {
            totals(&all, self.query.series.unwrap_or(SeriesRule::Last))
        } else {
            Vec::new()
        };
        let measurements: usize = all.iter().map(|one| one.points.len()).sum();
        let realized = points.last().map(|point| point.value);
        let start = baseline.unwrap_or(0.0);
        let way = target.map(|target| target - start).filter(|way| *way != 0.0);

        let is_less = match self.query.lower_is_better {
            Some(said) => said,
            None => target.zip(baseline).is_some_and(|(target, baseline)| target < baseline),
        };
        let reaches = |value: f64, target: f64| if is_less { value <= target } else { value >= target };
        let reached =
            target.and_then(|target| points.iter().find(|point| reaches(point.value, target))).copied();
        let arrival = self.arrivals.of(item);
        let shipped = arrival.map(|arrival| arrival.first);
        let span = reached.zip(shipped).map(|(reached, shipped)| reached.at.since(shipped));
        let better = baseline.zip(shipped).and_then(|(baseline, shipped)| {
            let is_better = |value: f64| if is_less { value < baseline } else { value > baseline };
            let later = points.iter().find(|point| point.at >= shipped && is_better(point.value));
            later.map(|point| point.at.since(shipped))
        });

        let mut missing: Vec<&str> = Vec::new();
        let mut note = |is_so: bool, word: &'static str| missing.extend(is_so.then_some(word));
        note(!is_one_unit, "several_units");
        note(measurements == 0, "unmeasured");
        note(is_one_unit && measurements > 0 && points.is_empty(), "out_of_range");
        note(is_one_unit && target.is_none(), "no_target");
        note(is_one_unit && baseline.is_none(), "no_baseline");
        note(shipped.is_none(), "not_shipped");
        note(target.is_some() && !points.is_empty() && reached.is_none(), "target_not_reached");
        note(span.is_some_and(|span| span < Span::ZERO), "reached_before_shipped");
        if measurements == 0 {
            self.grounds.exclude("unmeasured", stream.id(item));
        }
        if !is_one_unit {
            self.grounds.exclude("several_units", stream.id(item));
        }
        let own_too = [&own];
        let evidence = all.iter().chain(&own_too).flat_map(|one| {
            [one.points.last(), one.targets.last(), one.baselines.last()].into_iter().flatten()
        });
        self.grounds.evidence.extend(evidence.map(|point| point.event));
        Some(ValueRow {
            item: stream.id(item).to_owned(),
            title: stream.title(item).to_owned(),
            kind,
            unit: units.first().filter(|_| is_one_unit).map(|unit| (*unit).to_owned()),
            baseline,
            target,
            first_target,
            target_moves: moves(&own.targets),
            realized,
            gain: realized.zip(baseline).and_then(|(realized, baseline)| finite(realized - baseline)),
            attainment: realized.zip(way).and_then(|(realized, way)| finite((realized - start) / way)),
            measurements: u32::try_from(measurements).unwrap_or(u32::MAX),
            measured_at: all.iter().filter_map(|one| one.points.last()).map(|point| point.at).max(),
            shipped_at: shipped,
            shipped_by: arrival.map(|arrival| arrival.by),
            reached_at: reached.map(|point| point.at),
            time_to_value: span.filter(|span| *span >= Span::ZERO),
            benefits_lag: better,
            waiting: shipped
                .filter(|_| target.is_some() && reached.is_none() && is_one_unit)
                .map(|shipped| self.query.at.since(shipped)),
            parts_measured: u32::try_from(parts.len()).unwrap_or(u32::MAX),
            parts_unmeasured: unmeasured,
            missing: missing.into_iter().map(Into::into).collect(),
            points: if self.query.points == Some(true) {
                points.iter().map(|point| ValuePoint { at: point.at, value: point.value }).collect()
            } else {
                Vec::new()
            },
        })
    }
}

/// How often a figure became another one.
fn moves(said: &[Point]) -> u32 {
    let pairs = said.iter().zip(said.iter().skip(1));
    u32::try_from(pairs.filter(|(one, next)| one.value != next.value).count()).unwrap_or(u32::MAX)
}
