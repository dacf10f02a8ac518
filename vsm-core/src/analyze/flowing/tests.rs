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
                    prop_assert_eq!(day.net_flow, day.wip as f64 - before.wip as f64);
                    let (came, went) = (day.arrivals + day.reopened, day.departures + day.put_back);
                    prop_assert_eq!(before.wip + came, day.wip + went);
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

proptest! {
    #[test]
    fn no_paired_rule_leaves_a_residual(record in record(), from in 0..480u16, length in 0..600u16) {
        let stream = stream(&record);
        let query = LittlesLawQuery::new(hours(from), hours(from + length), "Asia/Kolkata");
        for row in stream.littles_law(&query).unwrap().rows {
            prop_assert!(row.residual.is_none_or(|residual| residual == 0.0), "{:?}", row);
            let sides = row.average_wip.zip(row.arrival_rate.zip(row.average_time));
            prop_assert!(sides.is_none_or(|(l, (rate, time))| (l - rate * time).abs() < 1e-9), "{:?}", row);
            prop_assert!(row.open_at_start <= row.arrivals && row.departures <= row.arrivals);
        }
    }

    #[test]
    fn causes_add_up_to_flow_time(record in record(), from in 0..480u16, length in 0..480u16, with_open: bool) {
        let stream = stream(&record);
        let (start, end) = (hours(from), hours(from + length));
        let query = FlowCausesQuery { with_open: Some(with_open), ..FlowCausesQuery::new(start, end) };
        let causes = stream.flow_causes(&query).unwrap();
        let sum = |causes: &[CauseTime]| causes.iter().map(|cause| cause.time.millis()).sum::<i64>();
        prop_assert_eq!(sum(&causes.causes), causes.total.millis());
        let mut total = 0;
        for item in &causes.items {
            prop_assert_eq!(sum(&item.causes), item.total.millis());
            prop_assert_eq!(item.ended.unwrap_or(end).since(item.started), item.total);
            total += item.total.millis();
        }
        prop_assert_eq!(total, causes.total.millis());
    }

    #[test]
    fn yields_are_shares(record in record(), from in 0..480u16, length in 0..480u16) {
        let stream = stream(&record);
        let rework = stream.rework(&ReworkQuery::new(hours(from), hours(from + length))).unwrap();
        let shares = [rework.first_pass_yield, rework.rolled_yield, rework.rework_share];
        prop_assert!(shares.iter().flatten().all(|share| (0.0..=1.0).contains(share)), "{:?}", rework);
        prop_assert!(rework.reopenings <= rework.moves_back);
        prop_assert_eq!(rework.finished == 0, rework.first_pass_yield.is_none());
    }

    #[test]
    fn nothing_is_younger_than_its_stay(record in record(), at in 0..600u16) {
        let stream = stream(&record);
        let ageing = stream.ageing(&AgeingQuery::new(hours(at))).unwrap();
        prop_assert_eq!(ageing.stages.iter().map(|stage| stage.open).sum::<u64>(), ageing.items.len() as u64);
        for item in ageing.items {
            prop_assert!(item.time_in_stage <= item.age && item.in_stage_since >= item.started, "{:?}", item);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_show(record in record()) {
        let (one, mut backwards) = (stream(&record), ValueStream::new());
        for event in one.events().collect::<Vec<_>>().into_iter().rev() {
            backwards.apply(event).unwrap();
        }
        let (start, end) = (hours(0), hours(480));
        let ask = |stream: &ValueStream| {
            let states = stream.time_in_state(&TimeInStateQuery::new(end)).unwrap();
            let causes = stream.flow_causes(&FlowCausesQuery::new(start, end)).unwrap();
            let ageing = stream.ageing(&AgeingQuery::new(end)).unwrap();
            let flow = stream.cumulative_flow(&CumulativeFlowQuery::new(start, end, "UTC")).unwrap();
            let law = stream.littles_law(&LittlesLawQuery::new(start, end, "UTC")).unwrap();
            let rework = stream.rework(&ReworkQuery::new(start, end)).unwrap();
            format!("{states:?} {causes:?} {ageing:?} {flow:?} {law:?} {rework:?}")
        };
        prop_assert_eq!(ask(&one), ask(&backwards));
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
