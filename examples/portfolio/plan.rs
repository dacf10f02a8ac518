//! What is wrong with each release, and what has to be said of the whole because of it.
//!
//! This is the book-keeping: it is worked out from what is planned here, never read back from the engine, so that tests
//! can hold the engine's answers against it.

use std::collections::{BTreeMap, BTreeSet};

use vsm_core::{Instant, Verdict};

use super::dice::Dice;
use super::names;

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
/// 2026-03-02T00:00:00Z, a Monday.
const MONDAY: i64 = 1_772_409_600_000;
/// The time of the question: the beginning of that day's work in Zurich.
pub const NOW: i64 = MONDAY + 8 * HOUR;
/// When the day's work ends in Zurich.
const EVENING: i64 = 16 * HOUR;

pub const ZONE: &str = "Europe/Zurich";
pub const BOARD: &str = "Change advisory board";
pub const ENVIRONMENTS: &str = "Test environments team";
pub const SECURITY: [&str; 3] =
    ["Security lead, channels", "Security lead, payments", "Security lead, markets"];
/// Releases whose acceptance is booked twice share these.
pub const LABS: u32 = 12;
/// Developers of an application.
pub const PEOPLE: u32 = 6;
pub const EPICS: u32 = 2;
/// Features of an application that nobody has linked to anything.
pub const BACKLOG: u32 = 3;
/// The largest scope of the release that has shipped.
const SHIPPED: u32 = 4;

/// How much is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub applications: u32,
    /// Open releases, all of them due within seven days.
    pub releases: u32,
    /// Issues in the scope of each release.
    pub scope: u32,
    pub seed: u64,
}

impl Default for Size {
    fn default() -> Size {
        Size { applications: 35, releases: 1_600, scope: 12, seed: 1 }
    }
}

/// What keeps a release back.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    Nothing,
    /// Only the board has not decided yet.
    Approval,
    /// The first issues are open; each takes so many working days, one after the other or side by side.
    Work {
        days: Vec<u32>,
        in_turn: bool,
    },
    /// The system test fails.
    Tests,
    /// The security review is overdue.
    Security,
    /// The acceptance is in a laboratory that another release has at the same time.
    DoubleBooked {
        lab: u32,
        from: i64,
    },
    /// The rehearsal in pre-production is asked for and not approved.
    Booking,
    /// No commit names the first issue.
    Unlinked,
    /// The commit of the first issue is on a branch that is in no build.
    Unmerged,
    /// A blocking defect was found in it and is open.
    Defect,
    /// It needs another application's release, by its number, in production.
    Upstream {
        release: u32,
    },
}

/// How far a candidate has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    SystemTest,
    UserAcceptance,
    PreProduction,
}

pub struct Train {
    pub departure: i64,
    pub every_days: i64,
    pub cutoff: i64,
}

pub struct Release {
    pub number: u32,
    pub application: u32,
    /// Its number among those of its application.
    pub nth: u32,
    /// The target day, counted from Monday.
    pub due: i64,
    pub trouble: Trouble,
    ships_at: i64,
    verdicts: [Verdict; 4],
    /// Whom it waits for on its way to production, and in production itself.
    waits_for: BTreeSet<String>,
    waits_in_production_for: BTreeSet<String>,
}

/// What the main job has to say of the whole.
#[derive(Debug, Default, PartialEq)]
pub struct Expected {
    pub open: usize,
    pub in_time: usize,
    pub late: usize,
    /// By stage: ready, not ready, unknown.
    pub stages: [[usize; 3]; 4],
    /// How many releases wait for somebody.
    pub waits_for: BTreeMap<String, usize>,
}

pub struct Plan {
    pub size: Size,
    pub releases: Vec<Release>,
}

impl Plan {
    pub fn new(size: Size) -> Plan {
        let mut plan = Plan { size, releases: Vec::new() };
        let mut dice = Dice(size.seed);
        let mut partner = None;
        for number in 0..size.releases {
            let application = number % size.applications;
            let second: Option<Trouble> = partner.take();
            let is_first = second.is_none();
            let trouble = second.unwrap_or_else(|| plan.trouble(number, &mut dice));
            if let (Trouble::DoubleBooked { lab, from }, true) = (&trouble, is_first) {
                // The second one begins when half of the first one's time is over.
                partner = Some(Trouble::DoubleBooked { lab: *lab, from: from + 2 * HOUR });
            }
            let day = 1 + dice.below(7) as i64;
            let release = plan.release(number, application, day, trouble);
            plan.releases.push(release);
        }
        plan
    }

    fn trouble(&self, number: u32, dice: &mut Dice) -> Trouble {
        let has_neighbour = self.size.applications > 1;
        match dice.below(100) {
            0..20 => Trouble::Approval,
            20..34 => {
                let open = (1 + dice.below(3) as u32).min(self.size.scope);
                // Five days at most, so that the work of this week ends this week.
                let days = (0..open).map(|_| 1 + dice.below(u64::from(5 / open)) as u32).collect();
                Trouble::Work { days, in_turn: dice.below(2) == 0 }
            }
            34..40 => Trouble::Tests,
            40..47 => Trouble::Security,
            47..49 if has_neighbour && number + 1 < self.size.releases => {
                let pair = self.double_booked() / 2;
                let from = NOW + i64::from(pair / LABS) * 8 * HOUR;
                Trouble::DoubleBooked { lab: pair % LABS, from }
            }
            49..54 => Trouble::Booking,
            54..59 => Trouble::Unlinked,
            59..61 => Trouble::Unmerged,
            61..64 => Trouble::Defect,
            64..72 if has_neighbour && number > 0 => {
                let applications = self.size.applications;
                let other = dice.below(u64::from(number)) as u32;
                // Half of what others wait for is on the mainframe.
                let other = if dice.below(2) == 0 { other - other % applications } else { other };
                if other % applications == number % applications {
                    Trouble::Nothing
                } else {
                    Trouble::Upstream { release: other }
                }
            }
            _ => Trouble::Nothing,
        }
    }

    fn double_booked(&self) -> u32 {
        let is_double = |release: &&Release| matches!(release.trouble, Trouble::DoubleBooked { .. });
        self.releases.iter().filter(is_double).count() as u32
    }

    fn release(&self, number: u32, application: u32, day: i64, trouble: Trouble) -> Release {
        use Verdict::{NotReady, Ready, Unknown};
        let nth = number / self.size.applications;
        let upstream = match trouble {
            Trouble::Upstream { release } => self.releases.get(release as usize),
            _ => None,
        };
        let mut verdicts = match (&trouble, trouble.reached()) {
            (Trouble::Work { .. } | Trouble::Unmerged | Trouble::Defect, _) => [NotReady; 4],
            (Trouble::Unlinked, _) => [Unknown; 4],
            (_, Reached::SystemTest) => [Ready, NotReady, Unknown, Unknown],
            (_, Reached::UserAcceptance) => [Ready, Ready, NotReady, Unknown],
            (_, Reached::PreProduction) => [Ready; 4],
        };
        let mut waits_in_production_for = BTreeSet::new();
        if !trouble.is_approved() {
            verdicts[3] = NotReady;
            waits_in_production_for.insert(BOARD.to_owned());
        }
        let worried = match &trouble {
            Trouble::Work { days, .. } => days.len() as u32,
            Trouble::Unlinked | Trouble::Unmerged | Trouble::Defect => 1,
            _ => 0,
        };
        waits_in_production_for.extend((0..worried).map(|n| developer(application, nth, n)));
        if let Some(upstream) = upstream {
            verdicts = verdicts.map(|own| own.max(upstream.verdicts[3]));
            waits_in_production_for.extend(upstream.waits_in_production_for.iter().cloned());
        }
        let mut waits_for = waits_in_production_for.clone();
        if trouble.reached() < Reached::PreProduction {
            waits_for.insert(ENVIRONMENTS.to_owned());
        }
        if trouble == Trouble::Security {
            waits_for.insert(security(number).to_owned());
        }
        let ready = match &trouble {
            Trouble::Work { days, in_turn } => {
                let days = if *in_turn { days.iter().sum() } else { days.iter().copied().max().unwrap_or(1) };
                MONDAY + (i64::from(days) - 1) * DAY + EVENING
            }
            _ => NOW,
        };
        let ready = ready.max(upstream.map_or(NOW, |upstream| upstream.ships_at));
        let (due, ships_at) = match train(application) {
            Some(train) => ((train.departure - MONDAY) / DAY, train.after(ready)),
            None => (day, ready),
        };
        Release {
            number,
            application,
            nth,
            due,
            trouble,
            ships_at,
            verdicts,
            waits_for,
            waits_in_production_for,
        }
    }

    pub fn of(&self, application: u32) -> impl Iterator<Item = &Release> {
        self.releases.iter().skip(application as usize).step_by(self.size.applications as usize)
    }

    pub fn expected(&self) -> Expected {
        let mut expected = Expected { open: self.releases.len(), ..Expected::default() };
        for release in &self.releases {
            // Days end at midnight in Zurich, an hour before they do in UTC.
            let is_late = release.ships_at >= MONDAY + (release.due + 1) * DAY - HOUR;
            *if is_late { &mut expected.late } else { &mut expected.in_time } += 1;
            for (counts, verdict) in expected.stages.iter_mut().zip(release.verdicts) {
                counts[match verdict {
                    Verdict::Ready => 0,
                    Verdict::NotReady => 1,
                    Verdict::Unknown => 2,
                }] += 1;
            }
            for whom in &release.waits_for {
                *expected.waits_for.entry(whom.clone()).or_default() += 1;
            }
        }
        expected
    }

    /// The issues in the scope of the release that has shipped.
    pub fn shipped(&self) -> u32 {
        self.size.scope.min(SHIPPED)
    }

    /// The number of an issue in its project: epics and backlog come first, then what has shipped, then the releases,
    /// each with a number to spare for a defect that was found in it.
    pub fn issue(&self, nth: u32, issue: u32) -> u64 {
        let before = EPICS + BACKLOG + self.shipped();
        u64::from(before) + u64::from(nth) * u64::from(self.size.scope + 1) + u64::from(issue) + 1
    }

    pub fn shipped_issue(&self, issue: u32) -> u64 {
        u64::from(EPICS + BACKLOG + issue + 1)
    }
}

impl Trouble {
    pub fn reached(&self) -> Reached {
        match self {
            Trouble::Tests | Trouble::Security | Trouble::DoubleBooked { .. } => Reached::SystemTest,
            Trouble::Booking => Reached::UserAcceptance,
            _ => Reached::PreProduction,
        }
    }

    /// The board decides when nothing else is known to be missing.
    pub fn is_approved(&self) -> bool {
        matches!(self, Trouble::Nothing | Trouble::Unlinked | Trouble::Upstream { .. })
    }
}

impl Train {
    fn after(&self, ready: i64) -> i64 {
        let mut departure = self.departure;
        while departure - self.cutoff < ready {
            departure += self.every_days * DAY;
        }
        departure
    }
}

/// The first application is a mainframe that ships twice a year; of the others every third has a train.
pub fn train(application: u32) -> Option<Train> {
    let (day, every_days, cutoff) = match application {
        0 => (5, 182, 2),
        n if n % 3 == 1 => (2 + i64::from(n / 3 % 4), 14, 1),
        _ => return None,
    };
    Some(Train { departure: MONDAY + day * DAY, every_days, cutoff: cutoff * DAY })
}

/// Who works on an issue of a release.
pub fn developer(application: u32, nth: u32, issue: u32) -> String {
    names::person(application * PEOPLE + (nth + issue) % PEOPLE)
}

/// Who decides the security review of a release.
pub fn security(release: u32) -> &'static str {
    SECURITY[release as usize % SECURITY.len()]
}

/// A time so many days and hours from the Monday of the question.
pub fn time(days: i64, hours: i64) -> i64 {
    MONDAY + days * DAY + hours * HOUR
}

/// When work on a release began: one release of an application after the other, in the weeks before.
pub fn begun(plan: &Plan, nth: u32) -> i64 {
    let all = i64::from(plan.size.releases.div_ceil(plan.size.applications).max(1));
    time(-40, 8) + 20 * DAY * i64::from(nth) / all
}

/// When an issue of a release was done.
pub fn done(plan: &Plan, nth: u32, issue: u32) -> i64 {
    begun(plan, nth) + 2 * DAY + 5 * DAY * i64::from(issue) / i64::from(plan.size.scope)
}

/// When the candidate of a release was built.
pub fn built(plan: &Plan, nth: u32) -> i64 {
    begun(plan, nth) + 8 * DAY
}

/// The number of a release's candidate in its application's job; the release that has shipped was the first build.
pub fn candidate(nth: u32) -> u32 {
    101 + 2 * nth
}

pub fn stamp(millis: i64) -> String {
    Instant::from_millis(millis).map_or_else(String::new, |instant| instant.to_string())
}

pub fn date(millis: i64) -> String {
    stamp(millis).chars().take(10).collect()
}

/// The application as files and ids name it.
pub fn slug(application: u32) -> String {
    names::application(application).0.to_lowercase().replace(' ', "-")
}

pub fn title(application: u32, version: &str) -> String {
    format!("{} {version}", names::application(application).0)
}

pub fn version(nth: u32) -> String {
    format!("4.{}.0", nth + 1)
}

/// The item of a release: Jira's version.
pub fn release_item(release: u32) -> String {
    format!("jira:version/{}", version_id(release))
}

pub fn version_id(release: u32) -> u32 {
    1_000_000 + release
}

/// The version of an application that has shipped.
pub fn shipped_version_id(application: u32) -> u32 {
    10_000 + application
}
