//! When does each release ship, and why not today?
//!
//! `cargo run --release --example ship_date [FOLDER] [--release NAME] [--within DAYS] [--now INSTANT] [--zone ZONE] [--json]`
//!
//! Without a folder it reads the sample portfolio in `examples/data`. This is also the shape of a host: files and the
//! clock are here, everything else is a call into the engine.

mod folder;
mod options;
mod overview;
mod sniff;

use std::process::ExitCode;

use folder::Folder;
use options::Options;

fn main() -> ExitCode {
    match run() {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("ship_date: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let Some(options) = Options::read(std::env::args().skip(1))? else {
        return Ok(options::HELP.to_owned());
    };
    let folder = Folder::read(&options)?;
    overview::render(&folder, &options)
}
