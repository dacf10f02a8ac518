//! Artifacts, by the digest of their content or by package URL: what made them, what tests them and what deploys them.
//!
//! A digest names one artifact for ever. A package URL does so where it has a version; what stands for a moving one
//! (`-SNAPSHOT`, `latest`) does not. Where several builds say that they made it, nothing is inferred.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::texts::{Said, Texts, parts};
use super::{CorrelationRule, Index};
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

/// Where artifacts are named.
const PLACES: &[&str] =
    &["artifact", "digest", "image", "package", "purl", "version", "title", "description"];

const DIGEST: &str = "sha256:";
const DIGEST_LENGTH: usize = 64;

impl ValueStream {
    /// The builds by the artifacts that they are or have made.
    pub(super) fn artifacts(&self) -> Index<'_> {
        let mut index = Index::default();
        for build in self.builds() {
            let texts = self.texts_of(build);
            let names = self.names_of(build).chain(texts.all(PLACES).map(|said| said.text));
            for (_, artifact) in names.flat_map(artifacts) {
                index.entry(artifact.into()).or_default().insert(build);
            }
        }
        index
    }

    pub(super) fn link_artifacts<'s>(
        &'s self,
        item: u32,
        texts: &Texts<'s>,
        artifacts_of: &Index<'_>,
        findings: &mut Findings<'s>,
    ) {
        let Some(kind) = self.brings(item) else { return };
        let mut found: BTreeSet<u32> = BTreeSet::new();
        let mut best: Option<(CorrelationRule, u32, Said<'_>)> = None;
        for said in texts.all(PLACES) {
            for (rule, artifact) in artifacts(said.text) {
                let made = artifacts_of.get(artifact);
                if let Some(builds) = made.filter(|builds| builds.len() > 1) {
                    findings.unsure(rule, builds.iter().map(|build| (item, kind, *build)));
                }
                let made = made.filter(|builds| builds.len() == 1);
                if let Some(build) = made.and_then(BTreeSet::first).filter(|_| findings.is_on(rule)) {
                    found.insert(*build);
                    if best.is_none_or(|(before, ..)| rule < before) {
                        best = Some((rule, *build, Said { text: artifact, ..said }));
                    }
                }
            }
        }
        if let (Some((rule, ..)), 2..) = (best, found.len()) {
            findings.unsure(rule, found.iter().map(|build| (item, kind, *build)));
        }
        if let (Some((rule, build, said)), 1, false) =
            (best, found.len(), self.is_stated(item, kind, Some(Kind::Build)))
        {
            findings.link(rule, (item, kind, build), &[said.event], said.text);
        }
    }

    /// How an item is related to the build that it names.
    pub(super) fn brings(&self, item: u32) -> Option<LinkKind> {
        match self.kind(item)? {
            Kind::TestRun => Some(LinkKind::Tests),
            Kind::Deployment => Some(LinkKind::Deploys),
            _ => None,
        }
    }
}

/// The artifacts that a text names, each with the rule that knows it.
fn artifacts(text: &str) -> impl Iterator<Item = (CorrelationRule, &str)> {
    let digests = text.match_indices(DIGEST).filter_map(|(at, _)| {
        let end = at + DIGEST.len() + DIGEST_LENGTH;
        let hex = text.get(at + DIGEST.len()..end)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        let ends = text.get(end..)?.chars().next().is_none_or(|c| !c.is_ascii_alphanumeric());
        (hex.bytes().all(is_hex) && ends).then_some((CorrelationRule::ArtifactDigest, text.get(at..end)?))
    });
    let packages = parts(text).filter(|part| {
        let version =
            part.strip_prefix("pkg:").and_then(|rest| rest.rsplit_once('@')).map(|(_, version)| version);
        version.is_some_and(|version| {
            !version.is_empty() && !version.ends_with("-SNAPSHOT") && version != "latest"
        })
    });
    digests.chain(packages.map(|package| (CorrelationRule::PackageUrl, package)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_digests_and_package_urls_with_a_version() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let found = |text: &str| artifacts(text).map(|(_, artifact)| artifact.to_owned()).collect::<Vec<_>>();
        assert_eq!(found(&format!("acme/shop@{digest}, and")), std::slice::from_ref(&digest));
        assert_eq!(found(&format!("{digest}0 sha256:0a sha256:{}", "0A".repeat(32))), [""; 0]);
        assert_eq!(
            found("(pkg:npm/shop@1.2.0) pkg:npm/shop pkg:maven/a/b@1-SNAPSHOT"),
            ["pkg:npm/shop@1.2.0"]
        );
    }
}
