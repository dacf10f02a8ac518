//! What of a schedule is drawn, and what is said of it.

use super::text::{LONGEST, line, name};
use crate::analyze::{Activity, CriticalPath};
use crate::hash::{HashMap, HashSet};
use crate::time::{Instant, Span, Zone};

pub(super) struct Selection<'a> {
    pub(super) path: &'a CriticalPath,
    pub(super) title: String,
    pub(super) zone: Zone,
    /// By early start, then what spans its parts first, then by id.
    pub(super) rows: Vec<Row<'a>>,
    /// Critical ones first, then by the row they lead to and the row they come from.
    pub(super) arrows: Vec<Arrow>,
    pub(super) activities_left_out: usize,
    pub(super) arrows_left_out: usize,
    /// Whether days alone would say little.
    is_short: bool,
}

pub(super) struct Row<'a> {
    pub(super) activity: &'a Activity,
    /// Whether it spans its parts.
    pub(super) is_span: bool,
}

/// From a driver to what it drives, as places in the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) is_critical: bool,
}

/// Days apart up to which times of day are written.
const SHORT: Span = Span::from_days(4);

impl<'a> Selection<'a> {
    pub(super) fn new(
        path: &'a CriticalPath,
        title: Option<&str>,
        zone: Zone,
        limit: usize,
    ) -> Selection<'a> {
        let spans: HashSet<&str> = path.activities.iter().filter_map(|a| a.part_of.as_deref()).collect();
        let mut chosen: Vec<&Activity> = path.activities.iter().collect();
        if chosen.len() > limit {
            // Those that are kept, in whatever order.
            chosen.select_nth_unstable_by_key(limit, |a| {
                let is_other = path.item.as_deref() != Some(a.item.as_str());
                (is_other, !a.critical, a.done, a.total_float, a.early_start, a.item.as_str())
            });
            chosen.truncate(limit);
        }
        let activities_left_out = path.activities.len() - chosen.len();
        let mut rows: Vec<Row<'a>> = chosen
            .into_iter()
            .map(|activity| Row { activity, is_span: spans.contains(activity.item.as_str()) })
            .collect();
        rows.sort_by_key(|row| (row.activity.early_start, !row.is_span, row.activity.item.as_str()));
        let (arrows, arrows_left_out) = arrows(&rows, limit * 2);
        let first = rows.iter().map(Row::start).min().unwrap_or(path.at);
        let last = rows.iter().map(Row::finish).max().unwrap_or(path.at);
        let own = || {
            let id = path.item.as_deref()?;
            let title = path.activities.iter().find(|a| a.item == id).map_or("", |a| a.title.as_str());
            Some(name(title, id, LONGEST))
        };
        let title = title.map(|title| line(title, LONGEST)).or_else(own);
        Selection {
            path,
            title: title.filter(|title| !title.is_empty()).unwrap_or_else(|| "Schedule".to_owned()),
            zone,
            rows,
            arrows,
            activities_left_out,
            arrows_left_out,
            is_short: last.since(first) <= SHORT,
        }
    }

    pub(super) fn day(&self, instant: Instant) -> String {
        self.zone.date(instant).to_string()
    }

    /// The day, with the time of day where the whole is over in a few days.
    pub(super) fn when(&self, instant: Instant) -> String {
        if self.is_short {
            // Without the weekday that stands before it.
            self.zone.minute(instant).chars().skip(4).collect()
        } else {
            self.day(instant)
        }
    }

    /// From when to when.
    pub(super) fn dates(&self, row: &Row<'_>) -> String {
        let (start, finish) = (self.when(row.start()), self.when(row.finish()));
        if start == finish { finish } else { format!("{start} – {finish}") }
    }

    /// All that is told of one activity, for whoever points at it.
    pub(super) fn tooltip(&self, row: &Row<'_>) -> String {
        let (start, finish) = (self.zone.minute(row.start()), self.zone.minute(row.finish()));
        let mut lines = vec![row.name(LONGEST)];
        lines.extend(row.id(LONGEST));
        lines.push(if start == finish { finish } else { format!("{start} – {finish}") });
        let duration = row.activity.duration;
        let mut facts = Vec::new();
        if duration > Span::ZERO {
            facts.push(format!("takes {duration}"));
        }
        facts.push(row.slack());
        if row.activity.critical {
            facts.push("critical".to_owned());
        } else if row.activity.near_critical {
            facts.push("near-critical".to_owned());
        }
        facts.extend(row.wait());
        lines.push(facts.join(", "));
        lines.join("\n")
    }

    /// What the picture is about, in one sentence for each thing.
    pub(super) fn summary(&self) -> Vec<String> {
        let path = self.path;
        let mut parts = vec![format!("Finish {}", self.when(path.finish))];
        if path.cadence_wait > Span::ZERO {
            parts.push(format!("ready {}", self.when(path.ready_at)));
        }
        parts.push(format!("status date {}", self.when(path.at)));
        let critical = self.rows.iter().filter(|row| row.activity.critical).count();
        let total = self.rows.len();
        let what = if total == 1 { "activity" } else { "activities" };
        parts.push(format!("{total} {what}, {critical} critical"));
        parts.extend(self.left_out());
        parts.push(self.zone.name().to_owned());
        parts
    }

    /// What is not drawn, if anything.
    pub(super) fn left_out(&self) -> Option<String> {
        let rows = (self.activities_left_out, "activity", "activities");
        let arrows = (self.arrows_left_out, "arrow", "arrows");
        let parts: Vec<String> = [rows, arrows]
            .into_iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        if parts.is_empty() { None } else { Some(format!("{} left out", parts.join(" and "))) }
    }
}

/// The arrows between what is drawn, and how many there are beyond `most`.
fn arrows(rows: &[Row<'_>], most: usize) -> (Vec<Arrow>, usize) {
    let mut places: HashMap<&str, usize> = HashMap::default();
    for (place, row) in rows.iter().enumerate() {
        places.entry(row.activity.item.as_str()).or_insert(place);
    }
    let mut arrows: Vec<Arrow> = Vec::new();
    for (to, row) in rows.iter().enumerate() {
        for driver in &row.activity.drivers {
            let Some(from) = places.get(driver.as_str()).copied().filter(|from| *from != to) else {
                continue;
            };
            let is_critical =
                row.activity.critical && rows.get(from).is_some_and(|row| row.activity.critical);
            arrows.push(Arrow { from, to, is_critical });
        }
    }
    arrows.sort_unstable_by_key(|arrow| (!arrow.is_critical, arrow.to, arrow.from));
    arrows.dedup();
    let left_out = arrows.len().saturating_sub(most);
    arrows.truncate(most);
    (arrows, left_out)
}

impl Row<'_> {
    /// The early start, or the early finish of a record that has it before the start.
    pub(super) fn start(&self) -> Instant {
        self.activity.early_start.min(self.activity.early_finish)
    }

    pub(super) fn finish(&self) -> Instant {
        self.activity.early_finish
    }

    /// When it has done its part and waits for nothing but its train; its finish where it takes none.
    pub(super) fn ready(&self) -> Instant {
        let wait = self.activity.cadence_wait.max(Span::ZERO).millis();
        Instant::clamped(self.finish().millis().saturating_sub(wait)).max(self.start())
    }

    /// Whether it is a point in time.
    pub(super) fn is_milestone(&self) -> bool {
        !self.is_span && self.start() == self.finish()
    }

    /// Whether it is such a point, or does nothing but wait for its train.
    pub(super) fn takes_no_time(&self) -> bool {
        !self.is_span && self.ready() == self.start()
    }

    pub(super) fn name(&self, most: usize) -> String {
        name(&self.activity.title, &self.activity.item, most)
    }

    /// The id, where the name is another text.
    pub(super) fn id(&self, most: usize) -> Option<String> {
        let id = line(&self.activity.item, most);
        if id == self.name(most) { None } else { Some(id) }
    }

    /// How much later it may be, or that it is over.
    pub(super) fn float(&self) -> String {
        if self.activity.done { "done".to_owned() } else { self.activity.total_float.to_string() }
    }

    /// The same as part of a sentence.
    pub(super) fn slack(&self) -> String {
        if self.activity.done { "done".to_owned() } else { format!("float {}", self.activity.total_float) }
    }

    /// How long it waits for its train, if it does.
    pub(super) fn wait(&self) -> Option<String> {
        (self.activity.cadence_wait > Span::ZERO)
            .then(|| format!("waits {} for its train", self.activity.cadence_wait))
    }
}
