//! Streams that are held whole though they are gone through once.

use crate::ir::{Comprehension, FrameId, ItemFacts, ItemKind, LoopKind, Op, UseKind, Val, VarId};
use crate::project::{CodeId, Entity, Holder, Project};

/// A stream of which more is held than the code needs.
#[derive(Clone, Copy, Debug)]
pub struct MaterialisedStream {
    /// The function.
    pub code: CodeId,
    /// Where it is held whole.
    pub at: Val,
    /// Where the stream is made or split.
    pub source: Val,
    /// In which way.
    pub waste: StreamWaste,
}

/// How a stream comes to be held whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamWaste {
    /// One half of a `tee` is read to its end before the other is touched: a variable for each.
    Tee(VarId, VarId),
    /// A generator is put into a list, which is gone through once.
    List,
}

/// The streams that the code of items holds whole, in their order.
pub fn materialised_streams(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<MaterialisedStream> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code) || !facts.is_function() {
            continue;
        }
        for block in facts.body.originals() {
            for at in facts.body.values(block) {
                let Op::Call { callee, .. } = facts.body.op(at) else { continue };
                match project.import_path(code, callee).as_deref() {
                    Some("itertools.tee") => found.extend(teed(project, code, at)),
                    Some("list" | "tuple") => found.extend(listed(project, code, at)),
                    _ => {}
                }
            }
        }
    }
    found
}

/// `first, second = tee(stream)`, where one is read whole before the other is touched.
fn teed(project: &Project, code: CodeId, tee: Val) -> Option<MaterialisedStream> {
    let facts = project.facts(code);
    let halves: Vec<VarId> = facts
        .body
        .insts
        .iter()
        .filter_map(|inst| match inst.op {
            Op::Store { var, value } if facts.is_local(var) && facts.stores(var).len() == 1 => {
                matches!(facts.body.op(value), Op::Unpack { value, .. } if value == tee).then_some(var)
            }
            _ => None,
        })
        .collect();
    let [a, b] = halves[..] else { return None };
    let (first, other) = if first_load(facts, a)? < first_load(facts, b)? { (a, b) } else { (b, a) };
    let at = read_whole(project, code, first)?;
    let body = &facts.body;
    let in_line = body.block_of(at).zip(body.block_of(tee)).is_some_and(|(read, split)| {
        body.loops_around(read).filter(|id| !is_comprehension(facts, *id)).eq(body.loops_around(split))
    });
    let before = first_load(facts, other)? > at && in_line;
    before.then_some(MaterialisedStream { code, at, source: tee, waste: StreamWaste::Tee(first, other) })
}

fn is_comprehension(facts: &ItemFacts, id: crate::ir::LoopId) -> bool {
    facts.body.loops[id.index()].kind == LoopKind::Comprehension
}

fn loads(facts: &ItemFacts, var: VarId) -> impl Iterator<Item = Val> {
    (0..facts.body.insts.len())
        .map(Val::new)
        .filter(move |value| matches!(facts.body.op(*value), Op::Load(loaded) if loaded == var))
}

fn first_load(facts: &ItemFacts, var: VarId) -> Option<Val> {
    loads(facts, var).next()
}

/// Where the first thing that is done with an iterator reads it to its end.
fn read_whole(project: &Project, code: CodeId, var: VarId) -> Option<Val> {
    let facts = project.facts(code);
    let load = first_load(facts, var)?;
    let body = &facts.body;
    // A comprehension that makes a container, a call that reads all, a loop that is never left early.
    for index in load.index()..body.insts.len() {
        let at = Val::new(index);
        match body.op(at) {
            Op::Comprehension { kind, args }
                if body.args(args).first().is_some_and(|arg| arg.value == load) =>
            {
                return (kind != Comprehension::Generator).then_some(at);
            }
            Op::Call { callee, args } if body.args(args).first().is_some_and(|arg| arg.value == load) => {
                let path = project.import_path(code, callee)?;
                let reads_all = matches!(
                    path.as_str(),
                    "list"
                        | "tuple"
                        | "set"
                        | "frozenset"
                        | "sorted"
                        | "sum"
                        | "max"
                        | "min"
                        | "dict"
                        | "collections.Counter"
                );
                return reads_all.then_some(at);
            }
            Op::Iterate { value, .. } if value == load => {
                let found = body
                    .loops
                    .iter()
                    .find(|found| matches!(found.kind, LoopKind::For(iterated) if iterated == load));
                if let Some(found) = found {
                    return (!found.has_break && !found.has_return).then_some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// `rows = list(generator())`, of which nothing but one loop makes use.
fn listed(project: &Project, code: CodeId, list: Val) -> Option<MaterialisedStream> {
    let facts = project.facts(code);
    let body = &facts.body;
    let Op::Call { args, .. } = body.op(list) else { return None };
    let [arg] = body.args(args) else { return None };
    if !is_stream(project, code, arg.value) {
        return None;
    }
    let mut stores = body.insts.iter().filter_map(|inst| match inst.op {
        Op::Store { var, value } if value == list => Some(var),
        _ => None,
    });
    let iterated = match stores.next() {
        Some(var) => {
            let is_own = facts.is_local(var) && facts.stores(var).len() == 1;
            let mut uses = loads(facts, var);
            let only = uses.next().filter(|_| is_own)?;
            let captured = project.sites(Holder::Local { code, var }).iter().any(|site| {
                let goes_on = matches!(site.find(project).kind, UseKind::Iterate | UseKind::Bind(_));
                site.code != code || (site.depth == 0 && !goes_on)
            });
            if uses.next().is_some() || captured {
                return None;
            }
            only
        }
        None => list,
    };
    // The list is read in the function itself, by a loop that holds it to its end.
    let round = body
        .loops
        .iter()
        .position(|found| matches!(found.kind, LoopKind::For(value) if value == iterated))?;
    let header = body.loops[round].header;
    let made_with = body.block_of(list)?;
    // What the loop reads must still be open there.
    let until = body.block(header).start as usize;
    let is_left = body.insts.get(list.index()..until)?.iter().any(|inst| matches!(inst.op, Op::Exit { .. }));
    if is_left {
        return None;
    }
    let same_loops = body.loops_around(header).skip(1).eq(body.loops_around(made_with));
    (same_loops && body.block(made_with).frame == FrameId::new(0)).then_some(MaterialisedStream {
        code,
        at: list,
        source: arg.value,
        waste: StreamWaste::List,
    })
}

/// Whether a value is a generator that reads a file or the like, element by element.
fn is_stream(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Comprehension { kind: Comprehension::Generator, args } => {
            let source = facts.body.args(args).first().map(|arg| arg.value);
            source.is_some_and(|source| is_reader(project, code, source))
        }
        Op::Call { callee, .. } => match project.entity(code, callee) {
            Some(Entity::Function(function)) => is_reading_generator(project, function),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a function is a generator one of whose loops goes over an open file.
fn is_reading_generator(project: &Project, function: CodeId) -> bool {
    let facts = project.facts(function);
    matches!(facts.kind, ItemKind::Function { is_async: false, is_generator: true })
        && facts.body.loops.iter().any(|found| match found.kind {
            LoopKind::For(value) => is_reader(project, function, value),
            _ => false,
        })
}

/// Whether a value is an open file, or a reader of one.
fn is_reader(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let value = match facts.body.op(value) {
        Op::Load(var) if facts.is_local(var) => match facts.only_value(var) {
            Some(stored) => stored,
            None => return false,
        },
        _ => value,
    };
    let value = match facts.body.op(value) {
        Op::Enter { context, .. } => context,
        _ => value,
    };
    let Op::Call { callee, args } = facts.body.op(value) else { return false };
    match project.import_path(code, callee).as_deref() {
        Some("csv.reader" | "csv.DictReader" | "enumerate" | "map" | "filter") => {
            let args = facts.body.args(args);
            args.iter().any(|arg| arg.value != value && is_opened(project, code, arg.value))
        }
        Some(_) => is_opened(project, code, value),
        None => false,
    }
}

fn is_opened(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let value = match facts.body.op(value) {
        Op::Load(var) if facts.is_local(var) => match facts.only_value(var) {
            Some(stored) => stored,
            None => return false,
        },
        _ => value,
    };
    let value = match facts.body.op(value) {
        Op::Enter { context, .. } => context,
        _ => value,
    };
    let Op::Call { callee, .. } = facts.body.op(value) else { return false };
    matches!(
        project.import_path(code, callee).as_deref(),
        Some("open" | "io.open" | "gzip.open" | "bz2.open" | "lzma.open" | "codecs.open")
    )
}
