//! Reading tools' JSON tolerantly: a value of an unexpected type reads as absent instead of spoiling its record.
//!
//! Texts borrow from the input where they can.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, number or truth value; an id is a number in one version of a tool and a text in the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    #[default]
    Absent,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// As text; absent where it is empty.
    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Scalar::Absent => None,
            Scalar::Bool(value) => Some(value.to_string().into()),
            Scalar::Int(value) => Some(value.to_string().into()),
            Scalar::Float(value) => Some(value.to_string().into()),
            Scalar::Text(text) => Some(text).filter(|text| !text.is_empty()),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Scalar::Int(value) => Some(*value),
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            Scalar::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Scalar::Int(value) => Some(*value as f64),
            Scalar::Float(value) => Some(*value),
            Scalar::Text(text) => text.trim().parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Scalar::Bool(value) => Some(*value),
            Scalar::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar<'a>, D::Error> {
        struct Scalars;
        impl<'de> Visitor<'de> for Scalars {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, number or truth value")
            }
            fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Absent)
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Int(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar<'de>, E> {
                Ok(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Int))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Float(value))
            }
            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(value.into()))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(value.to_owned().into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Scalar<'de>, A::Error> {
                skip_list(seq).map(|()| Scalar::Absent)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scalar<'de>, A::Error> {
                skip_object(map).map(|()| Scalar::Absent)
            }
        }
        deserializer.deserialize_any(Scalars)
    }
}

/// A text; absent where it is empty. Numbers count as texts, because ids are now this, now that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Text(scalar.into_text()))
    }
}

/// An object, or nothing.
#[derive(Clone, Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Object<T> {
        Object(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct Objects<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_unit<E: Error>(self) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Object<T>, A::Error> {
                skip_list(seq).map(|()| Object(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Object(Some(value)))
            }
        }
        deserializer.deserialize_any(Objects(PhantomData))
    }
}

/// A text, or an object: what is referred to is named in one version of a tool and described in the next.
#[derive(Clone, Debug)]
pub(super) enum Either<'a, T> {
    Text(Text<'a>),
    Object(T),
}

impl<T> Default for Either<'_, T> {
    fn default() -> Self {
        Either::Text(Text::default())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Either<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Either<'a, T>, D::Error> {
        struct Eithers<T>(PhantomData<T>);
        fn plain<'a, T>(scalar: Scalar<'a>) -> Either<'a, T> {
            Either::Text(Text(scalar.into_text()))
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Eithers<T> {
            type Value = Either<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an object")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Either::default())
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(plain(Scalar::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(plain(Scalar::Int(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(plain(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Int)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(plain(Scalar::Float(value)))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(plain(Scalar::Text(value.into())))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(plain(Scalar::Text(value.to_owned().into())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_list(seq).map(|()| Either::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Either::Object)
            }
        }
        deserializer.deserialize_any(Eithers(PhantomData))
    }
}

/// A list; anything else reads as an empty one.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List<T>, D::Error> {
        struct Lists<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Lists<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                // No capacity from the input: its hint is not to be trusted.
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<List<T>, A::Error> {
                skip_object(map).map(|()| List(Vec::new()))
            }
        }
        deserializer.deserialize_any(Lists(PhantomData))
    }
}

fn skip_list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_object<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        #[serde(borrow)]
        scalar: Scalar<'a>,
        #[serde(borrow)]
        object: Object<Inner<'a>>,
        #[serde(borrow)]
        list: List<Text<'a>>,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        name: Text<'a>,
    }

    #[test]
    fn values_of_any_type_read_as_something() {
        let odd = [
            "null",
            "true",
            "1",
            "-1",
            "1.5",
            "18446744073709551615",
            "\"t\"",
            "[1,[2]]",
            "{\"a\":{\"b\":[]}}",
        ];
        for value in odd {
            let json = format!("{{\"text\":{value},\"scalar\":{value},\"object\":{value},\"list\":{value}}}");
            assert!(serde_json::from_str::<Sample<'_>>(&json).is_ok(), "{value}");
        }
    }

    #[test]
    fn what_has_the_expected_type_is_kept() {
        let json =
            r#"{"text":10063,"scalar":"7","object":{"name":"n\u00e9"},"list":["a",null,2],"more":[{}]}"#;
        let sample: Sample<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(sample.text.get(), Some("10063"));
        assert_eq!((sample.scalar.int(), sample.scalar.float()), (Some(7), Some(7.0)));
        assert_eq!(sample.object.0.unwrap().name.get(), Some("né"));
        assert_eq!(sample.list.0.iter().map(Text::get).collect::<Vec<_>>(), [Some("a"), None, Some("2")]);
    }

    #[test]
    fn texts_without_escapes_borrow() {
        let sample: Sample<'_> = serde_json::from_str(r#"{"text":"plain"}"#).unwrap();
        assert!(matches!(sample.text.0, Some(Cow::Borrowed("plain"))));
    }
}
