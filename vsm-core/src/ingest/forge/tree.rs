//! Any JSON as a tree that borrows its texts from the input: most of a payload is addresses that nobody asks for, so a copy
//! of each would be most of the work.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Tree<'a>>),
    /// The members, sorted where there are many; of two with one name the last counts.
    Object(Vec<(Cow<'a, str>, Tree<'a>)>),
}

impl<'a> Tree<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&Tree<'a>> {
        let Tree::Object(members) = self else { return None };
        if members.len() <= FEW {
            return members.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value);
        }
        let end = members.partition_point(|(own, _)| own.as_ref() <= name);
        members.get(end.checked_sub(1)?).filter(|(own, _)| own == name).map(|(_, value)| value)
    }
}

/// So many members are looked through one by one. No tool writes more; who does, to keep the reader busy, gets a search.
const FEW: usize = 256;

/// A name, borrowed where it stands as it is meant.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Tree<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree<'a>, D::Error> {
        struct Trees;
        impl<'de> Visitor<'de> for Trees {
            type Value = Tree<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree<'de>, E> {
                Ok(Tree::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree<'de>, E> {
                Ok(Tree::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree<'de>, E> {
                Ok(Tree::Number(value.into()))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Tree<'de>, E> {
                Ok(Number::from_f64(value).map_or(Tree::Null, Tree::Number))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
                Ok(Tree::Text(text.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
                Ok(Tree::Text(text.to_owned().into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree<'de>, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Tree::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                if members.len() > FEW {
                    // Of equal names the last stays last.
                    members.sort_by(|(a, _): &(Cow<'_, str>, _), (b, _)| a.cmp(b));
                }
                Ok(Tree::Object(members))
            }
        }
        deserializer.deserialize_any(Trees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_where_they_are_and_the_last_of_a_name_counts() {
        let text = r#"{"a":"plain","b":"\u0061","a":[null,true,-1,18446744073709551615,0.5],"\u0063":{}}"#;
        let tree: Tree<'_> = serde_json::from_str(text).unwrap();
        let numbers = [Number::from(-1), Number::from(u64::MAX), Number::from_f64(0.5).unwrap()];
        let list = [Tree::Null, Tree::Bool(true)].into_iter().chain(numbers.map(Tree::Number));
        assert_eq!(tree.get("a"), Some(&Tree::List(list.collect())));
        assert_eq!(tree.get("b"), Some(&Tree::Text("a".into())));
        assert_eq!((tree.get("c"), tree.get("d")), (Some(&Tree::Object(Vec::new())), None));
        let Tree::Object(members) = &tree else { panic!("{tree:?}") };
        assert!(matches!(members[0].1, Tree::Text(Cow::Borrowed("plain"))));
    }

    #[test]
    fn many_members_are_found_as_few_are() {
        let members: Vec<String> = (0..2 * FEW).map(|n| format!(r#""{}":{n}"#, n % 300)).collect();
        let text = format!("{{{}}}", members.join(","));
        let tree: Tree<'_> = serde_json::from_str(&text).unwrap();
        for name in 0..300 {
            let last = if name + 300 < 2 * FEW { name + 300 } else { name };
            assert_eq!(tree.get(&name.to_string()), Some(&Tree::Number(last.into())));
        }
        assert_eq!((tree.get(""), tree.get("x")), (None, None));
    }
}
