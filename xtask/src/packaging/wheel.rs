//! Wheels and the source distribution.

use std::process::Command;

use anyhow::ensure;

use super::place::{PROGRAM, Place, scripts};
use crate::run::output_of;

/// Tests of the command line, which say nothing of how the program was built.
const SUITES: [&str; 11] = [
    "baseline",
    "cli",
    "docs",
    "examples",
    "fixing",
    "formats",
    "mcp",
    "notes",
    "report",
    "revision",
    "suppression",
];

pub(super) fn is_installed(place: &Place) -> anyhow::Result<()> {
    let wheels = place.empty("wheels")?;
    output_of(
        place.tool("maturin").args(["build", "--quiet", "--release", "--locked", "--out"]).arg(wheels),
    )?;
    let wheel = place.only("wheels", ".whl")?;
    let environment = place.environment("environment")?;
    output_of(Place::pip(&environment).args(["install", "--no-index"]).arg(wheel))?;
    Place::says_its_version(&place.installed()?)?;
    let python = scripts(&environment).join("python");
    let said = output_of(Command::new(&python).args(["-m", "leakwright", "--version"]))?;
    ensure!(said.starts_with("leakwright "), "`python -m leakwright` says {said}");
    // It leaves with what it came with.
    output_of(Place::pip(&environment).args(["uninstall", "--yes", "leakwright"]))?;
    ensure!(!scripts(&environment).join(PROGRAM).exists(), "the program outlives its package");
    output_of(Place::pip(&environment).args(["install", "--no-index"]).arg(place.only("wheels", ".whl")?))
        .map(drop)
}

pub(super) fn passes_the_tests(place: &Place) -> anyhow::Result<()> {
    let mut cargo = Place::cargo("test");
    // As the whole suite is built, so that nothing is built anew.
    cargo.args(["--quiet", "--workspace"]);
    cargo.args(SUITES.iter().flat_map(|suite| ["--test", *suite]));
    output_of(cargo.env("LEAKWRIGHT_TEST_PROGRAM", place.installed()?)).map(drop)
}

pub(super) fn builds_from_source(place: &Place) -> anyhow::Result<()> {
    let folder = place.empty("source")?;
    output_of(place.tool("maturin").args(["sdist", "--out"]).arg(&folder))?;
    let archive = place.only("source", ".tar.gz")?;
    let environment = place.environment("environment-from-source")?;
    let mut pip = Place::pip(&environment);
    output_of(built_quickly(place, &mut pip).arg("install").arg(archive))?;
    Place::says_its_version(&scripts(&environment).join(PROGRAM))
}

/// Has what pip builds built without optimisation: it is to be built at all.
pub(super) fn built_quickly<'c>(place: &Place, command: &'c mut Command) -> &'c mut Command {
    command
        .current_dir(place.path(""))
        .env("CARGO_TARGET_DIR", place.path("built"))
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("MATURIN_PEP517_ARGS", "--profile dev")
}
