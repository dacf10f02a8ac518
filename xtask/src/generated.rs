//! Files that a tool writes and git keeps: written anew by `cargo xtask generate`, compared by `cargo xtask check`.

use std::fs;
use std::path::PathBuf;

use crate::bindings::{PACKAGES, prepared};
use crate::chosen;
use crate::context::Context;
use crate::fetch::npm;
use crate::shell::run;

const FILES: &[Generated] = &[
    Generated {
        name: "mirror",
        write: |context| mirror(context, false),
        check: |context| mirror(context, true),
    },
    Generated {
        name: "header",
        write: |context| header(context, false),
        check: |context| header(context, true),
    },
    Generated { name: "declarations", write: write_declarations, check: check_declarations },
];

const DECLARATIONS: &str = "vsm-node/index.d.ts";

struct Generated {
    name: &'static str,
    write: fn(&Context) -> Result<(), String>,
    check: fn(&Context) -> Result<(), String>,
}

/// Writes the files with these names, all without a name.
pub(crate) fn write(context: &Context, names: &[String]) -> Result<bool, String> {
    for file in chosen(FILES, |file| file.name, names)? {
        println!("\n== {} ==", file.name);
        (file.write)(context)?;
    }
    Ok(true)
}

/// Compares every file with what its tool would write now.
pub(crate) fn check(context: &Context) -> Result<(), String> {
    let stale: Vec<String> = FILES
        .iter()
        .filter_map(|file| (file.check)(context).err().map(|reason| format!("{} ({reason})", file.name)))
        .collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("{}; write them anew with `cargo xtask generate`", stale.join(", ")))
    }
}

/// The bindings' records, written from those of the core.
fn mirror(context: &Context, check: bool) -> Result<(), String> {
    let mut cargo = context.cargo(&["run", "--quiet", "--package", "vsm-mirror", "--"]);
    run(cargo.args(check.then_some("--check")))
}

/// The C header, written from the functions that vsm-ffi exports.
fn header(context: &Context, check: bool) -> Result<(), String> {
    let mut cargo = context.cargo(&["run", "--quiet", "--package", "vsm-bindgen", "--", "--header"]);
    run(cargo.args(check.then_some("--check")))
}

/// The TypeScript declarations, which napi writes while it compiles the addon.
fn declarations(context: &Context) -> Result<PathBuf, String> {
    npm::require_node()?;
    npm::install_locked(context, "vsm-node")?;
    let folder = context.target.join("napi");
    let mut napi = npm::npx(context, "vsm-node", &["napi", "build", "--no-const-enum", "--output-dir"]);
    // As the tests build it, so that they find it built.
    run(prepared(napi.arg(&folder).arg("--").args(PACKAGES)))?;
    Ok(folder.join("index.d.ts"))
}

fn write_declarations(context: &Context) -> Result<(), String> {
    let written = declarations(context)?;
    fs::copy(&written, context.root.join(DECLARATIONS))
        .map(drop)
        .map_err(|reason| format!("cannot copy {}: {reason}", written.display()))
}

fn check_declarations(context: &Context) -> Result<(), String> {
    let written = declarations(context)?;
    let read = |path: PathBuf| {
        fs::read_to_string(&path).map_err(|reason| format!("cannot read {}: {reason}", path.display()))
    };
    if read(written)? == read(context.root.join(DECLARATIONS))? {
        Ok(())
    } else {
        Err(format!("{DECLARATIONS} is stale"))
    }
}
