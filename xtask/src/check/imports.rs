//! Who may import whom in vsm-core. The two tables below are the rules; the rest applies them.

use std::fs;
use std::path::Path;

use super::paths::{NamedPath, paths};
use crate::context::{Context, files_below};

/// Rooms that every other room may import, and that import only each other.
const FOUNDATION: &[&str] = &["error", "time", "calendar", "text_enum", "hash", "texts"];

/// Every other room of the core, with the rooms that it may import besides the foundation. From below to above: a
/// room imports only what stands before it in this table, so that nobody walks back.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("late", &[]),
    ("record", &["model", "late"]),
    ("claims", &["late"]),
    ("links", &["model", "late", "record", "claims"]),
    ("graph", &["model"]),
    ("names", &[]),
    ("lives", &["model", "record", "names"]),
    ("stream", &["model", "record", "links", "graph", "names", "lives"]),
    ("join", &["model", "graph", "stream"]),
    ("view", &["model", "record", "links", "graph", "lives", "stream"]),
    ("news", &["model", "record", "graph", "stream"]),
    ("commits", &["model", "graph", "stream"]),
    ("correlate", &["model", "record", "graph", "stream"]),
    ("analyze", &["model", "record", "graph", "lives", "stream", "news", "correlate"]),
    ("arrow", &["model", "stream", "analyze"]),
    ("document", &["model", "stream"]),
    ("ocel", &["model", "stream", "document"]),
    ("ingest", &["model", "document"]),
    ("intake", &["stream", "ingest", "correlate"]),
    ("run", &["model", "stream", "ingest", "intake"]),
    ("call", &["model", "stream", "correlate", "analyze", "arrow", "document", "ingest"]),
    ("store", &["model", "stream", "correlate", "document", "ingest", "intake", "run", "call"]),
];

/// Rooms that no other crate may see, not even by a re-export.
const PRIVATE: &[&str] = &["graph"];

/// What lies outside the core, the rooms that may name it, and why the others may not. A name of one word is that
/// of a crate; a longer one is found anywhere in a path, so `chrono::Utc::now` is caught by `Utc::now`.
const OUTSIDE: &[(&str, &[&str], &str)] = &[
    ("petgraph", &["graph"], "its next release is a rewrite: one room only depends on it"),
    ("csv", &["ingest"], "payloads are read in one room only"),
    ("quick_xml", &["ingest"], "payloads are read in one room only"),
    ("rusqlite", &["store"], "the record is kept in one room only"),
    ("arrow_array", &["arrow", "ingest", "intake"], "only answers become columns, and columns events"),
    ("arrow_buffer", &["arrow", "ingest"], "only answers become columns, and columns events"),
    ("arrow_ipc", &["arrow", "ingest"], "only answers become columns, and columns events"),
    ("arrow_schema", &["arrow", "ingest", "intake"], "only answers become columns, and columns events"),
    ("sha2", &["store"], "the record is kept in one room only"),
    ("crc32fast", &["store"], "the record is kept in one room only"),
    ("fs4", &["store"], "the record is kept in one room only"),
    ("std::fs", &["store"], "the core takes bytes, not files; only the record has one, behind its features"),
    ("std::net", &[], "the core takes bytes, not connections"),
    ("std::env", &[], "no answer depends on the environment"),
    ("std::process", &["store"], "the core starts nothing and ends nothing; only a lock asks whose it is"),
    ("std::time::SystemTime", &[], "the caller says what time it is"),
    ("std::time::Instant", &[], "the caller says what time it is"),
    ("Utc::now", &[], "the caller says what time it is"),
    ("Local::now", &[], "the caller says what time it is"),
    (
        "std::collections::HashMap",
        &[],
        "its order differs from run to run; crate::hash has one that keeps still",
    ),
    (
        "std::collections::HashSet",
        &[],
        "its order differs from run to run; crate::hash has one that keeps still",
    ),
    ("rand", &[], "the same input gives the same answer"),
    ("getrandom", &[], "the same input gives the same answer"),
];

pub(super) fn check(context: &Context) -> Result<(), String> {
    let source = context.root.join("vsm-core/src");
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|reason| format!("cannot read {}: {reason}", path.display()))
    };
    let root = Root::new(&read(&source.join("lib.rs"))?);
    let mut broken = 0;
    // What a module's tests need to bring it into a state is no part of the house.
    let is_test = |file: &Path| file.components().any(|part| part.as_os_str() == "tests");
    for file in files_below(&source, &[".rs"]).into_iter().filter(|file| !is_test(file)) {
        let module = module_of(file.strip_prefix(&source).unwrap_or(&file));
        for offence in offences(&module, &read(&file)?, &root) {
            broken += 1;
            println!("{}:{offence}", file.strip_prefix(&context.root).unwrap_or(&file).display());
        }
    }
    if broken == 0 {
        Ok(())
    } else {
        Err(format!("{broken} imports against the rules of xtask/src/check/imports.rs"))
    }
}

/// What `lib.rs` re-exports, since `crate::Event` names the room that `Event` comes from.
struct Root {
    exports: Vec<NamedPath>,
}

impl Root {
    fn new(library: &str) -> Self {
        Self { exports: paths(library) }
    }

    fn room_of<'a>(&'a self, name: &'a str) -> &'a str {
        if may_import(name).is_some() {
            return name;
        }
        let export =
            self.exports.iter().find(|export| export.segments.last().is_some_and(|last| last == name));
        export.map_or(name, |export| &export.segments[usize::from(export.segments[0] == "crate")])
    }
}

/// What breaks a rule in one file, each with its line.
fn offences(module: &[String], source: &str, root: &Root) -> Vec<String> {
    let room = module.first().map_or("lib", String::as_str);
    let mut found = Vec::new();
    if room != "lib" && may_import(room).is_none() {
        found.push(format!("1: the room {room} has no rule"));
    }
    for path in paths(source) {
        let offence = match inside(module, &path, root) {
            Some(target) if room == "lib" => {
                PRIVATE.contains(&target).then(|| format!("{target} is private"))
            }
            Some(target) => forbidden_inside(room, target),
            None => forbidden_outside(room, &path),
        };
        found.extend(offence.map(|why| format!("{}: {} ({why})", path.line, path.segments.join("::"))));
    }
    if room == "lib" {
        let public =
            |name: &&&str| source.lines().any(|line| line.trim().starts_with(&format!("pub mod {name}")));
        found.extend(
            PRIVATE.iter().filter(public).map(|name| format!("1: {name} is private and has no `pub mod`")),
        );
    }
    found
}

/// The room that a path leads into, or None if it leads out of the core or stays among local names.
fn inside<'a>(module: &[String], path: &'a NamedPath, root: &'a Root) -> Option<&'a str> {
    let segments = &path.segments;
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    match segments[0].as_str() {
        "crate" => segments.get(1).map(|name| root.room_of(name)),
        "super" if ups >= module.len() => segments.get(ups).map(|name| root.room_of(name)),
        // In lib.rs the rooms are children and are named without `crate`.
        first if module.is_empty() && (first == "self" || may_import(first).is_some()) => {
            segments.get(usize::from(first == "self")).map(|name| root.room_of(name))
        }
        _ => None,
    }
}

fn may_import(room: &str) -> Option<&'static [&'static str]> {
    if FOUNDATION.contains(&room) {
        return Some(&[]);
    }
    ROOMS.iter().find(|rule| rule.0 == room).map(|rule| rule.1)
}

fn forbidden_inside(room: &str, target: &str) -> Option<String> {
    let allowed = may_import(room)?;
    if target == room || FOUNDATION.contains(&target) || allowed.contains(&target) {
        None
    } else if may_import(target).is_some() {
        Some(format!("{room} may not import {target}"))
    } else {
        Some(format!("{target} is no room with a rule"))
    }
}

fn forbidden_outside(room: &str, path: &NamedPath) -> Option<String> {
    let rule = OUTSIDE.iter().find(|(name, rooms, _)| {
        let wanted: Vec<&str> = name.split("::").collect();
        let named = if wanted.len() == 1 {
            path.segments[0] == *name
        } else {
            path.segments.windows(wanted.len()).any(|window| window == wanted)
        };
        named && !rooms.contains(&room)
    });
    rule.map(|(_, _, why)| (*why).to_owned())
}

/// `analyze/flow.rs` is `analyze::flow`; `lib.rs` is the root.
fn module_of(file: &Path) -> Vec<String> {
    let mut segments: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if segments.last().is_some_and(|last| last == "mod" || last == "lib") {
        segments.pop();
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::{ROOMS, Root, module_of, offences};
    use std::path::Path;

    const LIBRARY: &str = "mod graph;\npub mod model;\npub use model::{Event, Item};\npub use error::Error;";

    fn found(file: &str, source: &str) -> Vec<String> {
        offences(&module_of(Path::new(file)), source, &Root::new(LIBRARY))
    }

    #[test]
    fn a_room_imports_what_stands_below_it() {
        let source =
            "use crate::{model::Item, stream::ValueStream, time};\nuse super::flow;\nuse crate::Error;";
        assert!(found("analyze/scope.rs", source).is_empty());
        assert!(found("graph.rs", "use petgraph::stable_graph as sg; use super::model::Item;").is_empty());
        assert!(found("lib.rs", LIBRARY).is_empty());
    }

    #[test]
    fn the_table_stands_in_its_order() {
        for (index, (room, below)) in ROOMS.iter().enumerate() {
            for name in *below {
                assert!(ROOMS[..index].iter().any(|rule| rule.0 == *name), "{room} walks back to {name}");
            }
        }
    }

    #[test]
    fn nobody_walks_back() {
        assert_eq!(
            found("analyze/flow.rs", "\nuse crate::ingest::jira;"),
            ["2: crate::ingest::jira (analyze may not import ingest)"]
        );
        assert_eq!(
            found("model/item.rs", "use super::super::stream::S;"),
            ["1: super::super::stream::S (model may not import stream)"]
        );
        assert_eq!(
            found("time.rs", "fn f(e: crate::Event) {}"),
            ["1: crate::Event (time may not import model)"]
        );
        assert_eq!(
            found("model.rs", "use crate::nowhere::X;"),
            ["1: crate::nowhere::X (nowhere is no room with a rule)"]
        );
        assert_eq!(found("attic.rs", ""), ["1: the room attic has no rule"]);
    }

    #[test]
    fn the_graph_stays_private() {
        let offences = found("lib.rs", "pub mod graph;\npub use graph::Graph;");
        assert_eq!(
            offences,
            ["2: graph::Graph (graph is private)", "1: graph is private and has no `pub mod`"]
        );
        assert_eq!(found("stream.rs", "use petgraph as pg;").len(), 1);
    }

    #[test]
    fn the_core_has_no_clock_no_files_and_no_chance() {
        let source = "use std::{fs, env};\nlet now = chrono::Utc::now();\nuse std::collections::BTreeMap;\nlet i = rand::random();";
        assert_eq!(found("stream.rs", source).len(), 4);
        assert!(
            found("time.rs", "use std::time::Duration; let i = crate::time::Instant::from(3);").is_empty()
        );
    }
}
