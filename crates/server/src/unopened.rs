//! What is shown of files that are not open.
//!
//! A file belongs to the client's editor while it is open and to this store otherwise. Both publish
//! under its address, so the store looks at the open documents, under its lock, before it says anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Analysis, Linked};
use tokio::sync::watch;

use crate::capabilities::Client;
use crate::documents::Documents;
use crate::lsp::{Diagnostic, Url};
use crate::publish::Publisher;
use crate::pull::result_id;
use crate::tally::Tally;
use crate::to_proto;

/// What is shown of files that are not open.
pub(crate) struct Unopened {
    publisher: Publisher,
    documents: Arc<Documents>,
    files: Mutex<BTreeMap<PathBuf, File>>,
    /// Counts, under the lock, how often all files were to be judged again.
    epoch: AtomicU64,
    closings: AtomicU64,
    /// How much is shown of all files.
    total: AtomicUsize,
    /// All files are looked through.
    is_whole: AtomicBool,
    /// Counts the changes of what is to be shown.
    changes: watch::Sender<u64>,
}

/// What is known of a file.
#[derive(Default)]
struct File {
    /// The folder that it was judged in.
    root: PathBuf,
    /// The state of the folder that it was judged in; zero to have it judged again.
    generation: u64,
    /// What the client was told, or is when it asks.
    shown: Vec<Diagnostic>,
    /// Names that.
    id: String,
    /// What was found, shown or not.
    found: Tally,
    /// How many documents had been closed when this one was: what the client knew before is void.
    salt: u64,
}

impl Unopened {
    pub(crate) fn new(publisher: Publisher, documents: Arc<Documents>) -> Self {
        Self {
            publisher,
            documents,
            files: Mutex::default(),
            epoch: AtomicU64::new(0),
            closings: AtomicU64::new(0),
            total: AtomicUsize::new(0),
            is_whole: AtomicBool::new(false),
            changes: watch::Sender::new(0),
        }
    }

    /// The client asks for what is found from now on, and is told nothing unasked. Hears of changes.
    pub(crate) fn pull(&self) -> watch::Receiver<u64> {
        let files = self.files();
        if self.publisher.pull_files() {
            let shown = files.iter().filter(|(_, file)| !file.shown.is_empty());
            shown
                .filter_map(|(path, _)| Url::from_file_path(path).ok())
                .for_each(|uri| self.publisher.clear(uri));
        }
        self.changes()
    }

    /// Hears of changes of what is to be shown.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Notes whether all files are looked through.
    pub(crate) fn set_whole(&self, is_whole: bool) {
        if self.is_whole.swap(is_whole, Ordering::SeqCst) != is_whole {
            self.changed();
        }
    }

    /// Whether all files are looked through.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::SeqCst)
    }

    /// Whether a file is judged.
    pub(crate) fn is_judged(&self, path: &Path) -> bool {
        self.files().get(path).is_some_and(|file| file.generation > 0)
    }

    /// What is to be shown of a file.
    pub(crate) fn shown(&self, path: &Path) -> Vec<Diagnostic> {
        self.files().get(path).map(|file| file.shown.clone()).unwrap_or_default()
    }

    /// The names of what is to be shown of each file of which anything is.
    pub(crate) fn results(&self) -> BTreeMap<Url, (String, PathBuf)> {
        let files = self.files();
        let shown = files.iter().filter(|(_, file)| !file.shown.is_empty());
        shown
            .filter_map(|(path, file)| {
                Some((Url::from_file_path(path).ok()?, (file.id.clone(), path.clone())))
            })
            .collect()
    }

    /// How much was found in the files that are judged, whether it is shown or not.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.files().values().filter(|file| file.generation > 0).for_each(|file| tally.add(&file.found));
        tally
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document was opened: what is found in it is published for it from now on.
    pub(crate) fn open(&self, path: &Path, uri: &Url) {
        let Some(file) = self.files().remove(path) else { return };
        self.total.fetch_sub(file.shown.len(), Ordering::SeqCst);
        self.changed();
        // The client may write the address in another way, and would show both; and so it would with what it
        // asks for itself.
        let is_other = |own: &Url| own != uri || self.publisher.documents_are_pulled();
        let own = Url::from_file_path(path).ok().filter(|own| !file.shown.is_empty() && is_other(own));
        if let Some(own) = own {
            self.publisher.clear_file(own);
        }
    }

    /// A document was closed that is a file of a folder. What was shown of it stays until the file is judged.
    pub(crate) fn close(&self, path: &Path, root: &Path, uri: Url, shown: Vec<Diagnostic>) {
        let is_same_address = Url::from_file_path(path).is_ok_and(|own| own == uri);
        let shown = if is_same_address && self.publisher.is_told_alike() {
            shown
        } else {
            self.publisher.clear_document(uri);
            Vec::new()
        };
        let mut files = self.files();
        let (root, id) = (root.to_owned(), String::new());
        let salt = self.closings.fetch_add(1, Ordering::SeqCst) + 1;
        // It may have been judged already, since it was closed.
        let file = files.entry(path.to_owned()).or_insert_with(|| {
            self.total.fetch_add(shown.len(), Ordering::SeqCst);
            File { root, generation: 0, shown, id, salt, found: Tally::default() }
        });
        (file.generation, file.salt) = (0, salt);
        file.id = result_id(&file.shown, salt);
        self.changed();
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

    /// The time that files are judged in, taken before anything is looked up for it: what is judged in one that
    /// is past by then is not published.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Publishes what is found in a file, if it is not what the client was told and no other epoch has begun.
    /// False if the file is not the one that was judged.
    pub(crate) fn publish(&self, epoch: u64, root: &Path, analysis: &Analysis, client: Client) -> bool {
        let path = analysis.linked.path(analysis.module);
        let Ok(uri) = Url::from_file_path(path) else { return true };
        let diagnostics = if analysis.findings.is_empty() {
            Vec::new()
        } else {
            let Some(text) = analysis.linked.text(analysis.module) else { return false };
            let most = self.publisher.settings().max_diagnostics_per_file;
            to_proto::diagnostics(&analysis.findings, text, &uri, client, most)
        };
        let mut files = self.files();
        if self.documents.is_open(path) || self.epoch() != epoch {
            return true;
        }
        let diagnostics = self.as_far_as_there_is_room(&files, path, diagnostics);
        let file = files.entry(path.to_owned()).or_default();
        root.clone_into(&mut file.root);
        file.generation = analysis.linked.generation();
        file.found = Tally::of(&analysis.findings);
        if file.shown != diagnostics {
            file.id = result_id(&diagnostics, file.salt);
            file.shown.clone_from(&diagnostics);
            self.publisher.show(uri, diagnostics);
        }
        self.changed();
        true
    }

    /// What of a file is shown beside what is shown of the files before it.
    fn as_far_as_there_is_room(
        &self,
        files: &BTreeMap<PathBuf, File>,
        path: &Path,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let most = self.publisher.settings().max_diagnostics;
        let own = files.get(path).map_or(0, |file| file.shown.len());
        let others = self.total.load(Ordering::SeqCst) - own;
        if others + diagnostics.len() > most {
            let before: usize = files.range(..path.to_owned()).map(|(_, file)| file.shown.len()).sum();
            let room = most.saturating_sub(before).min(diagnostics.len());
            let rest = diagnostics.len() - room;
            diagnostics.truncate(room);
            if room > 0 && rest > 0 {
                diagnostics.push(to_proto::left_out(rest, "maxDiagnostics"));
            }
        }
        self.total.store(others + diagnostics.len(), Ordering::SeqCst);
        diagnostics
    }

    /// Has all files judged again, those as well that are being judged.
    pub(crate) fn judge_again(&self) {
        let mut files = self.files();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        files.values_mut().for_each(|file| file.generation = 0);
        self.closings.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes away what is shown of files that are not to be shown any more.
    pub(crate) fn retain(&self, is_kept: impl Fn(&Path, &Path) -> bool) {
        self.files().retain(|path, file| {
            let stays = is_kept(path, &file.root);
            if !stays {
                self.total.fetch_sub(file.shown.len(), Ordering::SeqCst);
            }
            let is_left = !stays && !file.shown.is_empty() && !self.documents.is_open(path);
            if let Some(uri) = Url::from_file_path(path).ok().filter(|_| is_left) {
                self.publisher.clear_file(uri);
                self.changed();
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakwright_engine::{NoProgress, Workspace};
    use tower_lsp::jsonrpc::Result;
    use tower_lsp::{LanguageServer, LspService};

    use crate::lsp::{InitializeParams, InitializeResult};
    use crate::settings::{Current, Settings};
    use crate::trace::Tracer;

    /// A server that is there for the connection it has.
    struct Nobody;

    #[tower_lsp::async_trait]
    impl LanguageServer for Nobody {
        async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
            Ok(InitializeResult::default())
        }

        async fn shutdown(&self) -> Result<()> {
            Ok(())
        }
    }

    fn unopened(settings: &Current) -> Unopened {
        let mut unopened = None;
        let (_service, _socket) = LspService::new(|connection| {
            let tracer = Tracer::start(connection.clone());
            let output = crate::output::Output::start(std::io::sink()).unwrap();
            let publisher = Publisher::start(connection, output, settings.clone(), tracer);
            unopened = Some(Unopened::new(publisher, Arc::default()));
            Nobody
        });
        unopened.unwrap()
    }

    #[tokio::test]
    async fn what_was_judged_while_the_settings_changed_is_judged_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        std::fs::write(
            &path,
            "def load(path):\n    handle = open(path)\n    return handle.read()\n".repeat(3),
        )
        .unwrap();
        let folder = Workspace::new(dir.path().to_owned());
        folder.scan(&[], true, &NoProgress);
        let linked = folder.link().unwrap();
        let analysis = linked.judge(linked.module_at(&path).unwrap());
        let settings = Current::default();
        let unopened = unopened(&settings);
        let publish = |epoch| unopened.publish(epoch, dir.path(), &analysis, Client::default());

        let before = unopened.epoch();
        settings.set(Arc::new(Settings { max_diagnostics_per_file: 1, ..Settings::default() }));
        unopened.judge_again();
        assert!(publish(before));
        assert!(!unopened.is_judged(&path), "it was judged with the settings of before");
        assert_eq!(unopened.due(dir.path(), &linked, linked.modules()).len(), 1);
        assert!(publish(unopened.epoch()));
        assert!(unopened.is_judged(&path));
        assert_eq!(unopened.shown(&path).len(), 2, "one, and how many are left out");
        assert!(unopened.due(dir.path(), &linked, linked.modules()).is_empty());
    }
}
