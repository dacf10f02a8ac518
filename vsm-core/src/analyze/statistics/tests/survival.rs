//! Curves of what has not finished yet.

use proptest::prelude::*;

use crate::{NoValue, Survival, SurvivalQuery, SurvivalStep, survival};

fn ask(durations: Vec<f64>, observed: Vec<bool>) -> Survival {
    survival(&SurvivalQuery { durations, observed, ..Default::default() }).unwrap()
}

#[test]
fn without_data_there_is_a_reason() {
    let empty = ask(vec![], vec![]);
    assert_eq!((empty.reason, empty.median.reason), (Some(NoValue::NoData), Some(NoValue::NoData)));
    let open = ask(vec![3.0, 5.0], vec![false, false]);
    assert_eq!((open.reason, open.censored), (Some(NoValue::NeverReached), 2));
    assert!(open.curve.is_empty());
}

#[test]
fn what_can_not_be_known_has_no_probability() {
    let query = SurvivalQuery {
        durations: vec![1.0, 2.0, 4.0, 9.0],
        observed: vec![true, true, true, false],
        ages: vec![0.0, 9.0],
        horizons: vec![1.0, 10.0],
        ..Default::default()
    };
    let answer = survival(&query).unwrap();
    let reasons: Vec<_> = answer.conditional.iter().map(|one| one.probability.reason).collect();
    let (beyond, nobody) = (Some(NoValue::BeyondFollowUp), Some(NoValue::NobodyAtRisk));
    assert_eq!(reasons, [None, beyond, nobody, nobody]);
    assert_eq!(answer.conditional[0].probability.value, Some(0.25));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let fails = |durations: Vec<f64>, observed: Vec<bool>| {
        survival(&SurvivalQuery { durations, observed, ..Default::default() }).unwrap_err().to_string()
    };
    assert!(fails(vec![1.0, -1.0], vec![true, true]).starts_with("durations[1]: "));
    assert!(fails(vec![f64::NAN], vec![true]).starts_with("durations[0]: "));
    assert!(fails(vec![1.0], vec![]).starts_with("observed: "));
}

proptest! {
    #[test]
    fn the_curve_never_rises_and_intervals_hold_it(
        sample in proptest::collection::vec((0_u8..100, any::<bool>()), 0..200),
    ) {
        let (durations, observed): (Vec<f64>, Vec<bool>) =
            sample.iter().map(|(duration, done)| (f64::from(*duration), *done)).unzip();
        let answer = ask(durations, observed.clone());
        let left: Vec<f64> = answer.curve.iter().map(|step| step.survival).collect();
        prop_assert!(left.windows(2).all(|pair| pair[1] < pair[0]));
        prop_assert!(left.iter().all(|part| (0.0..1.0).contains(part)));
        for step in &answer.curve {
            if let (Some(lower), Some(upper)) = (step.lower, step.upper) {
                prop_assert!(0.0 <= lower && lower <= step.survival && step.survival <= upper && upper <= 1.0);
            }
        }
        // An end of an interval is the first step at which the curve's own interval has fallen so far.
        for percentile in &answer.percentiles {
            let still = 1.0 - percentile.probability + 1e-12;
            let first = |end: fn(&SurvivalStep) -> Option<f64>| {
                let mut steps = answer.curve.iter();
                steps.find(|step| end(step).is_some_and(|end| end <= still)).map(|step| step.duration)
            };
            prop_assert_eq!(percentile.lower, first(|step| if step.survival > 0.0 { step.lower } else { Some(0.0) }));
            prop_assert_eq!(percentile.upper, first(|step| step.upper));
        }
        if observed.iter().all(|done| *done) && !observed.is_empty() {
            // Without censoring the curve is one minus the part that finished.
            let n = observed.len() as f64;
            let mut done = 0.0;
            for step in &answer.curve {
                done += step.events as f64;
                prop_assert!((step.survival - (1.0 - done / n)).abs() < 1e-12);
            }
        }
    }
}
