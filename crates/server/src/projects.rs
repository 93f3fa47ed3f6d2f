//! The folders that are open in the editor, and what is to be done about them in the background.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use leakwright_engine::{Configurations, Overrides, Workspace};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tower_lsp::Client as Connection;

use crate::lsp::ProgressToken;
use crate::progress::Bar;
use crate::settings::Settings;
use crate::tell::Teller;

/// The folders that are open in the editor. Cloning gives another handle to them.
#[derive(Clone, Default)]
pub(crate) struct Projects {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    teller: OnceLock<Teller>,
}

#[derive(Default)]
struct State {
    folders: Vec<Folder>,
    configurations: Arc<Configurations>,
    tasks: Tasks,
    /// Tasks are being done.
    is_working: bool,
    /// What is set for documents outside of all folders; `None` until the client has said what is set.
    overrides: Option<Overrides>,
    /// The work on files that are not open, while it is shown.
    bar: Option<Arc<Bar>>,
    /// The client does not want files looked at that are not open.
    is_cancelled: bool,
    /// Those who wait until everything is looked through.
    waiting: Vec<oneshot::Sender<()>>,
}

/// A folder that is open.
#[derive(Clone)]
struct Folder {
    workspace: Arc<Workspace>,
    /// Files of it are looked at that are not open.
    looks_everywhere: bool,
}

/// What is to be done in the background.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    /// Files on disk that may have changed, if any may.
    pub(crate) scan: Option<Scan>,
    /// When a document was last analysed that other documents may depend on.
    pub(crate) edited: Option<Instant>,
    /// Somebody waits for it.
    is_urgent: bool,
}

/// A look at the files on disk.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Files that have changed for certain.
    pub(crate) changed: Vec<PathBuf>,
    /// Configuration may have changed.
    pub(crate) reads_configuration: bool,
    /// All files are to be read again, whether they look changed or not.
    pub(crate) afresh: Option<Afresh>,
}

/// That somebody wants everything looked through again.
#[derive(Debug)]
pub(crate) struct Afresh {
    /// Where the client wants to hear how far that is.
    pub(crate) token: Option<ProgressToken>,
    /// Goes when nothing more is told there.
    pub(crate) told: oneshot::Sender<()>,
}

/// What is waited for, of a look through everything.
pub(crate) struct Through {
    /// Everything is looked through.
    pub(crate) done: oneshot::Receiver<()>,
    /// Nothing more is told of how far it is.
    pub(crate) told: oneshot::Receiver<()>,
}

impl Projects {
    /// The folders.
    pub(crate) fn folders(&self) -> Vec<Arc<Workspace>> {
        self.state().folders.iter().map(|folder| Arc::clone(&folder.workspace)).collect()
    }

    /// Where the folders are.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        self.folders().iter().map(|folder| folder.root().to_owned()).collect()
    }

    /// The innermost folder around a path.
    pub(crate) fn folder_of(&self, path: &Path) -> Option<Arc<Workspace>> {
        let state = self.state();
        let folders = state.folders.iter().map(|folder| &folder.workspace);
        let around = folders.filter(|folder| path.starts_with(folder.root()));
        around.max_by_key(|folder| folder.root().components().count()).cloned()
    }

    /// Configuration for the documents of a folder, or of none.
    pub(crate) fn configurations(&self, folder: Option<&Workspace>) -> Arc<Configurations> {
        folder.map_or_else(|| Arc::clone(&self.state().configurations), Workspace::configurations)
    }

    /// Notes what is set, for all and for each folder.
    pub(crate) fn set(&self, global: &Settings, own: &BTreeMap<PathBuf, Settings>) {
        let mut guard = self.state();
        let state = &mut *guard;
        // Nothing is set before the client has said so: that it sets nothing is no news either.
        let before = state.overrides.replace(global.overrides.clone());
        if before.is_none() {
            state.tasks.edited.get_or_insert_with(Instant::now);
        }
        let mut is_new = before.unwrap_or_default() != global.overrides;
        if is_new {
            state.configurations = outside(Some(&global.overrides));
        }
        for folder in &mut state.folders {
            let settings = own.get(folder.workspace.root()).unwrap_or(global);
            is_new |= folder.workspace.set_overrides(&settings.overrides);
            if std::mem::replace(&mut folder.looks_everywhere, !settings.open_files_only)
                == settings.open_files_only
            {
                state.is_cancelled = false;
                state.tasks.edited.get_or_insert_with(Instant::now);
            }
        }
        if is_new {
            state.tasks.edited.get_or_insert_with(Instant::now);
            state.tasks.scan.get_or_insert_default().reads_configuration = true;
        }
        self.shared.changed.notify_all();
    }

    /// Whether the client has said what is set.
    pub(crate) fn is_set(&self) -> bool {
        self.state().overrides.is_some()
    }

    /// Whether files of a folder are looked at that are not open.
    pub(crate) fn looks_into(&self, root: &Path) -> bool {
        let state = self.state();
        let is_it = |folder: &&Folder| folder.workspace.root() == root;
        !state.is_cancelled && state.folders.iter().find(is_it).is_some_and(|folder| folder.looks_everywhere)
    }

    /// Whether files of any folder are looked at that are not open.
    fn looks_anywhere(&self) -> bool {
        let state = self.state();
        !state.is_cancelled && state.folders.iter().any(|folder| folder.looks_everywhere)
    }

    /// Whether files on disk may have changed, so that what is done with them is in vain.
    pub(crate) fn is_outdated(&self) -> bool {
        self.state().tasks.scan.is_some()
    }

    /// Shows the work on files that are not open, until it is shown no more.
    pub(crate) fn show(&self, bar: Option<Arc<Bar>>) {
        self.state().bar = bar;
    }

    /// The bar that shows the work.
    pub(crate) fn bar(&self) -> Option<Arc<Bar>> {
        self.state().bar.clone()
    }

    /// Has the client show the work, if there is any that it wants.
    pub(crate) fn tell(&self, connection: &Connection, runtime: &Handle) {
        if let Some(bar) = self.bar().filter(|_| self.looks_anywhere()) {
            bar.tell(connection, runtime);
        }
    }

    /// The client wants no more of the work behind a bar.
    pub(crate) fn cancel(&self, token: &ProgressToken) {
        let mut state = self.state();
        if state.bar.as_ref().is_some_and(|bar| bar.cancel(token)) {
            state.is_cancelled = true;
            state.bar = None;
            state.tasks.edited.get_or_insert_with(Instant::now);
            self.shared.changed.notify_all();
        }
    }

    /// Opens folders and closes others.
    pub(crate) fn change_folders(&self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        let mut state = self.state();
        state.is_cancelled &= added.is_empty();
        state.folders.retain(|folder| !removed.iter().any(|path| path == folder.workspace.root()));
        for path in added {
            if !state.folders.iter().any(|folder| folder.workspace.root() == path) {
                let workspace = Arc::new(Workspace::new(path));
                // Not before it is known what is set for it.
                state.folders.push(Folder { workspace, looks_everywhere: false });
            }
        }
        state.tasks.scan.get_or_insert_default();
        self.shared.changed.notify_all();
    }

    /// Files on disk may have changed.
    pub(crate) fn look_at_disk(&self, changed: Vec<PathBuf>, reads_configuration: bool) {
        let mut state = self.state();
        if reads_configuration {
            state.configurations = outside(state.overrides.as_ref());
        }
        let scan = state.tasks.scan.get_or_insert_default();
        scan.changed.extend(changed);
        scan.reads_configuration |= reads_configuration;
        self.shared.changed.notify_all();
    }

    /// Has all files read again and everything looked through, also after that was cancelled.
    pub(crate) fn look_afresh(&self, token: Option<ProgressToken>) -> Through {
        let ((done_by, done), (told_by, told)) = (oneshot::channel(), oneshot::channel());
        let mut state = self.state();
        state.is_cancelled = false;
        state.configurations = outside(state.overrides.as_ref());
        state.waiting.push(done_by);
        let scan = state.tasks.scan.get_or_insert_default();
        scan.reads_configuration = true;
        scan.afresh.get_or_insert(Afresh { token, told: told_by });
        self.shared.changed.notify_all();
        Through { done, told }
    }

    /// Everything is looked through: those who wait for that hear of it, unless files may have changed
    /// meanwhile, or it is not known yet what is to be looked at.
    pub(crate) fn is_through(&self) {
        let mut state = self.state();
        if state.tasks.scan.is_none() && state.overrides.is_some() {
            for waiting in state.waiting.drain(..) {
                let _ = waiting.send(());
            }
        }
    }

    /// Whether the client has ended the work on files that are not open.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.state().is_cancelled
    }

    /// A document was analysed that others may depend on.
    pub(crate) fn note_edit(&self) {
        self.state().tasks.edited = Some(Instant::now());
        self.shared.changed.notify_all();
    }

    /// Somebody waits for what is to be done.
    pub(crate) fn hurry(&self) {
        self.state().tasks.is_urgent = true;
        self.shared.changed.notify_all();
    }

    /// Waits until there is something to do, and until nothing was edited for a while.
    pub(crate) fn next(&self, pause: Duration) -> Tasks {
        let mut state = self.state();
        state.is_working = false;
        loop {
            let tasks = &state.tasks;
            let rest = match tasks.edited {
                _ if tasks.scan.is_some() || tasks.is_urgent => Some(Duration::ZERO),
                Some(edited) => Some(pause.saturating_sub(edited.elapsed())),
                None => None,
            };
            state = match rest {
                Some(Duration::ZERO) => {
                    state.is_working = true;
                    return std::mem::take(&mut state.tasks);
                }
                Some(rest) => {
                    self.shared.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Whether nothing is to be done.
    pub(crate) fn are_at_rest(&self) -> bool {
        let state = self.state();
        let tasks = &state.tasks;
        !state.is_working && tasks.scan.is_none() && tasks.edited.is_none() && !tasks.is_urgent
    }

    /// Waits until the files of a folder are known, for a while.
    pub(crate) fn wait_until_loaded(&self, folder: &Workspace, limit: Duration) {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        while !folder.is_loaded() {
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            state = self.shared.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Wakes those who wait for a folder.
    pub(crate) fn loaded(&self) {
        let _state = self.state();
        self.shared.changed.notify_all();
    }

    /// What tells the user what is wrong.
    pub(crate) fn teller(&self) -> Option<&Teller> {
        self.shared.teller.get()
    }

    /// Sets what tells the user what is wrong.
    pub(crate) fn tell_with(&self, teller: Teller) {
        let _ = self.shared.teller.set(teller);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Configurations for documents outside the folders.
fn outside(overrides: Option<&Overrides>) -> Arc<Configurations> {
    Arc::new(Configurations::with(overrides.cloned().unwrap_or_default(), Path::new("/")))
}
