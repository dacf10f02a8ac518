//! Open defects of a large Jira, month by month, as another tool counts them.

use serde_json::Value;
use vsm_core::{Adapter, DefectsQuery, IngestOptions, OpenRule, ValueStream, ingest};

use crate::shared::{bytes, shared};

#[test]
fn open_defects_of_each_month_are_those_of_jira_agile_metrics() {
    let Some(folder) = shared("flow/titanium-jira") else { return };
    let mapping = r#"{"source":"sheet","id":"jira:{key}","kind":"{type}","occurred_at":"{created}",
        "fields":{"priority":"{priority}","status":"{status}"},
        "words":{"kind: Bug":"defect","kind: Improvement":"feature","kind: New Feature":"feature","kind: Sub-task":"story",
        "kind: Technical task":"debt","kind: Documentation":"story","kind: Task":"story","kind: Sub-Task":"story",
        "kind:":"story"},
        "reached":{"new":"{created}","done":"{resolved}"}}"#;
    let options = IngestOptions {
        mapping: Some(serde_json::from_str(mapping).unwrap()),
        zone: Some("UTC".into()),
        ..IngestOptions::default()
    };
    let read = ingest(Adapter::Mapping, &bytes(&folder.join("issues_TIMOB.csv.gz")), &options);
    assert_eq!(read.rejects, []);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let (start, at) = ("2011-03-01T00:00:00Z", "2021-11-30T00:00:00Z");
    let mut query = DefectsQuery::new(start.parse().unwrap(), at.parse().unwrap(), "UTC");
    query.group_by = vec!["priority".into()];
    query.open_rule = Some(OpenRule::AnyTime);
    let answer = stream.defects(&query).unwrap();
    let expected: Value = serde_json::from_slice(&bytes(&folder.join("TIMOB.expected.json"))).unwrap();
    let months = expected["open_bugs_per_month_by_priority"].as_object().unwrap();
    let mut seen = 0;
    for row in &answer.trend {
        let priority = if row.group[0].is_empty() { "(none)" } else { &row.group[0] };
        let open = months[&format!("{}-01", row.bucket)][priority].as_f64();
        assert_eq!(Some(f64::from(row.open)), open, "{} {priority}", row.bucket);
        seen += 1;
    }
    let cells: usize = months.values().map(|month| month.as_object().unwrap().len()).sum();
    println!("titanium: {seen} of {cells} months and priorities equal");
    assert_eq!(seen, cells);
}
