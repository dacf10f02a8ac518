//! What tools that measure delivery say of their own test data, against the presets of their names.

use std::collections::BTreeMap;

use serde_json::Value;
use vsm_core::{
    Delivery, DeliveryMetric, DeliveryPreset, DeliveryQuery, DeliveryRow, Event, FlowState, Instant, Kind,
    Link, LinkKind, Outcome, Span, ValueStream, delivery_bands,
};

use crate::shared::{bytes, shared};

/// The rows of a CSV file without quotes, by the names of their columns.
fn table(path: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let text = String::from_utf8(bytes(&shared(path)?)).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        head.iter().map(|name| (*name).to_owned()).zip(cells).collect()
    };
    Some(lines.map(row).collect())
}

fn json(path: &str) -> Option<Value> {
    Some(serde_json::from_slice(&bytes(&shared(path)?)).unwrap())
}

/// `2023-4-10 6:51:47` or RFC 3339.
fn time(text: &str) -> Option<Instant> {
    if text.is_empty() {
        return None;
    }
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (date, clock) = text.split_once(' ').unwrap();
    let pad = |text: &str, by: char| {
        text.split(by).map(|part| format!("{part:0>2}")).collect::<Vec<_>>().join(&by.to_string())
    };
    Some(format!("{}T{}Z", pad(date, '-'), pad(clock, ':')).parse().unwrap())
}

fn millis(value: &Value) -> Instant {
    Instant::from_millis(value.as_i64().unwrap()).unwrap()
}

/// Events with ids of their own.
#[derive(Default)]
struct Said(ValueStream, usize);

impl Said {
    fn say(&mut self, at: Instant, item: &str, kind: Option<Kind>, change: impl FnOnce(&mut Event)) {
        self.1 += 1;
        let mut event = Event::new("peer", self.1.to_string(), at, item);
        event.kind = kind;
        change(&mut event);
        self.0.apply(event).unwrap();
    }

    fn environment(&mut self, id: &str, stage: &str) {
        let stage = stage.to_owned();
        self.say(Instant::MIN, id, Some(Kind::Environment), |event| event.set.stage = Some(stage));
    }

    fn deployment(&mut self, id: &str, at: Instant, result: Outcome, links: &[(LinkKind, &str)]) {
        self.say(at, id, Some(Kind::Deployment), |event| {
            event.set.result = Some(result);
            event.set.ends_at = Some(at);
            event.links = links.iter().map(|(kind, to)| Link::new(*kind, *to)).collect();
        });
    }
}

fn whole(preset: DeliveryPreset) -> DeliveryQuery {
    let mut query = DeliveryQuery::new(
        "2020-01-01T00:00:00Z".parse().unwrap(),
        "2030-01-01T00:00:00Z".parse().unwrap(),
        "UTC",
    );
    query.preset = Some(preset);
    query.list = Some(true);
    query
}

/// DevLake's deployment commits: one application for each scope and repository.
fn devlake_deployments(said: &mut Said, rows: &[BTreeMap<String, String>]) {
    said.environment("env:PRODUCTION", "production");
    said.environment("env:STAGING", "staging");
    for row in rows {
        let application = format!("app:{}/{}", row["cicd_scope_id"], row["repo_url"]);
        let (commit, run) =
            (format!("commit:{}", row["commit_sha"]), format!("run:{}", row["cicd_deployment_id"]));
        let environment = format!("env:{}", row["environment"]);
        let mut links = vec![
            (LinkKind::BelongsTo, &*application),
            (LinkKind::Deploys, &*commit),
            (LinkKind::Parent, &*run),
        ];
        if environment != "env:" {
            links.push((LinkKind::DeployedTo, &*environment));
        }
        let finished = time(&row["finished_date"]).unwrap();
        let result = if row["result"] == "SUCCESS" { Outcome::Success } else { Outcome::Failure };
        said.say(finished, &commit, Some(Kind::Change), |_| {});
        said.say(finished, &run, Some(Kind::Build), |_| {});
        said.deployment(&format!("deploy:{}", row["id"]), finished, result, &links);
    }
}

#[test]
fn previous_deployments_of_devlake() {
    let folder = "devlake/dora/e2e/prev_success_deployment_commit";
    // The file before leaves the end of most deployments open to the eye; both have the same.
    let Some(rows) = table(&format!("{folder}/cicd_deployment_commits_before.csv")) else { return };
    let mut said = Said::default();
    devlake_deployments(&mut said, &rows);
    let mut previous: BTreeMap<String, String> = BTreeMap::new();
    for environment in ["env:PRODUCTION", "env:STAGING"] {
        let mut query = whole(DeliveryPreset::Devlake2023);
        query.environments = vec![environment.into()];
        for row in said.0.delivery(&query).unwrap().deployments {
            previous.insert(row.deployment, row.previous.unwrap_or_default());
        }
    }
    let expected = table(&format!("{folder}/cicd_deployment_commits_after.csv")).unwrap();
    assert_eq!(expected.len(), 16);
    for row in expected {
        let id = format!("deploy:{}", row["id"]);
        let found = previous.get(&id).cloned().unwrap_or_default();
        let wanted = &row["prev_success_deployment_commit_id"];
        assert_eq!(found.strip_prefix("deploy:").unwrap_or(""), wanted, "{id}");
    }
}

#[test]
fn pull_requests_of_devlake() {
    let folder = "devlake/dora/e2e/change_lead_time";
    let read = |name: &str| table(&format!("{folder}/{name}.csv"));
    let Some(rows) = read("cicd_deployment_commits") else { return };
    let mut said = Said::default();
    devlake_deployments(&mut said, &rows);
    let commit = |sha: &str| format!("commit:{sha}");
    for row in read("commits_diffs").unwrap() {
        let follows = [&row["old_commit_sha"], &row["commit_sha"]].into_iter().filter(|sha| !sha.is_empty());
        let links: Vec<Link> = follows.map(|sha| Link::new(LinkKind::Follows, commit(sha))).collect();
        said.say(Instant::MIN, &commit(&row["new_commit_sha"]), None, |event| event.links = links);
    }
    for row in read("pull_requests").unwrap() {
        let (created, id) = (time(&row["created_date"]).unwrap(), row["id"].clone());
        said.say(created, &id, Some(Kind::Change), |event| {
            event.set.state = Some(FlowState::Active);
            event.set.starts_at = Some(created);
            event.set.attributes.insert("author".into(), row["author_id"].clone());
        });
        if let Some(merged) = time(&row["merged_date"]) {
            said.say(merged, &id, None, |event| {
                event.set.state = Some(FlowState::Done);
                event.set.ends_at = Some(merged);
            });
        }
        said.say(created, &commit(&row["merge_commit_sha"]), Some(Kind::Change), |event| {
            event.links.push(Link::new(LinkKind::Follows, &*id));
        });
    }
    for row in read("pull_request_commits").unwrap() {
        let authored = time(&row["commit_authored_date"]).unwrap();
        said.say(authored, &commit(&row["commit_sha"]), Some(Kind::Change), |event| {
            event.set.starts_at = Some(authored);
            event.links.push(Link::new(LinkKind::Parent, &*row["pull_request_id"]));
        });
    }
    for row in read("pull_request_comments").unwrap() {
        said.say(time(&row["created_date"]).unwrap(), &row["pull_request_id"], None, |event| {
            event.set.attributes.insert("review".into(), "commented".into());
            event.set.attributes.insert("reviewed_by".into(), row["account_id"].clone());
        });
    }

    let found = said.0.delivery(&whole(DeliveryPreset::Devlake2023)).unwrap();
    let expected = read("project_pr_metrics").unwrap();
    assert_eq!((expected.len(), found.pull_requests.len()), (6, 6));
    let minutes = |span: Option<Span>| match span {
        // DevLake rounds up.
        Some(span) => (span.millis() + 59_999).div_euclid(60_000).to_string(),
        None => String::new(),
    };
    for row in expected {
        let id = &row["id"];
        let pull = found.pull_requests.iter().find(|pull| pull.pull_request == *id).unwrap();
        assert_eq!(pull.first_commit, Some(commit(&row["first_commit_sha"])), "{id}");
        assert_eq!(minutes(pull.coding), row["pr_coding_time"], "{id}");
        assert_eq!(minutes(pull.pickup), row["pr_pickup_time"], "{id}");
        assert_eq!(minutes(pull.review), row["pr_review_time"], "{id}");
        assert_eq!(minutes(pull.deploy), row["pr_deploy_time"], "{id}");
        assert_eq!(minutes(pull.cycle), row["pr_cycle_time"], "{id}");
        let deployment = pull.deployment.as_deref().and_then(|id| id.strip_prefix("deploy:"));
        assert_eq!(deployment.unwrap_or(""), row["deployment_commit_id"], "{id}");
        assert_eq!(pull.first_commit_at, time(&row["first_commit_authored_date"]), "{id}");
        assert_eq!(pull.first_review_at, time(&row["first_comment_date"]), "{id}");
        assert_eq!(Some(pull.created_at), time(&row["pr_created_date"]), "{id}");
        assert_eq!(Some(pull.merged_at), time(&row["pr_merged_date"]), "{id}");
        assert_eq!(pull.deployed_at, time(&row["pr_deployed_date"]), "{id}");
    }
}

#[test]
fn bands_of_devlake() {
    let Some(data) = json("flow/dora-devlake/benchmarks.json") else { return };
    let tables = delivery_bands();
    let mut seen = 0;
    for row in data["benchmarks"].as_array().unwrap() {
        let metric = match row["Metric"].as_str().unwrap() {
            "Deployment frequency" => DeliveryMetric::DeploymentFrequency,
            "Lead time for changes" => DeliveryMetric::ChangeLeadTime,
            "Change failure rate" => DeliveryMetric::ChangeFailRate,
            "Time to restore service" | "Failed deployment recovery time" => DeliveryMetric::RecoveryTime,
            other => panic!("{other}"),
        };
        let table = tables.iter().find(|table| row["DoraReport"] == *table.version).unwrap();
        for name in ["Elite", "High", "Medium", "Low"] {
            let word = name.to_lowercase();
            let band = table.bands.iter().find(|band| band.metric == metric && band.band == word).unwrap();
            assert_eq!(format!("{}({word})", band.label), row[name].as_str().unwrap());
            seen += 1;
        }
    }
    assert_eq!(seen, 32);
}

/// The deployments of metrik's pipelines: a stage of each build deploys the commits of all builds so far.
fn metrik(builds: &Value, stages: &Value) -> ValueStream {
    let mut said = Said::default();
    said.environment("env:prod", "production");
    let mut heads: BTreeMap<String, String> = BTreeMap::new();
    for build in builds.as_array().unwrap() {
        let pipeline = match &build["pipelineId"] {
            Value::String(id) => id.clone(),
            id => id.to_string(),
        };
        let name = format!("{pipeline}/{}", build["number"]);
        for (n, change) in build["changeSets"].as_array().unwrap().iter().enumerate() {
            let (at, commit) = (millis(&change["timestamp"]), format!("commit:{name}/{n}"));
            let before = heads.insert(pipeline.clone(), commit.clone());
            said.say(at, &commit, Some(Kind::Change), |event| {
                event.set.starts_at = Some(at);
                event.links.extend(before.map(|before| Link::new(LinkKind::Follows, before)));
            });
        }
        let is_meant = |stage: &&Value| stages[&pipeline] == stage["name"];
        for stage in build["stages"].as_array().unwrap().iter().filter(is_meant) {
            let part = |name: &str| stage[name].as_i64().unwrap_or(0);
            let end = part("startTimeMillis") + part("durationMillis") + part("pauseDurationMillis");
            let result = match stage["status"].as_str().unwrap() {
                "SUCCESS" => Outcome::Success,
                "FAILED" => Outcome::Failure,
                _ => Outcome::Aborted,
            };
            let application = format!("app:{pipeline}");
            let mut links = vec![(LinkKind::BelongsTo, &*application), (LinkKind::DeployedTo, "env:prod")];
            links.extend(heads.get(&pipeline).map(|head| (LinkKind::Deploys, &**head)));
            let id = format!("deploy:{name}");
            said.deployment(&id, Instant::from_millis(end).unwrap(), result, &links);
        }
    }
    said.0
}

#[test]
fn pipelines_of_metrik() {
    let Some(cases) = json("flow/dora-metrik/cases.json") else { return };
    for case in cases.as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let stream = metrik(&json(&format!("flow/dora-metrik/{file}")).unwrap(), &case["pipeline_stage"]);
        let mut query = whole(DeliveryPreset::Metrik);
        query.start = millis(&case["window_start_ms_inclusive"]);
        let end = case["window_end_ms_inclusive"].as_i64().unwrap() + 1;
        query.end = Instant::from_millis(end).unwrap();
        query.total = Some(true);
        let total = stream.delivery(&query).unwrap().total.remove(0);
        let span = |span: Option<Span>| span.map(|span| span.millis() as f64);
        let (found, tolerance) = match case["metric"].as_str().unwrap() {
            "mttr" => (span(total.recovery.value), 0.5),
            "lead_time" => (span(total.lead_time.value), 0.5),
            "df" => (total.frequency.value, 0.0),
            "cfr" => (total.fail_rate.value.map(|rate| rate * 100.0), 1e-9),
            other => panic!("{other}"),
        };
        let expected = case["expected"].as_f64();
        let is_equal = match (expected, found) {
            (Some(expected), Some(found)) => (expected - found).abs() <= tolerance,
            (expected, found) => expected == found,
        };
        assert!(is_equal, "{} {file}: expected {expected:?}, got {found:?}", case["metric"]);
    }
}

fn total(delivery: &Delivery) -> &DeliveryRow {
    &delivery.total[0]
}

#[test]
fn incidents_of_middleware() {
    let Some(cases) = json("flow/dora-middleware/cases.json") else { return };
    let mut query = whole(DeliveryPreset::Middleware);
    query.total = Some(true);
    for case in cases["incident_mapping"].as_array().unwrap() {
        let mut said = Said::default();
        said.environment("env:prod", "production");
        for row in case["deployments"].as_array().unwrap() {
            let at = time(row["at"].as_str().unwrap()).unwrap();
            let links = [(LinkKind::DeployedTo, "env:prod")];
            said.deployment(row["id"].as_str().unwrap(), at, Outcome::Success, &links);
        }
        for row in case["incidents"].as_array().unwrap() {
            let at = time(row["created"].as_str().unwrap()).unwrap();
            said.say(at, row["id"].as_str().unwrap(), Some(Kind::Incident), |_| {});
        }
        let found = said.0.delivery(&query).unwrap();
        let rate = total(&found).fail_rate.value.unwrap() * 100.0;
        let wanted = case["expected_change_failure_rate_percent"].as_f64().unwrap();
        assert!((rate - wanted).abs() < 1e-9, "{}: {rate}", case["name"]);
        let rows = found.deployments.into_iter();
        let incidents: BTreeMap<String, Vec<String>> =
            rows.map(|row| (row.deployment, row.incidents)).collect();
        let incidents = serde_json::to_value(incidents).unwrap();
        assert_eq!(incidents, case["expected_incidents_per_deployment"], "{}", case["name"]);
    }

    for case in cases["deployment_frequency"].as_array().unwrap() {
        let mut said = Said::default();
        said.environment("env:prod", "production");
        for (n, at) in case["deployments"].as_array().unwrap().iter().enumerate() {
            let at = time(at.as_str().unwrap()).unwrap();
            let links = [(LinkKind::DeployedTo, "env:prod")];
            said.deployment(&format!("deploy:{n}"), at, Outcome::Success, &links);
        }
        query.start = time(case["from"].as_str().unwrap()).unwrap();
        let last = time(case["to"].as_str().unwrap()).unwrap();
        query.end = Instant::from_millis(last.millis() + 1).unwrap();
        let found = said.0.delivery(&query).unwrap();
        let frequency = &total(&found).frequency;
        let wanted = |name: &str| case["expected"][name].as_f64();
        assert_eq!(Some(frequency.n as f64), wanted("total"), "{}", case["name"]);
        assert_eq!(frequency.value, wanted("per_day"), "{}", case["name"]);
        assert_eq!(frequency.per_day, wanted("per_day"), "{}", case["name"]);
        assert_eq!(frequency.per_week, wanted("per_week"), "{}", case["name"]);
        assert_eq!(frequency.per_month, wanted("per_month"), "{}", case["name"]);
    }

    for case in cases["mttr_mean"].as_array().unwrap() {
        let mut said = Said::default();
        let opened: Instant = "2024-01-01T00:00:00Z".parse().unwrap();
        for (n, seconds) in case["durations_s"].as_array().unwrap().iter().enumerate() {
            let end = Instant::from_millis(opened.millis() + seconds.as_i64().unwrap() * 1_000).unwrap();
            said.say(opened, &format!("inc:{n}"), Some(Kind::Incident), |event| {
                event.set.starts_at = Some(opened);
            });
            said.say(end, &format!("inc:{n}"), None, |event| {
                event.set.state = Some(FlowState::Done);
                event.set.ends_at = Some(end);
            });
        }
        let mut query = whole(DeliveryPreset::Middleware);
        query.total = Some(true);
        let found = said.0.delivery(&query).unwrap();
        let recovery = &total(&found).recovery;
        assert_eq!(recovery.n, case["n"].as_u64().unwrap());
        let mean = recovery.value.map(|span| span.millis() as f64 / 1_000.0);
        assert_eq!(mean, case["expected_mean_s"].as_f64());
    }
}
