//! A metric that is kept up to date is that of counting everything anew, whatever came and in whatever order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vsm_core::{
    Bucket, Error, Event, FlowState, Kind, Link, LinkKind, LiveMetric, MetricChanges, MetricEvent,
    MetricQuery, MetricRow, MetricRules, ValueStream, WipRule, metrics,
};

use crate::live::arrive;
use crate::world::{Dice, World, at, now};

/// A metric as whoever shows its rows has it.
struct Screen {
    live: LiveMetric,
    rows: BTreeMap<(Vec<String>, Option<String>), MetricRow>,
}

fn by_place(rows: Vec<MetricRow>) -> BTreeMap<(Vec<String>, Option<String>), MetricRow> {
    rows.into_iter().map(|row| ((row.group.clone(), row.bucket.clone()), row)).collect()
}

fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

impl Screen {
    fn new(stream: &ValueStream, query: &MetricQuery) -> Screen {
        let live = stream.live_metric(query).unwrap();
        let rows = by_place(live.table(stream).unwrap().rows);
        Screen { live, rows }
    }

    fn update(&mut self, stream: &ValueStream) -> MetricChanges {
        let changes = self.live.update(stream).unwrap();
        self.rows.extend(by_place(changes.rows.clone()));
        self.rows.retain(|(group, _), _| !changes.gone.contains(group));
        let query = self.live.query();
        let anew = stream.metric_state(query).unwrap();
        assert_eq!(text(&self.live.state(stream).unwrap()), text(&anew), "{query:?}");
        let table = anew.table().unwrap();
        assert_eq!(self.live.table(stream).unwrap(), table);
        assert_eq!(self.rows, by_place(table.rows), "{query:?}");
        changes
    }
}

/// A question for any metric, by any rules that it knows.
fn anything(dice: &mut Dice, stream: &ValueStream) -> MetricQuery {
    let metrics = metrics();
    let metric = &metrics[dice.below(metrics.len())];
    let mut query = MetricQuery::new(&*metric.name, at(24), at(24 * 30), "Europe/Zurich");
    query.bucket = dice.pick(&[None, Some(Bucket::Day), Some(Bucket::Week), Some(Bucket::Month)]);
    let groups: [&[&str]; 8] = [
        &[],
        &["kind"],
        &["application"],
        &["release", "severity"],
        &["epic"],
        &["theme", "kind"],
        &["team", "priority"],
        &["attribute:blocked"],
    ];
    query.group_by = dice.pick(&groups).iter().map(|name| (*name).to_owned()).collect();
    let items = stream.items(None);
    if !items.is_empty() && dice.one_in(3) {
        query.within = Some(items[dice.below(items.len())].clone());
    }
    if dice.one_in(4) {
        query.kinds = vec![Kind::Story, Kind::Epic];
    }
    let mut rules = MetricRules::default();
    if metric.rules.start_event.is_some() && dice.one_in(2) {
        rules.start_event =
            Some(dice.pick(&[MetricEvent::Created, MetricEvent::Committed, MetricEvent::Active]));
    }
    if metric.rules.end_event.is_some() && dice.one_in(3) {
        rules.end_event = Some(MetricEvent::Released);
    }
    if metric.rules.wip.is_some() {
        rules.wip = Some(dice.pick(WipRule::ALL));
    }
    query.rules = Some(rules);
    query
}

/// Metrics are kept up to date while a world arrives.
pub fn drive(seed: u64, aliases: bool) {
    let mut world = World::new(seed);
    if aliases {
        world.name_twice();
    }
    let mut screens: Vec<Screen> = Vec::new();
    arrive(seed, &world, |dice, stream| {
        if screens.is_empty() {
            screens = (0..4).map(|_| Screen::new(stream, &anything(dice, stream))).collect();
        }
        for screen in &mut screens {
            if dice.one_in(3) {
                screen.live.follow(stream).unwrap();
            }
            if dice.one_in(3) {
                screen.update(stream);
                let again = screen.update(stream);
                assert_eq!((again.rows.len(), again.gone.len(), again.events, again.items), (0, 0, 0, 0));
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_metrics_are_those_of_counting_everything_anew(seed: u64, aliases: bool) {
        drive(seed, aliases);
    }
}

fn said(id: &str, hour: usize, item: &str, state: FlowState) -> Event {
    let mut event = Event::new("jira", id, at(hour), item);
    event.kind = Some(Kind::Story);
    event.set.state = Some(state);
    event
}

#[test]
fn only_rows_that_something_happened_in_are_told() {
    let mut stream = ValueStream::new();
    stream.apply(said("1", 30, "jira:CHK-1", FlowState::Active)).unwrap();
    let mut query = MetricQuery::new("throughput", at(0), at(24 * 21), "UTC");
    query.bucket = Some(Bucket::Week);
    let mut live = stream.live_metric(&query).unwrap();
    assert_eq!(live.update(&stream).unwrap().rows, []);
    stream.apply(said("2", 60, "jira:CHK-1", FlowState::Done)).unwrap();
    assert_eq!(live.follow(&stream).unwrap(), 1);
    stream.apply(said("3", 24 * 15, "jira:CHK-2", FlowState::Done)).unwrap();
    let changes = live.update(&stream).unwrap();
    assert_eq!(changes.rows.iter().map(|row| row.value).collect::<Vec<_>>(), [Some(1.0), Some(1.0)]);
    assert_eq!((changes.events, changes.items, changes.recomputed_all), (2, 2, false));
    // What is opened again is not done any more: its row is told once more.
    stream.apply(said("4", 24 * 16, "jira:CHK-2", FlowState::Active)).unwrap();
    let changes = live.update(&stream).unwrap();
    assert_eq!(changes.rows.iter().map(|row| row.value).collect::<Vec<_>>(), [Some(0.0)]);
}

#[test]
fn a_release_that_is_done_brings_the_times_of_all_that_it_ships() {
    let mut stream = ValueStream::new();
    for n in 1..=3 {
        let mut story = said(&format!("{n}"), n, &format!("jira:CHK-{n}"), FlowState::Done);
        story.links.push(Link::new(LinkKind::ShipsIn, "plan:R1"));
        stream.apply(story).unwrap();
    }
    let query = MetricQuery::new("release_lag", at(0), at(24 * 21), "UTC");
    let mut live = stream.live_metric(&query).unwrap();
    let mut release = said("r", 48, "plan:R1", FlowState::Done);
    release.kind = Some(Kind::Release);
    stream.apply(release).unwrap();
    let changes = live.update(&stream).unwrap();
    assert_eq!((changes.rows[0].n, changes.items), (3, 4));
    assert_eq!(live.table(&stream).unwrap(), stream.metric(&query).unwrap());
}

#[test]
fn an_epic_that_becomes_another_thing_is_no_group_any_more() {
    let mut stream = ValueStream::new();
    let mut epic = Event::new("jira", "1", at(0), "jira:CHK-1");
    epic.kind = Some(Kind::Epic);
    stream.apply(epic.clone()).unwrap();
    let mut story = said("2", 1, "jira:CHK-2", FlowState::Done);
    story.links.push(Link::new(LinkKind::Parent, "jira:CHK-1"));
    stream.apply(story).unwrap();
    let mut query = MetricQuery::new("throughput", at(0), now(), "UTC");
    query.group_by = vec!["epic".into()];
    let mut live = stream.live_metric(&query).unwrap();
    (epic.id, epic.kind) = ("3".into(), Some(Kind::Feature));
    stream.apply(epic).unwrap();
    let changes = live.update(&stream).unwrap();
    let rows: Vec<(&str, u64)> = changes.rows.iter().map(|row| (row.group[0].as_str(), row.n)).collect();
    assert_eq!((rows, changes.gone), (vec![("", 1)], vec![vec!["jira:CHK-1".to_owned()]]));
    assert_eq!(live.table(&stream).unwrap(), stream.metric(&query).unwrap());
}

#[test]
fn the_rows_of_a_new_group_are_shares_of_what_others_did_in_other_parts() {
    let mut stream = ValueStream::new();
    stream.apply(said("1", 30, "jira:CHK-1", FlowState::Done)).unwrap();
    let mut query = MetricQuery::new("flow_distribution", at(24), at(24 * 5), "UTC");
    query.group_by = vec!["kind".into()];
    query.bucket = Some(Bucket::Day);
    let mut screen = Screen::new(&stream, &query);
    let mut defect = said("2", 80, "jira:CHK-2", FlowState::Done);
    defect.kind = Some(Kind::Defect);
    stream.apply(defect).unwrap();
    let told = screen.update(&stream).rows;
    let defects: Vec<_> = told.iter().filter(|row| row.group == ["defect"]).map(|row| row.value).collect();
    assert_eq!(defects, [Some(0.0), None, Some(1.0), None]);
}

#[test]
fn a_name_that_nobody_used_before_counts_nothing_anew() {
    let mut stream = ValueStream::new();
    stream.apply(said("1", 1, "jira:CHK-1", FlowState::Active)).unwrap();
    let query = MetricQuery::new("throughput", at(0), now(), "UTC");
    let mut screen = Screen::new(&stream, &query);
    let mut name = |id: &str, item: &str, alias: &str| {
        let mut event = said(id, 2, item, FlowState::Done);
        event.aliases.push(alias.into());
        stream.apply(event).unwrap();
        screen.update(&stream).recomputed_all
    };
    assert!(!name("2", "jira:CHK-1", "jira:id/1"));
    assert!(!name("3", "jira:CHK-1", "jira:id/1"));
    assert!(!name("4", "jira:CHK-2", "jira:id/2"));
    assert!(!name("5", "jira:CHK-2", "jira:id/3"));
    // Two that were known are one.
    assert!(name("6", "jira:CHK-2", "jira:CHK-1"));
    assert!(!name("7", "jira:CHK-2", "jira:CHK-1"));
}

#[test]
fn sizes_that_are_nothing_come_and_go() {
    let mut stream = ValueStream::new();
    let mut query = MetricQuery::new("size_throughput", at(0), now(), "UTC");
    query.bucket = Some(Bucket::Week);
    let mut screen = Screen::new(&stream, &query);
    for (n, (item, size)) in [("a", 0.0), ("b", 5.0), ("a", -0.0), ("c", 1.0)].into_iter().enumerate() {
        let mut event = said(&n.to_string(), n, &format!("jira:{item}"), FlowState::Done);
        event.set.size = Some(size);
        stream.apply(event).unwrap();
        screen.update(&stream);
    }
    for (n, item) in ["a", "b"].into_iter().enumerate() {
        stream.apply(said(&format!("no/{n}"), 90, &format!("jira:{item}"), FlowState::Cancelled)).unwrap();
        screen.update(&stream);
    }
}

#[test]
fn what_lies_within_an_item_that_is_not_there_is_an_error() {
    let mut stream = ValueStream::new();
    let mut story = said("1", 5, "jira:CHK-1", FlowState::Done);
    story.links.push(Link::new(LinkKind::BelongsTo, "app:x"));
    stream.apply(story).unwrap();
    let query =
        MetricQuery { within: Some("app:x".into()), ..MetricQuery::new("throughput", at(0), now(), "UTC") };
    let mut live = stream.live_metric(&query).unwrap();
    // Before it was spoken of.
    let past = stream.as_of(at(1), at(1));
    assert!(matches!(past.metric(&query), Err(Error::UnknownItem { .. })));
    assert!(matches!(live.update(&past), Err(Error::UnknownItem { .. })));
    assert_eq!(live.table(&stream).unwrap(), stream.metric(&query).unwrap());
}

#[test]
fn a_view_of_the_past_can_be_followed_too() {
    let mut stream = ValueStream::new();
    stream.apply_batch(World::new(7).events);
    let past = |hours: usize| stream.as_of(at(hours), at(hours));
    let mut query = MetricQuery::new("cycle_time", at(0), now(), "UTC");
    query.group_by = vec!["application".into()];
    let mut screen = Screen::new(&past(100), &query);
    for hours in [150, 200, 120, 480] {
        assert!(screen.update(&past(hours)).recomputed_all);
    }
    assert!(screen.update(&stream).recomputed_all);
    assert!(!screen.update(&stream).recomputed_all);
}

#[test]
fn a_stream_that_does_not_go_on_from_the_one_before_is_refused() {
    let mut stream = ValueStream::new();
    stream.apply(said("1", 1, "jira:CHK-1", FlowState::Done)).unwrap();
    let mut live = stream.live_metric(&MetricQuery::new("throughput", at(0), now(), "UTC")).unwrap();
    let mut other = ValueStream::new();
    assert!(matches!(live.update(&other), Err(Error::Invalid { .. })));
    other.apply(said("2", 1, "jira:CHK-1", FlowState::Done)).unwrap();
    assert!(matches!(live.follow(&other), Err(Error::Invalid { .. })));
    assert!(matches!(live.table(&other), Err(Error::Invalid { .. })));
    assert_eq!(live.table(&stream).unwrap().rows[0].value, Some(1.0));
    let lost = MetricQuery { within: Some("jira:CHK-9".into()), ..live.query().clone() };
    assert!(matches!(stream.live_metric(&lost), Err(Error::UnknownItem { .. })));
    let nothing = MetricQuery { metric: "luck".into(), ..live.query().clone() };
    assert!(matches!(stream.live_metric(&nothing), Err(Error::Invalid { .. })));
}
