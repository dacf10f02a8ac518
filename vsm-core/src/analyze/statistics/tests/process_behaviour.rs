//! Charts and their signals.

use proptest::prelude::*;

use crate::{
    DetectionRule, DetectionRuleSet, MovingRangeRule, NoValue, ProcessBehaviour, ProcessBehaviourQuery,
    SignalSide, process_behaviour,
};

fn chart(baseline: &[f64], values: &[f64], rules: &[DetectionRule]) -> ProcessBehaviour {
    let query = ProcessBehaviourQuery {
        values: values.into(),
        baseline: Some(baseline.into()),
        rules: rules.into(),
        ..Default::default()
    };
    process_behaviour(&query).unwrap()
}

/// The places that a rule finds, on a chart with the centre 10 and a sigma of 8.87.
fn found(rule: DetectionRule, values: &[f64]) -> Vec<(u64, Option<SignalSide>)> {
    let chart = chart(&[5.0, 15.0, 5.0, 15.0], values, &[rule]);
    chart.signals.iter().map(|signal| (signal.index, signal.side)).collect()
}

const ABOVE: Option<SignalSide> = Some(SignalSide::Above);
const BELOW: Option<SignalSide> = Some(SignalSide::Below);

#[test]
fn each_rule_finds_its_pattern_and_no_shorter_one() {
    let run = |value: f64, n: usize| vec![value; n];
    assert_eq!(found(DetectionRule::BeyondLimits, &[36.0, 37.0, -17.0]), [(1, ABOVE), (2, BELOW)]);
    let two = DetectionRule::TwoOfThreeBeyondTwoSigma;
    assert_eq!(found(two, &[28.0, 10.0, 28.0, 27.0]), [(0, ABOVE), (2, ABOVE)]);
    assert!(found(two, &[28.0, 11.0, -8.0]).is_empty());
    let four = DetectionRule::FourOfFiveBeyondOneSigma;
    assert_eq!(found(four, &[1.0, 1.0, 12.0, 1.0, 1.0]), [0, 1, 3, 4].map(|at| (at, BELOW)));
    assert!(found(four, &[1.0, 1.0, 12.0, 1.0, 2.0]).is_empty());
    let near = DetectionRule::ThreeOfFourNearLimit;
    assert_eq!(found(near, &[24.0, 24.0, 9.0, 24.0]), [0, 1, 3].map(|at| (at, ABOVE)));
    assert!(found(near, &[24.0, 23.0, 9.0, 24.0]).is_empty());
    assert!(found(DetectionRule::EightOnOneSide, &run(11.0, 7)).is_empty());
    assert_eq!(found(DetectionRule::EightOnOneSide, &run(11.0, 8)).len(), 8);
    assert!(found(DetectionRule::EightOnOneSide, &run(10.0, 20)).is_empty());
    assert!(found(DetectionRule::NineOnOneSide, &run(9.0, 8)).is_empty());
    assert_eq!(found(DetectionRule::NineOnOneSide, &run(9.0, 9)).len(), 9);
    let trend = DetectionRule::SixTrending;
    assert!(found(trend, &[3.0, 1.0, 2.0, 3.0, 4.0, 5.0]).is_empty());
    let six = [1, 2, 3, 4, 5, 6].map(|at| (at, ABOVE));
    assert_eq!(found(trend, &[3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0]), six);
    assert_eq!(found(trend, &[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]).len(), 6);
    let turns: Vec<f64> = (0..14).map(|at| f64::from(at % 2)).collect();
    assert_eq!(found(DetectionRule::FourteenAlternating, &turns).len(), 14);
    assert!(found(DetectionRule::FourteenAlternating, &turns[1..]).is_empty());
    let (within, beyond) = (DetectionRule::FifteenWithinOneSigma, DetectionRule::EightBeyondOneSigma);
    assert_eq!(found(within, &run(12.0, 15)).len(), 15);
    assert!(found(within, &run(12.0, 14)).is_empty());
    let apart: Vec<f64> = (0..8).map(|at| if at % 2 == 0 { 19.0 } else { 1.0 }).collect();
    assert_eq!(found(beyond, &apart), (0..8).map(|at| (at, None)).collect::<Vec<_>>());
    assert!(found(beyond, &apart[1..]).is_empty());
    // The range limit is 32.7.
    assert_eq!(found(DetectionRule::RangeBeyondLimit, &[0.0, 32.0, -1.0]), [(2, BELOW)]);
}

#[test]
fn rounding_makes_no_signal() {
    // The sum of ten tenths is not one in binary.
    let tenths = vec![0.1; 30];
    for set in DetectionRuleSet::ALL {
        let query =
            ProcessBehaviourQuery { values: tenths.clone(), rule_set: Some(*set), ..Default::default() };
        assert!(process_behaviour(&query).unwrap().signals.is_empty(), "{set}");
    }
}

#[test]
fn too_little_gives_no_limits_and_says_why() {
    let none = chart(&[], &[1.0, 2.0], &[]);
    assert_eq!((none.center, none.upper_limit, none.reason), (None, None, Some(NoValue::NoData)));
    let one = chart(&[5.0], &[5.0, 8.0], &[]);
    assert_eq!((one.center, one.upper_limit, one.reason), (Some(5.0), None, Some(NoValue::TooFew)));
    assert_eq!((one.moving_ranges, one.signals), (vec![3.0], vec![]));
}

#[test]
fn windows_that_make_no_sense_are_refused() {
    let fails = |baseline_start, baseline_end, baseline| {
        let values = vec![1.0, 2.0, 3.0];
        let query =
            ProcessBehaviourQuery { values, baseline, baseline_start, baseline_end, ..Default::default() };
        process_behaviour(&query).unwrap_err().to_string()
    };
    assert!(fails(None, Some(4), None).starts_with("baseline_end: "));
    assert!(fails(Some(u64::MAX), None, None).starts_with("baseline_start: "));
    assert!(fails(Some(2), Some(1), None).starts_with("baseline_start: "));
    assert!(fails(Some(0), None, Some(vec![1.0])).starts_with("baseline_start: "));
    assert!(fails(None, None, Some(vec![1.0, f64::NAN])).starts_with("baseline[1]: "));
}

proptest! {
    #[test]
    fn what_is_shifted_has_its_limits_shifted_and_the_same_signals(
        values in proptest::collection::vec(0_u8..30, 2..40),
        shift in -1000_i32..1000,
        median in any::<bool>(),
    ) {
        let moving_range = median.then_some(MovingRangeRule::Median);
        let at = |shift: f64| {
            let values = values.iter().map(|value| f64::from(*value) + shift).collect();
            process_behaviour(&ProcessBehaviourQuery { values, moving_range, ..Default::default() }).unwrap()
        };
        let (here, there) = (at(0.0), at(f64::from(shift)));
        for (a, b) in [
            (here.center, there.center),
            (here.lower_limit, there.lower_limit),
            (here.upper_limit, there.upper_limit),
        ] {
            prop_assert!((a.unwrap() + f64::from(shift) - b.unwrap()).abs() < 1e-9);
        }
        prop_assert_eq!(here.upper_range_limit, there.upper_range_limit);
        // A value that lies on a line but for rounding may come to lie on its other side.
        let lines = [here.lower_limit.unwrap(), here.upper_limit.unwrap(), here.center.unwrap()];
        let clear = |line: &f64| values.iter().all(|value| (f64::from(*value) - line).abs() > 1e-6);
        if lines.iter().all(clear) {
            prop_assert_eq!(here.signals.len(), there.signals.len());
        }
    }
}
