//! The answer: a schedule, and what its date depends on.

use serde::{Deserialize, Serialize};

use super::words::{DateConstraint, DurationSource, StartCause};
use crate::analyze::Basis;
use crate::model::Kind;
use crate::time::{Instant, Span};

/// The schedule of some activities and of everything they need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    /// The item; absent where the end of everything was asked for.
    pub item: Option<String>,
    /// The status date; the start of everything where there is none.
    pub at: Instant,
    /// When everything that the item needs is finished.
    pub ready_at: Instant,
    /// When the item itself is finished: for a release the departure of its train.
    pub finish: Instant,
    /// The time from `at` to the finish, on the wall clock.
    pub length: Span,
    /// How much of that is waiting for trains, along the path.
    pub cadence_wait: Span,
    /// One driving chain, first to last; the alphabetically first where there are several.
    pub path: Vec<String>,
    /// How many driving chains there are; stops at the largest number it can hold.
    pub path_count: u64,
    /// The chains with the least float, as many as were asked for; the least first, then alphabetically from the end.
    pub paths: Vec<FloatPath>,
    /// What moves the finish most when it takes less time, the most first; empty unless asked for.
    pub crash: Vec<CrashOption>,
    /// Where several chains come together on the way, by early start, then by id.
    pub merge_points: Vec<MergePoint>,
    /// Demanded dates that can't be kept, the worst first, then by id.
    pub infeasible: Vec<InfeasibleDate>,
    /// Everything that is needed and not finished before something that is; by early start, then by id.
    pub activities: Vec<Activity>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One activity of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// Whether it is finished; then its dates are those it really had.
    pub done: bool,
    /// Working time that it takes from its early start, of what has started what is left; none for a release, a parent or a
    /// gate without estimate.
    pub duration: Span,
    /// Where the duration comes from; absent for what is done and for what takes no time of its own.
    pub duration_from: Option<DurationSource>,
    /// The earliest it can start.
    pub early_start: Instant,
    /// The earliest it can finish; for a release with a train the departure.
    pub early_finish: Instant,
    /// The latest it can start without moving the finish of the whole.
    pub late_start: Instant,
    /// The latest it can finish without moving the finish of the whole.
    pub late_finish: Instant,
    /// How much later it can start and finish without moving the finish of the whole, in its working time; of what has
    /// started and of what takes a train the finish alone counts. Negative where a demanded date can't be kept.
    pub total_float: Span,
    /// How much later it can be without moving anything else, in its working time.
    pub free_float: Span,
    /// Whether it lies on a driving chain.
    pub critical: bool,
    /// Whether it is open and its total float is at most the threshold of the question.
    pub near_critical: bool,
    /// What decides its early start.
    pub started_by: StartCause,
    /// What it waits for to the last, by id: the items that decide its early start.
    pub drivers: Vec<String>,
    /// For what takes a train, how long it waits for the departure.
    pub cadence_wait: Span,
    /// The activity that it is part of, where that spans its parts.
    pub part_of: Option<String>,
}

/// A chain of activities and how late it can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloatPath {
    /// The chain, first to last.
    pub items: Vec<String>,
    /// How much later it can be without moving the finish: the sum of what lies between its activities, in their working
    /// time.
    pub float: Span,
}

/// An activity that moves the finish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrashOption {
    /// The activity.
    pub item: String,
    /// How much earlier the finish is when the activity takes so much less time as was asked, or no time where it takes
    /// less than that; on the wall clock.
    pub saves: Span,
    /// How much earlier the finish is when it takes no time at all.
    pub saves_at_most: Span,
}

/// A place where chains come together: what comes last there decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergePoint {
    /// The activity that waits, which lies on a driving chain.
    pub item: String,
    /// What it waits for within the threshold of the question, two or more, by id.
    pub joins: Vec<String>,
}

/// A date that can't be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InfeasibleDate {
    /// The activity.
    pub item: String,
    /// What is demanded; absent for a deadline.
    pub constraint: Option<DateConstraint>,
    /// The date.
    pub at: Instant,
    /// By how much it is missed, in the working time of the activity.
    pub by: Span,
    /// The chain that causes it, first to last, ending with the activity.
    pub chain: Vec<String>,
}
