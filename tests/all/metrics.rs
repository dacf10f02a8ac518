//! What holds for every metric of every record.

use proptest::prelude::*;
use vsm_core::{
    Bucket, DayCount, DefectsQuery, Event, FlowQuery, FlowState, Kind, Link, LinkKind, MetricQuery,
    MetricRules, MetricState, QualityMetric, QualityTrendQuery, SuiteResults, TestsQuery, ValueStream,
    WipRule, metrics,
};

use crate::world::{Dice, World, at, now};

const STATES: [FlowState; 5] =
    [FlowState::New, FlowState::Active, FlowState::Waiting, FlowState::Done, FlowState::Cancelled];

fn stream_of(events: impl IntoIterator<Item = Event>) -> ValueStream {
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    stream
}

fn event(id: String, hour: usize, item: &str) -> Event {
    Event::new("doc", id, at(hour), item)
}

/// The records of several applications that share their teams, each by itself.
fn applications(seed: u64) -> Vec<Vec<Event>> {
    let mut dice = Dice::new(seed);
    let mut team = event("team".into(), 0, "team:t");
    team.kind = Some(Kind::Team);
    (0..4)
        .map(|app| {
            let mut events = vec![team.clone()];
            let name = format!("app:{app}");
            let mut own = event(format!("{app}"), 0, &name);
            own.kind = Some(Kind::Application);
            events.push(own);
            for number in 0..dice.below(9) {
                let item = format!("jira:{app}-{number}");
                let kinds = [Kind::Story, Kind::Defect, Kind::Risk, Kind::Epic, Kind::Incident];
                let mut hour = dice.below(400);
                for step in 0..dice.below(7) {
                    let mut said = event(format!("{app}/{number}/{step}"), hour, &item);
                    said.kind = (step == 0 || dice.one_in(5)).then(|| dice.pick(&kinds));
                    said.set.state = (!dice.one_in(6)).then(|| dice.pick(&STATES));
                    said.set.size = dice.one_in(3).then(|| dice.below(80) as f64 / 10.0);
                    said.set.priority = dice.one_in(3).then(|| dice.pick(&["high", "low"]).into());
                    if dice.one_in(4) {
                        said.set.attributes.insert("blocked".into(), dice.pick(&["vendor", ""]).into());
                    }
                    if step == 0 {
                        said.links.push(Link::new(LinkKind::BelongsTo, &*name));
                        if dice.one_in(2) {
                            said.links.push(Link::new(LinkKind::OwnedBy, "team:t"));
                        }
                        if number > 0 && dice.one_in(3) {
                            said.links
                                .push(Link::new(LinkKind::Parent, format!("jira:{app}-{}", number - 1)));
                        }
                    }
                    events.push(said);
                    hour += dice.below(90);
                }
            }
            events
        })
        .collect()
}

fn query(metric: &str) -> MetricQuery {
    MetricQuery::new(metric, at(24), at(24 * 28), "Europe/Zurich")
}

fn only(stream: &ValueStream, query: &MetricQuery) -> (u64, Option<f64>, Option<f64>) {
    let table = stream.metric(query).unwrap();
    assert_eq!(table.rows.len(), 1);
    (table.rows[0].n, table.rows[0].value, table.rows[0].part)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_a_record_add_up_to_the_whole(seed in any::<u64>()) {
        let parts = applications(seed);
        let mut seen = std::collections::HashSet::new();
        let whole = stream_of(parts.iter().flatten().filter(|it| seen.insert(it.id.clone())).cloned());
        let parts: Vec<ValueStream> = parts.into_iter().map(stream_of).collect();
        for metric in metrics() {
            for group_by in [vec![], vec!["kind".into(), "team".into()], vec!["application".into()], vec!["priority".into()]] {
                for bucket in [None, Some(Bucket::Week)] {
                    let query = MetricQuery { group_by: group_by.clone(), bucket, ..query(&metric.name) };
                    let expected = whole.metric_state(&query).unwrap();
                    let states: Vec<MetricState> =
                        parts.iter().map(|part| part.metric_state(&query).unwrap()).collect();
                    let [a, b, c, d] = &states[..] else { panic!("four parts") };
                    // ((a b) (c d)), and ((d b) c) a.
                    let (mut one, mut other) = (a.clone(), c.clone());
                    one.merge(b).unwrap();
                    other.merge(d).unwrap();
                    one.merge(&other).unwrap();
                    let mut two = d.clone();
                    [b, c, a].iter().for_each(|state| two.merge(state).unwrap());
                    let text = |state: &MetricState| serde_json::to_string(state).unwrap();
                    prop_assert_eq!(text(&one), text(&expected));
                    prop_assert_eq!(text(&two), text(&expected));
                    prop_assert_eq!(one.table().unwrap(), whole.metric(&query).unwrap());
                }
            }
        }
    }

    #[test]
    fn the_parts_of_a_window_add_up(seed in any::<u64>()) {
        let stream = stream_of(World::new(seed).events);
        for name in ["throughput", "arrivals", "created", "net_flow", "size_throughput", "wip"] {
            let part = |bucket| {
                let table = stream.metric(&MetricQuery { bucket, ..query(name) }).unwrap();
                let sum = table.rows.iter().map(|row| row.part.or(row.value).unwrap()).sum::<f64>();
                // Sizes have decimals.
                (sum * 1e6).round()
            };
            let whole = part(None);
            for bucket in [Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Quarter, Bucket::Year] {
                prop_assert_eq!(part(Some(bucket)), whole, "{} by {}", name, bucket);
            }
        }
    }

    #[test]
    fn metrics_are_those_of_the_flow_framework(seed in any::<u64>()) {
        let stream = stream_of(World::new(seed).events);
        let flow = stream.flow_metrics(&FlowQuery::new(at(24), now(), "Europe/Zurich")).unwrap();
        let ask = |name: &str| MetricQuery { end: now(), ..query(name) };
        prop_assert_eq!(only(&stream, &ask("throughput")).1, Some(f64::from(flow.velocity)));
        prop_assert_eq!(only(&stream, &ask("flow_efficiency")).1, flow.efficiency);
        let load = only(&stream, &ask("wip")).1;
        prop_assert!((load.unwrap() - flow.load.unwrap()).abs() < 1e-9);
        let time = stream.metric(&ask("flow_time")).unwrap().rows.remove(0).sample;
        prop_assert_eq!(time.is_some(), flow.time.is_some());
        if let (Some(sample), Some(time)) = (time, flow.time) {
            for (one, other) in [(sample.median, time.median), (sample.p85, time.p85), (sample.max, time.max)] {
                prop_assert!((one - other.days()).abs() < 1e-7, "{} {}", one, other.days());
            }
        }
    }

    #[test]
    fn quality_over_time_is_that_of_each_part(seed in any::<u64>()) {
        let stream = stream_of(World::new(seed).events);
        let ask = |metric| QualityTrendQuery {
            bucket: Some(Bucket::Custom),
            bucket_starts: vec![at(24 * 5), at(24 * 9), at(24 * 10)],
            ..QualityTrendQuery::new(metric, at(0), now(), "UTC")
        };
        for metric in [QualityMetric::PassRate, QualityMetric::RunPassRate, QualityMetric::FirstPassRate] {
            let trend = stream.quality_trend(&ask(metric)).unwrap();
            let mut told = 0;
            for (part, row) in trend.rows.iter().enumerate() {
                let end = [at(24 * 5), at(24 * 9), at(24 * 10), now()][part % 4];
                let tests = stream.tests(&TestsQuery::new(row.start, end)).unwrap();
                let named = |suite: &&SuiteResults| suite.suite.as_deref() == row.group.first().map(String::as_str);
                let own = tests.suites.iter().chain([&tests.total]).find(named);
                let figure = own.map_or((0, None), |own| match metric {
                    QualityMetric::PassRate => (own.tests, own.pass_rate),
                    QualityMetric::RunPassRate => (own.runs.into(), own.run_pass_rate),
                    _ => (own.revisions.into(), own.first_pass_rate),
                });
                prop_assert_eq!((row.n, row.value), figure);
                told += row.n;
            }
            // Each counts with its suite and with all together.
            prop_assert_eq!(told % 2, 0);
        }
        let query = QualityTrendQuery { bucket_starts: Vec::new(), ..ask(QualityMetric::EscapeRate) };
        let escapes = stream.quality_trend(&query).unwrap().rows.remove(0);
        let defects = stream.defects(&DefectsQuery::new(at(0), now(), "UTC")).unwrap();
        let known: u32 = defects.stages.iter().map(|stage| stage.found).sum();
        prop_assert_eq!((escapes.n, escapes.value), (known.into(), defects.escape_rate));
    }

    /// Little's law as an identity: over a window that everything lies in, work in progress is time spent.
    #[test]
    fn work_in_progress_is_time_spent(seed in any::<u64>()) {
        let mut events = applications(seed).remove(0);
        let mut items: Vec<String> =
            events.iter().map(|it| it.item.clone()).filter(|id| id.starts_with("jira:")).collect();
        items.sort();
        items.dedup();
        // All are stories, and all are done in the end.
        for it in events.iter_mut().filter(|it| it.item.starts_with("jira:") && it.kind.is_some()) {
            it.kind = Some(Kind::Story);
        }
        for id in &items {
            let mut done = event(format!("{id}/done"), 24 * 80, id);
            done.kind = Some(Kind::Story);
            done.set.state = Some(FlowState::Done);
            events.push(done);
        }
        let stream = stream_of(events);
        let wide = |name: &str, rules: MetricRules| MetricQuery {
            start: at(0),
            end: at(24 * 90),
            zone: "UTC".into(),
            kinds: vec![Kind::Story],
            rules: Some(rules),
            ..query(name)
        };
        for (wip, day_count) in [
            (WipRule::Integral, DayCount::Elapsed),
            (WipRule::Inclusive, DayCount::CalendarInclusive),
            (WipRule::Exclusive, DayCount::CalendarExclusive),
        ] {
            let rules = MetricRules { wip: Some(wip), ..MetricRules::default() };
            let level = stream.metric(&wide("wip", rules)).unwrap();
            let rules = MetricRules { day_count: Some(day_count), ..MetricRules::default() };
            let samples = stream.metric_samples(&wide("flow_time", rules)).unwrap();
            prop_assert!(samples.rows.iter().all(|row| !row.open));
            let unit = if wip == WipRule::Integral { 86_400_000.0 } else { 1.0 };
            let spent: f64 = samples.rows.iter().map(|row| row.value).sum();
            let in_progress = level.rows[0].part.unwrap() / unit;
            prop_assert!((spent - in_progress).abs() < 1e-6, "{}: {} {}", wip, spent, in_progress);
        }
    }
}

#[test]
fn what_is_left_out_of_a_metric_is_said() {
    let stream = stream_of([event("1".into(), 1, "jira:A")].map(|mut it| {
        it.kind = Some(Kind::Story);
        it
    }));
    let table = stream.metric(&query("cycle_time")).unwrap();
    assert_eq!((table.rows[0].value, table.rows[0].reason.as_deref()), (None, Some("no_data")));
    assert_eq!(table.basis.excluded[0].reason, "no_state_known");
}
