//! Tests of the parts that no answer shows by itself.

use proptest::prelude::*;

use super::dates::Dates;
use super::network::{Bond, Need, Network, Rules};
use super::order::{Arcs, sorted};
use super::peaks::Peaks;
use super::words::ProgressRule;
use crate::calendar::{Calendar, Weekday, WorkingHours, WorkingTime};
use crate::time::{DAY, Instant};

fn order_of(nodes: usize, needs: &[(u32, u32)]) -> Result<Vec<u32>, Vec<u32>> {
    let after = Arcs::new(nodes, needs.iter().copied());
    let before = Arcs::new(nodes, needs.iter().map(|(from, to)| (*to, *from)));
    sorted(nodes, &after, &before)
}

#[test]
fn everything_comes_after_what_it_needs() {
    let needs = [(3, 0), (0, 1), (3, 2), (2, 1), (4, 2), (4, 2)];
    let order = order_of(6, &needs).unwrap();
    let place = |node: u32| order.iter().position(|other| *other == node).unwrap();
    assert_eq!(order.len(), 6);
    assert!(needs.iter().all(|(from, to)| place(*from) < place(*to)), "{order:?}");
}

#[test]
fn a_cycle_is_told_and_nothing_else() {
    // 5 leads into the cycle, and 6 hangs on it.
    let path = order_of(7, &[(5, 1), (1, 2), (2, 3), (3, 1), (3, 6)]).unwrap_err();
    assert_eq!(path.first(), path.last());
    let mut on_it = path.get(1..).unwrap().to_vec();
    on_it.sort_unstable();
    assert_eq!(on_it, [1, 2, 3]);
    assert_eq!(order_of(1, &[(0, 0)]), Err(vec![0, 0]));
}

#[test]
fn the_highest_is_known_after_any_change() {
    let mut numbers: Vec<i64> = (0..5_000).map(|n| (n * 7_919) % 10_007).collect();
    let mut peaks = Peaks::new(&numbers);
    for n in 0..2_000u32 {
        let place = (n * 2_503) % 5_000;
        if let Some(slot) = numbers.get_mut(place as usize) {
            *slot = i64::from(n * 31 % 20_000) - 5_000;
        }
        peaks.renew(&numbers, [place].into_iter());
        assert_eq!(peaks.highest(), numbers.iter().copied().max());
    }
    assert_eq!(Peaks::new(&[]).highest(), None);
}

const HOUR: i64 = DAY / 24;
/// Monday, 2 March 2026, 0:00 UTC.
const MONDAY: i64 = 1_772_409_600_000;

fn working(hours: &[(&str, &str)]) -> WorkingTime {
    let day = |day| hours.iter().map(move |(start, end)| (day, start, end));
    let hours = Weekday::ALL[..5].iter().copied().flat_map(day);
    let hours =
        hours.map(|(day, start, end)| WorkingHours { day, start: (*start).into(), end: (*end).into() });
    let calendar = Calendar { zone: "Europe/Zurich".into(), hours: hours.collect(), ..Calendar::default() };
    WorkingTime::new(&calendar, Instant::clamped(MONDAY)).unwrap()
}

/// A network that one calendar counts throughout.
#[derive(Clone, Debug)]
struct Shared {
    hours: &'static [(&'static str, &'static str)],
    /// Hours from the middle.
    start: i64,
    status: Option<i64>,
    may_lead: bool,
    happens_any_time: bool,
    /// Hours of work, and what is needed of those before.
    nodes: Vec<(i64, Vec<prop::sample::Index>)>,
}

const HOURS: [&[(&str, &str)]; 3] = [&[("08:00", "12:00"), ("13:00", "17:00")], &[("09:00", "17:00")], &[]];

impl Shared {
    fn any() -> impl Strategy<Value = Shared> {
        // One in four takes no time, and some networks take longer than the near years, or than all.
        let work = (prop::sample::select(vec![1, 1, 1, 40, 400]), prop::collection::vec(-10i64..30, 1..30));
        let needs = prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 30);
        let times = (-40i64..200, prop::option::of(-40i64..200));
        (prop::sample::select(&HOURS[..]), times, any::<(bool, bool)>(), work, needs).prop_map(
            |(hours, (start, status), (may_lead, happens_any_time), (long, work), needs)| Shared {
                hours,
                start,
                status,
                may_lead,
                happens_any_time,
                nodes: work.into_iter().map(|work| work.max(0) * long).zip(needs).collect(),
            },
        )
    }

    fn network(&self) -> Network {
        let rules = Rules {
            progress: ProgressRule::RetainedLogic,
            may_lead_before_start: self.may_lead,
            honors_constraints: true,
            happens_any_time: self.happens_any_time,
        };
        let at = |hours: i64| MONDAY + hours * HOUR;
        let mut network = Network::new(at(self.start), self.status.map(at), rules);
        network.by = network.clock.with(working(self.hours));
        for (number, (work, needs)) in self.nodes.iter().enumerate() {
            for need in needs.iter().filter(|_| number > 0) {
                network.add_need(Need { node: need.index(number) as u32, bond: Bond::PLAIN });
            }
            network.add_node(work * HOUR, None);
        }
        network
    }
}

proptest! {
    #[test]
    fn one_calendar_gives_what_each_by_itself_gives(shared in Shared::any(), ends in -300i64..3_000) {
        let network = shared.network();
        let Ok(mut each) = network.forward_each() else {
            prop_assert!(network.forward_shared().is_none());
            return Ok(());
        };
        let Some(mut dates) = network.forward_shared() else {
            return Err(TestCaseError::fail("there are dates"));
        };
        prop_assert_eq!(&dates.early_start, &each.early_start);
        prop_assert_eq!(&dates.early_finish, &each.early_finish);
        let last = dates.early_finish.iter().copied().max().unwrap();
        for end in [last, MONDAY + ends * HOUR, last + ends * HOUR / 7, last - HOUR] {
            network.backward_each(&mut each, end);
            let is_near = (last..MONDAY + 5 * 365 * DAY).contains(&end);
            prop_assert!(network.backward_shared(&dates, end).is_some() || !is_near);
            network.backward(&mut dates, end);
            let late =
                |dates: &Dates| dates.late.iter().map(|late| (late.finish, late.free)).collect::<Vec<_>>();
            prop_assert_eq!(late(&dates), late(&each));
        }
    }
}
