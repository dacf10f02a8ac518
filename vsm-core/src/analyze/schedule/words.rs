//! The words of schedules.

use crate::text_enum::text_enum;

text_enum! {
    /// What is demanded of the dates of an activity.
    pub enum DateConstraint {
        /// It starts then or later.
        StartNoEarlierThan = "start_no_earlier_than",
        /// It starts then or earlier.
        StartNoLaterThan = "start_no_later_than",
        /// It finishes then or later.
        FinishNoEarlierThan = "finish_no_earlier_than",
        /// It finishes then or earlier.
        FinishNoLaterThan = "finish_no_later_than",
        /// It starts then.
        MustStartOn = "must_start_on",
        /// It finishes then.
        MustFinishOn = "must_finish_on",
    }
}

text_enum! {
    /// How work goes on that has started, whatever its links say.
    pub enum ProgressRule {
        /// It goes on when what it depends on allows, and not before the status date (Primavera's default).
        RetainedLogic = "retained_logic",
        /// It goes on at the status date, whatever it depends on.
        ProgressOverride = "progress_override",
        /// It finishes its whole duration after its actual start, whatever the status date is (Microsoft Project's way
        /// as long as nobody reschedules uncompleted work).
        ActualDates = "actual_dates",
    }
}

text_enum! {
    /// What decides when an activity starts.
    pub enum StartCause {
        /// What it needs: its drivers.
        Dependency = "dependency",
        /// A date that is demanded of it.
        Constraint = "constraint",
        /// The start of everything.
        Start = "start",
        /// The status date: what is open can't start in the past.
        StatusDate = "status_date",
        /// It has started.
        Actual = "actual",
    }
}

text_enum! {
    /// By which calendar a lag is counted that is not elapsed time.
    pub enum LagCalendar {
        /// That of the activity that waits, as in Microsoft Project.
        Successor = "successor",
        /// That of the activity that is waited for, as is Primavera's default.
        Predecessor = "predecessor",
        /// That of the network.
        Project = "project",
        /// None: every hour of every day.
        Elapsed = "elapsed",
    }
}

text_enum! {
    /// Where the duration of an activity comes from; the first of these that is known counts.
    pub enum DurationSource {
        /// What is said to be left of it.
        Remaining = "remaining",
        /// An estimate, less what has been worked since it started.
        Estimate = "estimate",
        /// The plan: from its planned start to its target date.
        Plan = "plan",
        /// A percentile of how long finished items of its kind took.
        History = "history",
        /// The default of the question.
        Default = "default",
    }
}
