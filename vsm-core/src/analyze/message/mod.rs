//! Sentences: what they say as codes with arguments, and their English templates in one [table](table).

mod argument;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stream::ValueStream;

pub(super) use argument::Arg;
pub use argument::MessageArg;
pub(super) use table::say;
pub use table::{MESSAGES, messages};

/// A sentence, or a part of one, as a stable code with arguments, so that it can be said in another language.
///
/// Records that have a `sentence` have it as `messages` as well: it is the English templates of their codes with the
/// arguments put in, one after the other; the full stop of a template gives way to what follows. [`translate`] does that
/// with other templates, and [`messages`] lists all codes with theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// A stable word for what is said.
    pub code: String,
    /// The arguments by name: `item` as an English sentence shows it, and beside it, for programs, others such as `item_id`;
    /// [`MessageArg`] says which.
    pub args: BTreeMap<String, String>,
}

/// What a code says in English, and with which arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageTemplate {
    /// The code of the messages.
    pub code: String,
    /// The English text, with the name of an argument in braces where it is put in: `{item} has not been started.`
    pub text: String,
    /// The arguments that are put in, by name, and of which sort each is.
    pub args: BTreeMap<String, MessageArg>,
}

/// An entry of the table.
#[derive(Debug)]
struct Template {
    code: &'static str,
    text: &'static str,
    args: &'static [(&'static str, MessageArg)],
}

/// Puts messages into words, by the template that is given for each code; where none is given by the English one. What a
/// template names and a message does not have stays as it is.
///
/// ```
/// use vsm_core::{Event, FlowState, Kind, Link, LinkKind, ReadinessQuery, ValueStream, translate};
/// let day = "2026-03-02T00:00:00Z".parse()?;
/// let mut stream = ValueStream::new();
/// let mut release = Event::new("plan", "1", day, "plan:R1");
/// release.kind = Some(Kind::Release);
/// let mut story = Event::new("plan", "2", day, "plan:S1");
/// (story.kind, story.set.state) = (Some(Kind::Story), Some(FlowState::New));
/// story.links.push(Link::new(LinkKind::ShipsIn, "plan:R1"));
/// stream.apply_batch([release, story]);
/// let facts = stream.readiness(&ReadinessQuery::new("plan:R1", day))?.unmet;
/// let fact = facts.iter().find(|fact| fact.item == "plan:S1").unwrap();
/// let german = |code: &str| (code == "work_not_started").then_some("{item} ist nicht begonnen.");
/// assert_eq!(translate(&fact.messages, german), "plan:S1 ist nicht begonnen.");
/// assert_eq!(translate(&fact.messages, |_| None), fact.sentence);
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn translate<'t>(messages: &[Message], template: impl Fn(&str) -> Option<&'t str>) -> String {
    let english = |code: &str| MESSAGES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
    let parts = messages.iter().map(|message| {
        (template(&message.code).or_else(|| english(&message.code)).unwrap_or(""), &message.args)
    });
    compose(parts)
}

/// Templates with their arguments put in, one after the other; the full stop of one gives way to the next.
fn compose<'t>(parts: impl Iterator<Item = (&'t str, &'t BTreeMap<String, String>)>) -> String {
    let mut text = String::new();
    let mut stop = "";
    for (template, args) in parts {
        let (body, end) = match template.strip_suffix('.') {
            Some(body) => (body, "."),
            None => (template, ""),
        };
        fill(body, args, &mut text);
        stop = end;
    }
    text.push_str(stop);
    text
}

fn fill(template: &str, args: &BTreeMap<String, String>, text: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((name, more)) if args.contains_key(name) => {
                text.push_str(args.get(name).map_or("", String::as_str));
                rest = more;
            }
            _ => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
}

/// A sentence that nobody has asked for yet: judging makes many that are never shown, so words are found later.
#[derive(Clone, Debug, Default)]
pub(super) struct Say(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    template: &'static Template,
    args: Vec<Arg>,
}

impl Say {
    fn one(template: &'static Template, args: Vec<Arg>) -> Say {
        Say(vec![Part { template, args }])
    }

    /// What is said, and something more.
    pub(super) fn and(mut self, more: impl IntoIterator<Item = Say>) -> Say {
        self.0.extend(more.into_iter().flat_map(|say| say.0));
        self
    }

    pub(super) fn messages(&self, stream: &ValueStream) -> Vec<Message> {
        let message = |part: &Part| {
            let mut args = BTreeMap::new();
            for ((name, _), arg) in part.template.args.iter().zip(&part.args) {
                arg.put(name, stream, &mut args);
            }
            Message { code: part.template.code.to_owned(), args }
        };
        self.0.iter().map(message).collect()
    }

    /// The English sentence, and what it is made of.
    pub(super) fn tell(&self, stream: &ValueStream) -> (String, Vec<Message>) {
        let messages = self.messages(stream);
        let parts = self.0.iter().zip(&messages).map(|(part, message)| (part.template.text, &message.args));
        (compose(parts), messages)
    }
}

/// The English sentence of messages that were told before, behind others.
pub(super) fn english(messages: &[Message]) -> String {
    translate(messages, |_| None)
}
