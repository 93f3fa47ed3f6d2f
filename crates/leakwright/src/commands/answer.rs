//! What a check says, kept for the next one of the same.

use leakwright_engine::{Cache, Gathered, Options};
use serde_json::{Value, json};

use super::{Exit, Told, tell};
use crate::args::{CheckArgs, OutputArgs};
use crate::terminal;

/// The code that it is written by.
const WORDS: &str = env!("LEAKWRIGHT_WORDS");

/// Variables of the environment that are looked at.
const VARIABLES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// All that a check says.
pub(super) struct Answer {
    pub(super) problems: Vec<Told>,
    /// What is printed, or written to a file.
    pub(super) text: Option<String>,
    pub(super) exit: Exit,
}

impl Answer {
    /// A hash of all that it rests on; `None` if it is not worth keeping.
    pub(super) fn key(gathered: &Gathered, options: &Options, args: &CheckArgs) -> Option<u128> {
        let variables = VARIABLES.map(std::env::var_os);
        let more = (WORDS, &args.output, &args.fail, terminal::is_quiet(), variables);
        // What is known already may be another by then.
        let is_compared = args.baseline.is_some() || args.diff_base.is_some();
        if is_compared { None } else { gathered.key(options, &format!("{more:?}")) }
    }

    /// One that was kept.
    pub(super) fn read(cache: &Cache, key: u128) -> Option<Self> {
        let kept: (Vec<Told>, Option<String>, u8) = serde_json::from_slice(&cache.answer(key)?).ok()?;
        Some(Self { problems: kept.0, text: kept.1, exit: Exit::from_code(kept.2)? })
    }

    pub(super) fn keep(&self, cache: &Cache, key: u128) {
        let kept: Value = json!([self.problems, self.text, self.exit.code()]);
        cache.keep_answer(key, kept.to_string().as_bytes());
    }

    /// Says it.
    pub(super) fn give(self, output: &OutputArgs) -> anyhow::Result<Exit> {
        self.problems.iter().for_each(tell);
        if let Some(text) = &self.text {
            output.deliver(text)?;
        }
        Ok(self.exit)
    }
}
