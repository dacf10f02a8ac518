//! Tests of pictures: any record can be drawn, and what is drawn can be read.

use quick_xml::events::Event;

use super::axis::Axis;
use super::layers::Layout;
use super::selection::Arrow;
use super::text::{fit, line, width};
use super::*;
use crate::analyze::{Activity, Basis, StartCause};
use crate::time::{DAY, Instant, Span};

const NASTY: &str = "<b>\"a\" & 'b'</b>\u{0}\n]]>\u{202e};#59;%%{init}\\ שלום 👩‍🚀 漢字 \u{fffe}`--> end";

fn at(day: i64) -> Instant {
    Instant::clamped(1_772_409_600_000 + day * DAY) // 2026-03-02
}

fn activity(id: &str, start: i64, finish: i64, drivers: &[&str]) -> Activity {
    Activity {
        item: id.into(),
        title: format!("Do {id}"),
        kind: None,
        done: false,
        duration: Span::from_days(finish - start),
        duration_from: None,
        early_start: at(start),
        early_finish: at(finish),
        late_start: at(start),
        late_finish: at(finish),
        total_float: Span::ZERO,
        free_float: Span::ZERO,
        critical: false,
        near_critical: false,
        started_by: StartCause::Start,
        drivers: drivers.iter().map(|id| (*id).to_owned()).collect(),
        cadence_wait: Span::ZERO,
        part_of: None,
    }
}

fn path(activities: Vec<Activity>) -> CriticalPath {
    CriticalPath {
        item: None,
        at: at(0),
        ready_at: at(9),
        finish: at(9),
        length: Span::from_days(9),
        cadence_wait: Span::ZERO,
        path: Vec::new(),
        path_count: 1,
        paths: Vec::new(),
        crash: Vec::new(),
        merge_points: Vec::new(),
        infeasible: Vec::new(),
        activities,
        basis: Basis::default(),
    }
}

fn draw(path: &CriticalPath, form: PictureForm) -> String {
    picture(path, form, &PictureOptions::default()).unwrap()
}

/// The texts of an SVG, after a look at whether it is well-formed and needs nothing from outside.
fn texts(svg: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(svg);
    let (mut depth, mut texts, mut text) = (0, Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                let known = ["svg", "title", "desc", "style", "g", "text"];
                assert!(known.contains(&name.as_str()), "{name} is not one of {known:?}");
                for attribute in start.attributes() {
                    let value = String::from_utf8_lossy(&attribute.unwrap().value).into_owned();
                    assert!(
                        !value.contains("url(") && !value.contains("NaN") && !value.contains("inf"),
                        "{value}"
                    );
                }
                depth += 1;
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().unwrap()),
            Event::GeneralRef(part) => {
                let name = part.decode().unwrap();
                text.push(match &*name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "#39" => '\'',
                    other => panic!("&{other}; is no entity of ours"),
                });
            }
            Event::End(_) => {
                depth -= 1;
                texts.push(std::mem::take(&mut text));
            }
            Event::Empty(_) => {}
            Event::Eof => break,
            other => panic!("{other:?} has no place in a picture"),
        }
    }
    assert_eq!(depth, 0);
    texts
}

#[test]
fn texts_from_outside_stay_texts() {
    let mut activities = vec![activity("a", 0, 2, &[]), activity(NASTY, 2, 4, &["a"])];
    activities[0].title = NASTY.into();
    let path = CriticalPath { item: Some(NASTY.into()), ..path(activities) };
    for form in [PictureForm::GanttSvg, PictureForm::NetworkSvg] {
        let svg = draw(&path, form);
        assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
        assert!(!svg.contains(['\u{202e}', '\u{fffe}']));
        let shown = line(NASTY, 200);
        assert!(texts(&svg).iter().any(|text| text.lines().next() == Some(&shown)), "{form}");
    }
    // What could end a name or begin a statement is a number there.
    let chart = draw(&path, PictureForm::GanttMermaid);
    let row = chart.lines().find(|line| line.starts_with("    #60;b#62;")).unwrap();
    assert_eq!(row.matches(" :").count(), 1, "{row}");
    assert!(!row.contains(['"', '<', '`', '\\']), "{row}");
    let flow = draw(&path, PictureForm::NetworkMermaid);
    assert!(
        flow.lines().filter(|line| line.starts_with("    n1[")).all(|line| line.matches('"').count() == 2)
    );
    let dot = draw(&path, PictureForm::NetworkDot);
    assert!(dot.contains(r#"\"a\" &amp; 'b'"#) && dot.contains(r"{init}\\ "), "{dot}");
}

#[test]
fn words_of_mermaid_are_no_statements_in_names() {
    let mut activities = vec![activity("a", 0, 1, &[])];
    for title in ["gantt", "Section 1", "title", "2026-03-02 cut-off", "click here"] {
        activities[0].title = title.into();
        let chart = draw(&path(activities.clone()), PictureForm::GanttMermaid);
        assert!(chart.lines().last().unwrap().starts_with("    #"), "{chart}");
    }
}

#[test]
fn any_record_can_be_drawn() {
    let ends = [
        (Instant::MIN, Instant::MAX),
        (Instant::MAX, Instant::MIN),
        (Instant::MIN, Instant::MIN),
        (Instant::MAX, Instant::MAX),
        (at(3), at(3)),
    ];
    let mut records = vec![path(Vec::new())];
    for (first, second) in ends {
        let mut backward = activity("a", 0, 0, &["b", "a", "a", "nobody"]);
        (backward.early_start, backward.early_finish) = (first, second);
        (backward.late_start, backward.late_finish) = (second, first);
        backward.total_float = Span::from_millis(i64::MIN);
        backward.cadence_wait = Span::from_millis(i64::MAX);
        let mut other = activity("b", 1, 2, &["c", "a"]);
        other.total_float = Span::from_millis(i64::MAX);
        other.part_of = Some("b".into());
        other.critical = true;
        // Two of one name, in a circle.
        let third = activity("c", 2, 3, &["b"]);
        let mut record = path(vec![backward.clone(), other, third.clone(), third, backward]);
        (record.at, record.finish) = (second, first);
        records.push(record);
    }
    for zone in ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"] {
        for record in &records {
            for form in PictureForm::ALL {
                for size in [400, 10_000] {
                    let options = PictureOptions {
                        zone: Some(zone.into()),
                        width: Some(size),
                        ..PictureOptions::default()
                    };
                    let text = picture(record, *form, &options).unwrap();
                    if text.starts_with("<svg") {
                        texts(&text);
                    }
                }
            }
        }
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let record = path(Vec::new());
    let refused = |options: PictureOptions| picture(&record, PictureForm::GanttSvg, &options).unwrap_err();
    let options = PictureOptions::default;
    assert_eq!(refused(PictureOptions { zone: Some("Mars".into()), ..options() }).code(), "unknown_zone");
    for (width, limit) in [(Some(399), None), (Some(10_001), None), (None, Some(0)), (None, Some(1_001))] {
        assert_eq!(refused(PictureOptions { width, limit, ..options() }).code(), "invalid");
    }
}

#[test]
fn what_matters_is_drawn_and_the_rest_counted() {
    let mut activities: Vec<Activity> =
        (0..1000).map(|n| activity(&format!("i{n:03}"), n, n + 1, &[])).collect();
    for (place, activity) in activities.iter_mut().enumerate() {
        activity.total_float = Span::from_days(1 + place as i64);
        activity.done = place < 10;
        activity.critical = place == 700;
    }
    let record = CriticalPath { item: Some("i999".into()), ..path(activities.clone()) };
    let options = PictureOptions { limit: Some(3), ..PictureOptions::default() };
    let dot = picture(&record, PictureForm::NetworkDot, &options).unwrap();
    let drawn: Vec<&str> =
        dot.lines().filter(|line| line.starts_with("  n") && line.contains("Do i")).collect();
    // The item, what is critical, and of the open rest what has the least float.
    let ids: Vec<bool> =
        drawn.iter().zip(["i010", "i700", "i999"]).map(|(line, id)| line.contains(id)).collect();
    assert_eq!(ids, [true, true, true], "{drawn:?}");
    assert!(dot.contains("997 activities left out"));
    activities.reverse();
    let turned = CriticalPath { activities, ..record };
    for form in PictureForm::ALL {
        let options = PictureOptions { limit: Some(40), ..PictureOptions::default() };
        let straight = picture(&record_of(&turned), *form, &options).unwrap();
        assert_eq!(picture(&turned, *form, &options).unwrap(), straight);
    }
}

/// The same record in the order that answers have.
fn record_of(turned: &CriticalPath) -> CriticalPath {
    let mut record = turned.clone();
    record.activities.sort_by(|a, b| (a.early_start, &a.item).cmp(&(b.early_start, &b.item)));
    record
}

#[test]
fn many_activities_make_no_long_picture() {
    let activities =
        (0..200_000).map(|n| activity(&n.to_string(), n % 400, n % 400 + 2, &["0", "1"])).collect();
    let record = path(activities);
    let svg = draw(&record, PictureForm::GanttSvg);
    assert!(svg.len() < 1_000_000 && svg.contains("199500 activities"), "{}", svg.len());
}

#[test]
fn boxes_stand_apart_and_arrows_lead_to_the_right() {
    // Any two boxes whose numbers divide each other: many ways, long and short.
    let mut arrows = Vec::new();
    for from in 1..60 {
        for to in (2 * from..60).step_by(from) {
            arrows.push(Arrow { from, to, is_critical: to == 2 * from });
        }
    }
    let layout = Layout::new(61, &arrows, 10.0, 3.0);
    // Nothing leads to or from the first and the last.
    assert!(layout.boxes[0].is_none() && layout.boxes[60].is_none());
    let mut places: Vec<(usize, f64, f64)> =
        layout.boxes.iter().flatten().map(|(l, y)| (*l, *y, 10.0)).collect();
    for (arrow, passes) in arrows.iter().zip(&layout.passes) {
        let (from, to) = (layout.boxes[arrow.from].unwrap().0, layout.boxes[arrow.to].unwrap().0);
        assert!(from < to);
        assert_eq!(passes.len(), to - from - 1);
        places.extend(passes.iter().zip(from + 1..).map(|(y, layer)| (layer, *y, 3.0)));
    }
    places.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for pair in places.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert!(pair[1].1 - pair[0].1 > pair[0].2 + pair[1].2 - 1e-6, "{pair:?}");
    }
    assert!(places.iter().all(|(_, y, half)| *y >= half - 1e-6 && *y <= layout.height - half + 1e-6));
}

#[test]
fn branches_of_a_tree_do_not_cross() {
    // Boxes in an order that has nothing to do with the tree.
    let place = |n: usize| n * 29 % 64;
    let arrows: Vec<Arrow> =
        (1..64).map(|n| Arrow { from: place((n - 1) / 3), to: place(n), is_critical: false }).collect();
    let layout = Layout::new(64, &arrows, 10.0, 3.0);
    let y = |n: usize| layout.boxes[n].unwrap();
    for a in &arrows {
        for b in arrows.iter().filter(|b| y(a.from).0 == y(b.from).0) {
            let (start, end) = (y(a.from).1 - y(b.from).1, y(a.to).1 - y(b.to).1);
            assert!(start * end >= 0.0, "{a:?} {b:?}");
        }
    }
}

#[test]
fn marks_of_an_axis_leave_room_for_their_labels() {
    let zone = Zone::named("Europe/Zurich").unwrap();
    let mut length = 1;
    while length < Instant::MAX.millis() - at(0).millis() {
        let axis = Axis::new(zone, (at(0), Instant::clamped(at(0).millis() + length)), (300.0, 1000.0));
        assert!(!axis.marks.is_empty() && axis.marks.len() < 40, "{length}: {}", axis.marks.len());
        for marks in [&axis.marks, &axis.stretches] {
            for pair in marks.windows(2).filter(|pair| !pair[0].label.is_empty()) {
                let end = pair[0].x + 3.0 + width(&pair[0].label, 11.0);
                assert!(end <= pair[1].x + 3.0, "{length}: {} and {}", pair[0].label, pair[1].label);
            }
        }
        length = length * 3 + 1;
    }
}

#[test]
fn a_chart_shows_days_of_the_zone_where_clocks_change() {
    // 25 October 2026, 00:00 to 24:00 in Zurich: 25 hours.
    let mut long = activity("a", 0, 0, &[]);
    long.early_start = "2026-10-24T22:00:00Z".parse().unwrap();
    long.early_finish = "2026-10-25T23:00:00Z".parse().unwrap();
    // From 02:45 summer time to 02:15 winter time, half an hour later.
    let mut fold = activity("b", 0, 0, &[]);
    fold.early_start = "2026-10-25T00:45:00Z".parse().unwrap();
    fold.early_finish = "2026-10-25T01:15:00Z".parse().unwrap();
    let options = PictureOptions { zone: Some("Europe/Zurich".into()), ..PictureOptions::default() };
    let chart = picture(&path(vec![long, fold]), PictureForm::GanttMermaid, &options).unwrap();
    assert!(chart.contains("    Do a :2026-10-25 00:00:00, 2026-10-26 00:00:00\n"), "{chart}");
    assert!(chart.contains("    Do b :2026-10-25 02:45:00, 2026-10-25 02:45:00\n"), "{chart}");
}

#[test]
fn texts_are_cut_to_the_room_they_have() {
    let long = "Capture the image and validate it against the rules of the bank";
    let cut = fit(long, 12.0, 120.0);
    assert!(cut.ends_with('…') && width(&cut, 12.0) <= 120.0 && long.starts_with(cut.trim_end_matches('…')));
    assert_eq!(fit("short", 12.0, 120.0), "short");
    assert_eq!(line("  a\tb\u{2028}c ", 10), "a b c");
    assert_eq!(line("abcdef", 3), "abc…");
}
