//! What is open and what needs attention first, then the pages of single releases.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use vsm_core::{
    CriticalPathQuery, DataQuality, DataQualityQuery, FindingGroup, FlowState, Instant, Item, Kind, LinkKind,
    Outlook, OutlookQuery, Policy, ReadinessQuery, Span, StageOutlook, Verdict, Zone,
};

use super::folder::{FileReport, Folder};
use super::options::Options;

/// So many releases get their full page without being asked for.
const PAGES: usize = 4;
/// So many have a line in the table without being asked for.
const LINES: usize = 25;
/// So many of those who are waited for are named.
const NAMES: usize = 6;
/// More files than these are summed up by what they are, and more rules for tags are not all named.
const FILES: usize = 20;
/// So many of what was not taken are shown.
const EXAMPLES: usize = 3;

/// What the overview says of a release; its page says the rest.
#[derive(Serialize)]
struct Line {
    release: String,
    title: String,
    applications: Vec<String>,
    due_at: Option<Instant>,
    ships_at: Instant,
    late_by: Option<Span>,
    stages: Vec<StageOutlook>,
    /// Who has to act, and on how much of what the stages ask for.
    waits_for: BTreeMap<String, usize>,
}

pub fn render(folder: &Folder, options: &Options) -> Result<String, String> {
    let releases = match &options.release {
        Some(name) => vec![find(folder, name)?],
        None => open_releases(folder, options.within),
    };
    if releases.is_empty() && !options.json {
        let within = options.within.map_or(String::new(), |days| format!(" due within {days} days"));
        return Ok(format!(
            "Nothing is to be shipped: no open release{within} among {}.\n\n{}",
            count(folder),
            input(folder)
        ));
    }
    // One release that can't be scheduled must not cost the others their answers.
    let (mut lines, mut untold) = (Vec::new(), Vec::new());
    for id in &releases {
        match Line::of(folder, id) {
            Ok(line) => lines.push(line),
            Err(error) if options.release.is_some() => return Err(format!("{id}: {error}")),
            Err(error) => untold.push(format!("{id}: {error}")),
        }
    }
    lines.sort_by_cached_key(Line::urgency);
    let everything = options.all || options.release.is_some();
    let pages = lines.iter().take(if everything { lines.len() } else { PAGES });
    let pages = pages.map(|line| outlook(folder, &line.release));
    if options.json {
        let document = json!({
            "at": folder.now,
            "zone": folder.zone,
            "files": folder.files,
            "correlation": folder.correlation,
            "shipping": folder.stream.shipping(&folder.correlation),
            "data_quality": quality(folder)?,
            "releases": lines,
            "untold": untold,
            "outlooks": pages.collect::<Result<Vec<_>, _>>()?,
        });
        return serde_json::to_string_pretty(&document)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string());
    }
    let mut text = String::new();
    if lines.len() > 1 {
        text.push_str(&totals(&lines));
        text.push_str(&table(folder, &lines, if everything { lines.len() } else { LINES })?);
    }
    if !untold.is_empty() {
        text.push_str(&format!("\n{} more can't be told\n", untold.len()));
        for reason in untold.iter().take(EXAMPLES) {
            text.push_str(&format!("  {reason}\n"));
        }
    }
    let shown = pages.len();
    for page in pages {
        text.push_str(&format!("{}\n", "-".repeat(100)));
        text.push_str(&page?.to_text());
    }
    if lines.len() > shown {
        text.push_str(&format!(
            "\nThe pages of {} more releases: --release NAME, or --all\n",
            lines.len() - shown
        ));
    }
    text.push_str(&format!("{}\n", "-".repeat(100)));
    text.push_str(&input(folder));
    text.push_str(&doubts(&quality(folder)?));
    Ok(text)
}

fn outlook(folder: &Folder, release: &str) -> Result<Outlook, String> {
    let query = OutlookQuery::new(release, folder.now, folder.zone.as_str());
    folder.stream.outlook(&query).map_err(|error| format!("{release}: {error}"))
}

fn quality(folder: &Folder) -> Result<DataQuality, String> {
    folder.stream.data_quality(&DataQualityQuery::new(folder.now)).map_err(|error| error.to_string())
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

/// The releases that are neither shipped nor given up; those that are due by a number of days from now, if one is given.
fn open_releases(folder: &Folder, within: Option<u32>) -> Vec<String> {
    let last = within.map(|days| Span::from_days(i64::from(days)));
    releases(folder)
        .filter(|item| !matches!(item.fields.state, Some(FlowState::Done | FlowState::Cancelled)))
        .filter(|item| {
            last.is_none_or(|last| item.fields.due_at.is_some_and(|due| due.since(folder.now) <= last))
        })
        .map(|item| item.id)
        .collect()
}

impl Line {
    /// The parts of an outlook that a line needs, asked for one by one: what an outlook says of flow and of what is not
    /// linked takes a look at every item, and there may be thousands of releases.
    fn of(folder: &Folder, release: &str) -> vsm_core::Result<Line> {
        let (stream, at) = (&folder.stream, folder.now);
        let item = stream.item(release)?;
        let links = stream.links(release)?;
        let belongs = links.iter().filter(|link| link.kind == LinkKind::BelongsTo && link.from == item.id);
        let applications: Vec<Item> = belongs.filter_map(|link| stream.item(&link.to).ok()).collect();
        // The calendar that an outlook goes by.
        let calendar = applications.iter().find_map(|application| application.fields.calendar.clone());
        let path = stream.critical_path(&CriticalPathQuery {
            calendar,
            critical_only: Some(true),
            ..CriticalPathQuery::new(release, at)
        })?;
        let mut stages = Vec::new();
        let mut waits_for: BTreeMap<String, usize> = BTreeMap::new();
        // Several stages ask for the same; it has to be done once.
        let mut seen = BTreeSet::new();
        for stage in Policy::default().stages {
            let query = ReadinessQuery { stage: Some(stage.clone()), ..ReadinessQuery::new(release, at) };
            let readiness = stream.readiness(&query)?;
            let unmet = readiness.unmet.len() as u32;
            stages.push(StageOutlook { stage, verdict: readiness.verdict, unmet });
            for fact in readiness.unmet {
                let Some(whom) = fact.waits_for else { continue };
                if seen.insert((fact.condition, fact.item)) {
                    *waits_for.entry(whom).or_default() += 1;
                }
            }
        }
        let named = |item: Item| item.fields.title.unwrap_or(item.id);
        let due_at = item.fields.due_at;
        Ok(Line {
            release: item.id.clone(),
            title: named(item),
            applications: applications.into_iter().map(named).collect(),
            due_at,
            ships_at: path.finish,
            late_by: due_at.map(|due| path.finish.since(due)),
            stages,
            waits_for,
        })
    }

    /// What is known to miss something comes first, by how late it is or how little time it has; then what is only not
    /// known, as old releases that nobody has called released; what has no target comes last in both.
    fn urgency(&self) -> (bool, Reverse<Option<Span>>, Instant, String) {
        let misses = self.stages.iter().any(|stage| stage.verdict == Verdict::NotReady);
        (!misses, Reverse(self.late_by), self.ships_at, self.release.clone())
    }

    /// Whoever has to act on most; of several the first by name.
    fn waits_most_for(&self) -> Option<&str> {
        let most = self.waits_for.iter().max_by_key(|(whom, n)| (**n, Reverse(*whom)));
        most.map(|(whom, _)| whom.as_str())
    }
}

/// All releases in a few lines: how many are in time, how far they have come, and who is waited for.
fn totals(lines: &[Line]) -> String {
    let late = lines.iter().filter(|line| line.late_by.is_some_and(|late| late > Span::ZERO)).count();
    let aimless = lines.iter().filter(|line| line.late_by.is_none()).count();
    let mut text = format!(
        "{} releases are open: {} in time for their target, {late} late, {aimless} without a target\n\n",
        lines.len(),
        lines.len() - late - aimless
    );
    text.push_str("  stage              ready  not ready  unknown\n");
    for (number, stage) in lines.first().map_or(&[][..], |line| &line.stages).iter().enumerate() {
        let with = |verdict: Verdict| {
            lines.iter().filter(|line| line.stages.get(number).is_some_and(|s| s.verdict == verdict)).count()
        };
        text.push_str(&format!(
            "  {:<16} {:>7}  {:>9}  {:>7}\n",
            stage.stage.replace('_', " "),
            with(Verdict::Ready),
            with(Verdict::NotReady),
            with(Verdict::Unknown)
        ));
    }
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    for whom in lines.iter().flat_map(|line| line.waits_for.keys()) {
        *waiting.entry(whom).or_default() += 1;
    }
    let mut waiting: Vec<(&str, usize)> = waiting.into_iter().collect();
    waiting.sort_by_key(|(whom, releases)| (Reverse(*releases), *whom));
    if !waiting.is_empty() {
        text.push_str("\n  releases  wait for\n");
    }
    for (whom, releases) in waiting.iter().take(NAMES) {
        text.push_str(&format!("  {releases:>8}  {whom}\n"));
    }
    if waiting.len() > NAMES {
        text.push_str(&format!("            and {} others\n", waiting.len() - NAMES));
    }
    text
}

fn table(folder: &Folder, lines: &[Line], most: usize) -> Result<String, String> {
    let zone = Zone::named(&folder.zone).map_err(|error| error.to_string())?;
    let mut text = String::from(
        "\n  late by  ships       target      unmet by stage     waits most for             release\n",
    );
    for line in lines.iter().take(most) {
        let day = zone.date(line.ships_at);
        let target = line.due_at.map(|due| zone.date(due));
        let late = match (line.late_by, target) {
            (Some(late), Some(target)) if late > Span::ZERO => {
                format!("{} d", (day - target).num_days().max(1))
            }
            (Some(_), _) => "-".into(),
            (None, _) => "?".into(),
        };
        let of = match line.applications.as_slice() {
            [] => String::new(),
            applications => format!(" ({})", applications.join(", ")),
        };
        let stages: String = line
            .stages
            .iter()
            .map(|stage| match stage.verdict {
                Verdict::Ready => format!("{:>3} ", "-"),
                Verdict::NotReady => format!("{:>3} ", stage.unmet),
                Verdict::Unknown => format!("{:>3}?", stage.unmet),
            })
            .collect();
        text.push_str(&format!(
            "  {late:>7}  {day}  {:<10} {stages:<18}  {:<25}  {}{of}\n",
            target.map_or("-".into(), |day| day.to_string()),
            line.waits_most_for().unwrap_or("-"),
            line.title,
        ));
    }
    if lines.len() > most {
        text.push_str(&format!(
            "  and {} more: --within DAYS for what is due first, or --all\n",
            lines.len() - most
        ));
    }
    Ok(text)
}

/// What was read, and what could not be.
fn input(folder: &Folder) -> String {
    let mut text = format!("Input: {} files, {}\n", folder.files.len(), count(folder));
    if folder.files.len() <= FILES {
        for file in &folder.files {
            text.push_str(&read(&file.file, &[file]));
        }
    } else {
        let mut by_adapter: BTreeMap<String, Vec<&FileReport>> = BTreeMap::new();
        for file in &folder.files {
            by_adapter.entry(file.adapter.to_string()).or_default().push(file);
        }
        for files in by_adapter.values() {
            text.push_str(&read(&format!("{} files", files.len()), files));
        }
    }
    let rules = &folder.correlation.versions;
    let shown = if rules.len() > FILES { EXAMPLES } else { rules.len() };
    for rule in rules.iter().take(shown) {
        let application = rule.application.as_deref().unwrap_or("any application");
        text.push_str(&format!(
            "  tag \"{}\" marks release \"{}\" ({application})\n",
            rule.tag, rule.release
        ));
    }
    if rules.len() > shown {
        text.push_str(&format!("  and {} more rules for tags\n", rules.len() - shown));
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

/// One line on what can't be right in the input, by code; what is not linked has a place on every page.
fn doubts(quality: &DataQuality) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in quality.findings.iter().filter(|finding| finding.group != FindingGroup::Unlinked) {
        *counts.entry(&finding.code).or_default() += finding.count;
    }
    let counts: Vec<String> =
        counts.iter().map(|(code, count)| format!("{count} {}", code.replace('_', " "))).collect();
    if counts.is_empty() { String::new() } else { format!("Data quality: {}\n", counts.join(", ")) }
}

/// What became of files of one tool: their numbers added up, and the first of what was not taken.
fn read(name: &str, files: &[&FileReport]) -> String {
    let sum = |of: fn(&FileReport) -> u64| files.iter().map(|file| of(file)).sum::<u64>();
    let mut text = format!(
        "  {name:<34} {:<9} {:>7} events, {:>5} repeated, {:>4} refused, {:>4} records not read\n",
        files.first().map_or(String::new(), |file| file.adapter.to_string()),
        sum(|file| file.report.applied.accepted),
        sum(|file| file.report.applied.duplicates),
        sum(|file| file.report.applied.refused.len() as u64),
        sum(|file| file.report.rejects.len() as u64),
    );
    let rejects = files.iter().flat_map(|file| file.report.rejects.iter().map(|reject| (&file.file, reject)));
    for (file, reject) in rejects.take(EXAMPLES) {
        let record = reject.record.as_deref().map_or(String::new(), |name| format!(", {name}"));
        text.push_str(&format!("      {file}:{}{record}: {}\n", reject.position, reject.reason));
    }
    let refused =
        files.iter().flat_map(|file| file.report.applied.refused.iter().map(|refusal| (&file.file, refusal)));
    for (file, refusal) in refused.take(EXAMPLES) {
        let event = refusal.event.as_deref().unwrap_or("?");
        text.push_str(&format!("      {file}, event {event}: {}\n", refusal.reason));
    }
    let mut unused: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        for (what, n) in file.report.ignored.iter().chain(&file.report.applied.unknown_fields) {
            *unused.entry(what).or_default() += n;
        }
    }
    for (what, n) in unused.into_iter().take(5) {
        text.push_str(&format!("      not used: {what} ({n})\n"));
    }
    text
}
