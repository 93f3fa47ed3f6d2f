//! Tests of what is published: `cargo xtask test packaging`.
//!
//! Each package is built as a release builds it, installed in an empty place, and used there.

mod action;
mod github;
mod image;
mod place;
mod pre_commit;
mod shells;
mod site;
mod wheel;
mod workflow;

use anyhow::ensure;
use clap::Args;

use crate::run::{output_of, say};
use place::Place;

/// How to test packages.
#[derive(Args)]
pub(crate) struct Options {
    /// Fetches what packages are built and tried with, into `target/packaging`.
    #[arg(long)]
    install: bool,

    /// Only tests whose names contain this. They use what those before them have built.
    only: Option<String>,
}

/// A test, with what it holds.
type Test = (&'static str, fn(&Place) -> anyhow::Result<()>);

/// Later ones use what the first ones have built.
const TESTS: [Test; 11] = [
    ("a wheel puts the program on the path of an empty environment", wheel::is_installed),
    ("the program of the wheel does all that the tests of the command line ask", wheel::passes_the_tests),
    ("the source distribution builds where there is nothing but itself", wheel::builds_from_source),
    ("shells complete what they are given by the program of the wheel", shells::complete),
    ("manual pages are there for each command, without faults", shells::have_manual_pages),
    ("`cargo install` builds and installs the program", cargo_installs),
    ("pre-commit runs the hooks", pre_commit::runs),
    ("the GitHub action finds leaks and says so", action::finds_leaks),
    ("the release workflow packs what it says", workflow::packs_what_it_says),
    ("the image finds leaks in what is mounted", image::checks_what_is_mounted),
    ("the site has a page for each document, and its search finds them", site::is_built),
];

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let place = Place::new(options.install)?;
    let mut failed = 0;
    let is_wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let wanted: Vec<&Test> = TESTS.iter().filter(|(name, _)| is_wanted(name)).collect();
    for (index, (name, test)) in wanted.iter().enumerate() {
        let start = std::time::Instant::now();
        let result = test(&place);
        let number = index + 1;
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => say(&format!("ok {number} - {name} # {seconds:.1} s")),
            Err(error) => {
                failed += 1;
                say(&format!("not ok {number} - {name} # {seconds:.1} s\n{error:#}"));
            }
        }
    }
    say(&format!("1..{}", wanted.len()));
    ensure!(!wanted.is_empty(), "no test has such a name");
    ensure!(failed == 0, "{failed} tests of packages failed");
    Ok(())
}

fn cargo_installs(place: &Place) -> anyhow::Result<()> {
    let root = place.empty("cargo")?;
    let mut cargo = Place::cargo("install");
    cargo.args(["--quiet", "--locked", "--path", "crates/leakwright", "--root"]).arg(&root);
    // Where it would be built for a release of its own is built already.
    output_of(cargo.args(["--target-dir", "target"]))?;
    Place::says_its_version(&root.join("bin").join(place::PROGRAM))
}
