//! Whatever comes in: an error or a reject, nothing half-applied, no panic.

use proptest::prelude::*;
use vsm_core::{Adapter, CALLS, Event, IngestOptions, Instant, Kind, Span, ValueStream, call};

use crate::world::{World, at};

fn small() -> ValueStream {
    let mut stream = ValueStream::new();
    stream.apply_batch(World::new(7).events);
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_rejected(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for adapter in Adapter::ALL {
            let mut stream = ValueStream::new();
            stream.ingest(*adapter, &bytes, &IngestOptions::default());
        }
        prop_assert!(ValueStream::from_snapshot(&bytes).is_err());
    }

    #[test]
    fn any_text_in_quotes_and_braces_is_read_or_rejected(text in r#"[\[\]{}",:0-9a-z<>/&;! \\-]{0,200}"#) {
        for adapter in Adapter::ALL {
            ValueStream::new().ingest(*adapter, text.as_bytes(), &IngestOptions::default());
        }
        let mut stream = ValueStream::new();
        for name in CALLS {
            let _ = call(&mut stream, name, &text);
        }
    }

    #[test]
    fn extreme_numbers_and_times_are_answered_or_refused(
        span in any::<i64>(),
        lag in any::<i64>(),
        millis in Instant::MIN.millis()..=Instant::MAX.millis(),
        number in any::<f64>(),
    ) {
        let mut stream = ValueStream::new();
        let instant = Instant::from_millis(millis).unwrap();
        let mut event = Event::new("t", "1", instant, "t:1");
        event.kind = Some(Kind::Story);
        event.set.estimate = Some(Span::from_millis(span));
        event.set.value = Some(number);
        let _ = stream.apply(event);
        let mut event = Event::new("t", "2", at(0), "t:2");
        event.kind = Some(Kind::Story);
        let mut link = vsm_core::Link::new(vsm_core::LinkKind::DependsOn, "t:1");
        link.lag = Some(Span::from_millis(lag));
        event.links.push(link);
        let _ = stream.apply(event);
        for id in stream.items(None) {
            let mut query = vsm_core::CriticalPathQuery::new(&id, instant);
            let _ = stream.critical_path(&query);
            query.calendar = Some(vsm_core::Calendar { zone: "Europe/Zurich".into(), ..Default::default() });
            let _ = stream.critical_path(&query);
            let _ = stream.readiness(&vsm_core::ReadinessQuery::new(&id, instant));
        }
        let _ = stream.flow_metrics(&vsm_core::FlowQuery::new(at(0), instant, "Pacific/Apia"));
        prop_assert!(stream.items(None).len() <= 2);
    }

    #[test]
    fn a_number_is_read_back_to_the_last_bit(number in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL) {
        let mut event = Event::new("t", "1", at(0), "t:1");
        event.set.value = Some(number);
        let mut stream = ValueStream::new();
        stream.apply(event.clone()).unwrap();
        let mut again = ValueStream::from_snapshot(stream.to_snapshot().as_bytes()).unwrap();
        prop_assert_eq!(again.to_snapshot(), stream.to_snapshot());
        // Otherwise the same delivery would be a conflict after a restart.
        prop_assert_eq!(again.apply(event).unwrap(), vsm_core::Applied::Duplicate);
    }
}

#[test]
fn a_snapshot_that_is_cut_off_anywhere_is_refused() {
    let text = small().to_snapshot();
    for end in (0..text.len()).step_by(97) {
        assert!(ValueStream::from_snapshot(&text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    let other_shape = br#"{"format":"vsm.snapshot","version":2,"events":{"packed":"..."}}"#;
    let error = ValueStream::from_snapshot(other_shape).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    let error = ValueStream::from_snapshot(newer.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "document");
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn misspelt_arguments_are_not_passed_over() {
    let mut stream = small();
    let at = r#""at":"2026-03-02T00:00:00Z""#;
    for (name, arguments) in [
        ("readiness", format!(r#"{{"item":"plan:R0",{at},"stge":"production"}}"#)),
        ("item", r#"{"id":"plan:R0","kind":"release"}"#.to_owned()),
        ("coverage", r#"{"everything":true}"#.to_owned()),
        ("data_quality", format!(r#"{{{at},"tolerence":1}}"#)),
    ] {
        let error = call(&mut stream, name, &arguments).unwrap_err();
        assert_eq!(error.code(), "invalid");
        assert!(error.to_string().contains("no argument of this name"), "{error}");
    }
    // Nor are those of a record that is one argument of several.
    for (name, arguments, odd) in [
        ("ingest", r#"{"adapter":"git","text":"","options":{"dateorder":"day_first"}}"#, "dateorder"),
        (
            "correlate",
            r#"{"rules":{"versions":[{"tag":"v{version}","release":"{version}","tags":""}]}}"#,
            "tags",
        ),
        ("shipping", r#"{"rules":{"prefix":["CHK"]}}"#, "prefix"),
        (
            "add_working_time",
            r#"{"calendar":{"zone":"UTC","holiday":[]},"start":"2026-03-02T00:00:00Z","span":5}"#,
            "holiday",
        ),
    ] {
        let error = call(&mut stream, name, arguments).unwrap_err();
        assert_eq!(error.code(), "invalid");
        assert!(error.to_string().contains(odd), "{error}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(200_000);
    for adapter in Adapter::ALL {
        let report = ValueStream::new().ingest(*adapter, deep.as_bytes(), &IngestOptions::default());
        assert_eq!(report.applied.accepted, 0);
    }
    assert!(ValueStream::from_snapshot(deep.as_bytes()).is_err());
    assert_eq!(call(&mut ValueStream::new(), "apply", &deep).unwrap_err().code(), "document");
    let xml = "<testsuite>".repeat(100_000);
    let report = ValueStream::new().ingest(Adapter::Junit, xml.as_bytes(), &IngestOptions::default());
    assert_eq!((report.applied.accepted, report.rejects.len()), (0, 1));
}

#[test]
fn a_line_of_a_gigabyte_is_no_event() {
    // The engine sees a slice that the host holds; what it must not do is copy or parse it.
    let line = vec![b'['; vsm_core::LONGEST_LINE + 1];
    let report = ValueStream::new().apply_json_lines(&line);
    assert_eq!(report.refused.len(), 1);
    assert!(report.refused[0].reason.contains("bytes long"), "{:?}", report.refused[0].reason);
}

#[test]
fn long_chains_need_no_stack() {
    let mut stream = ValueStream::new();
    let events = (0..100_000u32).map(|n| {
        let mut event = Event::new("t", n.to_string(), at(0), format!("t:{n}"));
        event.kind = Some(Kind::Story);
        if n > 0 {
            event.links.push(vsm_core::Link::new(vsm_core::LinkKind::Parent, format!("t:{}", n - 1)));
        }
        event
    });
    assert_eq!(stream.apply_batch(events).refused, []);
    let answer = stream.readiness(&vsm_core::ReadinessQuery::new("t:0", at(1))).unwrap();
    assert_eq!(answer.scope, 1);
    assert_eq!(stream.trace("t:99999").unwrap().up.len(), 99_999);
    assert_eq!(
        stream.critical_path(&vsm_core::CriticalPathQuery::new("t:0", at(1))).unwrap().activities.len(),
        100_000
    );
}

/// How long a text, and how often an element of a list, so that their product stands out.
const LONG: usize = 20_000;
const COPIES: usize = 100;

/// The same with other names, so that it is about something else.
fn renamed(value: serde_json::Value, n: usize) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => format!("{text}{n}").into(),
        Value::Object(all) => {
            let is_name = |name: &str| {
                let name = name.to_lowercase();
                ["id", "key", "name", "sha", "number", "title", "url"].iter().any(|end| name.ends_with(end))
            };
            let all = all.into_iter().map(|(name, value)| match value {
                Value::String(text) if is_name(&name) => (name, format!("{text}{n}").into()),
                Value::Number(number) if is_name(&name) => {
                    (name, (number.as_u64().unwrap_or(0) * 1000 + n as u64).into())
                }
                value => (name, if value.is_string() { value } else { renamed(value, n) }),
            });
            all.collect()
        }
        Value::Array(all) => all.into_iter().map(|value| renamed(value, n)).collect(),
        value => value,
    }
}

/// Every way to make one text of a document long, and one of its lists.
fn blown_up(value: &serde_json::Value) -> Vec<serde_json::Value> {
    use serde_json::Value;
    fn places(value: &Value, at: &str, texts: &mut Vec<String>, lists: &mut Vec<String>) {
        match value {
            Value::String(_) => texts.push(at.to_owned()),
            Value::Array(all) => {
                lists.push(at.to_owned());
                for (n, value) in all.iter().enumerate() {
                    places(value, &format!("{at}/{n}"), texts, lists);
                }
            }
            Value::Object(all) => {
                for (name, value) in all {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    places(value, &format!("{at}/{name}"), texts, lists);
                }
            }
            _ => {}
        }
    }
    let (mut texts, mut lists) = (Vec::new(), Vec::new());
    places(value, "", &mut texts, &mut lists);
    let mut all = Vec::new();
    for text in &texts {
        for list in lists.iter().filter(|list| !text.starts_with(&format!("{list}/"))) {
            let mut value = value.clone();
            *value.pointer_mut(text).unwrap() = "x".repeat(LONG).into();
            let Some(Value::Array(list)) = value.pointer_mut(list) else { continue };
            let copies = list.iter().take(1).cycle().take(COPIES).cloned().zip(0..);
            *list = copies.map(|(value, n)| renamed(value, n)).collect();
            all.push(value);
        }
    }
    all
}

#[test]
fn what_is_made_of_an_input_stays_in_proportion_to_it() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut tried = 0;
    for adapter in Adapter::ALL {
        for seed in std::fs::read_dir(seeds.join(adapter.as_str())).unwrap() {
            let text = std::fs::read(seed.unwrap().path()).unwrap();
            let Ok(value) = serde_json::from_slice(&text[1..]) else { continue };
            for value in blown_up(&value) {
                let input = value.to_string();
                let read = vsm_core::ingest(*adapter, input.as_bytes(), &IngestOptions::default());
                let output: usize =
                    read.events.iter().map(|event| vsm_core::event_to_json(event).len()).sum();
                let counted: usize = read.ignored.keys().map(String::len).sum();
                let reasons: usize = read.rejects.iter().map(|reject| reject.reason.len()).sum();
                let total = output + counted + reasons;
                assert!(total < 20 * input.len(), "{adapter}: {total} of {}", input.len());
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} documents");
}
