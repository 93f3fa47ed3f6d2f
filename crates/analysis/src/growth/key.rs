//! Keys: are they new again and again, or from a set that does not grow with the work?

use leakwright_catalogue::Words;

use super::binding::precedes;
use super::holder::is_initial;
use super::repetition::is_metaclass;
use crate::bindings::{Binding, GlobalId};
use crate::ir::{ArgKind, CompareOp, Const, Display, Op, Step, UseKind, Val, VarId};
use crate::project::{CodeId, Holder, Project, Reference, ReferenceKind, Site, Symbol};

/// How often a key is one that was not there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// From a set that does not grow with the work: names, types, codes.
    Finite,
    /// It cannot be told.
    Neutral,
    /// Again and again: ids, addresses, text from outside.
    Fresh,
}

/// How far a key is followed to where it comes from.
const MAX_DEPTH: u32 = 6;

/// Judges a key.
pub(super) fn freshness(project: &Project, code: CodeId, key: Val) -> Freshness {
    judge(project, code, key, MAX_DEPTH)
}

fn judge(project: &Project, code: CodeId, key: Val, fuel: u32) -> Freshness {
    let Some(fuel) = fuel.checked_sub(1) else { return Freshness::Neutral };
    let facts = project.facts(code);
    let body = &facts.body;
    match body.op(key) {
        Op::Const(_) => Freshness::Finite,
        Op::Not(_) | Op::Compare { .. } => Freshness::Finite,
        Op::Load(var) => variable(project, code, var, fuel),
        Op::Attr { base, name } => match facts.str(name) {
            "__class__" | "__name__" | "__qualname__" | "__module__" | "__doc__" => Freshness::Finite,
            word => match qualified(project, code, base, word) {
                _ if comes_from_fixed(project, code, base) => Freshness::Finite,
                Freshness::Neutral if is_fixed_attribute(project, code, key) => Freshness::Finite,
                // An enum member, a constant of a class or module.
                _ if is_constant(word) && project.entity(code, base).is_some() => Freshness::Finite,
                _ if is_class_by_name(project, code, base) => Freshness::Finite,
                found => found,
            },
        },
        Op::Call { callee, args } => {
            let args: Vec<Val> = body.args(args).iter().map(|arg| arg.value).collect();
            call(project, code, callee, &args, fuel)
        }
        Op::Display { kind: Display::Tuple, args } | Op::Format(args) => {
            combine(body.args(args).iter().map(|arg| judge(project, code, arg.value, fuel)))
        }
        Op::Merge(args) => combine(body.args(args).iter().map(|arg| judge(project, code, arg.value, fuel))),
        Op::Binary { left, right, .. } => {
            combine([left, right].into_iter().map(|value| judge(project, code, value, fuel)))
        }
        // `event["session_id"]`
        Op::Index { base, key } if facts.string(key).is_some() => {
            match qualified(project, code, base, facts.string(key).unwrap_or_default()) {
                Freshness::Neutral => judge(project, code, base, fuel).max(Freshness::Neutral),
                found => found,
            }
        }
        // Of what stands under some key nothing is known.
        Op::Index { .. } => Freshness::Neutral,
        Op::Unary(value) | Op::Await(value) => judge(project, code, value, fuel),
        Op::Define(_) | Op::Lambda(_) => Freshness::Neutral,
        _ => Freshness::Neutral,
    }
}

/// Whether a parameter of a function is from a finite set, by its annotation and name.
pub fn parameter_freshness(project: &Project, function: CodeId, param: VarId) -> Freshness {
    local(project, function, param, MAX_DEPTH)
}

/// Whether a value is an attribute of `self` that is bound in the initialiser and nowhere else: each
/// object has just one.
fn is_fixed_attribute(project: &Project, code: CodeId, value: Val) -> bool {
    let Some(place) = project.facts(code).places.of(value) else { return false };
    let Some(located) = project.locate(code, place) else { return false };
    let Holder::Attribute { .. } = located.holder else { return false };
    let mut binds = project
        .sites(located.holder)
        .iter()
        .filter(|site| {
            site.depth == 0 && matches!(site.find(project).kind, UseKind::Bind(_) | UseKind::Augment(_))
        })
        .peekable();
    located.rest.is_empty() && binds.peek().is_some() && binds.all(|site| is_initial(project, site.code))
}

/// Whether a key is an attribute of the object that has the container, and bound for good when that is made.
pub(super) fn is_fixed_beside(project: &Project, site: Site, key: Val) -> bool {
    let places = &project.facts(site.code).places;
    let root = |place| places.path(place).0;
    places.of(key).is_some_and(|place| root(place) == root(site.find(project).place))
        && is_fixed_attribute(project, site.code, key)
}

/// The freshest part decides; only finite parts make a finite whole.
fn combine(parts: impl Iterator<Item = Freshness>) -> Freshness {
    parts.max().unwrap_or(Freshness::Finite)
}

fn variable(project: &Project, code: CodeId, var: VarId, fuel: u32) -> Freshness {
    let name = project.facts(code).var_name(var);
    match project.file(code.module).binding(code.item, var) {
        Binding::Local(item, var) => local(project, CodeId { item, ..code }, var, fuel),
        Binding::Global(_) | Binding::Class(..) if is_constant(name) => Freshness::Finite,
        Binding::Global(global) if is_bound_once(project, code, global) => Freshness::Finite,
        _ => by_name(project, name),
    }
}

/// Whether a module variable is only ever bound to one value.
fn is_bound_once(project: &Project, code: CodeId, global: GlobalId) -> bool {
    let name = Symbol::of(project.file(code.module).global_name(global));
    let sites = project.sites(Holder::Global { module: code.module, name });
    let binds = |site: &&Site| {
        site.depth == 0 && matches!(site.find(project).kind, UseKind::Bind(_) | UseKind::Augment(_))
    };
    sites.iter().filter(binds).count() == 1
}

fn local(project: &Project, owner: CodeId, var: VarId, fuel: u32) -> Freshness {
    let facts = project.facts(owner);
    let name = facts.var_name(var);
    if let Some(param) = facts.params.iter().find(|param| param.var == var) {
        let annotated = param.annotation.and_then(|annotation| by_annotation(project, owner, annotation));
        let known = annotated.unwrap_or_else(|| by_name(project, name));
        let is_flag = param.default.is_some_and(|default| {
            matches!(facts.body.op(default), Op::Const(Const::True | Const::False | Const::Int(0 | 1)))
        });
        if is_class(project, owner, var) || (is_flag && known != Freshness::Fresh) {
            return Freshness::Finite;
        }
        if known == Freshness::Finite {
            return known;
        }
        // What is passed says more than what the parameter is called.
        let passed = by_callers(project, owner, var, fuel);
        return if passed == Freshness::Finite || known == Freshness::Neutral { passed } else { known };
    }
    let Some(value) = facts.only_value(var) else { return by_name(project, name) };
    match facts.body.op(value) {
        Op::Next(iterator) => element(project, owner, iterator).unwrap_or_else(|| by_name(project, name)),
        // What it is called says more than the key under which it was found.
        Op::Index { .. } if by_name(project, name) == Freshness::Finite => Freshness::Finite,
        _ => match judge(project, owner, value, fuel) {
            Freshness::Neutral => by_name(project, name),
            found => found,
        },
    }
}

/// Whether a variable holds a class: a nested class derives from it, objects are tested against it, or it is the object
/// of a metaclass.
fn is_class(project: &Project, owner: CodeId, var: VarId) -> bool {
    let file = project.file(owner.module);
    let is_base = file.children(owner.item).iter().any(|&item| {
        let facts = file.facts(item);
        facts.body.args(facts.bases).iter().any(|base| match facts.body.op(base.value) {
            Op::Load(used) => file.binding(item, used) == Binding::Local(owner.item, var),
            _ => false,
        })
    });
    let facts = project.facts(owner);
    let is_receiver = facts.params.first().is_some_and(|param| param.var == var)
        && project.is_instance_method(owner)
        && project.class_of(owner).is_some_and(|class| is_metaclass(project, class));
    let loads_it = |value: Val| matches!(facts.body.op(value), Op::Load(used) if used == var);
    is_base
        || is_receiver
        || facts.body.insts.iter().any(|inst| match inst.op {
            Op::Call { callee, args } => {
                let args = facts.body.args(args);
                let path = project.import_path(owner, callee);
                match path.as_deref() {
                    Some("isinstance") => args.get(1).is_some_and(|arg| loads_it(arg.value)),
                    Some("issubclass") => args.iter().any(|arg| loads_it(arg.value)),
                    _ => false,
                }
            }
            _ => false,
        })
}

/// How many callers are looked at.
const MAX_CALLERS: usize = 24;

/// What the callers of a function pass: finite if all that are seen pass what is. A function that others
/// may call as well is only ever seen to be finite.
fn by_callers(project: &Project, function: CodeId, param: VarId, fuel: u32) -> Freshness {
    let name = project.own_name(function);
    let is_private = name.starts_with('_') && !name.ends_with("__");
    // What a script does with a public function at its end is an example of its use.
    let counts = |found: &&Reference| {
        let is_example = || !project.is_function(found.code) || project.module(found.code.module).is_test;
        found.code != function && (is_private || !is_example())
    };
    let calls: Vec<&Reference> = project.references(function).iter().filter(counts).collect();
    let is_hidden = !is_private && project.class_of(function).is_some() && project.unresolved_calls(name) > 0;
    if calls.is_empty() || calls.len() > MAX_CALLERS || is_hidden {
        return Freshness::Neutral;
    }
    let passed = |found: &Reference| {
        let Op::Call { args, .. } = project.facts(found.code).body.op(found.at) else {
            return Freshness::Neutral;
        };
        let args = project.facts(found.code).body.args(args);
        let argument = args
            .iter()
            .find(|arg| project.parameter_for(found.code, found.at, arg.value, function) == Some(param));
        match (argument, project.facts(function).params.iter().find(|found| found.var == param)) {
            (Some(arg), _) => judge(project, found.code, arg.value, fuel),
            // A call that leaves it out passes the default, unless it spreads what cannot be seen.
            (None, Some(known)) if found.kind == ReferenceKind::Call && known.default.is_some() => {
                let spreads = args.iter().any(|arg| matches!(arg.kind, ArgKind::Star | ArgKind::DoubleStar));
                if spreads { Freshness::Neutral } else { Freshness::Finite }
            }
            _ => Freshness::Neutral,
        }
    };
    let mut most = Freshness::Finite;
    for found in calls {
        most = most.max(passed(found));
        if most == Freshness::Fresh || (most != Freshness::Finite && !is_private) {
            break;
        }
    }
    if is_private { most } else { most.min(Freshness::Neutral) }
}

/// What a loop hands out: finite if it goes over a literal or a range.
fn element(project: &Project, code: CodeId, iterator: Val) -> Option<Freshness> {
    let body = &project.facts(code).body;
    let Op::Iterate { value, .. } = body.op(iterator) else { return None };
    let counts = matches!(body.op(value), Op::Call { callee, .. }
        if project.import_path(code, callee).as_deref() == Some("range"));
    (counts || is_literal(project, code, value) || is_filled_once(project, code, value))
        .then_some(Freshness::Finite)
}

/// Whether a value is written out in the source with nothing but constants in it.
pub(super) fn is_literal(project: &Project, code: CodeId, value: Val) -> bool {
    let body = &project.facts(code).body;
    match body.op(value) {
        Op::Const(_) => true,
        Op::Display { args, .. } => body
            .args(args)
            .iter()
            .all(|arg| arg.kind == ArgKind::Positional && matches!(body.op(arg.value), Op::Const(_))),
        _ => false,
    }
}

/// Whether what a value would add to a container is written out: a literal, or a dict of such keys.
pub(super) fn has_literal_keys(project: &Project, code: CodeId, value: Val) -> bool {
    let body = &project.facts(code).body;
    let keys = match body.op(value) {
        Op::Display { kind: Display::Dict, args } => body.args(args),
        _ => return is_literal(project, code, value),
    };
    let plain = keys.iter().all(|arg| arg.kind == ArgKind::Positional);
    plain && keys.iter().step_by(2).all(|key| matches!(body.op(key.value), Op::Const(_)))
}

fn call(project: &Project, code: CodeId, callee: Val, args: &[Val], fuel: u32) -> Freshness {
    let facts = project.facts(code);
    let path = project.import_path(code, callee);
    match path.as_deref() {
        Some("type" | "bool" | "callable" | "isinstance" | "os.getpid" | "sys.intern") => {
            return Freshness::Finite;
        }
        Some("id") => {
            let is_type = matches!(args, [arg] if is_named_as_type(project, code, *arg));
            return if is_type { Freshness::Finite } else { Freshness::Fresh };
        }
        // A thread that ends leaves its identity to another one.
        Some("threading.get_ident" | "_thread.get_ident" | "threading.get_native_id") => {
            return Freshness::Neutral;
        }
        Some(
            "len"
            | "next"
            | "time.time"
            | "time.monotonic"
            | "time.perf_counter"
            | "uuid.uuid4"
            | "uuid.uuid1"
            | "object"
            | "datetime.datetime.now"
            | "datetime.datetime.utcnow",
        ) => return Freshness::Fresh,
        // What such a call gives is as fresh as what it is given.
        Some(
            "str" | "hash" | "int" | "tuple" | "repr" | "frozenset" | "float" | "bytes" | "os.path.abspath"
            | "os.path.join" | "os.path.normpath" | "os.path.realpath" | "pathlib.Path" | "sorted",
        ) => {
            return combine(args.iter().map(|arg| judge(project, code, *arg, fuel)));
        }
        _ => {}
    }
    match facts.body.op(callee) {
        Op::Attr { base, name } => match facts.str(name) {
            "lower" | "upper" | "strip" | "rstrip" | "lstrip" | "title" | "casefold" | "encode"
            | "decode" | "replace" | "format" | "removeprefix" | "removesuffix" => {
                judge(project, code, base, fuel)
            }
            "hexdigest" | "digest" => Freshness::Fresh,
            "threadID" | "thread_id" | "get_thread_id" => Freshness::Neutral,
            name => by_name(project, name),
        },
        Op::Load(var) => by_name(project, facts.var_name(var)),
        _ => Freshness::Neutral,
    }
}

/// Whether a variable holds a type, or something of which there are as many as of types, by its name: `widget_type`.
fn is_named_as_type(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(value) else { return false };
    let last = leakwright_catalogue::split_words(facts.var_name(var)).last();
    last.is_some_and(|word| matches!(word.as_str(), "type" | "cls" | "klass" | "class" | "kind" | "module"))
}

fn by_name(project: &Project, name: &str) -> Freshness {
    if is_constant(name) {
        return Freshness::Finite;
    }
    let words = &project.catalogue().words;
    let mut parts: Vec<String> = leakwright_catalogue::split_words(name).collect();
    // `hour_str`, `type_num`: the form says less than what it is a form of.
    if parts.len() > 1
        && parts
            .last()
            .is_some_and(|word| matches!(word.as_str(), "str" | "string" | "num" | "val" | "value" | "key"))
    {
        parts.pop();
    }
    let name = parts.join("_");
    let is_typed = parts.first().is_some_and(|word| {
        matches!(word.as_str(), "type" | "kind" | "class" | "cls" | "mod" | "module" | "opcode")
    });
    // `modname`, `oldname`; users, hosts and files have names that are new again and again.
    let is_named = parts.last().is_some_and(|word| {
        word.ends_with("name")
            && !matches!(word.as_str(), "username" | "hostname" | "filename" | "pathname" | "dirname")
    });
    // `device_id`: there are as many as were installed.
    let is_installed = match parts.as_slice() {
        [.., thing, last] if matches!(last.as_str(), "id" | "ids" | "address" | "uuid" | "uid" | "key") => {
            Words::last(&words.installed_key, thing)
        }
        _ => Words::last(&words.installed_key, &name),
    };
    let is_path = parts.last().is_some_and(|word| word.ends_with("path"));
    if is_typed || is_named || is_path || is_installed || Words::last(&words.finite_key, &name) {
        Freshness::Finite
    } else if Words::last(&words.fresh_key, &name) {
        Freshness::Fresh
    } else {
        Freshness::Neutral
    }
}

/// What the name of a part says, together with the name of the whole: `device.id` is a `device_id`.
fn qualified(project: &Project, code: CodeId, base: Val, part: &str) -> Freshness {
    let facts = project.facts(code);
    let is_identity = matches!(part, "id" | "key" | "uuid" | "uid" | "address" | "unique_id" | "uniqueid");
    let whole = match facts.body.op(base) {
        Op::Load(var) => facts.var_name(var),
        Op::Attr { name, .. } => facts.str(name),
        Op::Index { key, .. } => facts.string(key).unwrap_or_default(),
        _ => "",
    };
    if is_identity && !whole.is_empty() {
        by_name(project, &format!("{whole}_{part}"))
    } else {
        by_name(project, part)
    }
}

/// Whether a variable goes over an attribute that is filled as its object is made, and not later.
fn comes_from_fixed(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(value) else { return false };
    let Some(Op::Next(iterator)) = facts.only_value(var).map(|stored| facts.body.op(stored)) else {
        return false;
    };
    matches!(facts.body.op(iterator), Op::Iterate { value, .. } if is_filled_once(project, code, value))
}

/// Whether a value is an attribute that is bound in the initialiser, and never added to.
fn is_filled_once(project: &Project, code: CodeId, value: Val) -> bool {
    let Some(place) = project.facts(code).places.of(value) else { return false };
    let Some(located) = project.locate(code, place) else { return false };
    is_fixed_attribute(project, code, value)
        && project.sites(located.holder).iter().filter(|site| site.depth == 0).all(|site| {
            match site.find(project).kind {
                UseKind::Call(name) => !super::effect::adds(project.facts(site.code).str(name)),
                kind => !matches!(kind, UseKind::StoreElement | UseKind::Keep | UseKind::Argument),
            }
        })
}

/// Whether a value is a class, of the project or by the way libraries write their names: what is read from it
/// is a member.
fn is_class_by_name(project: &Project, code: CodeId, value: Val) -> bool {
    match project.entity(code, value) {
        Some(crate::project::Entity::Class(_)) => true,
        Some(crate::project::Entity::External(path)) => {
            let last = path.rsplit('.').next().unwrap_or_default();
            path.contains('.') && last.starts_with(char::is_uppercase) && !is_constant(last)
        }
        _ => false,
    }
}

/// `UPPER_CASE`, as constants are written.
pub(super) fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.chars().any(|c| c.is_ascii_uppercase())
}

/// What an annotation says: booleans, enums, types and literals are finite.
pub(crate) fn by_annotation(project: &Project, code: CodeId, annotation: Val) -> Option<Freshness> {
    let facts = project.facts(code);
    match facts.body.op(annotation) {
        Op::Const(Const::None) => Some(Freshness::Finite),
        Op::Index { base, key } => match project.import_path(code, base).as_deref() {
            Some("typing.Literal" | "typing_extensions.Literal" | "type" | "typing.Type") => {
                Some(Freshness::Finite)
            }
            Some("typing.Optional") => by_annotation(project, code, key),
            _ => None,
        },
        // `bool | None`
        Op::Opaque(args) | Op::Display { args, .. } => {
            let parts: Option<Vec<Freshness>> =
                facts.body.args(args).iter().map(|arg| by_annotation(project, code, arg.value)).collect();
            parts.map(|parts| combine(parts.into_iter()))
        }
        Op::Binary { op: crate::ir::BinaryOp::Or, left, right } => {
            Some(by_annotation(project, code, left)?.max(by_annotation(project, code, right)?))
        }
        _ => match project.entity(code, annotation)? {
            crate::project::Entity::External(path) => {
                matches!(path.as_str(), "bool" | "type" | "None" | "types.ModuleType" | "builtins.bool")
                    .then_some(Freshness::Finite)
            }
            crate::project::Entity::Class(class) => {
                let is_enum = project.external_bases(class).iter().any(|base| base.starts_with("enum."));
                is_enum.then_some(Freshness::Finite)
            }
            _ => None,
        },
    }
}

/// Whether a key is one that the container at a site has already: it comes from iterating over it.
pub(super) fn is_own(project: &Project, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let container = facts.places.path(site.find(project).place);
    let from = key_source(project, site.code, key);
    from.is_some_and(|(var, steps)| {
        let (root, path) = &container;
        let prefix = &path[..path.len().saturating_sub(site.depth as usize)];
        var == *root
            && steps.starts_with(prefix)
            && matches!(steps.get(prefix.len()), Some(Step::Iterated | Step::Element))
    })
}

/// The place that a key was taken from, through a copy such as `list(d)`.
fn key_source(project: &Project, code: CodeId, key: Val) -> Option<(VarId, Vec<Step>)> {
    let facts = project.facts(code);
    if let Some(place) = facts.places.of(key) {
        let (var, steps) = facts.places.path(place);
        if !steps.is_empty() {
            return Some((var, steps));
        }
    }
    let Op::Load(var) = facts.body.op(key) else { return None };
    let mut value = facts.only_value(var)?;
    if let Op::Unpack { value: pair, index: 0 } = facts.body.op(value) {
        value = pair;
    }
    let Op::Next(iterator) = facts.body.op(value) else { return None };
    let Op::Iterate { value: iterated, .. } = facts.body.op(iterator) else { return None };
    let Op::Call { callee, args } = facts.body.op(iterated) else { return None };
    let copied = facts.body.args(args).first()?.value;
    let is_copy = matches!(
        project.import_path(code, callee).as_deref(),
        Some("list" | "tuple" | "sorted" | "set" | "reversed" | "enumerate")
    );
    let (root, mut steps) = facts.places.path(facts.places.of(copied).filter(|_| is_copy)?);
    if matches!(steps.last(), Some(Step::Items | Step::Values)) {
        steps.pop();
    }
    steps.push(Step::Iterated);
    Some((root, steps))
}

/// Whether a test or an assignment in the same item makes sure that a key is there when it is read.
pub(super) fn is_known_present(project: &Project, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let same_key = |other: Val| same_value(project, site.code, key, other);
    facts.uses.iter().enumerate().any(|(index, other)| {
        if other.place != used.place {
            return false;
        }
        let other_site = Site { depth: site.depth, ..Site::new(site.code, index) };
        match (other.kind, facts.body.op(other.at)) {
            (UseKind::Test, Op::Compare { op: CompareOp::In | CompareOp::NotIn, left, .. }) => same_key(left),
            (UseKind::StoreElement, Op::StoreIndex { key, .. }) => {
                precedes(project, other_site, site) && same_key(key)
            }
            _ => false,
        }
    })
}

/// Whether two values of an item are the same variable, constant or place.
pub(super) fn same_value(project: &Project, code: CodeId, a: Val, b: Val) -> bool {
    let facts = project.facts(code);
    if a == b {
        return true;
    }
    match (facts.body.op(a), facts.body.op(b)) {
        (Op::Load(a), Op::Load(b)) => a == b,
        (Op::Const(a), Op::Const(b)) => a == b,
        (Op::Display { kind: a, args: x }, Op::Display { kind: b, args: y }) => {
            let (x, y) = (facts.body.args(x), facts.body.args(y));
            a == b
                && x.len() == y.len()
                && x.iter().zip(y).all(|(x, y)| same_value(project, code, x.value, y.value))
        }
        _ => facts.places.of(a).is_some() && facts.places.of(a) == facts.places.of(b),
    }
}
