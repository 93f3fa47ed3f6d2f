//! The rules that hold for a file.
//!
//! Layers are laid one over the other: what the program does by itself, the preset, the configuration, what the
//! configuration says of the file's path, and what the command line or the editor says. Each may select rules anew,
//! leave some out, and say how severe they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use leakwright_rules::{Confidence, Finding, RuleId, Severity};
use serde::Deserialize;

use crate::preset::Preset;
use crate::selector::Selector;

/// What is said about rules in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// Rules to run instead of those below.
    pub(crate) select: Option<Vec<Selector>>,
    /// Rules not to run.
    pub(crate) ignore: Vec<Selector>,
    /// Findings that are less sure are not shown.
    pub(crate) min_confidence: Option<Confidence>,
    /// How severe rules are; what is said later wins.
    pub(crate) severity: Vec<(Selector, Level)>,
}

/// How severe a rule is set to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// A leak that cannot be meant.
    Error,
    /// A leak.
    Warning,
    /// Worth a look; fails nothing.
    Information,
    /// Good to know.
    Hint,
    /// The rule is not run.
    Off,
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Information => Some(Severity::Information),
            Self::Hint => Some(Severity::Hint),
            Self::Off => None,
        }
    }
}

/// The rules that hold for a file.
#[derive(Clone, Debug)]
pub struct FileRules {
    /// Rules that are run, in the order of their codes.
    pub rules: Vec<RuleId>,
    /// Findings that are less sure are not shown.
    pub min_confidence: Confidence,
    /// Rules whose findings are set to be as severe as this.
    pub severities: BTreeMap<RuleId, Severity>,
    /// Rules whose findings are not shown in this file.
    pub ignored: Vec<RuleId>,
    /// The rules whose severity is set by the preset alone.
    from_preset: Vec<RuleId>,
    preset: Preset,
}

impl FileRules {
    /// Of layers, the uppermost last; what the last says of rules wins over their being turned off.
    pub(crate) fn of(preset: Preset, layers: &[&Layer], ignored: Vec<RuleId>) -> Self {
        let own = preset.layer();
        let mut rules = default_rules();
        let mut min_confidence = Confidence::Medium;
        let mut levels: BTreeMap<RuleId, Level> = BTreeMap::new();
        let mut from_preset = Vec::new();
        for (index, layer) in std::iter::once(&&own).chain(layers).enumerate() {
            if let Some(selectors) = &layer.select {
                rules = selected(selectors);
                // Asked for by name, whatever was said before.
                levels.retain(|rule, level| *level != Level::Off || !rules.contains(rule));
            }
            rules.retain(|rule| !layer.ignore.iter().any(|selector| selector.rules().contains(rule)));
            min_confidence = layer.min_confidence.unwrap_or(min_confidence);
            for (selector, level) in by_precision(&layer.severity) {
                for rule in selector.rules() {
                    levels.insert(*rule, level);
                    from_preset.retain(|known| known != rule);
                    if index == 0 {
                        from_preset.push(*rule);
                    }
                }
            }
        }
        rules.retain(|rule| levels.get(rule) != Some(&Level::Off));
        let severities =
            levels.into_iter().filter_map(|(rule, level)| Some((rule, level.severity()?))).collect();
        Self { rules, min_confidence, severities, ignored, from_preset, preset }
    }

    /// A finding as severe as it is set to be; `None` if it is not shown in this file.
    pub(crate) fn admit(&self, mut finding: Finding) -> Option<Finding> {
        finding.severity = self.severity(&finding)?;
        Some(finding)
    }

    /// The same of a finding that others have as well.
    pub(crate) fn admit_shared(&self, finding: &Arc<Finding>) -> Option<Arc<Finding>> {
        let severity = self.severity(finding)?;
        let mut finding = Arc::clone(finding);
        if finding.severity != severity {
            Arc::make_mut(&mut finding).severity = severity;
        }
        Some(finding)
    }

    /// How severe a finding is set to be; `None` if it is not shown in this file.
    fn severity(&self, finding: &Finding) -> Option<Severity> {
        if finding.confidence < self.min_confidence || self.ignored.contains(&finding.rule) {
            return None;
        }
        let is_spared = self.from_preset.contains(&finding.rule) && Preset::spares(finding);
        Some(match self.severities.get(&finding.rule) {
            Some(severity) if !is_spared => *severity,
            _ => self.preset.adapted(finding),
        })
    }

    /// Whether the severity of a rule comes from the preset.
    pub fn is_from_preset(&self, rule: RuleId) -> bool {
        self.from_preset.contains(&rule)
    }
}

/// What is about more rules comes before what is about fewer, whatever the order in which it is written.
fn by_precision(severity: &[(Selector, Level)]) -> Vec<(&Selector, Level)> {
    let mut ordered: Vec<(&Selector, Level)> =
        severity.iter().map(|(selector, level)| (selector, *level)).collect();
    ordered.sort_by_key(|(selector, _)| std::cmp::Reverse(selector.rules().len()));
    ordered
}

/// The rules that are on by default.
pub(crate) fn default_rules() -> Vec<RuleId> {
    RuleId::all().filter(|rule| rule.metadata().is_default).collect()
}

fn selected(selectors: &[Selector]) -> Vec<RuleId> {
    RuleId::all().filter(|rule| selectors.iter().any(|selector| selector.rules().contains(rule))).collect()
}
