//! The state of lowering one item, and the smallest steps of it.

use leakwright_syntax::{FlatNode, TextRange};

use super::jump::Context;
use super::scopes::Scopes;
use crate::ir::{
    Arg, ArgKind, Args, BlockId, BodyBuilder, Const, FrameId, ItemFacts, ItemKind, ItemRange, Layout, LoopId,
    Name, NamesBuilder, Op, Param, Places, ScopeId, ScopeKind, Val, VarId,
};

/// Longest string literal whose value is kept. Longer ones are text, not keys, names or modes.
const MAX_STRING: usize = 120;

pub(super) struct Builder<'f> {
    pub(super) text: &'f str,
    layout: &'f Layout,
    pub(super) names: NamesBuilder,
    pub(super) scopes: Scopes,
    pub(super) body: BodyBuilder,
    /// The block that is being filled; `None` behind a jump.
    pub(super) block: Option<BlockId>,
    /// Where exceptions go.
    pub(super) handler: Option<BlockId>,
    /// What a jump out has to pass, innermost last.
    pub(super) contexts: Vec<Context<'f>>,
    pub(super) in_loop: Option<LoopId>,
    pub(super) frame: FrameId,
    pub(super) scope: ScopeId,
    /// Whether what is being lowered repeats code that has been lowered before.
    pub(super) is_copy: bool,
    pub(super) has_yield: bool,
    pub(super) head: Head,
}

/// What the definition of an item says before its body.
#[derive(Default)]
pub(super) struct Head {
    pub(super) name: Option<Name>,
    pub(super) name_range: ItemRange,
    pub(super) params: Vec<Param>,
    pub(super) decorators: Vec<Val>,
    pub(super) bases: Args,
    pub(super) returns: Option<Val>,
}

impl<'f> Builder<'f> {
    pub(super) fn new(text: &'f str, layout: &'f Layout) -> Self {
        let mut scopes = Scopes::default();
        // The kind of the item's own scope is settled by `item`.
        let own = scopes.open(ScopeKind::Module, None);
        scopes.open(ScopeKind::Outer, None);
        Self {
            text,
            layout,
            names: NamesBuilder::default(),
            scopes,
            body: BodyBuilder::default(),
            block: None,
            handler: None,
            contexts: Vec::new(),
            in_loop: None,
            frame: FrameId::new(0),
            scope: own,
            is_copy: false,
            has_yield: false,
            head: Head::default(),
        }
    }

    pub(super) fn finish(mut self, kind: ItemKind, has_error: bool) -> ItemFacts {
        let (scopes, vars, stores) = self.scopes.settle(&mut self.body);
        let (params, decorators) = (&*self.head.params, &*self.head.decorators);
        let mut facts = ItemFacts {
            kind,
            name: self.head.name,
            name_range: self.head.name_range,
            names: self.names.finish(),
            scopes: scopes.as_slice().into(),
            vars: vars.into(),
            stores,
            params: params.into(),
            decorators: decorators.into(),
            body: self.body.finish(),
            bases: self.head.bases,
            returns: self.head.returns,
            places: Places::default(),
            uses: Box::default(),
            has_error,
        };
        facts.find_uses();
        facts
    }

    /// Whether the item is too large for what can be counted in it.
    pub(super) fn is_overfull(&self) -> bool {
        self.body.is_overfull() || self.scopes.is_overfull() || self.names.is_overfull()
    }

    /// The source of a node.
    pub(super) fn source(&self, node: FlatNode<'_>) -> &'f str {
        node.range().of(self.text)
    }

    pub(super) fn own_range(&self, range: TextRange) -> ItemRange {
        self.layout.to_own(range)
    }

    /// The number of the nested definition that begins at a node, among the item's children.
    pub(super) fn child_number(&self, node: FlatNode<'_>) -> u32 {
        self.layout.placeholder(node.range().start)
    }

    pub(super) fn intern(&mut self, node: FlatNode<'_>) -> Name {
        let text = self.source(node);
        self.names.intern(text)
    }

    /// Adds an instruction to the current block.
    pub(super) fn emit(&mut self, op: Op, node: FlatNode<'_>) -> Val {
        self.emit_at(op, node.range())
    }

    pub(super) fn emit_at(&mut self, op: Op, range: TextRange) -> Val {
        self.ensure_block();
        let range = self.own_range(range);
        self.body.insts.push(crate::ir::Inst { op, range });
        let value = Val::new(self.body.insts.len() - 1);
        match op {
            Op::Store { var, .. } if !self.is_copy => self.scopes.stores[var.index()].push(value),
            Op::Delete(var) => self.scopes.vars[var.index()].is_deleted = true,
            _ => {}
        }
        value
    }

    pub(super) fn emit_none(&mut self, node: FlatNode<'_>) -> Val {
        self.emit(Op::Const(Const::None), node)
    }

    /// Puts operands into the pool.
    pub(super) fn pool(&mut self, operands: &[Arg]) -> Args {
        self.body.pool(operands)
    }

    /// Puts positional operands into the pool.
    pub(super) fn pool_values(&mut self, values: &[Val]) -> Args {
        let operands: Vec<Arg> =
            values.iter().map(|&value| Arg { kind: ArgKind::Positional, value }).collect();
        self.pool(&operands)
    }

    /// The variable a name means here.
    pub(super) fn use_name(&mut self, name: Name) -> VarId {
        self.scopes.var(self.scope, name)
    }

    /// Binds a name here.
    pub(super) fn bind_name(&mut self, name: Name, value: Val, range: TextRange) {
        let var = self.scopes.bind(self.scope, name);
        self.emit_at(Op::Store { var, value }, range);
    }

    /// The constant for a string of this value.
    pub(super) fn string_constant(&mut self, value: &str) -> Const {
        if value.len() > MAX_STRING { Const::Text } else { Const::Str(self.names.intern(value)) }
    }
}
