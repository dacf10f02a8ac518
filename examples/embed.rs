use std::{collections::BTreeMap, error::Error, fs};
use vsm_core::{Adapter, CorrelationRules, IngestOptions, OutlookQuery, ReadinessQuery, ValueStream};

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = ValueStream::new();
    let gateway = BTreeMap::from([("GWY".to_owned(), "app:api-gateway".to_owned())]);
    let jira = IngestOptions { applications: gateway, ..IngestOptions::default() };
    for (adapter, file, options) in [
        (Adapter::Events, "portfolio.events.jsonl", &IngestOptions::default()),
        (Adapter::Jira, "jira.jsonl", &jira),
        (Adapter::Git, "git-gateway.jsonl", &IngestOptions::default()),
        (Adapter::Jenkins, "jenkins-gateway.json", &IngestOptions::default()),
    ] {
        let report = stream.ingest(adapter, &fs::read(format!("examples/data/{file}"))?, options);
        assert!(report.rejects.is_empty() && report.applied.refused.is_empty());
    }
    stream.correlate(&CorrelationRules::default());

    let (release, now) = ("jira:version/10607", "2026-03-04T09:00:00Z".parse()?);
    let outlook = stream.outlook(&OutlookQuery::new(release, now, "Europe/Zurich"))?;
    println!("{} ships on {}", outlook.title, outlook.ships_at.to_utc().date_naive());

    let stage = Some("system_test".to_owned());
    let readiness = stream.readiness(&ReadinessQuery { stage, ..ReadinessQuery::new(release, now) })?;
    for fact in readiness.unmet {
        println!("- {}", fact.sentence);
    }
    Ok(())
}
