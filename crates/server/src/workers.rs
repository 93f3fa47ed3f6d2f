//! Threads that analyse documents.
//!
//! A document is with one worker at a time. The worker takes all changes there are, parses once and
//! analyses the result; a version that is superseded meanwhile is not published. What comes in while
//! it works makes it go round again.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use leakwright_engine::{Configurations, DocumentAnalyzer, DocumentContext, STACK_SIZE};
use leakwright_syntax::{Budget, Document as Syntax, Parser, Refusal, Tree};
use tokio::runtime::Handle;

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::publish::Publisher;

/// How long a document with syntax errors rests before it is parsed afresh.
const HEAL_AFTER: Duration = Duration::from_millis(800);

/// What a worker keeps of a document from one version to the next.
#[derive(Default)]
pub(crate) struct Core {
    syntax: Syntax,
    analyzer: DocumentAnalyzer,
    context: Option<DocumentContext>,
}

/// The worker threads. Cloning gives another handle to them.
#[derive(Clone)]
pub(crate) struct Workers {
    queue: Sender<Arc<Document>>,
    shared: Arc<Shared>,
}

struct Shared {
    publisher: Publisher,
    client: OnceLock<Client>,
    roots: OnceLock<Vec<PathBuf>>,
    configurations: Configurations,
    runtime: Handle,
    workers: OnceLock<Workers>,
}

impl Workers {
    /// Starts the threads. Must be called within the runtime.
    pub(crate) fn start(publisher: Publisher) -> Self {
        let (queue, jobs) = channel();
        let shared = Arc::new(Shared {
            publisher,
            client: OnceLock::new(),
            roots: OnceLock::new(),
            configurations: Configurations::default(),
            runtime: Handle::current(),
            workers: OnceLock::new(),
        });
        let jobs = Arc::new(Mutex::new(jobs));
        let count = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
        for index in 0..count {
            let (jobs, shared) = (Arc::clone(&jobs), Arc::clone(&shared));
            let thread = std::thread::Builder::new().name(format!("analysis-{index}")).stack_size(STACK_SIZE);
            if let Err(error) = thread.spawn(move || work(&jobs, &shared)) {
                tracing::error!("cannot start a thread: {error}");
            }
        }
        let workers = Self { queue, shared };
        let _ = workers.shared.workers.set(workers.clone());
        workers
    }

    /// What the client said when it was initialised.
    pub(crate) fn initialize(&self, client: Client, roots: Vec<PathBuf>) {
        let _ = self.shared.client.set(client);
        let _ = self.shared.roots.set(roots);
    }

    /// What the client can do.
    pub(crate) fn client(&self) -> Client {
        self.shared.client.get().copied().unwrap_or_default()
    }

    /// Has a document analysed, unless a worker has it already.
    pub(crate) fn analyze(&self, document: &Arc<Document>) {
        let queued = std::mem::replace(&mut document.inbox().is_queued, true);
        if !queued && self.queue.send(Arc::clone(document)).is_err() {
            tracing::error!("no analysis thread is left");
        }
    }
}

fn work(jobs: &Mutex<Receiver<Arc<Document>>>, shared: &Shared) {
    let mut parser = Parser::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(document) = job else { return };
        let run = std::panic::AssertUnwindSafe(|| process(&document, &mut parser, shared));
        if std::panic::catch_unwind(run).is_err() {
            tracing::error!("{}: the analysis failed", document.uri);
            // What was half done is not to be trusted.
            parser = Parser::new();
            recover(&document);
        }
    }
}

/// After a failure: the next change starts from nothing but the text.
fn recover(document: &Document) {
    let mut core = document.core.lock().unwrap_or_else(PoisonError::into_inner);
    core.analyzer = DocumentAnalyzer::default();
    core.syntax.forget_tree();
    document.core.clear_poison();
    document.inbox().is_queued = false;
}

/// Analyses a document until nothing is due.
fn process(document: &Arc<Document>, parser: &mut Parser, shared: &Shared) {
    let mut core = document.core.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(version) = take_changes(document, &mut core) {
        let Some(tree) = parse(document, &mut core, parser, version) else { continue };
        let has_error = tree.as_ref().is_ok_and(|tree| tree.root().has_error());
        let analysis = tree.map(|tree| analyze(document, &mut core, tree, shared));
        if let Ok(analysis) = &analysis {
            analysis.failed.iter().for_each(|part| tracing::error!("{}: {part} failed", document.uri));
        }
        if !is_current(document, version) {
            continue;
        }
        let snapshot = Arc::new(Snapshot { version, text: core.syntax.text().clone(), analysis });
        document.finish(Arc::clone(&snapshot));
        shared.publisher.publish(document, &snapshot, shared.client.get().copied().unwrap_or_default());
        if has_error {
            heal_later(document, version, shared);
        }
    }
}

/// Takes what has come in; the version it leads to, or `None` if there is nothing to do.
fn take_changes(document: &Document, core: &mut Core) -> Option<i32> {
    let mut inbox = document.inbox();
    if !inbox.is_due || inbox.is_closed {
        inbox.is_queued = false;
        return None;
    }
    inbox.is_due = false;
    let (changes, version) = (std::mem::take(&mut inbox.changes), inbox.version);
    let is_fresh = std::mem::take(&mut inbox.is_fresh);
    drop(inbox);
    core.syntax.apply(&changes);
    if is_fresh {
        core.syntax.forget_tree();
    }
    Some(version)
}

fn is_current(document: &Document, version: i32) -> bool {
    let inbox = document.inbox();
    inbox.version == version && !inbox.is_closed
}

/// Parses the text; `None` if it is superseded already.
fn parse(
    document: &Document,
    core: &mut Core,
    parser: &mut Parser,
    version: i32,
) -> Option<Result<Tree, Refusal>> {
    if !is_current(document, version) {
        return None;
    }
    let quick = core.syntax.parse(parser, Budget::INTERACTIVE);
    match quick {
        Err(Refusal::OverBudget { .. }) => Some(core.syntax.parse(parser, Budget::BACKGROUND)),
        other => Some(other),
    }
}

fn analyze(document: &Document, core: &mut Core, tree: Tree, shared: &Shared) -> leakwright_engine::Analysis {
    let Core { analyzer, context, .. } = core;
    let context = context.get_or_insert_with(|| {
        let roots = shared.roots.get().map_or(&[][..], Vec::as_slice);
        let found = DocumentContext::new(
            document.path.as_deref(),
            roots.iter().map(PathBuf::as_path),
            &shared.configurations,
        );
        found.unwrap_or_else(|error| {
            tracing::error!("{error}");
            DocumentContext::unconfigured(document.path.as_deref().unwrap_or(Path::new("")))
        })
    });
    analyzer.analyze(tree, context)
}

/// Parses a text with syntax errors afresh once it has come to rest: the parser may have recovered from
/// them in another way than it would from the text alone.
fn heal_later(document: &Arc<Document>, version: i32, shared: &Shared) {
    let Some(workers) = shared.workers.get().cloned() else { return };
    let document = Arc::clone(document);
    shared.runtime.spawn(async move {
        tokio::time::sleep(HEAL_AFTER).await;
        {
            let mut inbox = document.inbox();
            if inbox.version != version || inbox.is_closed || inbox.is_fresh {
                return;
            }
            (inbox.is_due, inbox.is_fresh) = (true, true);
        }
        workers.analyze(&document);
    });
}
