//! The Python package: its module built and put beside its sources, tested in a virtual environment of its own, its stubs
//! compared with the module.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PartResult, counts};
use crate::bindings;
use crate::context::{Context, copy_fresh};
use crate::fetch::debian;
use crate::shell::{self, ask, run_and_keep};
use crate::versions::first_version;

const OLDEST: (u32, u32) = (3, 10);
const SOURCES: &str = "vsm-py/python";

pub(super) fn run(context: &Context) -> Vec<PartResult> {
    let python = match set_up(context) {
        Ok(python) => python,
        Err(reason) => return vec![PartResult::could_not_run("python", reason)],
    };
    let module = |arguments: &[&str]| {
        let mut command = context.command(&python);
        command.env("PYTHONPATH", context.root.join(SOURCES)).arg("-m").args(arguments);
        command
    };
    let mut results = vec![
        PartResult::counted(
            "python",
            run_and_keep(&mut module(&["pytest", "--color=no", "vsm-py/tests"])),
            counts::pytest,
        ),
        PartResult::yes_or_no("python stubs", shell::run(&mut module(&["mypy.stubtest", "vsm"]))),
    ];
    let examples = context.files("examples/python", &[".py"]);
    if !examples.is_empty() {
        let outcome = shell::run(module(&["mypy", "--strict"]).args(examples));
        results.push(PartResult::yes_or_no("python examples", outcome));
    }
    results
}

/// The environment's Python, with what the tests need; the package is as it is now.
fn set_up(context: &Context) -> Result<PathBuf, String> {
    let environment = context.target.join("python-venv");
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join("python");
    if ask(Command::new(&python).args(["-m", "pip", "--version"])).is_none() {
        create(&environment)?;
    }
    let install = |what: &[&str]| {
        let mut command = context.command(&python);
        shell::run(command.args(["-m", "pip", "install", "--quiet"]).args(what))
    };
    // The first that reads the groups of a project.
    install(&["--upgrade", "pip>=25.1"])?;
    install(&["--group", "vsm-py/pyproject.toml:test"])?;
    bindings::build(context)?;
    let module = if cfg!(windows) { "_vsm.pyd" } else { "_vsm.abi3.so" };
    copy_fresh(&context.library("_vsm"), &context.root.join(SOURCES).join("vsm").join(module))?;
    Ok(python)
}

fn create(environment: &Path) -> Result<(), String> {
    let python = interpreter()?;
    let make = || shell::run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(environment));
    // Debian's Python comes without the module that puts pip into an environment.
    make().or_else(|_| {
        debian::install(&["python3-venv"], "install Python with its venv and pip modules")?;
        make()
    })
}

/// The Python that runs what needs no package: the first on the search path that is new enough.
pub(super) fn interpreter() -> Result<String, String> {
    let named = (OLDEST.1..=OLDEST.1 + 10).rev().map(|minor| format!("python3.{minor}"));
    ["python3".to_owned(), "python".to_owned()]
        .into_iter()
        .chain(named)
        .find(|name| {
            ask(Command::new(name).arg("--version")).as_deref().and_then(first_version) >= Some(OLDEST)
        })
        .ok_or_else(|| "Python 3.10 or newer is missing: install it so that python3 starts it".to_owned())
}
