//! Selecting rules: by code, by a prefix of codes, by name, by family, or all.

use leakwright_rules::RuleId;
use serde::Deserialize;

/// What selects rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Selector {
    text: String,
    rules: Vec<RuleId>,
}

/// A selector that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule `{text}`{}", .suggestion.as_ref().map(|found| format!(", did you mean `{found}`?")).unwrap_or_default())]
pub struct UnknownSelector {
    text: String,
    suggestion: Option<String>,
}

impl std::str::FromStr for Selector {
    type Err = UnknownSelector;

    fn from_str(text: &str) -> Result<Self, UnknownSelector> {
        let rules: Vec<RuleId> = RuleId::all().filter(|rule| matches(*rule, text)).collect();
        if rules.is_empty() && !is_code_prefix(text) {
            let known = RuleId::all().flat_map(|rule| {
                let metadata = rule.metadata();
                [metadata.code, metadata.name, metadata.family.name()]
            });
            // The code of another tool is no slip of the pen.
            let is_foreign =
                !text.starts_with(['L', 'l']) && text.ends_with(|end: char| end.is_ascii_digit());
            let suggestion = closest(text, known).filter(|_| !is_foreign);
            return Err(UnknownSelector { text: text.to_owned(), suggestion });
        }
        Ok(Self { text: text.to_owned(), rules })
    }
}

impl TryFrom<String> for Selector {
    type Error = UnknownSelector;

    fn try_from(text: String) -> Result<Self, UnknownSelector> {
        text.parse()
    }
}

impl Selector {
    /// The rules it selects.
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether a text selects a rule.
pub(crate) fn matches(rule: RuleId, text: &str) -> bool {
    let metadata = rule.metadata();
    let is_code = is_code_prefix(text) && metadata.code.starts_with(&text.to_ascii_uppercase());
    text.eq_ignore_ascii_case("all") || is_code || metadata.name == text || metadata.family.name() == text
}

/// `LW`, `LW2`, `LW203`: also of codes that this version does not know yet.
fn is_code_prefix(text: &str) -> bool {
    let Some(digits) = text.get(2..).filter(|_| text[..2].eq_ignore_ascii_case("LW")) else { return false };
    digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The known word nearest to a misspelt one.
#[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
pub fn closest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|word| (strsim::damerau_levenshtein(&text.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min()
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        text.parse::<Selector>().unwrap().rules().iter().map(|rule| rule.metadata().code).collect()
    }

    #[test]
    fn rules_are_selected_by_code_prefix_name_and_family() {
        assert_eq!(codes("LW203"), ["LW203"]);
        assert_eq!(codes("unbounded-cache"), ["LW201"]);
        assert_eq!(codes("lw1"), codes("growth"));
        assert_eq!(codes("LW").len(), RuleId::all().count());
        assert_eq!(codes("all").len(), RuleId::all().count());
        assert!(codes("LW9").is_empty(), "a code of another version is not an error");
    }

    #[test]
    fn a_misspelt_rule_gets_a_suggestion() {
        let error = "unbounded-cahce".parse::<Selector>().unwrap_err();
        assert_eq!(error.to_string(), "unknown rule `unbounded-cahce`, did you mean `unbounded-cache`?");
        assert_eq!("E501".parse::<Selector>().unwrap_err().to_string(), "unknown rule `E501`");
    }
}
