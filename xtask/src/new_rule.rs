//! Beginning a rule.

use std::fs;

use anyhow::ensure;

use crate::repository;
use crate::run::say;

/// Writes the file of a rule and its spec, then the generated files. What they lack does not compile or
/// fails as a test, and says so.
pub(crate) fn run(code: &str, name: &str) -> anyhow::Result<()> {
    let is_code =
        code.len() == 5 && code.starts_with("LW") && code[2..].bytes().all(|byte| byte.is_ascii_digit());
    ensure!(is_code, "`{code}` is no code: two letters, three digits, as in LW105");
    let is_name =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !name.starts_with('-');
    ensure!(is_name, "`{name}` is no name: lower-case words with hyphens, as in unbounded-cache");
    let rule = repository().join(format!("crates/rules/src/rules/{}.rs", name.replace('-', "_")));
    let spec = repository().join(format!("crates/rules/specs/{name}.md"));
    ensure!(!rule.exists() && !spec.exists(), "there is a rule called {name} already");
    let fill = |template: &str| {
        template.replace("{code}", code).replace("{name}", name).replace("{type}", &type_name(name))
    };
    fs::write(&rule, fill(RULE))?;
    fs::write(&spec, fill(SPEC))?;
    say(&format!("wrote {}\nwrote {}", rule.display(), spec.display()));
    crate::generate::run(false)
}

fn type_name(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').filter(|word| !word.is_empty()).map(capital).collect()
}

const RULE: &str = include_str!("../templates/rule.rs.txt");
const SPEC: &str = include_str!("../templates/spec.md.txt");
