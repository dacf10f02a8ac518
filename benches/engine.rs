//! The engine against what a user would write with its building blocks, in one run, as ratios.
//!
//! `cargo bench --bench engine [-- ITEMS]`; a million items by default. The table goes to `benches/README.md`.

mod clock;
mod factories;

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use factories::{Work, at, week};
use petgraph::graph::{DiGraph, NodeIndex};
use serde::Deserialize;
use vsm_core::{
    CriticalPathQuery, Event, FlowQuery, FlowState, Instant, Kind, LinkKind, OutlookQuery, ReadinessQuery,
    Span, ValueStream, VerdictQuery, event_to_json,
};

/// The median of five runs.
fn time<T>(run: impl FnMut() -> T) -> Duration {
    clock::median(5, run)
}

fn row(what: &str, own: Duration, peer: &str, other: Duration) {
    let (own, other) = (own.as_secs_f64() * 1e3, other.as_secs_f64() * 1e3);
    println!("| {what} | {own:.1} ms | {peer} | {other:.1} ms | {:.2} |", own / other);
}

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let work = Work::new(count);
    let events: Vec<Event> = work.events().collect();
    let links: usize = events.iter().map(|event| event.links.len()).sum();
    println!("{count} items, {links} links, one core, median of five runs\n");
    println!("| what | vsm | peer | peer's time | vsm / peer |\n|---|---|---|---|---|");

    let lines: String = events.iter().map(|event| event_to_json(event) + "\n").collect();
    let read =
        time(|| lines.lines().for_each(|line| drop(black_box(serde_json::from_str::<Line>(line).unwrap()))));
    let build = {
        let mut spent: Vec<Duration> = Vec::new();
        for _ in 0..3 {
            let batch = events.clone();
            let start = Clock::now();
            let mut stream = ValueStream::new();
            assert_eq!(stream.apply_batch(batch).refused, []);
            spent.push(start.elapsed());
            black_box(stream);
        }
        spent.sort();
        spent[1]
    };
    let mut stream = ValueStream::new();
    let apply_lines = {
        let start = Clock::now();
        assert_eq!(stream.apply_json_lines(lines.as_bytes()).refused, []);
        start.elapsed()
    };
    row("read and apply JSON Lines", apply_lines, "serde_json into derived structs, texts borrowed", read);
    let graph_time = time(|| build_petgraph(&work));
    row("build from events", build, "petgraph: nodes and edges of the dependencies", graph_time);

    let graph = build_petgraph(&work);
    let pass = time(|| longest(&graph, &work.days));
    let path =
        CriticalPathQuery { critical_only: Some(true), ..CriticalPathQuery::new("plan:release", at(0)) };
    let first = {
        let start = Clock::now();
        black_box(stream.critical_path(&path).unwrap());
        start.elapsed()
    };
    row(
        "critical path, first time (lays out the graph)",
        first,
        "petgraph: toposort, forward and backward pass",
        pass,
    );
    let again = time(|| stream.critical_path(&path).unwrap());
    row("critical path, again", again, "petgraph: toposort, forward and backward pass", pass);
    let verdict_pass = time(|| verdicts(&graph, &work.done));
    let all = time(|| stream.verdicts(&VerdictQuery::new(at(0))).unwrap());
    let peer = "petgraph: toposort, one pass of bits";
    let counts = VerdictQuery { list: Some(Vec::new()), ..VerdictQuery::new(at(0)) };
    row("verdicts of all items, counted", time(|| stream.verdicts(&counts).unwrap()), peer, verdict_pass);
    row("verdicts of all items, listed by id", all, peer, verdict_pass);

    let bytes = stream.approximate_bytes();
    println!(
        "\n{:.0} bytes an item with its {:.1} links and one event",
        bytes as f64 / f64::from(count),
        links as f64 / f64::from(count)
    );
    println!("{:.2} M events a second applied", f64::from(count) / build.as_secs_f64() / 1e6);
    drop((stream, events, lines, graph));

    let mut large = ValueStream::new();
    let start = Clock::now();
    assert_eq!(large.apply_batch(Work::new(count * 10).events()).refused, []);
    println!(
        "ten times as many, made and applied one by one: {:.0} bytes an item, {:.2} M events a second",
        large.approximate_bytes() as f64 / f64::from(count * 10),
        f64::from(count * 10) / start.elapsed().as_secs_f64() / 1e6
    );
    drop(large);

    let events = week(35, 1_600, 12);
    let count = events.len();
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    let all = time(|| stream.verdicts(&VerdictQuery::new(at(0))).unwrap());
    let one = time(|| stream.readiness(&ReadinessQuery::new("plan:R1599", at(0))).unwrap());
    let outlook = time(|| stream.outlook(&OutlookQuery::new("plan:R1599", at(0), "UTC")).unwrap());
    println!("\n35 applications, 1,600 releases in a week, {count} events:");
    println!(
        "verdicts of everything {all:.1?}, readiness of one release {one:.1?}, its outlook {outlook:.1?}"
    );
    as_of(&week(35, 1_600, 300));
}

/// The same questions now, and of the Friday before, when nothing was built yet.
fn as_of(events: &[Event]) {
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events.iter().cloned()).refused, []);
    println!(
        "\nThe same with a scope of 300 each, {} events, as of a time before their end:\n",
        events.len()
    );
    println!("| question | now | as of, the first | as of, again | again / now |\n|---|---|---|---|---|");
    ask("verdicts of everything, counted", &stream, |stream| {
        stream.verdicts(&VerdictQuery { list: Some(Vec::new()), ..VerdictQuery::new(at(0)) }).unwrap();
    });
    ask("critical path of everything", &stream, |stream| {
        let query = CriticalPathQuery::new("", at(0));
        stream.critical_path(&CriticalPathQuery { item: None, critical_only: Some(true), ..query }).unwrap();
    });
    ask("critical path of one release", &stream, |stream| {
        stream.critical_path(&CriticalPathQuery::new("plan:R1599", at(0))).unwrap();
    });
    ask("readiness of one release", &stream, |stream| {
        stream.readiness(&ReadinessQuery::new("plan:R1599", at(0))).unwrap();
    });
    ask("outlook of one release", &stream, |stream| {
        stream.outlook(&OutlookQuery::new("plan:R1599", at(0), "UTC")).unwrap();
    });
    ask("trace of one release", &stream, |stream| {
        stream.trace("plan:R1599").unwrap();
    });
    ask("flow metrics of a month", &stream, |stream| {
        stream.flow_metrics(&FlowQuery::new(at(-1000), at(-280), "UTC")).unwrap();
    });
    ask("coverage", &stream, |stream| drop(stream.coverage()));
    ask("one item", &stream, |stream| drop(stream.item("jira:A0-7").unwrap()));
}

fn ask(what: &str, stream: &ValueStream, question: impl Fn(&ValueStream)) {
    question(stream);
    let now = time(|| question(stream));
    let past = stream.as_of(at(-95), at(-95));
    let start = Clock::now();
    question(&past);
    let first = start.elapsed();
    let again = time(|| question(&past));
    println!(
        "| {what} | {now:.3?} | {first:.3?} | {again:.3?} | {:.1} |",
        again.as_secs_f64() / now.as_secs_f64()
    );
}

/// What a user would derive to read these lines.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Line<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    occurred_at: Instant,
    #[serde(borrow)]
    item: Cow<'a, str>,
    kind: Option<Kind>,
    #[serde(default)]
    set: Said,
    #[serde(default, borrow)]
    links: Vec<LinkLine<'a>>,
}

#[derive(Default, Deserialize)]
#[allow(dead_code)]
struct Said {
    state: Option<FlowState>,
    estimate: Option<Span>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct LinkLine<'a> {
    kind: LinkKind,
    #[serde(borrow)]
    to: Cow<'a, str>,
}

fn build_petgraph(work: &Work) -> DiGraph<(), (), u32> {
    let mut graph = DiGraph::with_capacity(work.days.len(), work.needs.len());
    for _ in &work.days {
        graph.add_node(());
    }
    for (needed, needing) in &work.needs {
        graph.add_edge(NodeIndex::new(*needed as usize), NodeIndex::new(*needing as usize), ());
    }
    graph
}

/// What a user would write: sort, early dates forward, late dates backward.
fn longest(graph: &DiGraph<(), (), u32>, days: &[i64]) -> (i64, usize) {
    let order = petgraph::algo::toposort(graph, None).unwrap();
    let mut finish = vec![0i64; days.len()];
    for node in &order {
        let start = graph
            .neighbors_directed(*node, petgraph::Direction::Incoming)
            .map(|before| finish[before.index()])
            .max()
            .unwrap_or(0);
        finish[node.index()] = start + days[node.index()];
    }
    let end = finish.iter().copied().max().unwrap_or(0);
    let mut late = vec![end; days.len()];
    for node in order.iter().rev() {
        for after in graph.neighbors(*node) {
            late[node.index()] = late[node.index()].min(late[after.index()] - days[after.index()]);
        }
    }
    (end, finish.iter().zip(&late).filter(|(finish, late)| finish == late).count())
}

fn verdicts(graph: &DiGraph<(), (), u32>, done: &[bool]) -> usize {
    let mut ready = vec![true; done.len()];
    for node in petgraph::algo::toposort(graph, None).unwrap() {
        let before = graph.neighbors_directed(node, petgraph::Direction::Incoming).all(|n| ready[n.index()]);
        ready[node.index()] = before && done[node.index()];
    }
    ready.into_iter().filter(|ready| *ready).count()
}
