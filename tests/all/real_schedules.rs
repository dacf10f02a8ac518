//! Published networks: every date they state, exactly.

use serde_json::Value;
use vsm_core::{
    Activity, Calendar, CriticalPath, Dependency, Instant, NamedCalendar, NetworkActivity, NetworkDependency,
    NetworkQuery, Span, Weekday, WorkingHours, schedule,
};

use crate::shared::shared;

const DAY: i64 = 86_400_000;

fn start() -> Instant {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn days(number: &Value) -> Span {
    Span::from_millis((number.as_f64().unwrap() * DAY as f64) as i64)
}

/// Ids are texts or numbers.
fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn link(from: &Value, to: &Value, kind: &Value, lag: Span) -> NetworkDependency {
    let dependency = match kind.as_str().unwrap() {
        "FS" => Dependency::FinishToStart,
        "SS" => Dependency::StartToStart,
        "FF" => Dependency::FinishToFinish,
        "SF" => Dependency::StartToFinish,
        other => panic!("{other}"),
    };
    NetworkDependency {
        from: id(from),
        to: id(to),
        dependency: Some(dependency),
        lag: Some(lag),
        elapsed: None,
    }
}

fn file(name: &str) -> Option<Value> {
    let path = shared(&format!("schedule-networks/{name}"))?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn of<'a>(path: &'a CriticalPath, id: &str) -> &'a Activity {
    path.activities.iter().find(|activity| activity.item == id).unwrap()
}

fn at(instant: Instant) -> f64 {
    instant.since(start()).millis() as f64 / DAY as f64
}

/// Compares what a file says of an activity, whatever it says.
fn same(name: &str, expected: &Value, own: &Activity) -> usize {
    let mut compared = 0;
    for (key, value) in expected.as_object().unwrap() {
        let ours = match key.as_str() {
            "ES" | "early_start" => at(own.early_start),
            "EF" | "early_finish" => at(own.early_finish),
            "LS" | "late_start" => at(own.late_start),
            "LF" | "late_finish" => at(own.late_finish),
            "TF" | "slack" => own.total_float.millis() as f64 / DAY as f64,
            "FF" => own.free_float.millis() as f64 / DAY as f64,
            _ => continue,
        };
        // A published table rounds to two places; a millisecond is less than that.
        assert!(
            (ours - value.as_f64().unwrap()).abs() < 0.006,
            "{name} {} {key}: {ours}, not {value}",
            own.item
        );
        compared += 1;
    }
    compared
}

#[test]
fn worked_networks_have_their_published_dates() {
    let Some(networks) = file("worked_networks.json") else { return };
    let mut compared = 0;
    for (name, network) in networks.as_object().unwrap() {
        let (Some(activities), Some(expected)) =
            (network["activities"].as_object(), network["expected"].as_object())
        else {
            continue;
        };
        let mut links: Vec<NetworkDependency> = Vec::new();
        for arc in network["arcs"].as_array().into_iter().flatten() {
            links.push(link(&arc[0], &arc[1], &arc[2], days(&arc[3])));
        }
        let mut own = Vec::new();
        for (id, told) in activities {
            // A three-point estimate stands for its mean by the beta distribution.
            let duration = match told.as_object() {
                Some(points) => {
                    for pred in points["preds"].as_array().unwrap() {
                        links.push(link(pred, &Value::from(id.as_str()), &Value::from("FS"), Span::ZERO));
                    }
                    let point = |name: &str| points[name].as_f64().unwrap();
                    Value::from((point("a") + 4.0 * point("m") + point("b")) / 6.0)
                }
                None => told.clone(),
            };
            own.push(NetworkActivity { id: id.clone(), duration: days(&duration), ..Default::default() });
        }
        let path = schedule(&NetworkQuery::new(start(), own, links)).unwrap();
        if let Some(length) = network["project_duration"].as_f64() {
            assert_eq!(at(path.finish), length, "{name}");
        }
        if let Some(critical) = network["critical"].as_array() {
            let mut critical: Vec<String> = critical.iter().map(id).collect();
            critical.sort_unstable();
            let ours = path.activities.iter().filter(|activity| activity.critical);
            let mut ours: Vec<String> = ours.map(|activity| activity.item.clone()).collect();
            ours.sort_unstable();
            assert_eq!(ours, critical, "{name}");
        }
        for (id, dates) in expected {
            compared += same(name, dates, of(&path, id));
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn lag_cases_with_a_floor_are_exact_and_the_others_are_as_microsoft_has_them() {
    let Some(file) = file("lags_36_cases_criticalpath_R.json") else { return };
    let (mut with_floor, mut open) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let activities: Vec<NetworkActivity> = case["activities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|told| NetworkActivity {
                id: told["id"].as_str().unwrap().into(),
                duration: days(&told["duration"]),
                ..Default::default()
            })
            .collect();
        let relations = case["relations"].as_array().unwrap().iter();
        let links = relations.map(|told| link(&told["from"], &told["to"], &told["type"], days(&told["lag"])));
        let query = NetworkQuery::new(start(), activities, links.collect());
        let floored = schedule(&NetworkQuery { lead_before_start: Some(false), ..query.clone() }).unwrap();
        let microsoft = schedule(&query).unwrap();
        let expected = case["expected"].as_object().unwrap();
        let of_all =
            |key: &str| expected.values().map(|dates| dates[key].as_f64().unwrap()).collect::<Vec<f64>>();
        let is_before = of_all("early_start").into_iter().any(|start| start < 0.0);
        let end = of_all("early_finish").into_iter().fold(0.0, f64::max);
        // Where something ends after the last activity, late dates depend on whether they may lie after the end.
        if !is_before && of_all("late_finish").into_iter().all(|finish| finish <= end) {
            with_floor += 1;
            for (id, dates) in expected {
                assert_eq!(same(case["name"].as_str().unwrap(), dates, of(&floored, id)), 4);
                assert_eq!(same(case["name"].as_str().unwrap(), dates, of(&microsoft, id)), 4);
            }
            continue;
        }
        open += 1;
        for (id, dates) in expected {
            let (ours, floored) = (of(&microsoft, id), of(&floored, id));
            let said = dates["early_start"].as_f64().unwrap();
            // Microsoft lets leads begin before the start, but not for the sake of a common end.
            let is_common_end = case["name"].as_str().unwrap().starts_with("FF");
            let is_moved =
                is_common_end && expected.values().any(|d| d["early_start"].as_f64().unwrap() < 0.0);
            if !is_moved {
                assert_eq!(at(ours.early_start), said, "{} {id}", case["name"]);
            }
            assert!(at(floored.early_start) >= 0.0);
        }
    }
    println!("{with_floor} cases with the floor, {open} by choice");
    assert_eq!((with_floor, open), (20, 16));
}

#[test]
fn calendar_network_is_exact_to_the_minute() {
    let Some(file) = file("calendar_network.json") else { return };
    let hours: Vec<WorkingHours> = Weekday::ALL[..5]
        .iter()
        .flat_map(|day| {
            [("08:00", "12:00"), ("13:00", "17:00")].map(|(start, end)| WorkingHours {
                day: *day,
                start: start.into(),
                end: end.into(),
            })
        })
        .collect();
    let mut holidays: Vec<String> = (24..=31).map(|day| format!("2026-12-{day}")).collect();
    holidays.push("2027-01-01".into());
    let standard = Calendar { zone: "UTC".into(), hours, holidays, ..Calendar::default() };
    let mut environment = standard.clone();
    environment.holidays.extend((14..=16).map(|day| format!("2026-12-{day}")));
    let work = |days: &Value| Span::from_hours(days.as_i64().unwrap() * 8);
    let activities = file["activities"].as_object().unwrap().iter().map(|(id, told)| NetworkActivity {
        id: id.clone(),
        duration: work(&told["days"]),
        calendars: vec![told["calendar"].as_str().unwrap().into()],
        ..Default::default()
    });
    let links = file["dependencies"].as_array().unwrap().iter();
    let links = links.map(|arc| link(&arc[0], &arc[1], &arc[2], work(&arc[3])));
    let start = "2026-11-23T08:00:00Z".parse().unwrap();
    let mut query = NetworkQuery::new(start, activities.collect(), links.collect());
    query.calendars = vec![
        NamedCalendar { name: "standard".into(), calendar: standard },
        NamedCalendar { name: "environment".into(), calendar: environment },
    ];
    query.calendar = Some("standard".into());
    let path = schedule(&query).unwrap();
    for (id, dates) in file["expected"].as_object().unwrap() {
        let own = of(&path, id);
        let instant =
            |key: &str| -> Instant { format!("{}:00Z", dates[key].as_str().unwrap()).parse().unwrap() };
        assert_eq!(
            (own.early_start, own.early_finish, own.late_start, own.late_finish),
            (instant("ES"), instant("EF"), instant("LS"), instant("LF")),
            "{id}"
        );
        assert_eq!(
            (own.total_float, own.free_float),
            (work(&dates["TF_days"]), work(&dates["FF_days"])),
            "{id}"
        );
        assert_eq!(own.total_float == Span::ZERO, dates["critical"].as_bool().unwrap(), "{id}");
    }
    // The calendar leaves a day to everything before the environment; what decides its date is told all the same.
    assert_eq!(of(&path, "uat").drivers, ["integration"]);
    assert_eq!(path.path.last().unwrap(), "release");
}
