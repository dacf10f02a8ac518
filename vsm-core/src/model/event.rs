//! Events: the only way in, and what can be read back of an item.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::kinds::{Dependency, Kind, LinkKind};
use crate::time::{Instant, Span};

/// One statement of one source about one item; it is taken whole or refused whole.
///
/// `(source, id)` identifies the event: the same event applied again changes nothing. An item's id is a text of the
/// form `source:key`; the first event that names an item makes it known, in whatever order events arrive.
///
/// ```
/// use vsm_core::{Event, Kind};
/// let mut event = Event::new("jira", "CHK-1/created", "2026-03-01T09:00:00Z".parse()?, "jira:CHK-1");
/// event.kind = Some(Kind::Feature);
/// event.set.title = Some("Deposit a check by photo".into());
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The tool or person that says so; must not contain a colon.
    pub source: String,
    /// Unique among the events of this source.
    pub id: String,
    /// When it was so.
    pub occurred_at: Instant,
    /// When it became known; absent = when it was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Instant>,
    /// The item spoken of, by its id or one of its aliases.
    pub item: String,
    /// Other ids by which tools know the item. One that has been spoken of as an item of its own, or linked to, becomes
    /// this item with all that was said of it; that holds for views of the past too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What the item is from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub set: Fields,
    /// Names of fields and attributes that no longer have a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clear: Vec<String>,
    /// Links that hold from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Links that no longer hold; only `kind`, `to` and `rule` count. One with a rule takes back what that rule inferred,
    /// and never what is stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlinks: Vec<Link>,
}

impl Event {
    /// An event that says nothing yet.
    pub fn new(
        source: impl Into<String>,
        id: impl Into<String>,
        occurred_at: Instant,
        item: impl Into<String>,
    ) -> Event {
        Event {
            source: source.into(),
            id: id.into(),
            occurred_at,
            recorded_at: None,
            item: item.into(),
            aliases: Vec::new(),
            kind: None,
            set: Fields::default(),
            clear: Vec::new(),
            links: Vec::new(),
            unlinks: Vec::new(),
        }
    }

    /// The id that evidence names this event by: `source:id`.
    pub fn key(&self) -> String {
        [&*self.source, ":", &*self.id].concat()
    }
}

/// A link from an event's item to another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// What the link says.
    pub kind: LinkKind,
    /// The other item.
    pub to: String,
    /// How a `depends_on` link binds; absent = finish to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<Dependency>,
    /// Working time between the two ends of a `depends_on` link; may be negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<Span>,
    /// The stage that a release depended on must be ready for; absent = the stage asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The rule that inferred the link; absent = the source states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How sure an inferred link is, from 0 to 1; absent = stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The event that an inferred link was read from, as `source:id`; absent = the rule names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub premise: Option<String>,
    /// The text or id in it that the rule went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
}

impl Link {
    /// A stated link.
    pub fn new(kind: LinkKind, to: impl Into<String>) -> Link {
        Link {
            kind,
            to: to.into(),
            dependency: None,
            lag: None,
            stage: None,
            rule: None,
            confidence: None,
            premise: None,
            matched: None,
        }
    }

    /// A link that a rule inferred, with its confidence from 0 to 1.
    pub fn inferred(kind: LinkKind, to: impl Into<String>, rule: impl Into<String>, confidence: f64) -> Link {
        Link { rule: Some(rule.into()), confidence: Some(confidence), ..Link::new(kind, to) }
    }
}

/// An item as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The id under which it was first named.
    pub id: String,
    /// What it is; absent while other items link to it but nobody has said.
    pub kind: Option<Kind>,
    /// Other ids by which tools know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The last value of every field.
    #[serde(default)]
    pub fields: Fields,
}

/// A link as it is known, from the point of view of one of its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// What the link says.
    pub kind: LinkKind,
    /// The item that the link starts from.
    pub from: String,
    /// The item that it leads to.
    pub to: String,
    /// The rule that inferred it; absent = stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How sure it is; 1 for a stated link.
    pub confidence: f64,
    /// The event that says so.
    pub evidence: String,
    /// The event that an inferred link was read from; absent where it is stated, or its rule names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub premise: Option<String>,
    /// The text or id in it that the rule went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
}
