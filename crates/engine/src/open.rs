//! A version of a document that is open in an editor.

use std::sync::{Arc, OnceLock};

use leakwright_syntax::{Text, Tree};

use crate::load::parse;

/// The text of a version of a document, and its tree. Each is made when somebody asks for it, unless it is there.
pub(crate) struct Open {
    /// The version, as the client counts.
    pub(crate) version: i32,
    text: OnceLock<Text>,
    whole: OnceLock<Arc<str>>,
    tree: OnceLock<Option<Tree>>,
}

impl Open {
    /// A version that was parsed.
    pub(crate) fn parsed(tree: Tree, version: i32) -> Self {
        let whole = OnceLock::from(tree.shared_text());
        Self { version, text: OnceLock::new(), whole, tree: OnceLock::from(Some(tree)) }
    }

    /// A version that was not.
    pub(crate) fn unparsed(text: Text, version: i32) -> Self {
        Self { version, text: OnceLock::from(text), whole: OnceLock::new(), tree: OnceLock::new() }
    }

    /// The tree, once there is one.
    pub(crate) fn complete(&self, tree: Tree) {
        let _ = self.whole.set(tree.shared_text());
        let _ = self.tree.set(Some(tree));
    }

    /// The text, to look for positions in.
    pub(crate) fn text(&self) -> &Text {
        self.text.get_or_init(|| Text::new(self.whole.get().map_or("", |whole| whole)))
    }

    /// The text in one piece.
    pub(crate) fn whole(&self) -> &Arc<str> {
        self.whole.get_or_init(|| self.text.get().map_or_else(|| "".into(), Arc::from))
    }

    /// The tree. `None` if the text cannot be parsed.
    pub(crate) fn tree(&self) -> Option<&Tree> {
        self.tree.get_or_init(|| parse(Arc::clone(self.whole())).ok()).as_ref()
    }
}
