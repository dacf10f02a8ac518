//! The records of a JSON text, however a tool or its user packed them.
//!
//! One object (pretty-printed or not), lists of objects, and JSON Lines are told apart as [`packing`](super::packing) says.
//! In JSON Lines a line that can't be read costs that line, in a list a record costs itself, and one object is a record:
//! nothing of one that was cut off may be half-applied.
//!
//! A record in the envelope of an Airbyte stream, `{"type":"RECORD","record":{"stream":…,"data":{…}}}`, is read as what
//! is in `data`, whatever the tool; tools that give their lists in pages are read by [`pages`](super::pages).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Reject;
use super::elements::{Element, Elements};
use super::loose::Object;
use super::packing::{Packing, packing};
use super::parts::{Part, Place};
use crate::document::{BOM, Unreadable, lines, lines_from};

/// What is read at once: a line, a record of a list, or a whole text.
pub(super) struct Piece<'a> {
    /// The line or number of all that is in it; absent for a whole text, where the records of a page have their own.
    pub(super) position: Option<u64>,
    pub(super) text: Result<&'a [u8], Reject>,
    is_element: bool,
}

/// The pieces of a text or a part of one.
pub(super) fn pieces<'a>(text: impl Into<Part<'a>>) -> Vec<Piece<'a>> {
    let Part { bytes, place, longest } = text.into();
    match place {
        Some(Place { line, elements: Some(elements), .. }) => elements
            .iter()
            .zip(line..)
            .map(|(element, number)| element_piece(bytes, element, number, longest))
            .collect(),
        Some(place) => lines_from(bytes, place.line, longest).map(line_piece).collect(),
        None => match packing(bytes, longest, true) {
            Some(Packing::Lines) => lines(bytes, longest).map(line_piece).collect(),
            Some(Packing::Lists) => list_pieces(bytes.strip_prefix(BOM).unwrap_or(bytes), longest),
            Some(Packing::Object | Packing::LongObject) | None => {
                vec![Piece::of(bytes.strip_prefix(BOM).unwrap_or(bytes))]
            }
        },
    }
}

fn line_piece((position, line): (u64, Result<&[u8], Unreadable>)) -> Piece<'_> {
    let text = line.map_err(|unreadable| reject(position, unreadable.code, unreadable.reason));
    Piece { position: Some(position), text, is_element: false }
}

fn element_piece<'a>(text: &'a [u8], element: &Element, number: u64, longest: usize) -> Piece<'a> {
    let text = match element.length > longest as u64 {
        true => Err(too_long(number, element.length, longest)),
        false => Ok(text.get(element.range.clone()).unwrap_or_default()),
    };
    Piece { position: Some(number), text, is_element: true }
}

fn list_pieces(text: &[u8], longest: usize) -> Vec<Piece<'_>> {
    let (mut list, mut found) = (Elements::of_lists(longest), Vec::new());
    let goes_on = list.pass(text, 0, &mut found);
    let trouble = list_trouble(&mut list, goes_on, text, &mut found);
    let mut pieces: Vec<Piece<'_>> = found
        .iter()
        .zip(1..)
        .map(|(element, number)| element_piece(text, element, number, longest))
        .collect();
    if let Some(reason) = trouble {
        let position = found.len() as u64 + 1;
        let text = Err(reject(position, "document", reason));
        pieces.push(Piece { position: Some(position), text, is_element: true });
    }
    pieces
}

/// What is said of a text after a list.
pub(super) const NO_PART: &str = "what follows is no part of a list";

/// What is wrong at the end of a list, beside its last record, which is not over where the list was cut off.
pub(super) fn list_trouble(
    list: &mut Elements,
    goes_on: Option<usize>,
    text: &[u8],
    found: &mut Vec<Element>,
) -> Option<&'static str> {
    if goes_on.is_some() {
        return Some(NO_PART);
    }
    let cut_off = list.is_open().then_some("a bracket is not closed: the text was cut off");
    let Some(start) = list.pending() else { return cut_off };
    let length = list.pending_length(text.len());
    found.push(Element { range: start..text.len(), length });
    let last = text.get(start..).unwrap_or_default();
    // The reason why it can't be read says it already.
    cut_off.filter(|_| serde_json::from_slice::<IgnoredAny>(last).is_ok() && length <= list.longest() as u64)
}

/// Why a record of a list or an object is not read.
pub(super) fn too_long(position: u64, length: u64, longest: usize) -> Reject {
    reject(position, "document", format!("the record is {length} bytes long, more than {longest}"))
}

impl<'a> Piece<'a> {
    /// A text by itself, whose records have their own positions.
    pub(super) fn of(text: &'a [u8]) -> Piece<'a> {
        Piece { position: None, text: Ok(text), is_element: false }
    }

    /// The records in it, with their positions.
    pub(super) fn read<T: Deserialize<'a>>(self) -> Vec<(u64, Result<T, Reject>)> {
        let mut records = Vec::new();
        self.read_into(&mut records);
        records
    }

    fn read_into<T: Deserialize<'a>>(self, records: &mut Vec<(u64, Result<T, Reject>)>) {
        let text = match self.text {
            Ok(text) => text,
            Err(reject) => return records.push((reject.position, Err(reject))),
        };
        if self.is_element
            && text.first() != Some(&b'{')
            && serde_json::from_slice::<IgnoredAny>(text).is_ok()
        {
            let position = self.position.unwrap_or(1);
            return records.push((position, Err(no_object(position))));
        }
        push(parse(text), self.position, records);
    }
}

/// The records with their positions: the line in JSON Lines, else the number from 1.
pub(super) fn read<'a, T: Deserialize<'a>>(text: impl Into<Part<'a>>) -> Vec<(u64, Result<T, Reject>)> {
    let pieces = pieces(text);
    let mut records = Vec::with_capacity(pieces.len());
    for piece in pieces {
        piece.read_into(&mut records);
    }
    records
}

fn no_object(position: u64) -> Reject {
    reject(position, "invalid", "the record is not an object")
}

/// Adds what was read, or why it can't be, with the position of all of it or the number of each.
pub(super) fn push<T>(
    entry: serde_json::Result<Entry<T>>,
    line: Option<u64>,
    records: &mut Vec<(u64, Result<T, Reject>)>,
) {
    match entry {
        Ok(Entry::One(value)) => records.push((line.unwrap_or(1), Ok(value))),
        Ok(Entry::Many(list)) => {
            for (value, number) in list.into_iter().zip(1..) {
                let position = line.unwrap_or(number);
                records.push((position, value.0.ok_or_else(|| no_object(position))));
            }
        }
        Err(error) => {
            use serde_json::error::Category;
            let position = line.unwrap_or(error.line() as u64);
            let code = if error.classify() == Category::Data { "invalid" } else { "document" };
            let reason = if error.is_eof() && error.line() <= 1 && error.column() == 0 {
                match line {
                    None => "the text is empty: it holds no record".to_owned(),
                    Some(_) => "there is no record here: a comma is too many".to_owned(),
                }
            } else {
                error.to_string()
            };
            records.push((position, Err(reject(position, code, reason))));
        }
    }
}

fn reject(position: u64, code: &str, reason: impl Into<String>) -> Reject {
    Reject { position, record: None, code: code.into(), reason: reason.into() }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<Entry<T>> {
    if [&b"{\"type\":\"RECORD\""[..], b"{\"record\":{"].iter().any(|start| begins(text, start))
        && let Ok(Message { record: Data { data: Object(Some(record)) } }) = from_slice(text)
    {
        return Ok(Entry::One(record));
    }
    from_slice(text)
}

/// As `serde_json` reads it; what is UTF-8 all through needs no further look at each of its texts.
fn from_slice<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(text),
    }
}

/// Whether a text begins like this, white space aside.
fn begins(text: &[u8], start: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    start.iter().all(|byte| bytes.next() == Some(byte))
}

/// A record of an Airbyte stream.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Message<T> {
    record: Data<T>,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Data<T> {
    data: Object<T>,
}

/// One record, or a list of them.
pub(super) enum Entry<T> {
    One(T),
    Many(Vec<Object<T>>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry<T>, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Entry<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Entry::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Entry<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Entry::Many)
            }
        }
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::super::loose::Text;
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Text<'a>,
    }

    /// Position and name of each record, or the code of its reject.
    fn names(text: &str) -> Vec<(u64, String)> {
        let name = |record: Result<Named<'_>, Reject>| match record {
            Ok(named) => named.name.owned().unwrap_or_default(),
            Err(reject) => reject.code,
        };
        read(text.as_bytes()).into_iter().map(|(position, record)| (position, name(record))).collect()
    }

    fn expect(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<(u64, String)> =
            expected.iter().map(|(n, name)| (*n, (*name).to_owned())).collect();
        assert_eq!(names(text), expected, "{text}");
    }

    #[test]
    fn every_packing_is_told_apart() {
        expect(r#"{"name":"a"}"#, &[(1, "a")]);
        expect("\u{feff}{\n  \"name\":\n  \"a\"\n}\n", &[(1, "a")]);
        expect(r#"[{"name":"a"},{"name":"b"}]"#, &[(1, "a"), (2, "b")]);
        expect("[\n{\"name\":\"a\"},\n{\"name\":\"b\"}\n]", &[(1, "a"), (2, "b")]);
        expect("{\"name\":\"a\"}\n\n{\"name\":\"b\"}\r\n", &[(1, "a"), (3, "b")]);
        expect("[{\"name\":\"a\"}\n,{\"name\":\"b\"}]", &[(1, "a"), (2, "b")]);
        expect("{\"name\":\"a\",\"more\":[\n{}\n]}", &[(1, "a")]);
        expect("[{\"name\":\"a\"},{\"name\":\"b\"}]\n[{\"name\":\"c\"}]", &[(1, "a"), (1, "b"), (2, "c")]);
        expect("[\n{\"name\":\"a\"}\n]\n[{\"name\":\n\"b\"}]", &[(1, "a"), (2, "b")]);
    }

    #[test]
    fn an_envelope_of_airbyte_is_taken_off() {
        let wrapped = |order: bool| match order {
            true => r#"{"type":"RECORD","record":{"stream":"s","emitted_at":1,"data":{"name":"a"}}}"#,
            false => r#"{ "record": {"stream":"s","data":{"name":"a"}},"type":"RECORD"}"#,
        };
        expect(wrapped(true), &[(1, "a")]);
        expect(
            &format!("{}\n{}\n{{\"name\":\"b\"}}", wrapped(false), wrapped(true)),
            &[(1, "a"), (2, "a"), (3, "b")],
        );
        expect(r#"{"record":{"name":"x"},"name":"b"}"#, &[(1, "b")]);
        expect(r#"{"record":{"data":[]},"name":"b"}"#, &[(1, "b")]);
    }

    #[test]
    fn what_cannot_be_read_costs_no_more_than_it_must() {
        expect("{\"name\":\"a\n{\"name\":\"b\"}", &[(1, "document"), (2, "b")]);
        expect("{\"name\":\"a\"}\n{\"name\":\n{\"name\":\"c\"}", &[(1, "a"), (2, "document"), (3, "c")]);
        expect("[{\"name\":\"a\"},7]", &[(1, "a"), (2, "invalid")]);
        expect("[{\"name\":\"a\"},{\"name\":},{\"name\":\"c\"}]", &[(1, "a"), (2, "document"), (3, "c")]);
        expect(
            "[{\"name\":\"a\"},\n,{\"name\":\"c\"},]",
            &[(1, "a"), (2, "document"), (3, "c"), (4, "document")],
        );
        expect("[{\"name\":\"a\"},{\"name\":\"b", &[(1, "a"), (2, "document")]);
        expect("[{\"name\":\"a\"},{\"name\":\"b\"}", &[(1, "a"), (2, "b"), (3, "document")]);
        expect("[{\"name\":\"a\"},", &[(1, "a"), (2, "document")]);
        expect("[{\"name\":\"a\"}] and more", &[(1, "a"), (2, "document")]);
        expect("[{\"name\":\"a\"}}", &[(1, "document")]);
        expect("{\n\"name\": \"a\",\n", &[(3, "document")]);
        expect("7", &[(1, "invalid")]);
        expect("", &[(1, "document")]);
        expect("nonsense", &[(1, "document")]);
        expect(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), &[(1, "invalid")]);
    }
}
