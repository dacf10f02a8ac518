//! Writes what other languages need of vsm-ffi: the bindings from the compiled library, the C header from its source.
//!
//! ```text
//! vsm-bindgen <library> --language kotlin,swift,python,ruby --out <folder>
//! vsm-bindgen --header [--check]
//! ```

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths};
use uniffi_bindgen::{BindgenPaths, BindgenPathsLayer};

const USAGE: &str = "usage: vsm-bindgen <library> --language kotlin,swift,python,ruby --out <folder>
       vsm-bindgen --header [--check]";

/// The folder of vsm-ffi.
const FFI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vsm-ffi");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match *arguments.as_slice() {
        ["--header"] => header(false),
        ["--header", "--check"] => header(true),
        [library, "--language", languages, "--out", out] => bindings(library, languages, out),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Tells the generator where vsm-ffi keeps its `uniffi.toml`; no other crate of the library exports anything.
struct Ffi;

impl BindgenPathsLayer for Ffi {
    fn get_crate_root(&self, _crate_name: &str) -> Option<Utf8PathBuf> {
        Some(FFI.into())
    }
}

fn bindings(library: &str, languages: &str, out: &str) -> Result<(), String> {
    let languages = languages.split(',').map(language).collect::<Result<_, _>>()?;
    let options = GenerateOptions {
        languages,
        source: library.into(),
        out_dir: out.into(),
        ..GenerateOptions::default()
    };
    let mut paths = BindgenPaths::default();
    paths.add_layer(Ffi);
    generate_with_bindgen_paths(options, paths).map_err(|error| format!("{error:#}"))
}

fn language(name: &str) -> Result<TargetLanguage, String> {
    match name {
        "kotlin" => Ok(TargetLanguage::Kotlin),
        "swift" => Ok(TargetLanguage::Swift),
        "python" => Ok(TargetLanguage::Python),
        "ruby" => Ok(TargetLanguage::Ruby),
        other => Err(format!("no bindings for \"{other}\"\n{USAGE}")),
    }
}

/// Writes `vsm-ffi/include/vsm.h`, or compares it.
fn header(check: bool) -> Result<(), String> {
    let folder = Path::new(FFI);
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml"))?;
    let written = cbindgen::Builder::new()
        .with_config(config)
        .with_src(folder.join("src/c.rs"))
        .with_src(folder.join("src/c/live.rs"))
        .generate()
        .map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    written.write(&mut text);
    let file = folder.join("include/vsm.h");
    if !check {
        return fs::write(&file, text)
            .map_err(|error| format!("cannot write vsm-ffi/include/vsm.h: {error}"));
    }
    match fs::read(&file) {
        Ok(found) if found == text => Ok(()),
        _ => Err("stale: vsm-ffi/include/vsm.h".to_owned()),
    }
}
