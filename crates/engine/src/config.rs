//! Configuration: `[tool.leakwright]` in `pyproject.toml`, or `leakwright.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use leakwright_catalogue::{Catalogue, Resource, Subscription};
use leakwright_rules::{Confidence, Finding, RuleId, Settings};
use serde::Deserialize;

use crate::overrides::Excluded;
use crate::selector::{Selector, closest};

/// Settings that hold for the files below a directory.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory that paths in it are relative to.
    pub root: PathBuf,
    /// Rules that are run.
    pub rules: Vec<RuleId>,
    /// Findings that are less sure are not shown.
    pub min_confidence: Confidence,
    /// A set of settings for a kind of project.
    pub preset: Preset,
    /// Directories that modules are imported from, relative to the root.
    pub src: Vec<PathBuf>,
    /// What rules depend on.
    pub settings: Settings,
    /// Whether comments that silence findings have to say why.
    pub requires_suppression_reason: bool,
    /// The project's own resources.
    pub resources: Vec<Resource>,
    /// The project's own subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// What is known of libraries: what comes with the program, and the project's own.
    pub catalogue: Arc<Catalogue>,
    /// Files with more bytes are left out.
    pub(crate) max_file_bytes: Option<usize>,
    pub(crate) excluded_by_editor: Option<Excluded>,
    exclude: GlobSet,
    per_file_ignores: Vec<(GlobSet, Vec<Selector>)>,
}

/// A set of settings for a kind of project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// For CPython.
    #[default]
    Default,
    /// Nothing is left to reference counting.
    Strict,
    /// For implementations without reference counting.
    Pypy,
}

/// What is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .path.display())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, on one line or several.
    pub message: String,
}

/// A configuration as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Written {
    select: Option<Vec<Selector>>,
    ignore: Vec<Selector>,
    per_file_ignores: BTreeMap<String, Vec<Selector>>,
    min_confidence: Option<Confidence>,
    preset: Preset,
    exclude: Vec<String>,
    src: Option<Vec<PathBuf>>,
    deque_maxlen: Option<u32>,
    cache_maxsize: Option<u32>,
    require_suppression_reason: bool,
    resources: Vec<Resource>,
    subscriptions: Vec<Subscription>,
}

/// The keys a configuration may have.
const KEYS: [&str; 12] = [
    "select",
    "ignore",
    "per-file-ignores",
    "min-confidence",
    "preset",
    "exclude",
    "src",
    "deque-maxlen",
    "cache-maxsize",
    "require-suppression-reason",
    "resources",
    "subscriptions",
];

impl Config {
    /// The settings that hold where nothing is configured.
    pub fn default_for(root: &Path) -> Self {
        Self::resolve(root, Written::default()).unwrap_or_else(|_| Self {
            root: root.to_owned(),
            rules: default_rules(),
            min_confidence: Confidence::Medium,
            preset: Preset::Default,
            src: Vec::new(),
            settings: Settings::default(),
            requires_suppression_reason: false,
            resources: Vec::new(),
            subscriptions: Vec::new(),
            catalogue: Catalogue::builtin(),
            max_file_bytes: None,
            excluded_by_editor: None,
            exclude: GlobSet::empty(),
            per_file_ignores: Vec::new(),
        })
    }

    /// Reads `leakwright.toml`.
    pub fn from_own_file(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let error = |message| ConfigError { path: path.to_owned(), message };
        let table = toml::from_str(text).map_err(|found| error(found.to_string()))?;
        Self::from_table(path, table).map_err(error)
    }

    /// Reads `[tool.leakwright]` of `pyproject.toml`; nothing if it has no such table.
    pub fn from_pyproject(path: &Path, text: &str) -> Result<Option<Self>, ConfigError> {
        let error = |message| ConfigError { path: path.to_owned(), message };
        let mut whole: toml::Table = toml::from_str(text).map_err(|found| error(found.to_string()))?;
        let Some(toml::Value::Table(mut tools)) = whole.remove("tool") else { return Ok(None) };
        match tools.remove("leakwright") {
            None => Ok(None),
            Some(toml::Value::Table(table)) => Self::from_table(path, table).map(Some).map_err(error),
            Some(_) => Err(error("`tool.leakwright` is not a table".to_owned())),
        }
    }

    fn from_table(path: &Path, table: toml::Table) -> Result<Self, String> {
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let suggestion = closest(unknown, KEYS.into_iter());
            let hint = suggestion.map_or_else(String::new, |key| format!(", did you mean `{key}`?"));
            return Err(format!("unknown key `{unknown}`{hint}"));
        }
        let written = table.try_into::<Written>().map_err(|found| found.to_string().trim().to_owned())?;
        Self::resolve(path.parent().unwrap_or(Path::new("")), written)
    }

    fn resolve(root: &Path, written: Written) -> Result<Self, String> {
        let settings = Settings::default();
        let settings = Settings {
            deque_maxlen: positive("deque-maxlen", written.deque_maxlen, settings.deque_maxlen)?,
            cache_maxsize: positive("cache-maxsize", written.cache_maxsize, settings.cache_maxsize)?,
            counts_references: written.preset == Preset::Default,
        };
        let per_file_ignores = written
            .per_file_ignores
            .iter()
            .map(|(pattern, selectors)| Ok((globs(std::slice::from_ref(pattern))?, selectors.clone())))
            .collect::<Result<_, String>>()?;
        Ok(Self {
            root: root.to_owned(),
            rules: select(written.select.as_deref(), &written.ignore),
            min_confidence: written.min_confidence.unwrap_or(Confidence::Medium),
            preset: written.preset,
            src: written.src.unwrap_or_else(|| vec![PathBuf::from("."), PathBuf::from("src")]),
            settings,
            requires_suppression_reason: written.require_suppression_reason,
            catalogue: catalogue(&written.resources, &written.subscriptions),
            resources: written.resources,
            subscriptions: written.subscriptions,
            max_file_bytes: None,
            excluded_by_editor: None,
            exclude: globs(&written.exclude)?,
            per_file_ignores,
        })
    }

    /// Settings from the command line, which win over the file's.
    pub fn with_overrides(
        &mut self,
        select: Option<&[Selector]>,
        ignore: &[Selector],
        min_confidence: Option<Confidence>,
    ) {
        if let Some(selected) = select {
            self.rules = self::select(Some(selected), &[]);
        }
        self.rules.retain(|rule| !ignore.iter().any(|selector| selector.rules().contains(rule)));
        self.min_confidence = min_confidence.unwrap_or(self.min_confidence);
    }

    /// Whether a path below the root is left out.
    pub fn excludes(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.exclude.is_match(relative)
            || relative.ancestors().skip(1).any(|dir| self.exclude.is_match(dir))
            || self.excluded_by_editor.as_ref().is_some_and(|excluded| excluded.has(path))
    }

    /// Whether a finding in a file is shown.
    pub fn shows(&self, path: &Path, finding: &Finding) -> bool {
        finding.confidence >= self.min_confidence && !self.ignored_in(path).contains(&finding.rule)
    }

    /// Rules that are not run on a file, by its path.
    fn ignored_in(&self, path: &Path) -> Vec<RuleId> {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.per_file_ignores
            .iter()
            .filter(|(globs, _)| globs.is_match(relative))
            .flat_map(|(_, selectors)| selectors.iter().flat_map(|selector| selector.rules().iter().copied()))
            .collect()
    }

    /// Directories that modules are imported from.
    pub fn source_roots(&self) -> impl Iterator<Item = PathBuf> {
        self.src.iter().map(|dir| if dir == Path::new(".") { self.root.clone() } else { self.root.join(dir) })
    }
}

/// Built-in facts and a project's own resources and subscriptions.
pub(crate) fn catalogue(resources: &[Resource], subscriptions: &[Subscription]) -> Arc<Catalogue> {
    if resources.is_empty() && subscriptions.is_empty() {
        return Catalogue::builtin();
    }
    let own = Catalogue::builtin().with_resources(resources.to_vec());
    Arc::new(own.with_subscriptions(subscriptions.to_vec()))
}

fn default_rules() -> Vec<RuleId> {
    RuleId::all().filter(|rule| rule.metadata().is_default).collect()
}

fn select(selected: Option<&[Selector]>, ignored: &[Selector]) -> Vec<RuleId> {
    let chosen = match selected {
        None => default_rules(),
        Some(selectors) => RuleId::all()
            .filter(|rule| selectors.iter().any(|selector| selector.rules().contains(rule)))
            .collect(),
    };
    chosen
        .into_iter()
        .filter(|rule| !ignored.iter().any(|selector| selector.rules().contains(rule)))
        .collect()
}

fn positive(key: &str, written: Option<u32>, default: u32) -> Result<u32, String> {
    match written {
        Some(0) => Err(format!("`{key}` must be at least 1")),
        written => Ok(written.unwrap_or(default)),
    }
}

/// Patterns as in `.gitignore`, matched against paths relative to the root.
pub(crate) fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_end_matches('/');
        let add =
            |text: &str| Glob::new(text).map_err(|error| format!("pattern `{pattern}`: {}", error.kind()));
        set.add(add(pattern)?);
        if !pattern.contains('/') {
            set.add(add(&format!("**/{pattern}"))?);
        }
    }
    set.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Result<Config, ConfigError> {
        Config::from_own_file(Path::new("/p/leakwright.toml"), text)
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        let error = own("slect = ['LW1']").unwrap_err();
        assert_eq!(error.to_string(), "/p/leakwright.toml: unknown key `slect`, did you mean `select`?");
    }

    #[test]
    fn wrong_values_say_what_is_wrong() {
        for (text, part) in [
            ("select = ['LWX']", "unknown rule `LWX`"),
            ("deque-maxlen = 0", "must be at least 1"),
            ("deque-maxlen = -5", "deque-maxlen"),
            ("exclude = ['[']", "pattern `[`"),
            ("preset = 'fast'", "fast"),
            ("select = ", "TOML"),
            ("[[resources]]\nconstructor = 'a.b'", "family"),
        ] {
            let message = own(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn rules_are_selected_and_ignored() {
        let codes =
            |text| own(text).unwrap().rules.iter().map(|rule| rule.metadata().code).collect::<Vec<_>>();
        assert_eq!(codes("select = ['LW2']\nignore = ['LW202']"), ["LW201", "LW203", "LW204"]);
        assert!(!codes("").contains(&"LW204"), "off by default");
    }

    #[test]
    fn paths_are_excluded_as_gitignore_would() {
        let config = own("exclude = ['generated', 'a/*.py', 'b/']").unwrap();
        for excluded in ["/p/generated/x.py", "/p/deep/generated/x.py", "/p/a/x.py", "/p/b/c/x.py"] {
            assert!(config.excludes(Path::new(excluded)), "{excluded}");
        }
        assert!(!config.excludes(Path::new("/p/c/x.py")));
    }

    #[test]
    fn pyproject_without_the_table_says_nothing() {
        let read = |text| Config::from_pyproject(Path::new("/p/pyproject.toml"), text);
        assert!(read("[project]\nname = 'x'").unwrap().is_none());
        assert!(read("[tool.leakwright]\npreset = 'strict'").unwrap().is_some());
        assert!(read("[tool]\nleakwright = 1").is_err());
    }
}
