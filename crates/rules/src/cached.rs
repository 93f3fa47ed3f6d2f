//! Functions with a cache: by a decorator, by a name for one, by a decorator of the project that adds one,
//! or by a call that wraps them.

use leakwright_analysis::ir::{ArgKind, Args, Const, Op, UseKind, Val};
use leakwright_analysis::project::{CodeId, Entity, Holder, Project, Symbol, ValueId};
use leakwright_catalogue::{Cache, ContainerKind};

use crate::context::Context;

/// A function with a cache.
pub(crate) struct CachedFunction<'c> {
    /// The function.
    pub(crate) function: CodeId,
    /// Where the cache is put on it.
    pub(crate) place: ValueId,
    /// The name of the cached function, where that is not the function's own.
    pub(crate) bound_to: Option<String>,
    /// Where the cache is asked for, as in `lru_cache(maxsize=None)`: the decorator, or what it stands for.
    pub(crate) source: ValueId,
    /// What is known of it.
    pub(crate) cache: &'c Cache,
    /// How many results it keeps at most; `u32::MAX` for a limit that is computed.
    pub(crate) limit: Option<u32>,
    /// Whether the limit is written out.
    pub(crate) is_explicit: bool,
}

/// The functions of a file with a cache, in the order of the source.
pub(crate) fn cached_functions<'p>(context: &Context<'p>) -> Vec<CachedFunction<'p>> {
    let project = context.project;
    let mut found = Vec::new();
    for code in context.items() {
        let facts = project.facts(code);
        if facts.is_function() {
            for &decorator in &facts.decorators {
                found.extend(decorated(project, code, decorator));
            }
        } else {
            found.extend(wrapped(project, code));
        }
    }
    found
}

/// What is known of the cache that a decorator puts on a function.
pub(crate) fn decorated(project: &Project, function: CodeId, decorator: Val) -> Option<CachedFunction<'_>> {
    let place = function.value(decorator);
    cached_by(project, function, place, place, MAX_CHAIN)
}

/// What is known of the cache that is asked for at a place and put on a function at another.
pub(crate) fn asked(
    project: &Project,
    function: CodeId,
    place: ValueId,
    source: ValueId,
) -> Option<CachedFunction<'_>> {
    cached_by(project, function, place, source, MAX_CHAIN)
}

/// How many names and functions lie between a decorator and the cache it adds.
const MAX_CHAIN: u32 = 4;

fn cached_by(
    project: &Project,
    function: CodeId,
    place: ValueId,
    source: ValueId,
    fuel: u32,
) -> Option<CachedFunction<'_>> {
    let fuel = fuel.checked_sub(1)?;
    let code = source.code;
    let body = &project.facts(code).body;
    let (callee, args) = match body.op(source.value) {
        Op::Call { callee, args } => (callee, Some(args)),
        _ => (source.value, None),
    };
    if let Some(path) = project.import_path(code, callee)
        && let Some(cache) = project.catalogue().caches.get(&path)
    {
        let (limit, is_explicit) = limit(project, code, cache, args);
        return Some(CachedFunction { function, place, bound_to: None, source, cache, limit, is_explicit });
    }
    match (project.entity(code, source.value), args) {
        // `memoized = lru_cache(maxsize=None)`
        (Some(Entity::Global(module, global)), None) => {
            let owner = project.module_code(CodeId { module, ..code });
            let var = project.file(module).global(global).var?;
            let value = project.facts(owner).only_value(var)?;
            let is_call = matches!(project.facts(owner).body.op(value), Op::Call { .. });
            is_call.then(|| cached_by(project, function, place, owner.value(value), fuel)).flatten()
        }
        // A decorator that hands on what another one makes of its function.
        (Some(Entity::Function(decorator)), None) => {
            let inner = returned_cache(project, decorator)?;
            cached_by(project, function, place, inner, fuel)
        }
        _ => None,
    }
}

/// `return lru_cache(maxsize=None)(function)` as the only result of a function, which is what it is given.
fn returned_cache(project: &Project, decorator: CodeId) -> Option<ValueId> {
    let facts = project.facts(decorator);
    let mut returned = facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Return(value) => Some(value),
        _ => None,
    });
    let (Some(Some(value)), None) = (returned.next(), returned.next()) else { return None };
    let Op::Call { callee, args } = facts.body.op(value) else { return None };
    let [arg] = facts.body.args(args) else { return None };
    let first = facts.params.first()?.var;
    let is_given = matches!(facts.body.op(arg.value), Op::Load(var) if var == first);
    is_given.then(|| decorator.value(callee))
}

/// `fast = lru_cache(maxsize=None)(slow)`, in a module.
fn wrapped(project: &Project, code: CodeId) -> Vec<CachedFunction<'_>> {
    let facts = project.facts(code);
    if code != project.module_code(code) {
        return Vec::new();
    }
    let stores = facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Store { var, value } => Some((var, value)),
        _ => None,
    });
    let found = stores.filter_map(|(var, value)| {
        let Op::Call { callee, args } = facts.body.op(value) else { return None };
        let [arg] = facts.body.args(args) else { return None };
        let Some(Entity::Function(function)) = project.entity(code, arg.value) else { return None };
        if function.module != code.module {
            return None;
        }
        let place = code.value(value);
        let mut found = cached_by(project, function, place, code.value(callee), MAX_CHAIN)?;
        found.bound_to = Some(facts.var_name(var).to_owned());
        Some(found)
    });
    found.collect()
}

/// The limit of a cache, and whether it is written out.
fn limit(project: &Project, code: CodeId, cache: &Cache, args: Option<Args>) -> (Option<u32>, bool) {
    let facts = project.facts(code);
    let argument = |keyword: Option<&String>, at: Option<usize>| {
        facts.body.args(args?).iter().enumerate().find_map(|(position, arg)| match arg.kind {
            ArgKind::Keyword(name) => {
                keyword.is_some_and(|keyword| keyword == facts.str(name)).then_some(arg.value)
            }
            ArgKind::Positional => (at == Some(position)).then_some(arg.value),
            // It may be among these.
            ArgKind::Star | ArgKind::DoubleStar => Some(arg.value),
        })
    };
    let is_none = |value: Val| matches!(facts.body.op(value), Op::Const(Const::None));
    let expires = cache.expiry.is_some()
        && argument(cache.expiry.as_ref(), cache.expiry_at).is_some_and(|value| !is_none(value));
    if expires {
        return (Some(u32::MAX), true);
    }
    if cache.store.is_some() {
        return match argument(cache.store.as_ref(), cache.store_at) {
            Some(store) if keeps_everything(project, code, store) => (None, true),
            // `None` keeps nothing; anything else has a limit of its own, as far as can be seen.
            Some(store) => (Some(if is_none(store) { 0 } else { u32::MAX }), true),
            None => ((!cache.store_kept).then_some(u32::MAX), false),
        };
    }
    let written = args.and_then(|_| argument(cache.bound.as_ref(), cache.bound_at));
    let limit = match written.map(|value| facts.body.op(value)) {
        Some(Op::Const(Const::None)) => None,
        Some(Op::Const(Const::Int(limit))) => Some(u32::try_from(limit.max(0)).unwrap_or(u32::MAX)),
        Some(_) => Some(u32::MAX),
        None if args.is_some() => cache.default,
        None => cache.bare,
    };
    (limit, written.is_some())
}

/// Whether what a cache keeps its results in is a dict that nothing removes from.
fn keeps_everything(project: &Project, code: CodeId, store: Val) -> bool {
    let is_dict = |code: CodeId, value: Val| {
        project
            .created_container(code, value)
            .is_some_and(|made| made.kind == ContainerKind::Dict && !made.is_bounded)
    };
    if is_dict(code, store) {
        return true;
    }
    let Some(Entity::Global(module, global)) = project.entity(code, store) else { return false };
    let name = Symbol::of(project.file(module).global_name(global));
    let sites = project.sites(Holder::Global { module, name });
    let mut is_made = false;
    for site in sites.iter().filter(|site| site.depth == 0) {
        match site.find(project).kind {
            UseKind::Bind(value) if is_dict(site.code, value) => is_made = true,
            UseKind::Argument | UseKind::Test | UseKind::Iterate => {}
            _ => return false,
        }
    }
    is_made
}
