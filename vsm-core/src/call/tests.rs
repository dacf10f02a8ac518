//! Tables by name.

use super::{ARROW_CALLS, CALLS, call_arrow};
use crate::error::Result;
use crate::ingest::{Adapter, IngestOptions, RowFormat, TableMapping, ingest};
use crate::model::{Event, Kind};
use crate::stream::ValueStream;

fn stream() -> Result<ValueStream> {
    let mut event = Event::new("doc", "1", "2026-03-02T00:00:00Z".parse()?, "jira:A-1");
    event.kind = Some(Kind::Story);
    let mut stream = ValueStream::new();
    stream.apply(event)?;
    Ok(stream)
}

/// The items of the table of verdicts, as a mapping reads them.
fn items(args: &str, list: Option<&str>) -> Result<Vec<String>> {
    let table = call_arrow(&stream()?, "verdicts", args, list)?;
    let mapping = TableMapping {
        source: "table".into(),
        format: Some(RowFormat::Arrow),
        id: "{item}".into(),
        kind: Some("{kind}".into()),
        ..TableMapping::default()
    };
    let recorded_at = Some("2026-03-05T00:00:00Z".parse()?);
    let options = IngestOptions { recorded_at, mapping: Some(mapping), ..IngestOptions::default() };
    let read = ingest(Adapter::Mapping, &table, &options);
    assert_eq!(read.rejects, []);
    Ok(read.events.into_iter().map(|event| event.item).collect())
}

#[test]
fn a_table_is_asked_for_by_name() {
    let at = r#"{"at":"2026-03-05T00:00:00Z"}"#;
    let before = r#"{"at":"2026-03-05T00:00:00Z","as_of":{"occurred":"2026-03-01T00:00:00Z","recorded":"2026-03-01T00:00:00Z"}}"#;
    assert_eq!(items(at, None).unwrap(), ["jira:A-1"]);
    assert_eq!(items(at, Some("items")).unwrap(), ["jira:A-1"]);
    assert!(items(before, None).unwrap().is_empty());
}

#[test]
fn what_is_no_table_says_so() {
    let why = |result: Result<Vec<String>>| result.unwrap_err().to_string();
    assert!(why(items(r#"{"at":"2026-03-05T00:00:00Z"}"#, Some("rows"))).contains("is not one of items"));
    assert!(why(items("{}", None)).contains("`at`"));
    assert!(why(items(r#"{"at":"2026-03-05T00:00:00Z","when":1}"#, None)).contains("when"));
    let none = call_arrow(&stream().unwrap(), "coverage", "{}", None).unwrap_err().to_string();
    assert!(none.contains("coverage") && none.contains("verdicts"), "{none}");
    // Every name is a question that there is.
    assert!(ARROW_CALLS.iter().all(|name| CALLS.contains(name)));
}
