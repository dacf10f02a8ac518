//! Tables of any tool, read by a small description of their columns: CSV with a header, JSON (a list, one object, or
//! JSON Lines), or Arrow (the bytes of an IPC file or stream without compression). So a portfolio sheet, bookings of
//! environments, surveys, usage and revenue come in without code.
//!
//! ```json
//! {
//!   "source": "portfolio",
//!   "delimiter": ";",
//!   "dates": "%d.%m.%Y",
//!   "id": "plan:{Key}",
//!   "kind": "{Type}",
//!   "fields": {"title": "{Name}", "state": "{Status}", "due_at": "{Due}", "value": "{Value}", "estimate": "{Days}d"},
//!   "attributes": {"sponsor": "{Sponsor}"},
//!   "words": {"kind: Capability": "epic", "state: In Arbeit": "active", "state:": "new", "n/a": ""},
//!   "links": [{"kind": "parent", "to": "plan:{Parent}"}, {"kind": "depends_on", "to": "jira:{Needs}", "separator": ","}],
//!   "occurred_at": "{Updated}"
//! }
//! ```
//!
//! **A pattern** is text with columns in braces: `plan:{Key}`, `{Type}`, or just `feature`. `{{` and `}}` stand for the
//! braces themselves. Cells are trimmed. A pattern with a column whose cell is blank has no value: a field, attribute or
//! link is then not said, and an `id`, `kind` or `occurred_at` makes the row a reject. In JSON a column is a key of the
//! record, or a path of keys such as `{fields.status.name}`; a list of texts and numbers is its elements in a link,
//! and joined by `, ` elsewhere.
//!
//! Columns of Arrow may be texts, numbers, booleans, days, timestamps, dictionaries of those, and lists of them for links.
//! A timestamp with a zone states itself; one without is read as the text of its day and time would be. NaN is a blank
//! cell. Numbers need no decimal mark, so `decimal_comma` is refused with them.
//! Bytes that are damaged are a reject, except in a program that is built to abort on panics: the decoder has some.
//!
//! **Words** translate whole values, regardless of case, before they are read: `state: Open` only in that field (or
//! `kind`, or an attribute), `n/a` in whatever is not free text. A word for nothing (`state:`) stands for a blank cell,
//! and a word that becomes nothing makes the value a blank one; of `n/a` that holds for the cells of links as well.
//!
//! | value of | is read as |
//! |---|---|
//! | `kind`, `state`, `severity`, `result`, `decision`, `booking` | the engine's own word, `In progress` like `in_progress`; any other is a reject |
//! | `value`, `size`, `capacity` | a number; digits in groups of three are understood: `1'250'000.5`, with `decimal_comma` `1.250.000,5` |
//! | `estimate`, `remaining` | a number with its unit `m`, `h`, `d` or `w`; a day has `hours_per_day`, a week five days |
//! | times | any form that states itself (`2026-03-01`, `01.03.2026 09:00`, with the option `date_order` `03/02/2026`), or only as `dates` says; a day alone starts in the option `zone`, else in UTC |
//! | `due_at`, `needed_by`, `expires_at` | a day alone: its last millisecond |
//! | `ends_at` | a day alone: the start of the next one, since a sheet that says "to the 5th" means all of it |
//! | `tests`, `cadence`, `calendar` | the JSON form of the engine |
//! | other fields, attributes | text as it stands |
//!
//! Events of a row, by id:
//!
//! | event | when | says |
//! |---|---|---|
//! | `event`, or `<item>@<ms>/<hash>` of all that it says | `occurred_at`, else the option `recorded_at` | kind, fields, attributes, links |
//! | `.../<kind>/<to>` after that id | the same | a `parent`, `ships_in`, `gates` or `depends_on` link: one that closes a cycle takes nothing with it |
//! | `<item>/reached/<state>/<ms>` | the time that `reached` gives for a state | that state |
//!
//! A mapping of nothing but `id` and `reached` makes no event of the row itself. The same row again gives the same events. A row that changed gives other ones; only with an `event` pattern of
//! your own it is a conflict, so that should name what changes (`{Key}/{Month}`). A row that is gone says nothing.
//! A blank cell says nothing either, unless `clear_blank` is set; links stay until another source ends them.
//!
//! **Checked before the first row**, and refused at position 0: patterns, names of fields, fixed values, the words'
//! prefixes, and columns that the header doesn't have or has twice. JSON has no header; there a column that no record
//! has is counted in `ignored`. A row that can't be read is a reject with its line, the field and the column; of CSV also
//! a row with more or fewer cells than the header, and a quote that is not closed.

#[cfg(feature = "arrow")]
mod arrow;
mod pattern;
mod plan;
mod rows;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::pattern::Columns;
use self::plan::Plan;
pub(super) use self::plan::delimiter;
pub(super) use self::rows::long_row;
use self::rows::{Row, Take};
use super::parts::Part;
use super::readers::Reader;
use super::{IngestOptions, Ingested, Reject};
use crate::error::{Error, Result};
use crate::model::{Dependency, LinkKind};
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// How the rows of a mapped table are written.
    pub enum RowFormat {
        /// Comma-separated values, or any other separator, with a header.
        Csv = "csv",
        /// JSON objects: one, a list of them, or one a line.
        JsonLines = "json_lines",
        /// The bytes of an Arrow IPC file or stream, uncompressed; needs the feature `arrow`.
        Arrow = "arrow",
    }
}

/// What the columns of a table mean. Values are patterns: text with columns in braces, such as `plan:{Key}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableMapping {
    /// Who says so: the `source` of the events, such as `portfolio`.
    pub source: String,
    /// How the rows are written; absent = CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<RowFormat>,
    /// CSV: the character between cells; absent = a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// How times are written, in the signs of strftime: `%d.%m.%y`, `%m/%d/%Y %H:%M`; absent = in any form
    /// that can't be mistaken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// Whether a comma is the decimal mark.
    pub decimal_comma: bool,
    /// Hours of a day in `estimate` and `remaining`; absent = 24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_per_day: Option<f64>,
    /// Pattern of the item's id: `plan:{Key}`.
    pub id: String,
    /// Pattern of the kind; absent = the rows are about items that others declare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Patterns by field: `title`, `state`, `due_at` and so on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Patterns by attribute, for whatever is no field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What words of the table stand for: `state: In Arbeit` in one field, `n/a` in all that are not free text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
    /// Links to other items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MappedLink>,
    /// Pattern of the time since when the row holds; absent = the option `recorded_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// Patterns of the times at which the item came into a state, by state: `{"active": "{Started}"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<String, String>,
    /// Pattern of the event's id; absent = one that follows from all the row says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Whether a blank cell takes a field's value away; absent = it says nothing.
    pub clear_blank: bool,
}

/// Links that a row of a mapped table states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedLink {
    /// What the link says.
    pub kind: LinkKind,
    /// Pattern of the other item's id.
    pub to: String,
    /// What stands between several values in the pattern's column; absent = the cell is one value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// How a `depends_on` link binds; absent = finish to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<Dependency>,
    /// Which stage a `depends_on` link is about; absent = the stage asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

struct Table<'o> {
    plan: Plan<'o>,
    format: RowFormat,
    recorded_at: Option<Instant>,
    found: rows::Found,
    /// Whether nothing of it can be read.
    is_over: bool,
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    Ok(Box::new(table(options, None)?))
}

fn table(options: &IngestOptions, format: Option<RowFormat>) -> Result<Table<'_>> {
    let missing = || Error::invalid("mapping", "is missing: say what the columns mean");
    let mapping = options.mapping.as_ref().ok_or_else(missing)?;
    let plan = Plan::new(mapping, options)?;
    let format = format.or(mapping.format).unwrap_or(RowFormat::Csv);
    if format == RowFormat::Arrow && mapping.decimal_comma {
        return Err(Error::invalid(
            "mapping.decimal_comma",
            "goes with texts: Arrow's numbers have no decimal mark",
        ));
    }
    let found = rows::Found::new(&plan.columns);
    Ok(Table { plan, format, recorded_at: options.recorded_at, found, is_over: false })
}

impl Table<'_> {
    fn rows(
        &mut self,
        read: impl FnOnce(&Plan<'_>, &mut rows::Found, &mut Ingested, Take<'_>) -> Result<bool>,
    ) -> Ingested {
        let Table { plan, found, .. } = self;
        let mut ingested = Ingested::default();
        let mut take =
            |ingested: &mut Ingested, position: u64, row: std::result::Result<Row<'_>, Reject>| match row {
                Ok(row) if row.is_blank() => ingested.count("blank row"),
                Ok(row) => plan.write(&row, position, ingested),
                Err(reject) => ingested.rejects.push(reject),
            };
        match read(plan, found, &mut ingested, &mut take) {
            Ok(goes_on) => {
                self.is_over = !goes_on;
                ingested.recorded(self.recorded_at)
            }
            Err(error) => Ingested::refused(&error),
        }
    }
}

impl Reader for Table<'_> {
    fn read(&mut self, part: Part<'_>) -> Ingested {
        let format = self.format;
        self.rows(|plan, found, ingested, take| match format {
            RowFormat::Csv => rows::csv(part, plan.delimiter, &plan.columns, ingested, take),
            RowFormat::JsonLines => {
                rows::json(part, &plan.columns, found, ingested, take);
                Ok(true)
            }
            RowFormat::Arrow => arrow_rows(part, &plan.columns, ingested, take),
        })
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn end(&mut self) -> Ingested {
        let mut ingested = Ingested::default();
        self.found.count_missing(&self.plan.columns, &mut ingested);
        ingested
    }
}

#[cfg(feature = "arrow")]
fn arrow_rows(part: Part<'_>, columns: &Columns, ingested: &mut Ingested, take: Take<'_>) -> Result<bool> {
    arrow::ipc(part.bytes, columns, ingested, take).map(|()| true)
}

#[cfg(not(feature = "arrow"))]
fn arrow_rows(_: Part<'_>, _: &Columns, _: &mut Ingested, _: Take<'_>) -> Result<bool> {
    Err(Error::invalid(
        "mapping.format",
        "this build reads no Arrow: vsm-core has a feature \"arrow\" for it",
    ))
}

/// A table that comes in batches of Arrow.
#[cfg(feature = "arrow")]
pub(crate) struct Batches<'o> {
    table: Table<'o>,
    /// The number of the next row.
    next: u64,
}

#[cfg(feature = "arrow")]
impl<'o> Batches<'o> {
    /// # Errors
    /// The options are wrong, as what is read says.
    pub(crate) fn new(options: &'o IngestOptions) -> std::result::Result<Batches<'o>, Ingested> {
        let table = table(options, Some(RowFormat::Arrow)).map_err(|error| Ingested::refused(&error))?;
        Ok(Batches { table, next: 1 })
    }

    pub(crate) fn read(&mut self, batch: &arrow_array::RecordBatch) -> Ingested {
        let first = self.next;
        self.next += batch.num_rows() as u64;
        self.table.rows(|plan, _, ingested, take| {
            arrow::batch(batch, first, &plan.columns, ingested, take).map(|()| true)
        })
    }

    /// What is said of a batch that could not be made.
    pub(crate) fn broken(&self, error: &arrow_schema::ArrowError) -> Reject {
        arrow::broken(self.next, error)
    }
}
