//! Applying fixes to files, in rounds.
//!
//! A fix is taken whole or not at all. Fixes that touch the same text do not go together: one of them
//! waits for the next round, in which the files are checked again as they are by then. A round that
//! changes nothing is the last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Applicability, Edit, Fix};
use leakwright_syntax::TextRange;

use super::comments::removals;
use super::consent::{Change, Consent, Decider, Proposal};
use crate::baseline::{BaselineError, apply_baselines};
use crate::cache::Cache;
use crate::check::{Checked, Input, Judged, Options, Progress, judge};
use crate::error::FileError;
use crate::gathered::Gathered;
use crate::load::{SourceFile, line_of};
use crate::text_edit::apply_edits;
use crate::threads::pool;

/// Which fixes are applied.
#[derive(Clone, Debug)]
pub struct FixOptions {
    /// What is checked, and how.
    pub check: Options,
    /// Fixes that change what the program does, under conditions, are applied as well.
    pub allow_unsafe: bool,
    /// What this baseline knows is left alone; without it, what the configured one knows.
    pub baseline: Option<PathBuf>,
}

/// What fixing gave.
pub struct Outcome {
    /// The last check, of the files as fixed.
    pub remaining: Checked,
    /// Files with another text than on disk.
    pub changed: Vec<Fixed>,
    /// Fixes that were applied, in order.
    pub applied: Vec<Applied>,
}

/// A file with another text than on disk.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The path, as it is shown.
    pub path: PathBuf,
    /// The text as it was read.
    pub before: String,
    /// The text as it is now.
    pub after: String,
    /// The path to write to.
    pub(super) absolute: PathBuf,
    /// What to write; `None` where the file's encoding cannot hold it.
    pub(super) bytes: Option<Vec<u8>>,
    /// Hash of the bytes that were read.
    pub(super) hash: String,
}

/// A fix that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The file of the finding.
    pub path: PathBuf,
    /// One-based line of the finding, in the text of its round.
    pub line: u32,
    /// The rule.
    pub code: &'static str,
    /// What identifies the finding.
    pub fingerprint: String,
    /// What leaks.
    pub symbol: String,
    /// What the finding says.
    pub message: String,
    /// The fix.
    pub fix: Fix,
    /// Other fixes of the finding, that were not taken.
    pub alternatives: Vec<String>,
}

/// Rounds after which fixing stops, come what may.
const MAX_ROUNDS: usize = 32;

/// Fixes files in memory; nothing is written.
pub fn fix(input: &Input, options: &FixOptions, progress: &dyn Progress) -> Result<Outcome, BaselineError> {
    rounds(input, options, progress, Decider::All)
}

/// The same, with those fixes only that are agreed to.
pub fn fix_with(
    input: &Input,
    options: &FixOptions,
    progress: &dyn Progress,
    consent: &mut dyn Consent,
) -> Result<Outcome, BaselineError> {
    rounds(input, options, progress, Decider::Ask(consent))
}

fn rounds(
    input: &Input,
    options: &FixOptions,
    progress: &dyn Progress,
    mut decider: Decider<'_>,
) -> Result<Outcome, BaselineError> {
    let baseline = options.baseline.as_deref();
    let judged = |files, errors| judge_for_new(files, errors, input, &options.check, baseline);
    pool().install(|| {
        let (files, errors) = Gathered::read(input, progress).load(&Cache::none(), progress);
        let originals: Vec<SourceFile> = files.clone();
        let mut checked = judged(files, errors.clone())?;
        let mut applied: Vec<Applied> = Vec::new();
        let mut attempts = Attempts::default();
        for _ in 0..MAX_ROUNDS {
            let chosen = choose(&checked, options, &mut attempts, &mut decider);
            if chosen.is_empty() {
                break;
            }
            let (files, taken) = take(checked, chosen);
            applied.extend(taken);
            checked = judged(files, errors.clone())?;
        }
        checked.forget_unused(input);
        let unneeded = agreed_removals(&checked, &decider);
        if !unneeded.is_empty() {
            let (files, taken) = take(checked, unneeded);
            applied.extend(taken);
            checked = judged(files, errors)?;
            checked.forget_unused(input);
        }
        Ok(finish(&originals, checked, applied))
    })
}

/// Links the files, runs the rules over each, and marks what is known.
pub(super) fn judge_for_new(
    files: Vec<SourceFile>,
    errors: Vec<FileError>,
    input: &Input,
    options: &Options,
    baseline: Option<&Path>,
) -> Result<Checked, BaselineError> {
    let mut checked = judge(files, errors, options);
    apply_baselines(&mut checked, baseline, input, options)?;
    Ok(checked)
}

/// Comments that silence nothing, as far as it is agreed that they go.
fn agreed_removals(checked: &Checked, decider: &Decider<'_>) -> Vec<Chosen> {
    if !matches!(decider, Decider::All) {
        return Vec::new();
    }
    let removals = removals(checked).into_iter();
    removals.map(|applied| Chosen { edits: applied.fix.edits.clone(), applied }).collect()
}

/// What became of files, given as they were and in a check of what they are now.
pub(super) fn finish(originals: &[SourceFile], remaining: Checked, applied: Vec<Applied>) -> Outcome {
    let changed = originals.iter().enumerate().filter_map(|(index, original)| {
        let now = remaining.file(ModuleId(index as u32));
        (now.text != original.text).then(|| Fixed {
            path: original.path.clone(),
            before: original.text.to_string(),
            after: now.text.to_string(),
            absolute: original.absolute.clone(),
            bytes: original.encoding.encode(&now.text),
            hash: original.hash.clone(),
        })
    });
    let changed = changed.collect();
    Outcome { remaining, changed, applied }
}

/// How often each fix has been tried: as often as there were findings for it, and no more, so that a
/// fix which does not mend its finding is not applied again and again.
#[derive(Default)]
struct Attempts {
    /// Findings by fingerprint, as many as there were when the first was seen.
    findings: BTreeMap<String, usize>,
    tried: BTreeMap<(String, &'static str), usize>,
}

impl Attempts {
    fn note(&mut self, checked: &Checked) {
        let mut now: BTreeMap<&str, usize> = BTreeMap::new();
        for judged in checked.active() {
            *now.entry(&judged.fingerprint).or_default() += 1;
        }
        for (fingerprint, count) in now {
            self.findings.entry(fingerprint.to_owned()).or_insert(count);
        }
    }

    fn may(&self, fingerprint: &str, fix: &'static str) -> bool {
        let tried = self.tried.get(&(fingerprint.to_owned(), fix)).copied().unwrap_or_default();
        tried < self.findings.get(fingerprint).copied().unwrap_or_default()
    }

    fn count(&mut self, fingerprint: &str, fix: &'static str) {
        *self.tried.entry((fingerprint.to_owned(), fix)).or_default() += 1;
    }
}

/// A fix to apply in this round.
struct Chosen {
    applied: Applied,
    edits: Vec<Edit>,
}

/// The best fix of each finding that is agreed to, as far as they go together.
fn choose(
    checked: &Checked,
    options: &FixOptions,
    attempts: &mut Attempts,
    decider: &mut Decider<'_>,
) -> Vec<Chosen> {
    attempts.note(checked);
    let limit = if options.allow_unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let mut taken: BTreeMap<ModuleId, Vec<Edit>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for judged in checked.active() {
        if decider.is_done() {
            break;
        }
        let fixes = checked.fixes(&judged.finding);
        let fitting = fixes.iter().filter(|fix| fix.applicability <= limit && !fix.edits.is_empty());
        for fix in fitting {
            if !attempts.may(&judged.fingerprint, fix.id) {
                continue;
            }
            if conflicts(&taken, &fix.edits) {
                break;
            }
            attempts.count(&judged.fingerprint, fix.id);
            if decider.agrees(|| propose(checked, judged, fix)) {
                for edit in &fix.edits {
                    taken.entry(edit.module).or_default().push(edit.clone());
                }
                chosen.push(Chosen {
                    edits: fix.edits.clone(),
                    applied: applied(checked, judged, fix, &fixes),
                });
                break;
            }
        }
    }
    chosen
}

pub(super) fn applied(checked: &Checked, judged: &Judged, fix: &Fix, fixes: &[Fix]) -> Applied {
    let finding = &judged.finding;
    let file = checked.file(finding.module);
    let others = fixes.iter().filter(|other| other.id != fix.id);
    Applied {
        path: file.path.clone(),
        line: line_of(&file.text, finding.range.start),
        code: finding.rule.metadata().code,
        fingerprint: judged.fingerprint.clone(),
        symbol: finding.symbol.clone(),
        message: finding.message.clone(),
        alternatives: others.map(|other| other.title.clone()).collect(),
        fix: fix.clone(),
    }
}

/// A fix with what it would change; `None` if it would break something.
fn propose<'c>(checked: &'c Checked, judged: &'c Judged, fix: &'c Fix) -> Option<Proposal<'c>> {
    let changes = rewrite(checked.files(), fix.edits.iter())?.into_iter().map(|(module, after)| {
        let before = checked.file(module);
        Change { path: before.path.clone(), before: before.text.to_string(), after: after.text.to_string() }
    });
    Some(Proposal { checked, judged, fix, changes: changes.collect() })
}

/// Whether edits touch text that others change. An import that is there already is shared.
pub(crate) fn conflicts(taken: &BTreeMap<ModuleId, Vec<Edit>>, edits: &[Edit]) -> bool {
    edits.iter().any(|edit| {
        let others = taken.get(&edit.module).map_or(&[][..], Vec::as_slice);
        let is_same = |other: &Edit| other == edit && edit.is_shared;
        others.iter().any(|other| !is_same(other) && other.range.touches(edit.range))
    })
}

/// Applies fixes. One that would break a file that parsed is dropped, with all of its edits.
fn take(checked: Checked, chosen: Vec<Chosen>) -> (Vec<SourceFile>, Vec<Applied>) {
    let mut files = checked.into_files();
    if let Some(changed) = rewrite(&files, chosen.iter().flat_map(|chosen| &chosen.edits)) {
        for (module, file) in changed {
            files[module.0 as usize] = file;
        }
        return (files, chosen.into_iter().map(|chosen| chosen.applied).collect());
    }
    // Together they break something: find those that do not.
    let mut kept: Vec<Chosen> = Vec::new();
    for next in chosen {
        let with_next = kept.iter().chain([&next]).flat_map(|chosen| &chosen.edits);
        if rewrite(&files, with_next).is_some() {
            kept.push(next);
        }
    }
    for (module, file) in rewrite(&files, kept.iter().flat_map(|chosen| &chosen.edits)).unwrap_or_default() {
        files[module.0 as usize] = file;
    }
    (files, kept.into_iter().map(|chosen| chosen.applied).collect())
}

/// The files that edits change, if all of them still parse as well as before.
#[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
pub(super) fn rewrite<'e>(
    files: &[SourceFile],
    edits: impl Iterator<Item = &'e Edit>,
) -> Option<Vec<(ModuleId, SourceFile)>> {
    let mut by_file: BTreeMap<ModuleId, Vec<(TextRange, &str)>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.module).or_default().push((edit.range, edit.text.as_str()));
    }
    let mut changed = Vec::new();
    for (module, edits) in by_file {
        let file = &files[module.0 as usize];
        let text = apply_edits(&file.text, &edits).ok()?;
        let rewritten = file.with_text(&text).ok()?;
        if rewritten.syntax_error.is_some() && file.syntax_error.is_none() {
            return None;
        }
        changed.push((module, rewritten));
    }
    Some(changed)
}
