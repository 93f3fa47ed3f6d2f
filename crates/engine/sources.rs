// A hash of the sources of crates, for build scripts. It is included by them: they share no crate.

use std::path::{Path, PathBuf};

/// The hash of crates by their folders, and of single files.
fn hash_of(sources: &[&str]) -> u128 {
    let mut files = Vec::new();
    for source in sources {
        let parts = ["src", "data", "Cargo.toml", "build.rs", "sources.rs", ""];
        let path = Path::new(source);
        let parts = parts.map(|part| if part.is_empty() { path.to_owned() } else { path.join(part) });
        // A folder by itself is not watched: tests and examples lie in it as well.
        for part in parts.iter().filter(|part| part.exists() && *part != path || part.is_file()) {
            println!("cargo::rerun-if-changed={}", part.display());
            collect(part, &mut files);
        }
    }
    files.sort();
    files.dedup();
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for file in files {
        add(&mut hash, file.to_string_lossy().as_bytes());
        add(&mut hash, &std::fs::read(&file).unwrap_or_default());
    }
    hash
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), files);
    }
}

/// FNV-1a with 128 bits: the same on every machine.
fn add(hash: &mut u128, bytes: &[u8]) {
    let length = (bytes.len() as u64).to_le_bytes();
    for byte in length.iter().chain(bytes) {
        *hash = (*hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
}
