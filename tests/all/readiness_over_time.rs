//! Readiness in time: what changed between two times, why as a tree, and which departures are still reached.

use vsm_core::{
    DeparturesQuery, Error, Instant, Kind, ReadinessChangesQuery, ReadinessQuery, Span, ValueStream, Verdict,
};

use crate::messages;
use crate::world::{START, World, now};

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn stream(lines: &str) -> ValueStream {
    let mut stream = ValueStream::new();
    let report = stream.apply_json_lines(lines.as_bytes());
    assert_eq!(report.refused, []);
    stream
}

/// Two releases with a train every other Tuesday. The first waits for two stories, one after the other, and a security
/// review; the second is finished on Wednesday.
const PORTFOLIO: &str = r#"
{"source":"t","id":"1","occurred_at":"2026-03-01T00:00:00Z","item":"app:a","kind":"application","set":{"title":"App","cadence":{"departure":"2026-03-03T00:00:00Z","every_days":14,"cutoff":86400000}}}
{"source":"t","id":"2","occurred_at":"2026-03-01T00:00:00Z","item":"r:1","kind":"release","set":{"title":"One"},"links":[{"kind":"belongs_to","to":"app:a"}]}
{"source":"t","id":"3","occurred_at":"2026-03-01T00:00:00Z","item":"s:1","kind":"story","set":{"title":"First","state":"active","remaining":172800000,"assignee":"Ada","value":100},"links":[{"kind":"ships_in","to":"r:1"}]}
{"source":"t","id":"4","occurred_at":"2026-03-01T00:00:00Z","item":"s:2","kind":"story","set":{"title":"Second","state":"new","estimate":259200000,"assignee":"Bob"},"links":[{"kind":"ships_in","to":"r:1"},{"kind":"depends_on","to":"s:1"},{"kind":"parent","to":"e:1"}]}
{"source":"t","id":"5","occurred_at":"2026-03-01T00:00:00Z","item":"e:1","kind":"epic","set":{"title":"Epic","value":900}}
{"source":"t","id":"6","occurred_at":"2026-03-01T00:00:00Z","item":"who:sec","kind":"stakeholder","set":{"title":"Security"}}
{"source":"t","id":"7","occurred_at":"2026-03-02T00:00:00Z","item":"g:sec","kind":"gate","set":{"title":"Security approval","asked_at":"2026-03-02T00:00:00Z"},"links":[{"kind":"gates","to":"r:1"},{"kind":"approver","to":"who:sec"}]}
{"source":"t","id":"8","occurred_at":"2026-03-01T00:00:00Z","item":"b:1","kind":"build","set":{"result":"success"},"links":[{"kind":"candidate","to":"r:1"},{"kind":"contains","to":"s:1"},{"kind":"contains","to":"s:2"}]}
{"source":"t","id":"9","occurred_at":"2026-03-01T00:00:00Z","item":"env:pre","kind":"environment","set":{"stage":"pre_production"}}
{"source":"t","id":"10","occurred_at":"2026-03-01T00:00:00Z","item":"run:1","kind":"test_run","set":{"result":"success"},"links":[{"kind":"tests","to":"b:1"},{"kind":"ran_in","to":"env:pre"}]}
{"source":"t","id":"11","occurred_at":"2026-03-01T00:00:00Z","item":"r:2","kind":"release","set":{"title":"Two"},"links":[{"kind":"depends_on","to":"r:1"}]}
{"source":"t","id":"12","occurred_at":"2026-03-01T00:00:00Z","item":"s:3","kind":"story","set":{"title":"Third","state":"active","value":50},"links":[{"kind":"ships_in","to":"r:2"}]}
{"source":"t","id":"13","occurred_at":"2026-03-01T00:00:00Z","item":"b:2","kind":"build","set":{"result":"success"},"links":[{"kind":"candidate","to":"r:2"},{"kind":"contains","to":"s:3"}]}
{"source":"t","id":"14","occurred_at":"2026-03-01T00:00:00Z","item":"run:2","kind":"test_run","set":{"result":"success"},"links":[{"kind":"tests","to":"b:2"},{"kind":"ran_in","to":"env:pre"}]}
"#;

#[test]
fn each_fact_says_how_many_releases_and_how_much_value_wait() {
    let stream = stream(PORTFOLIO);
    let answer = stream.readiness(&ReadinessQuery::new("r:1", instant("2026-03-03T00:00:00Z"))).unwrap();
    // Both releases wait for all of them: the first's story of its own value, the epic that the second story is a part
    // of, and the third story.
    let waiting: Vec<(&str, u32, Option<f64>)> =
        answer.unmet.iter().map(|fact| (fact.item.as_str(), fact.releases, fact.value)).collect();
    assert_eq!(waiting, [("s:1", 2, Some(1050.0)), ("s:2", 2, Some(1050.0)), ("g:sec", 2, Some(1050.0))]);
    assert_eq!(answer.percent, Some(0.0));
    let alone = stream.readiness(&ReadinessQuery::new("e:1", instant("2026-03-03T00:00:00Z"))).unwrap();
    assert_eq!(alone.unmet[0].releases, 2);
    let third = stream.readiness(&ReadinessQuery::new("r:2", instant("2026-03-03T00:00:00Z"))).unwrap();
    let own = third.unmet.iter().find(|fact| fact.item == "s:3").unwrap();
    assert_eq!((own.releases, own.value), (1, Some(50.0)));
}

#[test]
pub fn what_changed_is_told_with_the_events_that_did_it() {
    let mut stream = stream(PORTFOLIO);
    stream.apply_json_lines(
        br#"{"source":"t","id":"20","occurred_at":"2026-03-05T00:00:00Z","item":"s:1","set":{"state":"done"}}
{"source":"t","id":"21","occurred_at":"2026-03-05T00:00:00Z","item":"s:2","set":{"state":"done"}}
{"source":"t","id":"22","occurred_at":"2026-03-05T00:00:00Z","item":"g:sec","set":{"decision":"approved"},"links":[{"kind":"decided_by","to":"who:sec"}]}
{"source":"t","id":"23","occurred_at":"2026-03-09T00:00:00Z","item":"s:2","set":{"state":"active"}}
{"source":"t","id":"24","occurred_at":"2026-03-09T00:00:00Z","recorded_at":"2026-03-20T00:00:00Z","item":"s:2","set":{"state":"done"}}"#,
    );
    let between = |from: &str, to: &str| {
        let changes =
            stream.readiness_changes(&ReadinessChangesQuery::new(instant(from), instant(to))).unwrap();
        messages::check(&changes);
        changes
    };
    let week = between("2026-03-04T00:00:00Z", "2026-03-06T00:00:00Z");
    assert_eq!((week.became_ready, week.regressed, week.nearer, week.appeared), (1, 0, 0, 0));
    let one = &week.changes[0];
    assert_eq!((one.item.as_str(), one.before, one.after), ("r:1", Some(Verdict::NotReady), Verdict::Ready));
    assert_eq!(one.because, ["t:20", "t:21", "t:22"]);
    assert_eq!(
        one.sentence,
        "One (r:1) was not ready and is ready; gone is: First (s:1) is being worked on and not done."
    );
    let next = between("2026-03-06T00:00:00Z", "2026-03-10T00:00:00Z");
    assert_eq!((next.became_ready, next.regressed), (0, 1));
    assert_eq!(next.changes[0].because, ["t:23"]);
    assert_eq!(
        next.changes[0].sentence,
        "One (r:1) was ready and is not ready: Second (s:2) is being worked on and not done."
    );
    // What is recorded on the 20th shows from then on, though it happened on the 9th.
    let late = between("2026-03-10T00:00:00Z", "2026-03-20T00:00:00Z");
    assert_eq!(late.changes[0].because, ["t:24"]);
    // The first time of all: everything is new.
    assert_eq!(between("2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z").appeared, 2);
    // One item, whether its verdict changed or not.
    let query = ReadinessChangesQuery {
        item: Some("r:2".into()),
        ..ReadinessChangesQuery::new(instant("2026-03-04T00:00:00Z"), instant("2026-03-06T00:00:00Z"))
    };
    let two = stream.readiness_changes(&query).unwrap();
    messages::check(&two);
    assert_eq!(
        two.changes[0].sentence,
        "Two (r:2) is still not ready; gone is: First (s:1) is being worked on and not done."
    );
    assert_eq!(two.changes[0].cleared.len(), 3);
    assert_eq!(two.changes[0].appeared, []);
    let backwards =
        ReadinessChangesQuery::new(instant("2026-03-06T00:00:00Z"), instant("2026-03-04T00:00:00Z"));
    assert!(
        matches!(stream.readiness_changes(&backwards), Err(Error::Invalid { field, .. }) if field == "to")
    );
}

#[test]
fn changes_are_the_difference_of_the_verdicts() {
    for seed in 0..10 {
        let mut stream = ValueStream::new();
        stream.apply_batch(World::new(seed).events);
        let from = Instant::from_millis(START + 40 * 3_600_000).unwrap();
        let query = ReadinessChangesQuery { limit: Some(1_000), ..ReadinessChangesQuery::new(from, now()) };
        let changes = stream.readiness_changes(&query).unwrap();
        let verdict = |at: Instant, item: &str| {
            stream.as_of(at, at).readiness(&ReadinessQuery::new(item, at)).ok().map(|answer| answer.verdict)
        };
        for release in stream.items(Some(Kind::Release)) {
            let (then, now) = (verdict(from, &release), verdict(now(), &release));
            let found = changes.changes.iter().find(|change| change.item == release);
            match found {
                Some(change) => {
                    assert_eq!((change.before.or(then), Some(change.after)), (then, now));
                    assert!(change.before != Some(change.after));
                }
                None => assert_eq!(then, now, "seed {seed}, {release}"),
            }
        }
    }
}

#[test]
fn a_tree_leads_from_the_release_to_what_is_at_fault() {
    let stream = stream(PORTFOLIO);
    let query = ReadinessQuery::new("r:2", instant("2026-03-03T00:00:00Z"));
    let tree = stream.explain(&query).unwrap();
    assert_eq!(
        tree.to_text(),
        "\
Two (r:2) is not ready for production:
  One (r:1) is not ready for production:
    Security approval (g:sec) is not ready for production:
      ! Security approval (g:sec) is not decided. Waits for Security.
    First (s:1) is not ready for production:
      ! First (s:1) is being worked on and not done. Waits for Ada.
    Second (s:2) is not ready for production:
      ! Second (s:2) has not been started; it depends on First (s:1), which is not done either. Waits for Bob.
  Third (s:3) is not ready for production:
    ! Third (s:3) is being worked on and not done.
"
    );
    assert_eq!(tree.nodes[0].above, None);
    assert!(
        tree.nodes.iter().skip(1).enumerate().all(|(n, node)| node.above.is_some_and(|a| a as usize <= n))
    );
    // The facts are those of the plain answer.
    let mut facts: Vec<String> =
        tree.nodes.iter().flat_map(|node| &node.facts).map(|fact| fact.sentence.clone()).collect();
    let mut plain: Vec<String> =
        stream.readiness(&query).unwrap().unmet.into_iter().map(|fact| fact.sentence).collect();
    facts.sort();
    plain.sort();
    assert_eq!(facts, plain);
}

#[test]
fn trees_hold_every_fact_of_random_portfolios() {
    for seed in 0..10 {
        let mut stream = ValueStream::new();
        stream.apply_batch(World::new(seed).events);
        for item in stream.items(None) {
            let query = ReadinessQuery::new(&item, now());
            let Ok(plain) = stream.readiness(&query) else { continue };
            let tree = stream.explain(&query).unwrap();
            let facts: usize = tree.nodes.iter().map(|node| node.facts.len()).sum();
            assert_eq!(facts, plain.unmet.len(), "seed {seed}, {item}");
            assert_eq!(tree.nodes[0].verdict, plain.verdict, "seed {seed}, {item}");
        }
    }
}

#[test]
pub fn a_deadline_for_each_fact_and_departure() {
    let stream = stream(PORTFOLIO);
    let query = DeparturesQuery::new("r:1", instant("2026-03-03T00:00:00Z"), "Europe/Zurich");
    let next = stream.departures(&query).unwrap();
    messages::check(&next);
    // Two days and then three: ready on the 8th, in time for the cut-off of the 16th.
    assert_eq!(next.ready_at, instant("2026-03-08T00:00:00Z"));
    assert_eq!(next.ships_at, instant("2026-03-17T00:00:00Z"));
    let first = &next.departures[0];
    assert_eq!(
        (first.departure, first.cutoff),
        (instant("2026-03-17T00:00:00Z"), instant("2026-03-16T00:00:00Z"))
    );
    assert!(first.reachable);
    assert_eq!(first.spare, Some(Span::from_days(8)));
    let by: Vec<(&str, Instant, bool)> =
        first.facts.iter().map(|fact| (fact.item.as_str(), fact.by, fact.possible)).collect();
    assert_eq!(
        by,
        [
            ("s:1", instant("2026-03-13T00:00:00Z"), true),
            ("s:2", instant("2026-03-16T00:00:00Z"), true),
            ("g:sec", instant("2026-03-16T00:00:00Z"), true),
        ]
    );
    assert_eq!(
        first.facts[2].sentence,
        "Security approval (g:sec) (gate passed) by Mon 2026-03-16 01:00 still reaches the departure of Tue 2026-03-17 01:00."
    );
    assert_eq!(next.departures[1].departure, instant("2026-03-31T00:00:00Z"));
    assert_eq!(next.departures.len(), 3);
    // A day before, the earlier train had left without it.
    let early = stream
        .departures(&DeparturesQuery {
            count: Some(1),
            ..DeparturesQuery::new("r:1", instant("2026-03-01T00:00:00Z"), "UTC")
        })
        .unwrap();
    messages::check(&early);
    let missed = &early.departures[0];
    assert_eq!(missed.departure, instant("2026-03-03T00:00:00Z"));
    assert!(!missed.reachable);
    // Ready on the 6th, needed on the 2nd.
    assert_eq!(missed.missed_by, Some(Span::from_days(4)));
    assert_eq!(
        missed.facts.iter().filter(|fact| fact.possible).map(|fact| fact.item.as_str()).collect::<Vec<_>>(),
        ["g:sec"]
    );
}

#[test]
fn without_a_train_the_target_date_is_the_departure() {
    let mut stream = stream(PORTFOLIO);
    let at = instant("2026-03-03T00:00:00Z");
    assert_eq!(stream.departures(&DeparturesQuery::new("r:2", at, "UTC")).unwrap().departures, []);
    stream.apply_json_lines(br#"{"source":"t","id":"30","occurred_at":"2026-03-03T00:00:00Z","item":"r:2","set":{"due_at":"2026-03-18T00:00:00Z"}}"#);
    let next = stream.departures(&DeparturesQuery::new("r:2", at, "UTC")).unwrap();
    assert_eq!(next.departures.len(), 1);
    assert_eq!(next.departures[0].cutoff, instant("2026-03-18T00:00:00Z"));
    // What the first release lacks has to be there for the train that still brings it: that of the 17th.
    let review = next.departures[0].facts.iter().find(|fact| fact.item == "g:sec").unwrap();
    assert_eq!(review.by, instant("2026-03-16T00:00:00Z"));
    for count in [0, 101] {
        let query = DeparturesQuery { count: Some(count), ..DeparturesQuery::new("r:2", at, "UTC") };
        assert!(matches!(stream.departures(&query), Err(Error::Invalid { field, .. }) if field == "count"));
    }
    assert!(matches!(
        stream.departures(&DeparturesQuery::new("r:2", at, "Mars/Olympus")),
        Err(Error::UnknownZone { .. })
    ));
    assert!(stream.departures(&DeparturesQuery::new("s:1", at, "UTC")).is_err());
}
