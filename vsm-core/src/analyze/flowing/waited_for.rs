//! What a release or an epic waited for: which of its parts came last, and how long the others were done before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cause_times::lineage;
use super::span;
use crate::analyze::flow::FlowItem;
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

text_enum! {
    /// By what the parts of a whole are put together.
    pub enum PartGroup {
        /// By the application that they, or what they are parts of, belong to; the default.
        Application = "application",
        /// By the team that answers for them, or for what they are parts of.
        Team = "team",
        /// By what they are.
        Kind = "kind",
    }
}

/// A question for what a whole waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitedForQuery {
    /// The release, epic or whatever else consists of work.
    pub item: String,
    /// The time that it is asked for; what happened later does not count.
    pub at: Instant,
    /// By what the parts are put together; absent = by application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<PartGroup>,
}

/// What a whole waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitedFor {
    /// The whole.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// The time that it was asked for.
    pub at: Instant,
    /// How many parts are not done.
    pub open: u64,
    /// When the first part was done; absent while none is.
    pub first_done: Option<Instant>,
    /// When all parts were; absent while one is open.
    pub complete_at: Option<Instant>,
    /// Synchronisation: from the first part done to the last, or to now while one is open. Absent while none is done.
    pub synchronisation: Option<Span>,
    /// How long the parts that are done have waited for the others, all together: item-time.
    pub waited: Span,
    /// The parts that it waited for: those that are open, else those that were done last, by id.
    pub waited_for: Vec<String>,
    /// How much sooner all would have been done if these had been done with the one before them; absent while a part is
    /// open, and where all were done at once.
    pub gain: Option<Span>,
    /// When it shipped; absent for what is no release, and while it has not.
    pub shipped_at: Option<Instant>,
    /// From the last part done to the shipping; absent where it shipped before.
    pub after_complete: Option<Span>,
    /// The groups of its parts, by name, those that are in none last.
    pub groups: Vec<PartsWait>,
    /// The parts, the last ones first: open ones by id, then by when they were done.
    pub parts: Vec<PartWait>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// A group of parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartsWait {
    /// The application or team by id, or the kind; absent for parts of which nobody says it.
    pub group: Option<String>,
    /// How many parts.
    pub parts: u64,
    /// How many of them are not done.
    pub open: u64,
    /// When the last of them was done; absent while one is open.
    pub complete_at: Option<Instant>,
    /// Pooling: from the first of them done to the last, or to now while one is open. Absent while none is done.
    pub pooling: Option<Span>,
    /// Lagging: how much later they were complete than all others; zero where another group came later, absent where there is
    /// no other group.
    pub lagging: Option<Span>,
    /// How long its parts have waited for others, those of the group included: item-time.
    pub waited: Span,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartWait {
    /// The part.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// The group that it is in.
    pub group: Option<String>,
    /// When it was done; absent while it is open.
    pub done_at: Option<Instant>,
    /// How long it then waited for the last part, so far; absent while it is open.
    pub waited: Option<Span>,
}

impl WaitedForQuery {
    /// A question with all defaults.
    pub fn new(item: impl Into<String>, at: Instant) -> WaitedForQuery {
        WaitedForQuery { item: item.into(), at, group: None }
    }
}

impl ValueStream {
    /// What a release, an epic or another whole waited for: which parts came last, and how long the others waited for them.
    ///
    /// Parts are the work at the bottom of what it consists of, without what is cancelled. One pass over the history of
    /// the parts.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, Link, LinkKind, Span, ValueStream, WaitedForQuery};
    /// let mut stream = ValueStream::new();
    /// for (item, day) in [("A", 2), ("B", 3), ("C", 9)] {
    ///     let at = format!("2026-07-0{day}T09:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", item, at, format!("jira:{item}"));
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(FlowState::Done);
    ///     event.links.push(Link::new(LinkKind::ShipsIn, "plan:R1"));
    ///     stream.apply(event)?;
    /// }
    /// let waited = stream.waited_for(&WaitedForQuery::new("plan:R1", "2026-07-10T09:00:00Z".parse()?))?;
    /// assert_eq!(waited.waited_for, ["jira:C"]);
    /// assert_eq!((waited.synchronisation, waited.gain), (Some(Span::from_days(7)), Some(Span::from_days(6))));
    /// assert_eq!(waited.waited, Span::from_days(7 + 6));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn waited_for(&self, query: &WaitedForQuery) -> Result<WaitedFor> {
        self.as_of(query.at, Instant::MAX).waited_for_then(query)
    }

    fn waited_for_then(&self, query: &WaitedForQuery) -> Result<WaitedFor> {
        let item = self.find(&query.item)?;
        let by = query.group.unwrap_or(PartGroup::Application);
        let mut grounds = Grounds::default();
        let mut parts: Vec<Part> = Vec::new();
        for part in self.under(item) {
            if self.kind(part).and_then(FlowItem::of).is_none() || self.has_parts(part) {
                continue;
            }
            if self.state_of(part) == Some(FlowState::Cancelled) {
                grounds.exclude("cancelled", self.id(part));
                continue;
            }
            let done = self.done_at(part);
            grounds.evidence.extend(done.map(|(_, event)| event));
            parts.push(Part { item: part, group: self.part_group(part, by), done: done.map(|(at, _)| at) });
        }
        // Open ones are the last of all.
        let place = |part: &Part| part.done.unwrap_or(Instant::MAX);
        parts.sort_by(|a, b| place(b).cmp(&place(a)).then_with(|| self.id(a.item).cmp(self.id(b.item))));
        grounds.n = parts.len() as u64;
        grounds.rule("items:leaves");
        grounds.rule("reopen:last_done");
        grounds.rule(format!("groups:{by}"));
        let whole = Sum::of(parts.iter(), query.at);
        let horizon = whole.horizon(query.at);
        let waited = |part: &Part| part.done.map(|done| horizon.since(done));
        let is_last = |part: &&Part| part.done.is_none() || part.done == whole.complete;
        let last = parts.iter().take_while(|part| whole.open == 0 || part.done.is_none()).filter(is_last);
        let waited_for: Vec<String> = last.map(|part| self.id(part.item).to_owned()).collect();
        let before = parts.get(waited_for.len()).and_then(|part| part.done);
        let shipped = (self.kind(item) == Some(Kind::Release)).then(|| self.shipping_time(item)).flatten();
        grounds.evidence.extend(shipped.map(|(_, event)| event));
        let shipped_at = shipped.map(|(at, _)| at);
        let mut groups: BTreeMap<(bool, Option<String>), Vec<&Part>> = BTreeMap::new();
        for part in &parts {
            groups.entry((part.group.is_none(), part.group.clone())).or_default().push(part);
        }
        let sums: Vec<(Option<String>, Sum)> = groups
            .into_iter()
            .map(|((_, group), parts)| (group, Sum::of(parts.into_iter(), query.at)))
            .collect();
        let rows = sums.iter().enumerate().map(|(number, (group, sum))| {
            let others = sums.iter().enumerate().filter(|(other, _)| *other != number);
            let others = others.map(|(_, (_, sum))| sum.horizon(query.at)).max();
            PartsWait {
                group: group.clone(),
                parts: sum.parts,
                open: sum.open,
                complete_at: sum.complete,
                pooling: sum.spread(query.at),
                lagging: others.map(|others| sum.horizon(query.at).since(others).max(Span::ZERO)),
                waited: sum.waited(horizon),
            }
        });
        Ok(WaitedFor {
            item: self.id(item).to_owned(),
            title: self.title(item).to_owned(),
            at: query.at,
            open: whole.open,
            first_done: whole.first,
            complete_at: whole.complete,
            synchronisation: whole.spread(query.at),
            waited: whole.waited(horizon),
            waited_for,
            gain: whole.complete.zip(before).map(|(complete, before)| complete.since(before)),
            shipped_at,
            after_complete: shipped_at
                .zip(whole.complete)
                .map(|(shipped, complete)| shipped.since(complete))
                .filter(|after| *after >= Span::ZERO),
            groups: rows.collect(),
            parts: parts
                .iter()
                .map(|part| PartWait {
                    item: self.id(part.item).to_owned(),
                    title: self.title(part.item).to_owned(),
                    group: part.group.clone(),
                    done_at: part.done,
                    waited: waited(part),
                })
                .collect(),
            basis: grounds.finish(self),
        })
    }

    /// When a release shipped, as its tool says or else when it was done, and the event.
    pub(super) fn shipping_time(&self, release: u32) -> Option<(Instant, u32)> {
        let done = self.done_at(release)?;
        Some(self.last(release, Set::released_at).unwrap_or(done))
    }

    /// The group of a part: its own, or that of the nearest of what it is a part of. Of several the first by id.
    fn part_group(&self, part: u32, by: PartGroup) -> Option<String> {
        let link = match by {
            PartGroup::Application => LinkKind::BelongsTo,
            PartGroup::Team => LinkKind::OwnedBy,
            PartGroup::Kind => return self.kind(part).map(|kind| kind.as_str().to_owned()),
        };
        let line = lineage(self, part);
        let (group, _) = line.into_iter().find_map(|at| self.to(at, link).next())?;
        Some(self.id(group).to_owned())
    }
}

struct Part {
    item: u32,
    group: Option<String>,
    done: Option<Instant>,
}

/// What some parts come to.
struct Sum {
    parts: u64,
    open: u64,
    first: Option<Instant>,
    complete: Option<Instant>,
    done: Vec<Instant>,
}

impl Sum {
    fn of<'p>(parts: impl Iterator<Item = &'p Part>, at: Instant) -> Sum {
        let mut sum = Sum { parts: 0, open: 0, first: None, complete: None, done: Vec::new() };
        for part in parts {
            sum.parts += 1;
            match part.done.filter(|done| *done <= at) {
                Some(done) => sum.done.push(done),
                None => sum.open += 1,
            }
        }
        sum.first = sum.done.iter().min().copied();
        sum.complete = sum.done.iter().max().copied().filter(|_| sum.open == 0);
        sum
    }

    /// When they were complete, or now.
    fn horizon(&self, at: Instant) -> Instant {
        self.complete.unwrap_or(at)
    }

    fn spread(&self, at: Instant) -> Option<Span> {
        self.first.map(|first| self.horizon(at).since(first))
    }

    fn waited(&self, until: Instant) -> Span {
        span(self.done.iter().map(|done| i128::from(until.since(*done).millis())).sum())
    }
}
