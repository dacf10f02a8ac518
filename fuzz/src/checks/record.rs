//! What every record of events keeps to, whatever the events say.

use vsm_core::{
    Adapter, ApplyReport, CorrelationRule, CorrelationRules, DataQualityQuery, Event, FlowQuery,
    IngestOptions, Instant, OutlookQuery, Span, ValueStream, VerdictQuery, VersionRule, event_to_json,
    ingest,
};

/// So many items are asked about, and so many compared one by one.
const ASKED: usize = 4;
const COMPARED: usize = 40;

pub(super) fn check(events: &[Event]) -> ApplyReport {
    for event in events {
        let line = event_to_json(event);
        assert_eq!(serde_json::from_str::<Event>(&line).ok().as_ref(), Some(event), "{line}");
    }
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(events.iter().cloned());
    let refused = report.refused.len() as u64;
    assert_eq!(report.accepted + report.duplicates + refused, events.len() as u64);
    for refusal in &report.refused {
        assert!(!refusal.reason.is_empty() && refusal.event.is_some(), "{refusal:?}");
    }
    again(&mut stream.clone(), events, &report);
    read_back(&stream);
    if refused == 0 {
        reversed(&stream, events);
    }
    let mut linked = stream.clone();
    linked.correlate(&rules());
    assert_eq!(linked.correlate(&rules()).accepted, 0, "running the rules again adds nothing");
    read_back(&linked);
    questions(&linked);
    report
}

/// A delivery that comes again changes nothing.
fn again(stream: &mut ValueStream, events: &[Event], first: &ApplyReport) {
    let before = stream.to_snapshot();
    let second = stream.apply_batch(events.iter().cloned());
    assert!(second.duplicates >= first.accepted + first.duplicates, "{first:?}, then {second:?}");
    if first.refused.is_empty() {
        assert_eq!((second.accepted, second.refused), (0, Vec::new()));
        assert_eq!(stream.to_snapshot(), before);
    }
}

/// What is written is read and written again byte for byte the same.
fn read_back(stream: &ValueStream) {
    let text = stream.to_snapshot();
    let read = ValueStream::from_snapshot(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read.to_snapshot(), text);
    if stream.event_count() == 0 {
        // A log without objects and events might be anything, and is refused.
        return;
    }
    let log = ingest(Adapter::Ocel, stream.to_ocel().as_bytes(), &IngestOptions::default());
    assert_eq!(log.rejects, []);
    let mut from_log = ValueStream::new();
    assert_eq!(from_log.apply_batch(log.events).accepted, stream.event_count() as u64);
}

/// The order of arrival does not show.
fn reversed(stream: &ValueStream, events: &[Event]) {
    let mut other = ValueStream::new();
    if other.apply_batch(events.iter().rev().cloned()).refused.is_empty() {
        let ids = stream.items(None);
        assert_eq!(other.items(None), ids);
        for id in ids.iter().take(COMPARED) {
            assert_eq!(other.item(id), stream.item(id));
            assert_eq!(other.links(id), stream.links(id), "{id}");
            assert_eq!(other.history(id), stream.history(id), "{id}");
        }
        assert_eq!(other.coverage(), stream.coverage());
    }
}

fn rules() -> CorrelationRules {
    CorrelationRules {
        prefixes: vec!["CHK".into()],
        versions: vec![VersionRule::new("v{version}", "Mobile {version}")],
        also: CorrelationRule::ALL.to_vec(),
        ..CorrelationRules::default()
    }
}

/// Every question has an answer or an error.
fn questions(stream: &ValueStream) {
    let times: Vec<Instant> = stream.events().map(|event| event.occurred_at).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return };
    let ids = stream.items(None);
    for view in [stream.clone(), stream.as_of(*first, *last)] {
        view.coverage();
        let _ = view.data_quality(&DataQualityQuery::new(*last));
        view.shipping(&rules());
        let _ = view.verdicts(&VerdictQuery::new(*last));
        let start =
            Instant::from_millis(last.millis() - Span::from_days(30).millis()).unwrap_or(Instant::MIN);
        let _ = view.flow_metrics(&FlowQuery::new(start, *last, "Europe/Zurich"));
        for id in ids.iter().take(ASKED) {
            if let Ok(outlook) = view.outlook(&OutlookQuery::new(id, *last, "Europe/Zurich")) {
                outlook.to_text();
            }
            let _ = view.trace(id);
        }
    }
}
