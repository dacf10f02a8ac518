//! One door for hosts that speak JSON only: a question by name, its arguments and its answer as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::analyze::{
    CriticalPath, PictureForm, PictureOptions, merge_metrics, metric_presets, metric_table, metrics, picture,
    schedule,
};
use crate::analyze::{
    change_points, compare_samples, process_behaviour, quantiles, rank_correlation, survival,
};
use crate::calendar::{Cadence, Calendar, add_working_time, next_departure, working_time_between};
use crate::correlate::CorrelationRules;
use crate::document::document;
use crate::error::{Error, Result};
use crate::ingest::{Adapter, IngestOptions};
use crate::model::{Event, Kind};
use crate::stream::{Applied, ValueStream};
use crate::time::{Instant, Span, clip};

mod live;
#[cfg(feature = "arrow")]
mod tables;
#[cfg(all(test, feature = "arrow"))]
mod tests;

pub use self::live::{LIVE_METRIC_CALLS, LIVE_SCHEDULE_CALLS, WATCH_CALLS};
#[cfg(feature = "arrow")]
pub use self::tables::ARROW_CALLS;

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "add_working_time",
    "ageing",
    "apply",
    "booking_conflicts",
    "change_points",
    "compare_samples",
    "correlate",
    "coverage",
    "critical_path",
    "cumulative_flow",
    "data_quality",
    "defects",
    "delivery",
    "delivery_bands",
    "delivery_presets",
    "delivery_trend",
    "departures",
    "drift",
    "environment_contents",
    "explain",
    "flow_causes",
    "flow_metrics",
    "gate_lateness",
    "history",
    "impact",
    "ingest",
    "item",
    "items",
    "lineage",
    "links",
    "littles_law",
    "merge_metrics",
    "messages",
    "metric",
    "metric_presets",
    "metric_samples",
    "metric_state",
    "metric_table",
    "metric_trend",
    "metrics",
    "next_departure",
    "next_slot",
    "ocel",
    "outcome_change",
    "outlook",
    "outlook_text",
    "picture",
    "prioritize",
    "process_behaviour",
    "quality_trend",
    "quantiles",
    "rank_correlation",
    "readiness",
    "readiness_changes",
    "reconcile",
    "release_dates",
    "release_times",
    "rework",
    "say_do",
    "schedule",
    "scope",
    "shipping",
    "snapshot",
    "survival",
    "template_events",
    "tests",
    "time_in_state",
    "trace",
    "transitions",
    "value_order",
    "value_realized",
    "value_trend",
    "verdicts",
    "waited_for",
    "working_time_between",
];

/// Those of them that change the stream; all others only read it, so a host may ask them of a snapshot.
pub const CHANGES: &[&str] = &["apply", "correlate", "ingest"];

/// Asks a question by name, with its arguments as a JSON object, and gives its answer as JSON.
///
/// The arguments are the fields of the question's query, or `id`, `kind`, `rules` and so on by the names of the
/// method's parameters. An argument `as_of`, `{"occurred":...,"recorded":...}`, asks it of the past.
///
/// # Errors
/// Those of the question; [`Error::Document`] for text that is not JSON; [`Error::Invalid`] for a name that is not in
/// [`CALLS`] and for arguments that don't fit, naming the field.
///
/// ```
/// let mut stream = vsm_core::ValueStream::new();
/// let event = r#"{"source":"doc","id":"1","occurred_at":"2026-03-02T00:00:00Z","item":"plan:R1","kind":"release"}"#;
/// vsm_core::call(&mut stream, "apply", event)?;
/// let answer = vsm_core::call(&mut stream, "readiness", r#"{"item":"plan:R1","at":"2026-03-02T00:00:00Z"}"#)?;
/// assert!(answer.contains(r#""verdict":"unknown""#));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn call(stream: &mut ValueStream, name: &str, arguments: &str) -> Result<String> {
    let mut args = parse(arguments)?;
    match past(stream, &mut args)? {
        Some(mut past) => answer(&mut past, name, &args),
        None => answer(stream, name, &args),
    }
}

/// The same for questions that are answered with lists of records: one of the lists as the bytes of an Arrow IPC stream, a row for each
/// record, for hosts that take bytes. `list` is the name of the list; absent = the first one.
///
/// # Errors
/// As [`call`], for a name that is not in [`ARROW_CALLS`](crate::ARROW_CALLS); [`Error::Invalid`] for a list that the
/// answer has not.
///
/// ```
/// let stream = vsm_core::ValueStream::new();
/// let query = r#"{"metric":"throughput","start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z","zone":"UTC"}"#;
/// let bytes = vsm_core::call_arrow(&stream, "metric", query, None)?;
/// assert_eq!(bytes[..4], [0xff; 4]);
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[cfg(feature = "arrow")]
pub fn call_arrow(stream: &ValueStream, name: &str, arguments: &str, list: Option<&str>) -> Result<Vec<u8>> {
    let mut args = parse(arguments)?;
    match past(stream, &mut args)? {
        Some(past) => tables::table(&past, name, &args, list),
        None => tables::table(stream, name, &args, list),
    }
}

/// The stream as of the time that the arguments ask about, if they do.
fn past(stream: &ValueStream, args: &mut Value) -> Result<Option<ValueStream>> {
    let Some(value) = args.as_object_mut().and_then(|args| args.remove("as_of")) else { return Ok(None) };
    Ok(Some(stream.as_of(field::<Instant>(&value, "occurred")?, field::<Instant>(&value, "recorded")?)))
}

/// The arguments as an object; no text is none.
pub(crate) fn parse(arguments: &str) -> Result<Value> {
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    serde_json::from_str::<Map<String, Value>>(arguments).map(Value::Object).map_err(|error| document(&error))
}

fn answer(stream: &mut ValueStream, name: &str, args: &Value) -> Result<String> {
    match name {
        "ingest" => only(args, &["adapter", "text", "options"])?,
        "correlate" | "shipping" => only(args, &["rules"])?,
        "item" | "links" | "history" | "trace" => only(args, &["id"])?,
        "items" => only(args, &["kind"])?,
        "picture" => only(args, &["path", "form", "options"])?,
        "coverage" | "delivery_bands" | "delivery_presets" | "messages" | "metric_presets" | "metrics"
        | "ocel" | "snapshot" => only(args, &[])?,
        "add_working_time" => only(args, &["calendar", "start", "span"])?,
        "working_time_between" => only(args, &["calendar", "start", "end"])?,
        "next_departure" => only(args, &["cadence", "ready"])?,
        _ => {}
    }
    match name {
        "apply" => {
            let applied = stream.apply(whole::<Event>(args)?)?;
            text(&json!({ "accepted": applied == Applied::Accepted }))
        }
        "ingest" => {
            let options: Option<IngestOptions> = optional(args, "options")?;
            let adapter: Adapter = field(args, "adapter")?;
            let input: String = field(args, "text")?;
            text(&stream.ingest(adapter, input.as_bytes(), &options.unwrap_or_default()))
        }
        "correlate" => text(&stream.correlate(&rules(args)?)),
        "shipping" => text(&stream.shipping(&rules(args)?)),
        "item" => text(&stream.item(&field::<String>(args, "id")?)?),
        "items" => text(&stream.items(optional::<Kind>(args, "kind")?)),
        "links" => text(&stream.links(&field::<String>(args, "id")?)?),
        "history" => text(&stream.history(&field::<String>(args, "id")?)?),
        "trace" => text(&stream.trace(&field::<String>(args, "id")?)?),
        "readiness" => text(&stream.readiness(&whole(args)?)?),
        "departures" => text(&stream.departures(&whole(args)?)?),
        "explain" => text(&stream.explain(&whole(args)?)?),
        "readiness_changes" => text(&stream.readiness_changes(&whole(args)?)?),
        "verdicts" => text(&stream.verdicts(&whole(args)?)?),
        "critical_path" => text(&stream.critical_path(&whole(args)?)?),
        "flow_metrics" => text(&stream.flow_metrics(&whole(args)?)?),
        "cumulative_flow" => text(&stream.cumulative_flow(&whole(args)?)?),
        "time_in_state" => text(&stream.time_in_state(&whole(args)?)?),
        "ageing" => text(&stream.ageing(&whole(args)?)?),
        "flow_causes" => text(&stream.flow_causes(&whole(args)?)?),
        "littles_law" => text(&stream.littles_law(&whole(args)?)?),
        "rework" => text(&stream.rework(&whole(args)?)?),
        "waited_for" => text(&stream.waited_for(&whole(args)?)?),
        "gate_lateness" => text(&stream.gate_lateness(&whole(args)?)?),
        "transitions" => text(&stream.transitions(&whole(args)?)?),
        "template_events" => text(&stream.template_events(&whole(args)?)?),
        "booking_conflicts" => text(&stream.booking_conflicts(&whole(args)?)?),
        "environment_contents" => text(&stream.environment_contents(&whole(args)?)?),
        "next_slot" => text(&stream.next_slot(&whole(args)?)?),
        "drift" => text(&stream.drift(&whole(args)?)?),
        "impact" => text(&stream.impact(&whole(args)?)?),
        "lineage" => text(&stream.lineage(&whole(args)?)?),
        "prioritize" => text(&stream.prioritize(&whole(args)?)?),
        "outcome_change" => text(&stream.outcome_change(&whole(args)?)?),
        "value_order" => text(&stream.value_order(&whole(args)?)?),
        "value_trend" => text(&stream.value_trend(&whole(args)?)?),
        "value_realized" => text(&stream.value_realized(&whole(args)?)?),
        "say_do" => text(&stream.say_do(&whole(args)?)?),
        "defects" => text(&stream.defects(&whole(args)?)?),
        "tests" => text(&stream.tests(&whole(args)?)?),
        "release_dates" => text(&stream.release_dates(&whole(args)?)?),
        "release_times" => text(&stream.release_times(&whole(args)?)?),
        "schedule" => text(&schedule(&whole(args)?)?),
        "change_points" => text(&change_points(&whole(args)?)?),
        "compare_samples" => text(&compare_samples(&whole(args)?)?),
        "process_behaviour" => text(&process_behaviour(&whole(args)?)?),
        "quality_trend" => text(&stream.quality_trend(&whole(args)?)?),
        "quantiles" => text(&quantiles(&whole(args)?)?),
        "rank_correlation" => text(&rank_correlation(&whole(args)?)?),
        "survival" => text(&survival(&whole(args)?)?),
        "scope" => text(&stream.scope(&whole(args)?)?),
        "coverage" => text(&stream.coverage()),
        "delivery" => text(&stream.delivery(&whole(args)?)?),
        "delivery_trend" => text(&stream.delivery_trend(&whole(args)?)?),
        "delivery_bands" => text(&crate::analyze::delivery_bands()),
        "delivery_presets" => text(&crate::analyze::delivery_presets()),
        "messages" => text(&crate::analyze::messages()),
        "metric" => text(&stream.metric(&whole(args)?)?),
        "metric_presets" => text(&metric_presets()),
        "metric_samples" => text(&stream.metric_samples(&whole(args)?)?),
        "metric_state" => text(&stream.metric_state(&whole(args)?)?),
        "merge_metrics" => text(&merge_metrics(&whole(args)?)?),
        "metric_trend" => text(&stream.metric_trend(&whole(args)?)?),
        "metric_table" => text(&metric_table(&whole(args)?)?),
        "metrics" => text(&metrics()),
        "reconcile" => text(&stream.reconcile(&whole(args)?)?),
        "data_quality" => text(&stream.data_quality(&whole(args)?)?),
        "outlook" => text(&stream.outlook(&whole(args)?)?),
        "outlook_text" => text(&stream.outlook(&whole(args)?)?.to_text()),
        "picture" => {
            let options: Option<PictureOptions> = optional(args, "options")?;
            let path: CriticalPath = field(args, "path")?;
            text(&picture(&path, field::<PictureForm>(args, "form")?, &options.unwrap_or_default())?)
        }
        "ocel" => Ok(stream.to_ocel()),
        "snapshot" => Ok(stream.to_snapshot()),
        "add_working_time" => text(&add_working_time(
            &field::<Calendar>(args, "calendar")?,
            field::<Instant>(args, "start")?,
            field::<Span>(args, "span")?,
        )?),
        "working_time_between" => text(&working_time_between(
            &field::<Calendar>(args, "calendar")?,
            field::<Instant>(args, "start")?,
            field::<Instant>(args, "end")?,
        )?),
        "next_departure" => {
            text(&next_departure(&field::<Cadence>(args, "cadence")?, field::<Instant>(args, "ready")?)?)
        }
        _ => Err(unknown(name, CALLS)),
    }
}

/// What is said of a call that there is not.
fn unknown(name: &str, known: &[&str]) -> Error {
    Error::invalid("call", format!("\"{}\" is not one of {}", clip(name), known.join(", ")))
}

fn rules(args: &Value) -> Result<CorrelationRules> {
    Ok(optional(args, "rules")?.unwrap_or_default())
}

pub(crate) fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| document(&error))
}

fn whole<T: DeserializeOwned>(args: &Value) -> Result<T> {
    let mut unknown = None;
    let value = serde_ignored::deserialize(args, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let value = value.map_err(|error| Error::invalid("arguments", error.to_string()))?;
    // A misspelt "stage" would otherwise be answered for another one.
    match unknown {
        None => Ok(value),
        Some(name) => Err(Error::invalid(&name, "there is no argument of this name")),
    }
}

/// The arguments that the calls without a query take.
pub(crate) fn only(args: &Value, names: &[&str]) -> Result<()> {
    let unknown = args.as_object().and_then(|args| args.keys().find(|name| !names.contains(&name.as_str())));
    match unknown {
        None => Ok(()),
        Some(name) if names.is_empty() => {
            Err(Error::invalid(name, "there is no argument of this name: it takes none"))
        }
        Some(name) => {
            Err(Error::invalid(name, format!("there is no argument of this name, only {}", names.join(", "))))
        }
    }
}

fn field<T: DeserializeOwned>(args: &Value, name: &str) -> Result<T> {
    let value = args.get(name).ok_or_else(|| Error::invalid(name, "this argument is missing"))?;
    let mut unknown = None;
    let value = serde_ignored::deserialize(value, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let value = value.map_err(|error| Error::invalid(name, error.to_string()))?;
    match unknown {
        None => Ok(value),
        Some(path) => Err(Error::invalid(&format!("{name}.{path}"), "there is no argument of this name")),
    }
}

pub(crate) fn optional<T: DeserializeOwned>(args: &Value, name: &str) -> Result<Option<T>> {
    match args.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => field(args, name).map(Some),
    }
}
