//! `cargo xtask test`: every test of every language, counted.

mod counts;
mod native;
mod node;
mod python;
mod rust;

use std::time::{Duration, Instant};

use crate::chosen;
use crate::context::Context;
use crate::shell::Finished;
use counts::Counts;

/// The parts, in the order they run: the quickest to tell of a mistake first.
const PARTS: &[Part] = &[
    Part { name: "rust", run: rust::run },
    Part { name: "python", run: python::run },
    Part { name: "node", run: node::run },
    Part { name: "native", run: native::run },
];

struct Part {
    name: &'static str,
    run: fn(&Context) -> Vec<PartResult>,
}

/// One line of the report at the end.
struct PartResult {
    name: &'static str,
    passed: u64,
    failed: u64,
    /// Why it failed where the counts do not say, and what was skipped.
    note: String,
}

impl PartResult {
    /// What could not run counts as one failure, so that nothing is left out in silence.
    fn of(name: &'static str, outcome: Result<Counts, String>) -> Self {
        match outcome {
            Ok(counts) if counts.passed + counts.failed == 0 => {
                Self::could_not_run(name, "ran no test".to_owned())
            }
            Ok(Counts { passed, failed, skipped }) => {
                let note =
                    if skipped == 0 { String::new() } else { format!("{skipped} skipped by its own tests") };
                Self { name, passed, failed, note }
            }
            Err(reason) => Self::could_not_run(name, reason),
        }
    }

    fn could_not_run(name: &'static str, reason: String) -> Self {
        Self { name, passed: 0, failed: 1, note: reason }
    }

    /// A tool that only says yes or no counts as one test.
    fn yes_or_no(name: &'static str, outcome: Result<(), String>) -> Self {
        Self::of(name, outcome.map(|()| Counts { passed: 1, ..Counts::default() }))
    }

    /// The counts that `read` finds in what a runner printed. A runner that failed without a failed test (it did
    /// not compile, it crashed) is itself a failure.
    fn counted(name: &'static str, finished: Result<Finished, String>, read: fn(&str) -> Counts) -> Self {
        let (counts, broken) = match finished {
            Ok(finished) => {
                let counts = read(&finished.text);
                let broken = !finished.success && counts.failed == 0;
                (counts, broken.then(|| format!("ended with {} and no failed test", finished.status)))
            }
            Err(reason) => return Self::could_not_run(name, reason),
        };
        match broken {
            Some(note) => Self { name, passed: counts.passed, failed: 1, note },
            None => Self::of(name, Ok(counts)),
        }
    }

    /// Says more beside the counts.
    fn remark(&mut self, text: &str) {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(text);
    }
}

/// Runs the parts and prints the report; true if nothing failed.
pub(crate) fn run(context: &Context, names: &[String]) -> Result<bool, String> {
    let parts = chosen(PARTS, |part| part.name, names)?;
    let mut lines = Vec::new();
    let mut total = Counts::default();
    for part in parts {
        println!("\n== {} ==", part.name);
        let begin = Instant::now();
        let results = (part.run)(context);
        let took = begin.elapsed();
        for (index, result) in results.into_iter().enumerate() {
            total.passed += result.passed;
            total.failed += result.failed;
            lines.push(line(&result, (index == 0).then_some(took)));
        }
    }
    println!("\n{}", lines.join("\n"));
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(total.failed == 0)
}

/// The time of a part with several lines stands on its first.
fn line(result: &PartResult, took: Option<Duration>) -> String {
    let PartResult { name, passed, failed, note } = result;
    let took = took.map_or(String::new(), |took| format!("{:.0} s", took.as_secs_f64()));
    format!("{name:<16} passed {passed:>5}  failed {failed:>3}  {took:>6}  {note}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Counts, Finished, PartResult, counts, line};

    fn counted(success: bool, text: &str) -> PartResult {
        let finished = Finished { success, status: "exit status: 1".to_owned(), text: text.to_owned() };
        PartResult::counted("c", Ok(finished), counts::plain)
    }

    #[test]
    fn a_runner_that_crashed_after_passing_tests_failed() {
        let result = counted(false, "3 passed, 0 failed\n");
        assert_eq!((result.passed, result.failed), (3, 1));
        assert_eq!(
            line(&result, None),
            "c                passed     3  failed   1          ended with exit status: 1 and no failed test"
        );
    }

    #[test]
    fn a_failed_test_is_counted_once() {
        let result = counted(false, "3 passed, 2 failed\n");
        assert_eq!((result.passed, result.failed, result.note.as_str()), (3, 2, ""));
    }

    #[test]
    fn a_part_without_a_test_failed() {
        let result = counted(true, "nothing here\n");
        assert_eq!((result.passed, result.failed, result.note.as_str()), (0, 1, "ran no test"));
    }

    #[test]
    fn skipped_tests_are_told() {
        let result = PartResult::of("python", Ok(Counts { passed: 2, failed: 0, skipped: 1 }));
        assert_eq!(result.note, "1 skipped by its own tests");
    }
}
