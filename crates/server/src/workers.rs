//! Threads that analyse documents.
//!
//! A document is with one worker at a time. The worker takes all changes there are, parses once and
//! analyses the result; a version that is superseded meanwhile is not published. What comes in while
//! it works makes it go round again.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use leakwright_engine::{
    Analysis, Configurations, DocumentContext, DocumentMapper, Mapped, STACK_SIZE, Standing, Workspace,
};
use leakwright_syntax::{Budget, Change, Document as Syntax, Parser, Refusal, Tree};
use tokio::runtime::Handle;

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::projects::Projects;
use crate::publish::Publisher;
use crate::quarantine::Quarantine;
use crate::timings;

/// How long a document with syntax errors rests before it is parsed afresh.
const HEAL_AFTER: Duration = Duration::from_millis(800);

/// How long a document that is opened waits for the files around it to be read.
const WAIT_FOR_PROJECT: Duration = Duration::from_millis(100);

/// Instructions in other files that may be linked for every edit: about a millisecond.
const LINKED_AT_ONCE: usize = 8_000;

/// What fails where nothing of a document can be looked at.
const WHOLE: &str = "the analysis";

/// What a worker keeps of a document from one version to the next.
#[derive(Default)]
pub(crate) struct Core {
    syntax: Syntax,
    mapper: DocumentMapper,
    /// What holds for the document, and the configurations that say so.
    context: Option<(Arc<Configurations>, DocumentContext)>,
    /// What of the text the analysis may have failed on.
    quarantine: Quarantine,
    /// What failed the last time.
    failed: Vec<String>,
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
    projects: Projects,
    runtime: Handle,
    workers: OnceLock<Workers>,
}

impl Workers {
    /// Starts the threads. Must be called within the runtime.
    pub(crate) fn start(publisher: Publisher, projects: Projects) -> Self {
        let (queue, jobs) = channel();
        let shared = Arc::new(Shared {
            publisher,
            client: OnceLock::new(),
            projects,
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
    pub(crate) fn initialize(&self, client: Client) {
        let _ = self.shared.client.set(client);
    }

    /// What the client can do.
    pub(crate) fn client(&self) -> Client {
        self.shared.client.get().copied().unwrap_or_default()
    }

    /// Has a document analysed though its text is the same.
    pub(crate) fn analyze_again(&self, document: &Arc<Document>) {
        document.inbox().is_due = true;
        self.analyze(document);
    }

    /// Has a document parsed afresh and analysed.
    pub(crate) fn analyze_afresh(&self, document: &Arc<Document>) {
        document.inbox().is_fresh = true;
        self.analyze_again(document);
    }

    /// What sends diagnostics to the client.
    pub(crate) fn publisher(&self) -> &Publisher {
        &self.shared.publisher
    }

    /// Publishes what else is found in a version now that its project was looked at.
    pub(crate) fn correct(&self, document: &Document, known: &Arc<Snapshot>, snapshot: Snapshot) {
        self.shared.publisher.publish(document, snapshot, Some(known), self.client());
    }

    /// Has a document analysed, unless a worker has it already.
    pub(crate) fn analyze(&self, document: &Arc<Document>) {
        if claim(document) && self.queue.send(Arc::clone(document)).is_err() {
            tracing::error!("no analysis thread is left");
        }
    }

    /// Analyses a document on this thread, unless a worker has it already.
    pub(crate) fn analyze_here(&self, document: &Arc<Document>, parser: &mut Parser) {
        if claim(document) {
            process_safely(document, parser, &self.shared);
        }
    }
}

impl Shared {
    /// Has a document analysed again.
    fn again(&self, document: &Arc<Document>) {
        if let Some(workers) = self.workers.get() {
            workers.analyze_again(document);
        }
    }
}

/// Takes a document, unless a worker has it.
fn claim(document: &Document) -> bool {
    !std::mem::replace(&mut document.inbox().is_queued, true)
}

fn work(jobs: &Mutex<Receiver<Arc<Document>>>, shared: &Shared) {
    let mut parser = Parser::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(document) = job else { return };
        process_safely(&document, &mut parser, shared);
    }
}

/// Analyses a document, whatever fails.
fn process_safely(document: &Arc<Document>, parser: &mut Parser, shared: &Shared) {
    let run = std::panic::AssertUnwindSafe(|| process(document, parser, shared));
    if std::panic::catch_unwind(run).is_err() {
        // What was half done is not to be trusted.
        *parser = Parser::new();
        if recover(document) {
            shared.again(document);
        }
    }
}

/// After a failure: the next version starts from nothing but the text. Whether this one is worth another try, in
/// which nothing of the text is looked at.
fn recover(document: &Document) -> bool {
    let mut core = document.core.lock().unwrap_or_else(PoisonError::into_inner);
    core.mapper = DocumentMapper::default();
    core.syntax.forget_tree();
    document.core.clear_poison();
    document.inbox().is_queued = false;
    let text = core.syntax.text().to_string();
    let is_new = !core.quarantine.holds(&text);
    core.quarantine.failed(&text);
    core.failed = vec![WHOLE.to_owned()];
    tracing::error!(
        "{}: the analysis failed; it is left alone until it is changed where the fault may be",
        document.uri
    );
    is_new
}

/// Analyses a document until nothing is due.
fn process(document: &Arc<Document>, parser: &mut Parser, shared: &Shared) {
    let mut core = document.core.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(changes) = take_changes(document) {
        let (version, is_fresh) = (changes.version, changes.is_fresh);
        let started = Instant::now();
        let is_followed = core.apply(&changes) && !is_too_large(&core, shared);
        let followed = is_followed.then(|| core.mapper.followed(core.syntax.text().clone(), version));
        if let Some(mapped) = &followed {
            // Nobody waits for the tree.
            finish(document, &mut core, Ok(mapped), version, started, shared);
            if document.inbox().is_due {
                continue;
            }
        }
        // A change that comes in waits for no tree that nobody waits for.
        let is_unwanted = || followed.is_some() && document.inbox().is_due;
        let Some(tree) = parse(document, &mut core, parser, version, shared, &is_unwanted) else { continue };
        let has_error = tree.as_ref().is_ok_and(|tree| tree.root().has_error());
        match (tree, followed) {
            (Ok(tree), Some(mapped)) if mapped.is_outdated() == has_error => mapped.complete(tree),
            (Ok(tree), _) => {
                let mapped = map(&mut core, tree, version);
                finish(document, &mut core, Ok(&mapped), version, started, shared);
            }
            (Err(refusal), _) => finish(document, &mut core, Err(refusal), version, started, shared),
        }
        // What was parsed afresh is healed.
        if has_error && !is_fresh {
            heal_later(document, version, shared);
        }
    }
}

/// Judges a version, and publishes what is found.
fn finish(
    document: &Arc<Document>,
    core: &mut Core,
    mapped: Result<&Mapped, Refusal>,
    version: i32,
    started: Instant,
    shared: &Shared,
) {
    let (analysis, generation) = match mapped {
        Ok(mapped) => {
            let (analysis, generation) = analyze(document, core, mapped, shared);
            note_failures(document, core, &analysis.failed);
            (Ok(analysis), generation)
        }
        Err(refusal) => (Err(refusal), leave_out(document, shared)),
    };
    let snapshot = Snapshot { version, text: core.syntax.text().clone(), generation, analysis };
    let client = shared.client.get().copied().unwrap_or_default();
    shared.publisher.publish(document, snapshot, None, client);
    timings::note("document", started.elapsed());
    let took = || format!("Analysed {}, version {version}, in {:.1?}.", document.uri, started.elapsed());
    shared.publisher.trace(took);
    if generation > 0 {
        shared.projects.note_edit();
    }
}

/// Maps a version, unless that would fail again.
fn map(core: &mut Core, tree: Tree, version: i32) -> Mapped {
    if core.quarantine.holds(tree.text()) {
        return core.mapper.give_up(tree, version);
    }
    let mapped = core.mapper.map(tree, version);
    if mapped.is_failed {
        core.quarantine.failed(mapped.text());
    }
    mapped
}

/// Logs what failed, unless it did so in the version before.
fn note_failures(document: &Document, core: &mut Core, failed: &[String]) {
    for part in failed.iter().filter(|part| !core.failed.contains(part)) {
        tracing::error!("{}: {part} failed", document.uri);
    }
    core.failed = failed.to_vec();
    if !core.failed.iter().any(|part| part == WHOLE) {
        core.quarantine.passed();
    }
}

/// What has come in, and the version that it leads to.
struct Changes {
    list: Vec<Change>,
    version: i32,
    /// The text is to be parsed afresh.
    is_fresh: bool,
}

/// Takes what has come in; `None` if there is nothing to do.
fn take_changes(document: &Document) -> Option<Changes> {
    let mut inbox = document.inbox();
    if !inbox.is_due || inbox.is_closed {
        inbox.is_queued = false;
        return None;
    }
    inbox.is_due = false;
    let (list, version) = (std::mem::take(&mut inbox.changes), inbox.version);
    Some(Changes { list, version, is_fresh: std::mem::take(&mut inbox.is_fresh) })
}

impl Core {
    /// Applies changes. Whether the facts could follow all of them.
    fn apply(&mut self, changes: &Changes) -> bool {
        let mut follows = !changes.list.is_empty() && !changes.is_fresh;
        let first = changes.list.iter().rposition(|change| matches!(change, Change::Whole(_))).unwrap_or(0);
        for change in &changes.list[first..] {
            let before = self.syntax.text().clone();
            // All of them, whatever comes of it: the facts are in step with the text, or known not to be.
            follows &= match self.syntax.apply_one(change) {
                Some(change) => self.mapper.follow(&before, self.syntax.text(), change),
                None => self.mapper.lose(),
            };
        }
        if changes.is_fresh {
            self.syntax.forget_tree();
            // A wish to try again, also where this version is superseded before it is parsed.
            self.quarantine.passed();
        }
        follows
    }
}

/// Whether a text is larger than is wanted.
fn is_too_large(core: &Core, shared: &Shared) -> bool {
    let limit = shared.publisher.settings().overrides.max_file_bytes;
    limit.is_some_and(|limit| core.syntax.text().len() as usize > limit)
}

fn is_current(document: &Document, version: i32) -> bool {
    let inbox = document.inbox();
    inbox.version == version && !inbox.is_closed
}

/// Parses the text; `None` if it is superseded already, or not wanted any more.
fn parse(
    document: &Document,
    core: &mut Core,
    parser: &mut Parser,
    version: i32,
    shared: &Shared,
    is_unwanted: &dyn Fn() -> bool,
) -> Option<Result<Tree, Refusal>> {
    if !is_current(document, version) {
        return None;
    }
    let limit = shared.publisher.settings().overrides.max_file_bytes;
    if let Some(limit) = limit.filter(|limit| core.syntax.text().len() as usize > *limit) {
        return Some(Err(Refusal::FileTooLarge { limit }));
    }
    let mut within = |budget| core.syntax.parse_unless(parser, budget, is_unwanted).transpose();
    match within(Budget::INTERACTIVE) {
        Some(Err(Refusal::OverBudget { .. })) => within(Budget::BACKGROUND),
        other => other,
    }
}

/// Judges a version, and gives the state of the project that it is part of; zero outside of projects.
fn analyze(document: &Document, core: &mut Core, mapped: &Mapped, shared: &Shared) -> (Analysis, u64) {
    let is_first = core.context.is_none();
    let folder = document.path.as_deref().and_then(|path| shared.projects.folder_of(path));
    if let Some(folder) = folder.as_ref().filter(|_| is_first) {
        shared.projects.wait_until_loaded(folder, WAIT_FOR_PROJECT);
    }
    // One that was never saved is to become a file of the first folder.
    let home = folder
        .clone()
        .or_else(|| shared.projects.folders().first().filter(|_| document.path.is_none()).cloned());
    let context = context(document, &mut core.context, home.as_deref(), shared);
    let (mut analysis, generation) = match (folder, &document.path) {
        (Some(folder), Some(path)) => judge(document, path, mapped, context, &folder),
        _ => (mapped.judge_alone(context), 0),
    };
    if mapped.is_failed {
        analysis.failed.push(WHOLE.to_owned());
    } else {
        leakwright_rules::fail_if_asked("judging", |name| mapped.text().contains(name));
    }
    (analysis, generation)
}

/// Judges a version in its folder, as far as that can be done at once.
fn judge(
    document: &Document,
    path: &Path,
    mapped: &Mapped,
    context: &DocumentContext,
    folder: &Workspace,
) -> (Analysis, u64) {
    let (standing, followed) = folder.follow(path, document.owner, mapped);
    if document.inbox().is_closed {
        folder.close(path, document.owner);
    }
    if let Some(analysis) = followed {
        document.remember(analysis.to_settled());
        let generation = analysis.linked.generation();
        return (analysis, generation);
    }
    let alone = || mapped.judge_alone(context);
    match standing {
        Standing::Outside => (alone(), 0),
        Standing::Loading { generation } => (alone().undisputed(), generation),
        Standing::Inside { generation, linked, others } => {
            let linked = linked.or_else(|| (others <= LINKED_AT_ONCE).then(|| folder.link()).flatten());
            let own = linked.and_then(|linked| Some((linked.module_at(path)?, linked)));
            match own {
                Some((module, linked)) => {
                    let analysis = linked.judge(module);
                    if others > LINKED_AT_ONCE && document.settled().is_none() {
                        document.remember(analysis.to_settled());
                    }
                    (analysis, linked.generation())
                }
                None => match document.settled() {
                    Some(settled) => (alone().provisional(mapped.text(), &settled), generation),
                    None => (alone().undisputed(), generation),
                },
            }
        }
    }
}

/// Takes a document that is not parsed out of its project, whose state it gives.
fn leave_out(document: &Document, shared: &Shared) -> u64 {
    let Some(path) = &document.path else { return 0 };
    let Some(folder) = shared.projects.folder_of(path) else { return 0 };
    folder.update(path, document.owner, None);
    if document.inbox().is_closed {
        folder.close(path, document.owner);
    }
    folder.generation()
}

/// What holds for a document; looked up when it is first analysed, and when configurations change.
fn context<'c>(
    document: &Document,
    known: &'c mut Option<(Arc<Configurations>, DocumentContext)>,
    folder: Option<&Workspace>,
    shared: &Shared,
) -> &'c DocumentContext {
    let configurations = shared.projects.configurations(folder);
    if known.as_ref().is_none_or(|(by, _)| !Arc::ptr_eq(by, &configurations)) {
        *known = None;
    }
    let path = document.path.as_deref();
    let (_, context) = known.get_or_insert_with(|| {
        let found = DocumentContext::new(path, folder.map(Workspace::root), &configurations);
        let context = found.unwrap_or_else(|error| {
            if let Some(teller) = shared.projects.teller() {
                teller.tell_also("configuration", error.to_string());
            }
            DocumentContext::unconfigured(path.unwrap_or(Path::new("")))
        });
        (configurations, context)
    });
    context
}

/// Parses a text with syntax errors afresh once it has come to rest: the parser may have recovered from
/// them in another way than it would from the text alone.
fn heal_later(document: &Arc<Document>, version: i32, shared: &Shared) {
    let Some(workers) = shared.workers.get().cloned() else { return };
    let document = Arc::clone(document);
    document.inbox().heals += 1;
    shared.runtime.spawn(async move {
        tokio::time::sleep(HEAL_AFTER).await;
        {
            let mut inbox = document.inbox();
            inbox.heals -= 1;
            if inbox.version != version || inbox.is_closed || inbox.is_fresh {
                return;
            }
            (inbox.is_due, inbox.is_fresh) = (true, true);
        }
        workers.analyze(&document);
    });
}
