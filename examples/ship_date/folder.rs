//! A folder of tools' files, read into a stream. Memory stays bounded: line formats are read in blocks, an overlong
//! line is skipped and reported, and a file of another format has a largest size.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vsm_core::{
    Adapter, CorrelationRules, IngestOptions, IngestReport, Instant, Kind, LONGEST_LINE, Reject, ValueStream,
    VersionRule,
};

use super::options::Options;
use super::sniff::adapter_of;

/// How much of a line format is read at once.
const BLOCK: usize = 32 << 20;
/// The largest file of a format that has to be read whole.
const LARGEST: u64 = 256 << 20;

/// The optional `vsm.json` of a folder.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    now: Option<Instant>,
    zone: Option<String>,
    sources: Vec<Source>,
    correlation: CorrelationRules,
}

#[derive(Deserialize)]
struct Source {
    file: String,
    adapter: Adapter,
    #[serde(default)]
    options: IngestOptions,
}

/// What became of one file.
#[derive(Serialize)]
pub struct FileReport {
    pub file: String,
    pub adapter: Adapter,
    #[serde(flatten)]
    pub report: IngestReport,
}

/// A folder as a stream.
pub struct Folder {
    pub stream: ValueStream,
    pub now: Instant,
    pub zone: String,
    pub files: Vec<FileReport>,
    pub correlation: CorrelationRules,
}

impl Folder {
    pub fn read(options: &Options) -> Result<Folder, String> {
        let path = &options.folder;
        if !path.is_dir() {
            return Err(format!("{} is not a folder", path.display()));
        }
        let manifest = read_manifest(path)?;
        let has_manifest = manifest.is_some();
        let manifest = manifest.unwrap_or_default();
        let zone = options.zone.clone().or(manifest.zone).unwrap_or_else(|| "UTC".into());
        vsm_core::Zone::named(&zone).map_err(|error| error.to_string())?;
        let sources = if has_manifest { manifest.sources } else { discover(path, &zone)? };
        if sources.is_empty() {
            return Err(format!(
                "{} has no file that is known: Jira issues, git commits or tags, Jenkins builds, JUnit XML or events",
                path.display()
            ));
        }
        let mut stream = ValueStream::new();
        let mut files = Vec::new();
        for source in sources {
            let report = read_file(&mut stream, &path.join(&source.file), &source)
                .map_err(|error| format!("{}: {error}", source.file))?;
            files.push(FileReport { file: source.file, adapter: source.adapter, report });
        }
        let mut correlation = manifest.correlation;
        if correlation.versions.is_empty() {
            correlation.versions = guess_versions(&stream);
        }
        stream.correlate(&correlation);
        let now = options.now.or(manifest.now).map_or_else(clock, Ok)?;
        if stream.events().any(|event| event.occurred_at > now) {
            // Asked as of a time, so what happened later must not show.
            stream = stream.as_of(now, Instant::MAX);
        }
        Ok(Folder { stream, now, zone, files, correlation })
    }
}

fn clock() -> Result<Instant, String> {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(|_| "the clock stands before 1970; use --now")?;
    i64::try_from(since.as_millis()).ok().and_then(Instant::from_millis).ok_or_else(|| "use --now".into())
}

fn read_manifest(folder: &Path) -> Result<Option<Manifest>, String> {
    let path = folder.join("vsm.json");
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(|error| format!("vsm.json: {error}"))?;
    serde_json::from_slice(&text).map(Some).map_err(|error| format!("vsm.json: {error}"))
}

/// The known files of a folder, by name; without context beyond what is in them.
fn discover(folder: &Path, zone: &str) -> Result<Vec<Source>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut sources = Vec::new();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        let Some(file) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let mut head = Vec::new();
        let opened = open(&path).and_then(|reader| reader.take(64 << 10).read_to_end(&mut head));
        if let Err(error) = opened {
            eprintln!("ship_date: {file} was left out: {error}");
            continue;
        }
        if let Some(adapter) = adapter_of(file.trim_end_matches(".gz"), &head) {
            let options = IngestOptions { zone: Some(zone.to_owned()), ..IngestOptions::default() };
            sources.push(Source { file, adapter, options });
        }
    }
    Ok(sources)
}

fn open(path: &Path) -> std::io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    Ok(if path.extension().is_some_and(|end| end == "gz") {
        Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    })
}

fn read_file(stream: &mut ValueStream, path: &Path, source: &Source) -> Result<IngestReport, String> {
    let mut reader = open(path).map_err(|error| error.to_string())?;
    let name = source.file.trim_end_matches(".gz");
    let mut total = IngestReport::default();
    if !name.ends_with(".jsonl") && !name.ends_with(".ndjson") {
        let mut bytes = Vec::new();
        reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > LARGEST {
            return Err(format!(
                "the file is larger than {} MiB; split it, or use JSON Lines",
                LARGEST >> 20
            ));
        }
        add(&mut total, stream.ingest(source.adapter, &bytes, &source.options), 0);
        return Ok(total);
    }
    let (mut block, mut before, mut lines) = (Vec::new(), 0, 0);
    loop {
        let start = block.len();
        let more = read_line(&mut reader, &mut block).map_err(|error| error.to_string())?;
        lines += u64::from(more != Line::End);
        if more == Line::TooLong {
            block.truncate(start);
            block.push(b'\n');
            total.rejects.push(Reject {
                position: lines,
                record: None,
                code: "document".into(),
                reason: format!("the line is longer than {LONGEST_LINE} bytes"),
            });
        }
        if block.len() >= BLOCK || more == Line::End {
            add(&mut total, stream.ingest(source.adapter, &block, &source.options), before);
            block.clear();
            before = lines;
        }
        if more == Line::End {
            total.rejects.sort_by_key(|reject| reject.position);
            return Ok(total);
        }
    }
}

#[derive(PartialEq)]
enum Line {
    Whole,
    TooLong,
    End,
}

/// Appends one line; of an overlong one no more than the limit is ever held.
fn read_line(reader: &mut dyn BufRead, block: &mut Vec<u8>) -> std::io::Result<Line> {
    let limit = LONGEST_LINE as u64 + 1;
    let read = reader.take(limit).read_until(b'\n', block)?;
    if read == 0 {
        return Ok(Line::End);
    }
    if (read as u64) < limit || block.last() == Some(&b'\n') {
        return Ok(Line::Whole);
    }
    loop {
        let (skip, ended) = {
            let buffer = reader.fill_buf()?;
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            }
        };
        reader.consume(skip);
        if ended {
            return Ok(Line::TooLong);
        }
    }
}

/// Adds a block's report to that of its file; positions are counted from the beginning of the file.
fn add(total: &mut IngestReport, mut block: IngestReport, before: u64) {
    for reject in &mut block.rejects {
        reject.position += before;
    }
    total.rejects.append(&mut block.rejects);
    total.applied.accepted += block.applied.accepted;
    total.applied.duplicates += block.applied.duplicates;
    total.applied.refused.append(&mut block.applied.refused);
    for (counts, more) in [
        (&mut total.ignored, block.ignored),
        (&mut total.applied.unknown_fields, block.applied.unknown_fields),
    ] {
        for (what, n) in more {
            *counts.entry(what).or_default() += n;
        }
    }
}

/// Without declared rules: tags that are a version, with or without a `v`, and the commonest way in which releases
/// put a name before their version. Printed with the page, so that a wrong guess can be seen and declared.
fn guess_versions(stream: &ValueStream) -> Vec<VersionRule> {
    let mut prefixes: BTreeMap<String, usize> = BTreeMap::new();
    for id in stream.items(Some(Kind::Release)) {
        let title = stream.item(&id).ok().and_then(|item| item.fields.title).unwrap_or_default();
        let version = title
            .rfind(|c: char| !(c.is_ascii_digit() || c == '.'))
            .map_or(0, |at| at + title[at..].chars().next().map_or(0, char::len_utf8));
        if title[version..].contains('.') {
            *prefixes.entry(title[..version].to_owned()).or_default() += 1;
        }
    }
    let Some((prefix, _)) = prefixes.iter().max_by_key(|(prefix, n)| (**n, std::cmp::Reverse(*prefix)))
    else {
        return Vec::new();
    };
    let rule = |tag: &str| VersionRule::new(tag, format!("{prefix}{{version}}"));
    vec![rule("{version}"), rule("v{version}")]
}
