//! What the growth rules say of a container: its name, the chain of places, the words.

use leakwright_analysis::growth::{self, Freshness, Growing, GrowthForm, HolderKind, Removal, Repeats};
use leakwright_analysis::ir::{Op, Step};
use leakwright_analysis::project::{ClassId, CodeId, Holder, Site};
use leakwright_catalogue::ContainerKind;
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, Risk, RiskLevel, Role};
use crate::lasting;
use crate::rule::RuleId;
use crate::subject::Subject;

/// Describes growing containers of one file.
pub(crate) struct Words<'c, 'p> {
    context: &'c Context<'p>,
    growing: &'c Growing,
}

impl<'c, 'p> Words<'c, 'p> {
    pub(crate) fn new(context: &'c Context<'p>, growing: &'c Growing) -> Self {
        Self { context, growing }
    }

    /// The site where the finding is shown.
    pub(crate) fn main_site(&self) -> Site {
        self.growing.growth[0].site
    }

    /// The dotted name of the container within its module.
    pub(crate) fn symbol(&self) -> String {
        let project = self.context.project;
        let name = growth::holder_name(project, self.growing.holder).unwrap_or_default();
        let owner = match self.growing.holder {
            Holder::Global { .. } => None,
            Holder::Attribute { class, .. } => Some(class.0),
            Holder::Local { code, .. } => Some(code),
        };
        match owner {
            Some(code) => format!("{}.{name}", project.file(code.module).dotted_name(code.item)),
            None => name,
        }
    }

    /// The function that makes it grow, by its plain name; the module for its own code.
    pub(crate) fn grower(&self) -> String {
        self.name(self.main_site().code)
    }

    fn name(&self, code: CodeId) -> String {
        let own = self.context.project.own_name(code);
        if own.is_empty() { self.context.name_of(code) } else { own.to_owned() }
    }

    /// What is done where it grows: `list.append()`, `dict[key] = …`.
    pub(crate) fn operation(&self) -> String {
        let main = &self.growing.growth[0];
        let kind = self.growing.container.word();
        let facts = self.context.project.facts(main.site.code);
        let rest = main.site.rest(self.context.project);
        let method = match facts.body.op(main.site.find(self.context.project).at) {
            // A bound method that is handed on, or called under another name.
            _ if let [Step::Attr(name)] = rest.as_slice() => facts.str(*name),

            Op::Call { callee, .. } => match facts.body.op(callee) {
                Op::Attr { name, .. } => facts.str(name),
                Op::Load(var) => facts.var_name(var),
                _ => "append",
            },
            _ => "append",
        };
        match main.form {
            GrowthForm::AddOne | GrowthForm::SetDefault => format!("{kind}.{method}()"),
            GrowthForm::AddMany if method == "append" => format!("{kind} += …"),
            GrowthForm::AddMany => format!("{kind}.{method}()"),
            GrowthForm::AssignKey => format!("{kind}[key] = …"),
            GrowthForm::ReadKey => format!("{kind}[key] of a missing key"),
            GrowthForm::Inner => format!("{kind}[key].{method}()"),
            GrowthForm::Rebuild if self.growing.container == ContainerKind::Text => format!("{kind} += …"),
            GrowthForm::Rebuild => format!("{kind} = {kind} + …"),
        }
    }

    /// The unit of work that makes it grow.
    pub(crate) fn unit(&self) -> String {
        match self.growing.growth[0].repeats {
            Repeats::Endless => "per round of the loop".to_owned(),
            Repeats::PerObject => {
                let through = self.growing.growth[0].through;
                let maker = through.map_or(self.main_site().code, |call| call.code);
                let class = self.context.project.enclosing_class(maker);
                class.map_or_else(
                    || "per object".to_owned(),
                    |class| format!("per new `{}`", self.name(class.0)),
                )
            }
            _ => format!("per call of `{}`", self.grower()),
        }
    }

    /// What one unit adds.
    pub(crate) fn amount(&self) -> &'static str {
        let main = &self.growing.growth[0];
        match (main.form, main.freshness) {
            (GrowthForm::AddMany, _) => "all elements given",
            (GrowthForm::AssignKey | GrowthForm::ReadKey | GrowthForm::SetDefault, _) => {
                "one entry per new key"
            }
            (GrowthForm::Rebuild, _) if self.growing.container == ContainerKind::Text => {
                "all text given, and a copy of the rest"
            }
            (GrowthForm::Rebuild, _) => "at least one element, and a copy of the rest",
            (_, _) if matches!(self.growing.container, ContainerKind::Set) => "one entry per new element",
            _ => "one element",
        }
    }

    pub(crate) fn confidence(&self) -> Confidence {
        match growth::confidence(self.growing) {
            growth::Confidence::Low => Confidence::Low,
            growth::Confidence::Medium => Confidence::Medium,
            growth::Confidence::High => Confidence::High,
        }
    }

    pub(crate) fn risk(&self) -> Risk {
        let by_key = self.growing.growth[0].key.is_some();
        let level = match self.growing.growth[0].freshness {
            Freshness::Neutral if by_key && self.confidence() < Confidence::High => RiskLevel::Medium,
            _ => RiskLevel::High,
        };
        let how = match self.growing.growth[0].form {
            GrowthForm::Rebuild => "copies grow quadratically",
            _ => "grows linearly",
        };
        Risk { level, reason: format!("{how}, {} {}", self.amount(), self.unit()) }
    }

    pub(crate) fn impact(&self) -> String {
        let kept = self.kept().map_or_else(String::new, |(kept, _)| format!(", `{kept}`"));
        let key = self.key_name().map_or_else(String::new, |key| format!("; key: {key}"));
        format!("{}{kept} {}{key}; size of an element unknown", self.amount(), self.unit())
    }

    /// The class of what is kept, where the code says it, and whether its objects have a dict each.
    pub(crate) fn kept(&self) -> Option<(String, bool)> {
        let project = self.context.project;
        let site = self.main_site();
        let facts = project.facts(site.code);
        let value = match facts.body.op(site.find(project).at) {
            Op::StoreIndex { value, .. } => value,
            Op::Call { args, .. } if self.growing.growth[0].form == GrowthForm::AddOne => {
                facts.body.args(args).first()?.value
            }
            _ => return None,
        };
        if let Some(class) = project.class_of_value(site.code, value) {
            return Some((self.name(class.0), self.has_dict(class)));
        }
        let made = match facts.body.op(value) {
            Op::Load(var) => facts.only_value(var)?,
            _ => value,
        };
        let Op::Call { callee, .. } = facts.body.op(made) else { return None };
        let path = project.import_path(site.code, callee)?;
        let last = path.rsplit('.').next()?;
        last.starts_with(char::is_uppercase).then(|| (last.to_owned(), false))
    }

    /// Whether objects of a class have a dict for their attributes, as far as can be seen.
    fn has_dict(&self, class: ClassId) -> bool {
        let project = self.context.project;
        let is_plain = project.external_bases(class).is_empty() && !project.has_unknown_base(class);
        is_plain
            && project.ancestry(class).into_iter().all(|class| {
                let names = &project.facts(class.0).names;
                names.find("__slots__").is_none() && names.find("slots").is_none()
            })
    }

    /// What the key is called, in words.
    fn key_name(&self) -> Option<String> {
        let facts = self.context.project.facts(self.main_site().code);
        let name = match facts.body.op(self.growing.growth[0].key?) {
            Op::Load(var) => facts.var_name(var),
            Op::Attr { name, .. } => facts.str(name),
            Op::Index { key, .. } => facts.string(key)?,
            _ => return None,
        };
        let words: Vec<String> = leakwright_catalogue::split_words(name).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Created here, grows here, repeats because.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let project = self.context.project;
        for created in &self.growing.created {
            let range = project.file(created.code.module).value_range(created.code.item, created.value);
            let message = format!("{} {}", self.lifetime(), self.growing.container.word());
            evidence.push(Evidence { role: Role::Created, module: created.code.module, range, message });
        }
        for growth in &self.growing.growth {
            let message = if growth.site.code == self.main_site().code {
                format!("grows here, {} {}", self.amount(), self.unit())
            } else {
                format!("grows here, in `{}`", self.name(growth.site.code))
            };
            let range = self.context.site_range(growth.site);
            evidence.push(Evidence { role: Role::Grows, module: growth.site.code.module, range, message });
        }
        evidence.extend(self.through());
        evidence.extend(self.repeats());
        evidence.extend(self.removals());
        evidence
    }

    /// The call by which each new object adds.
    fn through(&self) -> Option<Evidence> {
        let call = self.growing.growth[0].through?;
        let file = self.context.project.file(call.code.module);
        let caller = self.context.project.enclosing_class(call.code);
        let name = caller.map_or_else(|| self.name(call.code), |class| self.name(class.0));
        Some(Evidence {
            role: Role::Registered,
            module: call.code.module,
            range: file.value_range(call.code.item, call.at),
            message: format!("each new `{name}` adds here"),
        })
    }

    /// What removes from it, and why that is not enough.
    fn removals(&self) -> Vec<Evidence> {
        let said = self.growing.removals.iter().map(|(site, removal)| {
            let name = self.name(site.code);
            let message = match removal {
                Removal::AtTheEnd => format!("removed only here, in `{name}`, when all is over"),
                Removal::Never => {
                    format!("`{name}` never runs: the {} holds the object", self.growing.container.word())
                }
                Removal::PassedBy => {
                    "removed here, but not if the waiting before it is cancelled or fails".to_owned()
                }
                Removal::BoundLate => {
                    "when this runs, the variable means what the last round bound it to".to_owned()
                }
                Removal::Dead => "this is never reached: objects of that class are always true".to_owned(),
                Removal::Skipped => {
                    format!("removed here, unless `{name}` returns before, by what the program is set to")
                }
                Removal::OnDemand => format!("emptied only if somebody calls `{name}`"),
                Removal::Inner => "this empties what stands under the key; the key stays".to_owned(),
            };
            let (module, range) = (site.code.module, self.context.site_range(*site));
            Evidence { role: Role::Released, module, range, message }
        });
        said.collect()
    }

    /// Why what removes from it is not enough, for the line that says what the pattern is.
    pub(crate) fn lack(&self) -> &'static str {
        let has = |wanted: Removal| self.growing.removals.iter().any(|(_, removal)| *removal == wanted);
        if has(Removal::PassedBy) {
            "it is removed only if nothing is cancelled or fails in between"
        } else if has(Removal::BoundLate) {
            "the callback that should remove it removes another"
        } else if has(Removal::Dead) {
            "the code that should remove it is never reached"
        } else if has(Removal::Skipped) {
            "the event that should remove it may be passed over"
        } else if has(Removal::Never) {
            "the finaliser that should remove it never runs"
        } else if has(Removal::OnDemand) || has(Removal::Inner) {
            "no key is ever removed by itself"
        } else if has(Removal::AtTheEnd) {
            "it is emptied only when all is over"
        } else {
            "nothing in the project removes or bounds it"
        }
    }

    fn lifetime(&self) -> &'static str {
        match self.growing.holder_kind {
            HolderKind::Module => "created once, lives as long as the process:",
            HolderKind::Class => "shared by all objects of the class, lives as long as the process:",
            HolderKind::Instance => "lives as long as its object:",
            HolderKind::Local => "lives as long as the loop:",
            HolderKind::Default => "made once with the function, shared by all calls:",
            HolderKind::Closure => "lives as long as the inner function is kept:",
        }
    }

    fn repeats(&self) -> Option<Evidence> {
        let main = &self.growing.growth[0];
        let code = main.site.code;
        if main.repeats != Repeats::Endless {
            return lasting::repeats(self.context, code, main.repeats);
        }
        let project = self.context.project;
        let file = project.file(code.module);
        let facts = project.facts(code);
        let block = main.site.find(project).block;
        let found = facts.body.loops_around(block).last()?;
        let range = file.range(code.item, facts.body.loops[found.index()].range);
        // The keyword stands for the loop.
        let range = TextRange::new(range.start, range.start + "for".len() as u32);
        let message = "this loop does not end".to_owned();
        Some(Evidence { role: Role::Repeats, module: code.module, range, message })
    }

    /// A finding about the container, with the words of a rule.
    pub(crate) fn finding(
        &self,
        rule: RuleId,
        message: String,
        pattern: String,
        recommendation: String,
    ) -> Finding {
        let site = self.main_site();
        Finding {
            rule,
            severity: rule.metadata().severity,
            confidence: self.confidence(),
            signs: self.growing.signs.clone(),
            tier: None,
            leak_type: rule.metadata().leak_type,
            message,
            pattern,
            risk: self.risk(),
            recommendation,
            module: site.code.module,
            range: self.context.site_range(site),
            symbol: self.symbol(),
            growth: match self.growing.growth[0].form {
                GrowthForm::Rebuild => Growth::Quadratic,
                _ => Growth::Linear,
            },
            impact: self.impact(),
            evidence: self.evidence(),
            subject: Subject::Growing(Box::new(self.growing.clone())),
        }
    }
}

/// Whether the container is a local or module variable that a loop without end feeds.
pub(crate) fn is_fed_by_endless_loop(growing: &Growing) -> bool {
    growing.growth[0].repeats == Repeats::Endless
        && matches!(growing.holder_kind, HolderKind::Local | HolderKind::Module)
}
