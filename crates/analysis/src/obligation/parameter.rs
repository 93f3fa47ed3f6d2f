//! Parameters that a function releases: whoever releases what it is given owns it, and has to do so when
//! something raises as well.

use std::sync::Arc;

use leakwright_catalogue::{Family, OnDrop, Resource};

use super::follow::follow_parameter;
use super::{Acquisition, Drop, Fate, Share};
use crate::ir::{FrameKind, Val, VarId};
use crate::project::{CodeId, Project, Symbol};

/// A parameter that is released at the end, and not if something raises before.
#[derive(Clone, Debug)]
pub struct ReleasedParameter {
    /// The parameter.
    pub param: VarId,
    /// Where it is released.
    pub release: Val,
    /// Where an exception leads past that.
    pub errors: Vec<Val>,
}

/// The parameters of a function that it releases only where nothing raises.
pub fn released_parameters(project: &Project, code: CodeId) -> Vec<ReleasedParameter> {
    let facts = project.facts(code);
    if !facts.is_function() || is_teardown(facts.own_name()) {
        return Vec::new();
    }
    let Some(frame) = facts.body.frames.iter().find(|frame| frame.kind == FrameKind::Body) else {
        return Vec::new();
    };
    let close = Symbol::of("close");
    let mut found = Vec::new();
    for param in &facts.params {
        let is_closed =
            project.param_summary(code, param.var).is_some_and(|summary| summary.methods.contains(&close));
        if !is_closed || !is_named_like_a_resource(facts.var_name(param.var)) {
            continue;
        }
        let given = Acquisition {
            // Behind all instructions: it is there from the start.
            call: Val::new(facts.body.insts.len()),
            block: frame.entry,
            resource: Arc::new(anything_that_closes()),
            share: Share::Whole,
            factory: None,
            is_conditional: false,
            is_guess: true,
            is_doubtful: false,
        };
        let fate = follow_parameter(project, code, &given, param.var);
        found.extend(released_late(&fate, param.var));
    }
    found
}

fn released_late(fate: &Fate, param: VarId) -> Option<ReleasedParameter> {
    let [release] = fate.released.as_slice() else { return None };
    let errors: Vec<Val> = fate
        .dropped
        .iter()
        .filter_map(|dropped| match dropped {
            Drop::OnError(at) => Some(*at),
            _ => None,
        })
        .collect();
    let only_errors = errors.len() == fate.dropped.len() && !errors.is_empty();
    (fate.escaped.is_empty() && only_errors && !fate.handles_errors).then_some(ReleasedParameter {
        param,
        release: *release,
        errors,
    })
}

/// Whether a function is named for letting go: what it raises, it raises as it closes.
fn is_teardown(name: &str) -> bool {
    leakwright_catalogue::split_words(name).any(|word| {
        matches!(
            word.as_str(),
            "close"
                | "exit"
                | "shutdown"
                | "stop"
                | "disconnect"
                | "cleanup"
                | "teardown"
                | "del"
                | "finish"
                | "abort"
                | "kill"
                | "drop"
                | "discard"
                | "terminate"
                | "release"
                | "dispose"
                | "lost"
        )
    })
}

fn is_named_like_a_resource(name: &str) -> bool {
    leakwright_catalogue::split_words(name).last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "file"
                | "f"
                | "fp"
                | "fh"
                | "fileobj"
                | "fd"
                | "sock"
                | "socket"
                | "conn"
                | "connection"
                | "stream"
                | "handle"
                | "response"
                | "resp"
                | "session"
                | "infile"
                | "outfile"
        )
    })
}

fn anything_that_closes() -> Resource {
    Resource {
        constructor: String::new(),
        aliases: Vec::new(),
        returns: None,
        release: vec!["close".to_owned()],
        release_by: Vec::new(),
        drained_by: Vec::new(),
        transfer_to: Vec::new(),
        with: true,
        awaited: Vec::new(),
        is_async: false,
        family: Family::File,
        on_drop: OnDrop::Closed,
        warns: false,
        unless: Vec::new(),
        when: None,
        after: None,
        any_receiver: false,
        parts: Vec::new(),
        is_list: false,
        caught: false,
    }
}
