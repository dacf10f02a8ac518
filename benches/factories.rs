//! Portfolios of any size, the same for the same size.

// Named by path, because tests and benches reach this file by different ways.
#[path = "dice.rs"]
pub mod dice;

use dice::Dice;
use vsm_core::{Cadence, Event, FlowState, Instant, Kind, Link, LinkKind, Outcome, Span};

/// 2026-03-02T00:00:00Z, a Monday.
pub const MONDAY: i64 = 1_772_409_600_000;
const HOUR: i64 = 3_600_000;

pub fn at(hours: i64) -> Instant {
    Instant::from_millis(MONDAY + hours * HOUR).unwrap()
}

/// A graph of work: `count` items, each with an estimate, a state, one or two items before it that it depends on, and
/// all of them in the scope of one release.
pub struct Work {
    pub days: Vec<i64>,
    /// (needed, needing), needed before needing.
    pub needs: Vec<(u32, u32)>,
    pub done: Vec<bool>,
}

impl Work {
    pub fn new(count: u32) -> Work {
        let mut dice = Dice(u64::from(count));
        let mut work = Work { days: Vec::new(), needs: Vec::new(), done: Vec::new() };
        for n in 0..count {
            work.days.push(1 + dice.below(10) as i64);
            work.done.push(false);
            if n > 0 {
                // Half of what is needed is near, half is anywhere before.
                let near = n - 1 - dice.below(u64::from(n.min(50))) as u32;
                work.needs.push((near, n));
                if n % 2 == 0 {
                    work.needs.push((dice.below(u64::from(n)) as u32, n));
                }
            }
        }
        work
    }

    /// As events: the release, then an event for each item.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let mut release = Event::new("plan", "release", at(0), "plan:release");
        release.kind = Some(Kind::Release);
        let mut needs = self.needs.iter().peekable();
        let items = self.days.iter().enumerate().map(move |(n, days)| {
            let mut event = Event::new("plan", format!("{n}"), at(0), format!("plan:{n}"));
            event.kind = Some(Kind::Story);
            event.set.estimate = Some(Span::from_days(*days));
            event.set.state = Some(if self.done[n] { FlowState::Done } else { FlowState::New });
            // Half of the items carry the second half of the links.
            if n % 2 == 1 {
                event.links.push(Link::new(LinkKind::ShipsIn, "plan:release"));
            }
            while let Some((needed, _)) = needs.next_if(|(_, needing)| *needing as usize == n) {
                event.links.push(Link::new(LinkKind::DependsOn, format!("plan:{needed}")));
            }
            event
        });
        [release].into_iter().chain(items)
    }
}

/// A week of a large bank: `applications` on two-weekly trains, `releases` of them due in one week, each with a scope
/// of `scope` stories, commits, a build, test runs and a gate; every tenth release depends on another application's.
pub fn week(applications: u64, releases: u64, scope: u64) -> Vec<Event> {
    let mut dice = Dice(applications * releases);
    let mut events = Vec::new();
    let mut say = |item: String, kind: Kind, hours: i64, fill: &mut dyn FnMut(&mut Event)| {
        let mut event = Event::new("bank", item.clone(), at(hours), item);
        event.kind = Some(kind);
        fill(&mut event);
        events.push(event);
    };
    for app in 0..applications {
        say(format!("app:{app}"), Kind::Application, -2000, &mut |event| {
            event.set.title = Some(format!("Application {app}"));
            event.set.cadence = Some(Cadence {
                departure: at(24 * (app as i64 % 7)),
                every_days: Some(14),
                cutoff: None,
                capacity: None,
            });
        });
        say(format!("env:{app}"), Kind::Environment, -2000, &mut |event| {
            event.set.stage = Some("pre_production".into());
            event.links.push(Link::new(LinkKind::BelongsTo, format!("app:{app}")));
        });
        say(format!("who:{app}"), Kind::Stakeholder, -2000, &mut |_| {});
    }
    for release in 0..releases {
        let app = release % applications;
        let id = format!("plan:R{release}");
        let upstream = (release > applications && release % 10 == 0).then(|| dice.below(release - 1));
        say(id.clone(), Kind::Release, -1000, &mut |event| {
            event.set.title = Some(format!("Release {release}"));
            event.set.due_at = Some(at(24 * (release as i64 % 7)));
            event.links.push(Link::new(LinkKind::BelongsTo, format!("app:{app}")));
            if let Some(upstream) = upstream {
                event.links.push(Link::new(LinkKind::DependsOn, format!("plan:R{upstream}")));
            }
        });
        for story in 0..scope {
            let key = format!("jira:A{app}-{}", release * scope + story);
            let is_open = dice.below(12) == 0;
            let days = 1 + dice.below(5) as i64;
            say(key.clone(), Kind::Story, -900, &mut |event| {
                event.set.state = Some(if is_open { FlowState::Active } else { FlowState::Done });
                event.set.estimate = Some(Span::from_days(days));
                event.links.push(Link::new(LinkKind::ShipsIn, id.as_str()));
            });
            let sha = format!("git:{:08x}", release * scope + story);
            let before = (story > 0).then(|| format!("git:{:08x}", release * scope + story - 1));
            say(sha, Kind::Change, -100, &mut |event| {
                event.links.push(Link::new(LinkKind::Implements, key.as_str()));
                event.links.extend(before.iter().map(|before| Link::new(LinkKind::Follows, before.as_str())));
            });
        }
        let head = format!("git:{:08x}", release * scope + scope - 1);
        let failed = dice.below(9) == 0;
        say(format!("ci:{release}"), Kind::Build, -90, &mut |event| {
            event.set.result = Some(Outcome::Success);
            event.links.push(Link::new(LinkKind::BuiltFrom, head.as_str()));
            event.links.push(Link::new(LinkKind::Candidate, id.as_str()));
            event.links.push(Link::new(LinkKind::BelongsTo, format!("app:{app}")));
        });
        say(format!("junit:{release}"), Kind::TestRun, -80, &mut |event| {
            event.set.result = Some(if failed { Outcome::Failure } else { Outcome::Success });
            event.links.push(Link::new(LinkKind::Tests, format!("ci:{release}")));
            event.links.push(Link::new(LinkKind::RanIn, format!("env:{app}")));
        });
        say(format!("gate:{release}"), Kind::Gate, -70, &mut |event| {
            event.set.stage = Some("production".into());
            event.links.push(Link::new(LinkKind::Gates, id.as_str()));
            event.links.push(Link::new(LinkKind::Approver, format!("who:{app}")));
        });
    }
    events
}
