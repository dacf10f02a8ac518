//! What metrics cost, in one run with a single pass that somebody would write by hand over columns in memory.
//!
//! `cargo bench --bench metrics [-- ITEMS]`, of eight events each; a hundred thousand by default. The table goes to
//! `benches/README.md`.

#[path = "clock.rs"]
mod clock;
#[path = "dice.rs"]
mod dice;

use std::time::Duration;

use clock::median;
use dice::Dice;
use vsm_core::{
    Bucket, DeliveryBucket, DeliveryQuery, Event, FlowState, Instant, Kind, Link, LinkKind, MetricQuery,
    MetricTable, Outcome, ValueStream,
};

const MONDAY: i64 = 1_767_571_200_000; // 2026-01-05T00:00:00Z
const DAY: i64 = 86_400_000;
const DAYS: i64 = 364;
const KINDS: [Kind; 4] = [Kind::Feature, Kind::Story, Kind::Defect, Kind::Risk];
const STATES: [FlowState; 8] = [
    FlowState::New,
    FlowState::Active,
    FlowState::Waiting,
    FlowState::Active,
    FlowState::Waiting,
    FlowState::Active,
    FlowState::Waiting,
    FlowState::Done,
];

/// The histories of items in columns, item after item: the least that the questions can be answered from.
struct Columns {
    kinds: Vec<u8>,
    /// Eight for each item.
    times: Vec<i64>,
}

fn columns(items: u64) -> Columns {
    let mut dice = Dice(items);
    let mut columns = Columns { kinds: Vec::new(), times: Vec::new() };
    for _ in 0..items {
        columns.kinds.push(dice.below(4) as u8);
        let mut at = MONDAY + dice.below(DAYS as u64 * 86_400) as i64 * 1_000;
        for _ in 0..STATES.len() {
            columns.times.push(at);
            at += 1_000 * (1 + dice.below(4 * 86_400) as i64);
        }
    }
    columns
}

fn stream_of(columns: &Columns) -> ValueStream {
    let mut stream = ValueStream::new();
    let events = columns.kinds.iter().enumerate().flat_map(|(item, kind)| {
        (0..STATES.len()).map(move |step| {
            let at = Instant::from_millis(columns.times[item * STATES.len() + step]).unwrap();
            let mut event = Event::new("jira", format!("{item}/{step}"), at, format!("jira:CHK-{item}"));
            event.kind = (step == 0).then(|| KINDS[usize::from(*kind)]);
            event.set.state = Some(STATES[step]);
            event
        })
    });
    assert_eq!(stream.apply_batch(events).refused, []);
    stream
}

/// What is asked: cycle time by kind and week, throughput by week, work in progress by day, efficiency.
#[derive(Debug, PartialEq)]
struct Answers {
    /// n and the 85th percentile in milliseconds, by kind and then by week.
    cycle_time: Vec<(u64, i64)>,
    throughput: Vec<u64>,
    wip: Vec<u64>,
    /// In millionths.
    efficiency: i64,
}

fn by_hand(columns: &Columns) -> Answers {
    let weeks = (DAYS / 7) as usize;
    let mut samples: Vec<Vec<i64>> = vec![Vec::new(); KINDS.len() * weeks];
    let (mut changes, mut active, mut flow) = (vec![0_i64; DAYS as usize + 1], 0_i128, 0_i128);
    for (kind, times) in columns.kinds.iter().zip(columns.times.chunks_exact(STATES.len())) {
        let (start, done) = (times[1], times[7]);
        let day = |at: i64| ((at - MONDAY) / DAY).clamp(0, DAYS) as usize;
        changes[day(start)] += 1;
        changes[day(done)] -= 1;
        if done < MONDAY + DAYS * DAY {
            samples[usize::from(*kind) * weeks + day(done) / 7].push(done - start);
            active += i128::from(times[2] - times[1] + times[4] - times[3] + times[6] - times[5]);
            flow += i128::from(done - start);
        }
    }
    let mut throughput = vec![0; weeks];
    let cycle_time = samples
        .iter_mut()
        .enumerate()
        .map(|(cell, sample)| {
            throughput[cell % weeks] += sample.len() as u64;
            let rank = ((sample.len() as f64 * 0.85).ceil() as usize).max(1) - 1;
            let n = sample.len() as u64;
            if sample.is_empty() { (0, 0) } else { (n, *sample.select_nth_unstable(rank).1) }
        })
        .collect();
    let mut load = 0;
    let wip = changes[..DAYS as usize]
        .iter()
        .map(|change| {
            load += change;
            load as u64
        })
        .collect();
    Answers { cycle_time, throughput, wip, efficiency: (active * 1_000_000 / flow) as i64 }
}

const QUESTIONS: &[(&str, &str, Option<Bucket>, &[&str])] = &[
    ("cycle time by kind and week", "cycle_time", Some(Bucket::Week), &["kind"]),
    ("throughput by week", "throughput", Some(Bucket::Week), &[]),
    ("work in progress by day", "wip", Some(Bucket::Day), &[]),
    ("flow efficiency", "flow_efficiency", None, &[]),
];

fn query(metric: &str, bucket: Option<Bucket>, group_by: &[&str]) -> MetricQuery {
    let at = |day: i64| Instant::from_millis(MONDAY + day * DAY).unwrap();
    MetricQuery {
        bucket,
        group_by: group_by.iter().map(|name| (*name).into()).collect(),
        ..MetricQuery::new(metric, at(0), at(DAYS), "UTC")
    }
}

fn ask(stream: &ValueStream, metric: &str, bucket: Option<Bucket>, group_by: &[&str]) -> MetricTable {
    stream.metric(&query(metric, bucket, group_by)).unwrap()
}

fn by_engine(stream: &ValueStream) -> Answers {
    let [cycle, throughput, wip, efficiency] = [0, 1, 2, 3].map(|at: usize| {
        let (_, metric, bucket, group_by) = QUESTIONS[at];
        ask(stream, metric, bucket, group_by)
    });
    let mut rows: Vec<_> = cycle.rows.iter().collect();
    rows.sort_by_key(|row| KINDS.iter().position(|kind| kind.as_str() == row.group[0]));
    let millis = |days: f64| (days * DAY as f64).round() as i64;
    let counts = |table: MetricTable| table.rows.iter().map(|row| row.value.unwrap() as u64).collect();
    Answers {
        cycle_time: rows
            .iter()
            .map(|row| (row.n, row.sample.as_ref().map_or(0, |sample| millis(sample.p85))))
            .collect(),
        throughput: counts(throughput),
        wip: counts(wip),
        efficiency: (efficiency.rows[0].value.unwrap() * 1e6) as i64,
    }
}

/// Deployments of fifty applications over the window, one in ten of which failed, each of a build with two commits.
fn deployed(count: u64) -> ValueStream {
    let at = |millis: i64| Instant::from_millis(millis).unwrap();
    let mut production = Event::new("ci", "production", at(MONDAY), "env:production");
    (production.kind, production.set.stage) = (Some(Kind::Environment), Some("production".into()));
    let events = (0..count).flat_map(move |number| {
        let time = MONDAY + (number as i64 * DAYS * DAY) / count as i64;
        let event = |kind, name: &str, at: Instant, links: &[(LinkKind, String)]| {
            let id = format!("{name}{number}");
            let mut event = Event::new("ci", id.clone(), at, format!("ci:{id}"));
            event.kind = Some(kind);
            event.links = links.iter().map(|(kind, to)| Link::new(*kind, to.clone())).collect();
            event
        };
        let before = number.checked_sub(50).map(|before| (LinkKind::Follows, format!("ci:second{before}")));
        let mut first = event(Kind::Change, "first", at(time - DAY), &Vec::from_iter(before));
        first.set.starts_at = Some(at(time - DAY));
        let mut second = event(
            Kind::Change,
            "second",
            at(time - DAY / 2),
            &[(LinkKind::Follows, format!("ci:first{number}"))],
        );
        second.set.starts_at = Some(at(time - DAY / 2));
        let application = (LinkKind::BelongsTo, format!("app:{}", number % 50));
        let from = (LinkKind::BuiltFrom, format!("ci:second{number}"));
        let mut build = event(Kind::Build, "build", at(time - DAY / 4), &[from, application]);
        build.set.result = Some(Outcome::Success);
        let links = [
            (LinkKind::DeployedTo, "env:production".into()),
            (LinkKind::Deploys, format!("ci:build{number}")),
        ];
        let mut deployment = event(Kind::Deployment, "deployment", at(time), &links);
        deployment.set.result = Some(if number % 10 == 9 { Outcome::Failure } else { Outcome::Success });
        deployment.set.ends_at = Some(at(time));
        [first, second, build, deployment]
    });
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(std::iter::once(production).chain(events)).refused, []);
    stream
}

/// The median time of an answer about deliveries, which has to count them all.
fn delivery(stream: &ValueStream, count: u64, bucket: Option<DeliveryBucket>) -> Duration {
    let at = |day: i64| Instant::from_millis(MONDAY + day * DAY).unwrap();
    let query = DeliveryQuery { bucket, ..DeliveryQuery::new(at(0), at(DAYS), "UTC") };
    median(5, || {
        let rows = stream.delivery(&query).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.frequency.n + row.frequency.failed).sum::<u64>(), count);
        // What failed is brought by the next that succeeds; the first of an application has nothing to be compared with.
        assert!(rows.iter().map(|row| row.lead_time.n).sum::<u64>() > count);
    })
}

/// Says of some items, so far from each other, that they are worked on again.
fn again(items: u64, step: usize) -> Vec<Event> {
    let at = Instant::from_millis(MONDAY + 2 * DAYS * DAY).unwrap();
    let say = |item| {
        let mut event = Event::new("jira", format!("{item}/again"), at, format!("jira:CHK-{item}"));
        event.set.state = Some(FlowState::Active);
        event
    };
    (0..items).step_by(step).map(say).collect()
}

/// How long an event takes to be applied, one for each of some items.
fn applied(stream: &mut ValueStream, items: u64) -> Duration {
    let events = again(items, 1);
    let begin = std::time::Instant::now();
    for event in events {
        stream.apply(event).unwrap();
    }
    begin.elapsed() / items as u32
}

/// How long a metric takes to be made live, and to be kept up to date with one event after the other, without and with the
/// rows that it changes.
fn lived(mut stream: ValueStream, query: &MetricQuery, items: u64) -> [Duration; 3] {
    let begin = std::time::Instant::now();
    let mut live = stream.live_metric(query).unwrap();
    let made = begin.elapsed();
    let mut times = [Duration::ZERO; 2];
    let events = again(items, 20);
    let count = events.len() as u32;
    for (number, event) in (0..).zip(events) {
        stream.apply(event).unwrap();
        let with_rows = number % 2 == 1;
        let begin = std::time::Instant::now();
        if with_rows {
            // That of the turn before is told as well.
            assert_eq!(live.update(&stream).unwrap().events, 2);
        } else {
            assert_eq!(live.follow(&stream).unwrap(), 1);
        }
        times[usize::from(with_rows)] += begin.elapsed();
    }
    assert!(live.table(&stream).unwrap() == stream.metric(query).unwrap());
    let [without, with] = times.map(|time| 2 * time / count);
    [made, without, with]
}

fn main() {
    let items = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let columns = columns(items);
    let stream = stream_of(&columns);
    assert!(by_hand(&columns) == by_engine(&stream), "the two give different answers");
    let events = columns.times.len();
    println!("| {events} events of {items} items | time | an event |\n|---|---|---|");
    let row = |what: &str, time: Duration| {
        println!(
            "| {what} | {:.2} ms | {:.1} ns |",
            time.as_secs_f64() * 1e3,
            time.as_nanos() as f64 / events as f64
        );
    };
    let hand = median(5, || by_hand(&columns));
    row("by hand over columns, in one pass", hand);
    for (what, metric, bucket, group_by) in QUESTIONS {
        row(what, median(5, || ask(&stream, metric, *bucket, group_by)));
    }
    let engine = median(5, || by_engine(&stream));
    row("the four questions to the engine", engine);
    println!("\nratio: {:.1}\n", engine.as_secs_f64() / hand.as_secs_f64());

    let some = items.min(100_000);
    let mut without = stream_of(&columns);
    let bare = applied(&mut without, some);
    drop(without);
    // A stream of its own: the first event of a copy would copy all that both have.
    let mut with = stream_of(&columns);
    let (_, metric, bucket, group_by) = &QUESTIONS[0];
    ask(&with, metric, *bucket, group_by);
    let kept = applied(&mut with, some);
    drop(with);
    println!(
        "One more event of an item takes {bare:?}; {kept:?} with the histories that metrics read kept up to date.\n"
    );

    println!("| kept up to date | made | an event | an event and its rows |\n|---|---|---|---|");
    for (what, metric, bucket, group_by) in QUESTIONS {
        let [made, event, rows] = lived(stream.clone(), &query(metric, *bucket, group_by), some);
        println!("| {what} | {:.0} ms | {event:.2?} | {rows:.2?} |", made.as_secs_f64() * 1e3);
    }
    println!();
    drop(stream);

    let stream = deployed(some);
    println!("| {some} deployments, {} events | time |\n|---|---|", 4 * some + 1);
    for (what, bucket) in [("of the year", None), ("by week", Some(DeliveryBucket::Week))] {
        println!(
            "| the five figures of fifty applications {what} | {:.1} ms |",
            delivery(&stream, some, bucket).as_secs_f64() * 1e3
        );
    }
}
