//! Ruby over uniffi: each script in `vsm-ffi/tests/ruby` with the generated module on its path.

use std::process::Command;

use super::{Bindings, PartResult, run_scripts};
use crate::context::Context;
use crate::fetch::debian;
use crate::shell::{ask, run_and_keep};

/// Where the system's loader looks for libraries first.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

pub(super) fn run(name: &'static str, context: &Context, bindings: &Bindings) -> PartResult {
    let scripts = context.files("vsm-ffi/tests/ruby", &[".rb"]);
    run_scripts(name, &scripts, |script| {
        require_ruby()?;
        let modules = bindings.folder_with_library(".rb")?;
        run_and_keep(context.command("ruby").env(LIBRARY_PATH, &modules).arg("-I").arg(&modules).arg(script))
    })
}

fn require_ruby() -> Result<(), String> {
    if ask(Command::new("ruby").args(["-e", "require 'ffi'"])).is_some() {
        return Ok(());
    }
    debian::install(&["ruby", "ruby-ffi"], "install Ruby 3, then: gem install ffi")
}
