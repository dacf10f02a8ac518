//! The Gantt chart as SVG.

use super::axis::{Axis, Mark};
use super::selection::{Row, Selection};
use super::svg::{Px, Svg};
use super::text::{LONGEST, fit, width};
use crate::time::{Instant, Span};

const WIDTH: u32 = 1_200;
const MARGIN: f64 = 16.0;
const ROW: f64 = 22.0;
const BAR: f64 = 12.0;
const FONT: f64 = 12.0;
const SMALL: f64 = 11.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.15;
/// The columns of numbers on the right: finish and float.
const FINISH: f64 = 76.0;
const FINISH_WITH_TIME: f64 = 108.0;
const FLOAT: f64 = 60.0;
const HEAD: f64 = 58.0;
const AXIS: f64 = 36.0;
/// Where the status date is written.
const STATUS: f64 = 16.0;
const LEGEND: f64 = 40.0;
/// From so many rows on the axis stands below them as well.
const MANY: usize = 30;
/// From so many rows on arrows would hide the bars.
const ARROWS: usize = 100;

struct Chart<'a> {
    drawn: &'a Selection<'a>,
    svg: Svg,
    axis: Axis,
    names: f64,
    top: f64,
    width: f64,
}

pub(super) fn svg(drawn: &Selection<'_>, wanted: Option<u32>) -> String {
    let width = f64::from(wanted.unwrap_or(WIDTH));
    let has_times = drawn.rows.iter().any(|row| drawn.when(row.finish()).len() > 10);
    let numbers = FLOAT + if has_times { FINISH_WITH_TIME } else { FINISH };
    let names = names(drawn, width);
    let sides = (MARGIN + names + 12.0, width - MARGIN - numbers - 12.0);
    let axis = Axis::new(drawn.zone, times(drawn), sides);
    let top = HEAD + AXIS + STATUS;
    let below = if drawn.rows.len() >= MANY { AXIS } else { 0.0 };
    let height = top + ROW * drawn.rows.len() as f64 + below + LEGEND;
    let summary = drawn.summary().join(" · ");
    let svg = Svg::new((width, height), 1.0, &format!("Gantt chart: {}", drawn.title), &summary);
    let mut chart = Chart { drawn, svg, axis, names, top, width };
    chart.head(&summary);
    chart.grid(below > 0.0);
    for (place, row) in drawn.rows.iter().enumerate() {
        chart.row(place, row);
    }
    if drawn.rows.len() <= ARROWS {
        chart.chain();
    }
    chart.status();
    chart.legend(height - LEGEND + 16.0);
    chart.svg.finish()
}

/// The room for names: as much as the longest takes, within limits.
fn names(drawn: &Selection<'_>, all: f64) -> f64 {
    let of = |row: &Row<'_>| {
        let id = row.id(LONGEST).map_or(0.0, |id| width(&id, SMALL) + 10.0);
        width(&row.name(LONGEST), FONT) * if row.activity.critical { BOLD } else { 1.0 } + id
    };
    drawn.rows.iter().map(of).fold(80.0, f64::max).min(all * 0.3)
}

/// From when to when the chart goes.
fn times(drawn: &Selection<'_>) -> (Instant, Instant) {
    let at = drawn.path.at;
    let last = drawn.rows.iter().map(Row::finish).max().map_or(at, |last| last.max(at));
    let first = drawn.rows.iter().map(Row::start).min().map_or(at, |first| first.min(at));
    let ahead = last.since(at).millis();
    let first = if ahead > 0 { first.max(Instant::clamped(at.millis() - ahead / 2)) } else { first };
    let late = drawn.rows.iter().filter(|row| !row.activity.done).map(|row| row.activity.late_finish).max();
    // Floats that go on for long after the end would leave no room for the work.
    let more = Instant::clamped(last.millis() + last.since(first).millis() / 4);
    (first, late.map_or(last, |late| late.clamp(last, more)))
}

impl Chart<'_> {
    fn head(&mut self, summary: &str) {
        let room = self.width - 2.0 * MARGIN;
        self.svg.text(&["h"], (MARGIN, 26.0), &fit(&self.drawn.title, 16.0, room));
        self.svg.text(&["m"], (MARGIN, 44.0), &fit(summary, SMALL, room));
        let y = HEAD + AXIS - 6.0;
        self.svg.text(&["m"], (MARGIN, y), "Activity");
        self.svg.text(&["m", "e"], (self.width - MARGIN - FLOAT, y), "Finish");
        self.svg.text(&["m", "e"], (self.width - MARGIN, y), "Float");
    }

    fn grid(&mut self, is_below: bool) {
        let rows = self.drawn.rows.len();
        let bottom = self.top + ROW * rows as f64;
        for place in (1..rows).step_by(2) {
            let at = (0.0, self.top + ROW * place as f64);
            self.svg.rect("band", at, (self.width, ROW), 0.0);
        }
        let (marks, stretches) =
            (std::mem::take(&mut self.axis.marks), std::mem::take(&mut self.axis.stretches));
        for (class, lines) in [("grid", &marks), ("rule", &stretches)] {
            for mark in lines.iter().filter(|mark| mark.x > self.axis.left) {
                let top = if class == "rule" { HEAD } else { HEAD + AXIS / 2.0 };
                self.svg.line(class, (mark.x, top), (mark.x, bottom));
            }
        }
        self.labels(&marks, &stretches, HEAD);
        let (left, right) = (self.axis.left, self.axis.right);
        self.svg.line("rule", (left, self.top - STATUS), (right, self.top - STATUS));
        if is_below {
            self.svg.line("rule", (left, bottom), (right, bottom));
            // Upside down, so that the marks stand next to the rows here as well.
            self.labels(&stretches, &marks, bottom);
        }
        (self.axis.marks, self.axis.stretches) = (marks, stretches);
    }

    /// Two lines of labels, the first of them below.
    fn labels(&mut self, lower: &[Mark], upper: &[Mark], top: f64) {
        for (marks, y) in [(upper, top + 13.0), (lower, top + AXIS / 2.0 + 12.0)] {
            for mark in marks {
                // A label is on the right of its mark, and may not stand out of the chart.
                if mark.x + 3.0 + width(&mark.label, SMALL) <= self.axis.right && !mark.label.is_empty() {
                    self.svg.text(&["m"], (mark.x + 3.0, y), &mark.label);
                }
            }
        }
    }

    fn row(&mut self, place: usize, row: &Row<'_>) {
        let top = self.top + ROW * place as f64;
        let middle = top + ROW / 2.0;
        let base = middle + 4.0;
        self.svg.open(&self.drawn.tooltip(row));
        let name = row.name(LONGEST);
        let is_bold = row.activity.critical;
        let size = if is_bold { FONT * BOLD } else { FONT };
        let room = self.names;
        // The id stands beside the name where both have room.
        let id = row.id(LONGEST).filter(|id| width(&name, size) + 10.0 + width(id, SMALL) <= room);
        let classes: &[&str] = match (is_bold, row.activity.done) {
            (true, _) => &["b"],
            (false, true) => &["m"],
            (false, false) => &[],
        };
        self.svg.text(classes, (MARGIN, base), &fit(&name, size, room));
        if let Some(id) = id {
            self.svg.text(&["m", "e"], (MARGIN + room, base), &id);
        }
        let right = self.width - MARGIN;
        self.svg.text(&["m", "e"], (right - FLOAT, base), &self.drawn.when(row.finish()));
        self.svg.text(&["m", "e"], (right, base), &row.float());
        self.slack(row, middle);
        self.bar(row, middle);
        self.svg.close();
    }

    /// How much later it may finish, or how much earlier it should.
    fn slack(&mut self, row: &Row<'_>, middle: f64) {
        let activity = row.activity;
        if activity.done || activity.late_finish == row.finish() || activity.total_float == Span::ZERO {
            return;
        }
        let (now, late) = (self.axis.x(row.finish()), self.axis.x(activity.late_finish));
        if late >= now {
            let is_whole = self.axis.shows(activity.late_finish);
            self.svg.line("float", (now, middle), (late, middle));
            if is_whole {
                self.svg.line("float", (late, middle - 4.0), (late, middle + 4.0));
            } else {
                self.pointer((late, middle), 6.0);
            }
        } else {
            let y = middle + BAR / 2.0 + 2.5;
            self.svg.line("late", (late, y), (now, y));
            self.svg.line("late", (late, middle - BAR / 2.0), (late, y));
        }
    }

    fn bar(&mut self, row: &Row<'_>, middle: f64) {
        let class = class(row);
        let (start, ready) = (self.axis.x(row.start()), self.axis.x(row.ready()));
        let finish = self.axis.x(row.finish());
        let top = middle - BAR / 2.0;
        if row.is_span {
            let class = if row.activity.critical { "spancrit" } else { "span" };
            let (start, finish) = (start, finish.max(start + 3.0));
            self.svg.path(
                class,
                format_args!(
                    "M{} {}H{}V{}L{} {}H{}L{} {}Z",
                    Px(start),
                    Px(top + 1.0),
                    Px(finish),
                    Px(top + BAR),
                    Px((finish - 5.0).max(start)),
                    Px(middle),
                    Px((start + 5.0).min(finish)),
                    Px(start),
                    Px(top + BAR)
                ),
            );
            return;
        }
        if row.ready() > row.start() {
            self.svg.rect(class, (start, top), ((ready - start).max(2.0), BAR), 1.5);
            if !self.axis.shows(row.start()) {
                self.pointer((start, middle), -6.0);
            }
        }
        if row.finish() > row.ready() {
            self.svg.hatched((ready, top), ((finish - ready).max(2.0), BAR));
        }
        if row.takes_no_time() {
            self.svg.diamond(class, (finish, middle), BAR / 2.0 + 1.0);
        }
    }

    /// Says that something goes on beyond the chart.
    fn pointer(&mut self, at: (f64, f64), length: f64) {
        let (x, y) = at;
        self.svg.path(
            "cut",
            format_args!(
                "M{} {}L{} {}L{} {}Z",
                Px(x),
                Px(y - 4.0),
                Px(x + length),
                Px(y),
                Px(x),
                Px(y + 4.0)
            ),
        );
    }

    /// Thin lines from what is critical to the next of it.
    fn chain(&mut self) {
        let rows = &self.drawn.rows;
        for arrow in self.drawn.arrows.iter().filter(|arrow| arrow.is_critical) {
            let (Some(from), Some(to)) = (rows.get(arrow.from), rows.get(arrow.to)) else { continue };
            // What starts before its driver finishes waits for its start, or for another end of both.
            let leaves = if from.finish() <= to.start() { from.finish() } else { from.start() };
            let (x, target) = (self.axis.x(leaves), self.axis.x(to.start()));
            let y = |place: usize| self.top + ROW * place as f64 + ROW / 2.0;
            let is_down = arrow.to > arrow.from;
            let edge = if is_down { BAR / 2.0 + 1.0 } else { -BAR / 2.0 - 1.0 };
            let (start, end) = (y(arrow.from) + edge, y(arrow.to) - edge);
            let turn = end - edge.signum() * 3.0;
            self.svg.path(
                "chain",
                format_args!("M{} {}V{}H{}V{}", Px(x), Px(start), Px(turn), Px(target), Px(end)),
            );
        }
    }

    fn status(&mut self) {
        let at = self.drawn.path.at;
        let x = self.axis.x(at);
        let bottom = self.top + ROW * self.drawn.rows.len() as f64;
        self.svg.line("at", (x, self.top - STATUS), (x, bottom));
        let label = format!("Status date {}", self.drawn.when(at));
        let y = self.top - 4.0;
        if x + 4.0 + width(&label, SMALL) <= self.axis.right {
            self.svg.text(&["att"], (x + 4.0, y), &label);
        } else {
            self.svg.text(&["att", "e"], (x - 4.0, y), &label);
        }
    }

    /// What the signs mean, of those that may occur.
    fn legend(&mut self, y: f64) {
        let rows = &self.drawn.rows;
        let has = |is: &dyn Fn(&Row<'_>) -> bool| rows.iter().any(is);
        let entries: [(&str, &str, bool); 8] = [
            ("crit", "Critical", has(&|row| row.activity.critical && !row.activity.done)),
            ("near", "Near-critical", has(&|row| class(row) == "near")),
            ("bar", "Other", has(&|row| class(row) == "bar")),
            ("done", "Done", has(&|row| row.activity.done)),
            ("wait", "Waits for its train", has(&|row| row.finish() > row.ready())),
            ("span", "Spans its parts", has(&|row| row.is_span)),
            ("float", "Float", has(&|row| !row.activity.done && row.activity.total_float > Span::ZERO)),
            ("late", "Too late by", has(&|row| !row.activity.done && row.activity.total_float < Span::ZERO)),
        ];
        let mut x = MARGIN;
        for (class, label, _) in entries.into_iter().filter(|(_, _, is_there)| *is_there) {
            match class {
                "wait" => self.svg.hatched((x, y - 6.0), (24.0, BAR)),
                "float" | "late" => {
                    self.svg.line(class, (x, y), (x + 24.0, y));
                    let end = if class == "float" { x + 24.0 } else { x };
                    self.svg.line(class, (end, y - 4.0), (end, y + 4.0));
                }
                "span" => self.svg.rect(class, (x, y - 5.0), (24.0, 6.0), 0.0),
                _ => self.svg.rect(class, (x, y - 6.0), (24.0, BAR), 1.5),
            }
            self.svg.text(&["m"], (x + 30.0, y + 4.0), label);
            x += 30.0 + width(label, SMALL) + 18.0;
        }
    }
}

fn class(row: &Row<'_>) -> &'static str {
    let activity = row.activity;
    match (activity.done, activity.critical, activity.near_critical) {
        (true, true, _) => "donecrit",
        (true, false, _) => "done",
        (false, true, _) => "crit",
        (false, false, true) => "near",
        (false, false, false) => "bar",
    }
}
