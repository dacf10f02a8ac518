//! Writes the bindings' records from those of the core, or with `--check` compares what is there.
//!
//! A record of the core has one definition. What each language needs of it (a class, a struct, a stub) follows from
//! that definition, so it is written by this program and kept in git; a reader sees plain code.

mod api;
mod arrow;
mod ffi;
mod json;
mod node;
mod python;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use api::Api;

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => {
            eprintln!("usage: vsm-mirror [--check]");
            return ExitCode::FAILURE;
        }
    };
    match run(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<(), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).ok_or("this crate has left its workspace")?;
    let api = Api::read(&root.join("vsm-core/src"))?;
    let files =
        [json::emit(&api), arrow::emit(&api), python::emit(&api), node::emit(&api), ffi::emit(&api)].concat();
    let mut stale = Vec::new();
    for (path, mut text) in files {
        if path.extension().is_some_and(|extension| extension == "rs") {
            text = formatted(root, text)?;
        }
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            write(&file, &text).map_err(|reason| format!("cannot write {}: {reason}", path.display()))?;
            println!("wrote {}", path.display());
        }
    }
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale: {}; run `cargo xtask generate`", stale.join(", ")))
    }
}

fn write(file: &PathBuf, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)
}

/// As `cargo fmt` would leave it.
fn formatted(root: &Path, text: String) -> Result<String, String> {
    let complain = |error: std::io::Error| format!("cannot run rustfmt: {error}");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(complain)?;
    let mut input = rustfmt.stdin.take().ok_or("rustfmt takes no input")?;
    // Written from a thread of its own: rustfmt may fill its output before it has read all of its input.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = rustfmt.wait_with_output().map_err(complain)?;
    writer.join().map_err(|_| "the writer to rustfmt panicked")?.map_err(complain)?;
    if !output.status.success() {
        return Err("rustfmt refused a generated file".into());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
