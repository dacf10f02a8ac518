//! XML, read element by element and never kept: what formats of test results and of process logs have in common.
//!
//! A DTD is not read, and no entity but XML's own five and character references: neither can make a small text large.
//! Elements nest at most [`DEEPEST`] deep. The first thing that is wrong ends the reading, with its line.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::error::Error;

/// Elements inside elements; suites nest three or four deep in practice, namespaces of NUnit a dozen.
const DEEPEST: usize = 64;

/// What a format makes of its elements.
pub(super) trait Format {
    /// The elements that a document of this format may begin with.
    const ROOTS: &'static [&'static str];
    /// What the format is called.
    const NAME: &'static str;

    /// An element begins; its name is without a prefix.
    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem>;

    /// Text inside the innermost element; a reference splits it.
    fn text(&mut self, _text: &str) {}

    /// The innermost element ends.
    fn close(&mut self);
}

/// Why a document can't be read, and on which line.
pub(super) struct Malformed {
    pub(super) line: u64,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

pub(super) struct Problem {
    code: &'static str,
    reason: String,
}

impl Problem {
    pub(super) fn document(reason: impl Into<String>) -> Problem {
        Problem { code: "document", reason: reason.into() }
    }

    /// The text is XML, but not of the format.
    pub(super) fn other(reason: impl Into<String>) -> Problem {
        let error = Error::invalid("document", reason.into());
        Problem { code: error.code(), reason: error.to_string() }
    }

    pub(super) fn at(self, text: &[u8], position: u64) -> Malformed {
        let before = text.iter().take(usize::try_from(position).unwrap_or(usize::MAX));
        let line = before.filter(|byte| **byte == b'\n').count() as u64 + 1;
        Malformed { line, code: self.code, reason: self.reason }
    }
}

/// Reads a whole document.
pub(super) fn walk<F: Format>(text: &[u8], format: &mut F) -> Result<(), Malformed> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(Malformed {
            line: 1,
            code: "document",
            reason: "the text is UTF-16: save it as UTF-8".into(),
        });
    }
    // The reader would skip it too, but not count it in positions.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = Reader::from_reader(text);
    // Then every element has an end.
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut began) = (0, false);
    loop {
        let event = reader.read_event();
        let position = if event.is_err() { reader.error_position() } else { reader.buffer_position() };
        let step = match event {
            Ok(Event::Eof) => {
                return end(depth, began).map_err(|problem| problem.at(text, text.len() as u64));
            }
            Ok(Event::Start(element)) => check_start::<F>(&element, depth, began).and_then(|()| {
                (depth, began) = (depth + 1, true);
                format.open(&element, element.local_name().as_ref())
            }),
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                format.close();
                Ok(())
            }
            Ok(Event::DocType(_)) => {
                Err(Problem::document("a DTD is not read: it could define entities without end"))
            }
            Ok(Event::GeneralRef(entity)) => resolve(&entity).map(|c| {
                format.text(c.encode_utf8(&mut [0; 4]));
            }),
            Ok(Event::Text(inside)) => characters(format, &inside),
            Ok(Event::CData(inside)) => characters(format, &inside),
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::document(error.to_string())),
        };
        step.map_err(|problem| problem.at(text, position))?;
    }
}

fn end(depth: usize, began: bool) -> Result<(), Problem> {
    match (depth, began) {
        (0, true) => Ok(()),
        (0, false) => Err(Problem::document("there is no element in the text")),
        _ => Err(Problem::document("the text ends inside an element: it was cut off")),
    }
}

fn check_start<F: Format>(element: &BytesStart<'_>, depth: usize, began: bool) -> Result<(), Problem> {
    if depth >= DEEPEST {
        return Err(Problem::document(format!("elements are nested more than {DEEPEST} deep")));
    }
    if depth > 0 {
        return Ok(());
    }
    if began {
        return Err(Problem::document("there is a second document after the end of the first"));
    }
    let local = element.local_name();
    let name = String::from_utf8_lossy(local.as_ref());
    if F::ROOTS.contains(&&*name) {
        return Ok(());
    }
    let roots: Vec<String> = F::ROOTS.iter().map(|root| format!("<{root}>")).collect();
    Err(Problem::other(format!(
        "begins with <{}>, not with {}: this is not {}",
        crate::time::clip(&name),
        roots.join(" or "),
        F::NAME
    )))
}

/// XML allows no control characters but line ends and tabs; one of them says that the text is damaged.
fn characters(format: &mut impl Format, inside: &[u8]) -> Result<(), Problem> {
    if inside.contains(&0) {
        return Err(Problem::document("there is a zero byte in the text"));
    }
    format.text(&String::from_utf8_lossy(inside));
    Ok(())
}

fn resolve(entity: &BytesRef<'_>) -> Result<char, Problem> {
    let known = match entity.resolve_char_ref() {
        Ok(Some(c)) => Some(c),
        Ok(None) => match &**entity {
            b"lt" => Some('<'),
            b"gt" => Some('>'),
            b"amp" => Some('&'),
            b"apos" => Some('\''),
            b"quot" => Some('"'),
            _ => None,
        },
        Err(_) => None,
    };
    known.ok_or_else(|| {
        Problem::document(format!(
            "the entity \"&{};\" is none of XML's own, and no other is read",
            crate::time::clip(&String::from_utf8_lossy(entity))
        ))
    })
}

/// Gives each attribute with its name without a prefix.
pub(super) fn attributes(
    element: &BytesStart<'_>,
    mut take: impl FnMut(&[u8], Cow<'_, str>),
) -> Result<(), Problem> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| Problem::document(error.to_string()))?;
        let raw = String::from_utf8_lossy(&attribute.value);
        let value = unescape(&raw).map_err(|error| Problem::document(error.to_string()))?;
        take(attribute.key.local_name().as_ref(), value);
    }
    Ok(())
}

pub(super) fn count(text: &str) -> u32 {
    text.trim().parse().unwrap_or_default()
}

/// Seconds; a comma is a decimal mark by itself and groups digits beside a point (`1,234.5`).
pub(super) fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = if text.contains('.') { text.replace(',', "") } else { text.replace(',', ".") };
    plain.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// The last part of a path, as an assembly's name for people.
pub(super) fn file_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).trim();
    (!name.is_empty()).then(|| name.to_owned())
}
