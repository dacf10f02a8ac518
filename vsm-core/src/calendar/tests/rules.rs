use chrono::NaiveDate;

use super::super::rule::Rule;

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
}

fn days(rule: &str, start: &str, to: &str) -> Vec<String> {
    let rule = Rule::new(rule, day(start), "rrule").unwrap();
    rule.between(day(start), day(to)).map(|day| day.format("%y%m%d").to_string()).collect()
}

/// The examples of RFC 5545, 3.8.5.3, as far as they count in days. Where the RFC starts on a day that the rule does not
/// match, its first occurrence is the start.
#[test]
fn the_examples_of_the_standard_come_out() {
    for (rule, start, to, expected) in [
        (
            "FREQ=DAILY;COUNT=10",
            "1997-09-02",
            "1999-12-31",
            "970902 970903 970904 970905 970906 970907 970908 970909 970910 970911",
        ),
        ("FREQ=DAILY;INTERVAL=2", "1997-09-02", "1997-09-10", "970902 970904 970906 970908 970910"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02", "1999-12-31", "970902 970912 970922 971002 971012"),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "1997-09-02",
            "1997-12-31",
            "970902 970916 970930 971014 971028 971111 971125 971209 971223",
        ),
        (
            "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            "1999-12-31",
            "970902 970904 970909 970911 970916 970918 970923 970925 970930 971002",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971223;WKST=SU;BYDAY=MO,WE,FR",
            "1997-09-01",
            "1999-12-31",
            "970901 970903 970905 970915 970917 970919 970929 971001 971003 971013 971015 971017 971027 971029 971031 \
             971110 971112 971114 971124 971126 971128 971208 971210 971212 971222",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            "1997-09-05",
            "1999-12-31",
            "970905 971003 971107 971205 980102 980206 980306 980403 980501 980605",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "1997-09-07",
            "1999-12-31",
            "970907 970928 971102 971130 980104 980125 980301 980329 980503 980531",
        ),
        (
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "1997-09-22",
            "1999-12-31",
            "970922 971020 971117 971222 980119 980216",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-3",
            "1997-09-28",
            "1998-03-01",
            "970928 971029 971128 971229 980129 980226",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            "1997-09-30",
            "1999-12-31",
            "970930 971001 971031 971101 971130 971201 971231 980101 980131 980201",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "1997-09-10",
            "1999-12-31",
            "970910 970911 970912 970913 970914 970915 990310 990311 990312 990313",
        ),
        (
            "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
            "1997-06-10",
            "2010-12-31",
            "970610 970710 980610 980710 990610 990710 000610 000710 010610 010710",
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "1999-12-31", "970519 980518 990517"),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
            "1997-03-13",
            "1998-12-31",
            "970313 970320 970327 980305 980312 980319 980326",
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "1998-02-13",
            "2000-12-31",
            "980213 980313 981113 990813 001013",
        ),
        (
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            "1997-09-13",
            "1998-06-30",
            "970913 971011 971108 971213 980110 980207 980307 980411 980509 980613",
        ),
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "1996-11-05",
            "2004-12-31",
            "961105 001107 041102",
        ),
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
            "1997-09-04",
            "1999-12-31",
            "970904 971007 971106",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997-09-29",
            "1998-03-31",
            "970929 971030 971127 971230 980129 980226 980330",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-08-05",
            "1999-12-31",
            "970805 970810 970819 970824",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-08-05",
            "1999-12-31",
            "970805 970817 970819 970831",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
            "2007-01-15",
            "2009-12-31",
            "070115 070130 070215 070315 070330",
        ),
    ] {
        assert_eq!(days(rule, start, to).join(" "), expected, "{rule}");
    }
    let january = "FREQ=YEARLY;UNTIL=20000131;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA";
    let by_year = days(january, "1998-01-01", "2010-12-31");
    assert_eq!((by_year.len(), by_year[92].as_str()), (93, "000131"));
    assert_eq!(by_year, days("FREQ=DAILY;UNTIL=20000131;BYMONTH=1", "1998-01-01", "2010-12-31"));
}

#[test]
fn a_leap_day_comes_every_four_years() {
    assert_eq!(days("FREQ=YEARLY", "2096-02-29", "2110-12-31"), ["960229", "040229", "080229"]);
    assert_eq!(days("FREQ=MONTHLY", "2026-01-31", "2026-06-30"), ["260131", "260331", "260531"]);
    assert_eq!(
        days("RRULE:freq=yearly;bymonthday=-1;bymonth=2", "2027-02-28", "2028-12-31"),
        ["270228", "280229"]
    );
}

#[test]
fn a_search_may_begin_anywhere() {
    for (text, start) in [
        ("FREQ=DAILY;INTERVAL=3", "2026-01-01"),
        ("FREQ=WEEKLY;INTERVAL=3;WKST=WE;BYDAY=TU,SU", "2026-01-04"),
        ("FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR,2MO", "2026-01-12"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2,11;BYMONTHDAY=-1,1", "2026-02-01"),
        ("FREQ=MONTHLY;COUNT=40;BYDAY=MO,TU,WE;BYSETPOS=1,-1", "2026-01-05"),
    ] {
        let rule = Rule::new(text, day(start), "rrule").unwrap();
        let end = day("2036-12-31");
        let all: Vec<NaiveDate> = rule.between(day("2000-01-01"), end).collect();
        assert!(all.len() > 9 && all.is_sorted(), "{text}");
        for from in day(start).iter_days().step_by(37).take(90) {
            let expected: Vec<NaiveDate> = all.iter().copied().filter(|day| *day >= from).collect();
            assert_eq!(rule.between(from, end).collect::<Vec<_>>(), expected, "{text} from {from}");
        }
    }
}
