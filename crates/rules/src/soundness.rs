//! Why code is not reported: the verdicts that found it sound, in words.

use leakwright_analysis::growth::{self, Reason, Verdict};
use leakwright_analysis::obligation::{self, Ownership, Soundness};
use leakwright_analysis::project::{ModuleId, Site};
use leakwright_syntax::TextRange;

use crate::context::Context;

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

/// Everything in a file that was looked at and found sound, in the order of the source.
pub fn sound(context: &Context<'_>) -> Vec<Sound> {
    let mut found = containers(context);
    found.extend(resources(context));
    found.extend(attributes(context));
    found.sort_by_key(|sound| sound.range);
    found
}

fn containers(context: &Context<'_>) -> Vec<Sound> {
    let project = context.project;
    let judged = context.containers().filter_map(|holder| {
        let Verdict::Sound { created: Some(created), reason } = growth::judge(project, holder) else {
            return None;
        };
        let name = growth::holder_name(project, holder)?;
        let file = project.file(created.code.module);
        let (reason, site) = container_reason(reason);
        Some(Sound {
            range: file.value_range(created.code.item, created.value),
            what: format!("container `{name}`"),
            reason: reason.to_owned(),
            shown: site.map(|site| (site.code.module, context.site_range(site))),
        })
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

fn resources(context: &Context<'_>) -> Vec<Sound> {
    let project = context.project;
    let mut found = Vec::new();
    for code in context.items() {
        for (acquisition, fate) in obligation::acquired(project, code) {
            let obligation::Verdict::Sound(soundness) = fate.verdict(project, code, acquisition) else {
                continue;
            };
            let at = |value| context.file().value_range(code.item, value);
            let (reason, value) = match soundness {
                Soundness::Released => {
                    ("it is released on every way that is followed", fate.released.first())
                }
                Soundness::Returned => {
                    ("it is returned to the caller", fate.escaped.first().map(|out| &out.at))
                }
                Soundness::HandedOn => {
                    ("it is handed to code that may release it", fate.escaped.first().map(|out| &out.at))
                }
                Soundness::Owned => {
                    ("it is kept in an attribute, judged by itself", fate.escaped.first().map(|out| &out.at))
                }
                Soundness::ProcessWide => ("functions use it as long as the process lives", None),
                Soundness::NotStarted => ("it is never started, so there is nothing to release", None),
                Soundness::Endless => ("no way leads out of the code that holds it", None),
            };
            found.push(Sound {
                range: at(acquisition.call),
                what: acquisition.resource.family.noun().to_owned(),
                reason: reason.to_owned(),
                shown: value.map(|value| (context.module, at(*value))),
            });
        }
    }
    found
}

fn attributes(context: &Context<'_>) -> Vec<Sound> {
    let project = context.project;
    let owned = context.items().flat_map(|code| obligation::owned(project, code));
    let judged = owned.filter_map(|owned| {
        let reason = match obligation::ownership(project, &owned) {
            Ownership::Released => "a method, or code that holds the object, releases it",
            Ownership::Unclear => "more is done with it, or by bases of its class, than can be followed",
            Ownership::Forgotten(_) => return None,
        };
        Some(Sound {
            range: context.file().value_range(owned.store.code.item, owned.acquisition.call),
            what: format!("{} in an attribute", owned.acquisition.resource.family.noun()),
            reason: reason.to_owned(),
            shown: None,
        })
    });
    judged.collect()
}
