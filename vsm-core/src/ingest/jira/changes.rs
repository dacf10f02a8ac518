//! The changelog, in order, and what is followed in it.

use super::payload::{Change, Issue};
use crate::error::{Error, Result};
use crate::ingest::timestamp::Stamps;
use crate::ingest::{Ingested, id_part};
use crate::time::Instant;

/// A field whose history is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Type,
    Status,
    Resolution,
    Priority,
    Summary,
    Assignee,
    Due,
    Estimate,
    Remaining,
    Parent,
    Flagged,
    FixVersion,
    AffectsVersion,
    Link,
}

/// Changes that would matter and are not followed yet.
const COUNTED: [&str; 2] = ["Sprint", "Story Points"];

impl Field {
    /// The field of a change: names of system fields are never translated.
    fn of(change: &Change<'_>) -> Option<Field> {
        Some(match change.field_id.get().or(change.field.get())? {
            "issuetype" => Field::Type,
            "status" => Field::Status,
            "resolution" => Field::Resolution,
            "priority" => Field::Priority,
            "summary" => Field::Summary,
            "assignee" => Field::Assignee,
            "duedate" => Field::Due,
            "timeoriginalestimate" => Field::Estimate,
            "timeestimate" => Field::Remaining,
            "fixVersions" => Field::FixVersion,
            "versions" => Field::AffectsVersion,
            "Fix Version" => Field::FixVersion,
            "Version" => Field::AffectsVersion,
            "parent" | "Parent" | "Parent Issue" | "IssueParentAssociation" => Field::Parent,
            "Link" | "issuelinks" => Field::Link,
            // A custom field, whose id is another one in every installation.
            _ if change.field.get() == Some("Epic Link") => Field::Parent,
            _ if matches!(change.field.get(), Some("Flagged" | "Impediment")) => Field::Flagged,
            _ => return None,
        })
    }
}

/// The value of a field: an id and what it is called.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value<'v> {
    pub(super) id: Option<&'v str>,
    pub(super) name: Option<&'v str>,
}

impl<'v> Value<'v> {
    pub(super) fn named(name: Option<&'v str>) -> Value<'v> {
        Value { id: None, name }
    }

    pub(super) fn before(change: &'v Change<'_>) -> Value<'v> {
        Value { id: change.from.get(), name: change.from_string.get() }
    }

    pub(super) fn after(change: &'v Change<'_>) -> Value<'v> {
        Value { id: change.to.get(), name: change.to_string.get() }
    }

    /// What people read.
    pub(super) fn text(&self) -> Option<&'v str> {
        self.name.or(self.id)
    }

    /// What machines read: dates and numbers are in the id, as their display depends on the user's locale.
    pub(super) fn raw(&self) -> Option<&'v str> {
        self.id.or(self.name)
    }
}

/// One entry of the changelog, as far as it is followed.
pub(super) struct Step<'v, 'a> {
    pub(super) at: Instant,
    pub(super) id: String,
    pub(super) changes: Vec<(Field, &'v Change<'a>)>,
}

/// The changelog of an issue in the order of time.
#[derive(Default)]
pub(super) struct Chronicle<'v, 'a> {
    pub(super) steps: Vec<Step<'v, 'a>>,
    /// Whether it reaches back to the creation of the issue, so that the values before it are known.
    pub(super) complete: bool,
}

impl<'v, 'a> Chronicle<'v, 'a> {
    /// Reads what there is; an entry that can't be read is an error of its own.
    pub(super) fn read(
        issue: &'v Issue<'a>,
        stamps: Stamps,
        ingested: &mut Ingested,
        mut reject: impl FnMut(&mut Ingested, &Error),
    ) -> Chronicle<'v, 'a> {
        let Some(log) = &issue.changelog.0 else { return Chronicle::default() };
        let entries = || log.histories.0.iter().chain(&log.values.0);
        let count = entries().count();
        let total = log.total.int().unwrap_or(0);
        let mut complete =
            log.start_at.int().unwrap_or(0) == 0 && i64::try_from(count).is_ok_and(|n| n >= total);
        if !complete {
            ingested.count("changelog that is only a page");
        }
        let mut steps = Vec::new();
        for (n, entry) in entries().enumerate() {
            let read = || -> Result<Instant> {
                let field = format!("changelog.histories[{n}].created");
                let created = entry.0.as_ref().map(|entry| stamps.read(&field, &entry.created));
                created.transpose()?.flatten().ok_or_else(|| Error::invalid(&field, "is missing"))
            };
            match (read(), &entry.0) {
                (Ok(at), Some(entry)) => {
                    let mut changes = Vec::new();
                    for change in entry.items.0.iter().filter_map(|change| change.0.as_ref()) {
                        match Field::of(change) {
                            Some(field) => changes.push((field, change)),
                            None => count_unfollowed(change, ingested),
                        }
                    }
                    if !changes.is_empty() {
                        let id = entry.id.get().map_or_else(|| at.millis().to_string(), id_part);
                        steps.push(Step { at, id, changes });
                    }
                }
                (Err(error), _) => {
                    complete = false;
                    reject(ingested, &error);
                }
                (Ok(_), None) => {}
            }
        }
        // Jira numbers changes as they come; entries of the same instant keep that order.
        steps.sort_by_cached_key(|step| (step.at, step.id.len(), step.id.clone()));
        Chronicle { steps, complete }
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = (Field, &'v Change<'a>)> {
        self.steps.iter().flat_map(|step| step.changes.iter().copied())
    }

    /// The first change of a field.
    pub(super) fn first(&self, field: Field) -> Option<&'v Change<'a>> {
        self.changes().find(|(changed, _)| *changed == field).map(|(_, change)| change)
    }

    /// When a field changed last.
    pub(super) fn last(&self, field: Field) -> Option<Instant> {
        let changes = |step: &&Step<'v, 'a>| step.changes.iter().any(|(changed, _)| *changed == field);
        self.steps.iter().rev().find(changes).map(|step| step.at)
    }

    /// The members of a list before all changes, given the members of today.
    pub(super) fn opening_list<'n>(&self, field: Field, today: impl Iterator<Item = &'n str>) -> Vec<&'n str>
    where
        'v: 'n,
    {
        let mut changed: Vec<&str> = Vec::new();
        let mut opening = Vec::new();
        for (_, change) in self.changes().filter(|(changed, _)| *changed == field) {
            if let Some(removed) = change.from.get().filter(|id| !changed.contains(id)) {
                changed.push(removed);
                opening.push(removed);
            }
            if let Some(added) = change.to.get().filter(|id| !changed.contains(id)) {
                changed.push(added);
            }
        }
        opening.extend(today.filter(|id| !changed.contains(id)));
        opening
    }
}

fn count_unfollowed(change: &Change<'_>, ingested: &mut Ingested) {
    if let Some(field) = change.field.get().filter(|field| COUNTED.contains(field)) {
        ingested.count(format!("changelog of {field}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::IngestOptions;

    fn with<T>(changelog: &str, check: impl Fn(Chronicle<'_, '_>, Ingested) -> T) -> T {
        let text = format!(r#"{{"key":"CHK-1","changelog":{changelog}}}"#);
        let issue: Issue<'_> = serde_json::from_str(&text).unwrap();
        let stamps = Stamps::new(&IngestOptions::default()).unwrap();
        let mut ingested = Ingested::default();
        let chronicle = Chronicle::read(&issue, stamps, &mut ingested, |ingested, error| {
            ingested.count(error.to_string());
        });
        check(chronicle, ingested)
    }

    fn entry(id: u32, created: &str, items: &str) -> String {
        format!(r#"{{"id":"{id}","created":"{created}","items":[{items}]}}"#)
    }

    #[test]
    fn entries_are_put_in_order() {
        let status = r#"{"field":"status","fieldId":"status","from":"1","to":"2"}"#;
        let at = "2026-03-01T09:00:00.000+0100";
        let entries =
            [entry(1000, at, status), entry(999, at, status), entry(5, "2026-02-01T09:00:00Z", status)];
        for list in ["histories", "values"] {
            with(&format!(r#"{{"total":3,"{list}":[{}]}}"#, entries.join(",")), |chronicle, _| {
                assert_eq!(
                    chronicle.steps.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(),
                    ["5", "999", "1000"]
                );
                assert!(chronicle.complete);
            });
        }
    }

    #[test]
    fn a_page_is_not_the_whole_changelog() {
        let status = entry(1, "2026-03-01T09:00:00Z", r#"{"field":"status","to":"2"}"#);
        with(&format!(r#"{{"total":120,"histories":[{status}]}}"#), |chronicle, ingested| {
            assert!(!chronicle.complete && chronicle.steps.len() == 1);
            assert_eq!(ingested.ignored.len(), 1);
        });
        with(&format!(r#"{{"startAt":100,"histories":[{status}]}}"#), |chronicle, _| {
            assert!(!chronicle.complete)
        });
        with("[1]", |chronicle, _| assert!(!chronicle.complete));
    }

    #[test]
    fn a_bad_entry_costs_itself_and_the_completeness() {
        let bad = r#"{"histories":[{"id":"1","created":"soon","items":[]},7,{"id":"2"}]}"#;
        with(bad, |chronicle, ingested| {
            assert!(!chronicle.complete && chronicle.steps.is_empty());
            assert_eq!(ingested.ignored.len(), 3, "{ingested:?}");
        });
    }

    #[test]
    fn lists_are_wound_back_to_their_beginning() {
        let version = |from: &str, to: &str| format!(r#"{{"field":"Fix Version","from":{from},"to":{to}}}"#);
        let changes = [
            version("\"1\"", "null"),
            version("null", "\"2\""),
            version("\"2\"", "null"),
            version("null", "\"1\""),
        ];
        let entries: Vec<String> =
            changes.iter().zip(1..).map(|(c, n)| entry(n, &format!("2026-03-0{n}T09:00:00Z"), c)).collect();
        with(&format!(r#"{{"histories":[{}]}}"#, entries.join(",")), |chronicle, _| {
            assert_eq!(chronicle.opening_list(Field::FixVersion, ["1", "3"].into_iter()), ["1", "3"]);
        });
    }

    #[test]
    fn what_is_not_followed_is_counted_where_it_matters() {
        let items = r#"{"field":"Rank"},{"field":"Story Points","to":"3"},{"field":"Sprint"},null,{}"#;
        with(
            &format!(r#"{{"histories":[{}]}}"#, entry(1, "2026-03-01T09:00:00Z", items)),
            |chronicle, ingested| {
                assert!(chronicle.steps.is_empty() && chronicle.complete);
                assert_eq!(
                    ingested.ignored.keys().collect::<Vec<_>>(),
                    ["changelog of Sprint", "changelog of Story Points"]
                );
            },
        );
    }
}
