//! The flow answers against what other tools say of the same records.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vsm_core::{
    Adapter, AgeingQuery, Calendar, CumulativeFlow, CumulativeFlowQuery, CumulativeForm, DayCount,
    DefectsQuery, Event, FlowStage, FlowState, IngestOptions, Instant, Kind, LittlesLawQuery, LittlesLawRule,
    MetricQuery, MetricRules, OpenRule, Span, StateWords, TimeInStateQuery, ValueStream, Weekday,
    WorkingHours,
};

use crate::shared::{bytes, shared};

const DAY: i64 = 86_400_000;

fn json_of(path: &str) -> Option<Value> {
    Some(serde_json::from_slice(&bytes(&shared(path)?)).unwrap())
}

/// A day, or a time of one without a zone, which is UTC.
fn at(text: &str) -> Instant {
    let text =
        if text.len() == 10 { format!("{text}T00:00:00Z") } else { format!("{}Z", text.replace(' ', "T")) };
    text.parse().unwrap()
}

fn later(at: Instant, millis: i64) -> Instant {
    Instant::from_millis(at.millis() + millis).unwrap()
}

fn said(number: usize, item: &str, at: Instant, status: &str) -> Event {
    let mut event = Event::new("test", format!("{item}/{number}"), at, format!("test:{item}"));
    event.kind = Some(Kind::Story);
    event.set.status = Some(status.to_owned());
    event
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

const STAGES: [&str; 5] = ["Backlog", "Committed", "Build", "Test", "Done"];

/// Items with the days on which they came to each stage; those of one day in the order of the stages.
fn entered(items: &Value) -> ValueStream {
    let mut stream = ValueStream::new();
    for item in items.as_array().unwrap() {
        for (number, stage) in STAGES.iter().enumerate() {
            if let Some(day) = item[stage].as_str() {
                let event = said(number, item["key"].as_str().unwrap(), later(at(day), number as i64), stage);
                stream.apply(event).unwrap();
            }
        }
    }
    stream
}

fn stages() -> Vec<FlowStage> {
    STAGES.iter().map(|stage| FlowStage::new(*stage)).collect()
}

fn cumulative(stream: &ValueStream, first: &str, days: usize, form: CumulativeForm) -> CumulativeFlow {
    let mut query = CumulativeFlowQuery::new(at(first), later(at(first), days as i64 * DAY), "UTC");
    (query.stages, query.form) = (Some(stages()), Some(form));
    stream.cumulative_flow(&query).unwrap()
}

#[test]
fn cumulative_flow_as_jira_agile_metrics() {
    for file in ["flow_minimal.json", "flow_large.json"] {
        let Some(case) = json_of(&format!("flow/jira-agile-metrics/{file}")) else { return };
        let stream = entered(&case["items"]);
        let expected = &case["expected"];
        let rows = expected["cfd"].as_array().unwrap();
        // Nothing goes back in these records, so the forms have to agree.
        for form in CumulativeForm::ALL {
            let flow = cumulative(&stream, rows[0]["date"].as_str().unwrap(), rows.len(), *form);
            assert_eq!(flow.days.len(), rows.len());
            for (n, (day, row)) in flow.days.iter().zip(rows).enumerate() {
                assert_eq!(day.day, row["date"].as_str().unwrap());
                let lines: Vec<f64> = STAGES.iter().map(|stage| number(&row[stage])).collect();
                assert_eq!(
                    day.cumulative.iter().map(|line| *line as f64).collect::<Vec<_>>(),
                    lines,
                    "{file} {}",
                    day.day
                );
                assert_eq!(day.wip as f64, number(&expected["wip"][n]["wip"]));
                let net = &expected["net_flow_daily"][n];
                assert_eq!(day.arrivals as f64, number(&net["arrivals"]), "{file} {}", day.day);
                assert_eq!(day.departures as f64, number(&net["departures"]));
                assert_eq!(day.net_flow, number(&net["net_flow"]));
            }
            let finished = flow.days.iter().filter(|day| day.departures != 0);
            let finished: Vec<Value> =
                finished.map(|day| json!({"date": day.day, "count": day.departures})).collect();
            assert_eq!(json!(finished), expected["throughput_daily"]);
        }
        // The tool's ages are in whole days.
        let today = later(at(case["today"].as_str().unwrap()), STAGES.len() as i64);
        let query = AgeingQuery { stages: Some(stages()), ..AgeingQuery::new(today) };
        let ageing = stream.ageing(&query).unwrap();
        let mut rows: Vec<Value> = ageing
            .items
            .iter()
            .map(|item| json!({"key": item.item[5..], "status": item.stage, "age": (item.age.millis() / DAY) as f64}))
            .collect();
        rows.sort_by_key(|row| row["key"].as_str().unwrap()[2..].parse::<u32>().unwrap());
        assert_eq!(json!(rows), expected["ageing_wip"], "{file}");
    }
}

/// Issues with changes in the tool's test form, as Jira gives them.
fn as_jira(case: &Value) -> ValueStream {
    let stamp = |text: &Value| format!("{}.000+0000", text.as_str().unwrap().replace(' ', "T"));
    let mut lines = Vec::new();
    for issue in case["issues"].as_array().unwrap() {
        let changes = issue["changes"].as_array().unwrap();
        let histories: Vec<Value> = changes
            .iter()
            .enumerate()
            .map(|(id, change)| {
                json!({"id": id.to_string(), "created": stamp(&change["at"]), "items": [{
                    "field": change["field"], "fromString": change["from"], "toString": change["to"]}]})
            })
            .collect();
        let last = changes.last().map_or(&issue["created"], |change| &change["at"]);
        lines.push(json!({"key": issue["key"], "fields": {"created": stamp(&issue["created"]), "updated": stamp(last),
            "issuetype": {"name": issue["issuetype"]}, "status": {"name": issue["status"]}},
            "changelog": {"startAt": 0, "total": histories.len(), "histories": histories}})
            .to_string());
    }
    let states = [
        ("Backlog", FlowState::New),
        ("Next", FlowState::Waiting),
        ("Build", FlowState::Active),
        ("QA", FlowState::Active),
        ("Done", FlowState::Done),
    ];
    let states = states.into_iter().map(|(status, state)| (status.to_owned(), state)).collect();
    let mut stream = ValueStream::new();
    let report = stream.ingest(
        Adapter::Jira,
        lines.join("\n").as_bytes(),
        &IngestOptions { states, ..IngestOptions::default() },
    );
    assert_eq!(report.rejects, []);
    stream
}

#[test]
fn changelogs_as_jira_agile_metrics() {
    for file in ["cycletime_changelog.json", "cycletime_skipped_columns.json"] {
        let Some(case) = json_of(&format!("flow/jira-agile-metrics/{file}")) else { return };
        let stream = as_jira(&case);
        let cycle = case["workflow"]["cycle"].as_array().unwrap();
        let columns = cycle.iter().map(|column| FlowStage {
            name: column["name"].as_str().unwrap().into(),
            statuses: serde_json::from_value(column["statuses"].clone()).unwrap(),
        });
        let mut query = CumulativeFlowQuery::new(at("2018-01-01"), at("2018-01-11"), "UTC");
        (query.stages, query.form) = (Some(columns.collect()), Some(CumulativeForm::Rewritten));
        let flow = stream.cumulative_flow(&query).unwrap();
        for day in &flow.days {
            for (number, stage) in flow.stages.iter().enumerate() {
                let came = case["expected_cycle_data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|item| item[stage].as_str().is_some_and(|date| date <= day.day.as_str()));
                assert_eq!(day.cumulative[number], came.count() as u64, "{file} {} {stage}", day.day);
            }
        }
    }
}

#[test]
fn flags_of_changelogs_as_jira_agile_metrics() {
    let Some(case) = json_of("flow/jira-agile-metrics/cycletime_changelog.json") else { return };
    let stream = as_jira(&case);
    let now = at(case["now"].as_str().unwrap());
    let blocked = |issue: &str| -> Vec<(String, Span)> {
        let query =
            TimeInStateQuery { items: Some(vec![format!("jira:{issue}")]), ..TimeInStateQuery::new(now) };
        let blocked = stream.time_in_state(&query).unwrap().blocked;
        blocked.into_iter().map(|time| (time.reason, time.total)).collect()
    };
    let sum = |pairs: &[(&str, Instant)]| {
        Span::from_millis(pairs.iter().map(|(since, until)| until.since(at(since)).millis()).sum())
    };
    assert_eq!(blocked("A-1"), []);
    // The tool has 3 whole days, without the one in the backlog.
    let pairs = [
        ("2018-01-02 10:01:01", at("2018-01-03 01:00:00")),
        ("2018-01-04 10:01:01", at("2018-01-05 08:01:01")),
        ("2018-01-08 10:01:01", now),
    ];
    assert_eq!(blocked("A-2"), [("Impediment".to_owned(), sum(&pairs))]);
    // A flag that nobody took ends when the item is done: 2 days there.
    let pairs = [("2018-01-04 10:01:01", at("2018-01-06 01:01:01"))];
    assert_eq!(blocked("A-3"), [("Impediment".to_owned(), sum(&pairs))]);
    let pairs = [("2018-01-07 01:01:01", at("2018-01-10 10:01:01"))];
    assert_eq!(blocked("A-4"), [("Awaiting input".to_owned(), sum(&pairs))]);
}

/// The issues, and what another tool says of them.
fn titanium() -> Option<(Vec<BTreeMap<String, String>>, Value)> {
    let text = bytes(&shared("flow/titanium-jira/issues_TIMOB.csv.gz")?);
    let expected = json_of("flow/titanium-jira/TIMOB.expected.json")?;
    Some((csv::Reader::from_reader(text.as_slice()).deserialize().map(Result::unwrap).collect(), expected))
}

#[test]
fn ten_years_of_titanium() {
    let Some((rows, expected)) = titanium() else { return };
    let mut events = Vec::new();
    for row in rows {
        let stamp = |name: &str| at(&row[name][..19]);
        events.push(said(0, &row["key"], stamp("created"), "Backlog"));
        if !row["resolved"].is_empty() {
            events.push(said(1, &row["key"], stamp("resolved"), "Done"));
        }
    }
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    // The tool's days end with the last event, its months on their last day.
    let first = at("2011-03-29");
    let mut query = CumulativeFlowQuery::new(first, at("2021-12-01"), "UTC");
    query.stages = Some(vec![FlowStage::new("Backlog"), FlowStage::new("Done")]);
    query.start_stage = Some("Backlog".into());
    let flow = stream.cumulative_flow(&query).unwrap();
    let changed = flow.days.iter().rposition(|day| (day.arrivals, day.departures) != (0, 0));
    assert_eq!(changed.map(|last| last as u64 + 1), expected["cfd_days"].as_u64());
    let lines: BTreeMap<&str, &Vec<u64>> =
        flow.days.iter().map(|day| (day.day.as_str(), &day.cumulative)).collect();
    let months = expected["cfd_last_day_of_each_month"].as_object().unwrap();
    for (day, row) in months {
        let row = [number(&row["Backlog"]) as u64, number(&row["Done"]) as u64];
        assert_eq!(lines[day.as_str()].as_slice(), row, "{day}");
    }
    println!("{} months", months.len());
    assert_eq!(
        flow.days.iter().map(|day| day.wip).max(),
        expected["wip_max"].as_f64().map(|most| most as u64)
    );
    // Weeks end on Sundays; a month is known by its last day.
    for (name, first) in [("throughput_weekly_W_SUN", -6), ("throughput_monthly_M", -31)] {
        let rows = expected[name].as_array().unwrap();
        let mut before: Option<&str> = None;
        for row in rows {
            let end = row[0].as_str().unwrap();
            let start = later(at(end), first * DAY).to_string();
            let is_in = |day: &str| day <= end && before.map_or(start[..10] <= *day, |before| day > before);
            let count: u64 = flow.days.iter().filter(|day| is_in(&day.day)).map(|day| day.departures).sum();
            assert_eq!(Some(count), row[1].as_u64(), "{name} {end}");
            before = Some(end);
        }
        println!("{} of {name}", rows.len());
    }
}

#[test]
fn open_bugs_of_titanium_by_priority() {
    let Some((rows, expected)) = titanium() else { return };
    let mut events = Vec::new();
    for row in rows {
        if row["type"] != "Bug" {
            continue;
        }
        let bug = |number: usize, column: &str, state: FlowState| {
            let mut event = said(number, &row["key"], at(&row[column][..19]), "any");
            (event.kind, event.set.state) = (Some(Kind::Defect), Some(state));
            event.set.priority = Some(row["priority"].clone()).filter(|priority| !priority.is_empty());
            event
        };
        events.push(bug(0, "created", FlowState::New));
        if !row["resolved"].is_empty() {
            events.push(bug(1, "resolved", FlowState::Done));
        }
    }
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    let mut query = DefectsQuery::new(at("2011-03-01"), at("2021-12-01"), "UTC");
    query.group_by = vec!["priority".into()];
    query.open_rule = Some(OpenRule::AnyTime);
    let mut open: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in stream.defects(&query).unwrap().trend {
        let priority = if row.group[0].is_empty() { "(none)" } else { &row.group[0] };
        open.insert((format!("{}-01", row.bucket), priority.to_owned()), f64::from(row.open));
    }
    let months = expected["open_bugs_per_month_by_priority"].as_object().unwrap();
    let mut cells = 0;
    for (month, row) in months {
        for (priority, count) in row.as_object().unwrap() {
            let own = open.get(&(month.clone(), priority.clone())).copied().unwrap_or(0.0);
            assert_eq!(own, number(count), "{month} {priority}");
            cells += 1;
        }
    }
    println!("{cells} months of a priority");
    assert_eq!(
        open.values().sum::<f64>(),
        months.values().flat_map(|row| row.as_object().unwrap().values()).map(number).sum::<f64>()
    );
}

/// Activities with their beginnings and ends: how long a case is worked on, how long it takes, and how long that is in
/// office hours.
#[test]
fn cases_of_an_interval_log() {
    let Some(expected) = json_of("flow/pm4py/interval_event_log.expected.json") else { return };
    let text = bytes(&shared("flow/pm4py/interval_event_log.csv.gz").unwrap());
    let mut cases: BTreeMap<String, Vec<(Instant, Instant)>> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_slice()).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let stamp = |name: &str| at(&row[name][..19]);
        cases.entry(row["case"].clone()).or_default().push((stamp("start_timestamp"), stamp("timestamp")));
    }
    let mut stream = ValueStream::new();
    let mut overlapping: BTreeSet<String> = BTreeSet::new();
    for (case, activities) in &mut cases {
        activities.sort();
        let mut spans: Vec<(Instant, Instant)> = Vec::new();
        for (start, end) in activities.iter().copied() {
            match spans.last_mut() {
                Some(last) if start <= last.1 => {
                    if start < last.1 {
                        overlapping.insert(case.clone());
                    }
                    last.1 = last.1.max(end);
                }
                _ => spans.push((start, end)),
            }
        }
        let states =
            spans.iter().flat_map(|(start, end)| [(*start, FlowState::Active), (*end, FlowState::Waiting)]);
        let mut states: Vec<(Instant, FlowState)> = states.collect();
        states.last_mut().unwrap().1 = FlowState::Done;
        for (number, (at, state)) in states.into_iter().enumerate() {
            let mut event = said(100 + number, case, at, "any");
            event.set.state = Some(state);
            stream.apply(event).unwrap();
        }
    }
    assert_eq!(Some(cases.len() as u64), expected["num_cases"].as_u64());
    let (start, end) = (at("2014-01-01"), at("2017-01-01"));
    let times = stream.time_in_state(&TimeInStateQuery::new(end)).unwrap().items;
    let mut worked: BTreeMap<String, f64> = BTreeMap::new();
    for row in times.iter().filter(|row| row.state == "active") {
        worked.insert(row.item.clone(), row.completed.millis() as f64 / 1e3);
    }
    let lengths = |hours: Option<Calendar>| -> BTreeMap<String, f64> {
        let second = if hours.is_some() { 3_600.0 } else { 86_400.0 };
        let mut query = MetricQuery::new("lead_time", start, end, "UTC");
        let day_count = if hours.is_some() { DayCount::BusinessHours } else { DayCount::Elapsed };
        query.rules =
            Some(MetricRules { day_count: Some(day_count), calendar: hours, ..MetricRules::default() });
        let samples = stream.metric_samples(&query).unwrap().rows;
        samples.into_iter().map(|sample| (sample.item, (sample.value * second).round())).collect()
    };
    let office: Vec<WorkingHours> = Weekday::ALL[..5]
        .iter()
        .map(|day| WorkingHours { day: *day, start: "07:00".into(), end: "17:00".into() })
        .collect();
    let office = Calendar { zone: "UTC".into(), hours: office, ..Calendar::default() };
    let mut compared = 0;
    for (name, lengths) in [
        ("lead_cycle_waste_last_event_elapsed_24x7", lengths(None)),
        ("lead_cycle_waste_last_event_business_hours_mon_fri_7_17", lengths(Some(office))),
    ] {
        for (case, row) in expected[name].as_object().unwrap() {
            let id = format!("test:{case}");
            assert_eq!(lengths[&id], number(&row["@@approx_bh_partial_lead_time"]), "{name} {case}");
            // The tool takes of what overlaps only a part.
            if name.ends_with("24x7") && !overlapping.contains(case) {
                assert_eq!(worked[&id], number(&row["@@approx_bh_partial_cycle_time"]), "{case}");
            }
            compared += 1;
        }
    }
    println!("{} cases, {compared} of them compared with all their times", cases.len());
    assert!(compared >= 100, "{compared}");
}

#[test]
fn time_in_status_as_jira_has_it() {
    let Some(path) = shared("devlake/jira/issues_raw.jsonl") else { return };
    let mut stream = ValueStream::new();
    stream.ingest(Adapter::Jira, &bytes(&path), &IngestOptions::default());
    let mut expected: BTreeMap<String, BTreeMap<String, (u64, i64)>> = BTreeMap::new();
    let text = bytes(&shared("devlake/jira/expected_time_in_status.csv").unwrap());
    for row in csv::Reader::from_reader(text.as_slice()).deserialize::<(String, String, u64, i64)>() {
        let (issue, status, entries, millis) = row.unwrap();
        expected.entry(issue).or_default().insert(status, (entries, millis));
    }
    let known = stream.items(None);
    let (mut equal, mut rows) = (0, 0);
    for (issue, expected) in expected {
        let id = format!("jira:{issue}");
        if !known.contains(&id) {
            continue;
        }
        // Jira stopped keeping the field then.
        let mut query = TimeInStateQuery::new(at("2020-11-01"));
        (query.items, query.words) = (Some(vec![id]), Some(StateWords::Status));
        let times = stream.time_in_state(&query).unwrap().items;
        let times: BTreeMap<String, (u64, i64)> = times
            .into_iter()
            .map(|time| (time.status_id.unwrap_or(time.state), (time.entries, time.completed.millis())))
            .collect();
        assert_eq!(times, expected, "{issue}");
        equal += 1;
        rows += times.len();
    }
    println!("{equal} issues, {rows} statuses equal to the millisecond");
    assert!(equal >= 15, "{equal}");
}

#[test]
fn time_in_state_as_lighthouse() {
    let Some(cases) = json_of("flow/lighthouse/cases.json") else { return };
    let case = &cases["cumulative_time_in_state"];
    let mut stream = ValueStream::new();
    let end = at("2026-06-30");
    let days = |count: f64| (count * DAY as f64) as i64;
    for item in case["items"].as_array().unwrap() {
        let mut since = at("2026-01-01");
        for (n, state) in ["In Progress", "Review", "Test"].iter().enumerate() {
            let stay = days(number(&item[state]));
            if stay > 0 {
                stream.apply(said(n, item["id"].as_str().unwrap(), since, state)).unwrap();
            }
            since = later(since, stay);
        }
        let mut done = said(9, item["id"].as_str().unwrap(), since, "Done");
        done.set.state = Some(FlowState::Done);
        stream.apply(done).unwrap();
    }
    for (n, item) in case["in_flight"].as_array().unwrap().iter().enumerate() {
        let since = later(end, -days(number(&item["ongoing_days"])));
        stream.apply(said(0, &format!("OPEN-{n}"), since, item["state"].as_str().unwrap())).unwrap();
    }
    let query = TimeInStateQuery { words: Some(StateWords::Status), ..TimeInStateQuery::new(end) };
    let states = stream.time_in_state(&query).unwrap().states;
    for (name, expected) in case["expected"].as_object().unwrap() {
        let state = states.iter().find(|state| state.state == *name).unwrap();
        let days = [state.completed, state.ongoing, state.total].map(Span::days);
        assert_eq!(days, ["completed", "ongoing", "total"].map(|key| number(&expected[key])), "{name}");
    }
}

#[test]
fn littles_law_as_samplepath() {
    let Some(expected) = json_of("flow/littles-law/flowmetricscsv_example.expected.json") else { return };
    let text = bytes(&shared("flow/letpeoplework/flowmetricscsv_example.csv").unwrap());
    let mut events = Vec::new();
    for row in csv::Reader::from_reader(text.as_slice()).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        for (n, (name, state)) in
            [("started", FlowState::Active), ("closed", FlowState::Done)].into_iter().enumerate()
        {
            if !row[name].is_empty() {
                let mut event = said(n, &row["id"], at(&row[name]), name);
                event.set.state = Some(state);
                events.push(event);
            }
        }
    }
    let first = events.iter().map(|event| event.occurred_at).min().unwrap();
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    let elapsed = |start, end| {
        let law = stream.littles_law(&LittlesLawQuery::new(start, end, "UTC")).unwrap();
        for row in &law.rows {
            assert!(row.residual.is_none_or(|residual| residual == 0.0), "{row:?}");
        }
        law.rows.into_iter().find(|row| row.rule == LittlesLawRule::Elapsed).unwrap()
    };
    let close = |what: &str, ours: Option<f64>, theirs: &Value, seconds: f64| match (ours, theirs.as_f64()) {
        (Some(ours), Some(theirs)) => {
            let ours = ours * seconds;
            assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{what}: {ours} for {theirs}");
        }
        (ours, theirs) => assert_eq!(ours.is_none(), theirs.is_none(), "{what}: {ours:?} for {theirs:?}"),
    };
    let day = DAY as f64 / 1000.0;
    let rows = expected["calendar_mode_W-SUN"].as_array().unwrap();
    for row in rows {
        let law = elapsed(at("2023-01-01"), at(row["time"].as_str().unwrap()));
        close("L", law.average_wip, &row["L"], 1.0);
        close("Lambda", law.arrival_rate, &row["Lambda"], 1.0 / day);
        close("Theta", law.throughput, &row["Theta"], 1.0 / day);
        close("w", law.average_time, &row["w"], day);
        close("w'", law.time_per_departure, &row["w_prime"], day);
        close("H", Some(law.item_days), &row["H"], day);
        let counts = [law.open_at_end, law.arrivals, law.departures].map(|count| count as f64);
        assert_eq!(counts, ["N", "Arrivals", "Departures"].map(|key| number(&row[key])), "{row}");
    }
    println!("{} weeks", rows.len());
    // In this mode the tool counts what happens at the end of the window too.
    for row in expected["event_mode_rows"].as_array().unwrap() {
        let end = at(row["time"].as_str().unwrap());
        let (open, closed) = (elapsed(first, end), elapsed(first, later(end, 1)));
        close("L", open.average_wip, &row["L"], 1.0);
        close("H", Some(open.item_days), &row["H"], day);
        close("W*", closed.cycle_time, &row["W_star"], day);
        let counts = [closed.open_at_end, closed.arrivals, closed.departures].map(|count| count as f64);
        assert_eq!(counts, ["N", "Arrivals", "Departures"].map(|key| number(&row[key])), "{row}");
    }
}
