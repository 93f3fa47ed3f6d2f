//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in `crates/`")
}

/// The built program. Built once, as the tests themselves were, unless `LEAKWRIGHT_TEST_PROGRAM` names another, such as
/// one that was installed.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(program) = std::env::var_os("LEAKWRIGHT_TEST_PROGRAM") {
            return PathBuf::from(program);
        }
        // Tests run from `target/<profile>/deps`.
        let tests = std::env::current_exe().expect("a test has a path");
        let profile = tests.ancestors().nth(2).expect("tests lie in a profile's folder");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(repository()).args(["build", "--quiet", "--package", "leakwright"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.status().expect("cargo runs");
        assert!(status.success(), "the program does not build");
        let binary = profile.join(format!("leakwright{}", std::env::consts::EXE_SUFFIX));
        assert!(binary.is_file(), "{} is missing", binary.display());
        binary
    })
}

/// The program, to be run in a directory. It keeps nothing there, unless a test asks for that.
pub fn leakwright(directory: &Path) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(directory)
        .env_remove("LEAKWRIGHT_LOG")
        .env("NO_COLOR", "1")
        .env("LEAKWRIGHT_NO_CACHE", "1");
    command
}
