//! One turn: what was touched is judged again, and what that changes is passed on as far as it changes something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::Verdict;
use super::super::judge::Fact;
use super::super::lanes::{Facts, Lanes, Lens, Own, Passed, read};
use super::held::{Held, Slot};
use super::notes::{FACTS, Note, Notes, OWN, PLACE, PROOF, QUEUED};
use super::touched::Touched;
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::texts::NONE;

pub(super) struct Turn<'a> {
    pub(super) lens: &'a Lens<'a>,
    pub(super) held: &'a mut Held,
    pub(super) notes: Notes,
    /// The worst own fact of what was judged again, for the stage asked about where it has one.
    pub(super) facts: HashMap<u32, Fact>,
    /// How many items were looked at.
    pub(super) judged: u64,
    /// By the order of needs, so that each is put together once, after all that it needs.
    queue: BinaryHeap<Reverse<(i64, u32)>>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(lens: &'a Lens<'a>, held: &'a mut Held) -> Turn<'a> {
        Turn {
            lens,
            held,
            notes: Notes::default(),
            facts: HashMap::default(),
            judged: 0,
            queue: BinaryHeap::new(),
        }
    }

    /// Takes in some events, by number.
    pub(super) fn events(&mut self, events: std::ops::Range<u32>, stage: Option<&str>) {
        let stream = self.lens.judge.stream;
        let known = self.held.items();
        self.held.extend(stream, self.lens.rungs);
        let mut touched = Touched::new(stream, self.held, &mut self.notes);
        events.for_each(|event| touched.event(event));
        let Touched { needs, builds, follows, .. } = touched;
        for item in known..self.held.items() {
            self.notes.note(self.held, item).flags |= FACTS | OWN | PROOF;
        }
        self.prove(builds, follows, stage);
        for item in self.notes.with(FACTS) {
            self.read(item);
        }
        for (link, event) in needs {
            self.relink(link, Some(event));
        }
        self.judge();
        self.settle();
    }

    /// Takes in that time has passed.
    pub(super) fn time(&mut self) {
        for item in 0..self.held.items() {
            if self.lens.judges(self.held.slot(item).facts) {
                self.notes.note(self.held, item).flags |= OWN;
            }
        }
        self.judge();
        self.settle();
    }

    /// Brings what builds and tests prove in line.
    fn prove(&mut self, builds: HashMap<u32, u32>, follows: Vec<((u32, u32), u32)>, stage: Option<&str>) {
        let stream = self.lens.judge.stream;
        let mut builds: Vec<(u32, u32)> = builds.into_iter().collect();
        builds.sort_unstable();
        let mut concerned: Vec<(u32, u32)> = Vec::new();
        let evidence = &mut self.held.evidence;
        for (pair, event) in follows {
            evidence.mend_change(stream, pair, &mut |item| concerned.push((item, event)));
        }
        for (build, event) in builds {
            evidence.mend_build(stream, build, stage, &mut |item| concerned.push((item, event)));
        }
        for (item, event) in concerned {
            self.notes.mark(self.held, item, PROOF, event);
            for (_, kind, work) in stream.starting(item) {
                if kind == crate::model::LinkKind::Implements {
                    self.notes.mark(self.held, work, PROOF, event);
                }
            }
        }
    }

    /// Reads an item's kind and state again.
    fn read(&mut self, item: u32) {
        let stream = self.lens.judge.stream;
        let (old, new) = (self.held.slot(item), Facts::of(stream, item));
        if old.facts == new {
            return;
        }
        self.held.set(item, Slot { facts: new, ..old });
        if old.facts.kind != new.kind {
            // A kind decides over what counts on both sides, and over what is judged at all.
            self.notes.note(self.held, item).flags |= OWN | PROOF;
            for direction in [Direction::Outgoing, Direction::Incoming] {
                let links: Vec<u32> = stream
                    .touching(item, direction)
                    .filter(|(_, kind, _)| kind.is_need())
                    .map(|(link, ..)| link)
                    .collect();
                links.into_iter().for_each(|link| self.relink(link, None));
            }
        } else if old.facts.is_cancelled() != new.is_cancelled() {
            let links: Vec<u32> = stream.needing(item).collect();
            links.into_iter().for_each(|link| self.relink(link, None));
        }
        self.push(item);
    }

    /// Judges anew what is to be judged anew.
    fn judge(&mut self) {
        for item in self.notes.with(OWN | PLACE | PROOF) {
            let slot = self.held.slot(item);
            let flags = self.notes.note(self.held, item).flags;
            let mut new = slot;
            if flags & (OWN | PLACE) != 0 {
                // Of the releases that may use an environment, few find it another one. They are judged as a whole.
                let is_as_it_was =
                    flags & OWN == 0 && self.lens.placed(item, slot.facts) == Some(self.held.placed(item));
                if !is_as_it_was {
                    let own = if self.lens.judges(slot.facts) { self.own(item) } else { Own::default() };
                    self.held.place(item, own.placed);
                    new.own = own.all;
                }
                self.judged += 1;
            }
            if flags & PROOF != 0 {
                let is_work = slot.facts.is_work();
                new.proof = if is_work { self.lens.proof(item, &self.held.evidence) } else { Verdict::Ready };
                self.judged += 1;
            }
            if (new.own, new.proof) != (slot.own, slot.proof) {
                let by = self.own_change(slot.own, new.own);
                self.held.set(item, new);
                let note = self.notes.note(self.held, item);
                match by {
                    std::cmp::Ordering::Greater => note.worse = (item, Verdict::NotReady),
                    std::cmp::Ordering::Less => note.better = item,
                    std::cmp::Ordering::Equal => {}
                }
                self.push(item);
            } else if flags & FACTS != 0 {
                self.push(item);
            }
        }
    }

    /// An item's own facts by stage; the worst is kept to be told.
    fn own(&mut self, item: u32) -> Own {
        let mut worst: Option<(bool, Fact)> = None;
        let rung = self.lens.rung;
        let lanes = self.lens.own(item, &mut |at, fact| {
            let rank = |fact: &Fact, is_asked: bool| (is_asked, fact.verdict);
            let is_asked = at == rung;
            if worst.as_ref().is_none_or(|(kept, worst)| rank(&fact, is_asked) > rank(worst, *kept)) {
                worst = Some((is_asked, fact));
            }
        });
        match worst {
            Some((_, fact)) => self.facts.insert(item, fact),
            None => self.facts.remove(&item),
        };
        lanes
    }

    /// Whether own facts got worse or better; for the stage asked about, where they did.
    fn own_change(&self, before: Lanes, after: Lanes) -> std::cmp::Ordering {
        let order = |rung: &usize| read(after, *rung).cmp(&read(before, *rung));
        let asked = order(&self.lens.rung);
        asked.then_with(|| self.lens.rungs.iter().map(order).find(|o| o.is_ne()).unwrap_or(asked))
    }

    /// Looks again at what a need gives.
    fn relink(&mut self, link: u32, event: Option<u32>) {
        let stream = self.lens.judge.stream;
        let Some(said) = stream.link(link).filter(|said| said.kind.is_need()) else { return };
        let (needed, needing) = said.kind.orient(said.from, said.to);
        // What the one that needs was is written down before it is counted anew.
        self.notes.note(self.held, needing);
        let given = if stream.holds(link) {
            self.held.gives(self.lens, link, said.kind, needed, needing)
        } else {
            None
        };
        let before = self.held.give(self.lens.rungs, link, needing, given);
        if before == given {
            return;
        }
        if let Some(event) = event {
            // A need that came tells of what is needed, one that went of what needed it.
            let told = if given.is_some() { needed } else { needing };
            self.notes.mark(self.held, told, 0, event);
            self.notes.mark(self.held, needing, 0, event);
        }
        let by = if event.is_some() && given.is_none() { needing } else { needed };
        self.blame(needing, by, before, given);
        self.push(needing);
    }

    /// Remembers by what an item got worse or better.
    fn blame(&mut self, item: u32, by: u32, before: Option<Passed>, after: Option<Passed>) {
        let worst = |passed: Option<Passed>| {
            let lanes =
                |passed: Passed| self.lens.rungs.iter().map(move |rung| read(passed.lanes, *rung)).max();
            passed.and_then(|passed| lanes(passed).max(Some(passed.proof))).unwrap_or(Verdict::Ready)
        };
        let lanes = |passed: Option<Passed>| passed.unwrap_or(Passed::NOTHING);
        let (old, new) = (lanes(before), lanes(after));
        let rungs = self.lens.rungs.iter();
        let mut pairs = rungs
            .map(|rung| (read(old.lanes, *rung), read(new.lanes, *rung)))
            .chain([(old.proof, new.proof)]);
        let is_worse = pairs.clone().any(|(old, new)| new > old);
        let is_better = pairs.any(|(old, new)| new < old);
        let now = worst(after);
        let note = self.notes.note(self.held, item);
        if is_worse && note.worse.1 < now {
            note.worse = (by, now);
        }
        if is_better && note.better == NONE {
            note.better = by;
        }
    }

    fn push(&mut self, item: u32) {
        let note = self.notes.note(self.held, item);
        if note.flags & QUEUED == 0 {
            note.flags |= QUEUED;
            self.queue.push(Reverse((self.lens.judge.stream.rank(item), item)));
        }
    }

    /// Puts together what items pass on, and passes on what changed.
    fn settle(&mut self) {
        let stream = self.lens.judge.stream;
        while let Some(Reverse((_, item))) = self.queue.pop() {
            self.notes.note(self.held, item).flags &= !QUEUED;
            self.judged += 1;
            let slot = self.held.slot(item);
            let needs = self.held.needs(self.lens.rungs, item);
            let passed = self.lens.passed(slot.facts, needs, || slot.own, || slot.proof);
            if passed == slot.passed {
                continue;
            }
            self.held.set(item, Slot { passed, ..slot });
            for link in stream.needing(item) {
                self.relink(link, None);
            }
        }
    }

    /// The items whose verdict is another one than before, with their notes.
    pub(super) fn changed(&self) -> Vec<(u32, &Note)> {
        let changed = self.notes.notes.iter().filter(|(item, note)| {
            let before = self.lens.verdict(note.before.facts.kind, note.before.passed);
            before != self.held.verdict(self.lens, **item)
                || note.before.facts.kind != self.held.slot(**item).facts.kind
        });
        changed.map(|(item, note)| (*item, note)).collect()
    }
}
