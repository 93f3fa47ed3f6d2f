//! The specs of the rules, and the examples in their pages.

use std::path::{Path, PathBuf};

use leakwright_rules::RuleId;
use leakwright_testkit::{check_fences, check_specs};

#[test]
fn rules_do_what_their_specs_say() {
    check_specs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"));
}

#[test]
fn every_rule_has_a_spec() {
    for rule in RuleId::all() {
        let path = format!("{}/specs/{}.md", env!("CARGO_MANIFEST_DIR"), rule.metadata().name);
        assert!(Path::new(&path).is_file(), "{path} is missing");
    }
}

#[test]
fn examples_in_the_pages_of_the_rules_are_true() {
    let mut failures = Vec::new();
    for rule in RuleId::all() {
        let metadata = rule.metadata();
        // A rule that is off by default is selected for its own examples.
        let fence = if metadata.is_default {
            "```python".to_owned()
        } else {
            format!("```python select={}", metadata.code)
        };
        let page = metadata.docs.replace("```python", &fence);
        failures.extend(check_fences(
            &PathBuf::from(metadata.code),
            &page.replace("# error: [LW204]", "# hint: [LW204]"),
        ));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
