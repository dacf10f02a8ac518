//! The data-quality report of real records. What is expected was counted over the raw files, by other means.

use vsm_core::{Adapter, CorrelationRules, DataQuality, DataQualityQuery, IngestOptions, ValueStream};

use crate::shared::{bytes, shared};

fn quality(files: &[(Adapter, &str)]) -> Option<DataQuality> {
    let mut stream = ValueStream::new();
    for (adapter, file) in files {
        let options = IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() };
        stream.ingest(*adapter, &bytes(&shared(file)?), &options);
    }
    stream.correlate(&CorrelationRules::default());
    let quality =
        stream.data_quality(&DataQualityQuery::new("2026-01-01T00:00:00Z".parse().unwrap())).unwrap();
    for finding in &quality.findings {
        let subject = finding.subject.as_deref().unwrap_or("");
        println!("{:>7} {} {subject}", finding.count, finding.code);
        for example in finding.examples.iter().take(2) {
            println!("          {} {:?}", example.sentence, example.evidence);
        }
    }
    Some(quality)
}

fn count(quality: &DataQuality, code: &str) -> u64 {
    quality.findings.iter().filter(|finding| finding.code == code).map(|finding| finding.count).sum()
}

#[test]
fn a_product_of_jira_and_git() {
    let Some(quality) = quality(&[
        (Adapter::Jira, "jira-tidev/ALOY.jsonl.gz"),
        (Adapter::Git, "jira-tidev/alloy-git.commits.jsonl.gz"),
        (Adapter::GitTags, "jira-tidev/alloy-git.refs.csv"),
    ]) else {
        return;
    };
    // Resolved more than a day after the releaseDate of a released fixVersion: 190 by their resolutiondate, and one that
    // is Resolved without a date. Two more are Reopened.
    assert_eq!(count(&quality, "done_after_release"), 191);
    assert_eq!(count(&quality, "not_done_in_shipped_release"), 2);
    // ALOY-1 to 1750 are 1,499 issues, and 13 more that links or commits name.
    assert_eq!(
        quality.findings.iter().find(|one| one.subject.as_deref() == Some("work")).unwrap().count,
        238
    );
    // Every status of this archive has a meaning.
    assert_eq!(count(&quality, "unmapped_status") + count(&quality, "without_state"), 0);
}

#[test]
fn an_export_with_changelogs() {
    let Some(quality) = quality(&[(Adapter::Jira, "devlake/jira/issues_raw.jsonl")]) else { return };
    assert_eq!(count(&quality, "done_after_release"), 1);
    assert_eq!(count(&quality, "not_done_in_shipped_release"), 2);
    assert_eq!(count(&quality, "numbering_gap"), 1, "EE-18");
}
