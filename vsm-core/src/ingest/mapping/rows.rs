//! Rows of CSV and records of JSON, as the cells of the columns that are asked for.

use std::borrow::Cow;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

use super::super::cuts::Rows;
use super::super::parts::Part;
use super::super::{Ingested, Reject, records};
use super::pattern::Columns;
use crate::document::BOM;
use crate::error::{Error, Result};
use crate::time::clip;

/// A cell: trimmed text; what a list of JSON holds is known one by one as well.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell<'r> {
    pub(super) text: Cow<'r, str>,
    pub(super) list: Option<Vec<String>>,
}

impl Cell<'_> {
    /// A cell that holds several texts.
    pub(super) fn of(texts: impl Iterator<Item = String>) -> Cell<'static> {
        let list: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        Cell { text: list.join(", ").into(), list: Some(list) }
    }
}

/// The cells of a row in the order of [`Columns`].
#[derive(Debug)]
pub(super) struct Row<'r> {
    pub(super) cells: Vec<Cell<'r>>,
    pub(super) blank: bool,
}

impl Row<'_> {
    /// A row for patterns that name no column.
    pub(super) fn none() -> Row<'static> {
        Row { cells: Vec::new(), blank: true }
    }

    /// Whether it has nothing in it, in whatever column.
    pub(super) fn is_blank(&self) -> bool {
        self.blank
    }

    pub(super) fn text(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| &cell.text)
    }

    /// The values of a cell that holds several.
    pub(super) fn elements(&self, column: usize, separator: Option<&str>) -> Vec<&str> {
        let Some(cell) = self.cells.get(column) else { return Vec::new() };
        let parts: Vec<&str> = match (&cell.list, separator) {
            (Some(list), _) => list.iter().map(String::as_str).collect(),
            (None, Some(separator)) => cell.text.split(separator).collect(),
            (None, None) => vec![&*cell.text],
        };
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
    }
}

/// What becomes of each row.
pub(super) type Take<'t> = &'t mut dyn FnMut(&mut Ingested, u64, std::result::Result<Row<'_>, Reject>);

pub(super) fn reject(position: u64, reason: impl Into<String>) -> Reject {
    Reject { position, record: None, code: "document".into(), reason: reason.into() }
}

/// How many line feeds the reader passes over before a row, such as the second half of "\r\n", and how long the row is
/// without its line end.
fn extent(text: &[u8], start: u64, end: u64) -> (u64, u64) {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let passed = text.iter().skip(place(start)).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let (feeds, passed) =
        passed.fold((0, 0), |(feeds, all), byte| (feeds + u64::from(*byte == b'\n'), all + 1));
    let last = end.checked_sub(1).and_then(|at| text.get(place(at)));
    let closed = u64::from(last.is_some_and(|byte| matches!(byte, b'\r' | b'\n')));
    (feeds, end.saturating_sub(start + passed + closed))
}

/// Whether a quote of a row is still open at its end. In CSV it takes everything up to the end of the text.
fn is_quoted(text: &[u8], delimiter: u8, start: u64, end: u64) -> bool {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let mut rows = Rows::new(delimiter);
    rows.pass(text.get(place(start)..place(end)).unwrap_or_default());
    rows.is_quoted()
}

fn ends_line(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'\r' | b'\n'))
}

/// What is said of a row that is too long to be read.
pub(in crate::ingest) fn long_row(position: u64, longest: usize) -> Reject {
    reject(position, format!("the row is more than {longest} bytes long: a quote in it may not be closed"))
}

/// False where nothing of the table can be read: its header is too long.
///
/// # Errors
/// The header is missing, or lacks a column.
pub(super) fn csv(
    part: Part<'_>,
    delimiter: u8,
    columns: &Columns,
    ingested: &mut Ingested,
    take: Take<'_>,
) -> Result<bool> {
    let (header, first, is_last) = match part.place {
        None => (&b""[..], 1, true),
        Some(place) => (place.header, place.line, place.is_last),
    };
    // A row may begin like the mark of a text, which the reader would pass over at the beginning.
    let marked = Some(part.bytes).filter(|bytes| part.place.is_some() && bytes.starts_with(BOM));
    let marked = marked.map(|bytes| [b"\n", bytes].concat());
    let added = u64::from(marked.is_some());
    let text = match (&marked, part.place) {
        (Some(text), _) => text.as_slice(),
        (None, Some(_)) => part.bytes,
        (None, None) => part.bytes.strip_prefix(BOM).unwrap_or(part.bytes),
    };
    if part.place.is_none() && (text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff")) {
        ingested.rejects.push(reject(1, "the text is UTF-16: save it as UTF-8"));
        return Ok(true);
    }
    let open =
        |text| ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let mut reader = open(text);
    let mut record = ByteRecord::new();
    let mut top = open(header);
    let has_header = match header.is_empty() {
        true => reader.read_byte_record(&mut record),
        false => top.read_byte_record(&mut record),
    };
    if !matches!(has_header, Ok(true)) {
        // Of a table that is cut somewhere only the end can tell that there is no header.
        if is_last {
            ingested.rejects.push(reject(1, "the text is empty: it holds no header"));
        }
        return Ok(true);
    }
    let header_end = top.position().byte().max(reader.position().byte());
    let head = if header.is_empty() { text } else { header };
    let (_, length) = extent(head, 0, header_end);
    let is_open = is_last && header_end >= head.len() as u64 && is_quoted(head, delimiter, 0, header_end);
    if length + u64::from(is_open && ends_line(head)) > part.longest as u64 {
        ingested.rejects.push(long_row(1, part.longest));
        return Ok(false);
    }
    let width = record.len();
    let places = places(&record, columns)?;
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let (line, start) = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
        let end = reader.position().byte();
        let (ends, length) = extent(text, start, end);
        let position = (first + line + ends).saturating_sub(1 + added);
        let is_cut_off = is_last && end >= text.len() as u64 && is_quoted(text, delimiter, start, end);
        // What looks like its line end stands within the quotes then.
        let length = length + u64::from(is_cut_off && ends_line(text));
        let row = if length > part.longest as u64 {
            Err(long_row(position, part.longest))
        } else if is_cut_off {
            Err(reject(
                position,
                "a quote is not closed: the text was cut off, or a quote inside is not doubled",
            ))
        } else if record.len() != width {
            let cells = record.len();
            Err(reject(position, format!("the row has {cells} cells and the header {width}")))
        } else {
            row_of(&record, &places).ok_or_else(|| {
                reject(position, "the row is not UTF-8: save the table as \"CSV UTF-8\" or convert it")
            })
        };
        take(ingested, position, row);
    }
    Ok(true)
}

/// Where the columns stand in the header.
fn places(header: &ByteRecord, columns: &Columns) -> Result<Vec<usize>> {
    let names: Vec<String> =
        header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    columns.0.iter().map(|column| place("header", &names, column)).collect()
}

/// Where a column stands among the names that something has.
pub(super) fn place(what: &str, names: &[String], column: &str) -> Result<usize> {
    let mut places = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
    let reason = match (places.next(), places.next()) {
        (Some(place), None) => return Ok(place),
        (None, _) => {
            let has = names.join("\", \"");
            format!("the {what} has no column \"{}\", only \"{}\"", clip(column), clip(&has))
        }
        (Some(_), Some(_)) => format!("the {what} has the column \"{}\" twice", clip(column)),
    };
    Err(Error::invalid("mapping", reason))
}

fn row_of<'r>(record: &'r ByteRecord, places: &[usize]) -> Option<Row<'r>> {
    let cell = |place: &usize| {
        let text = std::str::from_utf8(record.get(*place).unwrap_or_default()).ok()?;
        Some(Cell { text: text.trim().into(), list: None })
    };
    let cells = places.iter().map(cell).collect::<Option<Vec<_>>>()?;
    Some(Row { cells, blank: record.iter().all(|cell| cell.trim_ascii().is_empty()) })
}

/// Which columns any record of JSON had, and how many records there were.
pub(super) struct Found {
    seen: Vec<bool>,
    rows: u64,
}

impl Found {
    pub(super) fn new(columns: &Columns) -> Found {
        Found { seen: vec![false; columns.0.len()], rows: 0 }
    }

    pub(super) fn count_missing(&self, columns: &Columns, ingested: &mut Ingested) {
        let missing = columns.0.iter().zip(&self.seen).filter(|(_, seen)| self.rows > 0 && !**seen);
        for (name, _) in missing {
            let what = format!("column that no record has: {}", super::super::id_part(name));
            ingested.ignored.insert(what, self.rows);
        }
    }
}

pub(super) fn json(
    part: Part<'_>,
    columns: &Columns,
    found: &mut Found,
    ingested: &mut Ingested,
    take: Take<'_>,
) {
    for (position, record) in records::read::<Map<String, Value>>(part) {
        let row = record.map(|record| {
            found.rows += 1;
            let find = |(name, seen): (&String, &mut bool)| {
                let found = find(&record, name);
                *seen |= found.is_some();
                found.map_or_else(Cell::default, cell)
            };
            let cells = columns.0.iter().zip(&mut found.seen).map(find).collect();
            Row { cells, blank: record.is_empty() }
        });
        take(ingested, position, row);
    }
}

/// The value under a key, else at the end of a path of keys with dots between them.
fn find<'r>(record: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    if let Some(value) = record.get(name) {
        return Some(value);
    }
    let mut keys = name.split('.');
    let mut value = record.get(keys.next()?)?;
    for key in keys {
        value = value.get(key)?;
    }
    Some(value)
}

fn cell(value: &Value) -> Cell<'static> {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    match value {
        Value::Array(list) if list.iter().all(|element| !element.is_object() && !element.is_array()) => {
            Cell::of(list.iter().map(plain))
        }
        other => Cell { text: plain(other).into(), list: None },
    }
}
