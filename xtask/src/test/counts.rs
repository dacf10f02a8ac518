//! Reading how many tests passed and failed from what each runner prints.

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Counts {
    /// Adds what a piece such as `12 passed` says; words that are none of ours are passed over.
    fn add(&mut self, number: u64, word: &str) {
        match word {
            "passed" | "pass" | "xpassed" => self.passed += number,
            // pytest counts what broke outside a test as an error; node counts what was cancelled apart.
            "failed" | "fail" | "error" | "errors" | "cancelled" => self.failed += number,
            "skipped" | "ignored" | "todo" | "xfailed" => self.skipped += number,
            _ => {}
        }
    }

    fn pieces(text: &str, separators: &[char]) -> Self {
        let mut counts = Self::default();
        for piece in text.split(separators) {
            let mut words = piece.split_whitespace();
            if let (Some(Ok(number)), Some(word)) = (words.next().map(str::parse), words.next()) {
                counts.add(number, word);
            }
        }
        counts
    }
}

/// `cargo test`: a line `test result: ok. 12 passed; 0 failed; 1 ignored; …` for each test program.
pub(super) fn cargo(text: &str) -> Counts {
    let mut sum = Counts::default();
    for result in text.lines().filter_map(|line| line.split_once("test result: ")) {
        let Some((_, pieces)) = result.1.split_once(". ") else { continue };
        let counts = Counts::pieces(pieces, &[';']);
        sum.passed += counts.passed;
        sum.failed += counts.failed;
        sum.skipped += counts.skipped;
    }
    sum
}

/// pytest: the last line `=== 1 failed, 12 passed, 2 skipped in 0.31s ===`.
pub(super) fn pytest(text: &str) -> Counts {
    let closing =
        text.lines().rev().map(|line| line.trim_matches(['=', ' '])).find(|line| line.contains(" in "));
    closing
        .and_then(|line| line.rsplit_once(" in "))
        .map_or(Counts::default(), |(pieces, _)| Counts::pieces(pieces, &[',']))
}

/// node's TAP report: closing comments `# pass 12`, `# fail 0`, `# cancelled 0`, `# skipped 0`.
pub(super) fn tap(text: &str) -> Counts {
    let mut counts = Counts::default();
    for comment in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        if let Some((word, Ok(number))) =
            comment.split_once(' ').map(|(word, number)| (word, number.trim().parse()))
        {
            counts.add(number, word);
        }
    }
    counts
}

/// Our own test programs: the last line `12 passed, 0 failed`.
pub(super) fn plain(text: &str) -> Counts {
    let closing =
        text.lines().rev().find(|line| line.contains(" passed, ") && line.trim_end().ends_with(" failed"));
    closing.map_or(Counts::default(), |line| Counts::pieces(line, &[',']))
}

#[cfg(test)]
mod tests {
    use super::{Counts, cargo, plain, pytest, tap};

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn cargo_sums_over_the_test_programs() {
        let text = "
running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests vsm_core
test result: FAILED. 5 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s
";
        assert_eq!(cargo(text), counts(7, 1, 1));
        assert_eq!(cargo("error: could not compile `vsm-core`"), counts(0, 0, 0));
    }

    #[test]
    fn pytest_counts_errors_as_failures() {
        let text =
            "ran in circles\n====== 1 failed, 12 passed, 2 skipped, 3 warnings, 1 error in 0.31s ======\n";
        assert_eq!(pytest(text), counts(12, 2, 2));
        assert_eq!(pytest("12 passed in 61.02s (0:01:01)\n"), counts(12, 0, 0));
        assert_eq!(pytest("===== no tests ran in 0.01s =====\n"), counts(0, 0, 0));
        assert_eq!(pytest("Traceback (most recent call last)\n"), counts(0, 0, 0));
    }

    #[test]
    fn tap_reads_the_closing_comments_only() {
        let text = "TAP version 13\n# Subtest: pass 9 gates\n    # pass 7\nok 1 - a\n1..3\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n# todo 0\n# duration_ms 52.1\n";
        assert_eq!(tap(text), counts(2, 2, 0));
    }

    #[test]
    fn plain_takes_the_last_line_of_its_form() {
        assert_eq!(plain("1 passed, 0 failed\nmore\n12 passed, 3 failed\nbye\n"), counts(12, 3, 0));
        assert_eq!(plain("Segmentation fault\n"), counts(0, 0, 0));
    }
}
