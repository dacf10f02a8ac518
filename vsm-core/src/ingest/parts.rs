//! Long texts, cut where a record ends, so that no more of them is held than what is not yet whole.
//!
//! A text is cut only where reading the parts gives exactly what reading the whole would give. So it has to be in a
//! form that shows where a record ends; what a record says of others, its [`Reader`] keeps.
//!
//! | cut at | texts |
//! |---|---|
//! | the ends of lines | `events`, and JSON Lines of all adapters of JSON but `ocel` |
//! | the ends of records | lists of JSON, and the page in an object that is too long for a record, of the same adapters |
//! | the ends of rows | `mapping` of CSV |
//! | nowhere | XML, `ocel`, `git_tags`, `mapping` of Arrow: what is longer than [`LONGEST_DOCUMENT`] is refused |

use std::mem::take;

use super::cuts::{Long, Rows, line_ends};
use super::elements::{Element, Elements};
use super::mapping::{self, RowFormat};
use super::packing::{Packing, packing};
use super::readers::{Reader, open};
use super::records::{NO_PART, list_trouble, too_long};
use super::{Adapter, IngestOptions, Ingested, Reject};
use crate::document::{BOM, LINE_LIMIT, LONGEST_LINE, overlong};

/// The longest text that is read as a whole where it arrives in pieces, in bytes: 1 GiB.
pub const LONGEST_DOCUMENT: usize = 1 << 30;

/// What was gathered is given on in pieces of so many bytes.
const PIECE: usize = 1 << 20;

/// A text, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    /// Absent where it is the whole text.
    pub(super) place: Option<Place<'a>>,
    /// The longest record, line or row, in bytes.
    pub(super) longest: usize,
}

/// Where in a text a part of it stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The number of its first line, from 1; of a list: of its first record.
    pub(super) line: u64,
    /// Of a list: where its records are.
    pub(super) elements: Option<&'a [Element]>,
    /// Of a table: the rows at the top, up to the header; empty where the part has them itself.
    pub(super) header: &'a [u8],
    pub(super) is_last: bool,
}

impl<'a> From<&'a [u8]> for Part<'a> {
    fn from(bytes: &'a [u8]) -> Part<'a> {
        Part { bytes, place: None, longest: LONGEST_LINE }
    }
}

/// What may be in a text of an adapter.
#[derive(Clone, Copy)]
enum Format {
    Events,
    Records,
    Table(u8),
    Document,
}

/// The form that a text turned out to be in.
enum Form {
    /// Nobody knows yet: more of it has to be seen.
    Open,
    Lines,
    Rows(Rows),
    List(List),
    Whole,
    /// What follows is not read.
    Over,
}

/// Lists, or the page in an object that is too long for a record.
struct List {
    elements: Elements,
    is_page: bool,
    /// The number of its next record.
    number: u64,
}

impl List {
    fn new(elements: Elements, is_page: bool) -> List {
        List { elements, is_page, number: 1 }
    }
}

/// How much is held at most, in bytes. The tests have less patience than users have memory.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Of a record, line or row.
    pub(super) line: usize,
    /// Of a text that is read as a whole.
    pub(super) document: usize,
}

const LIMITS: Limits = Limits { line: LINE_LIMIT, document: LONGEST_DOCUMENT };

/// A text that arrives in pieces, on its way through an adapter.
pub(crate) struct Parts<'o> {
    reader: Box<dyn Reader + 'o>,
    format: Format,
    limits: Limits,
    /// Whether the text comes a second time to be read, and is only learnt from now.
    is_learning: bool,
    /// All of a text that has to come twice and doesn't.
    gathered: Option<Vec<u8>>,
    form: Form,
    /// What has arrived and is not read yet, and the number of its first line.
    held: Vec<u8>,
    line: u64,
    /// How much of it is known to hold no end of a record.
    seen: usize,
    /// How much there was when its form was last looked for.
    tried: usize,
    header: Vec<u8>,
    /// A line that is too long to be held.
    long: Option<Long>,
}

impl<'o> Parts<'o> {
    /// With a text that comes `twice` if need be, which [`is_learning`](Parts::is_learning) says.
    ///
    /// # Errors
    /// The options are wrong, as what is read says.
    pub(crate) fn new(
        adapter: Adapter,
        options: &'o IngestOptions,
        twice: bool,
    ) -> Result<Parts<'o>, Ingested> {
        Parts::within(LIMITS, adapter, options, twice)
    }

    /// The same with other limits.
    pub(super) fn within(
        limits: Limits,
        adapter: Adapter,
        options: &'o IngestOptions,
        twice: bool,
    ) -> Result<Parts<'o>, Ingested> {
        let reader = open(adapter, options).map_err(|error| Ingested::refused(&error))?;
        let is_learning = reader.learns();
        Ok(Parts {
            reader,
            format: format(adapter, options),
            limits,
            is_learning,
            gathered: (is_learning && !twice).then(Vec::new),
            form: Form::Open,
            held: Vec::new(),
            line: 1,
            seen: 0,
            tried: 0,
            header: Vec::new(),
            long: None,
        })
    }

    /// Whether the text is to be given once, up to its end, to be learnt from, and then again to be read.
    pub(crate) fn is_learning(&self) -> bool {
        self.is_learning && self.gathered.is_none()
    }

    /// Whether it makes no difference to read this text as a whole, instead of pushing it.
    pub(crate) fn takes_whole(&self, text: &[u8]) -> bool {
        // An object that is too long for a record may be a page, whose records are found by pushing it.
        !matches!(self.format, Format::Records)
            || text.len() <= self.limits.line
            || packing(text, self.limits.line, true) != Some(Packing::LongObject)
    }

    /// Reads a text as a whole.
    pub(crate) fn whole(&mut self, text: &[u8]) -> Ingested {
        let mut read = self.reader.whole(Part { bytes: text, place: None, longest: self.limits.line });
        read.add(self.reader.end());
        read
    }

    /// Takes the next bytes; gives what is in the records that are whole by now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Ingested {
        let mut read = Ingested::default();
        if matches!(self.form, Form::Over) {
            return read;
        }
        if let Some(gathered) = &mut self.gathered {
            gathered.extend_from_slice(bytes);
            if gathered.len() > self.limits.document {
                self.gathered = Some(Vec::new());
                self.refuse(&mut read);
            }
            return read;
        }
        let bytes = match self.long.take() {
            Some(long) => self.skip(long, bytes, &mut read),
            None => bytes,
        };
        self.held.extend_from_slice(bytes);
        if matches!(self.form, Form::Open) {
            self.decide(false);
        }
        self.advance(&mut read);
        read
    }

    /// The text has come to its end; gives what is in the rest of it.
    pub(crate) fn end(&mut self) -> Ingested {
        let mut read = Ingested::default();
        if let Some(gathered) = self.gathered.take() {
            if matches!(self.form, Form::Over) {
                return read;
            }
            gathered.chunks(PIECE).for_each(|bytes| drop(self.push(bytes)));
            self.end();
            gathered.chunks(PIECE).for_each(|bytes| read.add(self.push(bytes)));
        }
        if let Some(long) = self.long.take() {
            self.end_long(long, &mut read);
        }
        if matches!(self.form, Form::Open) {
            self.decide(true);
            self.advance(&mut read);
        }
        match std::mem::replace(&mut self.form, Form::Open) {
            Form::Over => {}
            Form::List(list) => self.end_list(list, &mut read),
            form => {
                let rest = take(&mut self.held);
                let header = take(&mut self.header);
                let place = Place { line: self.line, elements: None, header: &header, is_last: true };
                let place = Some(place).filter(|_| matches!(form, Form::Lines | Form::Rows(_)));
                self.read(&rest, place, &mut read);
            }
        }
        self.held.clear();
        self.header.clear();
        (self.line, self.seen, self.tried) = (1, 0, 0);
        if take(&mut self.is_learning) {
            return Ingested::default();
        }
        read.add(self.reader.end());
        read
    }

    fn decide(&mut self, is_all: bool) {
        let form = match self.format {
            Format::Document => Form::Whole,
            // The mark at the beginning is no part of the first line.
            _ if self.held.len() < 2 * BOM.len() && !is_all => return,
            Format::Events => Form::Lines,
            Format::Table(delimiter) => {
                let text = self.held.strip_prefix(BOM).unwrap_or(&self.held);
                // UTF-16, or a second mark, which is passed over before a header.
                let is_odd = [&b"\xff\xfe"[..], b"\xfe\xff", BOM].iter().any(|start| text.starts_with(start));
                if is_odd || is_all { Form::Whole } else { Form::Rows(Rows::new(delimiter)) }
            }
            Format::Records => {
                let is_much = self.held.len() > self.limits.line || self.held.len() >= 2 * self.tried;
                if !is_all && !is_much {
                    return;
                }
                self.tried = self.held.len();
                match packing(&self.held, self.limits.line, is_all) {
                    None => return,
                    Some(Packing::Lines) => Form::Lines,
                    Some(Packing::Lists) => {
                        Form::List(List::new(Elements::of_lists(self.limits.line), false))
                    }
                    Some(Packing::LongObject) => Form::List(List::new(
                        Elements::of_object(self.reader.pages(), self.limits.line),
                        true,
                    )),
                    Some(Packing::Object) => Form::Whole,
                }
            }
        };
        if !matches!(form, Form::Whole) && self.held.starts_with(BOM) {
            self.held.drain(..BOM.len());
        }
        self.form = form;
    }

    /// Reads what of that which is held is whole.
    fn advance(&mut self, read: &mut Ingested) {
        match std::mem::replace(&mut self.form, Form::Over) {
            Form::Over => {}
            Form::Open => self.form = Form::Open,
            Form::Whole if self.held.len() > self.limits.document => {
                self.held = Vec::new();
                self.refuse(read);
            }
            Form::Whole => self.form = Form::Whole,
            Form::Lines => {
                self.form = Form::Lines;
                let new = self.held.get(self.seen..).unwrap_or_default();
                let end = new.iter().rposition(|byte| *byte == b'\n').map(|at| self.seen + at + 1);
                self.cut(end, read);
                if self.held.len() > self.limits.line {
                    self.long = Some(Long::line(&take(&mut self.held), self.limits.line));
                    self.seen = 0;
                }
            }
            Form::Rows(mut rows) => {
                let new = self.held.get(self.seen..).unwrap_or_default();
                let end = rows.pass(new).map(|at| self.seen + at);
                // A row that is over is no longer than it is, and read with what comes next.
                let is_open = !rows.is_end();
                self.form = Form::Rows(rows);
                self.cut(end, read);
                if self.held.len() > self.limits.line && is_open && matches!(self.form, Form::Rows(_)) {
                    self.long = Some(Long::row(&take(&mut self.held)));
                    self.seen = 0;
                }
            }
            Form::List(list) => self.advance_list(list, read),
        }
    }

    /// Nothing is read of a text that would have to be held as a whole and is too long for that.
    fn refuse(&mut self, read: &mut Ingested) {
        let reason = format!(
            "the text is longer than {} bytes and can only be read as a whole: split it",
            self.limits.document
        );
        read.rejects.push(document(1, reason));
        self.form = Form::Over;
    }

    /// Reads what is held up to there.
    fn cut(&mut self, end: Option<usize>, read: &mut Ingested) {
        let Some(end) = end.filter(|end| *end > 0) else {
            self.seen = self.held.len();
            return;
        };
        let rest = self.held.split_off(end.min(self.held.len()));
        let bytes = std::mem::replace(&mut self.held, rest);
        let header = take(&mut self.header);
        let place = Place { line: self.line, elements: None, header: &header, is_last: false };
        self.read(&bytes, Some(place), read);
        self.line += line_ends(&bytes);
        self.header = header;
        if matches!(self.form, Form::Rows(_)) && self.header.is_empty() {
            self.header = Rows::header(bytes);
        }
        self.seen = self.held.len();
    }

    fn advance_list(&mut self, mut list: List, read: &mut Ingested) {
        let mut found = Vec::new();
        let goes_on = list.elements.pass(&self.held, self.seen, &mut found);
        self.read_list(&found, &mut list, read);
        if let Some(at) = goes_on {
            return self.leave_list(list, at, read);
        }
        let length = self.held.len();
        // Of what is too long for a record nothing is needed.
        let is_long = list.elements.pending_length(length) > self.limits.line as u64;
        let done = list.elements.pending().filter(|_| !is_long).unwrap_or(length);
        list.elements.forget(done);
        self.pass_over(done);
        self.seen = self.held.len();
        self.form = Form::List(list);
    }

    fn read_list(&mut self, found: &[Element], list: &mut List, read: &mut Ingested) {
        if found.is_empty() {
            return;
        }
        let held = take(&mut self.held);
        let place = Place { line: list.number, elements: Some(found), header: &[], is_last: false };
        self.read(&held, Some(place), read);
        self.held = held;
        list.number += found.len() as u64;
    }

    /// The list or object is over, and something else follows.
    fn leave_list(&mut self, mut list: List, at: usize, read: &mut Ingested) {
        if !list.is_page {
            read.rejects.push(document(list.number, NO_PART));
            self.held = Vec::new();
            return;
        }
        match list.elements.rest() {
            Err(length) => read.rejects.push(too_long(list.number, length, self.limits.line)),
            Ok(rest) => {
                let range = 0..rest.len();
                let element = Element { length: rest.len() as u64, range };
                let (line, elements) = (list.number, Some(&[element][..]));
                let place = Place { line, elements, header: &[], is_last: false };
                self.read(&rest, Some(place), read);
            }
        }
        // It was the first line of several, then.
        self.pass_over(at);
        self.seen = 0;
        self.form = Form::Lines;
        self.advance(read);
    }

    fn end_list(&mut self, mut list: List, read: &mut Ingested) {
        let mut found = Vec::new();
        let trouble = list_trouble(&mut list.elements, None, &self.held, &mut found);
        self.read_list(&found, &mut list, read);
        read.rejects.extend(trouble.map(|reason| document(list.number, reason)));
    }

    /// Lets go of so much of what is held.
    fn pass_over(&mut self, length: usize) {
        let rest = self.held.split_off(length.min(self.held.len()));
        self.line += line_ends(&self.held);
        self.held = rest;
    }

    fn read(&mut self, bytes: &[u8], place: Option<Place<'_>>, read: &mut Ingested) {
        let part = Part { bytes, place, longest: self.limits.line };
        if self.is_learning {
            return self.reader.learn(part);
        }
        let more = self.reader.read(part);
        if self.reader.is_over() || more.rejects.first().is_some_and(|reject| reject.position == 0) {
            self.form = Form::Over;
        }
        read.add(more);
    }

    /// Passes over the rest of an overlong line or row; gives what comes after it.
    fn skip<'b>(&mut self, mut long: Long, bytes: &'b [u8], read: &mut Ingested) -> &'b [u8] {
        let end = match &mut self.form {
            Form::Rows(rows) => rows.end(bytes),
            _ => bytes.iter().position(|byte| *byte == b'\n'),
        };
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        long.pass(line);
        if end.is_none() {
            self.long = Some(long);
            return rest;
        }
        self.end_long(long, read);
        let Some((end, rest)) = rest.split_first() else { return rest };
        if self.held.is_empty() {
            self.line += u64::from(*end == b'\n');
            return rest;
        }
        // The line is read after all, and its end belongs to it.
        self.held.push(*end);
        rest
    }

    fn end_long(&mut self, long: Long, read: &mut Ingested) {
        match long {
            Long::Row { line_ends } => {
                // Without a header nothing can be read.
                let is_header = self.header.is_empty();
                read.rejects.push(mapping::long_row(if is_header { 1 } else { self.line }, self.limits.line));
                self.line += line_ends;
                if is_header {
                    self.form = Form::Over;
                }
            }
            Long::Line(line) => match line.done() {
                // Nothing but white space made it long.
                Ok(line) => self.held = line,
                Err(length) => {
                    let unreadable = overlong(length, self.limits.line);
                    read.rejects.push(document(self.line, unreadable.reason));
                }
            },
        }
    }
}

/// What the texts of an adapter are made of.
fn format(adapter: Adapter, options: &IngestOptions) -> Format {
    match adapter {
        Adapter::Events => Format::Events,
        Adapter::Mapping => match &options.mapping {
            Some(table) if table.format == Some(RowFormat::JsonLines) => Format::Records,
            Some(table) if table.format == Some(RowFormat::Arrow) => Format::Document,
            table => match mapping::delimiter(table.as_ref().and_then(|table| table.delimiter.as_deref())) {
                Ok(delimiter) => Format::Table(delimiter),
                Err(_) => Format::Document,
            },
        },
        Adapter::GitTags | Adapter::Ocel | Adapter::Xes => Format::Document,
        Adapter::Junit | Adapter::Nunit | Adapter::Xunit | Adapter::Trx | Adapter::Ctest => Format::Document,
        _ => Format::Records,
    }
}

fn document(position: u64, reason: impl Into<String>) -> Reject {
    Reject { position, record: None, code: "document".into(), reason: reason.into() }
}

#[cfg(test)]
mod tests;
