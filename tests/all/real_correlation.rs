//! The rules of correlation on real data, against what another tool links.

use std::collections::BTreeSet;

use vsm_core::{CorrelationRules, Event, Instant, Kind, LinkKind, ValueStream};

use crate::shared::shared;

#[test]
fn pull_requests_are_linked_to_the_issues_that_devlake_links() {
    let Some(folder) = shared("devlake/linker/e2e") else { return };
    let rows = |path: &str| -> Vec<std::collections::BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(folder.join(path)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let at: Instant = "2024-05-15T12:00:00Z".parse().unwrap();
    // The sets are of one repository; what it is called makes no difference.
    let id = |number: &str| format!("github:acme/shop#{number}");
    let mut stream = ValueStream::new();
    for row in rows("snapshot_tables/issues.csv") {
        let mut event =
            Event::new("github", format!("issue/{}", row["issue_key"]), at, id(&row["issue_key"]));
        event.kind = Some(Kind::Story);
        stream.apply(event).unwrap();
    }
    for row in rows("snapshot_tables/pull_requests.csv") {
        let number = &row["pull_request_key"];
        let mut event = Event::new("github", format!("pull/{number}"), at, id(number));
        event.kind = Some(Kind::Change);
        event.set.title = Some(row["title"].clone());
        event.set.description = Some(row["description"].clone());
        event.set.attributes.insert("branch".into(), row["head_ref"].clone());
        stream.apply(event).unwrap();
    }
    assert_eq!(stream.correlate(&CorrelationRules::default()).refused, []);
    let mut found = BTreeSet::new();
    for change in stream.items(Some(Kind::Change)) {
        let links = stream.links(&change).unwrap().into_iter();
        found.extend(links.filter(|link| link.kind == LinkKind::Implements).map(|link| (link.from, link.to)));
    }
    let expected: BTreeSet<(String, String)> = rows("snapshot_tables/pull_request_issues.csv")
        .iter()
        .map(|row| (id(&row["pull_request_key"]), id(&row["issue_key"])))
        .collect();
    let right = found.intersection(&expected).count();
    println!("linker: {right} of {} expected links, {} found", expected.len(), found.len());
    assert_eq!((expected.len(), &found), (3, &expected));
}
