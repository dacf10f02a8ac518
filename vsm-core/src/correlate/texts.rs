//! What an item says of itself, as the rules read it, and the forms of words that they look for.

use crate::model::Set;
use crate::stream::ValueStream;
use crate::time::Instant;

/// The last value of a field or attribute, and the event by which it was first known: an export that is read again says
/// nothing new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'s> {
    pub(super) name: &'s str,
    pub(super) text: &'s str,
    pub(super) event: u32,
}

/// What an item says of itself; few fields, so they are simply looked through.
pub(super) struct Texts<'s>(Vec<Said<'s>>);

impl<'s> Texts<'s> {
    pub(super) fn get(&self, name: &str) -> Option<Said<'s>> {
        self.0.iter().find(|said| said.name == name).copied()
    }

    /// Whether a text stands in one of them.
    pub(super) fn contain(&self, text: &str) -> bool {
        self.0.iter().any(|said| said.text.contains(text))
    }

    /// Those of some names, in the order of the names.
    pub(super) fn all(&self, names: &[&str]) -> impl Iterator<Item = Said<'s>> {
        names.iter().filter_map(|name| self.get(name))
    }
}

impl ValueStream {
    /// When an event became known, before all else; then when what it says was so.
    pub(super) fn known_at(&self, event: u32) -> Option<(Instant, Instant)> {
        self.state.record.get(event).map(|stored| (stored.known_at(), stored.occurred))
    }

    /// The title, description, version and attributes of an item.
    pub(super) fn texts_of(&self, item: u32) -> Texts<'_> {
        let mut found: Vec<Said<'_>> = Vec::new();
        let mut before: Vec<&str> = Vec::new();
        for (event, stored) in self.state.walk(item, self.bounds) {
            for set in stored.sets.iter().rev() {
                let Some((name, text)) = text_of(set) else { continue };
                if before.contains(&name) {
                    continue;
                }
                match (found.iter_mut().find(|said| said.name == name), text) {
                    (None, Some(text)) => found.push(Said { name, text, event }),
                    (Some(said), Some(text)) if said.text == text => {
                        if self.known_at(event) <= self.known_at(said.event) {
                            said.event = event;
                        }
                    }
                    _ => before.push(name),
                }
            }
        }
        Texts(found)
    }
}

/// What a field says that the rules read, by its name; none where it clears it.
pub(super) fn text_of(set: &Set) -> Option<(&str, Option<&str>)> {
    match set {
        Set::Title(text) => Some(("title", Some(text))),
        Set::Description(text) => Some(("description", Some(text))),
        Set::Version(text) => Some(("version", Some(text))),
        Set::Attribute(pair) => Some((&pair.0, Some(&pair.1))),
        Set::Clear(name) => Some((name, None)),
        _ => None,
    }
}

/// The words of letters and digits in a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// The parts of a text between spaces, without the brackets, quotes and stops around them.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let around =
        |c: char| matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | '.');
    text.split(char::is_whitespace).map(move |part| part.trim_matches(around)).filter(|part| !part.is_empty())
}
