//! What can be asked of delivery.

use serde::{Deserialize, Serialize};

use super::bands::DeliveryBand;
use super::presets::DeliveryPreset;
use super::rules::DeliveryRules;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// What a row of delivery performance is about.
    pub enum DeliveryGroup {
        /// An application; the default.
        Application = "application",
        /// A team that answers for the application, or where none does for the deployment.
        Team = "team",
        /// An environment.
        Environment = "environment",
        /// A value of an attribute of the deployment, or where it has none of its application.
        Attribute = "attribute",
    }
}

text_enum! {
    /// Into which parts a window is cut.
    pub enum DeliveryBucket {
        /// Calendar days.
        Day = "day",
        /// ISO weeks, which begin on Monday.
        Week = "week",
        /// Calendar months.
        Month = "month",
    }
}

/// A question for the delivery performance of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// IANA zone in which days, weeks and months are counted.
    pub zone: String,
    /// Only deployments of this application or team, of a release's candidate builds, or to this environment; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// What rows are about; absent = applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<DeliveryGroup>,
    /// The attribute to group by, where the group is `attribute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Into which parts the window is cut; absent = none: it is one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<DeliveryBucket>,
    /// Whether everything together is a row, too; absent = no: figures of different applications are not blended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<bool>,
    /// The stage whose environments count; absent = `production`. An environment whose stage nobody says belongs to
    /// production where its tool says so (attributes `tier` and `production`), else by being called `production` or `prod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The environments that count, groups with all that is in them; empty = those of the stage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<String>,
    /// Take the rules and bands of this tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<DeliveryPreset>,
    /// Rules that go before those of the preset; absent = none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<DeliveryRules>,
    /// The version of the performance bands; absent = those of the preset, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<String>,
    /// Performance bands of one's own, which go before any version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_bands: Vec<DeliveryBand>,
    /// Whether rows tell the parts of pull requests; absent = no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<bool>,
    /// Whether the deployments, changes, incidents and pull requests behind the figures are listed; absent = no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<bool>,
}

impl DeliveryQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant, zone: impl Into<String>) -> DeliveryQuery {
        DeliveryQuery {
            start,
            end,
            zone: zone.into(),
            within: None,
            group: None,
            attribute: None,
            bucket: None,
            total: None,
            stage: None,
            environments: Vec::new(),
            preset: None,
            rules: None,
            bands: None,
            own_bands: Vec::new(),
            pull_requests: None,
            list: None,
        }
    }
}
