use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMillisecondType, UInt64Type};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, TimeUnit};

use super::ToArrow;
use crate::{Bucket, Event, FlowState, Kind, MetricQuery, MetricTable, ReconcileQuery, Result, ValueStream};

fn stream() -> Result<ValueStream> {
    let mut stream = ValueStream::new();
    for (number, at, state) in
        [(1, "2026-03-02T00:00:00Z", FlowState::Active), (2, "2026-03-04T12:00:00Z", FlowState::Done)]
    {
        let mut event = Event::new("doc", format!("{number}"), at.parse()?, "jira:A-1");
        event.kind = Some(Kind::Story);
        event.set.state = Some(state);
        stream.apply(event)?;
    }
    Ok(stream)
}

fn table() -> Result<MetricTable> {
    let (start, end) = ("2026-03-02T00:00:00Z".parse()?, "2026-03-16T00:00:00Z".parse()?);
    let query = MetricQuery {
        bucket: Some(Bucket::Week),
        group_by: vec!["kind".into()],
        ..MetricQuery::new("cycle_time", start, end, "UTC")
    };
    stream()?.metric(&query)
}

#[test]
fn rows_are_columns() {
    let batch = table().unwrap().to_arrow(None).unwrap();
    assert_eq!(batch.num_rows(), 2);
    let column = |name: &str| batch.column_by_name(name).unwrap().clone();
    assert_eq!(column("start").data_type(), &DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())));
    assert_eq!(column("start").as_primitive::<TimestampMillisecondType>().value(1), 1_773_014_400_000);
    assert_eq!(
        column("bucket").as_string::<i64>().iter().collect::<Vec<_>>(),
        [Some("2026-W10"), Some("2026-W11")]
    );
    assert_eq!(column("n").as_primitive::<UInt64Type>().values().to_vec(), [1, 0]);
    assert_eq!(column("value").as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(2.5), None]);
    let group = column("group");
    assert_eq!(group.as_list::<i64>().value(1).as_string::<i64>().value(0), "story");
    let sample = column("sample");
    assert_eq!(sample.as_struct().column_by_name("p85").unwrap().as_primitive::<Float64Type>().value(0), 2.5);
    assert!(!batch.schema().field_with_name("n").unwrap().is_nullable());
    assert!(batch.schema().field_with_name("value").unwrap().is_nullable());
}

#[test]
fn bytes_hold_the_same() {
    let table = table().unwrap();
    let bytes = table.to_arrow_ipc(Some("rows")).unwrap();
    let read: Vec<_> =
        StreamReader::try_new(bytes.as_slice(), None).unwrap().map(|batch| batch.unwrap()).collect();
    assert_eq!(read, [table.to_arrow(None).unwrap()]);
    // The same answer gives the same bytes.
    assert_eq!(bytes, table.to_arrow_ipc(None).unwrap());
}

#[test]
fn no_rows_are_columns_too() {
    let (start, end) = ("2026-03-02T00:00:00Z".parse().unwrap(), "2026-03-16T00:00:00Z".parse().unwrap());
    let query = ReconcileQuery {
        query: MetricQuery::new("cycle_time", start, end, "UTC"),
        preset_a: Some("lighthouse".into()),
        preset_b: Some("flowmetricscsv".into()),
    };
    let answer = stream().unwrap().reconcile(&query).unwrap();
    assert_eq!(answer.lists(), ["items", "rules"]);
    let items = answer.to_arrow(None).unwrap();
    assert_eq!((items.num_rows(), items.num_columns()), (0, 5));
    assert_eq!(answer.to_arrow(Some("rules")).unwrap().num_rows(), 3);
    let error = answer.to_arrow(Some("rows")).unwrap_err();
    assert_eq!(error.to_string(), "list: \"rows\" is not one of items, rules");
}
