//! Counting the tests of a run by one rule for all formats.

use std::collections::BTreeMap;

use super::xml::Problem;
use crate::hash::HashMap;
use crate::model::TestCounts;

/// How many kinds of things to ignore are counted.
const MOST_WORDS: usize = 50;

/// How a test went. Of several results of one test the worst counts; one that ran counts before one that didn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Skipped,
    Passed,
    Failed,
    Errored,
}

/// File, class and name of a test.
pub(super) type Key = (String, String, String);

struct Test {
    /// Absent where it has no name: then it can't be told from others.
    key: Option<Key>,
    outcome: Outcome,
    /// Whether an attempt at it failed.
    failed_once: bool,
}

/// The tests of a run as they come in.
#[derive(Default)]
pub(super) struct Tally {
    /// Whether cases of one name are attempts, of which the last counts.
    retries: bool,
    /// In order, and where each named one stands.
    tests: Vec<Test>,
    places: HashMap<Key, usize>,
    /// Counts of suites that tell no tests.
    stated: TestCounts,
    /// Words that were not understood and the like, each with how often.
    ignored: BTreeMap<String, u64>,
}

/// What was counted.
pub(super) struct Counted {
    pub(super) counts: TestCounts,
    /// Tests that failed or could not be carried out, in order.
    pub(super) failing: Vec<String>,
    /// Tests that passed after an attempt that failed, in order.
    pub(super) flaky: Vec<String>,
    pub(super) ignored: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn new(retries: bool) -> Tally {
        Tally { retries, ..Tally::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty() && self.stated.tests == 0
    }

    /// Counts a test; `failed_once` where its own record tells of an attempt that failed.
    pub(super) fn add(&mut self, key: Option<Key>, outcome: Outcome, failed_once: bool) {
        if let Some(key) = &key {
            if let Some(test) = self.places.get(key).and_then(|place| self.tests.get_mut(*place)) {
                test.failed_once |= failed_once || test.outcome >= Outcome::Failed;
                // An attempt that was left out says nothing of the others.
                let last_counts = self.retries && outcome != Outcome::Skipped;
                test.outcome = if last_counts { outcome } else { outcome.max(test.outcome) };
                self.ignore("repeated test case".into());
                return;
            }
            self.places.insert(key.clone(), self.tests.len());
        }
        self.tests.push(Test { key, outcome, failed_once });
    }

    /// Counts that a suite states without telling its tests.
    pub(super) fn add_stated(&mut self, stated: &TestCounts) {
        let counts = &mut self.stated;
        let not_passed = stated.failed.saturating_add(stated.errors).saturating_add(stated.skipped);
        counts.tests = counts.tests.saturating_add(stated.tests);
        counts.passed = counts.passed.saturating_add(stated.tests.saturating_sub(not_passed));
        counts.failed = counts.failed.saturating_add(stated.failed);
        counts.errors = counts.errors.saturating_add(stated.errors);
        counts.skipped = counts.skipped.saturating_add(stated.skipped);
    }

    pub(super) fn ignore(&mut self, what: String) {
        // The input decides over the words: some of them are enough.
        if self.ignored.len() < MOST_WORDS || self.ignored.contains_key(&what) {
            *self.ignored.entry(what).or_default() += 1;
        }
    }

    pub(super) fn finish(self) -> Result<Counted, Problem> {
        let mut counts = self.stated;
        let (mut failing, mut flaky) = (Vec::new(), Vec::new());
        for test in self.tests {
            let slot = match test.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Skipped => &mut counts.skipped,
                Outcome::Failed => &mut counts.failed,
                Outcome::Errored => &mut counts.errors,
            };
            *slot = slot.saturating_add(1);
            let name = || match &test.key {
                Some((_, class, name)) if !class.is_empty() => format!("{class}.{name}"),
                Some((_, _, name)) => name.clone(),
                None => "a test without a name".into(),
            };
            match test.outcome {
                Outcome::Failed | Outcome::Errored => failing.push(name()),
                Outcome::Passed if test.failed_once => flaky.push(name()),
                Outcome::Passed | Outcome::Skipped => {}
            }
        }
        let all = [counts.passed, counts.failed, counts.errors, counts.skipped];
        counts.tests = u32::try_from(all.map(u64::from).iter().sum::<u64>())
            .map_err(|_| Problem::document("more tests are stated than can be counted"))?;
        Ok(Counted { counts, failing, flaky, ignored: self.ignored })
    }
}
