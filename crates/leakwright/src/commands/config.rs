//! `leakwright config`.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use leakwright_engine::{Config, Configurations, FileRules, Origin, Preset};
use leakwright_rules::{Confidence, Severity};

use super::Exit;
use crate::args::ConfigArgs;
use crate::terminal;

pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<Exit> {
    if args.presets {
        terminal::print(&presets());
        return Ok(Exit::Clean);
    }
    let absolute = std::path::absolute(&args.path).context("cannot find the path")?;
    let metadata = std::fs::metadata(&absolute).with_context(|| args.path.display().to_string())?;
    let directory =
        if metadata.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
    let origin = Configurations::default().nearest(directory)?;
    // Of a folder what holds for its files is shown.
    let file = if metadata.is_dir() { absolute.join("module.py") } else { absolute.clone() };
    terminal::print(&shown(&origin, &absolute, &file));
    Ok(Exit::Clean)
}

/// What each preset is for, and what it sets.
fn presets() -> String {
    let mut out = String::new();
    for preset in Preset::ALL {
        let _ = writeln!(out, "\x1b[1m{:8}\x1b[0m {}", preset.name(), preset.meaning());
    }
    out
}

fn shown(origin: &Origin, path: &Path, file: &Path) -> String {
    let config = &origin.config;
    let mut out = match &origin.path {
        Some(path) => format!("# from {}\n", path.display()),
        None => "# defaults: no configuration above this path\n".to_owned(),
    };
    if config.excludes(path) {
        out += "# this path is excluded\n";
    }
    let rules = config.for_file(file);
    let name = origin.path.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let lines = Lines { config, rules: &rules, name: &name };
    out + &lines.settings() + &lines.severities()
}

/// The settings as a configuration has them, each with where it comes from.
struct Lines<'c> {
    config: &'c Config,
    rules: &'c FileRules,
    /// The configuration's file.
    name: &'c str,
}

impl Lines<'_> {
    fn settings(&self) -> String {
        let Self { config, rules, .. } = self;
        let ignored = |rule: &leakwright_rules::RuleId| rules.ignored.contains(rule);
        let shown = rules.rules.iter().filter(|rule| !ignored(rule));
        let codes: Vec<String> = shown.map(|rule| format!("\"{}\"", rule.metadata().code)).collect();
        let src: Vec<String> = config.src.iter().map(|dir| format!("\"{}\"", dir.display())).collect();
        let preset = config.preset;
        let by_preset = preset != Preset::Default;
        let sets_reason = preset == Preset::Strict;
        let mut out = String::new();
        let rule_keys = ["select", "ignore", "severity", "overrides", "per-file-ignores"];
        let select = format!("[{}]", codes.join(", "));
        out += &self.line("select", &select, &rule_keys, preset == Preset::Strict);
        let confidence = quoted(confidence(rules.min_confidence));
        out += &self.line("min-confidence", &confidence, &["min-confidence", "overrides"], false);
        out += &self.line("preset", &quoted(preset.name()), &["preset"], false);
        let reason = config.requires_suppression_reason.to_string();
        out +=
            &self.line("require-suppression-reason", &reason, &["require-suppression-reason"], sets_reason);
        if let Some(baseline) = &config.baseline {
            let shown = baseline.strip_prefix(&config.root).unwrap_or(baseline);
            out += &self.line("baseline", &quoted(&shown.to_string_lossy()), &["baseline"], false);
        }
        out += &self.line("src", &format!("[{}]", src.join(", ")), &["src"], false);
        out +=
            &self.line("deque-maxlen", &config.settings.deque_maxlen.to_string(), &["deque-maxlen"], false);
        let maxsize = config.settings.cache_maxsize.to_string();
        out += &self.line("cache-maxsize", &maxsize, &["cache-maxsize"], false);
        if by_preset {
            let _ = writeln!(out, "# preset {}: {}", preset.name(), preset.meaning());
        }
        for resource in &config.resources {
            let _ = writeln!(out, "# own resource: {}", resource.constructor);
        }
        for subscription in &config.subscriptions {
            let _ = writeln!(out, "# own subscription: {}", subscription.register);
        }
        out
    }

    /// A setting; it is written if any of some keys is, else the preset or nobody sets it.
    fn line(&self, key: &str, value: &str, keys: &[&str], by_preset: bool) -> String {
        let written: Vec<&str> = keys
            .iter()
            .copied()
            .filter(|key| self.config.written.iter().any(|written| written == key))
            .collect();
        let origin = if written.is_empty() && by_preset {
            format!("preset {}", self.config.preset.name())
        } else if written.is_empty() {
            "default".to_owned()
        } else if written == [key] {
            self.name.to_owned()
        } else {
            format!("{}: {}", self.name, written.join(", "))
        };
        format!("{key} = {value}  # {origin}\n")
    }

    /// The rules that are not as severe as they are by themselves.
    fn severities(&self) -> String {
        let mut out = String::new();
        for (rule, severity) in &self.rules.severities {
            if !self.rules.rules.contains(rule) {
                continue;
            }
            let from_preset = self.rules.is_from_preset(*rule);
            let origin = if from_preset {
                format!("preset {}", self.config.preset.name())
            } else {
                self.name.to_owned()
            };
            let _ = writeln!(out, "{} = \"{}\"  # {origin}", rule.metadata().code, severity_name(*severity));
        }
        if out.is_empty() { out } else { format!("\n[severity]\n{out}") }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
        Severity::Hint => "hint",
    }
}
