//! The corpus: published packages that the rules are judged on.
//!
//! What is found in them is counted per rule and package, and the counts are kept. A change of a rule
//! shows what it gained and lost. Findings that somebody read with the source beside them are kept with the
//! verdict and its reason, so that precision is a number which anyone can recompute.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::repository;
use crate::run::{cargo, say};

/// How to run over the corpus.
#[derive(Args)]
pub(crate) struct Options {
    /// Writes the counts as they are now.
    #[arg(long)]
    update: bool,
    /// Prints this many findings, drawn at random, to be judged.
    #[arg(long, value_name = "NUMBER")]
    sample: Option<usize>,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draws findings of rules whose codes begin like one of these.
    #[arg(long, value_delimiter = ',', default_value = "LW")]
    rules: Vec<String>,
}

/// `packages.toml`
#[derive(Deserialize)]
struct Packages {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// `verdicts.toml`
#[derive(Default, Deserialize)]
struct Verdicts {
    #[serde(default)]
    finding: Vec<Verdict>,
}

/// What somebody thinks of a finding.
#[derive(Deserialize)]
struct Verdict {
    fingerprint: String,
    package: String,
    rule: String,
    tier: Option<String>,
    is_right: bool,
}

/// A finding with the package it is in.
struct Found {
    package: String,
    finding: Value,
}

/// Number of findings by package, rule and severity.
type Counts = BTreeMap<(String, String, String), usize>;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let folder = repository().join("tests/corpus");
    let packages: Packages = toml::from_str(&fs::read_to_string(folder.join("packages.toml"))?)?;
    cargo("build", &["build", "--release", "--quiet"])?;
    let mut found = Vec::new();
    let mut lines = 0;
    for package in &packages.package {
        let root = fetched(package)?;
        let document = checked(&root)?;
        lines += lines_below(&root)?;
        let findings = document["findings"].as_array().context("there are no findings in the JSON")?;
        found.extend(
            findings.iter().map(|finding| Found { package: package.name.clone(), finding: finding.clone() }),
        );
    }
    say(&format!("{} packages, {lines} lines, {} findings", packages.package.len(), found.len()));
    compare(&folder.join("counts.txt"), &counts(&found), options.update)?;
    judge(&folder.join("verdicts.toml"), &found)?;
    if let Some(number) = options.sample {
        sample(found, number, options);
    }
    Ok(())
}

/// The unpacked wheel of a package; fetched where it is not there yet.
fn fetched(package: &Package) -> anyhow::Result<PathBuf> {
    let base = repository().join("target/corpus");
    let root = base.join(format!("{}-{}", package.name, package.version));
    if root.is_dir() {
        return Ok(root);
    }
    let wheels = base.join("wheels");
    fs::create_dir_all(&wheels)?;
    say(&format!("fetching {} {}", package.name, package.version));
    let wanted = format!("{}=={}", package.name, package.version);
    let download = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--python-version",
        "3.11",
    ];
    python(&[&download[..], &["--dest", &wheels.to_string_lossy(), &wanted]].concat())?;
    let prefix = format!("{}-{}-", package.name.replace('-', "_"), package.version);
    let wheel = fs::read_dir(&wheels)?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .with_context(|| format!("pip brought no wheel called {prefix}…"))?;
    let unfinished = base.join("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    python(&["-m", "zipfile", "-e", &wheel.path().to_string_lossy(), &unfinished.to_string_lossy()])?;
    fs::rename(&unfinished, &root)?;
    Ok(root)
}

fn python(args: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("python3").args(args).status().context("cannot run python3")?;
    ensure!(status.success(), "`python3 {}` failed", args.join(" "));
    Ok(())
}

/// What the program says of a folder.
fn checked(root: &Path) -> anyhow::Result<Value> {
    let program = repository().join("target/release/leakwright");
    let output = Command::new(program).current_dir(root).args(["check", "--format", "json"]).output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{}: {}", root.display(), String::from_utf8_lossy(&output.stderr)))
}

fn lines_below(root: &Path) -> anyhow::Result<usize> {
    let mut lines = 0;
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|ending| ending == "py") {
                lines += fs::read(path)?.split(|byte| *byte == b'\n').count();
            }
        }
    }
    Ok(lines)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn counts(found: &[Found]) -> Counts {
    let mut counts = Counts::new();
    for Found { package, finding } in found {
        let key = (package.clone(), text(&finding["code"]), text(&finding["severity"]));
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Says what changed since the counts were kept, and keeps them anew if asked to.
fn compare(path: &Path, now: &Counts, update: bool) -> anyhow::Result<()> {
    let kept = fs::read_to_string(path).unwrap_or_default();
    let mut before = Counts::new();
    for line in kept.lines() {
        if let [package, rule, severity, number] = line.split_whitespace().collect::<Vec<_>>()[..] {
            before.insert((package.to_owned(), rule.to_owned(), severity.to_owned()), number.parse()?);
        }
    }
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    for key in keys {
        let (was, is) = (before.get(key).unwrap_or(&0), now.get(key).unwrap_or(&0));
        if was != is {
            say(&format!("{} {} {}: {was} -> {is}", key.0, key.1, key.2));
        }
    }
    if update {
        let mut text = String::new();
        for ((package, rule, severity), number) in now {
            writeln!(text, "{package} {rule} {severity} {number}")?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Says how many of the judged findings that are still found are right, and which are gone.
fn judge(path: &Path, found: &[Found]) -> anyhow::Result<()> {
    let verdicts: Verdicts = match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text)?,
        Err(_) => Verdicts::default(),
    };
    let current: BTreeSet<String> = found.iter().map(|found| text(&found.finding["fingerprint"])).collect();
    let mut by_group: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for verdict in &verdicts.finding {
        if !current.contains(&verdict.fingerprint) {
            let was = if verdict.is_right { "right" } else { "wrong" };
            say(&format!("gone: {} {} {} ({was})", verdict.package, verdict.rule, verdict.fingerprint));
            continue;
        }
        let tier = verdict.tier.as_deref().map(|tier| format!("{} {tier}", &verdict.rule[..3]));
        for group in std::iter::once(verdict.rule.clone()).chain(tier) {
            let (right, all) = by_group.entry(group).or_default();
            *right += usize::from(verdict.is_right);
            *all += 1;
        }
    }
    for (group, (right, all)) in by_group {
        say(&format!("{group}: {right} of {all} judged findings are right ({} %)", right * 100 / all));
    }
    Ok(())
}

/// Prints findings drawn at random: those with the smallest hash of seed and fingerprint.
fn sample(mut found: Vec<Found>, number: usize, options: &Options) {
    found.retain(|found| {
        let code = text(&found.finding["code"]);
        options.rules.iter().any(|begins| code.starts_with(begins.as_str()))
    });
    found.sort_by_cached_key(|found| {
        let key = format!(
            "{}{}{}",
            options.seed,
            text(&found.finding["fingerprint"]),
            text(&found.finding["path"])
        );
        // FNV-1a: the same on every machine.
        key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    for Found { package, finding } in found.iter().take(number) {
        let line = &finding["range"]["start"]["line"];
        let (path, code, message) =
            (text(&finding["path"]), text(&finding["code"]), text(&finding["message"]));
        say(&format!("{package} {path}:{line} {code} {} {message}", text(&finding["fingerprint"])));
    }
}
