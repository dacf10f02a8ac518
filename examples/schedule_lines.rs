//! Schedules networks: one query as JSON on each line of the input, one answer or error on each line of the output.
//!
//! ```sh
//! echo '{"start":"2026-03-02T00:00:00Z","activities":[{"id":"a","duration":86400000}]}' | cargo run --example schedule_lines
//! ```
use std::io::{BufRead, Write};

use vsm_core::{ValueStream, call};

fn main() -> std::io::Result<()> {
    let mut stream = ValueStream::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = call(&mut stream, "schedule", &line?);
        let answer = answer.unwrap_or_else(|error| {
            format!("{{\"error\":{{\"code\":\"{}\",\"message\":{:?}}}}}", error.code(), error.to_string())
        });
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
