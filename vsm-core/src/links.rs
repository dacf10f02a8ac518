//! The links of the record: who asserted what, when, and what follows from it.

use crate::claims::{Claim, Claims};
use crate::hash::{Numbers, hash_of};
use crate::late::{FAR, Late};
use crate::model::{Dependency, LinkKind};
use crate::record::{Bounds, Record};
use crate::texts::NONE;
use crate::time::Span;

/// One (from, to, kind), asserted by any number of events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkRec {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: LinkKind,
    /// The assertion that is last in time; they form a chain.
    pub(crate) latest: u32,
    /// The link from the same item that was added before this one; these form a chain too.
    before: u32,
}

/// What one event says of one link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assertion {
    pub(crate) event: u32,
    pub(crate) link: u32,
    /// What the event called the other end.
    pub(crate) name: u32,
    pub(crate) previous: u32,
    /// Into [`Links::details`]; most links have none.
    pub(crate) detail: u32,
    pub(crate) on: bool,
}

/// What few links say of themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Detail {
    pub(crate) dependency: Option<Dependency>,
    pub(crate) lag: Option<Span>,
    pub(crate) stage: Option<Box<str>>,
    pub(crate) rule: Option<Box<str>>,
    pub(crate) confidence: Option<f64>,
    pub(crate) premise: Option<Box<str>>,
    pub(crate) matched: Option<Box<str>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) list: Vec<LinkRec>,
    pub(crate) assertions: Vec<Assertion>,
    pub(crate) details: Vec<Detail>,
    /// Per item: the link from it that was added last.
    last: Vec<u32>,
    /// The links of items that have many, all of them.
    table: Numbers,
    /// A bit for each kind that any link has ever had.
    kinds: u32,
    /// By link.
    late: Late,
    claims: Claims,
}

const _: () = assert!(LinkKind::ALL.len() <= u32::BITS as usize);

/// An item has many links when it has so many: up to there it is faster to look at each, and most items have fewer.
const MANY: usize = 8;

impl Links {
    pub(crate) fn get(&self, link: u32) -> Option<&LinkRec> {
        self.list.get(link as usize)
    }

    fn assertion(&self, number: u32) -> Option<&Assertion> {
        self.assertions.get(number as usize)
    }

    pub(crate) fn detail(&self, assertion: u32) -> Option<&Detail> {
        self.details.get(self.assertion(assertion)?.detail as usize)
    }

    pub(crate) fn add_item(&mut self) {
        self.last.push(NONE);
    }

    /// The links from an item, the latest first, none but the last few.
    fn last_few(&self, from: u32) -> impl Iterator<Item = u32> {
        let known = |link: &u32| *link != NONE;
        let last = self.last.get(from as usize).copied().filter(known);
        std::iter::successors(last, move |link| self.get(*link).map(|rec| rec.before).filter(known))
            .take(MANY)
    }

    /// Whether a link of this kind may be there: without one, nobody needs to look at each item for it.
    pub(crate) fn has_kind(&self, kind: LinkKind) -> bool {
        self.kinds & 1 << kind as u32 != 0
    }

    /// The number of a link that is known; else how many links from the item were looked at.
    fn look_for(&self, from: u32, to: u32, kind: LinkKind) -> Result<u32, usize> {
        let is = |n: u32| self.get(n).is_some_and(|link| (link.from, link.to, link.kind) == (from, to, kind));
        let mut few = 0;
        for number in self.last_few(from) {
            few += 1;
            if is(number) {
                return Ok(number);
            }
        }
        let tabled = if few == MANY { self.table.find(hash_of((from, to, kind)), is) } else { None };
        tabled.ok_or(few)
    }

    /// The number of a link that is known.
    pub(crate) fn find(&self, from: u32, to: u32, kind: LinkKind) -> Option<u32> {
        self.look_for(from, to, kind).ok()
    }

    /// The number of a link, and whether it is new.
    pub(crate) fn intern(&mut self, from: u32, to: u32, kind: LinkKind) -> (u32, bool) {
        let few = match self.look_for(from, to, kind) {
            Ok(number) => return (number, false),
            Err(few) => few,
        };
        let number = self.list.len() as u32;
        let before = self.last.get_mut(from as usize).map_or(NONE, |last| std::mem::replace(last, number));
        self.list.push(LinkRec { from, to, kind, latest: NONE, before });
        self.kinds |= 1 << kind as u32;
        if few == MANY {
            self.table.insert(hash_of((from, to, kind)), number);
        } else if few + 1 == MANY {
            self.tabulate(from, Numbers::insert);
        }
        (number, true)
    }

    /// Enters the last few links from an item into the table, or takes them out.
    fn tabulate(&mut self, from: u32, change: impl Fn(&mut Numbers, u32, u32)) {
        for number in self.last_few(from).collect::<Vec<u32>>() {
            if let Some(link) = self.list.get(number as usize) {
                change(&mut self.table, hash_of((link.from, link.to, link.kind)), number);
            }
        }
    }

    /// Adds what the last event of the record says of a link.
    pub(crate) fn assert(&mut self, record: &Record, link: u32, name: u32, on: bool, detail: Detail) {
        let event = (record.events.len() as u32).wrapping_sub(1);
        let detail = if detail == Detail::default() {
            NONE
        } else {
            self.details.push(detail);
            (self.details.len() - 1) as u32
        };
        let new = self.assertions.len() as u32;
        let latest = self.get(link).map_or(NONE, |l| l.latest);
        let mut late = std::mem::take(&mut self.late);
        let event_at = |at: u32| if at == new { event } else { self.event_of(at) };
        let (at, later) = late.seek(
            (link, latest, new),
            // Among equals the one said last in the event wins, hence `is_gt`.
            |at| record.order(event_at(at), event).is_gt(),
            |at| self.assertion(at).map_or(NONE, |assertion| assertion.previous),
            |at| record.place(event_at(at), at),
        );
        self.late = late;
        self.assertions.push(Assertion { event, link, name, previous: at, detail, on });
        match self.assertions.get_mut(later as usize) {
            Some(assertion) => assertion.previous = new,
            None => {
                if let Some(link) = self.list.get_mut(link as usize) {
                    link.latest = new;
                }
            }
        }
        if self.claims.has(link) {
            self.claim(record, new);
        } else if self.takes_long(link, new) {
            self.gather(record, link);
        }
    }

    /// Whether the next question would have to look at much that was said of a link: it does where a rule speaks, and of
    /// parents, which replace each other, where nothing was stated lately but that it is taken back.
    fn takes_long(&self, link: u32, last_said: u32) -> bool {
        let is_stated = self.is_stated(last_said);
        if is_stated && self.get(link).is_some_and(|link| link.kind != LinkKind::Parent) {
            return false;
        }
        let decides = |at: &u32| self.is_stated(*at) && self.assertion(*at).is_some_and(|said| said.on);
        self.chain_of(link).take_while(|at| !is_stated || !decides(at)).nth(FAR).is_some()
    }

    /// Keeps all that was said of a link in order.
    fn gather(&mut self, record: &Record, link: u32) {
        for assertion in self.chain_of(link).collect::<Vec<u32>>() {
            self.claim(record, assertion);
        }
    }

    /// Keeps one assertion in the order of its link.
    fn claim(&mut self, record: &Record, number: u32) {
        if let Some(assertion) = self.assertions.get(number as usize) {
            self.claims.add(assertion.link, claim(&self.details, record, assertion, number));
        }
    }

    /// All that was said of a link, from the last in time on.
    fn chain_of(&self, link: u32) -> impl Iterator<Item = u32> {
        self.chain(self.get(link).map_or(NONE, |link| link.latest))
    }

    /// A chain of assertions from its end.
    fn chain(&self, latest: u32) -> impl Iterator<Item = u32> {
        let known = |at: &u32| *at != NONE;
        let latest = Some(latest).filter(known);
        std::iter::successors(latest, move |at| {
            self.assertion(*at).map(|assertion| assertion.previous).filter(known)
        })
    }

    /// Whether any event has said anything of a link.
    pub(crate) fn is_asserted(&self, link: u32) -> bool {
        self.get(link).is_some_and(|link| link.latest != NONE)
    }

    /// Gives all that was said of one link to another one, whose own assertions keep their places in time.
    pub(crate) fn hand_over(&mut self, record: &Record, from: u32, to: u32) {
        let mut chain: Vec<u32> = Vec::new();
        let mut was_kept = false;
        for link in [from, to] {
            self.late.forget(link);
            was_kept |= self.claims.forget(link);
            chain.extend(self.chain_of(link));
        }
        let event = |at: &u32| self.assertion(*at).map_or(NONE, |assertion| assertion.event);
        chain.sort_unstable_by(|a, b| record.order(event(a), event(b)).then_with(|| a.cmp(b)));
        let mut previous = NONE;
        for at in chain {
            if let Some(assertion) = self.assertions.get_mut(at as usize) {
                (assertion.link, assertion.previous) = (to, previous);
            }
            previous = at;
        }
        for (link, latest) in [(from, NONE), (to, previous)] {
            if let Some(link) = self.list.get_mut(link as usize) {
                link.latest = latest;
            }
        }
        if was_kept {
            self.gather(record, to);
        }
    }

    /// The assertion that decides over a link: the last stated one, or where nobody stated anything the strongest
    /// inferred one. None where the link does not hold.
    pub(crate) fn effective(&self, record: &Record, link: u32, bounds: Option<Bounds>) -> Option<u32> {
        if let Some(deciding) = self.claims.deciding(link).filter(|_| bounds.is_none()) {
            return deciding.filter(|at| self.assertion(*at).is_some_and(|assertion| assertion.on));
        }
        // Nearly every link has one assertion, so what is usual must not need a list.
        let (mut inferred, mut more) = (None, Vec::new());
        let mut at = self.get(link)?.latest;
        while let Some(assertion) = self.assertion(at) {
            if record.get(assertion.event).is_some_and(|event| Bounds::admit(bounds, event)) {
                let stated =
                    self.details.get(assertion.detail as usize).is_none_or(|detail| detail.rule.is_none());
                if stated {
                    return assertion.on.then_some(at);
                }
                more.extend(inferred.replace(at));
            }
            at = assertion.previous;
        }
        if let (Some(one), false) = (inferred, more.is_empty()) {
            more.push(one);
            return self.strongest(record, more);
        }
        inferred.filter(|at| self.assertion(*at).is_some_and(|assertion| assertion.on))
    }

    /// Of inferred assertions the strongest that its rule has not taken back. What a rule says of a link is what it said
    /// last, by when that became known: it is about what the record holds, not about when something was so. Of several
    /// rules the surest wins, then the alphabetically first.
    fn strongest(&self, record: &Record, mut inferred: Vec<u32>) -> Option<u32> {
        let said = |at: u32| {
            let event = self.event_of(at);
            let times = record.get(event).map(|event| (event.known_at(), event.occurred));
            (self.rule_of(at), times, record.keys.get(event), at)
        };
        inferred.sort_unstable_by(|a, b| said(*a).cmp(&said(*b)));
        let last = inferred.chunk_by(|a, b| self.rule_of(*a) == self.rule_of(*b)).filter_map(<[u32]>::last);
        let holding = last.copied().filter(|at| self.assertion(*at).is_some_and(|assertion| assertion.on));
        let confidence = |at: u32| self.detail(at).and_then(|detail| detail.confidence).unwrap_or(1.0);
        // The rules are in order, and the first of equals stays.
        holding.reduce(|best, at| if confidence(at) > confidence(best) { at } else { best })
    }

    fn rule_of(&self, assertion: u32) -> Option<&str> {
        self.detail(assertion).and_then(|detail| detail.rule.as_deref())
    }

    /// Every assertion of a link that names a rule, with what it says of the link.
    pub(crate) fn inferred(&self, link: u32) -> impl Iterator<Item = (&Assertion, &Detail)> {
        self.chain_of(link).filter_map(|at| {
            let detail = self.detail(at).filter(|detail| detail.rule.is_some())?;
            Some((self.assertion(at)?, detail))
        })
    }

    /// Whether anybody has ever stated anything of a link.
    pub(crate) fn is_ever_stated(&self, link: u32) -> bool {
        self.chain_of(link).any(|at| self.is_stated(at))
    }

    /// The last assertion within the bounds that a link holds, whatever was said of it since; a stated one before an
    /// inferred one.
    pub(crate) fn last_on(&self, record: &Record, link: u32, bounds: Option<Bounds>) -> Option<u32> {
        if let Some(last) = self.claims.last_on(link).filter(|_| bounds.is_none()) {
            return last;
        }
        let counts = |at: &u32| {
            self.assertion(*at).is_some_and(|said| {
                said.on && record.get(said.event).is_some_and(|event| Bounds::admit(bounds, event))
            })
        };
        let mut inferred = None;
        for at in self.chain_of(link).filter(counts) {
            if self.is_stated(at) {
                return Some(at);
            }
            inferred = inferred.or(Some(at));
        }
        inferred
    }

    /// What was stated of a link, last to first: whether it holds, and the event.
    pub(crate) fn stated(
        &self,
        record: &Record,
        link: u32,
        bounds: Option<Bounds>,
    ) -> impl Iterator<Item = (bool, u32)> {
        self.chain_of(link)
            .filter(|at| self.is_stated(*at))
            .filter_map(|at| self.assertion(at))
            .filter(move |said| record.get(said.event).is_some_and(|event| Bounds::admit(bounds, event)))
            .map(|said| (said.on, said.event))
    }

    /// Whether a link is stated rather than inferred by the assertion that decides over it.
    pub(crate) fn is_stated(&self, assertion: u32) -> bool {
        self.detail(assertion).is_none_or(|detail| detail.rule.is_none())
    }

    pub(crate) fn event_of(&self, assertion: u32) -> u32 {
        self.assertion(assertion).map_or(NONE, |a| a.event)
    }

    /// Takes back the last event's assertions, and the links that only it named.
    pub(crate) fn truncate(
        &mut self,
        record: &Record,
        items: usize,
        links: usize,
        assertions: usize,
        details: usize,
    ) {
        while self.assertions.len() > assertions {
            let last = (self.assertions.len() - 1) as u32;
            let Some(assertion) = self.assertions.pop() else { break };
            if self.claims.has(assertion.link) {
                self.claims.remove(assertion.link, &claim(&self.details, record, &assertion, last));
            }
            if self.late.has(assertion.link) {
                let place = record.place(assertion.event, last);
                self.late.remove(assertion.link, &place);
                let (_, later) = self.late.around(assertion.link, &place);
                if let Some(later) = self.assertions.get_mut(later as usize) {
                    later.previous = assertion.previous;
                    continue;
                }
            }
            let Some(link) = self.list.get_mut(assertion.link as usize) else { continue };
            if link.latest == last {
                link.latest = assertion.previous;
                continue;
            }
            let mut at = link.latest;
            while let Some(later) = self.assertions.get_mut(at as usize) {
                if later.previous == last {
                    later.previous = assertion.previous;
                    break;
                }
                at = later.previous;
            }
        }
        self.details.truncate(details);
        while self.list.len() > links {
            let last = (self.list.len() - 1) as u32;
            let Some(link) = self.list.last().copied() else { break };
            let few = self.last_few(link.from).count();
            if few == MANY {
                self.table.remove(hash_of((link.from, link.to, link.kind)), last);
            }
            if let Some(slot) = self.last.get_mut(link.from as usize) {
                *slot = link.before;
            }
            self.list.pop();
            if few == MANY && self.last_few(link.from).count() < MANY {
                self.tabulate(link.from, Numbers::remove);
            }
        }
        self.last.truncate(items);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<LinkRec>()
            + self.assertions.capacity() * size_of::<Assertion>()
            + self.details.capacity() * size_of::<Detail>()
            + self.last.capacity() * size_of::<u32>()
            + self.late.bytes()
            + self.claims.bytes()
            + self.table.bytes()
    }
}

/// An assertion in the order of its link: what a rule says is about what the record holds, so it goes by when that became
/// known.
fn claim<'a>(details: &'a [Detail], record: &Record, assertion: &Assertion, number: u32) -> Claim<'a> {
    let detail = details.get(assertion.detail as usize);
    let rule = detail.and_then(|detail| detail.rule.as_deref());
    let confidence = detail.and_then(|detail| detail.confidence).unwrap_or(1.0);
    let (occurred, known, key, number) = record.place(assertion.event, number);
    let times = if rule.is_some() { (known, occurred) } else { (occurred, known) };
    Claim { rule, place: (times.0, times.1, key, number), on: assertion.on, confidence }
}

#[cfg(test)]
mod tests {
    use crate::model::{Event, Link, LinkKind};
    use crate::{Error, Instant, ValueStream};

    /// An event of a hub that says so many of its links from `from` on.
    fn links(id: usize, from: usize, count: usize) -> Event {
        let at = Instant::from_millis(id as i64).unwrap_or(Instant::MIN);
        let mut event = Event::new("t", id.to_string(), at, "t:hub");
        event.links =
            (from..from + count).map(|n| Link::new(LinkKind::DependsOn, format!("t:{n}"))).collect();
        event
    }

    /// What decides over a link is the same however it is found: one by one in a view, by what is kept in order now.
    #[test]
    fn of_much_that_was_said_of_a_link_the_same_decides() {
        for kind in [LinkKind::Relates, LinkKind::Parent] {
            the_same_decides(kind);
        }
    }

    fn the_same_decides(kind: LinkKind) {
        let mut stream = ValueStream::new();
        let mut back = Event::new("t", "back", Instant::MIN, "t:b");
        back.links.push(Link::new(LinkKind::DependsOn, "t:a"));
        back.unlinks.push(Link::new(LinkKind::Relates, "t:a"));
        stream.apply(back).unwrap();
        let mut rival = Event::new("t", "rival", Instant::from_millis(300).unwrap(), "t:a");
        rival.links.push(Link::inferred(kind, "t:c", "rule 1", 0.9));
        stream.apply(rival).unwrap();
        for n in 0..600_i64 {
            // In no order of time, of three rules that often take back what they said; now and then somebody states it.
            let at = |n: i64| Instant::from_millis(n * 7_919 % 601).unwrap();
            let mut event = Event::new("t", n.to_string(), at(n), "t:a");
            event.recorded_at = Some(at(n + 5));
            let rule = (n % 100 != 50).then(|| format!("rule {}", n % 3));
            let confidence = rule.is_some().then_some([0.5, 0.9, 0.9][n as usize % 3]);
            let on = n % 7 % 2 == 0;
            let link = Link { rule, confidence: confidence.filter(|_| on), ..Link::new(kind, "t:b") };
            (if on { &mut event.links } else { &mut event.unlinks }).push(link);
            let mut refused = event.clone();
            refused.id = format!("refused {n}");
            refused.links.push(Link::new(LinkKind::DependsOn, "t:b"));
            assert!(matches!(stream.apply(refused), Err(Error::Cycle { .. })));
            if n < 300 && event.links.iter().chain(&event.unlinks).all(|link| link.rule.is_none()) {
                continue;
            }
            stream.apply(event).unwrap();
            let related = |stream: &ValueStream| -> Vec<_> {
                let links = stream.links("t:a").unwrap();
                links.into_iter().filter(|link| link.kind == kind).collect()
            };
            let now = related(&stream);
            assert_eq!(now, related(&stream.as_of(Instant::MAX, Instant::MAX)), "{n}");
            if n % 50 == 0 {
                let again = ValueStream::from_snapshot(stream.to_snapshot().as_bytes()).unwrap();
                assert_eq!(now, related(&again), "{n}");
            }
        }
    }

    /// Looked through from the first word to the last at every word, this would take minutes.
    #[test]
    fn a_link_may_be_made_and_taken_back_any_number_of_times() {
        let mut stream = ValueStream::new();
        let events = (0..40_001_i64).map(|n| {
            let at = Instant::from_millis(n).unwrap();
            let mut event = Event::new("t", n.to_string(), at, "t:a");
            let rule = Some("rule".into());
            let link = Link { rule, ..Link::new(LinkKind::Relates, "t:b") };
            (if n % 2 == 0 { &mut event.links } else { &mut event.unlinks }).push(link);
            event
        });
        assert_eq!(stream.apply_batch(events).refused, []);
        assert_eq!(stream.links("t:b").unwrap()[0].evidence, "t:40000");
    }

    /// The same for a parent beside another one, of which the last word that it holds is looked for, too.
    #[test]
    fn a_parent_may_be_said_and_taken_back_any_number_of_times() {
        for (rule, is_turn) in [(None, false), (None, true), (Some("rule"), true)] {
            let mut stream = ValueStream::new();
            let mut said = |n: i64, parent: &str, rule: Option<&str>, on: bool| {
                let at = Instant::from_millis(n).unwrap();
                let mut event = Event::new("t", format!("{n} {parent}"), at, "t:a");
                let link =
                    Link { rule: rule.map(Into::into), ..Link::new(LinkKind::Parent, format!("t:{parent}")) };
                (if on { &mut event.links } else { &mut event.unlinks }).push(link);
                stream.apply(event).unwrap();
            };
            said(0, "rival", rule, true);
            said(1, "b", rule, true);
            for n in 2..16_000 {
                said(n, "b", rule, is_turn && n % 2 == 1);
            }
            let parents = |stream: &ValueStream| {
                let links = stream.links("t:a").unwrap();
                links.into_iter().map(|link| link.to).collect::<Vec<_>>()
            };
            assert_eq!(parents(&stream), if is_turn { vec!["t:b"] } else { vec![] });
            assert_eq!(parents(&stream), parents(&stream.as_of(Instant::MAX, Instant::MAX)));
        }
    }

    #[test]
    fn a_link_is_one_however_many_there_are_and_whatever_was_refused() {
        let mut stream = ValueStream::new();
        let mut back = Event::new("t", "back", Instant::MIN, "t:end");
        back.links.push(Link::new(LinkKind::DependsOn, "t:hub"));
        stream.apply(back).unwrap();
        for known in 0..40 {
            let before = stream.to_snapshot();
            // As many new links as carry the hub over each limit, all of them taken back.
            let mut refused = links(1000 + known, known, 20);
            refused.links.push(Link::new(LinkKind::DependsOn, "t:end"));
            assert!(matches!(stream.apply(refused), Err(Error::Cycle { .. })));
            assert_eq!(stream.to_snapshot(), before);
            stream.apply(links(known, known, 1)).unwrap();
            stream.apply(links(2000 + known, 0, known + 1)).unwrap();
            assert_eq!(stream.link_count(), known + 2);
        }
    }
}
