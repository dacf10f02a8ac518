//! Schedules of random networks: what holds for all of them, and what changes do.

use vsm_core::{
    Activity, Blackout, Cadence, Calendar, CriticalPath, DateConstraint, Dependency, Error, Instant,
    LagCalendar, LiveSchedule, NamedCalendar, NetworkActivity, NetworkChange, NetworkDependency,
    NetworkQuery, ProgressRule, Span, StartCause, Weekday, WorkingHours, schedule,
};

use crate::scale::factories::dice::Dice;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn start() -> Instant {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn hours_after(hours: i64) -> Instant {
    Instant::from_millis(start().millis() + hours * HOUR).unwrap()
}

fn activity(id: &str, hours: i64) -> NetworkActivity {
    NetworkActivity { id: id.into(), duration: Span::from_hours(hours), ..NetworkActivity::default() }
}

fn link(from: &str, to: &str) -> NetworkDependency {
    NetworkDependency { from: from.into(), to: to.into(), ..NetworkDependency::default() }
}

fn of<'a>(path: &'a CriticalPath, id: &str) -> &'a Activity {
    path.activities.iter().find(|activity| activity.item == id).unwrap()
}

fn weekly(days: usize, slots: &[(&str, &str)], dice: &mut Dice) -> Calendar {
    let hours = Weekday::ALL[..days].iter().flat_map(|day| {
        slots.iter().map(|(start, end)| WorkingHours {
            day: *day,
            start: (*start).into(),
            end: (*end).into(),
        })
    });
    let from = hours_after(24 * (3 + dice.below(20) as i64));
    let blackout = Blackout::new(
        from,
        Instant::from_millis(from.millis() + (5 + dice.below(90) as i64) * HOUR).unwrap(),
    );
    Calendar {
        zone: "UTC".into(),
        hours: hours.collect(),
        holidays: vec![format!("2026-03-{:02}", 9 + dice.below(20))],
        blackouts: vec![blackout],
        ..Calendar::default()
    }
}

/// What a random network may have.
#[derive(Clone, Copy)]
struct Has {
    lags: bool,
    calendars: bool,
    constraints: bool,
    actuals: bool,
}

const EVERYTHING: Has = Has { lags: true, calendars: true, constraints: true, actuals: true };
const PLAIN: Has = Has { lags: false, calendars: false, constraints: false, actuals: false };

fn some_activity(dice: &mut Dice, n: u64, has: Has) -> NetworkActivity {
    let mut own = activity(&format!("a{n:03}"), 0);
    own.duration =
        Span::from_millis(if dice.below(8) == 0 { 0 } else { dice.below(40 * 60) as i64 * MINUTE });
    if has.calendars {
        own.calendars = match dice.below(5) {
            0 => vec!["team".into()],
            1 => vec!["place".into()],
            2 => vec!["team".into(), "place".into()],
            _ => Vec::new(),
        };
    }
    if has.constraints && dice.below(4) == 0 {
        own.constraint = Some(DateConstraint::ALL[dice.below(6) as usize]);
        own.constraint_at = Some(hours_after(dice.below(400) as i64));
    }
    if has.constraints && dice.below(6) == 0 {
        own.deadline = Some(hours_after(dice.below(400) as i64));
    }
    if has.actuals && dice.below(4) == 0 {
        own.started_at = Some(hours_after(dice.below(60) as i64));
        if dice.below(2) == 0 {
            own.finished_at = Some(hours_after(60 + dice.below(30) as i64));
        } else if dice.below(2) == 0 {
            own.remaining = Some(Span::from_millis(own.duration.millis() / 3));
        }
    }
    if has.constraints && dice.below(12) == 0 {
        own.trains.push(Cadence {
            departure: hours_after(7),
            every_days: Some(3),
            cutoff: Some(Span::from_hours(5)),
            capacity: (dice.below(2) == 0).then_some(1),
        });
    }
    own
}

fn some_link(dice: &mut Dice, from: u64, to: u64, has: Has) -> NetworkDependency {
    let mut own = link(&format!("a{from:03}"), &format!("a{to:03}"));
    if has.lags {
        own.dependency = Some(Dependency::ALL[dice.below(4) as usize]);
        own.lag = (dice.below(2) == 0).then(|| Span::from_millis((dice.below(3_000) as i64 - 900) * MINUTE));
        own.elapsed = (dice.below(5) == 0).then_some(true);
    }
    own
}

fn network(seed: u64, has: Has) -> NetworkQuery {
    let dice = &mut Dice(seed);
    let size = 4 + dice.below(30);
    let activities: Vec<NetworkActivity> = (0..size).map(|n| some_activity(dice, n, has)).collect();
    let mut links = Vec::new();
    for to in 1..size {
        for _ in 0..dice.below(3) {
            let from = dice.below(to);
            links.push(some_link(dice, from, to, has));
        }
    }
    let mut query = NetworkQuery::new(start(), activities, links);
    if has.calendars {
        for (name, days, slots) in [
            ("standard", 5, &[("08:00", "12:00"), ("13:00", "17:00")][..]),
            ("team", 4, &[("09:00", "17:30")][..]),
            ("place", 6, &[("07:00", "22:00")][..]),
        ] {
            query.calendars.push(NamedCalendar { name: name.into(), calendar: weekly(days, slots, dice) });
        }
        query.calendar = (dice.below(4) > 0).then(|| "standard".into());
    }
    if has.actuals && dice.below(2) == 0 {
        query.status_at = Some(hours_after(100));
    }
    if has.actuals {
        query.progress = match dice.below(4) {
            0 => None,
            n => Some(ProgressRule::ALL[n as usize - 1]),
        };
    }
    if has.constraints {
        query.honor_constraints = (dice.below(2) == 0).then_some(false);
        query.finish_by = (dice.below(6) == 0).then(|| hours_after(300));
    }
    if has.lags {
        query.lead_before_start = (dice.below(2) == 0).then_some(false);
        query.lag_calendar = (dice.below(3) == 0).then(|| LagCalendar::ALL[dice.below(4) as usize]);
    }
    query.near_critical = Some(Span::from_hours(4));
    query.longest_paths = Some(5);
    query.shorten_by = Some(Span::from_hours(8));
    query
}

#[test]
fn a_live_schedule_is_always_what_a_new_one_would_be() {
    let (mut in_place, mut anew, mut refused) = (0, 0, 0);
    for seed in 0..60 {
        let has =
            Has { calendars: seed % 3 > 0, constraints: seed % 2 == 0, actuals: seed % 5 > 2, lags: true };
        let has = if seed % 7 == 0 { PLAIN } else { has };
        let Ok(mut live) = LiveSchedule::new(network(seed, has)) else { continue };
        let dice = &mut Dice(seed + 1_000);
        for _ in 0..20 {
            let before = live.critical_path();
            let size = live.network().activities.len() as u64;
            let mut change = NetworkChange::default();
            let is_new = dice.below(12) == 0;
            match dice.below(6) {
                0 => {
                    let (a, b) = (dice.below(size), dice.below(size));
                    change.dependencies.push(some_link(dice, a.min(b), a.max(b), has));
                }
                1 => {
                    let links = &live.network().dependencies;
                    if let Some(link) = links.get(dice.below(links.len().max(1) as u64) as usize) {
                        change.removed_dependencies.push(link.clone());
                    }
                }
                2 if has.calendars => {
                    let calendar = weekly(5, &[("08:00", "15:00")], dice);
                    change.calendars.push(NamedCalendar { name: "team".into(), calendar });
                }
                3 if dice.below(4) == 0 => change.status_at = Some(hours_after(80 + dice.below(90) as i64)),
                3 if is_new => change.removed_activities.push(format!("a{:03}", dice.below(size))),
                4 if is_new => change.activities.push(some_activity(dice, size + 50, has)),
                _ => {
                    for _ in 0..1 + dice.below(2) {
                        let place = dice.below(size) as usize;
                        let old = live.network().activities[place].clone();
                        let new = some_activity(dice, 0, has);
                        change.activities.push(NetworkActivity {
                            id: old.id,
                            calendars: if is_new { new.calendars } else { old.calendars },
                            trains: old.trains,
                            ..new
                        });
                    }
                }
            }
            match live.change(&change) {
                Ok(changes) => {
                    let now = live.critical_path();
                    let fresh = schedule(live.network()).unwrap();
                    assert_eq!(now, fresh, "seed {seed}: {change:?}");
                    assert_eq!((changes.finish_before, changes.finish), (before.finish, now.finish));
                    assert_eq!(changes.moved_count, changes.moved.len() as u64);
                    // What is said to have moved is all that has.
                    let dates = |path: &CriticalPath| -> Vec<(String, Instant, Instant)> {
                        let all = path.activities.iter();
                        all.map(|a| (a.item.clone(), a.early_start, a.early_finish)).collect()
                    };
                    let (was, is) = (dates(&before), dates(&now));
                    let moved = |item: &String| changes.moved.iter().any(|moved| moved.item == *item);
                    for row in was
                        .iter()
                        .filter(|row| !is.contains(row))
                        .chain(is.iter().filter(|r| !was.contains(r)))
                    {
                        assert!(moved(&row.0), "seed {seed}: {} moved", row.0);
                    }
                    let known = |item: &String| was.iter().chain(&is).any(|row| row.0 == *item);
                    assert!(changes.moved.iter().all(|moved| known(&moved.item)));
                    if change.removed_activities.is_empty() { in_place += 1 } else { anew += 1 }
                }
                Err(_) => {
                    assert_eq!(live.critical_path(), before, "seed {seed}: a refused change");
                    refused += 1;
                }
            }
        }
    }
    assert!(in_place > 600 && anew > 4 && refused > 4, "{in_place} {anew} {refused}");
}

#[test]
fn the_order_in_which_a_network_is_given_does_not_matter() {
    for seed in 0..60 {
        let query = network(seed, EVERYTHING);
        let mut turned = query.clone();
        turned.activities.reverse();
        turned.dependencies.reverse();
        turned.calendars.reverse();
        assert_eq!(schedule(&query), schedule(&turned), "seed {seed}");
    }
}

#[test]
fn no_dependency_is_violated_and_nobody_works_outside_a_calendar() {
    for seed in 0..80 {
        let mut query = network(seed, Has { constraints: false, actuals: false, ..EVERYTHING });
        // Each lag counts by the calendar of who waits, which is what is counted with here.
        query.lag_calendar = None;
        let path = schedule(&query).unwrap();
        let clock = |own: &NetworkActivity| -> Vec<vsm_core::WorkingTime> {
            let names = if own.calendars.is_empty() {
                query.calendar.iter().cloned().collect()
            } else {
                own.calendars.clone()
            };
            let find = |name: &String| query.calendars.iter().find(|named| named.name == *name).unwrap();
            names
                .iter()
                .map(|name| vsm_core::WorkingTime::new(&find(name).calendar, start()).unwrap())
                .collect()
        };
        for own in &query.activities {
            let told = of(&path, &own.id);
            for work in clock(own) {
                if own.duration > Span::ZERO {
                    assert_eq!(
                        work.next_working(told.early_start),
                        Some(told.early_start),
                        "seed {seed} {}",
                        own.id
                    );
                    assert_eq!(
                        work.previous_working(told.early_finish),
                        Some(told.early_finish),
                        "seed {seed} {}",
                        own.id
                    );
                }
            }
            if let [work] = clock(own).as_slice() {
                assert_eq!(
                    work.between(told.early_start, told.early_finish),
                    own.duration,
                    "seed {seed} {}",
                    own.id
                );
            }
        }
        for said in &query.dependencies {
            let (from, to) = (of(&path, &said.from), of(&path, &said.to));
            let waits = query.activities.iter().find(|own| own.id == said.to).unwrap();
            let (from, to) = match said.dependency.unwrap_or(Dependency::FinishToStart) {
                Dependency::FinishToStart => (from.early_finish, to.early_start),
                Dependency::StartToStart => (from.early_start, to.early_start),
                Dependency::FinishToFinish => (from.early_finish, to.early_finish),
                Dependency::StartToFinish => (from.early_start, to.early_finish),
            };
            let lag = said.lag.unwrap_or_default();
            if let ([work], None) = (clock(waits).as_slice(), said.elapsed) {
                assert!(work.between(from, to) >= lag, "seed {seed} {} -> {}", said.from, said.to);
            }
        }
    }
}

#[test]
fn plain_networks_shift_and_their_late_dates_feed_forward() {
    for seed in 0..80 {
        let mut query = network(seed, Has { lags: true, ..PLAIN });
        query.lead_before_start = Some(true);
        let path = schedule(&query).unwrap();
        let later = Span::from_hours(77);
        let shifted = schedule(&NetworkQuery { start: hours_after(77), ..query.clone() }).unwrap();
        for (a, b) in path.activities.iter().zip(&shifted.activities) {
            assert_eq!(a.item, b.item);
            assert_eq!(
                (b.early_start.since(a.early_start), b.late_finish.since(a.late_finish)),
                (later, later)
            );
            assert_eq!((a.total_float, a.free_float, a.critical), (b.total_float, b.free_float, b.critical));
        }
        assert!(path.activities.iter().any(|a| a.total_float == Span::ZERO), "seed {seed}");
        assert!(
            path.activities.iter().filter(|a| a.critical).all(|a| a.total_float <= Span::ZERO),
            "seed {seed}"
        );
        let mut late = query.clone();
        for own in &mut late.activities {
            own.constraint = Some(DateConstraint::StartNoEarlierThan);
            own.constraint_at = Some(of(&path, &own.id).late_start);
        }
        let late = schedule(&late).unwrap();
        assert_eq!(late.finish, path.finish, "seed {seed}");
        for own in &late.activities {
            assert_eq!(own.early_start, of(&path, &own.item).late_start, "seed {seed} {}", own.item);
        }
    }
}

#[test]
fn chains_are_listed_by_float_and_the_first_is_the_driving_one() {
    for seed in 0..80 {
        let path = schedule(&network(seed, Has { lags: true, ..PLAIN })).unwrap();
        assert!(path.paths.is_sorted_by_key(|chain| chain.float), "seed {seed}");
        assert_eq!(path.paths[0].float, Span::ZERO, "seed {seed}");
        let zero = path.paths.iter().filter(|chain| chain.float == Span::ZERO).count() as u64;
        assert_eq!(zero, path.path_count.min(5), "seed {seed}");
        let on_any = |item: &String| path.paths.iter().any(|chain| chain.items.contains(item));
        assert!(path.path.iter().all(on_any), "seed {seed}");
    }
}

#[test]
fn what_shortening_saves_is_what_it_would_save() {
    let mut found = 0;
    for seed in 0..60 {
        let query = network(seed, EVERYTHING);
        let Ok(path) = schedule(&query) else { continue };
        for option in &path.crash {
            for (less, saves) in
                [(Span::from_hours(8), option.saves), (Span::from_days(9_999), option.saves_at_most)]
            {
                let mut short = query.clone();
                let own = short.activities.iter_mut().find(|own| own.id == option.item).unwrap();
                let left = of(&path, &option.item).duration;
                let rest = (left.millis() - less.millis()).max(0);
                own.duration =
                    Span::from_millis(own.duration.millis().max(left.millis()) - left.millis() + rest);
                own.remaining = Some(Span::from_millis(rest));
                let then = schedule(&short).unwrap();
                assert_eq!(path.finish.since(then.finish), saves, "seed {seed} {}", option.item);
                found += 1;
            }
        }
    }
    assert!(found > 50, "{found}");
}

#[test]
fn dates_that_cannot_be_kept_are_told_with_their_chain() {
    let mut own = activity("c", 8);
    own.constraint = Some(DateConstraint::FinishNoLaterThan);
    own.constraint_at = Some(hours_after(20));
    let mut query = NetworkQuery::new(
        start(),
        vec![activity("a", 10), activity("b", 10), own],
        vec![link("a", "b"), link("b", "c")],
    );
    for honors in [true, false] {
        query.honor_constraints = Some(honors);
        let path = schedule(&query).unwrap();
        let missed = &path.infeasible[0];
        assert_eq!((missed.item.as_str(), missed.by), ("c", Span::from_hours(8)));
        assert_eq!(missed.chain, ["a", "b", "c"]);
        assert_eq!(of(&path, "a").total_float, Span::from_hours(-8));
        // The date wins over the dependency, or the dependency over the date.
        assert_eq!(of(&path, "c").early_start, hours_after(if honors { 12 } else { 20 }));
        assert_eq!(
            of(&path, "c").started_by,
            if honors { StartCause::Constraint } else { StartCause::Dependency }
        );
    }
    query.activities[2].constraint = None;
    query.activities[2].constraint_at = None;
    query.activities[2].deadline = Some(hours_after(27));
    let path = schedule(&query).unwrap();
    assert_eq!((path.infeasible[0].constraint, path.infeasible[0].by), (None, Span::from_hours(1)));
}

#[test]
fn progress_goes_on_by_the_rule_that_is_named() {
    let mut second = activity("b", 40);
    second.started_at = Some(hours_after(4));
    second.remaining = Some(Span::from_hours(30));
    let mut query = NetworkQuery::new(start(), vec![activity("a", 20), second], vec![link("a", "b")]);
    query.status_at = Some(hours_after(10));
    for (rule, finish, cause) in [
        // b began before a was finished; a is open, and starts no earlier than the status date.
        (ProgressRule::RetainedLogic, 10 + 20 + 30, StartCause::Actual),
        (ProgressRule::ProgressOverride, 10 + 30, StartCause::Actual),
        (ProgressRule::ActualDates, 4 + 40, StartCause::Actual),
    ] {
        query.progress = Some(rule);
        let path = schedule(&query).unwrap();
        let own = of(&path, "b");
        assert_eq!((own.early_start, own.early_finish), (hours_after(4), hours_after(finish)), "{rule}");
        assert_eq!(own.started_by, cause);
        assert_eq!(own.drivers.is_empty(), rule != ProgressRule::RetainedLogic, "{rule}");
        let a = if rule == ProgressRule::ActualDates { 0 } else { 10 };
        assert_eq!(of(&path, "a").early_start, hours_after(a), "{rule}");
    }
}

#[test]
fn what_spans_its_parts_has_their_dates_and_waits_for_all_of_them() {
    let part = |id: &str, hours| NetworkActivity { part_of: Some("phase".into()), ..activity(id, hours) };
    let query = NetworkQuery::new(
        start(),
        vec![activity("first", 5), activity("phase", 999), part("x", 4), part("y", 9), activity("after", 1)],
        vec![link("first", "phase"), link("phase", "after")],
    );
    let path = schedule(&query).unwrap();
    let phase = of(&path, "phase");
    assert_eq!((phase.early_start, phase.early_finish), (hours_after(5), hours_after(14)));
    assert_eq!((phase.duration, phase.total_float), (Span::from_hours(9), Span::ZERO));
    assert_eq!(of(&path, "x").total_float, Span::from_hours(5));
    assert_eq!(of(&path, "x").part_of.as_deref(), Some("phase"));
    assert_eq!(of(&path, "after").early_start, hours_after(14));
    assert_eq!(path.path, ["first", "y", "after"]);
    let mut from_start = query.clone();
    from_start.dependencies[1].dependency = Some(Dependency::StartToStart);
    assert!(
        matches!(schedule(&from_start), Err(Error::Invalid { field, .. }) if field == "dependencies[1].from")
    );
    let mut round = query;
    round.activities[1].part_of = Some("x".into());
    assert!(matches!(schedule(&round), Err(Error::Invalid { field, .. }) if field.ends_with(".part_of")));
}

#[test]
fn bad_networks_are_refused_with_the_place() {
    let plain = || NetworkQuery::new(start(), vec![activity("a", 1), activity("b", 1)], vec![link("a", "b")]);
    let refused = |change: &dyn Fn(&mut NetworkQuery)| {
        let mut query = plain();
        change(&mut query);
        match schedule(&query).unwrap_err() {
            Error::Invalid { field, .. } => field,
            other => other.code().to_owned(),
        }
    };
    type Change<'a> = &'a dyn Fn(&mut NetworkQuery);
    let cases: [(&str, Change<'_>); 16] = [
        ("cycle", &|q| q.dependencies.push(link("b", "a"))),
        ("cycle", &|q| q.dependencies.push(link("a", "a"))),
        ("activities[1].id", &|q| q.activities[1].id = "a".into()),
        ("activities[0].id", &|q| q.activities[0].id.clear()),
        ("activities[0].duration", &|q| q.activities[0].duration = Span::from_hours(-1)),
        ("activities[0].remaining", &|q| q.activities[0].remaining = Some(Span::from_hours(-1))),
        ("activities[1].calendars", &|q| q.activities[1].calendars = vec!["x".into()]),
        ("calendar", &|q| q.calendar = Some("x".into())),
        ("activities[0].constraint_at", &|q| q.activities[0].constraint = Some(DateConstraint::MustStartOn)),
        ("activities[0].started_at", &|q| q.activities[0].finished_at = Some(start())),
        ("dependencies[0].to", &|q| q.dependencies[0].to = "x".into()),
        ("activities[1].part_of", &|q| q.activities[1].part_of = Some("x".into())),
        ("longest_paths", &|q| q.longest_paths = Some(1_001)),
        ("shorten_by", &|q| q.shorten_by = Some(Span::ZERO)),
        ("horizon", &|q| q.activities[0].duration = Span::from_days(365 * 9_000)),
        ("horizon", &|q| {
            let closed = Calendar { zone: "UTC".into(), ..Calendar::default() };
            let never = Blackout::new(Instant::MIN, Instant::MAX);
            let calendar = Calendar { blackouts: vec![never], ..closed };
            q.calendars.push(NamedCalendar { name: "never".into(), calendar });
            q.calendar = Some("never".into());
        }),
    ];
    for (field, change) in cases {
        assert_eq!(refused(change), field);
    }
    assert_eq!(
        schedule(&NetworkQuery { dependencies: vec![link("b", "a"), link("a", "b")], ..plain() }),
        Err(Error::Cycle { path: vec!["a".into(), "b".into(), "a".into()] })
    );
    let mut late = plain();
    late.activities[0].started_at = Some(hours_after(5));
    late.status_at = Some(start());
    assert!(
        matches!(schedule(&late), Err(Error::Invalid { field, .. }) if field == "activities[0].started_at")
    );
    let path = schedule(&NetworkQuery::new(start(), Vec::new(), Vec::new())).unwrap();
    assert_eq!((path.finish, path.path_count), (start(), 0));
}

#[test]
fn leads_of_ages_neither_overflow_nor_hang() {
    let mut query =
        NetworkQuery::new(start(), vec![activity("a", 1), activity("b", 1)], vec![link("a", "b")]);
    query.dependencies[0].lag = Some(Span::from_days(-365 * 1_900));
    assert!(schedule(&query).is_ok());
    query.dependencies[0].lag = Some(Span::from_days(-365 * 2_500));
    assert!(matches!(schedule(&query), Err(Error::Horizon { .. })));
    query.lead_before_start = Some(false);
    assert_eq!(of(&schedule(&query).unwrap(), "b").early_start, start());
}

#[test]
fn a_hundred_thousand_activities_behind_one_milestone() {
    let mut activities = vec![activity("m", 0)];
    let mut links = Vec::new();
    for n in 0..100_000 {
        activities.push(activity(&format!("x{n}"), 1 + n % 7));
        links.push(link("m", &format!("x{n}")));
    }
    let query = NetworkQuery { critical_only: Some(true), ..NetworkQuery::new(start(), activities, links) };
    let mut live = LiveSchedule::new(query).unwrap();
    let path = live.critical_path();
    assert_eq!(path.path_count, 100_000 / 7);
    let change = NetworkChange { activities: vec![activity("m", 3)], ..NetworkChange::default() };
    let changes = live.change(&change).unwrap();
    assert_eq!((changes.moved_by, changes.moved.len()), (Span::from_hours(3), 100_001));
    assert_eq!(live.critical_path(), schedule(live.network()).unwrap());
}
