//! Attributes that own a resource, and whether anything releases it.
//!
//! A resource that a method stores in an attribute of its object is owed by the class: some method has to
//! release it, or code that holds the object. The rules of inference are those of resource management
//! specifications (Shadab et al., OOPSLA 2023), turned round: a field that nothing releases although the class
//! has a method for that is forgotten there.

use leakwright_catalogue::Resource;

use super::{Acquisition, Fate, Recipient};
use crate::flow::Flow;
use crate::ir::{Const, Op, Step, UseKind, Val};
use crate::project::{ClassId, CodeId, Entity, Holder, Project, Site, Symbol, ValueId};

/// An attribute that a resource is stored in.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The class the attribute belongs to.
    pub class: ClassId,
    /// The attribute.
    pub name: Symbol,
    /// Where it is stored.
    pub store: ValueId,
    /// Where it is acquired.
    pub acquisition: Acquisition,
}

/// Whether what an attribute owns is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// By a method or by code that holds the object.
    Released,
    /// It is handed to code that may release it, or more is done with it than can be followed.
    Unclear,
    /// Nothing releases it.
    Forgotten(Teardown),
}

/// What a class has for letting go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Teardown {
    /// A method that releases other things, or is named for it.
    Method(CodeId),
    /// Only `__del__` releases it, though there is such a method.
    OnlyFinalizer(CodeId),
    /// Nothing.
    None,
}

/// The attributes that resources acquired by an item are stored in.
pub fn owned(project: &Project, code: CodeId) -> Vec<Owned> {
    owned_of(project, code, super::acquired(project, code))
}

/// The attributes that some of the resources acquired by an item are stored in.
pub(super) fn owned_of(project: &Project, code: CodeId, acquired: &[(Acquisition, Fate)]) -> Vec<Owned> {
    let facts = project.facts(code);
    let mut found = Vec::new();
    for (acquisition, fate) in acquired {
        for escape in fate.escaped.iter().filter(|escape| escape.to == Recipient::Attribute) {
            let Op::StoreAttr { base, name, .. } = facts.body.op(escape.at) else { continue };
            let Op::Load(var) = facts.body.op(base) else { continue };
            let Some((class, false)) = project.self_class(code, var) else { continue };
            // Under two names it may be released by either.
            let stored = |value: Val| {
                facts
                    .body
                    .insts
                    .iter()
                    .filter(|inst| matches!(inst.op, Op::StoreAttr { value: other, .. } if other == value))
                    .count()
            };
            if matches!(facts.body.op(escape.at), Op::StoreAttr { value, .. } if stored(value) > 1) {
                continue;
            }
            found.push(Owned {
                class,
                name: Symbol::of(facts.str(name)),
                store: code.value(escape.at),
                acquisition: acquisition.clone(),
            });
        }
    }
    found
}

/// Judges an attribute that owns a resource.
pub fn ownership(project: &Project, owned: &Owned) -> Ownership {
    let resource = &owned.acquisition.resource;
    let is_shared = match foreign_base(project, owned.class) {
        Foreign::None => false,
        Foreign::Library => is_usual_name(project, owned),
        Foreign::Unknown => true,
    };
    if is_shared || reaches_attributes_by_name(project, owned.class) {
        return Ownership::Unclear;
    }
    let mut releases: Vec<CodeId> = Vec::new();
    let mut is_started = resource.after.is_none();
    // What tests do to the objects of others says nothing of how those are used.
    let counts =
        |site: &&Site| site.code.module == owned.class.0.module || !project.module(site.code.module).is_test;
    // A base may release what only a class derived from it binds, and the other way round.
    let mut related = project.ancestry(owned.class);
    related.extend(project.descendants(owned.class));
    related.push(project.attribute(owned.class, owned.name).class().unwrap_or(owned.class));
    related.sort();
    related.dedup();
    let holders = related.into_iter().map(|class| Holder::Attribute { class, name: owned.name });
    for &site in holders.flat_map(|holder| project.sites(holder)).filter(counts) {
        is_started |= calls(project, site, resource.after.as_deref());
        match effect(project, site, resource) {
            Effect::Nothing => {}
            Effect::Release => releases.push(site.code),
            Effect::Escape => return Ownership::Unclear,
        }
    }
    let elsewhere = project
        .unresolved_sites(owned.name)
        .iter()
        .filter(counts)
        .any(|site| matches!(effect(project, *site, resource), Effect::Release | Effect::Escape));
    let finalizes = |code: &CodeId| project.own_name(*code) == "__del__";
    let teardown = teardown(project, owned.class);
    match (releases.is_empty() || releases.iter().all(finalizes), teardown) {
        _ if elsewhere || !is_started => Ownership::Released,
        (false, _) => Ownership::Released,
        (true, None) if releases.is_empty() => Ownership::Forgotten(Teardown::None),
        (true, None) => Ownership::Released,
        (true, Some(method)) if releases.is_empty() => Ownership::Forgotten(Teardown::Method(method)),
        // `__del__` may call the method, or the method `__del__`.
        (true, Some(method)) => {
            if finalizes(&method) {
                Ownership::Released
            } else {
                Ownership::Forgotten(Teardown::OnlyFinalizer(method))
            }
        }
    }
}

/// What one use of an attribute does to the resource in it.
pub(super) enum Effect {
    Nothing,
    Release,
    Escape,
}

fn calls(project: &Project, site: Site, method: Option<&str>) -> bool {
    let UseKind::Call(name) = site.find(project).kind else { return false };
    site.depth == 0 && method == Some(project.facts(site.code).str(name))
}

pub(super) fn effect(project: &Project, site: Site, resource: &Resource) -> Effect {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let is_release = |name: &str| {
        resource.release.iter().any(|release| release == name)
            || matches!(name, "__exit__" | "__aexit__" | "detach")
    };
    let rest = site.rest(project);
    // A pair is released by its elements.
    let is_pair = !resource.parts.is_empty();
    let rest = match rest.as_slice() {
        [Step::Element | Step::Iterated, rest @ ..] if is_pair => {
            if is_other_element(project, site, resource) {
                return Effect::Nothing;
            }
            rest
        }
        rest => rest,
    };
    match (used.kind, rest) {
        (UseKind::Iterate, []) if is_pair => Effect::Escape,
        (UseKind::Call(name), []) if is_release(facts.str(name)) => Effect::Release,
        (UseKind::Enter, []) if resource.with => Effect::Release,
        (UseKind::Argument, []) => passed(project, site.code, used.at, used.place, resource),
        (UseKind::Keep | UseKind::Return | UseKind::Invoke | UseKind::Await, []) => Effect::Escape,
        // A bound method that is handed around may be the release; with any other nothing is released.
        (UseKind::Argument | UseKind::Keep | UseKind::Return | UseKind::Invoke, [Step::Attr(name)])
            if is_release(facts.str(*name)) =>
        {
            Effect::Release
        }
        _ => Effect::Nothing,
    }
}

/// Whether an argument is an element that is no resource: the path in `os.unlink(self.temporary[1])`.
fn is_other_element(project: &Project, site: Site, resource: &Resource) -> bool {
    let body = &project.facts(site.code).body;
    let used = site.find(project);
    let Op::Call { args, .. } = body.op(used.at) else { return false };
    body.args(args).iter().any(|arg| {
        let Op::Index { key, .. } = body.op(arg.value) else { return false };
        matches!(body.op(key), Op::Const(Const::Int(index))
            if u32::try_from(index).is_ok_and(|index| !resource.parts.contains(&index)))
    })
}

/// The attribute is an argument of a call.
fn passed(
    project: &Project,
    code: CodeId,
    call: Val,
    place: crate::ir::PlaceId,
    resource: &Resource,
) -> Effect {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(call) else { return Effect::Escape };
    if let Some(path) = project.import_path(code, callee) {
        if resource.release_by.contains(&path) {
            return Effect::Release;
        }
        if project.catalogue().borrowers.is_function(&path) || path == "hasattr" {
            return Effect::Nothing;
        }
        if is_wrapped_in_place(project, code, call, place) {
            return Effect::Nothing;
        }
    }
    if project.is_undone(code, callee, place) {
        return Effect::Nothing;
    }
    let mut values = facts.body.args(args).iter().filter(|arg| facts.places.of(arg.value) == Some(place));
    let Some(arg) = values.next() else { return Effect::Escape };
    let summary = project.called_function(code, callee).and_then(|function| {
        let param = project.parameter_for(code, call, arg.value, function)?;
        project.param_summary(function, param)
    });
    match summary {
        Some(summary) if resource.release.iter().any(|name| summary.methods.contains(&Symbol::of(name))) => {
            Effect::Release
        }
        Some(summary) if !summary.is_lost() => Effect::Nothing,
        _ => Effect::Escape,
    }
}

/// Whether a call wraps what is in an attribute, and the wrapper takes its place:
/// `self.stream = TextIOWrapper(self.stream)`.
fn is_wrapped_in_place(project: &Project, code: CodeId, call: Val, place: crate::ir::PlaceId) -> bool {
    let facts = project.facts(code);
    facts
        .uses
        .iter()
        .any(|used| used.place == place && matches!(used.kind, UseKind::Bind(value) if value == call))
}

/// Names of methods that let go of what an object holds, most telling first.
const TEARDOWNS: [&str; 22] = [
    "close",
    "aclose",
    "shutdown",
    "stop",
    "disconnect",
    "terminate",
    "cleanup",
    "dispose",
    "release",
    "quit",
    "destroy",
    "teardown",
    "tear_down",
    "finalize",
    "finish",
    "end",
    "__exit__",
    "__aexit__",
    "_close",
    "_cleanup",
    "kill",
    "__del__",
];

/// The method of a class that lets go of what it holds.
pub(crate) fn teardown(project: &Project, class: ClassId) -> Option<CodeId> {
    TEARDOWNS
        .iter()
        .find_map(|name| project.class_member(class, name))
        .filter(|code| project.is_function(*code))
}

/// What bases outside the project a class, or one derived from it, has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Foreign {
    /// None that do anything.
    None,
    /// Of a library.
    Library,
    /// Such as cannot be told.
    Unknown,
}

fn foreign_base(project: &Project, class: ClassId) -> Foreign {
    let is_plain = |path: &str| {
        let last = path.rsplit('.').next().unwrap_or(path);
        matches!(
            last,
            "object"
                | "ABC"
                | "Generic"
                | "Protocol"
                | "Thread"
                | "Enum"
                | "Mapping"
                | "MutableMapping"
                | "Iterator"
                | "Iterable"
                | "Hashable"
                | "Sized"
                | "Callable"
                | "ContextDecorator"
                | "AbstractContextManager"
                | "AbstractAsyncContextManager"
                | "local"
        )
    };
    let of = |class: ClassId| {
        if project.has_unknown_base(class) {
            Foreign::Unknown
        } else if project.external_bases(class).iter().all(|path| is_plain(path)) {
            Foreign::None
        } else {
            Foreign::Library
        }
    };
    project.descendants(class).into_iter().map(of).max().unwrap_or(Foreign::None)
}

/// Whether an attribute has a name that classes of libraries use for what they release themselves.
fn is_usual_name(project: &Project, owned: &Owned) -> bool {
    let facts = project.facts(owned.store.code);
    let Op::StoreAttr { name, .. } = facts.body.op(owned.store.value) else { return true };
    let words = leakwright_catalogue::split_words(facts.str(name)).collect::<Vec<_>>();
    matches!(words.as_slice(), [only] if matches!(
        only.as_str(),
        "socket" | "sock" | "connection" | "conn" | "file" | "fileobj" | "fp" | "stream" | "server" | "transport"
            | "loop" | "session" | "client" | "channel" | "handle" | "handler" | "process" | "proc" | "popen"
            | "executor" | "pool" | "selector" | "raw" | "buffer" | "input" | "output" | "rfile" | "wfile" | "fd"
            | "driver" | "browser" | "page" | "fig" | "figure" | "db" | "engine" | "ws" | "http"
    ))
}

/// Whether a class reaches its attributes by names that are made up as it runs.
fn reaches_attributes_by_name(project: &Project, class: ClassId) -> bool {
    project.ancestry(class).into_iter().flat_map(|class| project.own_members(class)).any(|code| {
        let facts = project.facts(code);
        facts.body.insts.iter().any(|inst| match inst.op {
            Op::Attr { name, .. } => facts.str(name) == "__dict__",
            Op::Call { callee, args } => {
                let is_getattr = matches!(facts.body.op(callee), Op::Load(var)
                    if matches!(facts.var_name(var), "getattr" | "vars"));
                let args = facts.body.args(args);
                let of_self = args.first().is_some_and(|arg| {
                    matches!(facts.body.op(arg.value), Op::Load(var) if project.self_class(code, var).is_some())
                });
                let is_fixed = args.get(1).is_some_and(|arg| facts.string(arg.value).is_some());
                is_getattr && of_self && !is_fixed
            }
            _ => false,
        })
    })
}

/// What an object of a class that owns a resource, and releases it in a method, is to whoever makes it.
pub(super) fn class_resource(project: &Project, owned: &Owned) -> Option<Resource> {
    if foreign_base(project, owned.class) != Foreign::None {
        return None;
    }
    let holder = project.attribute(owned.class, owned.name);
    let mut release: Vec<String> = Vec::new();
    for &site in project.sites(holder) {
        let method = project.own_name(site.code);
        let is_method = project
            .class_of(site.code)
            .is_some_and(|class| project.descendants(owned.class).contains(&class));
        if is_method
            && TEARDOWNS.contains(&method)
            && matches!(effect(project, site, &owned.acquisition.resource), Effect::Release)
        {
            release.push(method.to_owned());
        }
    }
    release.sort();
    release.dedup();
    if release.is_empty() || release.iter().any(|name| name == "__del__") {
        return None;
    }
    // Other methods of the class may call those that release.
    let callers = project.own_members(owned.class).filter(|code| calls_always(project, *code, &release));
    let more: Vec<String> = callers.map(|code| project.own_name(code).to_owned()).collect();
    release.extend(more);
    let with = release.iter().any(|name| matches!(name.as_str(), "__exit__" | "__aexit__"));
    let constructor = project.own_name(owned.class.0).to_owned();
    Some(Resource {
        constructor,
        aliases: Vec::new(),
        returns: None,
        release,
        awaited: Vec::new(),
        release_by: Vec::new(),
        transfer_to: Vec::new(),
        with,
        unless: Vec::new(),
        when: None,
        after: None,
        any_receiver: false,
        parts: Vec::new(),
        is_list: false,
        caught: false,
        ..(*owned.acquisition.resource).clone()
    })
}

/// Whether a method calls one of those named on its object, and not just under a condition or after an
/// exception.
pub(super) fn calls_always(project: &Project, method: CodeId, names: &[String]) -> bool {
    let facts = project.facts(method);
    let mut flow = None;
    facts.uses.iter().any(|used| {
        let UseKind::Call(name) = used.kind else { return false };
        if !names.iter().any(|known| known == facts.str(name)) {
            return false;
        }
        let flow = flow.get_or_insert_with(|| Flow::new(&facts.body));
        let block = facts.body.block_of(used.at);
        block.is_some_and(|block| flow.guards(block).is_empty() && !flow.is_in_handler(block))
    })
}

/// The attribute, as a holder.
impl Owned {
    /// What holds it.
    pub fn holder(&self, project: &Project) -> Holder {
        project.attribute(self.class, self.name)
    }
}

/// A method that lets go, overriding one that releases something, without calling it.
#[derive(Clone, Debug)]
pub struct SkippedBase {
    /// The overriding method.
    pub method: CodeId,
    /// The method of the base; `None` for one of the standard library's streams.
    pub base: Option<CodeId>,
    /// What stays open.
    pub attribute: String,
}

/// The methods of a class that let go and leave out what their base lets go of.
pub fn skipped_bases(project: &Project, class: ClassId) -> Vec<SkippedBase> {
    let mut found = Vec::new();
    for method in project.own_members(class) {
        let facts = project.facts(method);
        let name = facts.own_name();
        if !facts.is_function() || !TEARDOWNS.contains(&name) || calls_named(project, method, name) {
            continue;
        }
        if !is_set_up_by_bases(project, class) {
            continue;
        }
        let base = project.overridden(class, name).filter(|base| project.is_function(*base));
        let Some(base) = base else {
            if name == "close" && project.external_bases(class).iter().any(|path| is_stream_class(path)) {
                found.push(SkippedBase { method, base: None, attribute: "closed".to_owned() });
            }
            continue;
        };
        let attribute = project.class_of(base).and_then(|owner| {
            project.own_members(owner).find_map(|code| {
                owned(project, code).into_iter().find(|owned| {
                    // What another method acquires, the class may acquire in a way of its own.
                    if project.own_name(owned.store.code) != "__init__" {
                        return false;
                    }
                    let sites = project.sites(owned.holder(project));
                    let released_in = |code: CodeId| {
                        sites.iter().any(|site| {
                            site.code == code
                                && !matches!(
                                    effect(project, *site, &owned.acquisition.resource),
                                    Effect::Nothing
                                )
                        })
                    };
                    let elsewhere = sites.iter().any(|site| {
                        site.code != base
                            && matches!(effect(project, *site, &owned.acquisition.resource), Effect::Release)
                    });
                    released_in(base) && !released_in(method) && !elsewhere
                })
            })
        });
        if let Some(owned) = attribute
            && let Op::StoreAttr { name, .. } = project.facts(owned.store.code).body.op(owned.store.value)
        {
            let attribute = project.facts(owned.store.code).str(name).to_owned();
            found.push(SkippedBase { method, base: Some(base), attribute });
        }
    }
    found
}

/// The abstract streams, whose `close` marks them closed and flushes.
fn is_stream_class(path: &str) -> bool {
    matches!(path, "io.IOBase" | "io.RawIOBase" | "io.BufferedIOBase" | "io.TextIOBase")
}

/// Whether objects of a class are set up by its bases too.
fn is_set_up_by_bases(project: &Project, class: ClassId) -> bool {
    let own = project.own_members(class).find(|code| project.own_name(*code) == "__init__");
    own.is_none_or(|init| calls_named(project, init, "__init__"))
}

/// Whether a method calls one of a name that a base has: `super().close()`, `Base.close(self)`.
fn calls_named(project: &Project, method: CodeId, name: &str) -> bool {
    let facts = project.facts(method);
    facts.body.insts.iter().any(|inst| {
        let Op::Call { callee, .. } = inst.op else { return false };
        let Op::Attr { base, name: called } = facts.body.op(callee) else { return false };
        facts.str(called) == name && is_base(project, method, base)
    })
}

/// Whether a value is `super()` or a class.
fn is_base(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            matches!(facts.body.op(callee), Op::Load(var) if facts.var_name(var) == "super")
        }
        _ => match project.entity(code, value) {
            Some(Entity::Class(_)) => true,
            Some(Entity::External(path)) => {
                path.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
            }
            _ => false,
        },
    }
}
