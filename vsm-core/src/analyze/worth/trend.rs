//! Does value come? A measured outcome over time, with the limits of its natural variation.

use serde::{Deserialize, Serialize};

use super::figures::{finite, sum};
use super::series::{LARGEST, Point, Series, SeriesRule, check_measure};
use crate::analyze::metrics::{Bucket, Buckets, CHART_RULES, ChartOptions, by_part, charts};
use crate::analyze::{DetectionRuleSet, Grounds, MetricTrend, MetricUnit};
use crate::error::Result;
use crate::stream::ValueStream;
use crate::time::Instant;

/// A question whether an outcome changes over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueTrendQuery {
    /// The item whose outcome was measured, such as an application or feature.
    pub item: String,
    /// What was measured: the name of an attribute, as [`value_realized`](ValueStream::value_realized) reads it.
    pub measure: String,
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// IANA zone of its days.
    pub zone: String,
    /// What the measurements of one part come to; absent = the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<SeriesRule>,
    /// The parts of the window; absent = months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// Where the parts of a `custom` bucket begin, the first one apart, which begins with the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bucket_starts: Vec<Instant>,
    /// The parts before this instant are the baseline of the limits; absent = all parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_until: Option<Instant>,
    /// Which signals are looked for; absent = as [`process_behaviour`](crate::process_behaviour) has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<DetectionRuleSet>,
    /// Where the earlier period ends and the later one, with which it is compared part by part, begins; absent = nothing is
    /// compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<Instant>,
    /// The confidence of the intervals of that comparison, from 0 to 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

impl ValueTrendQuery {
    /// A question with all defaults.
    pub fn new(
        item: impl Into<String>,
        measure: impl Into<String>,
        start: Instant,
        end: Instant,
        zone: impl Into<String>,
    ) -> ValueTrendQuery {
        ValueTrendQuery {
            item: item.into(),
            measure: measure.into(),
            start,
            end,
            zone: zone.into(),
            rule: None,
            bucket: None,
            bucket_starts: Vec::new(),
            baseline_until: None,
            rule_set: None,
            compare_at: None,
            confidence: None,
        }
    }
}

impl ValueStream {
    /// How a measured outcome, say revenue, users or a score, goes from part to part of a window, with the limits of its
    /// natural variation, signals beyond them, changes of level, and a comparison of two periods: see
    /// [`metric_trend`](ValueStream::metric_trend). Its unit is in the rules of the basis, as `unit:CHF`.
    ///
    /// A part in which nobody measured has no value, which is not zero. There is no value at all where measurements are in several
    /// units; the basis says so.
    ///
    /// Takes the history of the item.
    ///
    /// # Errors
    /// [`Error::UnknownZone`](crate::Error::UnknownZone); [`Error::UnknownItem`](crate::Error::UnknownItem); [`Error::Invalid`](crate::Error::Invalid) for a measure without a name, for a window that
    /// ends before it starts or spans more than a hundred years, for starts of parts that don't fit, and for a confidence
    /// that is not between 0 and 1.
    ///
    /// ```
    /// use vsm_core::{Event, SeriesRule, ValueStream, ValueTrendQuery};
    /// let mut stream = ValueStream::new();
    /// for (day, orders) in [("01-10", 10), ("01-20", 12), ("03-05", 30)] {
    ///     let mut event = Event::new("web", day, format!("2026-{day}T00:00:00Z").parse()?, "app:mobile");
    ///     event.set.attributes.insert("orders".into(), orders.to_string());
    ///     stream.apply(event)?;
    /// }
    /// let (start, end) = ("2026-01-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
    /// let mut query = ValueTrendQuery::new("app:mobile", "orders", start, end, "UTC");
    /// query.rule = Some(SeriesRule::Sum);
    /// let orders: Vec<_> = stream.value_trend(&query)?.rows.iter().map(|row| row.value).collect();
    /// assert_eq!(orders, [Some(22.0), None, Some(30.0)]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn value_trend(&self, query: &ValueTrendQuery) -> Result<MetricTrend> {
        let options = ChartOptions {
            baseline_until: query.baseline_until,
            rule_set: query.rule_set,
            compare_at: query.compare_at,
            confidence: query.confidence,
        };
        options.check(true)?;
        check_measure(&query.measure)?;
        let window = (query.start, query.end, query.zone.as_str());
        let buckets = Buckets::or_months(window, query.bucket, &query.bucket_starts)?;
        let item = self.find(&query.item)?;
        let series = Series::of(self, item, &query.measure);
        let rule = query.rule.unwrap_or(SeriesRule::Last);
        let mut grounds = Grounds::default();
        CHART_RULES.iter().for_each(|name| grounds.rule(*name));
        grounds.rule(format!("points:{rule}"));
        series.units.iter().for_each(|unit| grounds.rule(format!("unit:{unit}")));
        if series.no_numbers > 0 {
            grounds.exclude("measurement_is_no_number", self.id(item));
        }
        if series.units.len() > 1 {
            grounds.exclude("several_units", self.id(item));
        }
        let mut measured: Vec<Vec<f64>> = vec![Vec::new(); buckets.len()];
        for Point { at, value, event } in series.points.iter().filter(|_| series.units.len() < 2) {
            let Some(part) = buckets.at(*at).and_then(|bucket| measured.get_mut(bucket)) else { continue };
            if value.abs() > LARGEST {
                grounds.exclude("out_of_range", self.id(item));
                continue;
            }
            part.push(*value);
            grounds.n += 1;
            grounds.evidence.push(*event);
        }
        let figures =
            measured.into_iter().map(|values| (values.len() as u64, figure(values, rule))).collect();
        let (rows, groups) = charts(&options, [by_part(&buckets, Vec::new(), figures)])?;
        Ok(MetricTrend {
            metric: query.measure.clone(),
            unit: MetricUnit::Measure,
            rows,
            groups,
            basis: grounds.finish(self),
        })
    }
}

/// What the measurements of one part come to.
fn figure(values: Vec<f64>, rule: SeriesRule) -> Option<f64> {
    let (last, count) = (values.last().copied()?, values.len() as f64);
    match rule {
        SeriesRule::Last => Some(last),
        SeriesRule::Sum => sum(values),
        SeriesRule::Mean => sum(values).and_then(|sum| finite(sum / count)),
    }
}
