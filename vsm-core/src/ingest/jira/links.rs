//! The links between issues.

use super::changes::Value;
use super::context::{Context, is_key};
use super::payload::{Fields, Other};
use super::words::Relation;
use crate::ingest::{Ingested, id_part};
use crate::model::{Event, Link, LinkKind};
use crate::time::Instant;

/// That one issue needs another one, by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need<'v> {
    from: &'v str,
    to: &'v str,
}

impl<'v> Need<'v> {
    /// What a dependency says of the two; none where it is no dependency.
    fn of(relation: Relation, from: &'v str, to: &'v str) -> Option<Need<'v>> {
        match relation {
            Relation::DependsOn => Some(Need { from, to }),
            Relation::Blocks => Some(Need { from: to, to: from }),
            Relation::Relates | Relation::Unknown => None,
        }
    }

    /// The event that says so on behalf of an issue. It is an event of its own: one that closes a cycle is refused,
    /// and takes nothing with it. A link that both its issues state is stated twice, which is harmless.
    pub(super) fn event(self, own: &str, id: &str, at: Instant, holds: bool) -> Event {
        let (says, other) = if self.from == own { ("depends_on", self.to) } else { ("blocks", self.from) };
        let not = if holds { "" } else { "no_longer_" };
        let id = format!("{own}/{id}/{not}{says}/{other}");
        let mut event = Event::new("jira", id, at, format!("jira:{}", self.from));
        let links = if holds { &mut event.links } else { &mut event.unlinks };
        links.push(Link::new(LinkKind::DependsOn, format!("jira:{}", self.to)));
        event
    }
}

/// Adds what relates to the issue today to its event; gives back what needs what.
pub(super) fn relate<'v>(
    context: &'v Context<'_>,
    fields: &'v Fields<'_>,
    own: &'v str,
    event: &mut Event,
    ingested: &mut Ingested,
) -> Vec<Need<'v>> {
    let mut needs = Vec::new();
    for link in fields.issuelinks.0.iter().filter_map(|link| link.0.as_ref()) {
        let outward = key(&link.outward_issue.0);
        let Some(other) = outward.or_else(|| key(&link.inward_issue.0)) else { continue };
        let other = context.item_key(other);
        if other == own {
            ingested.count("link of an issue to itself");
            continue;
        }
        let (from, to) = if outward.is_some() { (own, other) } else { (other, own) };
        let relation = context.relation(link.link_type.0.as_ref());
        if relation == Relation::Unknown {
            let name = link.link_type.0.as_ref().and_then(|of| of.name.get()).unwrap_or("none");
            ingested.count(format!("link type: {}", id_part(name)));
        }
        match Need::of(relation, from, to) {
            Some(need) => needs.push(need),
            None => {
                let link = related(other);
                if !event.links.contains(&link) {
                    event.links.push(link);
                }
            }
        }
    }
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// What a change of links says: `This issue blocks CHK-2`, with the key beside the text. A relation goes into the
/// event of the change, a dependency is given back.
pub(super) fn changed<'v>(
    context: &'v Context<'_>,
    value: Value<'v>,
    own: &'v str,
    event: &mut Event,
    holds: bool,
    ingested: &mut Ingested,
) -> Option<Need<'v>> {
    let text = value.text()?;
    let read = || {
        let key = value.id.filter(|key| is_key(key))?;
        let words = text.strip_prefix("This issue ")?.strip_suffix(key)?;
        Some((context.item_key(key), context.relation_of_words(words)?))
    };
    let Some((other, relation)) = read().filter(|(other, _)| *other != own) else {
        ingested.count("changelog of Link that is not understood");
        return None;
    };
    let need = Need::of(relation, own, other);
    if need.is_none() {
        let links = if holds { &mut event.links } else { &mut event.unlinks };
        links.push(related(other));
    }
    need
}

fn related(other: &str) -> Link {
    Link::new(LinkKind::Relates, format!("jira:{other}"))
}

fn key<'v>(other: &'v Option<Other<'_>>) -> Option<&'v str> {
    other.as_ref().and_then(|other| other.key.get()).filter(|key| is_key(key))
}
