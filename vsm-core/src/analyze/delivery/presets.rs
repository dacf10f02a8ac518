//! The rules of tools that measure delivery, under the tools' names.

use serde::{Deserialize, Serialize};

use super::rules::{
    AttributionRule, DeliveryAverage, DeliveryRules, FailRateRule, FirstDeploymentRule, FrequencyRule,
    LeadTimeRule, NoDeploymentRule, RecoveryRule, UncausedRule, WeekRule,
};
use crate::analyze::PercentileRule;
use crate::text_enum::text_enum;
use crate::time::Span;

text_enum! {
    /// A tool whose rules measure delivery.
    pub enum DeliveryPreset {
        /// Apache DevLake with the report of 2021.
        Devlake2021 = "devlake2021",
        /// Apache DevLake with the report of 2023.
        Devlake2023 = "devlake2023",
        /// Four Keys, of the DORA team.
        FourKeys = "four_keys",
        /// GitLab's own DORA metrics.
        Gitlab = "gitlab",
        /// metrik, of Thoughtworks.
        Metrik = "metrik",
        /// Middleware.
        Middleware = "middleware",
    }
}

/// The rules of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryPresetRules {
    /// The tool.
    pub preset: DeliveryPreset,
    /// Its rules, none left open.
    pub rules: DeliveryRules,
    /// The version of the performance bands that it shows, where it shows any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<String>,
    /// What of the tool these rules do not reproduce.
    pub differs: Vec<String>,
}

/// The presets of delivery performance, in the order of [`DeliveryPreset::ALL`].
///
/// ```
/// use vsm_core::{DeliveryPreset, FailRateRule, delivery_presets};
/// let gitlab = delivery_presets().into_iter().find(|one| one.preset == DeliveryPreset::Gitlab).unwrap();
/// // Six incidents on 23 deployments are 26.1 % there, however few of the deployments they come from.
/// assert_eq!(gitlab.rules.fail_rate, Some(FailRateRule::Incidents));
/// ```
pub fn delivery_presets() -> Vec<DeliveryPresetRules> {
    DeliveryPreset::ALL.iter().map(|preset| of(*preset)).collect()
}

/// The rules of one tool.
pub(super) fn of(preset: DeliveryPreset) -> DeliveryPresetRules {
    let default = DeliveryRules {
        lead_time: Some(LeadTimeRule::Commits),
        first_deployment: Some(FirstDeploymentRule::Counted),
        shortest_lead_time: None,
        frequency: Some(FrequencyRule::DaysPerWeek),
        weeks: Some(WeekRule::Touched),
        fail_rate: Some(FailRateRule::FailedDeployments),
        attribution: Some(AttributionRule::LatestBefore),
        no_deployments: Some(NoDeploymentRule::NoValue),
        recovery: Some(RecoveryRule::FromIncident),
        uncaused: Some(UncausedRule::Counted),
        average: Some(DeliveryAverage::Median),
        percentiles: Some(PercentileRule::NearestRank),
    };
    let (rules, bands, differs): (DeliveryRules, Option<&str>, &[&str]) = match preset {
        DeliveryPreset::Devlake2021 | DeliveryPreset::Devlake2023 => {
            let is_new = preset == DeliveryPreset::Devlake2023;
            let rules = DeliveryRules {
                lead_time: Some(LeadTimeRule::PullRequests),
                first_deployment: Some(FirstDeploymentRule::PassedOver),
                percentiles: Some(PercentileRule::Lower),
                recovery: Some(if is_new {
                    RecoveryRule::FromDeployment
                } else {
                    RecoveryRule::FromIncident
                }),
                uncaused: Some(if is_new { UncausedRule::LeftOut } else { UncausedRule::Counted }),
                ..default
            };
            let differs: &[&str] = &[
                "It rounds the parts of a pull request up to whole minutes.",
                "Of several deployments it takes the one that started first, not the one that finished first.",
                "A recovery has to lie in the window with its deployment, too.",
                "Of half-years newer versions take the upper median; before 1.0, seven days a week were elite.",
            ];
            (rules, Some(if is_new { "2023" } else { "2021" }), differs)
        }
        DeliveryPreset::FourKeys => {
            let rules = DeliveryRules {
                shortest_lead_time: Some(Span::from_millis(60_000)),
                fail_rate: Some(FailRateRule::IncidentsPerChange),
                attribution: Some(AttributionRule::Explicit),
                no_deployments: Some(NoDeploymentRule::Zero),
                percentiles: Some(PercentileRule::Linear),
                ..default
            };
            let differs: &[&str] = &[
                "Its weeks begin on Sunday.",
                "Its months count weeks with a deployment.",
                "It cuts lead times to minutes and recoveries to hours.",
                "It counts an incident once for each change that it names.",
            ];
            (rules, Some("2019"), differs)
        }
        DeliveryPreset::Gitlab => {
            let rules = DeliveryRules {
                lead_time: Some(LeadTimeRule::MergeToDeployment),
                frequency: Some(FrequencyRule::PerDay),
                fail_rate: Some(FailRateRule::Incidents),
                percentiles: Some(PercentileRule::Linear),
                ..default
            };
            let differs: &[&str] = &["For a group of projects it takes the median of daily figures."];
            (rules, None, differs)
        }
        DeliveryPreset::Metrik => {
            let rules = DeliveryRules {
                frequency: Some(FrequencyRule::Count),
                fail_rate: Some(FailRateRule::FailedResults),
                recovery: Some(RecoveryRule::NextSuccess),
                uncaused: Some(UncausedRule::LeftOut),
                average: Some(DeliveryAverage::Mean),
                ..default
            };
            let differs: &[&str] =
                &["Its windows include their last millisecond.", "It gives fractions of a millisecond."];
            (rules, None, differs)
        }
        DeliveryPreset::Middleware => {
            let rules = DeliveryRules {
                lead_time: Some(LeadTimeRule::PullRequests),
                frequency: Some(FrequencyRule::WholePerDay),
                attribution: Some(AttributionRule::LatestAtOrBefore),
                no_deployments: Some(NoDeploymentRule::Zero),
                average: Some(DeliveryAverage::Mean),
                ..default
            };
            let differs: &[&str] = &[
                "Its windows include their last instant, and the day that it lies on.",
                "It attributes incidents among the deployments of the window: another window may move one.",
            ];
            (rules, None, differs)
        }
    };
    DeliveryPresetRules {
        preset,
        rules,
        bands: bands.map(Into::into),
        differs: differs.iter().map(|text| (*text).into()).collect(),
    }
}
