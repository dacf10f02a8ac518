//! Did an outcome change with a release?

use serde::{Deserialize, Serialize};

use super::arrival::Arrivals;
use super::figures::{finite, sum};
use super::series::{LARGEST, Point, Series, check_measure};
use crate::analyze::statistics::{CompareSamplesQuery, SampleComparison, compare_samples};
use crate::analyze::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for an outcome before and after something shipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeChangeQuery {
    /// The time it is asked at; what happened later is left out.
    pub at: Instant,
    /// The item whose outcome was measured, such as an application or feature.
    pub item: String,
    /// What was measured: the name of an attribute, as [`value_realized`](crate::ValueStream::value_realized) reads it.
    pub measure: String,
    /// The release, or other item, that may have changed it when it first shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// When the change was, instead of a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Instant>,
    /// How far back measurements count; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Span>,
    /// For how long after the change, and after `settle`, measurements count; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// For how long after the change measurements are left out, until it has settled; absent = not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Span>,
    /// How sure the intervals are, between 0 and 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// An outcome before and after a change. That it differs does not say that the change is why: look at the trend before it,
/// and at what else happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeChange {
    /// The item.
    pub item: String,
    /// What was measured.
    pub measure: String,
    /// The unit of the measurements; absent where none is said, or where there are several.
    pub unit: Option<String>,
    /// When the change was.
    pub changed_at: Option<Instant>,
    /// How many measurements there are before it, …
    pub n_before: u32,
    /// … and after.
    pub n_after: u32,
    /// The difference, after less before, with intervals; absent where `missing` says why.
    pub comparison: Option<SampleComparison>,
    /// By how much the measurements rose a day before the change: the slope of the line of least squares.
    pub trend_before: Option<f64>,
    /// The mean after the change, had that line gone on.
    pub expected_by_trend: Option<f64>,
    /// The mean after the change less that.
    pub beyond_trend: Option<f64>,
    /// Why something has no value, by stable words.
    pub missing: Vec<String>,
    /// What the answer rests on; `n` are the measurements on both sides.
    pub basis: Basis,
}

/// So few measurements on either side say nothing: no interval of 95 % can be given for fewer.
const FEWEST: usize = 4;

impl OutcomeChangeQuery {
    /// For the first shipping of a release or other item.
    pub fn of_release(
        item: impl Into<String>,
        measure: impl Into<String>,
        release: impl Into<String>,
        at: Instant,
    ) -> OutcomeChangeQuery {
        OutcomeChangeQuery {
            at,
            item: item.into(),
            measure: measure.into(),
            release: Some(release.into()),
            changed_at: None,
            before: None,
            after: None,
            settle: None,
            confidence: None,
        }
    }
}

impl ValueStream {
    /// What an outcome was before and after a release shipped, with the difference of means (Welch), the shift (Hodges and
    /// Lehmann) and their intervals, as [`compare_samples`](crate::compare_samples) gives them.
    ///
    /// Measurements count as they were made, each on its own: the intervals hold if they do not depend on each other, and are too
    /// narrow where one day is much like the day before. With fewer than four on either side there is no difference, and none
    /// where they are in several units. What would have come of the trend before the change stands beside it.
    ///
    /// Takes the history of the item; with a release also a walk over the changes in production.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for neither or both of release and time of change, for a measure without a
    /// name, for negative spans and a confidence out of range.
    ///
    /// ```
    /// use vsm_core::{Event, Instant, OutcomeChangeQuery, ValueStream};
    /// let day = |day: usize| format!("2026-03-{day:02}T00:00:00Z").parse::<Instant>();
    /// let mut stream = ValueStream::new();
    /// for (place, value) in [10, 12, 11, 13, 20, 22, 21, 23].into_iter().enumerate() {
    ///     let mut event = Event::new("web", place.to_string(), day(place + 1)?, "app:mobile");
    ///     event.set.attributes.insert("orders".into(), value.to_string());
    ///     stream.apply(event)?;
    /// }
    /// let query = OutcomeChangeQuery {
    ///     release: None,
    ///     changed_at: Some(day(5)?),
    ///     ..OutcomeChangeQuery::of_release("app:mobile", "orders", "", day(31)?)
    /// };
    /// let change = stream.outcome_change(&query)?;
    /// assert_eq!(change.comparison.and_then(|both| both.mean_difference.value), Some(10.0));
    /// // It was rising before already, by 0.8 a day.
    /// assert_eq!(change.trend_before.map(|slope| (slope * 10.0).round()), Some(8.0));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn outcome_change(&self, query: &OutcomeChangeQuery) -> Result<OutcomeChange> {
        for (name, span) in [("before", query.before), ("after", query.after), ("settle", query.settle)] {
            let Some(span) = span else { continue };
            span.check(name)?;
            if span < Span::ZERO {
                return Err(Error::invalid(name, "must not be negative"));
            }
        }
        check_measure(&query.measure)?;
        self.as_of(query.at, Instant::MAX).outcome_then(query)
    }

    fn outcome_then(&self, query: &OutcomeChangeQuery) -> Result<OutcomeChange> {
        let item = self.find(&query.item)?;
        let changed_at = match (&query.release, query.changed_at) {
            (Some(id), None) => {
                let release = self.find(id)?;
                let arrivals = Arrivals::new(self, query.at);
                match self.kind(release) {
                    Some(Kind::Release) => arrivals.release(release),
                    _ => arrivals.of(release).map(|arrival| arrival.first),
                }
            }
            (None, Some(at)) => Some(at),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "changed_at",
                    "name either the release or the time of the change",
                ));
            }
            (None, None) => return Err(Error::invalid("release", "is missing: what may have changed it?")),
        };
        let mut grounds = Grounds::default();
        let series = Series::of(self, item, &query.measure);
        let is_one_unit = series.units.len() < 2;
        let is_in_range = series.points.iter().all(|point| point.value.abs() <= LARGEST);
        let (before, after) = match changed_at {
            Some(changed_at) => sides(&series.points, query, changed_at),
            None => (Vec::new(), Vec::new()),
        };
        let mut missing: Vec<String> = Vec::new();
        let mut note = |is_so: bool, word: &str| missing.extend(is_so.then(|| word.to_owned()));
        note(changed_at.is_none(), "not_shipped");
        note(!is_one_unit, "several_units");
        note(!is_in_range, "out_of_range");
        note(before.len() < FEWEST, "too_few_before");
        note(after.len() < FEWEST, "too_few_after");
        if series.no_numbers > 0 {
            grounds.exclude("measurement_is_no_number", self.id(item));
        }
        let values = |points: &[Point]| points.iter().map(|point| point.value).collect::<Vec<f64>>();
        let comparison = CompareSamplesQuery {
            first: values(&before),
            second: values(&after),
            confidence: query.confidence,
        };
        let line = line(&before).filter(|_| is_one_unit && is_in_range);
        let comparison = if missing.is_empty() {
            Some(compare_samples(&comparison)?)
        } else {
            // A confidence that makes no sense is wrong however few measurements there are.
            compare_samples(&CompareSamplesQuery { confidence: query.confidence, ..Default::default() })?;
            None
        };
        let expected = line.filter(|_| comparison.is_some()).and_then(|line| {
            let times: Option<f64> = sum(after.iter().map(|point| days(point.at, line.from)).collect());
            finite(line.level + line.slope * (times? / after.len() as f64))
        });
        let mean_after = comparison.as_ref().and_then(|both| both.second.mean);
        grounds.n = (before.len() + after.len()) as u64;
        grounds.evidence.extend(before.iter().chain(&after).map(|point| point.event));
        for rule in ["points:as_measured", "trend:least_squares"] {
            grounds.rule(rule);
        }
        let rules = comparison.iter().flat_map(|both| both.basis.rules.clone());
        rules.for_each(|rule| grounds.rule(rule));
        let count = |points: &[Point]| u32::try_from(points.len()).unwrap_or(u32::MAX);
        Ok(OutcomeChange {
            item: self.id(item).to_owned(),
            measure: query.measure.clone(),
            unit: series.units.first().filter(|_| is_one_unit).cloned(),
            changed_at,
            n_before: count(&before),
            n_after: count(&after),
            comparison,
            trend_before: line.map(|line| line.slope),
            expected_by_trend: expected,
            beyond_trend: mean_after.zip(expected).and_then(|(mean, expected)| finite(mean - expected)),
            missing,
            basis: grounds.finish(self),
        })
    }
}

/// The measurements before and after a change that count.
fn sides(points: &[Point], query: &OutcomeChangeQuery, changed_at: Instant) -> (Vec<Point>, Vec<Point>) {
    let from = query.before.map(|span| changed_at.millis().saturating_sub(span.millis()));
    let settled = changed_at.millis().saturating_add(query.settle.unwrap_or(Span::ZERO).millis());
    let until = query.after.map(|span| settled.saturating_add(span.millis()));
    let is_before = |at: i64| at < changed_at.millis() && from.is_none_or(|from| from <= at);
    let is_after = |at: i64| settled <= at && until.is_none_or(|until| at < until);
    let some = |is_in: &dyn Fn(i64) -> bool| {
        points.iter().filter(|point| is_in(point.at.millis())).copied().collect::<Vec<Point>>()
    };
    (some(&is_before), some(&is_after))
}

/// A line through measurements.
#[derive(Clone, Copy)]
struct Line {
    from: Instant,
    level: f64,
    slope: f64,
}

fn days(at: Instant, from: Instant) -> f64 {
    at.since(from).days()
}

/// The line of least squares, of at least three measurements.
fn line(points: &[Point]) -> Option<Line> {
    let from = points.first()?.at;
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let mean = |of: &dyn Fn(&Point) -> f64| Some(sum(points.iter().map(of).collect())? / n);
    let (x, y) = (mean(&|point| days(point.at, from))?, mean(&|point| point.value)?);
    let squares = sum(points.iter().map(|point| (days(point.at, from) - x).powi(2)).collect())?;
    let products = sum(points.iter().map(|point| (days(point.at, from) - x) * (point.value - y)).collect())?;
    let slope = finite(products / squares).filter(|_| squares > 0.0)?;
    Some(Line { from, level: finite(y - slope * x)?, slope })
}
