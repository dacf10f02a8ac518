//! Packages of npm: those a folder's lock file names, and single ones with their version.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::context::Context;
use crate::shell::run;
use crate::versions::require;

const REMEDY: &str = "install Node.js 20 or newer with npm";

pub(crate) fn require_node() -> Result<(), String> {
    let mut node = Command::new("node");
    node.arg("--version");
    require(node, (20, 0), REMEDY)?;
    let mut npm = Command::new(program("npm"));
    npm.arg("--version");
    require(npm, (9, 0), REMEDY)
}

/// Makes `node_modules` of the folder what its lock file says; nothing is done when it already is.
pub(crate) fn install_locked(context: &Context, folder: &str) -> Result<(), String> {
    let folder = context.root.join(folder);
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|file| file.modified()).ok();
    // npm leaves its own copy of the lock file in node_modules.
    let installed: Option<SystemTime> = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    run(Command::new(program("npm")).current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]))
}

/// Installs one package of one version under `prefix`, unless it is there.
pub(crate) fn install_one(prefix: &Path, package: &str, version: &str) -> Result<(), String> {
    let manifest = prefix.join("node_modules").join(package).join("package.json");
    let wanted = format!("\"version\": \"{version}\"");
    if fs::read_to_string(manifest).is_ok_and(|text| text.contains(&wanted)) {
        return Ok(());
    }
    fs::create_dir_all(prefix).map_err(|reason| format!("cannot make {}: {reason}", prefix.display()))?;
    run(Command::new(program("npm"))
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
        .arg(prefix)
        .arg(format!("{package}@{version}")))
}

/// A program that a package in the folder's `node_modules` brings.
pub(crate) fn npx(context: &Context, folder: &str, arguments: &[&str]) -> Command {
    let mut command = context.command(program("npx"));
    command.current_dir(context.root.join(folder)).args(["--no", "--"]).args(arguments);
    command
}

fn program(name: &str) -> String {
    if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() }
}
