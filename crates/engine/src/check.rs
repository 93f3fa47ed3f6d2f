//! Checking: from paths to findings.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use leakwright_analysis::project::{Module, ModuleId, Project};
use leakwright_rules::{Confidence, Context, Finding, Fix, Sources};
use leakwright_syntax::Tree;
use rayon::prelude::*;

use crate::cache::Cache;
use crate::error::{FileError, Problem};
use crate::gathered::Gathered;
use crate::known::Comparison;
use crate::linked::catalogue;
use crate::load::{SourceFile, line_of, parse};
use crate::selector::Selector;
use crate::suppress::{UnusedSuppression, Useless, Uses};

/// What is checked.
#[derive(Clone, Debug)]
pub enum Input {
    /// Files, and what is below directories.
    Paths(Vec<PathBuf>),
    /// Texts that are not on disk, each under the path it goes by.
    Texts(Vec<(PathBuf, Vec<u8>)>),
    /// The same, and nothing outside of these folders, which are given without links, is read: no file that
    /// a link leads to, and no configuration.
    Within(Box<Input>, Vec<PathBuf>),
}

impl Input {
    /// Whether whole folders are checked.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Paths(paths) if paths.iter().all(|path| path.is_dir()))
    }
}

/// Settings of one run, which win over configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Rules to run instead of the configured ones.
    pub select: Option<Vec<Selector>>,
    /// Rules not to run.
    pub ignore: Vec<Selector>,
    /// Findings that are less sure are not shown.
    pub min_confidence: Option<Confidence>,
}

/// Hears how far a run is.
pub trait Progress: Sync {
    /// Files have been found; each will be reported once.
    fn found(&self, files: usize);
    /// Another file is done.
    fn done(&self);
}

/// Does not want to hear.
pub struct NoProgress;

impl Progress for NoProgress {
    fn found(&self, _: usize) {}
    fn done(&self) {}
}

/// What a run gave.
pub struct Checked {
    /// The files, linked.
    pub project: Project,
    /// The findings: by path, then place, then rule.
    pub findings: Vec<Judged>,
    /// What went wrong.
    pub errors: Vec<FileError>,
    /// Suppression comments that silence nothing.
    pub unused_suppressions: Vec<UnusedSuppression>,
    /// How many files were checked.
    pub files_checked: usize,
    /// What the findings were compared with.
    pub comparisons: Vec<Comparison>,
    files: Vec<SourceFile>,
    trees: Trees,
}

/// A finding and what the project says of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Whether a comment silences it.
    pub is_suppressed: bool,
    /// What identifies it when lines shift.
    pub fingerprint: String,
    /// Whether it was there before, and is not shown.
    pub is_known: bool,
}

/// Something that is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// What it is.
    pub what: String,
    /// Why it is not reported.
    pub reason: String,
    /// Where that shows: the file and the line.
    pub shown: Option<(PathBuf, u32)>,
}

/// Checks files.
pub fn check(input: &Input, options: &Options, progress: &dyn Progress) -> Checked {
    Gathered::read(input, progress).check(&Cache::none(), options, progress)
}

/// Links the files and runs the rules over each.
pub(crate) fn judge(files: Vec<SourceFile>, mut errors: Vec<FileError>, options: &Options) -> Checked {
    let modules: Vec<Module> = files.iter().map(|file| file.module.clone()).collect();
    let project = Project::link(modules, catalogue(files.iter().map(|file| &file.config)));
    let results: Vec<FileResult> = (0..files.len())
        .into_par_iter()
        .map(|index| check_file(&project, ModuleId(index as u32), &files[index], options))
        .collect();
    let mut findings = Vec::new();
    let mut unused = Vec::new();
    for (file, result) in files.iter().zip(results) {
        findings.extend(result.findings);
        unused.extend(result.unused);
        errors.extend(
            result
                .failed
                .into_iter()
                .map(|rule| FileError::new(&file.path, Problem::Internal(format!("rule {rule}")))),
        );
        errors.extend(file.syntax_error.map(|line| FileError::new(&file.path, Problem::Syntax { line })));
    }
    errors.sort_by(|a, b| a.path.cmp(&b.path));
    let trees = Trees::new(&files);
    let files_checked = files.len();
    Checked {
        project,
        findings,
        errors,
        unused_suppressions: unused,
        files_checked,
        comparisons: Vec::new(),
        files,
        trees,
    }
}

struct FileResult {
    findings: Vec<Judged>,
    unused: Vec<UnusedSuppression>,
    failed: Vec<&'static str>,
}

fn check_file(project: &Project, module: ModuleId, file: &SourceFile, options: &Options) -> FileResult {
    let mut result = FileResult { findings: Vec::new(), unused: Vec::new(), failed: Vec::new() };
    if file.is_stub {
        return result;
    }
    let mut config = (*file.config).clone();
    config.with_overrides(options.select.as_deref(), &options.ignore, options.min_confidence);
    let context = Context::new(project, module, &config.settings);
    let rules = config.for_file(&file.absolute);
    let checked = leakwright_rules::check(&context, &rules.rules);
    result.failed = checked.failed;
    let mut uses = Uses::new(&file.suppressions, config.requires_suppression_reason);
    for finding in checked.findings {
        let is_suppressed = uses.silence(&finding);
        let Some(finding) = rules.admit(finding) else { continue };
        let fingerprint = finding.fingerprint(&file.module.name, &file.text);
        result.findings.push(Judged { finding, is_suppressed, fingerprint, is_known: false });
    }
    // What is broken is not judged, so that nothing can be said of what silences it.
    if file.syntax_error.is_none() && result.failed.is_empty() {
        let is_all = options.select.is_none() && options.ignore.is_empty();
        result.unused = uses.unused(file, module, &rules.rules, is_all);
    }
    result
}

impl Checked {
    /// Unless whole folders are checked, what silences nothing may be needed all the same: findings rest on files
    /// that were not looked at.
    pub(crate) fn forget_unused(&mut self, input: &Input) {
        let is_whole = input.is_whole();
        self.unused_suppressions.retain(|unused| is_whole || unused.why == Useless::NoReason);
    }

    /// The file of a module.
    pub fn file(&self, module: ModuleId) -> &SourceFile {
        &self.files[module.0 as usize]
    }

    /// What was looked at on a line of a file and found sound, each with the reason and where that shows.
    /// `None` where the file is not among those that were checked.
    pub fn sound_at(&self, path: &Path, line: u32) -> Option<Vec<Silent>> {
        let wanted = path.canonicalize().ok();
        let index = self.files.iter().position(|file| file.absolute.canonicalize().ok() == wanted)?;
        let (module, file) = (ModuleId(index as u32), &self.files[index]);
        let context = Context::new(&self.project, module, &file.config.settings);
        let on_line = leakwright_rules::sound(&context)
            .into_iter()
            .filter(|sound| line_of(&file.text, sound.range.start) == line);
        let silent = on_line.map(|sound| Silent {
            what: sound.what,
            reason: sound.reason,
            shown: sound.shown.map(|(module, range)| {
                let file = self.file(module);
                (file.path.clone(), line_of(&file.text, range.start))
            }),
        });
        Some(silent.collect())
    }

    /// The ways to mend a finding, best first.
    pub fn fixes(&self, finding: &Finding) -> Vec<Fix> {
        let settings = &self.file(finding.module).config.settings;
        let context = Context::new(&self.project, finding.module, settings);
        leakwright_rules::fixes(finding, &context, &self.trees)
    }

    /// Findings that no comment silences, and that were not there before.
    pub fn active(&self) -> impl Iterator<Item = &Judged> {
        self.findings.iter().filter(|judged| !judged.is_suppressed && !judged.is_known)
    }

    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The trees of the files.
    pub(crate) fn trees(&self) -> &dyn Sources {
        &self.trees
    }

    pub(crate) fn into_files(self) -> Vec<SourceFile> {
        self.files
    }
}

/// Syntax trees of the files, made when they are asked for.
struct Trees {
    entries: Vec<(Arc<str>, OnceLock<Option<Tree>>)>,
}

impl Trees {
    fn new(files: &[SourceFile]) -> Self {
        Self { entries: files.iter().map(|file| (Arc::clone(&file.text), OnceLock::new())).collect() }
    }
}

impl Sources for Trees {
    fn tree(&self, module: ModuleId) -> Option<&Tree> {
        let (text, tree) = self.entries.get(module.0 as usize)?;
        tree.get_or_init(|| parse(Arc::clone(text)).ok()).as_ref()
    }
}
