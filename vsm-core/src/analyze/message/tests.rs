use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::analyze::readiness::Verdict;
use crate::time::Span;

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect()
}

#[test]
fn every_template_shows_each_of_its_arguments() {
    for template in messages() {
        let args: BTreeSet<String> = template.args.keys().cloned().collect();
        assert_eq!(placeholders(&template.text), args, "{}", template.code);
    }
}

#[test]
fn codes_are_words_of_their_own_and_only_tails_begin_with_and() {
    let mut seen = BTreeSet::new();
    for (code, text) in MESSAGES {
        assert!(seen.insert(code), "{code} is there twice");
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
        let is_head = text.starts_with(|c: char| c.is_ascii_uppercase()) || text.starts_with('{');
        assert_ne!(is_head, code.starts_with("and_"), "{code}: {text}");
    }
    let listed: Vec<String> = messages().into_iter().map(|template| template.code).collect();
    assert_eq!(listed, MESSAGES.iter().map(|(code, _)| *code).collect::<Vec<_>>());
}

#[test]
fn a_full_stop_gives_way_to_what_follows_and_only_that_of_a_template() {
    let message = |code: &str, args: &[(&str, &str)]| Message {
        code: code.into(),
        args: args.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    };
    let told = [
        message("waived", &[("item", "Inc.")]),
        message("and_reason", &[("reason", "see {item} etc.")]),
        message("and_ends_before", &[("due", "2026-03-17")]),
    ];
    assert_eq!(
        english(&told),
        "Inc. is waived without an end: see {item} etc.; it ends before the target date 2026-03-17."
    );
    assert_eq!(english(&told[..2]), "Inc. is waived without an end: see {item} etc..");
    // Other templates may leave arguments out, name others, and end as they like.
    let german = |code: &str| match code {
        "waived" => Some("{item} ausgesetzt"),
        "and_reason" => Some(" ({reason}, {who}) {"),
        _ => None,
    };
    assert_eq!(translate(&told[..2], german), "Inc. ausgesetzt (see {item} etc., {who}) {");
    assert_eq!(translate(&[message("no_such_code", &[])], |_| None), "");
    assert_eq!(translate(&[], |_| None), "");
}

#[test]
fn what_is_for_programs_stands_beside_what_people_read() {
    let mut stream = ValueStream::new();
    let lines = br#"{"source":"t","id":"1","occurred_at":"2026-03-02T00:00:00Z","item":"t:a,b","kind":"story","set":{"title":"A\u202eb"}}
{"source":"t","id":"2","occurred_at":"2026-03-02T00:00:00Z","item":"t:c","kind":"story"}"#;
    assert_eq!(stream.apply_json_lines(lines).accepted, 2);
    let at = "2026-03-17T10:30:00Z".parse().unwrap();
    let ids = ["t:a,b", "t:c"].map(|id| stream.find(id).unwrap());
    let written = |arg: Arg| {
        let mut args = BTreeMap::new();
        arg.put("x", &stream, &mut args);
        args.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("|")
    };
    let span = Span::from_millis(90_000_500);
    for (arg, expected) in [
        (Arg::Item(ids[0]), "x=A\u{fffd}b (t:a,b)|x_id=t:a,b"),
        (Arg::Items(ids.to_vec()), "x=A\u{fffd}b (t:a,b) and t:c|x_ids=t:a,b\nt:c"),
        (Arg::Listed(("two".into(), vec!["p".into(), "q".into()])), "x=two|x_ids=p\nq"),
        (Arg::Day(at), "x=2026-03-17|x_at=2026-03-17T10:30:00.000Z"),
        (Arg::Time(at), "x=2026-03-17T10:30:00.000Z|x_at=2026-03-17T10:30:00.000Z"),
        (Arg::Moment(("Tue".into(), at)), "x=Tue|x_at=2026-03-17T10:30:00.000Z"),
        (Arg::Span(span), "x=1d 1h|x_ms=90000500"),
        (Arg::Long(span), "x=1 day|x_ms=90000500"),
        (Arg::Long(Span::from_days(14)), "x=14 days|x_ms=1209600000"),
        (Arg::Long(Span::from_hours(3)), "x=3h|x_ms=10800000"),
        (Arg::Apart(Span::from_millis(7)), "x=7ms|x_ms=7"),
        (Arg::Apart(span), "x=1d 1h|x_ms=90000500"),
        (Arg::Word("on_hold".into()), "x=on_hold|x_word=on_hold"),
        (Arg::Plain("system_test".into()), "x=system test|x_word=system_test"),
        (Arg::Verdict(Verdict::Unknown), "x=not known to be ready|x_word=unknown"),
        (Arg::Number(3), "x=3"),
        (Arg::Figure(0.5), "x=0.5"),
        (Arg::Text("a\nb".into()), "x=a\u{fffd}b"),
    ] {
        assert_eq!(written(arg), expected);
    }
}
