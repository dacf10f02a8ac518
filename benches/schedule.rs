//! What schedules cost, in one run with what a user would write with his own hands.
//!
//! `cargo bench --bench schedule [-- ACTIVITIES]`; a million by default. The tables go to `benches/README.md`.

#[path = "clock.rs"]
mod clock;
#[allow(dead_code, reason = "the engine's benchmark uses the rest")]
#[path = "factories.rs"]
mod factories;

use std::time::{Duration, Instant as Clock};

use clock::median;
use factories::dice::Dice;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, algo::toposort};
use vsm_core::{
    Calendar, Instant, LiveSchedule, NamedCalendar, NetworkActivity, NetworkChange, NetworkDependency,
    NetworkQuery, ReleaseDatesQuery, Span, ValueStream, Weekday, WorkingHours, schedule,
};

const MONDAY: i64 = 1_772_438_400_000;

/// Activities of some hours, each of which waits for two of the thousand before it.
struct Plan {
    hours: Vec<i64>,
    needs: Vec<(u32, u32)>,
}

fn plan(size: u32) -> Plan {
    let mut dice = Dice(u64::from(size));
    let hours = (0..size).map(|_| 1 + dice.below(40) as i64).collect();
    let mut needs = Vec::new();
    for to in 1..size {
        let mut before = || to - 1 - dice.below(u64::from(to.min(1_000))) as u32;
        let (a, b) = (before(), before());
        needs.push((a, to));
        if a != b {
            needs.push((b, to));
        }
    }
    Plan { hours, needs }
}

fn id(number: u32) -> String {
    format!("a{number}")
}

fn activity(number: u32, hours: i64) -> NetworkActivity {
    NetworkActivity { id: id(number), duration: Span::from_hours(hours), ..NetworkActivity::default() }
}

fn network(plan: &Plan) -> NetworkQuery {
    let start = Instant::from_millis(MONDAY).unwrap();
    let activities = (0..).zip(&plan.hours).map(|(number, hours)| activity(number, *hours)).collect();
    let link =
        |(from, to): &(u32, u32)| NetworkDependency { from: id(*from), to: id(*to), ..Default::default() };
    let mut query = NetworkQuery::new(start, activities, plan.needs.iter().map(link).collect());
    query.status_at = Some(start);
    query.critical_only = Some(true);
    query
}

fn with_calendar(mut query: NetworkQuery) -> NetworkQuery {
    let hours = Weekday::ALL[..5].iter().flat_map(|day| {
        [("08:00", "12:00"), ("13:00", "17:00")].map(|(start, end)| WorkingHours {
            day: *day,
            start: start.into(),
            end: end.into(),
        })
    });
    let calendar = Calendar { zone: "Europe/Zurich".into(), hours: hours.collect(), ..Calendar::default() };
    // A calendar reaches forty years: a quarter of the work for a quarter of the time.
    for own in &mut query.activities {
        own.duration = Span::from_millis(own.duration.millis() / 4);
    }
    query.calendars = vec![NamedCalendar { name: "standard".into(), calendar }];
    query.calendar = Some("standard".into());
    query
}

/// Early and late dates by petgraph: a topological sort and a walk each way.
fn petgraph_walk(graph: &DiGraph<i64, ()>) -> i64 {
    let order = toposort(graph, None).unwrap();
    let mut finish = vec![0i64; graph.node_count()];
    for node in &order {
        let before =
            graph.edges_directed(*node, Direction::Incoming).map(|edge| finish[edge.source().index()]);
        finish[node.index()] = before.max().unwrap_or(0) + graph[*node];
    }
    let end = finish.iter().copied().max().unwrap_or(0);
    let mut late = vec![end; graph.node_count()];
    for node in order.iter().rev() {
        let after = graph.edges_directed(*node, Direction::Outgoing);
        let after = after.map(|edge| late[edge.target().index()] - graph[edge.target()]);
        late[node.index()] = after.min().unwrap_or(end);
    }
    late.iter().zip(&finish).map(|(late, finish)| late - finish).filter(|float| *float == 0).count() as i64
}

/// The same on plain arrays whose order is right already: what memory allows.
struct Ranked {
    hours: Vec<i64>,
    starts: Vec<u32>,
    needs: Vec<u32>,
    finish: Vec<i64>,
    late: Vec<i64>,
}

impl Ranked {
    fn new(plan: &Plan) -> Ranked {
        let mut starts = vec![0u32; plan.hours.len() + 1];
        plan.needs.iter().for_each(|(_, to)| starts[*to as usize + 1] += 1);
        (1..starts.len()).for_each(|n| starts[n] += starts[n - 1]);
        let needs = plan.needs.iter().map(|(from, _)| *from).collect();
        let nodes = plan.hours.len();
        Ranked { hours: plan.hours.clone(), starts, needs, finish: vec![0; nodes], late: vec![0; nodes] }
    }

    fn pass(&mut self) -> i64 {
        for node in 0..self.hours.len() {
            let needs = &self.needs[self.starts[node] as usize..self.starts[node + 1] as usize];
            let start = needs.iter().map(|need| self.finish[*need as usize]).max().unwrap_or(0);
            self.finish[node] = start + self.hours[node];
        }
        let end = self.finish.iter().copied().max().unwrap_or(0);
        self.late.fill(end);
        for node in (0..self.hours.len()).rev() {
            let start = self.late[node] - self.hours[node];
            for need in &self.needs[self.starts[node] as usize..self.starts[node + 1] as usize] {
                let late = &mut self.late[*need as usize];
                *late = start.min(*late);
            }
        }
        self.late.iter().zip(&self.finish).filter(|(late, finish)| late == finish).count() as i64
    }
}

fn row(what: &str, time: Duration, of: Duration) {
    let ratio = of.as_secs_f64() / time.as_secs_f64();
    println!("| {what} | {:.1} ms | {ratio:.2} |", time.as_secs_f64() * 1e3);
}

/// The times of so many changes of one duration each, ascending.
fn changes(live: &mut LiveSchedule, plan: &Plan, count: u64, share: i64) -> Vec<Duration> {
    let mut dice = Dice(7);
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let number = dice.below(plan.hours.len() as u64) as u32;
            let hours = (plan.hours[number as usize] + dice.below(17) as i64 - 8).max(0);
            let mut own = activity(number, hours);
            own.duration = Span::from_millis(own.duration.millis() / share);
            let change =
                NetworkChange { activities: vec![own], count_only: Some(true), ..NetworkChange::default() };
            let start = Clock::now();
            std::hint::black_box(live.change(&change).unwrap());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

fn main() {
    let size = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let plan = plan(size);
    let mut graph = DiGraph::<i64, ()>::new();
    for hours in &plan.hours {
        graph.add_node(*hours);
    }
    for (from, to) in &plan.needs {
        graph.add_edge(NodeIndex::new(*from as usize), NodeIndex::new(*to as usize), ());
    }
    let mut ranked = Ranked::new(&plan);
    assert_eq!(petgraph_walk(&graph), ranked.pass());
    let walk = median(5, || petgraph_walk(&graph));
    let sort = median(5, || toposort(&graph, None).unwrap().len());
    println!("{size} activities, {} dependencies:\n", plan.needs.len());
    println!("| what | time | times as fast as petgraph's walk |\n|---|---|---|");
    row("petgraph: toposort, forward and backward pass", walk, walk);
    row("petgraph: toposort alone", sort, walk);
    row("plain arrays in the right order: what memory allows", median(9, || ranked.pass()), walk);

    let query = network(&plan);
    let mut live = LiveSchedule::new(query.clone()).unwrap();
    let again = NetworkChange { status_at: query.status_at, ..NetworkChange::default() };
    row(
        "all early and late dates and both floats, elapsed time",
        median(9, || live.change(&again).unwrap()),
        walk,
    );
    row(
        "the whole answer again: driving chains and their records too",
        median(5, || live.critical_path()),
        walk,
    );
    row("from the records: ids, order, layout, dates, answer", median(3, || schedule(&query).unwrap()), walk);
    let working = with_calendar(query);
    let mut worked = LiveSchedule::new(working).unwrap();
    row(
        "all dates and floats by a shared working calendar",
        median(5, || worked.change(&again).unwrap()),
        walk,
    );

    println!("\n| one changed duration | median | 99th percentile | worst |\n|---|---|---|---|");
    for (what, live, count, share) in
        [("elapsed time", &mut live, 5_000, 1), ("a shared working calendar", &mut worked, 500, 4)]
    {
        let times = changes(live, &plan, count, share);
        let at = |p: f64| times[((times.len() - 1) as f64 * p) as usize].as_secs_f64() * 1e6;
        println!("| {what} | {:.1} µs | {:.1} µs | {:.1} µs |", at(0.5), at(0.99), at(1.0));
    }

    println!("\n| dates and driving chains of all releases | events | time |\n|---|---|---|");
    for scope in [10, 300] {
        let mut stream = ValueStream::new();
        let report = stream.apply_batch(factories::week(35, 1_600, scope));
        let query = ReleaseDatesQuery::new(factories::at(0));
        let found = stream.release_dates(&query).unwrap().releases.len();
        let time = median(5, || stream.release_dates(&query).unwrap());
        println!(
            "| {found} releases with a scope of {scope} | {} | {:.1} ms |",
            report.accepted,
            time.as_secs_f64() * 1e3
        );
    }
}
