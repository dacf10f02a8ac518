//! Policies: rules over the graph, conditions by stage, what they refuse, and what is assumed to be met.

use std::collections::BTreeMap;

use vsm_core::{
    Condition, Error, FlowState, Instant, Kind, MetFact, Outcome, Policy, PolicyRule, Readiness,
    ReadinessQuery, ValueStream, Verdict, VerdictQuery,
};

use crate::messages;
use crate::world::{World, now};

const T: &str = "2026-03-10T00:00:00Z";

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn stream(lines: &str) -> ValueStream {
    let mut stream = ValueStream::new();
    let report = stream.apply_json_lines(lines.as_bytes());
    assert_eq!(report.refused, []);
    stream
}

fn policy(json: &str) -> Policy {
    serde_json::from_str(json).unwrap()
}

fn ask(stream: &ValueStream, item: &str, policy: &Policy) -> Readiness {
    let query = ReadinessQuery { policy: Some(policy.clone()), ..ReadinessQuery::new(item, instant(T)) };
    let answer = stream.readiness(&query).unwrap();
    messages::check(&answer);
    let kind = stream.item(item).unwrap().kind;
    let all = VerdictQuery { policy: Some(policy.clone()), kind, ..VerdictQuery::new(instant(T)) };
    let listed = stream.verdicts(&all).unwrap().items;
    let verdict = listed.iter().find(|found| found.item == item).unwrap().verdict;
    assert_eq!(verdict, answer.verdict, "{item}: alone and among all");
    answer
}

/// Sentences with the verdict before them.
fn facts(answer: &Readiness) -> Vec<String> {
    answer.unmet.iter().map(|fact| format!("{} {}", fact.verdict, fact.sentence)).collect()
}

/// A release that is ready by itself: one story, done, stated to be in a tested build; two test runs and a scan.
const RELEASE: &str = r#"
{"source":"t","id":"1","occurred_at":"2026-03-01T00:00:00Z","item":"r:1","kind":"release","set":{"title":"One","assignee":"Ada"}}
{"source":"t","id":"2","occurred_at":"2026-03-01T00:00:00Z","item":"s:1","kind":"story","set":{"state":"done","size":5},"links":[{"kind":"ships_in","to":"r:1"}]}
{"source":"t","id":"3","occurred_at":"2026-03-02T00:00:00Z","item":"b:1","kind":"build","set":{"result":"success"},"links":[{"kind":"candidate","to":"r:1"},{"kind":"contains","to":"s:1"}]}
{"source":"t","id":"4","occurred_at":"2026-03-01T00:00:00Z","item":"e:pre","kind":"environment","set":{"stage":"pre_production"}}
{"source":"t","id":"5","occurred_at":"2026-03-03T00:00:00Z","item":"run:1","kind":"test_run","set":{"title":"suite","result":"success","tests":{"tests":100,"passed":98,"failed":0,"errors":0,"skipped":2}},"links":[{"kind":"tests","to":"b:1"},{"kind":"ran_in","to":"e:pre"}]}
{"source":"t","id":"6","occurred_at":"2026-03-04T00:00:00Z","item":"run:2","kind":"test_run","set":{"title":"scan","result":"success","attributes":{"type":"scan"}},"links":[{"kind":"tests","to":"b:1"},{"kind":"ran_in","to":"e:pre"}]}
"#;

fn with_rule(rule: &str) -> Policy {
    policy(&format!(r#"{{"rules":[{{"name":"rule","stages":["production"],{rule}}}]}}"#))
}

#[test]
fn the_default_policy_needs_no_rules() {
    let stream = stream(RELEASE);
    assert_eq!(facts(&ask(&stream, "r:1", &Policy::default())), [""; 0]);
    assert_eq!(Policy::default().check(), Ok(()));
}

#[test]
pub fn a_rule_counts_and_says_what_it_found() {
    let stream = stream(RELEASE);
    let met = |rule: &str| facts(&ask(&stream, "r:1", &with_rule(rule)));
    assert_eq!(met(r#""test":{"of":"test_runs","results":["success"],"at_least":2}"#), [""; 0]);
    assert_eq!(
        met(r#""test":{"of":"test_runs","results":["success"],"at_least":3}"#),
        [
            r#"not_ready One (r:1) does not meet the rule "rule": 2 of 2 test runs match, at least 3 asked for."#
        ]
    );
    // Of what is not there nobody knows.
    assert_eq!(
        met(r#""test":{"of":"deployments","at_least":1}"#),
        [
            r#"unknown One (r:1) does not meet the rule "rule": 0 of 0 deployments match, at least 1 asked for."#
        ]
    );
    // But none of something is not too much of it.
    assert_eq!(met(r#""test":{"of":"defects","at_most":0}"#), [""; 0]);
    // The scan is six days old, the suite seven.
    let week = 6 * 86_400_000;
    assert_eq!(met(&format!(r#""test":{{"of":"test_runs","max_age":{week},"at_least":1}}"#)), [""; 0]);
    assert_eq!(
        met(&format!(r#""test":{{"of":"test_runs","max_age":{week},"at_least":2}}"#)),
        [
            r#"not_ready One (r:1) does not meet the rule "rule": 1 of 2 test runs match, at least 2 asked for."#
        ]
    );
    assert_eq!(met(r#""test":{"of":"test_runs","attributes":{"type":"scan"},"at_least":1}"#), [""; 0]);
    assert_eq!(met(r#""test":{"of":"test_runs","stage":"pre_production","at_least":2}"#), [""; 0]);
    assert_eq!(
        met(r#""test":{"of":"test_runs","stage":"production","at_least":1}"#),
        [
            r#"not_ready One (r:1) does not meet the rule "rule": 0 of 2 test runs match, at least 1 asked for."#
        ]
    );
}

#[test]
pub fn a_rule_measures() {
    let stream = stream(RELEASE);
    let met = |rule: &str| facts(&ask(&stream, "r:1", &with_rule(rule)));
    // 98 of the 98 that ran; skipped ones did not.
    assert_eq!(met(r#""test":{"of":"test_runs","measure":"pass_rate","at_least":1}"#), [""; 0]);
    assert_eq!(met(r#""test":{"of":"scope","states":["done"],"measure":"share","at_least":1}"#), [""; 0]);
    assert_eq!(
        met(r#""test":{"of":"scope","measure":"size","at_most":4}"#),
        [r#"not_ready One (r:1) does not meet the rule "rule": size of scope is 5, at most 4 asked for."#]
    );
    assert_eq!(
        met(r#""test":{"of":"gates","measure":"share","at_least":0.5}"#),
        [
            r#"unknown One (r:1) does not meet the rule "rule": the gates give no figure for share, at least 0.5 asked for."#
        ]
    );
}

#[test]
pub fn what_lacks_the_field_may_match_or_not() {
    let stream = stream(&format!(
        "{RELEASE}{}",
        r#"{"source":"t","id":"7","occurred_at":"2026-03-04T00:00:00Z","item":"d:1","kind":"defect","set":{"state":"new"},"links":[{"kind":"found_in","to":"b:1"}]}"#
    ));
    let rule = r#""test":{"of":"defects","severity":"major","at_most":0}"#;
    let answer = ask(&stream, "r:1", &with_rule(rule));
    assert_eq!(
        facts(&answer),
        [
            r#"unknown One (r:1) does not meet the rule "rule": 0 of 1 defects match and 1 more may, at most 0 asked for."#
        ]
    );
    assert_eq!(answer.unmet[0].evidence, ["t:7"]);
    assert_eq!(answer.unmet[0].rule.as_deref(), Some("rule"));
    assert_eq!(answer.unmet[0].condition, Condition::RuleMet);
    assert_eq!(answer.unmet[0].waits_for.as_deref(), Some("Ada"));
}

#[test]
pub fn all_any_and_none_put_rules_together() {
    let stream = stream(RELEASE);
    let rules = |top: &str| {
        policy(&format!(
            r#"{{"rules":[{{"name":"top","stages":["production"],{top}}},
                {{"name":"tested twice","test":{{"of":"test_runs","at_least":2}}}},
                {{"name":"tested often","test":{{"of":"test_runs","at_least":9}},"sentence":"Test more.","waits_for":"QA"}},
                {{"name":"deployed","test":{{"of":"deployments","at_least":1}}}}]}}"#
        ))
    };
    let met = |top: &str| facts(&ask(&stream, "r:1", &rules(top)));
    assert_eq!(met(r#""all":["tested twice","tests_passed"]"#), [""; 0]);
    assert_eq!(met(r#""all":["tested twice","tested often"]"#), ["not_ready Test more."]);
    assert_eq!(met(r#""any":["tested often","tested twice"]"#), [""; 0]);
    // The least bad way, which is unknown rather than known to fail.
    assert_eq!(
        met(r#""any":["tested often","deployed"]"#),
        [
            r#"unknown One (r:1) does not meet the rule "deployed": 0 of 0 deployments match, at least 1 asked for."#
        ]
    );
    assert_eq!(met(r#""none":["tested often"]"#), [""; 0]);
    assert_eq!(
        met(r#""none":["tested twice","deployed"]"#),
        [
            r#"not_ready One (r:1) does not meet the rule "top": "tested twice" holds and must not; nobody can tell whether "deployed" holds."#
        ]
    );
    let answer = ask(&stream, "r:1", &rules(r#""all":["tested often"]"#));
    assert_eq!(answer.unmet[0].waits_for.as_deref(), Some("QA"));
}

#[test]
fn a_stage_asks_for_the_conditions_it_names_and_rules_may_stand_for_the_others() {
    let mut stream = stream(RELEASE);
    stream
        .apply_json_lines(br#"{"source":"t","id":"9","occurred_at":"2026-03-05T00:00:00Z","item":"run:1","set":{"result":"failure"}}"#);
    assert_eq!(ask(&stream, "r:1", &Policy::default()).verdict, Verdict::NotReady);
    let lenient = policy(r#"{"conditions":{"production":["has_scope","scope_done","has_build"]}}"#);
    assert_eq!(ask(&stream, "r:1", &lenient).verdict, Verdict::Ready);
    // Either the tests pass or somebody took a scan: the condition is left to the rule.
    let either = policy(
        r#"{"conditions":{"production":["has_scope","scope_done","has_build"]},"rules":[
            {"name":"proved","stages":["production"],"any":["tests_passed","scanned"]},
            {"name":"scanned","test":{"of":"test_runs","attributes":{"type":"scan"},"results":["success"],"at_least":1}}]}"#,
    );
    assert_eq!(ask(&stream, "r:1", &either).verdict, Verdict::Ready);
    stream
        .apply_json_lines(br#"{"source":"t","id":"10","occurred_at":"2026-03-05T00:00:00Z","item":"run:2","set":{"result":"failure"}}"#);
    let answer = ask(&stream, "r:1", &either);
    assert_eq!(answer.unmet.len(), 1, "one way is enough: {:#?}", answer.unmet);
    assert_eq!(answer.unmet[0].condition, Condition::TestsPassed);
    // Another stage asks for everything still.
    let query = ReadinessQuery {
        stage: Some("pre_production".into()),
        policy: Some(either),
        ..ReadinessQuery::new("r:1", instant(T))
    };
    assert_eq!(stream.readiness(&query).unwrap().unmet[0].condition, Condition::TestsPassed);
}

#[test]
fn rules_are_asked_of_the_kinds_they_name() {
    let stream = stream(RELEASE);
    let sized = |kinds: &str| {
        policy(&format!(
            r#"{{"rules":[{{"name":"small","stages":["production"],"kinds":{kinds},"test":{{"of":"item","measure":"size","at_most":3}}}}]}}"#
        ))
    };
    let of_story = ask(&stream, "r:1", &sized(r#"["story"]"#));
    assert_eq!(of_story.unmet.len(), 1);
    assert_eq!(of_story.unmet[0].item, "s:1");
    assert_eq!(ask(&stream, "s:1", &sized(r#"["story"]"#)).verdict, Verdict::NotReady);
    assert_eq!(ask(&stream, "r:1", &sized(r#"["epic"]"#)).verdict, Verdict::Ready);
    assert_eq!(ask(&stream, "b:1", &sized(r#"["build"]"#)).verdict, Verdict::Ready);
}

#[test]
fn a_build_is_ready_by_its_own_proofs() {
    let mut stream = stream(RELEASE);
    assert_eq!(ask(&stream, "b:1", &Policy::default()).verdict, Verdict::Ready);
    stream.apply_json_lines(
        br#"{"source":"t","id":"7","occurred_at":"2026-03-04T00:00:00Z","item":"d:1","kind":"defect","set":{"title":"Crash","state":"new","severity":"blocker"},"links":[{"kind":"found_in","to":"b:1"}]}
{"source":"t","id":"8","occurred_at":"2026-03-04T00:00:00Z","item":"g:1","kind":"gate","set":{"title":"Sign-off"},"links":[{"kind":"gates","to":"b:1"}]}"#,
    );
    assert_eq!(
        facts(&ask(&stream, "b:1", &Policy::default())),
        [
            "not_ready Crash (d:1) is open, with severity blocker.",
            "unknown Sign-off (g:1) is not decided, and nobody is named who may decide."
        ]
    );
    let refused = stream.readiness(&ReadinessQuery::new("run:1", instant(T))).unwrap_err();
    assert_eq!(refused.to_string(), r#"item: "run:1" is a test_run: ask for a release, a build or work"#);
}

#[test]
fn a_policy_that_makes_no_sense_is_refused_with_the_place() {
    let place = |json: &str| match policy(json).check() {
        Err(Error::Invalid { field, reason }) => format!("{field}: {reason}"),
        other => panic!("{json}: {other:?}"),
    };
    let rule = |body: &str| place(&format!(r#"{{"rules":[{{"name":"a",{body}}}]}}"#));
    assert_eq!(place(r#"{"stages":[]}"#), "policy.stages: a ladder has one to eight stages");
    assert_eq!(place(r#"{"stages":["x","y","x"]}"#), r#"policy.stages: "x" is on the ladder twice"#);
    assert_eq!(
        place(r#"{"stages":["x"],"conditions":{"y":[]}}"#),
        r#"policy.conditions: "y" is not on the ladder: x"#
    );
    assert_eq!(
        place(r#"{"stages":["x"],"rules":[{"name":"a","stages":["z"]}]}"#),
        r#"policy.rules[0].stages: "z" is not on the ladder: x"#
    );
    assert_eq!(
        place(r#"{"rules":[{"name":"a","all":["b"]},{"name":"b","all":["a"]}]}"#),
        r#"policy.rules[0]: "a" refers to rules more than 32 deep, or to itself"#
    );
    assert_eq!(
        place(r#"{"rules":[{"name":"a","all":["tests_passed"]},{"name":"a","all":["tests_passed"]}]}"#),
        r#"policy.rules: there are two rules "a""#
    );
    assert_eq!(
        place(r#"{"rules":[{"name":" ","all":["tests_passed"]}]}"#),
        "policy.rules[0].name: a rule has a name, which stands where it is not met"
    );
    assert_eq!(
        place(r#"{"rules":[{"name":"has_scope","all":["tests_passed"]}]}"#),
        r#"policy.rules[0].name: "has_scope" is the name of a condition"#
    );
    assert_eq!(
        rule(r#""kinds":["team"]"#),
        "policy.rules[0].kinds: a team has no verdict that could depend on a rule"
    );
    assert_eq!(rule(r#""stages":["production"]"#), "policy.rules[0]: a rule needs all, any, none or a test");
    assert_eq!(rule(r#""any":["b"]"#), r#"policy.rules[0].any: there is no rule or condition "b""#);
    assert_eq!(
        rule(r#""all":["scope_done"]"#),
        "policy.rules[0].all: scope_done is not judged at the item that the rule is asked of: test its scope or gates instead"
    );
    let test = |body: &str| rule(&format!(r#""test":{{"of":"scope",{body}}}"#));
    assert_eq!(test(r#""kinds":[]"#), "policy.rules[0].test.at_least: a test needs at_least or at_most");
    assert_eq!(
        test(r#""at_least":3,"at_most":2"#),
        "policy.rules[0].test.at_least: is more than at_most, which no figure can meet"
    );
    assert_eq!(
        test(r#""measure":"share","at_least":80"#),
        "policy.rules[0].test.measure: a share is from 0 to 1"
    );
    assert_eq!(test(r#""max_age":-1,"at_least":1"#), "policy.rules[0].test.max_age: must not be negative");
    assert_eq!(
        test(r#""max_age":1,"min_age":2,"at_least":1"#),
        "policy.rules[0].test.min_age: is more than max_age, so that nothing can match"
    );
    let mut infinite = with_rule(r#""test":{"of":"scope","at_least":1}"#);
    infinite.rules[0].test.as_mut().unwrap().at_least = Some(f64::INFINITY);
    assert!(infinite.check().is_err());
    // A kind that nobody knows is refused where the policy is read.
    let unknown = r#"{"rules":[{"name":"a","kinds":["wish"],"all":["tests_passed"]}]}"#;
    assert!(serde_json::from_str::<Policy>(unknown).unwrap_err().to_string().contains("wish"));
    // A question with such a policy is refused like the policy.
    let query =
        ReadinessQuery { policy: Some(policy(r#"{"stages":[]}"#)), ..ReadinessQuery::new("r:1", instant(T)) };
    assert!(matches!(stream(RELEASE).readiness(&query), Err(Error::Invalid { .. })));
}

#[test]
fn rules_nested_a_thousand_deep_are_refused_and_wide_ones_are_asked_once() {
    let named = |name: String, all: Vec<String>| PolicyRule { name, all, ..PolicyRule::default() };
    let mut rules: Vec<PolicyRule> =
        (0..999).map(|n| named(format!("r{n}"), vec![format!("r{}", n + 1)])).collect();
    rules.push(named("r999".into(), vec!["tests_passed".into()]));
    let deep = Policy { rules, ..Policy::default() };
    assert!(deep.check().unwrap_err().to_string().contains("more than 32 deep"));
    // Each names the next one twice: two to the power of thirty ways, and thirty rules.
    let mut rules: Vec<PolicyRule> =
        (0..30).map(|n| named(format!("r{n}"), vec![format!("r{}", n + 1), format!("r{}", n + 1)])).collect();
    rules.push(named("r30".into(), vec!["tests_passed".into()]));
    rules[0].stages.push("production".into());
    let wide = Policy { rules, ..Policy::default() };
    assert_eq!(ask(&stream(RELEASE), "r:1", &wide).verdict, Verdict::Ready);
    let many = Policy { rules: vec![named("x".into(), vec![]); 1_001], ..Policy::default() };
    assert!(many.check().unwrap_err().to_string().contains("at most 1000 rules"));
}

#[test]
fn what_is_assumed_is_met_and_nothing_else() {
    let policy =
        policy(r#"{"rules":[{"name":"often","stages":["production"],"test":{"of":"builds","at_least":9}}]}"#);
    for seed in 0..20 {
        let mut stream = ValueStream::new();
        stream.apply_batch(World::new(seed).events);
        for id in stream.items(Some(Kind::Release)) {
            let query = ReadinessQuery { policy: Some(policy.clone()), ..ReadinessQuery::new(&id, now()) };
            let before = stream.readiness(&query).unwrap();
            let facts: Vec<MetFact> = before
                .unmet
                .iter()
                .map(|fact| MetFact {
                    condition: fact.condition,
                    item: fact.item.clone(),
                    rule: fact.rule.clone(),
                })
                .collect();
            let assume =
                |assume: Vec<MetFact>| stream.readiness(&ReadinessQuery { assume, ..query.clone() }).unwrap();
            assert_eq!(assume(facts.clone()).unmet, [], "seed {seed}, {id}");
            for left_out in 0..facts.len() {
                let mut others = facts.clone();
                others.remove(left_out);
                let after = assume(others);
                assert_ne!(after.verdict, Verdict::Ready, "seed {seed}, {id} without {left_out}");
            }
        }
    }
    let query = ReadinessQuery {
        assume: vec![MetFact { condition: Condition::ScopeDone, item: "nobody".into(), rule: None }],
        ..ReadinessQuery::new("r:1", instant(T))
    };
    assert!(matches!(stream(RELEASE).readiness(&query), Err(Error::UnknownItem { .. })));
}

#[test]
fn under_any_policy_each_is_what_all_say() {
    let conditions = |stage: &str, of: &[Condition]| BTreeMap::from([(stage.to_owned(), of.to_vec())]);
    let rule = |json: &str| -> PolicyRule { serde_json::from_str(json).unwrap() };
    let policies = [
        Policy { conditions: conditions("production", &[]), ..Policy::default() },
        Policy { conditions: conditions("production", &[Condition::ScopeDone]), ..Policy::default() },
        Policy {
            conditions: conditions("production", &[Condition::TestsPassed, Condition::InBuild]),
            ..Policy::default()
        },
        Policy {
            conditions: conditions("pre_production", &[Condition::GatePassed, Condition::NoBlockingDefect]),
            rules: vec![
                rule(
                    r#"{"name":"a","stages":["production"],"kinds":["story","epic","defect"],"test":{"of":"gates","states":["done"],"at_least":1}}"#,
                ),
                rule(
                    r#"{"name":"b","stages":["production","pre_production"],"any":["no_blocking_defect","c"],"none":["has_build"]}"#,
                ),
                rule(
                    r#"{"name":"c","kinds":["release"],"test":{"of":"scope","states":["done"],"measure":"share","at_least":0.5}}"#,
                ),
            ],
            ..Policy::default()
        },
    ];
    for seed in 0..15 {
        let mut stream = ValueStream::new();
        stream.apply_batch(World::new(seed).events);
        for policy in &policies {
            for stage in ["pre_production", "production"] {
                for kind in [None, Some(Kind::Build)] {
                    let all = VerdictQuery {
                        stage: Some(stage.into()),
                        policy: Some(policy.clone()),
                        kind,
                        ..VerdictQuery::new(now())
                    };
                    for found in stream.verdicts(&all).unwrap().items {
                        let query = ReadinessQuery {
                            stage: Some(stage.into()),
                            policy: Some(policy.clone()),
                            ..ReadinessQuery::new(&found.item, now())
                        };
                        let alone = stream.readiness(&query).unwrap();
                        assert_eq!(
                            alone.verdict, found.verdict,
                            "seed {seed}, {}: {:#?}",
                            found.item, alone.unmet
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn states_and_results_are_words_of_the_model() {
    // A rule is data: what is written is read back the same.
    let rule = with_rule(
        r#""kinds":["release"],"test":{"of":"defects","states":["new","active"],"results":["success"],"min_age":60000,"at_most":0}"#,
    );
    let test = rule.rules[0].test.clone().unwrap();
    assert_eq!(
        (test.states, test.results),
        (vec![FlowState::New, FlowState::Active], vec![Outcome::Success])
    );
    let text = serde_json::to_string(&rule).unwrap();
    assert_eq!(policy(&text), rule);
}
