//! What is too long, with limits that are small enough for each text to be cut at every place.

use super::*;
use crate::ingest::TableMapping;

/// Reads a text as a whole, as [`ingest`](crate::ingest) does.
fn whole(limits: Limits, adapter: Adapter, text: &[u8], options: &IngestOptions) -> Ingested {
    let mut parts = Parts::within(limits, adapter, options, true).unwrap_or_else(|_| panic!("{adapter}"));
    match parts.takes_whole(text) {
        true => sorted(parts.whole(text)),
        false => pushed(parts, [text].into_iter()),
    }
}

/// Reads the pieces of a text as they come, twice where that is needed.
fn pushed<'a>(mut parts: Parts<'_>, pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Ingested {
    let mut read = Ingested::default();
    if parts.is_learning() {
        pieces.clone().for_each(|piece| drop(parts.push(piece)));
        parts.end();
    }
    pieces.for_each(|piece| read.add(parts.push(piece)));
    read.add(parts.end());
    sorted(read)
}

fn sorted(mut read: Ingested) -> Ingested {
    read.rejects.sort_by_key(|reject| reject.position);
    read
}

/// Wherever a text is cut, in two and in pieces of one length, it comes to the same, for many limits up to one beyond its
/// length.
fn same(adapter: Adapter, text: &str, options: &IngestOptions) {
    let bytes = text.as_bytes();
    for line in (1..bytes.len() + 2).step_by(1 + bytes.len() / 40) {
        // That the text comes twice changes nothing for most adapters.
        for twice in [true, false] {
            let cuts = (0..=bytes.len()).map(|cut| bytes.split_at(cut)).map(|(one, two)| vec![one, two]);
            let pieces = (1..8).map(|length| bytes.chunks(length).collect());
            same_in(line, twice, adapter, (text, options), cuts.chain(pieces));
        }
    }
}

fn same_in<'a>(
    line: usize,
    twice: bool,
    adapter: Adapter,
    (text, options): (&'a str, &IngestOptions),
    pieces: impl Iterator<Item = Vec<&'a [u8]>>,
) {
    let limits = Limits { line, document: LONGEST_DOCUMENT };
    let expected = whole(limits, adapter, text.as_bytes(), options);
    for pieces in pieces {
        let parts = Parts::within(limits, adapter, options, twice);
        let parts = parts.unwrap_or_else(|_| panic!("{adapter}"));
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).take(3).collect();
        let read = pushed(parts, pieces.into_iter());
        assert_eq!(read, expected, "{adapter} {text:?} in pieces of {lengths:?}, longest {line}");
    }
}

/// What the fuzzers begin with: the first byte chooses options there.
macro_rules! seeds {
    ($($adapter:ident $file:literal),+ $(,)?) => {
        &[$((Adapter::$adapter, include_str!(concat!("../../../../fuzz/seeds/", $file)))),+]
    };
}

const SEEDS: &[(Adapter, &str)] = seeds![
    AzureDevops "azure_devops/azure_devops-1",
    AzureDevops "azure_devops/sample1",
    Bitbucket "bitbucket/bitbucket-1",
    Bitbucket "bitbucket/sample1",
    Cdevents "cdevents/sample1",
    Circleci "circleci/circleci-1",
    Circleci "circleci/sample1",
    Ctest "ctest/ctest-1",
    Ctest "ctest/sample1",
    Events "events/sample1",
    Git "git/rejects-1",
    Git "git/sample1",
    Git "git/timestamps-1",
    GitTags "git_tags/sample1",
    Github "github/github-1",
    Github "github/sample1",
    Github "github/squashed_pull_request-1",
    Gitlab "gitlab/gitlab-1",
    Gitlab "gitlab/sample1",
    Jenkins "jenkins/jenkins-1",
    Jenkins "jenkins/sample1",
    Jira "jira/jira_webhooks-1",
    Jira "jira/sample1",
    Junit "junit/junit_retries-1",
    Junit "junit/sample1",
    Mapping "mapping/mapping-1",
    Mapping "mapping/sample1",
    Nunit "nunit/nunit-1",
    Nunit "nunit/sample1",
    Ocel "ocel/process_logs-1",
    Ocel "ocel/sample1",
    Opsgenie "opsgenie/opsgenie-1",
    Opsgenie "opsgenie/sample1",
    Pagerduty "pagerduty/pagerduty-1",
    Pagerduty "pagerduty/sample1",
    Servicenow "servicenow/sample1",
    Servicenow "servicenow/servicenow-1",
    Trx "trx/sample1",
    Trx "trx/trx-1",
    Xes "xes/sample1",
    Xunit "xunit/sample1",
    Xunit "xunit/xunit-1",
];

#[test]
fn seeds_are_the_same_wherever_they_are_cut() {
    for (adapter, seed) in SEEDS {
        let mut options = IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() };
        let mut text = seed.get(1..).unwrap_or_default();
        if *adapter == Adapter::Mapping {
            let (mapping, rest) = text.split_once('\n').unwrap_or_default();
            (options.mapping, text) = (serde_json::from_str(mapping).ok(), rest);
        }
        // Some adapters read documents only, which are not cut apart.
        if Parts::new(*adapter, &options, true).is_err() {
            continue;
        }
        let bytes = text.as_bytes();
        for line in [3, 40, bytes.len() / 3 + 1, bytes.len().saturating_sub(1).max(1), bytes.len() + 1] {
            let cuts = (1..bytes.len()).step_by(23).map(|cut| bytes.split_at(cut));
            let cuts = cuts.map(|(one, two)| vec![one, two]);
            let pieces = [1, 2, 7].into_iter().map(|length| bytes.chunks(length).collect());
            same_in(line, true, *adapter, (text, &options), cuts.chain(pieces));
        }
    }
}

fn table() -> IngestOptions {
    let fields = [("title".to_owned(), "{b}".to_owned())].into();
    let mapping =
        TableMapping { source: "plan".into(), id: "plan:{a}".into(), fields, ..TableMapping::default() };
    IngestOptions {
        mapping: Some(mapping),
        recorded_at: "2026-03-09T00:00:00Z".parse().ok(),
        ..IngestOptions::default()
    }
}

#[test]
fn long_rows_are_the_same_wherever_they_are_cut() {
    for text in [
        "a,b\n1,x\n22,\"y\n\nyy\"\n3,z\n",
        "a,b\r\n1,x\r\n\r\n22,\"y\"\"y\"\r\n3,z",
        "a,b\r1,x\r22,\"y,\r",
        "\"a\nlong\",b,a\n1,x,2\n",
        "\u{feff}a,b\n1,\u{feff}\n\u{feff}22,x\n,,\n",
        "\n\n\na,b\n\n1,2\n\n\n",
        "a,b\n1,\u{ff01}\u{ff01}\u{ff01}\n\u{ff01},2\n",
        "a,b\n   ,             \n1,2\n",
        // The quote of the header is not closed: what looks like its end stands within.
        "a,\"b\n1,2\n",
        "a,\"b\r\n1,2\r",
        // A quote within a cell opens nothing.
        "a\",a,\"b\n1,2\n",
        "a,b\n1,5\" pipe\n",
        "a,b\n1\",\"2\n",
    ] {
        same(Adapter::Mapping, text, &table());
    }
}

#[test]
fn long_lines_are_the_same_wherever_they_are_cut() {
    let event = |id: u32| {
        format!(r#"{{"source":"t","id":"{id}","occurred_at":"2026-03-01T09:00:00Z","item":"t:1"}}"#)
    };
    for text in [
        format!("{}\n   {}\t\t\t\n\n{}", event(1), event(2), event(3)),
        format!("{}\r\n{{\"odd\":\"{}\"}}\r\n  {}  \r\n", event(1), "x".repeat(90), event(2)),
        format!("\u{feff}{}\n{}\u{feff}\n", event(1), event(2)),
    ] {
        same(Adapter::Events, &text, &IngestOptions::default());
    }
}

#[test]
fn long_records_are_the_same_wherever_they_are_cut() {
    let commit = |sha: &str| format!(r#"{{"sha":"{sha}","committed":"2026-03-01T09:00:00Z"}}"#);
    let (a, b, long) = (commit("4f2a"), commit("4f2b"), format!(r#"{{"odd":"{}"}}"#, "x]\\\"".repeat(20)));
    for text in [
        format!("{a}\n{long}\n{b}\n"),
        format!("[{a},\n{long} , {b}]"),
        format!("[{a}][{long}]\n[{b}"),
        format!("[{a},,{long},{b}] {a}"),
        format!("{long}\n{a}"),
        format!("{{\n\"sha\":\"4f2c\",\n\"odd\":\"{}\"\n}}\n", "y".repeat(50)),
        format!("  \n \n{a}   \n     \n"),
    ] {
        same(Adapter::Git, &text, &IngestOptions::default());
    }
}

#[test]
fn long_pages_are_the_same_wherever_they_are_cut() {
    let issue = |n: u32| format!(r#"{{"key":"A-{n}","fields":{{"updated":"2026-03-02T09:00:00Z"}}}}"#);
    let (a, b) = (issue(1), issue(2));
    for text in [
        format!("{{\"total\":2,\"issues\":[{a},{b}],\"names\":{{\"x\":\"y\"}}}}"),
        format!("{{\"issues\":[{a},7,{b}]}}\n{b}\n"),
        format!("{{\"issues\":[{a},{b}"),
    ] {
        same(Adapter::Jira, &text, &IngestOptions::default());
    }
    let run =
        r#"{"id":3,"number":3,"head_sha":"4f2c","status":"completed","updated_at":"2026-03-02T09:00:00Z"}"#;
    same(Adapter::Github, &format!("{{\"workflow_runs\":[{run},{run}]}}"), &IngestOptions::default());
}

/// What holds its parts under the key of a page is a record, and too long as one: its parts mean nothing by themselves.
#[test]
fn a_record_that_holds_a_list_is_no_page_because_it_is_long() {
    let entry = r#"{"id":"E1","type":"acknowledge_log_entry","created_at":"2026-03-01T09:10:00Z","incident":{"id":"Q"}}"#;
    let incident = format!(
        r#"{{"id":"P1","status":"resolved","created_at":"2026-03-01T09:00:00Z","log_entries":[{entry},{entry}]}}"#
    );
    let build = r#"{"id":1,"buildNumber":"1","status":"completed","result":"succeeded","startTime":"2026-03-01T09:00:00Z","finishTime":"2026-03-01T09:09:00Z","definition":{"id":2,"name":"d"},"project":{"id":"p","name":"P"}}"#;
    let hook = format!(
        r#"{{"eventType":"build.complete","createdDate":"2026-03-01T09:10:00Z","resource":[{build}]}}"#
    );
    for (adapter, text) in [(Adapter::Pagerduty, incident), (Adapter::AzureDevops, hook)] {
        same(adapter, &text, &IngestOptions::default());
        let limits = Limits { line: text.len() - 1, document: LONGEST_DOCUMENT };
        let read = whole(limits, adapter, text.as_bytes(), &IngestOptions::default());
        assert_eq!((read.events, read.ignored.len()), (vec![], 0), "{adapter}");
        let reason = format!("the record is {} bytes long, more than {}", text.len(), limits.line);
        assert_eq!(read.rejects, [Reject { reason, ..document(1, "") }]);
    }
}

#[test]
fn a_long_document_is_refused_wherever_it_is_cut() {
    let text = "<testsuite name='s' timestamp='2026-03-01T09:00:00Z'><testcase name='a'/></testsuite>";
    let issue = r#"{"key":"A-1","fields":{"updated":"2026-03-02T09:00:00Z"}}"#;
    for (adapter, text) in [(Adapter::Junit, text), (Adapter::Jira, issue)] {
        for most in text.len() - 3..text.len() + 3 {
            let limits = Limits { line: LONGEST_LINE, document: most };
            for cut in 0..text.len() {
                let (one, two) = text.as_bytes().split_at(cut);
                let options = IngestOptions::default();
                let parts = Parts::within(limits, adapter, &options, false);
                let read = pushed(parts.unwrap_or_else(|_| panic!("{adapter}")), [one, two].into_iter());
                let refused = read.rejects.first().is_some_and(|reject| reject.reason.contains("split it"));
                assert_eq!(refused, most < text.len(), "{adapter} cut at {cut}, {most}: {read:?}");
                assert_eq!(read.events.is_empty(), refused);
            }
        }
    }
}
