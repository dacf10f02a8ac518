//! Jira issues, as the REST API gives them: `/rest/api/2|3/issue/<key>`, `/rest/api/2|3/search`, and the same under
//! `/rest/agile/1.0`, of Cloud and Server, with `expand=changelog` or without; pages of `/issue/<key>/changelog`, as
//! they are or wrapped as `{"key":...,"changelog":...}`; and webhooks. One of these, a list, or JSON Lines, in any
//! mixture.
//!
//! Events of an issue, by id (`KEY` is the issue's key). Each id has behind it a digest of all that the event says, so
//! that what is told again is the same event, and what is told with other fields, or with another time, is one more:
//!
//! | event | when | says |
//! |---|---|---|
//! | `KEY/created` | `created` | the kind, the application; all values before the first change, where the changelog tells |
//! | `KEY/history/<id>` | the change's `created` | what the change changed, where anything that is used |
//! | `KEY/resolved/<ms>` | `resolutiondate` | state done or cancelled, where no changelog dates it |
//! | `KEY/snapshot/<ms>` | `updated`, or the last change if later | the values of today; state and status only where no changelog dates them |
//! | `.../depends_on/<OTHER>`, `.../blocks/<OTHER>` after one of these ids | as that event | one dependency, told of the issue that waits; `no_longer_...` its end |
//!
//! | field | becomes |
//! |---|---|
//! | `key` | item `jira:KEY`; an issue that was moved stays the item of its first key, today's is an alias |
//! | `id` | alias `jira:id/<id>`; each alias is an event of its own, `KEY/known_as/<alias>` |
//! | `issuetype` | kind: option `kinds` by name, the usual English names, `hierarchyLevel` 1 epic and above theme, `subtask` story; else story, and counted |
//! | `status` | `status`, `status_id`, `state`: see below |
//! | `resolution` | attribute `resolution`; done becomes cancelled with Won't Do/Fix, Duplicate, Cannot Reproduce, Invalid, Incomplete, Declined, Rejected and their like |
//! | `summary`, `assignee` | `title`, `assignee` (the name for people) |
//! | `priority` | `priority`; of a defect also `severity`: Blocker or Highest, Critical or High, Major or Medium, Minor or Low, Trivial or Lowest |
//! | `duedate` | `due_at`: the last millisecond of that day in the option `zone`, else in UTC |
//! | `timeoriginalestimate`, `timeestimate` | `estimate`, `remaining` |
//! | Story Points | `size`, where `names` (`expand=names`) or the changelog say which custom field that is |
//! | `parent`, else `epic`, else Epic Link | `parent`; the Epic Link is `customfield_10014` unless `names` or the changelog say otherwise |
//! | `fixVersions`, `versions` | `ships_in`, `found_in` the item `jira:version/<id>` |
//! | `issuelinks` | `depends_on` for the types Blocks and Depends(-ency) and those worded alike, else `relates` |
//! | `labels`; `sprint`, `closedSprints` | attributes `labels`, `sprint`: names joined by commas |
//! | Flagged, as the changelog tells it | attribute `blocked`: the name of the flag, `Impediment`; cleared with it |
//! | `project` | `belongs_to`: option `applications` by project key, else `application` |
//!
//! **State of a status**, the first that knows: option `states` by id, then by name; the category that the issue
//! itself gives its status; the category that most issues of the same input give that id; the usual English names.
//! A category is made finer by the name: *in progress* and Blocked, On Hold, Pending, Waiting for … or Ready for … is
//! waiting, *done* and Cancelled, Rejected, Won't Do … is cancelled. A status that nothing knows sets no state, and is
//! counted. Statuses are told apart by id, since names are renamed and translated.
//!
//! **Changelog.** It is whole where it starts at 0 and has as many entries as its `total`; then the values before
//! the first change are those that the first change changed, and the others are those of today. Of a page of a longer
//! changelog only the changes themselves are used, and the page is counted. Pages of the same issue in one
//! input are put together, entry by entry, wherever they stand; a page without its issue is a reject. Links are
//! followed where their change is worded in English or in words that a link of the input has; sprints and story points
//! are not followed. What is not followed is counted. Without a changelog nothing says what an issue
//! was before today, so it has no state before its resolution or its last update.
//!
//! **Versions** are told by every issue that names them, and said once: the definition `version/<id>/...` holds from
//! 1970 on, because Jira doesn't say when a version was created; its id contains all it says, so that any input
//! says the same in the same event. `releaseDate` of an unreleased version is `due_at`; of a released one it is
//! `released_at`, and the event `version/<id>/shipped/<ms>` makes it done on that day. A version that was released on
//! no known date is done by the last update of an issue that names it (`shipped_by`). A version that only a
//! changelog names has a name and no state.
//!
//! **Webhooks** say the same in the same events, so that both ways meet:
//!
//! | `webhookEvent` | becomes |
//! |---|---|
//! | `jira:issue_created` | `KEY/created` with all values |
//! | `jira:issue_updated`, `changelog` | `KEY/history/<id>` at `updated` |
//! | both, and `jira:issue_deleted` | `KEY/webhook/<id of the change, else timestamp>` at `updated`: all values of then; the status where the change is not about it |
//! | `jira:issue_deleted` | `KEY/deleted/<timestamp>`: cancelled, attribute `reason` |
//! | `jira:version_...` | the definition as above, and `version/<id>/webhook/<timestamp>/<what>`: name and date since then; `_unreleased` new again, `_deleted` cancelled |
//! | `issuelink_created`, `_deleted` | `link/<id>/created`, `/deleted`: begin and end of a link; a sub-task's is counted, as the issue tells it |
//! | others: comments, worklogs, sprints, boards, users ... | counted by name |
//!
//! A webhook doesn't carry the time of its changelog entry; `updated` is that time or a few milliseconds before it. Where
//! the two differ, the change is told twice, and holds from the earlier time on whichever comes first; two changes within
//! these milliseconds may look as if the first had been made again. A webhook of an issue
//! that was moved before goes by the key of today until an export with its changelog says that both are one.
//!
//! **Not in the data**: a link or a version that was taken away between two exports without changelog stays as it
//! was, since nothing says when it went. Descriptions and comments are not read.

mod changes;
mod context;
mod hook;
mod issue;
mod links;
mod pages;
mod payload;
mod versions;
mod words;

use self::context::Context;
use self::hook::Hook;
use self::pages::Pages;
use self::payload::{Issue, Names, Record};
use self::versions::Versions;
use super::loose::{List, Object};
use super::parts::Part;
use super::readers::Reader;
use super::records::{Piece, pieces};
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, elements, told};
use crate::error::{Error, Result};

/// A page of issues.
const ISSUES: elements::Pages = elements::Pages { keys: &["issues"], own: None };

#[cfg(test)]
mod tests;

struct Jira<'o> {
    context: Context<'o>,
    versions: Versions,
    pages: Pages,
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    let context = Context::new(options, Stamps::new(options)?);
    Ok(Box::new(Jira { context, versions: Versions::default(), pages: Pages::default() }))
}

/// What a text is made of.
#[allow(clippy::large_enum_variant, reason = "nearly all of them are issues")]
enum Told<'a> {
    Issue(Issue<'a>),
    Hook(Hook<'a>),
    /// A page of a changelog, as an issue of nothing else.
    Page(Issue<'a>),
    Reject(Reject),
}

/// What is in a part, with the positions, and the names of custom fields.
fn records<'a>(piece: Piece<'a>, names: &mut Vec<Names<'a>>) -> Vec<(u64, Told<'a>)> {
    let mut all = Vec::new();
    let place = piece.position;
    for (position, record) in piece.read::<Record<'_>>() {
        let mut record = match record {
            Ok(record) => record,
            Err(reject) => {
                all.push((position, Told::Reject(reject)));
                continue;
            }
        };
        names.extend(record.names.0.take());
        if record.webhook_event.get().is_some() {
            all.push((position, Told::Hook(Hook::new(record))));
            continue;
        }
        if let Some(page) = pages::page(&mut record) {
            all.push((position, Told::Page(page)));
            continue;
        }
        let Some(List(page)) = record.issues.take() else {
            let issue = record.into_issue();
            all.push((position, if pages::is_page(&issue) { Told::Page(issue) } else { Told::Issue(issue) }));
            continue;
        };
        for (Object(issue), number) in page.into_iter().zip(1..) {
            // The line of a page says more than the number in it.
            let position = place.unwrap_or(number);
            let told = match issue {
                Some(issue) if pages::is_page(&issue) => Told::Page(issue),
                Some(issue) => Told::Issue(issue),
                None => {
                    let error = Error::invalid("issues", "holds something that is not an object");
                    Told::Reject(Reject::new(position, None, &error))
                }
            };
            all.push((position, told));
        }
    }
    all
}

impl Jira<'_> {
    /// Learns from what is in a piece of this text.
    fn note(&mut self, told: &[(u64, Told<'_>)], names: &[Names<'_>], text: Option<&[u8]>) {
        let Jira { context, versions, pages } = self;
        let mut held = Vec::new();
        for (position, told) in told {
            let issue = match told {
                Told::Reject(_) => continue,
                Told::Page(page) => {
                    context.learn_changes(page);
                    held.push((*position, pages::names(page)));
                    page
                }
                Told::Issue(issue) => {
                    pages.expect(issue);
                    context.learn(issue);
                    issue
                }
                Told::Hook(hook) => {
                    if let Some((version, at)) = hook.own_version(context) {
                        versions.note(version, at, context);
                    }
                    let Some(issue) = hook.own_issue() else { continue };
                    context.learn(issue);
                    issue
                }
            };
            versions.collect(issue, context);
        }
        for names in names {
            context.learn_names(names);
        }
        pages.hold(text.unwrap_or_default(), held);
    }

    /// All is known by now; what belongs to no single record is said once.
    fn begin(&mut self) -> Ingested {
        let Jira { context, versions, pages } = self;
        context.settle();
        pages.settle();
        let mut ingested = Ingested::default();
        std::mem::take(versions).write(context, &mut ingested);
        ingested.events.iter_mut().for_each(told::complete);
        ingested
    }

    fn write(&mut self, told: Told<'_>, position: u64, ingested: &mut Ingested) {
        let Jira { context, pages, .. } = self;
        let before = ingested.events.len();
        match told {
            Told::Reject(reject) => ingested.rejects.push(reject),
            Told::Page(_) => {}
            Told::Hook(hook) => hook.write(context, position, ingested),
            Told::Issue(issue) => pages.with(issue, |issue| issue::write(context, issue, position, ingested)),
        }
        // While they are at hand.
        ingested.events.iter_mut().skip(before).for_each(told::complete);
    }
}

impl Reader for Jira<'_> {
    fn learns(&self) -> bool {
        true
    }

    fn learn(&mut self, part: Part<'_>) {
        for piece in pieces(part) {
            let (text, mut names) = (piece.text.as_ref().ok().copied(), Vec::new());
            let told = records(piece, &mut names);
            self.note(&told, &names, text);
        }
    }

    fn read(&mut self, part: Part<'_>) -> Ingested {
        let mut ingested = self.begin();
        for piece in pieces(part) {
            for (position, told) in records(piece, &mut Vec::new()) {
                self.write(told, position, &mut ingested);
            }
        }
        ingested.recorded(self.context.options.recorded_at)
    }

    fn whole(&mut self, text: Part<'_>) -> Ingested {
        let mut all = Vec::new();
        for piece in pieces(text) {
            let (text, mut names) = (piece.text.as_ref().ok().copied(), Vec::new());
            let told = records(piece, &mut names);
            self.note(&told, &names, text);
            all.extend(told);
        }
        let mut ingested = self.begin();
        for (position, told) in all {
            self.write(told, position, &mut ingested);
        }
        ingested.recorded(self.context.options.recorded_at)
    }

    fn end(&mut self) -> Ingested {
        Ingested { rejects: self.pages.left(), ..Ingested::default() }
    }

    fn pages(&self) -> elements::Pages {
        ISSUES
    }
}
