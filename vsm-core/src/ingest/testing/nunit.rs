//! Test results of NUnit: `test-results` of version 2 and `test-run` of version 3 (`nunit3-console --result`), also
//! where other runners write them. What becomes of it, and how tests are counted, is in the [module above](super).
//!
//! | XML | run |
//! |---|---|
//! | `test-run`, `test-results` or a single `test-suite` at the root | the run |
//! | last part of the root's `name`, else of the first suite's (assemblies are named by their path) | name |
//! | `start-time`, `end-time`, `duration` (3) | start, end, duration |
//! | `date` and `time` (2), `time` of the first suite | start, in the option's zone; duration |
//! | `test-case` at any depth | a test by `classname` and `fullname`, else by `name` |
//! | `total`, `passed`, `failed`, `inconclusive`, `skipped`, … | counts where no test case is told; else not used |
//! | `result` of the root in version 3: Failed | the run failed, even where each test passed (a teardown broke) |
//!
//! | `result` | outcome |
//! |---|---|
//! | Passed, Success, Warning | passed |
//! | Failed, Failure | failed, whatever the label: version 3 itself counts its errors so |
//! | Error (2) | error |
//! | Skipped, Ignored, Explicit, Inconclusive, NotRunnable, Invalid | skipped: it proves nothing |
//! | none (before 2.5) | by `executed` and `success`, and by whether it holds a `failure` |
//!
//! A suffix (`Failed(Child)`, `Skipped:Ignored`) is left out. Any other word is counted in `ignored`, and the test is
//! failed where it holds a `failure`, else skipped.

use quick_xml::events::BytesStart;

use super::Run;
use super::tally::{Outcome, Tally};
use super::xml::{Format, Malformed, Problem, attributes, count, file_name, seconds, walk};
use crate::model::TestCounts;

pub(super) fn run(text: &[u8], tally: Tally) -> Result<Run, Malformed> {
    let mut walker = Walk { run: Run { tally, ..Run::default() }, ..Walk::default() };
    walk(text, &mut walker)?;
    let mut run = walker.run;
    run.name = walker.name.or(walker.first_suite);
    run.seconds = run.seconds.or(walker.first_time);
    if run.tally.is_empty() {
        run.tally.add_stated(&walker.stated);
    }
    Ok(run)
}

#[derive(Default)]
struct Walk {
    depth: usize,
    /// The test case that is open, and at which depth.
    case: Option<(usize, Case)>,
    name: Option<String>,
    first_suite: Option<String>,
    first_time: Option<f64>,
    stated: TestCounts,
    run: Run,
}

#[derive(Default)]
struct Case {
    class: String,
    name: Option<String>,
    full_name: Option<String>,
    result: Option<String>,
    executed: Option<bool>,
    success: Option<bool>,
    failure: bool,
}

impl Format for Walk {
    const ROOTS: &'static [&'static str] = &["test-run", "test-results", "test-suite"];
    const NAME: &'static str = "an NUnit result";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth == 1 {
            self.root(element, name)?;
        }
        match (name, &mut self.case) {
            (b"test-case", None) => self.case = Some((self.depth, case(element)?)),
            (b"failure", Some((_, case))) => case.failure = true,
            (b"test-suite", None) => {
                let (named, time) = (&mut self.first_suite, &mut self.first_time);
                attributes(element, |key, value| match key {
                    b"name" if named.is_none() => *named = file_name(&value),
                    b"time" | b"duration" if time.is_none() => *time = seconds(&value),
                    _ => {}
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some((_, case)) = self.case.take_if(|(depth, _)| *depth == self.depth) {
            let outcome = case.outcome(&mut self.run.tally);
            let name = case.full_name.or(case.name);
            self.run.tally.add(name.map(|name| (case.class, String::new(), name)), outcome, false);
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

impl Walk {
    fn root(&mut self, element: &BytesStart<'_>, root: &[u8]) -> Result<(), Problem> {
        let (run, named, stated) = (&mut self.run, &mut self.name, &mut self.stated);
        let (mut date, mut time) = (None, None);
        let mut not_run = 0;
        attributes(element, |key, value| match key {
            b"name" => *named = file_name(&value),
            b"start-time" => run.start = Some(value.into_owned()),
            b"end-time" => run.end = Some(value.into_owned()),
            b"duration" => run.seconds = seconds(&value),
            b"date" => date = Some(value.into_owned()),
            b"time" => time = Some(value.into_owned()),
            b"result" => run.failed = word(&value) == "Failed",
            b"total" => stated.tests = count(&value),
            b"failed" | b"failures" => stated.failed = count(&value),
            b"errors" => stated.errors = count(&value),
            b"not-run" => not_run = count(&value),
            b"inconclusive" => stated.skipped = stated.skipped.saturating_add(count(&value)),
            // Version 2 counts them in `not-run` as well.
            b"skipped" if root == b"test-run" => {
                stated.skipped = stated.skipped.saturating_add(count(&value))
            }
            _ => {}
        })?;
        stated.tests = stated.tests.saturating_add(not_run);
        stated.skipped = stated.skipped.saturating_add(not_run);
        if let (Some(date), Some(time), None) = (date, time, &run.start) {
            run.start = Some(format!("{date} {time}"));
        }
        Ok(())
    }
}

fn case(element: &BytesStart<'_>) -> Result<Case, Problem> {
    let mut case = Case::default();
    let flag = |value: &str| value.trim().to_ascii_lowercase().parse().ok();
    attributes(element, |key, value| match key {
        b"classname" => case.class = value.into_owned(),
        b"name" => case.name = Some(value.into_owned()),
        b"fullname" => case.full_name = Some(value.into_owned()),
        b"result" => case.result = Some(value.into_owned()),
        b"executed" => case.executed = flag(&value),
        b"success" => case.success = flag(&value),
        _ => {}
    })?;
    Ok(case)
}

impl Case {
    fn outcome(&self, tally: &mut Tally) -> Outcome {
        let word = self.result.as_deref().map(word);
        match (word, self.executed, self.success) {
            (Some("Passed" | "Success" | "Warning"), ..) => Outcome::Passed,
            (Some("Failed" | "Failure"), ..) => Outcome::Failed,
            (Some("Error"), ..) => Outcome::Errored,
            (Some("Skipped" | "Ignored" | "Explicit" | "Inconclusive" | "NotRunnable" | "Invalid"), ..)
            | (None, Some(false), _) => Outcome::Skipped,
            (None, _, Some(true)) => Outcome::Passed,
            (None, _, Some(false)) => Outcome::Failed,
            // It ran, and there is a failure in it or there is none.
            (None, Some(true), None) if self.failure => Outcome::Failed,
            (None, Some(true), None) => Outcome::Passed,
            (other, ..) => {
                tally.ignore(format!("result: {}", super::id_part(other.unwrap_or("none"))));
                if self.failure { Outcome::Failed } else { Outcome::Skipped }
            }
        }
    }
}

/// `Failed(Child)` and `Skipped:Ignored` begin with the word that counts.
fn word(result: &str) -> &str {
    result.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or(result)
}

#[cfg(test)]
mod tests {
    use super::super::{IngestOptions, Ingested, nunit};
    use crate::model::{Outcome, TestCounts};

    fn read(text: &str) -> Ingested {
        let options = IngestOptions { zone: Some("Europe/Zurich".into()), ..IngestOptions::default() };
        nunit(text.as_bytes(), &options)
    }

    /// Tests, passed, failed, errors, skipped.
    fn counts(read: &Ingested) -> [u32; 5] {
        let TestCounts { tests, passed, failed, errors, skipped, .. } =
            read.events[0].set.tests.clone().unwrap();
        [tests, passed, failed, errors, skipped]
    }

    #[test]
    fn a_run_of_version_3() {
        let read = read(
            "<test-run id='2' result='Failed' total='4' start-time='2026-03-01 09:00:00Z' end-time='2026-03-01 09:00:02Z'
                duration='1.75'>
              <test-suite type='Assembly' name='Checks.Tests.dll'><test-suite type='TestFixture' name='Photo'>
                <test-case name='Crops(1)' fullname='Photo.Crops(1)' classname='Photo' result='Passed'/>
                <test-case name='Crops(2)' fullname='Photo.Crops(2)' classname='Photo' result='Failed' label='Error'>
                  <failure><message>test-case</message></failure><properties><test-case/></properties></test-case>
                <test-case name='Signs' fullname='Photo.Signs' result='Inconclusive'/>
                <test-case name='Sends' fullname='Photo.Sends' result='Warning'/>
              </test-suite></test-suite>
            </test-run>",
        );
        assert_eq!((&read.rejects, counts(&read)), (&Vec::new(), [4, 2, 1, 0, 1]));
        let event = &read.events[0];
        assert_eq!(event.item, "nunit:Checks.Tests.dll@-@-@2026-03-01T09:00:02.000Z");
        assert_eq!((&*event.source, event.set.result), ("nunit", Some(Outcome::Failure)));
        assert_eq!(event.set.tests.as_ref().unwrap().duration.unwrap().millis(), 1_750);
        assert_eq!(event.set.attributes["failing"], "Photo.Crops(2)");
    }

    #[test]
    fn a_run_of_version_2() {
        let read = read(
            "<test-results name='C:\\build\\Checks.Tests.dll' total='3' not-run='2' date='2026-03-01' time='10:00:00'>
              <test-suite name='C:\\build\\Checks.Tests.dll' time='0.5'><results><test-suite name='Photo' time='9'><results>
                <test-case name='Photo.Crops' executed='True' success='True'/>
                <test-case name='Photo.Sends' executed='True' result='Failure' success='False'/>
                <test-case name='Photo.Signs' executed='True' result='Error' success='False'/>
                <test-case name='Photo.Flies' executed='False'><reason/></test-case>
                <test-case name='Photo.Sings' executed='False' result='NotRunnable'/>
                <test-case name='Photo.Rings' executed='True'/>
                <test-case name='Photo.Hides' executed='True' success='Flase'><failure/></test-case>
              </results></test-suite></results></test-suite>
            </test-results>",
        );
        assert_eq!((&read.rejects, counts(&read)), (&Vec::new(), [7, 2, 2, 1, 2]));
        let event = &read.events[0];
        assert_eq!(event.set.title.as_deref(), Some("Checks.Tests.dll"));
        assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(event.set.ends_at.unwrap().to_string(), "2026-03-01T09:00:00.500Z");
    }

    #[test]
    fn a_teardown_that_broke_fails_a_run_whose_tests_passed() {
        let read = read(
            "<test-run result='Failed' start-time='2026-03-01 09:00:00Z'><test-suite result='Failed' site='TearDown'>
             <test-case fullname='a' result='Passed'/></test-suite></test-run>",
        );
        assert_eq!((counts(&read), read.events[0].set.result), ([1, 1, 0, 0, 0], Some(Outcome::Failure)));
    }

    #[test]
    fn words_that_nobody_knows_prove_nothing() {
        let read = read(
            "<test-suite start-time='2026-03-01 09:00:00Z'><test-case name='a' result='Fine'/>
             <test-case name='b' success='perhaps'><failure/></test-case></test-suite>",
        );
        assert_eq!(counts(&read), [2, 0, 1, 0, 1]);
        assert_eq!(read.ignored, [("result: Fine".to_owned(), 1), ("result: none".to_owned(), 1)].into());
    }

    #[test]
    fn counts_stand_in_where_no_case_is_told() {
        let two = "<test-results total='21' errors='1' failures='1' not-run='7' inconclusive='1' ignored='4' skipped='3'
                   date='2026-03-01' time='10:00'/>";
        assert_eq!(counts(&read(two)), [28, 18, 1, 1, 8]);
        let three = "<test-run total='5' passed='2' failed='1' inconclusive='1' skipped='1' start-time='2026-03-01'/>";
        assert_eq!(counts(&read(three)), [5, 2, 1, 0, 2]);
    }

    #[test]
    fn what_is_no_nunit_result_or_has_no_time_is_rejected() {
        for (text, code, reason) in [
            ("<testsuite/>", "invalid", "<test-run> or <test-results>"),
            ("<test-run><test-case>", "document", "cut off"),
            ("<test-results date='6/12/2026' time='2:46 PM'/>", "invalid", "\"at\""),
            ("<test-run/>", "invalid", "\"at\""),
        ] {
            let read = read(text);
            assert!(read.events.is_empty() && read.rejects.len() == 1, "{text}");
            let reject = &read.rejects[0];
            assert!(reject.code == code && reject.reason.contains(reason), "{text}: {reject:?}");
        }
    }
}
