//! What holds for every record: no order of arrival shows, parts add up to the whole, and groups to the total.

use proptest::prelude::*;

use super::{DeliveryBucket, DeliveryMetric, DeliveryQuery, DeliveryRow, delivery_bands, delivery_presets};
use crate::model::{Event, FlowState, Kind, Link, LinkKind, Outcome};
use crate::{Instant, ValueStream};

fn at(hour: i64) -> Instant {
    Instant::clamped(1_772_409_600_000 + hour * 3_600_000)
}

/// Deployments and incidents of three applications, one a few hours after the other.
fn events(seeds: &[(u8, u8)]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut say = |hour: i64, item: String, kind: Kind, links: Vec<(LinkKind, String)>| {
        let id = events.len().to_string();
        let mut event = Event::new("t", id, at(hour), item);
        event.kind = Some(kind);
        event.links = links.into_iter().map(|(kind, to)| Link::new(kind, to)).collect();
        events.push(event);
        events.len() - 1
    };
    let mut set = Vec::new();
    set.push((say(0, "env:prod".into(), Kind::Environment, Vec::new()), None, None));
    for (n, (what, application)) in seeds.iter().enumerate() {
        let (hour, own) = (5 * n as i64, format!("app:{}", application % 3));
        let belongs = (LinkKind::BelongsTo, own.clone());
        if what % 4 == 0 {
            let number = say(hour, format!("inc:{n}"), Kind::Incident, vec![belongs]);
            set.push((number, None, Some(hour + i64::from(*what))));
            continue;
        }
        let (commit, before) = (format!("git:{n}"), n.checked_sub(1).map(|before| format!("git:{before}")));
        let follows = before.into_iter().map(|before| (LinkKind::Follows, before)).collect();
        say(hour - 3, commit.clone(), Kind::Change, follows);
        let to = (LinkKind::DeployedTo, "env:prod".into());
        let links = vec![belongs, to, (LinkKind::Deploys, commit)];
        let number = say(hour, format!("deploy:{n}"), Kind::Deployment, links);
        let result = if what % 4 == 1 { Outcome::Failure } else { Outcome::Success };
        set.push((number, Some(result), None));
    }
    for (number, result, restored) in set {
        let Some(event) = events.get_mut(number) else { continue };
        event.set.result = result;
        if let Some(restored) = restored {
            event.set.starts_at = Some(event.occurred_at);
            event.set.ends_at = Some(at(restored));
            event.set.state = Some(FlowState::Done);
        }
    }
    events
}

fn stream(events: impl Iterator<Item = Event>) -> ValueStream {
    let mut stream = ValueStream::new();
    events.for_each(|event| assert!(stream.apply(event).is_ok()));
    stream
}

fn query() -> DeliveryQuery {
    let mut query = DeliveryQuery::new(at(7), at(24 * 20 + 5), "Europe/Zurich");
    query.total = Some(true);
    query.list = Some(true);
    query
}

/// What may be added up: deployments, failed ones, samples, failures, recoveries, rework.
fn sums<'a>(rows: impl IntoIterator<Item = &'a DeliveryRow>) -> [u64; 6] {
    let mut sums = [0; 6];
    for row in rows {
        let own = [
            row.frequency.n,
            row.frequency.failed,
            row.lead_time.n,
            row.fail_rate.count,
            row.recovery.n,
            row.batch_size.changes,
        ];
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_arrival_does_not_show(seeds in prop::collection::vec((0_u8..16, 0_u8..3), 0..40)) {
        let events = events(&seeds);
        let forth = stream(events.iter().cloned()).delivery(&query()).unwrap();
        let back = stream(events.into_iter().rev()).delivery(&query()).unwrap();
        prop_assert_eq!(serde_json::to_string(&forth).unwrap(), serde_json::to_string(&back).unwrap());
    }

    #[test]
    fn parts_add_up_to_the_whole(seeds in prop::collection::vec((0_u8..16, 0_u8..3), 0..40)) {
        let stream = stream(events(&seeds).into_iter());
        let whole = stream.delivery(&query()).unwrap();
        for by in DeliveryBucket::ALL {
            let mut query = query();
            query.bucket = Some(*by);
            let parts = stream.delivery(&query).unwrap();
            prop_assert_eq!(sums(&whole.rows), sums(&parts.rows));
            prop_assert_eq!(sums(&whole.total), sums(&parts.total));
        }
        // No deployment here is of two applications; a commit may be, and counts once in the total.
        let (rows, total) = (sums(&whole.rows), sums(&whole.total));
        prop_assert_eq!([rows[0], rows[1], rows[3], rows[4]], [total[0], total[1], total[3], total[4]]);
        prop_assert!(total[2] <= rows[2]);
        prop_assert_eq!(whole.basis.n, total[0]);
        prop_assert_eq!(whole.deployments.iter().filter(|one| one.succeeded).count() as u64, total[0]);
    }

    #[test]
    fn a_share_is_a_share(seeds in prop::collection::vec((0_u8..16, 0_u8..3), 0..40)) {
        let stream = stream(events(&seeds).into_iter());
        for row in stream.delivery(&query()).unwrap().rows {
            for share in [&row.fail_rate, &row.rework_rate] {
                prop_assert_eq!(share.value.is_none(), share.n == 0);
                prop_assert!(share.value.is_none_or(|value| (0.0..=1.0).contains(&value)));
                prop_assert_eq!(share.value.is_none(), share.reason.is_some());
            }
            for time in [&row.lead_time, &row.recovery] {
                prop_assert_eq!((time.value.is_none(), time.sample.is_none()), (time.n == 0, time.n == 0));
                prop_assert_eq!(time.value.is_none(), time.reason.is_some());
            }
        }
    }
}

#[test]
fn tables_of_bands_leave_no_figure_without_one() {
    let tables = delivery_bands();
    assert_eq!(tables.len(), 3);
    for table in tables {
        for metric in DeliveryMetric::ALL.iter().filter(|metric| **metric != DeliveryMetric::ReworkRate) {
            let last = table.bands.iter().rfind(|band| band.metric == *metric).unwrap();
            assert_eq!((last.at_least, last.at_most, last.below), (None, None, None), "{}", table.version);
        }
    }
}

#[test]
fn presets_leave_nothing_open() {
    for preset in delivery_presets() {
        let rules = serde_json::to_value(&preset.rules).unwrap();
        // Only Four Keys leaves short lead times out.
        let open = usize::from(preset.rules.shortest_lead_time.is_none());
        assert_eq!(rules.as_object().unwrap().len() + open, 12, "{}", preset.preset);
        assert!(preset.bands.is_none_or(|bands| delivery_bands().iter().any(|table| table.version == bands)));
    }
}
