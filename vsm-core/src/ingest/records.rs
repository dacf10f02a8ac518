//! The records of a JSON text, however a tool or its user packed them.
//!
//! One object (pretty-printed or not), a list of objects, and JSON Lines are told apart by whether the first of
//! several lines is whole by itself. In JSON Lines a line that can't be read costs that line; in a single document it costs the document,
//! because nothing of a record that was cut off may be half-applied.
//!
//! A record in the envelope of an Airbyte stream, `{"type":"RECORD","record":{"stream":…,"data":{…}}}`, is read as what
//! is in `data`, whatever the tool; tools that give their lists in pages are read by [`read_pages`].

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Reject;
use super::loose::{Object, Text};
use super::parts::Part;
use crate::document::{Unreadable, lines, lines_from};

/// The records with their positions: the line in JSON Lines, else the number from 1.
pub(super) fn read<'a, T: Deserialize<'a>>(text: impl Into<Part<'a>>) -> Vec<(u64, Result<T, Reject>)> {
    let mut records = Vec::new();
    let Part { bytes: text, place } = text.into();
    if let Some(place) = place {
        read_lines(lines_from(text, place.line), &mut records);
        return records;
    }
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
    read_lines(lines(text), &mut records);
    records
}

fn read_lines<'a, T: Deserialize<'a>>(
    lines: impl Iterator<Item = (u64, Result<&'a [u8], Unreadable>)>,
    records: &mut Vec<(u64, Result<T, Reject>)>,
) {
    for (position, line) in lines {
        match line {
            Ok(line) => push(parse(line), Some(position), records),
            Err(unreadable) => {
                records.push((position, Err(reject(position, unreadable.code, unreadable.reason))))
            }
        }
    }
}

/// Whether a line is an object, or a list of them, by itself.
pub(super) fn is_object(line: &[u8]) -> bool {
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
    if [&b"{\"type\":\"RECORD\""[..], b"{\"record\":{"].iter().any(|start| begins(text, start))
        && let Ok(Message { record: Data { data: Object(Some(record)) } }) = serde_json::from_slice(text)
    {
        return Ok(Entry::One(record));
    }
    serde_json::from_slice(text)
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

/// A record that a tool also gives in pages: objects that hold one record, or a list of them, under one of these keys.
pub(super) trait InPages: Sized {
    const PAGE: &'static [&'static str];

    /// Keeps what stands under such a key where it belongs to the record itself; gives back what is a page.
    fn keep(&mut self, page: Vec<Object<Self>>) -> Option<Vec<Object<Self>>> {
        Some(page)
    }
}

/// The records as [`read`] gives them, and those in pages. A record of a page has its number in the page as its
/// position, unless there are several pages: then the page's line says more.
pub(super) fn read_pages<'a, T: Deserialize<'a> + InPages>(text: &'a [u8]) -> Vec<(u64, Result<T, Reject>)> {
    let pages = read::<Paged<T>>(text);
    let several = pages.len() > 1;
    let mut records = Vec::with_capacity(pages.len());
    for (position, page) in pages {
        match page {
            Err(reject) => records.push((position, Err(reject))),
            Ok(Paged { page: None, record }) => records.push((position, Ok(record))),
            Ok(Paged { page: Some(page), mut record }) => match record.keep(page) {
                Some(page) => push(Ok(Entry::Many(page)), several.then_some(position), &mut records),
                None => records.push((position, Ok(record))),
            },
        }
    }
    records
}

/// A record, or the page that it turned out to be.
struct Paged<T> {
    page: Option<Vec<Object<T>>>,
    record: T,
}

/// What stands under the key of a page; anything but objects is no page.
struct Page<T>(Option<Vec<Object<T>>>);

impl<'de, T: Deserialize<'de> + InPages> Deserialize<'de> for Paged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Paged<T>, D::Error> {
        struct Records<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + InPages> Visitor<'de> for Records<T> {
            type Value = Paged<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Paged<T>, A::Error> {
                let mut page = None;
                let record = T::deserialize(MapAccessDeserializer::new(Fields { map, page: &mut page }))?;
                Ok(Paged { page, record })
            }
        }
        deserializer.deserialize_any(Records(PhantomData))
    }
}

/// The fields of an object but for its page, which is laid aside. In this way a record need not know of pages, and no
/// page is read within a page: the input has no say in how deep that goes.
struct Fields<'p, A, T> {
    map: A,
    page: &'p mut Option<Vec<Object<T>>>,
}

impl<'de, A: MapAccess<'de>, T: Deserialize<'de> + InPages> MapAccess<'de> for Fields<'_, A, T> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.map.next_key()? {
            let key = key.unwrap_or_default();
            if T::PAGE.contains(&&*key) {
                if let Page(Some(page)) = self.map.next_value()? {
                    self.page.get_or_insert_default().extend(page);
                }
            } else {
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Page<T>, D::Error> {
        struct Pages<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pages<T> {
            type Value = Page<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }
            fn visit_unit<E>(self) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_str<E>(self, _: &str) -> Result<Page<T>, E> {
                Ok(Page(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Page<T>, A::Error> {
                let record = T::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Page(Some(vec![Object(Some(record))])))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Page<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Page(Some(list)))
            }
        }
        deserializer.deserialize_any(Pages(PhantomData))
    }
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

    impl InPages for Named<'_> {
        const PAGE: &'static [&'static str] = &["items", "item"];
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
    fn pages_hold_records_and_no_pages() {
        let names = |text: &str| -> Vec<(u64, String)> {
            let name = |record: Result<Named<'_>, Reject>| match record {
                Ok(named) => named.name.owned().unwrap_or_default(),
                Err(reject) => reject.code,
            };
            read_pages(text.as_bytes())
                .into_iter()
                .map(|(position, record)| (position, name(record)))
                .collect()
        };
        let table: [(&str, &[(u64, &str)]); 8] = [
            (r#"{"name":"a","more":[1]}"#, &[(1, "a")]),
            (
                r#"{"next":null,"items":[{"name":"a"},7,{"name":"b","x":{}}],"size":2}"#,
                &[(1, "a"), (2, "invalid"), (3, "b")],
            ),
            (
                "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}\n{\"items\":[{\"name\":\"c\"}]}",
                &[(1, "a"), (1, "b"), (2, "c")],
            ),
            (r#"{"item":{"name":"a"}}"#, &[(1, "a")]),
            (r#"{"items":"none","name":"a"}"#, &[(1, "a")]),
            (r#"{"items":[{"items":[{"name":"deep"}]}]}"#, &[(1, "")]),
            (r#"{"items":[]}"#, &[]),
            (r#"[{"items":[{"name":"a"}]},{"name":"b"}]"#, &[(1, "a"), (2, "b")]),
        ];
        for (text, expected) in table {
            let expected: Vec<(u64, String)> =
                expected.iter().map(|(n, name)| (*n, (*name).to_owned())).collect();
            assert_eq!(names(text), expected, "{text}");
        }
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
