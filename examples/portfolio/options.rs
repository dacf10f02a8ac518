//! What the command line says.

use std::path::PathBuf;

use super::plan::Size;

pub const HELP: &str = "\
Makes an invented portfolio of any size, in the tools' own formats.

usage: portfolio FOLDER [options]

  FOLDER            where to write; files that are there already are not overwritten
  --applications N  how many applications; 35 by default
  --releases N      how many open releases, all of them due within a week; 1600 by default
  --scope N         how many issues each release has; 12 by default, and 300 make a million items
  --seed N          another portfolio of the same size; 1 by default

The same numbers give the same bytes. What is wrong with its releases is printed: ship_date FOLDER has to find it.
";

/// Where to, and how much; none where help is asked for.
pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<(PathBuf, Size)>, String> {
    let mut size = Size::default();
    let mut folder = None;
    while let Some(argument) = arguments.next() {
        let mut number = |least: u32, most: u32| {
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a value; see --help"))?;
            let number: u32 = value.parse().map_err(|_| format!("{argument}: {value} is not a number"))?;
            if !(least..=most).contains(&number) {
                return Err(format!("{argument}: {value} is not between {least} and {most}"));
            }
            Ok(number)
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--applications" => size.applications = number(1, 1_000)?,
            "--releases" => size.releases = number(1, 1_000_000)?,
            "--scope" => size.scope = number(1, 100_000)?,
            "--seed" => size.seed = number(0, 4_095)?.into(),
            flag if flag.starts_with('-') => return Err(format!("unknown option {flag}; see --help")),
            path if folder.is_none() => folder = Some(PathBuf::from(path)),
            path => return Err(format!("one folder at a time, and {path} is a second one; see --help")),
        }
    }
    let folder = folder.ok_or("say which folder to write to; see --help")?;
    Ok(Some((folder, size)))
}
