//! A mapping that was checked, and the events that it makes of a row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::pattern::{Columns, Pattern};
use super::rows::Row;
use super::values::{self, Reader};
use super::{MappedLink, TableMapping};
use crate::error::{Error, Result};
use crate::ingest::{IngestOptions, Ingested, Reject, check_key, fingerprint};
use crate::model::{Event, Fields, FlowState, Kind, Link, LinkKind};
use crate::time::{Instant, clip};

pub(super) struct Plan<'m> {
    pub(super) columns: Columns,
    pub(super) delimiter: u8,
    source: &'m str,
    reader: Reader,
    id: Pattern,
    kind: Option<Pattern>,
    fields: Vec<(&'m str, Pattern)>,
    attributes: Vec<(&'m str, Pattern)>,
    words: Words,
    links: Vec<(&'m MappedLink, Pattern)>,
    application: Option<&'m str>,
    occurred_at: Option<Pattern>,
    recorded_at: Option<Instant>,
    reached: Vec<(FlowState, Pattern)>,
    event: Option<Pattern>,
    clear_blank: bool,
}

impl<'m> Plan<'m> {
    pub(super) fn new(mapping: &'m TableMapping, options: &'m IngestOptions) -> Result<Plan<'m>> {
        let mut columns = Columns::default();
        if mapping.source.trim().is_empty() || mapping.source.contains(':') {
            let reason = "must name where the rows are from, without a colon: \"portfolio\"";
            return Err(Error::invalid("mapping.source", reason));
        }
        check_key("mapping.source", Some(&mapping.source))?;
        let mut pattern = |called: &str, text: &str| Pattern::new(called, text, &mut columns);
        let mut optional = |called: &str, text: &Option<String>| {
            text.as_deref().map(|text| pattern(called, text)).transpose()
        };
        let id = optional("id", &Some(mapping.id.clone()).filter(|id| !id.is_empty()))?.ok_or_else(|| {
            Error::invalid("mapping.id", "is missing: write a pattern such as \"plan:{Key}\"")
        })?;
        let kind = optional("kind", &mapping.kind)?;
        let occurred_at = optional("occurred_at", &mapping.occurred_at)?;
        let event = optional("event", &mapping.event)?;
        let mut fields = Vec::new();
        for (name, text) in &mapping.fields {
            if !Fields::NAMES.contains(&name.as_str()) {
                let reason = format!("there is no field of this name, only {}", Fields::NAMES.join(", "));
                return Err(Error::invalid(&format!("mapping.fields.{}", clip(name)), reason));
            }
            fields.push((name.as_str(), pattern(&format!("fields.{name}"), text)?));
        }
        let mut attributes = Vec::new();
        for (name, text) in &mapping.attributes {
            check_key("mapping.attributes", Some(name))?;
            if Fields::NAMES.contains(&name.as_str()) {
                let reason = "this is the name of a field: put it there";
                return Err(Error::invalid(&format!("mapping.attributes.{name}"), reason));
            }
            attributes.push((name.as_str(), pattern(&format!("attributes.{}", clip(name)), text)?));
        }
        let mut links = Vec::new();
        for (n, link) in mapping.links.iter().enumerate() {
            let to = pattern(&format!("links[{n}].to"), &link.to)?;
            check_link(link, &to, &format!("mapping.links[{n}]"))?;
            links.push((link, to));
        }
        let mut reached = Vec::new();
        for (state, text) in &mapping.reached {
            let state_of = FlowState::from_word(state).ok_or_else(|| {
                Error::invalid(
                    &format!("mapping.reached.{}", clip(state)),
                    values::none_of(state, FlowState::ALL),
                )
            })?;
            reached.push((state_of, pattern(&format!("reached.{state}"), text)?));
        }
        let plan = Plan {
            delimiter: delimiter(mapping.delimiter.as_deref())?,
            source: &mapping.source,
            reader: Reader::new(mapping, options)?,
            words: Words::new(mapping)?,
            id,
            kind,
            fields,
            attributes,
            links,
            application: options.application.as_deref(),
            occurred_at,
            recorded_at: options.recorded_at,
            reached,
            event,
            clear_blank: mapping.clear_blank,
            columns,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Tries everything that is the same for every row.
    fn check(&self) -> Result<()> {
        let row = Row::none();
        for (name, pattern) in self.fields.iter().filter(|(_, pattern)| pattern.is_fixed()) {
            self.field(&mut Event::new("", "", Instant::MIN, ""), name, pattern, &row)?;
        }
        if self.kind.as_ref().is_some_and(Pattern::is_fixed) {
            self.kind(&row)?;
        }
        match &self.occurred_at {
            Some(pattern) if pattern.is_fixed() => {
                self.time(pattern, &row)?;
            }
            Some(_) => {}
            None if self.recorded_at.is_none() && !self.reached_only() => {
                let reason = "is missing, and so is the option recorded_at: say since when the rows hold";
                return Err(Error::invalid("mapping.occurred_at", reason));
            }
            None => {}
        }
        if self.event.as_ref().is_some_and(Pattern::is_fixed) {
            return Err(Error::invalid(
                "mapping.event",
                "must have a column in it: each row is another event",
            ));
        }
        Ok(())
    }

    fn reached_only(&self) -> bool {
        let says = self.fields.len() + self.attributes.len() + self.links.len();
        !self.reached.is_empty() && says == 0 && self.kind.is_none()
    }

    pub(super) fn write(&self, row: &Row<'_>, position: u64, ingested: &mut Ingested) {
        let item = self.id.value(row);
        let before = ingested.events.len();
        if let Err(error) = self.events(item.as_deref(), row, ingested) {
            // Of a row that can't be read nothing is said.
            ingested.events.truncate(before);
            ingested.rejects.push(Reject::new(position, item.as_deref(), &error));
        }
    }

    fn events(&self, item: Option<&str>, row: &Row<'_>, ingested: &mut Ingested) -> Result<()> {
        check_item(&self.id.called, item)?;
        let item = item.unwrap_or_default();
        if !self.reached_only() {
            self.whole(item, row, ingested)?;
        }
        for (state, pattern) in &self.reached {
            if let Some(text) = self.words.blankable(pattern.value(row)) {
                let at = self.reader.instant(&pattern.called, &text, pattern.is_fixed())?;
                let id = format!("{item}/reached/{state}/{}", at.millis());
                let mut event = Event::new(self.source, id, at, item);
                event.set.state = Some(*state);
                ingested.events.push(event);
            }
        }
        Ok(())
    }

    /// What the row says as a whole.
    fn whole(&self, item: &str, row: &Row<'_>, ingested: &mut Ingested) -> Result<()> {
        let at = match (&self.occurred_at, self.recorded_at) {
            (Some(pattern), _) => self.time(pattern, row)?,
            (None, Some(at)) => at,
            (None, None) => return Err(Error::invalid("occurred_at", "is missing")),
        };
        let mut event = Event::new(self.source, "", at, item);
        event.kind = self.kind(row)?;
        for (name, pattern) in &self.fields {
            self.field(&mut event, name, pattern, row)?;
        }
        for (name, pattern) in &self.attributes {
            match self.words.of(name, pattern.value(row), false) {
                Some(text) => {
                    event.set.attributes.insert((*name).to_owned(), text.into_owned());
                }
                None => self.blank(&mut event, name),
            }
        }
        event.set.check()?;
        let mut needs = Vec::new();
        for (link, pattern) in &self.links {
            for to in pattern.values(row, link.separator.as_deref(), |cell| self.words.is_nothing(cell)) {
                check_item(&pattern.called, Some(&to))?;
                if to == item {
                    ingested.count("link of an item to itself");
                    continue;
                }
                let mut link_to = Link::new(link.kind, to);
                link_to.dependency = link.dependency;
                link_to.stage.clone_from(&link.stage);
                let list = if is_need(link.kind) { &mut needs } else { &mut event.links };
                if !list.contains(&link_to) {
                    list.push(link_to);
                }
            }
        }
        if let Some(application) = self.application.filter(|application| *application != item) {
            let belongs = Link::new(LinkKind::BelongsTo, application);
            if !event.links.contains(&belongs) {
                event.links.push(belongs);
            }
        }
        event.id = match &self.event {
            Some(pattern) => {
                let id = pattern.value(row);
                check_key(&pattern.called, id.as_deref())?;
                id.unwrap_or_default().into_owned()
            }
            None => format!("{item}@{}/{:016x}", at.millis(), fingerprint_of_row(&event, &needs)),
        };
        let parts = needs.into_iter().map(|need| {
            let id = format!("{}/{}/{}", event.id, need.kind, need.to);
            let mut part = Event::new(self.source, id, at, item);
            part.links.push(need);
            part
        });
        let parts: Vec<Event> = parts.collect();
        ingested.events.push(event);
        ingested.events.extend(parts);
        Ok(())
    }

    fn time(&self, pattern: &Pattern, row: &Row<'_>) -> Result<Instant> {
        let text = self.words.blankable(pattern.value(row));
        let text =
            text.ok_or_else(|| Error::invalid(&pattern.called, "is blank: every row needs its time"))?;
        self.reader.instant(&pattern.called, &text, pattern.is_fixed())
    }

    fn kind(&self, row: &Row<'_>) -> Result<Option<Kind>> {
        let Some(pattern) = &self.kind else { return Ok(None) };
        let text = self.words.of("kind", pattern.value(row), true).ok_or_else(|| {
            Error::invalid(&pattern.called, "is blank: say what that means with the word \"kind:\"")
        })?;
        values::word(&pattern.called, &text, Kind::from_word, Kind::ALL).map(Some)
    }

    fn field(&self, event: &mut Event, name: &str, pattern: &Pattern, row: &Row<'_>) -> Result<()> {
        match self.words.of(name, pattern.value(row), !values::is_text(name)) {
            Some(text) => self.reader.set(&mut event.set, name, &pattern.called, &text, pattern.is_fixed()),
            None => {
                self.blank(event, name);
                Ok(())
            }
        }
    }

    fn blank(&self, event: &mut Event, name: &str) {
        if self.clear_blank {
            event.clear.push(name.to_owned());
        }
    }
}

/// Links that may not form a cycle: one that does is refused with its event, which so says nothing else.
fn is_need(kind: LinkKind) -> bool {
    matches!(kind, LinkKind::Parent | LinkKind::ShipsIn | LinkKind::Gates | LinkKind::DependsOn)
}

fn check_item(called: &str, id: Option<&str>) -> Result<()> {
    match id {
        None => Err(Error::invalid(called, "is blank")),
        Some(id) if !id.contains(':') => Err(Error::invalid(
            called,
            format!("\"{}\" is no item's id: it has the form source:key", clip(id)),
        )),
        id => check_key(called, id),
    }
}

fn check_link(link: &MappedLink, to: &Pattern, called: &str) -> Result<()> {
    let names = to.columns().count();
    match link.separator.as_deref() {
        Some("") => return Err(Error::invalid(called, "separator: must not be empty")),
        Some(_) if names != 1 => {
            return Err(Error::invalid(called, "separator: needs a pattern with one column to split"));
        }
        _ => {}
    }
    if (link.dependency.is_some() || link.stage.is_some()) && link.kind != LinkKind::DependsOn {
        return Err(Error::invalid(called, "dependency and stage belong to depends_on links"));
    }
    Ok(())
}

pub(in crate::ingest) fn delimiter(text: Option<&str>) -> Result<u8> {
    match text.map(str::as_bytes) {
        None => Ok(b','),
        Some([one]) if one.is_ascii() && !matches!(one, b'"' | b'\r' | b'\n') => Ok(*one),
        Some(b"\\t") => Ok(b'\t'),
        Some(_) => Err(Error::invalid("mapping.delimiter", "must be one ASCII character, such as \";\"")),
    }
}

/// Stands for all that a row says.
fn fingerprint_of_row(event: &Event, needs: &[Link]) -> u64 {
    let mut whole = event.clone();
    whole.links.extend(needs.iter().cloned());
    fingerprint(&whole)
}

/// Translations of whole values.
struct Words {
    /// By field and word in lower case.
    of_field: BTreeMap<(String, String), String>,
    of_all: BTreeMap<String, String>,
}

impl Words {
    fn new(mapping: &TableMapping) -> Result<Words> {
        let mut words = Words { of_field: BTreeMap::new(), of_all: BTreeMap::new() };
        for (word, meaning) in &mapping.words {
            let meaning = meaning.trim().to_owned();
            let is_known = |name: &str| {
                name == "kind" || mapping.fields.contains_key(name) || mapping.attributes.contains_key(name)
            };
            match word.split_once(':') {
                Some((name, word)) if is_known(name.trim()) => {
                    let key = (name.trim().to_owned(), word.trim().to_lowercase());
                    words.of_field.insert(key, meaning);
                }
                Some((name, _)) if Fields::NAMES.contains(&name.trim()) => {
                    let reason = format!("the field \"{}\" is not mapped", name.trim());
                    return Err(Error::invalid("mapping.words", reason));
                }
                _ if word.trim().is_empty() => {
                    let reason = "a blank word needs the field that it is for, such as \"state:\"";
                    return Err(Error::invalid("mapping.words", reason));
                }
                _ => {
                    words.of_all.insert(word.trim().to_lowercase(), meaning);
                }
            }
        }
        Ok(words)
    }

    /// What a value stands for; none where it is blank, or stands for nothing.
    fn of<'r>(&self, name: &str, value: Option<Cow<'r, str>>, general: bool) -> Option<Cow<'r, str>> {
        if self.of_field.is_empty() && self.of_all.is_empty() {
            return value;
        }
        let word = value.as_deref().unwrap_or_default().to_lowercase();
        let of_all = || self.of_all.get(&word).filter(|_| general);
        match self.of_field.get(&(name.to_owned(), word.clone())).or_else(of_all) {
            Some(meaning) => {
                Some(meaning.clone().into()).filter(|meaning: &Cow<'_, str>| !meaning.is_empty())
            }
            None => value,
        }
    }

    /// Whether a cell stands for nothing, in whatever column.
    fn is_nothing(&self, cell: &str) -> bool {
        !self.of_all.is_empty() && self.of_all.get(&cell.to_lowercase()).is_some_and(String::is_empty)
    }

    /// A value that only the words for everything may translate.
    fn blankable<'r>(&self, value: Option<Cow<'r, str>>) -> Option<Cow<'r, str>> {
        self.of("", value, true)
    }
}
