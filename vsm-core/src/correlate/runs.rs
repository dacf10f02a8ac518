//! Runs of continuous integration that others name: by their address, or by job and number.
//!
//! The address is that of the run or of a page below it (its console, its test report). `shop/main #31` and
//! `shop/main#31` are job and number, as are two attributes of the names below. A test run or deployment then `tests` or
//! `deploys` the build; a gate (a change request) only `relates` to it, since which of them waits for the other it
//! doesn't say.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::texts::{Texts, parts};
use super::{CorrelationRule, Index};
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

/// Where a run is named by its address or in words.
const PLACES: &[&str] = &["build_url", "run_url", "pipeline_url", "build", "url", "title", "description"];
const JOBS: &[&str] = &["job", "job_name", "pipeline", "workflow"];
const NUMBERS: &[&str] = &["build_number", "run_number", "number", "build"];

/// An address that is this much deeper than that of a run is none of a page about it.
const DEEPEST: usize = 12;

/// The runs by their addresses, and by `job#number`.
pub(super) struct Runs<'s> {
    addresses: Index<'s>,
    numbers: Index<'s>,
}

impl ValueStream {
    pub(super) fn runs(&self) -> Runs<'_> {
        let mut runs = Runs { addresses: Index::default(), numbers: Index::default() };
        for build in self.builds() {
            let texts = self.texts_of(build);
            if let Some(url) = texts.get("url") {
                runs.addresses.entry(address(url.text).into()).or_default().insert(build);
            }
            for name in self.names_of(build).filter_map(|name| name.strip_prefix("jenkins:")) {
                runs.numbers.entry(name.into()).or_default().insert(build);
            }
            if let Some((name, _)) = job_and_number(&texts) {
                runs.numbers.entry(name.into()).or_default().insert(build);
            }
        }
        runs
    }

    pub(super) fn link_runs<'s>(
        &'s self,
        item: u32,
        texts: &Texts<'s>,
        runs: &Runs<'_>,
        findings: &mut Findings<'s>,
    ) {
        let is_gate = self.kind(item) == Some(Kind::Gate);
        let Some(kind) = self.brings(item).or(is_gate.then_some(LinkKind::Relates)) else { return };
        let (mut found, mut best) = (BTreeSet::new(), None);
        let mut meet =
            |findings: &mut Findings<'s>, rule, builds: Option<&BTreeSet<u32>>, event, matched: &str| {
                if let Some(build) = builds.filter(|builds| builds.len() == 1).and_then(BTreeSet::first) {
                    found.insert(*build);
                    best.get_or_insert_with(|| (rule, *build, event, matched.to_owned()));
                } else {
                    findings.unsure(rule, builds.into_iter().flatten().map(|build| (item, kind, *build)));
                }
            };
        if findings.is_on(CorrelationRule::BuildUrl) {
            for said in texts.all(PLACES) {
                for part in parts(said.text).filter(|part| part.contains("://")) {
                    let above =
                        std::iter::successors(Some(address(part)), |part| Some(part.rsplit_once('/')?.0));
                    let builds = above.take(DEEPEST).find_map(|part| runs.addresses.get(part));
                    meet(findings, CorrelationRule::BuildUrl, builds, said.event, part);
                }
            }
        }
        if findings.is_on(CorrelationRule::JobAndNumber) {
            if let Some((name, event)) = job_and_number(texts) {
                meet(findings, CorrelationRule::JobAndNumber, runs.numbers.get(&*name), event, &name);
            }
            for said in texts.all(PLACES) {
                let mut before = "";
                for part in parts(said.text) {
                    let name = if part.starts_with('#') { [before, part].concat() } else { part.to_owned() };
                    if name.contains('#') {
                        meet(
                            findings,
                            CorrelationRule::JobAndNumber,
                            runs.numbers.get(&*name),
                            said.event,
                            &name,
                        );
                    }
                    before = part;
                }
            }
        }
        if let (Some((rule, ..)), 2..) = (&best, found.len()) {
            findings.unsure(*rule, found.iter().map(|build| (item, kind, *build)));
        }
        if let (Some((rule, build, event, matched)), 1) = (best, found.len())
            && (is_gate || !self.is_stated(item, kind, Some(Kind::Build)))
        {
            findings.link(rule, (item, kind, build), &[event], &matched);
        }
    }
}

/// An address without what makes no difference.
fn address(url: &str) -> &str {
    url.split(['#', '?']).next().unwrap_or(url).trim_end_matches('/')
}

/// `job#number` by an item's attributes.
fn job_and_number(texts: &Texts<'_>) -> Option<(String, u32)> {
    let job = texts.all(JOBS).next()?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = texts.all(NUMBERS).find(|said| is_number(said.text))?;
    Some((format!("{}#{}", job.text, number.text), number.event))
}
