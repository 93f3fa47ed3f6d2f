//! Running drivers and reading their results, which come in the Test Anything Protocol.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::run::say;

/// How long a driver may take.
const AT_MOST: Duration = Duration::from_secs(240);

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// Drivers that were run again.
    pub(crate) repeated: usize,
}

impl fmt::Display for Results {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped, repeated } = self;
        write!(out, "{passed} passed, {failed} failed")?;
        if *skipped > 0 {
            write!(out, ", {skipped} skipped")?;
        }
        if *repeated > 0 {
            write!(out, "; {repeated} run more than once")?;
        }
        Ok(())
    }
}

/// What a driver printed, counted.
#[derive(Default)]
struct Reading {
    results: Results,
    planned: Option<usize>,
}

impl Reading {
    fn read(&mut self, line: &str) {
        if line.starts_with("ok ") {
            let is_skipped = line.to_ascii_lowercase().contains("# skip");
            *(if is_skipped { &mut self.results.skipped } else { &mut self.results.passed }) += 1;
        } else if line.starts_with("not ok ") {
            self.results.failed += 1;
        } else if let Some(number) = line.strip_prefix("1..") {
            self.planned = number.trim().parse().ok();
        }
    }

    /// A driver that ends early has not run all tests that it has.
    fn check(&self) -> anyhow::Result<()> {
        let Results { passed, failed, skipped, .. } = self.results;
        let ran = passed + failed + skipped;
        match self.planned {
            None => bail!("it ended early, after {ran} tests"),
            Some(planned) => ensure!(planned == ran && ran > 0, "{ran} tests ran of {planned}"),
        }
        Ok(())
    }
}

/// Runs a driver, shows what it prints, and adds its results to others. Fails if the driver itself does.
pub(crate) fn run(name: &str, mut command: Command, results: &mut Results) -> anyhow::Result<()> {
    let start = Instant::now();
    // A group of its own, so that nothing that it starts is left behind.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
    let log = super::base().join("work").join(format!("{}.log", name.to_lowercase().replace(' ', "-")));
    fs::create_dir_all(log.parent().unwrap_or(&log))?;
    command.stderr(File::create(&log)?);
    let mut child =
        command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let lines = lines(&mut child)?;
    let mut reading = Reading::default();
    let ended = loop {
        match lines.recv_timeout(AT_MOST.saturating_sub(start.elapsed())) {
            Ok(line) => {
                say(&line);
                reading.read(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break Ok(()),
            Err(RecvTimeoutError::Timeout) => break Err(AT_MOST),
        }
    };
    end(&mut child, ended.is_err());
    results.passed += reading.results.passed;
    results.failed += reading.results.failed;
    results.skipped += reading.results.skipped;
    let is_whole = ended.is_ok() && reading.check().is_ok() && reading.results.failed == 0;
    if !is_whole {
        say(&format!("# what else it said, {}:\n{}", log.display(), last_lines(&log)));
    }
    if let Err(limit) = ended {
        bail!("it did not end within {} s", limit.as_secs());
    }
    reading.check()?;
    let seconds = start.elapsed().as_secs_f64();
    say(&format!("== {name}: {} ({seconds:.1} s)", reading.results));
    Ok(())
}

fn last_lines(path: &Path) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn lines(child: &mut Child) -> anyhow::Result<Receiver<String>> {
    let output = child.stdout.take().context("no pipe")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}

/// Waits for the driver; if it has to be ended, with all that it started.
fn end(child: &mut Child, is_late: bool) {
    if is_late {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let mut reading = Reading::default();
        text.lines().for_each(|line| reading.read(line));
        reading
    }

    #[test]
    fn results_are_counted() {
        let reading = read("ok 1 - a\nnot ok 2 - b\n# saw something\nok 3 - c # SKIP no editor\n1..3\n");
        assert_eq!(reading.results, Results { passed: 1, failed: 1, skipped: 1, repeated: 0 });
        assert!(reading.check().is_ok());
        assert_eq!(reading.results.to_string(), "1 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_driver_that_ends_early_fails() {
        for text in ["", "1..0", "ok 1 - a", "ok 1 - a\n1..2"] {
            assert!(read(text).check().is_err(), "{text}");
        }
    }
}
