//! Collects what is found; a sentence is made for what is shown alone.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Finding, FindingExample, FindingGroup};
use crate::analyze::message::Say;
use crate::analyze::{EXAMPLES, Grounds};
use crate::stream::ValueStream;
use crate::texts::NONE;
use crate::time::{Instant, Span};

/// One case: small, since there may be a million.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    items: [u32; 3],
    events: [u32; 2],
    /// Two instants in milliseconds, or two numbers.
    figures: [i64; 2],
    /// The heaviest are shown first.
    weight: i64,
}

impl Hit {
    pub(super) fn new(item: u32) -> Hit {
        Hit { items: [item, NONE, NONE], events: [NONE; 2], figures: [0; 2], weight: 0 }
    }

    /// Adds another item.
    pub(super) fn and(mut self, item: u32) -> Hit {
        if let Some(free) = self.items.iter_mut().find(|other| **other == NONE) {
            *free = item;
        }
        self
    }

    /// Adds an event that says so.
    pub(super) fn event(mut self, event: Option<u32>) -> Hit {
        if let Some(free) = self.events.iter_mut().find(|other| **other == NONE) {
            *free = event.unwrap_or(NONE);
        }
        self
    }

    pub(super) fn figures(mut self, one: i64, two: i64) -> Hit {
        self.figures = [one, two];
        self
    }

    pub(super) fn times(self, one: Instant, two: Instant) -> Hit {
        self.figures(one.millis(), two.millis())
    }

    pub(super) fn weight(mut self, weight: i64) -> Hit {
        self.weight = weight;
        self
    }

    fn order(&self, other: &Hit, stream: &ValueStream) -> Ordering {
        let weight = other.weight.cmp(&self.weight);
        let ids = |hit: &Hit| hit.items.map(|item| stream.id(item));
        let keys = |hit: &Hit| hit.events.map(|event| stream.key(event));
        weight.then_with(|| ids(self).cmp(&ids(other))).then_with(|| keys(self).cmp(&keys(other)))
    }
}

/// A hit that is about to be put in words.
pub(super) struct Shown<'s> {
    pub(super) stream: &'s ValueStream,
    pub(super) subject: &'s str,
    hit: Hit,
}

impl Shown<'_> {
    pub(super) fn item(&self, nth: usize) -> u32 {
        self.hit.items.get(nth).copied().unwrap_or(NONE)
    }

    pub(super) fn has(&self, nth: usize) -> bool {
        self.item(nth) != NONE
    }

    pub(super) fn event(&self, nth: usize) -> u32 {
        self.hit.events.get(nth).copied().unwrap_or(NONE)
    }

    /// Who says so.
    pub(super) fn source(&self, nth: usize) -> String {
        source(self.stream, self.event(nth)).to_owned()
    }

    pub(super) fn figure(&self, nth: usize) -> i64 {
        self.hit.figures.get(nth).copied().unwrap_or(0)
    }

    pub(super) fn time(&self, nth: usize) -> Instant {
        Instant::clamped(self.figure(nth))
    }

    /// How far the two times are apart, whichever is the earlier.
    pub(super) fn apart(&self) -> Span {
        let millis = self.figure(0).abs_diff(self.figure(1));
        Span::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// The source of an event.
pub(super) fn source(stream: &ValueStream, event: u32) -> &str {
    stream.key(event).split_once(':').map_or("", |(source, _)| source)
}

/// Says what a hit is; a function, since it is called for a few of a million.
type Telling = fn(&Shown<'_>) -> Say;

struct Pile {
    tell: Telling,
    count: u64,
    hits: Vec<Hit>,
}

pub(super) struct Findings<'s> {
    pub(super) stream: &'s ValueStream,
    tolerance: Span,
    piles: BTreeMap<(FindingGroup, &'static str, Cow<'s, str>), Pile>,
}

impl<'s> Findings<'s> {
    pub(super) fn new(stream: &'s ValueStream, tolerance: Span) -> Findings<'s> {
        Findings { stream, tolerance, piles: BTreeMap::new() }
    }

    /// Whether one time is before another by more than clocks may be apart.
    pub(super) fn is_before(&self, one: Instant, two: Instant) -> bool {
        two.since(one) > self.tolerance
    }

    pub(super) fn note(
        &mut self,
        group: FindingGroup,
        code: &'static str,
        subject: impl Into<Cow<'s, str>>,
        hit: Hit,
        tell: Telling,
    ) {
        self.note_many(group, code, subject, 1, hit, tell);
    }

    /// Notes a hit that counts as several.
    pub(super) fn note_many(
        &mut self,
        group: FindingGroup,
        code: &'static str,
        subject: impl Into<Cow<'s, str>>,
        count: u64,
        hit: Hit,
        tell: Telling,
    ) {
        let new = || Pile { tell, count: 0, hits: Vec::new() };
        let pile = self.piles.entry((group, code, subject.into())).or_insert_with(new);
        pile.count = pile.count.saturating_add(count);
        pile.hits.push(hit);
    }

    /// Puts the first of everything into words, and adds the events behind them to the grounds.
    pub(super) fn finish(self, grounds: &mut Grounds) -> Vec<Finding> {
        let stream = self.stream;
        let found = self.piles.into_iter().map(|((group, code, subject), mut pile)| {
            if pile.hits.len() > EXAMPLES {
                pile.hits.select_nth_unstable_by(EXAMPLES, |a, b| a.order(b, stream));
                pile.hits.truncate(EXAMPLES);
            }
            pile.hits.sort_unstable_by(|a, b| a.order(b, stream));
            let examples = pile.hits.into_iter().map(|hit| {
                let shown = Shown { stream, subject: &subject, hit };
                let items = hit.items.into_iter().filter(|item| *item != NONE);
                let events = hit.events.into_iter().filter(|event| *event != NONE);
                grounds.evidence.extend(events.clone());
                let mut evidence: Vec<String> = events.map(|event| stream.key(event).to_owned()).collect();
                evidence.dedup();
                let (sentence, messages) = (pile.tell)(&shown).tell(stream);
                FindingExample {
                    items: items.map(|item| stream.id(item).to_owned()).collect(),
                    sentence,
                    messages,
                    evidence,
                }
            });
            Finding {
                code: code.into(),
                group,
                count: pile.count,
                examples: examples.collect(),
                subject: (!subject.is_empty()).then(|| subject.clone().into_owned()),
            }
        });
        found.collect()
    }
}
