//! The rules of correlation: run as often as one likes, on a history in any order, they end in the same links.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vsm_core::{
    CorrelationRule, CorrelationRules, CriticalPathQuery, DataQualityQuery, EnvironmentNames, Event,
    FlowState, Instant, Kind, Link, LinkKind, Outcome, Related, ValueStream, VersionRule,
};

use crate::world::{Dice, at};

const TEXTS: &[&str] = &[
    "CHK-1 crop",
    "Crop (#2)",
    "See CHK-2 and UTF-8",
    "Square it\n\nRefs: CHK-3\nFixes: #3",
    "acme/shop#9",
    "!7 merged",
    "AB#12 and GH-2",
    "CHG0030001 INC0010001",
    "shop/main #31",
    "https://ci.test/job/shop/31/console",
    "4f2c9a1",
    "1.4.0+4f2c9a1",
    "v1.4.0-3-g4f2c9a12",
    "pkg:npm/shop@1.2.0",
    "shop@sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "fix#3",
    "chk-4_crop",
    "1.4",
    "1.4.0",
    "v1.4.0",
    "",
];
const APPLICATIONS: &[&str] = &["app:a", "app:b"];

/// A random history, made of few names so that they meet, and are taken for each other, often.
fn history(seed: u64) -> Vec<Event> {
    let mut dice = Dice::new(seed);
    let mut events = Vec::new();
    let items: &[(&str, Kind)] = &[
        ("jira:CHK-1", Kind::Story),
        ("jira:OTH-1", Kind::Defect),
        ("github:acme/shop#2", Kind::Story),
        ("github:acme/shop#3", Kind::Defect),
        ("gitlab:acme/shop#2", Kind::Story),
        ("azure_devops:one/workitem/12", Kind::Story),
        ("azure_devops:two/workitem/12", Kind::Story),
        ("github:acme/shop#9", Kind::Change),
        ("gitlab:acme/shop!7", Kind::Change),
        ("git:4f2c9a1200000000000000000000000000000000", Kind::Change),
        ("git:4f2c9a1900000000000000000000000000000000", Kind::Change),
        ("git:0a", Kind::Change),
        ("jenkins:shop/main#31", Kind::Build),
        ("ci:build/1", Kind::Build),
        ("ci:build/2", Kind::Build),
        ("test:1", Kind::TestRun),
        ("test:2", Kind::TestRun),
        ("ci:deployment/1", Kind::Deployment),
        ("ci:deployment/2", Kind::Deployment),
        ("ci:deployment/3", Kind::Deployment),
        ("jira:release/1", Kind::Release),
        ("github:release/1", Kind::Release),
        ("github:release/2", Kind::Release),
        ("servicenow:CHG0030001", Kind::Gate),
        ("servicenow:INC0010001", Kind::Incident),
        ("pager:1", Kind::Incident),
        ("env:production", Kind::Environment),
        ("ci:environment/PRD", Kind::Environment),
    ];
    for n in 0..70 {
        let (item, kind) = dice.pick(items);
        let mut event = Event::new("t", n.to_string(), at(dice.below(200)), item);
        event.kind = Some(kind);
        if dice.one_in(3) {
            event.recorded_at = Some(at(dice.below(400)));
        }
        let names = ["artifact", "url", "branch", "ticket", "chain_id", "context_id", "linked_to", "commit"];
        match dice.below(5) {
            0 => event.set.title = Some(dice.pick(TEXTS).into()),
            1 => event.set.description = Some(dice.pick(TEXTS).into()),
            2 => event.set.version = Some(dice.pick(TEXTS).into()),
            3 if kind == Kind::Change => event.set.tag = Some(dice.pick(TEXTS).into()),
            _ => {
                let name = dice.pick(&names);
                let text = if name.contains('_') { ["x", "y"][dice.below(2)] } else { dice.pick(TEXTS) };
                event.set.attributes.insert(name.into(), text.into());
            }
        }
        if dice.one_in(4) {
            event.set.attributes.insert("repository".into(), "acme/shop".into());
        }
        if dice.one_in(12) {
            event.clear.push(["title", "branch", "version"][dice.below(3)].into());
        }
        if matches!(kind, Kind::Build | Kind::Deployment) {
            event.set.result = Some(dice.pick(&[Outcome::Success, Outcome::Success, Outcome::Failure]));
            event.set.ends_at = Some(at(dice.below(200)));
        }
        if !matches!(kind, Kind::Change | Kind::Environment) && dice.one_in(2) {
            event.links.push(Link::new(LinkKind::BelongsTo, dice.pick(APPLICATIONS)));
        }
        if kind == Kind::Deployment {
            let place = dice.pick(&["env:production", "ci:environment/PRD"]);
            event.links.push(Link::new(LinkKind::DeployedTo, place));
        }
        // Now and then a tool states, or takes back, what a rule may think too.
        if dice.one_in(6) {
            let (link, to) = match kind {
                Kind::Change => {
                    (LinkKind::Implements, dice.pick(&["jira:CHK-1", "jira:CHK-2", "github:acme/shop#2"]))
                }
                Kind::Incident => (LinkKind::CausedBy, dice.pick(&["ci:deployment/1", "ci:deployment/2"])),
                Kind::TestRun => (LinkKind::Tests, dice.pick(&["ci:build/1", "jenkins:shop/main#31"])),
                _ => (LinkKind::Relates, "plan:other"),
            };
            let links = if dice.one_in(3) { &mut event.unlinks } else { &mut event.links };
            links.push(Link::new(link, to));
        }
        events.push(event);
    }
    // Now and then a tool says that two are one, which rules alone may have linked.
    for (one, other) in [
        ("jira:release/1", "github:release/1"),
        ("github:acme/shop#9", "gitlab:acme/shop!7"),
        ("servicenow:CHG0030001", "servicenow:INC0010001"),
        ("jira:CHK-1", "jira:OTH-1"),
    ] {
        if dice.one_in(4) {
            let mut event = Event::new("names", one, at(dice.below(200)), one);
            event.aliases.push(other.into());
            events.push(event);
        }
    }
    // What is named by an address or a branch meets too seldom by chance.
    let fixed = [
        ("jenkins:shop/main#31", Kind::Build, "url", "https://ci.test/job/shop/31/"),
        ("github:acme/shop#9", Kind::Change, "branch", "fix#3"),
    ];
    for (item, kind, name, text) in fixed {
        let mut event = Event::new("t", format!("{item}/{name}"), at(100), item);
        event.kind = Some(kind);
        event.set.attributes.insert(name.into(), text.into());
        events.push(event);
    }
    events
}

fn rules() -> CorrelationRules {
    let shop = VersionRule {
        ignore_zeros: true,
        ignore_suffix: true,
        ..VersionRule::new("v{version}", "{version}")
    };
    CorrelationRules {
        versions: vec![shop],
        environments: vec![EnvironmentNames {
            environment: "env:production".into(),
            names: vec!["prd".into()],
        }],
        also: vec![CorrelationRule::LatestBuild],
        ..CorrelationRules::default()
    }
}

/// Every link as it is shown, without the key of the event of an inferred one: that tells how often the rule has spoken.
fn links(stream: &ValueStream) -> BTreeMap<(String, LinkKind, String), Related> {
    let mut found = BTreeMap::new();
    for item in stream.items(None) {
        for mut link in stream.links(&item).unwrap() {
            if link.rule.is_some() {
                link.evidence.clear();
            }
            found.insert((link.from.clone(), link.kind, link.to.clone()), link);
        }
    }
    found
}

fn apply(stream: &mut ValueStream, events: impl IntoIterator<Item = Event>, rules: &CorrelationRules) {
    assert_eq!(stream.apply_batch(events).refused, []);
    assert_eq!(stream.correlate(rules).refused, []);
    let again = stream.correlate(rules);
    assert_eq!((again.accepted, again.duplicates), (0, 0), "a second run has nothing to say");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_may_be_run_at_any_time_and_in_any_order_of_arrival(seed: u64, order: u64, parts in 1_usize..5) {
        let events = history(seed);
        let mut once = ValueStream::new();
        apply(&mut once, events.clone(), &rules());
        let mut dice = Dice::new(order);
        let mut shuffled = events;
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, dice.below(last + 1));
        }
        let mut often = ValueStream::new();
        for part in shuffled.chunks(shuffled.len().div_ceil(parts)) {
            apply(&mut often, part.to_vec(), &rules());
        }
        prop_assert_eq!(links(&once), links(&often));
        prop_assert_eq!(once.items(None), often.items(None));
        // A replay of the record, what was taken back included, is the same once more.
        let mut replayed = ValueStream::new();
        prop_assert_eq!(&replayed.apply_batch(often.events()).refused, &[]);
        prop_assert_eq!(links(&once), links(&replayed));
    }

    #[test]
    fn a_view_knows_all_that_its_links_lead_to(seed: u64, occurred in 0_usize..250, recorded in 0_usize..450) {
        let mut stream = ValueStream::new();
        for part in history(seed).chunks(20) {
            apply(&mut stream, part.to_vec(), &rules());
        }
        let view = stream.as_of(at(occurred), at(recorded));
        let items: BTreeSet<String> = view.items(None).into_iter().collect();
        prop_assert_eq!(view.item_count(), items.len());
        for item in &items {
            for link in view.links(item).unwrap() {
                prop_assert!(items.contains(&link.from) && items.contains(&link.to), "{:?}", link);
                // All but a key has to be known to be found, and so it is in the view.
                let is_key = link.rule.as_ref().is_none_or(|rule| rule.starts_with("issue_key"));
                let is_told = |end: &str| view.history(end).unwrap().iter().any(|event| event.source != "vsm");
                prop_assert!(is_key || is_told(&link.from) && is_told(&link.to), "{:?}", link);
            }
        }
    }

    #[test]
    fn a_rule_that_is_switched_off_leaves_no_link(seed: u64, off in 0..CorrelationRule::ALL.len()) {
        let off = CorrelationRule::ALL[off];
        let mut stream = ValueStream::new();
        apply(&mut stream, history(seed), &rules());
        let without = CorrelationRules { without: vec![off], ..rules() };
        apply(&mut stream, [], &without);
        let left = links(&stream);
        prop_assert!(left.values().all(|link| link.rule.as_deref() != Some(off.as_str())));
        let mut never = ValueStream::new();
        apply(&mut never, history(seed), &without);
        prop_assert_eq!(left, links(&never));
    }
}

#[test]
fn the_histories_make_every_rule_speak() {
    let mut spoken = BTreeSet::new();
    for seed in 0..400 {
        let mut stream = ValueStream::new();
        apply(&mut stream, history(seed), &rules());
        spoken.extend(links(&stream).into_values().filter_map(|link| link.rule));
    }
    let silent: Vec<&str> = CorrelationRule::ALL
        .iter()
        .map(|rule| rule.as_str())
        .filter(|rule| !spoken.contains(*rule))
        .collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn a_rule_that_nobody_knows_is_an_error() {
    let error = serde_json::from_str::<CorrelationRules>(r#"{"without":["no_such_rule"]}"#).unwrap_err();
    assert!(error.to_string().contains("unknown variant `no_such_rule`"), "{error}");
}

/// One rule, two items, another link between them: the second is no repetition of the first.
#[test]
fn a_link_of_another_kind_takes_the_place_of_the_first() {
    let say = |stream: &mut ValueStream, id: &str, item: &str, kind: Kind, version: Option<&str>| {
        let hours = stream.event_count();
        let mut event = Event::new("t", id, at(hours), item);
        event.kind = Some(kind);
        event.set.version = version.map(Into::into);
        stream.apply(event).unwrap();
    };
    let mut stream = ValueStream::new();
    say(&mut stream, "1", "git:4f2c9a1b00000000000000000000000000000000", Kind::Change, None);
    for (round, kind) in [Kind::Build, Kind::Deployment, Kind::Build].into_iter().enumerate() {
        say(&mut stream, &format!("b{round}"), "ci:1", kind, Some("1.0+4f2c9a1"));
        let report = stream.correlate(&CorrelationRules::default());
        assert_eq!(report.refused, [], "{round}");
        let links = stream.links("ci:1").unwrap();
        let mut once = ValueStream::new();
        let told = stream.events().filter(|event| event.source == "t");
        assert_eq!(once.apply_batch(told).refused, []);
        once.correlate(&CorrelationRules::default());
        let told = |links: Vec<vsm_core::Related>| -> Vec<_> {
            links.into_iter().map(|link| (link.kind, link.to, link.rule)).collect()
        };
        assert_eq!(told(links), told(once.links("ci:1").unwrap()), "{round}");
        assert_eq!(stream.correlate(&CorrelationRules::default()).accepted, 0);
    }
}

/// A name of two environments makes them not one.
#[test]
fn an_environment_that_was_called_by_two_names_joins_nobody() {
    let names = |environment: &str, name: &str| EnvironmentNames {
        environment: environment.into(),
        names: vec![name.into()],
    };
    let environments = vec![names("env:production", "prod"), names("env:staging", "stage")];
    let rules = CorrelationRules { environments, ..CorrelationRules::default() };
    let mut stream = ValueStream::new();
    for (n, title) in ["prod", "stage"].into_iter().enumerate() {
        let mut event = Event::new("gh", title, at(n), "gh:x/1");
        event.kind = Some(Kind::Environment);
        event.set.title = Some(title.into());
        stream.apply(event).unwrap();
        stream.correlate(&rules);
    }
    assert_eq!(stream.item("gh:x/1").unwrap().id, "env:production");
    assert!(stream.item("env:staging").is_err());
}

/// Two names between which rules alone see a link may be those of one item, whoever comes first: the rules or the tool
/// that says so. What is left of the link is its event.
#[test]
fn what_rules_linked_may_turn_out_to_be_one() {
    let release = |tool: &str, aliases: &[&str]| {
        let mut event = Event::new(tool, format!("1.4 {aliases:?}"), at(0), format!("{tool}:1.4").as_str());
        event.kind = Some(Kind::Release);
        event.set.version = Some("1.4".into());
        event.aliases = aliases.iter().map(|name| (*name).into()).collect();
        event.links.push(Link::new(LinkKind::BelongsTo, "app:a"));
        event
    };
    let told = [release("jira", &[]), release("github", &[])];
    let one = release("jira", &["github:1.4"]);
    let mut later = ValueStream::new();
    apply(&mut later, told.clone(), &rules());
    assert_eq!(later.links("jira:1.4").unwrap()[1].rule.as_deref(), Some("same_version"));
    apply(&mut later, [one.clone()], &rules());
    let mut before = ValueStream::new();
    apply(&mut before, [one], &rules());
    apply(&mut before, told, &rules());
    // And a journal that is read in another order than it was written.
    let mut replayed = ValueStream::new();
    let mut events: Vec<Event> = later.events().collect();
    assert!(events.iter().any(|event| event.source == "vsm"));
    events.reverse();
    apply(&mut replayed, events, &rules());
    for stream in [&later, &before, &replayed] {
        assert_eq!(stream.items(None), ["app:a", "jira:1.4"]);
        assert_eq!(stream.link_count(), 1);
        for stream in [stream, &stream.as_of(at(9), at(9))] {
            let links = stream.links("github:1.4").unwrap();
            let links: Vec<_> = links.iter().map(|link| (link.kind, &*link.from, &*link.to)).collect();
            assert_eq!(links, [(LinkKind::BelongsTo, "jira:1.4", "app:a")]);
        }
        let again = ValueStream::from_snapshot(stream.to_snapshot().as_bytes()).unwrap();
        assert_eq!(again.to_snapshot(), stream.to_snapshot());
        assert_eq!(links(&again), links(stream));
    }
}

/// A rule of the host's own may even say that one name needs the other, in both directions and over several names.
#[test]
fn needs_that_rules_saw_between_names_of_one_item_hold_nobody_up() {
    let say = |id: &str, item: &str, links: &[(LinkKind, &str, Option<&str>)]| {
        let mut event = Event::new("t", id, at(0), item);
        event.kind = Some(Kind::Story);
        event.set.state = Some(FlowState::Done);
        event.links = links
            .iter()
            .map(|(kind, to, rule)| Link { rule: rule.map(Into::into), ..Link::new(*kind, *to) })
            .collect();
        event
    };
    let guess = Some("guess");
    let told = [
        say("1", "t:a", &[(LinkKind::DependsOn, "t:b", guess)]),
        say("2", "t:b", &[(LinkKind::Parent, "t:x", guess), (LinkKind::DependsOn, "t:c", guess)]),
        say("3", "t:c", &[(LinkKind::DependsOn, "t:y", None), (LinkKind::Parent, "t:a", guess)]),
    ];
    let mut one = say("one", "t:a", &[]);
    one.aliases = vec!["t:b".into(), "t:c".into()];
    let mut later = ValueStream::new();
    assert_eq!(later.apply_batch(told.clone()).refused, []);
    assert_eq!(later.apply_batch([one.clone()]).refused, []);
    let mut before = ValueStream::new();
    assert_eq!(before.apply_batch([one.clone()]).refused, []);
    assert_eq!(before.apply_batch(told.clone()).refused, []);
    for stream in [&later, &before] {
        let links = stream.links("t:a").unwrap();
        let links: Vec<_> = links.iter().map(|link| (link.kind, &*link.from, &*link.to)).collect();
        assert_eq!(links, [(LinkKind::Parent, "t:a", "t:x"), (LinkKind::DependsOn, "t:a", "t:y")]);
        assert!(stream.critical_path(&CriticalPathQuery::new("t:x", at(1))).is_ok());
    }
    // What somebody states between the two is a reason not to, and so is a way over something else.
    let needs = |id: &str, item: &str, other: &str| say(id, item, &[(LinkKind::DependsOn, other, None)]);
    let [first, second, _] = told;
    let stated = [first, second, needs("4", "t:a", "t:b")];
    let round = [needs("4", "t:b", "t:y"), needs("5", "t:y", "t:a"), needs("6", "t:y", "t:z")];
    for (events, code) in [(stated, "conflict"), (round, "cycle")] {
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(events).refused, []);
        assert_eq!(stream.apply(one.clone()).unwrap_err().code(), code);
    }
}

/// What a rule alone has named is there for as long as the rule says so.
#[test]
fn a_placeholder_goes_with_the_link_that_named_it() {
    let title = |id: &str, hours: usize, title: &str| {
        let mut event = Event::new("t", id, at(hours), "git:aa");
        event.kind = Some(Kind::Change);
        event.set.title = Some(title.into());
        event
    };
    let mut stream = ValueStream::new();
    let rules = CorrelationRules { prefixes: vec!["CHK".into()], ..CorrelationRules::default() };
    apply(&mut stream, [title("1", 0, "CHK-1")], &rules);
    assert_eq!(stream.items(None), ["git:aa", "jira:CHK-1"]);
    apply(&mut stream, [title("2", 5, "none")], &rules);
    assert_eq!((stream.items(None), stream.item_count()), (vec!["git:aa".to_owned()], 1));
    assert_eq!(stream.item("jira:CHK-1").unwrap_err().code(), "unknown_item");
    let quality = stream.data_quality(&DataQualityQuery::new(at(9))).unwrap();
    assert!(quality.findings.iter().all(|finding| finding.code != "undescribed"));
    // No event of the log leads to what is no object of it.
    assert!(!stream.to_ocel().contains(r#""objectId":"jira:CHK-1""#));
    assert_eq!(stream.as_of(at(1), at(1)).items(None), ["git:aa", "jira:CHK-1"]);
    // Somebody who names it, if only to say that it is not meant, makes it known.
    let mut denied = Event::new("t", "3", at(6), "git:aa");
    denied.unlinks.push(Link::new(LinkKind::Implements, "jira:CHK-1"));
    apply(&mut stream, [denied], &rules);
    assert_eq!(stream.items(None), stream.as_of(at(9), at(9)).items(None));
    assert_eq!(stream.item_count(), 2);
}

/// The inferred links of a stream: (from, kind, to), each with its rule.
fn by_rules(stream: &ValueStream) -> BTreeSet<(String, String, String, String)> {
    let found = links(stream).into_values();
    let of_rule = |link: Related| Some((link.from, link.kind.to_string(), link.to, link.rule?));
    found.filter_map(of_rule).collect()
}

/// What was inferred from what was known then is in a view of that time, whatever became known since.
#[test]
fn a_view_keeps_the_links_that_were_shown_then() {
    for seed in 0..60 {
        let known = |event: &Event| event.recorded_at.unwrap_or(event.occurred_at).max(event.occurred_at);
        // A name that an item gets is its name at any time, so those are left out.
        let mut events: Vec<Event> =
            history(seed).into_iter().filter(|event| event.aliases.is_empty()).collect();
        for event in &mut events {
            event.recorded_at = Some(known(event));
        }
        events.sort_by_key(known);
        let (mut stream, mut shown) = (ValueStream::new(), Vec::new());
        for part in events.chunk_by(|a, b| known(a).millis() / 36_000_000 == known(b).millis() / 36_000_000) {
            apply(&mut stream, part.to_vec(), &rules());
            shown.push((known(part.last().unwrap()), by_rules(&stream)));
        }
        for (at, shown) in shown {
            let gone: Vec<_> = shown.difference(&by_rules(&stream.as_of(at, at))).cloned().collect();
            assert_eq!(gone, [], "seed {seed}, as of {at}");
        }
    }
}

/// The longest ids that items can have, which differ only at their ends: each link has an id of its own, once for all.
#[test]
fn links_of_items_with_the_longest_ids_are_accepted_once() {
    let id = |start: &str, filler: &str, end: &str| {
        let most = 1_024 - start.len() - end.len();
        let id = format!("{start}{}{end}", filler.repeat(most / filler.len()));
        assert!(id.len() > 1_020);
        id
    };
    let mut stream = ValueStream::new();
    let mut tell = |id: String, kind: Kind, title: &str| {
        let mut event = Event::new("t", format!("{}", stream.event_count()), at(1), id);
        event.kind = Some(kind);
        event.set.title = Some(title.into());
        stream.apply(event).unwrap();
    };
    for filler in ["x", "/", "é"] {
        for end in ["1", "2"] {
            tell(id("git:", filler, end), Kind::Change, "CHK-1 and CHG0001");
            tell(id("env:", filler, end), Kind::Environment, &format!("{filler}{end}"));
        }
    }
    tell("jira:CHK-1".into(), Kind::Story, "");
    tell("snow:CHG0001".into(), Kind::Gate, "");
    tell(id("git:", "y", ""), Kind::Change, &format!("CHK-{}", "1".repeat(1_100)));
    let environments = ["x", "/", "é"].map(|filler| EnvironmentNames {
        environment: id("env:", filler, "1"),
        names: vec![format!("{filler}2")],
    });
    let rules = CorrelationRules { environments: environments.to_vec(), ..CorrelationRules::default() };
    let report = stream.correlate(&rules);
    assert_eq!((report.refused.len(), report.accepted), (0, 15), "{report:?}");
    assert_eq!(by_rules(&stream).len(), 12);
    let again = stream.correlate(&rules);
    assert_eq!((again.accepted, again.duplicates, again.refused), (0, 0, vec![]));
}

/// A clock that is wrong says nothing of when a link was not so any more: it is gone in views from when its reason was
/// known, or where there is none in the record, from when the rest was.
#[test]
fn a_wrong_clock_elsewhere_keeps_no_link_alive() {
    let day = |n: i64| Instant::from_millis(1_772_323_200_000 + n * 86_400_000).unwrap();
    let event = |id: &str, n: i64, kind: Kind, title: &str| {
        let mut event = Event::new("t", format!("{id} {n}"), day(n), id);
        event.kind = Some(kind);
        event.set.title = Some(title.into());
        event
    };
    let first = [
        event("git:4f2c9a1aa", 1, Kind::Change, "One"),
        event("ci:1", 2, Kind::Build, "of 4f2c9a1"),
        event("t:a", 1, Kind::Change, "see CHG0001"),
        event("snow:CHG0001", 3, Kind::Gate, ""),
        event("gitlab:a/b!1", 2, Kind::Change, ""),
        event("github:a/b#1", 2, Kind::Story, ""),
        event("git:77", 2, Kind::Change, "a/b#1"),
    ];
    let of = |stream: &ValueStream, n: i64| -> Vec<String> {
        by_rules(&stream.as_of(day(n), day(n)))
            .into_iter()
            .map(|(from, _, to, _)| format!("{from} {to}"))
            .collect()
    };
    let all = ["ci:1 git:4f2c9a1aa", "git:77 github:a/b#1", "t:a snow:CHG0001"];
    let second = [
        event("git:4f2c9a1bb", 10, Kind::Change, "Two"),
        event("other:CHG0001", 20, Kind::Incident, ""),
        event("gitlab:a/b#1", 30, Kind::Story, ""),
    ];
    for wrong in [0, 60, 100_000] {
        let mut stream = ValueStream::new();
        apply(&mut stream, first.clone(), &CorrelationRules::default());
        let ahead = event("plan:X", 30 + wrong, Kind::Story, "");
        apply(&mut stream, second.iter().cloned().chain([ahead]), &CorrelationRules::default());
        assert_eq!(of(&stream, 9), all, "{wrong}");
        assert_eq!(of(&stream, 10), all[1..], "{wrong}");
        assert_eq!(of(&stream, 20), all[1..2], "{wrong}");
        assert_eq!(of(&stream, 30), [""; 0], "{wrong}");
    }
    // A rule that is switched off leaves no trace of when: what else became known until then is all that there is.
    for wrong in [0, 400, 100_000] {
        let mut stream = ValueStream::new();
        apply(&mut stream, first.clone(), &CorrelationRules::default());
        let later = [12, 13, 14, 14 + wrong].map(|n| event(&format!("plan:{n}"), n, Kind::Story, ""));
        let without =
            CorrelationRules { without: CorrelationRule::ALL.to_vec(), ..CorrelationRules::default() };
        apply(&mut stream, later, &without);
        assert_eq!(of(&stream, 13), all, "{wrong}");
        assert_eq!(of(&stream, 14), [""; 0], "{wrong}");
    }
}

fn said(source: &str, id: &str, hours: usize, item: &str, kind: Kind, applications: &[&str]) -> Event {
    let mut event = Event::new(source, id, at(hours), item);
    event.kind = Some(kind);
    event.links.extend(applications.iter().map(|id| Link::new(LinkKind::BelongsTo, *id)));
    event
}

fn release(id: &str, version: &str, applications: &[&str]) -> Event {
    let mut event = said("jira", id, 0, &format!("jira:{id}"), Kind::Release, applications);
    event.set.version = Some(version.into());
    event
}

fn tagged(tag: &str) -> Event {
    let mut event = said("git", "c", 1, "git:c", Kind::Change, &[]);
    event.set.tag = Some(tag.into());
    event
}

/// Where the links of an item lead to that the rules for versions find.
fn meant(versions: Vec<VersionRule>, events: Vec<Event>, item: &str) -> Vec<String> {
    let mut stream = ValueStream::new();
    apply(&mut stream, events, &CorrelationRules { versions, ..CorrelationRules::default() });
    let links = stream.links(item).unwrap().into_iter();
    links.filter(|link| link.rule.is_some()).map(|link| link.to).collect()
}

#[test]
fn a_rule_for_one_application_decides_beside_one_for_all() {
    let all = VersionRule::new("v{version}", "{version}");
    let own = VersionRule { application: Some("app:a".into()), ..all.clone() };
    let events = || vec![release("a", "1.0", &["app:a"]), release("b", "1.0", &["app:b"]), tagged("v1.0")];
    assert_eq!(meant(vec![own.clone()], events(), "git:c"), ["jira:a"]);
    assert_eq!(meant(vec![all.clone(), own], events(), "git:c"), ["jira:a"]);
    assert_eq!(meant(vec![all], events(), "git:c"), [""; 0]);
}

#[test]
fn whether_a_tag_is_ambiguous_does_not_depend_on_ids() {
    for [both, one, other] in [["1", "2", "3"], ["3", "1", "2"], ["2", "1", "3"]] {
        let events = vec![
            release(both, "1.0", &["app:a", "app:b"]),
            release(one, "1.0", &["app:a"]),
            release(other, "1.0", &["app:b"]),
            tagged("v1.0"),
        ];
        assert_eq!(meant(vec![VersionRule::new("v{version}", "{version}")], events, "git:c"), [""; 0]);
    }
}

#[test]
fn a_build_is_of_one_release_of_a_product() {
    let rules = vec![
        VersionRule::new("v{version}", "Mobile {version}"),
        VersionRule { ignore_zeros: true, ..VersionRule::new("v{version}", "Old {version}") },
    ];
    let mut build = said("ci", "b", 1, "ci:b", Kind::Build, &["app:a"]);
    build.set.version = Some("v4.12.0".into());
    let mobile = release("m", "Mobile 4.12.0", &["app:a"]);
    let old = release("o", "Old 4.12", &["app:a"]);
    assert_eq!(meant(rules, vec![mobile, old, build], "ci:b"), ["jira:m"]);
}

/// Were each tag to look at each release, this would take minutes.
#[test]
fn very_many_tags_may_name_one_version() {
    let numbers = 0..4_000;
    let mut events: Vec<Event> = numbers.clone().map(|n| release(&format!("r{n}"), "1.0", &[])).collect();
    events.extend(numbers.map(|n| Event {
        id: format!("c{n}"),
        item: format!("git:c{n}"),
        ..tagged("v1.0")
    }));
    let rules = vec![VersionRule::new("v{version}", "{version}")];
    assert_eq!(meant(rules, events, "git:c7"), ["jira:r0"]);
}

/// A text or a result is known from when it was first told, however often the rules ran in between.
#[test]
fn what_is_told_again_makes_no_link_younger() {
    let rules = CorrelationRules { prefixes: vec!["CHK".into()], ..CorrelationRules::default() };
    let title = |id: &str, hours: usize, known: usize| {
        let mut event = said("git", id, hours, "git:c", Kind::Change, &[]);
        event.set.title = Some("CHK-1 crop".into());
        event.recorded_at = Some(at(known));
        event
    };
    let deployed = |id: &str, hours: usize| {
        let mut event = said("cd", id, hours, "cd:1", Kind::Deployment, &["app:a"]);
        event.set.result = Some(Outcome::Success);
        event.set.title = Some("production".into());
        event.links.push(Link::new(LinkKind::DeployedTo, "env:production"));
        event
    };
    let mut production = said("cd", "env", 0, "env:production", Kind::Environment, &[]);
    production.set.stage = Some("production".into());
    let incident = said("pd", "i", 2, "pd:i", Kind::Incident, &["app:a"]);
    let first = [title("1", 5, 5), production, deployed("d1", 1), incident];
    for runs_between in [false, true] {
        let mut stream = ValueStream::new();
        if runs_between {
            apply(&mut stream, first.clone(), &rules);
        } else {
            stream.apply_batch(first.clone());
        }
        // History that arrives late, and the same result once more.
        apply(&mut stream, [title("0", 1, 100), deployed("d2", 9)], &rules);
        let shown = |occurred: usize, known: usize| by_rules(&stream.as_of(at(occurred), at(known))).len();
        assert_eq!((shown(3, 3), shown(200, 50)), (1, 2), "runs between: {runs_between}");
    }
}

/// A host may call a source of its own as the rules are called.
#[test]
fn a_source_of_the_name_of_the_rules_is_a_source() {
    for source in ["git", "vsm"] {
        let mut story = said("jira", "g", 0, "jira:CHK-1", Kind::Story, &[]);
        story.set.state = Some(FlowState::Cancelled);
        let mut change = said(source, "c", 500, "git:c", Kind::Change, &[]);
        change.links.push(Link::new(LinkKind::Implements, "jira:CHK-1"));
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch([story, change]).refused, []);
        let quality = stream.data_quality(&DataQualityQuery::new(at(900))).unwrap();
        assert!(quality.findings.iter().any(|finding| finding.code == "work_after_cancelled"), "{source}");
    }
}
