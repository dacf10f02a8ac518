//! Refuses templates that make no sense, with the place.

use super::{ReleaseTemplate, TemplateCriterion};
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::time::{Span, clip};

/// The most parts of a template, and the longest of its names in bytes.
const MOST_PARTS: usize = 1000;
const LONGEST_NAME: usize = 200;

pub(super) fn template(template: &ReleaseTemplate) -> Result<()> {
    let ReleaseTemplate { name: own, phases, gates } = template;
    name("template.name", own)?;
    let in_phases: usize = phases.iter().map(|phase| phase.activities.len() + phase.criteria.len()).sum();
    let in_gates: usize = gates.iter().map(|gate| gate.approvers.len() + gate.criteria.len()).sum();
    let parts = phases.len() + gates.len() + in_phases + in_gates;
    if parts > MOST_PARTS {
        return Err(Error::invalid("template", format!("has {parts} parts, more than {MOST_PARTS}")));
    }
    names("template.phases", phases.iter().map(|phase| &phase.name))?;
    for (n, phase) in phases.iter().enumerate() {
        let at = format!("template.phases[{n}]");
        stage(&at, phase.stage.as_deref())?;
        span(&at, "offset", phase.offset)?;
        span(&at, "duration", phase.duration)?;
        if phase.duration.is_some_and(|duration| duration < Span::ZERO) {
            return Err(Error::invalid(&format!("{at}.duration"), "must not be negative"));
        }
        names(&format!("{at}.activities"), phase.activities.iter().map(|activity| &activity.name))?;
        for (n, activity) in phase.activities.iter().enumerate() {
            span(&format!("{at}.activities[{n}]"), "offset", activity.offset)?;
        }
        criteria(&at, &phase.criteria)?;
    }
    names("template.gates", gates.iter().map(|gate| &gate.name))?;
    for (n, gate) in gates.iter().enumerate() {
        let at = format!("template.gates[{n}]");
        stage(&at, gate.stage.as_deref())?;
        span(&at, "offset", gate.offset)?;
        criteria(&at, &gate.criteria)?;
    }
    Ok(())
}

fn criteria(at: &str, criteria: &[TemplateCriterion]) -> Result<()> {
    names(&format!("{at}.criteria"), criteria.iter().map(|criterion| &criterion.name))
}

fn names<'t>(at: &str, all: impl Iterator<Item = &'t String>) -> Result<()> {
    let mut seen = HashSet::default();
    for (n, one) in all.enumerate() {
        let at = format!("{at}[{n}].name");
        name(&at, one)?;
        if !seen.insert(one) {
            return Err(Error::invalid(&at, format!("\"{}\" is there twice", clip(one))));
        }
    }
    Ok(())
}

fn name(at: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid(at, "must not be empty"));
    }
    if name.len() > LONGEST_NAME {
        return Err(Error::invalid(at, format!("is {} bytes long, more than {LONGEST_NAME}", name.len())));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid(at, "must not contain control characters"));
    }
    Ok(())
}

fn stage(at: &str, stage: Option<&str>) -> Result<()> {
    match stage {
        Some("") => Err(Error::invalid(&format!("{at}.stage"), "must not be empty: leave it out")),
        _ => Ok(()),
    }
}

fn span(at: &str, field: &str, span: Option<Span>) -> Result<()> {
    span.map_or(Ok(()), |span| span.check(&format!("{at}.{field}")))
}
