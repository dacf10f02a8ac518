//! What all issues of an input say together: which category a status has, which key an id means.

use super::payload::{Fields, Issue, IssueType, LinkType, Names, Other, Status};
use super::words::{self, Category, Relation};
use crate::hash::{HashMap, HashSet};
use crate::ingest::loose::Text;
use crate::ingest::timestamp::Stamps;
use crate::ingest::{IngestOptions, Ingested, LONGEST_KEY, id_part};
use crate::model::{FlowState, Kind};

pub(super) struct Context<'i> {
    pub(super) options: &'i IngestOptions,
    pub(super) stamps: Stamps,
    /// How often a status, by id, was seen with each category.
    categories: HashMap<&'i str, [u32; 3]>,
    keys_by_id: HashMap<&'i str, &'i str>,
    /// The first key of issues that were moved, by their key of today.
    first_keys: HashMap<&'i str, &'i str>,
    pub(super) keys: HashSet<&'i str>,
    /// What the words of the link types in the input say.
    link_words: HashMap<String, Relation>,
    epic_fields: HashSet<&'i str>,
    size_fields: HashSet<&'i str>,
}

impl<'i> Context<'i> {
    pub(super) fn new(options: &'i IngestOptions, stamps: Stamps) -> Context<'i> {
        Context {
            options,
            stamps,
            categories: HashMap::default(),
            keys_by_id: HashMap::default(),
            first_keys: HashMap::default(),
            keys: HashSet::default(),
            link_words: HashMap::default(),
            // The same in every Jira Cloud; elsewhere `names` or the changelog tell.
            epic_fields: HashSet::from_iter(["customfield_10014"]),
            size_fields: HashSet::default(),
        }
    }

    pub(super) fn learn_names(&mut self, names: &'i Names<'_>) {
        for (id, name) in &names.0 {
            if let (Some(id), Some(name)) = (id.get(), name.get()) {
                self.learn_field(id, name);
            }
        }
    }

    fn learn_field(&mut self, id: &'i str, name: &str) {
        match name.to_lowercase().as_str() {
            "epic link" => self.epic_fields.insert(id),
            "story points" | "story point estimate" => self.size_fields.insert(id),
            _ => false,
        };
    }

    pub(super) fn learn(&mut self, issue: &'i Issue<'_>) {
        if let Some(key) = issue.key.get() {
            self.keys.insert(key);
            if let Some(id) = issue.id.get() {
                self.keys_by_id.insert(id, key);
            }
            if let Some(first) = first_key(issue, key) {
                self.first_keys.insert(key, first);
            }
        }
        let changes = issue.changelog.0.iter().flat_map(|log| log.histories.0.iter().chain(&log.values.0));
        for change in changes.filter_map(|history| history.0.as_ref()).flat_map(|history| &history.items.0) {
            if let Some(change) = &change.0
                && let (Some(id), Some(name)) = (change.field_id.get(), change.field.get())
            {
                self.learn_field(id, name);
            }
        }
        let Some(fields) = &issue.fields.0 else { return };
        self.learn_status(&fields.status.0);
        let linked = || fields.issuelinks.0.iter().filter_map(|link| link.0.as_ref());
        for link_type in linked().filter_map(|link| link.link_type.0.as_ref()) {
            self.learn_words(link_type);
        }
        let others = linked()
            .flat_map(|link| [&link.outward_issue, &link.inward_issue])
            .chain(&fields.subtasks.0)
            .chain([&fields.parent]);
        for other in others.filter_map(|other| other.0.as_ref()) {
            if let (Some(id), Some(key)) = (other.id.get(), other.key.get()) {
                self.keys_by_id.insert(id, key);
            }
            if let Some(fields) = &other.fields.0 {
                self.learn_status(&fields.status.0);
            }
        }
    }

    fn learn_words(&mut self, link_type: &LinkType<'_>) {
        let relation = self.relation(Some(link_type));
        for (words, relation) in [(&link_type.outward, relation), (&link_type.inward, relation.reversed())] {
            if let Some(words) = words.get() {
                self.link_words.insert(words::plain(words), relation);
            }
        }
    }

    /// What a link type says, read from its outward end.
    pub(super) fn relation(&self, link_type: Option<&LinkType<'_>>) -> Relation {
        let Some(of) = link_type else { return Relation::Unknown };
        let text = |text: &Text<'_>| text.owned().unwrap_or_default();
        words::relation(&text(&of.name), &text(&of.outward), &text(&of.inward))
    }

    /// What the words of a link say, read from the issue that is their subject.
    pub(super) fn relation_of_words(&self, words: &str) -> Option<Relation> {
        let words = words::plain(words);
        self.link_words.get(&words).copied().or_else(|| words::by_words(&words))
    }

    fn learn_status(&mut self, status: &'i Option<Status<'_>>) {
        let Some(status) = status else { return };
        if let (Some(id), Some(category)) = (status.id.get(), category(status)) {
            let seen = self.categories.entry(id).or_default();
            if let Some(count) = seen.get_mut(category as usize) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// The category that a status was seen with most often; among equals the one that is further on.
    fn learnt(&self, status_id: &str) -> Option<Category> {
        let seen = self.categories.get(status_id)?;
        let categories = [Category::New, Category::InProgress, Category::Done];
        seen.iter().zip(categories).filter(|(count, _)| **count > 0).max().map(|(_, category)| category)
    }

    /// The state of a status: as declared, by the category that the issue gives it, by the one that other issues of
    /// the input give it, by its name.
    pub(super) fn state(
        &self,
        fields: &Fields<'_>,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<FlowState> {
        let declared = |key: &str| {
            let states = &self.options.states;
            states
                .get(key)
                .or_else(|| states.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, state)| state))
        };
        if let Some(state) = id.and_then(declared).or_else(|| name.and_then(declared)) {
            return Some(*state);
        }
        let current = fields.status.0.as_ref().filter(|current| match (id, current.id.get()) {
            (Some(id), Some(current)) => id == current,
            _ => name.is_some() && name == current.name.get(),
        });
        let category = current.and_then(category).or_else(|| self.learnt(id?));
        words::state(category, name.unwrap_or_default())
    }

    /// The kind of an issue type; one that no rule knows is a story, and counted.
    pub(super) fn kind(
        &self,
        current: Option<&IssueType<'_>>,
        id: Option<&str>,
        name: Option<&str>,
        ingested: &mut Ingested,
    ) -> Option<Kind> {
        let shown = name.or(id)?;
        let declared = self.options.kinds.iter().find(|(declared, _)| declared.eq_ignore_ascii_case(shown));
        if let Some(kind) = declared.map(|(_, kind)| *kind).or_else(|| words::kind(shown)) {
            return Some(kind);
        }
        let current = current.filter(|current| id.is_some() && current.id.get() == id);
        match current.and_then(|current| current.hierarchy_level.int()) {
            Some(1) => return Some(Kind::Epic),
            Some(2..) => return Some(Kind::Theme),
            _ => {}
        }
        if current.and_then(|current| current.subtask.flag()) != Some(true) {
            ingested.count(format!("issue type: {}", id_part(shown)));
        }
        Some(Kind::Story)
    }

    /// The key that an issue's item is named by: its first one, which moving it to another project doesn't change.
    pub(super) fn item_key<'k>(&'k self, key: &'k str) -> &'k str {
        self.first_keys.get(key).copied().unwrap_or(key)
    }

    /// The key of another issue as a change names it: by key, or by id where the input has that issue.
    pub(super) fn key_of<'k>(&'k self, id: Option<&str>, key: Option<&'k str>) -> Option<&'k str> {
        key.filter(|key| is_key(key)).or_else(|| self.keys_by_id.get(id?).copied())
    }

    /// The parent that the fields name: the parent proper, else the epic.
    pub(super) fn parent<'k>(&'k self, fields: &'k Fields<'_>) -> Option<&'k str> {
        let key = |other: &'k Option<Other<'_>>| {
            other.as_ref().and_then(|other| self.key_of(other.id.get(), other.key.get()))
        };
        let linked = || {
            let epics = fields
                .custom
                .iter()
                .filter(|(id, _)| id.get().is_some_and(|id| self.epic_fields.contains(id)));
            epics.filter_map(|(_, value)| value.text()).find(|key| is_key(key))
        };
        key(&fields.parent.0).or_else(|| key(&fields.epic.0)).or_else(linked)
    }

    pub(super) fn size(&self, fields: &Fields<'_>) -> Option<f64> {
        let sized = |id: &Text<'_>| id.get().is_some_and(|id| self.size_fields.contains(id));
        fields.custom.iter().filter(|(id, _)| sized(id)).find_map(|(_, value)| value.float())
    }

    /// The application of a project.
    pub(super) fn application(&self, issue_key: &str, fields: &Fields<'_>) -> Option<&'i str> {
        let project = fields.project.0.as_ref().and_then(|project| project.key.get());
        let project = project.or_else(|| issue_key.rsplit_once('-').map(|(project, _)| project));
        let own = project.and_then(|project| self.options.applications.get(project));
        own.or(self.options.application.as_ref()).map(String::as_str)
    }
}

fn category(status: &Status<'_>) -> Option<Category> {
    let category = status.status_category.0.as_ref()?;
    Category::of(category.key.get(), category.id.int())
}

/// `CHK-12`: letters, digits and underscores, a hyphen, a number.
pub(super) fn is_key(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(project, number)| {
        text.len() <= LONGEST_KEY
            && project.starts_with(|c: char| c.is_ascii_alphabetic())
            && project.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The key before the first of the moves that led to today's.
fn first_key<'i>(issue: &'i Issue<'_>, key: &'i str) -> Option<&'i str> {
    let log = issue.changelog.0.as_ref()?;
    let mut moves: Vec<(&str, &str)> = Vec::new();
    for history in log.histories.0.iter().chain(&log.values.0).filter_map(|history| history.0.as_ref()) {
        for change in history.items.0.iter().filter_map(|change| change.0.as_ref()) {
            if change.field.get() == Some("Key")
                && let (Some(from), Some(to)) = (change.from_string.get(), change.to_string.get())
                && is_key(from)
            {
                moves.push((from, to));
            }
        }
    }
    let mut first = key;
    while let Some(at) = moves.iter().position(|(_, to)| *to == first) {
        // Each move is taken once, so that a circle comes to an end.
        first = moves.swap_remove(at).0;
    }
    (first != key).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_like_keys() {
        for key in ["CHK-1", "A_1-22", "chk-3"] {
            assert!(is_key(key), "{key}");
        }
        for text in ["", "-", "CHK-", "-1", "1A-1", "CH K-1", "CHK-1a", "10075", "é-1"] {
            assert!(!is_key(text), "{text}");
        }
    }

    #[test]
    fn a_moved_issue_goes_by_its_first_key() {
        let moves = |pairs: &[(&str, &str)]| {
            let items: Vec<String> = pairs
                .iter()
                .map(|(from, to)| format!(r#"{{"field":"Key","fromString":"{from}","toString":"{to}"}}"#))
                .collect();
            format!(r#"{{"key":"C-3","changelog":{{"histories":[{{"items":[{}]}}]}}}}"#, items.join(","))
        };
        let text = moves(&[("B-2", "C-3"), ("A-1", "B-2")]);
        let issue: Issue<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(first_key(&issue, "C-3"), Some("A-1"));
        let text = moves(&[("B-2", "C-3"), ("C-3", "B-2")]);
        let issue: Issue<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(first_key(&issue, "C-3"), None);
    }
}
