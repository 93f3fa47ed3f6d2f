//! Writing to the terminal.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;

use crate::args::Colour;

/// Decides on colour for the whole run.
pub(crate) fn set_colour(colour: Colour) {
    let choice = match colour {
        Colour::Auto => ColorChoice::Auto,
        Colour::Always => ColorChoice::Always,
        Colour::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether only findings and errors are printed.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Decides for the whole run whether only findings and errors are printed.
pub(crate) fn set_quiet(is_quiet: bool) {
    IS_QUIET.store(is_quiet, Ordering::Relaxed);
}

/// Whether only findings and errors are printed.
pub(crate) fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Whether it is said how a run went about its work.
static IS_VERBOSE: AtomicBool = AtomicBool::new(false);

/// Decides for the whole run whether it is said how it goes about its work.
pub(crate) fn set_verbose(is_verbose: bool) {
    IS_VERBOSE.store(is_verbose, Ordering::Relaxed);
}

/// Says how a run goes about its work, if that is wanted.
pub(crate) fn explain(text: &str) {
    if IS_VERBOSE.load(Ordering::Relaxed) {
        note(text);
    }
}

/// The width of the terminal that standard output is, if it is one; a plain width where colour is wanted anyway.
pub(crate) fn width() -> Option<usize> {
    let terminal = console::Term::stdout();
    if terminal.is_term() {
        return Some(usize::from(terminal.size().1));
    }
    let is_wanted = matches!(ColorChoice::global(), ColorChoice::Always | ColorChoice::AlwaysAnsi);
    is_wanted.then_some(PLAIN_WIDTH)
}

/// The width that text is wrapped to where no terminal says another.
const PLAIN_WIDTH: usize = 80;

/// Prints to standard output. A reader that went away, such as `head`, is no error.
pub(crate) fn print(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
    let _ = anstream::stdout().flush();
}

/// Prints a line to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error.
pub(crate) fn complain(text: &str) {
    note(&format!("\x1b[1;31merror\x1b[0m: {text}"));
}

/// Prints a warning, unless only errors are wanted.
pub(crate) fn warn(text: &str) {
    if is_quiet() {
        return;
    }
    note(&format!("\x1b[1;33mwarning\x1b[0m: {text}"));
}
