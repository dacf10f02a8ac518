//! How fast and how safely is it delivered? DORA's five measures, by rules that have names.
//!
//! One thing a file: `query`, `answer`, `rules`, `presets` and `bands` are what hosts see; `deployments` lists what went to
//! production in order, `changes` what each deployment brought, `failures` what went wrong with it and `pulls` the pull
//! requests; `facts` brings them together and knows the groups, `rows` adds them up in the buckets of `units` to
//! `figures`, and `lists` writes them down; `trend` charts one of them. `release_times` is a question of its own.

mod answer;
mod bands;
mod changes;
mod deployments;
mod facts;
mod failures;
mod figures;
mod lists;
mod presets;
mod pulls;
mod query;
mod release_times;
mod rows;
mod rules;
#[cfg(test)]
mod tests;
mod trend;
mod units;

pub use answer::{
    DeliveredChange, DeliveredDeployment, DeliveredPullRequest, Delivery, DeliveryBatch, DeliveryFrequency,
    DeliveryIncident, DeliveryRow, DeliveryShare, DeliveryTime, NoFigure, PullRequestSplit,
};
pub use bands::{
    DeliveryBand, DeliveryBands, DeliveryMetric, DeliveryStanding, FrequencyMeasure, delivery_bands,
};
pub use presets::{DeliveryPreset, DeliveryPresetRules, delivery_presets};
pub use query::{DeliveryBucket, DeliveryGroup, DeliveryQuery};
pub use release_times::{ReleaseTime, ReleaseTimes, ReleaseTimesQuery};
pub use rules::{
    AttributionRule, DeliveryAverage, DeliveryRules, FailRateRule, FirstDeploymentRule, FrequencyRule,
    LeadTimeRule, NoDeploymentRule, RecoveryRule, UncausedRule, WeekRule,
};

pub use trend::DeliveryTrendQuery;

use super::flow::check_window;
use super::{Grounds, MetricTrend};
use crate::error::{Error, Result};
use crate::model::Set;
use crate::stream::ValueStream;
use crate::time::Zone;

/// The stage that is delivered to, unless another one is asked for.
const PRODUCTION: &str = "production";

impl ValueStream {
    /// The delivery performance of a window: DORA's five measures for each application or other group.
    ///
    /// A deployment counts when it ended in the window. Several jobs of one pipeline run are one deployment at its last
    /// end: those that are parts (`parent`) of one deployment or build, or have the same attribute `run`. What a deployment
    /// brings are the changes behind it that no earlier successful deployment of the application to the environment
    /// brought. An incident begins at its `starts_at` and is restored at its `ends_at` once it is done; it is attributed by
    /// all that is known, never by the window alone. A deployment is rework where its attribute `unplanned` is `true`, or
    /// where one of its changes implements an incident or work that is related to one, and it is not said to be planned
    /// (`unplanned` = `false`).
    ///
    /// Takes one pass over the deployments to the environments and one walk of the commits behind them for each
    /// environment, over the incidents and, where they are asked for, the pull requests; O(*n* log *n*).
    ///
    /// # Errors
    /// [`Error::UnknownZone`]; [`Error::UnknownItem`] for `within` and `environments`; [`Error::Invalid`] for a window that
    /// ends before it starts or spans more than a hundred years, for bands that nobody knows, and for more than a million
    /// rows.
    ///
    /// ```
    /// use vsm_core::{
    ///     DeliveryQuery, Event, FlowState, Instant, Kind, Link, LinkKind, Outcome, Span, ValueStream,
    /// };
    /// let mut stream = ValueStream::new();
    /// let at = |time: &str| format!("2026-03-02T{time}:00Z").parse::<Instant>();
    /// let mut place = Event::new("doc", "1", at("08:00")?, "env:prod");
    /// place.kind = Some(Kind::Environment);
    /// place.set.stage = Some("production".into());
    /// stream.apply(place)?;
    /// let mut deployment = Event::new("doc", "2", at("10:00")?, "deploy:1");
    /// deployment.kind = Some(Kind::Deployment);
    /// deployment.set.result = Some(Outcome::Success);
    /// deployment.links =
    ///     vec![Link::new(LinkKind::DeployedTo, "env:prod"), Link::new(LinkKind::BelongsTo, "app:shop")];
    /// stream.apply(deployment)?;
    /// let mut incident = Event::new("doc", "3", at("12:00")?, "pagerduty:1");
    /// incident.kind = Some(Kind::Incident);
    /// incident.set.state = Some(FlowState::Done);
    /// incident.set.starts_at = Some(at("10:30")?);
    /// incident.set.ends_at = Some(at("12:00")?);
    /// incident.links.push(Link::new(LinkKind::BelongsTo, "app:shop"));
    /// stream.apply(incident)?;
    ///
    /// let week = DeliveryQuery::new("2026-03-02T00:00:00Z".parse()?, "2026-03-09T00:00:00Z".parse()?, "UTC");
    /// let shop = &stream.delivery(&week)?.rows[0];
    /// assert_eq!((shop.group.as_deref(), shop.frequency.value), (Some("app:shop"), Some(1.0)));
    /// assert_eq!(shop.fail_rate.value, Some(1.0));
    /// assert_eq!(shop.recovery.value, Some(Span::from_hours(2)));
    /// // A first deployment has nothing to be compared with: nobody knows which changes are new in it.
    /// assert_eq!(shop.lead_time.value, None);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn delivery(&self, query: &DeliveryQuery) -> Result<Delivery> {
        let Asked { facts, environments, bands, bands_from, mut grounds } = self.ask(query)?;
        if let Some(name) = bands_from {
            grounds.rule(format!("bands:{name}"));
        }
        let (rows, total) = rows::rows(&facts, query, &bands)?;
        let mut answer = Delivery {
            start: query.start,
            end: query.end,
            zone: facts.zone.name().into(),
            environments: environments.iter().map(|item| self.id(*item).to_owned()).collect(),
            rows,
            total,
            deployments: Vec::new(),
            changes: Vec::new(),
            incidents: Vec::new(),
            pull_requests: Vec::new(),
            basis: grounds.finish(self),
        };
        if query.list == Some(true) {
            lists::lists(&facts, query, &mut answer);
        }
        Ok(answer)
    }

    /// Whether a figure of delivery changes over time, or only varies as it always did.
    ///
    /// As [`metric_trend`](ValueStream::metric_trend) does for metrics: of each group the parts of the window are points of an
    /// XmR chart, with the limits of natural variation, the points beyond them and where the level changes. Two periods are
    /// compared by the lead time of each change and the recovery time of each incident, by the time that they ended; other
    /// figures by the parts of the window. Times are in days. With `total` everything together is the last group, whose
    /// `group` is empty. Takes what [`delivery`](ValueStream::delivery) takes, and O(*n*²) for *n* parts of the window.
    ///
    /// # Errors
    /// As [`delivery`](ValueStream::delivery); [`Error::Invalid`] for a query without buckets and for a confidence that is not
    /// between 0 and 1.
    ///
    /// ```
    /// use vsm_core::{DeliveryBucket, DeliveryMetric, DeliveryQuery, DeliveryTrendQuery, ValueStream};
    /// let (start, end) = ("2026-01-05T00:00:00Z".parse()?, "2026-03-02T00:00:00Z".parse()?);
    /// let mut query = DeliveryQuery::new(start, end, "UTC");
    /// query.bucket = Some(DeliveryBucket::Week);
    /// let query = DeliveryTrendQuery::new(query, DeliveryMetric::ChangeFailRate);
    /// // Nothing was ever deployed.
    /// assert_eq!(ValueStream::new().delivery_trend(&query)?.rows, []);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn delivery_trend(&self, query: &DeliveryTrendQuery) -> Result<MetricTrend> {
        trend::trend(self, query)
    }

    fn ask(&self, query: &DeliveryQuery) -> Result<Asked<'_>> {
        let zone = Zone::named(&query.zone)?;
        check_window(query.start, query.end)?;
        if query.group == Some(DeliveryGroup::Attribute) && query.attribute.is_none() {
            return Err(Error::invalid("attribute", "is missing: it names the attribute to group by"));
        }
        let preset = query.preset.map(presets::of);
        let left = DeliveryRules::default();
        let rules = query
            .rules
            .as_ref()
            .unwrap_or(&left)
            .resolve(preset.as_ref().map_or(&left, |preset| &preset.rules))?;
        bands::check(&query.own_bands)?;
        let version = query.bands.as_deref().or(preset.as_ref().and_then(|preset| preset.bands.as_deref()));
        let bands = match version {
            _ if !query.own_bands.is_empty() => query.own_bands.clone(),
            Some(version) => bands::named(version)?,
            None => Vec::new(),
        };
        let stage = query.stage.as_deref().unwrap_or(PRODUCTION);
        let environments = deployments::environments(self, &query.environments, stage)?;

        let mut grounds = Grounds::default();
        rules.names().into_iter().for_each(|name| grounds.rule(name));
        if let Some(preset) = query.preset {
            grounds.rule(format!("preset:{preset}"));
        }
        if environments.is_empty() {
            grounds.rule("environments:none_known");
        }
        let facts = facts::Facts::gather(self, query, (zone, rules), &environments, &mut grounds)?;
        lists::evidence(&facts, query, &mut grounds);
        let bands_from = version.filter(|_| query.own_bands.is_empty()).unwrap_or("own");
        let bands_from = (!bands.is_empty()).then(|| bands_from.to_owned());
        Ok(Asked { facts, environments, bands, bands_from, grounds })
    }
}

/// What a question is answered from.
struct Asked<'s> {
    facts: facts::Facts<'s>,
    /// Those that count.
    environments: Vec<u32>,
    bands: Vec<DeliveryBand>,
    /// The version of the bands, if there are any.
    bands_from: Option<String>,
    grounds: Grounds,
}

/// The last value of an attribute, if it has one.
fn attribute<'s>(stream: &'s ValueStream, item: u32, wanted: &str) -> Option<&'s str> {
    for (_, event) in stream.backwards(item) {
        for set in event.sets.iter().rev() {
            match set {
                Set::Attribute(pair) if &*pair.0 == wanted => return Some(&*pair.1),
                Set::Clear(name) if &**name == wanted => return None,
                _ => {}
            }
        }
    }
    None
}
