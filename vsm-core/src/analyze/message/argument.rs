//! What is put into a template: as people read it, and for programs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::{day, name};
use crate::analyze::readiness::Verdict;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span, printable};

text_enum! {
    /// Of which sort an argument is. Beside an argument `x` stands, for programs, another one by a longer name.
    pub enum MessageArg {
        /// An item by its name for people; `x_id` is its id.
        Item = "item",
        /// Several of them in one text, of many the first few; `x_ids` are all ids, one a line.
        Items = "items",
        /// A day in UTC as `2026-03-17`; `x_at` is the instant.
        Day = "day",
        /// A time of a day; `x_at` is the instant.
        Time = "time",
        /// A length of time as `2d 3h` or `14 days`; `x_ms` are its milliseconds.
        Span = "span",
        /// One of the words of the engine or a policy, such as a state or a stage; `x_word` is the word itself.
        Word = "word",
        /// A number in digits.
        Number = "number",
        /// A text that somebody wrote, such as a reason.
        Text = "text",
    }
}

/// An argument, before anybody wants to read it.
#[derive(Clone, Debug)]
pub(in crate::analyze) enum Arg {
    Item(u32),
    Items(Vec<u32>),
    /// A list that is written already, and its ids.
    Listed((String, Vec<String>)),
    Day(Instant),
    Time(Instant),
    /// A time that is written already.
    Moment((String, Instant)),
    Span(Span),
    /// The same in whole days where it is that long.
    Long(Span),
    /// The same to the millisecond where it is shorter than a second.
    Apart(Span),
    Word(Cow<'static, str>),
    /// The same with blanks between its parts.
    Plain(Cow<'static, str>),
    Verdict(Verdict),
    Number(u64),
    Figure(f64),
    Text(String),
}

impl Arg {
    /// Puts it under its name, and what is for programs under its own.
    pub(super) fn put(&self, name: &str, stream: &ValueStream, args: &mut BTreeMap<String, String>) {
        let (shown, raw) = self.written(stream);
        if let Some((end, raw)) = raw {
            args.insert(format!("{name}_{end}"), raw);
        }
        args.insert(name.to_owned(), shown);
    }

    fn written(&self, stream: &ValueStream) -> (String, Option<(&'static str, String)>) {
        let id = |item: u32| stream.id(item).to_owned();
        match self {
            Arg::Item(item) => (name(stream, *item), Some(("id", id(*item)))),
            Arg::Items(items) => {
                let names: Vec<String> = items.iter().map(|item| name(stream, *item)).collect();
                let ids: Vec<String> = items.iter().map(|item| id(*item)).collect();
                (names.join(" and "), Some(("ids", ids.join("\n"))))
            }
            Arg::Listed((shown, ids)) => (shown.clone(), Some(("ids", ids.join("\n")))),
            Arg::Day(at) => (day(*at), Some(("at", at.to_string()))),
            Arg::Time(at) => (at.to_string(), Some(("at", at.to_string()))),
            Arg::Moment((shown, at)) => (shown.clone(), Some(("at", at.to_string()))),
            Arg::Span(span) => (span.to_string(), Some(("ms", span.millis().to_string()))),
            Arg::Long(span) => (long(*span), Some(("ms", span.millis().to_string()))),
            Arg::Apart(span) => (apart(*span), Some(("ms", span.millis().to_string()))),
            Arg::Word(word) => (printable(word), Some(("word", word.to_string()))),
            Arg::Plain(word) => (printable(word).replace('_', " "), Some(("word", word.to_string()))),
            Arg::Verdict(verdict) => (words(*verdict).to_owned(), Some(("word", verdict.to_string()))),
            Arg::Number(number) => (number.to_string(), None),
            Arg::Figure(figure) => (figure.to_string(), None),
            Arg::Text(text) => (printable(text), None),
        }
    }
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "ready",
        Verdict::Unknown => "not known to be ready",
        Verdict::NotReady => "not ready",
    }
}

/// A span in whole days where it is that long.
fn long(span: Span) -> String {
    match span.days() as i64 {
        0 => span.to_string(),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

/// A span that may be shorter than what spans are otherwise shown to.
fn apart(span: Span) -> String {
    match span.millis() {
        millis @ 0..1_000 => format!("{millis}ms"),
        _ => span.to_string(),
    }
}
