//! Commands of command lines: a process runs one of them, once.

use crate::ir::{Op, Val};
use crate::project::{ClassId, CodeId, Entity, Project};

/// Libraries that make a command line of functions.
const LIBRARIES: [&str; 6] = ["asyncclick", "click", "cloup", "cyclopts", "rich_click", "typer"];

/// How many groups of commands are followed outwards.
const MAX_DEPTH: u32 = 8;

/// Classes of Django whose objects are commands.
const COMMANDS: [&str; 3] = ["AppCommand", "BaseCommand", "LabelCommand"];

/// Whether a function is a command, by its decorators: `@click.command()`, or `@cli.command()` on a group of commands;
/// or a method of one.
pub(super) fn is_command(project: &Project, code: CodeId) -> bool {
    let is_of_command = || {
        let bases = project.class_of(code).map(|class| project.external_bases(class)).unwrap_or_default();
        bases.iter().any(|base| COMMANDS.contains(&base.rsplit('.').next().unwrap_or(base)))
    };
    is_command_within(project, code, MAX_DEPTH) || is_of_command()
}

fn is_command_within(project: &Project, code: CodeId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = project.facts(code);
    facts.decorators.iter().any(|decorator| {
        let callee = match facts.body.op(*decorator) {
            Op::Call { callee, .. } => callee,
            _ => *decorator,
        };
        if is_of_library(project, code, callee) {
            return true;
        }
        let Some((base, name)) = facts.attribute_of(callee) else { return false };
        matches!(facts.str(name), "command" | "group" | "callback" | "default")
            && is_group(project, code, base, fuel)
    })
}

/// Whether commands can be added to a value: a command itself, an application of such a library, or the `cli` of an
/// application for the web.
fn is_group(project: &Project, code: CodeId, value: Val, fuel: u32) -> bool {
    let facts = project.facts(code);
    if facts.attribute_of(value).is_some_and(|(_, name)| facts.str(name) == "cli") {
        return true;
    }
    match project.entity(code, value) {
        Some(Entity::Function(group)) => is_command_within(project, group, fuel),
        Some(Entity::Global(module, global)) => {
            project.global_value(module, global).is_some_and(|(code, made)| {
                let facts = project.facts(code);
                matches!(facts.body.op(made), Op::Call { callee, .. } if is_of_library(project, code, callee))
            })
        }
        _ => false,
    }
}

fn is_of_library(project: &Project, code: CodeId, value: Val) -> bool {
    let path = project.import_path(code, value);
    path.is_some_and(|path| LIBRARIES.iter().any(|library| path.split('.').next() == Some(library)))
}

/// Whether a class belongs to a program that runs once and ends, by its name or where it stands.
pub(super) fn is_part(project: &Project, class: ClassId) -> bool {
    let says = |word: &str| matches!(word, "cli" | "terminal" | "console" | "cmdline" | "commandline");
    let named = leakwright_catalogue::split_words(project.own_name(class.0)).any(|word| says(&word));
    named
        || project.module(class.0.module).name.split('.').any(|part| {
            let part = part.trim_start_matches('_');
            says(part) || matches!(part, "commands" | "scripts" | "main")
        })
}
