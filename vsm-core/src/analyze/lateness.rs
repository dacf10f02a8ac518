//! How long gates take, and which are late.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::message::say;
use super::readiness::Ruling;
use super::{Basis, Grounds, Message, keys};
use crate::error::Result;
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{Decision, FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the lateness of gates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateLatenessQuery {
    /// The time it is asked at; what is dated later is not known yet.
    pub at: Instant,
    /// A gate, or an item whose gates are meant, with those of its parts and scope; absent = all gates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// How long gates take, and which are late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateLateness {
    /// The time it was asked at.
    pub at: Instant,
    /// The gates, cancelled ones left out: the latest first, decided or not, then by item.
    pub gates: Vec<GateTiming>,
    /// How many were decided after they were needed.
    pub late: u64,
    /// How many are needed by now and not decided.
    pub overdue: u64,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The times of one gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateTiming {
    /// The gate.
    pub gate: String,
    /// Its name for people.
    pub title: String,
    /// The stage that asks for it; absent = all of them.
    pub stage: Option<String>,
    /// When its decision was asked for.
    pub asked_at: Option<Instant>,
    /// When its decision is needed.
    pub needed_by: Option<Instant>,
    /// When it was decided by somebody entitled to, or met by its criteria where nobody has to decide; absent while it is
    /// neither.
    pub decided_at: Option<Instant>,
    /// What was decided; absent where its criteria did.
    pub decision: Option<Decision>,
    /// Who decided, by name.
    pub by: Option<String>,
    /// Whom it waits for, by name: those accountable and approvers; absent once it is decided.
    pub waits_for: Option<String>,
    /// How long after it was needed it was decided, 0 where it was in time; absent where it is not decided or nobody says
    /// when it is needed.
    pub late: Option<Span>,
    /// For how long it has been needed and not decided; absent where it is not.
    pub overdue: Option<Span>,
    /// From asking to the decision, or until now; absent where nobody says when it was asked for, or that is later.
    pub waited: Option<Span>,
    /// All of it as an English sentence; days in UTC.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// The events behind it, as `source:id`.
    pub evidence: Vec<String>,
}

impl GateLatenessQuery {
    /// A question for all gates.
    pub fn new(at: Instant) -> GateLatenessQuery {
        GateLatenessQuery { at, item: None }
    }
}

impl ValueStream {
    /// When each gate was asked for, needed and decided, and how late it was or is.
    ///
    /// A decision counts where somebody entitled to made it; one that was made again counts with the last time. Takes
    /// the history of the gates, and a look at every item, or at what the item asked about consists of.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    ///
    /// ```
    /// use vsm_core::{Decision, Event, GateLatenessQuery, Kind, Span, ValueStream};
    /// let mut gate = Event::new("plan", "1", "2026-03-03T09:00:00Z".parse()?, "gate:security");
    /// gate.kind = Some(Kind::Gate);
    /// gate.set.title = Some("Security".into());
    /// gate.set.asked_at = Some(gate.occurred_at);
    /// gate.set.needed_by = Some("2026-03-10T09:00:00Z".parse()?);
    /// let mut passed = Event::new("plan", "2", "2026-03-24T09:00:00Z".parse()?, "gate:security");
    /// passed.set.decision = Some(Decision::Approved);
    /// let mut stream = ValueStream::new();
    /// stream.apply_batch([gate, passed]);
    /// let gates = stream.gate_lateness(&GateLatenessQuery::new("2026-04-01T00:00:00Z".parse()?))?.gates;
    /// assert_eq!(gates[0].late, Some(Span::from_days(14)));
    /// assert_eq!(
    ///     gates[0].sentence,
    ///     "Security (gate:security): asked for on 2026-03-03, needed by 2026-03-10, approved on 2026-03-24, 14 days late."
    /// );
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn gate_lateness(&self, query: &GateLatenessQuery) -> Result<GateLateness> {
        self.as_of(query.at, Instant::MAX).lateness_then(query)
    }

    fn lateness_then(&self, query: &GateLatenessQuery) -> Result<GateLateness> {
        let is_gate = |item: &u32| {
            self.kind(*item) == Some(Kind::Gate) && self.state_of(*item) != Some(FlowState::Cancelled)
        };
        let gates: Vec<u32> = match query.item.as_deref() {
            Some(id) => self.gates_of(self.find(id)?).into_iter().filter(is_gate).collect(),
            None => self.all().filter(is_gate).filter(|item| self.exists(*item)).collect(),
        };
        let mut grounds = Grounds { n: gates.len() as u64, ..Grounds::default() };
        grounds.rule("decisions:entitled_only");
        let mut gates: Vec<GateTiming> =
            gates.into_iter().map(|gate| self.timing(gate, query.at, &mut grounds)).collect();
        let delay = |gate: &GateTiming| gate.late.or(gate.overdue).unwrap_or(Span::ZERO);
        gates.sort_by(|a, b| Reverse(delay(a)).cmp(&Reverse(delay(b))).then_with(|| a.gate.cmp(&b.gate)));
        let late = gates.iter().filter(|gate| gate.late.is_some_and(|late| late > Span::ZERO)).count() as u64;
        let overdue = gates.iter().filter(|gate| gate.overdue.is_some()).count() as u64;
        Ok(GateLateness { at: query.at, gates, late, overdue, basis: grounds.finish(self) })
    }

    /// An item, and everything that it consists of or that is to be passed for it.
    fn gates_of(&self, item: u32) -> HashSet<u32> {
        let mut found = HashSet::from_iter([item]);
        let mut stack = vec![item];
        while let Some(at) = stack.pop() {
            for (_, kind, other) in self.touching(at, Direction::Incoming) {
                let is_inside = matches!(kind, LinkKind::Parent | LinkKind::ShipsIn | LinkKind::Gates);
                if is_inside && found.insert(other) {
                    stack.push(other);
                }
            }
        }
        found
    }

    fn timing(&self, gate: u32, at: Instant, grounds: &mut Grounds) -> GateTiming {
        let ruling = self.ruling(gate, at);
        let stage = self.last(gate, Set::stage);
        let asked = self.last(gate, Set::asked_at);
        let needed = self.last(gate, Set::needed_by);
        let decided = match ruling {
            // Where nobody is named who has to decide, the last of its criteria does.
            Ruling::Open => self.passed(gate, at).map(|event| (None, event)),
            Ruling::NotEntitled { .. } => None,
            Ruling::Approved { event } => Some((Some(Decision::Approved), event)),
            Ruling::Rejected { event } => Some((Some(Decision::Rejected), event)),
            Ruling::Waived { event, .. } | Ruling::Ended { event, .. } => {
                Some((Some(Decision::Waived), event))
            }
        };
        let decided_at = decided.and_then(|(_, event)| self.occurred(event));
        let (asked_at, needed_by) = (asked.map(|(at, _)| at), needed.map(|(at, _)| at));
        if needed_by.is_none() {
            grounds.exclude("gate_without_needed_by", self.id(gate));
        }
        let waited = asked_at.map(|asked| decided_at.unwrap_or(at).since(asked));
        if decided_at.is_some() && waited.is_some_and(|waited| waited < Span::ZERO) {
            grounds.exclude("decided_before_asked", self.id(gate));
        }
        let over = |end: Instant| needed_by.map(|by| end.since(by));
        let late = decided_at.and_then(over).map(|late| late.max(Span::ZERO));
        let overdue = match decided_at {
            None => over(at).filter(|over| *over > Span::ZERO),
            Some(_) => None,
        };
        let by = decided.and_then(|(decision, event)| {
            decision.and_then(|_| self.names(&self.deciders(gate, event), " and "))
        });
        let what = match (decided, decided_at, ruling) {
            (Some((None, _)), Some(decided), _) => say::and_met_on(decided),
            (Some((Some(decision), _)), Some(decided), _) => match &by {
                Some(by) => say::and_decided_on_by(decision.as_str().into(), decided, by.clone()),
                None => say::and_decided_on(decision.as_str().into(), decided),
            },
            (_, _, Ruling::NotEntitled { event, decision }) => {
                match self.names(&self.deciders(gate, event), " and ") {
                    Some(who) => say::and_not_entitled(decision.as_str().into(), who),
                    None => say::and_not_entitled_nobody(decision.as_str().into()),
                }
            }
            _ => say::and_undecided(),
        };
        let in_time = match (late, overdue, needed_by) {
            (Some(late), ..) if late > Span::ZERO => Some(say::and_late(late)),
            (Some(_), ..) => Some(say::and_in_time()),
            (_, Some(over), _) => Some(say::and_by_now_late(over)),
            (None, None, Some(by)) if decided_at.is_none() => Some(say::and_time_left(by.since(at))),
            _ => None,
        };
        let said = say::gate_times(gate)
            .and(asked_at.map(say::and_asked_on))
            .and(needed_by.map(say::and_needed_on))
            .and([what])
            .and(in_time);
        let (sentence, messages) = said.tell(self);
        let waits_for = match decided {
            None => self.names(&self.entitled(gate), " or "),
            Some(_) => None,
        };
        let by_whom = ruling.event().or(decided.map(|(_, event)| event));
        let events = [asked.map(|(_, e)| e), needed.map(|(_, e)| e), by_whom];
        grounds.evidence.extend(events.into_iter().flatten());
        GateTiming {
            gate: self.id(gate).to_owned(),
            title: self.title(gate).to_owned(),
            stage: stage.map(|(stage, _)| stage.into()),
            asked_at,
            needed_by,
            decided_at,
            decision: decided.and_then(|(decision, _)| decision),
            by,
            waits_for,
            late,
            overdue,
            waited: waited.filter(|waited| *waited >= Span::ZERO),
            sentence,
            messages,
            evidence: keys(self, events.into_iter().flatten()),
        }
    }
}
