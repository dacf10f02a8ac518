//! The fuzz targets of `src/bin/`, each by its name; what they check is in `checks`.

pub mod checks;

use std::sync::Once;

/// Makes a program the fuzz target of its own name.
#[macro_export]
macro_rules! target {
    () => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            $crate::abort_only_on_uncaught_panics();
            $crate::checks::run(env!("CARGO_BIN_NAME"), bytes)
        });
    };
}

/// A panic that the engine catches, as those of Arrow's decoder, is no finding; by its own hook libFuzzer aborts on any.
/// One that is not caught ends the run all the same.
pub fn abort_only_on_uncaught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(std::panic::take_hook()));
}

// The macro's users name it by this crate.
pub use libfuzzer_sys;
