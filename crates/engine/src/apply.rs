//! Applying fixes to files, in rounds.
//!
//! A fix is taken whole or not at all. Fixes that touch the same text do not go together: one of them
//! waits for the next round, in which the files are checked again as they are by then. A round that
//! changes nothing is the last.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Applicability, Edit, Fix};
use leakwright_syntax::TextRange;

use crate::check::{Checked, Input, Options, Progress, gather, judge};
use crate::error::{FileError, Problem};
use crate::load::{SourceFile, line_of};
use crate::source::content_hash;
use crate::text_edit::apply_edits;
use crate::threads::pool;

/// Which fixes are applied.
#[derive(Clone, Debug)]
pub struct FixOptions {
    /// What is checked, and how.
    pub check: Options,
    /// Fixes that change what the program does, under conditions, are applied as well.
    pub allow_unsafe: bool,
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
    absolute: PathBuf,
    bytes: Option<Vec<u8>>,
    hash: String,
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
    /// The fix.
    pub fix: Fix,
    /// Other fixes of the finding, that were not taken.
    pub alternatives: Vec<String>,
}

/// Rounds after which fixing stops, come what may.
const MAX_ROUNDS: usize = 32;

/// Fixes files in memory; nothing is written.
pub fn fix(input: &Input, options: &FixOptions, progress: &dyn Progress) -> Outcome {
    pool().install(|| {
        let (files, errors) = gather(input, progress);
        let originals: Vec<SourceFile> = files.clone();
        let mut checked = judge(files, errors.clone(), &options.check);
        let mut applied: Vec<Applied> = Vec::new();
        let mut attempts = Attempts::default();
        for _ in 0..MAX_ROUNDS {
            let chosen = choose(&checked, options, &mut attempts);
            if chosen.is_empty() {
                break;
            }
            let (files, taken) = take(checked, chosen);
            applied.extend(taken);
            checked = judge(files, errors.clone(), &options.check);
        }
        let changed = originals
            .iter()
            .enumerate()
            .filter_map(|(index, original)| {
                let now = checked.file(ModuleId(index as u32));
                (now.text != original.text).then(|| Fixed {
                    path: original.path.clone(),
                    before: original.text.to_string(),
                    after: now.text.to_string(),
                    absolute: original.absolute.clone(),
                    bytes: original.encoding.encode(&now.text),
                    hash: original.hash.clone(),
                })
            })
            .collect();
        Outcome { remaining: checked, changed, applied }
    })
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

/// The best fix of each finding, as far as they go together.
fn choose(checked: &Checked, options: &FixOptions, attempts: &mut Attempts) -> Vec<Chosen> {
    attempts.note(checked);
    let limit = if options.allow_unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let mut taken: BTreeMap<ModuleId, Vec<Edit>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for judged in checked.active() {
        let fixes = checked.fixes(&judged.finding);
        let fitting = fixes.iter().find(|fix| {
            fix.applicability <= limit && !fix.edits.is_empty() && attempts.may(&judged.fingerprint, fix.id)
        });
        let Some(fix) = fitting else { continue };
        if conflicts(&taken, &fix.edits) {
            continue;
        }
        attempts.count(&judged.fingerprint, fix.id);
        for edit in &fix.edits {
            taken.entry(edit.module).or_default().push(edit.clone());
        }
        let file = checked.file(judged.finding.module);
        let others = fixes.iter().filter(|other| other.id != fix.id);
        chosen.push(Chosen {
            edits: fix.edits.clone(),
            applied: Applied {
                path: file.path.clone(),
                line: line_of(&file.text, judged.finding.range.start),
                code: judged.finding.rule.metadata().code,
                fingerprint: judged.fingerprint.clone(),
                alternatives: others.map(|other| other.title.clone()).collect(),
                fix: fix.clone(),
            },
        });
    }
    chosen
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
fn rewrite<'e>(
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

/// Writes fixed files, each as a whole or not at all. A file that changed since it was read is left
/// as it is. Returns what could not be written.
pub fn write(changed: &[Fixed]) -> Vec<FileError> {
    changed
        .iter()
        .filter_map(|file| write_one(file).err().map(|problem| FileError::new(&file.path, problem)))
        .collect()
}

fn write_one(file: &Fixed) -> Result<(), Problem> {
    let failed = |error: std::io::Error| Problem::Unwritable(error.to_string());
    let Some(bytes) = &file.bytes else {
        return Err(Problem::Unwritable(
            "the fix needs a character that the file's encoding lacks".to_owned(),
        ));
    };
    // A link is written through, not replaced.
    let target = std::fs::canonicalize(&file.absolute).map_err(failed)?;
    let current = std::fs::read(&target).map_err(failed)?;
    if content_hash(&current) != file.hash {
        return Err(Problem::ChangedMeanwhile);
    }
    let directory = target.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(&target).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(Problem::Unwritable("the file is read-only".to_owned()));
    }
    let mut temporary = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    temporary.write_all(bytes).map_err(failed)?;
    temporary.as_file().set_permissions(permissions).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
