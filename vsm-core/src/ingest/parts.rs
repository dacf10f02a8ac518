//! Long texts, cut where a record ends, so that no more of them is held than what is not yet whole.
//!
//! A text is cut only where reading the parts gives exactly what reading the whole would give. So it has to be in a
//! form that shows where a record ends, and its adapter has to read each record for itself:
//!
//! | cut at | adapters |
//! |---|---|
//! | the ends of lines | `events`; `git`, `cdevents`, `github`, `gitlab` in JSON Lines |
//! | the ends of rows, where they end in a line feed | `mapping` of CSV |
//! | nowhere | all others, and a single document of JSON: one that turns out to be cut off must not be half-applied |

use std::mem::take;

use super::mapping::RowFormat;
use super::records::is_object;
use super::{Adapter, IngestOptions, Ingested, Reject, read_part};
use crate::document::{BOM, LONGEST_LINE, lines, overlong};

/// A text, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    /// Absent where it is the whole text.
    pub(super) place: Option<Place<'a>>,
}

/// Where in a text a part of it stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// Of a table: the rows at the top, up to the header; empty where the part has them itself.
    pub(super) header: &'a [u8],
    pub(super) is_last: bool,
}

impl<'a> From<&'a [u8]> for Part<'a> {
    fn from(bytes: &'a [u8]) -> Part<'a> {
        Part { bytes, place: None }
    }
}

/// The form that a text is in.
enum Form {
    /// Nobody knows yet: more of it has to be seen.
    Open,
    Lines,
    Rows(Rows),
    Whole,
}

/// A text that arrives in pieces, on its way through an adapter.
pub(crate) struct Parts<'o> {
    adapter: Adapter,
    options: &'o IngestOptions,
    form: Form,
    /// What has arrived and is not read yet, and the number of its first line.
    held: Vec<u8>,
    line: u64,
    /// How much of it is known to hold no end of a record.
    seen: usize,
    header: Vec<u8>,
    /// A line that is too long to be held.
    long: Option<Long>,
    /// The options are wrong, as was said once.
    is_refused: bool,
}

impl<'o> Parts<'o> {
    pub(crate) fn new(adapter: Adapter, options: &'o IngestOptions) -> Parts<'o> {
        let (held, header) = (Vec::new(), Vec::new());
        Parts {
            adapter,
            options,
            form: Form::Open,
            held,
            line: 1,
            seen: 0,
            header,
            long: None,
            is_refused: false,
        }
    }

    /// Takes the next bytes; gives what is in the records that are whole by now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Ingested {
        if self.is_refused {
            return Ingested::default();
        }
        let mut read = Ingested::default();
        let bytes = match self.long.take() {
            Some(long) => self.skip(long, bytes, &mut read),
            None => bytes,
        };
        self.held.extend_from_slice(bytes);
        if matches!(self.form, Form::Open) {
            self.decide();
        }
        match &mut self.form {
            Form::Open | Form::Whole => {}
            Form::Lines => {
                let new = self.held.get(self.seen..).unwrap_or_default();
                let end = new.iter().rposition(|byte| *byte == b'\n').map(|at| self.seen + at + 1);
                self.cut(end, &mut read);
                if self.held.len() > LONGEST_LINE {
                    self.long = Some(Long::new(&take(&mut self.held)));
                    self.seen = 0;
                }
            }
            Form::Rows(rows) => {
                let new = self.held.get(self.seen..).unwrap_or_default();
                let end = rows.pass(new).map(|at| self.seen + at);
                self.cut(end, &mut read);
            }
        }
        read
    }

    /// The text has come to its end; gives what is in the rest of it.
    pub(crate) fn end(mut self) -> Ingested {
        let mut read = Ingested::default();
        if self.is_refused {
            return read;
        }
        if let Some(long) = self.long.take() {
            self.skip(long, b"\n", &mut read);
        }
        let is_cut = matches!(self.form, Form::Lines | Form::Rows(_));
        let rest = take(&mut self.held);
        self.read(&rest, is_cut, true, &mut read);
        read
    }

    fn decide(&mut self) {
        let by_lines = matches!(self.adapter, Adapter::Events);
        let by_records =
            matches!(self.adapter, Adapter::Git | Adapter::Cdevents | Adapter::Github | Adapter::Gitlab);
        let table = self.options.mapping.as_ref().filter(|_| self.adapter == Adapter::Mapping);
        let table = table.filter(|table| !matches!(table.format, Some(RowFormat::JsonLines)));
        if !by_lines && !by_records && table.is_none() {
            self.form = Form::Whole;
            return;
        }
        // The mark at the beginning is no part of the first line.
        if self.held.len() < 2 * BOM.len() {
            return;
        }
        if by_records {
            let mut found = lines(&self.held);
            let (first, second) = (found.next(), found.next());
            self.form = match (first, second) {
                // As `records::read` tells JSON Lines.
                (Some((_, Ok(first))), Some(_)) if is_object(first) => Form::Lines,
                (Some((_, Ok(_))) | None, None) if self.held.len() <= LONGEST_LINE => return,
                _ => Form::Whole,
            };
        } else if let Some(table) = table {
            let text = self.held.strip_prefix(BOM).unwrap_or(&self.held);
            // UTF-16, or a second mark, which is passed over before a header.
            let is_odd = [&b"\xff\xfe"[..], b"\xfe\xff", BOM].iter().any(|start| text.starts_with(start));
            self.form = match table.delimiter.as_deref().unwrap_or(",").as_bytes() {
                [delimiter] if !is_odd => Form::Rows(Rows::new(*delimiter)),
                _ => Form::Whole,
            };
        } else {
            self.form = Form::Lines;
        }
        if matches!(self.form, Form::Lines | Form::Rows(_)) && self.held.starts_with(BOM) {
            self.held.drain(..BOM.len());
        }
    }

    /// Reads what is held up to there.
    fn cut(&mut self, end: Option<usize>, read: &mut Ingested) {
        let Some(end) = end.filter(|end| *end > 0) else {
            self.seen = self.held.len();
            return;
        };
        let rest = self.held.split_off(end.min(self.held.len()));
        let part = std::mem::replace(&mut self.held, rest);
        self.read(&part, true, false, read);
        self.line += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        if matches!(self.form, Form::Rows(_)) && self.header.is_empty() {
            self.header = Rows::header(part);
        }
        self.seen = self.held.len();
    }

    fn read(&mut self, bytes: &[u8], is_part: bool, is_last: bool, read: &mut Ingested) {
        let place = is_part.then_some(Place { line: self.line, header: &self.header, is_last });
        let part = read_part(self.adapter, Part { bytes, place }, self.options);
        self.is_refused = part.rejects.first().is_some_and(|reject| reject.position == 0);
        read.events.extend(part.events);
        read.rejects.extend(part.rejects);
        for (what, count) in part.ignored {
            *read.ignored.entry(what).or_default() += count;
        }
    }

    /// Passes over the rest of an overlong line; gives what comes after it.
    fn skip<'b>(&mut self, mut long: Long, bytes: &'b [u8], read: &mut Ingested) -> &'b [u8] {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        long.pass(line);
        if end.is_none() {
            self.long = Some(long);
            return rest;
        }
        match long.done() {
            // Nothing but white space made it long, and its end is still to be read.
            Ok(line) => self.held = line,
            Err(length) => {
                let unreadable = overlong(length);
                let code = unreadable.code.into();
                read.rejects.push(Reject {
                    position: self.line,
                    record: None,
                    code,
                    reason: unreadable.reason,
                });
                self.line += 1;
                return rest.get(1..).unwrap_or_default();
            }
        }
        rest
    }
}

/// A line that is longer than any that is read, unless it is white space at its end that makes it so.
#[derive(Default)]
struct Long {
    /// Its beginning without white space before it; nothing once it is known to be too long.
    start: Vec<u8>,
    length: u64,
    /// How much of that is white space at the end.
    blank: u64,
}

impl Long {
    fn new(line: &[u8]) -> Long {
        let mut long = Long::default();
        long.pass(line);
        long
    }

    fn pass(&mut self, bytes: &[u8]) {
        let bytes = if self.length == 0 { bytes.trim_ascii_start() } else { bytes };
        let blank = (bytes.len() - bytes.trim_ascii_end().len()) as u64;
        self.blank = if blank == bytes.len() as u64 { self.blank + blank } else { blank };
        self.length += bytes.len() as u64;
        if self.text() > LONGEST_LINE as u64 {
            self.start = Vec::new();
        } else {
            let room = LONGEST_LINE.saturating_sub(self.start.len()).min(bytes.len());
            self.start.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
    }

    /// How long it is without the white space around it.
    fn text(&self) -> u64 {
        self.length - self.blank
    }

    /// The line, or how long it is.
    fn done(mut self) -> Result<Vec<u8>, u64> {
        let length = self.text();
        if length > LONGEST_LINE as u64 {
            return Err(length);
        }
        self.start.truncate(length as usize);
        Ok(self.start)
    }
}

/// Follows the rows of CSV as the reader of tables does: a quote opens a cell only at its beginning.
struct Rows {
    delimiter: u8,
    at: At,
    /// Whether the last byte was a line feed that ended a row.
    is_end: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Row,
    Cell,
    Plain,
    Quoted,
    Quote,
}

impl Rows {
    fn new(delimiter: u8) -> Rows {
        Rows { delimiter, at: At::Row, is_end: false }
    }

    /// Where the last row begins in these bytes that comes after a line feed. There is never a cut at the end of the
    /// text: the last row is looked at more closely. Nor is there one before what a reader would take for the mark
    /// at the beginning of a text.
    fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut end = None;
        for (at, byte) in bytes.iter().enumerate() {
            if self.is_end && Some(byte) != BOM.first() {
                end = Some(at);
            }
            self.at = match (self.at, *byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) => At::Quoted,
                (At::Quote, b'"') => At::Quoted,
                (_, b'\n' | b'\r') => At::Row,
                (_, byte) if byte == self.delimiter => At::Cell,
                (At::Row | At::Cell, b'"') => At::Quoted,
                _ => At::Plain,
            };
            self.is_end = self.at == At::Row && *byte == b'\n';
        }
        end
    }

    /// The beginning of a table with its header, if that is in it.
    fn header(mut part: Vec<u8>) -> Vec<u8> {
        if part.iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
            part.clear();
        }
        part
    }
}
