//! Does quality get better? How often tests pass and defects escape over time, with the limits of natural variation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metrics::{Bucket, Buckets, CHART_RULES, ChartOptions, Figures, by_part, charts};
use super::{DetectionRuleSet, Grounds, MetricTrend, MetricUnit, SuiteResults, defects, test_runs};
use crate::error::Result;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// A figure of quality, from 0 to 1.
    pub enum QualityMetric {
        /// Tests that passed over those carried out, as [`tests`](ValueStream::tests) has it.
        PassRate = "pass_rate",
        /// Runs that succeeded over those with a result.
        RunPassRate = "run_pass_rate",
        /// Revisions whose first run succeeded over those that were tested for the first time.
        FirstPassRate = "first_pass_rate",
        /// Defects that were found in production over all that were found, as [`defects`](ValueStream::defects) has it.
        EscapeRate = "escape_rate",
    }
}

/// A question whether quality changes over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityTrendQuery {
    /// Which figure.
    pub metric: QualityMetric,
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// IANA zone of its days.
    pub zone: String,
    /// Only what lies under this item, as [`tests`](ValueStream::tests) and [`defects`](ValueStream::defects) have it; absent =
    /// all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The parts of the window; absent = months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// Where the parts of a `custom` bucket begin, the first one apart, which begins with the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bucket_starts: Vec<Instant>,
    /// The attribute that says in which stage a defect was found; absent = `stage_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_attribute: Option<String>,
    /// The stages where what is found has escaped; absent = `production`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub production: Vec<String>,
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

impl QualityTrendQuery {
    /// A question with all defaults.
    pub fn new(
        metric: QualityMetric,
        start: Instant,
        end: Instant,
        zone: impl Into<String>,
    ) -> QualityTrendQuery {
        QualityTrendQuery {
            metric,
            start,
            end,
            zone: zone.into(),
            within: None,
            bucket: None,
            bucket_starts: Vec::new(),
            stage_attribute: None,
            production: Vec::new(),
            baseline_until: None,
            rule_set: None,
            compare_at: None,
            confidence: None,
        }
    }
}

impl ValueStream {
    /// How a figure of quality goes from part to part of a window, by suite and for all together, with the limits of its
    /// natural variation, signals beyond them, changes of level, and a comparison of two periods: see
    /// [`metric_trend`](ValueStream::metric_trend). `n` of a part are the tests, runs, revisions or defects that count in it.
    ///
    /// A defect counts in the part that it was found in, by what is known at the end of the window; of what shipped lately not all
    /// has been found, so that the last parts of an escape rate may still rise. How many defects are found, open and fixed is told
    /// by [`metric_trend`](ValueStream::metric_trend) of `arrivals`, `wip` and `lead_time` with the kind `defect`.
    ///
    /// Takes a look at every item.
    ///
    /// # Errors
    /// [`Error::UnknownZone`](crate::Error::UnknownZone); [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`; [`Error::Invalid`](crate::Error::Invalid) for a window that ends before it
    /// starts or spans more than a hundred years, for starts of parts that don't fit, for more than a million rows, and for
    /// a confidence that is not between 0 and 1.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, Outcome, QualityMetric, QualityTrendQuery, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (month, result) in [("01", Outcome::Failure), ("02", Outcome::Success)] {
    ///     let mut run = Event::new("ci", month, format!("2026-{month}-10T00:00:00Z").parse()?, format!("ci:{month}"));
    ///     (run.kind, run.set.result) = (Some(Kind::TestRun), Some(result));
    ///     run.set.title = Some("unit".into());
    ///     stream.apply(run)?;
    /// }
    /// let (start, end) = ("2026-01-01T00:00:00Z".parse()?, "2026-03-01T00:00:00Z".parse()?);
    /// let query = QualityTrendQuery::new(QualityMetric::RunPassRate, start, end, "UTC");
    /// let rates: Vec<_> = stream.quality_trend(&query)?.rows.into_iter().map(|row| (row.group, row.value)).collect();
    /// let unit = vec!["unit".to_owned()];
    /// assert_eq!(rates, [(unit.clone(), Some(0.0)), (unit, Some(1.0)), (vec![], Some(0.0)), (vec![], Some(1.0))]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn quality_trend(&self, query: &QualityTrendQuery) -> Result<MetricTrend> {
        let options = ChartOptions {
            baseline_until: query.baseline_until,
            rule_set: query.rule_set,
            compare_at: query.compare_at,
            confidence: query.confidence,
        };
        options.check(true)?;
        let window = (query.start, query.end, query.zone.as_str());
        let buckets = Buckets::or_months(window, query.bucket, &query.bucket_starts)?;
        let mut grounds = Grounds::default();
        CHART_RULES.iter().for_each(|name| grounds.rule(*name));
        let groups = match query.metric {
            QualityMetric::EscapeRate => {
                grounds.rule("escape:found_so_far");
                let known = self.as_of(query.end, Instant::MAX);
                vec![(Vec::new(), defects::escape_rates(&known, query, &buckets, &mut grounds)?)]
            }
            QualityMetric::PassRate => {
                grounds.rule("pass_rate:without_skipped");
                self.by_suite(query, &buckets, |suite| (suite.tests, suite.pass_rate), &mut grounds)?
            }
            QualityMetric::RunPassRate => self.by_suite(
                query,
                &buckets,
                |suite| (suite.runs.into(), suite.run_pass_rate),
                &mut grounds,
            )?,
            QualityMetric::FirstPassRate => {
                grounds.rule("first_pass:first_run_of_revision");
                let figure = |suite: &SuiteResults| (suite.revisions.into(), suite.first_pass_rate);
                self.by_suite(query, &buckets, figure, &mut grounds)?
            }
        };
        let (rows, groups) =
            charts(&options, groups.into_iter().map(|(name, figures)| by_part(&buckets, name, figures)))?;
        Ok(MetricTrend {
            metric: query.metric.as_str().into(),
            unit: MetricUnit::Ratio,
            rows,
            groups,
            basis: grounds.finish(self),
        })
    }

    /// A figure of the suites by name, then of all together.
    fn by_suite(
        &self,
        query: &QualityTrendQuery,
        buckets: &Buckets,
        figure: fn(&SuiteResults) -> (u64, Option<f64>),
        grounds: &mut Grounds,
    ) -> Result<Vec<(Vec<String>, Figures)>> {
        let results =
            test_runs::results_by_part(self, query.within.as_deref(), |at| buckets.at(at), grounds)?;
        let mut groups: BTreeMap<Option<&str>, Figures> = BTreeMap::new();
        for ((suite, bucket), results) in &results {
            let figures = groups.entry(*suite).or_insert_with(|| vec![(0, None); buckets.len()]);
            figures.get_mut(*bucket).into_iter().for_each(|slot| *slot = figure(results));
            buckets.check_rows(groups.len())?;
        }
        let total = groups.remove(&None).unwrap_or_else(|| vec![(0, None); buckets.len()]);
        let suites =
            groups.into_iter().map(|(suite, figures)| (suite.map(Into::into).into_iter().collect(), figures));
        Ok(suites.chain([(Vec::new(), total)]).collect())
    }
}
