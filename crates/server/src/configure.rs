//! Settings, from the client to where they are heeded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;
use tokio::runtime::Handle;
use tower_lsp::Client as Connection;

use crate::documents::Documents;
use crate::log;
use crate::lsp::{ConfigurationItem, Url};
use crate::projects::Projects;
use crate::settings::{Current, SECTION, Settings};
use crate::tell::Teller;
use crate::unopened::Unopened;
use crate::workers::Workers;

/// Hands settings to where they are heeded. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Configurer {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) documents: Arc<Documents>,
    pub(crate) projects: Projects,
    pub(crate) workers: Workers,
    pub(crate) unopened: Arc<Unopened>,
    pub(crate) current: Current,
    pub(crate) teller: Teller,
    /// What was set when the client started us.
    pub(crate) initial: OnceLock<Value>,
    /// What the client said last, if it cannot be asked.
    pub(crate) last: Mutex<Value>,
    /// Counts the questions: what comes late is not heeded.
    pub(crate) asked: AtomicU64,
    /// The last question whose answer was heeded.
    pub(crate) answered: AtomicU64,
    /// Held by who heeds settings: what was said later takes effect later.
    pub(crate) turn: Mutex<()>,
}

impl Configurer {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The settings as they are now.
    pub(crate) fn current(&self) -> Arc<Settings> {
        self.shared.current.get()
    }

    /// Notes what was set when the client started us.
    pub(crate) fn start(&self, options: Value) {
        let _ = self.shared.initial.set(options);
    }

    /// Asks the client what is set. Never waited for by a handler, and never given up: the library fails
    /// on late answers.
    pub(crate) fn ask(&self) {
        let number = self.shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let own = self.clone();
        tokio::spawn(async move {
            let folders = own.shared.projects.roots();
            let scopes =
                std::iter::once(None).chain(folders.iter().map(|path| Url::from_file_path(path).ok()));
            let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(SECTION.to_owned()) };
            let answer = own.shared.connection.configuration(scopes.map(item).collect()).await;
            let answer = answer.inspect_err(|error| tracing::warn!("no settings: {error}"));
            let mut answer = answer.unwrap_or_default().into_iter();
            let _turn = own.turn();
            if own.shared.asked.load(Ordering::SeqCst) == number {
                let all = answer.next().unwrap_or_default();
                own.heed(&all, &folders.into_iter().zip(answer).collect());
            }
            own.shared.answered.fetch_max(number, Ordering::SeqCst);
        });
    }

    /// Whether no question is open.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.shared.answered.load(Ordering::SeqCst) == self.shared.asked.load(Ordering::SeqCst)
    }

    /// The client says what is set.
    pub(crate) fn told(&self, settings: Value) {
        *self.shared.last.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        self.told_before();
    }

    /// What the client said last holds, for the folders that there are now.
    pub(crate) fn told_before(&self) {
        let _turn = self.turn();
        let settings = self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.heed(&settings, &BTreeMap::new());
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heed(&self, all: &Value, folders: &BTreeMap<PathBuf, Value>) {
        let mut problems = Vec::new();
        let nothing = Value::Null;
        let initial = self.shared.initial.get().unwrap_or(&nothing);
        let mut read = |value: &Value, folder: Option<&Path>| {
            let (base, wrong) = Settings::default().with(initial, folder);
            let (settings, also) = base.with(value, folder);
            problems.extend(wrong.into_iter().chain(also));
            settings
        };
        let roots = self.shared.projects.roots();
        let global = read(all, roots.first().map(PathBuf::as_path));
        let own: BTreeMap<PathBuf, Settings> = roots
            .into_iter()
            .map(|root| {
                let settings = read(folders.get(&root).unwrap_or(all), Some(&root));
                (root, settings)
            })
            .collect();
        self.apply(&Arc::new(global), &own, problems);
    }

    fn apply(&self, global: &Arc<Settings>, own: &BTreeMap<PathBuf, Settings>, mut problems: Vec<String>) {
        let shared = &self.shared;
        let before = shared.current.set(Arc::clone(global));
        if (&before.log_level, &before.log_file) != (&global.log_level, &global.log_file)
            && let Err(problem) = log::set(global.log_level.as_deref(), global.log_file.as_deref())
        {
            problems.push(problem);
        }
        shared.teller.tell("settings", problems);
        let limits = |settings: &Settings| {
            (settings.max_diagnostics_per_file, settings.max_diagnostics, settings.overrides.max_file_bytes)
        };
        shared.projects.set(global, own);
        if limits(&before) != limits(global) {
            shared.unopened.judge_again();
            shared.projects.note_edit();
            shared.documents.all().iter().for_each(|document| shared.workers.analyze_again(document));
        }
        if before.code_lens != global.code_lens {
            shared.workers.publisher().refresh_lenses();
        }
        shared.projects.tell(&shared.connection, &Handle::current());
    }
}
