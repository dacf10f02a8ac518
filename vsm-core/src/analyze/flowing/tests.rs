//! What holds of every record, tried on small random ones.

use proptest::prelude::*;

use super::*;
use crate::model::Event;
use crate::time::{DAY, HOUR};

const STATES: [FlowState; 5] =
    [FlowState::New, FlowState::Waiting, FlowState::Active, FlowState::Done, FlowState::Cancelled];

/// (item, hour, state, blocked)
type Said = (u8, u16, u8, Option<bool>);

fn record() -> impl Strategy<Value = Vec<Said>> {
    // Mostly work in progress, now and then done, cancelled hardly ever.
    let state = prop_oneof![2 => Just(0u8), 3 => Just(1u8), 4 => Just(2u8), 3 => Just(3u8), 1 => Just(4u8)];
    let blocked = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
    proptest::collection::vec((0..6u8, 0..480u16, state, blocked), 0..40)
}

fn stream(record: &[Said]) -> ValueStream {
    let mut stream = ValueStream::new();
    for (number, (item, hour, state, blocked)) in record.iter().enumerate() {
        let mut event = Event::new("test", number.to_string(), hours(*hour), format!("jira:T-{item}"));
        event.kind = Some(Kind::Story);
        event.set.state = STATES.get(*state as usize).copied();
        match blocked {
            Some(true) => drop(event.set.attributes.insert("blocked".into(), "supplier".into())),
            Some(false) => event.clear.push("blocked".into()),
            None => {}
        }
        stream.apply(event).unwrap();
    }
    stream
}

fn hours(hour: u16) -> Instant {
    Instant::clamped(1_782_864_000_000 + i64::from(hour) * HOUR)
}

proptest! {
    #[test]
    fn bands_are_never_negative_and_make_up_the_whole(record in record(), from in 0..480u16, days in 0..25u16) {
        let stream = stream(&record);
        for form in CumulativeForm::ALL {
            let mut query = CumulativeFlowQuery::new(hours(from), hours(from + 24 * days), "Europe/Zurich");
            query.form = Some(*form);
            let flow = stream.cumulative_flow(&query).unwrap();
            let mut before: Option<CumulativeDay> = None;
            for day in flow.days {
                prop_assert_eq!(day.bands.iter().sum::<u64>(), day.cumulative[0]);
                prop_assert!(day.cumulative.is_sorted_by(|a, b| a >= b), "{:?}", day);
                prop_assert_eq!(day.wip, day.cumulative[1] - day.cumulative[3]);
                if let Some(before) = before {
                    prop_assert_eq!(day.net_flow, day.wip as i64 - before.wip as i64);
                    let falls = day.cumulative.iter().zip(&before.cumulative).any(|(now, then)| now < then);
                    prop_assert!(!falls || *form == CumulativeForm::AsItWas);
                }
                before = Some(day);
            }
        }
    }

    #[test]
    fn times_in_state_of_windows_add_up(record in record(), cut in 0..480u16, words in 0..2usize) {
        let stream = stream(&record);
        let ask = |start, end| {
            let query = TimeInStateQuery {
                start: Some(start), words: Some(StateWords::ALL[words]), ..TimeInStateQuery::new(end)
            };
            stream.time_in_state(&query).unwrap()
        };
        let (start, middle, end) = (hours(0), hours(cut), hours(500));
        let total = |times: &TimeInState, state: &str| {
            let of = times.states.iter().find(|time| time.state == state);
            of.map_or((0, 0, 0), |time| {
                (time.total.millis(), time.entries, time.waiting.map_or(0, Span::millis))
            })
        };
        let (whole, first, second) = (ask(start, end), ask(start, middle), ask(middle, end));
        for state in &whole.states {
            let (all, one, two) =
                (total(&whole, &state.state), total(&first, &state.state), total(&second, &state.state));
            prop_assert_eq!(all, (one.0 + two.0, one.1 + two.1, one.2 + two.2));
        }
        let blocked = |times: &TimeInState| times.blocked.iter().map(|by| by.total.millis()).sum::<i64>();
        prop_assert_eq!(blocked(&whole), blocked(&first) + blocked(&second));
        let by_item: i64 = whole.items.iter().map(|item| item.total.millis()).sum();
        prop_assert_eq!(by_item, whole.states.iter().map(|state| state.total.millis()).sum::<i64>());
    }
}

#[test]
fn days_of_a_window_are_those_of_the_zone() {
    let zone = Zone::named("Europe/Zurich").unwrap();
    let at = |text: &str| text.parse::<Instant>().unwrap();
    // The night in which clocks go forward has an hour less.
    let days = days(at("2026-03-28T23:00:00Z"), at("2026-03-30T22:00:00Z"), zone);
    let lengths: Vec<i64> = days.windows(2).map(|pair| pair[1].1.since(pair[0].1).millis()).collect();
    assert_eq!(days[0].0.to_string(), "2026-03-29");
    assert_eq!((days[0].1, lengths), (at("2026-03-29T22:00:00Z"), vec![DAY]));
    assert_eq!(super::days(at("2026-03-28T23:00:00Z"), at("2026-03-28T23:00:00Z"), zone).len(), 0);
}
