use super::*;
use crate::error::Error;

/// The field that a calendar is refused for, with the reason.
fn refused(calendar: &Calendar) -> (String, String) {
    match calendar.check() {
        Err(Error::Invalid { field, reason }) => (field, reason),
        other => panic!("{calendar:?} gives {other:?}"),
    }
}

fn by_rule(rrule: &str) -> Calendar {
    // A Monday.
    let blackout = Blackout {
        rrule: Some(rrule.into()),
        ..Blackout::new(at("2026-03-02T09:00:00Z"), at("2026-03-02T10:00:00Z"))
    };
    Calendar { zone: "UTC".into(), blackouts: vec![blackout], ..Calendar::default() }
}

#[test]
fn a_rule_that_is_none_is_refused_with_what_is_wrong() {
    for (rule, part) in [
        ("", "\"\" is not NAME=VALUE"),
        ("FREQ", "\"FREQ\" is not NAME=VALUE"),
        ("FREQ=DAILY;", "\"\" is not NAME=VALUE"),
        ("INTERVAL=2", "FREQ is missing"),
        ("FREQ=SECONDLY", "FREQ=SECONDLY is not supported"),
        ("FREQ=MINUTELY;COUNT=5", "FREQ=MINUTELY is not supported"),
        ("FREQ=FORTNIGHTLY", "FREQ must be"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a number from 1 to 10000"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=+-2", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=2000000", "COUNT must be"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT and UNTIL"),
        ("FREQ=YEARLY;COUNT=500", "has not counted to 500"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20270101T000000", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=٢٠٢٧٠١٠١", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20260301", "ends before it starts"),
        ("FREQ=DAILY;UNTIL=20260302T085959Z", "ends before the blackout starts"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH must be"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must not be 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be"),
        ("FREQ=WEEKLY;BYMONTHDAY=2", "BYMONTHDAY does not go with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY with a number"),
        ("FREQ=WEEKLY;BYDAY=M", "BYDAY must be weekdays"),
        ("FREQ=WEEKLY;BYDAY=é", "BYDAY must be weekdays"),
        ("FREQ=MONTHLY;BYDAY=54MO", "the number in BYDAY must be"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs"),
        ("FREQ=WEEKLY;WKST=XX", "WKST must be a weekday"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR is not supported"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported"),
        ("FREQ=DAILY;TZID=UTC", "\"TZID\" is not known"),
        // What never comes, and what does not come on its start.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "matches no day"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "matches no day"),
        ("FREQ=WEEKLY;BYDAY=FR", "2026-03-02: let it start on 2026-03-06"),
    ] {
        let (field, reason) = refused(&by_rule(rule));
        assert_eq!(field, "calendar.blackouts[0].rrule", "{rule}");
        assert!(reason.contains(part), "{rule}: {reason}");
    }
    let long = format!("FREQ=DAILY;BYMONTHDAY=2{}", ",2".repeat(300));
    assert!(refused(&by_rule(&long)).1.contains("longer than 500"));
    assert_eq!(by_rule("FREQ=DAILY;UNTIL=20260302T090000Z").check(), Ok(()));
}

#[test]
fn what_contradicts_itself_is_refused_by_its_field() {
    let office = office("UTC");
    let exception = |day: &str, hours| CalendarException { day: day.into(), hours, reason: None };
    let with = |change: &dyn Fn(&mut Calendar)| {
        let mut calendar = office.clone();
        change(&mut calendar);
        refused(&calendar).0
    };
    let one = || exception("2026-12-24", vec![]);
    assert_eq!(with(&|it| it.exceptions = vec![one(), one()]), "calendar.exceptions");
    assert_eq!(
        with(&|it| it.exceptions = vec![exception("24.12.2026", vec![])]),
        "calendar.exceptions[0].day"
    );
    let backwards = || exception("2026-12-24", vec![clock("09:00", "12:00"), clock("14:00", "13:00")]);
    assert_eq!(with(&|it| it.exceptions = vec![backwards()]), "calendar.exceptions[0].hours[1]");
    let late = || exception("2026-12-24", vec![clock("25:00", "26:00")]);
    assert_eq!(with(&|it| it.exceptions = vec![late()]), "calendar.exceptions[0].hours[0].start");
    let many = || exception("2026-12-24", vec![clock("09:00", "12:00"); 25]);
    assert_eq!(with(&|it| it.exceptions = vec![many()]), "calendar.exceptions[0].hours");
    assert_eq!(with(&|it| it.exceptions = vec![one(); 1_001]), "calendar.exceptions");
    let holiday = |day: &str, rrule: &str| HolidayRule { day: day.into(), rrule: rrule.into(), reason: None };
    assert_eq!(
        with(&|it| it.holiday_rules = vec![holiday("2026", "FREQ=YEARLY")]),
        "calendar.holiday_rules[0].day"
    );
    for rule in ["FREQ=YEARLY;BYMONTHDAY=26", "FREQ=YEARLY;UNTIL=20300101T000000Z"] {
        let rules = || vec![holiday("2026-12-25", "FREQ=YEARLY"), holiday("2026-12-25", rule)];
        assert_eq!(with(&|it| it.holiday_rules = rules()), "calendar.holiday_rules[1].rrule");
    }
    let both = || Blackout { every_days: Some(7), ..by_rule("FREQ=WEEKLY").blackouts[0].clone() };
    assert_eq!(with(&|it| it.blackouts = vec![both()]), "calendar.blackouts[0].rrule");
    let long = || Blackout { end: at("2027-03-04T00:00:00Z"), ..by_rule("FREQ=WEEKLY").blackouts[0].clone() };
    assert_eq!(with(&|it| it.blackouts = vec![long()]), "calendar.blackouts[0]");
    assert_eq!(with(&|it| it.blackouts = vec![both(); 21]), "calendar.blackouts");
    assert_eq!(with(&|it| it.holidays = vec!["someday".into()]), "calendar.holidays");
    // On the night on which clocks are set back, later may be earlier by the clock.
    let mut zurich = Calendar { zone: "Europe/Zurich".into(), ..by_rule("FREQ=WEEKLY") };
    (zurich.blackouts[0].start, zurich.blackouts[0].end) =
        (at("2026-10-25T00:50:00Z"), at("2026-10-25T01:10:00Z"));
    assert_eq!(refused(&zurich).0, "calendar.blackouts[0]");
}

#[test]
fn what_no_calendar_reaches_is_an_error() {
    use super::super::{add_working_time, working_time_between};
    let horizon = |result: crate::error::Result<Instant>| assert_eq!(result.unwrap_err().code(), "horizon");
    let work = office("Europe/Zurich");
    let now = at("2026-03-02T00:00:00Z");
    let years = |years: i64| Span::from_days(365 * years);
    horizon(add_working_time(&work, now, years(500)));
    horizon(add_working_time(&work, now, years(-500)));
    assert_eq!(working_time_between(&work, now, at("2526-03-02T00:00:00Z")).unwrap_err().code(), "horizon");
    for edge in [Instant::MIN, Instant::MAX] {
        for span in [Span::from_hours(1), Span::from_hours(-1), years(9_000), years(-9_000), Span::ZERO] {
            if let Ok(end) = add_working_time(&work, edge, span) {
                assert_eq!(working_time_between(&work, edge, end), Ok(span));
            }
        }
    }
    horizon(add_working_time(&work, Instant::MAX, Span::from_hours(1)));
    horizon(add_working_time(&work, Instant::MIN, Span::from_hours(-1)));
    assert!(add_working_time(&work, at("0001-06-01T00:00:00Z"), years(1)).is_ok());
    assert!(add_working_time(&work, at("9999-06-01T00:00:00Z"), Span::from_hours(8)).is_ok());

    // A calendar that never works, by a blackout without end.
    let mut never = by_rule("FREQ=DAILY");
    never.blackouts[0].end = at("2026-03-03T09:00:00Z");
    horizon(add_working_time(&never, now, Span::from_days(3)));
    assert_eq!(add_working_time(&never, now, Span::from_hours(9)), Ok(at("2026-03-02T09:00:00Z")));
    let free = WorkingTime::new(&never, at("2066-03-03T00:00:00Z")).unwrap();
    assert_eq!(free.next_working(at("2026-03-03T00:00:00Z")), None);
    assert_eq!(free.between(now, at("2030-01-01T00:00:00Z")), Span::ZERO);
    let nobody = free.intersection(&WorkingTime::new(&work, now).unwrap());
    assert_eq!((nobody.next_working(now), nobody.previous_working(now)), (None, None));
}

#[test]
fn occurrences_at_the_ends_of_time_are_answered() {
    for (start, end) in [(0, 3_600_000), (-3_600_000, 0)] {
        let near = |edge: Instant, millis: i64| Instant::clamped(edge.millis() + millis);
        for edge in [Instant::MIN, Instant::MAX] {
            for rrule in [None, Some("FREQ=DAILY"), Some("FREQ=YEARLY;INTERVAL=10000")] {
                let mut blackout = Blackout::new(near(edge, start), near(edge, end));
                blackout.rrule = rrule.map(Into::into);
                for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
                    let calendar = Calendar {
                        zone: zone.into(),
                        blackouts: vec![blackout.clone()],
                        ..Calendar::default()
                    };
                    for (_, when) in calendar.into_blackouts() {
                        let all = when.between(Instant::MIN.millis(), Instant::MAX.millis()).take(3);
                        assert!(all.into_iter().all(|(from, to)| from < to));
                        let _ = (when.covering(Instant::MIN), when.covering(Instant::MAX));
                        let _ = when.overlapping(Instant::MIN, Instant::MAX);
                    }
                }
            }
        }
    }
}
