//! What somebody would do to meet an unmet fact, and no more.

use vsm_core::{
    Blackout, Booking, Condition, Decision, Event, FlowState, Kind, Link, LinkKind, Outcome, Readiness,
    ReleaseState, Unmet, ValueStream,
};

use crate::world::{at, now};

/// Applies the events that meet one fact of an answer.
pub fn meet(stream: &mut ValueStream, answer: &Readiness, fact: &Unmet, number: usize) {
    let mut events = Vec::new();
    let mut say = |item: &str, kind: Option<Kind>, fill: &mut dyn FnMut(&mut Event)| {
        let mut event = Event::new("meet", format!("{number}/{}", events.len()), now(), item);
        event.kind = kind;
        fill(&mut event);
        events.push(event);
    };
    // The release at fault: the fact's own, that it comes through, or the one asked about.
    let release = fact.through.clone().unwrap_or_else(|| answer.item.clone());
    let before = match fact.stage.as_str() {
        "system_test" => None,
        "user_acceptance" => Some("system_test"),
        "pre_production" => Some("user_acceptance"),
        _ => Some("pre_production"),
    };
    let says = |code: &str| fact.messages.iter().any(|message| message.code.starts_with(code));
    match fact.condition {
        Condition::ScopeDone
        | Condition::NoBlockingDefect
        | Condition::ActivityDone
        | Condition::PhaseDone => {
            say(&fact.item, None, &mut |event| event.set.state = Some(FlowState::Done));
        }
        Condition::ReleaseActive => {
            say(&fact.item, None, &mut |event| event.set.lifecycle = Some(ReleaseState::InProgress));
        }
        Condition::CriterionMet
            if stream.item(&fact.item).unwrap().fields.decision == Some(Decision::Rejected) =>
        {
            let who = |id: &str, kind| {
                let links = stream.links(id).unwrap().into_iter();
                links.filter(|link| link.from == id && link.kind == kind).map(|link| link.to).next()
            };
            let whole = who(&fact.item, LinkKind::Parent).unwrap();
            let entitled = [fact.item.as_str(), whole.as_str()]
                .into_iter()
                .find_map(|id| who(id, LinkKind::Approver).or_else(|| who(id, LinkKind::Accountable)));
            say(&fact.item, None, &mut |event| {
                event.set.decision = Some(Decision::Approved);
                event.links.extend(entitled.iter().map(|who| Link::new(LinkKind::DecidedBy, who.as_str())));
            });
        }
        Condition::CriterionMet => {
            say(&format!("meet:evidence/{number}"), Some(Kind::Evidence), &mut |event| {
                event.set.result = Some(Outcome::Success);
                event.links.push(Link::new(LinkKind::Satisfies, fact.item.as_str()));
            });
        }
        Condition::HasScope => {
            // Nothing to do is a scope too: one item that is done, and in whatever build there is.
            let builds = candidates(stream, &release);
            say("meet:nothing", Some(Kind::Story), &mut |event| {
                event.set.state = Some(FlowState::Done);
                event.links.push(Link::new(LinkKind::ShipsIn, release.as_str()));
            });
            for build in builds {
                say(&build, None, &mut |event| {
                    event.links.push(Link::new(LinkKind::Contains, "meet:nothing"))
                });
            }
        }
        Condition::HasBuild => {
            let leaves = stream
                .scope(&vsm_core::ScopeQuery { release: release.clone(), at: now() })
                .map(|scope| scope.current)
                .unwrap_or_default();
            let build = format!("meet:build/{release}");
            let own = stream.links(&release).unwrap();
            let application =
                own.into_iter().find(|link| link.kind == LinkKind::BelongsTo).map(|link| link.to);
            say(&build, Some(Kind::Build), &mut |event| {
                event.set.result = Some(Outcome::Success);
                event
                    .links
                    .extend(application.iter().map(|app| Link::new(LinkKind::BelongsTo, app.as_str())));
                event.links.push(Link::new(LinkKind::Candidate, release.as_str()));
                event.links.push(Link::new(LinkKind::Contains, "meet:nothing"));
                event.links.extend(leaves.iter().map(|leaf| Link::new(LinkKind::Contains, leaf.as_str())));
            });
            tested(&build, before, &mut say);
            // The fact asks for a build that is where it is needed.
            for place in environments(stream, &fact.stage) {
                deployed(&build, &place, &mut say);
            }
        }
        Condition::InBuild => {
            let mut builds = candidates(stream, &release);
            if builds.is_empty() {
                let build = format!("meet:build/{}", fact.item);
                say(&build, Some(Kind::Build), &mut |event| event.set.result = Some(Outcome::Success));
                tested(&build, before, &mut say);
                builds.push(build);
            }
            for build in builds {
                say(&build, None, &mut |event| {
                    event.links.push(Link::new(LinkKind::Contains, fact.item.as_str()))
                });
            }
        }
        Condition::BuildSucceeded => {
            say(&fact.item, None, &mut |event| event.set.result = Some(Outcome::Success));
        }
        Condition::TestsPassed => {
            // The item is the run that failed, or the build that nobody tested.
            if stream.item(&fact.item).unwrap().kind == Some(Kind::TestRun) {
                let build =
                    stream.links(&fact.item).unwrap().into_iter().find(|link| link.kind == LinkKind::Tests);
                let failed: Vec<String> = stream
                    .links(&build.unwrap().to)
                    .unwrap()
                    .into_iter()
                    .filter(|link| link.kind == LinkKind::Tests)
                    .map(|link| link.from)
                    .collect();
                for run in failed {
                    say(&run, None, &mut |event| event.set.result = Some(Outcome::Success));
                }
            } else {
                tested(&fact.item, before, &mut say);
            }
        }
        Condition::GatePassed => {
            let links = stream.links(&fact.item).unwrap();
            let may = |kind| matches!(kind, LinkKind::Approver | LinkKind::Accountable);
            let entitled = links.into_iter().find(|link| may(link.kind)).map(|link| link.to);
            say(&fact.item, None, &mut |event| {
                event.set.decision = Some(Decision::Approved);
                event.links.extend(entitled.iter().map(|who| Link::new(LinkKind::DecidedBy, who.as_str())));
            });
        }
        Condition::EnvironmentBooked if says("booking_in_blackout") => {
            moved(&fact.item, number, &mut say);
            if says("and_not_approved") {
                say(&fact.item, None, &mut |event| event.set.booking = Some(Booking::Approved));
            }
        }
        Condition::EnvironmentBooked => {
            if stream.item(&fact.item).unwrap().kind == Some(Kind::Booking) {
                say(&fact.item, None, &mut |event| event.set.booking = Some(Booking::Approved));
            } else {
                say(&format!("meet:booking/{number}"), Some(Kind::Booking), &mut |event| {
                    event.set.booking = Some(Booking::Approved);
                    event.set.starts_at = Some(at(24 * (1000 + 2 * number)));
                    event.set.ends_at = Some(at(24 * (1001 + 2 * number)));
                    event.links.push(Link::new(LinkKind::Books, fact.item.as_str()));
                    event.links.push(Link::new(LinkKind::BookedFor, release.as_str()));
                });
            }
        }
        Condition::NoBookingConflict => moved(&fact.item, number, &mut say),
        Condition::EnvironmentVersion => {
            for build in candidates(stream, &release) {
                deployed(&build, &fact.item, &mut say);
            }
        }
        Condition::NoBlackout => {
            // Let through, and no more: whoever books meanwhile is still kept out.
            let mut calendar = stream.item(&fact.item).unwrap().fields.calendar.unwrap();
            let covers = |blackout: &&mut Blackout| Some(blackout.end) == fact.earliest;
            for blackout in calendar.blackouts.iter_mut().filter(covers) {
                blackout.category = Some("environment booking".into());
            }
            say(&fact.item, None, &mut |event| event.set.calendar = Some(calendar.clone()));
        }
        Condition::RuleMet => unreachable!("what a rule asks for depends on the rule"),
    }
    let report = stream.apply_batch(events);
    assert_eq!(report.refused, [], "{fact:?}");
}

type Say<'a> = &'a mut dyn FnMut(&str, Option<Kind>, &mut dyn FnMut(&mut Event));

fn tested(build: &str, stage: Option<&str>, say: Say<'_>) {
    let place = stage.map(|stage| format!("meet:env/{stage}"));
    if let (Some(place), Some(stage)) = (&place, stage) {
        say(place, Some(Kind::Environment), &mut |event| event.set.stage = Some(stage.into()));
    }
    say(&format!("meet:run/{build}/{}", stage.unwrap_or("")), Some(Kind::TestRun), &mut |event| {
        event.set.result = Some(Outcome::Success);
        event.links.push(Link::new(LinkKind::Tests, build));
        event.links.extend(place.iter().map(|place| Link::new(LinkKind::RanIn, place.as_str())));
    });
}

/// A booking, to where nobody else is and nothing is closed.
fn moved(booking: &str, number: usize, say: Say<'_>) {
    say(booking, None, &mut |event| {
        event.set.starts_at = Some(at(24 * (2000 + 2 * number)));
        event.set.ends_at = Some(at(24 * (2001 + 2 * number)));
    });
}

fn deployed(build: &str, place: &str, say: Say<'_>) {
    say(&format!("meet:deployment/{build}/{place}"), Some(Kind::Deployment), &mut |event| {
        event.set.result = Some(Outcome::Success);
        event.set.ends_at = Some(now());
        event.links.push(Link::new(LinkKind::Deploys, build));
        event.links.push(Link::new(LinkKind::DeployedTo, place));
    });
}

/// The builds that count as a release's candidates: of each application the one that was finished last.
fn candidates(stream: &ValueStream, release: &str) -> Vec<String> {
    let links = stream.links(release).unwrap();
    let mut builds: Vec<(Option<String>, vsm_core::Instant, String)> = links
        .into_iter()
        .filter(|link| link.kind == LinkKind::Candidate)
        .map(|link| {
            let own = stream.links(&link.from).unwrap();
            let application =
                own.into_iter().find(|link| link.kind == LinkKind::BelongsTo).map(|link| link.to);
            let history = stream.history(&link.from).unwrap();
            let finished = history.iter().rfind(|event| event.set.result.is_some()).unwrap().occurred_at;
            (application, finished, link.from)
        })
        .collect();
    builds.sort();
    let mut last: Vec<(Option<String>, vsm_core::Instant, String)> = Vec::new();
    for build in builds.into_iter().rev() {
        if last.iter().all(|kept| kept.0 != build.0) {
            last.push(build);
        }
    }
    last.into_iter().map(|(_, _, id)| id).collect()
}

fn environments(stream: &ValueStream, stage: &str) -> Vec<String> {
    let all = stream.items(Some(Kind::Environment)).into_iter();
    all.filter(|id| stream.item(id).unwrap().fields.stage.as_deref() == Some(stage)).collect()
}
