//! Finds where the records of a list end, in JSON that arrives in pieces, without reading them.
//!
//! Depth and strings are all that it knows: what stands between two commas is for others to read. So a record that is
//! malformed costs itself, as long as its brackets and quotes are in order. Commas with nothing between them are one
//! record that is blank, however many they are.

use std::ops::Range;

use memchr::memchr2;

/// Enough of a key to tell the one of a page.
const LONGEST_KEY: usize = 40;

/// Which objects are pages: they hold a list of records under one of these keys.
#[derive(Clone, Copy, Default)]
pub(super) struct Pages {
    pub(super) keys: &'static [&'static str],
    /// An object that has a text or number under this key is a record itself, and what it holds is a part of it.
    pub(super) own: Option<&'static str>,
}

fn is_one_of(keys: &[&str], key: Option<&[u8]>) -> bool {
    keys.iter().any(|known| Some(known.as_bytes()) == key)
}

/// One or several lists after another, or an object that holds a page: a list of records under one of its keys.
#[derive(Default)]
pub(super) struct Elements {
    /// None for lists.
    pages: Option<Pages>,
    /// The longest record, in bytes.
    longest: usize,
    depth: usize,
    /// The depth at which commas part records; absent outside a list of them.
    level: Option<usize>,
    is_quoted: bool,
    is_escaped: bool,
    /// Where the record begins that is not over yet, and how much of it was dropped, being too long.
    start: Option<usize>,
    dropped: u64,
    after_comma: bool,
    /// Whether the last record was blank.
    is_blank: bool,
    /// The last text of the object itself.
    key: Vec<u8>,
    /// Whether a value of the object follows; whether the text that is open makes it a record unless that is empty; and
    /// whether it is one.
    is_value: bool,
    may_be_own: bool,
    is_own: bool,
    /// The object without what is in its page, and how long that is; how long it is with it.
    rest: Vec<u8>,
    rest_length: u64,
    length: u64,
}

/// A record in the text, blank where there is nothing between two commas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) range: Range<usize>,
    /// All its bytes, with those that were dropped.
    pub(super) length: u64,
}

impl Elements {
    pub(super) fn of_lists(longest: usize) -> Elements {
        Elements { longest, ..Elements::default() }
    }

    pub(super) fn of_object(pages: Pages, longest: usize) -> Elements {
        Elements { pages: Some(pages), longest, ..Elements::default() }
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Follows the text from there on; gives the place from which on it is something else.
    pub(super) fn pass(&mut self, text: &[u8], from: usize, found: &mut Vec<Element>) -> Option<usize> {
        let mut at = from;
        while let Some(byte) = text.get(at).copied() {
            if self.is_quoted {
                let ahead = text.get(at..).unwrap_or_default();
                self.is_own |= std::mem::take(&mut self.may_be_own) && byte != b'"';
                let length = self.quoted(ahead);
                let string = ahead.get(..length).unwrap_or_default();
                if self.depth == 1 && self.key.len() < LONGEST_KEY {
                    self.key.extend_from_slice(string.get(..LONGEST_KEY).unwrap_or(string));
                }
                self.outside(string);
                at += length;
                continue;
            }
            let is_between = self.level == Some(self.depth);
            let is_value = match byte {
                b' ' | b'\n' | b'\r' | b'\t' => self.is_value,
                byte => std::mem::replace(&mut self.is_value, byte == b':' && self.depth == 1),
            };
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => {
                    at += 1;
                    continue;
                }
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b'[' if self.depth == 0 && self.pages.is_none() => self.open(1),
                b'{' if self.depth == 0 && self.pages.is_some() && self.rest.is_empty() => self.depth = 1,
                _ if self.depth == 0 => return Some(at),
                b'[' if self.is_page() => {
                    self.outside(b"[");
                    self.open(2);
                    at += 1;
                    continue;
                }
                b',' if is_between => {
                    self.finish(at, found);
                    self.after_comma = true;
                }
                b']' if is_between => {
                    if self.start.is_some() || self.after_comma {
                        self.finish(at, found);
                    }
                    self.level = None;
                    self.depth -= 1;
                }
                // A list that is closed like an object.
                b'}' if is_between => return Some(at),
                b'{' | b'[' => {
                    self.begin(at);
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.outside(&[byte]);
                        return Some(at + 1);
                    }
                }
                b'"' => {
                    self.begin(at);
                    self.is_quoted = true;
                    if self.depth == 1 {
                        self.may_be_own = is_value && self.names_own();
                        self.key.clear();
                    }
                }
                _ => {
                    // A number or truth value is as good as a text; nothing is not.
                    self.is_own |= is_value && byte != b'n' && self.names_own();
                    self.begin(at);
                }
            }
            self.outside(&[byte]);
            at += 1;
        }
        None
    }

    /// How much of this is in the string that is open.
    fn quoted(&mut self, text: &[u8]) -> usize {
        if self.is_escaped {
            self.is_escaped = false;
            return 1;
        }
        let Some(at) = memchr2(b'"', b'\\', text) else { return text.len() };
        match text.get(at) {
            Some(b'"') => self.is_quoted = false,
            _ => self.is_escaped = true,
        }
        at + 1
    }

    fn open(&mut self, depth: usize) {
        self.depth = depth;
        self.level = Some(depth);
        self.after_comma = false;
        self.is_blank = false;
    }

    /// Whether the value that begins here makes the object a record.
    fn names_own(&self) -> bool {
        let own = self.pages.and_then(|pages| pages.own);
        own.is_some_and(|own| is_one_of(&[own], self.key.strip_suffix(b"\"")))
    }

    /// Whether what opens here is a page.
    fn is_page(&self) -> bool {
        let key = self.key.strip_suffix(b"\"");
        self.depth == 1 && !self.is_own && self.pages.is_some_and(|pages| is_one_of(pages.keys, key))
    }

    fn begin(&mut self, at: usize) {
        if self.level.is_some() && self.start.is_none() {
            self.start = Some(at);
        }
    }

    fn finish(&mut self, at: usize, found: &mut Vec<Element>) {
        let was_blank = std::mem::replace(&mut self.is_blank, self.start.is_none());
        let range = self.start.take().unwrap_or(at)..at;
        let length = range.len() as u64 + std::mem::take(&mut self.dropped);
        if !(was_blank && self.is_blank) {
            found.push(Element { range, length });
        }
    }

    /// Keeps what is outside a page: the rest of the object.
    fn outside(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.pages.is_none() || self.level.is_some() {
            return;
        }
        self.rest_length += bytes.len() as u64;
        if self.rest_length <= self.longest as u64 {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// Where the record begins that is not over yet.
    pub(super) fn pending(&self) -> Option<usize> {
        self.start
    }

    /// How long that record is by now, if so much of the text was passed.
    pub(super) fn pending_length(&self, end: usize) -> u64 {
        self.start.map_or(0, |start| end.saturating_sub(start) as u64) + self.dropped
    }

    /// The text will be given without so much at its beginning; what of it belonged to a record is dropped.
    pub(super) fn forget(&mut self, bytes: usize) {
        if let Some(start) = &mut self.start {
            self.dropped += bytes.saturating_sub(*start) as u64;
            *start = start.saturating_sub(bytes);
        }
    }

    /// Whether a list or object is still open.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// An object without what was in its page, or how long that is. Of a record that has lost a part of itself to a page,
    /// before it was known to be one, nothing is read.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, u64> {
        if self.is_own && self.length > self.rest_length {
            return Err(self.length);
        }
        if self.rest_length > self.longest as u64 {
            return Err(self.rest_length);
        }
        Ok(std::mem::take(&mut self.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 1_000;

    /// The records of a text that comes in pieces of this length, and what is left of it.
    fn find(elements: &mut Elements, text: &str, piece: usize) -> (Vec<String>, String) {
        let (mut found, mut passed) = (Vec::new(), 0);
        let mut goes_on = None;
        for end in (0..text.len()).step_by(piece).map(|start| (start + piece).min(text.len())) {
            goes_on = elements.pass(&text.as_bytes()[..end], passed, &mut found);
            passed = end;
            if goes_on.is_some() {
                break;
            }
        }
        let texts = found.into_iter().map(|element| text[element.range].to_owned()).collect();
        (texts, goes_on.map_or("", |at| &text[at..]).to_owned())
    }

    #[test]
    fn records_end_where_a_comma_or_the_list_does() {
        let table: [(&str, &[&str], &str); 10] = [
            ("[, ,,1,,]", &["", "1", ""], ""),
            ("[]", &[], ""),
            (r#" [ {"a":[1,{"b":2}]} , 7,"x,]\"," ] "#, &[r#"{"a":[1,{"b":2}]} "#, "7", r#""x,]\",""#], ""),
            ("[1,]", &["1", ""], ""),
            ("[,1]", &["", "1"], ""),
            ("[{}]\n[{},\n{}]", &["{}", "{}", "{}"], ""),
            ("[1] x", &["1"], "x"),
            ("[1}", &[], "}"),
            ("[1,2", &["1"], ""),
            ("[\"\\\\\",2]", &["\"\\\\\"", "2"], ""),
        ];
        for (text, expected, left) in table {
            for piece in [1, 2, 100] {
                let (found, goes_on) = find(&mut Elements::of_lists(LONGEST), text, piece);
                let found: Vec<&str> = found.iter().map(|text| text.trim_end()).collect();
                let expected: Vec<&str> = expected.iter().map(|text| text.trim_end()).collect();
                assert_eq!((found, &*goes_on), (expected, left), "{text}");
            }
        }
    }

    #[test]
    fn a_page_is_found_by_its_key() {
        let text =
            r#"{"total":2,"x":["items",[1]],"items":[{"items":[3]},{"b":2}],"names":{"items":[5]}} more"#;
        for piece in [1, 3, 100] {
            let mut elements = Elements::of_object(Pages { keys: &["items"], own: None }, LONGEST);
            let (found, goes_on) = find(&mut elements, text, piece);
            assert_eq!((found, &*goes_on), (vec![r#"{"items":[3]}"#.into(), r#"{"b":2}"#.into()], " more"));
            let rest = r#"{"total":2,"x":["items",[1]],"items":[],"names":{"items":[5]}}"#;
            assert_eq!(elements.rest(), Ok(rest.as_bytes().to_vec()));
            assert!(!elements.is_open());
        }
    }

    #[test]
    fn an_object_with_a_text_of_its_own_is_no_page() {
        let pages = Pages { keys: &["items"], own: Some("id") };
        let table = [
            (r#"{"x":"id","id" : "7","items":[1,2]}"#, 0, Ok(())),
            (r#"{"id":7,"items":[1,2]}"#, 0, Ok(())),
            (r#"{"id":null,"x":{"id":"7"},"items":[1,2]}"#, 2, Ok(())),
            (r#"{"id":"","items":[1,2]}"#, 2, Ok(())),
            (r#"{"id":["7"],"x":["id","7"],"items":[1,2]}"#, 2, Ok(())),
            (r#"{"items":[1,2],"id":"7"}"#, 2, Err(24)),
        ];
        for (text, count, expected) in table {
            for piece in [1, 3, 100] {
                let mut elements = Elements::of_object(pages, LONGEST);
                assert_eq!(find(&mut elements, text, piece).0.len(), count, "{text}");
                let rest = elements.rest();
                assert_eq!(rest.clone().map(drop), expected, "{text}");
                assert!(count > 0 || rest == Ok(text.as_bytes().to_vec()), "{text}");
            }
        }
    }
}
