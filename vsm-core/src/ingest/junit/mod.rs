//! Test results as JUnit XML, in the dialects of Ant, Surefire, pytest, Playwright, Jest, Bazel, GoogleTest, and of
//! whatever else runs Selenium suites. There is no standard; what is read here is what they have in common.
//!
//! One document becomes one test run:
//!
//! | XML | event |
//! |---|---|
//! | `testsuites` or `testsuite` at the root | item `junit:<name>@<build>@<environment>@<time>`, kind test_run |
//! | `name` of `testsuites`, else of the first `testsuite` | `title`; `tests` where there is none; an option wins |
//! | `testcase` with `error`, `failure`, `skipped` | `tests`: counts by outcome |
//! | `tests`, `failures`, `errors`, `skipped`, `disabled` | counts of a suite that tells no test cases; else not used |
//! | first `timestamp` | `starts_at`; plus the time the run took: `ends_at`, `occurred_at` |
//! | `time` | `tests.duration`: of the root, else the sum of the suites, else of the cases |
//! | classes and names of failing tests | attribute `failing`: at most 20, joined by `; ` |
//! | options `build`, `environment` | links `tests`, `ran_in` |
//!
//! **Counting.** A test counts once. Of several results in one case the worst counts (error, failure, skipped). Cases
//! with the same file, class and name are one test (a retry, a repetition) with the worst of its results; how many
//! such cases there were is counted in `ignored`. A case without a name is a test of its own.
//!
//! **Result**: failure where anything failed or could not be carried out, success where something passed, not built
//! where nothing ran: no evidence is not a success.
//!
//! **Time.** Most writers leave the zone out: then the option `zone` is needed, or `at`, which stands for
//! `occurred_at` and makes the run's time stamps optional. A run of the same name on another build, in another
//! environment or at another time is another item.
//!
//! **Not read**: a DTD, entities beyond XML's own five and character references; elements more than 64 deep;
//! text that is not well-formed. Each is a reject with its line, and nothing of the document is used.

mod xml;

use self::xml::{Malformed, Report};
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, id_part};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::{Instant, Span};

const MOST_NAMES: usize = 20;

pub(crate) fn read(text: &[u8], options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    match xml::read(text) {
        Ok(report) => {
            let repeated = report.repeated;
            match run_event(report, stamps, options) {
                Ok(event) => ingested.events.push(event),
                Err(error) => ingested.rejects.push(Reject::new(1, options.name.as_deref(), &error)),
            }
            if repeated > 0 {
                ingested.ignored.insert("repeated test case".into(), repeated);
            }
        }
        Err(Malformed { line, code, reason }) => {
            let record = options.name.clone();
            ingested.rejects.push(Reject { position: line, record, code: code.into(), reason });
        }
    }
    ingested.recorded(options.recorded_at)
}

fn run_event(report: Report, stamps: Stamps, options: &IngestOptions) -> Result<Event> {
    let duration = report.seconds.map(|seconds| Span::from_millis((seconds * 1e3).round() as i64));
    let stamp = report.timestamp.as_deref().map(|text| stamps.text("timestamp", text));
    let (starts_at, at) = match (stamp, options.at) {
        (stamp, Some(at)) => (stamp.and_then(Result::ok), at),
        (Some(Ok(start)), None) => (Some(start), after(start, duration)),
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
    let name = options.name.clone().or(report.name).unwrap_or_else(|| "tests".into());
    let place = |id: &Option<String>| id.as_deref().map_or_else(|| "-".to_owned(), id_part);
    let id = format!("{}@{}@{}@{at}", id_part(&name), place(&options.build), place(&options.environment));
    let mut event = Event::new("junit", &id, at, format!("junit:{id}"));
    event.kind = Some(Kind::TestRun);
    event.set.title = Some(name);
    event.set.starts_at = starts_at;
    event.set.ends_at = starts_at.map(|start| after(start, duration));
    let mut counts = report.counts;
    event.set.result = Some(if counts.failed > 0 || counts.errors > 0 {
        Outcome::Failure
    } else if counts.passed > 0 {
        Outcome::Success
    } else {
        Outcome::NotBuilt
    });
    counts.duration = duration;
    event.set.tests = Some(counts);
    if !report.failing.is_empty() {
        let names: Vec<String> = report.failing.iter().take(MOST_NAMES).map(|name| id_part(name)).collect();
        event.set.attributes.insert("failing".into(), names.join("; "));
    }
    let links = [(LinkKind::Tests, &options.build), (LinkKind::RanIn, &options.environment)];
    event.links.extend(links.into_iter().filter_map(|(kind, to)| Some(Link::new(kind, to.as_deref()?))));
    Ok(event)
}

fn after(start: Instant, duration: Option<Span>) -> Instant {
    Instant::clamped(start.millis().saturating_add(duration.unwrap_or_default().millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TestCounts;

    fn at(text: &str) -> IngestOptions {
        IngestOptions { at: Some(text.parse().unwrap()), ..IngestOptions::default() }
    }

    fn read(text: &str) -> Ingested {
        super::read(text.as_bytes(), &at("2026-03-01T09:00:00Z"))
    }

    /// Tests, passed, failed, errors, skipped.
    fn counts(text: &str) -> [u32; 5] {
        let read = read(text);
        assert_eq!(read.rejects, [], "{text}");
        let tests = read.events[0].set.tests.clone().unwrap();
        let TestCounts { tests, passed, failed, errors, skipped, .. } = tests;
        [tests, passed, failed, errors, skipped]
    }

    #[test]
    fn a_run_with_everything() {
        let text = r#"<?xml version="1.0"?>
            <testsuites name="Deposit &amp; more" time="2.5">
              <testsuite name="inner" timestamp="2026-03-01T10:00:00" tests="99" time="9">
                <properties><property name="failure" value="x"/></properties>
                <testcase classname="Photo" name="crops" time="0.1"/>
                <testcase classname="Photo" name="sends"><failure message="m">trace &lt;1&gt; &#x41;</failure></testcase>
                <testcase name="signs"><error/><system-out><![CDATA[<failure/>]]></system-out></testcase>
                <testcase classname="Photo" name="flies"><skipped/></testcase>
              </testsuite>
            </testsuites>"#;
        let options = IngestOptions {
            zone: Some("Europe/Zurich".into()),
            build: Some("jenkins:checks#31".into()),
            environment: Some("env:uat".into()),
            recorded_at: Some("2026-03-02T00:00:00Z".parse().unwrap()),
            ..IngestOptions::default()
        };
        let read = super::read(text.as_bytes(), &options);
        assert_eq!(read.rejects, []);
        let event = &read.events[0];
        assert_eq!(event.item, "junit:Deposit & more@jenkins:checks#31@env:uat@2026-03-01T09:00:02.500Z");
        assert_eq!(event.key(), event.item);
        assert_eq!((event.kind, event.set.result), (Some(Kind::TestRun), Some(Outcome::Failure)));
        assert_eq!(event.set.title.as_deref(), Some("Deposit & more"));
        assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(event.set.ends_at, Some(event.occurred_at));
        assert_eq!(event.set.attributes["failing"], "Photo.sends; signs");
        let tests = event.set.tests.clone().unwrap();
        assert_eq!(tests.duration, Some(Span::from_millis(2_500)));
        assert_eq!([tests.tests, tests.passed, tests.failed, tests.errors, tests.skipped], [4, 1, 1, 1, 1]);
        let links: Vec<(LinkKind, &str)> =
            event.links.iter().map(|link| (link.kind, link.to.as_str())).collect();
        assert_eq!(links, [(LinkKind::Tests, "jenkins:checks#31"), (LinkKind::RanIn, "env:uat")]);
        assert_eq!(crate::ValueStream::new().apply_batch(read.events).refused, []);
    }

    #[test]
    fn one_case_counts_once_by_its_worst_result() {
        let case = |inside: &str| format!("<testsuite><testcase name='a'>{inside}</testcase></testsuite>");
        assert_eq!(counts(&case("<skipped/><failure/><error/>")), [1, 0, 0, 1, 0]);
        assert_eq!(counts(&case("<failure/><skipped/>")), [1, 0, 1, 0, 0]);
        assert_eq!(counts(&case("<skipped/><skipped/>")), [1, 0, 0, 0, 1]);
        assert_eq!(counts(&case("<system-err><failure/></system-err><flakyFailure/>")), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn cases_of_one_name_are_one_test() {
        let suite = "<testsuite><testcase classname='c' name='a'><failure/></testcase><testcase classname='c' name='a'/>\
                     <testcase classname='d' name='a'><skipped/></testcase><testcase classname='d' name='a'/>\
                     <testcase/><testcase/></testsuite>";
        assert_eq!(counts(suite), [4, 3, 1, 0, 0]);
        assert_eq!(read(suite).ignored, [("repeated test case".to_owned(), 2)].into());
    }

    #[test]
    fn suites_nest_and_may_only_state_counts() {
        let nested = "<testsuites><testsuite tests='9'><testsuite><testcase name='a'/></testsuite><testcase name='b'/>\
                      </testsuite><testsuite tests='6' failures='1' errors='1' skipped='1' disabled='1'/></testsuites>";
        assert_eq!(counts(nested), [8, 4, 1, 1, 2]);
        assert_eq!(
            counts("<testsuite tests='3'><testsuite tests='2'/><testsuite tests='1'/></testsuite>"),
            [3, 3, 0, 0, 0]
        );
        assert_eq!(counts("<testsuites tests='3' failures='4'/>"), [4, 0, 4, 0, 0]);
        assert_eq!(counts("<testsuite tests='x' skipped='-1'/>"), [0; 5]);
        assert_eq!(
            counts("<a:testsuite xmlns:a='u'><a:testcase name='b' status='notrun'/></a:testsuite>"),
            [1, 0, 0, 0, 1]
        );
    }

    #[test]
    fn nothing_that_ran_is_no_success() {
        let result = |text: &str| read(text).events[0].set.result;
        assert_eq!(result("<testsuites/>"), Some(Outcome::NotBuilt));
        assert_eq!(result("<testsuite><testcase><skipped/></testcase></testsuite>"), Some(Outcome::NotBuilt));
        assert_eq!(result("<testsuite><testcase/></testsuite>"), Some(Outcome::Success));
        assert_eq!(result("<testsuite><testcase><error/></testcase></testsuite>"), Some(Outcome::Failure));
    }

    #[test]
    fn time_is_of_the_root_or_summed_up() {
        let time = |text: &str| read(text).events[0].set.tests.clone().unwrap().duration.map(Span::millis);
        assert_eq!(time("<testsuites time='1,234.5'><testsuite time='1'/></testsuites>"), Some(1_234_500));
        assert_eq!(
            time("<testsuites><testsuite time='1'/><testsuite time='0,5'/></testsuites>"),
            Some(1_500)
        );
        assert_eq!(time("<testsuite><testcase time='0.25'/><testcase time='soon'/></testsuite>"), Some(250));
        assert_eq!(time("<testsuite time='-1'><testcase time='1e999'/></testsuite>"), None);
        assert!(time("<testsuite time='1e300'/>").is_some());
    }

    #[test]
    fn a_run_at_another_time_is_another_item() {
        let text = "<testsuite name='s'/>";
        let items = ["2026-03-01T09:00:00Z", "2026-03-01T09:00:01Z"]
            .map(|time| super::read(text.as_bytes(), &at(time)).events[0].item.clone());
        assert_ne!(items[0], items[1]);
    }

    #[test]
    fn a_run_without_a_time_asks_for_one() {
        for text in
            ["<testsuite/>", "<testsuite timestamp='2026-03-01T09:00:00'/>", "<testsuite timestamp='then'/>"]
        {
            let read = super::read(text.as_bytes(), &IngestOptions::default());
            assert_eq!(read.events, []);
            assert!(
                read.rejects[0].code == "invalid" && read.rejects[0].reason.contains("\"at\""),
                "{read:?}"
            );
        }
    }

    #[test]
    fn what_is_not_well_formed_or_not_junit_is_rejected_with_its_line() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<testsuite name='&b;'/>";
        let deep = "<testsuite>".repeat(100_000);
        let table = [
            ("", "document", 1),
            ("no markup at all", "document", 1),
            ("<testsuite>\n<testcase>\n", "document", 3),
            ("<testsuite>\n<testcase></testsuite>", "document", 2),
            ("<testsuite>\n</testsuite><testsuite/>", "document", 2),
            ("<suites>\n</suites>", "invalid", 1),
            ("<html/>", "invalid", 1),
            (bomb, "document", 1),
            ("<testsuite name='&custom;'/>", "document", 1),
            ("<testsuite>\n<a>&custom;</a></testsuite>", "document", 2),
            ("<testsuite name='&#0;'/>", "document", 1),
            ("<testsuite name='a' name='b'/>", "document", 1),
            ("<testsuite name=a/>", "document", 1),
            ("<testsuite", "document", 1),
            (deep.as_str(), "document", 1),
            ("\u{feff}<testsuite>\n\n<!-- ", "document", 3),
        ];
        for (text, code, line) in table {
            let read = read(text);
            let shown = text.get(..60).unwrap_or(text);
            assert_eq!(read.events, [], "{shown}");
            assert_eq!(read.rejects.len(), 1, "{shown}");
            let reject = &read.rejects[0];
            assert_eq!((reject.code.as_str(), reject.position), (code, line), "{shown}: {}", reject.reason);
        }
        assert_eq!(super::read(b"\xff\xfe<\0t\0", &IngestOptions::default()).rejects.len(), 1);
        let latin = super::read(b"<testsuite name='caf\xe9'/>", &at("2026-03-01T09:00:00Z"));
        assert_eq!(latin.events[0].set.title.as_deref(), Some("caf\u{fffd}"));
    }

    #[test]
    fn many_failing_tests_are_named_up_to_twenty() {
        let case = |n: u32| format!("<testcase name='t{n}'><failure/></testcase>");
        let text = format!("<testsuite>{}</testsuite>", (0..30).map(case).collect::<String>());
        let failing = read(&text).events[0].set.attributes["failing"].clone();
        assert!(failing.starts_with("t0; t1; ") && failing.split("; ").count() == 20);
    }
}
