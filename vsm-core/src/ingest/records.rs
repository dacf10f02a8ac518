//! The records of a JSON text, however a tool or its user packed them.
//!
//! One object (pretty-printed or not), a list of objects, and JSON Lines are told apart by whether the first of
//! several lines is whole by itself. In JSON Lines a line that can't be read costs that line; in a single document it costs the document,
//! because nothing of a record that was cut off may be half-applied.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Reject;
use super::loose::Object;
use crate::document::lines;

/// The records with their positions: the line in JSON Lines, else the number from 1.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Vec<(u64, Result<T, Reject>)> {
    let mut records = Vec::new();
    let more = lines(text).nth(1).is_some();
    let first_is_whole = || lines(text).next().is_some_and(|(_, line)| line.is_ok_and(is_object));
    if !(more && first_is_whole()) {
        let entry = parse(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        let is_document = entry.as_ref().map_or_else(|error| error.is_data(), |_| true);
        // A line that is whole by itself says that it was the first one that was cut off.
        if is_document || !more || !lines(text).any(|(_, line)| line.is_ok_and(is_object)) {
            push(entry, None, &mut records);
            return records;
        }
    }
    for (position, line) in lines(text) {
        match line {
            Ok(line) => push(parse(line), Some(position), &mut records),
            Err(unreadable) => {
                records.push((position, Err(reject(position, unreadable.code, unreadable.reason))))
            }
        }
    }
    records
}

/// Whether a line is an object, or a list of them, by itself.
fn is_object(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'{' | b'[')) && serde_json::from_slice::<IgnoredAny>(line).is_ok()
}

fn push<T>(
    entry: serde_json::Result<Entry<T>>,
    line: Option<u64>,
    records: &mut Vec<(u64, Result<T, Reject>)>,
) {
    match entry {
        Ok(Entry::One(value)) => records.push((line.unwrap_or(1), Ok(value))),
        Ok(Entry::Many(list)) => {
            for (value, number) in list.into_iter().zip(1..) {
                let position = line.unwrap_or(number);
                let value = value.0.ok_or_else(|| reject(position, "invalid", "the record is not an object"));
                records.push((position, value));
            }
        }
        Err(error) => {
            use serde_json::error::Category;
            let position = line.unwrap_or(error.line() as u64);
            let code = if error.classify() == Category::Data { "invalid" } else { "document" };
            let reason = if error.is_eof() && error.line() <= 1 && error.column() == 0 {
                "the text is empty: it holds no record".to_owned()
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
    serde_json::from_slice(text)
}

enum Entry<T> {
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
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Entry::Many(list))
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
    }

    #[test]
    fn what_cannot_be_read_costs_no_more_than_it_must() {
        expect("{\"name\":\"a\n{\"name\":\"b\"}", &[(1, "document"), (2, "b")]);
        expect("{\"name\":\"a\"}\n{\"name\":\n{\"name\":\"c\"}", &[(1, "a"), (2, "document"), (3, "c")]);
        expect("[{\"name\":\"a\"},7]", &[(1, "a"), (2, "invalid")]);
        expect("{\n\"name\": \"a\",\n", &[(3, "document")]);
        expect("7", &[(1, "invalid")]);
        expect("", &[(1, "document")]);
        expect("nonsense", &[(1, "document")]);
        expect(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), &[(1, "invalid")]);
    }
}
