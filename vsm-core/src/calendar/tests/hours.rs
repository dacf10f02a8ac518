use super::*;

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
