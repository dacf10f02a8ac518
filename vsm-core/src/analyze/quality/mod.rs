//! What in the record can't be right, is missing, or waits to be mapped.

mod found;
mod numbers;
mod order;
mod release;
mod sources;
mod times;

use serde::{Deserialize, Serialize};

use self::found::{Findings, Hit};
use super::lifecycle::Transition;
use super::message::say;
use super::{Basis, Grounds, Message};
use crate::error::{Error, Result};
use crate::graph::Direction::Incoming;
use crate::model::{FlowState, Outcome, Set, state_said};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::texts::NONE;
use crate::time::{Instant, Span};

text_enum! {
    /// What sort of trouble a finding is, in the order of the report.
    pub enum FindingGroup {
        /// Two statements that can't both be right.
        Contradiction = "contradiction",
        /// A span that ends before it starts; what would be reckoned from it has no value.
        ImpossibleSpan = "impossible_span",
        /// An event at a time that it can't have, or a clock that is wrong.
        ImplausibleTime = "implausible_time",
        /// A state of a tool that no flow state is known for, or work without any.
        Unmapped = "unmapped",
        /// A number that is left out between two that there are.
        Numbering = "numbering",
        /// An item without a link that its kind should have, or that nobody describes.
        Unlinked = "unlinked",
        /// Something that does not say all that it should.
        Incomplete = "incomplete",
    }
}

/// A question for the quality of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataQualityQuery {
    /// The time it is asked at: what is said to have happened later is a finding.
    pub at: Instant,
    /// Nothing can have happened before; absent = 1990-01-01 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Instant>,
    /// How far the clocks of tools may be apart before a time is held against another; absent = not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Span>,
    /// The steps that releases may take; absent = [`Transition::defaults`](crate::Transition::defaults).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What is wrong with the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataQuality {
    /// By group, most frequent first, then by code and subject. Empty where nothing was found.
    pub findings: Vec<Finding>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One sort of trouble, and how often it occurs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable word for it; [`ValueStream::data_quality`] lists them.
    pub code: String,
    /// The group that the code belongs to.
    pub group: FindingGroup,
    /// What findings of one code are told apart by: a kind, a source, or a source and its status; absent where there is
    /// one finding for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How often it occurs; of numbers that are left out, how many.
    pub count: u64,
    /// At most ten, the largest first where size matters, then by item.
    pub examples: Vec<FindingExample>,
}

/// One case of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingExample {
    /// The items concerned, the one that the finding is about first.
    pub items: Vec<String>,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// The events that say so, as `source:id`.
    pub evidence: Vec<String>,
}

impl DataQualityQuery {
    /// A question with all defaults.
    pub fn new(at: Instant) -> DataQualityQuery {
        DataQualityQuery { at, earliest: None, tolerance: None, transitions: None }
    }

    fn floor(&self) -> Instant {
        // 1990-01-01 in UTC: older than any tool, younger than all that a clock starts from when it was never set.
        self.earliest.or(Instant::from_millis(631_152_000_000)).unwrap_or(Instant::MIN)
    }
}

impl ValueStream {
    /// Everything in the record that can't be right as it stands, that is missing, or that is still to be mapped.
    ///
    /// | code | what is found |
    /// |---|---|
    /// | `done_after_release` | work that was done more than a day after a release with it in scope had shipped; many tools know but the day of a release |
    /// | `not_done_in_shipped_release` | work that is not done, and a release with it in scope has shipped |
    /// | `deployed_before_committed`, `deployed_before_merged` | a deployment that was over before the commit behind its build was made, or the pull request was merged |
    /// | `deployed_before_built` | a deployment that was over before its build began |
    /// | `built_before_committed` | a build that began before its commit was made |
    /// | `tested_before_built` | a test run that began before its build did; one within a build is how pipelines test |
    /// | `incident_before_deployment` | an incident that began before the deployment it was caused by |
    /// | `work_after_cancelled` | work that is cancelled, and a change for it was made later |
    /// | `sources_disagree_on_state` | the last words of two sources are different states, one of them done or cancelled; `new` contradicts nobody, since plans are seldom brought up to date |
    /// | `sources_disagree_on_date` | the last words of two sources are different target dates |
    /// | `two_parents` | two sources, or one at one time, state different parents and neither takes it back; a later one of the same source is a correction |
    /// | `inferred_against_stated` | an inferred commit, build, deployment or release beside another one that is stated |
    /// | `ends_before_start` | `ends_at` is before `starts_at` |
    /// | `done_before_new` | work that is done or cancelled at first, and new only after that by the same source |
    /// | `decided_before_asked` | a gate that was decided before it was ever asked for; a date of asking that was corrected counts no longer |
    /// | `negative_duration` | a test run that took less than no time |
    /// | `in_the_future`, `too_old` | an event after [`at`](DataQualityQuery::at) or before [`earliest`](DataQualityQuery::earliest), by source; a description that holds from 1970 on stands for "always" and is left out |
    /// | `recorded_before_occurred` | an event that was known before it occurred, by source: two clocks that are apart by so much |
    /// | `unmapped_status` | a status of work, incidents or gates with which its source never gives a state or decision, by source and status |
    /// | `without_state` | work without a state, by kind |
    /// | `numbering_gap` | numbers that no item has between two that there are, by kind |
    /// | `transition_not_allowed` | a release whose `lifecycle` took a step that is not among the transitions |
    /// | `waiver_without_expiry` | a gate or criterion that is waived for ever, since nobody says until when |
    /// | `undescribed` | items that nobody says the kind of |
    /// | `unlinked_parent`, `unlinked_change`, ... | what [`coverage`](ValueStream::coverage) counts as unlinked, by kind |
    ///
    /// **Numbering.** A series is what ids have before a number at their end, after a mark: `jira:CHK-`, `jenkins:shop/`;
    /// of releases what their version, else title, has before its last number, zeros at the end left out. It goes from
    /// the first to the last item that is described; one that others only name fills a gap, and so does another name of
    /// an item, such as the key that a moved issue had before. A series of which less than
    /// half is there counts nothing: its numbers are dealt out for more than is told.
    ///
    /// A cycle can't be found, since none is ever accepted. Takes a fixed number of looks at every item, link and event,
    /// O(*N* log *N* + *M* + *E*): about three times as long as `coverage`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a tolerance that is negative or longer than a span can be.
    ///
    /// ```
    /// use vsm_core::{DataQualityQuery, Event, Kind, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let mut build = Event::new("ci", "1", "2026-03-02T09:00:00Z".parse()?, "ci:shop/1");
    /// build.kind = Some(Kind::Build);
    /// build.set.starts_at = Some("2026-03-02T09:00:00Z".parse()?);
    /// stream.apply(build)?;
    /// let mut end = Event::new("ci", "2", "2026-03-02T09:05:00Z".parse()?, "ci:shop/1");
    /// end.set.ends_at = Some("2026-03-02T08:05:00Z".parse()?);
    /// stream.apply(end)?;
    /// let quality = stream.data_quality(&DataQualityQuery::new("2026-03-03T00:00:00Z".parse()?))?;
    /// let codes: Vec<&str> = quality.findings.iter().map(|finding| &*finding.code).collect();
    /// assert_eq!(codes, ["ends_before_start", "unlinked_commit"]);
    /// assert_eq!(quality.findings[0].examples[0].evidence, ["ci:2", "ci:1"]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn data_quality(&self, query: &DataQualityQuery) -> Result<DataQuality> {
        let tolerance = query.tolerance.unwrap_or_default();
        tolerance.check("tolerance")?;
        if tolerance < Span::ZERO {
            return Err(Error::invalid("tolerance", "must not be negative"));
        }
        let mut found = Findings::new(self, tolerance);
        let transitions = query.transitions.clone().unwrap_or_else(Transition::defaults);
        let mut grounds = Grounds::default();
        for item in self.all().filter(|item| self.exists(*item)) {
            grounds.n += 1;
            let Some(kind) = self.kind(item) else {
                self.undescribed(item, &mut found);
                continue;
            };
            if kind.is_work() && self.state_of(item).is_none() {
                let hit = Hit::new(item).event(self.last_event(item));
                found.note(FindingGroup::Unmapped, "without_state", kind.as_str(), hit, |shown| {
                    say::without_state(shown.item(0))
                });
            }
            order::check(&mut found, item, kind);
            release::check(&mut found, item, kind, &transitions);
            sources::check(&mut found, item, kind);
            times::check(&mut found, item, kind);
        }
        times::check_events(&mut found, query);
        sources::check_statuses(&mut found);
        numbers::check(&mut found);
        let coverage = self.coverage();
        let mut findings = found.finish(&mut grounds);
        findings.extend(coverage.rows.iter().filter(|row| row.unlinked > 0).map(|row| {
            let examples = row.examples.iter().filter_map(|id| {
                let item = self.find(id).ok()?;
                let said = self.last_event(item);
                grounds.evidence.extend(said);
                let (sentence, messages) = say::unlinked(item, row.expects.clone().into()).tell(self);
                Some(FindingExample {
                    items: vec![id.clone()],
                    sentence,
                    messages,
                    evidence: said.map(|event| self.key(event).to_owned()).into_iter().collect(),
                })
            });
            Finding {
                code: format!("unlinked_{}", row.expects),
                group: FindingGroup::Unlinked,
                subject: Some(row.kind.as_str().into()),
                count: row.unlinked,
                examples: examples.collect(),
            }
        }));
        findings.sort_by(|a, b| {
            let order = (a.group, b.count).cmp(&(b.group, a.count));
            order.then_with(|| (&a.code, &a.subject).cmp(&(&b.code, &b.subject)))
        });
        grounds.rule("numbering:half_is_there");
        grounds.rule("parents:last_word_of_each_source");
        let mut basis = grounds.finish(self);
        basis.excluded = coverage.basis.excluded;
        Ok(DataQuality { findings, basis })
    }

    fn undescribed(&self, item: u32, found: &mut Findings<'_>) {
        let links = self.touching(item, Incoming).map(|(link, _, other)| (self.evidence(link), other));
        let first = links.min_by(|a, b| self.key(a.0).cmp(self.key(b.0)));
        let (event, other) = first.unwrap_or((self.last_event(item).unwrap_or(NONE), NONE));
        let hit = Hit::new(item).and(other).event(Some(event));
        found.note(FindingGroup::Unlinked, "undescribed", "", hit, |shown| match shown.has(1) {
            true => say::undescribed_linked(shown.item(0), shown.item(1)),
            false => say::undescribed(shown.item(0)),
        });
    }

    /// The events that say where an item stands, first to last, from the last time on that it was not known.
    fn states_said(&self, item: u32) -> Vec<(u32, FlowState)> {
        let mut said = Vec::new();
        for (number, event) in self.chronicle(item) {
            match state_said(&event.sets) {
                Some(Some(state)) => said.push((number, state)),
                Some(None) => said.clear(),
                None => {}
            }
        }
        said
    }

    /// The state of an item, with the event since which it has been in it.
    fn state_since(&self, item: u32) -> Option<(FlowState, u32)> {
        let said = self.states_said(item);
        let (_, state) = *said.last()?;
        let same = said.iter().rev().take_while(|(_, other)| *other == state);
        same.last().map(|(event, _)| (state, *event))
    }

    /// When a run of anything began, as it says itself.
    fn began(&self, item: u32) -> Option<(Instant, u32)> {
        self.last(item, Set::starts_at)
    }

    /// When a run of anything was over: as it says itself, else when it first had a result since it last ran, whatever that
    /// became then.
    fn over(&self, item: u32) -> Option<(Instant, u32)> {
        self.last(item, Set::ends_at).or_else(|| {
            self.outcome(item).filter(|outcome| *outcome != Outcome::Running)?;
            self.result_since(item, |_, other| other != Outcome::Running)
        })
    }
}
