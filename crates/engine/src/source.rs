//! Identity of file contents.

use sha2::{Digest, Sha256};

/// SHA-256 of the bytes of a file, in hexadecimal.
pub fn content_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
