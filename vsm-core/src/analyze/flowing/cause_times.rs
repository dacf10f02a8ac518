//! When each cause of flow time held, from what is around an item: calendars, gates, bookings and releases.

use super::Traveller;
use super::causes::FlowCause;
use super::stages::Ladder;
use super::waits::{Stretch, common, union, without};
use crate::analyze::Grounds;
use crate::analyze::environments::{ALWAYS, Closings, Reader, capacity, for_release, leaves, line};
use crate::analyze::flow::FlowItem;
use crate::analyze::readiness::Ruling;
use crate::calendar::Blackout;
use crate::hash::{HashMap, HashSet};
use crate::model::{Booking, FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// What is around the items of a question; what several have in common is read once.
pub(super) struct Surroundings<'a> {
    stream: &'a ValueStream,
    /// What is undecided then is taken to be open until then.
    end: Instant,
    waits_known: bool,
    ladder: Option<Ladder>,
    closings: Closings<'a>,
    reader: Reader<'a>,
    releases: HashMap<u32, ReleaseTimes>,
    gates: HashMap<u32, Vec<Stretch>>,
}

/// When a release waited, and for what.
#[derive(Clone, Default)]
struct ReleaseTimes {
    shipped: Option<(Instant, u32)>,
    gates: Vec<Stretch>,
    environments: Vec<Stretch>,
    /// From the time that all of its scope was done until it shipped.
    ready: Vec<Stretch>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(stream: &'a ValueStream, end: Instant, waits_known: bool) -> Surroundings<'a> {
        Surroundings {
            stream,
            end,
            waits_known,
            ladder: Ladder::new(None).ok(),
            closings: Closings::new(stream),
            reader: Reader::new(stream),
            releases: HashMap::default(),
            gates: HashMap::default(),
        }
    }

    /// When the first of the item's releases shipped after the item was done.
    pub(super) fn shipped(&mut self, item: u32, done: Instant) -> Option<(Instant, u32)> {
        let stream = self.stream;
        let releases = self.releases_of(item);
        let shipped = releases.into_iter().filter_map(|release| self.release(release).shipped);
        shipped.filter(|(at, _)| *at >= done).min_by_key(|(at, event)| (*at, stream.key(*event)))
    }

    pub(super) fn is_in_no_release(&self, item: u32) -> bool {
        self.releases_of(item).is_empty()
    }

    /// The stretches of `[start, finish)` by cause, in the order of the causes; each instant is in one of them.
    pub(super) fn causes(
        &mut self,
        traveller: &Traveller<'_>,
        (start, finish): Stretch,
        grounds: &mut Grounds,
    ) -> Vec<Vec<Stretch>> {
        let life = &traveller.life;
        let mut rest = union([(start, finish)]);
        let waits = traveller.waits();
        let done = life.done.map_or(Instant::MAX, |(at, _)| at);
        let after = union([(done.max(start), finish)]);
        let is_in = |state| {
            let stays = life.stays().filter(move |(_, _, at)| *at == state);
            stays.map(|(since, until, _)| (since, until))
        };
        let releases = self.releases_of(traveller.item);
        let releases: Vec<ReleaseTimes> =
            releases.into_iter().map(|release| self.release(release).clone()).collect();
        let of_releases = |read: fn(&ReleaseTimes) -> &Vec<Stretch>| {
            union(releases.iter().flat_map(|release| read(release).iter().copied()))
        };
        let mut found = Vec::with_capacity(FlowCause::ALL.len());
        for cause in FlowCause::ALL {
            let stretches = match cause {
                FlowCause::Blackout => self.blackouts(traveller, (start, finish), done),
                FlowCause::Rework => {
                    let path = self.ladder.as_ref().map(|ladder| ladder.path(traveller).behind(ladder));
                    // What was done before the last time was only taken for it.
                    let premature = is_in(FlowState::Done).filter(|(since, _)| *since < done);
                    union(path.into_iter().flatten().chain(premature.map(|(from, to)| (from, to.min(done)))))
                }
                FlowCause::Active if self.waits_known => without(&union(is_in(FlowState::Active)), &waits),
                FlowCause::Active => Vec::new(),
                FlowCause::GateWait => {
                    let own = self.gates_of(traveller.item, grounds);
                    let of_release = of_releases(|release| &release.gates);
                    let waiting = union(waits.iter().chain(&after).copied());
                    common(&waiting, &union(own.into_iter().chain(of_release)))
                }
                FlowCause::EnvironmentWait => {
                    let waiting = union(waits.iter().chain(&after).copied());
                    common(&waiting, &of_releases(|release| &release.environments))
                }
                FlowCause::CadenceWait => common(&after, &of_releases(|release| &release.ready)),
                FlowCause::Queue => {
                    let back = is_in(FlowState::New);
                    union(waits.iter().chain(&after).copied().chain(back))
                }
                FlowCause::Unknown => rest.clone(),
            };
            let taken = common(&rest, &stretches);
            rest = without(&rest, &taken);
            found.push(taken);
        }
        found
    }

    fn releases_of(&self, item: u32) -> Vec<u32> {
        let stream = self.stream;
        // What an item is a part of may be planned for a release in its place.
        for at in lineage(stream, item) {
            let releases = stream.to(at, LinkKind::ShipsIn).map(|(release, _)| release);
            let is_alive = |release: &u32| stream.state_of(*release) != Some(FlowState::Cancelled);
            let releases: Vec<u32> = releases.filter(is_alive).collect();
            if !releases.is_empty() {
                return releases;
            }
        }
        Vec::new()
    }

    fn blackouts(
        &mut self,
        traveller: &Traveller<'_>,
        (start, finish): Stretch,
        done: Instant,
    ) -> Vec<Stretch> {
        let stream = self.stream;
        let ends = |kind| stream.to(traveller.item, kind).map(|(other, _)| other).collect::<Vec<u32>>();
        let teams = ends(LinkKind::OwnedBy).into_iter().chain(ends(LinkKind::Responsible));
        let mut found = Vec::new();
        for item in std::iter::once(traveller.item).chain(teams) {
            self.closed(item, (start, finish.min(done)), Blackout::stops_work, &mut found);
        }
        if done < finish {
            for release in self.releases_of(traveller.item) {
                self.closed(release, (done.max(start), finish), Blackout::stops_deployment, &mut found);
            }
        }
        union(found)
    }

    /// Adds when an item, or what it is a part of or belongs to, is closed.
    fn closed(
        &mut self,
        item: u32,
        (start, finish): Stretch,
        counts: fn(&Blackout) -> bool,
        found: &mut Vec<Stretch>,
    ) {
        if start >= finish {
            return;
        }
        for closing in self.closings.of(item).iter().filter(|closing| counts(&closing.blackout)) {
            let times = closing.when.between(start.millis(), finish.millis());
            let clamp = |at: i64| Instant::clamped(at).clamp(start, finish);
            found.extend(times.map(|(from, to)| (clamp(from), clamp(to))));
        }
    }

    /// When gates of an item and of what it is a part of were asked for and not passed.
    fn gates_of(&mut self, item: u32, grounds: &mut Grounds) -> Vec<Stretch> {
        let stream = self.stream;
        let mut found = Vec::new();
        for at in lineage(stream, item) {
            for (gate, _) in stream.from(at, LinkKind::Gates) {
                if stream.last(gate, Set::asked_at).is_none() {
                    grounds.exclude("gate_never_asked_for", stream.id(gate));
                }
                found.extend(self.gate(gate));
            }
        }
        union(found)
    }

    fn gate(&mut self, gate: u32) -> Vec<Stretch> {
        let (stream, end) = (self.stream, self.end);
        let read = || {
            let is_gate =
                stream.kind(gate) == Some(Kind::Gate) && stream.state_of(gate) != Some(FlowState::Cancelled);
            let asked = stream.last(gate, Set::asked_at).filter(|_| is_gate);
            let Some((asked, _)) = asked else { return Vec::new() };
            let passed = match stream.ruling(gate, end) {
                Ruling::Approved { event } | Ruling::Waived { event, .. } | Ruling::Ended { event, .. } => {
                    Some(event)
                }
                Ruling::Open => stream.passed(gate, end),
                Ruling::Rejected { .. } | Ruling::NotEntitled { .. } => None,
            };
            let passed = passed.and_then(|event| stream.occurred(event)).unwrap_or(end);
            union([(asked, passed)])
        };
        self.gates.entry(gate).or_insert_with(read).clone()
    }

    fn release(&mut self, release: u32) -> &ReleaseTimes {
        if !self.releases.contains_key(&release) {
            let times = self.read_release(release);
            self.releases.insert(release, times);
        }
        self.releases.entry(release).or_default()
    }

    fn read_release(&mut self, release: u32) -> ReleaseTimes {
        let stream = self.stream;
        let shipped = stream.shipping_time(release);
        let shipped = shipped.filter(|(at, _)| *at < self.end);
        let until = shipped.map_or(self.end, |(at, _)| at);
        let is_phase = |part: &u32| stream.kind(*part).is_some_and(|kind| !kind.is_work());
        let phases = stream.from(release, LinkKind::Parent).map(|(part, _)| part).filter(is_phase);
        let mut gates = Vec::new();
        for at in std::iter::once(release).chain(phases) {
            for (gate, _) in stream.from(at, LinkKind::Gates) {
                gates.extend(self.gate(gate));
            }
        }
        let ready = scope_done(stream, release).map(|ready| (ready, until));
        ReleaseTimes {
            shipped,
            gates: union(gates),
            environments: self.kept_out(release),
            ready: union(ready),
        }
    }

    /// When bookings of a release had been asked for and not begun, while others filled the environment.
    fn kept_out(&mut self, release: u32) -> Vec<Stretch> {
        let stream = self.stream;
        let own = for_release(stream, release);
        let mut found = Vec::new();
        for booking in own.iter().copied() {
            let Some((asked, _)) = stream.first_seen(booking) else { continue };
            for slot in self.reader.slots(booking, ALWAYS, &mut |_| {}) {
                let waits = union([(asked, slot.start.min(self.end))]);
                if waits.is_empty() {
                    continue;
                }
                for environment in leaves(stream, slot.environment) {
                    found.extend(common(&waits, &self.full(environment, &own)));
                }
            }
        }
        union(found)
    }

    /// When bookings other than some filled an environment.
    fn full(&mut self, environment: u32, own: &[u32]) -> Vec<Stretch> {
        let stream = self.stream;
        let bookings = line(stream, environment).into_iter().flat_map(|at| stream.from(at, LinkKind::Books));
        let bookings: HashSet<u32> = bookings.map(|(booking, _)| booking).collect();
        let mut changes: Vec<(Instant, i64)> = Vec::new();
        for booking in bookings.into_iter().filter(|booking| !own.contains(booking)) {
            let slots = self.reader.slots(booking, ALWAYS, &mut |_| {});
            let held = slots.into_iter().filter(|slot| slot.status == Booking::Approved);
            let held = held.filter(|slot| leaves(stream, slot.environment).contains(&environment));
            changes.extend(held.flat_map(|slot| [(slot.start, 1), (slot.end, -1)]));
        }
        changes.sort_unstable();
        let most = i64::from(capacity(stream, environment).unwrap_or(1));
        let (mut count, mut since, mut found) = (0, None, Vec::new());
        for (at, by) in changes {
            count += by;
            match since {
                None if count >= most => since = Some(at),
                Some(from) if count < most => {
                    found.push((from, at));
                    since = None;
                }
                _ => {}
            }
        }
        union(found)
    }
}

/// An item and what it is a part of, from the inside out.
pub(super) fn lineage(stream: &ValueStream, item: u32) -> Vec<u32> {
    let mut line = vec![item];
    let mut at = item;
    while let Some((parent, _)) = stream.to(at, LinkKind::Parent).next() {
        if line.contains(&parent) {
            break;
        }
        line.push(parent);
        at = parent;
    }
    line
}

/// Since when all of the scope of a release has been done; none while something is open, or where there is nothing.
fn scope_done(stream: &ValueStream, release: u32) -> Option<Instant> {
    let mut last = None;
    for item in stream.under(release) {
        let is_leaf = stream.kind(item).and_then(FlowItem::of).is_some() && !stream.has_parts(item);
        if !is_leaf || stream.state_of(item) == Some(FlowState::Cancelled) {
            continue;
        }
        let (done, _) = stream.done_at(item)?;
        last = last.max(Some(done));
    }
    last
}
