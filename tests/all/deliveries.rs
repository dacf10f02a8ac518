//! What tools and their clocks do wrong: deliveries that come again, out of order, twice by other means, at odd times.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use vsm_core::{
    Adapter, Event, FlowQuery, FlowState, IngestOptions, Instant, Kind, Link, LinkKind, ReadinessQuery, Span,
    ValueStream, Verdict, event_to_json, ingest,
};

use crate::world::{World, at};

/// What an adapter's samples say, each file a delivery.
fn deliveries(adapter: Adapter) -> Vec<Vec<Event>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(adapter.as_str());
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let options =
        IngestOptions { zone: Some("Europe/Zurich".into()), at: Some(at(0)), ..IngestOptions::default() };
    let read = |bytes: Vec<u8>| {
        let (mut options, mut text) = (options.clone(), &bytes[1..]);
        if adapter == Adapter::Mapping {
            let end = text.iter().position(|byte| *byte == b'\n').unwrap();
            (options.mapping, text) = (serde_json::from_slice(&text[..end]).ok(), &text[end + 1..]);
        }
        ingest(adapter, text, &options).events
    };
    files.into_iter().map(|file| read(fs::read(file).unwrap())).filter(|events| !events.is_empty()).collect()
}

/// Everything that can be looked up.
fn answers(stream: &ValueStream) -> BTreeMap<String, String> {
    let look = |id: String| {
        let (item, links, history) = (stream.item(&id), stream.links(&id), stream.history(&id));
        let said = format!("{:?} {:?} {:?}", item.unwrap(), links.unwrap(), history.unwrap());
        (id, said)
    };
    stream.items(None).into_iter().map(look).collect()
}

#[test]
fn a_delivery_that_comes_ten_times_says_what_it_says_once() {
    for adapter in Adapter::ALL {
        let deliveries = deliveries(*adapter);
        assert!(!deliveries.is_empty(), "{adapter} has samples");
        let mut stream = ValueStream::new();
        let first: Vec<_> = deliveries.iter().map(|events| stream.apply_batch(events.clone())).collect();
        let snapshot = stream.to_snapshot();
        for _ in 1..10 {
            for (events, first) in deliveries.iter().zip(&first) {
                let again = stream.apply_batch(events.clone());
                assert_eq!(again.duplicates, first.accepted + first.duplicates, "{adapter}");
                assert_eq!((again.accepted, &again.refused), (0, &first.refused), "{adapter}");
            }
        }
        assert_eq!(stream.to_snapshot(), snapshot, "{adapter}");
    }
}

#[test]
fn deliveries_in_reverse_order_end_in_the_same_record() {
    let mut compared = 0;
    for adapter in Adapter::ALL {
        let deliveries = deliveries(*adapter);
        let (mut forth, mut back) = (ValueStream::new(), ValueStream::new());
        let one = forth.apply_batch(deliveries.iter().flatten().cloned());
        let other = back.apply_batch(deliveries.iter().flatten().rev().cloned());
        // Samples of one name say different things under one id here and there; which is refused depends on arrival.
        if one.refused.is_empty() && other.refused.is_empty() {
            assert_eq!(answers(&back), answers(&forth), "{adapter}");
            assert_eq!(back.coverage(), forth.coverage(), "{adapter}");
            compared += 1;
        }
    }
    assert!(compared * 2 > Adapter::ALL.len(), "{compared} adapters compared");
}

#[test]
fn two_sources_may_use_one_id_and_one_source_may_not() {
    let mut stream = ValueStream::new();
    let mut said = |source: &str, title: &str| {
        let mut event = Event::new(source, "7", at(0), "shop:1");
        event.set.title = Some(title.into());
        stream.apply(event)
    };
    said("jira", "Crop").unwrap();
    said("board", "Crop the image").unwrap();
    let error = said("jira", "Another thing").unwrap_err();
    assert_eq!(error.code(), "conflict");
    assert!(error.to_string().contains("\"jira:7\""), "{error}");
    assert_eq!((stream.event_count(), stream.history("shop:1").unwrap().len()), (2, 2));
    // What is claimed under a name that is somebody else's is refused too, and changes nothing.
    let before = stream.to_snapshot();
    let mut other = Event::new("board", "8", at(0), "board:1");
    other.aliases.push("shop:1".into());
    other.links.push(vsm_core::Link::new(vsm_core::LinkKind::Parent, "shop:1"));
    assert_eq!(stream.apply(other).unwrap_err().code(), "invalid");
    assert_eq!(stream.to_snapshot(), before);
}

#[test]
fn a_text_with_half_a_character_costs_its_record() {
    let line = |title: &str| {
        format!(
            r#"{{"source":"t","id":"1","occurred_at":"2026-03-02T00:00:00Z","item":"t:1","set":{{"title":"{title}"}}}}"#
        )
    };
    for half in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\udc00\ud83d", r"\ud83dx"] {
        let text = format!("{}\n{}", line(half), line("whole"));
        let mut stream = ValueStream::new();
        let report = stream.apply_json_lines(text.as_bytes());
        assert_eq!((report.accepted, report.refused.len()), (1, 1), "{half}");
        assert_eq!((report.refused[0].position, report.refused[0].code.as_str()), (1, "document"), "{half}");
        let commits = format!(r#"{{"sha":"4f2c","subject":"{half}","committed":"2026-03-02T00:00:00Z"}}"#);
        let read = ingest(Adapter::Git, commits.as_bytes(), &IngestOptions::default());
        assert_eq!((read.events.len(), read.rejects[0].code.as_str()), (0, "document"), "{half}");
    }
    // A whole pair is a character, however it is written; bytes that are no text are none.
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_json_lines(line(r"\ud83d\ude00").as_bytes()).accepted, 1);
    assert_eq!(stream.item("t:1").unwrap().fields.title.as_deref(), Some("😀"));
    let mut bytes = line("X").into_bytes();
    *bytes.iter_mut().find(|byte| **byte == b'X').unwrap() = 0xed;
    assert_eq!(ValueStream::new().apply_json_lines(&bytes).refused[0].code, "document");
}

#[test]
fn a_key_that_stands_twice_never_says_two_things() {
    let event = r#"{"source":"t","id":"1","id":"2","occurred_at":"2026-03-02T00:00:00Z","item":"t:1"}"#;
    let report = ValueStream::new().apply_json_lines(event.as_bytes());
    assert!(report.refused[0].reason.contains("duplicate field `id`"), "{report:?}");
    let error = vsm_core::call(&mut ValueStream::new(), "item", r#"{"id":"a","id":"t:1"}"#).unwrap_err();
    assert!(error.to_string().contains("t:1"), "the last one counts: {error}");
    // The adapters: the first key of each sample once more, with another value.
    let mut refused = 0;
    for adapter in Adapter::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(adapter.as_str());
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            let Some(rest) = text.get(1..).and_then(|text| text.strip_prefix('{')) else { continue };
            let Some((key, _)) = rest.split_once(':') else { continue };
            let read = |text: &str| ingest(*adapter, text.as_bytes(), &IngestOptions::default());
            let plain = read(&format!("{{{rest}"));
            let twice = read(&format!("{{{key}:null,{rest}"));
            let is_part = twice.events.iter().all(|event| plain.events.contains(event));
            assert!(is_part, "{adapter}: {key} twice makes {:?}", twice.events);
            refused += usize::from(!twice.rejects.is_empty());
        }
    }
    assert!(refused > 10, "{refused} refused");
}

#[test]
fn the_future_and_1970_are_times_like_any_other() {
    let mut stream = ValueStream::new();
    let time = |text: &str| text.parse::<Instant>().unwrap();
    for (id, when, state) in [
        ("1", time("1970-01-01T00:00:00Z"), FlowState::Active),
        ("2", Instant::MAX, FlowState::Done),
        ("3", Instant::MIN, FlowState::New),
    ] {
        let mut event = Event::new("t", id, when, "t:1");
        event.kind = Some(Kind::Story);
        event.set.state = Some(state);
        stream.apply(event).unwrap();
    }
    let now = at(0);
    let today = stream.as_of(now, now);
    assert_eq!(today.item("t:1").unwrap().fields.state, Some(FlowState::Active), "it is not done yet");
    let query = ReadinessQuery::new("t:1", now);
    assert_ne!(today.readiness(&query).unwrap().verdict, Verdict::Ready);
    let month = FlowQuery::new(at(0), at(24 * 30), "Europe/Zurich");
    let flow = stream.flow_metrics(&month).unwrap();
    assert_eq!((flow.velocity, flow.time), (0, None));
    for beyond in ["+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z"] {
        let line = format!(r#"{{"source":"t","id":"9","occurred_at":"{beyond}","item":"t:1"}}"#);
        assert_eq!(stream.apply_json_lines(line.as_bytes()).refused[0].code, "invalid", "{beyond}");
    }
    // A tool that means nothing by 0 is taken at its word: nobody else can know.
    let commit = br#"{"sha":"4f2c","committed":0}"#;
    assert_eq!(ingest(Adapter::Git, commit, &IngestOptions::default()).events[0].occurred_at.millis(), 0);
}

#[test]
fn clocks_that_differ_give_no_negative_time() {
    // The tool that says it is done is two hours behind the one that says it has begun.
    let mut stream = ValueStream::new();
    for (source, hours, state) in [("board", 5, FlowState::Active), ("ci", 3, FlowState::Done)] {
        let mut event = Event::new(source, "1", at(hours), "t:1");
        event.kind = Some(Kind::Story);
        event.set.state = Some(state);
        event.recorded_at = Some(at(4));
        stream.apply(event).unwrap();
    }
    let flow = stream.flow_metrics(&FlowQuery::new(at(0), at(24), "UTC")).unwrap();
    assert!(flow.time.as_ref().is_none_or(|time| time.median >= Span::ZERO), "{:?}", flow.time);
    // What is known before it happens is seen when both times have come.
    assert_eq!(stream.as_of(at(4), at(4)).item("t:1").unwrap().fields.state, Some(FlowState::Done));
    assert_eq!(stream.as_of(at(5), at(4)).item("t:1").unwrap().fields.state, Some(FlowState::Active));
    // A span that would be negative is refused where one event says both of its ends.
    let mut event = Event::new("ci", "2", at(0), "t:2");
    (event.set.starts_at, event.set.ends_at) = (Some(at(1)), Some(at(0)));
    assert_eq!(stream.apply(event).unwrap_err().code(), "invalid");
}

/// One of many events of one item: its kind is said once, its state and a link of it again and again, and every tenth
/// event is refused with all that it says.
fn of_one_item(n: usize) -> Event {
    let mut event = Event::new("t", n.to_string(), Instant::from_millis(n as i64 / 3).unwrap(), "t:1");
    event.kind = (n == 7).then_some(Kind::Story);
    match n % 4 {
        0 => event.set.state = Some(FlowState::ALL[n / 4 % 3]),
        1 => event.clear = vec!["state".into()],
        2 => event.links = vec![Link::new(LinkKind::DependsOn, "t:2"); 2],
        _ => event.unlinks = vec![Link::new(LinkKind::DependsOn, "t:2")],
    }
    if n.is_multiple_of(10) {
        event.links.push(Link::new(LinkKind::DependsOn, "t:3"));
    }
    event
}

/// Were each late event to look for its place by a walk, this would take until tomorrow.
#[test]
fn very_many_events_of_one_item_may_come_in_any_order() {
    const COUNT: usize = 100_000;
    let mut back = Event::new("t", "back", at(0), "t:3");
    back.links.push(Link::new(LinkKind::DependsOn, "t:1"));
    let arrive = |order: &mut dyn Iterator<Item = usize>| {
        let mut stream = ValueStream::new();
        stream.apply(back.clone()).unwrap();
        let report = stream.apply_batch(order.map(of_one_item));
        assert_eq!((report.accepted, report.refused.len()), (COUNT as u64 * 9 / 10, COUNT / 10));
        assert!(report.refused.iter().all(|refusal| refusal.code == "cycle"));
        let keys: Vec<String> = stream.history("t:1").unwrap().iter().map(Event::key).collect();
        (keys, stream.item("t:1").unwrap(), stream.links("t:1").unwrap())
    };
    let in_order = arrive(&mut (0..COUNT));
    assert!(arrive(&mut (0..COUNT).rev()) == in_order);
    // A step that shares no divisor with the count meets each number once.
    assert!(arrive(&mut (0..COUNT).map(|n| n * 38_461 % COUNT)) == in_order);
}

/// Were each new parent to be compared with all others by each of them, this would take hours.
#[test]
fn very_many_parents_of_one_item_may_come_in_any_order() {
    const COUNT: usize = 3_000;
    let moved = |n: usize| {
        let mut event = Event::new("t", n.to_string(), Instant::from_millis(n as i64).unwrap(), "t:1");
        event.links.push(Link::new(LinkKind::Parent, format!("t:epic-{n}")));
        event
    };
    let arrive = |order: &mut dyn Iterator<Item = usize>| {
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(order.map(moved)).refused, []);
        // The last one is taken away again, which brings none of the others back.
        let mut away = Event::new("t", "away", at(1), "t:1");
        let before = stream.links("t:1").unwrap();
        away.unlinks.push(Link::new(LinkKind::Parent, format!("t:epic-{}", COUNT - 1)));
        stream.apply(away).unwrap();
        assert_eq!(stream.links("t:1").unwrap(), []);
        let past = Instant::from_millis(7).unwrap();
        (before, stream.as_of(past, past).links("t:1").unwrap())
    };
    let (now, past) = arrive(&mut (0..COUNT));
    assert_eq!(now.iter().map(|link| &*link.to).collect::<Vec<_>>(), [format!("t:epic-{}", COUNT - 1)]);
    assert_eq!(past.iter().map(|link| &*link.to).collect::<Vec<_>>(), ["t:epic-7"]);
    assert!(arrive(&mut (0..COUNT).rev()) == (now.clone(), past.clone()));
    assert!(arrive(&mut (0..COUNT).map(|n| n * 1_009 % COUNT)) == (now, past));
}

#[test]
fn a_world_delivered_ten_times_in_any_order_is_the_same_world() {
    let world = World::new(21);
    let mut once = ValueStream::new();
    once.apply_batch(world.events.iter().cloned());
    let mut often = ValueStream::new();
    for seed in 0..10 {
        often.apply_batch(world.shuffled(seed));
    }
    assert_eq!(answers(&often), answers(&once));
    let mut lines: Vec<String> = often.events().map(|event| event_to_json(&event)).collect();
    let mut expected: Vec<String> = once.events().map(|event| event_to_json(&event)).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
}
