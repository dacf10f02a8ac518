//! Performance bands: what a figure is called, by versioned tables that stand in `bands.json` beside this file.

use serde::{Deserialize, Serialize};

use super::answer::DeliveryRow;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;
use crate::time::{Span, clip};

text_enum! {
    /// A figure of delivery performance that bands are given for.
    pub enum DeliveryMetric {
        /// How often deployments are made.
        DeploymentFrequency = "deployment_frequency",
        /// From a change to its deployment.
        ChangeLeadTime = "change_lead_time",
        /// The share of deployments that failed.
        ChangeFailRate = "change_fail_rate",
        /// From a failed deployment to service that is restored.
        RecoveryTime = "recovery_time",
        /// The share of deployments that were made because of an incident.
        ReworkRate = "rework_rate",
    }
}

text_enum! {
    /// By which of its measures a deployment frequency is put into a band.
    pub enum FrequencyMeasure {
        /// The median number of days with a deployment per week.
        DaysPerWeek = "days_per_week",
        /// The same per calendar month.
        DaysPerMonth = "days_per_month",
        /// The same per half of a calendar year.
        DaysPerHalfYear = "days_per_half_year",
        /// Deployments divided by days.
        PerDay = "per_day",
    }
}

/// A band of one figure. Of the bands of a figure the first that it reaches is its band; one without a bound is reached
/// by all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryBand {
    /// The figure.
    pub metric: DeliveryMetric,
    /// The name of the band: `elite`, `high`, `medium` and `low` in the tables that come with the engine.
    pub band: String,
    /// What the band stands for, in the words of its source.
    pub label: String,
    /// Of a frequency, what the bounds are about; absent = days per week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<FrequencyMeasure>,
    /// The least that the figure may be; times are milliseconds, rates go from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The most that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// What it must be less than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

/// A table of bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryBands {
    /// The name that a query asks for it by.
    pub version: String,
    /// Where it is from.
    pub source: String,
    /// The bands of each figure, best first.
    pub bands: Vec<DeliveryBand>,
}

/// The band of one figure of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryStanding {
    /// The figure.
    pub metric: DeliveryMetric,
    /// The band that it reaches.
    pub band: String,
    /// What the band stands for.
    pub label: String,
}

/// The tables of performance bands that come with the engine, oldest first. They are data: a query may bring a table of
/// its own instead.
///
/// ```
/// let versions: Vec<String> = vsm_core::delivery_bands().into_iter().map(|table| table.version).collect();
/// assert_eq!(versions, ["2019", "2021", "2023"]);
/// ```
pub fn delivery_bands() -> Vec<DeliveryBands> {
    // A test reads the same text.
    serde_json::from_str(include_str!("bands.json")).unwrap_or_default()
}

/// The table of a version.
pub(super) fn named(version: &str) -> Result<Vec<DeliveryBand>> {
    let all = delivery_bands();
    let versions: Vec<&str> = all.iter().map(|table| &*table.version).collect();
    let reason = format!("\"{}\" is not one of {}", clip(version), versions.join(", "));
    let found = all.into_iter().find(|table| table.version == version);
    found.map(|table| table.bands).ok_or_else(|| Error::invalid("bands", reason))
}

/// Refuses bounds that no figure could be compared with.
pub(super) fn check(bands: &[DeliveryBand]) -> Result<()> {
    for (n, band) in bands.iter().enumerate() {
        let bounds = [("at_least", band.at_least), ("at_most", band.at_most), ("below", band.below)];
        if let Some((name, _)) =
            bounds.iter().find(|(_, bound)| bound.is_some_and(|bound| !bound.is_finite()))
        {
            return Err(Error::invalid(&format!("own_bands[{n}].{name}"), "must be a finite number"));
        }
    }
    Ok(())
}

/// The bands that the figures of a row reach, in the order of [`DeliveryMetric::ALL`]; a figure without value has none.
pub(super) fn standings(bands: &[DeliveryBand], row: &DeliveryRow) -> Vec<DeliveryStanding> {
    let value = |band: &DeliveryBand| -> Option<f64> {
        let time = |value: Option<Span>| value.map(|span| span.millis() as f64);
        match band.metric {
            DeliveryMetric::DeploymentFrequency => match band.measure {
                None | Some(FrequencyMeasure::DaysPerWeek) => row.frequency.days_per_week,
                Some(FrequencyMeasure::DaysPerMonth) => row.frequency.days_per_month,
                Some(FrequencyMeasure::DaysPerHalfYear) => row.frequency.days_per_half_year,
                Some(FrequencyMeasure::PerDay) => row.frequency.per_day,
            },
            DeliveryMetric::ChangeLeadTime => time(row.lead_time.value),
            DeliveryMetric::ChangeFailRate => row.fail_rate.value,
            DeliveryMetric::RecoveryTime => time(row.recovery.value),
            DeliveryMetric::ReworkRate => row.rework_rate.value,
        }
    };
    let reaches = |band: &DeliveryBand| {
        value(band).is_some_and(|value| {
            band.at_least.is_none_or(|bound| value >= bound)
                && band.at_most.is_none_or(|bound| value <= bound)
                && band.below.is_none_or(|bound| value < bound)
        })
    };
    let found = DeliveryMetric::ALL.iter().filter_map(|metric| {
        let band = bands.iter().filter(|band| band.metric == *metric).find(|band| reaches(band))?;
        Some(DeliveryStanding { metric: *metric, band: band.band.clone(), label: band.label.clone() })
    });
    found.collect()
}
