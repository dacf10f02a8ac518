//! An outlook as a page of English text: the first screen answers, the rest explains.

use chrono::Datelike;

use super::{Activity, Condition, CoverageRow, CriticalPath, DurationSource, Outlook, Unmet, Verdict};
use crate::time::{Instant, Span, Zone, printable};

/// How many lines a list takes before it is cut.
const LINES: usize = 15;

/// How many activities beside the critical path are named.
const NEXT: usize = 3;

/// How many rows of what could not be linked it shows; the answer itself has them all.
const ROWS: usize = 4;

impl Outlook {
    /// The outlook as one page of plain text, the same in every language. Days are those of the outlook's zone.
    pub fn to_text(&self) -> String {
        let mut page = Page { text: String::new(), zone: Zone::named(&self.zone).unwrap_or(Zone::UTC) };
        page.head(self);
        page.unmet(self);
        page.path(self);
        page.scope(self);
        page.flow(self);
        page.coverage(self);
        page.text
    }
}

struct Page {
    text: String,
    zone: Zone,
}

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let line = line.to_string();
        let (gap, line) = line.strip_prefix('\n').map_or(("", line.as_str()), |rest| ("\n", rest));
        self.text.push_str(gap);
        self.text.push_str(&printable(line));
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
    }

    fn day(&self, instant: Instant) -> String {
        let date = self.zone.date(instant);
        format!("{} {date}", date.weekday())
    }

    fn head(&mut self, outlook: &Outlook) {
        let of = if outlook.applications.is_empty() {
            String::new()
        } else {
            format!(" of {}", outlook.applications.join(", "))
        };
        self.line(format_args!("{}{of}, as of {} ({})", outlook.title, self.day(outlook.at), outlook.zone));
        if outlook.shipped {
            self.line(format_args!("  shipped on {}", self.day(outlook.ships_at)));
        } else {
            let due = match (outlook.due_at, outlook.late_by) {
                (Some(due), Some(late)) if late > Span::ZERO => {
                    // Both are days on the page, so the days between them are meant.
                    let days = (self.zone.date(outlook.ships_at) - self.zone.date(due)).num_days();
                    let late = if days > 0 { Span::from_days(days) } else { late };
                    format!(", {} after its target {}", whole(late), self.day(due))
                }
                (Some(due), _) => format!(", in time for its target {}", self.day(due)),
                _ => String::new(),
            };
            self.line(format_args!("  ships on {} at the earliest{due}", self.day(outlook.ships_at)));
            let wait = outlook.critical_path.cadence_wait;
            if wait > Span::ZERO {
                let ready = self.day(outlook.critical_path.ready_at);
                self.line(format_args!(
                    "  its work is ready on {ready}; {} of the time is waiting for trains",
                    whole(wait)
                ));
            }
            let stages: Vec<String> = outlook
                .stages
                .iter()
                .map(|stage| match stage.verdict {
                    Verdict::Ready => format!("{} ready", human(&stage.stage)),
                    verdict => {
                        format!("{} {} ({})", human(&stage.stage), human(verdict.as_str()), stage.unmet)
                    }
                })
                .collect();
            self.line(format_args!("  {}", stages.join(" · ")));
        }
    }

    fn unmet(&mut self, outlook: &Outlook) {
        if outlook.shipped {
            return;
        }
        if outlook.unmet.is_empty() {
            self.line(format_args!("\nNothing is missing."));
            return;
        }
        self.line(format_args!("\nWhat is missing ({})", outlook.unmet.len()));
        let mut stage = "";
        for (n, unmet) in outlook.unmet.iter().take(LINES).enumerate() {
            if unmet.stage != stage {
                stage = &unmet.stage;
                self.line(format_args!("    for {}", human(stage)));
            }
            self.fact(n + 1, unmet);
        }
        self.rest(outlook.unmet.len());
    }

    fn fact(&mut self, number: usize, unmet: &Unmet) {
        let mark = if unmet.verdict == Verdict::Unknown { "?" } else { "!" };
        self.line(format_args!("{number:>3} {mark} {}", unmet.sentence));
        let mut more = Vec::new();
        if let Some(who) = &unmet.waits_for {
            more.push(format!("waits for {who}"));
        }
        if let Some(since) = unmet.since.filter(|_| unmet.condition != Condition::NoBlackout) {
            more.push(format!("since {}", self.day(since)));
        }
        if let Some(earliest) = unmet.earliest {
            more.push(format!("not before {}", self.day(earliest)));
        }
        if let Some(through) = &unmet.through {
            more.push(format!("needed through {through}"));
        }
        if !more.is_empty() {
            self.line(format_args!("        {}", more.join(", ")));
        }
    }

    fn rest(&mut self, count: usize) {
        if count > LINES {
            self.line(format_args!("        and {} more", count - LINES));
        }
    }

    fn path(&mut self, outlook: &Outlook) {
        let path = &outlook.critical_path;
        let steps: Vec<&Activity> =
            path.path.iter().filter_map(|id| path.activities.iter().find(|a| a.item == *id)).collect();
        if outlook.shipped || steps.is_empty() {
            return;
        }
        self.line(format_args!("\nCritical path ({} of {} activities)", steps.len(), path.activities.len()));
        self.line(format_args!("      start           finish          float   item"));
        for step in steps.iter().take(LINES) {
            let title = shorten(&step.title);
            self.line(format_args!(
                "      {:<15} {:<15} {:<7} {title} ({})",
                self.day(step.early_start),
                self.day(step.early_finish),
                step.total_float.to_string(),
                step.item
            ));
        }
        self.rest(steps.len());
        if path.path_count > 1 {
            self.line(format_args!("      and {} more chains as long", path.path_count - 1));
        }
        self.sources(&steps);
        self.rest_of_the_work(path);
        for exclusion in &path.basis.excluded {
            let reason = human(&exclusion.reason);
            self.line(format_args!("      {} {reason}: {}", exclusion.count, exclusion.examples.join(", ")));
        }
    }

    /// How well it is known how long the steps take.
    fn sources(&mut self, steps: &[&Activity]) {
        let count = |source: &DurationSource| {
            let count = steps.iter().filter(|step| step.duration_from == Some(*source)).count();
            (count > 0).then(|| format!("{source} {count}"))
        };
        let sources: Vec<String> = DurationSource::ALL.iter().filter_map(count).collect();
        if !sources.is_empty() {
            self.line(format_args!("      durations from: {}", sources.join(", ")));
        }
    }

    /// What is next to decide: the open activities with the least float beside the critical ones.
    fn rest_of_the_work(&mut self, path: &CriticalPath) {
        let mut rest: Vec<&Activity> = path.activities.iter().filter(|a| !a.done && !a.critical).collect();
        rest.sort_by(|a, b| (a.total_float, &a.item).cmp(&(b.total_float, &b.item)));
        let least: Vec<String> = rest
            .iter()
            .take(NEXT)
            .map(|step| format!("{} {} ({})", step.total_float, shorten(&step.title), step.item))
            .collect();
        if !least.is_empty() {
            self.line(format_args!("      least float of the rest: {}", least.join(" · ")));
        }
    }

    fn scope(&mut self, outlook: &Outlook) {
        let scope = &outlook.scope;
        let agreed = match scope.baseline_at {
            Some(at) => format!("agreed on {}", self.day(at)),
            None => "no baseline was agreed, the scope now is taken".into(),
        };
        self.line(format_args!("\nScope, planned against actual ({agreed})"));
        self.line(format_args!(
            "      planned {}, added {}, removed {}, now {}, delivered {}{}",
            scope.baseline.len(),
            scope.added.len(),
            scope.removed.len(),
            scope.current.len(),
            scope.delivered.len(),
            percent(", commitment kept ", scope.commitment_kept)
        ));
        if let Some(shipped) = &scope.shipped {
            self.line(format_args!("      in the build or tag {}", shipped.len()));
        }
        for (what, items) in [
            ("added", &scope.added),
            ("removed", &scope.removed),
            ("done but not in the build", &scope.missing),
            ("in the build but not in the scope", &scope.unplanned),
        ] {
            if !items.is_empty() {
                self.line(format_args!("      {what}: {}", listed(items)));
            }
        }
    }

    fn flow(&mut self, outlook: &Outlook) {
        let flow = &outlook.flow;
        self.line(format_args!(
            "\nFlow of its stream from {} to {}",
            self.day(flow.start),
            self.day(flow.end)
        ));
        let time = match &flow.time {
            Some(time) => format!(
                "median {:.1} d, 85 % within {:.1} d, mean {:.1} d of {}",
                time.median.days(),
                time.p85.days(),
                time.mean.days(),
                time.n
            ),
            None => "no data".into(),
        };
        let load = flow.load.map_or("no data".into(), |load| {
            let now = flow.load_by_day.last().map_or(0, |day| day.load);
            format!("{load:.1} items in progress on average, {now} now")
        });
        let efficiency = flow
            .efficiency
            .map_or("no data, or no waiting state in use".into(), |e| format!("{:.1} %", e * 100.0));
        let shares: Vec<String> = flow
            .distribution
            .iter()
            .map(|share| format!("{} {}{}", share.flow_item, share.velocity, percent(" = ", share.share)))
            .collect();
        self.line(format_args!("      velocity      {} items done", flow.velocity));
        self.line(format_args!("      time          {time}"));
        self.line(format_args!("      efficiency    {efficiency}"));
        self.line(format_args!("      load          {load}"));
        self.line(format_args!("      distribution  {}", shares.join(", ")));
        for exclusion in &flow.basis.excluded {
            let reason = human(&exclusion.reason);
            self.line(format_args!(
                "      left out      {} {reason}: {}",
                exclusion.count,
                listed(&exclusion.examples)
            ));
        }
    }

    fn coverage(&mut self, outlook: &Outlook) {
        let coverage = &outlook.coverage;
        self.line(format_args!(
            "\nLinked input: {} of {} items lead somewhere, {} do not, {} are named but not described",
            coverage.expected - coverage.unlinked,
            coverage.expected,
            coverage.unlinked,
            coverage.undescribed
        ));
        let open: Vec<&CoverageRow> = coverage.rows.iter().filter(|row| row.unlinked > 0).collect();
        for row in open.iter().take(ROWS) {
            let (kind, expects) = (human(row.kind.as_str()), human(&row.expects));
            let (unlinked, total) = (row.unlinked, row.total);
            self.line(format_args!(
                "      {unlinked:>5} of {total:>5} {kind} without {expects}: {}",
                listed(&row.examples)
            ));
        }
    }
}

/// A span in whole days where it has any.
fn whole(span: Span) -> String {
    let days = span.days();
    match days {
        d if d >= 1.5 => format!("{d:.0} days"),
        d if d >= 1.0 => "1 day".into(),
        _ => span.to_string(),
    }
}

fn human(word: &str) -> String {
    word.replace('_', " ")
}

fn percent(before: &str, ratio: Option<f64>) -> String {
    ratio.map_or(String::new(), |ratio| format!("{before}{:.0} %", ratio * 100.0))
}

fn shorten(title: &str) -> String {
    match title.char_indices().nth(48) {
        Some((end, _)) => format!("{}…", title.get(..end).unwrap_or(title)),
        None => title.into(),
    }
}

/// The first few of a list; what is long is cut where it tells least: a commit at its end, anything else inside.
fn listed(items: &[String]) -> String {
    let short = |item: &String| {
        let count = item.chars().count();
        let (head, tail) = if item.starts_with("git:") { (24, 0) } else { (20, 20) };
        if count <= head + tail {
            return item.clone();
        }
        let start: String = item.chars().take(head).collect();
        let end: String = item.chars().skip(count - tail).collect();
        if tail == 0 { start } else { format!("{start}…{end}") }
    };
    let shown = items.iter().take(5).map(short).collect::<Vec<_>>().join(", ");
    if items.len() > 5 { format!("{shown}, …") } else { shown }
}
