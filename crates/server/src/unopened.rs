//! What is shown of files that are not open.
//!
//! A file belongs to the client's editor while it is open and to this store otherwise. Both publish
//! under its address, so the store looks at the open documents, under its lock, before it says anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Analysis, Linked};

use crate::capabilities::Client;
use crate::documents::Documents;
use crate::lsp::{Diagnostic, Url};
use crate::publish::Publisher;
use crate::to_proto;

/// What is shown of files that are not open.
pub(crate) struct Unopened {
    publisher: Publisher,
    documents: Arc<Documents>,
    files: Mutex<BTreeMap<PathBuf, File>>,
    closings: AtomicU64,
}

/// What is known of a file.
#[derive(Default)]
struct File {
    /// The folder that it was judged in.
    root: PathBuf,
    /// The state of the folder that it was judged in; zero to have it judged again.
    generation: u64,
    /// What the client was told.
    shown: Vec<Diagnostic>,
}

impl Unopened {
    pub(crate) fn new(publisher: Publisher, documents: Arc<Documents>) -> Self {
        Self { publisher, documents, files: Mutex::default(), closings: AtomicU64::new(0) }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document was opened: what is found in it is published for it from now on.
    pub(crate) fn open(&self, path: &Path, uri: &Url) {
        let Some(file) = self.files().remove(path) else { return };
        // The client may write the address in another way, and would show both.
        if let Some(own) = Url::from_file_path(path).ok().filter(|own| own != uri && !file.shown.is_empty()) {
            self.publisher.clear(own);
        }
    }

    /// A document was closed that is a file of a folder. What was shown of it stays until the file is judged.
    pub(crate) fn close(&self, path: &Path, root: &Path, uri: Url, shown: Vec<Diagnostic>) {
        let is_same_address = Url::from_file_path(path).is_ok_and(|own| own == uri);
        let shown = if is_same_address {
            shown
        } else {
            self.publisher.clear(uri);
            Vec::new()
        };
        let mut files = self.files();
        let root = root.to_owned();
        // It may have been judged already, since it was closed.
        files.entry(path.to_owned()).or_insert(File { root, generation: 0, shown }).generation = 0;
        self.closings.fetch_add(1, Ordering::SeqCst);
    }

    /// How many documents were closed.
    pub(crate) fn closings(&self) -> u64 {
        self.closings.load(Ordering::SeqCst)
    }

    /// Those of the files of a folder that are not judged in its state as it is, longest unseen first.
    pub(crate) fn due(
        &self,
        root: &Path,
        linked: &Linked,
        modules: impl Iterator<Item = ModuleId>,
    ) -> Vec<ModuleId> {
        let files = self.files();
        let seen = |module: ModuleId| {
            let file = files.get(linked.path(module)).filter(|file| file.root == root);
            file.map_or(0, |file| file.generation)
        };
        let mut due: Vec<ModuleId> = modules.filter(|module| seen(*module) != linked.generation()).collect();
        due.sort_by_cached_key(|module| seen(*module));
        due
    }

    /// Publishes what is found in a file, if it is not what the client was told. False if the file is not
    /// the one that was judged.
    pub(crate) fn publish(&self, root: &Path, analysis: &Analysis, client: Client) -> bool {
        let path = analysis.linked.path(analysis.module);
        let Ok(uri) = Url::from_file_path(path) else { return true };
        let diagnostics = if analysis.findings.is_empty() {
            Vec::new()
        } else {
            let Some(text) = analysis.linked.text(analysis.module) else { return false };
            let one = |found| to_proto::diagnostic(found, text, &uri, client);
            analysis.findings.iter().map(one).collect()
        };
        let mut files = self.files();
        if self.documents.is_open(path) {
            return true;
        }
        let file = files.entry(path.to_owned()).or_default();
        root.clone_into(&mut file.root);
        file.generation = analysis.linked.generation();
        if file.shown != diagnostics {
            file.shown.clone_from(&diagnostics);
            self.publisher.show(uri, diagnostics);
        }
        true
    }

    /// Takes away what is shown of files that are not to be shown any more.
    pub(crate) fn retain(&self, is_kept: impl Fn(&Path, &Path) -> bool) {
        self.files().retain(|path, file| {
            let stays = is_kept(path, &file.root);
            let is_left = !stays && !file.shown.is_empty() && !self.documents.is_open(path);
            if let Some(uri) = Url::from_file_path(path).ok().filter(|_| is_left) {
                self.publisher.clear(uri);
            }
            stays
        });
    }
}
