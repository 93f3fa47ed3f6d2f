//! One open document as it is being edited.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Replaced, Text, Tree};

use crate::config::{Config, ConfigError};
use crate::configurations::Configurations;
use crate::following::Follower;
use crate::linked::{Analysis, Linked, Member};
use crate::load::Place;
use crate::open::Open;
use crate::suppress::{Suppression, suppressions};

/// What holds for a document because of where it lies.
#[derive(Clone, Debug)]
pub struct DocumentContext {
    path: PathBuf,
    place: Place,
}

/// Maps the versions of a document one after the other. What did not change between two of them is not
/// mapped again.
#[derive(Default)]
pub struct DocumentMapper {
    facts: Option<Arc<FileFacts>>,
    suppressions: Arc<[Suppression]>,
    follower: Follower,
}

/// One version of a document, by itself.
#[derive(Clone)]
pub struct Mapped {
    pub(crate) open: Arc<Open>,
    pub(crate) facts: Arc<FileFacts>,
    pub(crate) suppressions: Arc<[Suppression]>,
    /// Whether mapping it failed. That is a fault of this program.
    pub is_failed: bool,
}

/// The name of a document that was never saved.
const UNTITLED: &str = "untitled.py";

impl DocumentContext {
    /// For a document at a path, if it has one, in the innermost of the open folders around it, or in the first
    /// one.
    pub fn new(
        path: Option<&Path>,
        root: Option<&Path>,
        configurations: &Configurations,
    ) -> Result<Self, ConfigError> {
        let Some(path) = path.map(Path::to_owned).or_else(|| root.map(|root| root.join(UNTITLED))) else {
            let config = configurations.anywhere()?;
            return Ok(Self {
                path: UNTITLED.into(),
                place: Place::unconfigured(Path::new(UNTITLED), config),
            });
        };
        let root = root.or_else(|| path.parent()).unwrap_or(Path::new("/"));
        Ok(Self { place: Place::find(&path, root, configurations)?, path })
    }

    /// For a document that no configuration holds for.
    pub fn unconfigured(path: &Path) -> Self {
        let config = Arc::new(Config::default_for(Path::new("")));
        Self { path: path.to_owned(), place: Place::unconfigured(path, config) }
    }
}

impl DocumentMapper {
    /// Maps a version, given its tree.
    pub fn map(&mut self, tree: Tree, version: i32) -> Mapped {
        let mapped = catch_unwind(AssertUnwindSafe(|| {
            leakwright_rules::fail_if_asked("mapping", |name| tree.text().contains(name));
            (FileFacts::map(&tree, self.facts.as_deref()), suppressions(&tree))
        }));
        let Ok((facts, suppressions)) = mapped else { return self.give_up(tree, version) };
        self.facts = Some(Arc::new(facts));
        self.suppressions = suppressions.into();
        self.follower = Follower::new(!tree.root().has_error());
        self.mapped(Open::parsed(tree, version))
    }

    /// A version that cannot be mapped: nothing is known of it.
    pub fn give_up(&mut self, tree: Tree, version: i32) -> Mapped {
        self.facts = Some(Arc::new(FileFacts::empty()));
        self.suppressions = Arc::new([]);
        self.follower = Follower::default();
        Mapped { is_failed: true, ..self.mapped(Open::parsed(tree, version)) }
    }

    /// Follows one change of the text without a tree. False if that cannot be done: then the next version has to
    /// be mapped with its tree.
    pub fn follow(&mut self, before: &Text, after: &Text, change: Replaced) -> bool {
        let known = self.facts.as_ref();
        let follow = || self.follower.follow(known?, &self.suppressions, before, after, change);
        let followed = catch_unwind(AssertUnwindSafe(follow)).ok().flatten();
        let Some((facts, suppressions)) = followed else {
            return self.lose();
        };
        self.facts = Some(Arc::new(facts));
        if let Some(suppressions) = suppressions {
            self.suppressions = suppressions.into();
        }
        true
    }

    /// The text is another one altogether: nothing is followed before a version is mapped with its tree. False, as of a
    /// change that cannot be followed.
    pub fn lose(&mut self) -> bool {
        self.follower = Follower::default();
        false
    }

    /// The version that all changes that were followed have led to.
    pub fn followed(&self, text: Text, version: i32) -> Mapped {
        self.mapped(Open::unparsed(text, version))
    }

    fn mapped(&self, open: Open) -> Mapped {
        let facts = self.facts.clone().unwrap_or_default();
        Mapped { open: Arc::new(open), facts, suppressions: Arc::clone(&self.suppressions), is_failed: false }
    }
}

impl Mapped {
    /// What is found in it by itself, as a project of one file.
    pub fn judge_alone(&self, context: &DocumentContext) -> Analysis {
        let member = self.member(context.path.clone(), context.place.clone());
        Linked::alone(Arc::new(member)).judge(ModuleId(0))
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.open.whole()
    }

    /// What is known of it by looking at nothing else.
    pub fn facts(&self) -> &FileFacts {
        &self.facts
    }

    /// Whether something in it has the facts from before it could not be read.
    pub fn is_outdated(&self) -> bool {
        self.facts.broken().any(|item| self.facts.item(item).is_outdated())
    }

    /// Adds the tree, once there is one.
    pub fn complete(&self, tree: Tree) {
        self.open.complete(tree);
    }

    pub(crate) fn member(&self, path: PathBuf, place: Place) -> Member {
        Member {
            path,
            place,
            facts: Arc::clone(&self.facts),
            suppressions: Arc::clone(&self.suppressions),
            open: Some(Arc::clone(&self.open)),
            hash: String::new(),
        }
    }
}
