//! What all issues of an input say together: which category a status has, which key an id means.

use std::collections::BTreeMap;

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
    categories: HashMap<String, [u32; 3]>,
    keys_by_id: HashMap<String, String>,
    /// The moves of issues, from one key to the next, by their key or `id/` and their id of today.
    moves: BTreeMap<String, Vec<(String, String)>>,
    /// The first key of issues that were moved, by their key of today.
    first_keys: HashMap<String, String>,
    pub(super) keys: HashSet<String>,
    /// What the words of the link types in the input say.
    link_words: HashMap<String, Relation>,
    epic_fields: HashSet<String>,
    size_fields: HashSet<String>,
}

impl<'i> Context<'i> {
    pub(super) fn new(options: &'i IngestOptions, stamps: Stamps) -> Context<'i> {
        Context {
            options,
            stamps,
            categories: HashMap::default(),
            keys_by_id: HashMap::default(),
            moves: BTreeMap::default(),
            first_keys: HashMap::default(),
            keys: HashSet::default(),
            link_words: HashMap::default(),
            // The same in every Jira Cloud; elsewhere `names` or the changelog tell.
            epic_fields: HashSet::from_iter(["customfield_10014".to_owned()]),
            size_fields: HashSet::default(),
        }
    }

    pub(super) fn learn_names(&mut self, names: &Names<'_>) {
        for (id, name) in &names.0 {
            if let (Some(id), Some(name)) = (id.get(), name.get()) {
                self.learn_field(id, name);
            }
        }
    }

    fn learn_field(&mut self, id: &str, name: &str) {
        match name.to_lowercase().as_str() {
            "epic link" => insert(&mut self.epic_fields, id),
            "story points" | "story point estimate" => insert(&mut self.size_fields, id),
            _ => {}
        }
    }

    /// What a changelog says: names of fields, and moves of the issue to another key.
    pub(super) fn learn_changes(&mut self, issue: &Issue<'_>) {
        let changes = issue.changelog.0.iter().flat_map(|log| log.histories.0.iter().chain(&log.values.0));
        for change in changes.filter_map(|history| history.0.as_ref()).flat_map(|history| &history.items.0) {
            let Some(change) = &change.0 else { continue };
            if let (Some(id), Some(name)) = (change.field_id.get(), change.field.get()) {
                self.learn_field(id, name);
            }
            if change.field.get() == Some("Key")
                && let (Some(from), Some(to)) = (change.from_string.get(), change.to_string.get())
                && is_key(from)
            {
                let name = issue.key.owned().or_else(|| Some(format!("id/{}", issue.id.get()?)));
                let moves = self.moves.entry(name.unwrap_or_default()).or_default();
                let step = (from.to_owned(), to.to_owned());
                // A page may tell what another one told.
                if !moves.contains(&step) {
                    moves.push(step);
                }
            }
        }
    }

    /// Works out what all records together say.
    pub(super) fn settle(&mut self) {
        let mut by_key: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (name, moves) in std::mem::take(&mut self.moves) {
            let by_id = name.strip_prefix("id/").and_then(|id| self.keys_by_id.get(id));
            let known = by_key.entry(by_id.unwrap_or(&name).clone()).or_default();
            known.extend(moves.into_iter().filter(|step| !known.contains(step)).collect::<Vec<_>>());
        }
        for (key, moves) in by_key {
            if let Some(first) = first_key(moves, &key) {
                self.first_keys.insert(key, first);
            }
        }
    }

    pub(super) fn learn(&mut self, issue: &Issue<'_>) {
        if let Some(key) = issue.key.get() {
            insert(&mut self.keys, key);
            if let Some(id) = issue.id.get() {
                self.learn_id(id, key);
            }
        }
        self.learn_changes(issue);
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
                self.learn_id(id, key);
            }
            if let Some(fields) = &other.fields.0 {
                self.learn_status(&fields.status.0);
            }
        }
    }

    fn learn_id(&mut self, id: &str, key: &str) {
        if self.keys_by_id.get(id).is_none_or(|known| known != key) {
            self.keys_by_id.insert(id.to_owned(), key.to_owned());
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

    fn learn_status(&mut self, status: &Option<Status<'_>>) {
        let Some(status) = status else { return };
        if let (Some(id), Some(category)) = (status.id.get(), category(status)) {
            if !self.categories.contains_key(id) {
                self.categories.insert(id.to_owned(), [0; 3]);
            }
            let seen = self.categories.get_mut(id);
            if let Some(count) = seen.and_then(|seen| seen.get_mut(category as usize)) {
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
        self.first_keys.get(key).map_or(key, String::as_str)
    }

    /// The key of another issue as a change names it: by key, or by id where the input has that issue.
    pub(super) fn key_of<'k>(&'k self, id: Option<&str>, key: Option<&'k str>) -> Option<&'k str> {
        key.filter(|key| is_key(key)).or_else(|| self.keys_by_id.get(id?).map(String::as_str))
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

fn insert(set: &mut HashSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
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
fn first_key(mut moves: Vec<(String, String)>, key: &str) -> Option<String> {
    let mut first = key.to_owned();
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
        let moves = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
        };
        assert_eq!(first_key(moves(&[("B-2", "C-3"), ("A-1", "B-2")]), "C-3").as_deref(), Some("A-1"));
        assert_eq!(first_key(moves(&[("B-2", "C-3"), ("C-3", "B-2")]), "C-3"), None);
    }
}
