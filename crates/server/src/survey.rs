//! Looking through the files that are not open, once all open documents are judged.
//!
//! It goes on where it was when an edit ended it, and is shown to the user the first time that it goes
//! through a folder.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Linked, Workspace};
use tokio::runtime::Handle;
use tower_lsp::Client as Connection;

use crate::capabilities::Client;
use crate::documents::Documents;
use crate::progress::Bar;
use crate::projects::{Afresh, Projects};
use crate::unopened::Unopened;

/// What is looked through, and how far that is.
pub(crate) struct Survey {
    projects: Projects,
    documents: Arc<Documents>,
    unopened: Arc<Unopened>,
    connection: Connection,
    runtime: Handle,
    roots: Vec<PathBuf>,
    /// The folders that were looked through to the end, and their state at that time.
    seen: HashMap<PathBuf, State>,
}

/// The state of a folder, and how many documents had been closed.
type State = (u64, u64);

impl Survey {
    /// Must be called within the runtime.
    pub(crate) fn new(
        projects: Projects,
        documents: Arc<Documents>,
        unopened: Arc<Unopened>,
        connection: Connection,
    ) -> Self {
        let (roots, seen) = (Vec::new(), HashMap::new());
        Self { projects, documents, unopened, connection, runtime: Handle::current(), roots, seen }
    }

    /// Before all files are looked at again, as somebody wants: none counts as seen.
    pub(crate) fn begin_again(&mut self, afresh: Afresh) {
        self.seen.clear();
        if let Some(token) = afresh.token {
            self.projects.show(Some(Arc::new(Bar::on(token, afresh.told))));
        }
    }

    /// Before files are looked at: shows it, if the user has not seen that of all folders.
    pub(crate) fn begin(&mut self, client: Client) {
        let folders = self.projects.folders();
        let roots: Vec<PathBuf> = folders.iter().map(|folder| folder.root().to_owned()).collect();
        if self.roots != roots {
            // A file may belong to another folder now.
            self.seen.clear();
            self.roots = roots;
        }
        let is_new = self.roots.iter().any(|root| !self.seen.contains_key(root));
        if client.shows_progress && is_new && self.projects.bar().is_none() {
            self.projects.show(Some(Arc::default()));
        }
        self.projects.tell(&self.connection, &self.runtime);
        self.unopened.set_whole(false);
    }

    /// Whether a folder is not looked through as it is now, and shall be.
    pub(crate) fn is_due(&mut self, folder: &Workspace) -> bool {
        if self.projects.looks_into(folder.root()) {
            return self.seen.get(folder.root()) != Some(&self.state(folder.generation()));
        }
        self.seen.remove(folder.root());
        self.unopened.retain(|_, root| root != folder.root());
        false
    }

    fn state(&self, generation: u64) -> State {
        (generation, self.unopened.closings())
    }

    /// Judges the files of a folder that are not open and not judged in its state as it is. False if that
    /// was ended.
    pub(crate) fn look_through(
        &mut self,
        folder: &Arc<Workspace>,
        linked: &Arc<Linked>,
        client: Client,
    ) -> bool {
        let state = self.state(linked.generation());
        let epoch = self.unopened.epoch();
        let own = self.files(folder, linked);
        let due = self.unopened.due(folder.root(), linked, own.iter().copied());
        let bar = self.projects.bar();
        if let Some(bar) = &bar {
            bar.judging(due.len());
        }
        let outdated = Mutex::new(Vec::new());
        let is_unwanted = || {
            folder.generation() != linked.generation()
                || self.projects.is_outdated()
                || !self.projects.looks_into(folder.root())
        };
        let is_whole = linked.judge_each(&due, &is_unwanted, &|analysis| {
            if !self.unopened.publish(epoch, folder.root(), analysis, client) {
                let path = linked.path(analysis.module).to_owned();
                outdated.lock().unwrap_or_else(PoisonError::into_inner).push(path);
            }
            if let Some(bar) = &bar {
                bar.judged();
            }
        });
        let outdated = outdated.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !outdated.is_empty() {
            // Changed or gone since they were read: another look at the disk tells.
            self.projects.look_at_disk(outdated, false);
        } else if is_whole {
            let own: HashSet<ModuleId> = own.into_iter().collect();
            self.unopened.retain(|path, root| {
                root != folder.root() || linked.module_at(path).is_some_and(|module| own.contains(&module))
            });
            self.seen.insert(folder.root().to_owned(), state);
        }
        is_whole
    }

    /// The files of a folder that are not open, and not in a folder within it that is open itself.
    fn files(&self, folder: &Arc<Workspace>, linked: &Linked) -> Vec<ModuleId> {
        let open: HashSet<PathBuf> =
            self.documents.all().iter().filter_map(|document| document.path.clone()).collect();
        let is_own = |module: &ModuleId| {
            let path = linked.path(*module);
            let innermost = self.projects.folder_of(path);
            !open.contains(path) && innermost.is_some_and(|innermost| Arc::ptr_eq(&innermost, folder))
        };
        linked.modules().filter(is_own).collect()
    }

    /// All folders are looked through.
    pub(crate) fn end(&self, folders: &[Arc<Workspace>]) {
        self.unopened.retain(|_, root| folders.iter().any(|folder| folder.root() == root));
        if self.projects.is_set() {
            self.unopened.set_whole(true);
            self.projects.show(None);
            self.projects.is_through();
        }
    }
}
