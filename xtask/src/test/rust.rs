//! The Rust tests: unit, doc, integration and property tests, and that every example compiles.

use super::{PartResult, counts};
use crate::context::Context;
use crate::shell::run_and_keep;

/// Tested through their host languages: they link only inside one. The bindgen tool is the longest compile of all
/// and is run, with what it makes, by the native part.
const TESTED_ELSEWHERE: &[&str] = &["vsm-py", "vsm-node", "vsm-ffi", "vsm-bindgen"];

pub(super) fn run(context: &Context) -> Vec<PartResult> {
    // `cargo test` builds the examples too.
    let mut cargo = context.cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    for package in TESTED_ELSEWHERE {
        cargo.args(["--exclude", package]);
    }
    let mut result = PartResult::counted("rust", run_and_keep(&mut cargo), counts::cargo);
    let archives = std::env::var_os("VSM_SHARED_DATA")
        .map_or_else(|| context.root.join("../shared/data"), |path| context.root.join(path));
    if !archives.is_dir() {
        result.remark("without the checks against real archives, which are not part of the repository");
    }
    vec![result]
}
