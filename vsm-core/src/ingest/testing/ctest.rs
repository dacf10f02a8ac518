//! Test results of CTest: `Test.xml` in `Testing/<stamp>/`, which `ctest -T Test` writes and sends to CDash. What
//! becomes of it, and how tests are counted, is in the [module above](super). What `ctest --output-junit` writes is
//! JUnit XML and read by that adapter.
//!
//! | XML | run |
//! |---|---|
//! | `Site` with `Testing` | the run |
//! | `BuildName` of `Site`, else its `Name` | name |
//! | `StartTestTime`, `EndTestTime` (seconds since 1970) | start, end |
//! | `ElapsedMinutes` | duration where there is no end |
//! | `Test` in `Testing` | a test by `Path` and `Name` |
//!
//! | `Status` | outcome |
//! |---|---|
//! | passed, failed | passed, failed |
//! | notrun with the completion status Disabled or `SKIP_…` | skipped |
//! | notrun with any other one (the program or a file it requires is missing, a fixture failed) | error |
//!
//! Any other word is counted in `ignored` and skipped. CTest writes a test that it repeated (`--repeat`) once, with its
//! last result. The other files of CDash (`Build.xml`, `Configure.xml`, `Update.xml`) are no test results and rejected.

use quick_xml::events::BytesStart;

use super::Run;
use super::tally::{Outcome, Tally};
use super::xml::{Format, Malformed, Problem, attributes, seconds, walk};

/// The longest text of an element that is kept: names and times, never a test's output.
const LONGEST_TEXT: usize = 2_000;

pub(super) fn run(text: &[u8], tally: Tally) -> Result<Run, Malformed> {
    let mut walker = Walk { run: Run { tally, ..Run::default() }, ..Walk::default() };
    walk(text, &mut walker)?;
    if !walker.tested {
        let problem =
            Problem::other("holds no <Testing>: of the files for CDash only Test.xml tells of tests");
        return Err(problem.at(text, 0));
    }
    let mut run = walker.run;
    run.name = walker.build.or(walker.site);
    Ok(run)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Site,
    Testing,
    Test,
    Results,
    /// The measurement that says why a test did not run.
    Completion,
    /// An element whose text is wanted.
    Wanted(Wanted),
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Start,
    End,
    Minutes,
    Name,
    Path,
    Completion,
}

#[derive(Default)]
struct Test {
    status: String,
    name: Option<String>,
    path: String,
    completion: String,
}

#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    text: String,
    test: Test,
    tested: bool,
    build: Option<String>,
    site: Option<String>,
    run: Run,
}

impl Format for Walk {
    const ROOTS: &'static [&'static str] = &["Site"];
    const NAME: &'static str = "CTest's Test.xml";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<(), Problem> {
        let frame = match (name, self.open.last()) {
            (_, None) => {
                let (build, site) = (&mut self.build, &mut self.site);
                attributes(element, |key, value| match key {
                    b"BuildName" if !value.trim().is_empty() => *build = Some(value.into_owned()),
                    b"Name" if !value.trim().is_empty() => *site = Some(value.into_owned()),
                    _ => {}
                })?;
                Frame::Site
            }
            (b"Testing", Some(Frame::Site)) => {
                self.tested = true;
                Frame::Testing
            }
            (b"StartTestTime", Some(Frame::Testing)) => Frame::Wanted(Wanted::Start),
            (b"EndTestTime", Some(Frame::Testing)) => Frame::Wanted(Wanted::End),
            (b"ElapsedMinutes", Some(Frame::Testing)) => Frame::Wanted(Wanted::Minutes),
            (b"Test", Some(Frame::Testing)) => {
                let mut test = Test::default();
                attributes(element, |key, value| {
                    if key == b"Status" {
                        test.status = value.into_owned();
                    }
                })?;
                self.test = test;
                Frame::Test
            }
            (b"Name", Some(Frame::Test)) => Frame::Wanted(Wanted::Name),
            (b"Path", Some(Frame::Test)) => Frame::Wanted(Wanted::Path),
            (b"Results", Some(Frame::Test)) => Frame::Results,
            (b"NamedMeasurement", Some(Frame::Results)) => {
                let mut completion = false;
                attributes(element, |key, value| {
                    completion |= key == b"name" && value == "Completion Status"
                })?;
                if completion { Frame::Completion } else { Frame::Other }
            }
            (b"Value", Some(Frame::Completion)) => Frame::Wanted(Wanted::Completion),
            _ => Frame::Other,
        };
        if matches!(frame, Frame::Wanted(_)) {
            self.text.clear();
        }
        self.open.push(frame);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if matches!(self.open.last(), Some(Frame::Wanted(_))) && self.text.len() < LONGEST_TEXT {
            self.text.extend(text.chars().take(LONGEST_TEXT));
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Frame::Wanted(wanted)) => {
                let text = self.text.trim().to_owned();
                let run = &mut self.run;
                match wanted {
                    Wanted::Start => run.start = Some(text),
                    Wanted::End => run.end = Some(text),
                    Wanted::Minutes => run.seconds = seconds(&text).map(|minutes| minutes * 60.0),
                    Wanted::Name => self.test.name = Some(text),
                    Wanted::Path => self.test.path = text,
                    Wanted::Completion => self.test.completion = text,
                }
            }
            Some(Frame::Test) => {
                let test = std::mem::take(&mut self.test);
                let outcome = test.outcome(&mut self.run.tally);
                let key = test.name.map(|name| (test.path, String::new(), name));
                self.run.tally.add(key, outcome, false);
            }
            // Minutes are rounded to a tenth; the two times are exact to the second.
            Some(Frame::Testing) if self.run.start.is_some() && self.run.end.is_some() => {
                self.run.seconds = None;
            }
            _ => {}
        }
    }
}

impl Test {
    fn outcome(&self, tally: &mut Tally) -> Outcome {
        let left_out = self.completion == "Disabled" || self.completion.starts_with("SKIP_");
        match &*self.status {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed,
            "notrun" if left_out => Outcome::Skipped,
            "notrun" => Outcome::Errored,
            other => {
                tally.ignore(format!("status: {}", super::id_part(other)));
                Outcome::Skipped
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{IngestOptions, Ingested, ctest};
    use crate::model::{Outcome, TestCounts};

    fn read(text: &str) -> Ingested {
        ctest(text.as_bytes(), &IngestOptions::default())
    }

    fn test(status: &str, name: &str, completion: &str) -> String {
        format!(
            "<Test Status=\"{status}\"><Name>{name}</Name><Path>./photo</Path><FullName>./photo/{name}</FullName><Results>
             <NamedMeasurement type=\"numeric/double\" name=\"Execution Time\"><Value>0.5</Value></NamedMeasurement>
             <NamedMeasurement type=\"text/string\" name=\"Completion Status\"><Value>{completion}</Value></NamedMeasurement>
             <Measurement><Value>&lt;Test Status=\"failed\"/&gt; output</Value></Measurement></Results></Test>"
        )
    }

    #[test]
    fn a_run_with_everything() {
        let tests = [
            test("passed", "crops", "Completed"),
            test("failed", "sends &amp; &#x73;igns", "Completed"),
            test("notrun", "flies", "Disabled"),
            test("notrun", "sings", "SKIP_RETURN_CODE=77"),
            test("notrun", "dives", "Unable to find executable"),
            test("odd", "hides", ""),
        ];
        let read = read(&format!(
            "<?xml version=\"1.0\"?><Site BuildName=\"Linux-c++\" BuildStamp=\"20260301-0900-Nightly\" Name=\"host\"><Testing>
             <StartDateTime>Mar 01 09:00 UTC</StartDateTime><StartTestTime>1772355600</StartTestTime>
             <TestList><Test>./photo/crops</Test></TestList>{}
             <EndTestTime>1772355607</EndTestTime><ElapsedMinutes>0.1</ElapsedMinutes></Testing></Site>",
            tests.concat()
        ));
        assert_eq!(read.rejects, []);
        let event = &read.events[0];
        assert_eq!(event.item, "ctest:Linux-c++@-@-@2026-03-01T09:00:07.000Z");
        let TestCounts { tests, passed, failed, errors, skipped, duration } =
            event.set.tests.clone().unwrap();
        assert_eq!([tests, passed, failed, errors, skipped], [6, 1, 1, 1, 3]);
        assert_eq!(duration.unwrap().millis(), 7_000);
        assert_eq!(event.set.result, Some(Outcome::Failure));
        assert_eq!(event.set.attributes["failing"], "sends & signs; dives");
        assert_eq!(read.ignored, [("status: odd".to_owned(), 1)].into());
    }

    #[test]
    fn minutes_stand_in_for_the_end() {
        let read = read(
            "<Site><Testing><StartTestTime>1772355600</StartTestTime><ElapsedMinutes>1.5</ElapsedMinutes></Testing></Site>",
        );
        assert_eq!(read.events[0].set.ends_at.unwrap().to_string(), "2026-03-01T09:01:30.000Z");
        assert_eq!(read.events[0].set.result, Some(Outcome::NotBuilt));
    }

    #[test]
    fn other_files_for_cdash_and_bad_times_are_rejected() {
        for (text, code) in [
            ("<Site><Build/></Site>", "invalid"),
            ("<Site><Testing><StartTestTime>soon</StartTestTime></Testing></Site>", "invalid"),
            (
                "<Site><Testing><StartTestTime>99999999999999999999</StartTestTime></Testing></Site>",
                "invalid",
            ),
            ("<Site><Testing/></Site>", "invalid"),
            ("<testsuite/>", "invalid"),
            ("<Site><Testing><Test>", "document"),
            ("<Site><Testing><Name>\0</Name></Testing></Site>", "document"),
        ] {
            let read = read(text);
            assert_eq!((read.events.len(), read.rejects[0].code.as_str()), (0, code), "{text}");
        }
    }
}
