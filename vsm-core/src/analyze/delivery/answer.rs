//! The answer: rows of figures, and on demand the facts behind them.

use serde::{Deserialize, Serialize};

use super::bands::DeliveryStanding;
use crate::analyze::{Basis, Durations};
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

text_enum! {
    /// Why a figure of delivery has no value.
    pub enum NoFigure {
        /// No deployment ended in the time.
        NoDeployments = "no_deployments",
        /// No change reached production in the time that there is a lead time of.
        NoChanges = "no_changes",
        /// Nothing was restored in the time.
        NothingRestored = "nothing_restored",
        /// The time has no day, or no whole week.
        NoWeek = "no_week",
        /// No release came out in the time of which that is known.
        NoReleases = "no_releases",
    }
}

/// The delivery performance of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// The zone of its days.
    pub zone: String,
    /// The environments that count, by id.
    pub environments: Vec<String>,
    /// One row for each group and bucket, by group, then by time; what has no group comes first. A group that was ever
    /// deployed has a row for each bucket, with or without deployments.
    pub rows: Vec<DeliveryRow>,
    /// Everything together, by time; empty where it was not asked for.
    pub total: Vec<DeliveryRow>,
    /// The deployments that ended in the window, by their end, then by id; one row for each application and environment.
    /// Empty where lists were not asked for, like the others.
    pub deployments: Vec<DeliveredDeployment>,
    /// The changes that reached production first in the window and have a lead time, by that time, then by id.
    pub changes: Vec<DeliveredChange>,
    /// The incidents that were opened or restored in the window, by their beginning, then by id.
    pub incidents: Vec<DeliveryIncident>,
    /// The pull requests that were merged or deployed in the window, by when they were merged, then by id.
    pub pull_requests: Vec<DeliveredPullRequest>,
    /// What the answer rests on; `n` are the successful deployments of the window.
    pub basis: Basis,
}

/// The figures of one group and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// The application, team, environment or value; absent where there is none, and where the row is a total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The bucket: `2026-03-02`, `2026-W10` or `2026-03`; absent where the row is about the whole window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// First instant of the row's time.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// Change lead time: from a change to the end of the first successful deployment that contains it, by the end. `open`
    /// are the commits that had not arrived, as far as they say that they belong to an application.
    pub lead_time: DeliveryTime,
    /// How often deployments are made.
    pub frequency: DeliveryFrequency,
    /// Change fail rate: failed deployments by deployments, by the end of the deployment.
    pub fail_rate: DeliveryShare,
    /// Failed deployment recovery time, by when service was restored.
    pub recovery: DeliveryTime,
    /// Deployment rework rate: deployments made because of an incident by deployments.
    pub rework_rate: DeliveryShare,
    /// How many changes a deployment brings.
    pub batch_size: DeliveryBatch,
    /// The parts of the pull requests that were merged in the time; absent where they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<PullRequestSplit>,
    /// The performance bands of the figures, where bands were asked for.
    pub bands: Vec<DeliveryStanding>,
}

/// A sample of times, and the figure that it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryTime {
    /// The size of the sample.
    pub n: u64,
    /// The median, or the mean where the rules say so.
    pub value: Option<Span>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoFigure>,
    /// How many had begun and not ended by the end of the row's time; they are in no sample.
    pub open: u64,
    /// The sample in numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Durations>,
}

/// How often deployments are made. Medians are those of whole calendar units, units without deployments included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryFrequency {
    /// Successful deployments; several jobs or commits of one pipeline run are one, at its last end.
    pub n: u64,
    /// Deployments that failed.
    pub failed: u64,
    /// Days with a successful deployment.
    pub days: u64,
    /// The figure by the frequency rule.
    pub value: Option<f64>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoFigure>,
    /// The median number of days with a deployment per ISO week.
    pub days_per_week: Option<f64>,
    /// The same per calendar month.
    pub days_per_month: Option<f64>,
    /// The same per half of a calendar year.
    pub days_per_half_year: Option<f64>,
    /// Deployments divided by the calendar days of the row's time.
    pub per_day: Option<f64>,
    /// Deployments divided by the ISO weeks that it touches.
    pub per_week: Option<f64>,
    /// Deployments divided by the calendar months that it touches.
    pub per_month: Option<f64>,
}

/// A share, with what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryShare {
    /// What it is a share of.
    pub n: u64,
    /// How many of these count.
    pub count: u64,
    /// The share, from 0 to 1; more where incidents are counted and there are more of them than deployments.
    pub value: Option<f64>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoFigure>,
}

/// How many changes a deployment brings that the environment did not have before; pull requests are not counted beside
/// their commits, and a first deployment, to which there is nothing to compare, is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryBatch {
    /// Deployments whose changes are known.
    pub n: u64,
    /// All their changes.
    pub changes: u64,
    /// Changes per deployment.
    pub mean: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The most that one brings.
    pub max: Option<u64>,
}

/// The parts of pull requests, as Apache DevLake cuts them. A negative part is bad data: it is absent.
///
/// A pull request is a change with a state, `done` once it is merged. Its `starts_at` is when it was opened, its `ends_at`
/// when it was merged, its attribute `author` who opened it. Each event with the attribute `review` is a review or comment,
/// by whom says `reviewed_by`. Its commits are the changes that are parts of it (`parent`), else those behind its head that
/// were not behind what it was merged into; the commit that merged it follows it. The adapters of GitHub and GitLab say all
/// of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PullRequestSplit {
    /// Pull requests that were merged in the time.
    pub n: u64,
    /// From the first commit to the pull request.
    pub coding: DeliveryTime,
    /// From the pull request to the first review or comment by somebody else.
    pub pickup: DeliveryTime,
    /// From that to the merge.
    pub review: DeliveryTime,
    /// From the merge to the end of the deployment; `open` are those that are merged and not deployed.
    pub deploy: DeliveryTime,
    /// Coding + (created to merged) + deploy; an absent part counts nothing.
    pub cycle: DeliveryTime,
}

/// A deployment to one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveredDeployment {
    /// The deployment.
    pub deployment: String,
    /// The pipeline run that it is a part of, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The environment.
    pub environment: String,
    /// When it ended.
    pub finished_at: Instant,
    /// Whether it succeeded; otherwise it failed.
    pub succeeded: bool,
    /// The successful deployment of the application to the environment before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// How many changes it brings that the environment did not have; absent where that is not known, as of a first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u64>,
    /// The incidents that are attributed to it or to another part of its run, by id.
    pub incidents: Vec<String>,
    /// Whether it, or another part of its run, was made because of an incident.
    pub rework: bool,
}

/// A change that reached production.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveredChange {
    /// The commit, or the pull request where the rules measure these.
    pub change: String,
    /// The application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The deployment.
    pub deployment: String,
    /// When its time began to run.
    pub started_at: Instant,
    /// When the deployment ended.
    pub deployed_at: Instant,
    /// Its lead time.
    pub lead_time: Span,
}

/// An incident, and what it is attributed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryIncident {
    /// The incident.
    pub incident: String,
    /// When it began.
    pub opened_at: Instant,
    /// When service was restored; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Instant>,
    /// The deployments that it is attributed to, by id.
    pub caused_by: Vec<String>,
    /// Whether that is a link of its own, and not the latest deployment before it.
    pub explicit: bool,
    /// Its recovery time by the rules; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time: Option<Span>,
}

/// A merged pull request and its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveredPullRequest {
    /// The pull request.
    pub pull_request: String,
    /// The application that it was deployed with, else its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Its first commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_commit: Option<String>,
    /// When that was authored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_commit_at: Option<Instant>,
    /// When it was opened.
    pub created_at: Instant,
    /// The first review or comment by somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_review_at: Option<Instant>,
    /// When it was merged.
    pub merged_at: Instant,
    /// The deployment that brought it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// When that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed_at: Option<Instant>,
    /// From the first commit to the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coding: Option<Span>,
    /// From the pull request to the first review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup: Option<Span>,
    /// From the first review to the merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Span>,
    /// From the merge to the end of the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Span>,
    /// Coding + (created to merged) + deploy; absent where it was merged before it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Span>,
}
