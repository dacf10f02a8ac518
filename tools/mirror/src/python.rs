//! The Python binding: a class for each record, `_words.py` for the enums, and the stub of the native module.
//!
//! Queries have no class: in Python their fields are the keyword arguments of the methods. Those that come back have one: a
//! network from a schedule that is kept up to date, the question of a metric from its state.

mod classes;
mod questions;
mod stub;
mod words;

use std::path::PathBuf;

use crate::api::{Api, Field, Record, Type};

pub(crate) fn emit(api: &Api) -> Vec<(PathBuf, String)> {
    let (questions, functions) = (questions::text(api), questions::functions(api));
    vec![
        ("vsm-py/python/vsm/_vsm.pyi".into(), stub::text(api, &questions, &functions)),
        ("vsm-py/src/questions.rs".into(), questions),
        ("vsm-py/src/asked.rs".into(), functions),
        ("vsm-py/src/generated.rs".into(), classes::text(api)),
        ("vsm-py/python/vsm/_words.py".into(), words::text(api)),
    ]
}

/// Queries that are classes since methods return them; those that other records contain are classes as well.
const RETURNED: &[&str] = &["NetworkQuery"];

/// The records that are classes.
fn classes(api: &Api) -> impl Iterator<Item = &Record> {
    api.records.iter().filter(|record| {
        !record.name.ends_with("Query") || RETURNED.contains(&&*record.name) || api.is_contained(&record.name)
    })
}

/// Attributes whose name is a keyword of Python get an underscore; in JSON they stay as they are.
fn attribute(field: &Field) -> String {
    if field.name == "from" { "from_".into() } else { field.name.clone() }
}

/// The required fields first, as Python wants its parameters.
fn parameters(record: &Record) -> Vec<&Field> {
    let (optional, required): (Vec<&Field>, Vec<&Field>) =
        record.fields.iter().partition(|field| field.optional);
    [required, optional].concat()
}

/// The type of an attribute.
fn given(ty: &Type) -> String {
    match ty {
        Type::String => "str".into(),
        Type::Bool => "bool".into(),
        Type::U32 | Type::U64 | Type::I64 => "int".into(),
        Type::F64 => "float".into(),
        Type::Instant => "datetime".into(),
        Type::Span => "timedelta".into(),
        Type::Named(name) => name.clone(),
        Type::Option(inner) => format!("{} | None", given(inner)),
        Type::List(inner) => format!("list[{}]", given(inner)),
        Type::Map(inner) => format!("dict[str, {}]", given(inner)),
    }
}

/// The type of an argument: enums also by their word, and whatever can be iterated over for a list.
fn taken(api: &Api, ty: &Type) -> String {
    match ty {
        Type::Named(name) if api.is_enum(name) => format!("{name} | str"),
        Type::Option(inner) => format!("{} | None", taken(api, inner)),
        Type::List(inner) => format!("Iterable[{}]", taken(api, inner)),
        Type::Map(inner) => format!("Mapping[str, {}]", taken(api, inner)),
        other => given(other),
    }
}

/// Python's documentation of something, indented; nothing where there is none.
fn docstring(lines: &[String], indent: &str) -> String {
    match lines {
        [] => String::new(),
        [line] => format!("{indent}\"\"\"{}\"\"\"\n", escaped(line)),
        [first, rest @ ..] => {
            let mut text = format!("{indent}\"\"\"{}\n", escaped(first));
            for line in rest {
                let line = escaped(line);
                text += &if line.is_empty() { "\n".into() } else { format!("{indent}{line}\n") };
            }
            text + indent + "\"\"\"\n"
        }
    }
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"")
}
