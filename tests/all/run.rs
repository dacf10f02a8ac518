//! Long inputs: cut anywhere, they come to the same; and they can be watched and stopped.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use vsm_core::{
    Adapter, Error, IngestOptions, IngestProgress, IngestRun, Journal, LONGEST_LINE, RowFormat, StoredStream,
    TableMapping, ValueStream,
};

use crate::store::Folder;

/// Gives a text in pieces of these lengths, again and again.
struct Pieces<'a> {
    text: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.lengths.next().copied().unwrap_or(usize::MAX).min(self.text.len()).min(into.len());
        let (piece, rest) = self.text.split_at(length);
        into[..length].copy_from_slice(piece);
        self.text = rest;
        Ok(length)
    }
}

fn on(_: &IngestProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run(adapter: Adapter, text: &[u8], lengths: &[usize], options: &IngestOptions) -> (IngestRun, String) {
    let mut stream = ValueStream::new();
    let pieces = Pieces { text, lengths: lengths.iter().cycle() };
    let run = stream.ingest_reader(adapter, ("text", pieces), options, on).unwrap();
    (run, stream.to_snapshot())
}

fn same(adapter: Adapter, text: &[u8], lengths: &[usize], options: &IngestOptions) {
    let mut whole = ValueStream::new();
    let report = whole.ingest(adapter, text, options);
    let (run, snapshot) = run(adapter, text, lengths, options);
    let shown = String::from_utf8_lossy(&text[..text.len().min(2_000)]);
    assert_eq!(run.report, report, "{adapter} {lengths:?} {shown:?}");
    assert_eq!(snapshot, whole.to_snapshot(), "{adapter} {lengths:?} {shown:?}");
    assert_eq!((run.bytes, run.cancelled), (text.len() as u64, false));
}

/// What lines may consist of: whole, wrong, cut off, of more than one line, or only the beginning of something.
const LINES: &[&str] = &[
    r#"{"source":"t","id":"1","occurred_at":"2026-03-01T09:00:00Z","item":"t:1","kind":"story","odd":1}"#,
    r#"{"source":"t","id":"2","occurred_at":"2026-03-01T09:00:00Z","item":"t:1","links":[{"kind":"depends_on","to":"t:2"}]}"#,
    r#"{"source":"t","id":"3","occurred_at":"2026-03-01T09:00:00Z","item":"t:2","links":[{"kind":"depends_on","to":"t:1"}]}"#,
    r#"{"sha":"4f2c","parents":["aa01"],"committed":"2026-03-01T09:00:00Z","subject":"é"}"#,
    r#"[{"sha":"4f2d","committed":"2026-03-01T09:00:00Z"},7,{"sha":"no"}]"#,
    r#"{"action":"opened","repository":{"full_name":"a/b"},"issue":{"number":7,"state":"open","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-02T09:00:00Z"}}"#,
    r#"{"workflow_runs":[{"odd":1},{"head_sha":"4f2c"}]}"#,
    r#"{"object_kind":"pipeline","object_attributes":{"id":3,"status":"failed"}}"#,
    r#"{"context":{"specversion":"0.5.1","id":"7","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-01T09:00:00Z"},"subject":{"id":"s","content":{}}}"#,
    r#"{"issues":[{"key":"A-1"},{"key":"A-2"}]}"#,
    "[]",
    "{\n\"sha\":\"4f2e\"",
    "}",
    "nonsense",
    "",
    "  ",
    "\u{feff}",
    "{\"sha\":\"4f\r\n",
    "[",
    "]",
    "key,name,when",
    "\"1\",\"a \"\"b\"\",\n\nc\",2026-03-01",
    "2,b,2026-03-01",
    "3,b\"c,",
    "4,\"open,",
    "5",
    "\r",
    ",,",
    "<testsuite name=\"s\"/>",
];

const ENDS: &[&str] = &["\n", "\r\n", "\n\n", "", ","];

fn table(format: RowFormat) -> IngestOptions {
    let mut mapping =
        TableMapping { source: "plan".into(), id: "plan:{key}".into(), ..TableMapping::default() };
    mapping.kind = Some("story".into());
    mapping.format = Some(format);
    mapping.fields.insert("title".into(), "{name}".into());
    mapping.occurred_at = Some("{when}".into());
    IngestOptions { mapping: Some(mapping), zone: Some("UTC".into()), ..IngestOptions::default() }
}

fn text() -> impl Strategy<Value = String> {
    let line = (select(LINES), select(ENDS)).prop_map(|(line, end)| format!("{line}{end}"));
    let first = select(&["", "\u{feff}", "\n", "key,name,when\n", "{}\n", "{\"sha\":\"4f2c\"}\n"][..]);
    (first, prop::collection::vec(line, 0..12))
        .prop_map(|(first, lines)| format!("{first}{}", lines.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_input_that_is_cut_anywhere_comes_to_the_same(
        text in text(),
        lengths in prop::collection::vec(1usize..60, 1..8),
    ) {
        for adapter in Adapter::ALL {
            same(*adapter, text.as_bytes(), &lengths, &IngestOptions::default());
        }
        for format in [RowFormat::Csv, RowFormat::JsonLines] {
            same(Adapter::Mapping, text.as_bytes(), &lengths, &table(format));
        }
        let wrong = IngestOptions { zone: Some("Nowhere".into()), ..IngestOptions::default() };
        same(Adapter::Git, text.as_bytes(), &lengths, &wrong);
    }

    #[test]
    fn a_table_that_is_cut_anywhere_comes_to_the_same(
        rows in subsequence(LINES[20..28].to_vec(), 0..8).prop_shuffle(),
        end in select(&["\n", "\r\n", "\r"][..]),
        lengths in prop::collection::vec(1usize..20, 1..8),
    ) {
        let rows: Vec<&str> = ["key,name,when"].into_iter().chain(rows).collect();
        same(Adapter::Mapping, rows.join(end).as_bytes(), &lengths, &table(RowFormat::Csv));
    }
}

/// An event as a line, with white space of these lengths around it and a title as long as it takes.
fn line(id: u64, before: usize, title: usize, after: usize) -> Vec<u8> {
    let (before, after) = (" ".repeat(before), "\t".repeat(after));
    let when = "2026-03-01T09:00:00Z";
    format!(
        "{before}{{\"source\":\"t\",\"id\":\"{id}\",\"occurred_at\":\"{when}\",\"item\":\"t:1\",\"set\":{{\"title\":\"{}\"}}}}{after}\n",
        "a b".repeat(title / 3)
    )
    .into_bytes()
}

#[test]
fn an_overlong_line_is_a_reject_and_costs_no_other() {
    let more = LONGEST_LINE + 10;
    let lines =
        [line(1, 0, 9, 0), line(2, 0, more, 0), line(3, more, 9, 0), line(4, 5, 9, more), line(5, 0, 9, 0)];
    let text = lines.concat();
    for length in [3_000_000, 700_001] {
        same(Adapter::Events, &text, &[length], &IngestOptions::default());
    }
    let (run, _) = run(Adapter::Events, &text, &[900_000], &IngestOptions::default());
    assert_eq!((run.report.applied.accepted, run.report.rejects.len()), (4, 1));
    assert_eq!(run.report.rejects[0].position, 2);
    let cut_off = &text[..lines[0].len() + more];
    same(Adapter::Events, cut_off, &[900_000], &IngestOptions::default());
}

#[test]
fn progress_is_told_and_can_end_it() {
    let text: Vec<u8> = (0..1_000).flat_map(|n| line(n, 0, 30, 0)).collect();
    let piece = text.len() / 10;
    let mut seen = Vec::new();
    let mut stream = ValueStream::new();
    let lengths = [piece];
    let pieces = Pieces { text: &text, lengths: lengths.iter().cycle() };
    let run = stream.ingest_reader(Adapter::Events, ("text", pieces), &IngestOptions::default(), |now| {
        seen.push(now.clone());
        if now.accepted > 450 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let run = run.unwrap();
    assert!(run.cancelled && run.bytes == seen.last().unwrap().bytes, "{run:?}");
    assert!(seen.len() == 6 && seen.windows(2).all(|two| two[0].bytes < two[1].bytes), "{seen:?}");
    assert_eq!(stream.event_count() as u64, run.report.applied.accepted);
    assert!((451..600).contains(&stream.event_count()));

    // Once more from the beginning: what is there is not said twice.
    let again =
        stream.ingest_reader(Adapter::Events, ("text", &*text), &IngestOptions::default(), on).unwrap();
    assert_eq!(again.report.applied.duplicates, run.report.applied.accepted);
    assert_eq!(stream.event_count(), 1_000);
}

#[test]
fn a_reader_that_fails_says_where() {
    struct Broken(u32);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => (&*line(1, 0, 9, 0)).read(into),
                _ => Err(io::Error::other("the disk is gone")),
            }
        }
    }
    let mut stream = ValueStream::new();
    let error = stream
        .ingest_reader(Adapter::Events, ("a.jsonl", Broken(0)), &IngestOptions::default(), on)
        .unwrap_err();
    let Error::Storage { path, position, reason } = &error else { panic!("{error}") };
    assert_eq!((path.as_str(), reason.as_str()), ("a.jsonl", "can't be read: the disk is gone"));
    assert_eq!(position.as_deref(), Some(&*format!("byte {}", line(1, 0, 9, 0).len())));
    assert_eq!(stream.event_count(), 1, "what was read before stays");
}

#[test]
fn a_stored_stream_keeps_what_it_reads() {
    let folder = Folder::new();
    let open = || Journal::open(folder.file("record"), vsm_core::Durability::EachAppend).unwrap();
    let text: Vec<u8> = (0..100).flat_map(|n| line(n, 0, 30, 0)).collect();
    let (mut stored, _) = StoredStream::open(open()).unwrap();
    let pieces = Pieces { text: &text, lengths: [999].iter().cycle() };
    stored.ingest_reader(Adapter::Events, ("text", pieces), &IngestOptions::default(), on).unwrap();
    let snapshot = stored.to_snapshot();
    drop(stored);
    let (stored, recovery) = StoredStream::open(open()).unwrap();
    assert!(recovery.is_whole() && recovery.events == 100);
    assert_eq!(stored.to_snapshot(), snapshot);
}

const STREAM: &str = "VSM_TEST_STREAM";
const MEGABYTES: usize = 300;

/// Not a test by itself: a process of its own, whose memory the test below looks at.
#[test]
fn streamer() {
    if std::env::var(STREAM).is_err() {
        return;
    }
    // The same few events again and again, each with a lot that nobody reads.
    let odd = format!("\"odd\":\"{}\",\"source\"", "x".repeat(500_000));
    let lines: Vec<u8> = (0..2).flat_map(|n| line(n, 0, 30, 0)).collect();
    let piece = String::from_utf8(lines).unwrap().replace("\"source\"", &odd).into_bytes();
    let count = (MEGABYTES << 20) / piece.len();
    struct Again<'a>(&'a [u8], usize, usize);
    impl Read for Again<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.1 == 0 {
                return Ok(0);
            }
            let length = (&self.0[self.2..]).read(into)?;
            self.2 += length;
            if self.2 == self.0.len() {
                (self.1, self.2) = (self.1 - 1, 0);
            }
            Ok(length)
        }
    }
    let mut stream = ValueStream::new();
    let input = ("generated", Again(&piece, count, 0));
    let run = stream.ingest_reader(Adapter::Events, input, &IngestOptions::default(), on).unwrap();
    assert_eq!(run.bytes, (count * piece.len()) as u64);
    assert_eq!((run.report.applied.accepted, run.report.rejects.len()), (2, 0));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak {}", peak.trim().trim_end_matches(" kB"));
}

#[test]
fn three_hundred_megabytes_take_no_memory() {
    if !cfg!(target_os = "linux") {
        println!("left out: only Linux tells the memory of a process here");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "run::streamer", "--nocapture"])
        .env(STREAM, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let peak =
        text.lines().find_map(|line| line.split("peak ").nth(1)).unwrap_or_else(|| panic!("{output:?}"));
    let peak: usize = peak.trim().parse().unwrap();
    assert!(peak < 100 << 10, "{peak} kB for a stream of {MEGABYTES} MB");
}
