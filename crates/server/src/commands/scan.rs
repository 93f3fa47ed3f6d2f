//! Looking through every folder afresh, whatever the disk says has changed.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use super::Commands;
use crate::lsp::ProgressToken;
use crate::tally::{Counts, Tally};

/// What a scan found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(flatten)]
    counts: Counts,
    /// Only open documents count, since the user wants to see nothing of others.
    open_files_only: bool,
    /// The client has ended it: what is counted is what was known.
    is_cancelled: bool,
    seconds: f64,
}

impl Commands {
    /// Reads all files again, judges them, and counts what is found.
    pub(super) async fn scan(&self, token: Option<ProgressToken>) -> Value {
        let started = Instant::now();
        let through = self.projects.look_afresh(token);
        self.projects.tell(&self.connection, &tokio::runtime::Handle::current());
        let _ = through.done.await;
        // What is told of progress is told before the answer.
        let _ = through.told.await;
        let mut tally = self.unopened.tally();
        for document in self.documents.all() {
            let is_inside =
                document.path.as_deref().is_some_and(|path| self.projects.folder_of(path).is_some());
            if is_inside
                && let Some(latest) = document.snapshot(Duration::ZERO, |_| true).await
                && let Ok(analysis) = &latest.analysis
            {
                tally.add(&Tally::of(&analysis.findings));
            }
        }
        let folders = self.projects.folders();
        let answer = Answer {
            counts: tally.counts(),
            open_files_only: !folders.iter().any(|folder| self.projects.looks_into(folder.root())),
            is_cancelled: self.projects.is_cancelled(),
            seconds: (started.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        };
        serde_json::to_value(answer).unwrap_or_else(|error| json!({ "error": error.to_string() }))
    }
}
