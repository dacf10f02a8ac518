//! Which releases are next, and their pages.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::json;
use vsm_core::{FlowState, Instant, Item, Kind, LinkKind, Outlook, OutlookQuery, ScopeQuery, Span, Verdict};

use super::folder::Folder;
use super::options::Options;

/// So many releases get their full page without being asked for.
const PAGES: usize = 4;

pub fn render(folder: &Folder, options: &Options) -> Result<String, String> {
    let releases = match &options.release {
        Some(name) => vec![find(folder, name)?],
        None => next_releases(folder),
    };
    if releases.is_empty() && !options.json {
        return Ok(format!(
            "Nothing is to be shipped: no open release among {}.\n\n{}",
            count(folder),
            input(folder)
        ));
    }
    let mut outlooks = Vec::new();
    for id in &releases {
        let query = OutlookQuery::new(id.as_str(), folder.now, folder.zone.as_str());
        outlooks.push(folder.stream.outlook(&query).map_err(|error| format!("{id}: {error}"))?);
    }
    outlooks.sort_by(|a, b| (a.ships_at, &a.release).cmp(&(b.ships_at, &b.release)));
    if options.json {
        let document = json!({
            "at": folder.now,
            "zone": folder.zone,
            "files": folder.files,
            "correlation": folder.correlation,
            "shipping": folder.stream.shipping(&folder.correlation),
            "outlooks": outlooks,
        });
        return serde_json::to_string_pretty(&document)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string());
    }
    let mut text = String::new();
    if outlooks.len() > 1 {
        text.push_str(&table(&outlooks));
    }
    let pages = if options.all || options.release.is_some() { outlooks.len() } else { PAGES };
    for outlook in outlooks.iter().take(pages) {
        text.push_str(&format!("{}\n", "-".repeat(100)));
        text.push_str(&outlook.to_text());
    }
    if outlooks.len() > pages {
        text.push_str(&format!(
            "\nThe pages of {} more releases: --release NAME, or --all\n",
            outlooks.len() - pages
        ));
    }
    text.push_str(&format!("{}\n", "-".repeat(100)));
    text.push_str(&input(folder));
    Ok(text)
}

fn count(folder: &Folder) -> String {
    format!(
        "{} releases and {} items",
        folder.stream.items(Some(Kind::Release)).len(),
        folder.stream.item_count()
    )
}

fn find(folder: &Folder, name: &str) -> Result<String, String> {
    if folder.stream.item(name).is_ok_and(|item| item.kind == Some(Kind::Release)) {
        return Ok(name.to_owned());
    }
    let named: Vec<String> = releases(folder)
        .filter(|item| item.fields.title.as_deref().is_some_and(|title| title.eq_ignore_ascii_case(name)))
        .map(|item| item.id)
        .collect();
    match named.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!("no release is called \"{name}\"")),
        several => Err(format!("several releases are called \"{name}\": {}", several.join(", "))),
    }
}

fn releases(folder: &Folder) -> impl Iterator<Item = Item> {
    folder.stream.items(Some(Kind::Release)).into_iter().filter_map(|id| folder.stream.item(&id).ok())
}

/// An open release, in the order in which people ask about them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    is_delivered: bool,
    has_no_target: bool,
    due_at: Option<Instant>,
    id: String,
    applications: Vec<String>,
}

/// Of each application, and of what belongs to none, the open release with the earliest target date; what has no
/// target date comes after what has one, and what is all done and only waits to be called released comes last.
fn next_releases(folder: &Folder) -> Vec<String> {
    let mut open: Vec<Candidate> = releases(folder)
        .filter(|item| !matches!(item.fields.state, Some(FlowState::Done | FlowState::Cancelled)))
        .map(|item| {
            let links = folder.stream.links(&item.id).unwrap_or_default();
            let applications = links
                .iter()
                .filter(|link| link.kind == LinkKind::BelongsTo && link.from == item.id)
                .map(|link| link.to.clone())
                .collect();
            let query = ScopeQuery { release: item.id.clone(), at: folder.now };
            let scope = folder.stream.scope(&query).ok();
            let is_delivered = scope.is_some_and(|scope| scope.delivered == scope.current);
            let due_at = item.fields.due_at;
            Candidate { is_delivered, has_no_target: due_at.is_none(), due_at, id: item.id, applications }
        })
        .collect();
    open.sort();
    let mut served: Vec<Vec<String>> = Vec::new();
    let mut next = Vec::new();
    for Candidate { id, applications, .. } in open {
        if !served.contains(&applications) {
            served.push(applications);
            next.push(id);
        }
    }
    next
}

fn table(outlooks: &[Outlook]) -> String {
    let mut text = format!("{} releases are next, the first to ship first\n\n", outlooks.len());
    text.push_str("  ships       late by   missing  unknown  waits most for             release\n");
    for outlook in outlooks.iter().take(40) {
        let unknown = outlook.unmet.iter().filter(|unmet| unmet.verdict == Verdict::Unknown).count();
        let late = match outlook.late_by {
            Some(late) if late > Span::ZERO => format!("{:.0} d", late.days().ceil()),
            Some(_) => "-".into(),
            None => "?".into(),
        };
        let whom = waits_most_for(outlook).unwrap_or("-");
        let day: String = vsm_core::Zone::named(&outlook.zone)
            .map(|zone| zone.date(outlook.ships_at).to_string())
            .unwrap_or_default();
        text.push_str(&format!(
            "  {day}  {late:>7}  {:>8}  {unknown:>7}  {whom:<25}  {} ({})\n",
            outlook.unmet.len() - unknown,
            outlook.title,
            outlook.applications.join(", "),
        ));
    }
    if outlooks.len() > 40 {
        text.push_str(&format!("  and {} more\n", outlooks.len() - 40));
    }
    text
}

/// Whoever has to act on most of what is missing; of several the first by name.
fn waits_most_for(outlook: &Outlook) -> Option<&str> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for whom in outlook.unmet.iter().filter_map(|unmet| unmet.waits_for.as_deref()) {
        *counts.entry(whom).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(whom, n)| (*n, Reverse(*whom))).map(|(whom, _)| whom)
}

/// What was read, and what could not be.
fn input(folder: &Folder) -> String {
    let mut text = format!("Input: {} files, {}\n", folder.files.len(), count(folder));
    for file in &folder.files {
        let (applied, rejects) = (&file.report.applied, &file.report.rejects);
        text.push_str(&format!(
            "  {:<34} {:<9} {:>7} events, {:>5} repeated, {:>4} refused, {:>4} records not read\n",
            file.file,
            file.adapter.to_string(),
            applied.accepted,
            applied.duplicates,
            applied.refused.len(),
            rejects.len()
        ));
        for reject in rejects.iter().take(3) {
            let record = reject.record.as_deref().map_or(String::new(), |name| format!(", {name}"));
            text.push_str(&format!("      {}:{}{record}: {}\n", file.file, reject.position, reject.reason));
        }
        for refusal in applied.refused.iter().take(3) {
            let event = refusal.event.as_deref().unwrap_or("?");
            text.push_str(&format!("      {}, event {event}: {}\n", file.file, refusal.reason));
        }
        for (what, n) in file.report.ignored.iter().chain(&applied.unknown_fields).take(5) {
            text.push_str(&format!("      not used: {what} ({n})\n"));
        }
    }
    for rule in &folder.correlation.versions {
        let application = rule.application.as_deref().unwrap_or("any application");
        text.push_str(&format!(
            "  tag \"{}\" marks release \"{}\" ({application})\n",
            rule.tag, rule.release
        ));
    }
    let shipping = folder.stream.shipping(&folder.correlation);
    if shipping.agree + shipping.differ > 0 {
        text.push_str(&format!(
            "  {} items are named by commits: {} shipped in the release they were planned for, {} in another one\n",
            shipping.items.len(),
            shipping.agree,
            shipping.differ
        ));
    }
    text
}
