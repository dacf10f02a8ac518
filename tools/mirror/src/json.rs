//! `tests/api.json`: every type with its members, for the test of each language that it has them all.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::api::{Api, Question};

pub(crate) fn emit(api: &Api) -> Vec<(PathBuf, String)> {
    let mut records = Map::new();
    for record in &api.records {
        let fields: Map<String, Value> = record
            .fields
            .iter()
            .map(|field| (field.name.clone(), Value::String(field.ty.to_string())))
            .collect();
        records.insert(record.name.clone(), json!({ "input": record.input, "fields": fields }));
    }
    let mut enums = Map::new();
    for found in &api.enums {
        enums.insert(found.name.clone(), found.values.iter().map(|value| value.word.clone()).collect());
    }
    let asked = |all: &[Question]| -> Map<String, Value> {
        let entry = |it: &Question| (it.name.clone(), json!({ "query": it.query, "answer": it.answer }));
        all.iter().map(entry).collect()
    };
    let (questions, functions) = (asked(&api.questions), asked(&api.functions));
    let lists: Map<String, Value> =
        api.lists.iter().map(|list| (list.name.clone(), Value::String(list.record.clone()))).collect();
    let about = "Written by vsm-mirror from vsm-core (cargo xtask generate). T? may be absent, [T] is a list, \
                 {T} maps texts to T.";
    let text = json!({
        "about": about, "records": records, "enums": enums,
        "questions": questions, "functions": functions, "lists": lists,
    });
    vec![("tests/api.json".into(), format!("{text:#}\n"))]
}
