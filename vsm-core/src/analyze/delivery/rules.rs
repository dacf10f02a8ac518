//! The rules by which delivery is measured, each by name. What a query or preset leaves open takes the default.

use serde::{Deserialize, Serialize};

use crate::analyze::PercentileRule;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;
use crate::time::Span;

text_enum! {
    /// What the change lead time is a sample of.
    pub enum LeadTimeRule {
        /// Commits, from being authored to the end of the deployment; the default.
        Commits = "commits",
        /// Pull requests, by their cycle time: coding + (created to merged) + deploy, where an absent part counts nothing.
        PullRequests = "pull_requests",
        /// Pull requests, from being merged to the end of the deployment.
        MergeToDeployment = "merge_to_deployment",
    }
}

text_enum! {
    /// What is made of the first deployment of an application to an environment, which has no predecessor to compare with.
    pub enum FirstDeploymentRule {
        /// The changes that it brings first give no sample; the default.
        NoSample = "no_sample",
        /// They count with the first deployment, to another environment, that has a predecessor.
        PassedOver = "passed_over",
        /// They count like those of any other deployment.
        Counted = "counted",
    }
}

text_enum! {
    /// What the figure of the deployment frequency is.
    pub enum FrequencyRule {
        /// The median number of days with a deployment per ISO week, weeks without any included; the default.
        DaysPerWeek = "days_per_week",
        /// Deployments divided by days.
        PerDay = "per_day",
        /// The same, cut to whole numbers.
        WholePerDay = "whole_per_day",
        /// The number of deployments.
        Count = "count",
    }
}

text_enum! {
    /// Which weeks, months and half-years count for the deployment frequency.
    pub enum WeekRule {
        /// All that have a day in the window; the default.
        Touched = "touched",
        /// Those that lie in the window as a whole.
        Whole = "whole",
    }
}

text_enum! {
    /// What the change fail rate divides by what.
    pub enum FailRateRule {
        /// Deployments with at least one failure that is attributed to them, by deployments; the default.
        FailedDeployments = "failed_deployments",
        /// Incidents that were opened, whatever caused them, by deployments.
        Incidents = "incidents",
        /// Incidents that are attributed to deployments, by the changes that were deployed.
        IncidentsPerChange = "incidents_per_change",
        /// Deployments that failed themselves, by all that succeeded or failed.
        FailedResults = "failed_results",
    }
}

text_enum! {
    /// To which deployment an incident is attributed.
    pub enum AttributionRule {
        /// To the one that it is linked to as its cause, else to the latest before; the default.
        ExplicitThenLatest = "explicit_then_latest",
        /// Only to the one that it is linked to.
        Explicit = "explicit",
        /// To the latest successful deployment of its application to production strictly before it.
        LatestBefore = "latest_before",
        /// The same, one at the very time of the incident included.
        LatestAtOrBefore = "latest_at_or_before",
    }
}

text_enum! {
    /// What a share of no deployments is.
    pub enum NoDeploymentRule {
        /// Not known; the default.
        NoValue = "no_value",
        /// Zero.
        Zero = "zero",
    }
}

text_enum! {
    /// From when to when a recovery lasts.
    pub enum RecoveryRule {
        /// From the end of the deployment that caused the incident until service is restored; the default.
        FromDeployment = "from_deployment",
        /// From the beginning of the incident until service is restored: the older "time to restore service".
        FromIncident = "from_incident",
        /// From the end of the first of several failed deployments in a row to the end of the next that succeeds.
        NextSuccess = "next_success",
    }
}

text_enum! {
    /// What is made of incidents that no deployment caused.
    pub enum UncausedRule {
        /// They are no failures of a deployment; the default.
        LeftOut = "left_out",
        /// They count where the recovery lasts from the incident.
        Counted = "counted",
    }
}

text_enum! {
    /// Which figure of a sample of times is its value.
    pub enum DeliveryAverage {
        /// The median; the default.
        Median = "median",
        /// The mean.
        Mean = "mean",
    }
}

/// Rules of delivery performance; what is absent is left to the preset, and without one to the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeliveryRules {
    /// What the change lead time is a sample of; absent = commits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time: Option<LeadTimeRule>,
    /// What is made of first deployments; absent = no sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_deployment: Option<FirstDeploymentRule>,
    /// Lead times of less than this are left out; absent = none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortest_lead_time: Option<Span>,
    /// What the figure of the frequency is; absent = days per week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<FrequencyRule>,
    /// Which weeks count; absent = all that the window touches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks: Option<WeekRule>,
    /// What the change fail rate is; absent = failed deployments by deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_rate: Option<FailRateRule>,
    /// To which deployment an incident is attributed; absent = a stated cause, else the latest before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<AttributionRule>,
    /// What a share of no deployments is; absent = no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_deployments: Option<NoDeploymentRule>,
    /// From when to when a recovery lasts; absent = from the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryRule>,
    /// What is made of incidents that no deployment caused; absent = left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncaused: Option<UncausedRule>,
    /// Which figure of a sample of times is its value; absent = the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<DeliveryAverage>,
    /// How percentiles and medians are read; absent = nearest rank, with the median interpolated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
}

/// The same with nothing left open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rules {
    pub(super) lead_time: LeadTimeRule,
    pub(super) first_deployment: FirstDeploymentRule,
    pub(super) shortest_lead_time: Span,
    pub(super) frequency: FrequencyRule,
    pub(super) weeks: WeekRule,
    pub(super) fail_rate: FailRateRule,
    pub(super) attribution: AttributionRule,
    pub(super) no_deployments: NoDeploymentRule,
    pub(super) recovery: RecoveryRule,
    pub(super) uncaused: UncausedRule,
    pub(super) average: DeliveryAverage,
    pub(super) percentiles: PercentileRule,
}

impl DeliveryRules {
    /// The rules of a query, then those of its preset, then the defaults.
    pub(super) fn resolve(&self, preset: &DeliveryRules) -> Result<Rules> {
        let shortest = self.shortest_lead_time.or(preset.shortest_lead_time).unwrap_or(Span::ZERO);
        if shortest < Span::ZERO {
            return Err(Error::invalid("rules.shortest_lead_time", "must not be negative"));
        }
        let pick = (self, preset);
        macro_rules! rule {
            ($name:ident, $default:expr) => {
                pick.0.$name.or(pick.1.$name).unwrap_or($default)
            };
        }
        Ok(Rules {
            lead_time: rule!(lead_time, LeadTimeRule::Commits),
            first_deployment: rule!(first_deployment, FirstDeploymentRule::NoSample),
            shortest_lead_time: shortest,
            frequency: rule!(frequency, FrequencyRule::DaysPerWeek),
            weeks: rule!(weeks, WeekRule::Touched),
            fail_rate: rule!(fail_rate, FailRateRule::FailedDeployments),
            attribution: rule!(attribution, AttributionRule::ExplicitThenLatest),
            no_deployments: rule!(no_deployments, NoDeploymentRule::NoValue),
            recovery: rule!(recovery, RecoveryRule::FromDeployment),
            uncaused: rule!(uncaused, UncausedRule::LeftOut),
            average: rule!(average, DeliveryAverage::Median),
            percentiles: rule!(percentiles, PercentileRule::NearestRank),
        })
    }
}

impl Rules {
    /// The names that an answer carries.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = vec![
            format!("lead_time:{}", self.lead_time),
            format!("first_deployment:{}", self.first_deployment),
            format!("frequency:{}", self.frequency),
            format!("weeks:{}", self.weeks),
            format!("fail_rate:{}", self.fail_rate),
            format!("attribution:{}", self.attribution),
            format!("no_deployments:{}", self.no_deployments),
            format!("recovery:{}", self.recovery),
            format!("uncaused:{}", self.uncaused),
            format!("average:{}", self.average),
            format!("percentile:{}", self.percentiles),
            "rework:unplanned_or_fix_of_incident".into(),
            "changes:first_brought".into(),
        ];
        if self.shortest_lead_time > Span::ZERO {
            names.push(format!("shortest_lead_time:{}", self.shortest_lead_time));
        }
        names
    }

    /// Whether pull requests have to be looked at for the lead time.
    pub(super) fn by_pull_requests(&self) -> bool {
        self.lead_time != LeadTimeRule::Commits
    }
}
