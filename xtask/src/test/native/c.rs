//! C: each program in `vsm-ffi/tests/c` compiled against the header, linked with the library, run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PartResult, run_scripts};
use crate::context::Context;
use crate::shell::{ask, run as run_program, run_and_keep};

const FLAGS: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"];

pub(super) fn run(name: &'static str, context: &Context) -> PartResult {
    let sources = context.files("vsm-ffi/tests/c", &[".c"]);
    run_scripts(name, &sources, |source| {
        let program = compile(context, source)?;
        run_and_keep(&mut context.command(program))
    })
}

fn compile(context: &Context, source: &Path) -> Result<PathBuf, String> {
    let folder = context.target.join("native-c");
    fs::create_dir_all(&folder).map_err(|reason| format!("cannot make {}: {reason}", folder.display()))?;
    let program = folder.join(source.file_stem().unwrap_or_default());
    // The library by its path and not by -l: the static one of the same name is left alone.
    let library = context.library("vsm-ffi");
    run_program(
        context
            .command(compiler()?)
            .args(FLAGS)
            .arg("-I")
            .arg(context.root.join("vsm-ffi/include"))
            .arg("-o")
            .arg(&program)
            .args([source, &library])
            .arg(format!("-Wl,-rpath,{}", context.built().display())),
    )?;
    Ok(program)
}

fn compiler() -> Result<&'static str, String> {
    ["cc", "gcc", "clang"]
        .into_iter()
        .find(|name| ask(Command::new(name).arg("--version")).is_some())
        .ok_or_else(|| "a C compiler is missing. On Debian or Ubuntu: apt-get install gcc".to_owned())
}
