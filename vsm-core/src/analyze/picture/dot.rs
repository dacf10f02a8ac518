//! The network in DOT, the language of Graphviz.

use std::fmt::Write;

use super::selection::Selection;

/// The longest name, in characters: a box is as wide as its longest line.
const NAME: usize = 48;

pub(super) fn network(drawn: &Selection<'_>) -> String {
    let mut out = String::from("digraph schedule {\n  rankdir=LR;\n");
    // Writing to a text does not fail.
    let caption: Vec<String> = drawn.summary().iter().map(|part| label(part)).collect();
    let _ = writeln!(
        out,
        "  labelloc=t;\n  label=\"{}\\n{}\";\n  node [shape=box, fontname=\"sans-serif\"];",
        label(&drawn.title),
        caption.join(" · ")
    );
    for (place, row) in drawn.rows.iter().enumerate() {
        let mut lines = vec![row.name(NAME)];
        lines.extend(row.id(NAME));
        lines.push(drawn.dates(row));
        lines.push(row.slack());
        lines.extend(row.wait());
        let lines: Vec<String> = lines.iter().map(|text| label(text)).collect();
        let mut style = Vec::new();
        if row.takes_no_time() {
            style.push("rounded");
        }
        if row.activity.done {
            style.push("filled");
        } else if row.activity.near_critical && !row.activity.critical {
            style.push("dashed");
        }
        let _ = write!(out, "  n{} [label=\"{}\"", place + 1, lines.join("\\n"));
        if !style.is_empty() {
            let _ = write!(out, ", style=\"{}\"", style.join(","));
        }
        if row.activity.done {
            out.push_str(", fillcolor=\"#e1e4e8\"");
        }
        if row.activity.critical {
            out.push_str(", color=\"#b34700\", penwidth=3");
        }
        out.push_str("];\n");
    }
    for arrow in &drawn.arrows {
        let bold = if arrow.is_critical { " [color=\"#b34700\", penwidth=3]" } else { "" };
        let _ = writeln!(out, "  n{} -> n{}{bold};", arrow.from + 1, arrow.to + 1);
    }
    out.push_str("}\n");
    out
}

/// A line within a label in quotes: there backslashes begin escapes, and `&` an entity of HTML.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
