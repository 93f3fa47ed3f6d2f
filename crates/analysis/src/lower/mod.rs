//! From the syntax tree of one item to its intermediate form.
//!
//! Lowering looks at nothing but the item: not at other files, not at the catalogue, not at
//! configuration. It recurses over a [`FlatTree`], whose depth is limited, so its stack is too.

mod blocks;
mod builder;
mod compound;
mod comprehension;
mod condition;
mod discover;
mod exceptions;
mod expression;
mod import;
mod jump;
mod matching;
mod scopes;
mod signature;
mod statement;
mod target;
#[cfg(test)]
mod tests;

use leakwright_syntax::{FlatTree, Kind};

use crate::ir::{ItemFacts, ItemKind, Layout};
use builder::Builder;
pub(crate) use discover::{Found, Source, discover, discover_direct};

/// Lowers one item found by [`discover`].
pub(crate) fn lower(found: &Found<'_>, text: &str) -> ItemFacts {
    match found.source {
        Source::Node(node) => lower_flat(&FlatTree::new(node), &found.layout, text, found.is_broken),
        Source::Flat(tree) => lower_flat(tree, &found.layout, text, found.is_broken),
    }
}

fn lower_flat(flat: &FlatTree, layout: &Layout, text: &str, is_broken: bool) -> ItemFacts {
    let mut builder = Builder::new(text, layout);
    let Some(root) = flat.root() else { return builder.finish(ItemKind::Module, is_broken) };
    let definition = match root.kind() {
        Kind::Decorated => root.children().find(|child| matches!(child.kind(), Kind::Function | Kind::Class)),
        _ => Some(root),
    };
    let definition = definition.unwrap_or(root);
    let kind = builder.item(root, definition, true);
    if !builder.is_overfull() {
        return builder.finish(kind, is_broken || flat.is_truncated());
    }
    // Nobody wrote that by hand.
    let mut head = Builder::new(text, layout);
    head.item(root, definition, false);
    if head.is_overfull() {
        head = Builder::new(text, layout);
    }
    head.finish(kind, true)
}
