//! Swift over uniffi: generated only, since its compiler comes with Apple's tools.

use std::fs;

use super::{Bindings, PartResult};
use crate::context::Context;

pub(super) fn run(name: &'static str, _context: &Context, bindings: &Bindings) -> PartResult {
    let generated = bindings.file(".swift").and_then(|file| match fs::read_to_string(&file) {
        Ok(text) if !text.trim().is_empty() => Ok(()),
        Ok(_) => Err(format!("{} is empty", file.display())),
        Err(reason) => Err(format!("cannot read {}: {reason}", file.display())),
    });
    PartResult::yes_or_no(name, generated)
}
