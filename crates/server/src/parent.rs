//! Watching the editor's process: one that dies without closing the pipe must not leave a server behind.

use std::sync::Arc;
use std::time::Duration;

use crate::order::Lifecycle;

/// How often the editor is looked for.
const INTERVAL: Duration = Duration::from_secs(3);

/// Ends the server when the process with an id is gone.
pub(crate) fn watch(id: u32, lifecycle: Arc<Lifecycle>) {
    tokio::spawn(async move {
        while is_running(id) {
            tokio::time::sleep(INTERVAL).await;
        }
        tracing::warn!("the editor's process {id} is gone");
        lifecycle.exit.notify_one();
    });
}

/// Whether a process exists. Where that cannot be told, it does.
fn is_running(id: u32) -> bool {
    let all = std::path::Path::new("/proc");
    !all.join("self").exists() || all.join(id.to_string()).exists()
}
