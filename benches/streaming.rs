//! What reading files of any length takes of memory.
//!
//! `cargo bench --bench streaming [-- MEGABYTES]`; a gigabyte by default. Each file is written to a temporary folder and read
//! by a process of its own. The table goes to `benches/README.md`.

mod issues;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Instant as Clock;

use issues::issue;
use vsm_core::{Adapter, IngestOptions, ValueStream};

/// The process that reads one file: its adapter and path.
const CHILD: &str = "VSM_STREAMING";

/// An event with a field that nobody reads.
fn event(n: u64) -> String {
    let text = "text that is not read ".repeat(90);
    format!(
        r#"{{"source":"plan","id":"{n}","occurred_at":"2026-03-02T09:00:00Z","item":"plan:{}","set":{{"state":"active"}},"odd":"{text}"}}"#,
        n % 1_000
    )
}

/// A Jira issue as exports have them: most of it is description, comments and addresses.
fn exported(n: u64) -> String {
    issue(n, &"A paragraph of the description, with which nothing is done. ".repeat(60))
}

/// Writes records until the file is so long: what comes first, between two of them, and last.
fn write(path: &Path, bytes: u64, (first, between, last): (&str, &str, &str), record: fn(u64) -> String) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(first.as_bytes()).unwrap();
    let mut written = 0;
    for n in 1.. {
        let record = record(n);
        written += (record.len() + between.len()) as u64;
        out.write_all(record.as_bytes()).unwrap();
        if written >= bytes {
            break;
        }
        out.write_all(between.as_bytes()).unwrap();
    }
    out.write_all(last.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A number of kilobytes that Linux knows of this process, in megabytes.
fn memory(name: &str) -> u64 {
    let status =
        fs::read_to_string("/proc/self/status").expect("only Linux tells the memory of a process here");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap() >> 10
}

fn read(how: &str) {
    let (adapter, path) = how.split_once(' ').unwrap();
    let adapter = Adapter::from_word(adapter).unwrap();
    let mut stream = ValueStream::new();
    let start = Clock::now();
    let input = (path, File::open(path).unwrap());
    let on = |_: &_| ControlFlow::Continue(());
    let run = stream.ingest_file(adapter, input, &IngestOptions::default(), on).unwrap();
    let (seconds, peak) = (start.elapsed().as_secs_f64(), memory("VmHWM:"));
    let (model, end) = (stream.approximate_bytes() as u64 >> 20, memory("VmRSS:"));
    let (accepted, rejects) = (run.report.applied.accepted, run.report.rejects.len());
    println!(
        "{accepted} | {rejects} | {seconds:.1} s | {peak} MB | {end} MB | {model} MB | {} MB | {} MB |",
        peak.saturating_sub(end),
        peak.saturating_sub(model)
    );
}

fn main() {
    if let Ok(how) = std::env::var(CHILD) {
        return read(&how);
    }
    let megabytes: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000);
    let folder = std::env::temp_dir().join(format!("vsm-streaming-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("input");
    println!("{megabytes} MB each\n");
    println!("| what | events | rejects | time | peak | at the end | model | peak − end | peak − model |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let word: fn(u64) -> String = |_| "a word and ".into();
    type Case<'c> = (&'c str, Adapter, (&'c str, &'c str, &'c str), fn(u64) -> String);
    let cases: [Case<'_>; 6] = [
        ("events, JSON Lines", Adapter::Events, ("", "\n", "\n"), event),
        ("Jira, JSON Lines", Adapter::Jira, ("", "\n", "\n"), exported),
        ("Jira, one list", Adapter::Jira, ("[", ",", "]"), exported),
        ("Jira, one object that is a page", Adapter::Jira, ("{\"issues\":[", ",", "]}"), exported),
        ("one line, after another", Adapter::Events, ("{}\n{\"source\":\"", "", "\"}\n"), word),
        ("one line, of Jira", Adapter::Jira, ("{\"key\":\"", "", "\"}\n"), word),
    ];
    for (what, adapter, packing, record) in cases {
        write(&path, megabytes * 1_000_000, packing, record);
        let child = std::env::current_exe().unwrap();
        let output =
            Command::new(child).env(CHILD, format!("{adapter} {}", path.display())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        print!("| {what} | {}", String::from_utf8_lossy(&output.stdout));
    }
    fs::remove_dir_all(&folder).unwrap();
}
