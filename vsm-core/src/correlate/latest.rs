//! Time, the weakest of all grounds: what came last before something is what it is about.
//!
//! An incident without another cause comes from the latest successful deployment of its application to production
//! strictly before it (the usual rule of DORA's measures). That a test run or deployment is about the latest build of
//! its application holds only in the simplest of pipelines, so this rule has to be asked for.

use super::CorrelationRule;
use super::environments::last_part;
use super::findings::Findings;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// Names by which an environment is known to be production where no tool says its stage.
const PRODUCTION: &[&str] = &["production", "prod"];

/// What came when, by application, each list in order of time and then id.
type Line<'s> = HashMap<u32, Vec<(Instant, &'s str, u32, [u32; 2])>>;

impl ValueStream {
    pub(super) fn link_latest<'s>(&'s self, findings: &mut Findings<'s>) {
        if findings.is_on(CorrelationRule::LatestDeployment) {
            let goes_live = |item| self.goes_live(item);
            let deployments = self.line(Kind::Deployment, goes_live);
            let incident = (Kind::Incident, LinkKind::CausedBy, Kind::Deployment);
            self.link_to_latest(CorrelationRule::LatestDeployment, incident, &deployments, findings);
        }
        if findings.is_on(CorrelationRule::LatestBuild) {
            let builds = self.line(Kind::Build, |_| true);
            for about in [
                (Kind::TestRun, LinkKind::Tests, Kind::Build),
                (Kind::Deployment, LinkKind::Deploys, Kind::Build),
            ] {
                self.link_to_latest(CorrelationRule::LatestBuild, about, &builds, findings);
            }
        }
    }

    /// The successful builds or deployments of each application by the time they finished.
    fn line(&self, kind: Kind, is_meant: impl Fn(u32) -> bool) -> Line<'_> {
        let mut line = Line::default();
        for item in self.all().filter(|item| self.kind(*item) == Some(kind) && is_meant(*item)) {
            if self.outcome(item) != Some(Outcome::Success) {
                continue;
            }
            let Some((_, event)) = self.result_since(item, |one, other| one == other) else { continue };
            let (Some((finished, said)), id) = (self.finished_with_event(item), self.id(item)) else {
                continue;
            };
            for application in self.applications(item) {
                line.entry(application).or_default().push((finished, id, item, [event, said]));
            }
        }
        for list in line.values_mut() {
            list.sort_unstable();
        }
        line
    }

    /// Links each item of a kind that has no such link yet to what came last before it began.
    fn link_to_latest<'s>(
        &'s self,
        rule: CorrelationRule,
        (kind, relation, other): (Kind, LinkKind, Kind),
        line: &Line<'s>,
        findings: &mut Findings<'s>,
    ) {
        for item in self.all().filter(|item| self.kind(*item) == Some(kind)) {
            if findings.has(item, relation) || self.is_stated(item, relation, Some(other)) {
                continue;
            }
            let Some((began, event)) = self.began_or_seen(item) else { continue };
            let lists = self.applications(item).filter_map(|application| line.get(&application));
            let before = lists.filter_map(|list| {
                let count = list.partition_point(|(finished, ..)| *finished < began);
                list.get(count.checked_sub(1)?)
            });
            if let Some((finished, _, latest, said)) = before.max() {
                findings.link(
                    rule,
                    (item, relation, *latest),
                    &[event, said[0], said[1]],
                    &finished.to_string(),
                );
            }
        }
    }

    /// When an item began, or where nobody says, was first spoken of; with the event that says so.
    fn began_or_seen(&self, item: u32) -> Option<(Instant, u32)> {
        self.last(item, Set::starts_at).or_else(|| self.first_seen(item))
    }

    /// Whether a deployment goes to production: by the stage of its environment, else by what its tool says of it, else
    /// by its name.
    fn goes_live(&self, deployment: u32) -> bool {
        self.to(deployment, LinkKind::DeployedTo).any(|(environment, _)| {
            if let Some((stage, _)) = self.last(environment, Set::stage) {
                return &*stage == "production";
            }
            let texts = self.texts_of(environment);
            if let Some(tier) = texts.all(&["tier", "production"]).next() {
                return matches!(tier.text, "production" | "true");
            }
            let titles = texts.get("title").map(|said| said.text);
            let called = self.names_of(environment).map(last_part).chain(titles);
            let is_production = |name: &str| PRODUCTION.iter().any(|known| name.eq_ignore_ascii_case(known));
            called.into_iter().any(is_production)
        })
    }
}
