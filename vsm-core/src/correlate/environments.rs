//! Environments that tools call by other names than we do: declared, and then one item.

use serde::{Deserialize, Serialize};

use std::collections::BTreeSet;

use super::CorrelationRules;
use super::findings::event_id;
use crate::hash::HashMap;
use crate::model::{Event, Kind};
use crate::record::RULES;
use crate::stream::ValueStream;
use crate::time::Instant;

/// One environment and what tools call it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentNames {
    /// The item that it is: `env:production`.
    pub environment: String,
    /// What it is called too, in any case: ids, titles, or the last parts of ids (`prod`, `PRD`,
    /// `github:acme/shop/environment/production`).
    pub names: Vec<String>,
}

impl ValueStream {
    /// What the rules say of the names of environments, as events that are ready to be applied: each environment that
    /// goes, or ever went, by a declared name becomes the item that is declared, with all that was said of it.
    ///
    /// It is one from the beginning of time, and can't be taken apart again. The name of an environment that is not
    /// declared is left alone, and so is one that is declared for two.
    pub fn infer_aliases(&self, rules: &CorrelationRules) -> Vec<Event> {
        let mut declared: HashMap<String, Option<&str>> = HashMap::default();
        for one in &rules.environments {
            for name in &one.names {
                let place = declared.entry(name.to_lowercase()).or_insert(Some(&one.environment));
                if *place != Some(&*one.environment) {
                    *place = None;
                }
            }
        }
        if declared.is_empty() {
            return Vec::new();
        }
        let mut events = Vec::new();
        for item in self.all().filter(|item| self.kind(*item) == Some(Kind::Environment)) {
            let titles = self.titles_of(item);
            let called = self.names_of(item).flat_map(|id| [id, last_part(id)]).chain(titles);
            let mut found: BTreeSet<&str> = called
                .into_iter()
                .filter_map(|name| declared.get(&name.to_lowercase()).copied().flatten())
                .collect();
            let own = rules.environments.iter().map(|one| &*one.environment);
            found.extend(own.filter(|environment| self.state.resolve(environment) == Some(item)));
            // What goes by the names of two environments would make them one.
            let (Some(environment), 1) = (found.first().copied(), found.len()) else { continue };
            if self.state.resolve(environment) == Some(item) {
                continue;
            }
            let epoch = Instant::from_millis(0).unwrap_or(Instant::MIN);
            let mut event =
                Event::new(RULES, event_id(&["environment", environment, self.id(item)]), epoch, environment);
            event.kind = Some(Kind::Environment);
            event.aliases.push(self.id(item).to_owned());
            events.push(event);
        }
        events.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        events
    }

    /// Every title that an item ever had: a name that was taken for good must not depend on when we looked.
    fn titles_of(&self, item: u32) -> Vec<&str> {
        let sets = self.state.walk(item, self.bounds).flat_map(|(_, stored)| &stored.sets);
        let titles = sets.filter_map(|set| set.title().flatten());
        titles.map(|title| &**title).collect()
    }
}

/// What an environment is called within its tool.
pub(super) fn last_part(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}
