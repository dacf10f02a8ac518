//! The vectors that every language runs, here through the engine's JSON door. The format is in
//! `tests/vectors/README.md`.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vsm_core::{Adapter, AnyStream, Result, StoreFormat, StoreOptions, ValueStream, ingest_file};

use crate::messages;
use crate::store::Folder;

fn folders() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let more = std::env::var_os("VSM_VECTORS").unwrap_or_default();
    [own]
        .into_iter()
        .chain(std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()))
        .collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
}

/// Where two values differ; every key of the expected one counts, further ones of the actual one do not.
fn differences(at: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                let actual = got.get(key).unwrap_or(&Value::Null);
                differences(&format!("{at}.{key}"), value, actual, found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            if wanted.len() != got.len() {
                found.push(format!("{at}: expected {} elements, got {}: {actual}", wanted.len(), got.len()));
                return;
            }
            for (n, (expected, actual)) in wanted.iter().zip(got).enumerate() {
                differences(&format!("{at}[{n}]"), expected, actual, found);
            }
        }
        (Value::Number(wanted), Value::Number(got)) => {
            let (wanted, got) = (wanted.as_f64().unwrap(), got.as_f64().unwrap());
            if (wanted - got).abs() > 1e-9 * wanted.abs().max(1.0) {
                found.push(format!("{at}: expected {wanted}, got {got}"));
            }
        }
        _ if expected == actual => {}
        _ => found.push(format!("{at}: expected {expected}, got {actual}")),
    }
}

/// Answers a call; in a stream that has a store, what a tool wrote comes as a file.
fn answer(stream: &mut AnyStream, name: &str, arguments: &Value, folder: Option<&Folder>) -> Result<String> {
    let (Some(folder), "ingest") = (folder, name) else { return stream.call(name, &arguments.to_string()) };
    let Some(adapter) = arguments["adapter"].as_str().and_then(Adapter::from_word) else {
        return stream.call(name, &arguments.to_string());
    };
    let Ok(options) = serde_json::from_value(
        arguments.get("options").cloned().unwrap_or_else(|| Value::Object(Default::default())),
    ) else {
        return stream.call(name, &arguments.to_string());
    };
    let path = folder.file("text");
    std::fs::write(&path, arguments["text"].as_str().unwrap()).unwrap();
    let apply = |events| stream.change(|stream| stream.apply_batch(events));
    let input = ("text", File::open(path).unwrap());
    let run = ingest_file(adapter, input, &options, apply, |_| ControlFlow::Continue(()))?;
    Ok(serde_json::to_string(&run.report).unwrap())
}

/// Runs a vector in memory, or with a store that is closed between the events and the calls.
pub fn run(path: &Path, format: Option<StoreFormat>) -> Vec<String> {
    let folder = format.map(|_| Folder::new());
    let open = || match &folder {
        None => AnyStream::from(ValueStream::new()),
        Some(folder) => {
            let options = StoreOptions { format, sync_every: Some(0), ..StoreOptions::default() };
            AnyStream::open(folder.file("record"), &options).unwrap()
        }
    };
    let text = std::fs::read_to_string(path).unwrap();
    let vector: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut stream = open();
    let lines: Vec<String> = vector["events"].as_array().unwrap().iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let report = stream.change(|stream| stream.apply_json_lines(lines.as_bytes())).unwrap();
    let mut found = Vec::new();
    match vector.get("applied") {
        Some(expected) => {
            differences("applied", expected, &serde_json::to_value(&report).unwrap(), &mut found)
        }
        None if report.refused.is_empty() => {}
        None => found.push(format!("events were refused: {:?}", report.refused)),
    }
    if format.is_some() {
        stream.close().unwrap();
        stream = open();
    }
    for (n, step) in vector["calls"].as_array().unwrap().iter().enumerate() {
        let name = step["call"].as_str().unwrap();
        let mut arguments = step["args"].clone();
        if let Some(past) = step.get("as_of") {
            arguments["as_of"] = past.clone();
        }
        let at = format!("call {n} ({name})");
        match (answer(&mut stream, name, &arguments, folder.as_ref()), step.get("error")) {
            (Ok(answer), None) => {
                let answer: Value = serde_json::from_str(&answer).unwrap();
                // Its templates are no sentences.
                if name != "messages" {
                    messages::check(&answer);
                }
                differences(&at, &step["expect"], &answer, &mut found);
            }
            (Err(error), Some(expected)) => {
                let actual = serde_json::json!({ "code": error.code(), "message": error.to_string() });
                differences(&at, expected, &actual, &mut found);
            }
            (Ok(answer), Some(expected)) => {
                found.push(format!("{at}: expected the error {expected}, got {answer}"))
            }
            (Err(error), None) => found.push(format!("{at}: {error}")),
        }
    }
    let snapshot = stream.stream().to_snapshot();
    let again = ValueStream::from_snapshot(snapshot.as_bytes()).expect("a snapshot is read back");
    if again.to_snapshot() != snapshot {
        found.push("the snapshot does not come back byte for byte".into());
    }
    found
}

/// All vectors.
pub fn all() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in folders() {
        files(&folder, &mut paths);
    }
    assert!(!paths.is_empty(), "there are no vectors");
    paths
}

#[test]
fn vectors_give_what_they_say() {
    let paths = all();
    let mut failures = Vec::new();
    for path in &paths {
        for format in [None, Some(StoreFormat::Journal), Some(StoreFormat::Sqlite)] {
            let kept = format.map_or("memory", StoreFormat::as_str);
            let say = |failure| format!("{} in {kept}: {failure}", path.display());
            failures.extend(run(path, format).into_iter().map(say));
        }
    }
    println!("{} vectors", paths.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
