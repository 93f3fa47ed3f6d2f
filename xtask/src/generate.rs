//! Files that are made from others.
//!
//! A rule is written in one place, its file under `crates/rules/src/rules`. From these files come the
//! list of modules, the registry, and the page of each rule.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::repository;

/// What the file of a rule says.
struct Rule {
    code: String,
    name: String,
    summary: String,
    module: String,
    type_name: String,
    page: String,
}

/// A file and what it should hold.
struct Generated {
    path: PathBuf,
    text: String,
}

/// Writes the generated files, or checks that they are as they would be written.
#[expect(clippy::print_stderr, reason = "a development task says what it does")]
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let rules = rules()?;
    ensure!(!rules.is_empty(), "no rules found");
    let mut stale = Vec::new();
    for file in generated(&rules)? {
        let current = fs::read_to_string(&file.path).unwrap_or_default();
        if current == file.text {
            continue;
        }
        if check {
            stale.push(file.path.display().to_string());
            continue;
        }
        if let Some(parent) = file.path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file.path, file.text).with_context(|| file.path.display().to_string())?;
        eprintln!("wrote {}", file.path.display());
    }
    if !stale.is_empty() {
        bail!("out of date, run `cargo xtask gen`:\n  {}", stale.join("\n  "));
    }
    Ok(())
}

/// The rules, in the order of their codes.
fn rules() -> anyhow::Result<Vec<Rule>> {
    let folder = repository().join("crates/rules/src/rules");
    let mut rules = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let module = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if module == "mod" {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        rules.push(rule(module, &text).with_context(|| path.display().to_string())?);
    }
    rules.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rules)
}

fn rule(module: String, text: &str) -> anyhow::Result<Rule> {
    let value = |key: &str| {
        let (_, rest) = text.split_once(&format!("    {key}: \"")).with_context(|| format!("no `{key}`"))?;
        rest.split('"').next().map(str::to_owned).context("an open string")
    };
    let type_name = text
        .split_once("pub(crate) struct ")
        .and_then(|(_, rest)| rest.split(';').next())
        .context("no `pub(crate) struct …;`")?
        .to_owned();
    let (code, name) = (value("code")?, value("name")?);
    let page: String = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| format!("{}\n", line[3..].strip_prefix(' ').unwrap_or_default()))
        .collect();
    ensure!(page.starts_with(&format!("# {code} {name}\n")), "the page must begin with `# {code} {name}`");
    ensure!(module == name.replace('-', "_"), "the file must be named after the rule: {name}");
    let headings = [
        "What it does",
        "Why it leaks",
        "Example",
        "Use instead",
        "Fix safety",
        "Known limits",
        "References",
    ];
    for heading in headings {
        ensure!(page.contains(&format!("\n## {heading}\n")), "the page has no `## {heading}`");
    }
    Ok(Rule { code, name, summary: value("summary")?, module, type_name, page })
}

fn generated(rules: &[Rule]) -> anyhow::Result<Vec<Generated>> {
    let root = repository();
    let mut files = vec![
        Generated { path: root.join("crates/rules/src/rules/mod.rs"), text: modules(rules)? },
        Generated { path: root.join("crates/rules/src/registry.rs"), text: registry(rules)? },
        Generated { path: root.join("docs/rules/README.md"), text: index(rules) },
        Generated { path: root.join("docs/SUMMARY.md"), text: contents(rules) },
    ];
    files.extend(rules.iter().map(|rule| Generated {
        path: root.join(format!("docs/rules/{}.md", rule.code)),
        text: rule.page.clone(),
    }));
    Ok(files)
}

/// The contents of the site.
fn contents(rules: &[Rule]) -> String {
    let mut out = "# Contents\n\n\
        [Leakwright](introduction.md)\n\n\
        - [Install](install.md)\n\
        - [Find leaks](checking.md)\n\
        - [Silence what is meant](silencing.md)\n\
        - [What is known already](baseline.md)\n\
        - [Check each change](ci.md)\n\
        - [Mend, and take it back](fixing.md)\n\
        - [The audit](report.md)\n\
        - [Notes](notes.md)\n\
        - [Assistants](mcp.md)\n\
        - [What a check costs](benchmarks.md)\n\
        - [Rules](rules/README.md)\n"
        .to_owned();
    for rule in rules {
        let _ = writeln!(out, "  - [{0} {1}](rules/{0}.md)", rule.code, rule.name);
    }
    out
}

fn modules(rules: &[Rule]) -> anyhow::Result<String> {
    let mut modules: Vec<&str> = rules.iter().map(|rule| rule.module.as_str()).collect();
    modules.sort_unstable();
    let mut out =
        "//! The rules, one a file.\n//!\n//! Generated by `cargo xtask gen`: do not edit.\n\n".to_owned();
    for module in modules {
        writeln!(out, "pub(crate) mod {module};")?;
    }
    formatted(&out)
}

fn registry(rules: &[Rule]) -> anyhow::Result<String> {
    let mut modules: Vec<&str> = rules.iter().map(|rule| rule.module.as_str()).collect();
    modules.sort_unstable();
    let mut out = "//! The list of all rules, in the order of their codes.\n//!\n\
        //! Generated by `cargo xtask gen` from the files under `rules/`: do not edit.\n\n\
        use crate::rule::Rule;\n"
        .to_owned();
    writeln!(out, "use crate::rules::{{{}}};\n", modules.join(", "))?;
    out += "/// All rules.\npub(crate) static RULES: &[&dyn Rule] = &[\n";
    for rule in rules {
        writeln!(out, "    &{}::{},", rule.module, rule.type_name)?;
    }
    out += "];\n\n/// The pages of the rules.\npub(crate) mod docs {\n";
    for rule in rules {
        let Rule { code, .. } = rule;
        writeln!(
            out,
            "    pub(crate) const {code}: &str = include_str!(\"../../../docs/rules/{code}.md\");"
        )?;
    }
    out += "}\n";
    formatted(&out)
}

fn index(rules: &[Rule]) -> String {
    let mut out = "# Rules\n\n| code | name | finds |\n|---|---|---|\n".to_owned();
    for Rule { code, name, summary, .. } in rules {
        let _ = writeln!(out, "| [{code}]({code}.md) | `{name}` | {summary} |");
    }
    out
}

/// Rust code as `rustfmt` leaves it.
fn formatted(code: &str) -> anyhow::Result<String> {
    use std::io::Write as _;
    let mut child = Command::new("rustfmt")
        .arg("--config-path")
        .arg(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt")?;
    child.stdin.take().context("no pipe to rustfmt")?.write_all(code.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt failed");
    String::from_utf8(output.stdout).context("rustfmt wrote no text")
}
