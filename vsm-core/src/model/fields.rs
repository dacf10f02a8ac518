//! What can be said of an item, and the compact form in which the record keeps it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer, Serialize};

use super::kinds::{Booking, Boundary, Decision, FlowState, Outcome, ReleaseState, Severity};
use super::plain::{FromPlain, Plain, take_once};
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
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
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

        /// The name of a field in JSON; none of those is one that this engine does not know.
        enum Name {
            $( $variant, )+
            Attributes,
            Unknown,
        }

        impl Name {
            fn of(word: &str) -> Name {
                match word {
                    $( stringify!($name) => Name::$variant, )+
                    "attributes" => Name::Attributes,
                    _ => Name::Unknown,
                }
            }
        }

        impl Sets {
            /// The fields of a JSON object, without the detour over a `Fields`, which is large and mostly empty.
            fn read<'de, A: MapAccess<'de>>(mut map: A) -> std::result::Result<Sets, A::Error> {
                let mut sets = Vec::new();
                let mut attributes = None;
                let mut may_have_more = false;
                while let Some(name) = map.next_key()? {
                    match name {
                        $( Name::$variant => {
                            if sets.iter().any(|set| matches!(set, Set::$variant(_))) {
                                return Err(de::Error::duplicate_field(stringify!($name)));
                            }
                            if let Some(value) = map.next_value::<Option<$type>>()? {
                                sets.push(Set::$variant(value.into()));
                            }
                        } )+
                        Name::Attributes => {
                            if attributes.replace(map.next_value()?).is_some() {
                                return Err(de::Error::duplicate_field("attributes"));
                            }
                        }
                        Name::Unknown => {
                            may_have_more = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let is_record = |set: &Set| matches!(set, Set::Tests(_) | Set::Cadence(_) | Set::Calendar(_));
                may_have_more |= sets.iter().any(is_record);
                Ok(Sets { sets, may_have_more }.with(attributes.unwrap_or_default()))
            }
        }

        impl<'a> FromPlain<'a> for Sets {
            fn take(from: &mut Plain<'a>) -> Option<Sets> {
                let mut sets = Vec::new();
                let mut attributes = None;
                from.members(|from, name| {
                    match Name::of(name) {
                        $( Name::$variant => {
                            if sets.iter().any(|set| matches!(set, Set::$variant(_))) {
                                return None;
                            }
                            sets.push(Set::$variant(FromPlain::take(from)?));
                        } )+
                        Name::Attributes => take_once(&mut attributes, from)?,
                        Name::Unknown => return None,
                    }
                    Some(())
                })?;
                Some(Sets { sets, may_have_more: false }.with(attributes.unwrap_or_default()))
            }
        }

        impl Fields {
            pub(crate) fn is_empty(&self) -> bool {
                $( self.$name.is_none() && )+ self.attributes.is_empty()
            }

            /// The names of all fields but `attributes`.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($name), )+];

            /// Moves everything that is said into its compact form; a filled `Fields` is too large to be passed on.
            pub(crate) fn pack(&mut self) -> Sets {
                let count: usize = [$( self.$name.is_some(), )+].into_iter().map(usize::from).sum();
                let mut sets = Vec::with_capacity(count + self.attributes.len());
                $( if let Some(value) = self.$name.take() { sets.push(Set::$variant(value.into())); } )+
                Sets { sets, may_have_more: false }.with(std::mem::take(&mut self.attributes))
            }

            /// Takes over one stored value; later calls win.
            pub(crate) fn take(&mut self, set: Set) {
                match set {
                    $( Set::$variant(value) => self.$name = Some(value.into()), )+
                    Set::Attribute(pair) => {
                        self.attributes.insert(pair.0.into(), pair.1.into());
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

/// Large values are kept in a box; they leave it on the way out. They are records of their own, and rare.
macro_rules! unbox {
    ($($name:ty),+) => {
        $(impl From<Box<$name>> for $name {
            fn from(value: Box<$name>) -> $name {
                *value
            }
        }

        impl FromPlain<'_> for Box<$name> {
            fn take(_: &mut Plain<'_>) -> Option<Box<$name>> {
                None
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
    /// Where a release stands for those who lead it; says the `state` too, where its event sets none.
    lifecycle: ReleaseState => Lifecycle(ReleaseState),
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
    /// When a waiver ends, or evidence counts no more.
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
    /// How many bookings an environment takes at once; in a group, each of its environments that says nothing itself.
    capacity: u32 => Capacity(u32),
    /// Whether an environment serves several applications: then none of them closes it by a calendar of its own.
    shared: bool => Shared(bool),
    /// The stage that an environment, gate or phase belongs to.
    stage: String => Stage(Box<str>),
    /// How a build, test run or deployment went, or what evidence shows.
    result: Outcome => Result(Outcome),
    /// What was decided at a gate, or about a criterion.
    decision: Decision => Decision(Decision),
    /// Why it was decided so, or why a release is on hold.
    reason: String => Reason(Box<str>),
    /// Whether a criterion or gate of a phase stands at its beginning or end.
    boundary: Boundary => Boundary(Boundary),
    /// Where a booking stands. An event that moves a granted booking and says `pending` asks for the change: until it is
    /// decided, the booking holds what it was granted.
    booking: Booking => Booking(Booking),
    /// Who lets a booking stand although a blackout refuses it.
    overridden_by: String => OverriddenBy(Box<str>),
    /// Why a booking stands although a blackout refuses it; one that says who or why is overridden.
    override_reason: String => OverrideReason(Box<str>),
    /// What a test run counted.
    tests: TestCounts => Tests(Box<TestCounts>),
    /// The train of an application or team.
    cadence: Cadence => Cadence(Box<Cadence>),
    /// The working calendar of an application, team or environment.
    calendar: Calendar => Calendar(Box<Calendar>),
}

impl Fields {
    /// Refuses values that no later event could make sense of.
    pub(crate) fn check(&self) -> Result<()> {
        self.clone().pack().check()
    }
}

/// Whether an event gives its item a calendar, or takes it away.
pub(crate) fn tells_calendar(sets: &[Set]) -> bool {
    sets.iter().any(|set| set.calendar().is_some())
}

/// What the fields of one event say of the state, `Some(None)` where they clear it. The lifecycle implies one where none
/// is named.
pub(crate) fn state_said(sets: &[Set]) -> Option<Option<FlowState>> {
    let mut implied = None;
    for set in sets.iter().rev() {
        match set {
            Set::Lifecycle(state) => implied = implied.or(Some(Some(state.flow_state()))),
            _ => {
                if let Some(state) = set.state() {
                    return Some(state.copied());
                }
            }
        }
    }
    implied
}

/// What an event says of its item, in compact form.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    pub(crate) sets: Vec<Set>,
    /// Whether the JSON that it was read from has a field that nobody knows, or a record that may have one.
    pub(crate) may_have_more: bool,
}

impl Sets {
    fn with(mut self, attributes: BTreeMap<String, String>) -> Sets {
        self.sets.extend(attributes.into_iter().map(|(k, v)| Set::Attribute(Box::new((k.into(), v.into())))));
        self
    }

    /// The names of the attributes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().filter_map(|set| match set {
            Set::Attribute(pair) => Some(&*pair.0),
            _ => None,
        })
    }

    /// Bytes of all texts, with something for each name.
    pub(crate) fn text_len(&self) -> usize {
        let len = |set: &Set| match set {
            Set::Title(text) | Set::Description(text) | Set::Status(text) | Set::StatusId(text) => text.len(),
            Set::Assignee(text) | Set::Priority(text) | Set::Version(text) | Set::Tag(text) => text.len(),
            Set::Stage(text) | Set::Reason(text) => text.len(),
            Set::OverriddenBy(text) | Set::OverrideReason(text) => text.len(),
            Set::Attribute(pair) => 64 + pair.0.len() + pair.1.len(),
            _ => 0,
        };
        self.sets.iter().map(len).sum()
    }

    /// Refuses a booking of no time at all; for other kinds, a run of less than a millisecond, that is as it should be.
    pub(crate) fn check_booking(&self) -> Result<()> {
        let find = |read: fn(&Set) -> Option<Option<&Instant>>| self.sets.iter().find_map(read).flatten();
        match (find(Set::starts_at), find(Set::ends_at)) {
            (Some(start), Some(end)) if start == end => {
                Err(Error::invalid("ends_at", "a booking must end after it starts"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let (mut starts_at, mut ends_at) = (None, None);
        for set in &self.sets {
            match set {
                Set::Value(number) => check_number("value", *number)?,
                Set::Size(number) => check_number("size", *number)?,
                Set::Estimate(span) => check_work("estimate", *span)?,
                Set::Remaining(span) => check_work("remaining", *span)?,
                Set::Capacity(0) => return Err(Error::invalid("capacity", "must be at least 1")),
                Set::StartsAt(at) => starts_at = Some(*at),
                Set::EndsAt(at) => ends_at = Some(*at),
                Set::Cadence(cadence) => cadence.check()?,
                Set::Calendar(calendar) => calendar.check()?,
                Set::Tests(tests) => tests.check()?,
                _ => {}
            }
        }
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end < start
        {
            return Err(Error::invalid("ends_at", "must not be before starts_at"));
        }
        Ok(())
    }
}

fn check_number(field: &str, number: f64) -> Result<()> {
    if number.is_finite() {
        return Ok(());
    }
    Err(Error::invalid(field, "must be a finite number; leave it out where it is not known"))
}

fn check_work(field: &str, span: Span) -> Result<()> {
    span.check(field)?;
    if span < Span::ZERO {
        return Err(Error::invalid(field, "must not be negative"));
    }
    Ok(())
}

impl TestCounts {
    fn check(&self) -> Result<()> {
        let sum = [self.passed, self.failed, self.errors, self.skipped].map(u64::from).iter().sum::<u64>();
        if sum != u64::from(self.tests) {
            return Err(Error::invalid(
                "tests",
                "tests must be the sum of passed, failed, errors and skipped",
            ));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Sets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Sets, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Sets;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Fields")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Sets, A::Error> {
                Sets::read(map)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Fields, D::Error> {
        let mut fields = Fields::default();
        Sets::deserialize(deserializer)?.sets.into_iter().for_each(|set| fields.take(set));
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Name, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }
            fn visit_str<E>(self, word: &str) -> std::result::Result<Name, E> {
                Ok(Name::of(word))
            }
        }
        deserializer.deserialize_identifier(Visitor)
    }
}
