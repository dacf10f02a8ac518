//! CDEvents, the vocabulary of the Continuous Delivery Foundation for what happens between a change and its
//! deployment: versions 0.3 to 0.5 and, of the 0.6 draft, approvals and deployments (<https://cdevents.dev>).
//!
//! **Packing.** An event is read bare (`{"context":…,"subject":…}`), in a structured CloudEvent (in `data`, as an object
//! or as a text, or in `data_base64`), or in a CloudEvent in binary mode. A host hands the last one over as one object,
//! `{"headers":{"ce-type":…},"body":…}`: `body` is the body of the request as an object, a list or a text (base64 where
//! `isBase64Encoded` is true), and headers are texts or lists of texts. One such object, a list (a CloudEvents batch), or
//! JSON Lines of these.
//!
//! | type | item, kind | what is said |
//! |---|---|---|
//! | `change.*` | `git:<id>` where the id is a whole hash, else `cdevents:change:…`; change | `description`; created: `starts_at`, active; merged, abandoned: `ends_at`, done or cancelled |
//! | `build.*`, `pipelinerun.*`, `taskrun.*` | build | started: `starts_at`; finished: `ends_at`, `result` (of a build: success if it names its artifact); a task `relates` to its pipeline run |
//! | `artifact.packaged`, `published`, `signed`, `deleted` | the artifact, see below; build | packaged: `built_from` the change; packaged, published: result success |
//! | `testsuiterun.*`, `testcaserun.*` | test_run | `starts_at`, `ends_at`, `result`; `ran_in` the environment; of a case `tests`; a case `relates` to its suite |
//! | `environment.*` | environment | `title`, attribute `url` |
//! | `service.deployed`, `upgraded`, `rolledback` | a deployment of its own for each event | `deploys` the artifact, `deployed_to` the environment, result success, `ends_at`; `belongs_to` the service, an application, unless the option `application` says another |
//! | `deployment.*` (0.6) | deployment | the same with `starts_at` and `result` by `outcome` |
//! | `incident.*` | incident | `description`; detected: `starts_at`; `found_in` the artifact; resolved: `ends_at`, done; `relates` to the environment |
//! | `ticket.*` | `bug`: defect, `enhancement`: feature, `incident`: incident, others: story | `title`, `assignee`, `priority`; created: new; closed: done, or cancelled where `withdrawn` or `duplicate` |
//! | `approval.*` (0.6) | gate | `gates` the resource by its URL; created: `asked_at`; closed: `decision`, `decided_by`; cancelled: cancelled |
//!
//! **Ids.** A subject is the item `cdevents:<subject>:<source>#<id>`, where the source is that of the subject, else that
//! of the event. An event's id is `<n>.<subject>.<predicate>:<source>#<id>` with the source and id of its context; `n`
//! puts what happened within the same millisecond in order (queued, started, others, finished).
//!
//! **Artifacts** go by their digest: `sha256:<hex>` wherever a package URL has one as version or checksum, or the id is
//! one. Otherwise the package URL itself is the item's id; what is neither is `cdevents:artifact:<id>`. The package URL
//! is an alias, and so is the artifact of the build that names it, so that deployment, artifact and build meet
//! whoever reports them; two builds that name the same artifact are one item from then on. A package URL without
//! digest and version, or with a version that ends in `-SNAPSHOT`, names now this, now that artifact: there the build
//! only has the attribute `artifact`.
//!
//! **Outcomes.** `success`, `pass`; `failure`, `fail`, `error` (all three failure); `cancel` (aborted). A run that has
//! finished without saying how has no result. Any other outcome is counted in `ignored`.
//!
//! **Chains and links.** The subject's item gets the attributes `context_id`, `chain_id` and `linked_to` (the ids of the
//! events in `links`, separated by spaces). A link that is sent by itself becomes the attribute `event_link` (two ids) of
//! the item `cdevents:chain:<chainId>`; one without two ends is counted. What they mean for changes, builds, test runs
//! and deployments is for the correlation to say (rules `event_link` and `event_chain`).
//!
//! What else the content has for people to read is kept in attributes by its own name, in snake case; `url` and `uri`
//! are one.
//!
//! **Ignored**, and counted as `nothing to keep: …`: branches, repositories, `service.published` and `removed`,
//! `artifact.downloaded`, `testoutput.published`. Types that are not known (later ones, and the `dev.cdeventsx` of tools)
//! and CloudEvents of other vocabularies are counted as `type: …`.

mod event;
mod names;
mod payload;
mod subjects;
#[cfg(test)]
mod tests;

pub use self::event::CdEvent;

use self::event::words;
use self::payload::{Content, Context, DEEPEST, Record};
use self::subjects::Said;
use super::parts::Part;
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, check_key, id_part, records};
use crate::error::{Error, Result};
use crate::model::Event;
use crate::time::Instant;

/// One CDEvent, checked as far as every subject needs it.
struct Told<'a> {
    /// The id of the event that is made of it.
    id: String,
    subject: &'a str,
    predicate: &'a str,
    at: Instant,
    context: &'a Context<'a>,
    source: &'a str,
    subject_id: &'a str,
    subject_source: &'a str,
    content: &'a Content<'a>,
}

pub(super) fn read(text: Part<'_>, options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut reader = Reader { stamps, options, ingested: Ingested::default() };
    for (position, record) in records::read::<Record<'_>>(text) {
        match record {
            Ok(record) => reader.unpack(&record, None, position, DEEPEST),
            Err(reject) => reader.ingested.rejects.push(reject),
        }
    }
    reader.ingested.recorded(options.recorded_at)
}

struct Reader<'a> {
    stamps: Stamps,
    options: &'a IngestOptions,
    ingested: Ingested,
}

impl Reader<'_> {
    /// Takes a record, or what is packed in it. `deeper` bounds how often that may be.
    fn unpack(&mut self, record: &Record<'_>, announced: Option<&str>, position: u64, deeper: usize) {
        let Some(inside) = record.inside() else {
            return match self.take(record) {
                Ok(()) => {}
                Err(error) => self.reject(record, position, &error),
            };
        };
        let own = record.announced();
        let announced = own.as_deref().or(announced);
        if let Some(kind) = announced.filter(|kind| words(kind).is_none()) {
            self.ingested.count(format!("type: {}", id_part(kind)));
            return;
        }
        let inside = match inside {
            Ok(inside) if deeper > 0 => inside,
            Ok(_) => {
                let error = Error::invalid("data", "is packed too often to be a CDEvent");
                return self.reject(record, position, &error);
            }
            Err(error) => return self.reject(record, position, &error),
        };
        for (_, record) in records::read::<Record<'_>>(&*inside) {
            match record {
                Ok(record) => self.unpack(&record, announced, position, deeper - 1),
                // Its place is that of the record it is packed in.
                Err(reject) => self.ingested.rejects.push(Reject { position, ..reject }),
            }
        }
    }

    fn reject(&mut self, record: &Record<'_>, position: u64, error: &Error) {
        let id = record.context.0.as_ref().and_then(|context| context.id.get());
        self.ingested.rejects.push(Reject::new(position, id, error));
    }

    fn take(&mut self, record: &Record<'_>) -> Result<()> {
        let missing = |field: &str| Error::invalid(field, "is missing");
        if record.context.0.is_none() && record.link_type.get().is_some() {
            return self.link(record);
        }
        let context = record
            .context
            .0
            .as_ref()
            .ok_or_else(|| Error::invalid("context", "is missing, and so is the data of a CloudEvent"))?;
        let kind = context.kind.get().ok_or_else(|| missing("context.type"))?;
        // What a tool makes up for itself may have the name of something known.
        let own = kind.strip_prefix("dev.cdevents.").and_then(|_| words(kind));
        let Some((subject, predicate)) = own.filter(|(subject, _)| subjects::is_known(subject)) else {
            self.ingested.count(format!("type: {}", id_part(kind)));
            return Ok(());
        };
        check_key("context.id", context.id.get())?;
        check_key("context.source", context.source.get())?;
        let (id, source) = (context.id.get().unwrap_or_default(), context.source.get().unwrap_or_default());
        let about = record.subject.0.as_ref().ok_or_else(|| missing("subject"))?;
        check_key("subject.id", about.id.get())?;
        let subject_source = about.source.get().unwrap_or(source);
        check_key("subject.source", Some(subject_source))?;
        let at = self
            .stamps
            .read("context.timestamp", &context.timestamp)?
            .ok_or_else(|| missing("context.timestamp"))?;
        let nothing = Content::default();
        let told = Told {
            id: format!("{}.{subject}.{predicate}:{source}#{id}", subjects::step(predicate)),
            subject,
            predicate,
            at,
            context,
            source,
            subject_id: about.id.get().unwrap_or_default(),
            subject_source,
            content: about.content.0.as_ref().unwrap_or(&nothing),
        };
        match subjects::say(&told, self.options)? {
            Said::Nothing => self.ingested.count(format!("nothing to keep: {subject}.{predicate}")),
            Said::Unknown => self.ingested.count(format!("type: {}", id_part(kind))),
            Said::Events(events, ignored) => {
                self.ingested.events.extend(events);
                for what in ignored {
                    self.ingested.count(what);
                }
            }
        }
        Ok(())
    }

    /// A link that is sent by itself. The items at its ends are not known here, so it is kept with its chain.
    fn link(&mut self, record: &Record<'_>) -> Result<()> {
        let Some((one, other)) = record.ends() else {
            let kind = id_part(record.link_type.get().unwrap_or_default());
            self.ingested.count(format!("nothing to keep: link {kind}"));
            return Ok(());
        };
        check_key("chainId", record.chain_id.get())?;
        for end in [one, other] {
            check_key("contextId", Some(end))?;
        }
        let chain = record.chain_id.get().unwrap_or_default();
        let at = self
            .stamps
            .read("timestamp", &record.timestamp)?
            .ok_or_else(|| Error::invalid("timestamp", "is missing"))?;
        let id = format!("link:{chain}#{}/{}", id_part(one), id_part(other));
        let mut event = Event::new("cdevents", id, at, format!("cdevents:chain:{chain}"));
        event.set.attributes.insert("event_link".into(), format!("{one} {other}"));
        self.ingested.events.push(event);
        Ok(())
    }
}
