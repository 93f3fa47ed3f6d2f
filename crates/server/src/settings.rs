//! What the user sets in the editor.
//!
//! Clients keep our settings under our name or hand them over without it. What is not set, or `null`, is
//! as it was when the server was started, and what is wrong is as if it were not set; each problem is told
//! to the user.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use leakwright_engine::{Overrides, Preset, Selector, closest};
use leakwright_rules::Confidence;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The name under which editors keep our settings.
pub(crate) const SECTION: &str = "leakwright";

/// The settings that the server heeds.
pub(crate) const NAMES: [&str; 15] = [
    "baseline",
    "codeLens",
    "configuration",
    "debounce",
    "exclude",
    "ignore",
    "logFile",
    "logLevel",
    "maxDiagnostics",
    "maxDiagnosticsPerFile",
    "maxFileSize",
    "minConfidence",
    "openFilesOnly",
    "preset",
    "select",
];

/// Levels of the log, from nothing to all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The longest delay that can be set.
const LONGEST_DEBOUNCE: u64 = 10_000;

/// The largest files that are parsed at all, in KB.
const LARGEST_FILE: u64 = 4096;

/// What the user sets in the editor, for all or for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Show what is found in open documents, and nothing of other files.
    pub(crate) open_files_only: bool,
    /// Show how much is found in each class and function, above it.
    pub(crate) code_lens: bool,
    /// How long edits have to pause before a document is analysed.
    pub(crate) debounce: Duration,
    /// How much is shown of one file at most.
    pub(crate) max_diagnostics_per_file: usize,
    /// How much is shown of files that are not open at most.
    pub(crate) max_diagnostics: usize,
    /// What is logged.
    pub(crate) log_level: Option<String>,
    /// Where it is logged, if not to standard error.
    pub(crate) log_file: Option<PathBuf>,
    /// What wins over configuration files.
    pub(crate) overrides: Overrides,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            open_files_only: false,
            code_lens: false,
            debounce: Duration::ZERO,
            max_diagnostics_per_file: 200,
            max_diagnostics: 5_000,
            log_level: None,
            log_file: None,
            overrides: Overrides::default(),
        }
    }
}

impl Settings {
    /// With what a client says, under our name or without it; what it does not say stays. Paths are relative to
    /// a folder. Also what is wrong with it.
    pub(crate) fn with(&self, value: &Value, folder: Option<&Path>) -> (Self, Vec<String>) {
        let own = value.get(SECTION).unwrap_or(value);
        let mut reader = Reader { own, folder, problems: Vec::new() };
        let mut set = self.clone();
        reader.read("openFilesOnly", "true or false", &mut set.open_files_only);
        reader.read("codeLens", "true or false", &mut set.code_lens);
        reader.number("debounce", 0, LONGEST_DEBOUNCE, |millis| set.debounce = Duration::from_millis(millis));
        reader.number("maxDiagnosticsPerFile", 1, 1_000_000, |n| set.max_diagnostics_per_file = n as usize);
        reader.number("maxDiagnostics", 1, 10_000_000, |n| set.max_diagnostics = n as usize);
        reader.one_of("logLevel", &LEVELS, |level| set.log_level = Some(level.to_owned()));
        reader.path("logFile", &mut set.log_file);
        reader.overrides(&mut set.overrides);
        reader.unknown();
        (set, reader.problems)
    }
}

/// Reads settings, and notes what is wrong with them.
struct Reader<'v> {
    own: &'v Value,
    folder: Option<&'v Path>,
    problems: Vec<String>,
}

impl<'v> Reader<'v> {
    fn get(&self, name: &str) -> Option<&'v Value> {
        self.own.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, name: &str, what: &str) {
        self.problems.push(format!("the setting `{SECTION}.{name}` is left out: {what}"));
    }

    fn read<T: DeserializeOwned>(&mut self, name: &str, expected: &str, target: &mut T) {
        let Some(value) = self.get(name) else { return };
        match serde_json::from_value(value.clone()) {
            Ok(read) => *target = read,
            Err(_) => self.wrong(name, &format!("it is {expected}, not `{value}`")),
        }
    }

    fn number(&mut self, name: &str, least: u64, most: u64, set: impl FnOnce(u64)) {
        let Some(value) = self.get(name) else { return };
        match value.as_u64().filter(|number| (least..=most).contains(number)) {
            Some(number) => set(number),
            None => self.wrong(name, &format!("it is a number from {least} to {most}, not `{value}`")),
        }
    }

    fn one_of(&mut self, name: &str, known: &[&str], set: impl FnOnce(&str)) {
        let Some(value) = self.get(name) else { return };
        match value.as_str().filter(|text| known.contains(text)) {
            Some(text) => set(text),
            None => self.wrong(name, &format!("it is one of {}, not `{value}`", known.join(", "))),
        }
    }

    fn path(&mut self, name: &str, target: &mut Option<PathBuf>) {
        let mut text = String::new();
        self.read(name, "a path", &mut text);
        if text.is_empty() {
            return;
        }
        let folder = self.folder.unwrap_or(Path::new("."));
        let text = text.replace("${workspaceFolder}", &folder.to_string_lossy());
        let path = match (text.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => folder.join(text),
        };
        *target = Some(path);
    }

    fn selectors(&mut self, name: &str) -> Option<Vec<Selector>> {
        let mut codes: Option<Vec<String>> = None;
        self.read(name, "a list of codes, names or families of rules", &mut codes);
        let read = |code: String| {
            code.parse::<Selector>().map_err(|unknown| self.wrong(name, &unknown.to_string())).ok()
        };
        Some(codes?.into_iter().filter_map(read).collect())
    }

    fn overrides(&mut self, set: &mut Overrides) {
        self.path("configuration", &mut set.configuration);
        if let Some(path) = set.configuration.as_ref().filter(|path| !path.is_file()) {
            self.wrong("configuration", &format!("there is no file {}", path.display()));
            set.configuration = None;
        }
        self.path("baseline", &mut set.baseline);
        if let Some(path) = set.baseline.as_ref().filter(|path| !path.is_file()) {
            self.wrong("baseline", &format!("there is no file {}", path.display()));
            set.baseline = None;
        }
        set.select = self.selectors("select").or(set.select.take());
        if let Some(ignore) = self.selectors("ignore") {
            set.ignore = ignore;
        }
        let confidences =
            [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];
        self.choice("minConfidence", &confidences, &mut set.min_confidence);
        let presets = Preset::ALL.map(|preset| (preset.name(), preset));
        self.choice("preset", &presets, &mut set.preset);
        self.number("maxFileSize", 1, LARGEST_FILE, |size| {
            // Larger files are refused as it is.
            set.max_file_bytes = (size < LARGEST_FILE).then_some((size as usize) << 10);
        });
        let mut exclude = set.exclude.clone();
        self.read("exclude", "a list of patterns as in `.gitignore`", &mut exclude);
        match Overrides::check_patterns(&exclude) {
            Ok(()) => set.exclude = exclude,
            Err(problem) => self.wrong("exclude", &problem),
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, known: &[(&str, T)], target: &mut Option<T>) {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let find = |text: &str| known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        self.one_of(name, &names, |text| *target = find(text));
    }

    /// Names that are none of ours. Editors keep settings of their own beside them: only what looks like a
    /// slip of the pen is told.
    fn unknown(&mut self) {
        let Some(own) = self.own.as_object() else { return };
        for name in own.keys().filter(|name| !NAMES.contains(&name.as_str())) {
            match closest(name, NAMES.into_iter()) {
                Some(known) => self.wrong(name, &format!("there is none; did you mean `{known}`?")),
                None => tracing::debug!("the setting `{SECTION}.{name}` is not the server's"),
            }
        }
    }
}

/// The settings as they are now, for all who need them. Cloning gives another handle to them.
#[derive(Clone, Default)]
pub(crate) struct Current {
    settings: Arc<RwLock<Arc<Settings>>>,
}

impl Current {
    /// The settings as they are now.
    pub(crate) fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets them; what they were.
    pub(crate) fn set(&self, settings: Arc<Settings>) -> Arc<Settings> {
        let mut current = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> (Settings, Vec<String>) {
        Settings::default().with(value, Some(Path::new("/p")))
    }

    #[test]
    fn settings_are_read_wherever_clients_put_them() {
        let only = Settings { open_files_only: true, ..Settings::default() };
        for value in [
            json!({ "openFilesOnly": true }),
            json!({ "leakwright": { "openFilesOnly": true, "trace": { "server": "off" }, "path": "x" } }),
        ] {
            assert_eq!(read(&value), (only.clone(), vec![]), "{value}");
        }
        for value in [json!(null), json!({}), json!([]), json!(7), json!({ "openFilesOnly": null })] {
            assert_eq!(read(&value), (Settings::default(), vec![]), "{value}");
            assert_eq!(only.with(&value, None), (only.clone(), vec![]), "{value}");
        }
        assert_eq!(only.with(&json!({ "openFilesOnly": false }), None).0, Settings::default());
    }

    #[test]
    fn paths_are_relative_to_the_folder() {
        let path = |text: &str| read(&json!({ "logFile": text })).0.log_file;
        assert_eq!(path("a.log"), Some(PathBuf::from("/p/a.log")));
        assert_eq!(path("/a.log"), Some(PathBuf::from("/a.log")));
        assert_eq!(path("${workspaceFolder}/a.log"), Some(PathBuf::from("/p/a.log")));
        assert!(path("~/a.log").is_some_and(|path| path.is_absolute() && !path.starts_with("/p")));
        assert_eq!(path(""), None);
    }

    #[test]
    fn what_is_wrong_is_told_and_left_out() {
        for (value, part) in [
            (
                json!({ "openFilesOnly": "yes" }),
                "`leakwright.openFilesOnly` is left out: it is true or false, not `\"yes\"`",
            ),
            (json!({ "openFileOnly": true }), "did you mean `openFilesOnly`?"),
            (json!({ "maxDiagnostics": 0 }), "from 1 to"),
            (json!({ "maxFileSize": 1e9 }), "from 1 to 4096"),
            (json!({ "debounce": -1 }), "from 0 to 10000"),
            (json!({ "logLevel": "loud" }), "one of off, error"),
            (json!({ "minConfidence": 3 }), "one of low, medium, high"),
            (json!({ "preset": "fast" }), "one of default, strict, pypy"),
            (json!({ "select": "LW1" }), "a list of codes"),
            (json!({ "select": ["unbounded-cahce"] }), "did you mean `unbounded-cache`?"),
            (json!({ "exclude": ["["] }), "pattern `[`"),
            (json!({ "configuration": "none.toml" }), "there is no file /p/none.toml"),
        ] {
            let (settings, problems) = read(&value);
            assert_eq!(problems.len(), 1, "{value}: {problems:?}");
            assert!(problems[0].contains(part), "{value}: {problems:?}");
            let empty = Overrides { select: settings.overrides.select.clone(), ..Overrides::default() };
            assert_eq!(settings, Settings { overrides: empty, ..Settings::default() }, "{value}");
        }
        let (settings, problems) = read(&json!({ "select": ["LW1", "nothing"], "ignore": ["cache"] }));
        assert_eq!((problems.len(), settings.overrides.select.map(|codes| codes.len())), (1, Some(1)));
    }
}
