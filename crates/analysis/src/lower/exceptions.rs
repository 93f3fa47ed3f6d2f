//! `try` and `with`: what happens on the way out.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use super::jump::Context;
use crate::ir::{BlockId, Op, Terminator, Val};

impl<'f> Builder<'f> {
    pub(super) fn try_statement(&mut self, node: FlatNode<'f>) {
        let outer = self.handler;
        let after = self.new_block();
        let finally = node.child(Kind::Finally).map(|clause| {
            let raised = self.new_block();
            self.contexts.push(Context::Finally { clause, ways: Vec::new() });
            self.handler = Some(raised);
            raised
        });
        let end = if finally.is_some() { self.new_block() } else { after };
        self.guarded(node, end);
        if let Some(raised) = finally {
            self.finally(outer, end, raised, after);
        }
        self.start(after);
    }

    /// The body of a `try`, its handlers and its `else`; all lead to `end`.
    fn guarded(&mut self, node: FlatNode<'f>, end: BlockId) {
        let handlers: Vec<FlatNode<'f>> =
            node.children().filter(|child| child.kind() == Kind::Except).collect();
        let outer = self.handler;
        let dispatch = (!handlers.is_empty()).then(|| self.new_block());
        self.handler = dispatch.or(outer);
        self.split();
        if let Some(body) = node.field(Field::Body) {
            self.block(body);
        }
        self.handler = outer;
        if let Some(clause) = node.child(Kind::Else) {
            self.continue_in_new_block();
            self.clause_body(clause);
        }
        self.goto(end);
        let Some(dispatch) = dispatch else { return };
        let entries: Vec<BlockId> = handlers.iter().map(|_| self.new_block()).collect();
        self.start(dispatch);
        let catches_all = handlers.last().is_some_and(|handler| self.catches_all(*handler));
        if let Some(&first) = entries.first() {
            let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
            self.leave(Terminator::Dispatch { first, count, catches_all });
        }
        for (handler, entry) in handlers.into_iter().zip(entries) {
            self.start(entry);
            self.except_clause(handler);
            self.goto(end);
        }
    }

    fn continue_in_new_block(&mut self) {
        if self.block.is_some() {
            self.split();
        }
    }

    fn catches_all(&self, handler: FlatNode<'f>) -> bool {
        match handler.field(Field::Value) {
            None => true,
            Some(value) if value.kind() == Kind::AsPattern => {
                value.children().next().is_some_and(|caught| self.source(caught) == "BaseException")
            }
            Some(value) => self.source(value) == "BaseException",
        }
    }

    fn except_clause(&mut self, node: FlatNode<'f>) {
        let mut types = Vec::new();
        let mut alias = None;
        for value in node.fields(Field::Value) {
            if value.kind() == Kind::AsPattern {
                alias = value.field(Field::Alias).and_then(|target| target.children().next());
                types.extend(value.children().next().map(|caught| self.expression(caught)));
            } else {
                types.push(self.expression(value));
            }
        }
        let types = self.pool_values(&types);
        // What stands between `except` and the colon, where anything does.
        let header = node.fields(Field::Value).next().unwrap_or(node);
        let caught = self.emit(Op::Caught(types), header);
        if let Some(alias) = alias {
            self.bind_target(alias, caught);
        }
        self.clause_body(node);
        if let (Some(alias), Some(_)) = (alias, self.block) {
            self.delete_target(alias);
        }
    }

    /// Lowers a `finally` body once for each way through it.
    fn finally(&mut self, outer: Option<BlockId>, end: BlockId, raised: BlockId, after: BlockId) {
        let Some(Context::Finally { clause, ways, .. }) = self.contexts.pop() else { return };
        self.handler = outer;
        self.start(end);
        self.clause_body(clause);
        self.goto(after);
        let was_copy = std::mem::replace(&mut self.is_copy, true);
        self.start(raised);
        self.clause_body(clause);
        if self.block.is_some() {
            self.leave(Terminator::Raise);
        }
        for (jump, entry) in ways {
            self.start(entry);
            self.clause_body(clause);
            if self.block.is_some() {
                self.jump(jump);
            }
        }
        self.is_copy = was_copy;
    }

    pub(super) fn with_statement(&mut self, node: FlatNode<'f>) {
        let is_async = node.has(Kind::AsyncKeyword);
        let items: Vec<FlatNode<'f>> = match node.child(Kind::WithClause) {
            Some(clause) => with_items(clause),
            None => Vec::new(),
        };
        let outer = self.handler;
        let mut raised = Vec::new();
        for item in items {
            raised.push(self.enter(item, is_async));
        }
        if let Some(body) = node.field(Field::Body) {
            self.block(body);
        }
        for (on_raise, context, item) in raised.into_iter().rev() {
            self.leave_context(on_raise, context, item);
        }
        self.handler = outer;
    }

    /// Enters one context. What follows raises to the block that is returned.
    fn enter(&mut self, item: FlatNode<'f>, is_async: bool) -> (BlockId, Val, FlatNode<'f>) {
        let value = item.field(Field::Value).filter(|_| item.kind() == Kind::WithItem).unwrap_or(item);
        let (manager, alias) = if value.kind() == Kind::AsPattern {
            let target = value.field(Field::Alias).and_then(|target| target.children().next());
            (value.children().next().unwrap_or(value), target)
        } else {
            (value, None)
        };
        let context = self.expression(manager);
        let entered = self.emit(Op::Enter { context, is_async }, item);
        let raised = self.new_block();
        let range = item.range();
        self.contexts.push(Context::With { context, is_async, range, handler: self.handler });
        self.handler = Some(raised);
        self.split();
        if let Some(alias) = alias {
            self.bind_target(alias, entered);
        }
        (raised, context, item)
    }

    /// Leaves the innermost context, on the normal way and after an exception.
    fn leave_context(&mut self, raised: BlockId, context: Val, item: FlatNode<'f>) {
        let Some(Context::With { is_async, handler, .. }) = self.contexts.pop() else { return };
        self.handler = handler;
        let exit = Op::Exit { context, is_async };
        let after = self.new_block();
        if self.block.is_some() {
            self.split();
            self.emit(exit, item);
            self.goto(after);
        }
        let was_copy = std::mem::replace(&mut self.is_copy, true);
        self.start(raised);
        self.emit(exit, item);
        self.leave(Terminator::RaiseUnlessSwallowed { context, after });
        self.is_copy = was_copy;
        self.start(after);
    }
}

/// The items of a `with` clause. The grammar takes a parenthesised list of them for a tuple.
fn with_items(clause: FlatNode<'_>) -> Vec<FlatNode<'_>> {
    let items: Vec<FlatNode<'_>> = clause.children().filter(|child| child.kind() == Kind::WithItem).collect();
    if let [only] = items.as_slice()
        && let Some(tuple) = only.field(Field::Value).filter(|value| value.kind() == Kind::Tuple)
    {
        return tuple.children().collect();
    }
    items
}
