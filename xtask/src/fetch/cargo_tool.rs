//! Tools that are crates: built from their locked source into the build directory when the machine has none.

use std::path::PathBuf;
use std::process::Command;

use crate::context::Context;
use crate::shell::{ask, run};

/// A crate with one program of the same name.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Exactly this one: another version may write other files or read other settings.
    pub(crate) version: &'static str,
}

impl Tool {
    /// The program, from the search path if its version is right there, else built once.
    pub(crate) fn program(&self, context: &Context) -> Result<PathBuf, String> {
        let root = context.target.join("tools");
        let built = root.join("bin").join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX));
        for program in [PathBuf::from(self.name), built.clone()] {
            if self.is_right(&program) {
                return Ok(program);
            }
        }
        let arguments =
            ["install", self.name, "--version", self.version, "--locked", "--debug", "--force", "--root"];
        run(context.cargo(&arguments).arg(root)).map(|()| built)
    }

    fn is_right(&self, program: &PathBuf) -> bool {
        ask(Command::new(program).arg("--version"))
            .is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }
}
