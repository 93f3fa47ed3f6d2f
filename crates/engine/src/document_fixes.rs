//! What can be done about the findings of a whole document, beside the fixes of each.

use std::collections::BTreeMap;

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Applicability, Edit, Sources};
use leakwright_syntax::{TextRange, Tree};

use crate::fixing::conflicts;
use crate::linked::{Analysis, Found};
use crate::load::parse;
use crate::suppress::silence;
use crate::text_edit::apply_edits;

impl Analysis {
    /// The safe fixes of all findings, or of those of one rule, as far as they go together and change
    /// nothing but the document. What is left can be fixed afterwards.
    pub fn fix_all(&self, code: Option<&str>) -> Vec<Edit> {
        let Some(tree) = self.linked.tree(self.module) else { return Vec::new() };
        let wanted = |found: &&Found| code.is_none_or(|code| found.finding.rule.metadata().code == code);
        let mut taken: BTreeMap<ModuleId, Vec<Edit>> = BTreeMap::new();
        let mut chosen: Vec<Vec<Edit>> = Vec::new();
        for found in self.findings.iter().filter(wanted) {
            let Some(edits) = self.safe_edits(found) else { continue };
            if !conflicts(&taken, &edits) {
                taken.entry(self.module).or_default().extend(edits.iter().cloned());
                chosen.push(edits);
            }
        }
        if !is_sound(tree, &chosen) {
            // Together they break something: find those that do not.
            let mut kept: Vec<Vec<Edit>> = Vec::new();
            for edits in chosen {
                kept.push(edits);
                if !is_sound(tree, &kept) {
                    kept.pop();
                }
            }
            chosen = kept;
        }
        let mut all: Vec<Edit> = Vec::new();
        for edit in chosen.into_iter().flatten() {
            if !all.contains(&edit) {
                all.push(edit);
            }
        }
        all
    }

    fn safe_edits(&self, found: &Found) -> Option<Vec<Edit>> {
        let is_safe = |fix: &leakwright_rules::Fix| {
            let is_own = fix.edits.iter().all(|edit| edit.module == self.module);
            fix.applicability == Applicability::Safe && is_own && !fix.edits.is_empty()
        };
        self.fixes(found).into_iter().find(is_safe).map(|fix| fix.edits)
    }

    /// A comment that silences a finding on its line; `None` where there can be none.
    pub fn suppress(&self, found: &Found) -> Option<Edit> {
        let tree = found.linked.tree(found.finding.module)?;
        let code = found.finding.rule.metadata().code;
        let (range, text) = silence(tree, &[(found.finding.range.start, code)], None).pop()?;
        Some(Edit::replace(found.finding.module, range, text))
    }
}

/// Whether a text still parses as well as before.
fn is_sound(tree: &Tree, edits: &[Vec<Edit>]) -> bool {
    let edits: Vec<(TextRange, &str)> =
        edits.iter().flatten().map(|edit| (edit.range, edit.text.as_str())).collect();
    let Ok(text) = apply_edits(tree.text(), &edits) else { return false };
    parse(text.into()).is_ok_and(|fixed| tree.root().has_error() || !fixed.root().has_error())
}
