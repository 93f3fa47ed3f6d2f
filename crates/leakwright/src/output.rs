//! What a check prints, in the form that is asked for.

use std::path::PathBuf;

use anyhow::{Context, bail};
use leakwright_engine::{Checked, write_whole};

use crate::args::{Format, OutputArgs};
use crate::commands::Exit;
use crate::terminal;

impl OutputArgs {
    /// Refuses what does not go together.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        if self.statistics && !matches!(self.format, Format::Text | Format::Concise | Format::Json) {
            bail!("`--statistics` goes with the formats text, concise and json");
        }
        Ok(())
    }

    /// Whether people read it.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Text | Format::Concise)
    }

    /// Whether a line on standard output says that the search begins.
    pub(crate) fn has_heading(&self) -> bool {
        self.format == Format::Text && self.output_file.is_none() && !self.statistics
    }

    /// Prints what is said, or writes it where that is wanted.
    pub(crate) fn deliver(&self, text: &str) -> anyhow::Result<()> {
        let Some(path) = &self.output_file else {
            terminal::print(text);
            return Ok(());
        };
        let plain = anstream::adapter::strip_str(text).to_string();
        write_whole(path, plain.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    }

    /// What is said of what was found.
    pub(crate) fn rendered(&self, checked: &Checked, exit: Exit) -> String {
        let for_people = |findings: String| {
            let counts =
                if terminal::is_quiet() { String::new() } else { leakwright_report::summary(checked) };
            findings + &counts
        };
        match self.format {
            Format::Json if self.statistics => leakwright_report::statistics_json(checked),
            _ if self.statistics => for_people(leakwright_report::statistics(checked)),
            Format::Text => for_people(leakwright_report::text(checked)),
            Format::Concise => for_people(leakwright_report::concise(checked)),
            Format::Json => leakwright_report::json(checked, self.show_suppressed),
            Format::JsonLines => leakwright_report::json_lines(checked, self.show_suppressed),
            Format::Sarif => leakwright_report::sarif(checked, self.show_suppressed, exit.code()),
            Format::Github => leakwright_report::github(checked, folder("GITHUB_WORKSPACE").as_deref()),
            Format::Gitlab => leakwright_report::gitlab(checked, folder("CI_PROJECT_DIR").as_deref()),
            Format::Junit => leakwright_report::junit(checked),
        }
    }
}

/// The folder that a service names as the one of the repository.
fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
