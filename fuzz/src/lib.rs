//! The fuzz targets of `src/bin/`, each by its name; what they check is in `checks`.

pub mod checks;

/// Makes a program the fuzz target of its own name.
#[macro_export]
macro_rules! target {
    () => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::checks::run(
            env!("CARGO_BIN_NAME"),
            bytes
        ));
    };
}

// The macro's users name it by this crate.
pub use libfuzzer_sys;
