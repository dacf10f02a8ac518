//! Changes of level.

use proptest::prelude::*;

use crate::{
    ChangePointCost, ChangePointMethod, ChangePoints, ChangePointsQuery, Error, NoValue, change_points,
};

fn find(query: &ChangePointsQuery) -> ChangePoints {
    change_points(query).unwrap()
}

/// What a segmentation costs with its penalties, the long way.
fn price(values: &[f64], found: &ChangePoints, cost: ChangePointCost, penalty: f64) -> f64 {
    let one = |start: u64, end: u64| {
        let part = &values[start as usize..end as usize];
        let n = part.len() as f64;
        let mean = part.iter().sum::<f64>() / n;
        let squares: f64 = part.iter().map(|value| (value - mean).powi(2)).sum();
        match cost {
            ChangePointCost::L2 => squares,
            ChangePointCost::Normal => n * (squares / n + 1e-6).ln(),
            ChangePointCost::L1 => {
                let mut part = part.to_vec();
                part.sort_by(f64::total_cmp);
                let median = part[part.len() / 2];
                part.iter().map(|value| (value - median).abs()).sum()
            }
        }
    };
    found.segments.iter().map(|part| one(part.start, part.end) + penalty).sum()
}

#[test]
fn without_enough_there_is_nothing_to_find() {
    let reason = |values: Vec<f64>| {
        let found = find(&ChangePointsQuery { values, ..Default::default() });
        assert!(found.change_points.is_empty());
        (found.reason, found.segments.len())
    };
    assert_eq!(reason(vec![]), (Some(NoValue::NoData), 0));
    assert_eq!(reason(vec![1.0, 9.0, 9.0]), (Some(NoValue::TooFew), 1));
    assert_eq!(reason(vec![0.1; 50]), (Some(NoValue::NoVariation), 1));
    assert_eq!(reason(vec![1.0, 1.0, 2.0, 1.0]), (None, 1));
    let three = ChangePointsQuery { values: vec![1.0, 2.0, 3.0, 4.0], count: Some(2), ..Default::default() };
    assert_eq!(find(&three).reason, Some(NoValue::TooFew));
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let fails = |query: ChangePointsQuery| change_points(&query).unwrap_err().to_string();
    let both = ChangePointsQuery { count: Some(1), penalty: Some(1.0), ..Default::default() };
    assert!(fails(both).starts_with("count: "));
    let pelt =
        ChangePointsQuery { count: Some(1), method: Some(ChangePointMethod::Pelt), ..Default::default() };
    assert!(fails(pelt).starts_with("count: "));
    assert!(fails(ChangePointsQuery { jump: Some(0), ..Default::default() }).starts_with("jump: "));
    assert!(fails(ChangePointsQuery { min_size: Some(0), ..Default::default() }).starts_with("min_size: "));
    assert!(
        fails(ChangePointsQuery { penalty: Some(f64::NAN), ..Default::default() }).starts_with("penalty: ")
    );
    let nan = ChangePointsQuery { values: vec![1.0, f64::NAN], ..Default::default() };
    assert!(fails(nan).starts_with("values[1]: "));
}

#[test]
fn a_search_that_would_not_end_is_refused() {
    let values: Vec<f64> = (0..60_000).map(|at| f64::from(at % 7)).collect();
    let count = ChangePointsQuery { values, count: Some(40), ..Default::default() };
    assert!(matches!(change_points(&count), Err(Error::Invalid { field, .. }) if field == "values"));
    let coarse = ChangePointsQuery { jump: Some(600), ..count };
    assert_eq!(find(&coarse).change_points.len(), 40);
    let huge = ChangePointsQuery { min_size: Some(u32::MAX), jump: Some(u32::MAX), ..coarse };
    assert_eq!(find(&huge).reason, Some(NoValue::TooFew));
}

proptest! {
    #[test]
    fn leaving_out_what_cannot_be_best_changes_nothing(
        values in proptest::collection::vec(0_u8..12, 2..40),
        penalty in 0.1_f64..40.0,
        min_size in 1_u32..5,
        jump in 1_u32..4,
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        for cost in [ChangePointCost::L2, ChangePointCost::L1, ChangePointCost::Normal] {
            let by = |method| {
                let query = ChangePointsQuery {
                    values: values.clone(),
                    method: Some(method),
                    cost: Some(cost),
                    penalty: Some(penalty),
                    min_size: Some(min_size),
                    jump: Some(jump),
                    count: None,
                };
                find(&query)
            };
            let (pelt, optimal) = (by(ChangePointMethod::Pelt), by(ChangePointMethod::Optimal));
            let (own, best) =
                (price(&values, &pelt, cost, penalty), price(&values, &optimal, cost, penalty));
            prop_assert!((own - best).abs() < 1e-6, "{cost}: {own} {best}");
            for other in [ChangePointMethod::BinarySegmentation, ChangePointMethod::RupturesPelt] {
                prop_assert!(price(&values, &by(other), cost, penalty) > best - 1e-6);
            }
            let sizes = pelt.segments.iter().map(|part| part.end - part.start);
            prop_assert!(pelt.reason.is_some() || sizes.min().unwrap() >= u64::from(min_size));
            // As many change points as were found are, when asked for, found at no higher cost.
            let count = ChangePointsQuery {
                values: values.clone(),
                cost: Some(cost),
                count: Some(pelt.change_points.len() as u32),
                min_size: Some(min_size),
                jump: Some(jump),
                ..Default::default()
            };
            let counted = find(&count);
            if counted.reason.is_none() {
                prop_assert_eq!(counted.change_points.len(), pelt.change_points.len());
                prop_assert!((price(&values, &counted, cost, penalty) - own).abs() < 1e-6);
            }
        }
    }
}
