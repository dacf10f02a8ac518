//! What Jira's usual names mean. Names are compared without regard to case, hyphens and extra spaces.

use crate::model::{FlowState, Kind, Severity};

/// What a status category says: `new`, `indeterminate`, `done` by key, or 2, 4, 3 by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    New,
    InProgress,
    Done,
}

impl Category {
    /// The key is what the interface documents; the id stands in where there is none.
    pub(super) fn of(key: Option<&str>, id: Option<i64>) -> Option<Category> {
        match (key, id) {
            (Some("new"), _) | (None, Some(2)) => Some(Category::New),
            (Some("indeterminate"), _) | (None, Some(4)) => Some(Category::InProgress),
            (Some("done"), _) | (None, Some(3)) => Some(Category::Done),
            _ => None,
        }
    }
}

/// A name in the form that the tables below have.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for word in name.split(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '_')) {
        if !word.is_empty() {
            plain.push_str(if plain.is_empty() { "" } else { " " });
            plain.push_str(word);
        }
    }
    if plain.is_ascii() {
        plain.make_ascii_lowercase();
        return plain;
    }
    plain.to_lowercase().replace('’', "'")
}

pub(super) fn kind(issue_type: &str) -> Option<Kind> {
    Some(match plain(issue_type).as_str() {
        "theme" | "initiative" | "strategic theme" => Kind::Theme,
        "epic" => Kind::Epic,
        "feature" | "new feature" | "improvement" | "enhancement" => Kind::Feature,
        "story" | "user story" | "task" | "sub task" | "subtask" | "spike" => Kind::Story,
        "bug" | "defect" => Kind::Defect,
        "risk" | "security" | "vulnerability" | "compliance" => Kind::Risk,
        "technical debt" | "tech debt" | "technical task" | "tech task" | "debt" => Kind::Debt,
        "incident" | "[system] incident" => Kind::Incident,
        _ => return None,
    })
}

/// The state of a status by its category, made finer by its name; by the name alone where the category is not known.
pub(super) fn state(category: Option<Category>, status: &str) -> Option<FlowState> {
    let named = state_by_name(&plain(status));
    match category {
        Some(Category::New) => Some(FlowState::New),
        Some(Category::InProgress) if named == Some(FlowState::Waiting) => named,
        Some(Category::InProgress) => Some(FlowState::Active),
        Some(Category::Done) if named == Some(FlowState::Cancelled) => named,
        Some(Category::Done) => Some(FlowState::Done),
        None => named,
    }
}

fn state_by_name(status: &str) -> Option<FlowState> {
    Some(match status {
        "to do"
        | "todo"
        | "open"
        | "new"
        | "backlog"
        | "reopened"
        | "inbox"
        | "funnel"
        | "draft"
        | "planned"
        | "selected for development"
        | "ready"
        | "ready for dev"
        | "ready for development" => FlowState::New,
        "in progress" | "in development" | "development" | "in analysis" | "analysis" | "in design"
        | "design" | "in review" | "review" | "code review" | "in test" | "in testing" | "testing"
        | "in qa" | "qa" | "verification" | "implementing" => FlowState::Active,
        "blocked" | "waiting" | "on hold" | "hold" | "pending" | "paused" | "impeded" => FlowState::Waiting,
        "done" | "closed" | "resolved" | "complete" | "completed" | "finished" | "released" | "deployed" => {
            FlowState::Done
        }
        "cancelled" | "canceled" | "won't do" | "wont do" | "won't fix" | "wont fix" | "rejected"
        | "declined" | "abandoned" | "obsolete" | "duplicate" | "invalid" | "withdrawn" => {
            FlowState::Cancelled
        }
        // A queue before the next step.
        other if ["waiting for ", "awaiting ", "ready for "].iter().any(|queue| other.starts_with(queue)) => {
            FlowState::Waiting
        }
        _ => return None,
    })
}

/// Whether a resolution says that the work was given up rather than done.
pub(super) fn gives_up(resolution: &str) -> bool {
    matches!(
        plain(resolution).as_str(),
        "won't fix"
            | "wont fix"
            | "won't do"
            | "wont do"
            | "duplicate"
            | "cannot reproduce"
            | "can't reproduce"
            | "invalid"
            | "incomplete"
            | "not a bug"
            | "rejected"
            | "declined"
            | "obsolete"
            | "abandoned"
            | "cancelled"
            | "canceled"
    )
}

pub(super) fn severity(priority: &str) -> Option<Severity> {
    Some(match plain(priority).as_str() {
        "blocker" | "highest" => Severity::Blocker,
        "critical" | "high" => Severity::Critical,
        "major" | "medium" => Severity::Major,
        "minor" | "low" => Severity::Minor,
        "trivial" | "lowest" => Severity::Trivial,
        _ => return None,
    })
}

/// What a link type says, read from its outward end: "this issue blocks the other".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The other can't go on before this one is done.
    Blocks,
    /// This one can't go on before the other is done.
    DependsOn,
    /// Anything else that is known.
    Relates,
    Unknown,
}

impl Relation {
    /// The same, read from the other end.
    pub(super) fn reversed(self) -> Relation {
        match self {
            Relation::Blocks => Relation::DependsOn,
            Relation::DependsOn => Relation::Blocks,
            other => other,
        }
    }
}

/// The relation of a link type: by its words, which say the direction, else by its name, which is never translated.
pub(super) fn relation(name: &str, outward: &str, inward: &str) -> Relation {
    if let Some(relation) = by_words(&plain(outward)) {
        return relation;
    }
    if let Some(relation) = by_words(&plain(inward)) {
        return relation.reversed();
    }
    match plain(name).as_str() {
        "blocks" | "blocker" | "blocked" => Relation::Blocks,
        "depends" | "dependency" | "dependent" => Relation::DependsOn,
        "relates" | "relate" | "related" | "duplicate" | "duplicates" | "cloners" | "clones" | "cloned"
        | "causes" | "problem/incident" | "includes" | "issue split" | "tests" => Relation::Relates,
        _ => Relation::Unknown,
    }
}

/// The relation that the words of one end say, in the form that [`plain`] gives.
pub(super) fn by_words(words: &str) -> Option<Relation> {
    Some(match words {
        "blocks" | "is required for" | "is a prerequisite of" | "has to be done before" | "precedes" => {
            Relation::Blocks
        }
        "depends on" | "is blocked by" | "requires" | "needs" | "has to be done after" => Relation::DependsOn,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_loosely() {
        assert_eq!(kind("Sub-task"), Some(Kind::Story));
        assert_eq!(kind("Technical-Debt"), Some(Kind::Debt));
        assert_eq!(kind("  new   FEATURE "), Some(Kind::Feature));
        assert_eq!(kind("Wish"), None);
        assert!(gives_up("Won’t Do") && gives_up("Won't fix") && !gives_up("Done") && !gives_up("Fixed"));
        assert_eq!(severity("HIGHEST"), Some(Severity::Blocker));
        assert_eq!(severity("P1"), None);
    }

    #[test]
    fn a_category_decides_and_a_name_makes_it_finer() {
        use Category::{Done, InProgress, New};
        let table = [
            (Some(New), "In Progress", Some(FlowState::New)),
            (Some(New), "On Hold", Some(FlowState::New)),
            (Some(InProgress), "Build", Some(FlowState::Active)),
            (Some(InProgress), "Blocked", Some(FlowState::Waiting)),
            (Some(InProgress), "Waiting for support", Some(FlowState::Waiting)),
            (Some(InProgress), "Ready for test", Some(FlowState::Waiting)),
            (Some(InProgress), "Done", Some(FlowState::Active)),
            (Some(Done), "Closed", Some(FlowState::Done)),
            (Some(Done), "Won't do", Some(FlowState::Cancelled)),
            (None, "To Do", Some(FlowState::New)),
            (None, "Ready for Dev", Some(FlowState::New)),
            (None, "In Review", Some(FlowState::Active)),
            (None, "On Hold", Some(FlowState::Waiting)),
            (None, "Resolved", Some(FlowState::Done)),
            (None, "Cancelled", Some(FlowState::Cancelled)),
            (None, "Quelque part", None),
        ];
        for (category, name, expected) in table {
            assert_eq!(state(category, name), expected, "{category:?} {name}");
        }
    }

    #[test]
    fn the_key_of_a_category_comes_before_its_id() {
        assert_eq!(Category::of(Some("new"), Some(3)), Some(Category::New));
        assert_eq!(Category::of(None, Some(3)), Some(Category::Done));
        assert_eq!(Category::of(Some("undefined"), Some(1)), None);
    }

    #[test]
    fn directions_come_from_the_words() {
        let table = [
            ("Blocks", "blocks", "is blocked by", Relation::Blocks),
            ("Depends", "depends on", "is dependent of", Relation::DependsOn),
            ("Gantt: finish-start", "has to be done before", "has to be done after", Relation::Blocks),
            // The other way round: the outward end is the one that waits.
            ("Dependency", "is waiting", "blocks", Relation::DependsOn),
            ("Blocks", "阻塞", "被阻塞", Relation::Blocks),
            ("Cloners", "clones", "is cloned by", Relation::Relates),
            ("Marriage", "loves", "is loved by", Relation::Unknown),
        ];
        for (name, outward, inward, expected) in table {
            assert_eq!(relation(name, outward, inward), expected, "{name}");
        }
    }
}
