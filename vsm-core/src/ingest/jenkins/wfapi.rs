//! Pipeline runs with their stages and inputs, as the API of the stage view gives them.
//!
//! **A run** (`<run>/wfapi/describe`, or the list of `<job>/wfapi/runs`):
//!
//! | field | event |
//! |---|---|
//! | path in `_links.self.href` | item `jenkins:<job>#<number>`, kind build |
//! | `startTimeMillis`, `endTimeMillis` | `starts_at`; `ends_at` once it is over: before, it is the time of the call |
//! | `status` | SUCCESS, FAILED, UNSTABLE, ABORTED, NOT_EXECUTED; IN_PROGRESS and PAUSED_PENDING_INPUT are running; any other is counted in `ignored` |
//! | `stages[]` | as below |
//!
//! **A stage**, in a run or by itself (`<run>/execution/node/<id>/wfapi/describe`), is no item: nobody plans or ships a
//! stage. It is told as attribute `stage.<name>` = its status of the build, at its start while it runs and at its end
//! when it is over. A stage that deploys, by the option `deploy_stages`, is a deployment beside: with its times and
//! result, of this build. One that did not run is counted in `ignored`.
//!
//! **A gate** `jenkins:<run>/gate/<stage>` is where a stage waits for an input, one for each stage:
//!
//! | field | event |
//! |---|---|
//! | `status` PAUSED_PENDING_INPUT | `asked_at` = `startTimeMillis` + `durationMillis` - `pauseDurationMillis`, no decision yet |
//! | a `pauseDurationMillis` of a stage that goes on or is over | decision approved, dated `startTimeMillis` + `pauseDurationMillis`: the earliest that it can have been |
//! | ABORTED, or an error of the type `FlowInterruptedException`, after a pause | decision rejected; what waited was not deployed |
//! | a step in `stageFlowNodes` that waits or waited | both times to the millisecond, instead of the two above |
//!
//! A run that waits and tells no waiting stage has the gate `jenkins:<run>/gate/run`. A gate is linked to the build
//! (`gates`), and to what the option `gates` says of the job. Who decided is not told.
//!
//! **An input** (`<run>/wfapi/pendingInputActions`): `id` and `message`, and the run in the path of `abortUrl` or
//! `proceedUrl`. It tells neither stage nor time. Read in one text with a description of the same run, as JSON Lines, it
//! gives the run's waiting gate its title, and its id as an alias, where there is one gate and one input. By itself it
//! is a gate `jenkins:<run>/input/<id>` that is waiting when the data were fetched, so the option `recorded_at` is
//! needed; read the two together, or a gate may be listed twice.

use serde::Deserialize;

use super::super::loose::{List, Object, Scalar, Text};
use super::super::{Reject, check_key, id_part};
use super::names::{RunId, instant};
use super::{Reader, Record};
use crate::error::{Error, Result};
use crate::model::{Decision, Event, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

const PAUSED: &str = "PAUSED_PENDING_INPUT";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Links<'a> {
    #[serde(borrow, rename = "self")]
    pub(super) own: Object<Href<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Href<'a> {
    #[serde(borrow)]
    pub(super) href: Text<'a>,
}

/// What broke a stage.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Failed<'a> {
    #[serde(borrow, rename = "type")]
    class: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Stage<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    start_time_millis: Scalar<'a>,
    #[serde(borrow)]
    duration_millis: Scalar<'a>,
    #[serde(borrow)]
    pause_duration_millis: Scalar<'a>,
    #[serde(borrow)]
    error: Object<Failed<'a>>,
    #[serde(borrow)]
    stage_flow_nodes: List<Object<Step<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Step<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    start_time_millis: Scalar<'a>,
    #[serde(borrow)]
    pause_duration_millis: Scalar<'a>,
}

/// A stage, wherever it stands.
struct Seen<'s, 'a> {
    id: Option<&'s str>,
    name: Option<&'s str>,
    status: Option<&'s str>,
    start: &'s Scalar<'a>,
    duration: &'s Scalar<'a>,
    pause: &'s Scalar<'a>,
    interrupted: bool,
    steps: &'s [Object<Step<'a>>],
}

/// A gate that is waited at.
pub(super) struct Asked {
    run: RunId,
    gate: String,
    at: Instant,
}

/// An input that is waited for.
pub(super) struct Pending {
    position: u64,
    run: RunId,
    id: String,
    message: Option<String>,
}

/// What is known of the decision at a stage's gate.
enum Gate {
    Waits(Instant),
    Decided { asked: Option<Instant>, at: Instant, decision: Decision },
}

impl Reader<'_> {
    /// A job, a run or a stage, by its path.
    pub(super) fn described(&mut self, record: &Record<'_>, href: &str, position: u64) -> Result<()> {
        let path = href.split(['?', '#']).next().unwrap_or(href).trim_end_matches('/');
        let path = path.strip_suffix("/wfapi/describe").unwrap_or(path);
        if let Some((path, node)) = path.split_once("/execution/node/") {
            let run = RunId::of_url("_links.self.href", path)?;
            let stage = Seen {
                id: record.id.get().or(Some(node)),
                name: record.name.get(),
                status: record.status.get(),
                start: &record.start_time_millis,
                duration: &record.duration_millis,
                pause: &record.pause_duration_millis,
                interrupted: interrupted(&record.error),
                steps: &record.stage_flow_nodes.0,
            };
            return self.stage(&run, &stage);
        }
        if record.start_time_millis == Scalar::Absent && record.status.get().is_none() {
            self.out.count("job without builds");
            return Ok(());
        }
        let run = RunId::of_url("_links.self.href", path)?;
        self.run(record, &run)?;
        let mut stages = record.stages.0.iter().filter_map(|stage| stage.0.as_ref());
        for stage in stages.clone() {
            if let Err(error) = self.stage(&run, &stage.seen()) {
                let name =
                    format!("{} {}", run.key(), stage.name.get().or(stage.id.get()).unwrap_or("stage"));
                self.out.rejects.push(Reject::new(position, Some(&name), &error));
            }
        }
        let waits = record.status.get() == Some(PAUSED);
        if waits && !stages.any(|stage| stage.status.get() == Some(PAUSED)) {
            let start = millis("startTimeMillis", &record.start_time_millis)?;
            let asked = before_pause(start, &record.duration_millis, &record.pause_duration_millis)?;
            self.gate(&run, "run", None, Gate::Waits(asked));
        }
        Ok(())
    }

    fn run(&mut self, record: &Record<'_>, run: &RunId) -> Result<()> {
        let start = millis("startTimeMillis", &record.start_time_millis)?;
        let starts_at = instant("startTimeMillis", Some(start))?;
        let status = record.status.get().ok_or_else(|| Error::invalid("status", "is missing"))?;
        let running = matches!(status, "IN_PROGRESS" | PAUSED);
        let end = record.end_time_millis.int().filter(|end| *end != 0);
        let ends_at = match end.or_else(|| start.checked_add(record.duration_millis.int()?)) {
            _ if running => None,
            Some(end) if end < start => {
                self.out.count("end before the start");
                None
            }
            Some(end) => Some(instant("endTimeMillis", Some(end))?),
            None => None,
        };
        let at = ends_at.unwrap_or(starts_at);
        let stage = if running { "running" } else { "finished" };
        let mut event = Event::new("jenkins", format!("{}/pipeline/{stage}@{at}", run.key()), at, run.item());
        event.kind = Some(Kind::Build);
        event.set.starts_at = Some(starts_at);
        event.set.ends_at = ends_at;
        event.set.result = self.status(status);
        self.ran(run, event, Vec::new());
        Ok(())
    }

    fn status(&mut self, word: &str) -> Option<Outcome> {
        match word {
            "SUCCESS" => Some(Outcome::Success),
            "FAILED" | "FAILURE" => Some(Outcome::Failure),
            "UNSTABLE" => Some(Outcome::Unstable),
            "ABORTED" => Some(Outcome::Aborted),
            "NOT_EXECUTED" | "SKIPPED" => Some(Outcome::NotBuilt),
            "IN_PROGRESS" | PAUSED => Some(Outcome::Running),
            other => {
                self.out.count(format!("status: {}", id_part(other)));
                None
            }
        }
    }

    fn stage(&mut self, run: &RunId, stage: &Seen<'_, '_>) -> Result<()> {
        check_key("id", stage.id)?;
        let id = id_part(stage.id.unwrap_or_default());
        let name = stage.name.unwrap_or(&id);
        let status = stage.status.ok_or_else(|| Error::invalid("status", "is missing"))?;
        let result = self.status(status);
        let start = millis("startTimeMillis", stage.start)?;
        if result == Some(Outcome::NotBuilt) || start == 0 {
            self.out.count("stage that did not run");
            return Ok(());
        }
        let starts_at = instant("startTimeMillis", Some(start))?;
        let running = result == Some(Outcome::Running);
        let took = stage.duration.int().unwrap_or_default().max(0);
        let over = instant("durationMillis", start.checked_add(took))?;
        let ends_at = (!running).then_some(over);
        let gate = stage.gate(start, ends_at)?;

        let at = match (&gate, ends_at) {
            (Some(Gate::Waits(asked)), _) => *asked,
            (_, Some(end)) => end,
            _ => starts_at,
        };
        let key = run.key();
        let mut told =
            Event::new("jenkins", format!("{key}/stage/{id}/{}@{at}", id_part(status)), at, run.item());
        told.kind = Some(Kind::Build);
        told.set.attributes.insert(format!("stage.{}", id_part(name)), status.to_owned());
        self.out.events.push(told);

        let rejected = matches!(gate, Some(Gate::Decided { decision: Decision::Rejected, .. }));
        let waits = matches!(gate, Some(Gate::Waits(_)));
        if let Some(gate) = gate {
            self.gate(run, &id, Some(name), gate);
        }
        if let Some(said) = self.deploy_stages.say(name)
            && let Some(result) = result
            && !(waits || rejected)
        {
            let word = if running { "running" } else { "finished" };
            let event_id = format!("{key}/stage/{id}/deployment/{word}@{at}");
            let mut event = Event::new("jenkins", event_id, at, format!("{}/stage/{id}", run.item()));
            event.kind = Some(Kind::Deployment);
            event.set.title = Some(name.to_owned());
            event.set.starts_at = Some(starts_at);
            event.set.ends_at = ends_at;
            event.set.result = Some(result);
            event.links.push(Link::new(LinkKind::Deploys, run.item()));
            event.links.push(Link::new(LinkKind::DeployedTo, said.value));
            let application = self.application(&run.job, said.application);
            event.links.extend(application.map(|application| Link::new(LinkKind::BelongsTo, application)));
            self.out.events.push(event);
        }
        Ok(())
    }

    fn gate(&mut self, run: &RunId, id: &str, name: Option<&str>, gate: Gate) {
        let key = format!("{}/gate/{id}", run.key());
        let item = format!("jenkins:{key}");
        let (word, at) = match &gate {
            Gate::Waits(at) => ("asked", *at),
            Gate::Decided { at, decision, .. } => (decision.as_str(), *at),
        };
        let mut event = self.gate_event(run, format!("{key}/{word}@{at}"), at, item.clone());
        event.set.title = name.map(str::to_owned);
        match gate {
            Gate::Waits(at) => {
                event.set.asked_at = Some(at);
                self.asked.push(Asked { run: run.clone(), gate: item, at });
            }
            Gate::Decided { asked, decision, .. } => {
                event.set.asked_at = asked;
                event.set.decision = Some(decision);
            }
        }
        self.out.events.push(event);
    }

    /// An event of a gate of a run, with what it hangs on.
    fn gate_event(&self, run: &RunId, id: String, at: Instant, item: String) -> Event {
        let mut event = Event::new("jenkins", id, at, item);
        event.kind = Some(Kind::Gate);
        event.links.push(Link::new(LinkKind::Gates, run.item()));
        let gated = self.gates.say(&run.job);
        event.links.extend(gated.map(|said| Link::new(LinkKind::Gates, said.value)));
        let application = self.application(&run.job, None);
        event.links.extend(application.map(|application| Link::new(LinkKind::BelongsTo, application)));
        event
    }

    /// Keeps an input until all records are read.
    pub(super) fn pending(&mut self, record: &Record<'_>, position: u64) -> Result<()> {
        check_key("id", record.id.get())?;
        let paths = [&record.abort_url, &record.proceed_url];
        let run = paths.into_iter().filter_map(|url| {
            let url = url.get()?;
            let (run, _) = url.rsplit_once("/input/").or_else(|| url.split_once("/wfapi/"))?;
            RunId::of_url("abortUrl", run).ok()
        });
        let run = run.into_iter().next().ok_or_else(|| {
            Error::invalid("abortUrl", "is no path of an input such as /job/name/31/input/id/abort")
        })?;
        let id = id_part(record.id.get().unwrap_or_default());
        self.pending.push(Pending { position, run, id, message: record.message.owned() });
        Ok(())
    }

    /// Brings inputs and waiting gates of the same run together.
    pub(super) fn inputs(&mut self) {
        let (asked, pending) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.pending));
        for input in &pending {
            let mut gates = asked.iter().filter(|asked| asked.run == input.run);
            let gate = gates.next().filter(|first| gates.all(|other| other.gate == first.gate));
            let alone = !pending.iter().any(|other| other.run == input.run && other.id != input.id);
            let alias = format!("{}/input/{}", input.run.item(), input.id);
            let mut event = match (gate.filter(|_| alone), self.options.recorded_at) {
                (Some(gate), _) => {
                    let key = gate.gate.strip_prefix("jenkins:").unwrap_or(&gate.gate);
                    let id = format!("{key}/input/{}@{}", input.id, gate.at);
                    let mut event = self.gate_event(&input.run, id, gate.at, gate.gate.clone());
                    event.aliases.push(alias);
                    event
                }
                (None, Some(at)) => {
                    let id = format!("{}/input/{}@{at}", input.run.key(), input.id);
                    self.gate_event(&input.run, id, at, alias)
                }
                (None, None) => {
                    let error = Error::invalid(
                        "recorded_at",
                        "an input has no time of its own: say when it was fetched, or read it with its run",
                    );
                    let name = format!("{} {}", input.run.key(), input.id);
                    self.out.rejects.push(Reject::new(input.position, Some(&name), &error));
                    continue;
                }
            };
            event.set.title = input.message.clone();
            self.out.events.push(event);
        }
    }
}

impl<'a> Stage<'a> {
    fn seen(&self) -> Seen<'_, 'a> {
        Seen {
            id: self.id.get(),
            name: self.name.get(),
            status: self.status.get(),
            start: &self.start_time_millis,
            duration: &self.duration_millis,
            pause: &self.pause_duration_millis,
            interrupted: interrupted(&self.error),
            steps: &self.stage_flow_nodes.0,
        }
    }
}

impl Seen<'_, '_> {
    /// What the stage says of a gate; none where it never waited.
    fn gate(&self, start: i64, ends_at: Option<Instant>) -> Result<Option<Gate>> {
        let mut steps = self.steps.iter().filter_map(|step| step.0.as_ref());
        let step = steps.rfind(|step| step.status.get() == Some(PAUSED) || step.pause() > 0);
        let asked = step.and_then(|step| step.start_time_millis.int()).filter(|start| *start > 0);
        let exact = asked.map(|asked| instant("stageFlowNodes.startTimeMillis", Some(asked))).transpose()?;
        if self.status == Some(PAUSED) {
            let asked = match exact {
                Some(asked) => asked,
                None => before_pause(start, self.duration, self.pause)?,
            };
            return Ok(Some(Gate::Waits(asked)));
        }
        let pause = step.map_or(self.pause.int().unwrap_or_default(), Step::pause);
        if pause <= 0 {
            return Ok(None);
        }
        let decided = instant("pauseDurationMillis", asked.unwrap_or(start).checked_add(pause))?;
        let at = ends_at.map_or(decided, |end| decided.min(end));
        let stopped = matches!(step.and_then(|step| step.status.get()), Some("ABORTED" | "FAILED"));
        let rejected = stopped || self.status == Some("ABORTED") || self.interrupted;
        let decision = if rejected { Decision::Rejected } else { Decision::Approved };
        Ok(Some(Gate::Decided { asked: exact.filter(|asked| *asked <= at), at, decision }))
    }
}

impl Step<'_> {
    fn pause(&self) -> i64 {
        self.pause_duration_millis.int().unwrap_or_default()
    }
}

/// Jenkins stops a step that way when somebody aborts its input.
fn interrupted(error: &Object<Failed<'_>>) -> bool {
    let class = error.0.as_ref().and_then(|error| error.class.get());
    class.is_some_and(|class| class.ends_with("FlowInterruptedException"))
}

/// When a pause that still goes on began: both durations grow with it.
fn before_pause(start: i64, duration: &Scalar<'_>, pause: &Scalar<'_>) -> Result<Instant> {
    let worked = duration.int().unwrap_or_default().saturating_sub(pause.int().unwrap_or_default().max(0));
    instant("durationMillis", start.checked_add(worked.max(0)))
}

fn millis(field: &str, stamp: &Scalar<'_>) -> Result<i64> {
    stamp.int().ok_or_else(|| Error::invalid(field, "is missing or not a number"))
}
