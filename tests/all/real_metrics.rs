//! Statistics against the figures of other tools on the same data.

use std::collections::BTreeMap;

use serde_json::Value;
use vsm_core::{
    Calendar, ChangePointCost, ChangePointMethod, ChangePointsQuery, DetectionRule, DetectionRuleSet,
    Instant, PercentileRule, ProcessBehaviourQuery, QuantilesQuery, Span, SurvivalQuery, Weekday,
    WorkingHours, change_points, process_behaviour, quantiles, survival, working_time_between,
};

use crate::shared::{bytes, shared};

fn file(name: &str) -> Option<Value> {
    Some(serde_json::from_slice(&bytes(&shared(&format!("flow/{name}"))?)).unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[track_caller]
fn near(own: Option<f64>, expected: &Value, what: &str) {
    match (own, expected.as_f64()) {
        (Some(own), Some(known)) => {
            assert!((own - known).abs() <= 1e-9 * known.abs().max(1.0), "{what}: {own}, not {known}");
        }
        (own, known) => assert_eq!(own, known, "{what}"),
    }
}

fn read(values: Vec<f64>, percent: &str, rule: PercentileRule) -> Option<f64> {
    let probabilities = vec![percent.parse::<f64>().unwrap() / 100.0];
    quantiles(&QuantilesQuery { values, probabilities, rule: Some(rule) }).unwrap().quantiles[0].value
}

#[test]
fn quantiles_are_those_of_numpy() {
    let Some(file) = file("percentiles/hyndman_fan.json") else { return };
    let mut compared = 0;
    for (name, case) in file["cases"].as_object().unwrap() {
        for (word, expected) in case["quantiles"].as_object().unwrap() {
            let own_word = if word == "inverted_cdf" { "nearest_rank" } else { word };
            let rule = PercentileRule::from_word(own_word).unwrap();
            for (percent, value) in expected.as_object().unwrap() {
                let own = read(numbers(&case["data"]), percent, rule);
                near(own, value, &format!("{name} {word} p{percent}"));
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 5 * 13 * 11);
}

#[test]
fn floor_ranks_are_those_of_lighthouse() {
    let Some(file) = file("lighthouse/cases.json") else { return };
    for case in file["percentile_floor_rank"].as_array().unwrap() {
        let own = read(numbers(&case["items"]), &case["percentile"].to_string(), PercentileRule::FloorRank);
        near(own, &case["expected"], &case.to_string());
    }
}

#[test]
fn charts_and_their_signals_are_those_of_lighthouse() {
    let Some(file) = file("lighthouse/cases.json") else { return };
    let cases = file["xmr"].as_array().unwrap();
    for case in cases {
        let baseline = numbers(&case["baseline"]);
        let enough = baseline.len() > 1;
        let query = ProcessBehaviourQuery {
            values: numbers(&case["display"]),
            baseline: Some(baseline),
            least: Some(0.0),
            rule_set: Some(DetectionRuleSet::Lighthouse),
            ..Default::default()
        };
        let chart = process_behaviour(&query).unwrap();
        // It shows whole numbers, and of no limits zero or the one value.
        if enough {
            near(chart.center.map(f64::round), &case["average"], "average");
            near(chart.upper_limit.map(f64::round), &case["unpl"], "upper limit");
            near(chart.lower_limit.map(f64::round), &case["lnpl"], "lower limit");
        } else {
            assert_eq!((chart.upper_limit, chart.lower_limit), (None, None));
        }
        let mut causes = vec![Vec::new(); query.values.len()];
        for signal in &chart.signals {
            causes[signal.index as usize].push(match signal.rule {
                DetectionRule::BeyondLimits => "LargeChange",
                DetectionRule::TwoOfThreeBeyondTwoSigma => "ModerateChange",
                DetectionRule::FourOfFiveBeyondOneSigma => "ModerateShift",
                _ => "SmallShift",
            });
        }
        assert_eq!(serde_json::to_value(causes).unwrap(), case["causes"], "{case}");
    }
    assert!(cases.len() >= 20);
}

#[test]
fn limits_are_those_of_flow_metrics_csv() {
    let Some(file) = file("letpeoplework/flowmetricscsv_example.expected.json") else { return };
    for (name, case) in file["pbc"].as_object().unwrap() {
        let values = numbers(&case["values"]);
        let query = ProcessBehaviourQuery { values, least: Some(0.0), ..Default::default() };
        let chart = process_behaviour(&query).unwrap();
        near(chart.center, &case["average"], name);
        near(chart.upper_limit, &case["unpl"], name);
        near(chart.lower_limit, &case["lnpl"], name);
    }
}

fn found(series: &[f64], query: ChangePointsQuery) -> Vec<u64> {
    let query = ChangePointsQuery { values: series.into(), min_size: Some(3), ..query };
    let mut found = change_points(&query).unwrap().change_points;
    found.push(series.len() as u64);
    found
}

fn places(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|place| place.as_u64().unwrap()).collect()
}

#[test]
fn change_points_are_those_of_ruptures() {
    let Some(file) = file("changepoint/cases.json") else { return };
    let mut compared = 0;
    for case in file["cases"].as_array().unwrap() {
        let series = numbers(&case["series"]);
        for cost in ChangePointCost::ALL {
            for factor in [1, 3, 10] {
                let expected = &case[format!("pelt_{cost}_pen{factor}xlogn")];
                let by = |method| {
                    let penalty = expected["penalty"].as_f64();
                    let rules = ChangePointsQuery { cost: Some(*cost), penalty, ..Default::default() };
                    found(&series, ChangePointsQuery { method: Some(method), ..rules })
                };
                let known = places(&expected["breakpoints_end_exclusive"]);
                let what = format!("{} {cost} {factor}", case["name"]);
                assert_eq!(by(ChangePointMethod::RupturesPelt), known, "{what}");
                // Leaving out places at once costs ruptures the best answer in one case.
                if (*cost, factor) != (ChangePointCost::Normal, 1) {
                    assert_eq!(by(ChangePointMethod::Pelt), known, "{what}");
                }
                assert_eq!(by(ChangePointMethod::Pelt), by(ChangePointMethod::Optimal), "{what}");
                compared += 1;
            }
        }
        for count in [1, 2, 3] {
            for (name, method) in
                [("dynp", ChangePointMethod::Optimal), ("binseg", ChangePointMethod::BinarySegmentation)]
            {
                let rules =
                    ChangePointsQuery { method: Some(method), count: Some(count), ..Default::default() };
                let known = places(&case[format!("{name}_l2_k{count}")]);
                assert_eq!(found(&series, rules), known, "{} {name} {count}", case["name"]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3 * (9 + 6));
}

/// When issues were created and resolved, in days, until a day that ends the watch.
fn resolved_by(as_of: &str) -> Option<(Vec<f64>, Vec<bool>)> {
    let raw = bytes(&shared("flow/titanium-jira/issues_TIMOB.csv.gz")?);
    let mut reader = csv::Reader::from_reader(raw.as_slice());
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (created, resolved) = (column("created"), column("resolved"));
    let end = moment(&format!("{as_of}T00:00:00Z")).unwrap();
    let (mut durations, mut observed) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        let start = moment(&row[created]).unwrap();
        if start >= end {
            continue;
        }
        let done = moment(&row[resolved]).filter(|done| *done < end);
        durations.push((done.unwrap_or(end) - start) / 86_400.0);
        observed.push(done.is_some());
    }
    Some((durations, observed))
}

/// Seconds of a time as the file writes it, if it does.
fn moment(text: &str) -> Option<f64> {
    let instant: Instant = text.replace("+0000", "Z").parse().ok()?;
    Some(instant.millis() as f64 / 1000.0)
}

#[test]
fn what_is_open_is_counted_as_lifelines_counts_it() {
    let Some(file) = file("survival/km.json") else { return };
    for case in file["cases"].as_array().unwrap() {
        let Some((durations, observed)) = resolved_by(case["as_of"].as_str().unwrap()) else { return };
        let conditional = case["conditional_P(done within 14d more | age)"].as_object().unwrap();
        let ages: BTreeMap<u32, &Value> =
            conditional.iter().map(|(age, value)| (age.parse().unwrap(), value)).collect();
        let query = SurvivalQuery {
            durations,
            observed,
            ages: ages.keys().map(|age| f64::from(*age)).collect(),
            horizons: vec![14.0],
            ..Default::default()
        };
        let answer = survival(&query).unwrap();
        assert_eq!(Some(answer.events + answer.censored), case["n"].as_u64());
        assert_eq!(Some(answer.events), case["events"].as_u64());
        for (days, expected) in case["survival_at_days"].as_object().unwrap() {
            let days: f64 = days.parse().unwrap();
            let step = answer.curve.iter().rfind(|step| step.duration <= days).unwrap();
            near(Some(step.survival), expected, &format!("after {days} days"));
        }
        near(answer.median.duration, &case["median_days"], "median");
        near(answer.percentiles[1].duration, &case["p85_days"], "p85");
        for (own, (age, expected)) in answer.conditional.iter().zip(ages) {
            near(own.probability.value, expected, &format!("at {age} days"));
        }
    }
}

#[test]
fn working_time_is_that_of_business_hours() {
    let Some(file) = file("business-hours/cases.json") else { return };
    let calendar = |hours: &[(&str, &str)]| Calendar {
        zone: "UTC".into(),
        hours: Weekday::ALL[..5]
            .iter()
            .flat_map(|day| {
                hours.iter().map(|(start, end)| WorkingHours {
                    day: *day,
                    start: start.to_string(),
                    end: end.to_string(),
                })
            })
            .collect(),
        ..Default::default()
    };
    let calendars = [
        ("default_mon_fri_7_17_seconds", calendar(&[("07:00", "17:00")])),
        ("mon_fri_9_12_13_17_seconds", calendar(&[("09:00", "12:00"), ("13:00", "17:00")])),
    ];
    let mut compared = 0;
    for case in file["cases"].as_array().unwrap() {
        let at = |name: &str| format!("{}Z", case[name].as_str().unwrap()).parse().unwrap();
        for (name, calendar) in &calendars {
            let own = working_time_between(calendar, at("start"), at("end")).unwrap();
            let expected = Span::from_millis((case[*name].as_f64().unwrap() * 1000.0) as i64);
            assert_eq!(own, expected, "{case} {name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 16);
}
