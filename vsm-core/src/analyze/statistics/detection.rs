//! What in a series can't be chance: the rules of process behaviour charts.

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// A pattern that hardly comes by chance. σ is a third of the distance from the centre to a natural limit.
    pub enum DetectionRule {
        /// A value beyond a natural limit (Western Electric 1, Nelson 1; Lighthouse's large change).
        BeyondLimits = "beyond_limits",
        /// Two of three successive values beyond 2 σ on one side (Western Electric 2, Nelson 5; Lighthouse's moderate
        /// change).
        TwoOfThreeBeyondTwoSigma = "two_of_three_beyond_two_sigma",
        /// Four of five successive values beyond 1 σ on one side (Western Electric 3, Nelson 6; Lighthouse's moderate
        /// shift).
        FourOfFiveBeyondOneSigma = "four_of_five_beyond_one_sigma",
        /// Eight successive values on one side of the centre (Western Electric 4, Wheeler 2; Lighthouse's small shift).
        EightOnOneSide = "eight_on_one_side",
        /// Nine successive values on one side of the centre (Nelson 2).
        NineOnOneSide = "nine_on_one_side",
        /// Three of four successive values nearer to one limit than to the centre (Wheeler 3).
        ThreeOfFourNearLimit = "three_of_four_near_limit",
        /// Six successive values of which each is larger, or each is smaller, than the one before (Nelson 3).
        SixTrending = "six_trending",
        /// Fourteen successive values that go up and down in turn (Nelson 4).
        FourteenAlternating = "fourteen_alternating",
        /// Fifteen successive values within 1 σ (Nelson 7).
        FifteenWithinOneSigma = "fifteen_within_one_sigma",
        /// Eight successive values beyond 1 σ on either side (Nelson 8).
        EightBeyondOneSigma = "eight_beyond_one_sigma",
        /// A step from the value before beyond the upper range limit (Wheeler's range chart).
        RangeBeyondLimit = "range_beyond_limit",
    }
}

text_enum! {
    /// Detection rules that go together.
    pub enum DetectionRuleSet {
        /// D. J. Wheeler, "Understanding Variation", 1993: beyond limits, three of four near a limit, eight on one side, and
        /// ranges beyond their limit; the default.
        Wheeler = "wheeler",
        /// Western Electric, "Statistical Quality Control Handbook", 1956: its four tests.
        WesternElectric = "western_electric",
        /// L. S. Nelson, Journal of Quality Technology 16 (1984): his eight tests.
        Nelson = "nelson",
        /// Lighthouse's four, which are Western Electric's.
        Lighthouse = "lighthouse",
    }
}

text_enum! {
    /// On which side of the centre a signal lies.
    pub enum SignalSide {
        /// Above it, or rising.
        Above = "above",
        /// Below it, or falling.
        Below = "below",
    }
}

/// A value that takes part in a pattern that hardly comes by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviourSignal {
    /// The place of the value in the series.
    pub index: u64,
    /// The rule it was found by.
    pub rule: DetectionRule,
    /// The side of the pattern; absent where the rule knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SignalSide>,
}

impl DetectionRuleSet {
    /// The rules of the set.
    pub fn rules(self) -> &'static [DetectionRule] {
        use DetectionRule::{
            BeyondLimits, EightBeyondOneSigma, EightOnOneSide, FifteenWithinOneSigma,
            FourOfFiveBeyondOneSigma, FourteenAlternating, NineOnOneSide, RangeBeyondLimit, SixTrending,
            ThreeOfFourNearLimit, TwoOfThreeBeyondTwoSigma,
        };
        match self {
            DetectionRuleSet::Wheeler => {
                &[BeyondLimits, EightOnOneSide, ThreeOfFourNearLimit, RangeBeyondLimit]
            }
            DetectionRuleSet::WesternElectric | DetectionRuleSet::Lighthouse => {
                &[BeyondLimits, TwoOfThreeBeyondTwoSigma, FourOfFiveBeyondOneSigma, EightOnOneSide]
            }
            DetectionRuleSet::Nelson => &[
                BeyondLimits,
                NineOnOneSide,
                SixTrending,
                FourteenAlternating,
                TwoOfThreeBeyondTwoSigma,
                FourOfFiveBeyondOneSigma,
                FifteenWithinOneSigma,
                EightBeyondOneSigma,
            ],
        }
    }
}

/// The lines of a chart that signals are read against.
pub(super) struct Lines {
    pub(super) center: f64,
    pub(super) sigma: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) upper_range: f64,
    /// What is nearer to a line than this lies on it: the rest is rounding.
    pub(super) hair: f64,
}

const SIDES: [SignalSide; 2] = [SignalSide::Above, SignalSide::Below];

impl Lines {
    /// All signals of these rules, by place, then by rule in the order of declaration, then above before below.
    pub(super) fn signals(&self, values: &[f64], rules: &[DetectionRule]) -> Vec<BehaviourSignal> {
        let mut found = Vec::new();
        let mut mark = |rule, side, marked: &[bool]| {
            let places = marked.iter().zip(0_u64..).filter(|(marked, _)| **marked);
            found.extend(places.map(|(_, index)| BehaviourSignal { index, rule, side }));
        };
        for rule in rules {
            match rule {
                DetectionRule::FifteenWithinOneSigma | DetectionRule::EightBeyondOneSigma => {
                    let within = *rule == DetectionRule::FifteenWithinOneSigma;
                    let size = if within { 15 } else { 8 };
                    let away = values.iter().map(|value| (value - self.center).abs());
                    let fits: Vec<bool> = away
                        .map(|away| {
                            if within { away < self.sigma - self.hair } else { away > self.sigma + self.hair }
                        })
                        .collect();
                    mark(*rule, None, &windows(&fits, size, size, &fits));
                }
                DetectionRule::FourteenAlternating => mark(*rule, None, &self.alternating(values)),
                DetectionRule::SixTrending => {
                    for side in SIDES {
                        mark(*rule, Some(side), &self.trending(values, side));
                    }
                }
                DetectionRule::RangeBeyondLimit => {
                    for side in SIDES {
                        let steps = values.iter().zip(values.iter().skip(1)).map(|(a, b)| match side {
                            SignalSide::Above => b - a,
                            SignalSide::Below => a - b,
                        });
                        let beyond = steps.map(|step| step > self.upper_range + self.hair);
                        mark(*rule, Some(side), &[false].into_iter().chain(beyond).collect::<Vec<_>>());
                    }
                }
                _ => {
                    for side in SIDES {
                        let (need, size, line) = self.run(*rule, side);
                        let beyond =
                            |line: f64| values.iter().map(move |value| self.is_beyond(*value, line, side));
                        let fits: Vec<bool> = beyond(line).collect();
                        // Of a run all that lie on its side take part, as in Lighthouse.
                        let members: Vec<bool> = beyond(self.center).collect();
                        mark(*rule, Some(side), &windows(&fits, need, size, &members));
                    }
                }
            }
        }
        found.sort_unstable_by_key(|signal| (signal.index, signal.rule, signal.side));
        found.dedup();
        found
    }

    /// How many of how many successive values have to lie beyond which line.
    fn run(&self, rule: DetectionRule, side: SignalSide) -> (usize, usize, f64) {
        let away = |sigmas: f64| match side {
            SignalSide::Above => self.center + sigmas * self.sigma,
            SignalSide::Below => self.center - sigmas * self.sigma,
        };
        match rule {
            DetectionRule::TwoOfThreeBeyondTwoSigma => (2, 3, away(2.0)),
            DetectionRule::FourOfFiveBeyondOneSigma => (4, 5, away(1.0)),
            DetectionRule::ThreeOfFourNearLimit => (3, 4, away(1.5)),
            DetectionRule::EightOnOneSide => (8, 8, self.center),
            DetectionRule::NineOnOneSide => (9, 9, self.center),
            _ => (1, 1, if side == SignalSide::Above { self.upper } else { self.lower }),
        }
    }

    fn is_beyond(&self, value: f64, line: f64, side: SignalSide) -> bool {
        match side {
            SignalSide::Above => value - line > self.hair,
            SignalSide::Below => line - value > self.hair,
        }
    }

    fn trending(&self, values: &[f64], side: SignalSide) -> Vec<bool> {
        let steps = values.iter().zip(values.iter().skip(1));
        let goes: Vec<bool> = steps.map(|(before, value)| self.is_beyond(*value, *before, side)).collect();
        let mut marked = vec![false; values.len()];
        extend(&goes, 5, &mut marked);
        marked
    }

    fn alternating(&self, values: &[f64]) -> Vec<bool> {
        let steps: Vec<f64> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b - a).collect();
        let moves = |step: &f64| step.abs() > self.hair;
        let turns: Vec<bool> = steps
            .iter()
            .zip(steps.iter().skip(1))
            .map(|(a, b)| moves(a) && moves(b) && (*a > 0.0) != (*b > 0.0))
            .collect();
        let mut marked = vec![false; values.len()];
        extend(&turns, 12, &mut marked);
        marked
    }
}

/// Marks, of each window of `size` values of which `need` fit, the members.
fn windows(fits: &[bool], need: usize, size: usize, members: &[bool]) -> Vec<bool> {
    let mut marked = vec![false; fits.len()];
    for (start, window) in fits.windows(size).enumerate() {
        if window.iter().filter(|fits| **fits).count() < need {
            continue;
        }
        let range = start..start + size;
        if let (Some(marked), Some(members)) = (marked.get_mut(range.clone()), members.get(range)) {
            marked.iter_mut().zip(members).for_each(|(marked, member)| *marked |= member);
        }
    }
    marked
}

/// Marks the values that `need` successive steps or turns between them belong to: the values at their ends as well.
fn extend(between: &[bool], need: usize, marked: &mut [bool]) {
    let more = marked.len() - between.len();
    for (start, window) in between.windows(need).enumerate() {
        if window.iter().all(|fits| *fits)
            && let Some(values) = marked.get_mut(start..start + need + more)
        {
            values.fill(true);
        }
    }
}
