//! Bitbucket Cloud and Data Center (Server): webhooks, and the REST API's lists and objects of the same things: one
//! object, a page (`values`), a list, or JSON Lines of these. What a record is follows from its fields, since the bodies
//! of Cloud's webhooks don't say.
//!
//! | webhook of Cloud | of Data Center | REST | becomes |
//! |---|---|---|---|
//! | `repo:push` | `repo:refs_changed` | `…/commits` | commits; tags of Cloud |
//! | `pullrequest:*` | `pr:*` | `…/pullrequests`, `…/pull-requests` | a change |
//! | `repo:commit_status_*` | | `…/commit/{sha}/statuses` | a build |
//! | | | `…/pipelines` | a build |
//! | | | `…/deployments`, `…/environments` | a deployment, an environment |
//!
//! Comments are counted in `ignored`, and so are other events of Data Center, by their key; of an approval or a request for
//! changes the pull request that it comes with is read, and the rest is counted.
//!
//! **Ids.** `bitbucket:<repository>/pull/<id>`, where a repository is `workspace/name` (`full_name`) or `PROJECT/name`;
//! `bitbucket:<repository>/status/<sha>/<key>`; and, since they are unique by themselves, `bitbucket:pipeline/<uuid>`,
//! `…:deployment/<uuid>`, `…:environment/<uuid>`. Ids of events end in a digest of what they say.
//!
//! **Pull requests.** `state`: `OPEN` active, `MERGED` done, `DECLINED` and `SUPERSEDED` cancelled, also one that is deleted.
//! `created_on`, `createdDate` are `starts_at`; `closedDate` is `ends_at`. Cloud doesn't say when a pull request was closed: a
//! webhook of the closing itself comes at once, so `updated_on` is the end there; by a list it is closed as of
//! `updated_on`, and has no end. Commits are linked where they are named in full, which
//! is what Data Center does (`fromRef.latestCommit`, `properties.mergeCommit`). Cloud shortens them: they are linked where
//! another record of the same input names the one commit that they can be, and are the attributes `head` and
//! `merge_commit` otherwise; so pushes and pull requests are best read together. Attributes: `author`, `branch`, `target`, `repository`, `url`.
//!
//! **Commits** are items `git:<hash>`: `message` is `title` and `description`, `date` (`committerTimestamp`) when it was so,
//! `date` (`authorTimestamp`) `starts_at`; `parents` are `follows` links. A **tag** that is pushed to Cloud sets `tag` on its
//! commit; those of Data Center are counted, as they may name an annotated tag's own hash. A push that is cut short
//! (`truncated`) is counted too.
//!
//! Statuses, pipelines and deployments are described in `pipelines`.
//!
//! **Applications.** `belongs_to` is the option `applications` by the repository's full name or its name, else
//! `application`.

mod payload;
mod pipelines;

use self::payload::{Author, Change, Commit, Hash, Record, Reference, Repository, Side};
use super::git::message;
use super::loose::{Either, Object, Scalar};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::told::{self, Pull, Teller, Telling, full_sha};
use super::{IngestOptions, attribute, check_key, git, id_part};
use crate::error::{Error, Result};
use crate::model::{FlowState, Link, LinkKind};
use crate::time::Instant;

/// Who tells of a pull request; a webhook of Data Center says when.
#[derive(Clone, Copy)]
enum Source {
    List,
    Cloud,
    Center(Option<Instant>),
    Deletion(Option<Instant>),
}

/// A repository by the name that its items go by, and by all that the options may know it by.
struct Place<'r> {
    key: String,
    names: Vec<Option<&'r str>>,
}

impl Repository<'_> {
    fn place(&self) -> Option<Place<'_>> {
        let key = match self.full_name.get() {
            Some(name) => name.to_owned(),
            None => format!("{}/{}", self.project.0.as_ref()?.key.get()?, self.slug.get()?),
        };
        Some(Place { key, names: vec![self.full_name.get(), self.slug.get(), self.name.get()] })
    }
}

impl<'r> Place<'r> {
    /// Adds the whole name to those that the options may know.
    fn names(&'r self) -> Vec<Option<&'r str>> {
        std::iter::once(Some(&*self.key)).chain(self.names.iter().copied()).collect()
    }
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    let telling = Telling::new(Teller::new("bitbucket", options)?, read, <Record<'_, Record<'_>>>::PAGES);
    Ok(Box::new(telling.learning(learn)))
}

/// Notes the commits that are named in full.
fn learn(teller: &mut Teller<'_>, part: Part<'_>) {
    for (_, record) in read_pages::<Record<'_, Record<'_>>>(part) {
        if let Ok(record) = record {
            record.learn(teller);
        }
    }
}

fn read(teller: &mut Teller<'_>, part: Part<'_>) {
    for (position, record) in read_pages::<Record<'_, Record<'_>>>(part) {
        teller.position = position;
        match &record {
            Ok(record) => {
                if let Err(error) = record.tell(teller) {
                    teller.reject(record.shown(), &error);
                }
            }
            Err(reject) => teller.ingested.rejects.push(reject.clone()),
        }
    }
}

impl Record<'_, Record<'_>> {
    /// The record's name for itself.
    fn shown(&self) -> Option<&str> {
        let pull = self.pullrequest.0.as_ref().or(self.pull_request.0.as_ref());
        pull.and_then(|pull| pull.id.get()).or(self.uuid.get()).or(self.id.get()).or(self.hash.get())
    }

    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        let place = self.repository.0.as_ref().and_then(Repository::place);
        if self.comment.0.is_some() {
            teller.count("comment");
            return Ok(());
        }
        if let Some(event) = self.event_key.get() {
            let known = event.starts_with("pr:") || event == "repo:refs_changed";
            if !known || event.starts_with("pr:comment") {
                teller.count(format!("event: {}", id_part(event)));
                return Ok(());
            }
        }
        for (what, held) in [("approval", &self.approval), ("changes_request", &self.changes_request)] {
            if held.0.is_some() {
                teller.count(what);
            }
        }
        if let Some(pull) = self.pullrequest.0.as_ref().or(self.pull_request.0.as_ref()) {
            let source = match self.event_key.get() {
                Some("pr:deleted") => Source::Deletion(teller.stamps.read("date", &self.date)?),
                Some(_) => Source::Center(teller.stamps.read("date", &self.date)?),
                None if self.approval.0.is_some() || self.changes_request.0.is_some() => Source::List,
                None => Source::Cloud,
            };
            return pull.pull(place.as_ref(), source, teller);
        }
        if let Some(status) = &self.commit_status.0 {
            return status.status(place.as_ref(), teller);
        }
        if let Some(push) = &self.push.0 {
            return self.pushed(&push.changes.0, place.as_ref(), teller);
        }
        if self.event_key.get() == Some("repo:refs_changed") {
            return self.pushed(&self.changes.0, place.as_ref(), teller);
        }
        if self.test.flag() == Some(true) {
            teller.count("event: diagnostics:ping");
            return Ok(());
        }
        let kind = self.kind.get().unwrap_or_default();
        if self.from_ref.0.is_some() || self.destination.0.is_some() {
            self.pull(place.as_ref(), Source::List, teller)
        } else if self.build_number.get().is_some() {
            self.pipeline(place.as_ref(), teller)
        } else if kind == "deployment" || (self.environment.0.is_some() && self.release.0.is_some()) {
            self.deployment(place.as_ref(), teller)
        } else if kind == "deployment_environment" || self.environment_type.0.is_some() {
            check_key("uuid", self.uuid.get())?;
            self.place(teller);
            Ok(())
        } else if self.key.get().is_some() && self.commit.0.is_some() {
            self.status(place.as_ref(), teller)
        } else if self.hash.get().is_some() || self.author_timestamp != Scalar::Absent {
            let names = place.as_ref().map_or_else(Vec::new, Place::names);
            tell_commit(&self.as_commit(), &names, teller)
        } else if self.id.get().or(self.uuid.get()).or(self.kind.get()).is_some() {
            let what = if kind.is_empty() {
                "record of another kind".to_owned()
            } else {
                format!("type: {}", id_part(kind))
            };
            teller.count(what);
            Ok(())
        } else {
            Err(Error::invalid("id", "is missing, and so is all else by which a record is known"))
        }
    }

    /// Takes note of the commits that the record names in full.
    fn learn(&self, teller: &mut Teller<'_>) {
        let changes =
            self.push.0.iter().flat_map(|push| &push.changes.0).filter_map(|change| change.0.as_ref());
        let changes = changes.flat_map(|change| {
            let to = change.new.0.as_ref().and_then(|new| new.target.0.as_ref());
            change.commits.0.iter().filter_map(|commit| commit.0.as_ref()).chain(to)
        });
        let pushed = self.commits.0.iter().chain([&self.to_commit]).filter_map(|commit| commit.0.as_ref());
        let hashes = changes.chain(pushed).map(|commit| commit.hash.get().or(commit.id.get()));
        let status = self.commit_status.0.as_ref().and_then(|status| status.commit.0.as_ref()?.get());
        let own = self.hash.get().or_else(|| self.commit.0.as_ref()?.get());
        teller.commits.extend(hashes.chain([status, own, self.built()]).filter_map(full_sha));
    }

    fn pushed(
        &self,
        changes: &[Object<Change<'_>>],
        place: Option<&Place<'_>>,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        let names = place.map_or_else(Vec::new, Place::names);
        let mut told = 0;
        for change in changes.iter().filter_map(|change| change.0.as_ref()) {
            if change.truncated.flag() == Some(true) {
                teller.count("push cut short");
            }
            let is_tag = |reference: &Reference<'_>| {
                reference.kind.get().is_some_and(|kind| kind.eq_ignore_ascii_case("tag"))
            };
            if change.reference.0.as_ref().is_some_and(is_tag) {
                teller.count("tag");
                told += 1;
            }
            if let Some(tag) = change.new.0.as_ref().filter(|new| is_tag(new)) {
                if let Err(error) = tell_tag(tag, place, teller) {
                    teller.reject(tag.name.get(), &error);
                }
                told += 1;
            }
            for commit in change.commits.0.iter().filter_map(|commit| commit.0.as_ref()) {
                try_commit(&commit.fields(), &names, teller);
                told += 1;
            }
        }
        let to = self.commits.0.iter().chain([&self.to_commit]);
        for commit in to.filter_map(|commit| commit.0.as_ref()) {
            try_commit(&commit.fields(), &names, teller);
            told += 1;
        }
        if told == 0 {
            teller.count("push without commits");
        }
        Ok(())
    }
}

impl<R> Record<'_, R> {
    fn pull(&self, place: Option<&Place<'_>>, told_by: Source, teller: &mut Teller<'_>) -> Result<()> {
        let stamps = teller.stamps;
        let from = self.source.0.as_ref().or(self.from_ref.0.as_ref());
        let to = self.destination.0.as_ref().or(self.to_ref.0.as_ref());
        let own = to.and_then(|to| to.repository.0.as_ref()?.place());
        let place = own.as_ref().or(place);
        let place = place
            .ok_or_else(|| Error::invalid("repository", "is not named: a pull request is known by it"))?;
        check_key("id", self.id.get())?;
        let Either::Text(status) = &self.state else {
            return Err(Error::invalid("state", "is not a text"));
        };
        let state = match status.get() {
            _ if matches!(told_by, Source::Deletion(_)) => Some(FlowState::Cancelled),
            Some("OPEN") => Some(FlowState::Active),
            Some("MERGED") => Some(FlowState::Done),
            Some("DECLINED" | "SUPERSEDED") => Some(FlowState::Cancelled),
            other => {
                teller.count(format!("state: {}", id_part(other.unwrap_or("none"))));
                None
            }
        };
        let head = from.and_then(Side::commit);
        let properties = self.properties.0.as_ref();
        let merge = self.merge_commit.0.as_ref().or_else(|| properties?.merge_commit.0.as_ref());
        let merge = merge.and_then(Hash::get);
        let created = stamps.read("created_on", &self.created_on)?;
        let updated = stamps.read("updated_on", &self.updated_on)?;
        let closed = stamps.read("closedDate", &self.closed_date)?;
        let (sent, closed) = match told_by {
            Source::List => (None, closed),
            Source::Cloud => (None, updated),
            Source::Center(at) => (at, closed),
            Source::Deletion(at) => (at, at),
        };
        let pull = Pull {
            key: told::key(&[&place.key, "pull", self.id.get().unwrap_or_default()]),
            title: self.title.get(),
            description: self.description.get(),
            status: status.get(),
            state,
            author: self.author.0.as_ref().and_then(Author::shown),
            repository: Some(&place.key),
            branch: from.and_then(Side::branch),
            target: to.and_then(Side::branch),
            url: self.address(),
            names: place.names(),
            commits: teller.sha(head).into_iter().collect(),
            merge: teller.sha(merge),
            // Shortened hashes name no commit, and are kept for people.
            attributes: [("head", head), ("merge_commit", merge)]
                .into_iter()
                .filter(|(_, hash)| teller.sha(*hash).is_none())
                .collect(),
            created: created.or(stamps.read("createdDate", &self.created_date)?),
            closed,
            seen: sent.or(updated).or(stamps.read("updatedDate", &self.updated_date)?),
        };
        teller.pull(&pull)
    }

    fn address(&self) -> Option<&str> {
        let links = self.links.0.as_ref()?;
        let own = links.own.0.first().and_then(|own| own.0.as_ref());
        links.html.0.as_ref().or(own)?.href.get()
    }

    fn as_commit(&self) -> CommitFields<'_, '_> {
        CommitFields {
            hash: self.hash.get().or(self.id.get()),
            message: self.message.get(),
            date: &self.date,
            authored: &self.author_timestamp,
            committed: &self.committer_timestamp,
            author: self.author.0.as_ref(),
            parents: &self.parents.0,
        }
    }
}

/// A commit in a push or in a list.
struct CommitFields<'r, 'a> {
    hash: Option<&'r str>,
    message: Option<&'r str>,
    date: &'r Scalar<'a>,
    authored: &'r Scalar<'a>,
    committed: &'r Scalar<'a>,
    author: Option<&'r Author<'a>>,
    parents: &'r [Object<Hash<'a>>],
}

impl<'a> Commit<'a> {
    fn fields(&self) -> CommitFields<'_, 'a> {
        CommitFields {
            hash: self.hash.get().or(self.id.get()),
            message: self.message.get(),
            date: &self.date,
            authored: &self.author_timestamp,
            committed: &self.committer_timestamp,
            author: self.author.0.as_ref(),
            parents: &self.parents.0,
        }
    }
}

/// A commit among others: one that can't be read costs none but itself.
fn try_commit(commit: &CommitFields<'_, '_>, names: &[Option<&str>], teller: &mut Teller<'_>) {
    if let Err(error) = tell_commit(commit, names, teller) {
        teller.reject(commit.hash, &error);
    }
}

fn tell_commit(commit: &CommitFields<'_, '_>, names: &[Option<&str>], teller: &mut Teller<'_>) -> Result<()> {
    let sha = full_sha(commit.hash).ok_or_else(|| Error::invalid("hash", "is no full hash of a commit"))?;
    let date = teller.stamps.read("date", commit.date)?;
    let authored = teller.stamps.read("authorTimestamp", commit.authored)?.or(date);
    let committed = teller.stamps.read("committerTimestamp", commit.committed)?.or(authored);
    let at = committed.ok_or_else(|| Error::invalid("date", "is missing"))?;
    let mut event = teller.commit(&sha, "commit", at);
    event.set.starts_at = authored;
    message(&mut event, commit.message);
    attribute(&mut event.set, "author", commit.author.and_then(Author::shown));
    let parents = commit.parents.iter().filter_map(|parent| full_sha(parent.0.as_ref()?.get()));
    event.links.extend(
        parents
            .filter(|parent| *parent != sha)
            .map(|parent| Link::new(LinkKind::Follows, git::item(&parent))),
    );
    teller.belong(&mut event, names);
    teller.tell(event);
    Ok(())
}

fn tell_tag(tag: &Reference<'_>, place: Option<&Place<'_>>, teller: &mut Teller<'_>) -> Result<()> {
    check_key("push.changes.new.name", tag.name.get())?;
    let target = tag.target.0.as_ref();
    let sha = full_sha(target.and_then(|target| target.hash.get()))
        .ok_or_else(|| Error::invalid("push.changes.new.target.hash", "is no full hash of a commit"))?;
    let date = match target {
        Some(target) => teller.stamps.read("push.changes.new.target.date", &target.date)?,
        None => None,
    };
    let at = teller.stamps.read("push.changes.new.date", &tag.date)?.or(date);
    let at = at
        .ok_or_else(|| Error::invalid("push.changes.new.date", "is missing, and so is that of its commit"))?;
    let repository = place.map_or("", |place| &place.key);
    let what = told::key(&["tag", repository, tag.name.get().unwrap_or_default()]);
    let mut event = teller.commit(&sha, &what, at);
    event.set.tag = tag.name.owned();
    teller.tell(event);
    Ok(())
}

#[cfg(test)]
mod tests;
