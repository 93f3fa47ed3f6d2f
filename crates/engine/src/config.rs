//! Configuration: `[tool.leakwright]` in `pyproject.toml`, or `leakwright.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use leakwright_catalogue::{Catalogue, Resource, Subscription};
use leakwright_rules::{Confidence, RuleId, Settings};
use serde::Deserialize;

use crate::baseline::Baselined;
use crate::cache;
use crate::file_rules::{FileRules, Layer, Level};
use crate::overrides::Excluded;
use crate::preset::Preset;
use crate::selector::{Selector, closest};

/// Settings that hold for the files below a directory.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory that paths in it are relative to.
    pub root: PathBuf,
    /// A set of settings for a kind of project.
    pub preset: Preset,
    /// The findings that are known already, and neither shown nor mended.
    pub baseline: Option<PathBuf>,
    /// The keys that are written in the configuration; the others have their defaults.
    pub written: Vec<String>,
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
    /// What the baseline knows, where an editor asks.
    pub(crate) known: Option<Arc<Baselined>>,
    /// Files with more bytes are left out.
    pub(crate) max_file_bytes: Option<usize>,
    pub(crate) excluded_by_editor: Option<Excluded>,
    /// Hash of the text it was read from.
    pub(crate) fingerprint: u128,
    exclude: GlobSet,
    rules: Layer,
    /// What is said of the rules for some paths, and of which.
    for_paths: Vec<(GlobSet, Layer)>,
    per_file_ignores: Vec<(GlobSet, Vec<Selector>)>,
    /// What the command line or the editor says, which wins.
    on_top: Layer,
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
    severity: BTreeMap<Selector, Level>,
    overrides: Vec<ForPaths>,
    baseline: Option<PathBuf>,
    preset: Preset,
    exclude: Vec<String>,
    src: Option<Vec<PathBuf>>,
    deque_maxlen: Option<u32>,
    cache_maxsize: Option<u32>,
    require_suppression_reason: Option<bool>,
    resources: Vec<Resource>,
    subscriptions: Vec<Subscription>,
}

/// What a configuration says of the rules for some paths.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ForPaths {
    paths: Vec<String>,
    select: Option<Vec<Selector>>,
    #[serde(default)]
    ignore: Vec<Selector>,
    min_confidence: Option<Confidence>,
    #[serde(default)]
    severity: BTreeMap<Selector, Level>,
}

/// The keys a configuration may have.
const KEYS: [&str; 15] = [
    "select",
    "ignore",
    "per-file-ignores",
    "min-confidence",
    "severity",
    "overrides",
    "baseline",
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
        let (written, none) = (Written::default(), GlobSet::empty());
        Self::with_globs(root, written, Settings::default(), none, Vec::new(), Vec::new())
    }

    /// Reads `leakwright.toml`.
    pub fn from_own_file(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let error = |message| ConfigError { path: path.to_owned(), message };
        let table = toml::from_str(text).map_err(|found| error(found.to_string()))?;
        let config = Self::from_table(path, table).map_err(error)?;
        Ok(Self { fingerprint: cache::key(text.as_bytes()), ..config })
    }

    /// Reads `[tool.leakwright]` of `pyproject.toml`; nothing if it has no such table.
    pub fn from_pyproject(path: &Path, text: &str) -> Result<Option<Self>, ConfigError> {
        let error = |message| ConfigError { path: path.to_owned(), message };
        let mut whole: toml::Table = toml::from_str(text).map_err(|found| error(found.to_string()))?;
        let Some(toml::Value::Table(mut tools)) = whole.remove("tool") else { return Ok(None) };
        match tools.remove("leakwright") {
            None => Ok(None),
            Some(toml::Value::Table(table)) => {
                let config = Self::from_table(path, table).map_err(error)?;
                Ok(Some(Self { fingerprint: cache::key(text.as_bytes()), ..config }))
            }
            Some(_) => Err(error("`tool.leakwright` is not a table".to_owned())),
        }
    }

    fn from_table(path: &Path, table: toml::Table) -> Result<Self, String> {
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let suggestion = closest(unknown, KEYS.into_iter());
            let hint = suggestion.map_or_else(String::new, |key| format!(", did you mean `{key}`?"));
            return Err(format!("unknown key `{unknown}`{hint}"));
        }
        let keys = table.keys().cloned().collect();
        let written = table.try_into::<Written>().map_err(|found| found.to_string().trim().to_owned())?;
        let config = Self::resolve(path.parent().unwrap_or(Path::new("")), written)?;
        Ok(Self { written: keys, ..config })
    }

    fn resolve(root: &Path, written: Written) -> Result<Self, String> {
        let settings = Settings::default();
        let settings = Settings {
            deque_maxlen: positive("deque-maxlen", written.deque_maxlen, settings.deque_maxlen)?,
            cache_maxsize: positive("cache-maxsize", written.cache_maxsize, settings.cache_maxsize)?,
            counts_references: written.preset.counts_references(),
        };
        let per_file_ignores = written
            .per_file_ignores
            .iter()
            .map(|(pattern, selectors)| Ok((globs(std::slice::from_ref(pattern))?, selectors.clone())))
            .collect::<Result<_, String>>()?;
        let for_paths = written
            .overrides
            .iter()
            .map(|of| {
                let layer = Layer {
                    select: of.select.clone(),
                    ignore: of.ignore.clone(),
                    min_confidence: of.min_confidence,
                    severity: of.severity.clone().into_iter().collect(),
                };
                Ok((globs(&of.paths)?, layer))
            })
            .collect::<Result<_, String>>()?;
        let exclude = globs(&written.exclude)?;
        Ok(Self::with_globs(root, written, settings, exclude, per_file_ignores, for_paths))
    }

    fn with_globs(
        root: &Path,
        written: Written,
        settings: Settings,
        exclude: GlobSet,
        per_file_ignores: Vec<(GlobSet, Vec<Selector>)>,
        for_paths: Vec<(GlobSet, Layer)>,
    ) -> Self {
        let requires_reason = written.require_suppression_reason;
        Self {
            root: root.to_owned(),
            preset: written.preset,
            baseline: written.baseline.map(|path| root.join(path)),
            known: None,
            written: Vec::new(),
            src: written.src.unwrap_or_else(|| vec![PathBuf::from("."), PathBuf::from("src")]),
            settings,
            requires_suppression_reason: requires_reason
                .unwrap_or(written.preset.requires_suppression_reason()),
            catalogue: catalogue(&written.resources, &written.subscriptions),
            resources: written.resources,
            subscriptions: written.subscriptions,
            max_file_bytes: None,
            excluded_by_editor: None,
            fingerprint: 0,
            exclude,
            rules: Layer {
                select: written.select,
                ignore: written.ignore,
                min_confidence: written.min_confidence,
                severity: written.severity.into_iter().collect(),
            },
            for_paths,
            per_file_ignores,
            on_top: Layer::default(),
        }
    }

    /// Sets the preset, whatever is written.
    pub fn set_preset(&mut self, preset: Preset) {
        self.preset = preset;
        self.settings.counts_references = preset.counts_references();
        if !self.written.iter().any(|key| key == "require-suppression-reason") {
            self.requires_suppression_reason = preset.requires_suppression_reason();
        }
    }

    /// Settings from the command line, which win over the file's.
    pub fn with_overrides(
        &mut self,
        select: Option<&[Selector]>,
        ignore: &[Selector],
        min_confidence: Option<Confidence>,
    ) {
        if let Some(selected) = select {
            self.on_top.select = Some(selected.to_vec());
            self.on_top.ignore.clear();
        }
        self.on_top.ignore.extend(ignore.iter().cloned());
        self.on_top.min_confidence = min_confidence.or(self.on_top.min_confidence);
    }

    /// The rules that hold for a file.
    pub fn for_file(&self, path: &Path) -> FileRules {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let for_path = self.for_paths.iter().filter(|(globs, _)| covers(globs, relative));
        let layers: Vec<&Layer> = std::iter::once(&self.rules)
            .chain(for_path.map(|(_, layer)| layer))
            .chain(std::iter::once(&self.on_top))
            .collect();
        FileRules::of(self.preset, &layers, self.ignored_in(path))
    }

    /// Whether a path below the root is left out.
    pub fn excludes(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        covers(&self.exclude, relative)
            || self.excluded_by_editor.as_ref().is_some_and(|excluded| excluded.has(path))
    }

    /// Rules that are not run on a file, by its path.
    fn ignored_in(&self, path: &Path) -> Vec<RuleId> {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.per_file_ignores
            .iter()
            .filter(|(globs, _)| covers(globs, relative))
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

/// Whether patterns match a path, or a folder around it.
fn covers(globs: &GlobSet, relative: &Path) -> bool {
    relative.ancestors().any(|path| globs.is_match(path))
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
    use leakwright_rules::Severity;

    fn own(text: &str) -> Result<Config, ConfigError> {
        Config::from_own_file(Path::new("/p/leakwright.toml"), text)
    }

    fn codes_in(text: &str, path: &str) -> Vec<&'static str> {
        let rules = own(text).unwrap().for_file(&Path::new("/p").join(path)).rules;
        rules.iter().map(|rule| rule.metadata().code).collect()
    }

    fn severity(text: &str, path: &str, code: &str) -> Option<Severity> {
        let rules = own(text).unwrap().for_file(&Path::new("/p").join(path));
        rules.severities.get(&RuleId::from_code(code).unwrap()).copied()
    }

    #[test]
    fn what_is_said_more_precisely_wins() {
        let text = "preset = 'server'\nselect = ['LW1', 'LW2', 'LW401']\n\
            [severity]\nLW101 = 'hint'\ngrowth = 'warning'\nLW202 = 'off'\n\
            [[overrides]]\npaths = ['tests', '**/conftest.py']\nignore = ['LW203']\nseverity = { LW202 = 'error' }\n\
            [[overrides]]\npaths = ['tests/slow/*']\nselect = ['LW401']\nmin-confidence = 'high'\n";
        assert_eq!(severity(text, "a.py", "LW101"), Some(Severity::Hint));
        assert_eq!(severity(text, "a.py", "LW102"), Some(Severity::Warning), "above the preset");
        assert_eq!(severity(text, "a.py", "LW401"), Some(Severity::Error), "from the preset");
        assert!(!codes_in(text, "a.py").contains(&"LW202") && codes_in(text, "a.py").contains(&"LW203"));
        for path in ["tests/a.py", "b/conftest.py"] {
            assert!(codes_in(text, path).contains(&"LW202") && !codes_in(text, path).contains(&"LW203"));
        }
        assert_eq!(codes_in(text, "tests/slow/a.py"), ["LW401"]);
        let mut config = own(text).unwrap();
        assert_eq!(config.for_file(Path::new("/p/tests/slow/a.py")).min_confidence, Confidence::High);
        config.with_overrides(Some(&["LW202".parse().unwrap()]), &[], Some(Confidence::Low));
        let rules = config.for_file(Path::new("/p/tests/slow/a.py"));
        assert_eq!((rules.rules.len(), rules.min_confidence), (1, Confidence::Low), "the command line wins");
    }

    #[test]
    fn presets_set_what_they_say() {
        for preset in Preset::ALL {
            let config = own(&format!("preset = '{}'", preset.name())).unwrap();
            assert_eq!(config.preset, preset);
            let same = own("preset = 'default'").map(|mut config| {
                config.set_preset(preset);
                config
            });
            let same = same.unwrap();
            assert_eq!(config.settings, same.settings);
            assert_eq!(config.requires_suppression_reason, same.requires_suppression_reason);
        }
        assert!(codes_in("preset = 'strict'", "a.py").contains(&"LW204"));
        assert!(!codes_in("preset = 'strict'\nignore = ['LW204']", "a.py").contains(&"LW204"));
        assert_eq!(severity("preset = 'ml'", "a.py", "LW501"), Some(Severity::Error));
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
            ("[severity]\nLW11 = 'error'\nLWX = 'off'", "unknown rule `LWX`"),
            ("[severity]\nLW1 = 'warn'", "unknown variant `warn`"),
            ("[[overrides]]\npaths = ['a']\nselct = []", "unknown field `selct`"),
            ("[[overrides]]\nignore = []", "paths"),
            ("[[resources]]\nconstructor = 'a.b'", "family"),
        ] {
            let message = own(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn rules_are_selected_and_ignored() {
        let codes = |text| codes_in(text, "a.py");
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
