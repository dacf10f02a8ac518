//! What tools write, read into events: pure functions from bytes to events and rejects, one file per tool.
//!
//! An adapter never fails as a whole. A record that it can't read is a [`Reject`] with its place and the reason;
//! a field that it doesn't use is left out and, where it could matter, counted in [`Ingested::ignored`].

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Event, Fields, FlowState, Kind};
use crate::text_enum::text_enum;
use crate::time::{Instant, clip};

mod azure_devops;
mod bitbucket;
mod cdevents;
mod circleci;
mod cuts;
mod elements;
mod events;
mod forge;
mod git;
mod github;
mod gitlab;
mod jenkins;
mod jira;
mod loose;
mod mapping;
mod ocel;
mod opsgenie;
mod packing;
mod pagerduty;
mod pages;
mod parts;
mod readers;
mod records;
mod rules;
mod servicenow;
mod testing;
mod timestamp;
mod told;
mod xes;
mod xml;

pub use self::cdevents::CdEvent;
#[cfg(feature = "arrow")]
pub(crate) use self::mapping::Batches;
pub use self::mapping::{MappedLink, RowFormat, TableMapping};
pub use self::parts::LONGEST_DOCUMENT;
pub(crate) use self::parts::Parts;

/// The longest key of a record, in bytes; it leaves room for the ids that are made of it.
const LONGEST_KEY: usize = 400;

/// The longest part of an id that is not a key, in bytes.
const LONGEST_PART: usize = 200;

text_enum! {
    /// A format that can be read.
    pub enum Adapter {
        /// Jira issues as the REST API (v2, v3, Agile) gives them, pages of changelogs, and webhooks: one, a list, or
        /// JSON Lines.
        Jira = "jira",
        /// Git commits as JSON Lines: `sha`, `parents`, `authored`, `committed`, `subject`, `body`.
        Git = "git",
        /// Git references as CSV with the columns `ref`, `commit` and `date`.
        GitTags = "git_tags",
        /// Jenkins: builds of `/api/json`, pipeline runs, stages and inputs of `wfapi`, and notification webhooks.
        Jenkins = "jenkins",
        /// Test results as JUnit XML in the dialects of Surefire, pytest, Playwright, CTest, Selenium suites and others.
        Junit = "junit",
        /// CDEvents 0.3 to 0.5 and approvals of 0.6: bare, in CloudEvents, or in requests `{"headers":…,"body":…}`.
        Cdevents = "cdevents",
        /// Test results of NUnit 2 and 3.
        Nunit = "nunit",
        /// Test results of xUnit.net.
        Xunit = "xunit",
        /// Test results of Visual Studio, `dotnet test` and MSTest: TRX.
        Trx = "trx",
        /// Test results of CTest: `Test.xml`, as it is sent to CDash.
        Ctest = "ctest",
        /// GitHub webhooks and REST objects: one, a list, an answer page or JSON Lines, mixed as they come.
        Github = "github",
        /// GitLab webhooks and REST objects: one, a list or JSON Lines, mixed as they come.
        Gitlab = "gitlab",
        /// Azure DevOps service hooks, and its builds, pull requests, work items, deployments and approvals by REST.
        AzureDevops = "azure_devops",
        /// Bitbucket webhooks of Cloud and Data Center, and pull requests, commits, pipelines and deployments by REST.
        Bitbucket = "bitbucket",
        /// CircleCI webhooks, and its pipelines and workflows by the API v2.
        Circleci = "circleci",
        /// ServiceNow change requests, approvals and incidents as the Table API gives them.
        Servicenow = "servicenow",
        /// PagerDuty webhooks V3, and incidents and log entries by REST.
        Pagerduty = "pagerduty",
        /// Opsgenie alert webhooks, and alerts and incidents by REST.
        Opsgenie = "opsgenie",
        /// Object-centric event logs: OCEL 2.0 as JSON, and what `to_ocel` writes.
        Ocel = "ocel",
        /// Process logs: XES as XML.
        Xes = "xes",
        /// Any other table, CSV, JSON or Arrow, by the option `mapping`.
        Mapping = "mapping",
        /// Events in this engine's own form, as JSON Lines.
        Events = "events",
    }
}

text_enum! {
    /// The order of day and month in dates such as `03/02/2026`.
    pub enum DateOrder {
        /// 3 February.
        DayFirst = "day_first",
        /// 2 March.
        MonthFirst = "month_first",
    }
}

/// What an adapter is told beside the bytes. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestOptions {
    /// When the data were fetched: the `recorded_at` of the events; absent = when the events occurred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Instant>,
    /// IANA zone of time stamps that have none; without it such a stamp is a reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The order of day and month in dates that don't say it themselves; without it such a date is a reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The application that the items belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The application per project key (Jira), repository, project or service by its id or name, or `{application}` of a
    /// job's name (Jenkins), as the adapter says; wins over `application`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub applications: BTreeMap<String, String>,
    /// The flow state per status (Jira: id or name, an id before a name), label (GitHub, GitLab: a label before a state) or
    /// state (Azure DevOps, ServiceNow) of an item; absent = by the tool's own categories. OCEL, XES: the state that an
    /// activity leads to; absent = none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, FlowState>,
    /// The kind per name of an issue or work item type, or per label (GitHub, GitLab); absent = by the usual names.
    /// OCEL: the kind per object type; absent = the engine's own words. XES: the kind of a `trace`; absent = a story.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, Kind>,
    /// Jenkins: the environment per pattern of the jobs whose runs are deployments to it:
    /// `deploy-{application}-{environment}` = `env:{environment}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deploy_jobs: BTreeMap<String, String>,
    /// Jenkins: the environment per pattern of the pipeline stages that are deployments to it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deploy_stages: BTreeMap<String, String>,
    /// Jenkins: the release or item per pattern of the jobs whose inputs are gates of it. ServiceNow: the same per pattern
    /// of a release, number, service or the like that a change request names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, String>,
    /// Test results: the name of the test run; absent = the name of the outermost suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Test results: the build that was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Test results: the environment that the tests ran in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Test results: when the run was over; absent = its end as stated, else its start plus the time that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// Test results: whether cases of one name are attempts at one test, of which the last counts; else the worst does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retries: bool,
    /// Mapping: what the columns of the table mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<TableMapping>,
}

/// What an adapter made of the bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ingested {
    /// The events, in the order of the records they are from.
    pub events: Vec<Event>,
    /// The records that could not be read, by position.
    pub rejects: Vec<Reject>,
    /// What was read and not used, with how often it occurred.
    pub ignored: BTreeMap<String, u64>,
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// Its line, for formats with a record a line or with markup and where a text of one object is malformed; else its
    /// number from 1. 0 stands for the options.
    pub position: u64,
    /// The record's own name for itself, where it could be read so far (issue key, commit, build).
    pub record: Option<String>,
    /// A stable code: `document` for text that is cut off or malformed, `invalid` for a value, `unknown_zone`.
    pub code: String,
    /// The reason in one sentence.
    pub reason: String,
}

impl Ingested {
    /// What there is when the options themselves are wrong.
    fn refused(error: &Error) -> Ingested {
        Ingested { rejects: vec![Reject::new(0, None, error)], ..Ingested::default() }
    }

    /// Adds what was read after it.
    pub(crate) fn add(&mut self, more: Ingested) {
        self.events.extend(more.events);
        self.rejects.extend(more.rejects);
        for (what, count) in more.ignored {
            *self.ignored.entry(what).or_default() += count;
        }
    }

    fn count(&mut self, ignored: impl Into<String>) {
        *self.ignored.entry(ignored.into()).or_default() += 1;
    }

    /// Marks every event as known since the data were fetched.
    fn recorded(mut self, at: Option<Instant>) -> Ingested {
        for event in &mut self.events {
            event.recorded_at = at;
        }
        self
    }
}

impl Reject {
    fn new(position: u64, record: Option<&str>, error: &Error) -> Reject {
        Reject {
            position,
            record: record.map(|record| clip(record).to_owned()),
            code: error.code().into(),
            reason: error.to_string(),
        }
    }
}

/// Makes a text from a tool fit to be a part of an id: no control characters, and not too long for one.
fn id_part(text: &str) -> String {
    let fits = text.char_indices().take_while(|(at, _)| *at < LONGEST_PART);
    fits.map(|(_, c)| if c.is_control() { ' ' } else { c }).collect()
}

/// Sets an attribute, where there is something to set.
fn attribute(set: &mut Fields, name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        set.attributes.insert(name.into(), value.into());
    }
}

/// FNV-1a over all that an event says: the same in every version and on every machine, since it becomes part of ids.
fn fingerprint(event: &Event) -> u64 {
    struct Fnv(u64);
    impl io::Write for Fnv {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            self.0 = bytes.iter().fold(self.0, fold);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Nothing that an event is made of has no JSON form.
    let _ = serde_json::to_writer(&mut hash, event);
    hash.0
}

/// Refuses a text that can't be an item's key.
fn check_key(field: &str, key: Option<&str>) -> Result<()> {
    match key {
        None => Err(Error::invalid(field, "is missing")),
        Some(key) if key.len() > LONGEST_KEY => {
            Err(Error::invalid(field, format!("is {} bytes long, more than {LONGEST_KEY}", key.len())))
        }
        Some(key) if key.trim().is_empty() || key.chars().any(char::is_control) => {
            Err(Error::invalid(field, "must not be blank or contain control characters"))
        }
        Some(_) => Ok(()),
    }
}

/// Reads what a tool wrote. Of JSON and tables a record, line or row of more than [`LONGEST_LINE`](crate::LONGEST_LINE)
/// bytes is a reject.
///
/// ```
/// use vsm_core::{Adapter, IngestOptions, ValueStream, ingest};
/// let commits = br#"{"sha":"4f2c","parents":[],"committed":"2026-03-01T09:00:00+01:00","subject":"CHK-1 Crop"}"#;
/// let read = ingest(Adapter::Git, commits, &IngestOptions::default());
/// let mut stream = ValueStream::new();
/// assert_eq!(stream.apply_batch(read.events).accepted, 1);
/// ```
pub fn ingest(adapter: Adapter, bytes: &[u8], options: &IngestOptions) -> Ingested {
    read_all(adapter, bytes, options).unwrap_or_else(|refused| refused)
}

fn read_all(
    adapter: Adapter,
    bytes: &[u8],
    options: &IngestOptions,
) -> std::result::Result<Ingested, Ingested> {
    let mut parts = Parts::new(adapter, options, true)?;
    let mut read = if parts.takes_whole(bytes) {
        parts.whole(bytes)
    } else {
        if parts.is_learning() {
            parts.push(bytes);
            parts.end();
        }
        let mut read = parts.push(bytes);
        read.add(parts.end());
        read
    };
    read.rejects.sort_by_key(|reject| reject.position);
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &[(Adapter, &str)] = &[
        (
            Adapter::Jira,
            r#"{"names":{"customfield_1":"Story Points"},"issues":[{"id":"7","key":"CHK-1","fields":{"created":"2026-03-01T09:00:00.000+0000",
            "updated":"2026-03-02T09:00:00Z","summary":"s","issuetype":{"name":"Bug"},"status":{"id":"3","name":"Done",
            "statusCategory":{"key":"done"}},"priority":{"name":"High"},"duedate":"2026-03-09","timeestimate":60,
            "fixVersions":[{"id":"4","name":"1","released":true,"releaseDate":"2026-03-03"}],"customfield_1":3,
            "issuelinks":[{"type":{"name":"Blocks","outward":"blocks"},"outwardIssue":{"key":"CHK-2"}}]},
            "changelog":{"total":1,"histories":[{"id":"9","created":"2026-03-02T09:00:00Z","items":[
            {"field":"status","from":"1","fromString":"Open","to":"3","toString":"Done"}]}]}}]}"#,
        ),
        (
            Adapter::Jira,
            r#"{"timestamp":1772355600000,"webhookEvent":"jira:issue_deleted","issue":{"id":"7","key":"CHK-1","fields":
            {"updated":"2026-03-01T09:00:00Z"}},"changelog":{"id":"9","items":[{"field":"status","to":"3"}]},
            "version":{"id":"4","name":"1"},"issueLink":{"id":1,"sourceIssueId":2,"destinationIssueId":3}}"#,
        ),
        (
            Adapter::Git,
            r#"{"sha":"4f2c","parents":["aa01"],"authored":1772355600,"committed":"2026-03-01T09:00:00+01:00"}"#,
        ),
        (
            Adapter::GitTags,
            "ref,commit,date\n\"refs/tags/a\"\"b\",4f2c,2026-03-01 09:00:00 UTC\nrefs/heads/x,4f2c,",
        ),
        (
            Adapter::Jenkins,
            r#"{"fullName":"f/j","builds":[{"number":3,"timestamp":1772355600000,"duration":5,"result":"SUCCESS",
            "url":"https://ci/job/f/job/j%20k/3/","actions":[{"lastBuiltRevision":{"SHA1":"4f2c","branch":[{"name":"m"}]}}]}]}"#,
        ),
        (
            Adapter::Jenkins,
            r#"[{"_links":{"self":{"href":"/job/f/job/j/3/wfapi/describe"}},"status":"PAUSED_PENDING_INPUT","startTimeMillis":1772355600000,
            "stages":[{"id":"6","name":"s","status":"PAUSED_PENDING_INPUT","startTimeMillis":1772355600001,"durationMillis":9,
            "stageFlowNodes":[{"status":"PAUSED_PENDING_INPUT","startTimeMillis":1772355600002}]}]},{"id":"I","message":"m",
            "abortUrl":"/job/f/job/j/3/input/I/abort"},{"name":"j","build":{"url":"job/f/job/j/2/","phase":"COMPLETED","status":"SUCCESS",
            "timestamp":1772355600000,"duration":5,"scm":{"commit":"4f2c"}}}]"#,
        ),
        (
            Adapter::Junit,
            "<?xml version='1.0'?><testsuites name='n' time='1.5'><testsuite timestamp='2026-03-01T09:00:00Z' tests='2'>\
            <testcase classname='c' name='&lt;a&#x41;' time='1,000.5'><failure>x &amp; <![CDATA[y]]></failure></testcase>\
            <!-- c --><testcase status='notrun'/></testsuite></testsuites>",
        ),
        (
            Adapter::Ocel,
            r#"{"objects":[{"id":"o1","type":"story","attributes":[{"name":"value","time":"2026-03-01T09:00:00Z","value":"7"}],
            "relationships":[{"objectId":"o2","qualifier":"parent"}]}],"events":[{"id":"e1","type":"Start",
            "time":"2026-03-01T09:00:00Z","attributes":[{"name":"by","value":"a"}],"relationships":[{"objectId":"o1"}]},
            {"attributes":[{"name":"vsm_event","value":"{\"source\":\"x\",\"id\":\"1\",\"occurred_at\":\"2026-03-01T09:00:00Z\",\"item\":\"a:1\"}"}]}]}"#,
        ),
        (
            Adapter::Ocel,
            r#"{"ocel:events":{"e1":{"ocel:activity":"a","ocel:timestamp":"2026-03-01T09:00:00","ocel:omap":["o1"],
            "ocel:vmap":{"x":1}}},"ocel:objects":{"o1":{"ocel:type":"t","ocel:ovmap":{"y":true}}}}"#,
        ),
        (
            Adapter::Xes,
            "<?xml version='1.0'?><log xmlns='http://www.xes-standard.org/'><global scope='event'><string key='x' value='y'/></global>\
            <trace><string key='concept:name' value='&lt;1'/><event><string key='concept:name' value='a'><int key='n' value='1'/></string>\
            <date key='time:timestamp' value='2026-03-01T09:00:00'/><float key='cost' value='1.5'/><list key='l'/></event></trace></log>",
        ),
        (Adapter::Mapping, "k,name,due,needs\n1,\"a \"\"b\"\"\",2026-03-01,\"2,3\"\n2,c,,\n"),
        (
            Adapter::Cdevents,
            r#"{"specversion":"1.0","type":"dev.cdevents.service.deployed.0.3.0","data":{"context":{"specversion":"0.5.1",
            "id":"7","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-01T09:00:00Z",
            "chainId":"c","links":[{"linkType":"PATH","from":{"contextId":"6"}}]},"subject":{"id":"shop","content":
            {"environment":{"id":"e"},"artifactId":"pkg:oci/a@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"}}}}"#,
        ),
        (
            Adapter::Nunit,
            "<test-run name='n.dll' result='Failed' start-time='2026-03-01 09:00:00Z' duration='1.5'><test-suite name='s'>\
            <test-case fullname='s.a&lt;1>' classname='s' result='Passed'/><test-case name='b' result='Failed(Child)'>\
            <failure/></test-case></test-suite></test-run>",
        ),
        (
            Adapter::Xunit,
            "<assemblies><assembly name='a/b.dll' run-date='2026-03-01' run-time='09:00:00' time='1,5'><errors><error name='e'/>\
            </errors><collection><test type='t' method='m' result='Pass'/><test name='n' result='Skip'/></collection>\
            </assembly></assemblies>",
        ),
        (
            Adapter::Trx,
            "<TestRun name='n'><Times start='2026-03-01T09:00:00.1234567+01:00' finish='2026-03-01T09:00:01Z'/><Results>\
            <UnitTestResult testId='1' testName='a' outcome='Passed'/></Results><TestDefinitions><UnitTest id='1'>\
            <TestMethod className='c, d'/></UnitTest></TestDefinitions><ResultSummary outcome='Failed'/></TestRun>",
        ),
        (
            Adapter::Ctest,
            "<Site BuildName='b'><Testing><StartTestTime>1772355600</StartTestTime><Test Status='notrun'><Name>a&amp;</Name>\
            <Path>.</Path><Results><NamedMeasurement name='Completion Status'><Value>Disabled</Value></NamedMeasurement>\
            </Results></Test><EndTestTime>1772355601</EndTestTime></Testing></Site>",
        ),
        (
            Adapter::Github,
            r#"{"action":"reopened","repository":{"full_name":"a/b"},"pull_request":{"number":7,"title":"t","state":"open","labels":[{"name":"bug"}],
                "head":{"ref":"x","sha":"4f2c"},"base":{"ref":"m"},"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-02T09:00:00Z"}}"#,
        ),
        (
            Adapter::Gitlab,
            r#"{"object_kind":"pipeline","project":{"path_with_namespace":"a/b"},"object_attributes":{"id":3,"sha":"4f2c","ref":"m","status":"failed",
            "created_at":"2026-03-01 09:00:00 UTC","finished_at":"2026-03-01 09:10:00 UTC"},"builds":[{"id":4,"stage":"s","name":"n",
            "status":"success","created_at":"2026-03-01 09:00:00 UTC","started_at":"2026-03-01 09:01:00 UTC","finished_at":"2026-03-01 09:02:00 UTC"}]}"#,
        ),
        (
            Adapter::AzureDevops,
            r#"[{"eventType":"git.pullrequest.merged","createdDate":"2026-03-02T09:00:00Z","resource":{"pullRequestId":3,"status":"completed",
            "creationDate":"2026-03-01T09:00:00Z","closedDate":"2026-03-01T10:00:00Z","url":"https://dev.azure.com/acme/x","title":"t",
            "lastMergeCommit":{"commitId":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}}},{"id":1,"fields":{"System.WorkItemType":"Bug","System.State":"Done",
            "System.ChangedDate":"2026-03-01T09:00:00Z","System.Parent":2},"relations":[{"rel":"System.LinkTypes.Related","url":"x/3"}]},
            {"deploymentStatus":"failed","releaseEnvironment":{"id":8,"name":"P"},"completedOn":"2026-03-01T09:00:00Z"}]"#,
        ),
        (
            Adapter::Bitbucket,
            r#"[{"push":{"changes":[{"new":{"type":"tag","name":"v1","target":{"hash":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","date":"2026-03-01T09:00:00Z"}}}]}},
            {"pullrequest":{"id":3,"state":"MERGED","created_on":"2026-03-01T09:00:00Z","merge_commit":{"hash":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"},
            "destination":{"repository":{"full_name":"a/b"}}}},{"type":"deployment","uuid":"{d}","environment":{"uuid":"{e}"},
            "release":{"pipeline":{"uuid":"{p}"}},"state":{"name":"COMPLETED","status":{"name":"FAILED"},"completed_on":"2026-03-01T09:07:00Z"}}]"#,
        ),
        (
            Adapter::Circleci,
            r#"{"type":"workflow-completed","workflow":{"id":"f","status":"success","created_at":"2026-03-01T09:00:00Z",
            "stopped_at":"2026-03-01T09:10:00Z"},"pipeline":{"id":"q","number":1,"created_at":"2026-03-01T09:00:00Z",
            "vcs":{"revision":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","tag":"v1"}},"project":{"slug":"gh/a/b"}}"#,
        ),
        (
            Adapter::Servicenow,
            r#"{"result":[{"number":"CHG1","sys_id":"c","state":"-1","approval":"approved","opened_at":"2026-03-01 09:00:00",
            "start_date":"2026-03-02 09:00:00","end_date":"2026-03-02 10:00:00"},{"number":"INC1","sys_id":{"value":"i"},
            "state":{"value":"6","display_value":"Resolved"},"opened_at":"2026-03-01 09:00:00","resolved_at":"2026-03-01 09:30:00"}]}"#,
        ),
        (
            Adapter::Pagerduty,
            r#"[{"event":{"event_type":"incident.resolved","occurred_at":"2026-03-01T09:30:00Z","data":{"id":"P1","type":"incident",
            "status":"resolved","created_at":"2026-03-01T09:00:00Z"}}},{"id":"P2","status":"acknowledged","created_at":"2026-03-01T09:00:00Z",
            "log_entries":[{"id":"L","type":"acknowledge_log_entry","created_at":"2026-03-01T09:05:00Z"}]}]"#,
        ),
        (
            Adapter::Opsgenie,
            r#"[{"action":"Close","alert":{"alertId":"a","createdAt":1772355600000,"updatedAt":1772355660000000123,"priority":"P1"}},
            {"id":"b","status":"closed","createdAt":"2026-03-01T09:00:00Z","report":{"ackTime":5,"closeTime":9}}]"#,
        ),
        (
            Adapter::Events,
            r#"{"source":"x","id":"1","occurred_at":"2026-03-01T09:00:00Z","item":"a:1","kind":"story"}"#,
        ),
    ];

    fn options(zone: &str) -> IngestOptions {
        let mapping = serde_json::from_str(
            r#"{"source":"t","id":"t:{k}","fields":{"title":"{name}","due_at":"{due}"},"occurred_at":"2026-03-01",
            "links":[{"kind":"depends_on","to":"t:{needs}","separator":","}]}"#,
        );
        IngestOptions { zone: Some(zone.into()), mapping: mapping.unwrap(), ..IngestOptions::default() }
    }

    fn hurt(adapter: Adapter, bytes: &[u8]) -> Ingested {
        let read = ingest(adapter, bytes, &options("Asia/Tokyo"));
        let report = crate::ValueStream::new().apply_batch(read.events.clone());
        assert_eq!(report.refused, [], "{adapter}: {}", String::from_utf8_lossy(bytes));
        read
    }

    #[test]
    fn the_samples_are_read_whole() {
        for (adapter, text) in SAMPLES.iter().copied() {
            let read = hurt(adapter, text.as_bytes());
            assert!(read.rejects.is_empty() && !read.events.is_empty(), "{adapter}: {read:?}");
        }
    }

    #[test]
    fn a_text_that_is_cut_off_anywhere_does_no_harm() {
        for (adapter, text) in SAMPLES.iter().copied() {
            for end in 0..text.len() {
                hurt(adapter, &text.as_bytes()[..end]);
            }
        }
    }

    #[test]
    fn a_byte_that_is_changed_anywhere_does_no_harm() {
        for (adapter, text) in SAMPLES.iter().copied() {
            for at in 0..text.len() {
                for byte in [0, b'"', b'9', b'-', b'{', b']', b'<', b'&', b'\n', 0xff] {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at] = byte;
                    hurt(adapter, &bytes);
                }
            }
        }
    }

    #[test]
    fn nesting_as_deep_as_the_text_likes_does_no_harm() {
        for depth in [50, 100_000] {
            for opening in [
                "{\"issues\":[",
                "{\"builds\":[",
                "{\"fields\":{\"x\":",
                "[",
                "<testsuite>",
                "<test-suite>",
                "{\"x\":",
                "{\"value\":[",
            ] {
                for (adapter, _) in SAMPLES.iter().copied() {
                    hurt(adapter, opening.repeat(depth).as_bytes());
                }
            }
        }
        let pages = format!("{}{}", "{\"issues\":[".repeat(60), "]}".repeat(60));
        assert_eq!(hurt(Adapter::Jira, pages.as_bytes()).rejects.len(), 1);
    }

    #[test]
    fn an_option_that_is_wrong_is_said_at_position_zero() {
        let options = options("Nowhere");
        for (adapter, text) in SAMPLES.iter().copied() {
            if !matches!(adapter, Adapter::Events | Adapter::Jenkins) {
                let rejects = ingest(adapter, text.as_bytes(), &options).rejects;
                assert_eq!((rejects[0].position, rejects[0].code.as_str()), (0, "unknown_zone"), "{adapter}");
            }
        }
    }
}
