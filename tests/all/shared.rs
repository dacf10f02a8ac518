//! Real payloads, which are not part of this repository.

use std::io::Read;
use std::path::{Path, PathBuf};

/// A file or folder of the shared data, if they are there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VSM_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if root.is_dir() {
        return Some(root.join(path));
    }
    println!("not run: shared data not found at {}", root.display());
    None
}

/// The bytes of a file, unpacked.
pub fn bytes(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|end| end != "gz") {
        return raw;
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(raw.as_slice()).read_to_end(&mut text).unwrap();
    text
}
