//! What the rules about resources share: which acquisitions they report, and in which words.

use leakwright_analysis::ir::{Inst, Op, Val};
use leakwright_analysis::obligation::{self, Acquisition, Drop, Fate, Recipient, Share, Verdict};
use leakwright_analysis::project::CodeId;
use leakwright_catalogue::{Family as Kind, OnDrop};

use crate::closing;
use crate::context::Context;
use crate::finding::{
    Confidence, Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity, Tier,
};
use crate::fix::{Fix, Sources};
use crate::rule::{Metadata, RuleId};
use crate::subject::Subject;

/// Reports the resources of some kinds that nothing releases.
pub(crate) fn forgotten(
    metadata: &'static Metadata,
    kinds: &[Kind],
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) {
    each(metadata, context, |found| {
        let kind = found.acquisition.resource.family;
        if found.verdict == Verdict::Forgotten && kinds.contains(&kind) && found.is_worth_it() {
            findings.push(forgotten_finding(&found));
        }
    });
}

/// An acquisition in a file, with what is to be said of it.
pub(crate) struct Found<'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) metadata: &'static Metadata,
    pub(crate) rule: RuleId,
    pub(crate) code: CodeId,
    pub(crate) acquisition: &'c Acquisition,
    pub(crate) fate: &'c Fate,
    pub(crate) verdict: Verdict,
    pub(crate) tier: Tier,
}

/// Calls `report` for each acquisition of the file that is checked.
pub(crate) fn each(metadata: &'static Metadata, context: &Context<'_>, mut report: impl FnMut(Found<'_>)) {
    let Some(rule) = RuleId::from_code(metadata.code) else { return };
    let is_test = context.project.module(context.module).is_test;
    for code in context.items() {
        for (acquisition, fate) in obligation::acquired(context.project, code) {
            let tier = tier(acquisition.resource.on_drop);
            // Tests start processes of which they expect that they do not start, and leave figures to the
            // fixture that closes them all.
            let is_usual = matches!(acquisition.resource.family, Kind::Process | Kind::Figure);
            if is_test && (tier != Tier::T1 || is_usual) {
                continue;
            }
            if expects_failure(context, code, acquisition) {
                continue;
            }
            let verdict = fate.verdict(context.project, code, acquisition);
            report(Found { context, metadata, rule, code, acquisition, fate, verdict, tier });
        }
    }
}

/// Whether an acquisition stands in a block that expects an exception: `with pytest.raises(…)`.
fn expects_failure(context: &Context<'_>, code: CodeId, acquisition: &Acquisition) -> bool {
    let facts = context.project.facts(code);
    let body = &facts.body;
    let is_expectation = |value: Val| {
        let Op::Call { callee, .. } = body.op(value) else { return false };
        let name = match body.op(callee) {
            Op::Attr { name, .. } => facts.str(name),
            Op::Load(var) => facts.var_name(var),
            _ => return false,
        };
        matches!(name, "raises" | "assertRaises" | "assertRaisesRegex" | "assertRaisesRegexp" | "assertWarns")
    };
    let at = acquisition.call.index();
    let entered = body.insts[..at].iter().filter_map(|inst| match inst.op {
        Op::Enter { context, .. } if is_expectation(context) => Some(context),
        _ => None,
    });
    entered.into_iter().any(|context| {
        let left = |inst: &Inst| matches!(inst.op, Op::Exit { context: other, .. } if other == context);
        !body.insts[..at].iter().any(left) && body.insts[at..].iter().any(left)
    })
}

/// How much the release matters, by what CPython does without it.
pub(crate) fn tier(on_drop: OnDrop) -> Tier {
    match on_drop {
        OnDrop::Kept | OnDrop::Lost => Tier::T1,
        OnDrop::Collected => Tier::T2,
        OnDrop::Closed => Tier::T3,
    }
}

impl Found<'_> {
    /// The name it is bound to, if any.
    pub(crate) fn name(&self) -> Option<&str> {
        let facts = self.context.project.facts(self.code);
        self.fate.variables.first().map(|var| facts.var_name(*var))
    }

    /// The class that keeps it and never lets go of it.
    fn keeper(&self) -> Option<&str> {
        let project = self.context.project;
        let facts = project.facts(self.code);
        let kept = self.fate.escaped.iter().find(|escape| escape.to == Recipient::Forgetful)?;
        let Op::Call { callee, .. } = facts.body.op(kept.at) else { return None };
        Some(project.own_name(project.callable(self.code, callee)?))
    }

    /// Figures are made to be looked at: only one that is saved to a file is done with. A process that is
    /// never named is meant to be on its own.
    fn is_worth_it(&self) -> bool {
        if self.acquisition.resource.family == Kind::Process && self.name().is_none() && self.tier == Tier::T1
        {
            return false;
        }
        let facts = self.context.project.facts(self.code);
        let saves = || {
            facts.body.insts.iter().any(
                |inst| matches!(inst.op, leakwright_analysis::ir::Op::Attr { name, .. } if facts.str(name) == "savefig"),
            )
        };
        self.acquisition.resource.family != Kind::Figure
            || (self.code.item != leakwright_analysis::ItemId::MODULE && saves())
    }

    /// Whether it is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.context.project.module(self.context.module).is_test
    }

    /// What it is.
    pub(crate) fn noun(&self) -> &'static str {
        self.acquisition.resource.family.noun()
    }

    /// A finding at the acquisition; rules change what differs.
    pub(crate) fn finding(&self, severity: Severity, message: String, pattern: String) -> Finding {
        let (context, resource) = (self.context, &self.acquisition.resource);
        let subject = Subject::Acquired {
            code: self.code,
            call: self.acquisition.call,
            variables: self.fate.variables.clone(),
            released: self.fate.released.clone(),
            unawaited: self.fate.unawaited.clone(),
            is_local: self.fate.escaped.is_empty()
                && self.verdict != Verdict::Overwritten
                && self.acquisition.share != Share::Each
                && !resource.caught,
        };
        Finding {
            rule: self.rule,
            severity,
            confidence: Confidence::High,
            signs: Vec::new(),
            tier: Some(self.tier),
            leak_type: LeakType::Resource,
            message,
            pattern,
            risk: Risk {
                level: risk_level(self.tier, severity),
                reason: consequence(resource.on_drop).to_owned(),
            },
            recommendation: recommendation(self.acquisition),
            module: context.module,
            range: context.file().value_range(self.code.item, self.acquisition.call),
            symbol: context.name_of(self.code),
            growth: Growth::Linear,
            impact: format!("one open {} per execution, until it is dropped", self.noun()),
            evidence: self.evidence(),
            subject,
        }
    }

    /// Acquired here, may raise here, leaves here.
    fn evidence(&self) -> Vec<Evidence> {
        let (file, module) = (self.context.file(), self.context.module);
        let body = &self.context.project.facts(self.code).body;
        let at = |value| file.value_range(self.code.item, value);
        let acquired = if self.acquisition.factory.is_some() { "handed out here" } else { "opened here" };
        let mut evidence = vec![Evidence {
            role: Role::Acquired,
            module,
            range: at(self.acquisition.call),
            message: acquired.to_owned(),
        }];
        if let Some(factory) = self.acquisition.factory {
            evidence.push(Evidence {
                role: Role::Created,
                module: factory.module,
                range: name_range(self.context, factory),
                message: "opens it and leaves the release to its caller".to_owned(),
            });
        }
        let dropped = self.fate.dropped.iter().map(|dropped| match *dropped {
            Drop::Overwritten(value) => {
                (Role::Leaves, Some(value), "its last name goes here while it is open")
            }
            Drop::AtExit(block) => {
                (Role::Leaves, body.values(block).last(), "the function is left here while it is open")
            }
            Drop::OnError(value) => {
                (Role::ErrorPath, Some(value), "an exception here leads past the release")
            }
        });
        let wanted = |role: Role| (role == Role::ErrorPath) == (self.verdict == Verdict::OnError);
        let released = self.fate.released.iter().map(|&value| (Role::Released, Some(value), "released here"));
        let escaped = self.fate.escaped.iter().filter_map(|escape| match escape.to {
            Recipient::Forgetful => Some((Role::Escapes, Some(escape.at), "kept here by an object")),
            _ if self.verdict == Verdict::Conditional => {
                Some((Role::Escapes, Some(escape.at), "handed on here"))
            }
            _ => None,
        });
        let unawaited = self.fate.unawaited.iter().map(|&value| {
            (Role::Released, Some(value), "this makes a coroutine that nothing awaits: it does not run")
        });
        for (role, value, message) in
            dropped.filter(|(role, ..)| wanted(*role)).chain(released).chain(unawaited).chain(escaped)
        {
            let Some(range) = value.map(at).filter(|_| value != Some(self.acquisition.call)) else {
                continue;
            };
            if evidence.iter().all(|known| known.range != range) && evidence.len() < 5 {
                evidence.push(Evidence { role, module, range, message: message.to_owned() });
            }
        }
        evidence
    }
}

/// Reports the parameters that a function releases only where nothing raises.
pub(crate) fn released_parameters(
    metadata: &'static Metadata,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(rule) = RuleId::from_code(metadata.code) else { return };
    let project = context.project;
    if project.module(context.module).is_test {
        return;
    }
    for code in context.items() {
        for found in obligation::released_parameters(project, code) {
            let name = project.facts(code).var_name(found.param);
            let at = |value| context.file().value_range(code.item, value);
            let place = |role, value, message: &str| Evidence {
                role,
                module: context.module,
                range: at(value),
                message: message.to_owned(),
            };
            let mut evidence = vec![place(Role::Released, found.release, "closed here")];
            let errors = found.errors.iter().take(2);
            evidence.extend(
                errors
                    .map(|error| place(Role::ErrorPath, *error, "an exception here leads past the release")),
            );
            findings.push(Finding {
                rule,
                severity: Severity::Information,
                confidence: Confidence::Medium,
                signs: Vec::new(),
                tier: Some(Tier::T2),
                leak_type: LeakType::Resource,
                message: format!("`{name}` is closed here, but stays open if an exception comes before"),
                pattern: "close() of a parameter, only where nothing raises".to_owned(),
                risk: Risk {
                    level: RiskLevel::Low,
                    reason: "the caller has handed it over and does not close it".to_owned(),
                },
                recommendation: format!(
                    "close `{name}` in a `finally` clause, or use it in a `with` statement"
                ),
                module: context.module,
                range: at(found.release),
                symbol: context.name_of(code),
                growth: Growth::Linear,
                impact: "one open resource per failed execution, until it is dropped".to_owned(),
                evidence,
                subject: Subject::Acquired {
                    code,
                    call: found.release,
                    variables: Vec::new(),
                    released: vec![found.release],
                    unawaited: Vec::new(),
                    is_local: false,
                },
            });
        }
    }
}

/// Where the name of a function or class stands.
pub(crate) fn name_range(context: &Context<'_>, code: CodeId) -> leakwright_syntax::TextRange {
    context.project.file(code.module).range(code.item, context.project.facts(code).name_range)
}

fn forgotten_finding(found: &Found<'_>) -> Finding {
    let thing = found.noun();
    let resource = &found.acquisition.resource;
    let verb = opening_verb(resource.family);
    let word = released_word(resource);
    let is_each = found.acquisition.share == Share::Each;
    let message = match (found.keeper(), found.name()) {
        _ if resource.caught => "an `HTTPError` is an open response, which is never closed here".to_owned(),
        (Some(keeper), name) => {
            let subject = name.map_or_else(|| with_article(thing), |name| format!("the {thing} `{name}`"));
            format!("{subject} is {verb} here and kept by `{keeper}`, which never gets it {word}")
        }
        (None, Some(name)) if is_each => {
            format!("each {thing} in `{name}` is {verb} here, and they are not all {word}")
        }
        (None, None) if is_each => format!("a list of open {thing}s is made here, and they are never {word}"),
        _ => unreleased(found),
    };
    let is_freed = found.tier == Tier::T3 && found.context.settings.counts_references;
    let is_harmless = (found.name().is_none() || resource.caught) && is_freed;
    let severity = if is_harmless { Severity::Information } else { found.metadata.severity };
    let release = resource.release.first().map_or_else(
        || resource.release_by.first().map_or_else(String::new, |function| format!("{function}()")),
        |method| format!("{method}()"),
    );
    let or_with = if resource.with && !is_each { " or `with`" } else { "" };
    found.finding(severity, message, format!("{}() without {release}{or_with}", resource.constructor))
}

/// That a resource is never released, in words.
fn unreleased(found: &Found<'_>) -> String {
    let thing = found.noun();
    let resource = &found.acquisition.resource;
    let verb = opening_verb(resource.family);
    match (found.name(), found.fate.unawaited.is_empty()) {
        (Some(name), true) => {
            format!("the {thing} `{name}` is {verb} here and never {}", released_word(resource))
        }
        (Some(name), false) => {
            format!("the {thing} `{name}` is {verb} here, and its release is never awaited")
        }
        (None, _) => {
            format!(
                "{} is {verb} and dropped in one expression, never {}",
                with_article(thing),
                released_word(resource)
            )
        }
    }
}

/// A noun with its indefinite article.
pub(crate) fn with_article(noun: &str) -> String {
    let article =
        if noun.starts_with("HTTP") || noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

fn opening_verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Process | Kind::Pool | Kind::Browser | Kind::Server => "started",
        Kind::Connection | Kind::Client | Kind::Http | Kind::Websocket => "opened",
        Kind::Figure | Kind::Selector | Kind::Loop | Kind::Socket | Kind::Directory | Kind::Handler => {
            "created"
        }
        _ => "opened",
    }
}

/// What would have been done to it.
pub(crate) fn released_word(resource: &leakwright_catalogue::Resource) -> &'static str {
    match resource.release.first().map(String::as_str) {
        Some("shutdown") => "shut down",
        Some("terminate") => "terminated",
        Some("wait") => "waited for",
        Some("stop") => "stopped",
        Some("cleanup") => "cleaned up",
        Some("quit") => "quit",
        Some("release" | "release_conn") => "released",
        _ => "closed",
    }
}

/// What happens without the release.
pub(crate) fn consequence(on_drop: OnDrop) -> &'static str {
    match on_drop {
        OnDrop::Closed => {
            "CPython closes it with its last reference; tracebacks, cycles and other implementations keep it open"
        }
        OnDrop::Collected => "stays open until the cyclic collector comes by",
        OnDrop::Kept => "nothing ever closes it",
        OnDrop::Lost => "what was written is saved only when it is closed",
    }
}

/// How bad it is.
pub(crate) fn risk_level(tier: Tier, severity: Severity) -> RiskLevel {
    match (tier, severity) {
        (_, Severity::Information) => RiskLevel::Low,
        (Tier::T1, _) => RiskLevel::High,
        _ => RiskLevel::Medium,
    }
}

fn recommendation(acquisition: &Acquisition) -> String {
    let resource = &acquisition.resource;
    let close = resource.release.first();
    match (resource.family, close) {
        (Kind::Descriptor, _) => {
            "close it with os.close() in a `finally` clause, or hand it to os.fdopen()".to_owned()
        }
        (Kind::Figure, _) => "close it with pyplot.close(figure) when it is saved or shown".to_owned(),
        (Kind::Process, _) => "wait for it, with a timeout and kill(), or use subprocess.run()".to_owned(),
        (_, _) if resource.with && resource.is_async => "open it in an `async with` statement".to_owned(),
        (_, _) if resource.with => "open it in a `with` statement".to_owned(),
        (_, Some(close)) if close == "close" && resource.awaited.is_empty() => {
            "use `with contextlib.closing(…)`, or close it in a `finally` clause".to_owned()
        }
        (_, Some(close)) if resource.awaited.contains(close) => {
            format!("await {close}() in a `finally` clause")
        }
        (_, Some(close)) => format!("call {close}() in a `finally` clause"),
        (_, None) => "release it in a `finally` clause".to_owned(),
    }
}

/// The ways to release an acquired resource.
pub(crate) fn fixes(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
    let Subject::Acquired { code, call, variables, released, unawaited, is_local } = &finding.subject else {
        return Vec::new();
    };
    if !unawaited.is_empty() {
        return closing::await_fix(context, sources, *code, unawaited).into_iter().collect();
    }
    let fix = match released.as_slice() {
        _ if !is_local => None,
        [] => closing::with_fix(context, sources, *code, *call, variables),
        [only] => closing::replace_release(context, sources, *code, *call, *only),
        _ => None,
    };
    vec![fix.unwrap_or_else(|| Fix::display("close", sentence_case(&finding.recommendation)))]
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
