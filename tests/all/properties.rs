//! What holds for every portfolio.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use vsm_core::{
    Applied, CriticalPathQuery, DataQualityQuery, Dependency, Event, FlowQuery, GateLatenessQuery, Instant,
    Kind, Link, LinkKind, OutlookQuery, ReadinessQuery, ReleaseDatesQuery, ScopeQuery, TransitionsQuery,
    ValueStream, VerdictQuery,
};

use crate::meet::meet;
use crate::world::{World, at, now};

const STAGES: [&str; 4] = ["system_test", "user_acceptance", "pre_production", "production"];

fn stream_of(events: impl IntoIterator<Item = Event>) -> ValueStream {
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(events);
    assert_eq!(report.refused, [], "a world is built so that nothing is refused");
    stream
}

/// Every answer there is, each as JSON.
fn answers(stream: &ValueStream) -> Vec<String> {
    let mut all = Vec::new();
    for stage in STAGES {
        let query = VerdictQuery { stage: Some(stage.into()), ..VerdictQuery::new(now()) };
        all.push(serde_json::to_value(stream.verdicts(&query).unwrap()));
    }
    for id in stream.items(None) {
        all.push(serde_json::to_value(stream.item(&id).unwrap()));
        all.push(serde_json::to_value(stream.links(&id).unwrap()));
        all.push(serde_json::to_value(stream.trace(&id).unwrap()));
        all.push(serde_json::to_value(stream.critical_path(&CriticalPathQuery::new(&id, now())).unwrap()));
        if stream.item(&id).unwrap().kind == Some(Kind::Release) {
            all.push(serde_json::to_value(
                stream.scope(&ScopeQuery { release: id.clone(), at: now() }).unwrap(),
            ));
            all.push(serde_json::to_value(stream.transitions(&TransitionsQuery::new(&id)).unwrap()));
            all.push(serde_json::to_value(stream.readiness(&ReadinessQuery::new(&id, now())).unwrap()));
            all.push(serde_json::to_value(
                stream.outlook(&OutlookQuery::new(&id, now(), "Europe/Zurich")).unwrap(),
            ));
        }
    }
    all.push(serde_json::to_value(stream.gate_lateness(&GateLatenessQuery::new(now())).unwrap()));
    all.push(serde_json::to_value(stream.coverage()));
    all.push(serde_json::to_value(stream.data_quality(&DataQualityQuery::new(now())).unwrap()));
    all.push(serde_json::to_value(stream.flow_metrics(&FlowQuery::new(at(0), now(), "UTC")).unwrap()));
    all.into_iter().map(|value| value.unwrap().to_string()).collect()
}

/// Compares two sets of answers; names only the first that differs, the whole is long.
fn same(one: &ValueStream, two: &ValueStream) -> Result<(), TestCaseError> {
    let (one, two) = (answers(one), answers(two));
    prop_assert_eq!(one.len(), two.len());
    for (one, two) in one.iter().zip(&two) {
        prop_assert_eq!(one, two);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrival_order_does_not_matter(seed: u64, other: u64) {
        let world = World::new(seed);
        same(&stream_of(world.events.clone()), &stream_of(world.shuffled(other)))?;
    }

    #[test]
    fn a_second_name_may_become_known_at_any_time(seed: u64, other: u64) {
        let mut world = World::new(seed);
        world.name_twice();
        same(&stream_of(world.events.clone()), &stream_of(world.shuffled(other)))?;
    }

    #[test]
    fn the_verdicts_of_all_are_the_verdicts_of_each(seed: u64) {
        let stream = stream_of(World::new(seed).events);
        for stage in STAGES {
            let query = VerdictQuery { stage: Some(stage.into()), ..VerdictQuery::new(now()) };
            for verdict in stream.verdicts(&query).unwrap().items {
                let one = ReadinessQuery { stage: Some(stage.into()), ..ReadinessQuery::new(&verdict.item, now()) };
                let one = stream.readiness(&one).unwrap();
                prop_assert_eq!(one.verdict, verdict.verdict, "{} for {}: {:?}", verdict.item, stage, one.unmet);
            }
        }
    }

    #[test]
    fn meeting_exactly_the_unmet_facts_makes_it_ready(seed: u64, stage in 0..4usize) {
        let stream = stream_of(World::new(seed).events);
        for id in stream.items(None) {
            let kind = stream.item(&id).unwrap().kind;
            if !kind.is_some_and(|kind| kind == Kind::Release || kind.is_work()) {
                continue;
            }
            let query = ReadinessQuery { stage: Some(STAGES[stage].into()), ..ReadinessQuery::new(&id, now()) };
            let before = stream.readiness(&query).unwrap();
            let mut met = stream.clone();
            for (n, fact) in before.unmet.iter().enumerate() {
                meet(&mut met, &before, fact, n);
            }
            let after = met.readiness(&query).unwrap();
            prop_assert!(after.unmet.is_empty(), "{id} for {}: {:#?}\nbefore {:#?}", STAGES[stage], after.unmet, before.unmet);
            // Leaving out the first, a middle or the last one leaves it not ready.
            for left_out in [0, before.unmet.len() / 2, before.unmet.len().saturating_sub(1)] {
                let Some(fact) = before.unmet.get(left_out) else { continue };
                let mut met = stream.clone();
                for (n, other) in before.unmet.iter().enumerate().filter(|(n, _)| *n != left_out) {
                    meet(&mut met, &before, other, n);
                }
                let after = met.readiness(&query).unwrap();
                prop_assert!(
                    !after.unmet.is_empty(),
                    "{id} for {} is ready without meeting {fact:#?}", STAGES[stage]
                );
            }
        }
    }

    #[test]
    fn a_view_of_the_past_is_a_replay_of_what_was_known(seed: u64, hours in 0..480usize) {
        let mut world = World::new(seed);
        for (n, event) in world.events.iter_mut().enumerate() {
            event.recorded_at = Some(Instant::from_millis(event.occurred_at.millis() + (n as i64 % 7) * 86_400_000).unwrap());
        }
        let (occurred, recorded) = (at(hours), at(hours + 24));
        let past = stream_of(world.events.clone()).as_of(occurred, recorded);
        let known = world.events.iter().filter(|e| e.occurred_at <= occurred && e.recorded_at.unwrap() <= recorded);
        let replay = stream_of(known.cloned());
        prop_assert_eq!(past.items(None), replay.items(None));
        same(&past, &replay)?;
    }

    #[test]
    fn a_snapshot_comes_back_to_the_byte(seed: u64) {
        let mut world = World::new(seed);
        world.name_twice();
        let stream = stream_of(world.events);
        let text = stream.to_snapshot();
        let again = ValueStream::from_snapshot(text.as_bytes()).unwrap();
        prop_assert_eq!(&again.to_snapshot(), &text);
        same(&again, &stream)?;
    }

    #[test]
    fn links_are_refused_exactly_when_they_close_a_cycle(links in prop::collection::vec((0..12u8, 0..12u8, 0..3u8), 0..60)) {
        let mut stream = ValueStream::new();
        let mut needs: Vec<(u8, u8)> = Vec::new();
        for (n, (from, to, kind)) in links.into_iter().enumerate() {
            let kind = [LinkKind::DependsOn, LinkKind::ShipsIn, LinkKind::Gates][kind as usize];
            let mut event = Event::new("t", n.to_string(), at(n), format!("i:{from}"));
            event.links.push(Link::new(kind, format!("i:{to}")));
            let before = stream.to_snapshot();
            let (needing, needed) = if kind == LinkKind::DependsOn { (from, to) } else { (to, from) };
            let closes = from == to || reaches(&needs, needed, needing);
            match stream.apply(event) {
                Ok(applied) => {
                    prop_assert!(!closes, "{from} {kind} {to} closes a cycle");
                    prop_assert_eq!(applied, Applied::Accepted);
                    needs.push((needing, needed));
                }
                Err(error) => {
                    prop_assert!(closes, "{from} {kind} {to}: {error}");
                    prop_assert_eq!(stream.to_snapshot(), before, "a refused event changes nothing");
                    if let vsm_core::Error::Cycle { path } = error {
                        prop_assert_eq!(path.first(), path.last());
                        for pair in path.windows(2) {
                            let number = |id: &str| id[2..].parse::<u8>().unwrap();
                            let pair = (number(&pair[0]), number(&pair[1]));
                            prop_assert!(needs.contains(&pair) || pair == (needing, needed), "{pair:?} is no need");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn dates_of_all_releases_are_those_of_each(seed: u64) {
        let stream = stream_of(World::new(seed).events);
        let dates = stream.release_dates(&ReleaseDatesQuery::new(now())).unwrap();
        for row in &dates.releases {
            let alone = stream.critical_path(&CriticalPathQuery::new(row.release.clone(), now())).unwrap();
            prop_assert_eq!((row.ready_at, row.ships_at), (alone.ready_at, alone.finish));
            prop_assert_eq!((&row.path, row.cadence_wait), (&alone.path, alone.cadence_wait));
        }
    }

    #[test]
    fn early_dates_are_the_longest_path(seed: u64) {
        let events = World::new(seed).events;
        // As in Microsoft Project free float is not limited by total float: what follows from the start, or with a lead,
        // may leave more room than the end of the plan does.
        let is_lead = |link: &&Link| {
            let from_start = matches!(link.dependency, Some(Dependency::StartToStart | Dependency::StartToFinish));
            from_start || link.lag.is_some_and(|lag| lag.millis() < 0)
        };
        let leads = events.iter().flat_map(|event| &event.links).filter(is_lead);
        let led: BTreeSet<String> = leads.map(|link| link.to.clone()).collect();
        let stream = stream_of(events);
        let plan = stream.critical_path(&CriticalPathQuery { item: None, ..CriticalPathQuery::new("", now()) }).unwrap();
        for activity in plan.activities.iter().filter(|a| !a.done) {
            prop_assert!(activity.early_start <= activity.late_start, "{activity:?}");
            prop_assert!(activity.early_finish <= activity.late_finish, "{activity:?}");
            prop_assert!(activity.free_float.millis() >= 0, "{activity:?}");
            prop_assert!(
                activity.free_float <= activity.total_float || led.contains(&activity.item),
                "{activity:?}"
            );
            prop_assert!(activity.late_finish <= plan.finish, "{activity:?}");
            if activity.critical {
                prop_assert_eq!(activity.total_float.millis(), 0, "without trains a driving chain has no float");
            }
        }
        prop_assert_eq!(plan.finish, plan.activities.iter().map(|a| a.early_finish).max().unwrap_or(now()));
        if let Some(last) = plan.path.last() {
            let last = plan.activities.iter().find(|a| a.item == *last).unwrap();
            prop_assert_eq!(last.early_finish, plan.finish);
        }
    }
}

fn reaches(needs: &[(u8, u8)], from: u8, to: u8) -> bool {
    let mut stack = vec![from];
    let mut seen = vec![from];
    while let Some(at) = stack.pop() {
        if at == to {
            return true;
        }
        for (_, needed) in needs.iter().filter(|(needing, _)| *needing == at) {
            if !seen.contains(needed) {
                seen.push(*needed);
                stack.push(*needed);
            }
        }
    }
    false
}
