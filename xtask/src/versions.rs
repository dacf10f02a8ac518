//! Reading a version number out of what a program prints.

use std::process::Command;

use crate::shell::ask;

/// The first `major.minor` in a text such as `v20.20.2` or `openjdk version "17.0.15" 2025-04-15`.
pub(crate) fn first_version(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

/// Asks the program for its version; an error says what is missing or too old, and ends with `remedy`.
pub(crate) fn require(mut command: Command, least: (u32, u32), remedy: &str) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (major, minor) = least;
    match ask(&mut command).as_deref().and_then(first_version) {
        Some(found) if found >= least => Ok(()),
        Some(found) => Err(format!(
            "{program} is {}.{} and has to be {major}.{minor} or newer: {remedy}",
            found.0, found.1
        )),
        None => Err(format!("{program} is missing: {remedy}")),
    }
}

#[cfg(test)]
mod tests {
    use super::first_version;

    #[test]
    fn reads_the_versions_that_programs_print() {
        assert_eq!(first_version("v20.20.2"), Some((20, 20)));
        assert_eq!(first_version("openjdk version \"17.0.15\" 2025-04-15"), Some((17, 0)));
        assert_eq!(first_version("openjdk 26.0.1 2026-04-21"), Some((26, 0)));
        assert_eq!(first_version("Python 3.10.0rc1"), Some((3, 10)));
        assert_eq!(first_version("cargo-deny 0.20.2"), Some((0, 20)));
        assert_eq!(first_version("no number."), None);
    }
}
