//! The dynamic libraries of the bindings, built by one command. Built apart, each would compile a core of its own, which is
//! most of the work: cargo gives what the core stands on the features that the packages of one command ask for.
//!
//! Without optimization, so that the tests of every language also run the checks that a release leaves out (overflow,
//! debug assertions).

use std::process::Command;

use crate::context::Context;
use crate::shell::run;

pub(crate) const PACKAGES: &[&str] =
    &["--package", "vsm-py", "--package", "vsm-node", "--package", "vsm-ffi"];

/// Builds them; what is built already is not built again.
pub(crate) fn build(context: &Context) -> Result<(), String> {
    run(prepared(context.cargo(&["build"]).args(PACKAGES)))
}

/// The environment that every build of them shares.
pub(crate) fn prepared(command: &mut Command) -> &mut Command {
    // An extension module leaves Python's symbols to the program that loads it.
    command.env("PYO3_BUILD_EXTENSION_MODULE", "1")
}
