//! Random small portfolios, the same for the same seed.

use vsm_core::{
    Booking, Boundary, Calendar, Decision, Dependency, Event, FlowState, Instant, Kind, Link, LinkKind,
    Outcome, ReleaseState, Severity, Span,
};

pub const START: i64 = 1_772_409_600_000; // 2026-03-02T00:00:00Z
const HOUR: i64 = 3_600_000;

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

pub fn at(hours: usize) -> Instant {
    Instant::from_millis(START + hours as i64 * HOUR).unwrap()
}

/// The time that questions about a world are asked at: after everything in it.
pub fn now() -> Instant {
    at(24 * 30)
}

/// A calendar of all hours but some.
pub fn closed(start: Instant, end: Instant) -> Calendar {
    let blackout = serde_json::json!({ "start": start, "end": end });
    serde_json::from_value(serde_json::json!({ "zone": "UTC", "blackouts": [blackout] })).unwrap()
}

pub struct World {
    pub events: Vec<Event>,
    dice: Dice,
}

impl World {
    /// Two applications with releases, work in three levels, commits, builds, test runs, environments, bookings, gates
    /// and defects; about a hundred events. Links lead from later items to earlier ones, so nothing is refused.
    pub fn new(seed: u64) -> World {
        let mut world = World { events: Vec::new(), dice: Dice::new(seed) };
        for app in ["app:a", "app:b"] {
            world.say(app, Kind::Application, |_, _| {});
            for stage in ["system_test", "user_acceptance", "pre_production", "production"] {
                let id = format!("env:{app}-{stage}");
                world.say(&id, Kind::Environment, |event, dice| {
                    event.set.stage = Some(stage.into());
                    event.set.capacity = (!dice.one_in(2)).then_some(1);
                    event.links.push(Link::new(LinkKind::BelongsTo, app));
                });
            }
        }
        for n in 0..3 {
            world.say(&format!("who:{n}"), Kind::Stakeholder, |_, _| {});
        }
        let releases = 2 + world.dice.below(3);
        for n in 0..releases {
            world.say(&format!("plan:R{n}"), Kind::Release, |event, dice| {
                // Two releases of one application can't both have an environment hold their build, so only releases
                // of the other application are depended on.
                event.links.push(Link::new(LinkKind::BelongsTo, ["app:a", "app:b"][n % 2]));
                if n % 2 == 1 && dice.one_in(2) {
                    let mut link =
                        Link::new(LinkKind::DependsOn, format!("plan:R{}", 2 * dice.below(n / 2 + 1)));
                    link.stage = dice.one_in(2).then(|| dice.pick(&["system_test", "production"]).into());
                    event.links.push(link);
                }
                if dice.one_in(9) {
                    event.set.state = Some(FlowState::Done);
                }
            });
        }
        world.work(releases);
        world.code(releases);
        world.rest(releases);
        world.governance(releases);
        world.places(seed, releases);
        world
    }

    fn say(&mut self, item: &str, kind: Kind, fill: impl FnOnce(&mut Event, &mut Dice)) {
        let hours = self.dice.below(24 * 20);
        let mut event = Event::new("world", self.events.len().to_string(), at(hours), item);
        event.kind = Some(kind);
        fill(&mut event, &mut self.dice);
        self.events.push(event);
    }

    /// What leads the releases: their lives, phases, activities, criteria with evidence, and groups of stakeholders.
    fn governance(&mut self, releases: usize) {
        const STAGES: [&str; 3] = ["system_test", "user_acceptance", "production"];
        if self.dice.one_in(2) {
            self.say("who:1", Kind::Stakeholder, |event, _| {
                event.links.push(Link::new(LinkKind::Parent, "who:0"));
            });
        }
        for n in 0..releases {
            if self.dice.one_in(3) {
                self.say(&format!("plan:R{n}"), Kind::Release, |event, dice| {
                    event.set.lifecycle = Some(dice.pick(ReleaseState::ALL));
                });
            }
        }
        for n in 0..4 {
            self.say(&format!("phase:{n}"), Kind::Phase, |event, dice| {
                event.set.stage = (!dice.one_in(4)).then(|| dice.pick(&STAGES).into());
                event.set.state = dice.one_in(2).then(|| {
                    dice.pick(&[FlowState::New, FlowState::Active, FlowState::Done, FlowState::Cancelled])
                });
                event.links.push(Link::new(LinkKind::Parent, format!("plan:R{}", dice.below(releases))));
            });
        }
        for n in 0..4 {
            self.say(&format!("activity:{n}"), Kind::Activity, |event, dice| {
                event.set.state = (!dice.one_in(5))
                    .then(|| dice.pick(&[FlowState::New, FlowState::Done, FlowState::Cancelled]));
                let whole = match dice.below(5) {
                    0 => format!("plan:R{}", dice.below(releases)),
                    1 => format!("jira:W-{}", dice.below(14)),
                    2 if n > 0 => format!("activity:{}", dice.below(n)),
                    _ => format!("phase:{}", dice.below(4)),
                };
                event.links.push(Link::new(LinkKind::Parent, whole));
            });
        }
        for n in 4..7 {
            self.say(&format!("gate:{n}"), Kind::Gate, |event, dice| {
                event.set.boundary = dice.one_in(2).then(|| dice.pick(Boundary::ALL));
                event.set.stage = dice.one_in(3).then(|| dice.pick(&STAGES).into());
                event.set.decision = dice.one_in(3).then(|| dice.pick(Decision::ALL));
                event.links.push(Link::new(LinkKind::Gates, format!("phase:{}", dice.below(4))));
                if dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::Accountable, "who:0"));
                    event.links.push(Link::new(LinkKind::DecidedBy, dice.pick(&["who:0", "who:1"])));
                }
            });
        }
        for n in 0..8 {
            self.say(&format!("criterion:{n}"), Kind::Criterion, |event, dice| {
                event.set.boundary = dice.one_in(2).then(|| dice.pick(Boundary::ALL));
                event.set.decision = dice.one_in(4).then(|| dice.pick(Decision::ALL));
                event.set.expires_at = dice.one_in(3).then(|| at(dice.below(24 * 60)));
                let whole = match dice.below(8) {
                    0 => format!("plan:R{}", dice.below(releases)),
                    1..3 => format!("phase:{}", dice.below(4)),
                    _ => format!("gate:{}", dice.below(7)),
                };
                event.links.push(Link::new(LinkKind::Parent, whole));
                if dice.one_in(4) {
                    event.links.push(Link::new(LinkKind::Approver, "who:2"));
                }
                if event.set.decision.is_some() {
                    event.links.push(Link::new(LinkKind::DecidedBy, dice.pick(&["who:0", "who:2"])));
                }
            });
        }
        for n in 0..6 {
            self.say(&format!("evidence:{n}"), Kind::Evidence, |event, dice| {
                event.set.result = (!dice.one_in(3)).then(|| {
                    dice.pick(&[Outcome::Success, Outcome::Success, Outcome::Failure, Outcome::Running])
                });
                event.set.expires_at = dice.one_in(4).then(|| at(dice.below(24 * 60)));
                event.set.attributes.insert("type".into(), dice.pick(&["scan", "Document"]).into());
                event.links.push(Link::new(LinkKind::Satisfies, format!("criterion:{}", dice.below(8))));
            });
        }
    }

    fn work(&mut self, releases: usize) {
        for n in 0..14 {
            let kind = self.dice.pick(&[Kind::Epic, Kind::Feature, Kind::Story, Kind::Defect, Kind::Risk]);
            self.say(&format!("jira:W-{n}"), kind, |event, dice| {
                if !dice.one_in(8) {
                    use FlowState::*;
                    event.set.state = Some(dice.pick(&[New, Active, Waiting, Done, Done, Done, Cancelled]));
                }
                event.set.estimate = (!dice.one_in(4)).then(|| Span::from_hours(dice.below(80) as i64));
                if dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::ShipsIn, format!("plan:R{}", dice.below(releases))));
                }
                // Parts come after wholes, prerequisites before what needs them: no cycle either way.
                if n >= 4 && dice.one_in(12) {
                    event.links.push(Link::new(LinkKind::Gates, format!("jira:W-{}", dice.below(4))));
                }
                if n >= 4 && dice.one_in(3) {
                    event.links.push(Link::new(LinkKind::Parent, format!("jira:W-{}", dice.below(4))));
                } else if n >= 6 && dice.one_in(2) {
                    let mut link =
                        Link::new(LinkKind::DependsOn, format!("jira:W-{}", 4 + dice.below(n - 4)));
                    link.dependency = Some(dice.pick(Dependency::ALL));
                    link.lag = dice.one_in(2).then(|| Span::from_hours(dice.below(48) as i64));
                    event.links.push(link);
                }
            });
            if self.dice.one_in(3) {
                self.say(&format!("jira:W-{n}"), kind, |event, dice| {
                    event.set.state =
                        Some(dice.pick(&[FlowState::Active, FlowState::Waiting, FlowState::Done]));
                });
            }
        }
        // A dependency on a part's whole would be a cycle, so wholes (W-0 to W-3) depend on nothing.
    }

    fn code(&mut self, releases: usize) {
        for n in 0..12 {
            self.say(&format!("git:{n}"), Kind::Change, |event, dice| {
                if n > 0 {
                    event.links.push(Link::new(LinkKind::Follows, format!("git:{}", dice.below(n))));
                }
                if !dice.one_in(5) {
                    event.links.push(Link::new(LinkKind::Implements, format!("jira:W-{}", dice.below(14))));
                }
            });
        }
        for n in 0..5 {
            self.say(&format!("ci:{n}"), Kind::Build, |event, dice| {
                event.set.result = Some(dice.pick(&[Outcome::Success, Outcome::Success, Outcome::Failure]));
                event.links.push(Link::new(LinkKind::BuiltFrom, format!("git:{}", dice.below(12))));
                let release = dice.below(releases);
                event.links.push(Link::new(LinkKind::BelongsTo, ["app:a", "app:b"][release % 2]));
                if dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::Candidate, format!("plan:R{release}")));
                }
                if dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::Contains, format!("jira:W-{}", dice.below(14))));
                }
            });
        }
        for n in 0..8 {
            self.say(&format!("junit:{n}"), Kind::TestRun, |event, dice| {
                event.set.title = Some(dice.pick(&["unit", "system", "selenium"]).into());
                event.set.result = Some(dice.pick(&[Outcome::Success, Outcome::Success, Outcome::Failure]));
                event.links.push(Link::new(LinkKind::Tests, format!("ci:{}", dice.below(5))));
                if !dice.one_in(3) {
                    let app = dice.pick(&["app:a", "app:b"]);
                    let stage = dice.pick(&["system_test", "user_acceptance", "pre_production"]);
                    event.links.push(Link::new(LinkKind::RanIn, format!("env:{app}-{stage}")));
                }
            });
        }
    }

    fn rest(&mut self, releases: usize) {
        const STAGES: [&str; 4] = ["system_test", "user_acceptance", "pre_production", "production"];
        for n in 0..4 {
            self.say(&format!("gate:{n}"), Kind::Gate, |event, dice| {
                event.set.stage = (!dice.one_in(4)).then(|| dice.pick(&STAGES).into());
                event.set.decision = dice.one_in(2).then(|| dice.pick(Decision::ALL));
                event.set.expires_at = dice.one_in(2).then(|| at(dice.below(24 * 60)));
                let guarded = if dice.one_in(3) {
                    format!("jira:W-{}", dice.below(14))
                } else {
                    format!("plan:R{}", dice.below(releases))
                };
                event.links.push(Link::new(LinkKind::Gates, guarded));
                if !dice.one_in(4) {
                    event.links.push(Link::new(LinkKind::Approver, "who:0"));
                }
                if event.set.decision.is_some() {
                    event.links.push(Link::new(LinkKind::DecidedBy, dice.pick(&["who:0", "who:1"])));
                }
            });
        }
        for n in 0..5 {
            self.say(&format!("booking:{n}"), Kind::Booking, |event, dice| {
                let start = dice.below(24 * 50);
                event.set.booking = Some(dice.pick(&[
                    Booking::Approved,
                    Booking::Approved,
                    Booking::Pending,
                    Booking::Cancelled,
                ]));
                event.set.starts_at = Some(at(start));
                event.set.ends_at = Some(at(start + 24 + dice.below(24 * 20)));
                let app = dice.pick(&["app:a", "app:b"]);
                event.links.push(Link::new(LinkKind::Books, format!("env:{app}-{}", dice.pick(&STAGES))));
                event.links.push(Link::new(LinkKind::BookedFor, format!("plan:R{}", dice.below(releases))));
            });
            self.say(&format!("deploy:{n}"), Kind::Deployment, |event, dice| {
                event.set.result = Some(dice.pick(&[Outcome::Success, Outcome::Success, Outcome::Failure]));
                let app = dice.pick(&["app:a", "app:b"]);
                event.links.push(Link::new(LinkKind::Deploys, format!("ci:{}", dice.below(5))));
                event
                    .links
                    .push(Link::new(LinkKind::DeployedTo, format!("env:{app}-{}", dice.pick(&STAGES))));
            });
        }
        for n in 0..2 {
            self.say(&format!("jira:D-{n}"), Kind::Defect, |event, dice| {
                event.set.state = (!dice.one_in(4))
                    .then(|| dice.pick(&[FlowState::New, FlowState::Active, FlowState::Done]));
                event.set.severity = (!dice.one_in(4)).then(|| dice.pick(Severity::ALL));
                let place = if dice.one_in(2) {
                    format!("plan:R{}", dice.below(releases))
                } else {
                    format!("ci:{}", dice.below(5))
                };
                event.links.push(Link::new(LinkKind::FoundIn, place));
                if dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::ShipsIn, format!("plan:R{}", dice.below(releases))));
                }
            });
            let task = self.dice.one_in(2).then(|| format!("jira:D-{n}"));
            self.say(&format!("jira:T-{n}"), Kind::Story, |event, dice| {
                event.set.state = Some(dice.pick(&[FlowState::Active, FlowState::Done]));
                let whole = task.clone().unwrap_or_else(|| format!("plan:R{}", dice.below(releases)));
                event.links.push(Link::new(LinkKind::Parent, whole));
            });
        }
        // Of one release only, for the reason given above.
        let part = format!("plan:R{}", self.dice.below(releases));
        self.say("jira:E", Kind::Epic, |_, _| {});
        self.say(&part, Kind::Release, |event, _| event.links.push(Link::new(LinkKind::Parent, "jira:E")));
    }

    /// Groups of environments, which come and go, are booked as a whole, and close with all that is in them.
    fn places(&mut self, seed: u64, releases: usize) {
        const STAGES: [&str; 4] = ["system_test", "user_acceptance", "pre_production", "production"];
        // What is above is the same with and without what is here.
        let before = std::mem::replace(&mut self.dice, Dice::new(!seed));
        let groups = self.dice.below(3);
        for n in 0..groups {
            self.say(&format!("env:lab-{n}"), Kind::Environment, |event, dice| {
                event.set.stage = dice.one_in(3).then(|| dice.pick(&STAGES).into());
                event.set.capacity = dice.one_in(2).then_some(1);
                event.set.shared = dice.one_in(3).then_some(true);
                if n > 0 && dice.one_in(2) {
                    event.links.push(Link::new(LinkKind::Parent, "env:lab-0"));
                }
            });
            // More than once one and the same environment goes from group to group.
            for _ in 0..3 {
                let app = self.dice.pick(&["app:a", "app:b"]);
                let place = format!("env:{app}-{}", self.dice.pick(&STAGES));
                self.say(&place, Kind::Environment, |event, _| {
                    event.links.push(Link::new(LinkKind::Parent, format!("env:lab-{n}")));
                });
            }
            self.say(&format!("booking:lab-{n}"), Kind::Booking, |event, dice| {
                let start = dice.below(24 * 40);
                event.set.booking =
                    Some(dice.pick(&[Booking::Approved, Booking::Approved, Booking::Pending]));
                event.set.starts_at = Some(at(start));
                event.set.ends_at = Some(at(start + 24 + dice.below(24 * 20)));
                event.links.push(Link::new(LinkKind::Books, format!("env:lab-{n}")));
                event.links.push(Link::new(LinkKind::BookedFor, format!("plan:R{}", dice.below(releases))));
            });
        }
        for (place, kind) in
            [("app:a", Kind::Application), ("plan:R0", Kind::Release), ("env:lab-0", Kind::Environment)]
        {
            if (kind != Kind::Environment || groups > 0) && self.dice.one_in(3) {
                self.say(place, kind, |event, dice| {
                    let start = dice.below(24 * 50);
                    event.set.calendar = Some(closed(at(start), at(start + 24 * (1 + dice.below(20)))));
                });
            }
        }
        self.dice = before;
    }

    /// Another tool's names for the work: some of the events and links go by them, and one event for each says so.
    pub fn name_twice(&mut self) {
        let second = |id: &str| id.strip_prefix("jira:").map(|key| format!("board:{key}"));
        let mut known = Vec::new();
        for event in &mut self.events {
            for id in [&mut event.item].into_iter().chain(event.links.iter_mut().map(|link| &mut link.to)) {
                let Some(name) = second(id) else { continue };
                known.push(id.clone());
                if self.dice.one_in(2) {
                    *id = name;
                }
            }
        }
        known.sort();
        known.dedup();
        for (n, id) in known.into_iter().enumerate() {
            let mut event = Event::new("names", n.to_string(), at(0), id.as_str());
            event.aliases.extend(second(&id));
            self.events.push(event);
        }
    }

    /// The same events in another order.
    pub fn shuffled(&self, seed: u64) -> Vec<Event> {
        let mut dice = Dice::new(seed);
        let mut events = self.events.clone();
        for n in (1..events.len()).rev() {
            events.swap(n, dice.below(n + 1));
        }
        events
    }
}
