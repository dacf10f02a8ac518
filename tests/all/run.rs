//! Long inputs: cut anywhere, they come to the same; and they can be watched and stopped.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use vsm_core::{
    Adapter, Error, IngestOptions, IngestProgress, IngestRun, Journal, LONGEST_LINE, RowFormat, StoredStream,
    TableMapping, ValueStream,
};

use crate::shared::{bytes, shared};
use crate::store::Folder;

/// Gives a text in pieces of these lengths, again and again.
struct Pieces<'a> {
    text: Cursor<&'a [u8]>,
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a [u8], lengths: &'a [usize]) -> Pieces<'a> {
        Pieces { text: Cursor::new(text), lengths: lengths.iter().cycle() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.lengths.next().copied().unwrap_or(usize::MAX).min(into.len());
        self.text.read(&mut into[..length])
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.text.seek(to)
    }
}

fn on(_: &IngestProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run(adapter: Adapter, text: &[u8], lengths: &[usize], options: &IngestOptions) -> (IngestRun, String) {
    let mut stream = ValueStream::new();
    let run = stream.ingest_file(adapter, ("text", Pieces::new(text, lengths)), options, on).unwrap();
    (run, stream.to_snapshot())
}

fn same(adapter: Adapter, text: &[u8], lengths: &[usize], options: &IngestOptions) {
    let mut whole = ValueStream::new();
    let report = whole.ingest(adapter, text, options);
    let shown = String::from_utf8_lossy(&text[..text.len().min(2_000)]);
    let mut once = ValueStream::new();
    let input = ("text", Pieces::new(text, lengths));
    let read_once = once.ingest_reader(adapter, input, options, on).unwrap();
    for (run, snapshot) in [run(adapter, text, lengths, options), (read_once, once.to_snapshot())] {
        assert_eq!(run.report, report, "{adapter} {lengths:?} {shown:?}");
        assert_eq!(snapshot, whole.to_snapshot(), "{adapter} {lengths:?} {shown:?}");
        let refused = report.rejects.first().is_some_and(|reject| reject.position == 0);
        assert!(refused || run.bytes == text.len() as u64, "{adapter} {run:?}");
        assert!(!run.cancelled);
    }
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
    // Jira: what one record says of a status, a field, a link, a version or a key, the others have to know.
    r#"{"id":"1","key":"A-1","fields":{"created":"2026-03-01T09:00:00Z","updated":"2026-03-02T09:00:00Z","status":{"id":"3","name":"Fertig","statusCategory":{"key":"done"}},"customfield_7":5,"fixVersions":[{"id":"4","name":"1","released":true}],"subtasks":[{"key":"A-3"}]},"changelog":{"total":1,"histories":[{"id":"9","created":"2026-03-02T09:00:00Z","items":[{"field":"status","from":"8","fromString":"Offen","to":"3","toString":"Fertig"}]}]}}"#,
    r#"{"id":"2","key":"B-2","fields":{"created":"2026-03-01T09:00:00Z","updated":"2026-03-03T09:00:00Z","status":{"id":"8","name":"Offen","statusCategory":{"key":"new"}},"fixVersions":[{"id":"4","name":"1","released":true}]},"changelog":{"total":2,"histories":[{"id":"10","created":"2026-03-02T09:00:00Z","items":[{"field":"Key","fromString":"A-2","toString":"B-2"}]}]}}"#,
    r#"{"issues":[{"id":"3","key":"A-3","fields":{"created":"2026-03-01T09:00:00Z","parent":{"key":"B-2"},"issuelinks":[{"type":{"name":"Blocks","outward":"blocks","inward":"is blocked by"},"outwardIssue":{"key":"B-2"}}]}},7],"names":{"customfield_7":"Story Points"}}"#,
    r#"{"self":"https://j/rest/api/2/issue/2/changelog?startAt=1","startAt":1,"total":2,"values":[{"id":"11","created":"2026-03-03T09:00:00Z","items":[{"field":"status","from":"8","fromString":"Offen","to":"3","toString":"Fertig"}]}]}"#,
    r#"{"key":"A-9","changelog":{"total":1,"histories":[{"id":"12","created":"2026-03-03T09:00:00Z","items":[]}]}}"#,
    r#"{"timestamp":1772355600000,"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"A-1","fields":{"updated":"2026-03-02T09:00:00Z","status":{"id":"3","name":"Fertig"}}},"changelog":{"id":"9","items":[{"field":"status","from":"8","to":"3"}]}}"#,
    // Jenkins: a run that waits, and the input that it waits for.
    r#"{"_links":{"self":{"href":"/job/j/3/wfapi/describe"}},"status":"PAUSED_PENDING_INPUT","startTimeMillis":1772355600000,"stages":[{"id":"6","name":"s","status":"PAUSED_PENDING_INPUT","startTimeMillis":1772355600001}]}"#,
    r#"{"id":"I","message":"m","abortUrl":"/job/j/3/input/I/abort"}"#,
    r#"{"fullName":"f/j","builds":[{"number":3,"timestamp":1772355600000,"result":"SUCCESS","url":"https://ci/job/f/job/j/3/"},7,{"number":4}]}"#,
    // Bitbucket: a hash in full, and one that is shortened.
    r#"{"push":{"changes":[{"new":{"type":"branch","name":"m","target":{"hash":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","date":"2026-03-01T09:00:00Z"}}}]}}"#,
    r#"{"values":[{"id":3,"title":"t","state":"MERGED","created_on":"2026-03-01T09:00:00Z","updated_on":"2026-03-01T09:30:00Z","source":{"commit":{"hash":"0a0a0a0a0a0a"},"repository":{"full_name":"a/b"}},"destination":{"repository":{"full_name":"a/b"}}}]}"#,
    // Others, with what they say once of a project or a service.
    r#"{"result":[{"number":"CHG1","sys_id":"c","state":"-1","opened_at":"2026-03-01 09:00:00"},{"number":"INC1","sys_id":"i","state":"6","opened_at":"2026-03-01 09:00:00","resolved_at":"x"}]}"#,
    r#"{"items":[{"id":"f","pipeline_id":"q","pipeline_number":1,"status":"success","created_at":"2026-03-01T09:00:00Z","project_slug":"gh/a/b"},{"id":"g","pipeline_id":"q","status":"odd"}]}"#,
    r#"{"incidents":[{"id":"P2","status":"acknowledged","created_at":"2026-03-01T09:00:00Z"},{"id":"P3"}]}"#,
    r#"{"data":[{"id":"b","status":"closed","createdAt":"2026-03-01T09:00:00Z"},{"id":"c"}]}"#,
    r#"{"value":[{"id":1,"buildNumber":"1","status":"completed","result":"succeeded","startTime":"2026-03-01T09:00:00Z","finishTime":"2026-03-01T09:09:00Z","definition":{"id":2,"name":"d"},"project":{"id":"p","name":"P"}},{"id":2,"buildNumber":"2"}]}"#,
    r#"{"key":"x","when":"2026-03-01","odd":{"deep":[1,{"a":"]},"}]}}"#,
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

/// Those of them that are records, or pages of records.
static RECORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    LINES.iter().copied().filter(|line| line.starts_with("{\"") && line.ends_with('}')).collect()
});

const ENDS: &[&str] = &["\n", "\r\n", "\n\n", "", ",", ",\n", "]\n", "}"];

fn table(format: RowFormat) -> IngestOptions {
    let mut mapping =
        TableMapping { source: "plan".into(), id: "plan:{key}".into(), ..TableMapping::default() };
    mapping.kind = Some("story".into());
    mapping.format = Some(format);
    mapping.fields.insert("title".into(), "{name}".into());
    mapping.occurred_at = Some("{when}".into());
    IngestOptions { mapping: Some(mapping), zone: Some("UTC".into()), ..IngestOptions::default() }
}

fn rows() -> Vec<&'static str> {
    let first = LINES.iter().position(|line| line.starts_with("\"1\"")).unwrap();
    LINES[first..first + 7].to_vec()
}

fn text() -> impl Strategy<Value = String> {
    let line = (select(LINES), select(ENDS)).prop_map(|(line, end)| format!("{line}{end}"));
    let first = select(
        &[
            "",
            "\u{feff}",
            "\n",
            "key,name,when\n",
            "{}\n",
            "{\"sha\":\"4f2c\"}\n",
            "[",
            "[\n",
            "{\"issues\":[\n",
        ][..],
    );
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
    fn records_that_are_cut_anywhere_come_to_the_same(
        lines in prop::collection::vec(select(RECORDS.as_slice()), 1..9),
        packing in select(&[("", "\n", "\n"), ("", "\r\n", ""), ("[", ",", "]"), ("[\n", ",\n", "\n]\n"), ("[", "][", "]"), ("[", ",", "")][..]),
        lengths in prop::collection::vec(1usize..400, 1..8),
    ) {
        let (start, between, end) = packing;
        let text = format!("{start}{}{end}", lines.join(between));
        for adapter in Adapter::ALL {
            same(*adapter, text.as_bytes(), &lengths, &IngestOptions::default());
        }
        same(Adapter::Mapping, text.as_bytes(), &lengths, &table(RowFormat::JsonLines));
    }

    #[test]
    fn a_table_that_is_cut_anywhere_comes_to_the_same(
        rows in subsequence(rows(), 0..8).prop_shuffle(),
        end in select(&["\n", "\r\n", "\r"][..]),
        lengths in prop::collection::vec(1usize..20, 1..8),
    ) {
        let rows: Vec<&str> = ["key,name,when"].into_iter().chain(rows).collect();
        same(Adapter::Mapping, rows.join(end).as_bytes(), &lengths, &table(RowFormat::Csv));
    }
}

/// Real exports of Jira in each packing, cut anywhere.
#[test]
fn real_issues_that_are_cut_come_to_the_same() {
    for name in ["devlake/jira/issues_raw.jsonl", "jira-tidev/ALOY.jsonl.gz"] {
        let Some(path) = shared(name) else { return };
        let lines = String::from_utf8(bytes(&path)).unwrap();
        let lines: Vec<&str> = lines.lines().filter(|line| !line.trim().is_empty()).collect();
        let list = format!("[\n{}\n]\n", lines.join(",\n"));
        let page = format!("{{\"issues\":[{}]}}", lines.join(","));
        for text in [lines.join("\n"), list, page] {
            same(Adapter::Jira, text.as_bytes(), &[99_991, 1_000_003], &IngestOptions::default());
        }
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

/// A text in the middle of which something is as long as it takes, white space aside.
fn padded(before: &str, length: usize, after: &str) -> Vec<u8> {
    format!("{before}{}{after}", "x y".repeat(length / 3)).into_bytes()
}

#[test]
fn a_record_that_is_too_long_costs_itself() {
    let commit = |sha: &str| format!(r#"{{"sha":"{sha}","committed":"2026-03-01T09:00:00Z"}}"#);
    let (a, b) = (commit("4f2a"), commit("4f2b"));
    let more = LONGEST_LINE + 100;
    let (list, lines, first, page) = (
        padded(&format!("[{a},{{\"odd\":\""), more, &format!("\"}},{b}]")),
        padded(&format!("{a}\n{{\"odd\":\""), more, &format!("\"}}\n{b}\n")),
        padded("{\"odd\":\"", more, &format!("\"}}\n{a}\n{b}\n")),
        padded("[{\"odd\":\"", more, ""),
    );
    let cases: [(&[u8], u64, &[u64]); 4] =
        [(&list, 2, &[2]), (&lines, 2, &[2]), (&first, 2, &[1]), (&page, 0, &[1])];
    for (text, accepted, rejects) in cases {
        same(Adapter::Git, text, &[900_000], &IngestOptions::default());
        let (run, _) = run(Adapter::Git, text, &[900_000], &IngestOptions::default());
        assert_eq!(run.report.applied.accepted, accepted);
        let positions: Vec<u64> = run.report.rejects.iter().map(|reject| reject.position).collect();
        assert_eq!(positions, rejects, "{:?}", run.report.rejects);
        assert!(run.report.rejects.iter().all(|reject| reject.reason.len() < 200));
    }
}

#[test]
fn an_object_that_is_too_long_for_a_record_is_a_page_of_them() {
    let issue = |n: u32| {
        format!(
            r#"{{"key":"A-{n}","fields":{{"updated":"2026-03-02T09:00:00Z","customfield_7":{n},"odd":"{}"}}}}"#,
            "x".repeat(400_000)
        )
    };
    let issues: Vec<String> = (1..=45).map(issue).collect();
    let page = format!(
        "{{\n\"total\":45,\"issues\":[\n{},7],\n\"names\":{{\"customfield_7\":\"Story Points\"}}}}\n",
        issues.join(",\n")
    );
    for text in [
        page.clone(),
        format!("{page}{}\n", issues[0].replace("A-1", "B-1")),
        page[..page.len() / 2].to_owned(),
    ] {
        same(Adapter::Jira, text.as_bytes(), &[1_000_000], &IngestOptions::default());
    }
    let mut stream = ValueStream::new();
    let report = stream.ingest(Adapter::Jira, page.as_bytes(), &IngestOptions::default());
    assert_eq!((report.applied.accepted, report.rejects.len(), report.rejects[0].position), (45, 1, 46));
    assert_eq!(stream.item("jira:A-45").unwrap().fields.size, Some(45.0));
    // A run of a page is found by the key of the adapter, and by no other.
    let report = ValueStream::new().ingest(Adapter::Servicenow, page.as_bytes(), &IngestOptions::default());
    assert_eq!((report.rejects.len(), report.rejects[0].position), (1, 1));
}

#[test]
fn a_quote_that_is_not_closed_costs_its_row_and_no_memory() {
    let start = "key,name,when\n1,a,2026-03-01\n2,\"b\n\n";
    let more = LONGEST_LINE + 100;
    let (never, late) =
        (padded(start, more, "\n3,c,2026-03-01\n"), padded(start, more, "\",2026-03-01\r\n3,c,2026-03-01\n"));
    let header = padded("key,\"name\n", more, "\n1,a,2026-03-01\n");
    for (text, accepted, position) in [(&never, 1, 3), (&late, 2, 3), (&header, 0, 1)] {
        same(Adapter::Mapping, text, &[900_000], &table(RowFormat::Csv));
        let (run, _) = run(Adapter::Mapping, text, &[900_000], &table(RowFormat::Csv));
        assert_eq!((run.report.applied.accepted, run.report.rejects.len()), (accepted, 1));
        assert_eq!(run.report.rejects[0].position, position);
        assert!(run.report.rejects[0].reason.contains("a quote in it may not be closed"));
    }
}

#[test]
fn what_is_read_twice_can_be_stopped_before_it_is_read() {
    let text = r#"{"key":"A-1","fields":{"updated":"2026-03-02T09:00:00Z"}}"#;
    let mut stream = ValueStream::new();
    let mut times = 0;
    let input = ("text", Cursor::new(text));
    let run = stream.ingest_file(Adapter::Jira, input, &IngestOptions::default(), |now| {
        times += 1;
        assert_eq!(*now, IngestProgress::default());
        if times == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let run = run.unwrap();
    assert!(run.cancelled && run.bytes == 0 && stream.event_count() == 0, "{run:?}");
}

/// A file that is another one when it is read again.
struct Changing<'a> {
    texts: [&'a [u8]; 2],
    at: Cursor<&'a [u8]>,
    fails_at: Option<u64>,
}

impl<'a> Changing<'a> {
    fn new(first: &'a [u8], second: &'a [u8]) -> Changing<'a> {
        Changing { texts: [first, second], at: Cursor::new(first), fails_at: None }
    }
}

impl Read for Changing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.fails_at.map_or(usize::MAX, |at| (at - self.at.position()) as usize);
        if left == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let length = into.len().min(777_777).min(left);
        self.at.read(&mut into[..length])
    }
}

impl Seek for Changing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if matches!(to, SeekFrom::Start(_)) {
            self.at = Cursor::new(self.texts[1]);
        }
        self.at.seek(to)
    }
}

fn issues(from: usize, to: usize, word: &str) -> Vec<u8> {
    let issue = |n: usize| {
        format!(
            r#"{{"id":"{n}","key":"A-{n}","fields":{{"updated":"2026-03-02T09:00:00Z","summary":"{word}"}}}}"#
        )
    };
    (from..to).map(|n| issue(n) + "\n").collect::<String>().into_bytes()
}

#[test]
fn what_fails_at_the_first_of_two_times_says_where() {
    let text = issues(0, 100, "x");
    let mut broken = Changing::new(&text, &text);
    broken.fails_at = Some(4_321);
    let mut stream = ValueStream::new();
    let error =
        stream.ingest_file(Adapter::Jira, ("file", broken), &IngestOptions::default(), on).unwrap_err();
    let Error::Storage { position, .. } = &error else { panic!("{error}") };
    assert_eq!((position.as_deref(), stream.event_count()), (Some("byte 4321"), 0));
}

#[test]
fn what_is_another_file_when_it_is_read_again_is_an_error() {
    let (small, large) = (issues(0, 100, "one"), issues(0, 12_500, "one"));
    let other = issues(0, 100, "two");
    let half = &large[..large.len() - 100];
    let mut end = large.clone();
    end.splice(large.len() - 6..large.len() - 4, *b"TW");
    let (chunk, cut) = (1 << 20, "was cut off while it was read: read it again");
    let changed = "was changed from there on while it was read: read it again";
    let cases: [(&[u8], &[u8], u64, &str); 6] = [
        (&small, &other, 0, changed),
        (&small, b"", 0, cut),
        (&small, &small[..50], 50, cut),
        (&large, half, half.len() as u64, cut),
        (&large, &end, (large.len() / chunk * chunk) as u64, changed),
        (&large, &large[..chunk], chunk as u64, cut),
    ];
    for (first, second, at, expected) in cases {
        let (mut whole, mut stream) = (ValueStream::new(), ValueStream::new());
        let input = ("file", Changing::new(first, second));
        let error = stream.ingest_file(Adapter::Jira, input, &IngestOptions::default(), on).unwrap_err();
        let Error::Storage { position, reason, .. } = &error else { panic!("{error}") };
        assert_eq!((position.as_deref(), reason.as_str()), (Some(&*format!("byte {at}")), expected));
        // Of what was still the same all that is there is right.
        whole.ingest(Adapter::Jira, first, &IngestOptions::default());
        assert_eq!(whole.apply_batch(stream.events()).accepted, 0);
        assert!(stream.event_count() < whole.event_count());
    }
}

#[test]
fn what_is_added_while_a_file_is_read_is_for_another_time() {
    for count in [3, 12_500] {
        let (first, second) = (issues(0, count, "one"), issues(0, count + 12_500, "one"));
        let (mut whole, mut stream) = (ValueStream::new(), ValueStream::new());
        let input = ("file", Changing::new(&first, &second));
        let run = stream.ingest_file(Adapter::Jira, input, &IngestOptions::default(), on).unwrap();
        assert_eq!(run.report, whole.ingest(Adapter::Jira, &first, &IngestOptions::default()));
        assert_eq!(run.bytes, first.len() as u64);
        assert_eq!(stream.to_snapshot(), whole.to_snapshot());
    }
}

#[test]
fn what_cannot_be_read_twice_is_gathered() {
    struct Pipe<'a>(Pieces<'a>);
    impl Read for Pipe<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Seek for Pipe<'_> {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Err(io::ErrorKind::NotSeekable.into())
        }
    }
    // The second issue says what the status of the first one was.
    let of =
        |id: &str, lines: &[&str]| lines.iter().filter(|line| line.contains(id)).copied().collect::<String>();
    let text = [of("\"key\":\"A-1\"", &RECORDS[..]), of("\"key\":\"B-2\"", &RECORDS[..])].join("\n");
    let (mut whole, mut stream) = (ValueStream::new(), ValueStream::new());
    let report = whole.ingest(Adapter::Jira, text.as_bytes(), &IngestOptions::default());
    let pipe = ("pipe", Pipe(Pieces::new(text.as_bytes(), &[50])));
    let run = stream.ingest_file(Adapter::Jira, pipe, &IngestOptions::default(), on).unwrap();
    assert_eq!((run.path.as_str(), run.report), ("pipe", report));
    assert_eq!(stream.to_snapshot(), whole.to_snapshot());
}

#[test]
fn progress_is_told_and_can_end_it() {
    let text: Vec<u8> = (0..1_000).flat_map(|n| line(n, 0, 30, 0)).collect();
    let piece = text.len() / 10;
    let mut seen = Vec::new();
    let mut stream = ValueStream::new();
    let lengths = [piece];
    let pieces = Pieces::new(&text, &lengths);
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
    let pieces = Pieces::new(&text, &[999]);
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

/// A row whose note is so long.
fn row(key: &str, width: usize) -> String {
    format!("{key},{},2026-03-01T09:00:00Z\n", "x".repeat(width))
}

#[test]
fn rows_are_cut_before_letters_that_begin_as_the_mark_of_a_text_does() {
    let rows = (0..40).map(|n| row(&format!("Ａ{n}"), LONGEST_LINE / 32));
    let text: String = std::iter::once("key,name,when\n".to_owned()).chain(rows).collect();
    assert!(text.len() > LONGEST_LINE);
    same(Adapter::Mapping, text.as_bytes(), &[1 << 20, 1, 2, 4_097], &table(RowFormat::Csv));
}

#[test]
fn a_long_row_that_ends_where_a_piece_does_costs_only_itself() {
    const PIECE: usize = 1 << 20;
    let head = "key,name,when\n";
    let around = row("A", 0).len();
    // Just short enough, of the longest that is read, and too long.
    for (before, length) in [
        (PIECE, LONGEST_LINE),
        (PIECE - 1, LONGEST_LINE + 1),
        (PIECE - 2, LONGEST_LINE + 2),
        (PIECE, LONGEST_LINE + PIECE),
    ] {
        let first = row("A", before - head.len() - around);
        let start = format!("{head}{first}{}", row("B", length - around));
        assert_eq!(start.len() % PIECE, 0);
        let text = format!("{start}{}{}", row("C", 1), row("D", 1));
        same(Adapter::Mapping, text.as_bytes(), &[PIECE], &table(RowFormat::Csv));
    }
}

/// Were each page to be looked for in the whole text by its issue, this would take an hour.
#[test]
fn very_many_pages_of_changelogs_may_stand_in_one_record() {
    let numbers = 0..10_000;
    let issue = |n: usize| format!(r#"{{"key":"A-{n}","fields":{{"created":"2026-03-01T09:00:00Z"}}}}"#);
    let page = |n: usize| format!(r#"{{"key":"A-{n}","changelog":{{"total":0,"histories":[]}}}}"#);
    let list = |each: &dyn Fn(usize) -> String| numbers.clone().map(each).collect::<Vec<_>>().join(",");
    let text = format!("{{\"issues\":[{}]}}\n{{\"issues\":[{}]}}\n", list(&issue), list(&page));
    let (run, _) = run(Adapter::Jira, text.as_bytes(), &[1 << 20], &IngestOptions::default());
    assert_eq!((run.report.rejects, run.report.ignored.len()), (vec![], 0));
}

#[test]
fn a_tool_may_say_something_before_its_output() {
    let commit = |n: usize| format!("{{\"sha\":\"{n:07}\",\"committed\":\"2026-03-01T09:00:00Z\"}}\n");
    let text = format!("[INFO] fetching\n{}{}", commit(1), commit(2));
    same(Adapter::Git, text.as_bytes(), &[5, 40], &IngestOptions::default());
    let (run, _) = run(Adapter::Git, text.as_bytes(), &[7], &IngestOptions::default());
    assert_eq!((run.report.applied.accepted > 1, run.report.rejects.len()), (true, 1));
}

#[test]
fn commas_without_records_are_one_reject() {
    let text = format!("[{}]", ",".repeat(1 << 20));
    let (run, _) = run(Adapter::Git, text.as_bytes(), &[4_096], &IngestOptions::default());
    assert_eq!(run.report.rejects.len(), 1);
}
