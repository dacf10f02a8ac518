//! The parts of Jira's issue JSON that are used; all of them may be absent.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::ingest::loose::{List, Object, Scalar, Text};

/// An issue, a page of a search for issues, a page of a changelog, or a webhook. A page is no issue of a page: a type that held itself would let the
/// input decide over the depth of the stack.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    fields: Object<Fields<'a>>,
    #[serde(borrow)]
    pub(super) changelog: Object<Changelog<'a>>,
    /// With `expand=names`: what the custom fields are called.
    #[serde(borrow)]
    pub(super) names: Object<Names<'a>>,
    #[serde(borrow)]
    pub(super) issues: Option<List<Object<Issue<'a>>>>,
    /// A page of a changelog as its resource gives it: only the address says which issue it is of.
    #[serde(borrow, rename = "self")]
    pub(super) address: Text<'a>,
    #[serde(borrow, rename = "startAt")]
    pub(super) start_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) total: Scalar<'a>,
    #[serde(borrow)]
    pub(super) values: Option<List<Object<History<'a>>>>,
    /// A webhook, whose other parts follow; its changelog is one entry.
    #[serde(borrow, rename = "webhookEvent")]
    pub(super) webhook_event: Text<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) issue: Object<Issue<'a>>,
    #[serde(borrow)]
    pub(super) version: Object<Version<'a>>,
    #[serde(borrow, rename = "issueLink")]
    pub(super) issue_link: Object<IssueLinkHook<'a>>,
}

impl<'a> Record<'a> {
    pub(super) fn into_issue(self) -> Issue<'a> {
        Issue { id: self.id, key: self.key, fields: self.fields, changelog: self.changelog }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Issue<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) fields: Object<Fields<'a>>,
    #[serde(borrow)]
    pub(super) changelog: Object<Changelog<'a>>,
}

#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) summary: Text<'a>,
    pub(super) issuetype: Object<IssueType<'a>>,
    pub(super) status: Object<Status<'a>>,
    pub(super) project: Object<Named<'a>>,
    pub(super) priority: Object<Named<'a>>,
    pub(super) resolution: Object<Named<'a>>,
    /// `Some(Object(None))` where Jira says that nobody is assigned.
    pub(super) assignee: Option<Object<User<'a>>>,
    pub(super) created: Scalar<'a>,
    pub(super) updated: Scalar<'a>,
    pub(super) resolutiondate: Scalar<'a>,
    pub(super) duedate: Option<Text<'a>>,
    pub(super) timeoriginalestimate: Text<'a>,
    pub(super) timeestimate: Text<'a>,
    pub(super) labels: List<Text<'a>>,
    pub(super) fix_versions: List<Object<Version<'a>>>,
    pub(super) versions: List<Object<Version<'a>>>,
    pub(super) issuelinks: List<Object<IssueLink<'a>>>,
    pub(super) subtasks: List<Object<Other<'a>>>,
    pub(super) parent: Object<Other<'a>>,
    pub(super) epic: Object<Other<'a>>,
    pub(super) sprint: Object<Named<'a>>,
    pub(super) closed_sprints: List<Object<Named<'a>>>,
    /// Custom fields that hold a text or a number, by id.
    pub(super) custom: Vec<(Text<'a>, Scalar<'a>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields<'a>, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of an issue")
            }
            // By hand, because serde's `flatten` would copy every field that is not used to find the custom ones.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    match name.get().unwrap_or_default() {
                        "summary" => fields.summary = map.next_value()?,
                        "issuetype" => fields.issuetype = map.next_value()?,
                        "status" => fields.status = map.next_value()?,
                        "project" => fields.project = map.next_value()?,
                        "priority" => fields.priority = map.next_value()?,
                        "resolution" => fields.resolution = map.next_value()?,
                        "assignee" => fields.assignee = Some(map.next_value()?),
                        "created" => fields.created = map.next_value()?,
                        "updated" => fields.updated = map.next_value()?,
                        "resolutiondate" => fields.resolutiondate = map.next_value()?,
                        "duedate" => fields.duedate = Some(map.next_value()?),
                        "timeoriginalestimate" => fields.timeoriginalestimate = map.next_value()?,
                        "timeestimate" => fields.timeestimate = map.next_value()?,
                        "labels" => fields.labels = map.next_value()?,
                        "fixVersions" => fields.fix_versions = map.next_value()?,
                        "versions" => fields.versions = map.next_value()?,
                        "issuelinks" => fields.issuelinks = map.next_value()?,
                        "subtasks" => fields.subtasks = map.next_value()?,
                        "parent" => fields.parent = map.next_value()?,
                        "epic" => fields.epic = map.next_value()?,
                        "sprint" => fields.sprint = map.next_value()?,
                        "closedSprints" => fields.closed_sprints = map.next_value()?,
                        id if id.starts_with("customfield_") => match map.next_value()? {
                            Scalar::Absent => {}
                            value => fields.custom.push((name, value)),
                        },
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// Names of custom fields by id.
#[derive(Default)]
pub(super) struct Names<'a>(pub(super) Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names<'a>, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Names<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the names of fields")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names<'de>, A::Error> {
                let mut names = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    names.push(pair);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// A project, priority, resolution or sprint.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct IssueType<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) subtask: Scalar<'a>,
    #[serde(borrow)]
    pub(super) hierarchy_level: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) status_category: Object<StatusCategory<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StatusCategory<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) key: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) display_name: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) account_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Version<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) released: Scalar<'a>,
    #[serde(borrow)]
    pub(super) start_date: Text<'a>,
    #[serde(borrow)]
    pub(super) release_date: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct IssueLink<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) link_type: Object<LinkType<'a>>,
    #[serde(borrow)]
    pub(super) outward_issue: Object<Other<'a>>,
    #[serde(borrow)]
    pub(super) inward_issue: Object<Other<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkType<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) inward: Text<'a>,
    #[serde(borrow)]
    pub(super) outward: Text<'a>,
}

/// Another issue, as an issue mentions it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Other<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) fields: Object<OtherFields<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct OtherFields<'a> {
    #[serde(borrow)]
    pub(super) status: Object<Status<'a>>,
}

/// A link between issues, as a webhook tells it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct IssueLinkHook<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) source_issue_id: Text<'a>,
    #[serde(borrow)]
    pub(super) destination_issue_id: Text<'a>,
    #[serde(borrow)]
    pub(super) issue_link_type: Object<LinkTypeHook<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LinkTypeHook<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) inward_name: Text<'a>,
    #[serde(borrow)]
    pub(super) outward_name: Text<'a>,
    #[serde(borrow)]
    pub(super) is_sub_task_link_type: Scalar<'a>,
}

/// Of an issue (`histories`), a page of the changelog resource (`values`), or one entry in a webhook (`id`, `items`).
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Changelog<'a> {
    #[serde(borrow)]
    pub(super) start_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) total: Scalar<'a>,
    #[serde(borrow)]
    pub(super) histories: List<Object<History<'a>>>,
    #[serde(borrow)]
    pub(super) values: List<Object<History<'a>>>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) items: List<Object<Change<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct History<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) created: Scalar<'a>,
    #[serde(borrow)]
    pub(super) items: List<Object<Change<'a>>>,
}

/// One field of one change: ids in `from` and `to`, names in the strings.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) field: Text<'a>,
    #[serde(borrow)]
    pub(super) field_id: Text<'a>,
    #[serde(borrow)]
    pub(super) from: Text<'a>,
    #[serde(borrow)]
    pub(super) from_string: Text<'a>,
    #[serde(borrow)]
    pub(super) to: Text<'a>,
    #[serde(borrow)]
    pub(super) to_string: Text<'a>,
}
