//! What the command line says.

use std::path::PathBuf;

use vsm_core::Instant;

pub const HELP: &str = "\
When does each release ship, and why not today?

usage: ship_date [FOLDER] [options]

  FOLDER            files of your tools (Jira, git, Jenkins, JUnit, events); the sample portfolio by default
  --release NAME    one release, by id or name; by default all that are open, what needs attention first
  --within DAYS     only releases whose target is within so many days, or past
  --now INSTANT     as of when, such as 2026-03-04T09:00:00Z; by default what vsm.json says, else now
  --zone ZONE       IANA zone of days; by default what vsm.json says, else UTC
  --all             the line and the full page of every release, however many there are
  --json            the same as JSON

A file vsm.json in the folder may name the adapter and options of each file; without it the files are recognised by
what is in them. Files that end in .gz are unpacked.
";

#[derive(Debug)]
pub struct Options {
    pub folder: PathBuf,
    pub release: Option<String>,
    pub within: Option<u32>,
    pub now: Option<Instant>,
    pub zone: Option<String>,
    pub all: bool,
    pub json: bool,
}

impl Options {
    /// None where help is asked for.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
        let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/data");
        let mut options = Options {
            folder: sample,
            release: None,
            within: None,
            now: None,
            zone: None,
            all: false,
            json: false,
        };
        let mut folder = None;
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{argument} needs a value; see --help"));
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--all" => options.all = true,
                "--json" => options.json = true,
                "--release" => options.release = Some(value()?),
                "--within" => {
                    let days = value()?;
                    options.within =
                        Some(days.parse().map_err(|_| format!("--within: {days} is not a number of days"))?);
                }
                "--zone" => options.zone = Some(value()?),
                "--now" => options.now = Some(value()?.parse().map_err(|e| format!("--now: {e}"))?),
                flag if flag.starts_with('-') => return Err(format!("unknown option {flag}; see --help")),
                path if folder.is_none() => folder = Some(PathBuf::from(path)),
                path => return Err(format!("one folder at a time, and {path} is a second one; see --help")),
            }
        }
        if let Some(folder) = folder {
            options.folder = folder;
        }
        Ok(Some(options))
    }
}
