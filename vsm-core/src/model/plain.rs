//! Plain JSON: events as nearly everybody writes them, this engine first. Read like this they cost a third of what a general
//! reader takes; whatever is not plain, wrong or merely unusual, is for that one to read or to refuse.
//!
//! A text is plain where it holds neither a backslash nor a control character, so that every quotation mark begins or ends a
//! string and every string stands as it is meant.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::kinds::{
    Booking, Boundary, Decision, Dependency, FlowState, Kind, LinkKind, Outcome, ReleaseState, Severity,
};
use crate::time::{Instant, Span};

/// A plain text, and how far it has been read. Everything gives `None` where the general reader has to be asked.
pub(super) struct Plain<'a> {
    text: &'a str,
    at: usize,
}

/// What can be read of a plain text.
pub(super) trait FromPlain<'a>: Sized {
    /// The value that begins here.
    fn take(from: &mut Plain<'a>) -> Option<Self>;
}

/// The value that a whole text is.
pub(super) fn read<'a, T: FromPlain<'a>>(text: &'a str) -> Option<T> {
    // Without a branch, so that many bytes are looked at together.
    let is_plain = !text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'\\'));
    let mut plain = Plain { text, at: 0 };
    let value = is_plain.then(|| T::take(&mut plain))??;
    (plain.at == text.len()).then_some(value)
}

impl<'a> Plain<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Whether this byte comes next, after any spaces; then it is passed.
    fn pass(&mut self, byte: u8) -> bool {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn string(&mut self) -> Option<&'a str> {
        self.pass(b'"').then_some(())?;
        let rest = self.text.get(self.at..)?;
        let (string, _) = rest.split_at_checked(quote(rest.as_bytes())?)?;
        self.at += string.len() + 1;
        Some(string)
    }

    /// A number or truth value, as the general reader takes it.
    fn scalar<T: DeserializeOwned>(&mut self) -> Option<T> {
        let rest = self.text.get(self.at..)?.trim_start_matches(' ');
        let (scalar, after) = rest.split_at_checked(rest.find([',', '}', ']'])?)?;
        self.at = self.text.len() - after.len();
        serde_json::from_str(scalar).ok()
    }

    /// Gives each member of an object to `each`, which has to take its value.
    pub(super) fn members(
        &mut self,
        mut each: impl FnMut(&mut Plain<'a>, &'a str) -> Option<()>,
    ) -> Option<()> {
        self.parts(b'{', b'}', |plain| {
            let name = plain.string()?;
            plain.pass(b':').then_some(())?;
            each(plain, name)
        })
    }

    fn parts(
        &mut self,
        first: u8,
        last: u8,
        mut each: impl FnMut(&mut Plain<'a>) -> Option<()>,
    ) -> Option<()> {
        self.pass(first).then_some(())?;
        if self.pass(last) {
            return Some(());
        }
        loop {
            each(self)?;
            if !self.pass(b',') {
                return self.pass(last).then_some(());
            }
        }
    }
}

/// Where the first quotation mark is. Most strings are a few words long, which eight bytes at a time find sooner than a
/// search for long texts would begin.
fn quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        // The lowest byte that is zero has its highest bit set (Warren, "Hacker's Delight", 6-1).
        let other = u64::from_le_bytes(*chunk) ^ (ONES * b'"' as u64);
        let zeros = other.wrapping_sub(ONES) & !other & (ONES << 7);
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += chunk.len();
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| *byte == b'"').map(|found| at + found)
}

/// Reads the value of a member that may come once.
pub(super) fn take_once<'a, T: FromPlain<'a>>(slot: &mut Option<T>, from: &mut Plain<'a>) -> Option<()> {
    let value = T::take(from)?;
    slot.replace(value).is_none().then_some(())
}

impl<'a, T: FromPlain<'a>> FromPlain<'a> for Option<T> {
    fn take(from: &mut Plain<'a>) -> Option<Option<T>> {
        T::take(from).map(Some)
    }
}

impl<'a, T: FromPlain<'a>> FromPlain<'a> for Vec<T> {
    fn take(from: &mut Plain<'a>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        from.parts(b'[', b']', |from| {
            list.push(T::take(from)?);
            Some(())
        })?;
        Some(list)
    }
}

impl<'a> FromPlain<'a> for BTreeMap<String, String> {
    fn take(from: &mut Plain<'a>) -> Option<BTreeMap<String, String>> {
        let mut map = BTreeMap::new();
        from.members(|from, name| {
            map.insert(name.to_owned(), from.string()?.to_owned());
            Some(())
        })?;
        Some(map)
    }
}

impl FromPlain<'_> for Box<str> {
    fn take(from: &mut Plain<'_>) -> Option<Box<str>> {
        from.string().map(Into::into)
    }
}

impl FromPlain<'_> for Instant {
    fn take(from: &mut Plain<'_>) -> Option<Instant> {
        from.string()?.parse().ok()
    }
}

macro_rules! words {
    ($($word:ty)+) => {
        $(impl FromPlain<'_> for $word {
            fn take(from: &mut Plain<'_>) -> Option<$word> {
                <$word>::from_word(from.string()?)
            }
        })+
    };
}

words! { Booking Boundary Decision Dependency FlowState Kind LinkKind Outcome ReleaseState Severity }

macro_rules! scalars {
    ($($scalar:ty)+) => {
        $(impl FromPlain<'_> for $scalar {
            fn take(from: &mut Plain<'_>) -> Option<$scalar> {
                from.scalar()
            }
        })+
    };
}

scalars! { bool f64 u32 Span }

#[cfg(test)]
mod tests {
    use super::super::Statement;
    use super::*;
    use crate::model::Event;

    const PLAIN: [&str; 4] = [
        r#"{"source":"s","id":"1","occurred_at":"2026-03-02T09:00:00.000Z","item":"s:é"}"#,
        r#"{ "source" : "s", "id": "1", "occurred_at": "2026-03-02T09:00:00+01:00", "item": "s:1", "links": [], "set": {} }"#,
        r#"{"source":"s","id":"1","occurred_at":"2026-03-02T09:00:00Z","recorded_at":"2026-03-03T09:00:00Z","item":"s:1","aliases":["s:2","s:3"],"kind":"story","set":{"title":"a, {b}: [c]","state":"active","due_at":"2026-04-01T00:00:00Z","estimate":3600000,"value":-1.5e3,"capacity":2,"shared":true,"attributes":{"team":"x"}},"clear":["status"]}"#,
        r#"{"source":"s","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"s:1","links":[{"kind":"depends_on","to":"s:2","dependency":"finish_to_start","lag":-60000},{"kind":"built_from","to":"s:3","rule":"sha","confidence":0.9}],"unlinks":[{"kind":"parent","to":"s:4"}]}"#,
    ];

    fn event(line: &str) -> Option<Event> {
        read(line).map(Statement::into_event)
    }

    #[test]
    fn what_is_plain_is_read_as_the_general_reader_reads_it() {
        for line in PLAIN {
            assert_eq!(event(line), Some(serde_json::from_str(line).unwrap()), "{line}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_general_reader() {
        let with = |more: &str| PLAIN[0].replace('}', &format!(",{more}}}"));
        let lines = [
            with(r#""set":{"title":"a\"b"}"#),
            with("\"set\":{\"title\":\"a\tb\"}"),
            with(r#""kind":null"#),
            with(r#""kind":"novel""#),
            with(r#""item":"s:2""#),
            with(r#""colour":"red""#),
            with(r#""set":{"title":"a","title":"b"}"#),
            with(r#""set":{"tests":{"tests":1,"passed":1}}"#),
            with(r#""set":{"capacity":1.5}"#),
            with(r#""links":[{"to":"s:2"}]"#),
            with(r#""links":[],"#),
            PLAIN[0].replace(r#""id":"1","#, ""),
            format!("{} x", PLAIN[0]),
            "7".into(),
            String::new(),
        ];
        for line in lines {
            assert_eq!(event(&line), None, "{line}");
        }
    }

    /// Wherever a line is damaged, both readers agree on what it says, or the general one decides.
    #[test]
    fn nothing_is_read_that_the_general_reader_would_refuse_or_read_otherwise() {
        let mut read_both = 0;
        for line in PLAIN {
            for (at, old) in line.char_indices() {
                let rest = line.get(at + old.len_utf8()..).unwrap();
                let damaged = [
                    "", "\"", "\\", ",", ":", "{", "}", "[", "]", " ", "0", "-", "e", "\u{1}", "\u{7f}", "é",
                ];
                for new in damaged {
                    let line = [&line[..at], new, rest].concat();
                    if let Some(event) = event(&line) {
                        assert_eq!(serde_json::from_str::<Event>(&line).ok(), Some(event), "{line}");
                        read_both += 1;
                    }
                }
            }
        }
        assert!(read_both > 1_000, "{read_both}");
    }
}
