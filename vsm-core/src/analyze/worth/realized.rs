//! What was expected of work, and what came of it?

use serde::{Deserialize, Serialize};

use super::arrival::ArrivalSource;
use super::rows::Reader;
use super::series::{SeriesRule, check_measure};
use crate::analyze::Basis;
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the value that work was to bring, and brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRealizedQuery {
    /// The time it is asked at; what happened later is left out.
    pub at: Instant,
    /// What was measured: the name of an attribute, such as `revenue`, `cost_saving`, `usage` or `nps`.
    pub measure: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The kinds of items that are asked about; absent = themes, epics and features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// What measurements come to; absent = the last one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesRule>,
    /// Whether an item without measurements of its own has the sum of its parts'; absent = no. Not every measure can be
    /// added: users can be, scores can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_up: Option<bool>,
    /// Whether less is better, as of costs and incidents; absent = only where the target is below the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_is_better: Option<bool>,
    /// Whether to list the measurements; absent = no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<bool>,
}

/// What was expected and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRealized {
    /// The time it was asked at.
    pub at: Instant,
    /// What was measured.
    pub measure: String,
    /// One row for each item that has a measurement, target or baseline, by kind and id.
    pub rows: Vec<ValueRow>,
    /// What the answer rests on; `n` are the items with a realized value.
    pub basis: Basis,
}

/// One item's value. What is not known has no value: unmeasured is not zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRow {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Kind,
    /// The unit of all figures of the row; absent where none is said, or where there are several.
    pub unit: Option<String>,
    /// What it was before: the attribute `<measure>_baseline` as last said.
    pub baseline: Option<f64>,
    /// What is expected: the attribute `<measure>_target` as last said.
    pub target: Option<f64>,
    /// What was expected at first.
    pub first_target: Option<f64>,
    /// How often the target became another one.
    pub target_moves: u32,
    /// What the measurements come to.
    pub realized: Option<f64>,
    /// What that is more than the baseline.
    pub gain: Option<f64>,
    /// The part of the way from the baseline to the target that is done, 1 = all of it; from zero where no baseline is said.
    pub attainment: Option<f64>,
    /// How many measurements there are.
    pub measurements: u32,
    /// When it was last measured.
    pub measured_at: Option<Instant>,
    /// When its first part shipped.
    pub shipped_at: Option<Instant>,
    /// How that is known.
    pub shipped_by: Option<ArrivalSource>,
    /// When a measurement first reached the target that is said last.
    pub reached_at: Option<Instant>,
    /// From the first shipping to the target reached.
    pub time_to_value: Option<Span>,
    /// From the first shipping to the first measurement after it that is better than the baseline.
    pub benefits_lag: Option<Span>,
    /// How long it has been shipped without reaching its target: the time to value is longer than that.
    pub waiting: Option<Span>,
    /// Of a sum of parts: how many parts it adds up. 0 where the item is measured itself.
    pub parts_measured: u32,
    /// How many parts nobody measured; they add nothing.
    pub parts_unmeasured: u32,
    /// Why something has no value, by stable words.
    pub missing: Vec<String>,
    /// The measurements, or what those of the parts came to each time; empty unless asked for.
    pub points: Vec<ValuePoint>,
}

/// What was measured at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValuePoint {
    /// When.
    pub at: Instant,
    /// How much: what all measurements so far come to.
    pub value: f64,
}

impl ValueRealizedQuery {
    /// A question with all defaults.
    pub fn new(at: Instant, measure: impl Into<String>) -> ValueRealizedQuery {
        ValueRealizedQuery {
            at,
            measure: measure.into(),
            within: None,
            kinds: None,
            series: None,
            roll_up: None,
            lower_is_better: None,
            points: None,
        }
    }
}

impl ValueStream {
    /// What was expected of themes, epics and features by a measure, what was realized at a time, and how long that took.
    ///
    /// An event that says an attribute of this name with a number is a measurement, as tables of revenue, usage or scores
    /// give them ([`TableMapping`](crate::TableMapping)); one of the same instant that is known later corrects it. The
    /// attributes `<measure>_target` and `<measure>_baseline` say what is expected and what was before, `<measure>_unit`, else
    /// `unit`, in what: those of an event are that of its numbers and of all later ones. Measurements, target or baseline in
    /// several units give no figures. Shipped is
    /// what a successful deployment to production brought, else what is in a release that shipped. A target that was
    /// reached before that has no time to value.
    ///
    /// Takes a look at every item, a walk over the changes in production, and the history of the items asked about; a sum of
    /// parts takes their number for each of their measurements.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] for `within`; [`Error::Invalid`] for a measure without a name, and for a sum of means.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, ValueRealizedQuery, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (id, day, said) in [("1", "01", "revenue_target"), ("2", "20", "revenue")] {
    ///     let mut event = Event::new("figures", id, format!("2026-03-{day}T00:00:00Z").parse()?, "jira:CHK-1");
    ///     event.kind = Some(Kind::Feature);
    ///     let figures = [(said, if id == "1" { "200" } else { "150" }), ("revenue_unit", "CHF")];
    ///     event.set.attributes = figures.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    ///     stream.apply(event)?;
    /// }
    /// let april = "2026-04-01T00:00:00Z".parse()?;
    /// let value = stream.value_realized(&ValueRealizedQuery::new(april, "revenue"))?;
    /// let row = &value.rows[0];
    /// assert_eq!((row.target, row.realized, row.attainment), (Some(200.0), Some(150.0), Some(0.75)));
    /// assert_eq!(row.unit.as_deref(), Some("CHF"));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn value_realized(&self, query: &ValueRealizedQuery) -> Result<ValueRealized> {
        check_measure(&query.measure)?;
        if query.roll_up == Some(true) && query.series == Some(SeriesRule::Mean) {
            return Err(Error::invalid("roll_up", "means of parts can't be added up"));
        }
        self.as_of(query.at, Instant::MAX).value_then(query)
    }

    fn value_then(&self, query: &ValueRealizedQuery) -> Result<ValueRealized> {
        let within = self.all_under(query.within.as_deref())?;
        let kinds = query.kinds.as_deref().unwrap_or(&[Kind::Theme, Kind::Epic, Kind::Feature]);
        let mut reader = Reader::new(self, query);
        let mut rows = Vec::new();
        for item in self.alphabetical() {
            let Some(kind) = self.kind(item).filter(|kind| kinds.contains(kind)) else { continue };
            let is_left_out = within.as_ref().is_some_and(|set| !set.contains(&item))
                || self.state_of(item) == Some(FlowState::Cancelled);
            if !is_left_out {
                rows.extend(reader.row(item, kind));
            }
        }
        rows.sort_by_key(|row| row.kind);
        let mut grounds = reader.finish();
        grounds.n = rows.iter().filter(|row| row.realized.is_some()).count() as u64;
        Ok(ValueRealized { at: query.at, measure: query.measure.clone(), rows, basis: grounds.finish(self) })
    }
}
