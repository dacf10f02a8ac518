//! Where things are: the repository, the build directory, the files of a folder.

use std::env::consts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every part and every check is given.
pub(crate) struct Context {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Context {
    pub(crate) fn new() -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root").to_path_buf();
        // An absolute path stays itself under `join`; a relative one is taken from the root, as cargo does there.
        let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        Self { root, target }
    }

    /// A command that runs in the root of the repository.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments);
        command
    }

    /// Where `cargo build` puts what it makes.
    pub(crate) fn built(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The dynamic library that it makes of a crate.
    pub(crate) fn library(&self, library: &str) -> PathBuf {
        self.built().join(library_name(library))
    }

    /// Files directly in the folder (below the root) whose names end so, in order of name.
    pub(crate) fn files(&self, folder: &str, ends: &[&str]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.root.join(folder), ends, false, &mut found);
        found
    }
}

/// `libvsm_ffi.so`, `libvsm_ffi.dylib` or `vsm_ffi.dll`.
pub(crate) fn library_name(crate_name: &str) -> String {
    format!("{}{}{}", consts::DLL_PREFIX, crate_name.replace('-', "_"), consts::DLL_SUFFIX)
}

/// Files anywhere below the folder whose names end so, in order of path.
pub(crate) fn files_below(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, ends, true, &mut found);
    found
}

fn collect(folder: &Path, ends: &[&str], deep: bool, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if deep {
                collect(&path, ends, deep, found);
            }
        } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            found.push(path);
        }
    }
}

/// Copies under a fresh inode: a library that a running program has loaded is left to that program.
pub(crate) fn copy_fresh(from: &Path, to: &Path) -> Result<(), String> {
    if to.exists() {
        fs::remove_file(to).map_err(|reason| format!("cannot replace {}: {reason}", to.display()))?;
    }
    fs::copy(from, to)
        .map(drop)
        .map_err(|reason| format!("cannot copy {} to {}: {reason}", from.display(), to.display()))
}
