//! The network as SVG.

use super::layers::Layout;
use super::selection::{Row, Selection};
use super::svg::{Px, Svg};
use super::text::{LONGEST, fit, width};

const MARGIN: f64 = 20.0;
const HEAD: f64 = 64.0;
const BOX: (f64, f64) = (212.0, 56.0);
const GAP: (f64, f64) = (56.0, 14.0);
/// Half of the room that an arrow takes where it passes a layer.
const PASS: f64 = 7.0;
const FONT: f64 = 12.0;
const SMALL: f64 = 11.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.15;
const LEGEND: f64 = 44.0;
/// The least width, for the title and the legend.
const LEAST: f64 = 560.0;
/// How many boxes without arrows stand side by side, at least and at most.
const BESIDE: (usize, usize) = (4, 12);

pub(super) fn svg(drawn: &Selection<'_>, wanted: Option<u32>) -> String {
    let layout = Layout::new(drawn.rows.len(), &drawn.arrows, (BOX.1 + GAP.1) / 2.0, PASS);
    let alone: Vec<usize> =
        (0..drawn.rows.len()).filter(|place| layout.boxes.get(*place).is_some_and(Option::is_none)).collect();
    let beside = layout.layers.clamp(BESIDE.0, BESIDE.1).min(alone.len());
    let columns = layout.layers.max(beside) as f64;
    let full = (2.0 * MARGIN + columns * (BOX.0 + GAP.0) - GAP.0).max(LEAST);
    let below = HEAD + layout.height;
    let caption = if alone.is_empty() { 0.0 } else { 34.0 };
    let lines = alone.len().div_ceil(beside.max(1)) as f64;
    let height = below + caption + lines * (BOX.1 + GAP.1) + LEGEND;
    let scale = wanted.map_or(1.0, |wanted| f64::from(wanted) / full);
    let summary = drawn.summary().join(" · ");
    let title = format!("Network: {}", drawn.title);
    let mut svg = Svg::new((full, height), scale, &title, &summary);
    svg.text(&["h"], (MARGIN, 28.0), &fit(&drawn.title, 16.0, full - 2.0 * MARGIN));
    svg.text(&["m"], (MARGIN, 46.0), &fit(&summary, SMALL, full - 2.0 * MARGIN));
    // Critical ones come first, and what is drawn last lies on top.
    for (number, arrow) in drawn.arrows.iter().enumerate().rev() {
        let ends = (layout.boxes.get(arrow.from), layout.boxes.get(arrow.to));
        let (Some(Some(from)), Some(Some(to))) = ends else { continue };
        let passes = layout.passes.get(number).map_or(&[][..], Vec::as_slice);
        draw_arrow(&mut svg, *from, *to, passes, arrow.is_critical);
    }
    for (row, place) in drawn.rows.iter().zip(&layout.boxes) {
        if let Some((layer, middle)) = place {
            draw_box(&mut svg, drawn, row, (left(*layer), HEAD + middle - BOX.1 / 2.0));
        }
    }
    if !alone.is_empty() {
        let what = if drawn.arrows.is_empty() {
            "No activity is driven by another"
        } else {
            "Driven by no other activity, and driving none"
        };
        svg.line("rule", (MARGIN, below + 4.0), (full - MARGIN, below + 4.0));
        svg.text(&["m"], (MARGIN, below + 21.0), what);
        for (number, row) in alone.iter().filter_map(|place| drawn.rows.get(*place)).enumerate() {
            let (line, column) = (number / beside.max(1), number % beside.max(1));
            let y = below + caption + line as f64 * (BOX.1 + GAP.1);
            draw_box(&mut svg, drawn, row, (left(column), y));
        }
    }
    legend(&mut svg, drawn, height - LEGEND + 22.0);
    svg.finish()
}

fn left(layer: usize) -> f64 {
    MARGIN + layer as f64 * (BOX.0 + GAP.0)
}

fn draw_arrow(svg: &mut Svg, from: (usize, f64), to: (usize, f64), passes: &[f64], is_critical: bool) {
    let mut data = String::new();
    let (mut x, mut y) = (left(from.0) + BOX.0, HEAD + from.1);
    data.push_str(&format!("M{} {}", Px(x), Px(y)));
    let mut curve = |x: f64, y: f64, to: (f64, f64)| {
        // It leaves and arrives level; what leads back makes a wide turn.
        let reach = if to.0 > x { (to.0 - x) / 2.0 } else { GAP.0 };
        if y == to.1 && to.0 > x {
            data.push_str(&format!("H{}", Px(to.0)));
        } else {
            data.push_str(&format!(
                "C{} {} {} {} {} {}",
                Px(x + reach),
                Px(y),
                Px(to.0 - reach),
                Px(to.1),
                Px(to.0),
                Px(to.1)
            ));
        }
    };
    for (step, height) in passes.iter().enumerate() {
        let at = left(from.0 + 1 + step);
        let height = HEAD + height;
        curve(x, y, (at, height));
        curve(at, height, (at + BOX.0, height));
        (x, y) = (at + BOX.0, height);
    }
    let tip = (left(to.0), HEAD + to.1);
    let (line, head, size) =
        if is_critical { ("arrowcrit", "headcrit", 10.0) } else { ("arrow", "head", 7.0) };
    curve(x, y, (tip.0 - size + 1.0, tip.1));
    svg.path(line, format_args!("{data}"));
    svg.path(
        head,
        format_args!(
            "M{} {}L{} {}L{} {}Z",
            Px(tip.0 - size),
            Px(tip.1 - size / 2.0),
            Px(tip.0),
            Px(tip.1),
            Px(tip.0 - size),
            Px(tip.1 + size / 2.0)
        ),
    );
}

fn draw_box(svg: &mut Svg, drawn: &Selection<'_>, row: &Row<'_>, at: (f64, f64)) {
    let activity = row.activity;
    let class = match (activity.done, activity.critical, activity.near_critical) {
        (true, true, _) => "boxdonecrit",
        (true, false, _) => "boxdone",
        (false, true, _) => "boxcrit",
        (false, false, true) => "boxnear",
        (false, false, false) => "box",
    };
    let (x, y) = at;
    svg.open(&drawn.tooltip(row));
    svg.rect(class, at, BOX, if row.takes_no_time() { BOX.1 / 2.0 } else { 4.0 });
    let side = if row.takes_no_time() { 18.0 } else { 9.0 };
    let room = BOX.0 - 2.0 * side;
    let name = row.name(LONGEST);
    let (classes, size): (&[&str], f64) = if activity.critical { (&["b"], FONT * BOLD) } else { (&[], FONT) };
    svg.text(classes, (x + side, y + 18.0), &fit(&name, size, room));
    // The float stands beside the dates, or above them where they leave no room.
    let (dates, float) = (drawn.dates(row), row.float());
    let taken = width(&float, SMALL) + 6.0;
    let is_beside = width(&dates, SMALL) + taken <= room;
    let (above, below) = if is_beside { (room, room - taken) } else { (room - taken, room) };
    if let Some(second) = row.wait().or_else(|| row.id(LONGEST)) {
        svg.text(&["m"], (x + side, y + 33.0), &fit(&second, SMALL, above));
    }
    svg.text(&["m"], (x + side, y + 48.0), &fit(&dates, SMALL, below));
    let line = if is_beside { 48.0 } else { 33.0 };
    svg.text(&["m", "e"], (x + BOX.0 - side, y + line), &float);
    svg.close();
}

/// What the signs mean, of those that occur.
fn legend(svg: &mut Svg, drawn: &Selection<'_>, y: f64) {
    let has = |is: &dyn Fn(&Row<'_>) -> bool| drawn.rows.iter().any(is);
    let entries = [
        ("boxcrit", "Critical", has(&|row| row.activity.critical)),
        ("boxnear", "Near-critical", has(&|row| row.activity.near_critical && !row.activity.critical)),
        ("boxdone", "Done", has(&|row| row.activity.done)),
    ];
    let mut x = MARGIN;
    for (class, label, _) in entries.into_iter().filter(|(_, _, is_there)| *is_there) {
        svg.rect(class, (x, y - 7.0), (26.0, 14.0), 2.0);
        svg.text(&["m"], (x + 34.0, y + 4.0), label);
        x += 34.0 + width(label, SMALL) + 18.0;
    }
    svg.text(
        &["m"],
        (x, y + 4.0),
        "An arrow leads from what decides a start. Below a name: its dates and float.",
    );
}
