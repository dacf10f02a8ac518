//! How the records of a JSON text are packed: the beginning of the text says it.
//!
//! | packing | told by |
//! |---|---|
//! | a record or list a line | the first of several lines is whole by itself; or the text is malformed, and another line is whole; after a line that begins with `[` and is no beginning of a list that is the next one |
//! | a list | it begins with `[`, all else being equal; several lists may follow each other |
//! | one object | all else |
//!
//! So much of a text is looked at as the longest line may have. An object that goes on beyond that is no record, but it
//! may hold a page of them.

use serde::de::IgnoredAny;

use crate::document::{BOM, lines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Lines,
    Lists,
    Object,
    LongObject,
}

/// How a text is packed of which this is the beginning or all; nothing where more of it has to be seen.
pub(super) fn packing(text: &[u8], longest: usize, is_all: bool) -> Option<Packing> {
    let is_long = text.len() > longest;
    let is_all = is_all && !is_long;
    let head = text.get(..longest).filter(|_| is_long).unwrap_or(text);
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let mut found = lines(head, longest);
    let (first, second) = (found.next(), found.next());
    let more = second.is_some();
    if !(more || is_all || is_long) {
        return None;
    }
    let first = first.and_then(|(_, line)| line.ok());
    if more && first.is_some_and(is_object) {
        return Some(Packing::Lines);
    }
    let start = head.trim_ascii_start().first();
    if start == Some(&b'[') {
        // What a tool says before its output may begin so: `[INFO] fetching`.
        let is_broken = |line| serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| !error.is_eof());
        if !first.is_some_and(is_broken) {
            return Some(Packing::Lists);
        }
        let is_over = is_all || is_long || found.next().is_some() || head.ends_with(b"\n");
        let is_whole = second.is_some_and(|(_, line)| line.is_ok_and(is_object));
        return is_over.then_some(if is_whole { Packing::Lines } else { Packing::Lists });
    }
    if !more && is_all {
        return Some(Packing::Object);
    }
    let is_broken = match serde_json::from_slice::<IgnoredAny>(head) {
        Ok(_) => false,
        Err(error) => is_all || !error.is_eof(),
    };
    // A line that is whole by itself says that it was the first one that was cut off. The last one may go on.
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| !is_all).unwrap_or(head.len());
    if is_broken
        && lines(head.get(..end).unwrap_or_default(), longest).any(|(_, line)| line.is_ok_and(is_object))
    {
        return Some(Packing::Lines);
    }
    match start {
        _ if is_all => Some(Packing::Object),
        _ if !is_long => None,
        Some(b'{') => Some(Packing::LongObject),
        _ => Some(Packing::Lines),
    }
}

/// Whether a text is an object, or a list of them, by itself.
pub(super) fn is_object(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'{' | b'[')) && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 100;

    #[test]
    fn the_beginning_says_how_a_text_is_packed() {
        use Packing::{Lines, Lists, LongObject, Object};
        let wide = format!("{{\n\"a\":\"{}\"", "x".repeat(LONGEST));
        let table: [(&str, Option<Packing>, Packing); 18] = [
            ("[INFO] x\n{}\n{}", Some(Lines), Lines),
            ("[INFO] x\n{}", None, Lines),
            ("[x]\n{},\n{}\n", Some(Lists), Lists),
            ("[INFO] x", None, Lists),
            ("", None, Object),
            ("{}", None, Object),
            ("\u{feff}{}\n \n", None, Object),
            ("{}\n{", Some(Lines), Lines),
            ("[{}]\n7", Some(Lines), Lines),
            ("[{}]", None, Lists),
            ("[\n{}", Some(Lists), Lists),
            ("{\n\"a\":[\n{}\n]}", None, Object),
            ("{\"a\n{}\n", Some(Lines), Lines),
            ("{\"a\n{}", None, Lines),
            ("{\n\"a\":\n{}\n", None, Lines),
            ("nonsense\nmore", None, Object),
            (&wide, Some(LongObject), LongObject),
            (&wide[1..], Some(Lines), Lines),
        ];
        for (text, so_far, whole) in table {
            let shown = &text[..text.len().min(20)];
            assert_eq!(packing(text.as_bytes(), LONGEST, false), so_far, "{shown:?}");
            assert_eq!(packing(text.as_bytes(), LONGEST, true), Some(whole), "{shown:?}");
        }
    }

    #[test]
    fn what_follows_does_not_change_what_was_decided() {
        for text in [
            "{}\n{",
            "[{}]\n[\n",
            "[\n{}\n]",
            "{\"a\n{}\n{\n",
            "{\n{}\n}\n",
            "x\n{}\ny",
            "{\"a\":\n{}\n}",
            "[x]\n{}\n[\n",
        ] {
            let whole = packing(text.as_bytes(), LONGEST, true);
            for end in 0..text.len() {
                let so_far = packing(&text.as_bytes()[..end], LONGEST, false);
                assert!(so_far.is_none() || so_far == whole, "{text:?} {end} {so_far:?} {whole:?}");
            }
        }
    }
}
