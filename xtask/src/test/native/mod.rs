//! The bindings that uniffi generates and the C header, each tried from its own language.

mod c;
mod kotlin;
mod python;
mod ruby;
mod swift;

use std::fs;
use std::path::{Path, PathBuf};

use super::{PartResult, counts};
use crate::bindings;
use crate::context::{Context, copy_fresh, files_below, library_name};
use crate::shell::{self, Finished};

const GENERATED: &[Language] = &[
    Language { name: "native python", run: python::run },
    Language { name: "native ruby", run: ruby::run },
    Language { name: "native kotlin", run: kotlin::run },
    Language { name: "native swift", run: swift::run },
];

struct Language {
    name: &'static str,
    run: fn(&'static str, &Context, &Bindings) -> PartResult,
}

/// What the bindgen tool wrote, in whatever folders it chose below this one.
struct Bindings {
    folder: PathBuf,
    library: PathBuf,
}

impl Bindings {
    /// The first generated file with this ending.
    fn file(&self, end: &str) -> Result<PathBuf, String> {
        let found = files_below(&self.folder, &[end]).into_iter().next();
        found.ok_or_else(|| format!("the bindgen tool wrote no {end} file into {}", self.folder.display()))
    }

    /// The folder of that file, with the library put into it: generated Python loads the library from there, and
    /// the others are told to.
    fn folder_with_library(&self, end: &str) -> Result<PathBuf, String> {
        let folder = self.file(end)?.parent().unwrap_or(&self.folder).to_path_buf();
        copy_fresh(&self.library, &folder.join(library_name("vsm-ffi")))?;
        Ok(folder)
    }
}

pub(super) fn run(context: &Context) -> Vec<PartResult> {
    if let Err(reason) = bindings::build(context) {
        return vec![PartResult::could_not_run("native", reason)];
    }
    let mut results = vec![c::run("native c", context)];
    let bindings = generate(context);
    for language in GENERATED {
        results.push(match &bindings {
            Ok(bindings) => (language.run)(language.name, context, bindings),
            Err(reason) => PartResult::could_not_run(language.name, reason.clone()),
        });
    }
    results
}

/// Generated anew each time, so that no file of an earlier run is tested.
fn generate(context: &Context) -> Result<Bindings, String> {
    let folder = context.target.join("bindings");
    let cannot = |what: &str, path: &Path, reason: std::io::Error| {
        format!("cannot {what} {}: {reason}", path.display())
    };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|reason| cannot("empty", &folder, reason))?;
    }
    fs::create_dir_all(&folder).map_err(|reason| cannot("make", &folder, reason))?;
    let library = context.library("vsm-ffi");
    shell::run(
        context
            .cargo(&["run", "--package", "vsm-bindgen", "--"])
            .arg(&library)
            .args(["--language", "kotlin,swift,python,ruby", "--out"])
            .arg(&folder),
    )?;
    Ok(Bindings { folder, library })
}

/// The test programs of one language, each ending with its own `N passed, N failed`, told as one line.
fn run_scripts(
    name: &'static str,
    scripts: &[PathBuf],
    run_one: impl Fn(&Path) -> Result<Finished, String>,
) -> PartResult {
    let mut sum = PartResult { name, passed: 0, failed: 0, note: String::new() };
    for script in scripts {
        let one = PartResult::counted(name, run_one(script), counts::plain);
        sum.passed += one.passed;
        sum.failed += one.failed;
        sum.note = if sum.note.is_empty() { one.note } else { format!("{}; {}", sum.note, one.note) };
    }
    if scripts.is_empty() {
        PartResult::could_not_run(name, "there is no test program".to_owned())
    } else {
        sum
    }
}
