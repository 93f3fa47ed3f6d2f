//! Logging, to standard error: standard output belongs to the protocol.

use tracing_subscriber::EnvFilter;

/// Starts logging. `LEAKWRIGHT_LOG` sets the level, as in `debug` or `leakwright_server=trace`.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("LEAKWRIGHT_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
}
