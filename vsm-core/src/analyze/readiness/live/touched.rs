//! Which verdicts may rest on what an event says: the one place that knows.
//!
//! An item's own facts are read from the item and from others around it: a release's from its builds, their tests, the
//! environments of its applications and so on. For each kind of link it is written down here who reads over it. It is no
//! harm to name too many, since what is judged again and comes out the same goes no further; to name too few is a verdict
//! that stays wrong. The rules follow `release.rs`, `bookings.rs`, `gates.rs`, `evidence.rs` and `commits.rs`: whoever lets
//! one of these read more has to say so here, and the test that compares with judging everything anew will tell.
//!
//! | what is touched | whose own facts are judged again |
//! |---|---|
//! | a release or gate, its state or another field | itself |
//! | work that is cancelled or no longer is, or gets a kind | the releases of the scope above it |
//! | a defect | the releases it was found in, and those of the builds it was found in |
//! | a test run, or the environment it ran in | the builds tested: their releases, and the work that their changes do |
//! | a build | its releases, and the work that its changes do |
//! | a commit's place among the others | the releases of the builds behind it, and the work whose changes come or go |
//! | a change for some work | that work, and the releases of the scope above it |
//! | a deployment, a booking | the place of the releases of the environment's applications, and of those that book it |
//! | an environment | the same releases as a whole |
//! | an application | its releases |
//! | a stakeholder | the gates to decide |
//! | a calendar, or what an item is a part of or belongs to | all that inherits it: releases, environments, bookings, gates |
//!
//! What an item needs (`parent`, `ships_in`, `gates`, `depends_on`) is not judged again: it passes on what it is.

use super::held::Held;
use super::notes::{FACTS, Notes, OWN, PLACE, PROOF};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// What was touched by some events.
pub(super) struct Touched<'a> {
    stream: &'a ValueStream,
    held: &'a Held,
    pub(super) notes: &'a mut Notes,
    /// Needs of which something was said, with the event.
    pub(super) needs: Vec<(u32, u32)>,
    /// Builds whose results, tests or links may be others now, with an event.
    pub(super) builds: HashMap<u32, u32>,
    /// Of which changes something was said of whether the first follows the second, and the event.
    pub(super) follows: Vec<((u32, u32), u32)>,
    /// What was looked at for a reason before.
    seen: HashSet<(Reason, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reason {
    Readers,
    Scope,
    Place,
    Content,
    Bringers,
    Heirs,
}

impl<'a> Touched<'a> {
    pub(super) fn new(stream: &'a ValueStream, held: &'a Held, notes: &'a mut Notes) -> Touched<'a> {
        Touched {
            stream,
            held,
            notes,
            needs: Vec::new(),
            builds: HashMap::default(),
            follows: Vec::new(),
            seen: HashSet::default(),
        }
    }

    /// Everything that one event may concern.
    pub(super) fn event(&mut self, event: u32) {
        let Some(item) = self.stream.item_of(event) else { return };
        self.item(item, event);
        for said in self.stream.said(event) {
            self.link(said.link, said.kind, said.from, said.to, event);
        }
        if self.stream.is_naming(event) {
            self.whole(item, event);
        }
    }

    /// Two items that became one, or one that goes by another name now: all that was ever said of any of them.
    fn whole(&mut self, item: u32, event: u32) {
        let names = self.stream.other_names(item).iter().copied();
        for number in names.chain([item]).collect::<Vec<u32>>() {
            self.mark(number, FACTS | OWN | PROOF, event);
            self.readers(number, event);
            self.heirs(number, event);
            for direction in [Direction::Outgoing, Direction::Incoming] {
                let links: Vec<(u32, LinkKind, u32)> = self.stream.ever_touching(number, direction).collect();
                for (link, kind, other) in links {
                    let (from, to) = match direction {
                        Direction::Outgoing => (number, other),
                        Direction::Incoming => (other, number),
                    };
                    self.link(link, kind, from, to, event);
                }
            }
        }
    }

    fn mark(&mut self, item: u32, flags: u8, event: u32) {
        self.notes.mark(self.held, item, flags, event);
    }

    /// An event about an item.
    fn item(&mut self, item: u32, event: u32) {
        let before = self.held.slot(item).facts;
        let (kind, state) = (self.stream.kind(item), self.stream.state_of(item));
        self.mark(item, FACTS | OWN, event);
        // Most events move work from one state to another, and nothing but its own state rests on that.
        if before.kind != kind || !kind.is_some_and(Kind::is_work) || self.has_role(item, event) {
            self.mark(item, PROOF, event);
            self.readers(item, event);
        }
        if [before.kind, kind].contains(&Some(Kind::Defect)) {
            self.found(item, event);
        }
        let is_inherited = |set: &Set| match set {
            Set::Calendar(_) | Set::Shared(_) => true,
            Set::Clear(name) => matches!(&**name, "calendar" | "shared"),
            _ => false,
        };
        if before.kind != kind || self.stream.sets(event).iter().any(is_inherited) {
            self.heirs(item, event);
        }
        let cancelled = Some(FlowState::Cancelled);
        if before.kind != kind || (before.state == cancelled) != (state == cancelled) {
            self.scope(item, event);
        }
    }

    /// Whether work is read as something else, too: nobody keeps a tool from calling a test run a story.
    fn has_role(&self, item: u32, event: u32) -> bool {
        use LinkKind::{BookedFor, Books, BuiltFrom, Candidate, Contains, DeployedTo, Deploys, RanIn, Tests};
        let is_of_place =
            |set: &Set| matches!(set, Set::Stage(_) | Set::Capacity(_) | Set::Calendar(_) | Set::Clear(_));
        self.stream.sets(event).iter().any(is_of_place)
            || self.stream.starting(item).any(|(_, kind, _)| {
                matches!(
                    kind,
                    BookedFor
                        | Books
                        | BuiltFrom
                        | Candidate
                        | Contains
                        | DeployedTo
                        | Deploys
                        | RanIn
                        | Tests
                )
            })
    }

    /// An event about a link.
    fn link(&mut self, link: u32, kind: LinkKind, from: u32, to: u32, event: u32) {
        if kind.is_need() {
            self.needs.push((link, event));
        }
        match kind {
            LinkKind::Parent => {
                // Another parent may have given way, or be back.
                let parents: Vec<(u32, u32)> = self
                    .stream
                    .ever_touching(from, Direction::Outgoing)
                    .filter(|(_, kind, _)| *kind == LinkKind::Parent)
                    .map(|(link, _, whole)| (link, whole))
                    .collect();
                for (link, whole) in parents {
                    self.needs.push((link, event));
                    self.scope(whole, event);
                    self.mark(whole, OWN, event);
                    // A group that an environment has left is another place, too.
                    self.place_if(whole, event);
                }
                self.heirs(from, event);
            }
            LinkKind::ShipsIn | LinkKind::Candidate | LinkKind::Tags => self.mark(to, OWN, event),
            LinkKind::BookedFor => {
                self.mark(to, OWN, event);
                self.scope(to, event);
                self.booking(from, event);
            }
            // What is needed passes on what it is; a gate is judged by itself.
            LinkKind::Gates | LinkKind::DependsOn => {}
            LinkKind::Implements => {
                self.mark(to, PROOF, event);
                self.scope(to, event);
            }
            LinkKind::Follows => {
                self.follows.push(((from, to), event));
                self.bringers(from, event);
            }
            LinkKind::BuiltFrom => {
                self.build(from, event);
                self.all(to, LinkKind::Tags, OWN, event);
            }
            LinkKind::Contains => {
                self.build(from, event);
                self.mark(to, PROOF, event);
            }
            LinkKind::Tests => self.build(to, event),
            LinkKind::RanIn => self.run(from, event),
            LinkKind::Deploys => self.deployment(from, event),
            LinkKind::DeployedTo => self.place(to, PLACE, event),
            LinkKind::FoundIn => self.releases(to, event),
            LinkKind::Books => {
                self.all(from, LinkKind::BookedFor, OWN, event);
                self.place(to, PLACE, event);
            }
            LinkKind::BelongsTo => {
                self.mark(from, OWN, event);
                self.readers(from, event);
                self.heirs(from, event);
                // An environment may have left the application.
                if self.kinds(from).contains(&Some(Kind::Environment)) {
                    self.of_application(to, OWN, event);
                }
            }
            LinkKind::Approver | LinkKind::Accountable | LinkKind::DecidedBy => self.mark(from, OWN, event),
            // What is proved or led by others is judged anew as a whole.
            LinkKind::Satisfies => {}
            LinkKind::CausedBy | LinkKind::OwnedBy | LinkKind::Relates => {}
            LinkKind::Responsible | LinkKind::Consulted | LinkKind::Informed => {}
        }
    }

    /// Everybody who reads the fields of an item, links apart.
    fn readers(&mut self, item: u32, event: u32) {
        if !self.seen.insert((Reason::Readers, item)) {
            return;
        }
        self.found(item, event);
        self.build_if(item, event);
        self.run(item, event);
        self.deployment(item, event);
        for (_, kind, to) in self.outgoing(item) {
            match kind {
                LinkKind::Parent => self.scope(to, event),
                LinkKind::Implements => self.mark(to, PROOF, event),
                LinkKind::BookedFor => self.mark(to, OWN, event),
                LinkKind::Books => self.place(to, PLACE, event),
                _ => {}
            }
        }
        self.place_if(item, event);
        for (_, kind, from) in self.incoming(item) {
            match kind {
                LinkKind::Parent => self.readers_of_group(from, event),
                LinkKind::RanIn => self.run(from, event),
                LinkKind::Books => self.all(from, LinkKind::BookedFor, OWN, event),
                LinkKind::Deploys => self.deployment(from, event),
                LinkKind::BelongsTo | LinkKind::Approver | LinkKind::Accountable | LinkKind::DecidedBy => {
                    self.mark_judged(from, event);
                }
                _ => {}
            }
        }
    }

    /// Those who read what an item inherits: parts of applications, groups of environments and of people.
    fn readers_of_group(&mut self, item: u32, event: u32) {
        let inherits = |kind: &Option<Kind>| {
            matches!(kind, Some(Kind::Application | Kind::Environment | Kind::Stakeholder | Kind::Team))
        };
        if self.kinds(item).iter().any(inherits) {
            self.readers(item, event);
        }
    }

    /// Those who inherit from an item what closes it, and who decide as members of it: everything that is a part of it or
    /// belongs to it.
    fn heirs(&mut self, item: u32, event: u32) {
        let mut stack = vec![item];
        while let Some(item) = stack.pop() {
            if !self.seen.insert((Reason::Heirs, item)) {
                continue;
            }
            self.mark_judged(item, event);
            self.place_if(item, event);
            for (_, kind, from) in self.incoming(item) {
                match kind {
                    LinkKind::Parent | LinkKind::BelongsTo => stack.push(from),
                    LinkKind::Approver | LinkKind::Accountable | LinkKind::DecidedBy => {
                        self.mark(from, OWN, event);
                    }
                    LinkKind::BookedFor => self.booking(from, event),
                    _ => {}
                }
            }
        }
    }

    /// The places that a booking takes.
    fn booking(&mut self, booking: u32, event: u32) {
        for (_, kind, place) in self.outgoing(booking) {
            if kind == LinkKind::Books {
                self.place(place, PLACE, event);
            }
        }
    }

    /// Those whose scope holds an item, up to the releases.
    fn scope(&mut self, item: u32, event: u32) {
        if !self.seen.insert((Reason::Scope, item)) {
            return;
        }
        self.mark_judged(item, event);
        for (_, kind, to) in self.outgoing(item) {
            match kind {
                LinkKind::Parent => self.scope(to, event),
                LinkKind::ShipsIn => self.mark(to, OWN, event),
                _ => {}
            }
        }
    }

    /// The releases that a defect was found in, and those of the builds that it was found in.
    fn found(&mut self, defect: u32, event: u32) {
        for (_, kind, place) in self.outgoing(defect) {
            if kind == LinkKind::FoundIn {
                self.releases(place, event);
            }
        }
    }

    /// The builds that a run tests.
    fn run(&mut self, run: u32, event: u32) {
        for (_, kind, build) in self.outgoing(run) {
            if kind == LinkKind::Tests {
                self.build(build, event);
            }
        }
    }

    /// The places that a deployment went to.
    fn deployment(&mut self, deployment: u32, event: u32) {
        for (_, kind, place) in self.outgoing(deployment) {
            if kind == LinkKind::DeployedTo {
                self.place(place, PLACE, event);
            }
        }
    }

    fn build(&mut self, build: u32, event: u32) {
        self.builds.entry(build).or_insert(event);
        self.releases(build, event);
    }

    /// The same for an item that may be none.
    fn build_if(&mut self, item: u32, event: u32) {
        let is_build = |(_, kind, _): &(u32, LinkKind, u32)| {
            matches!(kind, LinkKind::BuiltFrom | LinkKind::Contains | LinkKind::Candidate)
        };
        if self.kinds(item).contains(&Some(Kind::Build)) || self.outgoing(item).iter().any(is_build) {
            self.build(item, event);
        }
    }

    /// The releases that a build may become, or the release itself.
    fn releases(&mut self, build: u32, event: u32) {
        self.mark_judged(build, event);
        for (_, kind, to) in self.outgoing(build) {
            match kind {
                LinkKind::Candidate => self.mark(to, OWN, event),
                LinkKind::BuiltFrom => self.all(to, LinkKind::Tags, OWN, event),
                _ => {}
            }
        }
    }

    /// The releases of all builds that bring a change.
    fn bringers(&mut self, change: u32, event: u32) {
        let mut stack = vec![change];
        while let Some(change) = stack.pop() {
            if !self.seen.insert((Reason::Bringers, change)) {
                continue;
            }
            for (_, kind, from) in self.incoming(change) {
                match kind {
                    LinkKind::Follows => stack.push(from),
                    LinkKind::BuiltFrom => self.releases(from, event),
                    _ => {}
                }
            }
        }
    }

    /// The releases that may use an environment: those of its applications, and those that book it or its group. `flags`
    /// says whether anything of it may be another, or only what is in it and who booked it.
    fn place(&mut self, environment: u32, flags: u8, event: u32) {
        let reason = if flags == PLACE { Reason::Content } else { Reason::Place };
        if !self.seen.insert((reason, environment)) {
            return;
        }
        for (_, kind, from) in self.incoming(environment) {
            match kind {
                LinkKind::Books => self.all(from, LinkKind::BookedFor, flags, event),
                LinkKind::Parent => self.place(from, flags, event),
                _ => {}
            }
        }
        for (_, kind, to) in self.outgoing(environment) {
            match kind {
                LinkKind::BelongsTo => self.of_application(to, flags, event),
                LinkKind::Parent => self.place(to, flags, event),
                _ => {}
            }
        }
    }

    /// The same for an item that may be none, whatever of it may be another.
    fn place_if(&mut self, item: u32, event: u32) {
        if self.kinds(item).contains(&Some(Kind::Environment)) {
            self.place(item, OWN, event);
        }
    }

    fn of_application(&mut self, application: u32, flags: u8, event: u32) {
        for (_, kind, from) in self.incoming(application) {
            if kind == LinkKind::BelongsTo && self.is_judged(from) {
                self.mark(from, flags, event);
            }
        }
    }

    /// Marks all to which links of a kind lead from an item.
    fn all(&mut self, item: u32, wanted: LinkKind, flags: u8, event: u32) {
        for (_, kind, to) in self.outgoing(item) {
            if kind == wanted {
                self.mark(to, flags, event);
            }
        }
    }

    /// Marks what is judged by itself, a release or a gate; of an application's items few are.
    fn mark_judged(&mut self, item: u32, event: u32) {
        if self.is_judged(item) {
            self.mark(item, OWN, event);
        }
    }

    fn is_judged(&self, item: u32) -> bool {
        let is_judged = |kind: &Option<Kind>| matches!(kind, Some(Kind::Release | Kind::Gate));
        self.kinds(item).iter().any(is_judged)
    }

    /// What an item was, and what it is.
    fn kinds(&self, item: u32) -> [Option<Kind>; 2] {
        [self.held.slot(item).facts.kind, self.stream.kind(item)]
    }

    fn outgoing(&self, item: u32) -> Vec<(u32, LinkKind, u32)> {
        self.stream.starting(item).collect()
    }

    fn incoming(&self, item: u32) -> Vec<(u32, LinkKind, u32)> {
        self.stream.touching(item, Direction::Incoming).collect()
    }
}
