//! `cargo xtask check`: what holds for the whole repository, apart from its tests.

mod imports;
mod paths;

use std::fs;

use crate::chosen;
use crate::context::Context;
use crate::fetch::cargo_tool::Tool;
use crate::generated;
use crate::shell::run as run_program;

/// The steps, in the order they run: the quickest first.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "imports", run: imports::check },
    Step { name: "safety", run: safety },
    Step { name: "lints", run: lints },
    Step { name: "docs", run: docs },
    Step { name: "generated", run: generated::check },
    Step { name: "licences", run: licences },
];

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

struct Step {
    name: &'static str,
    run: fn(&Context) -> Result<(), String>,
}

/// Runs every step, also after one has failed, and prints a line for each; true if all hold.
pub(crate) fn run(context: &Context, names: &[String]) -> Result<bool, String> {
    let steps = chosen(STEPS, |step| step.name, names)?;
    let mut lines = Vec::new();
    let mut failed = 0;
    for step in steps {
        println!("\n== {} ==", step.name);
        match (step.run)(context) {
            Ok(()) => lines.push(format!("{:<10} holds", step.name)),
            Err(reason) => {
                failed += 1;
                lines.push(format!("{:<10} FAILED: {reason}", step.name));
            }
        }
    }
    println!("\n{}", lines.join("\n"));
    Ok(failed == 0)
}

fn format(context: &Context) -> Result<(), String> {
    run_program(&mut context.cargo(&["fmt", "--all", "--check"]))
}

fn lints(context: &Context) -> Result<(), String> {
    run_program(&mut context.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// The core's documentation is its book: a broken link in it is an error.
fn docs(context: &Context) -> Result<(), String> {
    let mut cargo = context.cargo(&["doc", "--package", "vsm-core", "--no-deps", "--all-features"]);
    run_program(cargo.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// The lint table of a manifest can be overridden in a module; this attribute cannot.
fn safety(context: &Context) -> Result<(), String> {
    let file = context.root.join("vsm-core/src/lib.rs");
    let text =
        fs::read_to_string(&file).map_err(|reason| format!("cannot read {}: {reason}", file.display()))?;
    let attribute = "#![forbid(unsafe_code)]";
    if text.lines().any(|line| line.trim() == attribute) {
        Ok(())
    } else {
        Err(format!("vsm-core/src/lib.rs has no {attribute}"))
    }
}

/// Advisories are left to the workflow: they change from day to day without a change here, and their database is
/// in no package registry.
fn licences(context: &Context) -> Result<(), String> {
    let program = CARGO_DENY.program(context)?;
    let arguments = ["--workspace", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    run_program(context.command(program).args(arguments))
}
