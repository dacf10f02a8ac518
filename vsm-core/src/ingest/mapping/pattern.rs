//! Text with columns in braces.

use std::borrow::Cow;

use super::rows::Row;
use crate::error::{Error, Result};
use crate::time::clip;

/// The columns that patterns name, each once.
#[derive(Debug, Default)]
pub(super) struct Columns(pub(super) Vec<String>);

impl Columns {
    fn intern(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

#[derive(Debug)]
enum Part {
    Text(String),
    Column(usize),
}

#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// What messages call it: `fields.state`, and `fields.state (column "Status")` where it has columns.
    pub(super) called: String,
}

impl Pattern {
    pub(super) fn new(called: &str, text: &str, columns: &mut Columns) -> Result<Pattern> {
        let mut parts = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(more) = from.strip_prefix("{{") {
                literal.push('{');
                rest = more;
            } else if let Some(more) = from.strip_prefix("}}") {
                literal.push('}');
                rest = more;
            } else {
                let column = from.strip_prefix('{').and_then(|more| more.split_once('}'));
                let Some((name, more)) = column.filter(|(name, _)| !name.trim().is_empty()) else {
                    let reason =
                        "has a brace that is not part of a column: write {Column}, or {{ and }} for braces";
                    return Err(Error::invalid(called, format!("\"{}\" {reason}", clip(text))));
                };
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                names.push(name.trim());
                parts.push(Part::Column(columns.intern(name.trim())));
                rest = more;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        if parts.is_empty() {
            return Err(Error::invalid(called, "must not be empty"));
        }
        let called = match names.as_slice() {
            [] => called.to_owned(),
            [one] => format!("{called} (column \"{}\")", clip(one)),
            many => format!("{called} (columns \"{}\")", clip(&many.join("\", \""))),
        };
        Ok(Pattern { parts, called })
    }

    /// The columns that it names, with repetitions.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(column) => Some(*column),
            Part::Text(_) => None,
        })
    }

    pub(super) fn is_fixed(&self) -> bool {
        self.columns().next().is_none()
    }

    /// The value for a row; none where one of the cells is blank.
    pub(super) fn value<'r>(&'r self, row: &'r Row<'_>) -> Option<Cow<'r, str>> {
        self.value_with(|column| row.text(column))
    }

    /// The values for a row: one for each element of the column that holds several; none for elements that stand for
    /// nothing.
    pub(super) fn values(
        &self,
        row: &Row<'_>,
        separator: Option<&str>,
        nothing: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut columns = self.columns();
        let (Some(column), None) = (columns.next(), columns.next()) else {
            let blank = self.columns().any(|column| nothing(row.text(column)));
            return self.value(row).filter(|_| !blank).map(Cow::into_owned).into_iter().collect();
        };
        let elements = row.elements(column, separator).into_iter().filter(|element| !nothing(element));
        elements.filter_map(|element| self.value_with(|_| element).map(Cow::into_owned)).collect()
    }

    fn value_with<'r>(&'r self, cell: impl Fn(usize) -> &'r str) -> Option<Cow<'r, str>> {
        let of = |part: &'r Part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Column(column) => Some(cell(*column)).filter(|cell| !cell.is_empty()),
        };
        if let [part] = self.parts.as_slice() {
            return of(part).map(Cow::Borrowed);
        }
        self.parts.iter().map(of).collect::<Option<String>>().map(Cow::Owned)
    }
}
