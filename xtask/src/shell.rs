//! Running other programs: seen by the developer as they run, kept where an output has to be read.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// What a program that ran to its end left behind.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) status: String,
    pub(crate) text: String,
}

/// Runs the command with its output shown; an error names the command and how it ended.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    announce(command);
    let status = command.stdin(Stdio::null()).status().map_err(|reason| cannot_start(command, &reason))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", short(command))) }
}

/// Runs the command, shows its standard output and keeps it. That it failed is for the caller to judge.
pub(crate) fn run_and_keep(command: &mut Command) -> Result<Finished, String> {
    announce(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|reason| cannot_start(command, &reason))?;
    let mut text = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let mut bytes = Vec::new();
    // By bytes and not by `lines()`: a test may print what is not UTF-8.
    while output.read_until(b'\n', &mut bytes).map_err(|reason| format!("`{}`: {reason}", short(command)))?
        > 0
    {
        let printed = String::from_utf8_lossy(&bytes);
        print!("{printed}");
        text.push_str(&printed);
        bytes.clear();
    }
    let status = child.wait().map_err(|reason| format!("`{}`: {reason}", short(command)))?;
    Ok(Finished { success: status.success(), status: status.to_string(), text })
}

/// Runs the command unseen and gives both its outputs as one text, or None if it could not start or failed.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let both = [output.stdout, output.stderr].concat();
    output.status.success().then(|| String::from_utf8_lossy(&both).trim().to_owned())
}

fn announce(command: &Command) {
    println!("$ {}", line(command));
}

fn cannot_start(command: &Command, reason: &std::io::Error) -> String {
    format!("cannot start {}: {reason}", command.get_program().to_string_lossy())
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

/// The beginning of the line, for a message: the whole of it stands where the command was run.
fn short(command: &Command) -> String {
    const LONGEST: usize = 80;
    let line = line(command);
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}
