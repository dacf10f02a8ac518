//! A bank's week: 35 applications, 1,600 releases, answered at once.

#[path = "../../benches/factories.rs"]
pub mod factories;

use factories::{Work, at, week};
use vsm_core::{CriticalPathQuery, Kind, ReadinessQuery, Span, ValueStream, VerdictQuery};

#[test]
fn sixteen_hundred_releases_are_answered_at_once() {
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(week(35, 1_600, 12)).refused, []);
    let query = VerdictQuery { kind: Some(Kind::Release), ..VerdictQuery::new(at(0)) };
    let verdicts = stream.verdicts(&query).unwrap();
    assert_eq!((verdicts.ready, verdicts.unknown, verdicts.not_ready), (0, 0, 1_600), "no gate is decided");
    for release in verdicts.items.iter().step_by(97) {
        let one = stream.readiness(&ReadinessQuery::new(&release.item, at(0))).unwrap();
        assert_eq!(one.verdict, release.verdict);
        assert!(one.unmet.iter().any(|fact| fact.item.starts_with("gate:")), "{:?}", one.unmet);
        assert!(one.scope == 12 && one.done <= 12, "{} of {}", one.done, one.scope);
    }
}

#[test]
fn a_large_plan_is_as_long_as_its_longest_chain() {
    let work = Work::new(20_000);
    let mut finish = vec![0; work.days.len()];
    // Needs are given by what needs them, and what is needed comes before.
    let mut needs = work.needs.iter().peekable();
    for (n, days) in work.days.iter().enumerate() {
        let mut start = 0;
        while let Some((needed, _)) = needs.next_if(|(_, needing)| *needing as usize == n) {
            start = start.max(finish[*needed as usize]);
        }
        finish[n] = start + days;
    }
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(work.events()).refused, []);
    let query =
        CriticalPathQuery { item: None, critical_only: Some(true), ..CriticalPathQuery::new("", at(0)) };
    let path = stream.critical_path(&query).unwrap();
    assert_eq!(path.length, Span::from_days(finish.into_iter().max().unwrap()));
    assert!(work.done.iter().all(|done| !done));
}
