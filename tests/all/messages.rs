//! Sentences are the templates of their messages with the arguments put in, and every message is said by somebody.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use vsm_core::{
    DataQualityQuery, GateLatenessQuery, Kind, MESSAGES, ReadinessChangesQuery, ReadinessQuery, ValueStream,
    call, messages,
};

use crate::world::{World, at, now};
use crate::{live, policy, readiness_over_time, release_model, scenarios, vectors};

thread_local! {
    /// The codes that were said on this thread.
    static SAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Holds every sentence of an answer against its messages.
pub fn check(answer: &impl Serialize) {
    walk(&serde_json::to_value(answer).unwrap());
}

fn walk(value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(messages) = fields.get("messages") {
                let sentence = fields.get("sentence").or_else(|| fields.get("reason")).unwrap();
                assert_eq!(Some(written(messages)).as_deref(), sentence.as_str(), "{value:#}");
            } else {
                assert!(!fields.contains_key("sentence"), "{value:#}");
            }
            fields.iter().filter(|(name, _)| *name != "args").for_each(|(_, value)| walk(value));
        }
        Value::Array(values) => values.iter().for_each(walk),
        _ => {}
    }
}

/// The rule that the documentation gives, done once more as a translator would.
fn written(messages: &Value) -> String {
    let messages = messages.as_array().unwrap();
    assert!(!messages.is_empty());
    let mut sentence = String::new();
    for (n, message) in messages.iter().enumerate() {
        let code = message["code"].as_str().unwrap();
        SAID.with_borrow_mut(|said| said.insert(code.to_owned()));
        let (_, template) = MESSAGES.iter().find(|(known, _)| *known == code).unwrap();
        let args = message["args"].as_object().unwrap();
        let is_last = n + 1 == messages.len();
        let template = if is_last { template } else { template.strip_suffix('.').unwrap_or(template) };
        // What is between braces are names, at every second place.
        for (place, piece) in template.split(['{', '}']).enumerate() {
            sentence.push_str(if place % 2 == 0 { piece } else { args[piece].as_str().unwrap() });
        }
    }
    sentence
}

/// All that has sentences, asked of a stream of any contents.
fn ask_everything(stream: &ValueStream) {
    check(&stream.data_quality(&DataQualityQuery::new(now())).unwrap());
    check(&stream.gate_lateness(&GateLatenessQuery::new(now())).unwrap());
    check(&stream.booking_conflicts(&serde_json::from_value(json!({})).unwrap()).unwrap());
    for item in stream.items(None) {
        if let Ok(answer) = stream.readiness(&ReadinessQuery::new(&item, now())) {
            check(&answer);
        }
    }
    for release in stream.items(Some(Kind::Release)) {
        for stage in ["system_test", "user_acceptance", "production"] {
            let query = ReadinessQuery { stage: Some(stage.into()), ..ReadinessQuery::new(&release, now()) };
            check(&stream.explain(&query).unwrap());
        }
    }
    check(&stream.readiness_changes(&ReadinessChangesQuery::new(at(0), now())).unwrap());
}

#[test]
fn sentences_of_random_streams_are_their_templates() {
    for seed in 0..8 {
        let mut stream = ValueStream::new();
        stream.apply_batch(World::new(seed).events);
        ask_everything(&stream);
    }
}

#[test]
fn every_message_is_said_by_some_test() {
    for path in vectors::all() {
        assert_eq!(vectors::run(&path, None), Vec::<String>::new());
    }
    scenarios::nothing_is_missing_where_nothing_is();
    scenarios::the_phone_app_is_ready_and_the_mainframe_is_not();
    scenarios::the_security_review_is_late();
    scenarios::two_releases_want_the_one_acceptance_environment();
    scenarios::a_waiver_ends_before_the_release();
    scenarios::the_environment_holds_the_wrong_build();
    scenarios::a_feature_is_done_and_its_commit_is_in_no_build();
    scenarios::a_fix_is_merged_after_the_tested_build();
    scenarios::a_defect_is_opened_again();
    scenarios::a_gate_is_approved_by_somebody_not_entitled_to();
    scenarios::a_build_fails_its_selenium_suite();
    scenarios::a_child_of_an_enterprise_release_is_on_hold();
    release_model::a_draft_and_a_release_on_hold_are_not_ready();
    release_model::an_enterprise_release_waits_for_a_child_on_hold();
    release_model::a_phase_without_parts_is_over_when_it_is_said_to_be();
    release_model::the_last_evidence_counts_that_is_finished_and_not_expired();
    release_model::a_criterion_may_be_decided_by_who_may_decide_its_gate();
    release_model::a_decision_of_the_future_does_not_count_yet_and_what_it_replaces_does();
    release_model::a_verdict_names_the_waivers_that_it_rests_on();
    release_model::steps_that_are_not_allowed_are_told_and_not_refused();
    release_model::gates_are_late_or_in_time();
    release_model::a_template_gives_releases_their_phases_and_gates_once();
    release_model::dates_that_can_not_be_are_left_out_and_names_can_not_collide();
    policy::a_rule_counts_and_says_what_it_found();
    policy::a_rule_measures();
    policy::what_lacks_the_field_may_match_or_not();
    policy::all_any_and_none_put_rules_together();
    (0..24).for_each(|seed| live::drive(seed, false));
    live::a_change_says_where_it_began();
    live::a_waiver_that_ends_is_told_when_time_moves();
    readiness_over_time::what_changed_is_told_with_the_events_that_did_it();
    readiness_over_time::a_deadline_for_each_fact_and_departure();
    what_few_tests_say();
    let said = SAID.with_borrow(Clone::clone);
    let silent: Vec<&str> =
        MESSAGES.iter().map(|(code, _)| *code).filter(|code| !said.contains(*code)).collect();
    assert_eq!(silent, [""; 0], "these are never said");
}

/// What no other test has a reason to bring about.
fn what_few_tests_say() {
    let mut stream = ValueStream::new();
    let report = stream.apply_json_lines(br#"
{"source":"t","id":"1","occurred_at":"2026-03-01T00:00:00Z","item":"r:1","kind":"release","set":{"title":"R","calendar":{"zone":"UTC","blackouts":[{"start":"2026-03-09T00:00:00Z","end":"2026-03-11T00:00:00Z","reason":"year end"}]}},"links":[{"kind":"belongs_to","to":"app:1"}]}
{"source":"t","id":"2","occurred_at":"1970-01-01T00:00:00Z","item":"r:2","kind":"release","set":{"lifecycle":"on_hold","calendar":{"zone":"UTC","blackouts":[{"start":"2026-03-09T00:00:00Z","end":"2026-03-11T00:00:00Z"}]}},"links":[{"kind":"belongs_to","to":"app:2"}]}
{"source":"t","id":"3","occurred_at":"1970-01-01T00:00:00Z","item":"r:3","kind":"release","set":{"lifecycle":"on_hold"},"links":[{"kind":"decided_by","to":"who:ann"}]}
{"source":"t","id":"4","occurred_at":"2026-03-01T00:00:00Z","item":"b:1","kind":"build","links":[{"kind":"candidate","to":"r:1"}]}
{"source":"t","id":"5","occurred_at":"2026-03-01T00:00:00Z","item":"run:1","kind":"test_run","set":{"result":"failure","tests":{"tests":10,"passed":8,"failed":2,"errors":0,"skipped":0}},"links":[{"kind":"tests","to":"b:1"}]}
{"source":"t","id":"6","occurred_at":"2026-03-01T00:00:00Z","item":"g:1","kind":"gate","set":{"needed_by":"2026-03-20T00:00:00Z"},"links":[{"kind":"gates","to":"r:1"},{"kind":"approver","to":"who:ann"}]}
{"source":"t","id":"7","occurred_at":"2026-03-01T00:00:00Z","item":"g:2","kind":"gate","set":{"decision":"approved"},"links":[{"kind":"gates","to":"r:1"},{"kind":"approver","to":"who:ann"}]}
{"source":"t","id":"8","occurred_at":"2026-03-01T00:00:00Z","item":"c:1","kind":"criterion","set":{"decision":"approved"},"links":[{"kind":"parent","to":"g:1"}]}
{"source":"t","id":"9","occurred_at":"2026-03-01T00:00:00Z","item":"g:3","kind":"gate","set":{"decision":"waived","expires_at":"2026-03-20T00:00:00Z"},"links":[{"kind":"gates","to":"r:1"}]}
{"source":"t","id":"10","occurred_at":"2026-03-01T00:00:00Z","item":"x:1"}
{"source":"t","id":"11","occurred_at":"2026-03-01T00:00:00Z","item":"env:1","kind":"environment","set":{"stage":"production","capacity":1,"calendar":{"zone":"UTC","blackouts":[{"start":"2026-03-12T00:00:00Z","end":"2026-03-14T00:00:00Z","reason":"works","category":"environment booking"}]}},"links":[{"kind":"belongs_to","to":"app:1"}]}
{"source":"t","id":"12","occurred_at":"2026-03-01T00:00:00Z","item":"env:2","kind":"environment","set":{"stage":"production","capacity":1,"calendar":{"zone":"UTC","blackouts":[{"start":"2026-03-12T00:00:00Z","end":"2026-03-14T00:00:00Z","category":"environment booking"}]}},"links":[{"kind":"belongs_to","to":"app:2"}]}
{"source":"t","id":"13","occurred_at":"2026-03-01T00:00:00Z","item":"bk:1","kind":"booking","set":{"booking":"approved","starts_at":"2026-03-12T00:00:00Z","ends_at":"2026-03-14T00:00:00Z"},"links":[{"kind":"books","to":"env:1"},{"kind":"booked_for","to":"r:1"}]}
{"source":"t","id":"15","occurred_at":"2026-03-01T00:00:00Z","item":"c:2","kind":"criterion","set":{"decision":"waived","expires_at":"2026-03-05T00:00:00Z"},"links":[{"kind":"parent","to":"g:1"},{"kind":"decided_by","to":"who:ann"}]}
{"source":"t","id":"16","occurred_at":"2026-03-01T00:00:00Z","item":"g:4","kind":"gate","set":{"decision":"waived"},"links":[{"kind":"gates","to":"r:1"},{"kind":"decided_by","to":"who:ann"}]}
{"source":"t","id":"17","occurred_at":"2026-03-01T00:00:00Z","item":"env:3","kind":"environment","set":{"stage":"system_test"}}
{"source":"t","id":"18","occurred_at":"2026-03-01T00:00:00Z","item":"run:2","kind":"test_run","set":{"result":"failure"},"links":[{"kind":"tests","to":"b:2"},{"kind":"ran_in","to":"env:3"}]}
{"source":"t","id":"19","occurred_at":"2026-03-01T00:00:00Z","item":"b:2","kind":"build","set":{"result":"success"}}
{"source":"t","id":"20","occurred_at":"2026-03-01T00:00:00Z","item":"run:3","kind":"test_run","set":{"result":"failure"},"links":[{"kind":"tests","to":"b:3"}]}
{"source":"t","id":"21","occurred_at":"2026-03-01T00:00:00Z","item":"b:3","kind":"build","set":{"result":"success"}}
{"source":"t","id":"14","occurred_at":"2026-03-01T00:00:00Z","item":"bk:2","kind":"booking","set":{"booking":"pending","starts_at":"2026-03-12T00:00:00Z","ends_at":"2026-03-14T00:00:00Z"},"links":[{"kind":"books","to":"env:2"},{"kind":"booked_for","to":"r:2"}]}
"#);
    assert_eq!(report.refused, []);
    let mut says = |name: &str, arguments: Value, sentences: &[&str]| {
        let answer = call(&mut stream, name, &arguments.to_string()).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        check(&answer);
        for sentence in sentences {
            let quoted = format!("\"sentence\":{}", json!(sentence));
            assert!(answer.to_string().contains(&quoted), "{sentence}: {answer:#}");
        }
    };
    let at = "2026-03-10T00:00:00Z";
    let few = json!({"rules":[{"name":"few","stages":["production"],"test":{"of":"scope","at_least":2,"at_most":3}}]});
    says(
        "readiness",
        json!({"item":"r:1","at":at,"policy":few}),
        &[
            "R (r:1) is in a blackout until 2026-03-11: year end.",
            "b:1 has not finished.",
            "g:1 is not decided; it is needed by 2026-03-20.",
            "c:1 of g:1 was approved by nobody in particular, who is not entitled to.",
            "g:2 was approved by nobody in particular, who is not entitled to.",
            "The waiver of c:2 of g:1 ended on 2026-03-05.",
            "g:3 is waived until 2026-03-20.",
            "g:4 is waived by who:ann without an end.",
            "bk:1 lies in a blackout from 2026-03-12 to 2026-03-14 and is not overridden: works.",
            "R (r:1) does not meet the rule \"few\": 0 of 0 scope match, at least 2 and at most 3 asked for.",
        ],
    );
    says(
        "readiness",
        json!({"item":"r:2","at":at}),
        &[
            "r:2 is on hold.",
            "r:2 is in a blackout until 2026-03-11: no reason given.",
            "bk:2 lies in a blackout from 2026-03-12 to 2026-03-14 and is not overridden: no reason given; it is not approved yet either.",
        ],
    );
    says("readiness", json!({"item":"r:3","at":at}), &["r:3 is on hold, by who:ann."]);
    says(
        "readiness",
        json!({"item":"b:1","at":at,"stage":"system_test"}),
        &["run:1 of b:1 failed 2 of 10 tests."],
    );
    says(
        "readiness",
        json!({"item":"b:2","at":at,"stage":"user_acceptance"}),
        &["run:2 of b:2 in system_test failed."],
    );
    says("readiness", json!({"item":"b:3","at":at,"stage":"system_test"}), &["run:3 of b:3 failed."]);
    says("gate_lateness", json!({"at":at,"item":"g:3"}), &["g:3: waived on 2026-03-01."]);
    says(
        "gate_lateness",
        json!({"at":at,"item":"g:2"}),
        &["g:2: approved by nobody in particular, who is not entitled to."],
    );
    says("data_quality", json!({"at":at}), &["Nobody says what x:1 is."]);
    let day = 86_400_000;
    for (environments, days, from, to, sentence) in [
        (&["env:1"][..], 1, 10, 12, "env:1 is free from 2026-03-10 to 2026-03-11."),
        (
            &["env:1"],
            3,
            10,
            14,
            "env:1 is not free for 3d between 2026-03-10 and 2026-03-14: at most for 2d, from 2026-03-10.",
        ),
        (&["env:1", "env:2"], 1, 12, 14, "env:1 and env:2 are never free between 2026-03-12 and 2026-03-14."),
    ] {
        let (start, end) = (format!("2026-03-{from}T00:00:00Z"), format!("2026-03-{to}T00:00:00Z"));
        let query = json!({"environments":environments,"length":days * day,"start":start,"end":end});
        says("next_slot", query, &[sentence]);
    }
}

#[test]
fn the_table_is_a_call() {
    let table = call(&mut ValueStream::new(), "messages", "").unwrap();
    let table: Vec<BTreeMap<String, Value>> = serde_json::from_str(&table).unwrap();
    assert_eq!(serde_json::to_value(&table).unwrap(), serde_json::to_value(messages()).unwrap());
    let late = table.iter().find(|one| one["code"] == "and_was_needed_by").unwrap();
    assert_eq!(late["text"], "; it was needed by {needed}, {ago} ago.");
    assert_eq!(late["args"], json!({ "needed": "day", "ago": "span" }));
    assert_eq!(call(&mut ValueStream::new(), "messages", r#"{"a":1}"#).unwrap_err().code(), "invalid");
}
