//! Why code is not reported: the verdicts that found it sound, in words.

mod referring;

use leakwright_analysis::growth::{self, Reason, Verdict};
use leakwright_analysis::obligation::{self, Ownership, Soundness};
use leakwright_analysis::project::{ModuleId, Site, ValueId};
use leakwright_analysis::{tasks, tensor};
use leakwright_catalogue::ContainerKind;
use leakwright_syntax::TextRange;

use crate::checklist::Question;
use crate::context::Context;
use crate::{cached, caching, keys};

/// Something that was looked at and found sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Where it is created or acquired.
    pub range: TextRange,
    /// What it is.
    pub what: String,
    /// Why it is not reported.
    pub reason: String,
    /// Where that shows: the file and the place.
    pub shown: Option<(ModuleId, TextRange)>,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The question of the checklist that it is looked at for.
    pub question: Question,
    /// Why it is sound; `None` where it leaks, or may.
    pub sound: Option<Sound>,
}

/// Everything in a file that was looked at and found sound, in the order of the source.
pub fn sound(context: &Context<'_>) -> Vec<Sound> {
    let mut found: Vec<Sound> = examined(context).into_iter().filter_map(|examined| examined.sound).collect();
    found.sort_by_key(|sound| sound.range);
    found
}

/// Everything in a file that was looked at.
pub fn examined(context: &Context<'_>) -> Vec<Examined> {
    let mut found = resources(context);
    found.extend(attributes(context));
    // In test code only resources that outlive the test matter.
    if context.project.module(context.module).is_test {
        return found;
    }
    found.extend(containers(context));
    found.extend(decorators(context));
    found.extend(queues(context));
    found.extend(tasks(context));
    found.extend(tensors(context));
    found.extend(referring::arrays(context));
    found.extend(referring::cycles(context));
    found.extend(referring::callbacks(context));
    found.extend(referring::closures(context));
    found.extend(referring::temporaries(context));
    found.extend(referring::tracebacks(context));
    found.extend(referring::threads(context));
    found
}

fn containers(context: &Context<'_>) -> Vec<Examined> {
    let project = context.project;
    let judged = context.containers().filter_map(|holder| {
        let name = growth::holder_name(project, holder)?;
        let (created, reason) = match growth::judge(project, holder) {
            Verdict::Sound { created: Some(created), reason } => (created, reason),
            Verdict::Sound { created: None, .. } => return None,
            Verdict::Leaking(growing) => {
                let question = Question::of_growing(project, &growing, &name);
                return Some(Examined { question, sound: None });
            }
        };
        let file = project.file(created.code.module);
        let kind = project.created_container(created.code, created.value);
        let kind = kind.map_or(ContainerKind::Text, |made| made.kind);
        let (reason, site) = container_reason(reason);
        let sound = Sound {
            range: file.value_range(created.code.item, created.value),
            what: format!("container `{name}`"),
            reason: reason.to_owned(),
            shown: site.map(|site| (site.code.module, context.site_range(site))),
        };
        Some(Examined { question: Question::of_container(project, kind, &name), sound: Some(sound) })
    });
    judged.collect()
}

fn container_reason(reason: Reason) -> (&'static str, Option<Site>) {
    match reason {
        Reason::NotAContainer => ("it is not always a container", None),
        Reason::Broken => ("code around it could not be parsed", None),
        Reason::Weak => ("it holds its content weakly, or for one thread", None),
        Reason::Bounded => ("its size is limited where it is created", None),
        Reason::Checked(site) => ("its size is compared with a limit", Some(site)),
        Reason::Removed(site) => ("elements are removed", Some(site)),
        Reason::Replaced(site) => ("it is replaced", Some(site)),
        Reason::Escapes(site) => ("it is handed to code that cannot be seen", Some(site)),
        Reason::NeverGrows => ("nothing is ever added in code that is looked at", None),
        Reason::GrowsOnce => ("it grows only while modules are imported or objects are made", None),
        Reason::FiniteKeys => ("its keys come from a set that does not grow", None),
        Reason::ShortLived => ("it lives for one piece of work", None),
    }
}

fn resources(context: &Context<'_>) -> Vec<Examined> {
    let project = context.project;
    let mut found = Vec::new();
    for code in context.items() {
        for (acquisition, fate) in obligation::acquired(project, code) {
            let question = Question::of_resource(acquisition.resource.family);
            let obligation::Verdict::Sound(soundness) = fate.verdict(project, code, acquisition) else {
                found.push(Examined { question, sound: None });
                continue;
            };
            let at = |value| context.file().value_range(code.item, value);
            let handed_on = || fate.escaped.first().map(|out| &out.at);
            let (reason, value) = match soundness {
                Soundness::Released => {
                    ("it is released on every way that is followed", fate.released.first())
                }
                Soundness::Returned => ("it is returned to the caller", handed_on()),
                Soundness::HandedOn => ("it is handed to code that may release it", handed_on()),
                Soundness::Owned => ("it is kept in an attribute, judged by itself", handed_on()),
                Soundness::ProcessWide => ("functions use it as long as the process lives", None),
                Soundness::NotStarted => ("it is never started, so there is nothing to release", None),
                Soundness::Endless => ("no way leads out of the code that holds it", None),
            };
            let sound = Sound {
                range: at(acquisition.call),
                what: acquisition.resource.family.noun().to_owned(),
                reason: reason.to_owned(),
                shown: value.map(|value| (context.module, at(*value))),
            };
            found.push(Examined { question, sound: Some(sound) });
        }
    }
    found
}

fn attributes(context: &Context<'_>) -> Vec<Examined> {
    let project = context.project;
    let owned = context.items().flat_map(|code| obligation::owned(project, code));
    let judged = owned.map(|owned| {
        let family = owned.acquisition.resource.family;
        let reason = match obligation::ownership(project, &owned) {
            Ownership::Released => Some("a method, or code that holds the object, releases it"),
            Ownership::Unclear => {
                Some("more is done with it, or by bases of its class, than can be followed")
            }
            Ownership::Forgotten(_) => None,
        };
        let sound = reason.map(|reason| Sound {
            range: context.file().value_range(owned.store.code.item, owned.acquisition.call),
            what: format!("{} in an attribute", family.noun()),
            reason: reason.to_owned(),
            shown: None,
        });
        Examined { question: Question::of_resource(family), sound }
    });
    judged.collect()
}

fn decorators(context: &Context<'_>) -> Vec<Examined> {
    let judged = cached::cached_functions(context).into_iter().map(|cached| {
        let reason = match cached.limit {
            Some(_) => Some("it has a limit"),
            None if caching::is_short_lived(context, &cached) => Some("it goes with the call that makes it"),
            None if caching::has_finite_arguments(context, &cached) => {
                Some("its arguments come from a set that does not grow")
            }
            None if keys::is_cleared(context, &cached) => Some("the project clears it"),
            None => None,
        };
        let sound = reason.map(|reason| Sound {
            range: context.file().value_range(cached.place.code.item, cached.place.value),
            what: format!("cache of `{}`", cached.name(context)),
            reason: reason.to_owned(),
            shown: None,
        });
        Examined { question: Question::Decorators, sound }
    });
    judged.collect()
}

fn queues(context: &Context<'_>) -> Vec<Examined> {
    let project = context.project;
    let judged = context.holders().filter_map(|holder| {
        let (created, is_bounded) = growth::queue(project, holder)?;
        let reason = match (growth::unbounded_queue(project, holder), is_bounded) {
            (Some(_), _) => None,
            (None, true) => Some("it has a limit"),
            (None, false) => Some("it is drained, or not put into in code that repeats"),
        };
        let sound = reason.map(|reason| sound_at(context, created, "queue", reason));
        Some(Examined { question: Question::Queues, sound })
    });
    judged.collect()
}

fn tasks(context: &Context<'_>) -> Vec<Examined> {
    let project = context.project;
    let uncancelled = tasks::uncancelled_tasks(project, context.module, context.items());
    let made = context.items().flat_map(|code| tasks::made_tasks(project, code));
    let judged = made.map(|made| {
        let is_leaking = tasks::dangling_tasks(project, made.code).iter().any(|task| task.made == made)
            || uncancelled.iter().any(|task| task.made == made);
        let reason = "something keeps it, waits for it or hands it on";
        let sound = (!is_leaking).then(|| sound_at(context, made, "task", reason));
        Examined { question: Question::Tasks, sound }
    });
    judged.collect()
}

fn tensors(context: &Context<'_>) -> Vec<Examined> {
    let (project, module) = (context.project, context.module);
    let retained = tensor::retained_graphs(project, module, context.items());
    let judged = tensor::kept_values(project, module, context.items()).into_iter().map(|kept| {
        let is_leaking = retained.iter().any(|found| found.code.value(found.at) == kept);
        let reason = "it is no tensor with a graph, or is not kept from step to step";
        let sound = (!is_leaking).then(|| sound_at(context, kept, "value that is kept", reason));
        Examined { question: Question::Tensors, sound }
    });
    judged.collect()
}

fn sound_at(context: &Context<'_>, at: ValueId, what: &str, reason: &str) -> Sound {
    Sound {
        range: context.project.file(at.code.module).value_range(at.code.item, at.value),
        what: what.to_owned(),
        reason: reason.to_owned(),
        shown: None,
    }
}
