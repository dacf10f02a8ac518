//! Test results, in the formats that test runners write: one document becomes one test run.
//!
//! | adapter | format | file |
//! |---|---|---|
//! | `junit` | JUnit XML in all its dialects, CTest's `--output-junit` among them | `junit.rs` |
//! | `nunit` | NUnit 2 and 3 | `nunit.rs` |
//! | `xunit` | xUnit.net, versions 1 to 3 | `xunit.rs` |
//! | `trx` | Visual Studio, `dotnet test` and MSTest | `trx.rs` |
//! | `ctest` | CTest's own `Test.xml`, as it is sent to CDash | `ctest.rs` |
//!
//! All of them say the same of the run; `<format>` is the name of the adapter:
//!
//! | in the document | event |
//! |---|---|
//! | the run | item `<format>:<name>@<build>@<environment>@<time>`, kind test_run |
//! | its name; option `name` wins | `title`; `tests` where there is none |
//! | its tests | `tests`: counts by outcome |
//! | its start and end, or its start and the time it took | `starts_at`, `ends_at`; the end is `occurred_at` |
//! | classes and names of failing tests | attribute `failing`: at most 20, joined by `; ` |
//! | tests that failed and passed when tried again | attribute `flaky`: how many; `flaky_tests`: at most 20 names |
//! | options `build`, `environment` | links `tests`, `ran_in` |
//!
//! **Counting.** A test counts once. Of several results in one case the worst counts (error, failure, passed, skipped).
//! Cases with the same file, class and name are one test with the worst of its results, and how many such cases there
//! were is counted in `ignored`; a case without a name is a test of its own. A suite that states counts and tells no
//! cases is taken at its word.
//!
//! **Retries.** A runner that tells the attempts inside the case (Surefire's `flakyFailure`, `flakyError`) is
//! believed: the test passed, and is flaky. Runners that write each attempt as a case of its own (Gradle, unless it is
//! told to merge reruns) can't be told from a suite with two tests of one name, and there a pass must not hide a failure.
//! So the worst counts, unless the option `retries` says that cases of one name are attempts: then the last attempt that
//! ran counts, and a test is flaky that passed in the end. Cases of an xUnit.net theory are never attempts.
//!
//! **Result**: failure where anything failed or could not be carried out, or the run says so of itself (a teardown
//! that broke, a host that crashed); success where something passed; not built where nothing ran: no evidence is not a
//! success.
//!
//! **Time.** Where a format leaves the zone out, the option `zone` is needed, or `at`, which stands for `occurred_at`
//! and makes the run's own time stamps optional. A run of the same name on another build, in another environment or at
//! another time is another item.
//!
//! **Not read**: a DTD, entities beyond XML's own five and character references; elements more than 64 deep;
//! text that is not well-formed. Each is a reject with its line, and nothing of the document is used.

mod ctest;
mod junit;
mod nunit;
mod tally;
mod trx;
mod xunit;

use self::tally::{Counted, Tally};
use super::timestamp::Stamps;
use super::xml::{self, Malformed, Problem};
use super::{IngestOptions, Ingested, Reject, id_part};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::{Instant, Span};

const MOST_NAMES: usize = 20;

/// What a document says of its run.
#[derive(Default)]
struct Run {
    name: Option<String>,
    /// When it began and was over, as it stands.
    start: Option<String>,
    end: Option<String>,
    seconds: Option<f64>,
    /// Whether the run says of itself that it failed.
    failed: bool,
    tally: Tally,
}

pub(crate) fn junit(text: &[u8], options: &IngestOptions) -> Ingested {
    read("junit", text, options, junit::run)
}

pub(crate) fn nunit(text: &[u8], options: &IngestOptions) -> Ingested {
    read("nunit", text, options, nunit::run)
}

pub(crate) fn xunit(text: &[u8], options: &IngestOptions) -> Ingested {
    read("xunit", text, options, |text, _| xunit::run(text, Tally::default()))
}

pub(crate) fn trx(text: &[u8], options: &IngestOptions) -> Ingested {
    read("trx", text, options, trx::run)
}

pub(crate) fn ctest(text: &[u8], options: &IngestOptions) -> Ingested {
    read("ctest", text, options, ctest::run)
}

fn read(
    format: &str,
    text: &[u8],
    options: &IngestOptions,
    run: impl Fn(&[u8], Tally) -> std::result::Result<Run, Malformed>,
) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    let counted = run(text, Tally::new(options.retries)).and_then(|mut run| {
        let tally = std::mem::take(&mut run.tally);
        let counted = tally.finish().map_err(|problem: Problem| problem.at(text, text.len() as u64))?;
        Ok((run, counted))
    });
    match counted {
        Ok((run, mut counted)) => {
            ingested.ignored = std::mem::take(&mut counted.ignored);
            match run_event(format, run, counted, stamps, options, &mut ingested) {
                Ok(event) => ingested.events.push(event),
                Err(error) => ingested.rejects.push(Reject::new(1, options.name.as_deref(), &error)),
            }
        }
        Err(Malformed { line, code, reason }) => {
            let record = options.name.clone();
            ingested.rejects.push(Reject { position: line, record, code: code.into(), reason });
        }
    }
    ingested.recorded(options.recorded_at)
}

fn run_event(
    format: &str,
    run: Run,
    counted: Counted,
    stamps: Stamps,
    options: &IngestOptions,
    ingested: &mut Ingested,
) -> Result<Event> {
    let stamp = run.start.as_deref().map(|text| stamps.text("timestamp", text));
    let starts_at = match (stamp, options.at) {
        (stamp, Some(_)) => stamp.and_then(Result::ok),
        (Some(Ok(start)), None) => Some(start),
        (Some(Err(error)), None) => {
            return Err(Error::invalid(
                "timestamp",
                format!("{error}; or say when the tests ran with \"at\""),
            ));
        }
        (None, None) => {
            return Err(Error::invalid("timestamp", "no suite has one: say when the tests ran with \"at\""));
        }
    };
    let stated_end = match run.end.as_deref().map(|text| stamps.text("end", text)) {
        Some(Ok(end)) if starts_at.is_none_or(|start| end >= start) => Some(end),
        Some(_) => {
            ingested.count("end of the run");
            None
        }
        None => None,
    };
    let between = starts_at.zip(stated_end).map(|(start, end)| end.since(start));
    let duration = run.seconds.map(|seconds| Span::from_millis((seconds * 1e3).round() as i64)).or(between);
    let ends_at = stated_end.or_else(|| starts_at.map(|start| after(start, duration)));
    let at = options.at.or(ends_at).ok_or_else(|| Error::invalid("timestamp", "is missing"))?;

    let name = options.name.clone().or(run.name).unwrap_or_else(|| "tests".into());
    let place = |id: &Option<String>| id.as_deref().map_or_else(|| "-".to_owned(), id_part);
    let id = format!("{}@{}@{}@{at}", id_part(&name), place(&options.build), place(&options.environment));
    let mut event = Event::new(format, &id, at, format!("{format}:{id}"));
    event.kind = Some(Kind::TestRun);
    event.set.title = Some(name);
    event.set.starts_at = starts_at;
    event.set.ends_at = ends_at;
    let Counted { mut counts, failing, flaky, .. } = counted;
    event.set.result = Some(if run.failed || counts.failed > 0 || counts.errors > 0 {
        Outcome::Failure
    } else if counts.passed > 0 {
        Outcome::Success
    } else {
        Outcome::NotBuilt
    });
    counts.duration = duration;
    event.set.tests = Some(counts);
    let attributes = &mut event.set.attributes;
    if !failing.is_empty() {
        attributes.insert("failing".into(), listed(&failing));
    }
    if !flaky.is_empty() {
        attributes.insert("flaky".into(), flaky.len().to_string());
        attributes.insert("flaky_tests".into(), listed(&flaky));
    }
    let links = [(LinkKind::Tests, &options.build), (LinkKind::RanIn, &options.environment)];
    event.links.extend(links.into_iter().filter_map(|(kind, to)| Some(Link::new(kind, to.as_deref()?))));
    Ok(event)
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().take(MOST_NAMES).map(|name| id_part(name)).collect();
    names.join("; ")
}

fn after(start: Instant, duration: Option<Span>) -> Instant {
    Instant::clamped(start.millis().saturating_add(duration.unwrap_or_default().millis()))
}
