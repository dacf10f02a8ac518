//! What can be said of an item, and the compact form in which the record keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kinds::{Booking, Decision, FlowState, Outcome, Severity};
use crate::calendar::{Cadence, Calendar};
use crate::error::{Error, Result};
use crate::time::{Instant, Span};

/// Counts of one run of a test suite; `tests` is the sum of the four outcomes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestCounts {
    /// All tests of the run.
    pub tests: u32,
    /// Tests that passed.
    pub passed: u32,
    /// Tests whose assertion failed.
    pub failed: u32,
    /// Tests that could not be carried out.
    pub errors: u32,
    /// Tests that were left out.
    pub skipped: u32,
    /// The time that the run took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
}

macro_rules! fields {
    ( $( $(#[$meta:meta])* $name:ident : $type:ty => $variant:ident($stored:ty) , )+ ) => {
        /// Everything that an event can say of its item; what is absent is not said.
        ///
        /// An item's own `Fields` hold the last value of each field as known.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Fields {
            $( $(#[$meta])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>, )+
            /// Whatever else a source says, by its own names; each key is a field of its own.
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            pub attributes: BTreeMap<String, String>,
        }

        /// One field with its value, as the record keeps it: a third of the size of a filled `Fields`.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Set {
            $( $variant($stored), )+
            Attribute(Box<(Box<str>, Box<str>)>),
            Clear(Box<str>),
            Alias(Box<str>),
        }

        /// One reader for each field, whether or not an answer asks for it yet: what a stored value says of the field.
        /// None where it speaks of another one, `Some(None)` where it clears this one.
        #[allow(dead_code)]
        impl Set {
            $( pub(crate) fn $name(&self) -> Option<Option<&$stored>> {
                match self {
                    Set::$variant(value) => Some(Some(value)),
                    Set::Clear(name) if &**name == stringify!($name) => Some(None),
                    _ => None,
                }
            } )+
        }

        impl Fields {
            /// The names of all fields but `attributes`.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($name), )+];

            /// Moves everything that is said into its compact form; a filled `Fields` is too large to be passed on.
            pub(crate) fn pack(&mut self, clear: Vec<String>) -> Box<[Set]> {
                let count: usize = [$( self.$name.is_some(), )+].into_iter().map(usize::from).sum();
                let mut sets = Vec::with_capacity(count + self.attributes.len() + clear.len());
                sets.extend(clear.into_iter().map(|name| Set::Clear(name.into())));
                $( if let Some(value) = self.$name.take() { sets.push(Set::$variant(value.into())); } )+
                let attributes = std::mem::take(&mut self.attributes).into_iter();
                sets.extend(attributes.map(|(k, v)| Set::Attribute(Box::new((k.into(), v.into())))));
                sets.into()
            }

            /// Takes over one stored value; later calls win.
            pub(crate) fn take(&mut self, set: &Set) {
                match set {
                    $( Set::$variant(value) => self.$name = Some(value.clone().into()), )+
                    Set::Attribute(pair) => {
                        self.attributes.insert(pair.0.to_string(), pair.1.to_string());
                    }
                    Set::Alias(_) => {}
                    Set::Clear(name) => match name.as_ref() {
                        $( stringify!($name) => self.$name = None, )+
                        other => {
                            self.attributes.remove(other);
                        }
                    },
                }
            }
        }
    };
}

/// Large values are kept in a box; they leave it on the way out.
macro_rules! unbox {
    ($($name:ty),+) => {
        $(impl From<Box<$name>> for $name {
            fn from(value: Box<$name>) -> $name {
                *value
            }
        })+
    };
}

unbox!(TestCounts, Cadence, Calendar);

fields! {
    /// The name for people.
    title: String => Title(Box<str>),
    /// More text; issue keys are looked for in it.
    description: String => Description(Box<str>),
    /// Where the work stands; a release that is done has shipped.
    state: FlowState => State(FlowState),
    /// The tool's own state, by name.
    status: String => Status(Box<str>),
    /// The tool's own state, by id: names are renamed and translated, ids are not.
    status_id: String => StatusId(Box<str>),
    /// Who works on it.
    assignee: String => Assignee(Box<str>),
    /// The tool's own priority.
    priority: String => Priority(Box<str>),
    /// How much a defect hurts.
    severity: Severity => Severity(Severity),
    /// The version that a release, build or deployment carries.
    version: String => Version(Box<str>),
    /// A name given to a commit; an item keeps all it was ever given, this is the last one.
    tag: String => Tag(Box<str>),
    /// Planned or actual start; a booking: its first instant.
    starts_at: Instant => StartsAt(Instant),
    /// Planned or actual end; a booking: the first instant after it.
    ends_at: Instant => EndsAt(Instant),
    /// The target date.
    due_at: Instant => DueAt(Instant),
    /// When a gate's decision is needed.
    needed_by: Instant => NeededBy(Instant),
    /// When a gate's decision was asked for.
    asked_at: Instant => AskedAt(Instant),
    /// When a waiver ends.
    expires_at: Instant => ExpiresAt(Instant),
    /// When a release shipped, as its tool says.
    released_at: Instant => ReleasedAt(Instant),
    /// When the scope of a release was agreed on.
    baseline_at: Instant => BaselineAt(Instant),
    /// Working time that the whole item takes.
    estimate: Span => Estimate(Span),
    /// Working time that is left.
    remaining: Span => Remaining(Span),
    /// Business value, in the portfolio's own unit.
    value: f64 => Value(f64),
    /// Size, in the portfolio's own unit (story points).
    size: f64 => Size(f64),
    /// How many bookings an environment takes at once.
    capacity: u32 => Capacity(u32),
    /// The stage that an environment or gate belongs to.
    stage: String => Stage(Box<str>),
    /// How a build, test run or deployment went.
    result: Outcome => Result(Outcome),
    /// What was decided at a gate.
    decision: Decision => Decision(Decision),
    /// Where a booking stands.
    booking: Booking => Booking(Booking),
    /// What a test run counted.
    tests: TestCounts => Tests(Box<TestCounts>),
    /// The train of an application or team.
    cadence: Cadence => Cadence(Box<Cadence>),
    /// The working calendar of an application, team or environment.
    calendar: Calendar => Calendar(Box<Calendar>),
}

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Fields::default()
    }

    /// Refuses values that no later event could make sense of.
    pub(crate) fn check(&self) -> Result<()> {
        for (field, value) in [("value", self.value), ("size", self.size)] {
            if value.is_some_and(|number| !number.is_finite()) {
                return Err(Error::invalid(
                    field,
                    "must be a finite number; leave it out where it is not known",
                ));
            }
        }
        for (field, span) in [("estimate", self.estimate), ("remaining", self.remaining)] {
            let Some(span) = span else { continue };
            span.check(field)?;
            if span < Span::ZERO {
                return Err(Error::invalid(field, "must not be negative"));
            }
        }
        if self.capacity == Some(0) {
            return Err(Error::invalid("capacity", "must be at least 1"));
        }
        if let (Some(start), Some(end)) = (self.starts_at, self.ends_at)
            && end < start
        {
            return Err(Error::invalid("ends_at", "must not be before starts_at"));
        }
        if let Some(cadence) = &self.cadence {
            cadence.check()?;
        }
        if let Some(calendar) = &self.calendar {
            calendar.check()?;
        }
        if let Some(tests) = &self.tests {
            let sum =
                [tests.passed, tests.failed, tests.errors, tests.skipped].map(u64::from).iter().sum::<u64>();
            if sum != u64::from(tests.tests) {
                return Err(Error::invalid(
                    "tests",
                    "tests must be the sum of passed, failed, errors and skipped",
                ));
            }
        }
        Ok(())
    }
}
