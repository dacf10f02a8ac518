//! Test results of Visual Studio's test platform: `.trx` files of `dotnet test --logger trx`, `vstest.console` and
//! MSTest. What becomes of it, and how tests are counted, is in the [module above](super).
//!
//! | XML | run |
//! |---|---|
//! | `TestRun`, its `name` | the run, its name |
//! | `Times` with `start`, `finish` | start, end |
//! | results in `Results` (`UnitTestResult` and its like) | a test by class and `testName` |
//! | `TestMethod` with `className` of the `UnitTest` with the result's `testId` | the class |
//! | `ResultSummary` with `outcome` Failed, Error, Timeout, Aborted, Disconnected | the run failed, even where each test passed |
//! | `Counters` | counts where no result is told; else not used |
//!
//! | `outcome` | outcome |
//! |---|---|
//! | Passed, PassedButRunAborted, Warning, Completed | passed |
//! | Failed, Timeout | failed |
//! | Error, Disconnected, none | error |
//! | NotExecuted, Inconclusive, NotRunnable, Pending, InProgress | skipped: it proves nothing |
//! | Aborted (the host died during the test) | skipped, for the test came to no end; but the run failed |
//!
//! Any other word is counted in `ignored` and skipped. The rows of a data-driven test (`InnerResults`) are parts of
//! their test, whose own outcome counts. By default a run is named after user, machine and time; the option `name`
//! gives a name that stays.

use quick_xml::events::BytesStart;

use super::Run;
use super::tally::{Outcome, Tally};
use super::xml::{Format, Malformed, Problem, attributes, count, walk};
use crate::hash::HashMap;
use crate::model::TestCounts;

pub(super) fn run(text: &[u8], tally: Tally) -> Result<Run, Malformed> {
    let mut walker = Walk { run: Run { tally, ..Run::default() }, ..Walk::default() };
    walk(text, &mut walker)?;
    let (mut run, classes) = (walker.run, walker.classes);
    for result in walker.results {
        let class = result.test.as_deref().and_then(|test| classes.get(test)).cloned().unwrap_or_default();
        run.tally.add(result.name.map(|name| (String::new(), class, name)), result.outcome, false);
    }
    if run.tally.is_empty() {
        run.tally.add_stated(&walker.stated);
    }
    Ok(run)
}

/// The elements that what is inside them depends on.
enum Frame {
    Root,
    Results,
    Definitions,
    /// A definition of a test, with its id.
    Definition(Option<String>),
    Summary,
    Other,
}

struct TestResult {
    test: Option<String>,
    name: Option<String>,
    outcome: Outcome,
}

#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    /// Definitions may come after the results.
    results: Vec<TestResult>,
    classes: HashMap<String, String>,
    stated: TestCounts,
    run: Run,
}

impl Format for Walk {
    const ROOTS: &'static [&'static str] = &["TestRun"];
    const NAME: &'static str = "a TRX file";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem> {
        let run = &mut self.run;
        let frame = match (name, self.open.last_mut()) {
            (_, None) => {
                attributes(element, |key, value| {
                    if key == b"name" && !value.trim().is_empty() {
                        run.name = Some(value.into_owned());
                    }
                })?;
                Frame::Root
            }
            (b"Times", Some(Frame::Root)) => {
                attributes(element, |key, value| match key {
                    b"start" => run.start = Some(value.into_owned()),
                    b"finish" => run.end = Some(value.into_owned()),
                    _ => {}
                })?;
                Frame::Other
            }
            (b"Results", Some(Frame::Root)) => Frame::Results,
            (b"TestDefinitions", Some(Frame::Root)) => Frame::Definitions,
            (b"ResultSummary", Some(Frame::Root)) => {
                attributes(element, |key, value| {
                    let bad = ["Failed", "Error", "Timeout", "Aborted", "Disconnected"];
                    run.failed |= key == b"outcome" && bad.contains(&&*value);
                })?;
                Frame::Summary
            }
            (b"Counters", Some(Frame::Summary)) => {
                self.stated = counters(element)?;
                Frame::Other
            }
            (name, Some(Frame::Results)) if name.ends_with(b"Result") || name.ends_with(b"Aggregation") => {
                self.results.push(result(element, run)?);
                Frame::Other
            }
            (_, Some(Frame::Definitions)) => {
                let mut id = None;
                attributes(element, |key, value| {
                    if key == b"id" {
                        id = Some(value.into_owned());
                    }
                })?;
                Frame::Definition(id)
            }
            (b"TestMethod", Some(Frame::Definition(id))) => {
                let classes = &mut self.classes;
                attributes(element, |key, value| {
                    if let (b"className", Some(id)) = (key, id.take_if(|_| key == b"className")) {
                        classes.insert(id, class_name(&value));
                    }
                })?;
                Frame::Other
            }
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        self.open.pop();
    }
}

/// MSTest adds the assembly: `Space.Class, Assembly, Version=…`.
fn class_name(written: &str) -> String {
    written.split(',').next().unwrap_or(written).trim().to_owned()
}

fn result(element: &BytesStart<'_>, run: &mut Run) -> Result<TestResult, Problem> {
    let Run { tally, failed, .. } = run;
    let mut result = TestResult { test: None, name: None, outcome: Outcome::Errored };
    attributes(element, |key, value| match key {
        b"testId" => result.test = Some(value.into_owned()),
        b"testName" => result.name = Some(value.into_owned()),
        b"outcome" => {
            result.outcome = match &*value {
                "Passed" | "PassedButRunAborted" | "Warning" | "Completed" => Outcome::Passed,
                "Failed" | "Timeout" => Outcome::Failed,
                "Error" | "Disconnected" => Outcome::Errored,
                "NotExecuted" | "Inconclusive" | "NotRunnable" | "Pending" | "InProgress" => Outcome::Skipped,
                "Aborted" => {
                    *failed = true;
                    Outcome::Skipped
                }
                other => {
                    tally.ignore(format!("outcome: {}", super::id_part(other)));
                    Outcome::Skipped
                }
            }
        }
        _ => {}
    })?;
    Ok(result)
}

fn counters(element: &BytesStart<'_>) -> Result<TestCounts, Problem> {
    let mut stated = TestCounts::default();
    let mut passed = 0_u32;
    attributes(element, |key, value| match key {
        b"total" => stated.tests = count(&value),
        b"passed" => passed = count(&value),
        b"failed" | b"timeout" => stated.failed = stated.failed.saturating_add(count(&value)),
        b"error" | b"disconnected" => stated.errors = stated.errors.saturating_add(count(&value)),
        _ => {}
    })?;
    let told = passed.saturating_add(stated.failed).saturating_add(stated.errors);
    stated.skipped = stated.tests.saturating_sub(told);
    Ok(stated)
}

#[cfg(test)]
mod tests {
    use super::super::{IngestOptions, Ingested, trx};
    use crate::model::{Outcome, TestCounts};

    fn read(text: &str) -> Ingested {
        trx(text.as_bytes(), &IngestOptions { name: Some("Photo".into()), ..IngestOptions::default() })
    }

    /// Tests, passed, failed, errors, skipped.
    fn counts(read: &Ingested) -> [u32; 5] {
        let TestCounts { tests, passed, failed, errors, skipped, .. } =
            read.events[0].set.tests.clone().unwrap();
        [tests, passed, failed, errors, skipped]
    }

    const TIMES: &str =
        "<Times creation='x' start='2026-03-01T10:00:00.1234567+01:00' finish='2026-03-01T09:00:02.5Z'/>";

    #[test]
    fn a_run_with_everything() {
        let read = read(&format!(
            "<TestRun id='1' name='ada@HOST 2026-03-01 10:00:00' xmlns='http://microsoft.com/schemas/VisualStudio/TeamTest/2010'>
              {TIMES}
              <TestDefinitions><UnitTest name='Crops' id='t1'><Execution id='e'/><TestMethod className='Photo, A, Version=1'
                name='Crops'/></UnitTest></TestDefinitions>
              <Results>
                <UnitTestResult testId='t1' testName='Crops' outcome='Failed'><Output/><InnerResults>
                  <UnitTestResult testId='t1' testName='Crops (1)' outcome='Passed'/></InnerResults></UnitTestResult>
                <UnitTestResult testId='t2' testName='Sends' outcome='Passed'/>
                <ManualTestResult testId='t3' testName='Signs' outcome='NotExecuted'/>
                <UnitTestResult testId='t4' testName='Flies'/>
                <UnitTestResult testId='t5' testName='Sings' outcome='Mumbled'/>
                <UnitTestResult testId='t6' testName='Dives' outcome='Timeout'/>
              </Results>
              <ResultSummary outcome='Failed'><Counters total='99'/></ResultSummary>
            </TestRun>"
        ));
        assert_eq!((&read.rejects, counts(&read)), (&Vec::new(), [6, 1, 2, 1, 2]));
        assert_eq!(read.ignored, [("outcome: Mumbled".to_owned(), 1)].into());
        let event = &read.events[0];
        assert_eq!(event.item, "trx:Photo@-@-@2026-03-01T09:00:02.500Z");
        assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.123Z");
        assert_eq!(event.set.tests.as_ref().unwrap().duration.unwrap().millis(), 2_377);
        assert_eq!(event.set.attributes["failing"], "Photo.Crops; Flies; Dives");
    }

    #[test]
    fn a_host_that_crashed_fails_the_run() {
        let read = read(&format!(
            "<TestRun>{TIMES}<Results><UnitTestResult testName='a' outcome='Passed'/></Results>
             <ResultSummary outcome='Failed'/></TestRun>"
        ));
        assert_eq!((counts(&read), read.events[0].set.result), ([1, 1, 0, 0, 0], Some(Outcome::Failure)));
    }

    #[test]
    fn a_test_during_which_the_host_died_fails_the_run() {
        let read = read(&format!(
            "<TestRun>{TIMES}<Results><UnitTestResult testName='a' outcome='Passed'/>
             <UnitTestResult testName='b' outcome='Aborted'/></Results></TestRun>"
        ));
        assert_eq!((counts(&read), read.events[0].set.result), ([2, 1, 0, 0, 1], Some(Outcome::Failure)));
    }

    #[test]
    fn counters_stand_in_where_no_result_is_told() {
        let read = read(&format!(
            "<TestRun>{TIMES}<ResultSummary outcome='Completed'><Counters total='9' executed='7' passed='3' failed='1'
             timeout='1' aborted='1' error='1' notExecuted='2'/></ResultSummary></TestRun>"
        ));
        assert_eq!(counts(&read), [9, 3, 2, 1, 3]);
    }

    #[test]
    fn bad_times_and_other_documents_are_rejected() {
        for (text, code, reason) in [
            ("<TestRun><Times start='soon'/></TestRun>", "invalid", "\"at\""),
            ("<TestRun><Times start='99999-01-01T00:00:00Z'/></TestRun>", "invalid", "\"at\""),
            ("<TestRun><Results/></TestRun>", "invalid", "\"at\""),
            ("<assemblies/>", "invalid", "not with <TestRun>: this is not a TRX file"),
            ("<TestRun><Results>", "document", "cut off"),
            ("<!DOCTYPE a><TestRun/>", "document", "DTD"),
        ] {
            let read = read(text);
            assert!(read.events.is_empty() && read.rejects.len() == 1, "{text}");
            let reject = &read.rejects[0];
            assert!(reject.code == code && reject.reason.contains(reason), "{text}: {reject:?}");
        }
        // An end before the start is no end; the start still stands.
        let text = "<TestRun><Times start='2026-03-01T09:00:00Z' finish='2026-03-01T08:00:00Z'/></TestRun>";
        let read = read(text);
        assert_eq!(read.events[0].occurred_at, read.events[0].set.starts_at.unwrap());
        assert_eq!(read.ignored, [("end of the run".to_owned(), 1)].into());
    }
}
