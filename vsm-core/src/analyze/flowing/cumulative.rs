//! The cumulative flow diagram: how many items had come how far at the end of each day.

use serde::{Deserialize, Serialize};

use super::stages::{FlowStage, Ladder, Path};
use super::{Who, check_window, days};
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Zone};

text_enum! {
    /// When an item counts in a stage of a cumulative flow.
    pub enum CumulativeForm {
        /// From its first entry to the stage or any later one, for good: no line ever falls. The default.
        FirstEntry = "first_entry",
        /// From its last forward entry: an item that went back counts as if it had never got further than where it went
        /// back to, so that the past is rewritten. No line falls.
        Rewritten = "rewritten",
        /// Where it was at the end of the day: lines fall where items go back.
        AsItWas = "as_it_was",
    }
}

/// A question for the cumulative flow of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CumulativeFlowQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// IANA zone in which days are counted.
    pub zone: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The stages in their order, made of the tool's own statuses; absent = new, waiting, active and done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<FlowStage>>,
    /// The stage in which work begins: what comes to it or a later one arrives; absent = the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_stage: Option<String>,
    /// The stage in which work is over: what comes to it or a later one departs; absent = the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_stage: Option<String>,
    /// When an item counts in a stage; absent = first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<CumulativeForm>,
}

/// The cumulative flow of a window, what came before the window included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CumulativeFlow {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// The zone of its days.
    pub zone: String,
    /// When an item counts in a stage.
    pub form: CumulativeForm,
    /// The stages in their order.
    pub stages: Vec<String>,
    /// The stage in which work begins.
    pub start_stage: String,
    /// The stage in which work is over.
    pub end_stage: String,
    /// The days of the window, each as it ended; the last one at the end of the window.
    pub days: Vec<CumulativeDay>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The end of one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CumulativeDay {
    /// The day as `YYYY-MM-DD` in the query's zone.
    pub day: String,
    /// For each stage, how many items are in it or a later one: the lines of the diagram.
    pub cumulative: Vec<u64>,
    /// For each stage, how many are in it and in no later one: the bands between the lines.
    pub bands: Vec<u64>,
    /// Arrivals: by how many items the line of the stage in which work begins rose on this day.
    pub arrivals: u64,
    /// By how many that line fell: items that were put back before the start. Only as it was.
    pub put_back: u64,
    /// Departures: by how many items the line of the stage in which work is over rose on this day.
    pub departures: u64,
    /// By how many that line fell: items that came back from there. Only as it was.
    pub reopened: u64,
    /// Work in progress: arrived and not departed.
    pub wip: u64,
    /// Net flow: what came less what went, by how much the work in progress changed; a whole number that may be negative.
    pub net_flow: f64,
    /// The approximate average cycle time in days: how long ago the line of arrivals was as high as the line of
    /// departures is now. Absent where nothing has departed, and for `as_it_was`, whose lines fall.
    pub approximate_cycle_days: Option<f64>,
}

impl CumulativeFlowQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant, zone: impl Into<String>) -> CumulativeFlowQuery {
        CumulativeFlowQuery {
            start,
            end,
            zone: zone.into(),
            within: None,
            kinds: None,
            stages: None,
            start_stage: None,
            end_stage: None,
            form: None,
        }
    }
}

impl ValueStream {
    /// How many items had come how far at the end of each day: the cumulative flow diagram (D. Reinertsen, "The
    /// Principles of Product Development Flow", 2009; the measures follow D. Vacanti, "Actionable Agile Metrics for
    /// Predictability", 2015).
    ///
    /// Flow items are those of [`flow_metrics`](ValueStream::flow_metrics), without what is cancelled and what its parts
    /// stand for. An item in a status of no stage stays where it was before; such items are listed. One pass over the
    /// history of every item, and one step per day and stage.
    ///
    /// # Errors
    /// [`Error::UnknownZone`](crate::Error::UnknownZone), [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`,
    /// [`Error::Invalid`](crate::Error::Invalid) for a window that ends before it starts or spans more than a hundred
    /// years, for a status in two stages and for a stage that is not there.
    ///
    /// ```
    /// use vsm_core::{CumulativeFlowQuery, Event, FlowState, Kind, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (id, day, state) in [("1", 1, FlowState::New), ("2", 2, FlowState::Active), ("3", 4, FlowState::Done)] {
    ///     let at = format!("2026-07-0{day}T09:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", id, at, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let days = CumulativeFlowQuery::new("2026-07-01T00:00:00Z".parse()?, "2026-07-05T00:00:00Z".parse()?, "UTC");
    /// let flow = stream.cumulative_flow(&days)?;
    /// assert_eq!(flow.stages, ["new", "waiting", "active", "done"]);
    /// assert_eq!(flow.days[1].cumulative, [1, 1, 1, 0]);
    /// assert_eq!((flow.days[1].arrivals, flow.days[1].wip, flow.days[3].departures), (1, 1, 1));
    /// assert_eq!(flow.days[3].approximate_cycle_days, Some(2.0));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn cumulative_flow(&self, query: &CumulativeFlowQuery) -> Result<CumulativeFlow> {
        let zone = Zone::named(&query.zone)?;
        check_window(query.start, query.end)?;
        let mut who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        who.needs_state = query.stages.is_none();
        let ladder = Ladder::new(query.stages.as_deref())?;
        let (from, to) = ladder.ends(query.start_stage.as_deref(), query.end_stage.as_deref())?;
        let form = query.form.unwrap_or(CumulativeForm::FirstEntry);
        let mut grounds = Grounds::default();
        let mut lines = Lines::new(query.start, days(query.start, query.end, zone), ladder.names.len());
        let mut starts: Vec<Instant> = Vec::new();
        self.travellers(&who, &mut grounds, |grounds, traveller| {
            let path = ladder.path(&traveller);
            if path.has_unmapped {
                grounds.exclude("status_of_no_stage", self.id(traveller.item));
            }
            if path.visits.is_empty() {
                return;
            }
            grounds.n += 1;
            lines.add(&path, form);
            let entry = |stage| match form {
                CumulativeForm::FirstEntry => path.first_entry(stage),
                CumulativeForm::Rewritten | CumulativeForm::AsItWas => path.last_entry(stage),
            };
            starts.extend(entry(from).map(|(at, _)| at));
            let departed = entry(to).filter(|(at, _)| query.start <= *at && *at < query.end);
            grounds.evidence.extend(departed.map(|(_, event)| event));
        });
        starts.sort_unstable();
        let falls = form == CumulativeForm::AsItWas;
        let days = lines.days(from, to, |day, departed| {
            let nth = usize::try_from(departed).ok()?.checked_sub(1)?;
            let arrived = starts.get(nth).filter(|_| !falls)?;
            Some(day.signed_duration_since(zone.date(*arrived)).num_days() as f64)
        });
        for rule in ["items:leaves", ladder.rule()] {
            grounds.rule(rule);
        }
        grounds.rule(format!("form:{form}"));
        Ok(CumulativeFlow {
            start: query.start,
            end: query.end,
            zone: zone.name().into(),
            form,
            start_stage: ladder.name(from),
            end_stage: ladder.name(to),
            stages: ladder.names,
            days,
            basis: grounds.finish(self),
        })
    }
}

/// The lines of the diagram, as changes from one day to the next.
struct Lines {
    days: Vec<(chrono::NaiveDate, Instant)>,
    /// For the time before the window, and then for each day: by how much the line of each stage rises.
    rises: Vec<Vec<i64>>,
    start: Instant,
}

impl Lines {
    fn new(start: Instant, days: Vec<(chrono::NaiveDate, Instant)>, stages: usize) -> Lines {
        Lines { rises: vec![vec![0; stages]; days.len() + 1], days, start }
    }

    /// At the end of which day something that happens is seen first.
    fn seen(&self, at: Instant) -> usize {
        if at < self.start { 0 } else { 1 + self.days.partition_point(|(_, until)| *until <= at) }
    }

    fn rise(&mut self, at: Instant, stage: usize, by: i64) {
        let day = self.seen(at);
        if let Some(line) = self.rises.get_mut(day).and_then(|lines| lines.get_mut(stage)) {
            *line += by;
        }
    }

    fn add(&mut self, path: &Path, form: CumulativeForm) {
        let stages = self.rises.first().map_or(0, Vec::len);
        for stage in 0..stages {
            let entry = match form {
                CumulativeForm::FirstEntry => path.first_entry(stage),
                CumulativeForm::Rewritten => path.last_entry(stage),
                CumulativeForm::AsItWas => continue,
            };
            if let Some((at, _)) = entry {
                self.rise(at, stage, 1);
            }
        }
        if form == CumulativeForm::AsItWas {
            for (since, until, at) in path.stays() {
                for stage in 0..=at {
                    self.rise(since, stage, 1);
                    self.rise(until, stage, -1);
                }
            }
        }
    }

    fn days(
        self,
        from: usize,
        to: usize,
        cycle: impl Fn(chrono::NaiveDate, u64) -> Option<f64>,
    ) -> Vec<CumulativeDay> {
        let mut rises = self.rises.into_iter();
        let mut lines = rises.next().unwrap_or_default();
        let mut days = Vec::with_capacity(self.days.len());
        for ((day, _), rises) in self.days.into_iter().zip(rises) {
            let rise = |stage: usize| rises.get(stage).copied().unwrap_or(0);
            let (arrivals, departures) = (rise(from), rise(to));
            lines.iter_mut().zip(&rises).for_each(|(line, rise)| *line += rise);
            let height = |stage: usize| lines.get(stage).copied().unwrap_or(0);
            let count = |items: i64| u64::try_from(items).unwrap_or(0);
            let departed = count(height(to));
            days.push(CumulativeDay {
                day: day.to_string(),
                cumulative: lines.iter().map(|line| count(*line)).collect(),
                bands: (0..lines.len()).map(|stage| count(height(stage) - height(stage + 1))).collect(),
                arrivals: count(arrivals),
                put_back: count(-arrivals),
                departures: count(departures),
                reopened: count(-departures),
                wip: count(height(from) - height(to)),
                net_flow: (arrivals - departures) as f64,
                approximate_cycle_days: cycle(day, departed),
            });
        }
        days
    }
}
