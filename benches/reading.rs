//! What tools write, read into events, against serde_json reading the same bytes into structs and dropping them.
//!
//! `cargo bench --bench reading [-- RECORDS]`; a hundred thousand records of each kind by default, ten times as many of
//! events. The table goes to `benches/README.md`.

mod clock;
mod issues;
mod trackers;

use std::borrow::Cow;
use std::hint::black_box;

use issues::issue;
use serde::Deserialize;
use trackers::trackers;
use vsm_core::{
    Adapter, FlowState, IngestOptions, Instant, Kind, LinkKind, ValueStream, event_to_json, ingest,
};

type Text<'a> = Option<Cow<'a, str>>;

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
    #[serde(borrow)]
    set: Said<'a>,
    #[serde(default, borrow)]
    links: Vec<LinkLine<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Said<'a> {
    state: Option<FlowState>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    assignee: Text<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct LinkLine<'a> {
    kind: LinkKind,
    #[serde(borrow)]
    to: Cow<'a, str>,
}

/// The parts of a Jira issue that the adapter uses of those below.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Issue<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    fields: IssueFields<'a>,
    #[serde(borrow)]
    changelog: Changelog<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct IssueFields<'a> {
    #[serde(borrow)]
    summary: Text<'a>,
    #[serde(borrow)]
    created: Text<'a>,
    #[serde(borrow)]
    updated: Text<'a>,
    #[serde(borrow)]
    issuetype: Named<'a>,
    #[serde(borrow)]
    status: Named<'a>,
    #[serde(borrow, rename = "fixVersions")]
    fix_versions: Vec<Named<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Named<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Changelog<'a> {
    #[serde(borrow)]
    histories: Vec<History<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct History<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    created: Text<'a>,
    #[serde(borrow)]
    items: Vec<Change<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code, non_snake_case)]
struct Change<'a> {
    #[serde(borrow)]
    field: Text<'a>,
    #[serde(borrow)]
    fieldId: Text<'a>,
    #[serde(borrow)]
    from: Text<'a>,
    #[serde(borrow)]
    fromString: Text<'a>,
    #[serde(borrow)]
    to: Text<'a>,
    #[serde(borrow)]
    toString: Text<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct RunHook<'a> {
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow)]
    workflow_run: Run<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Run<'a> {
    id: u64,
    #[serde(borrow)]
    name: Text<'a>,
    run_number: u64,
    run_attempt: u64,
    check_suite_id: u64,
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    conclusion: Text<'a>,
    #[serde(borrow)]
    head_sha: Text<'a>,
    #[serde(borrow)]
    head_branch: Text<'a>,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    run_started_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Repository<'a> {
    #[serde(borrow)]
    full_name: Text<'a>,
}

/// A webhook of a workflow run; most of it is addresses.
fn run(n: usize) -> String {
    let urls: Vec<String> = (0..40)
        .map(|at| format!(r#""part_{at}_url":"https://api.example.com/repos/acme/shop/part-{at}{{/sha}}""#))
        .collect();
    let urls = urls.join(",");
    format!(
        r#"{{"action":"completed","workflow_run":{{"id":{n},"name":"build","node_id":"WFR_{n}","head_branch":"main","head_sha":"{n:040x}","path":".github/workflows/build.yml","display_title":"Let the customer do the thing","run_number":{n},"event":"push","status":"completed","conclusion":"success","workflow_id":7,"check_suite_id":{n},"url":"https://api.example.com/repos/acme/shop/actions/runs/{n}","html_url":"https://example.com/acme/shop/actions/runs/{n}","pull_requests":[],"created_at":"2026-03-02T09:00:00Z","updated_at":"2026-03-02T09:10:00Z","actor":{{"login":"robin","id":1,"type":"User",{urls}}},"run_attempt":1,"run_started_at":"2026-03-02T09:00:05Z","head_commit":{{"id":"{n:040x}","message":"Let the customer do the thing","timestamp":"2026-03-02T08:59:00Z"}}}},"repository":{{"id":9,"name":"shop","full_name":"acme/shop","private":true,"owner":{{"login":"acme","id":2,"type":"Organization",{urls}}},{urls}}},"sender":{{"login":"robin","id":1,"type":"User",{urls}}}}}"#
    )
}

/// Reads lines with each, a page of a hundred at a time, as tools give them; the row of the table. Gives the seconds that
/// serde_json takes for one.
fn row<'a, T: Deserialize<'a>>(what: &str, adapter: Adapter, text: &'a str) -> f64 {
    let lines: Vec<&str> = text.lines().collect();
    let pages: Vec<String> = lines.chunks(100).map(|page| page.join("\n")).collect();
    let count = lines.len() as f64;
    let options = IngestOptions::default();
    let mut events = 0;
    for page in &pages {
        let read = ingest(adapter, page.as_bytes(), &options);
        assert_eq!(read.rejects, []);
        events += read.events.len();
    }
    let bare = clock::median(5, || {
        lines.iter().for_each(|line| drop(black_box(serde_json::from_str::<T>(line).unwrap())));
    });
    let own = clock::median(5, || {
        pages.iter().for_each(|page| drop(black_box(ingest(adapter, page.as_bytes(), &options))));
    });
    let (own, bare) = (own.as_secs_f64() / count, bare.as_secs_f64() / count);
    line(what, text.len() as f64 / count, events as f64 / count, own, bare);
    bare
}

fn line(what: &str, bytes: f64, events: f64, own: f64, bare: f64) {
    let ratio = own / bare;
    println!(
        "| {what} | {bytes:.0} | {events:.1} | {:.0} ns | {:.0} ns | {ratio:.2} |",
        own * 1e9,
        bare * 1e9
    );
}

fn main() {
    let count: usize = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    println!("Of each record, one core, median of five runs:\n");
    println!("| record | bytes | events of it | vsm | serde_json into structs | vsm / serde_json |");
    println!("|---|---|---|---|---|---|");
    let lines: String = trackers(10 * count as u64).iter().map(|event| event_to_json(event) + "\n").collect();
    let bare = row::<Line<'_>>("an event", Adapter::Events, &lines);
    let number = lines.lines().count() as f64;
    let own = clock::median(5, || {
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_json_lines(lines.as_bytes()).refused, []);
        stream
    });
    let own = own.as_secs_f64() / number;
    line("an event, recorded and linked too", lines.len() as f64 / number, 1.0, own, bare);
    drop(lines);
    let text = "A paragraph of the description, with which nothing is done. ".repeat(60);
    let issues: String = (0..count as u64).map(|n| issue(n, "") + "\n").collect();
    row::<Issue<'_>>("a Jira issue without texts", Adapter::Jira, &issues);
    let issues: String = (0..count as u64 / 4).map(|n| issue(n, &text) + "\n").collect();
    row::<Issue<'_>>("a Jira issue with description and comments", Adapter::Jira, &issues);
    drop(issues);
    let runs: String = (0..count / 4).map(|n| run(n) + "\n").collect();
    row::<RunHook<'_>>("a webhook of GitHub's workflow runs", Adapter::Github, &runs);
}
