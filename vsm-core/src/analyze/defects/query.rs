//! The question for defects and its answer.

use serde::{Deserialize, Serialize};

use super::escapes::{DefectStage, ReleaseEscapes};
use super::latent::LatentDefects;
use super::trend::{DefectTrend, OpenRule};
use crate::analyze::flow::Durations;
use crate::analyze::metrics::Bucket;
use crate::analyze::statistics::SurvivalPercentile;
use crate::analyze::{Basis, PercentileRule};
use crate::time::Instant;

/// A question for defects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefectsQuery {
    /// First instant of the window: of the trend, and for what was found and fixed in it.
    pub start: Instant,
    /// The time it is asked at, at which the window ends; what happened later is left out.
    pub at: Instant,
    /// IANA zone in which the parts of the window are counted.
    pub zone: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The parts of the trend; absent = months. `custom` is not possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// What the trend is grouped by, as [`MetricQuery`](crate::MetricQuery) has it: `priority`, `severity`, `team`,
    /// `attribute:NAME` and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// When a defect is open in a part of the trend; absent = at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_rule: Option<OpenRule>,
    /// How percentiles are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
    /// The attribute that says in which stage a defect was found; absent = `stage_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_attribute: Option<String>,
    /// The stages where what is found has escaped; absent = `production`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub production: Vec<String>,
    /// The attribute of the item that `within` names by which the number of defects is divided, such as `kloc` or
    /// `function_points`; `size` is the field. Absent = no density.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density_per: Option<String>,
    /// Two independent finders, by the names that the attribute `found_by` gives them, to estimate how many defects nobody
    /// found yet; absent = no estimate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finders: Vec<String>,
}

/// Defects at a time and in the window before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defects {
    /// First instant of the window.
    pub start: Instant,
    /// The time it was asked at.
    pub at: Instant,
    /// The zone of its parts.
    pub zone: String,
    /// How many are open at that time.
    pub open: u32,
    /// How old these are: since they were first opened.
    pub open_age: Option<Durations>,
    /// The trend, by part of the window and then by group.
    pub trend: Vec<DefectTrend>,
    /// How many were found in the window.
    pub found: u32,
    /// Of those that were fixed in the window, how long it took since they were first opened. Those that are still open are
    /// not in it, and so it is too short where many are.
    pub time_to_fix: Option<Durations>,
    /// After how many days 50, 85 and 95 % are fixed of those found in the window, the open ones counted as taking longer than
    /// they have been open (E. L. Kaplan and P. Meier, 1958).
    pub fixed_within: Vec<SurvivalPercentile>,
    /// Those found in the window by stage, by name.
    pub stages: Vec<DefectStage>,
    /// The part of these that was found in production, from 0 to 1, so far: of what shipped lately not all has been found.
    pub escape_rate: Option<f64>,
    /// The same by release, with how long each has been in use; of all its defects, whenever they were found; by id.
    pub releases: Vec<ReleaseEscapes>,
    /// How many were found in the window for each unit of the item.
    pub density: Option<DefectDensity>,
    /// How many there are that nobody found, by what two finders found in the window.
    pub latent: Option<LatentDefects>,
    /// What the answer rests on; `n` are the defects that are open, or were found or fixed in the window.
    pub basis: Basis,
}

/// Defects by an amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefectDensity {
    /// What the amount counts: the attribute's name.
    pub unit: String,
    /// How much the item has of it.
    pub amount: Option<f64>,
    /// Defects found in the window.
    pub defects: u32,
    /// Defects for each unit.
    pub density: Option<f64>,
    /// Why there is none: `no_amount`, `amount_is_no_number`, `amount_not_positive` or `out_of_range`.
    pub reason: Option<String>,
}

impl DefectsQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, at: Instant, zone: impl Into<String>) -> DefectsQuery {
        DefectsQuery {
            start,
            at,
            zone: zone.into(),
            within: None,
            bucket: None,
            group_by: Vec::new(),
            open_rule: None,
            percentiles: None,
            stage_attribute: None,
            production: Vec::new(),
            density_per: None,
            finders: Vec::new(),
        }
    }
}
