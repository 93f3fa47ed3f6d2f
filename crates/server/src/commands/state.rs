//! How the server is: what it holds, what it takes, and how long things took lately.

use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use std::collections::BTreeMap;

use super::Commands;
use crate::lsp::Url;
use crate::memory::{Memory, memory};
use crate::timings::{self, Summary};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    version: &'static str,
    process: u32,
    seconds: u64,
    /// Everything that was said is heeded, and everything found is published.
    is_at_rest: bool,
    /// In KB.
    memory: Option<Memory>,
    folders: Vec<FolderState>,
    documents: Vec<DocumentState>,
    /// In milliseconds.
    timings: BTreeMap<&'static str, Summary>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FolderState {
    path: PathBuf,
    files: usize,
    is_loaded: bool,
    looks_at_all: bool,
    /// Counts its states.
    generation: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentState {
    uri: Url,
    version: i32,
    bytes: u32,
    /// What is found in it; none if it is not analysed.
    findings: Option<usize>,
    /// Why it is not analysed.
    refused: Option<String>,
}

impl Commands {
    /// How the server is, as data and as text.
    pub(super) fn state(&self) -> Value {
        let mut documents: Vec<DocumentState> = self.documents.all().iter().map(|it| document(it)).collect();
        documents.sort_by(|a, b| a.uri.cmp(&b.uri));
        let state = State {
            version: env!("CARGO_PKG_VERSION"),
            process: std::process::id(),
            seconds: self.started.elapsed().as_secs(),
            is_at_rest: self.is_at_rest(),
            memory: memory(),
            folders: self.projects.folders().iter().map(|folder| self.folder(folder)).collect(),
            documents,
            timings: timings::summaries(),
        };
        let text = state.text();
        let mut value =
            serde_json::to_value(state).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        value["text"] = json!(text);
        value
    }

    /// Whether there is nothing to do. Documents and folders hand work to each other: one look is not enough.
    fn is_at_rest(&self) -> bool {
        let mut looks =
            std::iter::repeat_with(|| self.documents.are_at_rest() && self.projects.are_at_rest());
        self.configurer.is_at_rest() && looks.by_ref().take(3).all(|is_at_rest| is_at_rest)
    }

    fn folder(&self, folder: &leakwright_engine::Workspace) -> FolderState {
        FolderState {
            path: folder.root().to_owned(),
            files: folder.paths().len(),
            is_loaded: folder.is_loaded(),
            looks_at_all: self.projects.looks_into(folder.root()),
            generation: folder.generation(),
        }
    }
}

fn document(document: &crate::documents::Document) -> DocumentState {
    let latest = document.latest();
    let latest = latest.as_ref();
    let analysis = latest.map(|latest| &latest.analysis);
    DocumentState {
        uri: document.uri.clone(),
        version: document.inbox().version,
        bytes: latest.map_or(0, |latest| latest.text.len()),
        findings: analysis.and_then(|it| it.as_ref().ok()).map(|analysis| analysis.findings.len()),
        refused: analysis.and_then(|it| it.as_ref().err()).map(ToString::to_string),
    }
}

impl State {
    /// For people.
    fn text(&self) -> String {
        let mut out = format!(
            "leakwright {}, process {}, running for {} s, {}\n",
            self.version,
            self.process,
            self.seconds,
            if self.is_at_rest { "at rest" } else { "at work" }
        );
        if let Some(memory) = self.memory {
            let _ = writeln!(out, "memory: {} MB, {} MB at most", memory.resident >> 10, memory.peak >> 10);
        }
        for folder in &self.folders {
            let which =
                if folder.looks_at_all { "all are looked at" } else { "only open ones are looked at" };
            let which = if folder.is_loaded { which } else { "not read yet" };
            let _ = writeln!(out, "folder {}: {} files, {which}", folder.path.display(), folder.files);
        }
        let _ = writeln!(out, "open documents: {}", self.documents.len());
        for document in &self.documents {
            let found = match (&document.findings, &document.refused) {
                (Some(1), _) => "1 finding".to_owned(),
                (Some(count), _) => format!("{count} findings"),
                (None, Some(refusal)) => refusal.clone(),
                (None, None) => "not analysed yet".to_owned(),
            };
            let _ = writeln!(
                out,
                "  {} version {}, {} bytes: {found}",
                document.uri, document.version, document.bytes
            );
        }
        for (what, times) in &self.timings {
            let Summary { count, last, median, p95, worst } = times;
            let _ = writeln!(
                out,
                "{what}: {count} times; last {last} ms, median {median} ms, p95 {p95} ms, worst {worst} ms"
            );
        }
        out
    }
}
