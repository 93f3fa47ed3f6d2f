//! Comments that silence findings: taken away where they silence nothing, written where findings are to stay.

use std::collections::BTreeMap;

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Applicability, Edit, Fix};

use super::rounds::{Applied, FixOptions, Outcome, finish, judge_for_new, rewrite};
use crate::baseline::BaselineError;
use crate::cache::Cache;
use crate::check::{Checked, Input, Judged, Progress};
use crate::gathered::Gathered;
use crate::load::SourceFile;
use crate::suppress::{UnusedSuppression, Useless, remove, silence};
use crate::threads::pool;

/// What takes a comment away that silences nothing; `None` if it is needed, but gives no reason.
fn removal(checked: &Checked, unused: &UnusedSuppression) -> Option<Applied> {
    let tree = checked.trees().tree(unused.module).filter(|_| unused.why == Useless::NothingThere)?;
    let (range, text) = remove(tree, &unused.entry, &unused.codes);
    let title = match unused.codes.as_slice() {
        [] => format!("Remove `{}`", unused.comment),
        codes => format!("Remove {} from `{}`", codes.join(" and "), unused.comment),
    };
    let fix = Fix {
        id: "remove-suppression",
        title,
        applicability: Applicability::Safe,
        edits: vec![Edit::replace(unused.module, range, text)],
    };
    Some(Applied {
        path: unused.path.clone(),
        line: unused.line,
        code: "unused-suppression",
        fingerprint: String::new(),
        symbol: String::new(),
        message: unused.to_string(),
        fix,
        alternatives: Vec::new(),
    })
}

/// The comments of a check that silence nothing, as fixes that take them away.
pub(super) fn removals(checked: &Checked) -> Vec<Applied> {
    checked.unused_suppressions.iter().filter_map(|unused| removal(checked, unused)).collect()
}

/// Writes comments that silence the findings of a check, in memory. They say why, if a reason is given. Findings that
/// no comment can silence remain, and so do those that a baseline knows.
pub fn silence_all(
    input: &Input,
    options: &FixOptions,
    reason: Option<&str>,
    progress: &dyn Progress,
) -> Result<Outcome, BaselineError> {
    let baseline = options.baseline.as_deref();
    let judged = |files, errors| judge_for_new(files, errors, input, &options.check, baseline);
    pool().install(|| {
        let (files, errors) = Gathered::read(input, progress).load(&Cache::none(), progress);
        let originals: Vec<SourceFile> = files.clone();
        let checked = judged(files, errors.clone())?;
        let mut by_file: BTreeMap<ModuleId, Vec<&Judged>> = BTreeMap::new();
        for judged in checked.active() {
            by_file.entry(judged.finding.module).or_default().push(judged);
        }
        let mut applied = Vec::new();
        let mut changed = Vec::new();
        for (module, findings) in by_file {
            let Some(edits) = comments(&checked, module, &findings, reason) else { continue };
            // A file that would not parse as before is left as it is.
            let Some(rewritten) = rewrite(checked.files(), edits.iter()) else { continue };
            changed.extend(rewritten);
            applied.extend(findings.iter().map(|judged| silenced(&checked, judged)));
        }
        let mut files = checked.into_files();
        for (module, file) in changed {
            files[module.0 as usize] = file;
        }
        Ok(finish(&originals, judged(files, errors)?, applied))
    })
}

fn comments(
    checked: &Checked,
    module: ModuleId,
    findings: &[&Judged],
    reason: Option<&str>,
) -> Option<Vec<Edit>> {
    // A comment that may silence nothing is no use.
    if checked.file(module).config.requires_suppression_reason && reason.is_none() {
        return None;
    }
    let place = |judged: &&Judged| (judged.finding.range.start, judged.finding.rule.metadata().code);
    let places: Vec<(u32, &str)> = findings.iter().map(place).collect();
    let edits = silence(checked.trees().tree(module)?, &places, reason);
    Some(edits.into_iter().map(|(range, text)| Edit::replace(module, range, text)).collect())
}

fn silenced(checked: &Checked, judged: &Judged) -> Applied {
    let fix = Fix {
        id: "suppress",
        title: format!("Suppress {}", judged.finding.rule.metadata().name),
        applicability: Applicability::Safe,
        edits: Vec::new(),
    };
    super::rounds::applied(checked, judged, &fix, &[])
}
