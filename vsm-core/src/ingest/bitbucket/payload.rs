//! The payloads, in the words of the tool.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::pipelines::{Deployable, State, Target};
use crate::ingest::elements::Pages;
use crate::ingest::loose::{Either, List, Object, Scalar, Text};
use crate::ingest::pages::InPages;

/// A webhook, or any of the things that webhooks and lists tell of. What a webhook holds has no webhook in it: a type that
/// held itself would let the input decide over the depth of the stack.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a, R: Deserialize<'de> + Default"))]
pub(super) struct Record<'a, R = IgnoredAny> {
    #[serde(borrow, rename = "eventKey")]
    pub(super) event_key: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) repository: Object<Repository<'a>>,
    #[serde(borrow)]
    pub(super) push: Object<Push<'a>>,
    #[serde(borrow)]
    pub(super) changes: List<Object<Change<'a>>>,
    #[serde(borrow)]
    pub(super) commits: List<Object<Commit<'a>>>,
    #[serde(borrow, rename = "toCommit")]
    pub(super) to_commit: Object<Commit<'a>>,
    pub(super) pullrequest: Object<R>,
    #[serde(rename = "pullRequest")]
    pub(super) pull_request: Object<R>,
    pub(super) commit_status: Object<R>,
    pub(super) comment: Object<IgnoredAny>,
    pub(super) approval: Object<IgnoredAny>,
    pub(super) changes_request: Object<IgnoredAny>,
    #[serde(borrow)]
    pub(super) test: Scalar<'a>,

    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) uuid: Text<'a>,
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) title: Text<'a>,
    #[serde(borrow)]
    pub(super) description: Text<'a>,
    #[serde(borrow)]
    pub(super) state: Either<'a, State<'a>>,
    #[serde(borrow)]
    pub(super) author: Object<Author<'a>>,
    #[serde(borrow)]
    pub(super) links: Object<Links<'a>>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) created_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) updated_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) completed_on: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_update_time: Scalar<'a>,

    #[serde(borrow)]
    pub(super) source: Object<Side<'a>>,
    #[serde(borrow)]
    pub(super) destination: Object<Side<'a>>,
    #[serde(borrow)]
    pub(super) merge_commit: Object<Hash<'a>>,
    #[serde(borrow, rename = "createdDate")]
    pub(super) created_date: Scalar<'a>,
    #[serde(borrow, rename = "updatedDate")]
    pub(super) updated_date: Scalar<'a>,
    #[serde(borrow, rename = "closedDate")]
    pub(super) closed_date: Scalar<'a>,
    #[serde(borrow, rename = "fromRef")]
    pub(super) from_ref: Object<Side<'a>>,
    #[serde(borrow, rename = "toRef")]
    pub(super) to_ref: Object<Side<'a>>,
    #[serde(borrow)]
    pub(super) properties: Object<Properties<'a>>,

    #[serde(borrow)]
    pub(super) hash: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    #[serde(borrow)]
    pub(super) parents: List<Object<Hash<'a>>>,
    #[serde(borrow, rename = "authorTimestamp")]
    pub(super) author_timestamp: Scalar<'a>,
    #[serde(borrow, rename = "committerTimestamp")]
    pub(super) committer_timestamp: Scalar<'a>,

    #[serde(borrow)]
    pub(super) commit: Object<Hash<'a>>,
    #[serde(borrow)]
    pub(super) refname: Text<'a>,
    #[serde(borrow)]
    pub(super) build_number: Text<'a>,
    #[serde(borrow)]
    pub(super) target: Object<Target<'a>>,
    #[serde(borrow)]
    pub(super) environment: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) environment_type: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) release: Object<Deployable<'a>>,
    #[serde(borrow)]
    pub(super) deployable: Object<Deployable<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Repository<'a> {
    #[serde(borrow)]
    pub(super) full_name: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) slug: Text<'a>,
    #[serde(borrow)]
    pub(super) project: Object<Project<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Project<'a> {
    #[serde(borrow)]
    pub(super) key: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) uuid: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    pub(super) changes: List<Object<Change<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) new: Object<Reference<'a>>,
    #[serde(borrow)]
    pub(super) commits: List<Object<Commit<'a>>>,
    #[serde(borrow)]
    pub(super) truncated: Scalar<'a>,
    /// Data Center: what was changed.
    #[serde(borrow, rename = "ref")]
    pub(super) reference: Object<Reference<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) target: Object<Commit<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Commit<'a> {
    #[serde(borrow)]
    pub(super) hash: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Scalar<'a>,
    #[serde(borrow, rename = "authorTimestamp")]
    pub(super) author_timestamp: Scalar<'a>,
    #[serde(borrow, rename = "committerTimestamp")]
    pub(super) committer_timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) author: Object<Author<'a>>,
    #[serde(borrow)]
    pub(super) parents: List<Object<Hash<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Hash<'a> {
    #[serde(borrow)]
    pub(super) hash: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
}

impl Hash<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        self.hash.get().or(self.id.get())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Author<'a> {
    #[serde(borrow)]
    pub(super) display_name: Text<'a>,
    #[serde(borrow, rename = "displayName")]
    pub(super) shown_name: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) raw: Text<'a>,
    #[serde(borrow)]
    pub(super) user: Object<User<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) display_name: Text<'a>,
    #[serde(borrow, rename = "displayName")]
    pub(super) shown_name: Text<'a>,
}

impl Author<'_> {
    /// The name for people; what stands in angle brackets behind a raw one is an address.
    pub(super) fn shown(&self) -> Option<&str> {
        let user = self.user.0.as_ref().and_then(|user| user.display_name.get().or(user.shown_name.get()));
        let own = self.display_name.get().or(self.shown_name.get()).or(user).or(self.name.get());
        own.or_else(|| Some(self.raw.get()?.split('<').next().unwrap_or_default().trim()))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Links<'a> {
    #[serde(borrow)]
    pub(super) html: Object<Href<'a>>,
    #[serde(borrow, rename = "self")]
    pub(super) own: List<Object<Href<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Href<'a> {
    #[serde(borrow)]
    pub(super) href: Text<'a>,
}

/// Where a pull request is from, or where it goes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Side<'a> {
    #[serde(borrow)]
    pub(super) branch: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) commit: Object<Hash<'a>>,
    #[serde(borrow, rename = "displayId")]
    pub(super) display_id: Text<'a>,
    #[serde(borrow, rename = "latestCommit")]
    pub(super) latest_commit: Text<'a>,
    #[serde(borrow)]
    pub(super) repository: Object<Repository<'a>>,
}

impl Side<'_> {
    pub(super) fn branch(&self) -> Option<&str> {
        self.branch.0.as_ref().and_then(|branch| branch.name.get()).or(self.display_id.get())
    }

    pub(super) fn commit(&self) -> Option<&str> {
        self.latest_commit.get().or_else(|| self.commit.0.as_ref()?.get())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Properties<'a> {
    #[serde(borrow, rename = "mergeCommit")]
    pub(super) merge_commit: Object<Hash<'a>>,
}

impl<R> InPages for Record<'_, R> {
    const PAGES: Pages = Pages { keys: &["values"], own: None };
}
