//! Packages of Debian and its descendants, installed only where that needs no question: as root.

use std::process::Command;

use crate::shell::{ask, run};

/// Installs the packages, or says what is missing and how to get it; `elsewhere` is for other systems.
pub(crate) fn install(packages: &[&str], elsewhere: &str) -> Result<(), String> {
    let names = packages.join(" ");
    let remedy = format!(
        "missing: {names}. On Debian or Ubuntu: apt-get install {names} (as root). Elsewhere: {elsewhere}"
    );
    let root = ask(Command::new("id").arg("-u")).as_deref() == Some("0");
    let debian = ask(Command::new("apt-get").arg("--version")).is_some();
    if !(root && debian) {
        return Err(remedy);
    }
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
            .map_err(|reason| format!("{remedy} ({reason})"))
    };
    let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    arguments.extend(packages);
    // The package lists of a new machine are empty, those of an old one stale: fetched only where that shows.
    apt(&arguments).or_else(|_| {
        apt(&["update", "--quiet"])?;
        apt(&arguments)
    })
}
