//! Logging, to standard error or a file: standard output belongs to the protocol.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

/// Sets the level for good, as in `debug` or `leakwright_server=trace`.
const VARIABLE: &str = "LEAKWRIGHT_LOG";

/// The level that is set nowhere.
const DEFAULT: &str = "warn";

static LOG: OnceLock<Log> = OnceLock::new();

/// What can be set while it runs.
struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    output: Output,
}

/// Where the log goes: a file, or standard error.
#[derive(Clone, Default)]
struct Output {
    file: Arc<Mutex<Option<File>>>,
}

impl Output {
    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut *self.file() {
            Some(file) => file.write(bytes),
            None => std::io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut *self.file() {
            Some(file) => file.flush(),
            None => std::io::stderr().flush(),
        }
    }
}

/// Starts logging. Panics are logged like all else.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let (filter, handle) = reload::Layer::new(filter);
    let output = Output::default();
    let writer = output.clone();
    let lines = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = LOG.set(Log { filter: handle, output });
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
}

/// Logs what the user wants, where the user wants it. What is wrong with that, if anything is.
pub(crate) fn set(level: Option<&str>, file: Option<&Path>) -> Result<(), String> {
    let Some(log) = LOG.get() else { return Ok(()) };
    if std::env::var_os(VARIABLE).is_none() {
        let _ = log.filter.reload(filter(level));
    }
    let open = |path: &Path| {
        let opened = OpenOptions::new().create(true).append(true).open(path);
        opened.map_err(|error| format!("the log cannot be written to {}: {error}", path.display()))
    };
    let opened = file.map(open).transpose()?;
    *log.output.file() = opened;
    Ok(())
}

/// Of other people's code only what is wrong is logged.
fn filter(level: Option<&str>) -> EnvFilter {
    match level {
        None => EnvFilter::new(DEFAULT),
        Some(level @ ("off" | "error")) => EnvFilter::new(level),
        Some(level) => EnvFilter::new(format!("{DEFAULT},leakwright={level}")),
    }
}
