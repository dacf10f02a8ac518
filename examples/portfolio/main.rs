//! Makes an invented portfolio of any size, in the tools' own formats, for [`ship_date`](../ship_date/main.rs) to read.
//!
//! `cargo run --release --example portfolio -- FOLDER [--applications N] [--releases N] [--scope N] [--seed N]`
//!
//! Every file is written from its beginning to its end, so that memory holds the plan of the releases and no more.

#[path = "../../benches/dice.rs"]
mod dice;
mod events;
mod jira;
mod names;
mod options;
mod plan;
mod repository;
mod write;

use std::process::ExitCode;

use plan::{Expected, Plan};

fn main() -> ExitCode {
    match run() {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("portfolio: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let Some((folder, size)) = options::read(std::env::args().skip(1))? else {
        return Ok(options::HELP.to_owned());
    };
    let plan = Plan::new(size);
    let items = write::write(&plan, &folder).map_err(|error| error.to_string())?;
    let Expected { open, in_time, late, stages, waits_for } = plan.expected();
    let mut text = format!(
        "{} holds {items} items: {} applications with {open} open releases.\n{in_time} reach their target, {late} are late\n",
        folder.display(),
        size.applications
    );
    for (stage, [ready, not_ready, unknown]) in
        ["system test", "user acceptance", "pre production", "production"].iter().zip(stages)
    {
        text.push_str(&format!("  {stage:<16}{ready:>6} ready{not_ready:>6} not{unknown:>6} unknown\n"));
    }
    let most = waits_for.iter().max_by_key(|(_, releases)| **releases);
    if let Some((whom, releases)) = most {
        text.push_str(&format!("{releases} wait for {whom}\n"));
    }
    Ok(text)
}
