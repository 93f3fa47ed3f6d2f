//! The files below a folder that is open in an editor, kept as facts.
//!
//! What is on disk is found and mapped as a check of the folder would; a document that is open stands in
//! the place of its file. Each change leads to another *generation*: what was linked is good for its own
//! generation only, and linking one that is past is given up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::ModuleId;
use rayon::prelude::*;

use crate::cache::{Cache, Usage};
use crate::check::Progress;
use crate::configurations::Configurations;
use crate::discover::{Found, discover};
use crate::document::Mapped;
use crate::linked::{Analysis, Linked, Member};
use crate::live::Live;
use crate::load::{Place, Read};
use crate::overrides::Overrides;
use crate::suppress::Suppression;
use crate::threads::background_pool;

/// Tells documents apart that were open under one path one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub u64);

/// The files below a folder.
pub struct Workspace {
    root: PathBuf,
    generation: AtomicU64,
    files: Mutex<Files>,
    /// What follows the edits of open documents. Locked before the files are.
    live: Mutex<Option<Live>>,
}

#[derive(Default)]
struct Files {
    overrides: Overrides,
    configurations: Arc<Configurations>,
    is_loaded: bool,
    usage: Usage,
    /// The files on disk, in the order in which a check takes them.
    disk: BTreeMap<PathBuf, OnDisk>,
    /// How much there is to link in them, in instructions.
    weight: usize,
    /// Documents that are open. One that cannot be parsed has no facts, and takes part in nothing.
    open: HashMap<PathBuf, (Owner, Option<Mapped>)>,
    latest: Option<Arc<Linked>>,
}

#[derive(Clone)]
struct OnDisk {
    stamp: Option<Stamp>,
    member: Arc<Member>,
    weight: usize,
}

/// What changes with the content of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// How a document stands to a workspace.
#[derive(Clone)]
pub enum Standing {
    /// The files are not known yet.
    Loading {
        /// The state of the workspace with this version.
        generation: u64,
    },
    /// It is not among the files that a check of the folder takes.
    Outside,
    /// It is one of the files.
    Inside {
        /// The state of the workspace with this version.
        generation: u64,
        /// All files linked as they are now, if they are.
        linked: Option<Arc<Linked>>,
        /// How much else there is to link, in instructions.
        others: usize,
    },
}

impl Workspace {
    /// Of a folder; nothing is read yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root, generation: AtomicU64::new(1), files: Mutex::default(), live: Mutex::default() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Counts the states of the workspace.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Whether the files are known.
    pub fn is_loaded(&self) -> bool {
        self.files().is_loaded
    }

    /// What was read from the cache when files were looked for the last time.
    pub fn usage(&self) -> Usage {
        self.files().usage.clone()
    }

    /// Whether a path is one of the files that a check of the folder takes.
    pub fn has_file(&self, path: &Path) -> bool {
        self.files().disk.contains_key(path)
    }

    /// The files that a check of the folder takes.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files().disk.keys().cloned().collect()
    }

    /// Sets what holds in the folder beside its configuration; whether that is something else. It is heeded
    /// when files are looked for the next time, with their configuration.
    pub fn set_overrides(&self, overrides: &Overrides) -> bool {
        let mut files = self.files();
        let is_new = files.overrides != *overrides;
        if is_new {
            files.overrides = overrides.clone();
        }
        is_new
    }

    /// The configurations of the folder.
    pub fn configurations(&self) -> Arc<Configurations> {
        Arc::clone(&self.files().configurations)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Looks for the files on disk; reads those that are new, or not the same as when they were read. Whether
    /// anything is different now. Documents can be opened and changed meanwhile.
    pub fn scan(&self, changed: &[PathBuf], reads_configuration: bool, progress: &dyn Progress) -> bool {
        let (known, configurations, is_loaded) = {
            let files = self.files();
            let kept = if reads_configuration || !files.is_loaded {
                Arc::new(Configurations::with(files.overrides.clone(), &self.root))
            } else {
                Arc::clone(&files.configurations)
            };
            (files.disk.clone(), kept, files.is_loaded)
        };
        // What changes while the folder is open is mapped when it is opened the next time.
        let cache = if is_loaded { Cache::none() } else { Cache::of(std::slice::from_ref(&self.root)) };
        let changed: HashSet<&Path> = changed.iter().map(PathBuf::as_path).collect();
        let found = discover(std::slice::from_ref(&self.root), &configurations).files;
        progress.found(found.len());
        let disk: BTreeMap<PathBuf, OnDisk> = background_pool().install(|| {
            found
                .par_iter()
                .filter_map(|found| {
                    let has_changed = changed.contains(&*found.path);
                    let known = known.get(&found.path);
                    let read = OnDisk::read(found, &configurations, &cache, known, has_changed);
                    progress.done();
                    Some((found.path.clone(), read?))
                })
                .collect()
        });
        cache.save();
        let mut files = self.files();
        files.usage = cache.usage();
        let is_same = files.is_loaded
            && files.disk.len() == disk.len()
            && files.disk.iter().zip(&disk).all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(&a.1.member, &b.1.member));
        files.weight = disk.values().map(|file| file.weight).sum();
        files.disk = disk;
        files.configurations = configurations;
        files.is_loaded = true;
        if !is_same {
            self.advance();
        }
        !is_same
    }

    /// Puts a version of a document in the place of the file, and says what is found in it if its edits are
    /// followed.
    pub fn follow(&self, path: &Path, owner: Owner, mapped: &Mapped) -> (Standing, Option<Analysis>) {
        let mut live = self.live();
        let (before, standing) = self.put(path, owner, Some(mapped));
        let Standing::Inside { generation, .. } = standing else { return (standing, None) };
        let known = live.as_mut().filter(|live| live.linked().generation() == before);
        let followed = known.and_then(|live| {
            let module = live.linked().module_at(path).filter(|module| live.follows(*module))?;
            let place = live.linked().member(module).place.clone();
            let member = Arc::new(mapped.member(path.to_owned(), place));
            live.edit(module, member, generation).then(|| live.analysis(module))
        });
        let unused = if followed.is_none() { live.take() } else { None };
        let previous = followed.as_ref().map(|analysis| self.keep(&analysis.linked));
        drop(live);
        // Freeing it takes a while: not under the lock.
        drop((unused, previous));
        (standing, followed)
    }

    /// Puts a version of a document in the place of the file; without facts if it cannot be parsed.
    pub fn update(&self, path: &Path, owner: Owner, mapped: Option<&Mapped>) -> Standing {
        self.put(path, owner, mapped).1
    }

    /// The same, with the state of the workspace before.
    fn put(&self, path: &Path, owner: Owner, mapped: Option<&Mapped>) -> (u64, Standing) {
        let mut files = self.files();
        let before = self.generation();
        let is_same = match (files.facts(path), mapped) {
            (Some((facts, suppressions)), Some(mapped)) => {
                *suppressions == *mapped.suppressions && facts.is_same(&mapped.facts)
            }
            (None, None) => files.disk.contains_key(path),
            _ => false,
        };
        files.open.insert(path.to_owned(), (owner, mapped.cloned()));
        if !is_same && (!files.is_loaded || files.disk.contains_key(path)) {
            self.advance();
        }
        if !files.is_loaded {
            return (before, Standing::Loading { generation: self.generation() });
        }
        let Some(own) = files.disk.get(path) else { return (before, Standing::Outside) };
        let generation = self.generation();
        let standing = Standing::Inside {
            generation,
            linked: files.latest.clone().filter(|linked| linked.generation() == generation),
            others: files.weight - own.weight,
        };
        (before, standing)
    }

    /// Lets the file on disk stand for itself again. It is read when files are looked for the next time.
    pub fn close(&self, path: &Path, owner: Owner) {
        let mut files = self.files();
        if files.open.get(path).is_some_and(|open| open.0 == owner) {
            files.open.remove(path);
            self.advance();
        }
    }

    /// All files linked as they are now, if they are.
    pub fn linked(&self) -> Option<Arc<Linked>> {
        let files = self.files();
        files.latest.clone().filter(|linked| files.is_loaded && linked.generation() == self.generation())
    }

    /// Links all files as they are now, unless they change before it is done.
    pub fn link(&self) -> Option<Arc<Linked>> {
        let (members, generation) = self.members()?;
        self.drop_outdated(generation);
        let linked = Linked::link(members, generation, &|| self.generation() != generation)?;
        drop(self.keep(&linked));
        Some(linked)
    }

    /// The same, so that edits of the documents that are open are followed from now on.
    pub fn link_live(&self) -> Option<Arc<Linked>> {
        let (members, generation) = self.members()?;
        self.drop_outdated(generation);
        let made = Live::link(members, generation, &|| self.generation() != generation)?;
        let linked = Arc::clone(made.linked());
        let unused = {
            let mut live = self.live();
            if self.generation() == generation { live.replace(made) } else { Some(made) }
        };
        drop((unused, self.keep(&linked)));
        Some(linked)
    }

    /// Whether the edits of some documents are followed, those of them that are files of the folder.
    pub fn is_live(&self, paths: &[&Path]) -> bool {
        let live = self.live();
        let Some(live) = live.as_ref().filter(|live| live.linked().generation() == self.generation()) else {
            return false;
        };
        let mut modules = paths.iter().filter_map(|path| live.linked().module_at(path));
        modules.all(|module| live.follows(module))
    }

    /// What is found in a file, all files linked as they are in a state of the folder.
    pub fn judge(&self, linked: &Arc<Linked>, module: ModuleId) -> Analysis {
        {
            let mut live = self.live();
            let own = live.as_mut().filter(|live| Arc::ptr_eq(live.linked(), linked) && live.follows(module));
            if let Some(live) = own {
                return live.analysis(module);
            }
        }
        linked.judge(module)
    }

    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All files as they are now, and which state that is; `None` before they are known.
    fn members(&self) -> Option<(Vec<Arc<Member>>, u64)> {
        let files = self.files();
        files.is_loaded.then(|| (files.members(), self.generation()))
    }

    /// Lets go of what is linked as it was, before all is linked as it is now: both take much memory.
    fn drop_outdated(&self, generation: u64) {
        let live = self.live().take_if(|live| live.linked().generation() != generation);
        let latest = self.files().latest.take_if(|latest| latest.generation() != generation);
        drop((live, latest));
    }

    /// Keeps linked files as the latest. Gives back those that are not: freeing them takes a while.
    fn keep(&self, linked: &Arc<Linked>) -> Option<Arc<Linked>> {
        let mut files = self.files();
        let is_newer = files.latest.as_ref().is_none_or(|latest| latest.generation() <= linked.generation());
        if is_newer { files.latest.replace(Arc::clone(linked)) } else { None }
    }
}

impl Files {
    /// What is known of a file as it is now.
    fn facts(&self, path: &Path) -> Option<(&FileFacts, &[Suppression])> {
        match self.open.get(path) {
            Some((_, mapped)) => mapped.as_ref().map(|mapped| (&*mapped.facts, &*mapped.suppressions)),
            None => self.disk.get(path).map(|file| (&*file.member.facts, &*file.member.suppressions)),
        }
    }

    fn members(&self) -> Vec<Arc<Member>> {
        let current = |(path, file): (&PathBuf, &OnDisk)| match self.open.get(path) {
            Some((_, mapped)) => {
                let mapped = mapped.as_ref()?;
                Some(Arc::new(mapped.member(path.clone(), file.member.place.clone())))
            }
            None => Some(Arc::clone(&file.member)),
        };
        self.disk.iter().filter_map(current).collect()
    }
}

impl OnDisk {
    /// A file as it is on disk; `None` if it cannot be checked. It is read if it is new, or looks changed, or is said
    /// to have changed; what was known of it holds where its bytes are the same.
    fn read(
        found: &Found,
        configurations: &Configurations,
        cache: &Cache,
        known: Option<&Self>,
        has_changed: bool,
    ) -> Option<Self> {
        let stamp = Stamp::of(&found.path);
        let looks_same = |known: &&Self| !has_changed && known.stamp == stamp && stamp.is_some();
        if let Some(known) = known.filter(looks_same) {
            return Some(known.at(Place::find(&found.path, &found.root, configurations).ok()?));
        }
        let read = Read::new(found, configurations).ok()?;
        if let Some(known) = known.filter(|known| read.has_hash(&known.member.hash)) {
            return Some(Self { stamp, ..known.at(read.place) });
        }
        let member = Member::new(read.map(cache, known.map(|known| &*known.member.facts)).ok()?);
        let weight = member.weight();
        Some(Self { stamp, member: Arc::new(member), weight })
    }

    /// The same file, where something else may hold for it.
    fn at(&self, place: Place) -> Self {
        if place.is_same(&self.member.place) {
            return self.clone();
        }
        let member = Arc::new(Member { place, ..(*self.member).clone() });
        Self { member, ..self.clone() }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len() })
    }
}
