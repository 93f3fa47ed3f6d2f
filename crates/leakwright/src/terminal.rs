//! Writing to the terminal.

use std::io::Write;

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

/// Prints a warning.
pub(crate) fn warn(text: &str) {
    note(&format!("\x1b[1;33mwarning\x1b[0m: {text}"));
}
