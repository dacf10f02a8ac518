//! Jenkins builds, as the remote access API gives them at `<job>/<number>/api/json`, or for a whole job at
//! `<job>/api/json?tree=fullName,allBuilds[...]` (`builds` holds the latest hundred): one build, a job, a list, or
//! JSON Lines of these. Freestyle, pipeline and multibranch builds have the same fields here.
//!
//! | field | event |
//! |---|---|
//! | job and `number` | item `jenkins:<job>#<number>`, kind build |
//! | `fullDisplayName` | `title` |
//! | `timestamp` (ms), `duration` (ms) | `starts_at`; `ends_at` = their sum, which is also `occurred_at` |
//! | `result` | `SUCCESS`, `FAILURE`, `UNSTABLE`, `ABORTED`, `NOT_BUILT`; any other is counted in `ignored` |
//! | `building`: true, or no `result` yet | result running; `occurred_at` is the start, there is no end |
//! | `actions[].lastBuiltRevision.SHA1` | `built_from` links, one per commit: a build may check out several repositories |
//! | `actions[].lastBuiltRevision.branch[].name` | attribute `branch` |
//! | `url` | attribute `url` |
//!
//! The **job** is its full name with folders, `folder/job`. It is taken from `url` (`…/job/folder/job/job/31/`),
//! because the path names the job whatever it is displayed as; else from the job's own `fullName` or `name`; else from
//! `fullDisplayName` (`folder » job #31`).
//!
//! A build is told twice, as `<job>#<number>/running` and as `<job>#<number>/finished`, so that the first report
//! doesn't stand in the way of the second.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::git::{item, read_sha};
use super::loose::{List, Object, Scalar, Text};
use super::{IngestOptions, Ingested, Reject, check_key, records};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A build, or a job with builds: the API tells them apart by what they hold. What is inside a build's own `builds` is
/// nobody's business; a type that held itself would let the input decide over the depth of the stack.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a, B: Deserialize<'de> + Default"))]
struct Build<'a, B = IgnoredAny> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    full_name: Text<'a>,
    builds: Option<List<Object<B>>>,
    all_builds: Option<List<Object<B>>>,

    #[serde(borrow)]
    number: Scalar<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    display_name: Text<'a>,
    #[serde(borrow)]
    full_display_name: Text<'a>,
    #[serde(borrow)]
    result: Text<'a>,
    #[serde(borrow)]
    building: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    duration: Scalar<'a>,
    #[serde(borrow)]
    actions: List<Object<Action<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Action<'a> {
    #[serde(borrow)]
    last_built_revision: Object<Revision<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Revision<'a> {
    #[serde(borrow, rename = "SHA1")]
    sha1: Text<'a>,
    #[serde(borrow)]
    branch: List<Object<Branch<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

pub(crate) fn read(text: &[u8], options: &IngestOptions) -> Ingested {
    let mut ingested = Ingested::default();
    for (position, record) in records::read::<Build<'_, Build<'_>>>(text) {
        let record = match record {
            Ok(record) => record,
            Err(reject) => {
                ingested.rejects.push(reject);
                continue;
            }
        };
        let job = record.full_name.get().or(record.name.get());
        match record.all_builds.as_ref().or(record.builds.as_ref()) {
            None => add(&record, None, position, options, &mut ingested),
            Some(builds) => {
                for (build, number) in builds.0.iter().zip(1..) {
                    match &build.0 {
                        Some(build) => add(build, job, number, options, &mut ingested),
                        None => {
                            let error = Error::invalid("builds", "holds something that is not an object");
                            ingested.rejects.push(Reject::new(number, job, &error));
                        }
                    }
                }
            }
        }
    }
    ingested.recorded(options.recorded_at)
}

fn add<B>(
    build: &Build<'_, B>,
    job: Option<&str>,
    position: u64,
    options: &IngestOptions,
    ingested: &mut Ingested,
) {
    match build_event(build, job, options, ingested) {
        Ok(event) => ingested.events.push(event),
        Err(error) => {
            let record = build.full_display_name.get().or(build.url.get());
            ingested.rejects.push(Reject::new(position, record, &error));
        }
    }
}

fn build_event<B>(
    build: &Build<'_, B>,
    job: Option<&str>,
    options: &IngestOptions,
    ingested: &mut Ingested,
) -> Result<Event> {
    let number = build
        .number
        .int()
        .filter(|number| *number >= 0)
        .ok_or_else(|| Error::invalid("number", "is missing or not a whole number"))?;
    let job = build
        .url
        .get()
        .and_then(|url| job_of_url(url, number))
        .or_else(|| job.map(Cow::Borrowed))
        .or_else(|| job_of_name(build, number))
        .ok_or_else(|| Error::invalid("url", "names no job, and neither does fullDisplayName"))?;
    check_key("job", Some(&job))?;
    let id = format!("{job}#{number}");

    // Milliseconds by the API's documentation, however small they are.
    let start =
        build.timestamp.int().ok_or_else(|| Error::invalid("timestamp", "is missing or not a number"))?;
    let starts_at = instant("timestamp", Some(start))?;
    let running = build.building.flag().unwrap_or(build.result.get().is_none());
    let ends_at = match build.duration.int() {
        _ if running => None,
        Some(duration) if duration < 0 => {
            ingested.count("negative duration");
            None
        }
        duration => Some(instant("duration", start.checked_add(duration.unwrap_or_default()))?),
    };
    let stage = if running { "running" } else { "finished" };
    let mut event =
        Event::new("jenkins", format!("{id}/{stage}"), ends_at.unwrap_or(starts_at), format!("jenkins:{id}"));
    event.kind = Some(Kind::Build);
    event.set.title = build.full_display_name.owned();
    event.set.starts_at = Some(starts_at);
    event.set.ends_at = ends_at;
    event.set.result = match build.result.get() {
        _ if running => Some(Outcome::Running),
        Some("SUCCESS") => Some(Outcome::Success),
        Some("FAILURE") => Some(Outcome::Failure),
        Some("UNSTABLE") => Some(Outcome::Unstable),
        Some("ABORTED") => Some(Outcome::Aborted),
        Some("NOT_BUILT") => Some(Outcome::NotBuilt),
        other => {
            ingested.count(format!("result: {}", super::id_part(other.unwrap_or("none"))));
            None
        }
    };
    let mut branches: Vec<&str> = Vec::new();
    let revisions =
        build.actions.0.iter().filter_map(|action| action.0.as_ref()?.last_built_revision.0.as_ref());
    for revision in revisions.filter(|revision| revision.sha1.get().is_some()) {
        let commit = item(&read_sha("lastBuiltRevision.SHA1", revision.sha1.get())?);
        if event.links.iter().all(|link| link.to != commit) {
            event.links.push(Link::new(LinkKind::BuiltFrom, commit));
        }
        for name in revision.branch.0.iter().filter_map(|branch| branch.0.as_ref()?.name.get()) {
            if !branches.contains(&name) {
                branches.push(name);
            }
        }
    }
    if !branches.is_empty() {
        event.set.attributes.insert("branch".into(), branches.join(", "));
    }
    if let Some(url) = build.url.owned() {
        event.set.attributes.insert("url".into(), url);
    }
    if let Some(application) = &options.application {
        event.links.push(Link::new(LinkKind::BelongsTo, application));
    }
    Ok(event)
}

fn instant(field: &str, millis: Option<i64>) -> Result<Instant> {
    millis
        .and_then(Instant::from_millis)
        .ok_or_else(|| Error::invalid(field, "the year must be between 1 and 9999"))
}

/// `https://host/job/folder/job/name/31/` → `folder/name`. Names are percent-decoded once, as Jenkins does.
fn job_of_url(url: &str, number: i64) -> Option<Cow<'static, str>> {
    let url = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let path = url.strip_suffix(&number.to_string())?.strip_suffix('/')?;
    let (_, jobs) = path.split_once("/job/")?;
    let names: Vec<String> = jobs.split("/job/").map(percent_decoded).collect();
    Some(names.join("/").into())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            bytes.push((high * 16 + low) as u8);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `folder » name #31` → `folder/name`; a build may have a display name of its own instead of `#31`.
fn job_of_name<'a, B>(build: &'a Build<'_, B>, number: i64) -> Option<Cow<'a, str>> {
    let full = build.full_display_name.get()?;
    let own = build.display_name.get().and_then(|own| full.strip_suffix(own));
    let job = own.or_else(|| full.strip_suffix(&format!("#{number}")))?.trim_end();
    Some(job.replace(" » ", "/").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Ingested {
        super::read(text.as_bytes(), &IngestOptions::default())
    }

    const FINISHED: &str = r#"{
        "_class": "hudson.model.FreeStyleBuild",
        "actions": [
            {}, null, {"causes": [{"userId": "ada"}]},
            {"lastBuiltRevision": {"SHA1": "AB01cd", "branch": [{"SHA1": "AB01cd", "name": "origin/main"}]}},
            {"lastBuiltRevision": {"SHA1": "ab01cd", "branch": [{"name": "origin/main"}]}},
            {"lastBuiltRevision": {"SHA1": "ef23", "branch": [{"name": "library"}]}}
        ],
        "building": false, "duration": 60000, "fullDisplayName": "Mobile » checks-ios #31", "number": 31,
        "result": "UNSTABLE", "timestamp": 1772355600000, "unknown": {"deep": [1]}
    }"#;

    #[test]
    fn a_finished_build() {
        let options = IngestOptions { application: Some("app:checks".into()), ..IngestOptions::default() };
        let read = super::read(FINISHED.as_bytes(), &options);
        assert_eq!(read.rejects, []);
        let [event] = read.events.as_slice() else { panic!("{read:?}") };
        assert_eq!(event.item, "jenkins:Mobile/checks-ios#31");
        assert_eq!(event.key(), "jenkins:Mobile/checks-ios#31/finished");
        assert_eq!((event.kind, event.set.result), (Some(Kind::Build), Some(Outcome::Unstable)));
        assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(event.set.ends_at.unwrap().to_string(), "2026-03-01T09:01:00.000Z");
        assert_eq!(Some(event.occurred_at), event.set.ends_at);
        assert_eq!(event.set.attributes["branch"], "origin/main, library");
        let links: Vec<(LinkKind, &str)> =
            event.links.iter().map(|link| (link.kind, link.to.as_str())).collect();
        let expected = [
            (LinkKind::BuiltFrom, "git:ab01cd"),
            (LinkKind::BuiltFrom, "git:ef23"),
            (LinkKind::BelongsTo, "app:checks"),
        ];
        assert_eq!(links, expected);
    }

    #[test]
    fn a_running_build_has_no_end() {
        for running in [r#""building":true,"result":"SUCCESS""#, r#""result":null"#, r#""duration":0"#] {
            let read = read(&format!(r#"{{"number":"7","timestamp":1,"fullDisplayName":"a #7",{running}}}"#));
            let [event] = read.events.as_slice() else { panic!("{read:?}") };
            assert_eq!(event.id, "a#7/running");
            assert_eq!(event.set.result, Some(Outcome::Running));
            assert_eq!((event.occurred_at.millis(), event.set.ends_at), (1, None));
        }
    }

    #[test]
    fn the_job_is_named_by_its_path_first() {
        let table = [
            (
                r#""url":"https://ci/job/Mobile/job/feature%252Fx/7/","fullDisplayName":"Shown » so #7""#,
                "Mobile/feature%2Fx",
            ),
            (r#""url":"https://ci/jenkins/job/a%20b/7","fullDisplayName":null"#, "a b"),
            (r#""url":"nothing of use","fullDisplayName":"Mobile » checks #7""#, "Mobile/checks"),
            (r#""displayName":"1.4.0-rc1","fullDisplayName":"Mobile » checks 1.4.0-rc1""#, "Mobile/checks"),
        ];
        for (fields, job) in table {
            let read = read(&format!(r#"{{"number":7,"timestamp":1,"result":"SUCCESS",{fields}}}"#));
            assert_eq!(read.events[0].item, format!("jenkins:{job}#7"), "{fields}");
        }
    }

    #[test]
    fn a_job_holds_its_builds() {
        for list in ["builds", "allBuilds"] {
            let read = read(&format!(
                r#"{{"fullName":"Mobile/checks","name":"checks","{list}":[
                    {{"number":2,"timestamp":5,"duration":1,"result":"SUCCESS"}},
                    {{"number":1,"duration":1,"result":"FAILURE"}}, 3]}}"#
            ));
            assert_eq!(read.events.len(), 1);
            assert_eq!(read.events[0].item, "jenkins:Mobile/checks#2");
            let rejects: Vec<(u64, &str)> =
                read.rejects.iter().map(|r| (r.position, r.reason.as_str())).collect();
            assert!(rejects[0].0 == 2 && rejects[0].1.starts_with("timestamp: "), "{rejects:?}");
            assert!(rejects[1].0 == 3 && rejects[1].1.starts_with("builds: "), "{rejects:?}");
        }
        assert_eq!(read(r#"{"name":"empty","builds":[]}"#), Ingested::default());
    }

    #[test]
    fn a_finished_build_follows_its_running_one() {
        let mut stream = crate::ValueStream::new();
        let running = r#"{"number":7,"timestamp":1000,"fullDisplayName":"a #7","building":true}"#;
        let finished =
            r#"{"number":7,"timestamp":1000,"duration":500,"fullDisplayName":"a #7","result":"ABORTED"}"#;
        let report = stream.apply_batch(read(&format!("{running}\n{finished}\n{running}")).events);
        assert_eq!((report.accepted, report.duplicates), (2, 1));
        let item = stream.item("jenkins:a#7").unwrap();
        assert_eq!(item.fields.result, Some(Outcome::Aborted));
        assert_eq!(item.fields.ends_at.unwrap().millis(), 1500);
    }

    #[test]
    fn what_cannot_be_right_is_rejected_or_counted() {
        let table = [
            (r#"{}"#, "number: "),
            (r#"{"number":-1}"#, "number: "),
            (r#"{"number":1,"timestamp":1,"fullDisplayName":"something else"}"#, "url: names no job"),
            (r#"{"number":1,"timestamp":1,"fullDisplayName":" #1"}"#, "job: "),
            (r#"{"number":1,"timestamp":"soon","fullDisplayName":"a #1"}"#, "timestamp: "),
            (r#"{"number":1,"timestamp":1e18,"fullDisplayName":"a #1"}"#, "timestamp: "),
            (
                r#"{"number":1,"timestamp":1,"result":"SUCCESS","duration":9223372036854775807,"fullDisplayName":"a #1"}"#,
                "duration: ",
            ),
            (
                r#"{"number":1,"timestamp":1,"fullDisplayName":"a #1","actions":[{"lastBuiltRevision":{"SHA1":"-"}}]}"#,
                "lastBuiltRevision.SHA1: ",
            ),
        ];
        for (text, reason) in table {
            let read = read(text);
            assert_eq!(read.events, [], "{text}");
            assert!(read.rejects[0].reason.starts_with(reason), "{text}: {}", read.rejects[0].reason);
        }
        let read =
            read(r#"{"number":1,"timestamp":9,"result":"ODD","duration":-5,"fullDisplayName":"a #1"}"#);
        assert_eq!(read.ignored, [("negative duration".to_owned(), 1), ("result: ODD".to_owned(), 1)].into());
        assert_eq!((read.events[0].set.result, read.events[0].set.ends_at), (None, None));
    }
}
