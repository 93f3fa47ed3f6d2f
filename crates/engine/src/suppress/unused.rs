//! Suppressions that silence nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Finding, RuleId};

use super::{Suppression, is_named};
use crate::load::{SourceFile, line_of};

/// A suppression that silences nothing, or names rules that it is not needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedSuppression {
    /// The file.
    pub path: PathBuf,
    /// One-based line.
    pub line: u32,
    /// The comment.
    pub comment: String,
    /// Why it silences nothing.
    pub why: Useless,
    /// Codes that are not needed, as they are written, where others are.
    pub codes: Vec<String>,
    pub(crate) module: ModuleId,
    pub(crate) entry: Suppression,
}

/// Why a suppression silences nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Useless {
    /// There is nothing to silence.
    NothingThere,
    /// It gives no reason where one is required.
    NoReason,
}

impl std::fmt::Display for UnusedSuppression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { comment, why, codes, .. } = self;
        match (why, codes.as_slice()) {
            (Useless::NoReason, _) => write!(f, "`{comment}` silences nothing: it gives no reason"),
            (Useless::NothingThere, []) => write!(f, "`{comment}` silences nothing"),
            (Useless::NothingThere, codes) => {
                let verb = if codes.len() == 1 { "silences" } else { "silence" };
                write!(f, "{} in `{comment}` {verb} nothing", codes.join(" and "))
            }
        }
    }
}

/// What the suppressions of a file are used for.
pub(crate) struct Uses<'f> {
    suppressions: &'f [Suppression],
    requires_reason: bool,
    /// The rules whose findings each means.
    rules: Vec<BTreeSet<RuleId>>,
}

impl<'f> Uses<'f> {
    pub(crate) fn new(suppressions: &'f [Suppression], requires_reason: bool) -> Self {
        Self { suppressions, requires_reason, rules: vec![BTreeSet::new(); suppressions.len()] }
    }

    /// Whether a finding is silenced; remembers by what.
    pub(crate) fn silence(&mut self, finding: &Finding) -> bool {
        let mut is_silenced = false;
        for (entry, rules) in self.suppressions.iter().zip(&mut self.rules) {
            if entry.is_about(finding) {
                rules.insert(finding.rule);
                is_silenced |= entry.silences(finding, self.requires_reason);
            }
        }
        is_silenced
    }

    /// Those that silence nothing, given the rules that were run, and whether those are all that the configuration
    /// asks for: of a rule that was not run nothing can be said.
    pub(crate) fn unused(
        &self,
        file: &SourceFile,
        module: ModuleId,
        ran: &[RuleId],
        is_all: bool,
    ) -> Vec<UnusedSuppression> {
        let unused = self.suppressions.iter().zip(&self.rules).filter_map(|(entry, rules)| {
            let all = &entry.directive.codes;
            let is_judged =
                |code: &str| RuleId::all().all(|rule| !is_named(rule, code) || ran.contains(&rule));
            let is_needed = |code: &str| rules.iter().any(|rule| is_named(*rule, code));
            let codes: Vec<String> =
                all.iter().filter(|code| is_judged(code) && !is_needed(code)).cloned().collect();
            let says_nothing =
                if all.is_empty() { rules.is_empty() && is_all } else { codes.len() == all.len() };
            let lacks_reason = self.requires_reason && !entry.directive.has_reason && !rules.is_empty();
            let (why, codes) = match (says_nothing, lacks_reason) {
                (true, _) => (Useless::NothingThere, Vec::new()),
                (false, true) => (Useless::NoReason, Vec::new()),
                (false, false) if !codes.is_empty() => (Useless::NothingThere, codes),
                (false, false) => return None,
            };
            Some(UnusedSuppression {
                path: file.path.clone(),
                line: line_of(&file.text, entry.range.start),
                comment: entry.range.of(&file.text).to_owned(),
                why,
                codes,
                module,
                entry: entry.clone(),
            })
        });
        unused.collect()
    }
}
