//! Closures and methods that keep their object for one field of it.
//!
//! A closure that uses `self` keeps the whole object, and so does a bound method. Where all that it does with the object is
//! to read one attribute, the object is kept for that.

use super::closure::loads;
use super::large::is_large;
use crate::capture::{self, Callback};
use crate::growth::{self, Confidence, Verdict, is_initial};
use crate::ir::{Const, FrameKind, Op, Step, UseKind, Val, VarId};
use crate::project::{ClassId, CodeId, Holder, Project, Symbol, ValueId};

/// What a callback reads of its object, where that is one attribute.
#[derive(Clone, Debug)]
pub struct OneField {
    /// The class of the object.
    pub class: ClassId,
    /// The attribute.
    pub name: String,
    /// Where it is read, as `self.name`.
    pub reads: Vec<ValueId>,
    /// The lambda or function that reads it, where its text stands in the function that hands it over.
    pub closure: Option<ValueId>,
    /// Whether a local variable, bound before, would do: nothing binds the attribute once the object is made.
    pub is_fixed: bool,
}

/// A callback that something long-lived keeps with the object of which it needs one attribute.
#[derive(Clone, Debug)]
pub struct FieldCapture {
    /// The function that has it kept.
    pub code: CodeId,
    /// Where it does.
    pub at: Val,
    /// What keeps it.
    pub holder: Holder,
    /// What it reads.
    pub field: OneField,
    /// Another attribute that is large, where it is bound.
    pub large: Option<ValueId>,
}

/// The callbacks of items that keep an object for one field, in the order of the source.
pub fn field_captures(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<FieldCapture> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) || project.enclosing_class(code).is_none() {
            continue;
        }
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            found.extend(kept(project, code, at));
        }
    }
    found
}

fn kept(project: &Project, code: CodeId, at: Val) -> Option<FieldCapture> {
    let facts = project.facts(code);
    let (place, value) = match facts.body.op(at) {
        Op::Call { callee, args } => {
            let Op::Attr { base, name } = facts.body.op(callee) else { return None };
            let adds = matches!(facts.str(name), "append" | "add" | "insert" | "appendleft" | "setdefault");
            (adds.then(|| facts.places.of(base))??, facts.body.args(args).last()?.value)
        }
        Op::StoreIndex { value, .. } => {
            let stored =
                facts.uses.iter().find(|used| used.at == at && used.kind == UseKind::StoreElement)?;
            (stored.place, value)
        }
        _ => return None,
    };
    let located = project.locate(code, place)?;
    let is_plain = located.rest.iter().all(|step| matches!(step, Step::Element | Step::Iterated));
    let holder = located.holder;
    if !is_plain || is_own(project, code, holder) {
        return None;
    }
    let field = one_field(project, code, value)?;
    let others = others(project, &field);
    // One that is reported as growing is told of as that, and one that is emptied keeps nothing for long.
    let Verdict::Leaking(growing) = growth::judge(project, holder) else { return None };
    let is_hidden = growth::confidence(&growing) == Confidence::Low;
    let large = others.iter().copied().find(|other| is_large(project, other.code, other.value));
    (is_hidden && !others.is_empty()).then_some(FieldCapture { code, at, holder, field, large })
}

/// Whether a container goes with the object itself, or with the call.
fn is_own(project: &Project, code: CodeId, holder: Holder) -> bool {
    match holder {
        Holder::Global { .. } => false,
        Holder::Local { .. } => true,
        Holder::Attribute { class, .. } => {
            project.enclosing_class(code).is_some_and(|own| project.ancestry(own).contains(&class))
                && !is_shared(project, holder)
        }
    }
}

/// Whether an attribute is bound in the class body only: its objects share it.
fn is_shared(project: &Project, holder: Holder) -> bool {
    let mut bound = project
        .sites(holder)
        .iter()
        .filter(|site| site.depth == 0 && matches!(site.find(project).kind, UseKind::Bind(_)));
    bound.clone().next().is_some() && bound.all(|site| project.facts(site.code).is_class())
}

/// What the callback among the arguments of a call reads of its object, where that is one attribute.
pub fn field_of_registered(project: &Project, call: ValueId) -> Option<OneField> {
    let facts = project.facts(call.code);
    let Op::Call { args, .. } = facts.body.op(call.value) else { return None };
    let mut given = facts.body.args(args).iter().filter_map(|arg| one_field(project, call.code, arg.value));
    let field = given.next()?;
    given.next().is_none().then_some(field)
}

/// What a callback reads of its object, where that is one attribute.
fn one_field(project: &Project, code: CodeId, value: Val) -> Option<OneField> {
    let (value, callback) = capture::callback(project, code, value)?;
    let (class, loads, closure) = match callback {
        Callback::Object => return None,
        Callback::Method(method) => {
            let facts = project.facts(method);
            let this = facts.params.first()?.var;
            let loads = loads(project, method, value, &Callback::Inner(method), this);
            (project.class_of(method)?, loads, None)
        }
        Callback::Lambda | Callback::Inner(_) => {
            let captured = capture::captured(project, code, (value, &callback));
            let is_object = |(item, var): &(crate::file::ItemId, VarId)| {
                let (class, is_class) = project.self_class(CodeId { item: *item, ..code }, *var)?;
                (!is_class && *item == code.item).then_some((class, *var))
            };
            let (class, this) = captured.iter().find_map(is_object)?;
            let loads = loads(project, code, value, &callback, this);
            let closure = match callback {
                Callback::Inner(inner) if project.parent(inner) == Some(code) => {
                    definition(project, code, inner)
                }
                Callback::Lambda => Some(value),
                _ => None,
            };
            (class, loads, closure.map(|closure| code.value(closure)))
        }
    };
    let (name, reads) = read(project, &loads)?;
    let is_fixed = is_data(project, class, &name, code.value(value))?;
    Some(OneField { class, name, reads, closure, is_fixed })
}

/// The instruction by which a function defines another.
fn definition(project: &Project, code: CodeId, inner: CodeId) -> Option<Val> {
    let facts = project.facts(code);
    let all = (0..facts.body.insts.len()).map(Val::new);
    all.into_iter().find(|at| {
        matches!(facts.body.op(*at), Op::Define(_))
            && project.file(code.module).defined(code.item, *at) == Some(inner.item)
    })
}

/// The one attribute that all loads of an object read, and where they do.
fn read(project: &Project, loads: &[(CodeId, Val)]) -> Option<(String, Vec<ValueId>)> {
    let mut found: Option<String> = None;
    let mut reads = Vec::new();
    for (code, load) in loads {
        let facts = project.facts(*code);
        for (index, inst) in facts.body.insts.iter().enumerate() {
            let mut is_used = false;
            facts.body.operands(inst.op, |operand| is_used |= operand == *load);
            if !is_used {
                continue;
            }
            let Op::Attr { name, .. } = inst.op else { return None };
            let name = facts.str(name);
            if found.as_deref().is_some_and(|known| known != name) {
                return None;
            }
            found = Some(name.to_owned());
            reads.push(code.value(Val::new(index)));
        }
    }
    Some((found?, reads))
}

/// Whether an attribute is plain data, and then whether nothing binds it after a callback is made: `None` if it is
/// something else.
fn is_data(project: &Project, class: ClassId, name: &str, made: ValueId) -> Option<bool> {
    let members = [name, "__getattr__", "__getattribute__"];
    if members.iter().any(|member| project.class_member(class, member).is_some())
        || project.has_unknown_base(class)
    {
        return None;
    }
    let holder = project.attribute(class, Symbol::of(name));
    let mut bound = 0;
    let mut is_fixed = true;
    let sites = project.sites(holder).iter().chain(project.unresolved_sites(Symbol::of(name)));
    for site in sites.filter(|site| site.depth == 0) {
        match site.find(project).kind {
            UseKind::Bind(_) | UseKind::Augment(_) | UseKind::Unbind => {
                bound += 1;
                let is_later = site.code == made.code && site.find(project).at > made.value;
                is_fixed &= is_at_once(project, *site) && !is_later;
            }
            _ => {}
        }
    }
    let is_outside = !project.external_bases(class).iter().all(|base| *base == "object");
    (bound > 0).then_some(is_fixed && bound == 1 && !is_outside)
}

/// Whether an initialiser binds an attribute whichever way it runs.
fn is_at_once(project: &Project, site: crate::project::Site) -> bool {
    let facts = project.facts(site.code);
    let block = site.find(project).block;
    facts.is_function()
        && is_initial(project, site.code)
        && facts.body.frames[facts.body.block(block).frame.index()].kind == FrameKind::Body
        && crate::flow::Flow::new(&facts.body).guards(block).is_empty()
        && facts.body.loops_around(block).next().is_none()
}

/// The other attributes of an object that hold more than a constant, where they are bound.
fn others(project: &Project, field: &OneField) -> Vec<ValueId> {
    let methods = project.ancestry(field.class).into_iter().flat_map(|class| project.own_members(class));
    let methods: Vec<CodeId> = methods.filter(|code| is_initial(project, *code)).collect();
    methods
        .into_iter()
        .flat_map(|method| {
            let facts = project.facts(method);
            facts.body.insts.iter().filter_map(move |inst| {
                let Op::StoreAttr { base, name, value } = inst.op else { return None };
                let Op::Load(var) = facts.body.op(base) else { return None };
                let is_other = facts.str(name) != field.name && project.self_class(method, var).is_some();
                let is_plain = matches!(
                    facts.body.op(value),
                    Op::Const(
                        Const::None
                            | Const::True
                            | Const::False
                            | Const::Int(_)
                            | Const::Number
                            | Const::Str(_)
                    )
                );
                (is_other && !is_plain).then(|| method.value(value))
            })
        })
        .collect()
}
