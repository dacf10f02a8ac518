//! The hash chain: what proves that a record is the one that was written.

use sha2::{Digest, Sha256};

/// A link of the chain.
pub(super) type Hash = [u8; 32];

/// What the first event's hash is built on.
pub(super) const START: Hash = [0; 32];

/// The hash of an event, given that of the event before it: SHA-256 of that hash's 32 bytes and the event's JSON line,
/// without line end. Any tool can do it over.
pub(super) fn next(previous: &Hash, line: &[u8]) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous);
    digest.update(line);
    digest.finalize().into()
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|n| char::from_digit(n.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{START, hex, next};

    #[test]
    fn another_tool_finds_the_same_hash() {
        // (head -c 32 /dev/zero; printf '{}') | sha256sum
        let first = next(&START, b"{}");
        assert_eq!(hex(&first), "fb1634c4e6cd4b1f1afe3ce2d6ef080f7ac5d1f357d723ad4dfca782733b62db");
        assert_ne!(next(&first, b"{}"), first);
    }
}
