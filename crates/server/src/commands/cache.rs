//! Forgetting what is kept on disk of the folders.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use super::{Commands, failed};

/// The folder that holds what is kept.
const FOLDER: &str = ".leakwright_cache";

/// The file by which a folder says that it is a cache, and how it begins.
const TAG: (&str, &[u8]) = ("CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55");

impl Commands {
    /// Removes what is kept of all folders; which folders that was.
    pub(super) async fn clear_cache(&self) -> Result<Value> {
        let roots = self.projects.roots();
        let clear = move || {
            let mut removed = Vec::new();
            for root in &roots {
                let folder = root.join(FOLDER);
                if clear(&folder).map_err(|error| failed(format_args!("{}: {error}", folder.display())))? {
                    removed.push(folder);
                }
            }
            Ok(json!({ "removed": removed }))
        };
        tokio::task::spawn_blocking(clear).await.map_err(failed)?
    }
}

/// Removes a cache. False if there is none, or what is there is not ours to remove.
fn clear(folder: &Path) -> std::io::Result<bool> {
    let is_folder = std::fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir());
    let is_cache = std::fs::read(folder.join(TAG.0)).is_ok_and(|text| text.starts_with(TAG.1));
    if !is_folder || !is_cache {
        return Ok(false);
    }
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(true),
    }
}
