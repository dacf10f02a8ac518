//! What other tools show of the same items.

use std::collections::BTreeMap;

use serde_json::Value;
use vsm_core::{
    Aggregation, Bucket, Event, FlowState, Instant, Kind, MetricQuery, MetricRules, ReconcileQuery,
    ValueStream,
};

use crate::shared::{bytes, shared};

/// A file of comma-separated values with the columns id, started and closed, without zones.
fn items(text: &[u8]) -> ValueStream {
    let mut stream = ValueStream::new();
    for row in csv::Reader::from_reader(text).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        // Some start and close at once; then the order of their ids counts.
        for (n, column, state) in [(1, "started", FlowState::Active), (2, "closed", FlowState::Done)] {
            if row[column].is_empty() {
                continue;
            }
            let at = format!("{}Z", row[column]).parse().unwrap();
            let mut event = Event::new("csv", format!("{}/{n}", row["id"]), at, format!("csv:{}", row["id"]));
            event.kind = Some(Kind::Story);
            event.set.state = Some(state);
            stream.apply(event).unwrap();
        }
    }
    stream
}

fn always(metric: &str, preset: Option<&str>) -> MetricQuery {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    MetricQuery {
        preset: preset.map(Into::into),
        ..MetricQuery::new(metric, at("2000-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"), "UTC")
    }
}

#[test]
fn four_tools_show_four_cycle_times_and_each_is_reproduced() {
    let Some(folder) = shared("flow/letpeoplework") else { return };
    let stream = items(&bytes(&folder.join("flowmetricscsv_example.csv")));
    let text = bytes(&folder.join("flowmetricscsv_example.expected.json"));
    let expected: Value = serde_json::from_slice(&text).unwrap();
    let mean = |preset: Option<&str>| {
        let rules = Some(MetricRules { aggregation: Some(Aggregation::Mean), ..MetricRules::default() });
        let table = stream.metric(&MetricQuery { rules, ..always("cycle_time", preset) }).unwrap();
        (table.rows[0].n, format!("{:.2}", table.rows[0].value.unwrap()))
    };
    let found = [None, Some("flowmetricscsv"), Some("lighthouse"), Some("jira_agile_metrics")].map(mean);
    assert_eq!(
        found,
        [(261, "4.58".into()), (261, "5.14".into()), (261, "5.55".into()), (261, "4.55".into())]
    );

    // Item by item.
    let samples = stream.metric_samples(&always("cycle_time", Some("flowmetricscsv"))).unwrap();
    let days: BTreeMap<&str, f64> = samples
        .rows
        .iter()
        .filter(|row| !row.open)
        .map(|row| (row.item.trim_start_matches("csv:"), row.value))
        .collect();
    let wanted = expected["cycle_times_by_id"].as_object().unwrap();
    assert_eq!(days.len(), wanted.len());
    for (id, wanted) in wanted {
        assert_eq!(Some(days[id.as_str()]), wanted.as_f64(), "{id}");
    }
    for (p, wanted) in expected["percentiles_np_linear"].as_object().unwrap() {
        let table = stream.metric(&always("cycle_time", Some("flowmetricscsv"))).unwrap();
        let sample = table.rows[0].sample.clone().unwrap();
        let found = match p.as_str() {
            "50" => sample.median,
            "85" => sample.p85,
            "95" => sample.p95,
            _ => continue,
        };
        assert!((found - wanted.as_f64().unwrap()).abs() < 1e-9, "{p}: {found}");
    }
}

#[test]
fn work_in_progress_and_throughput_are_those_of_every_day() {
    let Some(folder) = shared("flow/letpeoplework") else { return };
    let stream = items(&bytes(&folder.join("flowmetricscsv_example.csv")));
    let text = bytes(&folder.join("flowmetricscsv_example.expected.json"));
    let expected: Value = serde_json::from_slice(&text).unwrap();
    let at = |n: usize| format!("{}Z", expected["window"][n].as_str().unwrap()).parse::<Instant>().unwrap();
    let (start, last) = (at(0), at(1));
    let end = Instant::from_millis(last.millis() + 86_400_000).unwrap();
    for (metric, preset, key) in
        [("wip", Some("flowmetricscsv"), "wip_history"), ("throughput", None, "throughput_history")]
    {
        let query = MetricQuery { start, end, bucket: Some(Bucket::Day), ..always(metric, preset) };
        // The tool was asked at the beginning of the last day, and knew nothing of what was closed later on.
        let known = stream.as_of(last, Instant::MAX);
        let table = known.metric(&query).unwrap();
        let found: Vec<f64> = table.rows.iter().map(|row| row.value.unwrap()).collect();
        let wanted: Vec<f64> =
            expected[key].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
        assert_eq!(found, wanted, "{metric}");
    }
}

#[test]
fn the_rule_that_makes_the_difference_is_named() {
    let Some(folder) = shared("flow/letpeoplework") else { return };
    let stream = items(&bytes(&folder.join("flowmetricscsv_example.csv")));
    let mut query = always("cycle_time", None);
    query.rules = Some(MetricRules { aggregation: Some(Aggregation::Mean), ..MetricRules::default() });
    let answer = stream
        .reconcile(&ReconcileQuery {
            query,
            preset_a: Some("jira_agile_metrics".into()),
            preset_b: Some("lighthouse".into()),
        })
        .unwrap();
    let (a, b) = (answer.value_a.unwrap(), answer.value_b.unwrap());
    // Both ends of the dates count: one day more for each item.
    assert!((b - a - 1.0).abs() < 1e-9);
    assert_eq!((answer.items.len(), answer.same), (261, 0));
    assert!(answer.items.iter().all(|item| item.rules == ["day_count"]));
}
