//! Every code, with its English template and what is put into it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Arg, MessageArg, MessageTemplate, Say, Template};
use crate::analyze::readiness::Verdict;
use crate::time::{Instant, Span};

/// What the maker of a message is given for an argument of a sort.
macro_rules! value {
    (Item) => { u32 };
    (Items) => { Vec<u32> };
    (Listed) => { (String, Vec<String>) };
    (Day) => { Instant };
    (Time) => { Instant };
    (Moment) => { (String, Instant) };
    (Span) => { Span };
    (Long) => { Span };
    (Apart) => { Span };
    (Word) => { Cow<'static, str> };
    (Plain) => { Cow<'static, str> };
    (Verdict) => { Verdict };
    (Number) => { u64 };
    (Figure) => { f64 };
    (Text) => { String };
}

/// What a sort of argument is for those who translate.
macro_rules! told {
    (Listed) => {
        MessageArg::Items
    };
    (Moment) => {
        MessageArg::Time
    };
    (Long) => {
        MessageArg::Span
    };
    (Apart) => {
        MessageArg::Span
    };
    (Plain) => {
        MessageArg::Word
    };
    (Verdict) => {
        MessageArg::Word
    };
    (Figure) => {
        MessageArg::Number
    };
    ($sort:ident) => {
        MessageArg::$sort
    };
}

/// Makes of each line `code(argument: Sort, ...) = template;` an entry of the table and a function that says it.
macro_rules! table {
    ($( $code:ident($($arg:ident: $sort:ident),*) = $text:literal; )+) => {
        const TABLE: &[Template] = &[$(Template {
            code: stringify!($code),
            text: $text,
            args: &[$((stringify!($arg), told!($sort))),*],
        }),+];

        /// The code and the English template of every message; [`messages`] gives them with their arguments.
        pub const MESSAGES: &[(&str, &str)] = &[$((stringify!($code), $text)),+];

        pub(in crate::analyze) mod say {
            use super::*;

            $(pub(in crate::analyze) fn $code($($arg: value!($sort)),*) -> Say {
                const TEMPLATE: &Template = &Template {
                    code: stringify!($code),
                    text: $text,
                    args: &[$((stringify!($arg), told!($sort))),*],
                };
                Say::one(TEMPLATE, vec![$(Arg::$sort($arg)),*])
            })+
        }
    };
}

/// Every message that there is, with its English template and its arguments, grouped by what they are about.
///
/// ```
/// let template = vsm_core::messages().into_iter().find(|one| one.code == "work_not_started").unwrap();
/// assert_eq!(template.text, "{item} has not been started.");
/// assert_eq!(template.args["item"], vsm_core::MessageArg::Item);
/// ```
pub fn messages() -> Vec<MessageTemplate> {
    let owned = |(name, sort): &(&str, MessageArg)| ((*name).to_owned(), *sort);
    let template = |one: &Template| MessageTemplate {
        code: one.code.to_owned(),
        text: one.text.to_owned(),
        args: one.args.iter().map(owned).collect::<BTreeMap<_, _>>(),
    };
    TABLE.iter().map(template).collect()
}

table! {
    // Work.
    work_state_unknown(item: Item) = "Nobody says whether {item} is done.";
    work_not_started(item: Item) = "{item} has not been started.";
    work_in_progress(item: Item) = "{item} is being worked on and not done.";
    work_waiting(item: Item) = "{item} has been begun, waits, and is not done.";
    and_depends_on(needed: Items) = "; it depends on {needed}, which is not done either.";
    work_not_known_tested(item: Item) = "No build that holds {item} is known to have passed its tests.";
    work_failed_tests(item: Item) = "The build that holds {item} failed its tests.";
    work_in_no_build(item: Item) = "{item} is in no successful build.";
    work_without_change(item: Item) = "No change is linked to {item}, so nobody can tell whether it is in a build.";
    work_perhaps_in_build(item: Item, builds: Items) = "No change is linked to {item}, so nobody can tell whether it is in {builds}.";
    work_not_in_build(item: Item, builds: Items, change: Item) = "{item} is not in {builds}: change {change} is missing.";
    work_complete(item: Item) = "{item} is done, built and tested.";
    defect_open(item: Item, severity: Word) = "{item} is open, with severity {severity}.";

    // Builds and their tests.
    build_unfinished(item: Item) = "{item} has not finished.";
    build_ended(item: Item, outcome: Word) = "{item} ended with {outcome}.";
    tests_unknown(build: Item) = "No test run of {build} is known.";
    tests_unknown_in_stage(build: Item, stage: Word) = "No test run of {build} in {stage} is known.";
    tests_failed(item: Item, build: Item) = "{item} of {build} failed.";
    tests_failed_in_stage(item: Item, build: Item, stage: Word) = "{item} of {build} in {stage} failed.";
    tests_failed_some(item: Item, build: Item, failed: Number, all: Number) = "{item} of {build} failed {failed} of {all} tests.";
    tests_failed_some_in_stage(item: Item, build: Item, stage: Word, failed: Number, all: Number) = "{item} of {build} in {stage} failed {failed} of {all} tests.";

    // Releases.
    release_draft(item: Item) = "{item} is a draft that nobody has agreed to.";
    release_on_hold(item: Item) = "{item} is on hold.";
    release_on_hold_since(item: Item, since: Day) = "{item} is on hold since {since}.";
    release_on_hold_by(item: Item, by: Item) = "{item} is on hold, by {by}.";
    release_on_hold_since_by(item: Item, since: Day, by: Item) = "{item} is on hold since {since}, by {by}.";
    and_reason(reason: Text) = ": {reason}.";
    release_without_scope(item: Item) = "{item} has no scope, so nobody can tell whether it is done.";
    release_without_build(item: Item) = "No build of {item} is known that holds its scope.";
    release_without_tested_build(item: Item, stage: Word) = "No build of {item} is known that holds its scope and that passed its tests in {stage}.";
    blackout(item: Item, until: Day, reason: Text) = "{item} is in a blackout until {until}: {reason}.";
    blackout_without_reason(item: Item, until: Day) = "{item} is in a blackout until {until}: no reason given.";

    // Phases and activities.
    phase_state_unknown(item: Item) = "Nobody says whether {item} is over.";
    phase_not_started(item: Item) = "{item} has not been started.";
    phase_not_over(item: Item) = "{item} is not over.";
    and_overdue(due: Day, ago: Span) = "; it was due on {due}, {ago} ago.";

    // Gates and criteria.
    gate_undecided(item: Item) = "{item} is not decided.";
    gate_undecided_by_nobody(item: Item) = "{item} is not decided, and nobody is named who may decide.";
    and_needed_by(needed: Day) = "; it is needed by {needed}.";
    and_was_needed_by(needed: Day, ago: Span) = "; it was needed by {needed}, {ago} ago.";
    and_decided_later(decided: Day) = "; the decision dated {decided} does not count yet.";
    gate_rejected(item: Item) = "{item} was rejected.";
    gate_not_entitled(item: Item, decision: Word, by: Item) = "{item} was {decision} by {by}, who is not entitled to.";
    gate_not_entitled_nobody(item: Item, decision: Word) = "{item} was {decision} by nobody in particular, who is not entitled to.";
    gate_waiver_ended(item: Item, until: Day) = "The waiver of {item} ended on {until}.";
    criterion_unproved(item: Item, whole: Item) = "Nothing is known that shows that {item} of {whole} is met.";
    and_dated_later(dated: Day) = "; what is dated {dated} does not count yet.";
    criterion_rejected(item: Item, whole: Item) = "{item} of {whole} was rejected.";
    criterion_not_entitled(item: Item, whole: Item, decision: Word, by: Item) = "{item} of {whole} was {decision} by {by}, who is not entitled to.";
    criterion_not_entitled_nobody(item: Item, whole: Item, decision: Word) = "{item} of {whole} was {decision} by nobody in particular, who is not entitled to.";
    criterion_waiver_ended(item: Item, whole: Item, until: Day) = "The waiver of {item} of {whole} ended on {until}.";
    criterion_failed(item: Item, whole: Item, evidence: Item, outcome: Word) = "{item} of {whole} is not met: {evidence} ended with {outcome}.";
    criterion_expired(item: Item, whole: Item, evidence: Item, until: Day) = "{item} of {whole} is not met any more: {evidence} expired on {until}.";
    criterion_unfinished(item: Item, whole: Item, evidence: Item) = "{item} of {whole} is not met yet: {evidence} has no result.";

    // Waivers that hold.
    waived(item: Item) = "{item} is waived without an end.";
    waived_until(item: Item, until: Day) = "{item} is waived until {until}.";
    waived_by(item: Item, by: Text) = "{item} is waived by {by} without an end.";
    waived_by_until(item: Item, by: Text, until: Day) = "{item} is waived by {by} until {until}.";
    and_ends_before(due: Day) = "; it ends before the target date {due}.";

    // How late a gate is: the gate, when it was asked for and needed, what came of it, and how late that is.
    gate_times(item: Item) = "{item}:";
    and_asked_on(asked: Day) = " asked for on {asked},";
    and_needed_on(needed: Day) = " needed by {needed},";
    and_decided_on(decision: Word, decided: Day) = " {decision} on {decided}.";
    and_decided_on_by(decision: Word, decided: Day, by: Text) = " {decision} on {decided} by {by}.";
    and_met_on(met: Day) = " passed by its criteria on {met}.";
    and_not_entitled(decision: Word, by: Text) = " {decision} by {by}, who is not entitled to.";
    and_not_entitled_nobody(decision: Word) = " {decision} by nobody in particular, who is not entitled to.";
    and_undecided() = " not decided.";
    and_late(late: Long) = ", {late} late.";
    and_in_time() = ", in time.";
    and_by_now_late(over: Long) = ", {over} overdue.";
    and_time_left(left: Long) = ", {left} left.";

    // Environments and bookings.
    booking_in_blackout(item: Item, from: Day, to: Day, reason: Text) = "{item} lies in a blackout from {from} to {to} and is not overridden: {reason}.";
    booking_in_blackout_without_reason(item: Item, from: Day, to: Day) = "{item} lies in a blackout from {from} to {to} and is not overridden: no reason given.";
    and_not_approved() = "; it is not approved yet either.";
    booking_pending(item: Item, environment: Item) = "{item} of {environment} is not approved yet.";
    booking_overlaps(item: Item, environment: Item, others: Items, from: Day, to: Day, peak: Number, capacity: Number) = "{item} of {environment} overlaps with {others} from {from} to {to}: {peak} at once, {capacity} possible.";
    environment_not_booked(item: Item, release: Item) = "{item} is not booked for {release}.";
    environment_holds_other(item: Item, build: Item, wanted: Item) = "{item} holds {build}, not {wanted}.";
    environment_content_unknown(item: Item, wanted: Item) = "Nobody knows which build {item} holds; it should be {wanted}.";
    conflict_pending(item: Item, bookings: Listed, from: Moment, to: Moment, peak: Number, capacity: Number, movable: Listed) = "{item} is wanted by {bookings} from {from} to {to}: {peak} at once, {capacity} possible; {movable} can give way.";
    conflict_approved(item: Item, bookings: Listed, from: Moment, to: Moment, peak: Number, capacity: Number) = "{item} is wanted by {bookings} from {from} to {to}: {peak} at once, {capacity} possible; all are approved.";
    slot_free(items: Listed, from: Moment, to: Moment) = "{items} is free from {from} to {to}.";
    slot_free_together(items: Listed, from: Moment, to: Moment) = "{items} are free from {from} to {to}.";
    slot_too_short(items: Listed, length: Span, start: Moment, end: Moment, longest: Span, from: Moment) = "{items} is not free for {length} between {start} and {end}: at most for {longest}, from {from}.";
    slot_too_short_together(items: Listed, length: Span, start: Moment, end: Moment, longest: Span, from: Moment) = "{items} are not free for {length} between {start} and {end}: at most for {longest}, from {from}.";
    slot_none(items: Listed, start: Moment, end: Moment) = "{items} is never free between {start} and {end}.";
    slot_none_together(items: Listed, start: Moment, end: Moment) = "{items} are never free between {start} and {end}.";

    // The rules of a policy: one that has a sentence says that, any other one what it misses.
    rule_sentence(sentence: Text) = "{sentence}";
    rule_not_met(item: Item, rule: Text) = "{item} does not meet the rule \"{rule}\":";
    and_also() = ";";
    and_must_not_hold(name: Text) = " \"{name}\" holds and must not.";
    and_may_hold(name: Text) = " nobody can tell whether \"{name}\" holds.";
    and_without_figure(of: Plain, measure: Plain) = " the {of} give no figure for {measure}.";
    and_count(count: Figure, all: Number, of: Plain) = " {count} of {all} {of} match.";
    and_figure(measure: Plain, of: Plain, figure: Figure) = " {measure} of {of} is {figure}.";
    and_more_may(more: Number) = " and {more} more may.";
    and_at_least(low: Figure) = ", at least {low} asked for.";
    and_at_most(high: Figure) = ", at most {high} asked for.";
    and_between(low: Figure, high: Figure) = ", at least {low} and at most {high} asked for.";

    // Verdicts as a whole, and how they change.
    ready(item: Item, stage: Plain) = "{item} is ready for {stage}.";
    not_known_ready(item: Item, stage: Plain) = "{item} is not known to be ready for {stage}:";
    not_ready(item: Item, stage: Plain) = "{item} is not ready for {stage}:";
    verdict_new(item: Item, after: Verdict) = "{item} is new and {after}.";
    verdict_same(item: Item, after: Verdict) = "{item} is still {after}.";
    verdict_changed(item: Item, before: Verdict, after: Verdict) = "{item} was {before} and is {after}.";
    and_because() = ": ";
    and_gone() = "; gone is: ";
    verdict_gone(item: Item) = "{item} has no verdict any more.";
    cancelled(item: Item) = "{item} is cancelled.";
    shipped(item: Item) = "{item} is shipped.";
    gate_passed(item: Item) = "{item} is passed, or not asked for.";
    needs_met(item: Item) = "{item} has all that it needs.";
    needs_not_ready(item: Item) = "{item} still needs what is not ready.";
    needs_unknown(item: Item) = "{item} needs something of which nobody knows whether it is ready.";
    settled_in_time(item: Item, what: Plain, by: Moment, departure: Moment) = "{item} ({what}) by {by} still reaches the departure of {departure}.";
    settled_too_late(item: Item, what: Plain, by: Moment, departure: Moment) = "{item} ({what}) by {by} would have reached the departure of {departure}.";

    // The quality of the data.
    done_after_release(item: Item, at: Time, apart: Apart, release: Item) = "{item} was done at {at}, {apart} after {release} shipped.";
    not_done_in_shipped_release(item: Item, state: Word, release: Item, shipped: Time) = "{item} is {state}, and {release}, which it ships in, shipped at {shipped}.";
    deployed_before_built(item: Item, at: Time, apart: Apart, build: Item) = "{item} was over at {at}, {apart} before {build} began.";
    deployed_before_committed(item: Item, at: Time, apart: Apart, change: Item) = "{item} was over at {at}, {apart} before {change} was made.";
    deployed_before_merged(item: Item, at: Time, apart: Apart, change: Item) = "{item} was over at {at}, {apart} before {change} was merged.";
    built_before_committed(item: Item, at: Time, apart: Apart, change: Item) = "{item} ran at {at}, {apart} before {change} was made.";
    tested_before_built(item: Item, at: Time, apart: Apart, build: Item) = "{item} ran at {at}, {apart} before {build} began.";
    incident_before_deployment(item: Item, at: Time, apart: Apart, cause: Item) = "{item} began at {at}, {apart} before {cause}, which it was caused by.";
    work_after_cancelled(item: Item, at: Time, change: Item, apart: Apart) = "{item} was cancelled at {at}, and {change} was made for it {apart} later.";
    sources_disagree_on_state(item: Item, one: Word, source: Text, other: Word, other_source: Text) = "{item} is {one} for {source} and {other} for {other_source}.";
    sources_disagree_on_date(item: Item, one: Time, source: Text, other: Time, other_source: Text) = "{item} is due at {one} for {source} and at {other} for {other_source}.";
    two_parents(item: Item, one: Item, source: Text, other: Item, other_source: Text) = "The parent of {item} is {one} for {source} and {other} for {other_source}.";
    inferred_against_stated(item: Item, link: Plain, inferred: Item, stated: Item) = "A rule says that {item} {link} {inferred}, but what is stated is {stated}.";
    ends_before_start(item: Item, at: Time, apart: Apart) = "{item} ends at {at}, {apart} before it starts.";
    done_before_new(item: Item, at: Time, apart: Apart) = "{item} was over at {at}, {apart} before it was new.";
    decided_before_asked(item: Item, at: Time, apart: Apart) = "{item} was decided at {at}, {apart} before it was asked for.";
    negative_duration(item: Item, apart: Apart) = "{item} took {apart} less than no time.";
    in_the_future(item: Item, at: Time, apart: Apart) = "An event of {item} is dated {at}, {apart} from now.";
    too_old(item: Item, at: Time, earliest: Time) = "An event of {item} is dated {at}, before {earliest}.";
    recorded_before_occurred(item: Item, at: Time, apart: Apart) = "An event of {item} was known at {at}, {apart} before it occurred.";
    unmapped_status(item: Item, status: Text) = "No state is known for the status of {item} ({status}).";
    without_state(item: Item) = "{item} has no state.";
    numbering_gap(one: Item, other: Item, number: Number) = "Between {one} and {other} {number} is left out.";
    numbering_gaps(one: Item, other: Item, from: Number, to: Number) = "Between {one} and {other} {from} to {to} are left out.";
    transition_not_allowed(item: Item, from: Word, to: Word, at: Time) = "{item} went from {from} to {to} at {at}, which is not allowed.";
    waiver_without_expiry(item: Item) = "The waiver of {item} has no end, so it holds for ever.";
    undescribed(item: Item) = "Nobody says what {item} is.";
    undescribed_linked(item: Item, by: Item) = "Nobody says what {item} is, which {by} links to.";
    unlinked(item: Item, expects: Plain) = "{item} has no {expects}.";

    // What a template leaves as it is.
    template_release_over(state: Word) = "It is {state}, so it is left as it is.";
    template_without_target() = "It has no target date, so nothing of it gets a date.";
    template_dates_unknown() = "Its dates can't be told from the target date and the phases after it.";
    template_date_too_far() = "Its date lies beyond what an instant can be.";
    template_id_too_long() = "Its id would be too long: the release or the template needs shorter names.";
    template_link_taken_back(link: Word, to: Text) = "Its link {link} to {to} was taken back and is not made again.";
    template_value_kept(field: Word, event: Text) = "Its {field} was set by {event} and is kept.";
}
