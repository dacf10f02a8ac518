//! Verdicts that are kept up to date are those of judging everything anew, whatever came and in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vsm_core::{
    Booking, CorrelationRules, Decision, Error, Event, FlowState, Instant, Kind, Link, LinkKind, Outcome,
    Severity, ValueStream, Verdict, VerdictChanges, VerdictQuery, Watch, WatchQuery,
};

use crate::messages;
use crate::world::{Dice, World, at, closed, now};

const STAGES: [&str; 4] = ["system_test", "user_acceptance", "pre_production", "production"];

/// The verdicts as whoever follows the changes has them.
struct Follower {
    stage: &'static str,
    at: Instant,
    watch: Watch,
    verdicts: BTreeMap<String, Verdict>,
}

impl Follower {
    fn new(stream: &ValueStream, stage: &'static str, at: Instant) -> Follower {
        let query = WatchQuery { stage: Some(stage.into()), ..WatchQuery::new(at) };
        let watch = stream.watch(&query).unwrap();
        Follower { stage, at, watch, verdicts: anew(stream, stage, at) }
    }

    fn update(&mut self, stream: &ValueStream) -> VerdictChanges {
        let changes = self.watch.update(stream).unwrap();
        self.follow(stream, &changes);
        changes
    }

    fn advance(&mut self, stream: &ValueStream, at: Instant) -> VerdictChanges {
        self.at = at;
        let changes = self.watch.advance(stream, at).unwrap();
        self.follow(stream, &changes);
        changes
    }

    fn follow(&mut self, stream: &ValueStream, changes: &VerdictChanges) {
        assert_eq!((changes.at, changes.stage.as_str()), (self.at, self.stage));
        messages::check(changes);
        for change in &changes.changed {
            let before = match change.to {
                Some(to) => self.verdicts.insert(change.item.clone(), to),
                None => self.verdicts.remove(&change.item),
            };
            assert_eq!(change.from, before, "{change:?}");
            assert_ne!(change.from, change.to, "{change:?}");
            let reason = change.reason.as_ref().unwrap();
            assert!(!reason.sentence.is_empty() && !reason.item.is_empty(), "{change:?}");
        }
        assert!(changes.changed.is_sorted_by(|a, b| a.item < b.item));
        let anew = anew(stream, self.stage, self.at);
        for (item, verdict) in &anew {
            assert_eq!(self.verdicts.get(item), Some(verdict), "{item} for {} is stale", self.stage);
        }
        assert_eq!(self.verdicts, anew);
        let count = |wanted: Verdict| anew.values().filter(|verdict| **verdict == wanted).count() as u64;
        assert_eq!(
            (changes.ready, changes.unknown, changes.not_ready),
            (count(Verdict::Ready), count(Verdict::Unknown), count(Verdict::NotReady))
        );
        assert_eq!(changes.basis.n, anew.len() as u64);
        // What is held of every item and need is the same, too: what is wrong there might only show later.
        let query = WatchQuery { stage: Some(self.stage.into()), ..WatchQuery::new(self.at) };
        assert!(self.watch == stream.watch(&query).unwrap(), "something that is held is stale");
    }
}

/// The kinds whose changes are followed item by item; the others say what is asked for at all.
fn followed() -> Vec<Kind> {
    let leads = [Kind::Phase, Kind::Activity, Kind::Criterion, Kind::Evidence];
    Kind::ALL.iter().copied().filter(|kind| !leads.contains(kind)).collect()
}

/// A world of them.
fn world(seed: u64) -> World {
    let mut world = World::new(seed);
    let leads: BTreeSet<String> = world
        .events
        .iter()
        .filter(|event| event.kind.is_some_and(|kind| !followed().contains(&kind)))
        .map(|event| event.item.clone())
        .collect();
    world.events.retain(|event| !leads.contains(&event.item));
    for event in &mut world.events {
        event.links.retain(|link| !leads.contains(&link.to));
        event.unlinks.retain(|link| !leads.contains(&link.to));
    }
    world
}

fn anew(stream: &ValueStream, stage: &str, at: Instant) -> BTreeMap<String, Verdict> {
    let query = VerdictQuery { stage: Some(stage.into()), ..VerdictQuery::new(at) };
    stream.verdicts(&query).unwrap().items.into_iter().map(|item| (item.item, item.verdict)).collect()
}

/// An event that may say anything of anything; a good part of them are refused.
fn anything(dice: &mut Dice, items: &[String], number: usize) -> Event {
    let item = items[dice.below(items.len())].clone();
    let mut event = Event::new("any", number.to_string(), at(dice.below(24 * 40)), item);
    if dice.one_in(3) {
        event.recorded_at = Some(at(dice.below(24 * 40)));
    }
    if dice.one_in(7) {
        event.kind = Some(dice.pick(&followed()));
    }
    if dice.one_in(2) {
        event.set.state = Some(dice.pick(FlowState::ALL));
    }
    if dice.one_in(3) {
        let set = &mut event.set;
        match dice.below(12) {
            0 => set.severity = Some(dice.pick(Severity::ALL)),
            1 => set.stage = Some(dice.pick(&STAGES).into()),
            2 => set.result = Some(dice.pick(Outcome::ALL)),
            3 => set.decision = Some(dice.pick(Decision::ALL)),
            4 => set.booking = Some(dice.pick(Booking::ALL)),
            5 => set.expires_at = Some(at(dice.below(24 * 60))),
            6 => set.ends_at = Some(at(dice.below(24 * 60))),
            7 => set.starts_at = Some(at(dice.below(24 * 60))),
            8 => set.capacity = Some(1 + dice.below(2) as u32),
            9 => set.title = Some(dice.pick(&["unit", "system", "selenium"]).into()),
            10 => {
                let start = dice.below(24 * 50);
                set.calendar = Some(closed(at(start), at(start + 24 * (1 + dice.below(20)))));
            }
            _ => {
                let field =
                    dice.pick(&["state", "stage", "result", "decision", "capacity", "calendar", "ends_at"]);
                event.clear.push(field.into());
                event.set.state = None;
            }
        }
    }
    for _ in 0..dice.below(3) {
        let kind = dice.pick(LinkKind::ALL);
        let mut link = Link::new(kind, items[dice.below(items.len())].as_str());
        if kind == LinkKind::DependsOn && dice.one_in(2) {
            link.stage = Some(dice.pick(&STAGES).into());
        } else if dice.one_in(6) {
            link.rule = Some("guess".into());
            link.confidence = Some(0.5);
        }
        event.links.push(link);
    }
    if dice.one_in(25) {
        event.aliases.push(match dice.below(3) {
            0 => format!("other:{number}"),
            _ => items[dice.below(items.len())].clone(),
        });
    }
    event
}

/// Takes back one of the links that hold.
fn unlink(dice: &mut Dice, stream: &ValueStream, items: &[String], number: usize) -> Option<Event> {
    let item = &items[dice.below(items.len())];
    let links = stream.links(item).ok()?;
    let link = links.get(dice.below(links.len().max(1)))?;
    let mut event = Event::new("back", number.to_string(), at(24 * 40 + number), link.from.as_str());
    event.unlinks.push(Link::new(link.kind, link.to.as_str()));
    Some(event)
}

/// A random world arrives in random order and portions, then whatever comes to somebody's mind; after each portion somebody
/// has a look.
pub fn arrive(seed: u64, world: &World, mut look: impl FnMut(&mut Dice, &ValueStream)) {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let mut stream = ValueStream::new();
    let mut events = world.shuffled(seed ^ 1);
    let rest = events.split_off(dice.below(events.len()));
    stream.apply_batch(events);
    look(&mut dice, &stream);
    let mut rest = rest.into_iter();
    loop {
        let portion: Vec<Event> = rest.by_ref().take([1, 1, 2, 10][dice.below(4)]).collect();
        if portion.is_empty() {
            break;
        }
        stream.apply_batch(portion);
        look(&mut dice, &stream);
    }
    let mut items = stream.items(None);
    items.extend((0..5).map(|n| format!("any:{n}")));
    for number in 0..120 {
        for part in 0..[1, 1, 1, 3][dice.below(4)] {
            let number = 10 * number + part;
            let back = if dice.one_in(3) { unlink(&mut dice, &stream, &items, number) } else { None };
            let event = back.unwrap_or_else(|| anything(&mut dice, &items, number));
            let before = stream.event_count();
            if stream.apply(event).is_err() {
                assert_eq!(stream.event_count(), before);
            }
        }
        if dice.one_in(20) {
            stream.correlate(&CorrelationRules::default());
        }
        look(&mut dice, &stream);
        if dice.one_in(30) {
            // A copy goes on by itself, and the state is another one in memory.
            stream = ValueStream::from_snapshot(stream.to_snapshot().as_bytes()).unwrap();
        }
    }
    look(&mut dice, &stream);
}

/// Verdicts are kept up to date while a world arrives.
pub fn drive(seed: u64, aliases: bool) {
    let mut world = world(seed);
    if aliases {
        world.name_twice();
    }
    let mut follower: Option<Follower> = None;
    arrive(seed, &world, |dice, stream| match &mut follower {
        None => follower = Some(Follower::new(stream, dice.pick(&STAGES), now())),
        Some(follower) if dice.one_in(10) => {
            follower.advance(stream, at(dice.below(24 * 60)));
        }
        Some(follower) => {
            follower.update(stream);
            let changes = follower.update(stream);
            assert_eq!((changes.changed.len(), changes.events, changes.judged), (0, 0, 0));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_verdicts_are_those_of_judging_everything_anew(seed: u64, aliases: bool) {
        drive(seed, aliases);
    }
}

fn story(stream: &mut ValueStream, id: &str, number: &str, state: FlowState, release: &str) {
    let mut event = Event::new("jira", number, at(0), id);
    event.kind = Some(Kind::Story);
    event.set.state = Some(state);
    event.links.push(Link::new(LinkKind::ShipsIn, release));
    stream.apply(event).unwrap();
}

#[test]
fn an_environment_that_leaves_its_group_touches_the_releases_of_the_group() {
    let mut stream = ValueStream::new();
    let say = |stream: &mut ValueStream, item: &str, kind: Kind, fill: &dyn Fn(&mut Event)| {
        let mut event = Event::new("t", stream.event_count().to_string(), at(0), item);
        event.kind = Some(kind);
        fill(&mut event);
        stream.apply(event).unwrap();
    };
    let link = |kind: LinkKind, to: &str| Link::new(kind, to);
    say(&mut stream, "plan:R1", Kind::Release, &|_| {});
    say(&mut stream, "env:lab", Kind::Environment, &|_| {});
    say(&mut stream, "env:uat", Kind::Environment, &|event| {
        event.set.stage = Some("user_acceptance".into());
        event.set.capacity = Some(1);
        event.links.push(link(LinkKind::Parent, "env:lab"));
    });
    say(&mut stream, "booking:1", Kind::Booking, &|event| {
        event.set.booking = Some(Booking::Pending);
        (event.set.starts_at, event.set.ends_at) = (Some(now()), Some(at(24 * 40)));
        event.links.extend([link(LinkKind::Books, "env:lab"), link(LinkKind::BookedFor, "plan:R1")]);
    });
    story(&mut stream, "jira:CHK-1", "1", FlowState::Done, "plan:R1");
    let mut follower = Follower::new(&stream, "user_acceptance", now());
    say(&mut stream, "env:uat", Kind::Environment, &|event| {
        event.unlinks.push(link(LinkKind::Parent, "env:lab"))
    });
    let changes = follower.update(&stream);
    let release = changes.changed.iter().find(|change| change.item == "plan:R1").unwrap();
    assert_eq!((release.from, release.to), (Some(Verdict::NotReady), Some(Verdict::Unknown)));
}

#[test]
fn a_stream_that_does_not_go_on_from_the_one_that_is_watched_is_refused() {
    let mut stream = ValueStream::new();
    story(&mut stream, "jira:CHK-1", "1", FlowState::New, "plan:R1");
    let mut watch = stream.watch(&WatchQuery::new(now())).unwrap();
    let mut other = ValueStream::new();
    assert!(matches!(watch.update(&other), Err(Error::Invalid { .. })));
    story(&mut other, "jira:CHK-2", "2", FlowState::New, "plan:R1");
    assert!(matches!(watch.advance(&other, at(0)), Err(Error::Invalid { .. })));
    assert_eq!(watch.at(), now());
    // A refused stream changes nothing.
    story(&mut stream, "jira:CHK-2", "2", FlowState::New, "plan:R1");
    let changes = watch.update(&stream).unwrap();
    assert_eq!((changes.changed.len(), changes.events), (1, 1));
    assert_eq!(watch.verdict(&stream, "jira:CHK-2").unwrap(), Some(Verdict::NotReady));
    assert_eq!(watch.verdict(&stream, "plan:R1").unwrap(), None);
    assert!(watch.verdict(&stream, "plan:R9").is_err());
    assert!(stream.watch(&WatchQuery { stage: Some("moon".into()), ..WatchQuery::new(now()) }).is_err());
    assert!(stream.watch(&WatchQuery { kind: Some(Kind::Team), ..WatchQuery::new(now()) }).is_err());
}

#[test]
fn a_view_of_the_past_can_be_watched_too() {
    let world = world(7);
    let mut stream = ValueStream::new();
    stream.apply_batch(world.events);
    let past = |hours: usize| stream.as_of(at(hours), at(hours));
    let mut follower = Follower::new(&past(100), "production", at(100));
    for hours in [150, 200, 120, 480] {
        let changes = follower.update(&past(hours));
        assert!(changes.recomputed_all);
    }
    assert!(follower.update(&stream).recomputed_all);
    let changes = follower.update(&stream);
    assert!(!changes.recomputed_all && changes.changed.is_empty());
}

#[test]
fn only_what_is_asked_for_is_counted_and_reported() {
    let mut stream = ValueStream::new();
    story(&mut stream, "jira:CHK-1", "1", FlowState::New, "plan:R1");
    let releases = WatchQuery { kind: Some(Kind::Release), ..WatchQuery::new(now()) };
    let one = WatchQuery { items: Some(vec!["jira:CHK-2".into()]), ..WatchQuery::new(now()) };
    let (mut releases, mut one) = (stream.watch(&releases).unwrap(), stream.watch(&one).unwrap());
    let mut release = Event::new("plan", "1", at(0), "plan:R1");
    release.kind = Some(Kind::Release);
    stream.apply(release).unwrap();
    story(&mut stream, "jira:CHK-2", "2", FlowState::New, "plan:R1");
    story(&mut stream, "jira:CHK-3", "3", FlowState::New, "plan:R1");
    let changes = releases.update(&stream).unwrap();
    assert_eq!(changes.changed.iter().map(|change| &*change.item).collect::<Vec<_>>(), ["plan:R1"]);
    assert_eq!((changes.ready, changes.unknown, changes.not_ready, changes.basis.n), (0, 0, 1, 1));
    let changes = one.update(&stream).unwrap();
    assert_eq!(changes.changed.iter().map(|change| &*change.item).collect::<Vec<_>>(), ["jira:CHK-2"]);
    assert_eq!((changes.not_ready, changes.events), (4, 3));
}

/// What a release manager reads: what changed, where it began, on what evidence.
#[test]
pub fn a_change_says_where_it_began() {
    let mut stream = ValueStream::new();
    let say = |stream: &mut ValueStream, id: &str, item: &str, fill: &dyn Fn(&mut Event)| {
        let mut event = Event::new("t", id, at(id.parse().unwrap_or(0)), item);
        fill(&mut event);
        stream.apply(event).unwrap();
    };
    let link = |kind: LinkKind, to: &str| Link::new(kind, to);
    say(&mut stream, "1", "plan:R1", &|e| e.kind = Some(Kind::Release));
    say(&mut stream, "2", "jira:F", &|e| {
        e.kind = Some(Kind::Feature);
        e.links.push(link(LinkKind::ShipsIn, "plan:R1"));
    });
    say(&mut stream, "3", "jira:S", &|e| {
        e.kind = Some(Kind::Story);
        e.set.title = Some("Check deposit".into());
        e.set.state = Some(FlowState::Done);
        e.links.push(link(LinkKind::Parent, "jira:F"));
    });
    say(&mut stream, "4", "git:c", &|e| {
        e.kind = Some(Kind::Change);
        e.links.push(link(LinkKind::Implements, "jira:S"));
    });
    say(&mut stream, "5", "ci:1", &|e| {
        e.kind = Some(Kind::Build);
        e.set.result = Some(Outcome::Success);
        e.links.push(link(LinkKind::BuiltFrom, "git:c"));
        e.links.push(link(LinkKind::Candidate, "plan:R1"));
    });
    let query = WatchQuery { stage: Some("system_test".into()), ..WatchQuery::new(now()) };
    let mut watch = stream.watch(&query).unwrap();
    let mut told = |stream: &ValueStream| -> Vec<String> {
        let changes = watch.update(stream).unwrap();
        messages::check(&changes);
        let word = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::as_str);
        let line = |change: &vsm_core::VerdictChange| {
            let reason = change.reason.clone().unwrap();
            format!(
                "{}: {} -> {}: {}: {} [{}] {}",
                change.item,
                word(change.from),
                word(change.to),
                reason.item,
                reason.sentence,
                reason.through.join(" "),
                reason.evidence.join(" ")
            )
        };
        changes.changed.iter().map(line).collect()
    };
    say(&mut stream, "6", "junit:1", &|e| {
        e.kind = Some(Kind::TestRun);
        e.set.result = Some(Outcome::Success);
        e.links.push(link(LinkKind::Tests, "ci:1"));
    });
    assert_eq!(
        told(&stream),
        [
            "jira:F: unknown -> ready: jira:S: Check deposit (jira:S) is done, built and tested. [] t:6",
            "jira:S: unknown -> ready: jira:S: Check deposit (jira:S) is done, built and tested. [] t:6",
            "plan:R1: unknown -> ready: plan:R1: plan:R1 has all that it needs. [] t:6",
        ]
    );
    say(&mut stream, "7", "jira:S", &|e| e.set.state = Some(FlowState::Active));
    let sentence = "Check deposit (jira:S) is being worked on and not done.";
    assert_eq!(
        told(&stream),
        [
            format!("jira:F: ready -> not_ready: jira:S: {sentence} [] t:7"),
            format!("jira:S: ready -> not_ready: jira:S: {sentence} [] t:7"),
            format!("plan:R1: ready -> not_ready: jira:S: {sentence} [jira:F] t:7"),
        ]
    );
    say(&mut stream, "8", "jira:S", &|e| e.set.state = Some(FlowState::Cancelled));
    assert_eq!(
        told(&stream),
        [
            "jira:F: not_ready -> unknown: jira:S: Check deposit (jira:S) is cancelled. [] t:8",
            "jira:S: not_ready -> ready: jira:S: Check deposit (jira:S) is cancelled. [] t:8",
            "plan:R1: not_ready -> unknown: jira:S: Check deposit (jira:S) is cancelled. [jira:F] t:8",
        ]
    );
}

#[test]
pub fn a_waiver_that_ends_is_told_when_time_moves() {
    let mut stream = ValueStream::new();
    let mut gate = Event::new("t", "1", at(0), "gate:security");
    gate.kind = Some(Kind::Gate);
    gate.set.decision = Some(Decision::Waived);
    gate.set.expires_at = Some(at(48));
    gate.links.push(Link::new(LinkKind::Gates, "jira:E"));
    stream.apply(gate).unwrap();
    let mut epic = Event::new("t", "2", at(0), "jira:E");
    epic.kind = Some(Kind::Epic);
    epic.set.state = Some(FlowState::Done);
    stream.apply(epic).unwrap();
    let mut watch = stream.watch(&WatchQuery::new(at(24))).unwrap();
    let changes = watch.advance(&stream, at(48)).unwrap();
    let [change] = changes.changed.as_slice() else { panic!("{changes:?}") };
    assert_eq!((change.from, change.to), (Some(Verdict::Unknown), Some(Verdict::NotReady)));
    let reason = change.reason.as_ref().unwrap();
    assert_eq!(
        (reason.item.as_str(), reason.evidence.as_slice()),
        ("gate:security", &["t:1".to_owned()][..])
    );
    assert_eq!(reason.sentence, "The waiver of gate:security ended on 2026-03-04.");
    let back = watch.advance(&stream, at(24)).unwrap();
    messages::check(&[&changes, &back]);
    assert_eq!(back.changed[0].to, Some(Verdict::Unknown));
    assert_eq!(
        back.changed[0].reason.as_ref().unwrap().sentence,
        "gate:security is passed, or not asked for."
    );
}

#[test]
fn what_is_led_by_phases_and_criteria_is_followed_too() {
    for seed in 0..6 {
        let events = World::new(seed).events;
        let mut stream = ValueStream::new();
        let mut follower = Follower::new(&stream, STAGES[seed as usize % 4], now());
        for part in events.chunks(17) {
            stream.apply_batch(part.to_vec());
            follower.update(&stream);
        }
    }
}
