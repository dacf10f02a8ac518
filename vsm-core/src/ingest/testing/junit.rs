//! Test results as JUnit XML, in the dialects of Ant, Surefire, pytest, Playwright, Jest, Bazel, GoogleTest, CTest
//! (`--output-junit`), cargo-nextest, and of whatever else runs Selenium suites. There is no standard; what is read here
//! is what they have in common. What becomes of it, and how tests are counted, is in the [module above](super).
//!
//! | XML | run |
//! |---|---|
//! | `testsuites` or `testsuite` at the root; `testrun` where Eclipse exports it | the run |
//! | `name` of the root, else of the first `testsuite` | name |
//! | `testcase` with `error`, `failure`, `skipped` (or `ignored`, `disabled`) | a test by `file`, `classname`, `name` with its outcome |
//! | `testcase` with `flakyFailure`, `flakyError` and nothing worse | a test that passed when tried again: flaky |
//! | `testcase` with `rerunFailure`, `rerunError` beside its `failure` or `error` | a test that failed every time |
//! | `status` or `result`: disabled, skipped, ignored, notrun, suppressed | skipped |
//! | `tests`, `failures`, `errors`, `skipped`, `disabled`, `ignored` | counts of a suite that tells no test cases; else not used |
//! | first `timestamp` | start |
//! | `time` | duration: of the root, else the sum of the suites, else of the cases |

use quick_xml::events::BytesStart;

use super::Run;
use super::tally::{Key, Outcome, Tally};
use super::xml::{Format, Malformed, Problem, attributes, count, seconds, walk};
use crate::model::TestCounts;

pub(super) fn run(text: &[u8], tally: Tally) -> Result<Run, Malformed> {
    let mut walker = Walk { run: Run { tally, ..Run::default() }, ..Walk::default() };
    walk(text, &mut walker)?;
    let mut run = walker.run;
    run.name = walker.outermost.or(walker.first_suite);
    Ok(run)
}

enum Frame {
    Suite(Suite),
    Case(Case),
    Other,
}

/// A suite, or the list of suites around them.
#[derive(Default)]
struct Suite {
    /// Whether its tests, or those of a suite inside, are counted already.
    counted: bool,
    stated: TestCounts,
    time: Option<f64>,
    time_inside: Option<f64>,
}

struct Case {
    outcome: Outcome,
    flaky: bool,
    time: Option<f64>,
    /// Absent where it has no name.
    key: Option<Key>,
}

#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    outermost: Option<String>,
    first_suite: Option<String>,
    run: Run,
}

impl Format for Walk {
    const ROOTS: &'static [&'static str] = &["testsuites", "testsuite", "testrun"];
    const NAME: &'static str = "JUnit XML";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem> {
        let frame = match (name, self.open.last_mut()) {
            (b"testsuites" | b"testrun", None) | (b"testsuite", None | Some(Frame::Suite(_))) => {
                self.suite(element, name)?
            }
            (b"testcase", Some(Frame::Suite(_))) => case(element)?,
            (b"error", Some(Frame::Case(case))) => case.now(Outcome::Errored),
            (b"failure", Some(Frame::Case(case))) => case.now(Outcome::Failed),
            (b"skipped" | b"ignored" | b"disabled", Some(Frame::Case(case))) => case.now(Outcome::Skipped),
            (b"flakyFailure" | b"flakyError", Some(Frame::Case(case))) => {
                case.flaky = true;
                Frame::Other
            }
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        let (counted, time) = match self.open.pop() {
            Some(Frame::Suite(mut suite)) => {
                if !suite.counted && suite.stated.tests > 0 {
                    self.run.tally.add_stated(&suite.stated);
                    suite.counted = true;
                }
                (suite.counted, suite.time.filter(|time| *time > 0.0).or(suite.time_inside).or(suite.time))
            }
            Some(Frame::Case(case)) => {
                self.run.tally.add(case.key, case.outcome, case.flaky);
                (true, case.time)
            }
            Some(Frame::Other) | None => return,
        };
        match self.open.last_mut() {
            Some(Frame::Suite(outer)) => {
                outer.counted |= counted;
                if let Some(time) = time {
                    outer.time_inside = Some(outer.time_inside.unwrap_or_default() + time);
                }
            }
            _ => self.run.seconds = time,
        }
    }
}

impl Walk {
    fn suite(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<Frame, Problem> {
        let mut suite = Suite::default();
        let named = if name != b"testsuite" { &mut self.outermost } else { &mut self.first_suite };
        let timestamp = &mut self.run.start;
        attributes(element, |key, value| match key {
            b"name" if named.is_none() && !value.trim().is_empty() => *named = Some(value.into_owned()),
            b"timestamp" if timestamp.is_none() && !value.trim().is_empty() => {
                *timestamp = Some(value.into_owned())
            }
            b"time" => suite.time = seconds(&value),
            b"tests" => suite.stated.tests = count(&value),
            b"failures" => suite.stated.failed = count(&value),
            b"errors" => suite.stated.errors = count(&value),
            b"skipped" | b"disabled" | b"ignored" => {
                suite.stated.skipped = suite.stated.skipped.saturating_add(count(&value))
            }
            _ => {}
        })?;
        Ok(Frame::Suite(suite))
    }
}

impl Case {
    fn now(&mut self, outcome: Outcome) -> Frame {
        let skipped = outcome == Outcome::Skipped && self.outcome == Outcome::Passed;
        self.outcome = if skipped { outcome } else { self.outcome.max(outcome) };
        Frame::Other
    }
}

fn case(element: &BytesStart<'_>) -> Result<Frame, Problem> {
    let (mut file, mut class, mut name) = (String::new(), String::new(), None);
    let mut case = Case { outcome: Outcome::Passed, flaky: false, time: None, key: None };
    attributes(element, |key, value| match key {
        b"file" => file = value.into_owned(),
        b"classname" => class = value.into_owned(),
        b"name" => name = Some(value.into_owned()),
        b"time" => case.time = seconds(&value),
        // Some frameworks tell a test that they left out only so.
        b"status" | b"result"
            if matches!(
                &*value,
                "disabled" | "skipped" | "ignored" | "notrun" | "not_run" | "suppressed"
            ) =>
        {
            case.outcome = Outcome::Skipped;
        }
        _ => {}
    })?;
    case.key = name.map(|name| (file, class, name));
    Ok(Frame::Case(case))
}

#[cfg(test)]
mod tests {
    use super::super::{IngestOptions, Ingested, junit};
    use crate::model::{Kind, LinkKind, Outcome, TestCounts};
    use crate::time::Span;

    fn at(text: &str) -> IngestOptions {
        IngestOptions { at: Some(text.parse().unwrap()), ..IngestOptions::default() }
    }

    fn read(text: &str) -> Ingested {
        junit(text.as_bytes(), &at("2026-03-01T09:00:00Z"))
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
        let read = junit(text.as_bytes(), &options);
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
            .map(|time| junit(text.as_bytes(), &at(time)).events[0].item.clone());
        assert_ne!(items[0], items[1]);
    }

    #[test]
    fn a_run_without_a_time_asks_for_one() {
        for text in
            ["<testsuite/>", "<testsuite timestamp='2026-03-01T09:00:00'/>", "<testsuite timestamp='then'/>"]
        {
            let read = junit(text.as_bytes(), &IngestOptions::default());
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
        assert_eq!(junit(b"\xff\xfe<\0t\0", &IngestOptions::default()).rejects.len(), 1);
        let latin = junit(b"<testsuite name='caf\xe9'/>", &at("2026-03-01T09:00:00Z"));
        assert_eq!(latin.events[0].set.title.as_deref(), Some("caf\u{fffd}"));
    }

    #[test]
    fn many_failing_tests_are_named_up_to_twenty() {
        let case = |n: u32| format!("<testcase name='t{n}'><failure/></testcase>");
        let text = format!("<testsuite>{}</testsuite>", (0..30).map(case).collect::<String>());
        let failing = read(&text).events[0].set.attributes["failing"].clone();
        assert!(failing.starts_with("t0; t1; ") && failing.split("; ").count() == 20);
    }

    #[test]
    fn dialects() {
        let ctest = "<testsuite name='linux' tests='4' failures='1' disabled='1' skipped='1' timestamp='2026-03-01T09:00:00'>\
            <testcase name='a' classname='a' time='0.5' status='run'><system-out>x</system-out></testcase>\
            <testcase name='b' classname='b' time='0' status='fail'><failure message=''/></testcase>\
            <testcase name='c' classname='c' time='0' status='notrun'><skipped message='Unable to find executable'/></testcase>\
            <testcase name='d' classname='d' time='0' status='disabled'/></testsuite>";
        assert_eq!(counts(ctest), [4, 1, 1, 0, 2]);
        let eclipse = "<testrun name='Photo' tests='2' started='2' failures='0' errors='1' ignored='0'>\
            <testsuite name='x' time='0.1'><testcase name='a' classname='x' time='0.1'/>\
            <testcase name='b' classname='x'><error>trace</error></testcase></testsuite></testrun>";
        assert_eq!(counts(eclipse), [2, 1, 0, 1, 0]);
        assert_eq!(read(eclipse).events[0].set.title.as_deref(), Some("Photo"));
        assert_eq!(counts("<testrun tests='3' ignored='1'/>"), [3, 2, 0, 0, 1]);
        let left = "<testsuites><testsuite><testcase name='a'><ignored/></testcase><testcase name='b'><disabled/></testcase>\
            </testsuite></testsuites>";
        assert_eq!(counts(left), [2, 0, 0, 0, 2]);
        // Some rerunners write the attempts that failed as empty cases before the last one.
        let reruns = "<testsuite><testcase name='a'/><testcase name='a'/><testcase name='a'><flakyFailure/><failure/></testcase>\
            </testsuite>";
        assert_eq!(counts(reruns), [1, 0, 1, 0, 0]);
    }

    #[test]
    fn a_test_that_passed_when_tried_again_passes_and_is_flaky() {
        let text = "<testsuite>\
            <testcase classname='Photo' name='crops'><flakyFailure message='m'/><flakyError/></testcase>\
            <testcase classname='Photo' name='sends'><failure/><rerunFailure/><rerunError/></testcase>\
            <testcase classname='Photo' name='signs'/></testsuite>";
        assert_eq!(counts(text), [3, 2, 1, 0, 0]);
        let attributes = read(text).events[0].set.attributes.clone();
        let expected = [("failing", "Photo.sends"), ("flaky", "1"), ("flaky_tests", "Photo.crops")];
        assert_eq!(attributes, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn cases_of_one_name_are_attempts_only_where_the_option_says_so() {
        let case =
            |name: &str, inside: &str| format!("<testcase classname='c' name='{name}'>{inside}</testcase>");
        let text = [
            case("late", "<failure/>"),
            case("late", ""),
            case("never", "<failure/>"),
            case("never", "<error/>"),
            case("left", "<failure/>"),
            case("left", "<skipped/>"),
            case("worse", ""),
            case("worse", "<failure/>"),
        ];
        let text = format!("<testsuite>{}</testsuite>", text.concat());
        assert_eq!(counts(&text), [4, 0, 3, 1, 0]);
        assert!(!read(&text).events[0].set.attributes.contains_key("flaky"));
        let options = IngestOptions { retries: true, ..at("2026-03-01T09:00:00Z") };
        let read = junit(text.as_bytes(), &options);
        let tests = read.events[0].set.tests.clone().unwrap();
        assert_eq!((tests.tests, tests.passed, tests.failed, tests.errors), (4, 1, 2, 1));
        let attributes = &read.events[0].set.attributes;
        assert_eq!((&*attributes["flaky"], &*attributes["flaky_tests"]), ("1", "c.late"));
        assert_eq!(read.ignored["repeated test case"], 4);
    }
}
