//! Files that a tool writes and git keeps: written anew by `cargo xtask generate`, compared by `cargo xtask check`.

use std::fs;
use std::path::PathBuf;

use crate::bindings;
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

const RENDER: &str = "
import { readFileSync, writeFileSync } from 'node:fs'
import { generateTypeDef } from '@napi-rs/cli'
const [types, file] = process.argv.slice(1)
const { napi } = JSON.parse(readFileSync('package.json', 'utf8'))
const options = { typeDefDir: types, dtsHeader: napi.dtsHeader, constEnum: false, cwd: process.cwd() }
writeFileSync(file, (await generateTypeDef(options)).dts)";

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

/// The TypeScript declarations, of the types that napi wrote down when it compiled the addon. napi's own `build` would do
/// both, for a core of its own.
fn declarations(context: &Context) -> Result<PathBuf, String> {
    npm::require_node()?;
    npm::install_locked(context, "vsm-node")?;
    bindings::build(context)?;
    let file = context.target.join("index.d.ts");
    let mut node = context.command("node");
    node.current_dir(context.root.join("vsm-node"));
    run(node.args(["--input-type=module", "--eval", RENDER]).args([&bindings::types(context), &file]))?;
    Ok(file)
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
