//! The answers, one question per file. Each is a pure function of a stream and a query.

mod coverage;
mod critical_path;
mod defects;
mod delivery;
mod departures;
mod durations;
mod environments;
mod flow;
mod flowing;
mod item_clocks;
mod lateness;
mod life;
mod lifecycle;
mod lineage;
mod message;
mod metrics;
mod outlook;
mod page;
mod picture;
mod pipeline;
mod plan;
mod plans;
mod quality;
mod quality_trend;
mod readiness;
mod release_dates;
mod schedule;
mod scope;
mod shipping;
mod statistics;
mod template;
mod test_runs;
mod trace;
mod worth;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Kind, LinkKind, Set};
use crate::time::printable;

pub use coverage::{Coverage, CoverageRow};
pub use critical_path::CriticalPathQuery;
pub use defects::{
    DefectDensity, DefectStage, DefectTrend, Defects, DefectsQuery, LatentDefects, OpenRule, ReleaseEscapes,
};
pub use delivery::{
    AttributionRule, DeliveredChange, DeliveredDeployment, DeliveredPullRequest, Delivery, DeliveryAverage,
    DeliveryBand, DeliveryBands, DeliveryBatch, DeliveryBucket, DeliveryFrequency, DeliveryGroup,
    DeliveryIncident, DeliveryMetric, DeliveryPreset, DeliveryPresetRules, DeliveryQuery, DeliveryRow,
    DeliveryRules, DeliveryShare, DeliveryStanding, DeliveryTime, DeliveryTrendQuery, FailRateRule,
    FirstDeploymentRule, FrequencyMeasure, FrequencyRule, LeadTimeRule, NoDeploymentRule, NoFigure,
    PullRequestSplit, RecoveryRule, ReleaseTime, ReleaseTimes, ReleaseTimesQuery, UncausedRule, WeekRule,
    delivery_bands, delivery_presets,
};
pub use departures::{DepartureReach, Departures, DeparturesQuery, FactDeadline};
pub use environments::{
    BookingBlackout, BookingConflict, BookingConflicts, BookingConflictsQuery, BookingSide, ConflictMode,
    Drift, DriftQuery, DriftRelation, DriftRow, EnvironmentContent, EnvironmentContents,
    EnvironmentContentsQuery, EnvironmentLoad, FreeSlot, Impact, ImpactCell, ImpactQuery, ImpactRelation,
    NextSlot, NextSlotQuery, SlotBlock, SlotCause,
};
pub use flow::{
    DayLoad, Durations, EfficiencyRule, FlowItem, FlowMetrics, FlowQuery, FlowShare, PercentileRule,
};
pub use flowing::{
    AgeBand, Ageing, AgeingItem, AgeingQuery, BlockedTime, CauseTime, CumulativeDay, CumulativeFlow,
    CumulativeFlowQuery, CumulativeForm, FlowCause, FlowCauses, FlowCausesQuery, FlowEnd, FlowStage,
    ItemCauses, ItemRework, ItemStateTime, LittlesLaw, LittlesLawQuery, LittlesLawRow, LittlesLawRule,
    PartGroup, PartWait, PartsWait, ReEntryRule, Rework, ReworkQuery, StageAge, StageYield, StateTime,
    StateWords, TimeInState, TimeInStateQuery, WaitedFor, WaitedForQuery,
};
pub use lateness::{GateLateness, GateLatenessQuery, GateTiming};
pub use lifecycle::{LifecycleStep, Transition, Transitions, TransitionsQuery};
pub use lineage::{Lineage, LineageQuery, LineageSide};
pub use message::{MESSAGES, Message, MessageArg, MessageTemplate, messages, translate};
pub use metrics::{
    Aggregation, Bucket, DayCount, ItemDifference, LiveMetric, MergeQuery, MetricCell, MetricChanges,
    MetricEvent, MetricEvidence, MetricInfo, MetricPreset, MetricQuery, MetricRow, MetricRules, MetricSample,
    MetricSamples, MetricState, MetricTable, MetricTableQuery, MetricTrend, MetricTrendQuery, MetricUnit,
    NegativeRule, ReconcileQuery, Reconciliation, ReopenPolicy, RuleDifference, SampleSummary,
    SurvivalSummary, TrendGroup, TrendPoint, WipRule, merge_metrics, metric_presets, metric_table, metrics,
};
pub use outlook::{Outlook, OutlookQuery, StageOutlook};
pub use picture::{PictureForm, PictureOptions, picture};
pub use plans::{
    CarriedOver, ReEstimate, SayDo, SayDoAmount, SayDoQuery, ScopeLevel, ScopeMeasure, TargetDate,
    TargetDates,
};
pub use quality::{DataQuality, DataQualityQuery, Finding, FindingExample, FindingGroup};
pub use quality_trend::{QualityMetric, QualityTrendQuery};
pub use readiness::{
    ChangeReason, Condition, Explanation, ExplanationNode, ItemVerdict, Measure, MetFact, Policy, PolicyRule,
    Reach, Readiness, ReadinessChange, ReadinessChanges, ReadinessChangesQuery, ReadinessQuery, RuleTest,
    Unmet, Verdict, VerdictChange, VerdictChanges, VerdictQuery, Verdicts, Waiver, Watch, WatchQuery,
};
pub use release_dates::{ReleaseDate, ReleaseDates, ReleaseDatesQuery};
pub use schedule::{
    Activity, ActivityMove, CrashOption, CriticalPath, DateConstraint, DurationSource, FloatPath,
    InfeasibleDate, LagCalendar, LiveSchedule, MergePoint, NamedCalendar, NetworkActivity, NetworkChange,
    NetworkDependency, NetworkQuery, ProgressRule, ScheduleChanges, StartCause, schedule,
};
pub use scope::{Scope, ScopeQuery};
pub use shipping::{ShippedItem, Shipping};
pub use statistics::{
    BehaviourSignal, CenterRule, ChangePointCost, ChangePointMethod, ChangePoints, ChangePointsQuery,
    ChangeSegment, CompareSamplesQuery, ComparedSample, ConditionalCompletion, DetectionRule,
    DetectionRuleSet, Estimate, MannWhitney, MovingRangeRule, NoValue, PValueRule, ProcessBehaviour,
    ProcessBehaviourQuery, Quantile, Quantiles, QuantilesQuery, RankCorrelation, RankCorrelationQuery,
    SampleComparison, SignalSide, Survival, SurvivalPercentile, SurvivalQuery, SurvivalStep, change_points,
    compare_samples, process_behaviour, quantiles, rank_correlation, survival,
};
pub use template::{
    ReleaseTemplate, TemplateActivity, TemplateCriterion, TemplateEvents, TemplateGate, TemplatePhase,
    TemplateQuery, TemplateSkip,
};
pub use test_runs::{FlakyRevision, FlakyTest, SuiteResults, Tests, TestsQuery};
pub use trace::{Trace, TraceStep};
pub use worth::{
    ArrivalRule, ArrivalSource, InheritRule, OrderCost, OutcomeChange, OutcomeChangeQuery, Priorities,
    PrioritizeQuery, PriorityItem, RankRule, SeriesRule, ValueOrder, ValueOrderItem, ValueOrderQuery,
    ValuePoint, ValueRealized, ValueRealizedQuery, ValueRow, ValueTrendQuery,
};

/// What an answer rests on; every answer carries one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// How many items the answer counts.
    pub n: u64,
    /// What was left out, and why.
    pub excluded: Vec<Exclusion>,
    /// The names of the rules that were applied, in alphabetical order.
    pub rules: Vec<String>,
    /// The events behind the answer as `source:id`, in alphabetical order; at most the first hundred.
    pub evidence: Vec<String>,
}

/// Items that an answer leaves out for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exclusion {
    /// A stable word for the reason.
    pub reason: String,
    /// How many items.
    pub count: u64,
    /// The first of them in alphabetical order; at most ten.
    pub examples: Vec<String>,
}

/// How many events an answer names as evidence, and how many examples an exclusion gives.
const EVIDENCE: usize = 100;
const EXAMPLES: usize = 10;

/// Changes are called by the beginning of their id, as git does; ids longer than a name are left out of sentences.
const SHORT_CHANGE: usize = 14;
const LONG_ID: usize = 48;

/// Collects a [`Basis`] while an answer is made.
#[derive(Default)]
struct Grounds {
    n: u64,
    excluded: BTreeMap<&'static str, Vec<String>>,
    rules: Vec<String>,
    evidence: Vec<u32>,
}

impl Grounds {
    fn exclude(&mut self, reason: &'static str, item: &str) {
        self.excluded.entry(reason).or_default().push(item.to_owned());
    }

    fn rule(&mut self, name: impl Into<String>) {
        self.rules.push(name.into());
    }

    fn finish(mut self, stream: &crate::ValueStream) -> Basis {
        self.rules.sort_unstable();
        self.rules.dedup();
        self.evidence.sort_unstable();
        self.evidence.dedup();
        if self.evidence.len() > EVIDENCE {
            // A schedule of a million items has a million estimates behind it; only the first are sorted and named.
            self.evidence.select_nth_unstable_by(EVIDENCE, |a, b| stream.key(*a).cmp(stream.key(*b)));
            self.evidence.truncate(EVIDENCE);
        }
        let mut evidence: Vec<String> =
            self.evidence.into_iter().map(|event| stream.key(event).to_owned()).collect();
        evidence.retain(|key| !key.is_empty());
        evidence.sort_unstable();
        let excluded = self
            .excluded
            .into_iter()
            .map(|(reason, mut items)| {
                items.sort_unstable();
                items.dedup();
                let count = items.len() as u64;
                items.truncate(EXAMPLES);
                Exclusion { reason: reason.into(), count, examples: items }
            })
            .collect();
        Basis { n: self.n, excluded, rules: self.rules, evidence }
    }
}

/// Events as `source:id`, each once, in alphabetical order.
fn keys(stream: &crate::ValueStream, events: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut keys: Vec<String> = events.into_iter().map(|event| stream.key(event).to_owned()).collect();
    keys.retain(|key| !key.is_empty());
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The day of an instant in UTC, for sentences.
fn day(instant: crate::time::Instant) -> String {
    instant.to_string().chars().take(10).collect()
}

/// Whom an item waits for: those responsible, else its assignee, else its owner.
fn whom(stream: &crate::ValueStream, item: u32) -> Option<String> {
    let responsible: Vec<u32> = stream.to(item, LinkKind::Responsible).map(|(who, _)| who).collect();
    let assignee = || stream.last(item, Set::assignee).map(|(name, _)| name.into());
    let owner = || stream.to(item, LinkKind::OwnedBy).next().map(|(owner, _)| stream.title(owner).to_owned());
    stream.names(&responsible, " and ").or_else(assignee).or_else(owner)
}

/// The name of an item for people, with the id.
fn name(stream: &crate::ValueStream, item: u32) -> String {
    let (id, title) = (printable(stream.id(item)), printable(stream.title(item)));
    // A commit is known by its hash, a pull request like anything else.
    if stream.kind(item) == Some(Kind::Change) && id.starts_with("git:") {
        return id.chars().take(SHORT_CHANGE).collect();
    }
    if title == id || id.len() > LONG_ID { title } else { format!("{title} ({id})") }
}
