//! Releases as they are led: phases, gates with criteria, stakeholders, waivers, templates.

use vsm_core::{
    Boundary, Condition, DataQualityQuery, Error, FlowQuery, FlowState, GateLatenessQuery, Instant, Kind,
    Readiness, ReadinessQuery, ReleaseState, ReleaseTemplate, Span, TemplateActivity, TemplateCriterion,
    TemplateEvents, TemplateGate, TemplatePhase, TemplateQuery, Transition, TransitionsQuery, ValueStream,
    Verdict, VerdictQuery,
};

use crate::messages;

fn day(text: &str) -> Instant {
    format!("{text}T00:00:00Z").parse().unwrap()
}

/// A stream of lines `day item kind set links`, where a set is JSON and links are `kind>item` with blanks between.
struct Told {
    stream: ValueStream,
    lines: usize,
}

impl Told {
    /// A release of the application A with one story that is done, built, and tested in every stage.
    fn ready() -> Told {
        let mut told = Told { stream: ValueStream::new(), lines: 0 };
        told.say("2026-01-01 app:A application {}");
        for stage in ["system_test", "user_acceptance", "pre_production"] {
            told.say(&format!("2026-01-01 env:{stage} environment {{\"stage\":\"{stage}\"}}"));
        }
        told.say("2026-01-01 plan:R release {\"title\":\"R\"} belongs_to>app:A");
        told.say("2026-01-01 jira:1 story {\"state\":\"done\"} ships_in>plan:R");
        told.say("2026-01-01 ci:1 build {\"result\":\"success\"} candidate>plan:R contains>jira:1 belongs_to>app:A");
        told.say("2026-01-01 junit:0 test_run {\"result\":\"success\"} tests>ci:1");
        for stage in ["system_test", "user_acceptance", "pre_production"] {
            told.say(&format!(
                "2026-01-01 junit:{stage} test_run {{\"result\":\"success\"}} tests>ci:1 ran_in>env:{stage}"
            ));
        }
        told
    }

    fn say(&mut self, line: &str) -> &mut Told {
        self.lines += 1;
        let mut words = line.splitn(3, ' ');
        let (on, item, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let (kind, rest) = rest.split_once(' ').unwrap();
        let end = rest.rfind('}').unwrap() + 1;
        let links: Vec<serde_json::Value> = rest[end..]
            .split_whitespace()
            .map(|link| {
                let (kind, to) = link.split_once('>').unwrap();
                serde_json::json!({ "kind": kind, "to": to })
            })
            .collect();
        let event = serde_json::json!({
            "source": "t", "id": self.lines.to_string(), "occurred_at": format!("{on}T00:00:00Z"), "item": item,
            "kind": (kind != "-").then_some(kind),
            "set": serde_json::from_str::<serde_json::Value>(&rest[..end]).unwrap(), "links": links,
        });
        self.stream.apply(serde_json::from_value(event).unwrap()).unwrap();
        self
    }

    fn ask(&self, item: &str, stage: &str, on: &str) -> Readiness {
        let query = ReadinessQuery { stage: Some(stage.into()), ..ReadinessQuery::new(item, day(on)) };
        let answer = self.stream.readiness(&query).unwrap();
        messages::check(&answer);
        // The pass over everything says the same.
        let all = VerdictQuery { stage: Some(stage.into()), ..VerdictQuery::new(day(on)) };
        let all = self.stream.verdicts(&all).unwrap();
        assert_eq!(all.items.iter().find(|one| one.item == item).unwrap().verdict, answer.verdict);
        answer
    }

    /// The sentences of what is unmet for the release.
    fn unmet(&self, stage: &str, on: &str) -> Vec<String> {
        self.ask("plan:R", stage, on).unmet.into_iter().map(|fact| fact.sentence).collect()
    }
}

#[test]
fn a_release_without_phases_and_gates_is_ready() {
    let told = Told::ready();
    for stage in ["system_test", "user_acceptance", "pre_production", "production"] {
        assert_eq!(told.ask("plan:R", stage, "2026-02-01").unmet, [], "{stage}");
    }
}

#[test]
pub fn a_draft_and_a_release_on_hold_are_not_ready() {
    let mut told = Told::ready();
    told.say("2026-01-02 plan:R - {\"lifecycle\":\"draft\"}");
    assert_eq!(told.unmet("production", "2026-02-01"), ["R (plan:R) is a draft that nobody has agreed to."]);
    told.say("2026-01-01 who:ann stakeholder {\"title\":\"Ann\"}");
    told.say("2026-01-03 plan:R - {\"lifecycle\":\"on_hold\",\"reason\":\"no budget\"} decided_by>who:ann accountable>who:ann");
    // Told again: the first time counts.
    told.say("2026-01-09 plan:R - {\"lifecycle\":\"on_hold\"}");
    let answer = told.ask("plan:R", "production", "2026-02-01");
    assert_eq!(answer.unmet[0].condition, Condition::ReleaseActive);
    assert_eq!(
        answer.unmet[0].sentence,
        "R (plan:R) is on hold since 2026-01-03, by Ann (who:ann): no budget."
    );
    assert_eq!(answer.unmet[0].since, Some(day("2026-01-03")));
    assert_eq!(answer.unmet[0].waits_for.as_deref(), Some("Ann"));
    assert_eq!(told.stream.item("plan:R").unwrap().fields.state, None, "what nobody said is not said");
    told.say("2026-01-10 plan:R - {\"lifecycle\":\"review\"}");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
}

#[test]
pub fn an_enterprise_release_waits_for_a_child_on_hold() {
    let mut told = Told::ready();
    told.say("2026-01-01 plan:E release {\"title\":\"E\"}");
    told.say("2026-01-01 plan:R release {} parent>plan:E");
    assert_eq!(told.ask("plan:E", "production", "2026-02-01").verdict, Verdict::Ready);
    told.say("2026-01-04 plan:R - {\"lifecycle\":\"on_hold\"}");
    let answer = told.ask("plan:E", "production", "2026-02-01");
    assert_eq!(answer.unmet.len(), 1);
    assert_eq!(answer.unmet[0].sentence, "R (plan:R) is on hold since 2026-01-04.");
    assert_eq!((answer.unmet[0].through.as_deref(), answer.unmet[0].consequences), (Some("plan:R"), 1));
    // A child that is cancelled counts in nothing; one alone in the enterprise release is no scope then.
    told.say("2026-01-05 plan:R - {\"lifecycle\":\"cancelled\"}");
    let answer = told.ask("plan:E", "production", "2026-02-01");
    assert_eq!(answer.unmet[0].condition, Condition::HasScope);
}

#[test]
fn the_phases_of_a_child_count_for_the_enterprise_release() {
    let mut told = Told::ready();
    told.say("2026-01-01 plan:E release {\"title\":\"E\"}");
    told.say("2026-01-01 plan:R release {} parent>plan:E");
    told.say("2026-01-01 ph:1 phase {\"title\":\"Test\",\"stage\":\"system_test\",\"state\":\"active\"} parent>plan:R");
    told.say("2026-01-01 gate:1 gate {\"stage\":\"production\"} gates>plan:R approver>who:x");
    let unmet = told.ask("plan:E", "production", "2026-02-01").unmet;
    let found: Vec<_> = unmet.iter().map(|fact| (fact.condition, fact.item.as_str())).collect();
    assert_eq!(found, [(Condition::PhaseDone, "ph:1"), (Condition::GatePassed, "gate:1")]);
}

#[test]
fn a_phase_has_to_start_for_its_stage_and_to_be_over_for_the_next() {
    let mut told = Told::ready();
    told.say("2026-01-01 ph:1 phase {\"title\":\"Test\",\"stage\":\"system_test\"} parent>plan:R");
    told.say("2026-01-01 crit:in criterion {\"title\":\"Data is there\",\"boundary\":\"entry\"} parent>ph:1");
    told.say("2026-01-01 crit:out criterion {\"title\":\"Report\"} parent>ph:1");
    told.say("2026-01-01 act:1 activity {\"title\":\"Load test\",\"state\":\"active\",\"due_at\":\"2026-01-30T00:00:00Z\",\"assignee\":\"Bo\"} parent>ph:1");
    let data = "Nothing is known that shows that Data is there (crit:in) of Test (ph:1) is met.";
    assert_eq!(told.unmet("system_test", "2026-02-01"), [data]);
    assert_eq!(
        told.unmet("user_acceptance", "2026-02-01"),
        [
            "Load test (act:1) is being worked on and not done; it was due on 2026-01-30, 2d ago.",
            data,
            "Nothing is known that shows that Report (crit:out) of Test (ph:1) is met.",
        ]
    );
    let answer = told.ask("plan:R", "production", "2026-02-01");
    assert_eq!(answer.verdict, Verdict::NotReady);
    assert_eq!(answer.unmet[0].waits_for.as_deref(), Some("Bo"));
    assert_eq!((answer.done, answer.scope), (1, 1), "activities and criteria are no scope");
    told.say("2026-01-31 act:1 - {\"state\":\"done\"}");
    told.say("2026-01-31 ev:1 evidence {\"result\":\"success\"} satisfies>crit:in");
    told.say("2026-01-31 ev:2 evidence {\"attributes\":{\"type\":\"document\"}} satisfies>crit:out");
    assert_eq!(told.unmet("system_test", "2026-02-01"), [""; 0]);
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    assert_eq!(told.ask("plan:R", "production", "2026-02-01").verdict, Verdict::Ready);
}

#[test]
pub fn a_phase_without_parts_is_over_when_it_is_said_to_be() {
    let table = [
        ("{}", "Nobody says whether P (ph:1) is over.", Verdict::Unknown),
        ("{\"state\":\"new\"}", "P (ph:1) has not been started.", Verdict::NotReady),
        ("{\"state\":\"active\"}", "P (ph:1) is not over.", Verdict::NotReady),
        (
            "{\"state\":\"waiting\",\"ends_at\":\"2026-01-20T00:00:00Z\"}",
            "P (ph:1) is not over; it was due on 2026-01-20, 12d ago.",
            Verdict::NotReady,
        ),
    ];
    for (set, sentence, verdict) in table {
        let mut told = Told::ready();
        told.say(&format!("2026-01-01 ph:1 phase {set} parent>plan:R"));
        told.say("2026-01-01 ph:1 phase {\"title\":\"P\"}");
        // Without a stage every stage asks for it.
        for stage in ["system_test", "production"] {
            let answer = told.ask("plan:R", stage, "2026-02-01");
            assert_eq!(answer.unmet.len(), 1, "{set}");
            assert_eq!((answer.unmet[0].sentence.as_str(), answer.verdict), (sentence, verdict));
        }
        told.say("2026-01-02 ph:1 - {\"state\":\"done\"}");
        assert_eq!(told.unmet("system_test", "2026-02-01"), [""; 0]);
        // One of a later stage or of none that there is does not matter.
        for stage in ["production", "nowhere"] {
            told.say(&format!("2026-01-03 ph:1 - {{\"state\":\"new\",\"stage\":\"{stage}\"}}"));
            assert_eq!(told.unmet("production", "2026-02-01"), [""; 0], "{stage}");
        }
    }
}

#[test]
fn a_gate_of_a_phase_stands_at_one_end_of_it() {
    for (boundary, own_stage) in [("entry", 1), ("exit", 0)] {
        let mut told = Told::ready();
        told.say("2026-01-01 ph:1 phase {\"stage\":\"system_test\"} parent>plan:R");
        told.say(&format!(
            "2026-01-01 gate:1 gate {{\"boundary\":\"{boundary}\"}} gates>ph:1 approver>who:x"
        ));
        assert_eq!(told.unmet("system_test", "2026-02-01").len(), own_stage, "{boundary}");
        // What is over has passed both ends; that nobody says whether it is, is a fact of its own.
        let facts = told.ask("plan:R", "user_acceptance", "2026-02-01").unmet;
        assert_eq!(facts.iter().filter(|fact| fact.condition == Condition::GatePassed).count(), 1);
        assert_eq!(facts.len(), if boundary == "entry" { 2 } else { 1 });
    }
}

#[test]
fn a_gate_with_criteria_needs_them_and_its_approval() {
    let mut told = Told::ready();
    told.say("2026-01-01 gate:1 gate {\"title\":\"Security\"} gates>plan:R");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["Security (gate:1) is not decided, and nobody is named who may decide."]
    );
    told.say("2026-01-01 crit:1 criterion {\"title\":\"No finding\"} parent>gate:1");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["Nothing is known that shows that No finding (crit:1) of Security (gate:1) is met."]
    );
    told.say("2026-01-10 ev:1 evidence {\"title\":\"Scan\",\"result\":\"success\"} satisfies>crit:1");
    assert_eq!(told.ask("plan:R", "production", "2026-02-01").verdict, Verdict::Ready);
    let path =
        told.stream.critical_path(&vsm_core::CriticalPathQuery::new("gate:1", day("2026-02-01"))).unwrap();
    assert_eq!(path.finish, day("2026-01-10"), "a gate is passed when its last criterion is met");
    told.say("2026-01-01 gate:1 - {} approver>who:x");
    assert_eq!(told.unmet("production", "2026-02-01"), ["Security (gate:1) is not decided."]);
    told.say("2026-01-11 gate:1 - {\"decision\":\"approved\"} decided_by>who:x");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    // Approved or not, a later scan that fails counts.
    told.say("2026-01-12 ev:2 evidence {\"title\":\"Scan 2\",\"result\":\"failure\"} satisfies>crit:1");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["No finding (crit:1) of Security (gate:1) is not met: Scan 2 (ev:2) ended with failure."]
    );
    // But a waiver is for all of it.
    told.say("2026-01-13 gate:1 - {\"decision\":\"waived\",\"expires_at\":\"2026-03-01T00:00:00Z\"} decided_by>who:x");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    assert_eq!(told.unmet("production", "2026-03-01").len(), 2, "from its end on it is for nothing");
}

#[test]
pub fn the_last_evidence_counts_that_is_finished_and_not_expired() {
    let good = "{\"result\":\"success\"}";
    let table: [(&[&str], Option<&str>); 7] = [
        (&[good], None),
        (&["{\"result\":\"failure\"}", good], None),
        (&[good, "{\"result\":\"running\"}"], None),
        (&["{\"result\":\"running\"}"], Some("C (crit:1) of gate:1 is not met yet: ev:0 has no result.")),
        (
            &["{\"result\":\"success\",\"expires_at\":\"2026-01-31T00:00:00Z\"}"],
            Some("C (crit:1) of gate:1 is not met any more: ev:0 expired on 2026-01-31."),
        ),
        (
            &["{\"result\":\"failure\"}", "{\"result\":\"success\",\"expires_at\":\"2026-01-31T00:00:00Z\"}"],
            Some("C (crit:1) of gate:1 is not met: ev:0 ended with failure."),
        ),
        // A scan without a result proves nothing by being there, as a document does.
        (
            &["{\"attributes\":{\"type\":\"scan\"}}"],
            Some("C (crit:1) of gate:1 is not met yet: ev:0 has no result."),
        ),
    ];
    for (given, sentence) in table {
        let mut told = Told::ready();
        told.say("2026-01-01 gate:1 gate {} gates>plan:R");
        told.say("2026-01-01 crit:1 criterion {\"title\":\"C\"} parent>gate:1");
        for (n, set) in given.iter().enumerate() {
            told.say(&format!("2026-01-0{} ev:{n} evidence {set} satisfies>crit:1", n + 2));
        }
        assert_eq!(told.unmet("production", "2026-02-01"), Vec::from_iter(sentence), "{given:?}");
    }
    // Evidence of the future counts when it is there.
    let mut told = Told::ready();
    told.say("2026-01-01 crit:1 criterion {\"title\":\"C\"} parent>plan:R");
    told.say("2026-02-10 junit:9 test_run {\"result\":\"success\"} satisfies>crit:1");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        [
            "Nothing is known that shows that C (crit:1) of R (plan:R) is met; what is dated 2026-02-10 does not count yet."
        ]
    );
    assert_eq!(told.unmet("production", "2026-02-10"), [""; 0]);
}

#[test]
pub fn a_criterion_may_be_decided_by_who_may_decide_its_gate() {
    let mut told = Told::ready();
    told.say("2026-01-01 gate:1 gate {\"title\":\"G\",\"decision\":\"approved\"} gates>plan:R approver>who:x decided_by>who:x");
    told.say("2026-01-02 crit:1 criterion {\"title\":\"C\",\"decision\":\"approved\"} parent>gate:1 decided_by>who:y");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["C (crit:1) of G (gate:1) was approved by who:y, who is not entitled to."]
    );
    told.say("2026-01-03 crit:1 - {\"decision\":\"approved\"} decided_by>who:x");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    // Its own approver comes before that of the gate, and a rejection before all evidence.
    told.say("2026-01-01 crit:1 - {} accountable>who:y");
    assert_eq!(told.unmet("production", "2026-02-01").len(), 1);
    told.say("2026-01-04 crit:1 - {\"decision\":\"rejected\"} decided_by>who:y");
    told.say("2026-01-05 ev:1 evidence {\"result\":\"success\"} satisfies>crit:1");
    assert_eq!(told.unmet("production", "2026-02-01"), ["C (crit:1) of G (gate:1) was rejected."]);
}

#[test]
fn a_member_of_a_group_decides_for_it_and_the_group_not_for_a_member() {
    let mut told = Told::ready();
    told.say("2026-01-01 gate:1 gate {\"title\":\"G\"} gates>plan:R approver>who:board");
    told.say("2026-01-01 who:ann stakeholder {\"title\":\"Ann\"} parent>who:security");
    told.say("2026-01-01 who:security stakeholder {} parent>who:board");
    told.say("2026-01-02 gate:1 - {\"decision\":\"approved\"} decided_by>who:ann");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    told.say("2026-01-02 gate:2 gate {\"title\":\"H\",\"decision\":\"approved\"} gates>plan:R approver>who:ann decided_by>who:board");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["H (gate:2) was approved by who:board, who is not entitled to."]
    );
}

#[test]
fn groups_in_circles_end() {
    let mut told = Told::ready();
    told.say("2026-01-01 who:a stakeholder {} parent>who:b");
    let circle = r#"{"source":"t","id":"circle","occurred_at":"2026-01-01T00:00:00Z","item":"who:b","links":[{"kind":"parent","to":"who:a"}]}"#;
    let error = told.stream.apply(serde_json::from_str(circle).unwrap()).unwrap_err();
    assert!(matches!(error, Error::Cycle { .. }), "a group that is a part of itself is refused");
    told.say("2026-01-01 who:b stakeholder {} belongs_to>who:c");
    told.say("2026-01-01 who:c stakeholder {} belongs_to>who:a");
    told.say(
        "2026-01-01 gate:1 gate {\"decision\":\"approved\"} gates>plan:R approver>who:x decided_by>who:a",
    );
    assert_eq!(told.unmet("production", "2026-02-01").len(), 1);
    told.say("2026-01-01 gate:1 - {} approver>who:c");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
}

#[test]
fn criteria_and_evidence_of_nothing_are_told_and_hold_nobody_up() {
    let mut told = Told::ready();
    told.say("2026-01-01 crit:1 criterion {}");
    told.say("2026-01-01 ev:1 evidence {}");
    told.say("2026-01-01 ev:2 evidence {} satisfies>plan:R satisfies>crit:nobody");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
    let rows = told.stream.coverage().rows;
    let unlinked = |kind| rows.iter().find(|row| row.kind == kind).map(|row| (row.total, row.unlinked));
    assert_eq!(unlinked(Kind::Criterion), Some((1, 1)));
    assert_eq!(unlinked(Kind::Evidence), Some((2, 1)));
    told.say("2026-01-01 crit:1 criterion {} parent>plan:R");
    told.say("2026-01-01 ev:1 evidence {\"result\":\"success\"} parent>crit:1");
    assert_eq!(told.unmet("production", "2026-02-01").len(), 1, "a part of a criterion proves nothing");
}

#[test]
fn a_gate_that_is_opened_again_waits_for_a_new_decision() {
    let mut told = Told::ready();
    told.say("2026-01-01 gate:1 gate {\"title\":\"G\",\"decision\":\"approved\"} gates>plan:R approver>who:x decided_by>who:x");
    let mut again = vsm_core::Event::new("t", "again", day("2026-01-05"), "gate:1");
    again.clear.push("decision".into());
    told.stream.apply(again).unwrap();
    assert_eq!(told.unmet("production", "2026-02-01"), ["G (gate:1) is not decided."]);
    told.say("2026-01-06 gate:1 - {\"decision\":\"approved\"}");
    assert_eq!(told.unmet("production", "2026-02-01").len(), 1, "who decided before did not decide this");
    told.say("2026-01-07 gate:1 - {\"decision\":\"approved\"} decided_by>who:x");
    assert_eq!(told.unmet("production", "2026-02-01"), [""; 0]);
}

#[test]
fn work_waits_for_who_is_responsible_and_a_gate_for_who_is_accountable() {
    let mut told = Told::ready();
    told.say("2026-01-02 jira:1 - {\"state\":\"active\",\"assignee\":\"Cy\"} responsible>who:ann responsible>who:bo consulted>who:x");
    told.say("2026-01-02 gate:1 gate {} gates>plan:R accountable>who:dee informed>who:x");
    let whom: Vec<_> =
        told.ask("plan:R", "production", "2026-02-01").unmet.into_iter().map(|fact| fact.waits_for).collect();
    assert_eq!(whom, [Some("who:ann and who:bo".to_owned()), Some("who:dee".into())]);
}

#[test]
pub fn a_decision_of_the_future_does_not_count_yet_and_what_it_replaces_does() {
    let mut told = Told::ready();
    told.say("2026-01-01 gate:1 gate {\"title\":\"G\"} gates>plan:R approver>who:x");
    told.say("2026-02-10 gate:1 - {\"decision\":\"approved\"} decided_by>who:x");
    assert_eq!(
        told.unmet("production", "2026-02-01"),
        ["G (gate:1) is not decided; the decision dated 2026-02-10 does not count yet."]
    );
    assert_eq!(told.unmet("production", "2026-02-10"), [""; 0]);
    told.say("2026-03-01 gate:1 - {\"decision\":\"rejected\"} decided_by>who:x");
    assert_eq!(told.unmet("production", "2026-02-20"), [""; 0]);
    assert_eq!(told.unmet("production", "2026-03-01"), ["G (gate:1) was rejected."]);
}

#[test]
pub fn a_verdict_names_the_waivers_that_it_rests_on() {
    let mut told = Told::ready();
    told.say("2026-01-01 plan:R - {\"due_at\":\"2026-03-17T00:00:00Z\"}");
    told.say("2026-01-01 who:ann stakeholder {\"title\":\"Ann\"}");
    told.say("2026-01-01 gate:1 gate {\"title\":\"Pen test\",\"stage\":\"production\"} gates>plan:R approver>who:ann");
    told.say("2026-01-05 gate:1 - {\"decision\":\"waived\",\"expires_at\":\"2026-03-05T00:00:00Z\",\"reason\":\"booked for April\"} decided_by>who:ann");
    let answer = told.ask("plan:R", "production", "2026-02-01");
    assert_eq!(answer.verdict, Verdict::Ready);
    let waiver = &answer.exceptions[0];
    assert_eq!(
        waiver.sentence,
        "Pen test (gate:1) is waived by Ann until 2026-03-05: booked for April; it ends before the target date 2026-03-17."
    );
    assert_eq!((waiver.ends_before_due, waiver.ends_at), (Some(true), Some(day("2026-03-05"))));
    assert_eq!(waiver.reason.as_deref(), Some("booked for April"));
    assert_eq!((waiver.by.as_deref(), waiver.since), (Some("Ann"), Some(day("2026-01-05"))));
    assert_eq!(answer.exceptions.len(), 1);
    assert_eq!(told.ask("plan:R", "system_test", "2026-02-01").exceptions, [], "of the stage only");
    assert_eq!(told.ask("plan:R", "production", "2026-03-05").exceptions, [], "while it holds only");
    // Without an end it holds, and is a finding.
    told.say("2026-01-06 gate:2 gate {\"title\":\"Privacy\",\"decision\":\"waived\"} gates>plan:R");
    let answer = told.ask("plan:R", "production", "2026-02-01");
    assert_eq!(answer.exceptions[1].sentence, "Privacy (gate:2) is waived without an end.");
    assert_eq!(answer.exceptions[1].ends_before_due, None);
    let quality = told.stream.data_quality(&DataQualityQuery::new(day("2026-02-01"))).unwrap();
    messages::check(&quality);
    let finding = quality.findings.iter().find(|found| found.code == "waiver_without_expiry").unwrap();
    assert_eq!((finding.count, finding.examples[0].items[0].as_str()), (1, "gate:2"));
}

#[test]
pub fn steps_that_are_not_allowed_are_told_and_not_refused() {
    let mut told = Told::ready();
    for (on, state) in [
        ("2026-01-02", "draft"),
        ("2026-01-03", "planned"),
        ("2026-01-03", "planned"),
        ("2026-01-04", "in_progress"),
        ("2026-01-05", "completed"),
        ("2026-01-06", "in_progress"),
    ] {
        told.say(&format!("{on} plan:R - {{\"lifecycle\":\"{state}\"}}"));
    }
    let life = told.stream.transitions(&TransitionsQuery::new("plan:R")).unwrap();
    let steps: Vec<_> = life.steps.iter().map(|step| (step.to.as_str(), step.allowed)).collect();
    assert_eq!(
        steps,
        [
            ("draft", true),
            ("planned", true),
            ("in_progress", true),
            ("completed", true),
            ("in_progress", false)
        ]
    );
    use ReleaseState::{Cancelled, Completed, OnHold, Planned, Review};
    assert_eq!(life.allowed, [Planned, OnHold, Review, Completed, Cancelled]);
    let codes = |transitions: Option<Vec<Transition>>| {
        let query = DataQualityQuery { transitions, ..DataQualityQuery::new(day("2026-02-01")) };
        let findings = told.stream.data_quality(&query).unwrap().findings;
        messages::check(&findings);
        findings
            .into_iter()
            .find(|found| found.code == "transition_not_allowed")
            .map(|found| (found.count, found.examples.into_iter().next().unwrap().sentence))
    };
    let sentence =
        "R (plan:R) went from completed to in_progress at 2026-01-06T00:00:00.000Z, which is not allowed.";
    assert_eq!(codes(None), Some((1, sentence.into())));
    assert_eq!(codes(Some(Vec::new())).unwrap().0, 4, "where nothing is allowed no step is");
    assert!(matches!(
        told.stream.transitions(&TransitionsQuery::new("app:A")),
        Err(Error::Invalid { field, .. }) if field == "release"
    ));
}

#[test]
fn the_lifecycle_says_the_state_where_its_event_says_none() {
    let mut told = Told::ready();
    for state in ReleaseState::ALL {
        told.say(&format!("2026-01-02 plan:{state} release {{\"lifecycle\":\"{state}\"}}"));
        let open = !matches!(state.flow_state(), FlowState::Done | FlowState::Cancelled);
        let answer = told.ask(&format!("plan:{state}"), "production", "2026-02-01");
        assert_eq!(answer.unmet.is_empty(), !open, "{state}: {:?}", answer.unmet);
    }
    // Stated together the state counts, in whatever order they stand.
    for (n, set) in
        [r#""state":"active","lifecycle":"completed""#, r#""lifecycle":"completed","state":"active""#]
            .iter()
            .enumerate()
    {
        told.say(&format!("2026-01-02 plan:both{n} release {{{set}}}"));
        assert!(!told.ask(&format!("plan:both{n}"), "production", "2026-02-01").unmet.is_empty());
    }
}

#[test]
fn phases_activities_and_criteria_are_no_work() {
    let mut told = Told::ready();
    told.say("2026-01-02 ph:1 phase {\"state\":\"active\"} parent>plan:R");
    told.say("2026-01-02 act:1 activity {\"state\":\"active\"} parent>ph:1 ships_in>plan:R");
    told.say("2026-01-02 crit:1 criterion {\"state\":\"active\"} parent>jira:1");
    told.say("2026-01-09 act:1 - {\"state\":\"done\"}");
    let query = FlowQuery::new(day("2026-01-01"), day("2026-02-01"), "UTC");
    let flow = told.stream.flow_metrics(&query).unwrap();
    assert_eq!((flow.velocity, flow.basis.n), (1, 1), "the story alone");
    assert_eq!(told.ask("plan:R", "production", "2026-02-01").scope, 1);
    let scope = told.stream.scope(&vsm_core::ScopeQuery { release: "plan:R".into(), at: day("2026-02-01") });
    assert_eq!(scope.unwrap().current, ["jira:1"]);
    // A story with a criterion is as done as it says itself, and the criterion is a fact beside it.
    let facts = told.ask("jira:1", "production", "2026-02-01").unmet;
    assert_eq!((facts.len(), facts[0].condition), (1, Condition::CriterionMet));
    assert!(told.stream.readiness(&ReadinessQuery::new("ph:1", day("2026-02-01"))).is_err());
}

#[test]
pub fn gates_are_late_or_in_time() {
    let mut told = Told::ready();
    told.say("2026-01-01 who:ann stakeholder {\"title\":\"Ann\"}");
    for (id, set) in [("sec", "10"), ("ops", "10"), ("law", "20"), ("open", "05"), ("no", "10")] {
        told.say(&format!(
            "2026-01-03 gate:{id} gate {{\"title\":\"{id}\",\"asked_at\":\"2026-01-03T00:00:00Z\",\"needed_by\":\"2026-01-{set}T00:00:00Z\"}} gates>plan:R approver>who:ann"
        ));
    }
    told.say("2026-01-24 gate:sec - {\"decision\":\"approved\"} decided_by>who:ann");
    told.say("2026-01-08 gate:ops - {\"decision\":\"waived\",\"expires_at\":\"2026-01-09T00:00:00Z\"} decided_by>who:ann");
    told.say("2026-01-08 gate:no - {\"decision\":\"approved\"} decided_by>who:bo");
    told.say("2026-02-08 gate:open - {\"decision\":\"approved\"} decided_by>who:ann");
    told.say("2026-01-01 gate:else gate {} gates>jira:other");
    let query =
        GateLatenessQuery { item: Some("plan:R".into()), ..GateLatenessQuery::new(day("2026-01-15")) };
    let then = told.stream.gate_lateness(&query).unwrap();
    messages::check(&then);
    let said: Vec<&str> = then.gates.iter().map(|gate| gate.sentence.as_str()).collect();
    assert_eq!(
        said,
        [
            "open (gate:open): asked for on 2026-01-03, needed by 2026-01-05, not decided, 10 days overdue.",
            "no (gate:no): asked for on 2026-01-03, needed by 2026-01-10, approved by who:bo, who is not entitled to, 5 days overdue.",
            "sec (gate:sec): asked for on 2026-01-03, needed by 2026-01-10, not decided, 5 days overdue.",
            "law (gate:law): asked for on 2026-01-03, needed by 2026-01-20, not decided, 5 days left.",
            "ops (gate:ops): asked for on 2026-01-03, needed by 2026-01-10, waived on 2026-01-08 by Ann, in time.",
        ]
    );
    assert_eq!((then.late, then.overdue, then.basis.n), (0, 3, 5));
    let later = told.stream.gate_lateness(&GateLatenessQuery::new(day("2026-02-01"))).unwrap();
    messages::check(&later);
    let security = later.gates.iter().find(|gate| gate.gate == "gate:sec").unwrap();
    assert_eq!((security.late, security.overdue), (Some(Span::from_days(14)), None));
    assert_eq!((security.waited, security.by.as_deref()), (Some(Span::from_days(21)), Some("Ann")));
    assert_eq!(
        security.sentence,
        "sec (gate:sec): asked for on 2026-01-03, needed by 2026-01-10, approved on 2026-01-24 by Ann, 14 days late."
    );
    assert_eq!(later.gates.iter().find(|gate| gate.gate == "gate:ops").unwrap().late, Some(Span::ZERO));
    assert_eq!(later.basis.n, 6);
    // Where nobody has to decide, the last of its criteria does.
    told.say("2026-01-01 gate:auto gate {\"needed_by\":\"2026-01-05T00:00:00Z\"} gates>plan:R");
    told.say("2026-01-01 crit:1 criterion {} parent>gate:auto");
    told.say("2026-01-08 ev:1 evidence {\"result\":\"success\"} satisfies>crit:1");
    let query = GateLatenessQuery { item: Some("gate:auto".into()), at: day("2026-02-01") };
    let auto = told.stream.gate_lateness(&query).unwrap().gates.remove(0);
    messages::check(&auto);
    assert_eq!((auto.decision, auto.late), (None, Some(Span::from_days(3))));
    assert_eq!(
        auto.sentence,
        "gate:auto: needed by 2026-01-05, passed by its criteria on 2026-01-08, 3 days late."
    );
    let nothing = later.gates.iter().find(|gate| gate.gate == "gate:else").unwrap();
    assert_eq!((nothing.late, nothing.overdue, nothing.waited), (None, None, None));
    assert_eq!(nothing.sentence, "gate:else: not decided.");
}

fn standard() -> ReleaseTemplate {
    let criterion = |name: &str, boundary| TemplateCriterion { name: name.into(), boundary };
    let phase = |name: &str, stage: &str, days| TemplatePhase {
        name: name.into(),
        stage: Some(stage.into()),
        offset: None,
        duration: Some(Span::from_days(days)),
        activities: vec![],
        criteria: vec![],
    };
    let mut test = phase("Test", "system_test", 10);
    test.activities = vec![TemplateActivity { name: "Load test".into(), offset: None }];
    test.criteria = vec![criterion("Data", Some(Boundary::Entry)), criterion("Report", None)];
    ReleaseTemplate {
        name: "Standard".into(),
        phases: vec![test, phase("Acceptance", "user_acceptance", 5)],
        gates: vec![TemplateGate {
            name: "Security".into(),
            stage: Some("production".into()),
            approvers: vec!["who:sec".into()],
            criteria: vec![criterion("No finding", None)],
            offset: Some(Span::from_days(-3)),
        }],
    }
}

fn push(told: &Told, template: &ReleaseTemplate, on: &str) -> Result<TemplateEvents, Error> {
    let made = told.stream.template_events(&TemplateQuery {
        template: template.clone(),
        release: "plan:R".into(),
        at: day(on),
        include_children: Some(true),
    });
    if let Ok(made) = &made {
        messages::check(&made.skipped);
    }
    made
}

#[test]
pub fn a_template_gives_releases_their_phases_and_gates_once() {
    let mut told = Told::ready();
    told.say("2026-01-01 plan:R - {\"due_at\":\"2026-03-20T00:00:00Z\"}");
    told.say("2026-01-01 plan:C release {} parent>plan:R");
    told.say("2026-01-01 plan:D release {\"state\":\"done\"} parent>plan:C");
    let made = push(&told, &standard(), "2026-02-01").unwrap();
    let ids: Vec<&str> = made.events.iter().map(|event| event.item.as_str()).collect();
    assert_eq!(ids.len(), 14, "seven parts for each of two releases");
    assert_eq!(ids[0], "template:Standard/phase/Test@plan:R");
    assert_eq!(ids[1], "template:Standard/phase/Test/activity/Load test@plan:R");
    assert_eq!(ids[6], "template:Standard/gate/Security/criterion/No finding@plan:R");
    let skipped: Vec<(&str, &str)> =
        made.skipped.iter().map(|skip| (skip.item.as_str(), skip.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("plan:C", "It has no target date, so nothing of it gets a date."),
            ("plan:D", "It is done, so it is left as it is."),
        ]
    );
    let report = told.stream.apply_batch(made.events.clone());
    assert_eq!((report.accepted, report.refused), (14, vec![]));
    let part = |id: &str| told.stream.item(&format!("template:Standard/{id}@plan:R")).unwrap();
    let (test, acceptance) = (part("phase/Test"), part("phase/Acceptance"));
    assert_eq!(test.kind, Some(Kind::Phase));
    assert_eq!(
        (test.fields.starts_at, test.fields.ends_at),
        (Some(day("2026-03-05")), Some(day("2026-03-15")))
    );
    assert_eq!(acceptance.fields.ends_at, Some(day("2026-03-20")));
    assert_eq!(part("phase/Test/activity/Load test").fields.due_at, Some(day("2026-03-15")));
    assert_eq!(part("phase/Test/criterion/Data").fields.boundary, Some(Boundary::Entry));
    assert_eq!(part("gate/Security").fields.needed_by, Some(day("2026-03-17")));
    // Once more, and later once more: nothing is left to be said.
    for on in ["2026-02-01", "2026-02-02"] {
        let again = push(&told, &standard(), on).unwrap();
        assert_eq!((again.events.len(), again.unchanged), (0, 14));
    }
    // The release moves, somebody has moved a gate by hand, an approver was taken away, and the template grows.
    told.say("2026-02-03 plan:R - {\"due_at\":\"2026-03-21T00:00:00Z\"}");
    told.say("2026-02-03 template:Standard/gate/Security@plan:R - {\"needed_by\":\"2026-03-01T00:00:00Z\"}");
    let mut unlink =
        vsm_core::Event::new("t", "unlink", day("2026-02-03"), "template:Standard/gate/Security@plan:R");
    unlink.unlinks.push(vsm_core::Link::new(vsm_core::LinkKind::Approver, "who:sec"));
    told.stream.apply(unlink).unwrap();
    let mut grown = standard();
    grown.gates[0].approvers.push("who:ciso".into());
    // At the time of the first push too: the ids of its events are not used twice.
    let again = push(&told, &grown, "2026-02-01").unwrap();
    let ids: Vec<&str> = again.events.iter().map(|event| event.item.as_str()).collect();
    assert_eq!(
        ids,
        [
            "template:Standard/phase/Test@plan:R",
            "template:Standard/phase/Test/activity/Load test@plan:R",
            "template:Standard/phase/Acceptance@plan:R",
            "template:Standard/gate/Security@plan:R",
            "template:Standard/gate/Security@plan:C",
        ]
    );
    assert_eq!(again.events[3].links.len(), 1);
    assert_eq!(again.events[3].set, vsm_core::Fields::default(), "the date is kept");
    let kept: Vec<&str> = again.skipped.iter().map(|skip| skip.reason.as_str()).take(2).collect();
    assert_eq!(
        kept,
        [
            "Its needed_by was set by t:16 and is kept.",
            "Its link approver to who:sec was taken back and is not made again.",
        ]
    );
    assert_eq!(told.stream.apply_batch(again.events).refused, []);
}

#[test]
fn what_a_template_makes_counts_for_readiness() {
    let mut told = Told::ready();
    let made = push(&told, &standard(), "2026-02-01").unwrap();
    told.stream.apply_batch(made.events);
    let conditions = |stage: &str| -> Vec<Condition> {
        told.ask("plan:R", stage, "2026-02-02").unmet.into_iter().map(|fact| fact.condition).collect()
    };
    use Condition::{ActivityDone, CriterionMet, GatePassed, PhaseDone};
    assert_eq!(conditions("system_test"), [CriterionMet]);
    assert_eq!(conditions("user_acceptance"), [ActivityDone, CriterionMet, CriterionMet]);
    assert_eq!(
        conditions("production"),
        [GatePassed, ActivityDone, PhaseDone, CriterionMet, CriterionMet, CriterionMet]
    );
}

#[test]
fn templates_that_make_no_sense_are_refused_with_the_place() {
    let told = Told::ready();
    let phase = standard().phases.remove(1);
    let mut table: Vec<(&str, ReleaseTemplate)> = Vec::new();
    let mut with = |field, change: &dyn Fn(&mut ReleaseTemplate)| {
        let mut template = standard();
        change(&mut template);
        table.push((field, template));
    };
    with("template.name", &|t| t.name = " ".into());
    with("template.name", &|t| t.name = "x".repeat(201));
    with("template.phases[1].name", &|t| t.phases[1].name = "Test".into());
    with("template.phases[0].name", &|t| t.phases[0].name = String::new());
    with("template.phases[0].name", &|t| t.phases[0].name = "a\nb".into());
    with("template.gates[1].name", &|t| t.gates.push(t.gates[0].clone()));
    with("template.phases[0].activities[1].name", &|t| {
        let twice = t.phases[0].activities[0].clone();
        t.phases[0].activities.push(twice);
    });
    with("template.gates[0].criteria[0].name", &|t| t.gates[0].criteria[0].name = String::new());
    with("template.phases[0].duration", &|t| t.phases[0].duration = Some(Span::from_millis(-1)));
    with("template.phases[0].offset", &|t| t.phases[0].offset = Some(Span::from_millis(i64::MIN)));
    with("template.gates[0].offset", &|t| t.gates[0].offset = Some(Span::from_millis(i64::MAX)));
    with("template.phases[0].stage", &|t| t.phases[0].stage = Some(String::new()));
    with("links[1].to", &|t| t.gates[0].approvers = vec![String::new()]);
    with("template", &|t| {
        t.phases.extend((0..10_000).map(|n| TemplatePhase { name: n.to_string(), ..phase.clone() }));
    });
    for (field, template) in table {
        match push(&told, &template, "2026-02-01") {
            Err(Error::Invalid { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let query = TemplateQuery {
        template: standard(),
        release: "app:A".into(),
        at: day("2026-02-01"),
        include_children: None,
    };
    assert!(
        matches!(told.stream.template_events(&query), Err(Error::Invalid { field, .. }) if field == "release")
    );
}

#[test]
pub fn dates_that_can_not_be_are_left_out_and_names_can_not_collide() {
    let mut told = Told::ready();
    told.say("2026-01-01 plan:R - {\"due_at\":\"2026-03-20T00:00:00Z\"}");
    let mut template = standard();
    template.phases[1].offset = Some(Span::from_days(9_999 * 366));
    template.gates[0].offset = Some(Span::LONGEST);
    let made = push(&told, &template, "2026-02-01").unwrap();
    assert_eq!(made.skipped.len(), 3, "{:?}", made.skipped);
    assert!(made.events.iter().all(|event| event.set.starts_at.is_none() && event.set.needed_by.is_none()));
    assert_eq!(told.stream.apply_batch(made.events).refused, []);
    let mut template = standard();
    template.phases[0].name = "a/activity/b".into();
    template.phases[1].name = "a".into();
    template.phases[1].activities = vec![TemplateActivity { name: "b@%".into(), offset: None }];
    let made = push(&told, &template, "2026-02-01").unwrap();
    assert_eq!(made.events[0].item, "template:Standard/phase/a%2Factivity%2Fb@plan:R");
    assert_eq!(made.events[5].item, "template:Standard/phase/a/activity/b%40%25@plan:R");
    // A release with a long id has no room for more.
    let long = format!("plan:{}", "x".repeat(1000));
    told.say(&format!("2026-01-01 {long} release {{}}"));
    let query = TemplateQuery { template, release: long, at: day("2026-02-01"), include_children: None };
    let made = told.stream.template_events(&query).unwrap();
    messages::check(&made.skipped);
    assert_eq!((made.events.len(), made.unchanged), (0, 0));
    assert!(made.skipped.len() > 7);
}
