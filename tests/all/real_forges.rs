//! The adapters of GitHub and GitLab on real payloads, against the tables that another tool makes of them.
//!
//! The data are not part of this repository; see `shared`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vsm_core::{
    Adapter, Event, FlowState, IngestOptions, Ingested, Instant, Kind, LinkKind, Outcome, ValueStream, ingest,
};

use crate::shared::{bytes, shared};

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

/// The column that holds a payload, one a line.
fn payloads(path: &Path) -> Vec<u8> {
    let rows = rows(path).into_iter().map(|row| row["data"].replace(['\n', '\r'], ""));
    rows.collect::<Vec<_>>().join("\n").into()
}

fn read(adapter: Adapter, text: &[u8]) -> Ingested {
    let options = IngestOptions::default();
    let read = ingest(adapter, text, &options);
    assert_eq!(read, ingest(adapter, text, &options), "the same bytes give the same events");
    read
}

fn applied(events: Vec<Event>) -> ValueStream {
    let mut stream = ValueStream::new();
    let again = events.clone();
    assert_eq!(stream.apply_batch(events).refused, []);
    let report = stream.apply_batch(again);
    assert_eq!(
        (report.accepted, report.refused),
        (0, vec![]),
        "an event that is there already changes nothing"
    );
    stream
}

fn instant(text: &str) -> Option<Instant> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found.sort();
}

/// Reads every file of a folder alone; gives the names of those with events, ignored and rejected.
fn each(adapter: Adapter, folder: &Path) -> [Vec<String>; 3] {
    let mut found = Vec::new();
    files(folder, &mut found);
    let mut sorted = [const { Vec::new() }; 3];
    for path in &found {
        let read = read(adapter, &bytes(path));
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let sort = match (&*read.events, &*read.rejects) {
            ([_, ..], []) => 0,
            ([], []) => 1,
            ([], [_]) => 2,
            _ => panic!("{name}: {read:?}"),
        };
        for reject in &read.rejects {
            println!("{name}: {}", reject.reason);
        }
        assert!(sort != 1 || !read.ignored.is_empty(), "{name} is dropped in silence");
        applied(read.events);
        sorted[sort].push(name);
    }
    println!(
        "{adapter}: {} files, {:?} with events, ignored, rejected",
        found.len(),
        sorted.each_ref().map(Vec::len)
    );
    sorted
}

#[test]
fn every_github_webhook_is_read_or_counted() {
    let Some(folder) = shared("github-webhooks") else { return };
    let [with_events, ignored, rejected] = each(Adapter::Github, &folder);
    let folders: BTreeSet<&str> = ignored.iter().map(|name| name.split('/').next().unwrap()).collect();
    let expected =
        ["create", "issue_comment", "merge_group", "milestone", "push", "repository_dispatch", "status"];
    assert_eq!(folders, expected.into(), "{ignored:?}");
    // Of the pushes only those that delete a tag.
    assert_eq!(ignored.iter().filter(|name| name.starts_with("push/")).count(), 2);
    assert_eq!(rejected, [""; 0]);
    assert_eq!((with_events.len(), ignored.len()), (56, 14));
}

#[test]
fn every_gitlab_webhook_is_read_counted_or_rejected() {
    let Some(folder) = shared("gitlab-webhooks") else { return };
    let [with_events, ignored, rejected] = each(Adapter::Gitlab, &folder);
    // Two jobs that were just created and bear no time at all.
    assert_eq!(rejected, ["build-event.json", "job-event.json"]);
    assert_eq!((with_events.len(), ignored.len()), (8, 6), "{ignored:?}");
}

fn github(files: &[&str]) -> Option<(ValueStream, PathBuf)> {
    let folder = shared("devlake/github/e2e")?;
    let mut events = Vec::new();
    for file in files {
        let read =
            read(Adapter::Github, &payloads(&folder.join(format!("raw_tables/_raw_github_api_{file}.csv"))));
        println!("{file}: {} events, ignored {:?}", read.events.len(), read.ignored);
        assert_eq!(read.rejects, [], "{file}");
        events.extend(read.events);
    }
    Some((applied(events), folder.join("snapshot_tables")))
}

/// `https://host/owner/repo/pull/4` → `github:owner/repo#4`.
fn item_of(url: &str) -> String {
    let parts: Vec<&str> = url.split('/').collect();
    format!("github:{}/{}#{}", parts[3], parts[4], parts[6])
}

#[test]
fn github_pull_requests_are_the_expected_ones() {
    let Some((stream, tables)) = github(&["pull_requests", "pull_request_commits"]) else { return };
    let expected = rows(&tables.join("pull_requests.csv"));
    let mut keys = BTreeMap::new();
    for row in &expected {
        let id = item_of(&row["url"]);
        let item = stream.item(&id).unwrap();
        let (fields, attributes) = (item.fields, |name: &str| -> String {
            stream.item(&id).unwrap().fields.attributes.get(name).cloned().unwrap_or_default()
        });
        assert_eq!(item.kind, Some(Kind::Change));
        let (state, status) = match row["status"].as_str() {
            "MERGED" => (FlowState::Done, "merged"),
            "CLOSED" => (FlowState::Cancelled, "closed"),
            _ => (FlowState::Active, "open"),
        };
        assert_eq!((fields.state, fields.status.as_deref()), (Some(state), Some(status)), "{id}");
        assert_eq!(fields.starts_at, instant(&row["created_date"]), "{id}");
        // Closing may take a second longer than merging.
        let end = if state == FlowState::Done { "merged_date" } else { "closed_date" };
        assert_eq!(fields.ends_at, instant(&row[end]), "{id}");
        if state == FlowState::Done {
            assert_eq!(attributes("merge_sha"), row["merge_commit_sha"], "{id}");
            let merge = stream.links(&format!("git:{}", row["merge_commit_sha"])).unwrap();
            assert!(
                merge.iter().any(|link| link.kind == LinkKind::Follows && link.to == id),
                "{id}: {merge:?}"
            );
        }
        for (attribute, column) in [
            ("author", "author_name"),
            ("url", "url"),
            ("branch", "head_ref"),
            ("target_branch", "base_ref"),
            ("head_sha", "head_commit_sha"),
        ] {
            assert_eq!(attributes(attribute), row[column], "{id} {column}");
        }
        assert_eq!(fields.title.as_deref().unwrap_or_default(), row["title"], "{id}");
        keys.insert(row["id"].rsplit(':').next().unwrap().to_owned(), id);
    }
    println!("pull requests: {} of {} rows equal", expected.len(), expected.len());
    assert_eq!(expected.len(), 49);

    // Each commit stands under the pull request that the table says: it is reached from its last commit.
    let commits = rows(&tables.join("pull_request_commits.csv"));
    let (mut members, mut outside) = (0, 0);
    for row in &commits {
        let item = stream.item(&format!("git:{}", row["commit_sha"])).unwrap();
        assert_eq!(item.fields.starts_at, instant(&row["commit_authored_date"]), "{}", item.id);
        assert_eq!(item.fields.attributes["author"], row["commit_author_name"], "{}", item.id);
        let pull = &keys[row["pull_request_id"].rsplit(':').next().unwrap()];
        let head = stream.item(pull).unwrap().fields.attributes["head_sha"].clone();
        let mut stack = vec![format!("git:{head}")];
        let mut seen = BTreeSet::new();
        while let Some(at) = stack.pop().filter(|_| !seen.contains(&item.id)) {
            if seen.insert(at.clone()) {
                let links = stream.links(&at).unwrap_or_default();
                let parents =
                    links.into_iter().filter(|link| link.kind == LinkKind::Follows && link.from == at);
                stack.extend(parents.map(|link| link.to));
            }
        }
        match seen.contains(&item.id) {
            true => members += 1,
            // Of one request the last commit itself is not among the commits, so nothing says what it came after.
            false => outside += usize::from(stream.item(&format!("git:{head}")).is_err()),
        }
    }
    println!("pull request commits: {} rows equal, {members} reached from their request", commits.len());
    assert_eq!((commits.len(), members, outside), (90, 88, 2));

    // The link itself is for the correlation to find; what it has to look at is there.
    for row in rows(&tables.join("pull_request_issues.csv")) {
        let fields = stream.item(&keys[row["pull_request_id"].rsplit(':').next().unwrap()]).unwrap().fields;
        let text = format!("{:?} {:?}", fields.title, fields.description);
        assert!(text.contains(&format!("#{}", row["issue_key"])), "{text}");
    }
}

#[test]
fn github_issues_are_the_expected_ones() {
    let Some((stream, tables)) = github(&["issues", "events"]) else { return };
    let expected = rows(&tables.join("issues.csv"));
    for row in &expected {
        let id = item_of(&row["url"]);
        let item = stream.item(&id).unwrap();
        let kind = if row["type"] == "BUG" { Kind::Defect } else { Kind::Story };
        // What that tool was told to call an incident or bug by its own labels is a matter of configuration.
        let labels = item.fields.attributes.get("labels").cloned().unwrap_or_default();
        assert!(item.kind == Some(kind) || !labels.is_empty(), "{id}: {:?} {labels}", item.kind);
        assert_eq!(item.fields.title.as_deref().unwrap_or_default(), row["title"], "{id}");
        assert_eq!(item.fields.attributes["url"], row["url"], "{id}");
        assert_eq!(item.fields.attributes["author"], row["creator_name"], "{id}");
        assert_eq!(item.fields.state, Some(FlowState::Done), "{id}");
        assert_eq!(item.fields.status.as_deref(), Some("closed"), "{id}");
        let history = stream.history(&id).unwrap();
        let first = history.iter().find(|event| event.id.contains("/created")).unwrap();
        let closed = history.iter().rev().find(|event| event.id.contains("/to/closed/")).unwrap();
        assert_eq!(Some(first.occurred_at), instant(&row["created_date"]), "{id}");
        assert_eq!(Some(closed.occurred_at), instant(&row["resolution_date"]), "{id}");
        let minutes = closed.occurred_at.since(first.occurred_at).millis() / 60_000;
        assert_eq!(minutes.to_string(), row["lead_time_minutes"], "{id}");
    }
    println!("issues: {} of {} rows equal", expected.len(), expected.len());
    assert_eq!(expected.len(), 26);
}

#[test]
fn github_reviews_are_the_expected_ones() {
    let Some((stream, tables)) =
        github(&["pull_requests", "pull_request_reviews", "comments", "pull_request_review_comments"])
    else {
        return;
    };
    let expected = rows(&tables.join("_tool_github_pull_request_reviews.csv"));
    let said: BTreeMap<String, (String, Option<Instant>, String)> = stream
        .items(Some(Kind::Change))
        .iter()
        .flat_map(|id| stream.history(id).unwrap())
        .filter_map(|event| {
            let (_, review) = event.id.split_once("/review/")?;
            let by = event.set.attributes.get("reviewed_by").cloned().unwrap_or_default();
            let state = event.set.attributes["review"].to_uppercase();
            // A review has its state behind its number, a comment its sort before it.
            let id = review.split('/').find(|part| part.parse::<u64>().is_ok()).unwrap();
            Some((id.to_owned(), (by, Some(event.occurred_at), state)))
        })
        .collect();
    for row in &expected {
        let expected =
            (row["author_username"].clone(), instant(&row["github_submit_at"]), row["state"].clone());
        assert_eq!(said[&row["github_id"]], expected, "{}", row["github_id"]);
    }
    let comments = rows(&tables.join("_tool_github_pull_request_comments.csv"));
    for row in &comments {
        let expected =
            (row["author_username"].clone(), instant(&row["github_created_at"]), "COMMENTED".to_owned());
        assert_eq!(said[&row["github_id"]], expected, "{}", row["github_id"]);
    }
    println!("reviews: {} rows, comments: {} rows equal", expected.len(), comments.len());
    assert_eq!((expected.len(), comments.len(), said.len()), (30, 62, 92));
}

#[test]
fn gitlab_pipelines_and_jobs_are_the_expected_ones() {
    let Some(folder) = shared("devlake/gitlab/e2e") else { return };
    let (raw, tables) = (folder.join("raw_tables"), folder.join("snapshot_tables"));
    let mut events = Vec::new();
    for file in ["pipeline", "pipeline_details", "job", "trigger_job"] {
        let read = read(Adapter::Gitlab, &payloads(&raw.join(format!("_raw_gitlab_api_{file}.csv"))));
        println!("{file}: {} events, ignored {:?}", read.events.len(), read.ignored);
        assert_eq!(read.rejects, [], "{file}");
        events.extend(read.events);
    }
    let stream = applied(events);
    let outcome = |row: &Row| match row["original_status"].as_str() {
        "success" => Outcome::Success,
        "failed" => Outcome::Failure,
        // That tool calls a cancelled job a failure.
        "canceled" => Outcome::Aborted,
        "skipped" => Outcome::NotBuilt,
        _ => Outcome::Running,
    };
    let number = |text: &str| text.rsplit(':').next().unwrap().to_owned();

    let pipelines = rows(&tables.join("cicd_pipelines.csv"));
    for row in &pipelines {
        let id = format!("gitlab:pipeline/{}", number(&row["id"]));
        let fields = stream.item(&id).unwrap().fields;
        assert_eq!(fields.result, Some(outcome(row)), "{id}");
        assert_eq!(fields.status.as_deref(), Some(row["original_status"].as_str()), "{id}");
        assert_eq!(fields.starts_at, instant(&row["started_date"]), "{id}");
        assert_eq!(fields.ends_at, instant(&row["finished_date"]), "{id}");
        let first = stream.history(&id).unwrap().into_iter().next().map(|event| event.occurred_at);
        assert_eq!(first, instant(&row["created_date"]), "{id}");
    }
    let commits = rows(&tables.join("cicd_pipeline_commits.csv"));
    for row in &commits {
        let id = format!("gitlab:pipeline/{}", number(&row["pipeline_id"]));
        let links = stream.links(&id).unwrap();
        let commit = format!("git:{}", row["commit_sha"]);
        assert!(links.iter().any(|l| l.kind == LinkKind::BuiltFrom && l.to == commit), "{id}: {links:?}");
        assert_eq!(stream.item(&id).unwrap().fields.attributes["branch"], row["branch"], "{id}");
    }
    let jobs = rows(&tables.join("cicd_tasks.csv"));
    for row in &jobs {
        let id = format!("gitlab:job/{}", number(&row["id"]));
        let fields = stream.item(&id).unwrap().fields;
        assert_eq!(fields.result, Some(outcome(row)), "{id}");
        assert_eq!(fields.title.as_deref(), Some(row["name"].as_str()), "{id}");
        assert_eq!(fields.starts_at, instant(&row["started_date"]), "{id}");
        // What has not ended has no end, whatever the field says.
        let is_over = fields.result != Some(Outcome::Running);
        assert_eq!(fields.ends_at, instant(&row["finished_date"]).filter(|_| is_over), "{id}");
        let parent = format!("gitlab:pipeline/{}", number(&row["pipeline_id"]));
        let links = stream.links(&id).unwrap();
        assert!(links.iter().any(|l| l.kind == LinkKind::Parent && l.to == parent), "{id}: {links:?}");
    }
    println!("gitlab: {} pipelines, {} commits, {} jobs equal", pipelines.len(), commits.len(), jobs.len());
    assert_eq!((pipelines.len(), commits.len(), jobs.len()), (16, 29, 75));
}
