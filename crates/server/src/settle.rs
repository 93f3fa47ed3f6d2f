//! Judging open documents in their projects, in the background.
//!
//! What one document says can change what is found in another. A thread links all files of a folder once
//! edits pause, judges the documents that are open in it, and publishes what is not published yet. An
//! edit that comes meanwhile ends that, and the next pause starts it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use leakwright_engine::{Linked, NoProgress, STACK_SIZE, Workspace};

use crate::documents::{Document, Documents, Snapshot};
use crate::projects::{Projects, Scan};
use crate::survey::Survey;
use crate::timings;
use crate::workers::Workers;

/// Nothing is done in shorter pauses: whoever types comes first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause in editing that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_millis(150);

/// The thread, with what it works on.
pub(crate) struct Settler {
    projects: Projects,
    documents: Arc<Documents>,
    workers: Workers,
    survey: Survey,
    /// What linking took the last time: the longer, the more pause it needs to be worth it.
    pause: Duration,
}

impl Settler {
    /// Starts the thread.
    pub(crate) fn start(projects: Projects, documents: Arc<Documents>, workers: Workers, survey: Survey) {
        let mut settler = Self { projects, documents, workers, survey, pause: Duration::ZERO };
        let thread = std::thread::Builder::new().name("projects".to_owned()).stack_size(STACK_SIZE);
        let run = move || {
            loop {
                if catch_unwind(AssertUnwindSafe(|| settler.step())).is_err() {
                    tracing::error!("judging the project failed");
                }
            }
        };
        if let Err(error) = thread.spawn(run) {
            tracing::error!("cannot start a thread: {error}");
        }
    }

    fn step(&mut self) {
        let mut tasks = self.projects.next(self.pause);
        if let Some(scan) = &mut tasks.scan
            && let Some(afresh) = scan.afresh.take()
        {
            self.survey.begin_again(afresh);
            scan.changed = self.all_files();
        }
        self.survey.begin(self.workers.client());
        if let Some(scan) = tasks.scan {
            self.scan(&scan);
        }
        let folders = self.projects.folders();
        // Open documents first, wherever they are.
        let unsettled = folders.iter().filter(|folder| !self.settle(folder)).count();
        let is_done = unsettled == 0 && folders.iter().all(|folder| self.look_through(folder));
        if is_done {
            self.survey.end(&folders);
        } else {
            self.projects.note_edit();
        }
    }

    /// Judges the files of a folder that are not open. False if it changes meanwhile.
    fn look_through(&mut self, folder: &Arc<Workspace>) -> bool {
        if !self.survey.is_due(folder) {
            return true;
        }
        let Some(linked) = self.link(folder) else { return !folder.is_loaded() };
        let started = Instant::now();
        let is_whole = self.survey.look_through(folder, &linked, self.workers.client());
        timings::note("survey", started.elapsed());
        is_whole
    }

    /// The files of a folder, linked as they are now unless they change meanwhile.
    fn link(&mut self, folder: &Workspace) -> Option<Arc<Linked>> {
        let documents = self.documents_in(folder);
        let open: Vec<&Path> = documents.iter().filter_map(|document| document.path.as_deref()).collect();
        let is_live = open.is_empty() || folder.is_live(&open);
        if let Some(linked) = folder.linked().filter(|_| is_live) {
            return Some(linked);
        }
        let started = Instant::now();
        let linked = if open.is_empty() { folder.link()? } else { folder.link_live()? };
        self.pause = started.elapsed().clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        timings::note("link", started.elapsed());
        tracing::debug!("{}: linked in {:?}", folder.root().display(), started.elapsed());
        Some(linked)
    }

    /// The files that are known of all folders.
    fn all_files(&self) -> Vec<PathBuf> {
        self.projects.folders().iter().flat_map(|folder| folder.paths()).collect()
    }

    fn scan(&self, scan: &Scan) {
        let mut is_different = scan.reads_configuration;
        for folder in self.projects.folders() {
            let started = Instant::now();
            is_different |= match self.projects.bar() {
                Some(bar) => folder.scan(&scan.changed, scan.reads_configuration, &*bar),
                None => folder.scan(&scan.changed, scan.reads_configuration, &NoProgress),
            };
            timings::note("scan", started.elapsed());
            let usage = folder.usage();
            let root = folder.root().display();
            tracing::debug!("{root}: looked at in {:?}, {usage}", started.elapsed());
            self.projects.loaded();
        }
        self.tell_problems();
        // Documents that were judged by themselves, or are being judged, may be files of the project now, or fall
        // under another configuration.
        for document in self.documents.all() {
            if is_different && document.latest().is_none_or(|latest| latest.generation == 0) {
                self.workers.analyze_again(&document);
            }
        }
    }

    /// Tells what is wrong with the configurations of the folders.
    fn tell_problems(&self) {
        let folders = self.projects.folders();
        let problems = folders.iter().flat_map(|folder| folder.configurations().problems());
        if let Some(teller) = self.projects.teller() {
            teller.tell("configuration", problems.map(|problem| problem.to_string()));
        }
    }

    /// Judges the documents of a folder that are not judged with it as it is now. False if it changes
    /// meanwhile.
    fn settle(&mut self, folder: &Arc<Workspace>) -> bool {
        let documents = self.documents_in(folder);
        let generation = folder.generation();
        if documents.is_empty() {
            return true;
        }
        // Also where all is known already: so that the next edit is followed.
        let Some(linked) = self.link(folder) else { return !folder.is_loaded() };
        documents.iter().all(|document| {
            if document.is_settled(generation) && document.is_judged_in(&linked) {
                let module = document.path.as_deref().and_then(|path| linked.module_at(path));
                module.map(|module| folder.judge(&linked, module));
            } else {
                self.settle_document(document, folder, &linked);
            }
            folder.generation() == linked.generation()
        })
    }

    /// The documents that are open in a folder.
    fn documents_in(&self, folder: &Workspace) -> Vec<Arc<Document>> {
        let mut documents = self.documents.all();
        documents.retain(|document| {
            let around = document.path.as_deref().and_then(|path| self.projects.folder_of(path));
            around.is_some_and(|around| std::ptr::eq(Arc::as_ptr(&around), folder))
        });
        documents
    }

    fn settle_document(&self, document: &Arc<Document>, folder: &Workspace, linked: &Arc<Linked>) {
        let Some(latest) = document.latest() else { return };
        let Ok(before) = &latest.analysis else { return };
        let module = document.path.as_deref().and_then(|path| linked.module_at(path));
        let Some(module) = module else {
            if !before.is_settled || latest.generation > 0 {
                // It is not a file of the project any more.
                self.workers.analyze_again(document);
            }
            return;
        };
        if linked.version(module).is_some_and(|version| version != latest.version) {
            return;
        }
        let analysis = folder.judge(linked, module);
        document.remember(analysis.to_settled());
        let snapshot = Snapshot {
            version: latest.version,
            text: latest.text.clone(),
            generation: linked.generation(),
            analysis: Ok(analysis),
        };
        self.workers.correct(document, &latest, snapshot);
    }
}
