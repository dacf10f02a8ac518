//! Adapters at work: what each keeps of a text while it reads the parts of it.

use super::parts::Part;
use super::timestamp::Stamps;
use super::{
    Adapter, IngestOptions, Ingested, azure_devops, bitbucket, cdevents, circleci, events, git, github,
    gitlab, jenkins, jira, mapping, ocel, opsgenie, pagerduty, servicenow, testing, xes,
};
use crate::error::Result;

/// An adapter that is given a text, part by part.
pub(super) trait Reader {
    /// Whether what a record says depends on all others, so that [`learn`](Reader::learn) has to be given the whole text
    /// before it is read.
    fn learns(&self) -> bool {
        false
    }

    fn learn(&mut self, _part: Part<'_>) {}

    fn read(&mut self, part: Part<'_>) -> Ingested;

    /// Learns from a text that is there as a whole, and reads it.
    fn whole(&mut self, text: Part<'_>) -> Ingested {
        self.learn(text);
        self.read(text)
    }

    /// What can be told only when all was read.
    fn end(&mut self) -> Ingested {
        Ingested::default()
    }

    /// The keys under which an object may hold a page of records.
    fn pages(&self) -> &'static [&'static str] {
        &[]
    }
}

/// An adapter that reads each record for itself.
struct Each<'o> {
    options: &'o IngestOptions,
    pages: &'static [&'static str],
    read: fn(Part<'_>, &IngestOptions) -> Ingested,
}

impl Reader for Each<'_> {
    fn read(&mut self, part: Part<'_>) -> Ingested {
        (self.read)(part, self.options)
    }

    fn pages(&self) -> &'static [&'static str] {
        self.pages
    }
}

/// # Errors
/// The options are wrong, as far as the adapter looks at them before it reads.
pub(super) fn open(adapter: Adapter, options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    type Read = fn(Part<'_>, &IngestOptions) -> Ingested;
    let each =
        |read: Read, pages| -> Result<Box<dyn Reader + '_>> { Ok(Box::new(Each { options, pages, read })) };
    if !matches!(adapter, Adapter::Events | Adapter::Jenkins) {
        Stamps::new(options)?;
    }
    match adapter {
        Adapter::Jira => jira::reader(options),
        Adapter::Git => each(git::read_commits, &[]),
        Adapter::GitTags => each(|text, options| git::read_tags(text.bytes, options), &[]),
        Adapter::Jenkins => jenkins::reader(options),
        Adapter::Cdevents => each(cdevents::read, &[]),
        Adapter::Junit => each(|text, options| testing::junit(text.bytes, options), &[]),
        Adapter::Nunit => each(|text, options| testing::nunit(text.bytes, options), &[]),
        Adapter::Xunit => each(|text, options| testing::xunit(text.bytes, options), &[]),
        Adapter::Trx => each(|text, options| testing::trx(text.bytes, options), &[]),
        Adapter::Ctest => each(|text, options| testing::ctest(text.bytes, options), &[]),
        Adapter::Github => each(github::read, github::PAGES),
        Adapter::Gitlab => each(gitlab::read, &[]),
        Adapter::AzureDevops => azure_devops::reader(options),
        Adapter::Bitbucket => bitbucket::reader(options),
        Adapter::Circleci => circleci::reader(options),
        Adapter::Servicenow => servicenow::reader(options),
        Adapter::Pagerduty => pagerduty::reader(options),
        Adapter::Opsgenie => opsgenie::reader(options),
        Adapter::Ocel => each(|text, options| ocel::read(text.bytes, options), &[]),
        Adapter::Xes => each(|text, options| xes::read(text.bytes, options), &[]),
        Adapter::Mapping => mapping::reader(options),
        Adapter::Events => each(|text, _| events::read(text), &[]),
    }
}
