//! Test results of xUnit.net: `assemblies` of versions 2 and 3 (`-xml`), a single `assembly` of version 1, and of other
//! .NET runners that write the format. What becomes of it, and how tests are counted, is in the [module above](super).
//!
//! | XML | run |
//! |---|---|
//! | `assemblies` or `assembly` at the root | the run |
//! | last part of `name` of the first `assembly` | name |
//! | `start-rtf`, `finish-rtf` (3) | start, end; of the root, else of the first assembly |
//! | `run-date` and `run-time` of the first assembly | start, in the option's zone |
//! | `time` of the assemblies | duration: their sum |
//! | `test` at any depth | a test by `type` and `method`, else by `name` |
//! | `error` in `errors` (a fixture or a clean-up broke) | a test that could not be carried out |
//! | `total`, `passed`, `failed`, `skipped` | counts of an assembly that tells no tests; else not used |
//!
//! `result`: Pass is passed, Fail failed, Skip and NotRun skipped. Any other word is counted in `ignored`, and the test
//! is failed where it holds a `failure`, else skipped. The cases of a theory have one method and are one test, with
//! the worst of their results; how many further cases there were is counted in `ignored`.

use quick_xml::events::BytesStart;

use super::Run;
use super::tally::{Key, Outcome, Tally};
use super::xml::{Format, Malformed, Problem, attributes, count, file_name, seconds, walk};
use crate::model::TestCounts;

pub(super) fn run(text: &[u8], tally: Tally) -> Result<Run, Malformed> {
    let mut walker = Walk { run: Run { tally, ..Run::default() }, ..Walk::default() };
    walk(text, &mut walker)?;
    Ok(walker.run)
}

enum Frame {
    Assembly { told: bool, stated: TestCounts },
    Errors,
    Test(Test),
    Other,
}

struct Test {
    key: Option<Key>,
    result: Option<String>,
    failure: bool,
}

#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    /// The names of errors, which are told apart by number.
    errors: u32,
    run: Run,
}

impl Format for Walk {
    const ROOTS: &'static [&'static str] = &["assemblies", "assembly"];
    const NAME: &'static str = "an xUnit.net result";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem> {
        let depth = self.open.len();
        let frame = match (name, self.open.last_mut()) {
            (b"assemblies", None) => {
                let run = &mut self.run;
                attributes(element, |key, value| match key {
                    b"start-rtf" => run.start = Some(value.into_owned()),
                    b"finish-rtf" => run.end = Some(value.into_owned()),
                    _ => {}
                })?;
                Frame::Other
            }
            (b"assembly", None) => self.assembly(element, true)?,
            (b"assembly", Some(Frame::Other)) if depth == 1 => self.assembly(element, false)?,
            (b"errors", Some(Frame::Assembly { .. })) => Frame::Errors,
            (b"error", Some(Frame::Errors)) => {
                self.error(element)?;
                Frame::Other
            }
            (b"failure", Some(Frame::Test(test))) => {
                test.failure = true;
                Frame::Other
            }
            (_, Some(Frame::Test(_))) => Frame::Other,
            (b"test", Some(_)) => Frame::Test(test(element)?),
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Frame::Test(test)) => {
                let outcome = test.outcome(&mut self.run.tally);
                self.run.tally.add(test.key, outcome, false);
                self.told();
            }
            Some(Frame::Assembly { told: false, stated }) if stated.tests > 0 => {
                self.run.tally.add_stated(&stated);
            }
            _ => {}
        }
    }
}

impl Walk {
    fn assembly(&mut self, element: &BytesStart<'_>, alone: bool) -> Result<Frame, Problem> {
        let run = &mut self.run;
        let (mut date, mut time) = (None, None);
        let (mut start, mut end) = (None, None);
        let mut stated = TestCounts::default();
        attributes(element, |key, value| match key {
            b"name" if run.name.is_none() => run.name = file_name(&value),
            b"run-date" => date = Some(value.into_owned()),
            b"run-time" => time = Some(value.into_owned()),
            b"start-rtf" => start = Some(value.into_owned()),
            b"finish-rtf" => end = Some(value.into_owned()),
            b"time" => {
                if let Some(seconds) = seconds(&value) {
                    run.seconds = Some(run.seconds.unwrap_or_default() + seconds);
                }
            }
            b"total" => stated.tests = count(&value),
            b"failed" => stated.failed = count(&value),
            b"skipped" | b"not-run" => stated.skipped = stated.skipped.saturating_add(count(&value)),
            _ => {}
        })?;
        let written = date.zip(time).map(|(date, time)| format!("{date} {time}"));
        if run.start.is_none() {
            run.start = start.or(written);
        }
        // Of several assemblies the first to end says nothing of the run.
        if alone {
            run.end = end;
        }
        Ok(Frame::Assembly { told: false, stated })
    }

    fn error(&mut self, element: &BytesStart<'_>) -> Result<(), Problem> {
        self.errors += 1;
        let (mut kind, mut name) = (String::new(), None);
        attributes(element, |key, value| match key {
            b"type" => kind = value.into_owned(),
            b"name" => name = Some(value.into_owned()),
            _ => {}
        })?;
        let name = name.unwrap_or_else(|| format!("error {}", self.errors));
        self.run.tally.add(Some((String::new(), kind, name)), Outcome::Errored, false);
        Ok(())
    }

    fn told(&mut self) {
        for frame in &mut self.open {
            if let Frame::Assembly { told, .. } = frame {
                *told = true;
            }
        }
    }
}

fn test(element: &BytesStart<'_>) -> Result<Test, Problem> {
    let (mut class, mut method, mut name, mut result) = (None, None, None, None);
    attributes(element, |key, value| match key {
        b"type" => class = Some(value.into_owned()),
        b"method" => method = Some(value.into_owned()),
        b"name" => name = Some(value.into_owned()),
        b"result" => result = Some(value.into_owned()),
        _ => {}
    })?;
    let key = match (class, method, name) {
        (Some(class), Some(method), _) => Some((String::new(), class, method)),
        (class, _, Some(name)) => Some((String::new(), class.unwrap_or_default(), name)),
        _ => None,
    };
    Ok(Test { key, result, failure: false })
}

impl Test {
    fn outcome(&self, tally: &mut Tally) -> Outcome {
        match self.result.as_deref() {
            Some("Pass") => Outcome::Passed,
            Some("Fail") => Outcome::Failed,
            Some("Skip" | "NotRun") => Outcome::Skipped,
            other => {
                tally.ignore(format!("result: {}", super::id_part(other.unwrap_or("none"))));
                if self.failure { Outcome::Failed } else { Outcome::Skipped }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{IngestOptions, Ingested, xunit};
    use crate::model::{Outcome, TestCounts};

    fn read(text: &str) -> Ingested {
        let options = IngestOptions { zone: Some("UTC".into()), retries: true, ..IngestOptions::default() };
        xunit(text.as_bytes(), &options)
    }

    /// Tests, passed, failed, errors, skipped.
    fn counts(read: &Ingested) -> [u32; 5] {
        let TestCounts { tests, passed, failed, errors, skipped, .. } =
            read.events[0].set.tests.clone().unwrap();
        [tests, passed, failed, errors, skipped]
    }

    #[test]
    fn assemblies_of_version_2() {
        let read = read(
            "<assemblies timestamp='03/01/2026 09:00:09'>
              <assembly name='C:\\build\\Photo.Tests.dll' run-date='2026-03-01' run-time='09:00:00' time='1.5' total='9'>
                <errors/>
                <collection name='c'>
                  <test name='Photo.Crops(n: 1)' type='Photo' method='Crops' result='Fail'><failure/></test>
                  <test name='Photo.Crops(n: 2)' type='Photo' method='Crops' result='Pass'/>
                  <test name='Photo.Sends' type='Photo' method='Sends' result='Pass'><output>x</output></test>
                  <test name='Photo.Signs' type='Photo' method='Signs' result='Skip'><reason/></test>
                  <test name='alone' result='NotRun'/>
                </collection>
              </assembly>
              <assembly name='C:\\build\\More.Tests.dll' run-date='2026-03-01' run-time='09:00:02' time='0,5' total='3' failed='1'/>
            </assemblies>",
        );
        // A theory is no sequence of attempts, whatever the option says: the worst of its cases counts.
        assert_eq!((&read.rejects, counts(&read)), (&Vec::new(), [7, 3, 2, 0, 2]));
        assert_eq!(read.ignored, [("repeated test case".to_owned(), 1)].into());
        let event = &read.events[0];
        assert_eq!(event.item, "xunit:Photo.Tests.dll@-@-@2026-03-01T09:00:02.000Z");
        assert_eq!(event.set.attributes["failing"], "Photo.Crops");
    }

    #[test]
    fn a_fixture_that_broke_is_an_error() {
        let read = read(
            "<assembly name='a.dll' start-rtf='2026-03-01T09:00:00.0000001+01:00' finish-rtf='2026-03-01T08:00:03Z'>
             <errors><error type='assembly-cleanup' name='a'><failure/></error><error/></errors>
             <class><test name='n' type='t' method='m' result='Pass'/></class></assembly>",
        );
        assert_eq!((counts(&read), read.events[0].set.result), ([3, 1, 0, 2, 0], Some(Outcome::Failure)));
        assert_eq!(read.events[0].set.tests.as_ref().unwrap().duration.unwrap().millis(), 3_000);
        assert_eq!(read.events[0].set.attributes["failing"], "assembly-cleanup.a; error 2");
    }

    #[test]
    fn what_cannot_be_right_is_counted_or_rejected() {
        let odd = read(
            "<assembly run-date='2026-03-01' run-time='09:00:00'><test name='a' result='Odd'/><test name='b'><failure/></test>
             <test/></assembly>",
        );
        assert_eq!(counts(&odd), [3, 0, 1, 0, 2]);
        assert_eq!(odd.ignored, [("result: Odd".to_owned(), 1), ("result: none".to_owned(), 2)].into());
        for (text, code) in [
            ("<assemblies/>", "invalid"),
            ("<assembly run-date='2026-38-06' run-time='02:38:04'/>", "invalid"),
            ("<test-run/>", "invalid"),
            ("<assembly>", "document"),
            ("<assembly name='&x;'/>", "document"),
        ] {
            let read = read(text);
            assert_eq!((read.events.len(), read.rejects[0].code.as_str()), (0, code), "{text}");
        }
    }
}
