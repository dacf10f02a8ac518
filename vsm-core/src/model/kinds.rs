//! The words of the model.

use crate::text_enum::text_enum;

text_enum! {
    /// What an item is.
    pub enum Kind {
        /// A strategic theme; a theme without a parent is a strategy.
        Theme = "theme",
        /// A large piece of value, delivered by features.
        Epic = "epic",
        /// A feature.
        Feature = "feature",
        /// A story, or any other small piece of work; flow metrics count it as a feature.
        Story = "story",
        /// A defect.
        Defect = "defect",
        /// A risk to be dealt with, security and compliance work included.
        Risk = "risk",
        /// Technical debt.
        Debt = "debt",
        /// A commit or a pull request.
        Change = "change",
        /// A build of some changes.
        Build = "build",
        /// One run of a test suite.
        TestRun = "test_run",
        /// A place that builds are deployed to.
        Environment = "environment",
        /// One deployment of a build to an environment.
        Deployment = "deployment",
        /// A release.
        Release = "release",
        /// A decision that a release or an item needs.
        Gate = "gate",
        /// A phase of a release, which it is a part of; with a stage it prepares and carries out that stage.
        Phase = "phase",
        /// Something that has to be done for a phase or release and is no work on the product; flow metrics do not count it.
        Activity = "activity",
        /// What has to be so before a gate is passed, or before the phase that it is a part of starts or ends.
        Criterion = "criterion",
        /// A scan, a document or whatever else proves something; what it is, is its attribute `type`.
        Evidence = "evidence",
        /// A booking of an environment.
        Booking = "booking",
        /// An incident in production.
        Incident = "incident",
        /// An application or product.
        Application = "application",
        /// A team.
        Team = "team",
        /// A person or a group with a say.
        Stakeholder = "stakeholder",
    }
}

impl Kind {
    /// Whether items of this kind are work that somebody does: the leaves of roll-ups and the scope of releases.
    pub const fn is_work(self) -> bool {
        matches!(
            self,
            Kind::Theme | Kind::Epic | Kind::Feature | Kind::Story | Kind::Defect | Kind::Risk | Kind::Debt
        )
    }

    /// Whether a part makes its whole the sum of its parts. Criteria never do, and what a release is led by, its phases
    /// and activities, does not replace what it is about.
    pub(crate) fn adds_up(part: Option<Kind>, whole: Option<Kind>) -> bool {
        match part {
            Some(Kind::Criterion | Kind::Evidence) => false,
            Some(Kind::Phase | Kind::Activity) => matches!(whole, Some(Kind::Phase | Kind::Activity)),
            _ => true,
        }
    }
}

text_enum! {
    /// How one item relates to another; read "the item ... the other".
    ///
    /// `parent`, `ships_in`, `gates` and `depends_on` together say what needs what. They may not form a cycle.
    pub enum LinkKind {
        /// The item is a part of the other; an item has one parent at a time, the last one stated.
        Parent = "parent",
        /// The work item is in the scope of the release.
        ShipsIn = "ships_in",
        /// The gate must be passed by the release or item.
        Gates = "gates",
        /// The item needs the other first; carries a [`Dependency`], a lag and a stage.
        DependsOn = "depends_on",
        /// The change does the work of the item.
        Implements = "implements",
        /// The commit comes after its parent commit.
        Follows = "follows",
        /// The build is made from the change and everything that the change follows.
        BuiltFrom = "built_from",
        /// The build is meant to become the release.
        Candidate = "candidate",
        /// The change is the one that the release was tagged at.
        Tags = "tags",
        /// The build contains the work item, as stated by a tool.
        Contains = "contains",
        /// The test run tests the build.
        Tests = "tests",
        /// The test run ran in the environment.
        RanIn = "ran_in",
        /// The deployment brings the build.
        Deploys = "deploys",
        /// The deployment goes to the environment.
        DeployedTo = "deployed_to",
        /// The defect was found in the release or build.
        FoundIn = "found_in",
        /// The incident was caused by the deployment.
        CausedBy = "caused_by",
        /// The booking takes the environment.
        Books = "books",
        /// The booking is for the release.
        BookedFor = "booked_for",
        /// The item belongs to the application, or the stakeholder to the group, of which there may be several.
        BelongsTo = "belongs_to",
        /// The item is answered for by the team or stakeholder.
        OwnedBy = "owned_by",
        /// The gate or criterion may be decided by the stakeholder, or by anybody in that group.
        Approver = "approver",
        /// The gate or criterion was decided by the stakeholder.
        DecidedBy = "decided_by",
        /// The evidence, test run or build proves that the criterion is met.
        Satisfies = "satisfies",
        /// The item is carried out by the stakeholder: the R of RACI.
        Responsible = "responsible",
        /// The stakeholder, or anybody in that group, answers for the item and may decide it as an approver may: the A of
        /// RACI.
        Accountable = "accountable",
        /// The stakeholder is heard before something is decided: the C of RACI.
        Consulted = "consulted",
        /// The stakeholder is told what was decided: the I of RACI.
        Informed = "informed",
        /// Any other relation.
        Relates = "relates",
    }
}

text_enum! {
    /// How an item waits for another it depends on (j waits for i).
    pub enum Dependency {
        /// j starts when i has finished, plus the lag; the default.
        FinishToStart = "finish_to_start",
        /// j starts when i has started, plus the lag.
        StartToStart = "start_to_start",
        /// j finishes when i has finished, plus the lag.
        FinishToFinish = "finish_to_finish",
        /// j finishes when i has started, plus the lag.
        StartToFinish = "start_to_finish",
    }
}

text_enum! {
    /// Where work stands; a tool's own states map to these.
    pub enum FlowState {
        /// Known, not begun.
        New = "new",
        /// Begun, and waiting for somebody or something.
        Waiting = "waiting",
        /// Being worked on.
        Active = "active",
        /// Finished; a release: shipped.
        Done = "done",
        /// Given up; counts in nothing.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Where a release stands in its life, as those who lead it say. Each implies a [`FlowState`].
    pub enum ReleaseState {
        /// An idea that nobody has agreed to; new.
        Draft = "draft",
        /// Agreed to, and not begun; new.
        Planned = "planned",
        /// Being made; active.
        InProgress = "in_progress",
        /// Stopped for now; waiting.
        OnHold = "on_hold",
        /// Made, and being looked at before it is completed; active.
        Review = "review",
        /// Shipped and closed; done.
        Completed = "completed",
        /// Given up; cancelled.
        Cancelled = "cancelled",
    }
}

impl ReleaseState {
    /// The flow state that follows, where the same event says none.
    pub const fn flow_state(self) -> FlowState {
        match self {
            ReleaseState::Draft | ReleaseState::Planned => FlowState::New,
            ReleaseState::InProgress | ReleaseState::Review => FlowState::Active,
            ReleaseState::OnHold => FlowState::Waiting,
            ReleaseState::Completed => FlowState::Done,
            ReleaseState::Cancelled => FlowState::Cancelled,
        }
    }
}

text_enum! {
    /// At which end of a phase a criterion or gate stands.
    pub enum Boundary {
        /// It must be met before the phase may start.
        Entry = "entry",
        /// It must be met before the phase has ended; the default.
        Exit = "exit",
    }
}

text_enum! {
    /// How much a defect hurts, worst first.
    pub enum Severity {
        /// Nothing can go on.
        Blocker = "blocker",
        /// A main function fails.
        Critical = "critical",
        /// A function fails, with a way around.
        Major = "major",
        /// A small thing.
        Minor = "minor",
        /// Cosmetic.
        Trivial = "trivial",
    }
}

text_enum! {
    /// How a build, test run or deployment went.
    pub enum Outcome {
        /// It worked.
        Success = "success",
        /// It failed.
        Failure = "failure",
        /// It was built, with failed tests.
        Unstable = "unstable",
        /// Somebody stopped it.
        Aborted = "aborted",
        /// It did not run.
        NotBuilt = "not_built",
        /// It has not finished.
        Running = "running",
    }
}

text_enum! {
    /// What was decided at a gate.
    pub enum Decision {
        /// Passed.
        Approved = "approved",
        /// Not passed.
        Rejected = "rejected",
        /// Passed by exception, until the waiver expires.
        Waived = "waived",
    }
}

text_enum! {
    /// Where a booking stands.
    pub enum Booking {
        /// Asked for.
        Pending = "pending",
        /// Granted.
        Approved = "approved",
        /// Refused; never in conflict.
        Rejected = "rejected",
        /// Given back; never in conflict.
        Cancelled = "cancelled",
    }
}
