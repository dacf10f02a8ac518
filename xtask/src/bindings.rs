//! The dynamic libraries of the bindings, built by one command. Built apart, each would compile a core of its own, which is
//! most of the work: cargo gives what the core stands on the features that the packages of one command ask for.
//!
//! Without optimization, so that the tests of every language also run the checks that a release leaves out (overflow,
//! debug assertions).

use std::fs;
use std::path::PathBuf;

use crate::context::Context;
use crate::shell::run;

const PACKAGES: &[&str] = &["vsm-py", "vsm-node", "vsm-ffi"];

/// Builds them; what is built already is not built again.
pub(crate) fn build(context: &Context) -> Result<(), String> {
    let types = types(context);
    fs::create_dir_all(&types).map_err(|reason| format!("cannot make {}: {reason}", types.display()))?;
    let mut cargo = context.cargo(&["build"]);
    cargo.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    // An extension module leaves Python's symbols to the program that loads it.
    cargo.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    run(cargo.env("NAPI_TYPE_DEF_TMP_FOLDER", types))
}

/// The folder that napi writes down in what types it exports.
pub(crate) fn types(context: &Context) -> PathBuf {
    context.target.join("napi-types")
}
