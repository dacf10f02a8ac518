use super::*;

#[test]
fn an_exception_beats_weekly_hours_and_holidays() {
    let exception =
        |day: &str, hours: Vec<ClockHours>| CalendarException { day: day.into(), hours, reason: None };
    let mut calendar = office("Europe/Zurich");
    calendar.holidays = vec!["2026-12-24".into(), "2026-12-25".into()];
    calendar.exceptions = vec![
        exception("2026-12-24", vec![clock("09:00", "12:00")]),
        // A Saturday that is worked, by two shifts.
        exception("2026-12-19", vec![clock("13:00", "15:00"), clock("08:00", "12:00")]),
        exception("2026-12-21", vec![]),
    ];
    // Friday 8; Saturday 6; Sunday, Monday 0; Tuesday, Wednesday 8 each; Thursday 3; Friday 0.
    assert_eq!(hours(&calendar, "2026-12-18T00:00:00Z", "2026-12-26T00:00:00Z"), 33.0);
    let work = WorkingTime::new(&calendar, at("2026-12-18T00:00:00Z")).unwrap();
    assert_eq!(work.next_working(at("2026-12-19T12:00:00Z")), Some(at("2026-12-19T12:00:00Z")));
    assert_eq!(work.next_working(at("2026-12-19T14:00:00Z")), Some(at("2026-12-22T08:00:00Z")));

    // Without weekly hours an exception is what is left of its day.
    let mut always = Calendar { zone: "UTC".into(), ..Calendar::default() };
    always.exceptions = vec![exception("2026-12-19", vec![clock("08:00", "12:00")])];
    assert_eq!(hours(&always, "2026-12-18T00:00:00Z", "2026-12-21T00:00:00Z"), 52.0);
}

#[test]
fn a_blackout_closes_an_exception_too() {
    let mut calendar = office("UTC");
    let worked =
        CalendarException { day: "2026-12-19".into(), hours: vec![clock("08:00", "12:00")], reason: None };
    calendar.exceptions = vec![worked];
    calendar.blackouts = vec![Blackout::new(at("2026-12-19T10:00:00Z"), at("2026-12-19T11:00:00Z"))];
    assert_eq!(hours(&calendar, "2026-12-19T00:00:00Z", "2026-12-20T00:00:00Z"), 3.0);
}

#[test]
fn holidays_come_again() {
    let rule = |day: &str, rrule: &str| HolidayRule { day: day.into(), rrule: rrule.into(), reason: None };
    let mut calendar = office("UTC");
    calendar.holiday_rules = vec![
        rule("2020-12-25", "FREQ=YEARLY"),
        // The fourth Thursday of November.
        rule("2020-11-26", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
    ];
    // 25 December is a Friday in 2026, a Saturday in 2027 and a Monday in 2028.
    assert_eq!(hours(&calendar, "2026-12-21T00:00:00Z", "2026-12-28T00:00:00Z"), 32.0);
    assert_eq!(hours(&calendar, "2027-12-20T00:00:00Z", "2027-12-27T00:00:00Z"), 40.0);
    assert_eq!(hours(&calendar, "2028-12-25T00:00:00Z", "2029-01-01T00:00:00Z"), 32.0);
    assert_eq!(hours(&calendar, "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"), 0.0);
    // Not before it starts.
    assert_eq!(hours(&calendar, "2019-12-25T00:00:00Z", "2019-12-26T00:00:00Z"), 8.0);
    calendar.exceptions = vec![CalendarException {
        day: "2026-12-25".into(),
        hours: vec![clock("09:00", "12:00")],
        reason: None,
    }];
    assert_eq!(hours(&calendar, "2026-12-25T00:00:00Z", "2026-12-26T00:00:00Z"), 3.0);
}

#[test]
fn a_blackout_by_a_rule_keeps_to_the_wall_clock() {
    let mut calendar = Calendar { zone: "Europe/Zurich".into(), ..Calendar::default() };
    // Weekends from Friday 18:00 to Monday 06:00.
    calendar.blackouts = vec![Blackout {
        rrule: Some("FREQ=WEEKLY;BYDAY=FR".into()),
        ..Blackout::new(at("2026-03-06T17:00:00Z"), at("2026-03-09T05:00:00Z"))
    }];
    let work = WorkingTime::new(&calendar, at("2026-03-01T00:00:00Z")).unwrap();
    // Clocks go forward on 29 March and back on 25 October.
    for (closes, opens) in [
        ("2026-03-20T17:00:00Z", "2026-03-23T05:00:00Z"),
        ("2026-03-27T17:00:00Z", "2026-03-30T04:00:00Z"),
        ("2026-04-03T16:00:00Z", "2026-04-06T04:00:00Z"),
        ("2026-10-23T16:00:00Z", "2026-10-26T05:00:00Z"),
    ] {
        assert_eq!(work.previous_working(at(opens)), Some(at(closes)));
        assert_eq!(work.next_working(at(closes)), Some(at(opens)));
    }
    // It begins with its first occurrence.
    assert_eq!(work.next_working(at("2026-02-28T00:00:00Z")), Some(at("2026-02-28T00:00:00Z")));
}

/// Sunday from midnight to 6, or the Saturday evening before, on the nights on which clocks change.
#[test]
fn a_night_is_as_long_as_its_clock_makes_it() {
    let night = |zone: &str, day: Weekday, start: &str, end: &str| Calendar {
        zone: zone.into(),
        hours: on(&[day], start, end),
        ..Calendar::default()
    };
    let (sun, sat) = (Weekday::Sun, Weekday::Sat);
    for (zone, day, start, end, from, to, expected) in [
        // From 2 to 3, and from 3 to 2.
        ("Europe/Zurich", sun, "00:00", "06:00", "2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z", 5.0),
        ("Europe/Zurich", sun, "00:00", "06:00", "2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z", 7.0),
        ("America/New_York", sun, "00:00", "06:00", "2026-03-08T05:00:00Z", "2026-03-08T10:00:00Z", 5.0),
        ("America/New_York", sun, "00:00", "06:00", "2026-11-01T04:00:00Z", "2026-11-01T11:00:00Z", 7.0),
        // What begins or ends in the hour that is jumped over begins or ends with the jump.
        ("Europe/Zurich", sun, "02:30", "06:00", "2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z", 3.0),
        ("Europe/Zurich", sun, "00:00", "02:30", "2026-03-28T23:00:00Z", "2026-03-29T01:00:00Z", 2.0),
        // What ends before or begins after the hour that is there twice has nothing of it.
        ("Europe/Zurich", sun, "00:00", "02:00", "2026-10-24T22:00:00Z", "2026-10-25T00:00:00Z", 2.0),
        ("Europe/Zurich", sun, "03:00", "06:00", "2026-10-25T02:00:00Z", "2026-10-25T05:00:00Z", 3.0),
        // From midnight to 1, and from midnight to 23 on the day before.
        ("America/Santiago", sun, "00:00", "06:00", "2026-09-06T04:00:00Z", "2026-09-06T09:00:00Z", 5.0),
        ("America/Santiago", sat, "20:00", "24:00", "2026-04-04T23:00:00Z", "2026-04-05T04:00:00Z", 5.0),
        ("Asia/Beirut", sun, "00:00", "06:00", "2026-03-28T22:00:00Z", "2026-03-29T03:00:00Z", 5.0),
        ("Asia/Beirut", sat, "20:00", "24:00", "2026-10-24T17:00:00Z", "2026-10-24T22:00:00Z", 5.0),
    ] {
        let calendar = night(zone, day, start, end);
        let work = WorkingTime::new(&calendar, at(from)).unwrap();
        let week = Span::from_days(3);
        let begin = Instant::from_millis(at(from).millis() - week.millis()).unwrap();
        assert_eq!(work.next_working(begin), Some(at(from)), "{zone} {start} from {from}");
        assert_eq!(work.between(at(from), at(to)).days() * 24.0, expected, "{zone} {start} from {from}");
        let span = Span::from_millis((expected * 3_600_000.0) as i64);
        assert_eq!(work.add(at(from), span), Some(at(to)));
        assert_eq!(work.add(at(to), Span::from_millis(-span.millis())), Some(at(from)));
    }
}

#[test]
fn half_of_an_hour_that_is_there_twice_is_worked_twice() {
    let mut calendar = Calendar { zone: "Europe/Zurich".into(), ..Calendar::default() };
    calendar.hours = on(&[Weekday::Sun], "02:15", "02:45");
    let work = WorkingTime::new(&calendar, at("2026-10-25T00:00:00Z")).unwrap();
    assert_eq!(work.next_working(at("2026-10-25T00:00:00Z")), Some(at("2026-10-25T00:15:00Z")));
    assert_eq!(work.next_working(at("2026-10-25T00:45:00Z")), Some(at("2026-10-25T01:15:00Z")));
    assert_eq!(hours(&calendar, "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"), 1.0);
    // In spring that half hour is not there at all.
    assert_eq!(hours(&calendar, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"), 0.0);
}

#[test]
fn a_day_that_a_zone_left_out_is_not_worked() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let calendar = office("Pacific/Apia");
    assert_eq!(hours(&calendar, "2011-12-29T10:00:00Z", "2012-01-01T10:00:00Z"), 8.0);
    // In St John's clocks were set back from one minute past midnight to the evening before.
    let mut newfoundland = Calendar { zone: "America/St_Johns".into(), ..Calendar::default() };
    assert_eq!(hours(&newfoundland, "2010-11-06T00:00:00Z", "2010-11-09T00:00:00Z"), 72.0);
    newfoundland.hours = on(&[Weekday::Sat], "00:00", "24:00");
    assert_eq!(hours(&newfoundland, "2010-11-05T12:00:00Z", "2010-11-08T12:00:00Z"), 24.0 + 59.0 / 60.0);
}

#[test]
fn work_can_end_at_the_end_of_an_interval_and_within() {
    let calendar = office("UTC");
    let work = WorkingTime::new(&calendar, at("2026-03-02T00:00:00Z")).unwrap();
    for (from, expected) in [
        // Monday at its beginning: work ends on Friday at the latest.
        ("2026-03-02T09:00:00Z", "2026-02-27T17:00:00Z"),
        ("2026-03-02T09:00:00.001Z", "2026-03-02T09:00:00.001Z"),
        ("2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z"),
        ("2026-03-02T17:00:00Z", "2026-03-02T17:00:00Z"),
        ("2026-03-02T17:00:00.001Z", "2026-03-02T17:00:00Z"),
        ("2026-03-08T00:00:00Z", "2026-03-06T17:00:00Z"),
    ] {
        assert_eq!(work.previous_working(at(from)), Some(at(expected)), "{from}");
    }
    assert_eq!(work.previous_working(Instant::MIN), None);
}

#[test]
fn near_and_far_years_agree() {
    let calendar = office("Europe/Zurich");
    let around = at("2026-03-02T00:00:00Z");
    let work = WorkingTime::new(&calendar, around).unwrap();
    for years in -14..39 {
        let there = at(&format!("{}-06-15T12:00:00Z", 2026 + years));
        let span = work.between(around, there);
        let local = WorkingTime::new(&calendar, there).unwrap();
        // Twelve months forward or back, counted from either place.
        let next = at(&format!("{}-06-15T12:00:00Z", 2027 + years));
        assert_eq!(work.between(there, next), local.between(there, next), "{there}");
        assert_eq!(work.between(around, next).millis() - span.millis(), local.between(there, next).millis());
        assert_eq!(work.next_working(there), local.next_working(there));
        assert_eq!(work.previous_working(there), local.previous_working(there));
        if work.next_working(there) == Some(there) {
            assert_eq!(work.add(around, span), Some(there));
            // Taken back it begins on Monday morning; counted forward to here it ends on the Friday before.
            let here = if years < 0 { "2026-02-27T16:00:00Z" } else { "2026-03-02T08:00:00Z" };
            assert_eq!(work.add(there, Span::from_millis(-span.millis())), Some(at(here)));
        }
    }
    // Two that were made for years far apart work together where both reach.
    let later = WorkingTime::new(&calendar, at("2046-03-02T00:00:00Z")).unwrap();
    let (both, day) = (work.intersection(&later), at("2040-03-05T00:00:00Z"));
    assert_eq!(both.add(day, Span::from_hours(8)), Some(at("2040-03-05T16:00:00Z")));
    assert_eq!(both.next_working(at("2020-03-02T00:00:00Z")), Some(at("2031-01-02T08:00:00Z")));
}
