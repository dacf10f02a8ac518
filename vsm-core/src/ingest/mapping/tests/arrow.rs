//! Tables in Arrow's columns.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, Float64Array, LargeStringArray,
    RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow_ipc::writer::FileWriter;

use super::*;
use crate::arrow_ipc;

const MAPPING: &str = r#"{"source":"sheet","format":"arrow","id":"plan:{Key}","kind":"{Type}","occurred_at":"{Updated}",
    "fields":{"title":"{Name}","state":"{Status}","due_at":"{Due}","value":"{Value}","starts_at":"{Start}"},
    "attributes":{"audited":"{Audited}"},"links":[{"kind":"depends_on","to":"jira:{Needs}"}]}"#;

fn batch() -> RecordBatch {
    let mut needs = ListBuilder::new(StringBuilder::new());
    needs.append_value([Some("CHK-1"), None, Some("CHK-2")]);
    needs.append_null();
    needs.append_null();
    let updated = [Some(1_772_355_600_000_000), Some(1_772_355_600_000_001), None];
    let columns: [(&str, ArrayRef); 10] = [
        ("Key", Arc::new(StringArray::from(vec![Some("F1"), Some(" F2 "), None]))),
        ("Type", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("feature"), Some("feature"), None]))),
        ("Updated", Arc::new(TimestampMicrosecondArray::from(updated.to_vec()).with_timezone("+05:30"))),
        ("Name", Arc::new(LargeStringArray::from(vec![Some("Deposits"), None, None]))),
        ("Status", Arc::new(StringViewArray::from(vec![Some("active"), Some("done"), None]))),
        ("Due", Arc::new(Date32Array::from(vec![Some(20_527), None, None]))),
        ("Value", Arc::new(Float64Array::from(vec![Some(1_250_000.5), Some(f64::NAN), None]))),
        (
            "Start",
            Arc::new(TimestampNanosecondArray::from(vec![None, Some(1_772_355_600_000_000_999), None])),
        ),
        ("Audited", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("Needs", Arc::new(needs.finish())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// For rows that say no time.
fn dated(mapping: &str) -> IngestOptions {
    IngestOptions { recorded_at: Some("2026-03-01T00:00:00Z".parse().unwrap()), ..options(mapping) }
}

fn bytes_read(bytes: &[u8]) -> Ingested {
    ingest(Adapter::Mapping, bytes, &options(MAPPING))
}

#[test]
fn columns_of_every_type_are_read_as_their_texts_would_be() {
    let csv = "Key,Type,Updated,Name,Status,Due,Value,Start,Audited,Needs\n\
        F1,feature,2026-03-01T09:00:00.000Z,Deposits,active,2026-03-15,1250000.5,,true,CHK-1|CHK-2\n\
        F2,feature,2026-03-01T09:00:00.000Z,,done,,,2026-03-01T09:00:00.000,false,\n\
        ,,,,,,,,,\n";
    let as_text = MAPPING
        .replace(r#""format":"arrow","#, "")
        .replace(r#""jira:{Needs}""#, r#""jira:{Needs}","separator":"|""#);
    let texts = read(csv, &as_text);
    assert_eq!((texts.rejects.len(), texts.events.len()), (0, 4));
    assert_eq!(bytes_read(&arrow_ipc(&batch()).unwrap()), texts);
    let mut file = FileWriter::try_new(Vec::new(), batch().schema_ref()).unwrap();
    file.write(&batch()).unwrap();
    assert_eq!(bytes_read(&file.into_inner().unwrap()), texts);
    // And batch by batch.
    let mut stream = ValueStream::new();
    let halves = [Ok(batch().slice(0, 1)), Ok(batch().slice(1, 2))];
    let report = stream.ingest_arrow(halves, &options(MAPPING));
    assert_eq!((report.applied.accepted, report.rejects.len(), &report.ignored), (4, 0, &texts.ignored));
    assert_eq!(stream.events().collect::<Vec<_>>(), texts.events);
}

#[test]
fn a_row_that_cannot_be_read_is_told_by_its_number() {
    let keys: ArrayRef = Arc::new(StringArray::from(vec![Some("F1"), None, Some("F3")]));
    let kinds: ArrayRef = Arc::new(StringArray::from(vec!["feature", "feature", "fable"]));
    let batch = RecordBatch::try_from_iter([("Key", keys), ("Type", kinds)]).unwrap();
    let options = dated(r#"{"source":"sheet","id":"plan:{Key}","kind":"{Type}"}"#);
    let broken = arrow_schema::ArrowError::ComputeError("the disk is gone".into());
    let report = ValueStream::new().ingest_arrow([Ok(batch.clone()), Err(broken), Ok(batch)], &options);
    let told: Vec<(u64, &str)> =
        report.rejects.iter().map(|reject| (reject.position, reject.reason.as_str())).collect();
    let [(2, _), (3, fable), (4, gone)] = told.as_slice() else { panic!("{told:?}") };
    assert!(fable.contains("fable"), "{fable}");
    assert!(gone.contains("the disk is gone"), "{gone}");
    assert_eq!(report.applied.accepted, 1);
}

#[test]
fn what_the_table_has_not_is_refused_as_a_whole() {
    let refused = |name: &str, column: ArrayRef, mapping: &str| {
        let batch = RecordBatch::try_from_iter([(name, column)]).unwrap();
        let read = ingest(Adapter::Mapping, &arrow_ipc(&batch).unwrap(), &dated(mapping));
        assert_eq!((read.events.len(), read.rejects.len(), read.rejects[0].position), (0, 1, 0));
        read.rejects[0].reason.clone()
    };
    let mapping = r#"{"source":"sheet","format":"arrow","id":"{Key}"}"#;
    let text = || Arc::new(StringArray::from(vec!["x"]));
    let reason = refused("Name", text(), mapping);
    assert!(reason.contains(r#"the table has no column "Key", only "Name""#), "{reason:?}");
    let binary = Arc::new(BinaryArray::from(vec![&b"x"[..]]));
    assert!(refused("Key", binary, mapping).contains(r#""Key" is of the type Binary"#));
    let comma = r#"{"source":"sheet","format":"arrow","decimal_comma":true,"id":"{Key}"}"#;
    assert!(refused("Key", text(), comma).contains("decimal"));
}

#[test]
fn damage_is_told_and_harms_nobody() {
    // A text, words by number, and lists.
    let batch = batch().project(&[0, 1, 9]).unwrap();
    let mapping = r#"{"source":"sheet","format":"arrow","id":"{Key}","kind":"{Type}",
        "links":[{"kind":"depends_on","to":"jira:{Needs}"}]}"#;
    let options = dated(mapping);
    let read = |bytes: &[u8]| ingest(Adapter::Mapping, bytes, &options);
    let mut writer = FileWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
    writer.write(&batch).unwrap();
    for whole in [arrow_ipc(&batch).unwrap(), writer.into_inner().unwrap()] {
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).events.len() <= 4);
        }
        for place in 0..whole.len() {
            for damage in [1, 0xff] {
                let mut damaged = whole.clone();
                damaged[place] ^= damage;
                read(&damaged);
            }
        }
    }
    assert_eq!(read(b"no table at all").rejects[0].position, 1);
}
