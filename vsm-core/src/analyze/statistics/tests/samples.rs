//! Comparisons of samples, and figures that rise and fall together.

use proptest::prelude::*;

use crate::{
    CompareSamplesQuery, NoValue, PValueRule, RankCorrelation, RankCorrelationQuery, SampleComparison,
    compare_samples, rank_correlation,
};

fn compare(first: &[f64], second: &[f64]) -> SampleComparison {
    let query = CompareSamplesQuery { first: first.into(), second: second.into(), ..Default::default() };
    compare_samples(&query).unwrap()
}

fn correlate(first: &[f64], second: &[f64]) -> RankCorrelation {
    let query = RankCorrelationQuery { first: first.into(), second: second.into(), ..Default::default() };
    rank_correlation(&query).unwrap()
}

#[test]
fn thin_samples_have_no_interval_and_say_why() {
    let none = compare(&[], &[1.0]);
    assert_eq!(none.mean_difference.reason, Some(NoValue::NoData));
    assert_eq!((none.shift.reason, none.mann_whitney.reason), (Some(NoValue::NoData), Some(NoValue::NoData)));
    assert_eq!(none.cliffs_delta.value, None);
    let one = compare(&[1.0], &[2.0, 3.0]);
    assert_eq!((one.mean_difference.value, one.mean_difference.lower), (Some(1.5), None));
    assert_eq!(one.mean_difference.reason, Some(NoValue::TooFew));
    assert_eq!((one.shift.value, one.shift.reason), (Some(1.5), Some(NoValue::TooFew)));
    let three = compare(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
    assert_eq!(
        (three.shift.value, three.shift.lower, three.shift.reason),
        (Some(3.0), None, Some(NoValue::TooFew))
    );
    assert_eq!(three.mann_whitney.p_value, Some(0.1));
    let equal = compare(&[2.0; 9], &[2.0; 9]);
    let same = Some(NoValue::NoVariation);
    assert_eq!((equal.mean_difference.reason, equal.shift.reason), (same, same));
    assert_eq!((equal.mann_whitney.reason, equal.cliffs_delta.value), (same, Some(0.0)));
    let apart = compare(&[2.0; 9], &[3.0; 9]);
    assert_eq!((apart.mean_difference.value, apart.mean_difference.reason), (Some(1.0), same));
    assert_eq!((apart.cliffs_delta.value, apart.cliffs_delta.upper), (Some(1.0), Some(1.0)));
}

#[test]
fn too_few_things_or_equal_ones_do_not_correlate() {
    for (first, second, reason) in [
        (&[][..], &[][..], NoValue::NoData),
        (&[1.0, 2.0], &[1.0, 2.0], NoValue::TooFew),
        (&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0], NoValue::NoVariation),
    ] {
        let answer = correlate(first, second);
        assert_eq!((answer.spearman.value, answer.spearman.reason), (None, Some(reason)));
        assert_eq!((answer.kendall.value, answer.kendall.reason), (None, Some(reason)));
    }
    let opposite = correlate(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]);
    assert_eq!((opposite.spearman.value, opposite.kendall.value), (Some(-1.0), Some(-1.0)));
    assert_eq!(opposite.spearman.reason, Some(NoValue::PerfectAgreement));
    // Two of the six orders agree or disagree entirely.
    assert!(opposite.kendall.p_value.is_some_and(|p| (p - 2.0 / 6.0).abs() < 1e-12));
}

#[test]
fn figures_that_do_not_fit_are_refused() {
    let lengths = RankCorrelationQuery { first: vec![1.0], second: vec![], confidence: None };
    assert!(rank_correlation(&lengths).unwrap_err().to_string().starts_with("second: "));
    let nan = CompareSamplesQuery { first: vec![], second: vec![1.0, f64::NAN], confidence: None };
    assert!(compare_samples(&nan).unwrap_err().to_string().starts_with("second[1]: "));
    for confidence in [0.0, 1.0, -0.5, f64::NAN] {
        let query = CompareSamplesQuery { confidence: Some(confidence), ..Default::default() };
        assert!(compare_samples(&query).unwrap_err().to_string().starts_with("confidence: "));
    }
}

fn figures(answer: &SampleComparison) -> Vec<f64> {
    let parts = [&answer.mean_difference, &answer.shift, &answer.cliffs_delta];
    let of = parts.iter().flat_map(|part| [part.value, part.lower, part.upper, part.p_value]);
    of.chain([answer.degrees_of_freedom, answer.mann_whitney.p_value]).flatten().collect()
}

proptest! {
    #[test]
    fn the_other_way_round_differences_change_their_sign(
        first in proptest::collection::vec(-20_i8..20, 0..30),
        second in proptest::collection::vec(-20_i8..20, 0..30),
    ) {
        let own = |values: &[i8]| values.iter().map(|value| f64::from(*value) / 3.0).collect::<Vec<_>>();
        let (first, second) = (own(&first), own(&second));
        let (there, back) = (compare(&first, &second), compare(&second, &first));
        let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a + b).abs() < 1e-9,
            (a, b) => a.is_none() && b.is_none(),
        };
        for (a, b) in [
            (&there.mean_difference, &back.mean_difference),
            (&there.shift, &back.shift),
            (&there.cliffs_delta, &back.cliffs_delta),
        ] {
            prop_assert!(near(a.value, b.value) && near(a.lower, b.upper) && near(a.upper, b.lower));
            prop_assert_eq!(a.reason, b.reason);
            if let (Some(value), Some(lower), Some(upper)) = (a.value, a.lower, a.upper) {
                prop_assert!(lower <= value + 1e-9 && value <= upper + 1e-9);
            }
        }
        prop_assert_eq!(there.mann_whitney.p_value, back.mann_whitney.p_value);
        prop_assert!(figures(&there).iter().all(|figure| figure.is_finite()));
        // In whatever order the values come.
        let backwards = |values: &[f64]| values.iter().rev().copied().collect::<Vec<_>>();
        prop_assert_eq!(there, compare(&backwards(&first), &backwards(&second)));
    }

    #[test]
    fn coefficients_stay_within_and_pairs_add_up(
        things in proptest::collection::vec((0_u8..12, 0_u8..12), 0..60),
    ) {
        let (first, second): (Vec<f64>, Vec<f64>) =
            things.iter().map(|(a, b)| (f64::from(*a), f64::from(*b))).unzip();
        let answer = correlate(&first, &second);
        let count = |of: &dyn Fn(i32, i32) -> bool| {
            let pairs = things.iter().enumerate().flat_map(|(i, a)| things[..i].iter().map(move |b| (a, b)));
            let signs = pairs.map(|(a, b)| {
                ((i32::from(a.0) - i32::from(b.0)).signum(), (i32::from(a.1) - i32::from(b.1)).signum())
            });
            signs.filter(|(x, y)| of(*x, *y)).count() as u64
        };
        prop_assert_eq!(answer.concordant, count(&|x, y| x * y > 0));
        prop_assert_eq!(answer.discordant, count(&|x, y| x * y < 0));
        for part in [&answer.spearman, &answer.kendall] {
            for figure in [part.value, part.lower, part.upper].into_iter().flatten() {
                prop_assert!((-1.0..=1.0).contains(&figure));
            }
            if let Some(p) = part.p_value {
                prop_assert!((0.0..=1.0).contains(&p));
            }
        }
        // Only the order matters.
        let cubes: Vec<f64> = first.iter().map(|value| value.powi(3)).collect();
        prop_assert_eq!(correlate(&cubes, &second), answer);
    }

    #[test]
    fn extreme_numbers_give_no_infinity(
        first in proptest::collection::vec(prop_oneof![Just(1e100), Just(-1e100), Just(1e-300), Just(0.0)], 0..8),
        second in proptest::collection::vec(prop_oneof![Just(1e100), Just(-1e100), Just(5e-324), Just(-0.0)], 0..8),
    ) {
        prop_assert!(figures(&compare(&first, &second)).iter().all(|figure| figure.is_finite()));
    }
}

#[test]
fn small_samples_are_counted_out_and_large_ones_are_not() {
    let many: Vec<f64> = (0..50).map(f64::from).collect();
    let other: Vec<f64> = (0..50).map(|at| f64::from(at) + 0.5).collect();
    assert_eq!(compare(&many[1..], &other[1..]).mann_whitney.p_value_rule, Some(PValueRule::Exact));
    assert_eq!(compare(&many, &other).mann_whitney.p_value_rule, Some(PValueRule::Normal));
    assert_eq!(compare(&[1.0, 2.0], &[2.0, 3.0]).mann_whitney.p_value_rule, Some(PValueRule::Normal));
}
