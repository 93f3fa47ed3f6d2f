//! `fix --interactive`: each fix is shown, and applied if the user says so.

use std::io::IsTerminal;

use leakwright_engine::{Answer, Consent, Proposal};

use crate::progress::Bar;
use crate::terminal;

/// Asks on standard output, and reads what is typed, or comes through a pipe.
pub(super) struct Asking<'b> {
    bar: &'b Bar,
}

const HELP: &str = "\
y  apply this fix
n  do not apply it; another way to mend the finding is shown, if there is one
a  apply it and all that follow
q  stop asking: what was agreed to so far is applied
";

impl<'b> Asking<'b> {
    pub(super) fn new(bar: &'b Bar) -> Self {
        Self { bar }
    }
}

impl Consent for Asking<'_> {
    fn ask(&mut self, proposal: &Proposal<'_>) -> Answer {
        self.bar.finish();
        terminal::print(&shown(proposal));
        loop {
            terminal::print("\x1b[1mApply this fix?\x1b[0m [y]es, [n]o, [a]ll, [q]uit: ");
            let Some(line) = read_line() else { return Answer::Quit };
            match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Answer::Yes,
                "n" | "no" => return Answer::No,
                "a" | "all" => return Answer::All,
                "q" | "quit" => return Answer::Quit,
                _ => terminal::print(HELP),
            }
        }
    }
}

/// The finding, the fix, and what it would change.
fn shown(proposal: &Proposal<'_>) -> String {
    let headline = leakwright_report::headline(proposal.checked, proposal.judged);
    let kind = super::fix::kind(proposal.fix);
    let mut out = format!("{headline}\n\x1b[1m{}\x1b[0m ({kind})\n", proposal.fix.title);
    for change in &proposal.changes {
        let path = change.path.to_string_lossy().replace('\\', "/");
        out += &leakwright_report::coloured_diff(&path, &change.before, &change.after);
    }
    out
}

/// A line of standard input; `None` at its end. What a terminal shows of it anyway, an echo shows elsewhere.
fn read_line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if !std::io::stdin().is_terminal() {
        terminal::print(&format!("{}\n", line.trim_end()));
    }
    read.is_ok_and(|bytes| bytes > 0).then_some(line)
}
