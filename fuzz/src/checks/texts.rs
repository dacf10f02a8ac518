//! What holds for the texts of the engine's own, and for the forms of time.

use std::sync::OnceLock;

use vsm_core::{
    Adapter, CALLS, CHANGES, CdEvent, DateOrder, Event, IngestOptions, Instant, TableMapping, ValueStream,
    ingest,
};

/// Any bytes as a snapshot, and as JSON Lines.
pub(super) fn snapshot(bytes: &[u8]) {
    if let Ok(stream) = ValueStream::from_snapshot(bytes) {
        let text = stream.to_snapshot();
        let again =
            ValueStream::from_snapshot(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(again.to_snapshot(), text);
    }
    let (mut short, mut long) = (ValueStream::new(), ValueStream::new());
    let report = short.apply_json_lines(bytes);
    let read = long.ingest(Adapter::Events, bytes, &IngestOptions::default());
    assert_eq!(report.accepted, read.applied.accepted);
    assert_eq!(report.refused.len(), read.applied.refused.len() + read.rejects.len());
    assert_eq!(report.unknown_fields, read.ignored);
    assert_eq!(short.to_snapshot(), long.to_snapshot());
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).for_each(both_readers);
}

/// Lines that look plain are read by a reader of their own; it says what the general one says.
fn both_readers(line: &[u8]) {
    // A longer one is refused where a fuzzer runs.
    if line.is_empty() || line.len() > 100 || line.starts_with(b"\xef\xbb\xbf") {
        return;
    }
    let (mut own, mut general) = (ValueStream::new(), ValueStream::new());
    let report = own.apply_json_lines(line);
    let taken = serde_json::from_slice::<Event>(line).is_ok_and(|event| general.apply(event).is_ok());
    assert_eq!(report.accepted == 1, taken);
    assert_eq!(own.to_snapshot(), general.to_snapshot());
}

/// The first byte chooses the call, the rest are its arguments. It is asked of the sample portfolio.
pub(super) fn call(bytes: &[u8]) {
    static SAMPLE: OnceLock<ValueStream> = OnceLock::new();
    let Some((choice, arguments)) = bytes.split_first() else { return };
    let Ok(arguments) = std::str::from_utf8(arguments) else { return };
    let name = CALLS[usize::from(choice.wrapping_sub(b'A')) % CALLS.len()];
    let sample = SAMPLE.get_or_init(|| {
        let mut stream = ValueStream::new();
        stream.apply_json_lines(include_bytes!("../../../examples/data/portfolio.events.jsonl"));
        stream
    });
    let mut stream = sample.clone();
    let answer = vsm_core::call(&mut stream, name, arguments);
    match &answer {
        Ok(text) => assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{name}: {text}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if !CHANGES.contains(&name) {
        assert_eq!(answer, vsm_core::call(&mut stream, name, arguments), "asking changes nothing");
    }
}

/// What a CDEvent says is kept to the letter.
pub(super) fn cdevent(bytes: &[u8]) {
    let Ok(event) = CdEvent::read(bytes) else { return };
    let again = CdEvent::read(event.to_json().as_bytes());
    assert_eq!(again.as_ref(), Ok(&event));
    assert!(!event.event_type().is_empty() && !event.id().is_empty() && !event.source().is_empty());
    for pointer in
        ["", "/context", "/context/id", "/subject/content", "/subject/content/0/x~1y", "/customData"]
    {
        if let Some(part) = event.part(pointer) {
            assert!(event.to_json().contains(part), "{pointer}: {part}");
        }
    }
}

/// A time stamp is read, or refused with a reason; what is read is written in a form that is read the same.
pub(super) fn timestamp(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let zone =
        [None, Some("Europe/Zurich"), Some("Australia/Lord_Howe"), Some("UTC")][usize::from(choice & 3)];
    let order =
        [None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst), None][usize::from(choice >> 2 & 3)];
    let read = |text: &str| -> Option<Instant> {
        let mapping = TableMapping {
            source: "t".into(),
            id: "t:1".into(),
            occurred_at: Some("{at}".into()),
            ..TableMapping::default()
        };
        let options = IngestOptions {
            zone: zone.map(str::to_owned),
            date_order: order,
            mapping: Some(mapping),
            ..IngestOptions::default()
        };
        let table = format!("at\n\"{}\"\n", text.replace('"', "\"\""));
        let read = ingest(Adapter::Mapping, table.as_bytes(), &options);
        let blank = usize::from(!read.ignored.is_empty());
        assert_eq!(read.events.len() + read.rejects.len() + blank, 1, "{text}: {read:?}");
        read.events.first().map(|event| event.occurred_at)
    };
    let Some(instant) = read(text) else { return };
    assert_eq!(read(&instant.to_string()), Some(instant), "{text}");
    if let Ok(strict) = text.trim().parse::<Instant>() {
        assert_eq!(strict, instant, "{text}");
    }
}
