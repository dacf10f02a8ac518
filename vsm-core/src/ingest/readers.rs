//! Adapters at work: what each keeps of a text while it reads the parts of it.

use super::elements::Pages;
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

    /// Whether the rest of the text is not to be read.
    fn is_over(&self) -> bool {
        false
    }

    /// Learns from a text that is there as a whole, and reads it.
    fn whole(&mut self, text: Part<'_>) -> Ingested {
        self.learn(text);
        self.read(text)
    }

    /// What can be told only when all was read.
    fn end(&mut self) -> Ingested {
        Ingested::default()
    }

    /// Which objects are pages of records.
    fn pages(&self) -> Pages {
        Pages::default()
    }
}

/// An adapter that reads each record for itself.
struct Each<'o> {
    options: &'o IngestOptions,
    pages: Pages,
    read: fn(Part<'_>, &IngestOptions) -> Ingested,
}

impl Reader for Each<'_> {
    fn read(&mut self, part: Part<'_>) -> Ingested {
        (self.read)(part, self.options)
    }

    fn pages(&self) -> Pages {
        self.pages
    }
}

const NONE: Pages = Pages { keys: &[], own: None };

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
        Adapter::Git => each(git::read_commits, NONE),
        Adapter::GitTags => each(|text, options| git::read_tags(text.bytes, options), NONE),
        Adapter::Jenkins => jenkins::reader(options),
        Adapter::Cdevents => each(cdevents::read, NONE),
        Adapter::Junit => each(|text, options| testing::junit(text.bytes, options), NONE),
        Adapter::Nunit => each(|text, options| testing::nunit(text.bytes, options), NONE),
        Adapter::Xunit => each(|text, options| testing::xunit(text.bytes, options), NONE),
        Adapter::Trx => each(|text, options| testing::trx(text.bytes, options), NONE),
        Adapter::Ctest => each(|text, options| testing::ctest(text.bytes, options), NONE),
        Adapter::Github => each(github::read, Pages { keys: github::PAGES, own: None }),
        Adapter::Gitlab => each(gitlab::read, NONE),
        Adapter::AzureDevops => azure_devops::reader(options),
        Adapter::Bitbucket => bitbucket::reader(options),
        Adapter::Circleci => circleci::reader(options),
        Adapter::Servicenow => servicenow::reader(options),
        Adapter::Pagerduty => pagerduty::reader(options),
        Adapter::Opsgenie => opsgenie::reader(options),
        Adapter::Ocel => each(|text, options| ocel::read(text.bytes, options), NONE),
        Adapter::Xes => each(|text, options| xes::read(text.bytes, options), NONE),
        Adapter::Mapping => mapping::reader(options),
        Adapter::Events => each(|text, _| events::read(text), NONE),
    }
}
