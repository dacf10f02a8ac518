//! When does this release ship, and why not today?

use serde::{Deserialize, Serialize};

use super::{
    Basis, Condition, Coverage, CriticalPath, CriticalPathQuery, EVIDENCE, FlowMetrics, FlowQuery, Grounds,
    Policy, ReadinessQuery, Scope, ScopeQuery, Unmet, Verdict,
};
use crate::calendar::Calendar;
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span, Zone};

/// The question that the engine exists for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutlookQuery {
    /// The release.
    pub release: String,
    /// The time it is asked at.
    pub at: Instant,
    /// IANA zone for days.
    pub zone: String,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The working calendar; absent = that of the first of the release's applications that has one, else plain time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// How long work without an estimate takes; absent = no time, and it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Span>,
    /// The days of history that the flow figures cover; absent = 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_days: Option<u32>,
}

/// Everything that a release manager asks of one release, in one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The release.
    pub release: String,
    /// Its name for people.
    pub title: String,
    /// The applications it belongs to, by name.
    pub applications: Vec<String>,
    /// The time it was asked at.
    pub at: Instant,
    /// The zone of its days.
    pub zone: String,
    /// Whether it has shipped.
    pub shipped: bool,
    /// The target date, where one is set.
    pub due_at: Option<Instant>,
    /// When it ships: the departure after everything is ready. Unmet facts that have no duration are not in it.
    pub ships_at: Instant,
    /// How much later than the target date that is; negative where it is earlier.
    pub late_by: Option<Span>,
    /// The stages in the order of the ladder.
    pub stages: Vec<StageOutlook>,
    /// What keeps it from any stage, each fact once, under the first stage that it keeps the release from; by the order
    /// of the stages, known misses before unknowns.
    pub unmet: Vec<Unmet>,
    /// What its date depends on.
    pub critical_path: CriticalPath,
    /// Planned against actual scope.
    pub scope: Scope,
    /// The flow of its stream: the first of its applications, or everything where it has none.
    pub flow: FlowMetrics,
    /// How much of the input could not be linked.
    pub coverage: Coverage,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One stage of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageOutlook {
    /// The stage.
    pub stage: String,
    /// Whether the release is ready for it.
    pub verdict: Verdict,
    /// How many unmet facts there are.
    pub unmet: u32,
}

impl OutlookQuery {
    /// A question with all defaults.
    pub fn new(release: impl Into<String>, at: Instant, zone: impl Into<String>) -> OutlookQuery {
        OutlookQuery {
            release: release.into(),
            at,
            zone: zone.into(),
            policy: None,
            calendar: None,
            default_duration: None,
            flow_days: None,
        }
    }
}

impl ValueStream {
    /// When a release ships, and why not today: every other answer about it, put together.
    ///
    /// Takes what the other answers take together; `coverage` and the flow look at every item once.
    ///
    /// # Errors
    /// Those of the answers it is made of; [`Error::Invalid`] for an item that is not a release.
    pub fn outlook(&self, query: &OutlookQuery) -> Result<Outlook> {
        Zone::named(&query.zone)?;
        let release = self.find(&query.release)?;
        if self.kind(release) != Some(Kind::Release) {
            return Err(Error::invalid("release", format!("\"{}\" is not a release", query.release)));
        }
        let id = self.id(release).to_owned();
        let policy = query.policy.clone().unwrap_or_default();
        let mut stages = Vec::new();
        let mut unmet: Vec<Unmet> = Vec::new();
        let mut evidence: Vec<String> = Vec::new();
        let mut seen = HashSet::default();
        for stage in &policy.stages {
            let readiness = self.readiness(&ReadinessQuery {
                item: id.clone(),
                at: query.at,
                stage: Some(stage.clone()),
                policy: Some(policy.clone()),
                assume: Vec::new(),
            })?;
            stages.push(StageOutlook {
                stage: stage.clone(),
                verdict: readiness.verdict,
                unmet: readiness.unmet.len() as u32,
            });
            evidence.extend(readiness.basis.evidence);
            for mut fact in readiness.unmet {
                // A build that nobody knows is missing once, whatever each stage would ask of it.
                let same = if fact.condition == Condition::HasBuild { &fact.item } else { &fact.sentence };
                if seen.insert(same.clone()) {
                    fact.stage.clone_from(stage);
                    unmet.push(fact);
                }
            }
        }
        let applications: Vec<u32> = self.to(release, LinkKind::BelongsTo).map(|(item, _)| item).collect();
        let critical_path = self.critical_path(&CriticalPathQuery {
            calendar: query.calendar.clone().or_else(|| self.calendar_of(&applications)),
            default_duration: query.default_duration,
            policy: Some(policy),
            ..CriticalPathQuery::new(id.clone(), query.at)
        })?;
        let is_scheduled =
            |fact: &&mut Unmet| matches!(fact.condition, Condition::ScopeDone | Condition::BuildSucceeded);
        for fact in unmet.iter_mut().filter(is_scheduled) {
            // The calendar asked for may differ from the one that readiness goes by.
            let activity = critical_path.activities.iter().find(|activity| activity.item == fact.item);
            fact.earliest = activity.map(|a| a.early_finish).filter(|finish| *finish > query.at);
        }
        let due_at = self.last(release, Set::due_at);
        let due_at = due_at.map(|(instant, _)| instant);
        let shipped = self.state_of(release) == Some(FlowState::Done);
        let mut grounds = Grounds { n: critical_path.basis.n, ..Grounds::default() };
        grounds.rule("unmet_facts_without_duration_take_no_time");
        evidence.extend_from_slice(&critical_path.basis.evidence);
        evidence.sort_unstable();
        evidence.dedup();
        evidence.truncate(EVIDENCE);
        Ok(Outlook {
            title: self.title(release).to_owned(),
            applications: applications.iter().map(|item| self.title(*item).to_owned()).collect(),
            at: query.at,
            zone: query.zone.clone(),
            shipped,
            due_at,
            ships_at: critical_path.finish,
            late_by: due_at.map(|due| critical_path.finish.since(due)),
            stages,
            unmet,
            scope: self.scope(&ScopeQuery { release: id.clone(), at: query.at })?,
            flow: self.recent_flow(query, &applications)?,
            coverage: self.coverage(),
            basis: Basis { evidence, ..grounds.finish(self) },
            critical_path,
            release: id,
        })
    }

    /// The calendar of the first application that has one.
    pub(super) fn calendar_of(&self, applications: &[u32]) -> Option<Calendar> {
        applications.iter().find_map(|application| {
            self.last(*application, Set::calendar)
                .map(|(calendar, event)| (*calendar, event))
                .map(|(calendar, _)| calendar)
        })
    }

    fn recent_flow(&self, query: &OutlookQuery, applications: &[u32]) -> Result<FlowMetrics> {
        let days = query.flow_days.unwrap_or(90);
        let start =
            Instant::clamped(query.at.millis().saturating_sub(Span::from_days(i64::from(days)).millis()));
        let within = applications.first().map(|item| self.id(*item).to_owned());
        self.flow_metrics(&FlowQuery { within, ..FlowQuery::new(start, query.at, query.zone.clone()) })
    }
}
