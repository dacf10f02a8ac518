//! What every adapter promises, whatever it is given.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use vsm_core::{
    Adapter, ApplyReport, DateOrder, Event, FlowState, IngestOptions, Ingested, Instant, Kind, ingest,
    ingest_file,
};

use super::record;

/// The first byte chooses the options, the rest is what a tool wrote; for the mapping adapter the first line is the
/// mapping.
pub(super) fn check(adapter: Adapter, bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let mut options = options(*choice);
    let mut input = bytes;
    if adapter == Adapter::Mapping {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        options.mapping = serde_json::from_slice(&bytes[..end]).ok();
        input = bytes.get(end + 1..).unwrap_or_default();
    }
    let read = ingest(adapter, input, &options);
    assert_eq!(read, ingest(adapter, input, &options), "the same input gives the same");
    rejects(adapter, input, &read);
    in_pieces(adapter, input, &options, &read);
    if !read.events.is_empty() {
        let report = record::check(&read.events);
        // What is read in our own words may say anything; what an adapter says itself can be applied, unless records
        // contradict each other.
        let own_words = matches!(adapter, Adapter::Events | Adapter::Ocel);
        for refusal in report.refused.iter().filter(|_| !own_words) {
            assert!(matches!(refusal.code.as_str(), "conflict" | "cycle"), "{refusal:?}");
        }
    }
}

/// Gives an input in pieces of a few bytes.
struct Pieces<'a>(Cursor<&'a [u8]>);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = (self.0.position() % 7 + 1) as usize;
        self.0.read(into.get_mut(..length).unwrap_or_default())
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Wherever an input is cut, it comes to what reading the whole comes to.
fn in_pieces(adapter: Adapter, input: &[u8], options: &IngestOptions, whole: &Ingested) {
    let mut events = Vec::new();
    let apply = |more: Vec<Event>| {
        events.extend(more);
        Ok(ApplyReport::default())
    };
    let pieces = ("input", Pieces(Cursor::new(input)));
    let run = ingest_file(adapter, pieces, options, apply, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((&run.report.rejects, &run.report.ignored), (&whole.rejects, &whole.ignored), "{adapter}");
    assert_eq!(events, whole.events, "{adapter}");
}

/// A printable character for each choice: `@` says nothing, `A` a zone, `Q` a zone and the rest.
fn options(choice: u8) -> IngestOptions {
    let zones = [None, Some("Europe/Zurich"), Some("America/New_York"), Some("Nowhere")];
    let orders = [None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst), None];
    let mut options = IngestOptions {
        zone: zones[usize::from(choice & 3)].map(str::to_owned),
        date_order: orders[usize::from(choice >> 2 & 3)],
        ..IngestOptions::default()
    };
    if choice & 16 != 0 {
        let pair = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        options.recorded_at = "2026-03-09T00:00:00Z".parse().ok();
        options.application = Some("app:shop".into());
        options.applications = pair("acme/shop", "app:shop");
        options.states = [("Start".to_owned(), FlowState::Active), ("3".to_owned(), FlowState::Done)].into();
        options.kinds = [("Order".to_owned(), Kind::Feature), ("bug".to_owned(), Kind::Risk)].into();
        options.deploy_jobs = pair("deploy-{application}-{environment}", "env:{environment}");
        options.deploy_stages = pair("Deploy to {environment}", "env:{environment}");
        options.gates = pair("release-{x}", "plan:{x}");
        options.name = Some("Checks".into());
        options.build = Some("jenkins:checks#31".into());
        options.environment = Some("env:uat".into());
        options.at = Instant::from_millis(1_772_355_600_000);
        options.retries = choice & 32 != 0;
    }
    options
}

/// Every reject says where it is and why, and carries no more of the input than helps to find it.
fn rejects(adapter: Adapter, input: &[u8], read: &Ingested) {
    for reject in &read.rejects {
        // Neither a record nor a line is shorter than a byte; the end of the text is a place too.
        assert!(reject.position <= input.len() as u64 + 1, "{adapter}: {reject:?} in {} bytes", input.len());
        assert!(
            matches!(reject.code.as_str(), "document" | "invalid" | "unknown_zone"),
            "{adapter}: {reject:?}"
        );
        assert!(!reject.reason.is_empty() && reject.reason.len() < 2_000, "{adapter}: {reject:?}");
    }
}
