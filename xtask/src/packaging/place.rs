//! Where packages are built and installed, and what with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::debian::{Packages, Script};
use crate::repository;
use crate::run::{fetched, output_of, say};

/// The program's file.
pub(super) const PROGRAM: &str = if cfg!(windows) { "leakwright.exe" } else { "leakwright" };

/// What packages are built and tried with.
const TOOLS: [&str; 3] = ["check-jsonschema==0.39.0", "maturin==1.16.0", "pre-commit==4.7.0"];

/// What the site is built with.
const MDBOOK: &str = "0.5.4";

/// Programs of Debian that packages are tried with, where the machine has none of its own.
const PROGRAMS: [&str; 5] = ["buildah", "fish", "mmdebstrap", "patchelf", "zsh"];

/// Python that leaks a file.
pub(super) const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";

/// Folders below `target/packaging`.
pub(super) struct Place {
    base: PathBuf,
    tools: PathBuf,
}

impl Place {
    pub(super) fn new(install: bool) -> anyhow::Result<Self> {
        let base = repository().join("target/packaging");
        fs::create_dir_all(&base)?;
        let tools = base.join("tools");
        let place = Self { base, tools };
        let wanted = TOOLS.join(" ");
        if install {
            fetched(&place.tools, &wanted, |folder| {
                Self::environment_at(folder)?;
                output_of(Self::pip(folder).arg("install").args(TOOLS)).map(drop)
            })?;
        }
        let has_book =
            place.tool("mdbook").arg("--version").output().is_ok_and(|output| output.status.success());
        if install && !has_book {
            say(&format!("building mdbook {MDBOOK}"));
            let mut cargo = Self::cargo("install");
            cargo.args(["--quiet", "--debug", "--locked", "--no-default-features", "--features", "search"]);
            cargo.args(["--target-dir"]).arg(place.path("mdbook")).arg("--root").arg(&place.tools);
            output_of(cargo.arg(format!("mdbook@{MDBOOK}")))?;
        }
        if install {
            place.fetch_programs();
        }
        let is_fetched = |text: String| text == wanted;
        let are_there = || fs::read_to_string(place.tools.join("fetched")).is_ok_and(is_fetched) && has_book;
        ensure!(install || are_there(), "what packages are built with is not here; `--install` fetches it");
        Ok(place)
    }

    /// Fetches programs of Debian. Where that cannot be done, what needs them is left out.
    fn fetch_programs(&self) {
        let fetch = |folder: &Path| -> anyhow::Result<()> {
            let root = Packages { folder, release: None, names: &PROGRAMS }.unpack()?;
            for name in PROGRAMS {
                let places = ["usr/bin", "bin"].map(|place| format!("{place}/{name}"));
                if let Some(program) = places.iter().find(|program| root.join(program).is_file()) {
                    Script { program, ..Script::default() }.write(&folder.join(name), &root)?;
                }
            }
            Ok(())
        };
        if let Err(error) = fetched(&self.path("debian"), &PROGRAMS.join(" "), fetch) {
            say(&format!("not fetched: {error:#}"));
        }
    }

    /// A program of the machine, or else one that was fetched from Debian, if there is one.
    pub(super) fn program(&self, name: &str) -> Option<Command> {
        let fetched = self.path("debian").join(name);
        let candidates = [PathBuf::from(name), fetched];
        let runs = |path: &PathBuf| {
            let output = Command::new(path).arg("--version").output();
            output.is_ok_and(|output| output.status.success())
        };
        candidates.into_iter().find(runs).map(Command::new)
    }

    /// Where packages of Debian are unpacked.
    pub(super) fn unpacked(&self) -> PathBuf {
        self.path("debian/root")
    }

    /// A path below the base.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    /// A folder with nothing in it.
    pub(super) fn empty(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.base.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A project that leaks, in git.
    pub(super) fn leaking(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.empty(name)?;
        fs::write(folder.join("load.py"), LEAK)?;
        let git = |arguments: &[&str]| output_of(Command::new("git").current_dir(&folder).args(arguments));
        git(&["init", "--quiet"])?;
        git(&["add", "-A"])?;
        git(&["-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "-m", "one"])?;
        Ok(folder)
    }

    /// An empty Python environment.
    pub(super) fn environment(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.empty(name)?;
        Self::environment_at(&folder)?;
        Ok(folder)
    }

    fn environment_at(folder: &Path) -> anyhow::Result<()> {
        output_of(Command::new("python3").args(["-m", "venv"]).arg(folder)).map(drop)
    }

    /// The pip of an environment.
    pub(super) fn pip(environment: &Path) -> Command {
        let mut pip = Command::new(scripts(environment).join("python"));
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
        pip
    }

    /// A tool.
    pub(super) fn tool(&self, name: &str) -> Command {
        let mut tool = Command::new(scripts(&self.tools).join(name));
        tool.current_dir(repository());
        tool
    }

    /// Cargo, in the workspace.
    pub(super) fn cargo(command: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(repository()).arg(command);
        cargo
    }

    /// The program of the wheel, once that is installed.
    pub(super) fn installed(&self) -> anyhow::Result<PathBuf> {
        let program = scripts(&self.path("environment")).join(PROGRAM);
        ensure!(program.is_file(), "{} is missing", program.display());
        Ok(program)
    }

    /// The only file in a folder below the base whose name has an ending.
    pub(super) fn only(&self, folder: &str, ending: &str) -> anyhow::Result<PathBuf> {
        let folder = self.path(folder);
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut fitting: Vec<PathBuf> =
            paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        ensure!(fitting.len() == 1, "{} holds {} files {ending}", folder.display(), fitting.len());
        Ok(fitting.remove(0))
    }

    /// Fails unless a program is this version of ours.
    pub(super) fn says_its_version(program: &Path) -> anyhow::Result<()> {
        let said = output_of(Command::new(program).arg("--version"))?;
        let wanted = concat!("leakwright ", env!("CARGO_PKG_VERSION"));
        ensure!(said.trim() == wanted, "it says `{}`, not `{wanted}`", said.trim());
        Ok(())
    }
}

/// Where an environment has its programs.
pub(super) fn scripts(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}
