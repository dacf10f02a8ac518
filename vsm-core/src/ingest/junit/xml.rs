//! JUnit XML, read element by element; nothing of it is kept but counts, names and times.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::error::Error;
use crate::hash::HashMap;
use crate::model::TestCounts;

/// Elements inside elements; suites nest three or four deep in practice.
const DEEPEST: usize = 64;

/// What a document says.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) name: Option<String>,
    /// The first time stamp of a suite, as it stands.
    pub(super) timestamp: Option<String>,
    pub(super) seconds: Option<f64>,
    pub(super) counts: TestCounts,
    /// Tests that failed or could not be carried out, in order.
    pub(super) failing: Vec<String>,
    /// Test cases beyond the first of the same name.
    pub(super) repeated: u64,
}

/// Why a document can't be read, and on which line.
pub(super) struct Malformed {
    pub(super) line: u64,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// How a test went. Of several results of one test the worst counts; one that ran counts before one that didn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Skipped,
    Passed,
    Failed,
    Errored,
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

/// File, class and name of a test.
type Key = (String, String, String);

struct Case {
    outcome: Outcome,
    time: Option<f64>,
    /// Absent where it has no name: then it can't be told from others.
    key: Option<Key>,
}

pub(super) fn read(text: &[u8]) -> Result<Report, Malformed> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(Malformed {
            line: 1,
            code: "document",
            reason: "the text is UTF-16: save it as UTF-8".into(),
        });
    }
    // The reader would skip it too, but not count it in positions.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = Reader::from_reader(text);
    // Then every element has an end.
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event();
        let position = if event.is_err() { reader.error_position() } else { reader.buffer_position() };
        let step = match event {
            Ok(Event::Eof) => {
                return walk.end().map_err(|problem| problem.at(text, text.len() as u64));
            }
            Ok(Event::Start(element)) => walk.open(&element),
            Ok(Event::End(_)) => {
                walk.close();
                Ok(())
            }
            Ok(Event::DocType(_)) => {
                Err(Problem::document("a DTD is not read: it could define entities without end"))
            }
            Ok(Event::GeneralRef(entity)) => check_entity(&entity),
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::document(error.to_string())),
        };
        step.map_err(|problem| problem.at(text, position))?;
    }
}

struct Problem {
    code: &'static str,
    reason: String,
}

impl Problem {
    fn document(reason: impl Into<String>) -> Problem {
        Problem { code: "document", reason: reason.into() }
    }

    fn at(self, text: &[u8], position: u64) -> Malformed {
        let before = text.iter().take(usize::try_from(position).unwrap_or(usize::MAX));
        let line = before.filter(|byte| **byte == b'\n').count() as u64 + 1;
        Malformed { line, code: self.code, reason: self.reason }
    }
}

fn check_entity(entity: &BytesRef<'_>) -> Result<(), Problem> {
    let known = match entity.resolve_char_ref() {
        Ok(Some(_)) => true,
        Ok(None) => matches!(&**entity, b"lt" | b"gt" | b"amp" | b"apos" | b"quot"),
        Err(_) => false,
    };
    if known { Ok(()) } else { Err(unknown_entity(&String::from_utf8_lossy(entity))) }
}

fn unknown_entity(name: &str) -> Problem {
    Problem::document(format!(
        "the entity \"&{};\" is none of XML's own, and no other is read",
        crate::time::clip(name)
    ))
}

#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    began: bool,
    outermost: Option<String>,
    first_suite: Option<String>,
    report: Report,
    /// The tests in order, and where each named one stands.
    tests: Vec<(Option<Key>, Outcome)>,
    places: HashMap<Key, usize>,
}

impl Walk {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Problem> {
        if self.open.len() >= DEEPEST {
            return Err(Problem::document(format!("elements are nested more than {DEEPEST} deep")));
        }
        let name = element.local_name();
        let name = name.as_ref();
        if self.open.is_empty() {
            if self.began {
                return Err(Problem::document("there is a second document after the end of the first"));
            }
            self.began = true;
            if !matches!(name, b"testsuites" | b"testsuite") {
                let shown = String::from_utf8_lossy(name).into_owned();
                let error = Error::invalid(
                    "document",
                    format!(
                        "begins with <{}>, not with <testsuites> or <testsuite>: this is not JUnit XML",
                        crate::time::clip(&shown)
                    ),
                );
                return Err(Problem { code: error.code(), reason: error.to_string() });
            }
        }
        let frame = match (name, self.open.last_mut()) {
            (b"testsuites", None) | (b"testsuite", None | Some(Frame::Suite(_))) => {
                self.suite(element, name)?
            }
            (b"testcase", Some(Frame::Suite(_))) => case(element)?,
            (b"error", Some(Frame::Case(case))) => case.now(Outcome::Errored),
            (b"failure", Some(Frame::Case(case))) => case.now(Outcome::Failed),
            (b"skipped", Some(Frame::Case(case))) => case.now(Outcome::Skipped),
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn suite(&mut self, element: &BytesStart<'_>, name: &[u8]) -> Result<Frame, Problem> {
        let mut suite = Suite::default();
        let named = if name == b"testsuites" { &mut self.outermost } else { &mut self.first_suite };
        let timestamp = &mut self.report.timestamp;
        attributes(element, |key, value| match key {
            b"name" if named.is_none() && !value.trim().is_empty() => *named = Some(value.into_owned()),
            b"timestamp" if timestamp.is_none() && !value.trim().is_empty() => {
                *timestamp = Some(value.into_owned())
            }
            b"time" => suite.time = seconds(&value),
            b"tests" => suite.stated.tests = count(&value),
            b"failures" => suite.stated.failed = count(&value),
            b"errors" => suite.stated.errors = count(&value),
            b"skipped" | b"disabled" => {
                suite.stated.skipped = suite.stated.skipped.saturating_add(count(&value))
            }
            _ => {}
        })?;
        Ok(Frame::Suite(suite))
    }

    fn close(&mut self) {
        let (counted, time) = match self.open.pop() {
            Some(Frame::Suite(mut suite)) => {
                if !suite.counted && suite.stated.tests > 0 {
                    self.add_stated(&suite.stated);
                    suite.counted = true;
                }
                (suite.counted, suite.time.filter(|time| *time > 0.0).or(suite.time_inside).or(suite.time))
            }
            Some(Frame::Case(case)) => {
                let time = case.time;
                self.add_case(case);
                (true, time)
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
            _ => self.report.seconds = time,
        }
    }

    fn add_case(&mut self, case: Case) {
        if let Some(key) = &case.key {
            if let Some((_, outcome)) = self.places.get(key).and_then(|place| self.tests.get_mut(*place)) {
                *outcome = case.outcome.max(*outcome);
                self.report.repeated += 1;
                return;
            }
            self.places.insert(key.clone(), self.tests.len());
        }
        self.tests.push((case.key, case.outcome));
    }

    /// Counts that a suite states without telling its tests.
    fn add_stated(&mut self, stated: &TestCounts) {
        let counts = &mut self.report.counts;
        let not_passed = stated.failed.saturating_add(stated.errors).saturating_add(stated.skipped);
        counts.passed = counts.passed.saturating_add(stated.tests.saturating_sub(not_passed));
        counts.failed = counts.failed.saturating_add(stated.failed);
        counts.errors = counts.errors.saturating_add(stated.errors);
        counts.skipped = counts.skipped.saturating_add(stated.skipped);
    }

    fn end(mut self) -> Result<Report, Problem> {
        if !self.open.is_empty() {
            return Err(Problem::document("the text ends inside an element: it was cut off"));
        }
        if !self.began {
            return Err(Problem::document("there is no element in the text"));
        }
        let counts = &mut self.report.counts;
        for (key, outcome) in self.tests {
            let slot = match outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Skipped => &mut counts.skipped,
                Outcome::Failed => &mut counts.failed,
                Outcome::Errored => &mut counts.errors,
            };
            *slot = slot.saturating_add(1);
            if outcome >= Outcome::Failed {
                let name = match key {
                    Some((_, class, name)) if !class.is_empty() => format!("{class}.{name}"),
                    Some((_, _, name)) => name,
                    None => "a test without a name".into(),
                };
                self.report.failing.push(name);
            }
        }
        let all = [counts.passed, counts.failed, counts.errors, counts.skipped];
        counts.tests = u32::try_from(all.map(u64::from).iter().sum::<u64>())
            .map_err(|_| Problem::document("more tests are stated than can be counted"))?;
        self.report.name = self.outermost.or(self.first_suite);
        Ok(self.report)
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
    let mut case = Case { outcome: Outcome::Passed, time: None, key: None };
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

fn attributes(element: &BytesStart<'_>, mut take: impl FnMut(&[u8], Cow<'_, str>)) -> Result<(), Problem> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| Problem::document(error.to_string()))?;
        let raw = String::from_utf8_lossy(&attribute.value);
        let value = unescape(&raw).map_err(|error| Problem::document(error.to_string()))?;
        take(attribute.key.local_name().as_ref(), value);
    }
    Ok(())
}

fn count(text: &str) -> u32 {
    text.trim().parse().unwrap_or_default()
}

/// Seconds; a comma is a decimal mark by itself and groups digits beside a point (`1,234.5`).
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = if text.contains('.') { text.replace(',', "") } else { text.replace(',', ".") };
    plain.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}
