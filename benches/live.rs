//! What it costs to keep verdicts up to date, and what a pass over everything costs beside a bare one.
//!
//! `cargo bench --bench live [-- ITEMS]`; a million items by default. The tables go to `benches/README.md`.

mod clock;
mod factories;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use factories::dice::Dice;
use factories::{Work, at, week};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, IntoNeighbors, Reversed, Visitable};
use vsm_core::{
    Decision, Event, FlowState, Kind, LineageQuery, LineageSide, Link, LinkKind, Outcome, ReadinessQuery,
    ValueStream, VerdictQuery, Watch, WatchQuery,
};

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    passes(count);
    println!(
        "\n| event | verdicts changed by one | median | 99th percentile | slowest | events in one batch, each |"
    );
    println!("|---|---|---|---|---|---|");
    for size in [count / 10, count] {
        portfolio(size);
    }
    bank();
}

/// Verdicts of everything against the least that a pass can be: one byte an item, needs in order, nothing looked up.
fn passes(count: u32) {
    let work = Work::new(count);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(work.events()).refused, []);
    let csr = Csr::new(&work);
    let graph = csr.petgraph();
    let query = VerdictQuery { list: Some(Vec::new()), ..VerdictQuery::new(at(0)) };
    stream.verdicts(&query).unwrap();
    let all = clock::median(9, || stream.verdicts(&query).unwrap());
    let bare = clock::median(9, || csr.pass(&work.done));
    let peer = clock::median(3, || toposort(&graph, &work.done));
    let links = csr.needs.len();
    println!("{} items, {links} links, one core, medians\n", count + 1);
    println!("| what | time | of a bare pass |\n|---|---|---|");
    for (what, time) in [
        ("bare pass over the frozen graph", bare),
        ("verdicts of all items, counted", all),
        ("petgraph: toposort, one pass of bits", peer),
    ] {
        println!(
            "| {what} | {:.1} ms | {:.2} |",
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() / bare.as_secs_f64()
        );
    }
    let making = clock::median(3, || stream.watch(&WatchQuery::new(at(0))).unwrap());
    println!(
        "| making a watch | {:.1} ms | {:.2} |",
        making.as_secs_f64() * 1e3,
        making.as_secs_f64() / bare.as_secs_f64()
    );
}

/// The needs as compact adjacency in an order in which all that is needed comes before.
struct Csr {
    starts: Vec<u32>,
    needs: Vec<u32>,
}

impl Csr {
    fn new(work: &Work) -> Csr {
        let count = work.days.len() as u32;
        let mut csr = Csr { starts: vec![0], needs: Vec::new() };
        let mut needs = work.needs.iter().peekable();
        for n in 0..count {
            while let Some((needed, _)) = needs.next_if(|(_, needing)| *needing == n) {
                csr.needs.push(*needed);
            }
            csr.starts.push(csr.needs.len() as u32);
        }
        csr.needs.extend((0..count).filter(|n| n % 2 == 1));
        csr.starts.push(csr.needs.len() as u32);
        csr
    }

    fn pass(&self, done: &[bool]) -> usize {
        let mut ready: Vec<u8> = Vec::with_capacity(self.starts.len());
        for (n, bounds) in self.starts.windows(2).enumerate() {
            let own = u8::from(done.get(n).copied().unwrap_or(true));
            let needs = &self.needs[bounds[0] as usize..bounds[1] as usize];
            ready.push(needs.iter().fold(own, |ready_so_far, need| ready_so_far & ready[*need as usize]));
        }
        ready.into_iter().map(usize::from).sum()
    }

    fn petgraph(&self) -> DiGraph<(), (), u32> {
        let mut graph = DiGraph::with_capacity(self.starts.len(), self.needs.len());
        (1..self.starts.len()).for_each(|_| {
            graph.add_node(());
        });
        for (n, bounds) in self.starts.windows(2).enumerate() {
            for need in &self.needs[bounds[0] as usize..bounds[1] as usize] {
                graph.add_edge(NodeIndex::new(*need as usize), NodeIndex::new(n), ());
            }
        }
        graph
    }
}

fn toposort(graph: &DiGraph<(), (), u32>, done: &[bool]) -> usize {
    let mut ready = vec![true; graph.node_count()];
    for node in petgraph::algo::toposort(graph, None).unwrap() {
        let before = graph.neighbors_directed(node, petgraph::Direction::Incoming).all(|n| ready[n.index()]);
        ready[node.index()] = before && done.get(node.index()).copied().unwrap_or(true);
    }
    ready.into_iter().filter(|ready| *ready).count()
}

/// Epics, features and stories, a hundred and ten stories to an epic, each story part of its feature and dependent on one
/// before it, each epic in the scope of a release: two links an item.
fn portfolio(count: u32) {
    let mut dice = Dice(7);
    let mut events = Vec::new();
    let mut say = |id: String, kind: Kind, links: Vec<Link>| {
        let mut event = Event::new("plan", id.clone(), at(0), id);
        event.kind = Some(kind);
        event.set.state = Some(FlowState::Done);
        event.links = links;
        events.push(event);
    };
    for n in 0..count {
        let id = format!("plan:{n}");
        match n % 111 {
            0 => {
                let release = n / 111 / 10;
                if n % 1110 == 0 {
                    say(format!("plan:R{release}"), Kind::Release, Vec::new());
                }
                say(id, Kind::Epic, vec![Link::new(LinkKind::ShipsIn, format!("plan:R{release}"))]);
            }
            place if place % 11 == 1 => {
                say(id, Kind::Feature, vec![Link::new(LinkKind::Parent, format!("plan:{}", n - place))]);
            }
            place => {
                let feature = n - (place - 1) % 11;
                let before = format!("plan:{}", dice.below(u64::from(n)) / 111 * 111 + 2);
                let mut links = vec![Link::new(LinkKind::Parent, format!("plan:{feature}"))];
                if before != id {
                    links.push(Link::new(LinkKind::DependsOn, before));
                }
                say(id, Kind::Story, links);
            }
        }
    }
    let graph = drawn(&events);
    let mut stream = ValueStream::new();
    let refused = stream.apply_batch(events).refused;
    assert_eq!(refused, []);
    lineage(&stream, &graph, count);
    let mut watch = stream.watch(&WatchQuery::new(at(0))).unwrap();
    let stories: Vec<u32> = (0..count).filter(|n| n % 111 != 0 && n % 111 % 11 != 1).collect();
    let name = format!("{count} items, {} links", stream.link_count());
    // Back and forth, so that something changes each time.
    let mut number = 0;
    let mut flip = |item: u32, state: FlowState| {
        number += 1;
        let mut event = Event::new("flip", number.to_string(), at(1 + number), format!("plan:{item}"));
        event.set.state = Some(state);
        event
    };
    let picked: Vec<u32> = (0..5_000).map(|_| stories[dice.below(stories.len() as u64) as usize]).collect();
    let events =
        picked.iter().flat_map(|story| [FlowState::Active, FlowState::Done].map(|state| (*story, state)));
    let events: Vec<Event> = events.map(|(story, state)| flip(story, state)).collect();
    each(&format!("{name}: a story is re-opened, done again"), &mut stream, &mut watch, events);
    // What is under way becomes under way by another word: nobody's verdict is another one.
    let events: Vec<Event> = picked.iter().map(|story| flip(*story, FlowState::Active)).collect();
    stream.apply_batch(events);
    watch.update(&stream).unwrap();
    let events: Vec<Event> = picked.iter().map(|story| flip(*story, FlowState::Waiting)).collect();
    each(&format!("{name}: a story waits that was active"), &mut stream, &mut watch, events);
}

/// The needs as a user would draw them, from what needs to what is needed, with the node of each id.
fn drawn(events: &[Event]) -> (DiGraph<(), (), u32>, HashMap<String, NodeIndex>) {
    let mut graph = DiGraph::default();
    let nodes: HashMap<String, NodeIndex> =
        events.iter().map(|event| (event.item.clone(), graph.add_node(()))).collect();
    for event in events {
        for link in &event.links {
            let (from, to) = (nodes[&event.item], nodes[&link.to]);
            let (needing, needed) = if link.kind == LinkKind::DependsOn { (from, to) } else { (to, from) };
            graph.add_edge(needing, needed, ());
        }
    }
    (graph, nodes)
}

/// All that a release or a story needs, or that needs it, against petgraph's depth-first search.
fn lineage(
    stream: &ValueStream,
    (graph, nodes): &(DiGraph<(), (), u32>, HashMap<String, NodeIndex>),
    count: u32,
) {
    let releases = count / 1110;
    let cases = [
        ("all that a release needs", format!("plan:R{}", releases / 2), LineageSide::Needs),
        ("all that the last release needs", format!("plan:R{}", releases - 1), LineageSide::Needs),
        ("all that needs a late story", format!("plan:{}", count - count % 111 - 100), LineageSide::NeededBy),
        ("all that needs the first story", "plan:2".to_owned(), LineageSide::NeededBy),
    ];
    for (what, item, side) in cases {
        let listed = LineageQuery::new(&item, side);
        let counted = LineageQuery { list: Some(false), ..listed.clone() };
        let start = nodes[&item];
        let reach = || match side {
            LineageSide::Needs => searched(Dfs::new(graph, start), graph),
            LineageSide::NeededBy => searched(Dfs::new(Reversed(graph), start), Reversed(graph)),
        };
        let n = stream.lineage(&counted).unwrap().count;
        assert_eq!(n as usize, reach(), "{what}");
        let peer = clock::median(15, reach);
        let counting = clock::median(15, || stream.lineage(&counted).unwrap());
        let listing = clock::median(15, || stream.lineage(&listed).unwrap());
        println!(
            "| {count} items: {what}: {n} | petgraph {peer:.1?} | counted {counting:.1?} | listed {listing:.1?} | petgraph / counted {:.1} | |",
            peer.as_secs_f64() / counting.as_secs_f64()
        );
    }
}

/// How many nodes a search finds, its start left out.
fn searched<G>(mut search: Dfs<NodeIndex, <G as Visitable>::Map>, graph: G) -> usize
where
    G: IntoNeighbors<NodeId = NodeIndex> + Visitable<NodeId = NodeIndex>,
{
    let mut count = 0;
    while search.next(graph).is_some() {
        count += 1;
    }
    count - 1
}

/// A bank's week, where a verdict rests on builds, tests, gates and environments.
fn bank() {
    for scope in [12, 300] {
        let events = week(35, 1_600, scope);
        let name = format!("bank, {} events", events.len());
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(events).refused, []);
        let mut watch = stream.watch(&WatchQuery::new(at(0))).unwrap();
        let say = |id: String, item: String, fill: &dyn Fn(&mut Event)| {
            let mut event = Event::new("day", id, at(1), item);
            fill(&mut event);
            event
        };
        let releases = || (0..1_600u64).map(|n| n * 7 % 1_600).take(400);
        let stories = releases().map(|n| {
            let item = format!("jira:A{}-{}", n % 35, n * scope);
            say(format!("s{n}"), item, &|event| event.set.state = Some(FlowState::Waiting))
        });
        each(&format!("{name}: a story waits again"), &mut stream, &mut watch, stories.collect());
        let gates = releases().map(|n| {
            say(format!("g{n}"), format!("gate:{n}"), &|event| {
                event.set.decision = Some(Decision::Approved);
                event.links.push(Link::new(LinkKind::DecidedBy, format!("who:{}", n % 35)));
            })
        });
        each(&format!("{name}: a gate is passed"), &mut stream, &mut watch, gates.collect());
        let runs = releases().map(|n| {
            say(format!("t{n}"), format!("junit:{n}"), &|event| event.set.result = Some(Outcome::Unstable))
        });
        each(&format!("{name}: a test run failed after all"), &mut stream, &mut watch, runs.collect());
        let commits = releases().map(|n| {
            say(format!("c{n}"), format!("git:new{n}"), &|event| {
                event.kind = Some(Kind::Change);
                event.links.push(Link::new(LinkKind::Follows, format!("git:{:08x}", n * scope + scope - 1)));
                event
                    .links
                    .push(Link::new(LinkKind::Implements, format!("jira:A{}-{}", n % 35, n * scope + 1)));
            })
        });
        each(
            &format!("{name}: a fix is committed after the build"),
            &mut stream,
            &mut watch,
            commits.collect(),
        );
        let deployments = releases().map(|n| {
            say(format!("d{n}"), format!("deploy:{n}"), &|event| {
                event.kind = Some(Kind::Deployment);
                event.set.result = Some(Outcome::Success);
                event.links.push(Link::new(LinkKind::Deploys, format!("ci:{n}")));
                event.links.push(Link::new(LinkKind::DeployedTo, format!("env:{}", n % 35)));
            })
        });
        each(&format!("{name}: a build is deployed"), &mut stream, &mut watch, deployments.collect());
        let readiness =
            clock::median(99, || stream.readiness(&ReadinessQuery::new("plan:R1599", at(0))).unwrap());
        println!("| {name}: readiness of one release, explained | | {readiness:.1?} | | | |");
    }
}

/// Half of the events one by one, the other half at once; what they take to be applied is left out.
fn each(what: &str, stream: &mut ValueStream, watch: &mut Watch, mut events: Vec<Event>) {
    let rest = events.split_off(events.len() / 2);
    let (mut times, mut changed): (Vec<Duration>, usize) = (Vec::new(), 0);
    for event in events {
        stream.apply(event).unwrap();
        let start = Clock::now();
        let changes = watch.update(stream).unwrap();
        times.push(start.elapsed());
        changed += black_box(changes).changed.len();
    }
    times.sort();
    let count = rest.len() as u32;
    assert_eq!(stream.apply_batch(rest).refused, []);
    let start = Clock::now();
    let changes = watch.update(stream).unwrap();
    let batch = start.elapsed() / count;
    assert!(!black_box(changes).recomputed_all);
    println!(
        "| {what} | {:.1} | {:.2?} | {:.2?} | {:.2?} | {batch:.2?} |",
        changed as f64 / times.len() as f64,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
}
