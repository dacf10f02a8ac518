//! The npm package: the addon built and put where the package loads it, tested, its declarations type-checked.

use super::{PartResult, counts};
use crate::bindings;
use crate::context::{Context, copy_fresh};
use crate::fetch::npm;
use crate::shell::{self, run_and_keep};

pub(super) fn run(context: &Context) -> Vec<PartResult> {
    if let Err(reason) = set_up(context) {
        return vec![PartResult::could_not_run("node", reason)];
    }
    // By name: Node 20 takes a folder here, later versions a pattern, all of them files.
    let tests = context.files("vsm-node/tests", &[".test.mjs", ".test.cjs", ".test.js"]);
    let mut node = context.command("node");
    node.args(["--test", "--test-reporter=tap"]).args(tests);
    vec![
        PartResult::counted("node", run_and_keep(&mut node), counts::tap),
        PartResult::yes_or_no("node types", check_types(context)),
    ]
}

fn set_up(context: &Context) -> Result<(), String> {
    npm::require_node()?;
    bindings::build(context)?;
    copy_fresh(&context.library("vsm-node"), &context.root.join("vsm-node/vsm.node"))
}

fn check_types(context: &Context) -> Result<(), String> {
    npm::install_locked(context, "vsm-node")?;
    shell::run(&mut npm::npx(context, "vsm-node", &["tsc", "--noEmit", "--project", "tests/tsconfig.json"]))
}
