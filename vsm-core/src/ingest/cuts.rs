//! Where lines and rows end, and those that are too long to be held.

/// How many line feeds there are.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// What is too long to be held.
pub(super) enum Long {
    Line(LongLine),
    /// A row of a table, which may go over several lines.
    Row {
        line_ends: u64,
    },
}

impl Long {
    pub(super) fn line(start: &[u8], longest: usize) -> Long {
        let mut line = LongLine { longest, start: Vec::new(), length: 0, blank: 0 };
        line.pass(start);
        Long::Line(line)
    }

    pub(super) fn row(start: &[u8]) -> Long {
        Long::Row { line_ends: line_ends(start) }
    }

    pub(super) fn pass(&mut self, bytes: &[u8]) {
        match self {
            Long::Line(line) => line.pass(bytes),
            Long::Row { line_ends: ends } => *ends += line_ends(bytes),
        }
    }
}

/// A line that is longer than any that is read, unless it is white space at its end that makes it so.
pub(super) struct LongLine {
    longest: usize,
    /// Its beginning without white space before it; nothing once it is known to be too long.
    start: Vec<u8>,
    length: u64,
    /// How much of that is white space at the end.
    blank: u64,
}

impl LongLine {
    fn pass(&mut self, bytes: &[u8]) {
        let bytes = if self.length == 0 { bytes.trim_ascii_start() } else { bytes };
        let blank = (bytes.len() - bytes.trim_ascii_end().len()) as u64;
        self.blank = if blank == bytes.len() as u64 { self.blank + blank } else { blank };
        self.length += bytes.len() as u64;
        if self.text() > self.longest as u64 {
            self.start = Vec::new();
        } else {
            let room = self.longest.saturating_sub(self.start.len()).min(bytes.len());
            self.start.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
    }

    /// How long it is without the white space around it.
    fn text(&self) -> u64 {
        self.length - self.blank
    }

    /// The line, or how long it is.
    pub(super) fn done(mut self) -> Result<Vec<u8>, u64> {
        let length = self.text();
        if length > self.longest as u64 {
            return Err(length);
        }
        self.start.truncate(length as usize);
        Ok(self.start)
    }
}

/// Follows the rows of CSV as the reader of tables does: a quote opens a cell only at its beginning.
pub(super) struct Rows {
    delimiter: u8,
    at: At,
    /// Whether the last byte ended a row.
    is_end: bool,
    last: u8,
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
    pub(super) fn new(delimiter: u8) -> Rows {
        Rows { delimiter, at: At::Row, is_end: false, last: 0 }
    }

    /// Where the last row begins in these bytes that comes after a line end. There is never a cut at the end of the
    /// text: the last row is looked at more closely. Nor is there one within a line end.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut end = None;
        for (at, byte) in bytes.iter().enumerate() {
            let is_within = self.last == b'\r' && *byte == b'\n';
            if self.is_end && !is_within {
                end = Some(at);
            }
            self.step(*byte);
        }
        end
    }

    /// Whether all rows have ended so far.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Whether a quote is open.
    pub(super) fn is_quoted(&self) -> bool {
        self.at == At::Quoted
    }

    /// Where the row ends that is open.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| {
            self.step(*byte);
            self.is_end
        })
    }

    fn step(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (At::Quote, b'"') => At::Quoted,
            (_, b'\n' | b'\r') => At::Row,
            (_, byte) if byte == self.delimiter => At::Cell,
            (At::Row | At::Cell, b'"') => At::Quoted,
            _ => At::Plain,
        };
        self.is_end = self.at == At::Row;
        self.last = byte;
    }

    /// The beginning of a table with its header, if that is in it.
    pub(super) fn header(mut part: Vec<u8>) -> Vec<u8> {
        if part.iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
            part.clear();
        }
        part
    }
}
