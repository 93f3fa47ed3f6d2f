//! What the growth rules say of a container: its name, the chain of places, the words.

use leakwright_analysis::growth::{self, Freshness, Growing, GrowthForm, HolderKind, Repeats};
use leakwright_analysis::ir::Op;
use leakwright_analysis::project::{CodeId, Holder, Site};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, Risk, RiskLevel, Role};
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
        let own = self.context.project.facts(code).own_name();
        if own.is_empty() { self.context.name_of(code) } else { own.to_owned() }
    }

    /// What is done where it grows: `list.append()`, `dict[key] = …`.
    pub(crate) fn operation(&self) -> String {
        let main = &self.growing.growth[0];
        let kind = self.growing.container.word();
        let facts = self.context.project.facts(main.site.code);
        let method = match facts.body.op(main.site.find(self.context.project).at) {
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
            GrowthForm::Rebuild => format!("{kind} = {kind} + …"),
        }
    }

    /// The unit of work that makes it grow.
    pub(crate) fn unit(&self) -> String {
        match self.growing.growth[0].repeats {
            Repeats::Endless => "per round of the loop".to_owned(),
            Repeats::PerObject => {
                let class = self.context.project.enclosing_class(self.main_site().code);
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
            (GrowthForm::Rebuild, _) => "at least one element, and a copy of the rest",
            (_, _) if matches!(self.growing.container, leakwright_catalogue::ContainerKind::Set) => {
                "one entry per new element"
            }
            _ => "one element",
        }
    }

    pub(crate) fn confidence(&self) -> Confidence {
        match growth::confidence(&self.growing.signs) {
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
        Risk { level, reason: format!("grows linearly, {} {}", self.amount(), self.unit()) }
    }

    pub(crate) fn impact(&self) -> String {
        format!("{} {}; size of an element unknown", self.amount(), self.unit())
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
        evidence.extend(self.repeats());
        evidence
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
        let project = self.context.project;
        let file = project.file(code.module);
        let facts = project.facts(code);
        let (range, message) = match main.repeats {
            Repeats::Endless => {
                let block = main.site.find(project).block;
                let found = facts.body.loops_around(block).last()?;
                let range = file.range(code.item, facts.body.loops[found.index()].range);
                // The keyword stands for the loop.
                (TextRange::new(range.start, range.start + "for".len() as u32), "this loop does not end")
            }
            Repeats::PerObject => (file.range(code.item, facts.name_range), "every new object runs this"),
            Repeats::Looped => {
                (file.range(code.item, facts.name_range), "a loop that does not end calls this")
            }
            Repeats::Handler => (file.range(code.item, facts.name_range), "runs for each event or message"),
            Repeats::Callable => {
                (file.range(code.item, facts.name_range), "can be called any number of times")
            }
            Repeats::Unknown | Repeats::Once => return None,
        };
        Some(Evidence { role: Role::Repeats, module: code.module, range, message: message.to_owned() })
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
            growth: Growth::Linear,
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
