//! Releases with builds, test runs and deployments that are still to come, and trains that take but so many.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vsm_core::{
    Cadence, CriticalPathQuery, Event, FlowState, Instant, Kind, LinkKind, Outcome, ReleaseDatesQuery, Span,
    ValueStream, next_departure,
};

use crate::world::{Dice, World, at, now};

/// A world in which two thirds of what ran is still open, and both applications have trains.
fn planned(seed: u64) -> World {
    let mut world = World::new(seed);
    let mut dice = Dice::new(seed ^ 0x5EED);
    for event in &mut world.events {
        match event.kind {
            Some(Kind::Application) => {
                event.set.cadence = Some(Cadence {
                    departure: at(dice.below(24 * 9)),
                    every_days: Some(1 + dice.below(9) as u32),
                    cutoff: dice.one_in(2).then(|| Span::from_hours(dice.below(24) as i64)),
                    capacity: Some(1 + dice.below(2) as u32),
                });
            }
            Some(Kind::Build | Kind::TestRun | Kind::Deployment) if !dice.one_in(3) => {
                event.set.result = dice.one_in(4).then_some(Outcome::Running);
                event.set.state = dice.one_in(2).then_some(FlowState::New);
                event.set.starts_at = dice.one_in(4).then(|| at(dice.below(24 * 60)));
                event.set.estimate = Some(Span::from_hours(1 + dice.below(99) as i64));
            }
            Some(kind) if kind.is_work() => {
                event.set.estimate = Some(Span::from_hours(dice.below(99) as i64));
            }
            _ => {}
        }
    }
    world
}

fn stream_of(events: impl IntoIterator<Item = Event>) -> ValueStream {
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    stream
}

fn ends(stream: &ValueStream, item: &str, kind: LinkKind) -> Vec<String> {
    let links = stream.links(item).unwrap();
    links.into_iter().filter(|link| link.kind == kind && link.from == item).map(|link| link.to).collect()
}

fn train(stream: &ValueStream, release: &str) -> (String, Cadence) {
    let application = ends(stream, release, LinkKind::BelongsTo).remove(0);
    let train = stream.item(&application).unwrap().fields.cadence.unwrap();
    (application, train)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dates_of_all_releases_are_those_of_each_in_whatever_order_they_came(seed: u64) {
        let world = planned(seed);
        let stream = stream_of(world.events.clone());
        let dates = stream.release_dates(&ReleaseDatesQuery::new(now())).unwrap();
        for row in &dates.releases {
            let alone = stream.critical_path(&CriticalPathQuery::new(row.release.clone(), now())).unwrap();
            prop_assert_eq!((row.ready_at, row.ships_at), (alone.ready_at, alone.finish));
            prop_assert_eq!((&row.path, row.cadence_wait), (&alone.path, alone.cadence_wait));
        }
        let other = stream_of(world.shuffled(seed));
        prop_assert_eq!(other.release_dates(&ReleaseDatesQuery::new(now())).unwrap(), dates);
    }

    #[test]
    fn no_departure_is_too_full_and_none_leaves_without_whoever_was_ready(seed: u64) {
        let stream = stream_of(planned(seed).events);
        let dates = stream.release_dates(&ReleaseDatesQuery::new(now())).unwrap();
        let mut taken: BTreeMap<(String, Instant), u32> = BTreeMap::new();
        for row in &dates.releases {
            *taken.entry((train(&stream, &row.release).0, row.ships_at)).or_default() += 1;
        }
        for row in &dates.releases {
            let (application, train) = train(&stream, &row.release);
            let on = |departure| taken.get(&(application.clone(), departure)).copied().unwrap_or(0);
            prop_assert!(on(row.ships_at) <= train.capacity.unwrap());
            let mut departure = next_departure(&train, row.ready_at).unwrap().unwrap();
            while departure < row.ships_at {
                prop_assert_eq!(on(departure), train.capacity.unwrap(), "{} could leave on {}", row.release, departure);
                let period = Span::from_days(i64::from(train.every_days.unwrap()));
                departure = Instant::from_millis(departure.millis() + period.millis()).unwrap();
            }
            prop_assert_eq!(departure, row.ships_at);
        }
    }

    #[test]
    fn what_has_not_begun_comes_after_what_it_is_about(seed: u64) {
        let stream = stream_of(planned(seed).events);
        let plan = stream.critical_path(&CriticalPathQuery { item: None, ..CriticalPathQuery::new("", now()) }).unwrap();
        let finishes: BTreeMap<&str, Instant> =
            plan.activities.iter().map(|activity| (activity.item.as_str(), activity.early_finish)).collect();
        let has_circles = plan.basis.excluded.iter().any(|left| left.reason == "needed_by_rule_but_in_a_circle");
        for activity in plan.activities.iter().filter(|activity| !activity.done && !has_circles) {
            let about = match activity.kind {
                Some(Kind::TestRun) => LinkKind::Tests,
                Some(Kind::Deployment) => LinkKind::Deploys,
                _ => continue,
            };
            let fields = stream.item(&activity.item).unwrap().fields;
            if fields.result == Some(Outcome::Running) && fields.starts_at.is_none_or(|start| start <= now()) {
                continue;
            }
            for build in ends(&stream, &activity.item, about) {
                let built = finishes.get(build.as_str()).copied();
                prop_assert!(built.is_some_and(|built| built <= activity.early_start), "{activity:?} and {build}");
            }
        }
        prop_assert!(plan.activities.iter().all(|activity| activity.total_float >= Span::ZERO));
    }
}
