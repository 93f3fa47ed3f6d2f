//! A folder that is being edited: its files linked, and what is found in those that are open, kept in step
//! with the edits.
//!
//! An edit costs the items it touched and what rests on them. What is found elsewhere is kept and moves
//! with the text.

use std::collections::BTreeMap;
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{ModuleId, Part, Project, Tracked};
use leakwright_rules::{Context, Finding};
use leakwright_syntax::TextRange;
use rustc_hash::FxHashMap;

use crate::file_rules::FileRules;
use crate::linked::{Analysis, Found, Linked, Member, catalogue};

/// Linked files of which some are being edited.
pub(crate) struct Live {
    tracked: Tracked,
    linked: Arc<Linked>,
    /// What was found in the parts of files that were judged.
    judged: BTreeMap<ModuleId, Judged>,
}

/// What was found in the parts of a file, before comments and settings leave anything out.
struct Judged {
    rules: Arc<FileRules>,
    parts: FxHashMap<Part, InPart>,
}

#[derive(Default)]
struct InPart {
    findings: Vec<Arc<Finding>>,
    failed: Vec<&'static str>,
}

impl Live {
    /// Links files, some of which are going to be edited, unless the result is not wanted any more.
    pub(crate) fn link(
        members: Vec<Arc<Member>>,
        generation: u64,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let modules = members.iter().map(|member| member.module()).collect();
        let catalogue = catalogue(members.iter().map(|member| &member.place.config));
        let open = members.iter().enumerate().filter(|(_, member)| member.open.is_some());
        let open: Vec<ModuleId> = open.map(|(index, _)| ModuleId(index as u32)).collect();
        let tracked = Tracked::link(modules, catalogue, open, is_unwanted)?;
        let linked = Linked::new(tracked.project().clone(), members, generation);
        Some(Self { tracked, linked, judged: BTreeMap::new() })
    }

    /// All files, linked as they are now.
    pub(crate) fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// Whether the edits of a file can be followed.
    pub(crate) fn follows(&self, module: ModuleId) -> bool {
        self.tracked.is_watched(module)
    }

    /// Puts another version in the place of an open file. False if all has to be linked anew, and this is of
    /// no use any more.
    pub(crate) fn edit(&mut self, module: ModuleId, member: Arc<Member>, generation: u64) -> bool {
        let before = Arc::clone(&self.linked.member(module).facts);
        let now = Arc::clone(&member.facts);
        let Some(stale) = self.tracked.edit(module, Arc::clone(&now)) else { return false };
        self.linked = self.linked.edited(self.tracked.project().clone(), module, member, generation);
        let moves = Moves { module, before: &before, now: &now };
        for judged in self.judged.values_mut() {
            let findings = judged.parts.values_mut().flat_map(|part| &mut part.findings);
            findings.for_each(|finding| moves.apply(finding));
        }
        for part in stale {
            if let Some(home) = part.module().filter(|home| self.judged.contains_key(home)) {
                self.judge_part(home, part);
            }
        }
        true
    }

    /// What is found in an open file.
    pub(crate) fn analysis(&mut self, module: ModuleId) -> Analysis {
        if !self.judged.contains_key(&module) {
            let member = self.linked.member(module);
            let rules = Arc::new(member.place.config.for_file(&member.path));
            self.judged.insert(module, Judged { rules, parts: FxHashMap::default() });
            let parts = if self.linked.is_stub(module) { Vec::new() } else { self.tracked.parts(module) };
            for part in parts {
                self.judge_part(module, part);
            }
        }
        let mut analysis = self.linked.unjudged(module);
        let Some(judged) = self.judged.get(&module) else { return analysis };
        let parts = || judged.parts.values();
        let mut failed: Vec<&str> = parts().flat_map(|part| &part.failed).copied().collect();
        failed.sort_unstable();
        failed.dedup();
        analysis.failed = failed.into_iter().map(|rule| format!("rule {rule}")).collect();
        let mut findings: Vec<&Arc<Finding>> = parts().flat_map(|part| &part.findings).collect();
        findings.sort_by(|a, b| leakwright_rules::order(a, b));
        let shown =
            findings.into_iter().filter_map(|finding| self.linked.shown(module, &judged.rules, finding));
        analysis.findings =
            shown.map(|finding| Found { finding, linked: Arc::clone(&self.linked) }).collect();
        self.linked.new_only(analysis)
    }

    fn judge_part(&mut self, module: ModuleId, part: Part) {
        let Some(judged) = self.judged.get_mut(&module) else { return };
        let settings = &self.linked.member(module).place.config.settings;
        let rules = &judged.rules.rules;
        let check = |project: &Project| {
            let context = Context::new(project, module, settings).of(part);
            leakwright_rules::check(&context, rules)
        };
        match self.tracked.judge(part, check) {
            Some(checked) if checked.findings.is_empty() && checked.failed.is_empty() => {
                judged.parts.remove(&part);
            }
            Some(checked) => {
                let findings = checked.findings.into_iter().map(Arc::new).collect();
                judged.parts.insert(part, InPart { findings, failed: checked.failed });
            }
            None => {
                judged.parts.remove(&part);
            }
        }
    }
}

/// Where places of a file are after an edit.
struct Moves<'f> {
    module: ModuleId,
    before: &'f FileFacts,
    now: &'f FileFacts,
}

impl Moves<'_> {
    fn apply(&self, finding: &mut Arc<Finding>) {
        let is_home = finding.module == self.module;
        let range = if is_home { self.moved(finding.range) } else { finding.range };
        let evidence = |finding: &Finding, index: usize| {
            let place = &finding.evidence[index];
            if place.module == self.module { self.moved(place.range) } else { place.range }
        };
        let places: Vec<TextRange> =
            (0..finding.evidence.len()).map(|index| evidence(finding, index)).collect();
        let is_same = range == finding.range
            && finding.evidence.iter().zip(&places).all(|(place, range)| place.range == *range);
        if is_same {
            return;
        }
        let moved = Arc::make_mut(finding);
        moved.range = range;
        for (place, range) in moved.evidence.iter_mut().zip(places) {
            place.range = range;
        }
    }

    /// A place in an item is as far from its beginning as before. What lies in an item that was edited is
    /// judged anew.
    fn moved(&self, range: TextRange) -> TextRange {
        let (item, own) = self.before.own_range(range);
        self.now.range(item, own)
    }
}
