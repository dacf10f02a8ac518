//! Gantt chart and network in the language of Mermaid.

use std::fmt::Write;

use super::selection::{Row, Selection};
use crate::analyze::StartCause;
use crate::time::Instant;

/// The longest name, in characters: renderers refuse texts of more than 50,000.
const NAME: usize = 48;

/// The most arrows: renderers refuse more than 500.
const ARROWS: usize = 500;

pub(super) fn gantt(drawn: &Selection<'_>) -> String {
    // The wall clock of the zone is written, so that a reader elsewhere sees the same days. The reader's today is not the
    // status date, which therefore has a row of its own.
    let mut out = format!(
        "gantt\n    title {}\n    dateFormat YYYY-MM-DD HH:mm:ss\n    axisFormat %Y-%m-%d\n    todayMarker off\n",
        escaped(&caption(drawn))
    );
    let clock = |instant: Instant| drawn.zone.wall(instant).format("%Y-%m-%d %H:%M:%S").to_string();
    // Writing to a text does not fail.
    let _ = writeln!(out, "    Status date :milestone, {}, 0d", clock(drawn.path.at));
    for row in &drawn.rows {
        let mut tags = String::new();
        if row.is_milestone() {
            tags.push_str("milestone, ");
        }
        if row.activity.critical {
            tags.push_str("crit, ");
        }
        if row.activity.done {
            tags.push_str("done, ");
        } else if row.activity.started_by == StartCause::Actual {
            tags.push_str("active, ");
        }
        let start = clock(row.start());
        // The clock may have been put back in between.
        let finish = clock(row.finish()).max(start.clone());
        let finish = if row.is_milestone() { "0d".to_owned() } else { finish };
        let _ = writeln!(out, "    {} :{tags}{start}, {finish}", escaped(&with_wait(row)));
    }
    out
}

pub(super) fn network(drawn: &Selection<'_>) -> String {
    let mut out = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", quoted(&caption(drawn)));
    for (place, row) in drawn.rows.iter().enumerate() {
        let mut lines = vec![escaped(&row.name(NAME))];
        lines.extend(row.id(NAME).map(|id| escaped(&id)));
        lines.push(drawn.dates(row));
        lines.push(row.slack());
        lines.extend(row.wait());
        let (left, right) = if row.takes_no_time() { ("([", "])") } else { ("[", "]") };
        let _ = writeln!(out, "    n{}{left}\"{}\"{right}", place + 1, lines.join("<br/>"));
    }
    for arrow in drawn.arrows.iter().take(ARROWS) {
        let line = if arrow.is_critical { "==>" } else { "-->" };
        let _ = writeln!(out, "    n{} {line} n{}", arrow.from + 1, arrow.to + 1);
    }
    let of = |is: &dyn Fn(&Row<'_>) -> bool| -> String {
        let places = drawn.rows.iter().enumerate().filter(|(_, row)| is(row));
        places.map(|(place, _)| format!("n{}", place + 1)).collect::<Vec<_>>().join(",")
    };
    let critical = of(&|row| row.activity.critical);
    if !critical.is_empty() {
        out.push_str("    classDef critical stroke:#b34700,stroke-width:4px\n");
        let _ = writeln!(out, "    class {critical} critical");
    }
    let near = of(&|row| row.activity.near_critical && !row.activity.critical);
    if !near.is_empty() {
        out.push_str("    classDef near stroke-dasharray:6 3\n");
        let _ = writeln!(out, "    class {near} near");
    }
    let done = of(&|row| row.activity.done && !row.activity.critical);
    if !done.is_empty() {
        out.push_str("    classDef done fill:#e1e4e8,color:#24292f\n");
        let _ = writeln!(out, "    class {done} done");
    }
    out
}

fn caption(drawn: &Selection<'_>) -> String {
    let left_out = drawn.left_out().map(|left_out| format!(" ({left_out})")).unwrap_or_default();
    format!("{}{left_out}", drawn.title)
}

fn with_wait(row: &Row<'_>) -> String {
    let wait = row.wait().map(|wait| format!(" ({wait})")).unwrap_or_default();
    format!("{}{wait}", row.name(NAME))
}

/// Words that begin a statement of a chart, whatever follows them.
const STATEMENTS: &[&str] = &[
    "gantt",
    "title",
    "section",
    "dateformat",
    "axisformat",
    "tickinterval",
    "includes",
    "excludes",
    "todaymarker",
    "inclusiveenddates",
    "topaxis",
    "weekday",
    "weekend",
    "acctitle",
    "accdescr",
    "click",
    "href",
    "call",
    "date",
];

/// A text that its parser takes for nothing else: what isn't plain is written as the number of its character.
fn escaped(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let is_statement = STATEMENTS.iter().any(|word| lower.starts_with(word))
        || lower.starts_with(|c: char| c.is_ascii_digit());
    let mut out = String::with_capacity(text.len());
    for (place, c) in text.chars().enumerate() {
        let is_plain =
            c.is_alphanumeric() || !c.is_ascii() || matches!(c, ' ' | '-' | '_' | '.' | '(' | ')' | '/');
        if is_plain && !(place == 0 && is_statement) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
        if c == '\\' {
            // Flowcharts take a backslash and an n for a new line, even when the backslash is a number.
            out.push_str("#8203;");
        }
    }
    out
}

/// A text in a quoted scalar of YAML, in which titles of flowcharts are written.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
