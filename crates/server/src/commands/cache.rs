//! Forgetting what is kept on disk of the folders.

use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use super::{Commands, failed};

impl Commands {
    /// Removes what is kept of all folders; which folders that was.
    pub(super) async fn clear_cache(&self) -> Result<Value> {
        let roots = self.projects.roots();
        let clear = move || leakwright_engine::clear_cache(&roots).map_err(failed);
        let removed = tokio::task::spawn_blocking(clear).await.map_err(failed)??;
        Ok(json!({ "removed": removed }))
    }
}
