//! Time from left to right: where an instant lies, and which days and months are marked.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike};

use super::text::width;
use crate::time::{DAY, HOUR, Instant, MINUTE, Zone};

pub(super) struct Axis {
    pub(super) left: f64,
    pub(super) right: f64,
    first: Instant,
    last: Instant,
    /// The marks, and the longer stretches that they lie in.
    pub(super) marks: Vec<Mark>,
    pub(super) stretches: Vec<Mark>,
}

/// The beginning of a day, week, month, ...
pub(super) struct Mark {
    pub(super) x: f64,
    /// Empty where there is no room.
    pub(super) label: String,
}

/// What is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minutes(u32),
    Hours(u32),
    Day,
    Week,
    Months(u32),
    Years(i32),
}

/// Each with its length and the pixels that it takes at least.
const UNITS: &[(Unit, i64, f64)] = &[
    (Unit::Minutes(5), 5 * MINUTE, 46.0),
    (Unit::Minutes(15), 15 * MINUTE, 46.0),
    (Unit::Hours(1), HOUR, 46.0),
    (Unit::Hours(3), 3 * HOUR, 46.0),
    (Unit::Hours(6), 6 * HOUR, 46.0),
    (Unit::Hours(12), 12 * HOUR, 46.0),
    (Unit::Day, DAY, 22.0),
    (Unit::Week, 7 * DAY, 24.0),
    (Unit::Months(1), 30 * DAY, 34.0),
    (Unit::Months(3), 91 * DAY, 30.0),
    (Unit::Years(1), 365 * DAY, 44.0),
    (Unit::Years(5), 5 * 365 * DAY, 44.0),
    (Unit::Years(20), 20 * 365 * DAY, 44.0),
    (Unit::Years(100), 100 * 365 * DAY, 44.0),
    (Unit::Years(500), 500 * 365 * DAY, 44.0),
    (Unit::Years(2000), 2000 * 365 * DAY, 44.0),
];

/// An axis shows at least so much time.
const LEAST: i64 = HOUR;

impl Axis {
    pub(super) fn new(zone: Zone, times: (Instant, Instant), sides: (f64, f64)) -> Axis {
        let (left, right) = sides;
        // A little room on both sides, for diamonds and bold outlines.
        let room = ((times.1.millis() - times.0.millis()) / 50).max(LEAST / 2);
        let first = Instant::clamped(times.0.millis() - room);
        let last = Instant::clamped(times.1.millis() + room);
        let mut axis = Axis { left, right, first, last, marks: Vec::new(), stretches: Vec::new() };
        let length = (last.millis() - first.millis()) as f64;
        let fits = |(_, long, least): &&(Unit, i64, f64)| *long as f64 / length * (right - left) >= *least;
        let unit = UNITS.iter().find(fits).or(UNITS.last()).map_or(Unit::Day, |(unit, _, _)| *unit);
        axis.marks = axis.mark(zone, unit, false);
        if let Some(longer) = unit.longer() {
            axis.stretches = axis.mark(zone, longer, true);
            if axis.stretches.first().is_none_or(|mark| mark.x > left) {
                let begun = label(longer, zone.wall(first), true);
                axis.stretches.insert(0, Mark { x: left, label: begun });
            }
            axis.thin_out();
        }
        axis
    }

    /// Takes away the names of stretches that are too short for them.
    fn thin_out(&mut self) {
        let mut end = self.right;
        for mark in self.stretches.iter_mut().rev() {
            if mark.x + width(&mark.label, 12.0) + 6.0 > end {
                mark.label.clear();
            }
            end = mark.x;
        }
    }

    pub(super) fn x(&self, instant: Instant) -> f64 {
        let part = (instant.millis() - self.first.millis()) as f64;
        let whole = (self.last.millis() - self.first.millis()) as f64;
        self.left + (self.right - self.left) * (part / whole).clamp(0.0, 1.0)
    }

    /// Whether an instant lies on the axis.
    pub(super) fn shows(&self, instant: Instant) -> bool {
        self.first <= instant && instant <= self.last
    }

    fn mark(&self, zone: Zone, unit: Unit, is_stretch: bool) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut next = unit.begin(zone.wall(self.first));
        // There are never more marks than pixels, which also holds where the calendar ends.
        for _ in 0..=(self.right - self.left) as usize {
            let Some(wall) = next else { break };
            let instant = zone.at(wall, false);
            if instant > self.last {
                break;
            }
            // Where clocks jump, two marks may be at one instant.
            let x = self.x(instant);
            if instant >= self.first && marks.last().is_none_or(|mark| mark.x < x) {
                marks.push(Mark { x, label: label(unit, wall, is_stretch) });
            }
            next = unit.after(wall);
        }
        marks
    }
}

type Wall = chrono::NaiveDateTime;

impl Unit {
    /// What it is a part of.
    fn longer(self) -> Option<Unit> {
        match self {
            Unit::Minutes(_) | Unit::Hours(_) => Some(Unit::Day),
            Unit::Day | Unit::Week => Some(Unit::Months(1)),
            Unit::Months(_) => Some(Unit::Years(1)),
            Unit::Years(_) => None,
        }
    }

    /// When the one began that this is in.
    fn begin(self, wall: Wall) -> Option<Wall> {
        let date = wall.date();
        let day = |date: Option<NaiveDate>| date.map(|date| date.and_time(NaiveTime::MIN));
        match self {
            Unit::Minutes(_) => date.and_hms_opt(wall.hour(), 0, 0),
            Unit::Hours(_) | Unit::Day => day(Some(date)),
            Unit::Week => day(date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))),
            Unit::Months(n) => day(date.with_day(1).and_then(|date| date.with_month0(date.month0() / n * n))),
            Unit::Years(n) => day(NaiveDate::from_ymd_opt((date.year().div_euclid(n) * n).max(1), 1, 1)),
        }
    }

    fn after(self, wall: Wall) -> Option<Wall> {
        match self {
            Unit::Minutes(n) => wall.checked_add_signed(TimeDelta::minutes(n.into())),
            Unit::Hours(n) => wall.checked_add_signed(TimeDelta::hours(n.into())),
            Unit::Day => wall.checked_add_days(Days::new(1)),
            Unit::Week => wall.checked_add_days(Days::new(7)),
            Unit::Months(n) => wall.checked_add_months(Months::new(n)),
            Unit::Years(n) => wall.with_year(wall.year() + n),
        }
    }
}

/// What it is called; a stretch is told from all others, a mark from those in its stretch.
fn label(unit: Unit, wall: Wall, is_stretch: bool) -> String {
    match unit {
        Unit::Minutes(_) | Unit::Hours(_) => wall.format("%H:%M").to_string(),
        Unit::Day if is_stretch => wall.format("%a %Y-%m-%d").to_string(),
        Unit::Day | Unit::Week => wall.day().to_string(),
        Unit::Months(_) if is_stretch => wall.format("%b %Y").to_string(),
        Unit::Months(1) => wall.format("%b").to_string(),
        Unit::Months(_) => format!("Q{}", wall.month0() / 3 + 1),
        Unit::Years(_) => wall.year().to_string(),
    }
}
