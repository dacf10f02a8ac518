//! What each subject of a CDEvent says.

use super::Told;
use super::names::{Artifact, change, item, referred};
use super::payload::Reference;
use crate::error::Result;
use crate::ingest::loose::{Object, Text};
use crate::ingest::{IngestOptions, check_key, id_part};
use crate::model::{Decision, Event, FlowState, Kind, Link, LinkKind, Outcome, TestCounts};

/// What became of a CDEvent.
pub(super) enum Said {
    /// The events, and what of the CDEvent was not used.
    Events(Vec<Event>, Vec<String>),
    /// The type is known, and the engine has no use for it.
    Nothing,
    Unknown,
}

pub(super) fn is_known(subject: &str) -> bool {
    matches!(
        subject,
        "approval"
            | "artifact"
            | "branch"
            | "build"
            | "change"
            | "deployment"
            | "environment"
            | "incident"
            | "pipelinerun"
            | "repository"
            | "service"
            | "taskrun"
            | "testcaserun"
            | "testoutput"
            | "testsuiterun"
            | "ticket"
    )
}

/// The order of what happened to a subject within one instant.
pub(super) fn step(predicate: &str) -> u8 {
    match predicate {
        "queued" => 1,
        "created" | "started" | "detected" | "packaged" => 2,
        "finished" | "skipped" | "merged" | "abandoned" | "resolved" | "closed" | "deleted" => 4,
        _ => 3,
    }
}

pub(super) fn say(told: &Told<'_>, options: &IngestOptions) -> Result<Said> {
    let mut telling = Telling::new(told, options);
    match (told.subject, told.predicate) {
        ("branch" | "repository", "created" | "modified" | "deleted")
        | ("artifact", "downloaded")
        | ("service", "published" | "removed")
        | ("testoutput", "published") => return Ok(Said::Nothing),
        ("change", "created" | "updated" | "reviewed" | "merged" | "abandoned") => telling.change()?,
        ("build" | "pipelinerun" | "taskrun", "queued" | "started" | "finished") => telling.run()?,
        ("artifact", "packaged" | "published" | "signed" | "deleted") => telling.artifact()?,
        ("testcaserun" | "testsuiterun", "queued" | "started" | "finished" | "skipped") => telling.test()?,
        ("environment", "created" | "modified" | "deleted") => telling.environment(),
        ("service", "deployed" | "upgraded" | "rolledback") => telling.service()?,
        ("deployment", "queued" | "started" | "finished") => telling.deployment()?,
        ("incident", "detected" | "reported" | "resolved") => telling.incident()?,
        ("ticket", "created" | "updated" | "closed") => telling.ticket(),
        ("approval", "created" | "updated" | "closed") => telling.approval()?,
        _ => return Ok(Said::Unknown),
    }
    let Telling { event, mut more, ignored, .. } = telling;
    more.insert(0, event);
    Ok(Said::Events(more, ignored))
}

struct Telling<'a> {
    told: &'a Told<'a>,
    options: &'a IngestOptions,
    event: Event,
    /// Events about other items that this one makes known.
    more: Vec<Event>,
    ignored: Vec<String>,
}

impl<'a> Telling<'a> {
    fn new(told: &'a Told<'a>, options: &'a IngestOptions) -> Telling<'a> {
        let about = item(told.subject, told.subject_source, told.subject_id);
        let mut event = Event::new("cdevents", &told.id, told.at, about);
        event.set.status = Some(told.predicate.to_owned());
        let mut telling = Telling { told, options, event, more: Vec::new(), ignored: Vec::new() };
        telling.attribute("context_id", &told.context.id);
        telling.attribute("chain_id", &told.context.chain_id);
        let linked = told.context.linked();
        if !linked.is_empty() {
            telling.event.set.attributes.insert("linked_to".into(), linked.join(" "));
        }
        let content = told.content;
        let url = if content.uri.get().is_some() { &content.uri } else { &content.url };
        telling.attribute("url", url);
        telling.attribute("errors", &content.errors);
        telling.attribute("reason", &content.reason);
        telling
    }

    fn attribute(&mut self, name: &str, value: &Text<'_>) {
        if let Some(value) = value.owned() {
            self.event.set.attributes.insert(name.into(), value);
        }
    }

    fn link(&mut self, kind: LinkKind, to: Option<String>) {
        // A subject that names itself says nothing.
        if let Some(to) = to.filter(|to| *to != self.event.item && !self.event.aliases.contains(to)) {
            self.event.links.push(Link::new(kind, to));
        }
    }

    fn refer(&self, subject: &str, field: &str, to: &Object<Reference<'_>>) -> Result<Option<String>> {
        referred(subject, field, to.0.as_ref(), self.told.source)
    }

    /// The application that the host declares.
    fn belongs(&mut self) {
        self.link(LinkKind::BelongsTo, self.options.application.clone());
    }

    fn change(&mut self) -> Result<()> {
        let told = self.told;
        self.event.kind = Some(Kind::Change);
        self.event.item = change(told.subject_source, told.subject_id);
        self.event.set.description = told.content.description.owned();
        self.event.set.state = match told.predicate {
            "created" => Some(FlowState::Active),
            "merged" => Some(FlowState::Done),
            "abandoned" => Some(FlowState::Cancelled),
            _ => None,
        };
        match told.predicate {
            "created" => self.event.set.starts_at = Some(told.at),
            "merged" | "abandoned" => self.event.set.ends_at = Some(told.at),
            _ => {}
        }
        if let Some(repository) = &told.content.repository.0 {
            self.attribute("repository", &repository.id);
        }
        self.belongs();
        Ok(())
    }

    /// Build, pipeline run and task run.
    fn run(&mut self) -> Result<()> {
        let (told, content) = (self.told, self.told.content);
        self.event.kind = Some(Kind::Build);
        self.event.set.title = content.pipeline_name.owned().or_else(|| content.task_name.owned());
        let mut outcome = self.progress();
        if let Some(name) = content.artifact_id.get().filter(|_| told.subject == "build") {
            let artifact = Artifact::read("subject.content.artifactId", name)?;
            if artifact.is_pinned() {
                self.event.aliases.push(artifact.item());
                self.event.aliases.extend(artifact.alias());
            }
            // A build doesn't say how it went, but what it made is there.
            if told.predicate == "finished" {
                outcome = outcome.or(Some(Outcome::Success));
            }
        }
        self.attribute("artifact", &content.artifact_id);
        self.result(outcome);
        let pipeline = self.refer("pipelinerun", "subject.content.pipelineRun", &content.pipeline_run)?;
        self.link(LinkKind::Relates, pipeline);
        self.belongs();
        Ok(())
    }

    /// Sets the times of something that is queued, started and finished; gives how it went so far.
    fn progress(&mut self) -> Option<Outcome> {
        let (at, outcome) = (self.told.at, &self.told.content.outcome);
        match self.told.predicate {
            "queued" => Some(Outcome::Running),
            "started" => {
                self.event.set.starts_at = Some(at);
                Some(Outcome::Running)
            }
            "skipped" => Some(Outcome::NotBuilt),
            _ => {
                self.event.set.ends_at = Some(at);
                match outcome.get().map(str::to_ascii_lowercase).as_deref() {
                    None => None,
                    Some("success" | "pass") => Some(Outcome::Success),
                    Some("failure" | "fail" | "error") => Some(Outcome::Failure),
                    Some("cancel") => Some(Outcome::Aborted),
                    Some(other) => {
                        self.ignored.push(format!("outcome: {}", id_part(other)));
                        None
                    }
                }
            }
        }
    }

    /// What has ended without a result is no longer running.
    fn result(&mut self, outcome: Option<Outcome>) {
        self.event.set.result = outcome;
        if outcome.is_none() {
            self.event.clear.push("result".into());
        }
    }

    fn artifact(&mut self) -> Result<()> {
        let (told, content) = (self.told, self.told.content);
        let artifact = Artifact::read("subject.id", told.subject_id)?;
        self.event.kind = Some(Kind::Build);
        self.event.item = artifact.item();
        self.event.aliases.extend(artifact.alias());
        self.event.set.attributes.insert("artifact".into(), artifact.name.to_owned());
        if matches!(told.predicate, "packaged" | "published") {
            self.event.set.result = Some(Outcome::Success);
        }
        if told.predicate == "packaged" {
            self.event.set.ends_at = Some(told.at);
            let change = self.refer("change", "subject.content.change", &content.change)?;
            self.link(LinkKind::BuiltFrom, change);
        }
        if let Some(sbom) = &content.sbom.0 {
            self.attribute("sbom", &sbom.uri);
        }
        self.attribute("signature", &content.signature);
        self.attribute("user", &content.user);
        self.belongs();
        Ok(())
    }

    fn test(&mut self) -> Result<()> {
        let content = self.told.content;
        self.event.kind = Some(Kind::TestRun);
        let what = content.test_case.0.as_ref().or(content.test_suite.0.as_ref());
        if let Some(what) = what {
            self.event.set.title = what.name.owned().or_else(|| what.id.owned());
            self.attribute("test_type", &what.kind);
        }
        let outcome = self.progress();
        self.result(outcome);
        if self.told.subject == "testcaserun" {
            self.event.set.tests = counts(outcome, content.outcome.get());
        }
        self.attribute("severity", &content.severity);
        if let Some(trigger) = &content.trigger.0 {
            self.attribute("trigger", &trigger.kind);
        }
        self.place()?;
        let suite = self.refer("testsuiterun", "subject.content.testSuiteRun", &content.test_suite_run)?;
        self.link(LinkKind::Relates, suite);
        self.belongs();
        Ok(())
    }

    /// Where a test ran, a deployment went, or an incident was.
    fn place(&mut self) -> Result<()> {
        let to = &self.told.content.environment;
        let environment = self.refer("environment", "subject.content.environment", to)?;
        let kind = match self.told.subject {
            "testcaserun" | "testsuiterun" => LinkKind::RanIn,
            "incident" => LinkKind::Relates,
            _ => LinkKind::DeployedTo,
        };
        self.link(kind, environment);
        Ok(())
    }

    fn environment(&mut self) {
        self.event.kind = Some(Kind::Environment);
        self.event.set.title = self.told.content.name.owned();
    }

    /// A service is what runs; that it was brought somewhere is the deployment, which has no id but the event's.
    fn service(&mut self) -> Result<()> {
        let told = self.told;
        let service = std::mem::replace(&mut self.event.item, format!("cdevents:{}", told.id));
        self.event.set.title = Some(told.subject_id.to_owned());
        self.event.set.ends_at = Some(told.at);
        self.event.set.attributes.insert("service".into(), told.subject_id.to_owned());
        self.deploys()?;
        self.event.set.result = Some(Outcome::Success);
        if self.options.application.is_some() {
            self.belongs();
        } else {
            let mut known = Event::new("cdevents", format!("{}/service", told.id), told.at, &service);
            known.kind = Some(Kind::Application);
            known.set.title = Some(told.subject_id.to_owned());
            self.more.push(known);
            self.link(LinkKind::BelongsTo, Some(service));
        }
        Ok(())
    }

    fn deployment(&mut self) -> Result<()> {
        let outcome = self.progress();
        self.result(outcome);
        self.deploys()?;
        self.belongs();
        Ok(())
    }

    fn deploys(&mut self) -> Result<()> {
        let content = self.told.content;
        self.event.kind = Some(Kind::Deployment);
        if let Some(name) = content.artifact_id.get() {
            let artifact = Artifact::read("subject.content.artifactId", name)?;
            self.link(LinkKind::Deploys, Some(artifact.item()));
            self.attribute("artifact", &content.artifact_id);
        }
        self.place()
    }

    fn incident(&mut self) -> Result<()> {
        let (told, content) = (self.told, self.told.content);
        self.event.kind = Some(Kind::Incident);
        self.event.set.description = content.description.owned();
        self.attribute("ticket", &content.ticket_uri);
        self.attribute("artifact", &content.artifact_id);
        if told.predicate == "resolved" {
            self.event.set.ends_at = Some(told.at);
            self.event.set.state = Some(FlowState::Done);
        } else {
            self.event.set.state = Some(FlowState::Active);
            if told.predicate == "detected" {
                self.event.set.starts_at = Some(told.at);
            }
            // What runs when it is over need not be what it was found in.
            if let Some(name) = content.artifact_id.get() {
                let artifact = Artifact::read("subject.content.artifactId", name)?;
                self.link(LinkKind::FoundIn, Some(artifact.item()));
            }
        }
        self.place()?;
        if self.options.application.is_some() {
            self.belongs();
        } else {
            let service = self.refer("service", "subject.content.service", &content.service)?;
            self.link(LinkKind::BelongsTo, service);
        }
        Ok(())
    }

    fn ticket(&mut self) {
        let (told, content) = (self.told, self.told.content);
        self.event.kind = match content.ticket_type.get().map(str::to_ascii_lowercase).as_deref() {
            Some("bug") => Some(Kind::Defect),
            Some("enhancement") => Some(Kind::Feature),
            Some("incident") => Some(Kind::Incident),
            None if told.predicate != "created" => None,
            _ => Some(Kind::Story),
        };
        self.event.set.title = content.summary.owned();
        self.event.set.priority = content.priority.owned();
        self.event.set.assignee = joined(&content.assignees.0);
        self.event.set.state = match (told.predicate, content.resolution.get()) {
            ("created", _) => Some(FlowState::New),
            ("closed", Some("withdrawn" | "duplicate")) => Some(FlowState::Cancelled),
            ("closed", _) => Some(FlowState::Done),
            _ => None,
        };
        if let Some(labels) = joined(&content.labels.0) {
            self.event.set.attributes.insert("labels".into(), labels);
        }
        self.attribute("ticket_type", &content.ticket_type);
        self.attribute("group", &content.group);
        self.attribute("creator", &content.creator);
        self.attribute("milestone", &content.milestone);
        self.attribute("resolution", &content.resolution);
        self.attribute("updated_by", &content.updated_by);
        self.belongs();
    }

    /// The 0.6 draft: an approval is asked for, answered once or more, and closed.
    fn approval(&mut self) -> Result<()> {
        let (told, content) = (self.told, self.told.content);
        self.event.kind = Some(Kind::Gate);
        self.attribute("url", &content.approval_details_url);
        self.attribute("resource", &content.resource_target_url);
        self.attribute("requestor", &content.requestor);
        self.attribute("responder", &content.responder);
        self.attribute("answer", &content.decision);
        // An address that is too long to be an id is still there for people to read.
        if let Some(resource) = content.resource_target_url.get()
            && let Ok(artifact) = Artifact::read("subject.content.resourceTargetUrl", resource)
        {
            let digest = artifact.digest.is_some();
            self.link(LinkKind::Gates, Some(if digest { artifact.item() } else { resource.to_owned() }));
        }
        match told.predicate {
            "created" => self.event.set.asked_at = Some(told.at),
            "closed" => self.close()?,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let (told, content) = (self.told, self.told.content);
        let status = content.status.get().map(str::to_ascii_lowercase);
        self.event.set.decision = match status.as_deref() {
            Some("approved") => Some(Decision::Approved),
            Some("rejected") => Some(Decision::Rejected),
            // Nobody decided; what had been decided before no longer holds.
            _ => None,
        };
        match status.as_deref() {
            Some("approved" | "rejected") => {}
            Some("cancelled") => self.event.set.state = Some(FlowState::Cancelled),
            Some("expired") => {}
            other => self.ignored.push(format!("approval status: {}", id_part(other.unwrap_or("none")))),
        }
        self.event.set.status = status.or_else(|| self.event.set.status.take());
        if self.event.set.decision.is_none() {
            self.event.clear.push("decision".into());
        } else if let Some(responder) = content.responder.get() {
            check_key("subject.content.responder", Some(responder))?;
            let who = format!("cdevents:responder:{responder}");
            let mut known = Event::new("cdevents", format!("{}/responder", told.id), told.at, &who);
            known.kind = Some(Kind::Stakeholder);
            known.set.title = Some(responder.to_owned());
            self.more.push(known);
            self.link(LinkKind::DecidedBy, Some(who));
        }
        Ok(())
    }
}

/// The counts of a run of a single test.
fn counts(result: Option<Outcome>, word: Option<&str>) -> Option<TestCounts> {
    let one = TestCounts { tests: 1, ..TestCounts::default() };
    match result? {
        Outcome::Success => Some(TestCounts { passed: 1, ..one }),
        Outcome::Failure if word.is_some_and(|word| word.eq_ignore_ascii_case("error")) => {
            Some(TestCounts { errors: 1, ..one })
        }
        Outcome::Failure => Some(TestCounts { failed: 1, ..one }),
        Outcome::NotBuilt => Some(TestCounts { skipped: 1, ..one }),
        _ => None,
    }
}

fn joined(texts: &[Text<'_>]) -> Option<String> {
    let texts: Vec<&str> = texts.iter().filter_map(Text::get).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}
