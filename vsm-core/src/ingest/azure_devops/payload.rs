//! The payloads, in the words of the tool.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::releases::{Environment, Release};
use super::runs::{Run, Steps};
use super::work_items::{Fields, Relation, Revision};
use crate::ingest::elements::Pages;
use crate::ingest::loose::{Either, List, Object, Scalar, Text};
use crate::ingest::pages::InPages;

/// A hook, or any of the things that hooks and lists tell of. A hook of an approval or a deployment holds one of them in
/// the form of the lists, and there it ends: a type that held itself would let the input decide over the depth of the
/// stack.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a, R: Deserialize<'de> + Default"))]
pub(super) struct Record<'a, R = IgnoredAny> {
    #[serde(borrow)]
    pub(super) event_type: Text<'a>,
    #[serde(borrow)]
    pub(super) created_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource_containers: Object<Containers<'a>>,
    /// The resource of a hook.
    #[serde(skip)]
    pub(super) parts: Vec<Object<Record<'a, R>>>,

    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) project: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) project_reference: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) repository: Object<Repository<'a>>,

    #[serde(borrow)]
    pub(super) build_number: Text<'a>,
    #[serde(borrow)]
    pub(super) result: Text<'a>,
    #[serde(borrow)]
    pub(super) queue_time: Scalar<'a>,
    #[serde(borrow)]
    pub(super) start_time: Scalar<'a>,
    #[serde(borrow)]
    pub(super) finish_time: Scalar<'a>,
    #[serde(borrow)]
    pub(super) source_branch: Text<'a>,
    #[serde(borrow)]
    pub(super) source_version: Text<'a>,
    #[serde(borrow)]
    pub(super) source_get_version: Text<'a>,
    #[serde(borrow)]
    pub(super) definition: Object<Named<'a>>,

    #[serde(borrow)]
    pub(super) pull_request_id: Text<'a>,
    #[serde(borrow)]
    pub(super) title: Text<'a>,
    #[serde(borrow)]
    pub(super) description: Text<'a>,
    #[serde(borrow)]
    pub(super) created_by: Person<'a>,
    #[serde(borrow)]
    pub(super) creation_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) closed_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) source_ref_name: Text<'a>,
    #[serde(borrow)]
    pub(super) target_ref_name: Text<'a>,
    #[serde(borrow)]
    pub(super) last_merge_source_commit: Object<Commit<'a>>,
    #[serde(borrow)]
    pub(super) last_merge_commit: Object<Commit<'a>>,

    #[serde(borrow)]
    pub(super) push_id: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) commits: List<Object<Commit<'a>>>,
    #[serde(borrow)]
    pub(super) ref_updates: List<Object<RefUpdate<'a>>>,
    #[serde(borrow)]
    pub(super) commit_id: Text<'a>,
    #[serde(borrow)]
    pub(super) comment: Text<'a>,
    #[serde(borrow)]
    pub(super) author: Object<Signature<'a>>,
    #[serde(borrow)]
    pub(super) committer: Object<Signature<'a>>,
    #[serde(borrow)]
    pub(super) parents: List<Text<'a>>,

    #[serde(borrow)]
    pub(super) work_item_id: Text<'a>,
    #[serde(borrow)]
    pub(super) fields: Object<Fields<'a>>,
    #[serde(borrow)]
    pub(super) revision: Either<'a, Revision<'a>>,
    #[serde(borrow)]
    pub(super) relations: List<Object<Relation<'a>>>,

    #[serde(borrow)]
    pub(super) release: Object<Release<'a>>,
    #[serde(borrow)]
    pub(super) release_definition: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) release_environment: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) environment: Object<Environment<'a>>,
    pub(super) deployment: Object<R>,
    pub(super) approval: Object<R>,
    #[serde(borrow)]
    pub(super) attempt: Scalar<'a>,
    #[serde(borrow)]
    pub(super) deployment_status: Text<'a>,
    #[serde(borrow)]
    pub(super) queued_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) started_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) completed_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_modified_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) approval_type: Text<'a>,
    #[serde(borrow)]
    pub(super) approver: Person<'a>,
    #[serde(borrow)]
    pub(super) approved_by: Person<'a>,
    #[serde(borrow)]
    pub(super) created_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) modified_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_automated: Scalar<'a>,
    #[serde(borrow)]
    pub(super) run: Object<Run<'a>>,
    #[serde(borrow)]
    pub(super) stage_name: Text<'a>,
    #[serde(borrow)]
    pub(super) steps: Steps<'a>,
}

/// A person, by name or as an object.
pub(super) type Person<'a> = Either<'a, Identity<'a>>;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Identity<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) display_name: Text<'a>,
}

impl Person<'_> {
    /// The name for people; what stands in angle brackets behind it is an address.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Either::Text(text) => Some(text.get()?.split('<').next().unwrap_or_default().trim()),
            Either::Object(identity) => identity.display_name.get(),
        }
    }

    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Either::Text(_) => self.name(),
            Either::Object(identity) => identity.id.get().or(identity.display_name.get()),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Repository<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) project: Object<Named<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Containers<'a> {
    #[serde(borrow)]
    pub(super) collection: Object<Container<'a>>,
    #[serde(borrow)]
    pub(super) project: Object<Container<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) base_url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Commit<'a> {
    #[serde(borrow)]
    pub(super) commit_id: Text<'a>,
    #[serde(borrow)]
    pub(super) comment: Text<'a>,
    #[serde(borrow)]
    pub(super) author: Object<Signature<'a>>,
    #[serde(borrow)]
    pub(super) committer: Object<Signature<'a>>,
    #[serde(borrow)]
    pub(super) parents: List<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Signature<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RefUpdate<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

impl<R> InPages for Record<'_, R> {
    const PAGES: Pages = Pages { keys: &["value", "resource"], own: Some("eventType") };

    fn keep(&mut self, page: Vec<Object<Self>>) -> Option<Vec<Object<Self>>> {
        if self.event_type.get().is_none() {
            return Some(page);
        }
        self.parts = page;
        None
    }
}
