//! An event on its way into the record, in the form in which it is cheap to take over.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::mem::take;
use std::ops::Deref;

use serde::de::{self, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer};

use super::event::{Event, Link};
use super::fields::Sets;
use super::kinds::{Dependency, Kind, LinkKind};
use super::plain::{self, FromPlain, Plain, take_once};
use crate::error::{Error, Result};
use crate::time::{Instant, Span, clip};

/// The longest id of an item, source or event, in bytes.
pub(crate) const LONGEST_ID: usize = 1024;

/// The most text in one event, in bytes: even if each of them needs an escape, a store can keep it.
const MOST_TEXT: usize = 10 << 20;

/// What an [`Event`] says. Texts that the record keeps once for all events still stand where they were read; the rest is
/// as the record keeps it. This is the one place that knows how an event is read from JSON.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) source: Text<'a>,
    pub(crate) id: Text<'a>,
    pub(crate) occurred_at: Instant,
    pub(crate) recorded_at: Option<Instant>,
    pub(crate) item: Text<'a>,
    pub(crate) aliases: Vec<Text<'a>>,
    pub(crate) kind: Option<Kind>,
    /// Without the names that are cleared.
    pub(crate) set: Sets,
    pub(crate) clear: Vec<Box<str>>,
    pub(crate) links: Vec<LinkSaid<'a>>,
    pub(crate) unlinks: Vec<LinkSaid<'a>>,
    has_more: bool,
}

/// What a [`Link`] says.
#[derive(Debug)]
pub(crate) struct LinkSaid<'a> {
    pub(crate) kind: LinkKind,
    pub(crate) to: Text<'a>,
    pub(crate) dependency: Option<Dependency>,
    pub(crate) lag: Option<Span>,
    pub(crate) stage: Option<Box<str>>,
    pub(crate) rule: Option<Box<str>>,
    pub(crate) confidence: Option<f64>,
    pub(crate) premise: Option<Box<str>>,
    pub(crate) matched: Option<Box<str>>,
    has_more: bool,
}

/// A text where it was read, if it stands there as it is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Text<'a> {
        Text(Cow::Borrowed(text))
    }
}

impl Text<'_> {
    fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> String {
        text.0.into_owned()
    }
}

impl<'a> FromPlain<'a> for Text<'a> {
    fn take(from: &mut Plain<'a>) -> Option<Text<'a>> {
        from.string().map(|text| Text(Cow::Borrowed(text)))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Text<'de>, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Reads an object, and remembers in `has_more` whether it has fields that nobody knows. A derived reader does not tell;
/// one that also tells which they are takes half as long again, so that one is only asked where there is something.
macro_rules! read_object {
    ($record:ident as $name:literal, required: $($must:ident)+, optional: $($may:ident)+) => {
        impl<'de> Deserialize<'de> for $record<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                struct Visitor;
                impl<'de> de::Visitor<'de> for Visitor {
                    type Value = $record<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("struct ", $name))
                    }
                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> std::result::Result<$record<'de>, A::Error> {
                        $( let mut $must = None; )+
                        $( let mut $may = None; )+
                        let mut has_more = false;
                        while let Some(name) = map.next_key::<Text<'de>>()? {
                            match &*name {
                                $( stringify!($must) => take_value(&mut $must, stringify!($must), &mut map)?, )+
                                $( stringify!($may) => take_value(&mut $may, stringify!($may), &mut map)?, )+
                                _ => {
                                    has_more = true;
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        $( let $must = $must.ok_or_else(|| de::Error::missing_field(stringify!($must)))?; )+
                        $( let $may = $may.unwrap_or_default(); )+
                        Ok($record { $($must,)+ $($may,)+ has_more })
                    }
                }
                deserializer.deserialize_map(Visitor)
            }
        }

        impl<'a> FromPlain<'a> for $record<'a> {
            fn take(from: &mut Plain<'a>) -> Option<Self> {
                $( let mut $must = None; )+
                $( let mut $may = None; )+
                from.members(|from, name| match name {
                    $( stringify!($must) => take_once(&mut $must, from), )+
                    $( stringify!($may) => take_once(&mut $may, from), )+
                    _ => None,
                })?;
                $( let $must = $must?; )+
                $( let $may = $may.unwrap_or_default(); )+
                Some($record { $($must,)+ $($may,)+ has_more: false })
            }
        }
    };
}

fn take_value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> std::result::Result<(), A::Error> {
    if slot.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

read_object! {
    Statement as "Event",
    required: source id occurred_at item,
    optional: recorded_at aliases kind set clear links unlinks
}

read_object! {
    LinkSaid as "Link",
    required: kind to,
    optional: dependency lag stage rule confidence premise matched
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Event, D::Error> {
        Statement::deserialize(deserializer).map(Statement::into_event)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Link, D::Error> {
        LinkSaid::deserialize(deserializer).map(LinkSaid::into_link)
    }
}

impl<'a> Statement<'a> {
    /// A statement that says nothing yet.
    #[cfg(feature = "journal")]
    pub(crate) fn new(source: Text<'a>, id: Text<'a>, occurred_at: Instant, item: Text<'a>) -> Statement<'a> {
        Statement {
            source,
            id,
            occurred_at,
            recorded_at: None,
            item,
            aliases: Vec::new(),
            kind: None,
            set: Sets::default(),
            clear: Vec::new(),
            links: Vec::new(),
            unlinks: Vec::new(),
            has_more: false,
        }
    }

    /// The same with texts of its own.
    pub(crate) fn into_owned(self) -> Statement<'static> {
        let own = |links: Vec<LinkSaid<'_>>| links.into_iter().map(LinkSaid::into_owned).collect();
        Statement {
            source: self.source.into_owned(),
            id: self.id.into_owned(),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            item: self.item.into_owned(),
            aliases: self.aliases.into_iter().map(Text::into_owned).collect(),
            kind: self.kind,
            set: self.set,
            clear: self.clear,
            links: own(self.links),
            unlinks: own(self.unlinks),
            has_more: self.has_more,
        }
    }

    /// What a line of JSON says.
    pub(crate) fn from_json(line: &'a str) -> serde_json::Result<Statement<'a>> {
        match plain::read(line) {
            Some(said) => Ok(said),
            None => serde_json::from_str(line),
        }
    }

    /// What an event says, taken out of it; its own key stays behind, for those who have to report on it.
    pub(crate) fn of(event: &'a mut Event) -> Statement<'a> {
        Statement {
            source: event.source.as_str().into(),
            id: event.id.as_str().into(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            item: event.item.as_str().into(),
            aliases: event.aliases.iter().map(|alias| alias.as_str().into()).collect(),
            kind: event.kind,
            set: event.set.pack(),
            clear: take(&mut event.clear).into_iter().map(Into::into).collect(),
            links: event.links.iter_mut().map(LinkSaid::of).collect(),
            unlinks: event.unlinks.iter_mut().map(LinkSaid::of).collect(),
            has_more: false,
        }
    }

    /// Whether it was read from an object that may have fields that nobody knows.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
            || self.set.may_have_more
            || self.links.iter().chain(&self.unlinks).any(|link| link.has_more)
    }

    pub(crate) fn into_event(mut self) -> Event {
        self.take_event()
    }

    /// The event that says it; only the statement's key is left.
    pub(crate) fn take_event(&mut self) -> Event {
        let (source, id) = (self.source.clone(), self.id.clone());
        let mut event = Event::new(source, id, self.occurred_at, take(&mut self.item));
        event.recorded_at = self.recorded_at;
        event.aliases = take(&mut self.aliases).into_iter().map(String::from).collect();
        event.kind = self.kind;
        take(&mut self.set).sets.into_iter().for_each(|set| event.set.take(set));
        event.clear = take(&mut self.clear).into_iter().map(Into::into).collect();
        event.links = take(&mut self.links).into_iter().map(LinkSaid::into_link).collect();
        event.unlinks = take(&mut self.unlinks).into_iter().map(LinkSaid::into_link).collect();
        event
    }

    /// The id that evidence names this event by.
    pub(crate) fn key(&self) -> String {
        [&*self.source, ":", &*self.id].concat()
    }

    /// What it says wrong all by itself.
    pub(crate) fn check(&self) -> Result<()> {
        check_id("source", &self.source)?;
        if self.source.contains(':') {
            return Err(Error::invalid(
                "source",
                "must not contain a colon: evidence names events as source:id",
            ));
        }
        check_id("id", &self.id)?;
        check_id("item", &self.item)?;
        for alias in &self.aliases {
            check_id("aliases", alias)?;
        }
        self.set.check()?;
        if self.kind == Some(Kind::Booking) {
            self.set.check_booking()?;
        }
        for name in self.set.attributes() {
            check_id("set.attributes", name)?;
        }
        for (n, link) in self.links.iter().enumerate() {
            link.check(&self.item, format_args!("links[{n}]"))?;
        }
        if let Some(link) = self.links.iter().find(|link| self.aliases.contains(&link.to)) {
            return Err(Error::invalid(
                "links",
                format!("\"{}\" is an alias of the item itself", clip(&link.to)),
            ));
        }
        for (n, link) in self.unlinks.iter().enumerate() {
            check_id(format_args!("unlinks[{n}].to"), &link.to)?;
        }
        let links: usize = self.links.iter().chain(&self.unlinks).map(LinkSaid::text_len).sum();
        let names =
            self.aliases.iter().map(|name| name.len()).chain(self.clear.iter().map(|name| name.len()));
        let size = self.set.text_len() + links + names.map(|len| len + 64).sum::<usize>();
        if size > MOST_TEXT {
            return Err(Error::invalid(
                "event",
                format!("holds {size} bytes of text, more than {MOST_TEXT}"),
            ));
        }
        Ok(())
    }
}

impl<'a> LinkSaid<'a> {
    /// A link of which nothing more is said.
    #[cfg(feature = "journal")]
    pub(crate) fn new(kind: LinkKind, to: Text<'a>) -> LinkSaid<'a> {
        LinkSaid {
            kind,
            to,
            dependency: None,
            lag: None,
            stage: None,
            rule: None,
            confidence: None,
            premise: None,
            matched: None,
            has_more: false,
        }
    }

    fn into_owned(self) -> LinkSaid<'static> {
        LinkSaid {
            kind: self.kind,
            to: self.to.into_owned(),
            dependency: self.dependency,
            lag: self.lag,
            stage: self.stage,
            rule: self.rule,
            confidence: self.confidence,
            premise: self.premise,
            matched: self.matched,
            has_more: self.has_more,
        }
    }

    fn of(link: &'a mut Link) -> LinkSaid<'a> {
        LinkSaid {
            kind: link.kind,
            to: link.to.as_str().into(),
            dependency: link.dependency,
            lag: link.lag,
            stage: link.stage.take().map(Into::into),
            rule: link.rule.take().map(Into::into),
            confidence: link.confidence,
            premise: link.premise.take().map(Into::into),
            matched: link.matched.take().map(Into::into),
            has_more: false,
        }
    }

    fn into_link(self) -> Link {
        Link {
            kind: self.kind,
            to: self.to.into(),
            dependency: self.dependency,
            lag: self.lag,
            stage: self.stage.map(Into::into),
            rule: self.rule.map(Into::into),
            confidence: self.confidence,
            premise: self.premise.map(Into::into),
            matched: self.matched.map(Into::into),
        }
    }

    /// Bytes of its texts, with something for their names.
    fn text_len(&self) -> usize {
        let more = [&self.stage, &self.rule, &self.premise, &self.matched];
        64 + self.to.len() + more.into_iter().flatten().map(|text| text.len()).sum::<usize>()
    }

    fn check(&self, item: &str, field: impl Display) -> Result<()> {
        check_id(format_args!("{field}.to"), &self.to)?;
        if &*self.to == item {
            return Err(Error::invalid(
                &format!("{field}.to"),
                format!("\"{}\" can't link to itself", clip(&self.to)),
            ));
        }
        if self.confidence.is_some_and(|c| !(0.0..=1.0).contains(&c)) {
            return Err(Error::invalid(&format!("{field}.confidence"), "must lie between 0 and 1"));
        }
        let is_explained = self.confidence.is_some() || self.premise.is_some() || self.matched.is_some();
        if is_explained && self.rule.is_none() {
            return Err(Error::invalid(
                &format!("{field}.rule"),
                "a link with a confidence, a premise or a matched text must name the rule it is from",
            ));
        }
        if let Some(lag) = self.lag {
            lag.check(&format!("{field}.lag"))?;
        }
        let binds = self.dependency.is_some() || self.lag.is_some() || self.stage.is_some();
        if binds && self.kind != LinkKind::DependsOn {
            return Err(Error::invalid(
                &field.to_string(),
                format!("dependency, lag and stage belong to depends_on links, not to {}", self.kind),
            ));
        }
        Ok(())
    }
}

fn check_id(field: impl Display, id: &str) -> Result<()> {
    let invalid = |reason: String| Err(Error::invalid(&field.to_string(), reason));
    if id.is_empty() {
        return invalid("must not be empty".into());
    }
    if id.len() > LONGEST_ID {
        return invalid(format!("is {} bytes long, more than {LONGEST_ID}", id.len()));
    }
    // Bytes are looked at several at a time, characters one by one.
    let has_control = match id.is_ascii() {
        true => id.bytes().any(|byte| byte.is_ascii_control()),
        false => id.chars().any(char::is_control),
    };
    if has_control {
        return invalid("must not contain control characters".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::model::Event;
    use crate::{ApplyReport, ValueStream};

    fn read(text: &str) -> Result<Event, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn event(more: &str) -> String {
        format!(r#"{{"source":"s","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"s:1"{more}}}"#)
    }

    #[test]
    fn what_is_missing_twice_or_of_another_type_is_named() {
        let table = [
            ("7".to_owned(), "invalid type: integer `7`, expected struct Event"),
            (r#"{"source":"s"}"#.to_owned(), "missing field `id`"),
            (event(r#","item":"s:2""#), "duplicate field `item`"),
            (event(r#","set":{"title":"a","title":"b"}"#), "duplicate field `title`"),
            (event(r#","set":{"attributes":{},"attributes":{}}"#), "duplicate field `attributes`"),
            (event(r#","set":7"#), "invalid type: integer `7`, expected struct Fields"),
            (event(r#","set":{"title":7}"#), "invalid type: integer `7`, expected a string"),
            (event(r#","links":[{"kind":"parent"}]"#), "missing field `to`"),
            (event(r#","links":[7]"#), "invalid type: integer `7`, expected struct Link"),
            (event(r#","kind":"nothing""#), "unknown variant `nothing`"),
        ];
        for (text, expected) in table {
            let error = read(&text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn escapes_and_absence_mean_what_they_say() {
        let text = event(
            r#","\u006bind":null,"recorded_at":null,"set":{"title":"a\"b","due_at":null},"links":[{"kind":"parent","to":"s:\u00e9","lag":null}]"#,
        );
        let read = read(&text).unwrap();
        assert_eq!((read.kind, read.recorded_at, read.set.due_at), (None, None, None));
        assert_eq!((read.set.title.as_deref(), read.links[0].to.as_str()), (Some("a\"b"), "s:é"));
    }

    #[test]
    fn fields_that_nobody_knows_are_counted_where_they_stand() {
        let lines = [
            event(
                r#","colour":1,"set":{"colour":[{}],"tests":{"colour":1}},"links":[{"kind":"parent","to":"s:2","colour":1}]"#,
            ),
            event(r#","colour":{"source":"s"}"#).replace(r#""id":"1""#, r#""id":"2""#),
        ];
        let mut stream = ValueStream::new();
        let ApplyReport { accepted, unknown_fields, .. } =
            stream.apply_json_lines(lines.join("\n").as_bytes());
        let expected = [("colour", 2), ("links.0.colour", 1), ("set.colour", 1), ("set.tests.?.colour", 1)];
        assert_eq!(accepted, 2);
        assert_eq!(unknown_fields, expected.map(|(name, count)| (name.to_owned(), count)).into());
    }

    #[test]
    fn refusals_stand_in_the_order_of_the_lines() {
        let lines =
            [&event(r#","set":{"capacity":0}"#), "nonsense", &event(""), &event(r#","kind":"epic""#), "{}"];
        let report = ValueStream::new().apply_json_lines(lines.join("\n").as_bytes());
        let refused: Vec<(u64, &str)> =
            report.refused.iter().map(|r| (r.position, r.code.as_str())).collect();
        assert_eq!(report.accepted, 1);
        assert_eq!(refused, [(1, "invalid"), (2, "document"), (4, "conflict"), (5, "invalid")]);
    }
}
