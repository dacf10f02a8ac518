use super::figures::{attribute, finite, number, sum};
use super::*;
use crate::model::{Event, FlowState, Kind, Link, LinkKind};
use crate::stream::ValueStream;
use crate::time::Instant;

fn item(stream: &mut ValueStream, id: &str, points: f64, size: f64, needs: &[&str]) {
    let mut event = Event::new("t", id, Instant::MIN, format!("t:{id}"));
    event.kind = Some(Kind::Feature);
    (event.set.value, event.set.size) = (Some(points), Some(size));
    for name in ["time_criticality", "risk_reduction"] {
        event.set.attributes.insert(name.into(), "0".into());
    }
    event.links = needs.iter().map(|need| Link::new(LinkKind::DependsOn, format!("t:{need}"))).collect();
    stream.apply(event).unwrap();
}

#[test]
fn numbers_are_read_as_they_are_written() {
    for (text, expected) in [
        (" 8.5 ", Some(8.5)),
        ("-3", Some(-3.0)),
        ("1e6", Some(1e6)),
        ("", None),
        ("high", None),
        ("NaN", None),
        ("inf", None),
        ("1e999", None),
        ("1,5", None),
    ] {
        assert_eq!(number(text), expected, "{text}");
    }
    assert_eq!(sum(vec![1e308, 1e308]), None);
    assert_eq!(sum(vec![1e16, 1.0, -1e16]), sum(vec![-1e16, 1e16, 1.0]));
    assert_eq!(finite(-0.0).map(f64::to_bits), Some(0));
}

#[test]
fn a_cleared_attribute_says_nothing() {
    let mut stream = ValueStream::new();
    let mut event = Event::new("t", "1", Instant::MIN, "t:1");
    event.set.attributes.insert("usage".into(), "7".into());
    stream.apply(event).unwrap();
    let one = stream.find("t:1").unwrap();
    assert_eq!(attribute(&stream, one, "usage").map(|(text, _)| text), Some("7"));
    let mut event = Event::new("t", "2", Instant::MAX, "t:1");
    event.clear.push("usage".into());
    stream.apply(event).unwrap();
    assert_eq!(attribute(&stream, one, "usage"), None);
}

/// Whatever the network: everything with a score has one rank, nothing stands before what it needs, and an item has the
/// points of the set of all above it.
#[test]
fn orders_of_random_networks_keep_their_promises() {
    let mut dice = 11u32;
    let mut roll = move |n: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 8) % n.max(1)
    };
    for size in [1u32, 2, 5, 20, 60] {
        let mut stream = ValueStream::new();
        for n in 0..size {
            let needs: Vec<String> = (0..roll(4)).filter(|_| n > 0).map(|_| roll(n).to_string()).collect();
            let needs: std::collections::BTreeSet<&str> = needs.iter().map(String::as_str).collect();
            let needs: Vec<&str> = needs.into_iter().collect();
            item(&mut stream, &n.to_string(), f64::from(roll(20)), f64::from(1 + roll(8)), &needs);
        }
        if size > 5 {
            let mut done = Event::new("t", "done", Instant::MAX, "t:3");
            done.set.state = Some(FlowState::Done);
            stream.apply(done).unwrap();
        }
        let answer = stream.prioritize(&PrioritizeQuery::default()).unwrap();
        let open = if size > 5 { size - 1 } else { size };
        assert_eq!(answer.items.len(), open as usize);
        let ranks: Vec<u32> = answer.items.iter().filter_map(|row| row.rank).collect();
        assert_eq!(ranks, (1..=open).collect::<Vec<u32>>());
        assert_eq!(answer.proposed.too_early, Vec::<String>::new());
        for row in &answer.items {
            for need in &row.waits_for {
                let other = answer.items.iter().find(|other| other.item == *need).unwrap();
                assert!(other.rank < row.rank, "{need} before {}", row.item);
            }
            let above = stream.lineage(&crate::LineageQuery::new(&row.item, crate::LineageSide::NeededBy));
            // What is done needs nothing any more, so with it the lineage reaches further.
            if size <= 5 {
                let points: f64 = above
                    .unwrap()
                    .items
                    .iter()
                    .chain([&row.item])
                    .filter_map(|id| stream.item(id).unwrap().fields.value)
                    .sum();
                let own = points / row.size.unwrap();
                assert!((row.wsjf_inherited.unwrap() - own).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn the_order_of_arrival_does_not_show() {
    let rows =
        [("a", 8.0, 2.0, &["b"][..]), ("b", 1.0, 4.0, &[]), ("c", 8.0, 2.0, &[]), ("d", 3.0, 1.0, &["a"])];
    let mut forth = ValueStream::new();
    rows.iter().for_each(|(id, points, size, needs)| item(&mut forth, id, *points, *size, needs));
    let mut back = ValueStream::new();
    rows.iter().rev().for_each(|(id, points, size, needs)| item(&mut back, id, *points, *size, needs));
    let query = PrioritizeQuery::default();
    let answer = forth.prioritize(&query).unwrap();
    assert_eq!(answer, back.prioritize(&query).unwrap());
    // c 8/2; b (1 + 8 + 3)/4 lets a (8 + 3)/2 in, and a lets d in.
    assert_eq!(answer.proposed.order, ["t:c", "t:b", "t:a", "t:d"]);
    assert_eq!(answer, forth.as_of(Instant::MAX, Instant::MAX).prioritize(&query).unwrap());
}
