//! Records that a tool also gives in pages: objects with a list of them under one of some keys.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{CowStrDeserializer, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Reject;
use super::elements::Pages;
use super::loose::{Object, Text};
use super::parts::Part;
use super::records::{Entry, pieces, push};

/// A record that a tool also gives in pages: objects that hold one record, or a list of them, under one of these keys.
pub(super) trait InPages: Sized {
    const PAGES: Pages;

    /// Keeps what stands under such a key where it belongs to the record itself; gives back what is a page.
    fn keep(&mut self, page: Vec<Object<Self>>) -> Option<Vec<Object<Self>>> {
        Some(page)
    }
}

/// The records as [`read`] gives them, and those in pages. A record of a page has its number in the page as its
/// position, where that page is the whole text; elsewhere the page's line or number says more.
pub(super) fn read_pages<'a, T: Deserialize<'a> + InPages>(
    text: impl Into<Part<'a>>,
) -> Vec<(u64, Result<T, Reject>)> {
    let mut records = Vec::new();
    for piece in pieces(text) {
        let place = piece.position;
        for (position, page) in piece.read::<Paged<T>>() {
            match page {
                Err(reject) => records.push((position, Err(reject))),
                Ok(Paged { page: None, record }) => records.push((position, Ok(record))),
                Ok(Paged { page: Some(page), mut record }) => match record.keep(page) {
                    Some(page) => push(Ok(Entry::Many(page)), place, &mut records),
                    None => records.push((position, Ok(record))),
                },
            }
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
            if T::PAGES.keys.contains(&&*key) {
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
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Page<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(|list| Page(Some(list)))
            }
        }
        deserializer.deserialize_any(Pages(PhantomData))
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
        const PAGES: Pages = Pages { keys: &["items", "item"], own: None };
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
        let table: [(&str, &[(u64, &str)]); 10] = [
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
            (r#"[{"items":[{"name":"a"},{"name":"b"}]}]"#, &[(1, "a"), (1, "b")]),
            ("[]\n{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", &[(2, "a"), (2, "b")]),
        ];
        for (text, expected) in table {
            let expected: Vec<(u64, String)> =
                expected.iter().map(|(n, name)| (*n, (*name).to_owned())).collect();
            assert_eq!(names(text), expected, "{text}");
        }
    }
}
