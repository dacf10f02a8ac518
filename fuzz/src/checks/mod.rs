//! What holds for any bytes whatever: the bodies of the fuzz targets, each by its name.
//!
//! `tests/all/seeds.rs` includes this file as well and runs it over `fuzz/seeds/` on every toolchain, so it names nothing
//! but the engine, `serde_json` and the standard library.

mod adapters;
mod journals;
mod record;
mod texts;

use vsm_core::Adapter;

type Check = fn(&[u8]);

/// The targets beside those of the adapters, which go by the adapters' words.
const OTHERS: &[(&str, Check)] = &[
    ("call", texts::call),
    ("cdevent", texts::cdevent),
    ("journal", journals::any_bytes),
    ("journal_damage", journals::damaged_journal),
    ("journal_frames", journals::any_frames),
    ("snapshot", texts::snapshot),
    ("sqlite", journals::damaged_database),
    ("timestamp", texts::timestamp),
];

/// The names of all targets.
pub fn targets() -> impl Iterator<Item = &'static str> {
    let adapters = Adapter::ALL.iter().map(|adapter| adapter.as_str());
    adapters.chain(OTHERS.iter().map(|(name, _)| *name))
}

/// Checks what a target checks.
pub fn run(target: &str, bytes: &[u8]) {
    match OTHERS.iter().find(|(name, _)| *name == target) {
        Some((_, check)) => check(bytes),
        None => {
            let adapter = Adapter::ALL.iter().find(|adapter| adapter.as_str() == target);
            adapters::check(*adapter.unwrap_or_else(|| panic!("there is no target {target}")), bytes);
        }
    }
}
