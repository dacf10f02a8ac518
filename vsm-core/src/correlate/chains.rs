//! Links between what the events of CDEvents' links and chains speak of.
//!
//! The adapter leaves three attributes on the item that an event speaks of: `context_id`, the event itself; `linked_to`,
//! the events that it names; `chain_id`, the chain that it is a part of. A link that was sent by itself is the attribute
//! `event_link` of its chain, with the two events. Which relation is meant follows from what the
//! two items are: a build is made from a change, a test run tests a build, a deployment brings one, and an incident
//! comes from a deployment. Two items of other kinds get no link.
//!
//! A link between events names one event; where several items have an event of that id, nothing is inferred. A chain
//! only says what belongs together: there it takes exactly one change or build that was there by the time in question,
//! artifacts before mere runs. Neither rule adds to an item whose tool states such a link.

use std::collections::{BTreeMap, BTreeSet};

use super::CorrelationRule;
use super::findings::Findings;
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// An item as an event speaks of it.
#[derive(Clone, Copy)]
struct Mention<'a> {
    item: u32,
    event: u32,
    at: Instant,
    text: &'a str,
    /// Whether a link has both its ends in the text, rather than one of them in the item.
    is_whole: bool,
}

#[derive(Default)]
struct Mentions<'a> {
    /// The items by the events that speak of them.
    items: BTreeMap<&'a str, BTreeSet<u32>>,
    linked: Vec<Mention<'a>>,
    chains: BTreeMap<&'a str, Vec<Mention<'a>>>,
    /// Builds that are or have made an artifact.
    artifacts: BTreeSet<u32>,
}

/// How an item of one kind relates to one of another.
fn between(from: Option<Kind>, to: Option<Kind>) -> Option<LinkKind> {
    match (from?, to?) {
        (Kind::Build, Kind::Change) => Some(LinkKind::BuiltFrom),
        (Kind::TestRun, Kind::Build) => Some(LinkKind::Tests),
        (Kind::Deployment, Kind::Build) => Some(LinkKind::Deploys),
        (Kind::Incident, Kind::Deployment) => Some(LinkKind::CausedBy),
        _ => None,
    }
}

impl ValueStream {
    pub(super) fn link_chains<'s>(&'s self, findings: &mut Findings<'s>) {
        let mentions = self.mentions();
        let mut linked = BTreeSet::new();
        let spoken_of = |id: &str| mentions.items.get(id).and_then(only);
        for mention in &mentions.linked {
            let (first, others) = match mention.is_whole {
                true => mention.text.split_once(' ').unwrap_or_default(),
                false => ("", mention.text),
            };
            let Some(one) = (if mention.is_whole { spoken_of(first) } else { Some(mention.item) }) else {
                continue;
            };
            for other in others.split(' ').filter_map(spoken_of) {
                let kinds = (self.kind(one), self.kind(other));
                let forward = between(kinds.0, kinds.1).map(|kind| (one, kind, other));
                let pair = forward.or_else(|| between(kinds.1, kinds.0).map(|kind| (other, kind, one)));
                if let Some(link) = pair
                    && self.relate(CorrelationRule::EventLink, link, mention, findings)
                {
                    linked.insert(link);
                }
            }
        }
        let linked: BTreeSet<(u32, LinkKind)> =
            linked.into_iter().map(|(from, kind, _)| (from, kind)).collect();
        for chain in mentions.chains.values() {
            let mut done = BTreeSet::new();
            let (mut changes, mut builds, mut artifacts) =
                (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            // What is there by a time is all of that time and before it.
            for moment in chain.chunk_by(|a, b| a.at == b.at) {
                for mention in moment {
                    match self.kind(mention.item) {
                        Some(Kind::Change) => changes.insert(mention.item),
                        Some(Kind::Build) if mentions.artifacts.contains(&mention.item) => {
                            artifacts.insert(mention.item)
                        }
                        Some(Kind::Build) => builds.insert(mention.item),
                        _ => false,
                    };
                }
                let builds = if artifacts.is_empty() { &builds } else { &artifacts };
                for mention in moment {
                    for (target, there) in [(Kind::Change, &changes), (Kind::Build, builds)] {
                        let Some(kind) = between(self.kind(mention.item), Some(target)) else { continue };
                        if !linked.contains(&(mention.item, kind))
                            && let Some(to) = only(there)
                            && done.insert((mention.item, kind))
                        {
                            let link = (mention.item, kind, to);
                            self.relate(CorrelationRule::EventChain, link, mention, findings);
                        }
                    }
                }
            }
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut mentions = Mentions::default();
        let kinds = [Kind::Change, Kind::Build, Kind::TestRun, Kind::Deployment, Kind::Incident];
        let is_meant = |item: &u32| match self.kind(*item) {
            Some(kind) => kinds.contains(&kind),
            None => self.id(*item).starts_with("cdevents:chain:"),
        };
        for item in self.all().filter(is_meant) {
            for (event, stored) in self.chronicle(item) {
                for set in &stored.sets {
                    let Set::Attribute(pair) = set else { continue };
                    let (name, text) = (&*pair.0, &*pair.1);
                    let is_whole = name == "event_link";
                    let mention = Mention { item, event, at: stored.occurred, text, is_whole };
                    match name {
                        "context_id" => {
                            mentions.items.entry(text).or_default().insert(item);
                        }
                        "linked_to" | "event_link" => mentions.linked.push(mention),
                        "chain_id" => mentions.chains.entry(text).or_default().push(mention),
                        "artifact" => {
                            mentions.artifacts.insert(item);
                        }
                        _ => {}
                    }
                }
            }
        }
        // By time and id rather than by the order of arrival, which must not show.
        let by_time =
            |one: &Mention<'_>| (one.at, self.id(one.item).to_owned(), self.key(one.event).to_owned());
        mentions.linked.sort_by_cached_key(by_time);
        for chain in mentions.chains.values_mut() {
            chain.sort_by_cached_key(by_time);
        }
        mentions
    }

    /// False where the rule is switched off.
    fn relate<'s>(
        &'s self,
        rule: CorrelationRule,
        link: (u32, LinkKind, u32),
        mention: &Mention<'s>,
        findings: &mut Findings<'s>,
    ) -> bool {
        if self.is_stated(link.0, link.1, self.kind(link.2)) {
            return true;
        }
        findings.link(rule, link, &[mention.event], mention.text)
    }
}

fn only(items: &BTreeSet<u32>) -> Option<u32> {
    items.first().copied().filter(|_| items.len() == 1)
}

#[cfg(test)]
mod tests {
    use crate::model::LinkKind;
    use crate::{Adapter, CorrelationRules, IngestOptions, ValueStream};

    /// One event a minute: (type, id of the event, rest of the context, subject, content).
    fn stream(told: &[(&str, &str, &str, &str, &str)]) -> ValueStream {
        let mut stream = ValueStream::new();
        for (n, (kind, id, context, subject, content)) in told.iter().enumerate() {
            let json = format!(
                r#"{{"context":{{"specversion":"0.5.1","id":"{id}","source":"/ci","type":"dev.cdevents.{kind}.0.3.0",
                "timestamp":"2026-03-02T09:{n:02}:00Z"{context}}},"subject":{{"id":"{subject}","content":{{{content}}}}}}}"#
            );
            let report = stream.ingest(Adapter::Cdevents, json.as_bytes(), &IngestOptions::default());
            assert_eq!((report.rejects, report.applied.refused), (vec![], vec![]), "{json}");
        }
        assert_eq!(stream.correlate(&CorrelationRules::default()).refused, []);
        stream
    }

    /// The inferred links as "from kind to rule".
    fn inferred(stream: &ValueStream) -> Vec<String> {
        let mut found = Vec::new();
        for item in stream.items(None) {
            for link in stream.links(&item).unwrap().into_iter().filter(|link| link.from == item) {
                if let Some(rule) = &link.rule {
                    found.push(format!("{} {} {} {rule}", link.from, link.kind, link.to));
                }
            }
        }
        found
    }

    #[test]
    fn a_link_between_events_relates_what_they_speak_of() {
        let stream = stream(&[
            ("change.merged", "1", "", "pr-1", ""),
            (
                "build.started",
                "2",
                r#","links":[{"linkType":"RELATION","linkKind":"TRIGGER","target":{"contextId":"1"}}]"#,
                "b",
                "",
            ),
            ("build.finished", "3", r#","links":[{"linkType":"PATH","from":{"contextId":"2"}}]"#, "b", ""),
            (
                "testsuiterun.started",
                "4",
                r#","links":[{"linkType":"PATH","from":{"contextId":"3"}},{"linkType":"END","from":{"contextId":"unknown"}}]"#,
                "t",
                "",
            ),
        ]);
        let expected = [
            "cdevents:build:/ci#b built_from cdevents:change:/ci#pr-1 event_link",
            "cdevents:testsuiterun:/ci#t tests cdevents:build:/ci#b event_link",
        ];
        assert_eq!(inferred(&stream), expected);
    }

    #[test]
    fn a_link_that_is_sent_by_itself_does_the_same() {
        let mut stream = stream(&[
            ("change.merged", "1", "", "pr-1", ""),
            ("build.started", "2", "", "b", ""),
            ("testcaserun.started", "3", "", "t", ""),
        ]);
        let links = [
            r#""linkType":"START","start":{"contextId":"1"}"#,
            r#""linkType":"PATH","from":{"contextId":"1"},"to":{"contextId":"2"}"#,
            r#""linkType":"RELATION","linkKind":"TEST","source":{"contextId":"3"},"target":{"contextId":"2"}"#,
            r#""linkType":"END","from":{"contextId":"3"},"end":{"contextId":"unknown"}"#,
        ];
        let common = r#""chainId":"c","timestamp":"2026-03-02T10:00:00Z""#;
        let text = links.map(|link| format!("{{{common},{link}}}")).join("\n");
        let report = stream.ingest(Adapter::Cdevents, text.as_bytes(), &IngestOptions::default());
        assert_eq!((report.applied.accepted, report.rejects), (3, vec![]));
        assert_eq!(report.ignored, [("nothing to keep: link START".to_owned(), 1)].into());
        stream.correlate(&CorrelationRules::default());
        let expected = [
            "cdevents:build:/ci#b built_from cdevents:change:/ci#pr-1 event_link",
            "cdevents:testcaserun:/ci#t tests cdevents:build:/ci#b event_link",
        ];
        assert_eq!(inferred(&stream), expected);
    }

    #[test]
    fn a_chain_relates_what_is_in_it_only_once() {
        let chain = r#","chainId":"c""#;
        let artifact = r#""artifactId":"pkg:npm/shop@1.2.0""#;
        let mut stream = stream(&[
            ("change.merged", "1", chain, "pr-1", ""),
            ("pipelinerun.started", "2", chain, "p", ""),
            ("build.finished", "3", chain, "b", artifact),
            ("testsuiterun.finished", "4", chain, "t", r#""outcome":"success""#),
            ("service.deployed", "5", chain, "shop", r#""environment":{"id":"prod"}"#),
            // Another chain, with two changes: nobody knows which of them was built.
            ("change.merged", "6", r#","chainId":"d""#, "pr-2", ""),
            ("change.merged", "7", r#","chainId":"d""#, "pr-3", ""),
            ("build.finished", "8", r#","chainId":"d""#, "b2", ""),
            // What came after the test can't be what it tested.
            ("build.finished", "9", chain, "b3", r#""artifactId":"pkg:npm/shop@1.3.0""#),
        ]);
        let expected = [
            "cdevents:3.service.deployed:/ci#5 deploys cdevents:build:/ci#b event_chain",
            "cdevents:build:/ci#b built_from cdevents:change:/ci#pr-1 event_chain",
            "cdevents:build:/ci#b3 built_from cdevents:change:/ci#pr-1 event_chain",
            "cdevents:pipelinerun:/ci#p built_from cdevents:change:/ci#pr-1 event_chain",
            "cdevents:testsuiterun:/ci#t tests cdevents:build:/ci#b event_chain",
        ];
        assert_eq!(inferred(&stream), expected);
        assert_eq!(stream.correlate(&CorrelationRules::default()).accepted, 0);
    }

    #[test]
    fn what_a_tool_states_is_left_alone() {
        let chain = r#","chainId":"c""#;
        let stream = stream(&[
            ("change.merged", "1", chain, "pr-1", ""),
            ("artifact.packaged", "2", chain, "pkg:npm/shop@1.2.0", r#""change":{"id":"pr-0"}"#),
        ]);
        assert_eq!(inferred(&stream), [""; 0]);
        let links = stream.links("pkg:npm/shop@1.2.0").unwrap();
        assert_eq!((links[0].kind, links[0].to.as_str()), (LinkKind::BuiltFrom, "cdevents:change:/ci#pr-0"));
    }
}
