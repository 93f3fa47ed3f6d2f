//! Items themselves: their definitions and their frames of code.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use super::jump::Jump;
use crate::ir::{
    BlockId, Frame, FrameId, FrameKind, ItemFacts, ItemKind, Op, Param, ParamKind, ScopeId, ScopeKind, Val,
};

impl<'f> Builder<'f> {
    /// Lowers an item. `root` is the definition with its decorators, `definition` without them.
    /// Without its statements only what it is called and given.
    pub(super) fn item(
        &mut self,
        root: FlatNode<'f>,
        definition: FlatNode<'f>,
        with_statements: bool,
    ) -> ItemKind {
        let own = ScopeId::new(ItemFacts::OWN_SCOPE);
        self.scopes.scopes[own.index()].kind = match definition.kind() {
            Kind::Class => ScopeKind::Class,
            Kind::Function => ScopeKind::Function,
            _ => ScopeKind::Module,
        };
        let body = self.open_frame(FrameKind::Body);
        let signature = self.open_frame(FrameKind::Signature);
        self.signature(root, definition, signature);
        self.frame = FrameId::new(0);
        self.scope = own;
        self.start(body);
        match definition.kind() {
            Kind::Class | Kind::Function => {
                if let Some(statements) = definition.field(Field::Body).filter(|_| with_statements) {
                    self.block(statements);
                }
            }
            _ if with_statements => self.block(definition),
            _ => {}
        }
        if self.block.is_some() {
            self.jump(Jump::Return);
        }
        match definition.kind() {
            Kind::Class => ItemKind::Class,
            Kind::Function => ItemKind::Function {
                is_async: definition.has(Kind::AsyncKeyword),
                is_generator: self.has_yield,
            },
            _ => ItemKind::Module,
        }
    }

    fn open_frame(&mut self, kind: FrameKind) -> BlockId {
        self.frame = FrameId::new(self.body.frames.len());
        let entry = self.new_block();
        self.body.frames.push(Frame { entry, kind });
        entry
    }

    /// Decorators, defaults, annotations and bases, evaluated in the scope around the item.
    fn signature(&mut self, root: FlatNode<'f>, definition: FlatNode<'f>, entry: BlockId) {
        self.scope = ScopeId::new(ItemFacts::OUTER_SCOPE);
        self.start(entry);
        for decorator in root.children().filter(|child| child.kind() == Kind::Decorator) {
            if let Some(expression) = decorator.children().next() {
                let value = self.expression(expression);
                self.head.decorators.push(value);
            }
        }
        if let Some(name) = definition.field(Field::Name) {
            self.head.name = Some(self.intern(name));
            self.head.name_range = self.own_range(name.range());
        }
        if let Some(parameters) = definition.field(Field::Parameters) {
            self.head.params = self.parameters(parameters, ScopeId::new(ItemFacts::OWN_SCOPE));
        }
        if let Some(bases) = definition.field(Field::Superclasses) {
            self.head.bases = self.operands(bases);
        }
        if let Some(annotation) = definition.field(Field::ReturnType) {
            self.head.returns = Some(self.expression(annotation));
        }
        self.jump(Jump::Return);
    }

    /// The parameters of a function or lambda, bound in `scope`, their defaults evaluated here.
    fn parameters(&mut self, list: FlatNode<'f>, scope: ScopeId) -> Vec<Param> {
        let mut params = Vec::new();
        let mut kind = ParamKind::Positional;
        for node in list.children() {
            let name = match node.kind() {
                Kind::KeywordSeparator => {
                    kind = ParamKind::Keyword;
                    continue;
                }
                Kind::Identifier | Kind::ListSplatPattern | Kind::DictionarySplatPattern => Some(node),
                Kind::DefaultParameter | Kind::TypedDefaultParameter => node.field(Field::Name),
                Kind::TypedParameter => node.children().find(|child| child.role() != Field::Type),
                _ => None,
            };
            let Some(name) = name else { continue };
            let own_kind = match name.kind() {
                Kind::ListSplatPattern => ParamKind::Rest,
                Kind::DictionarySplatPattern => ParamKind::Keywords,
                _ => kind,
            };
            if own_kind == ParamKind::Rest {
                kind = ParamKind::Keyword;
            }
            let Some(identifier) =
                std::iter::once(name).chain(name.children()).find(|node| node.kind() == Kind::Identifier)
            else {
                continue;
            };
            let annotation = node.field(Field::Type).map(|annotation| self.expression(annotation));
            let default = node.field(Field::Value).map(|default| self.expression(default));
            let identifier = self.intern(identifier);
            let var = self.scopes.bind(scope, identifier);
            self.scopes.vars[var.index()].is_parameter = true;
            params.push(Param { var, kind: own_kind, annotation, default });
        }
        params
    }

    /// A lambda: a frame of its own within the item.
    pub(super) fn lambda(&mut self, node: FlatNode<'f>) -> Val {
        let scope = self.scopes.open(ScopeKind::Lambda, Some(self.scope));
        if let Some(parameters) = node.field(Field::Parameters) {
            self.parameters(parameters, scope);
        }
        self.ensure_block();
        let resume = (self.block, self.frame, self.scope, self.handler, self.in_loop, self.has_yield);
        let contexts = std::mem::take(&mut self.contexts);
        let insts_before = self.body.insts.len();
        // The block around is interrupted: what the lambda does is not part of it.
        let interrupted = self.pause();
        let entry = self.open_frame(FrameKind::Lambda);
        let frame = self.frame;
        (self.scope, self.handler, self.in_loop) = (scope, None, None);
        self.start(entry);
        if let Some(body) = node.field(Field::Body) {
            let value = self.expression(body);
            self.emit(Op::Return(Some(value)), body);
        }
        self.jump(Jump::Return);
        (self.block, self.frame, self.scope, self.handler, self.in_loop, self.has_yield) = resume;
        self.contexts = contexts;
        if self.body.insts.len() > insts_before {
            self.resume(interrupted);
        }
        self.emit(Op::Lambda(frame), node)
    }

    /// Ends the current block at the last instruction, to be continued by [`Self::resume`].
    fn pause(&mut self) -> Option<BlockId> {
        let block = self.block?;
        self.body.blocks[block.index()].end = self.body.here();
        Some(block)
    }

    /// Goes on from a paused block in a new one, so that instructions of a block lie together.
    fn resume(&mut self, paused: Option<BlockId>) {
        let Some(paused) = paused else { return };
        let next = self.new_block();
        self.body.blocks[paused.index()].exit = crate::ir::Terminator::Goto(next);
        self.start(next);
    }
}
