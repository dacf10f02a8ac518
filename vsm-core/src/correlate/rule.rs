//! The rules by name, and how sure each of them is.

use crate::text_enum::text_enum;

text_enum! {
    /// A rule by which a link is inferred; the words are the `rule` of its links.
    /// [`infer_links`](crate::ValueStream::infer_links) says what each of them does.
    pub enum CorrelationRule {
        /// An issue key in a trailer of a change's message.
        IssueKeyInTrailer = "issue_key_in_trailer",
        /// An issue key in the first line of a commit's message.
        IssueKeyInSubject = "issue_key_in_subject",
        /// An issue key in the title of a pull or merge request.
        IssueKeyInTitle = "issue_key_in_title",
        /// An issue key in the name of a branch.
        IssueKeyInBranch = "issue_key_in_branch",
        /// An issue key in the rest of a commit's message, or in the description of a pull or merge request.
        IssueKeyInBody = "issue_key_in_body",
        /// A forge's own reference in a trailer.
        ReferenceInTrailer = "reference_in_trailer",
        /// A forge's own reference in the first line of a commit's message.
        ReferenceInSubject = "reference_in_subject",
        /// A forge's own reference in the title of a pull or merge request.
        ReferenceInTitle = "reference_in_title",
        /// A forge's own reference in the name of a branch.
        ReferenceInBranch = "reference_in_branch",
        /// A forge's own reference in the rest of a message.
        ReferenceInBody = "reference_in_body",
        /// A shortened hash of a commit.
        ShortHash = "short_hash",
        /// A digest of an artifact.
        ArtifactDigest = "artifact_digest",
        /// A package URL with its version.
        PackageUrl = "package_url",
        /// The address of a run of continuous integration.
        BuildUrl = "build_url",
        /// The job and number of a run.
        JobAndNumber = "job_and_number",
        /// A tag that fits a declared version rule.
        TagName = "tag_name",
        /// A tag that is a release's version to the letter.
        TagIsVersion = "tag_is_version",
        /// The version of a build.
        BuildVersion = "build_version",
        /// The version of a deployment.
        DeploymentVersion = "deployment_version",
        /// The same version of the same application in two tools.
        SameVersion = "same_version",
        /// The id of a change request or incident.
        TicketId = "ticket_id",
        /// CDEvents that name each other.
        EventLink = "event_link",
        /// CDEvents of one chain.
        EventChain = "event_chain",
        /// The latest deployment before an incident.
        LatestDeployment = "latest_deployment",
        /// The latest build before a test run or deployment; only where it is asked for.
        LatestBuild = "latest_build",
    }
}

impl CorrelationRule {
    /// How sure the rule is, from 0 to 1: what its links carry as `confidence`.
    ///
    /// These are judgements, in this order: what was written down in order to be matched (a digest, a declared pattern,
    /// a trailer) is as good as stated; what people write into the place that is for it is right with few exceptions;
    /// a mention in running text may be just that; and time alone says little.
    pub const fn confidence(self) -> f64 {
        use CorrelationRule::*;
        match self {
            IssueKeyInTrailer | ArtifactDigest | TagName => 0.98,
            IssueKeyInSubject | IssueKeyInTitle | BuildUrl => 0.95,
            ReferenceInTrailer | ReferenceInSubject | ReferenceInTitle | ShortHash | PackageUrl
            | JobAndNumber | TagIsVersion | BuildVersion | SameVersion | EventLink => 0.9,
            IssueKeyInBranch | DeploymentVersion => 0.85,
            IssueKeyInBody | ReferenceInBranch | TicketId => 0.8,
            ReferenceInBody | EventChain => 0.7,
            LatestDeployment => 0.5,
            LatestBuild => 0.3,
        }
    }
}
