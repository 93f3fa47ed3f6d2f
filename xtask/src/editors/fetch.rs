//! Fetching editors from the package registries, into `target/editors`.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context;

use super::{Editor, base, code_server, vscode};
use crate::debian::{Packages, Script};
use crate::run;

/// The release of Debian that most editors come from: stable, so that they stay what they are.
const STABLE: &str = "trixie";

/// The release whose Neovim is 0.11 or later.
const NEWER: &str = "forky";

/// Fetches what some editors need and what is not there yet. What does not depend on each other is fetched at
/// the same time.
pub(crate) fn all(editors: &[Editor]) -> anyhow::Result<()> {
    let has = |editor| editors.contains(&editor);
    let mut jobs: Vec<thread::JoinHandle<anyhow::Result<()>>> = Vec::new();
    if has(Editor::Vscode) {
        jobs.push(thread::spawn(|| {
            tools()?;
            fetched("code-server", code_server::VERSION, |folder| {
                code_server::install(folder, &base().join("tools/rg"))
            })?;
            vscode::dependencies()
        }));
    } else if has(Editor::Report) {
        jobs.push(thread::spawn(|| {
            tools()?;
            vscode::dependencies()
        }));
    }
    let are_tools_fetched = !jobs.is_empty();
    if editors.iter().any(|editor| !matches!(editor, Editor::Vscode | Editor::Report)) {
        let needs_tmux = has(Editor::Helix) && !are_tools_fetched;
        let needs_newer = has(Editor::Neovim);
        jobs.push(thread::spawn(move || {
            if needs_tmux {
                tools()?;
            }
            if needs_newer {
                newer()?;
            }
            stable()
        }));
    }
    jobs.into_iter().try_for_each(|job| job.join().ok().context("a thread ended early")?)
}

/// Fetches something, unless that was done already in the same version.
fn fetched(name: &str, version: &str, fetch: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    run::fetched(&base().join(name), version, fetch)
}

/// What is driven with, from the release that the machine runs.
fn tools() -> anyhow::Result<()> {
    let names = ["chromium", "ripgrep", "fonts-dejavu-core", "tmux"];
    fetched("tools", &format!("{} of this Debian", names.join(", ")), |folder| {
        let root = Packages { folder, release: None, names: &names }.unpack()?;
        for (name, program) in [("rg", "usr/bin/rg"), ("tmux", "usr/bin/tmux")] {
            if root.join(program).is_file() {
                Script { program, ..Script::default() }.write(&folder.join(name), &root)?;
            }
        }
        let chromium = "usr/lib/chromium/chromium";
        if !root.join(chromium).is_file() {
            return Ok(()); // It is installed.
        }
        let fonts = folder.join("fonts.conf");
        fs::write(&fonts, font_configuration(&root))?;
        let before = format!("export FONTCONFIG_FILE='{}'\n", fonts.display());
        Script { program: chromium, before: &before, ..Script::default() }
            .write(&folder.join("chromium"), &root)
    })?;
    // What is installed on the machine was not unpacked; code-server needs it at a known place.
    let own = base().join("tools/rg");
    if !own.exists() {
        std::os::unix::fs::symlink("/usr/bin/rg", own)?;
    }
    Ok(())
}

/// The machine's configuration of fonts, if it has one, with those that were unpacked.
fn font_configuration(root: &Path) -> String {
    let root = root.display();
    let prefer = |general: &str, family: &str| {
        format!("<alias><family>{general}</family><prefer><family>{family}</family></prefer></alias>\n")
    };
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig>\n\
         <include ignore_missing=\"yes\">/etc/fonts/fonts.conf</include>\n\
         <dir>{root}/usr/share/fonts</dir>\n<dir>/usr/share/fonts</dir>\n\
         <cachedir>{root}/var/cache/fontconfig</cachedir>\n{}{}{}</fontconfig>\n",
        prefer("sans-serif", "DejaVu Sans"),
        prefer("system-ui", "DejaVu Sans"),
        prefer("monospace", "DejaVu Sans Mono"),
    )
}

/// The editors of the stable release. Its Neovim is from before 0.11.
fn stable() -> anyhow::Result<()> {
    let names = ["neovim", "hx", "emacs-nox", "elpa-lsp-mode"];
    fetched("stable", &format!("{} of {STABLE}", names.join(", ")), |folder| {
        let root = Packages { folder, release: Some(STABLE), names: &names }.unpack()?;
        neovim(folder, &root)?;
        let before = "export HELIX_RUNTIME=$R/usr/lib/hx/runtime\n";
        let helix = Script { program: "usr/bin/hx", before, ..Script::default() };
        helix.write_for_other(&folder.join("hx"), &root)?;
        emacs(folder, &root)?;
        let lsp_mode = find(&root.join("usr/share/emacs/site-lisp/elpa-src"), "lsp-mode.el")?;
        std::os::unix::fs::symlink(lsp_mode, folder.join("lsp-mode.el")).context("cannot link lsp-mode")
    })
}

/// A file in one of the folders of a folder.
fn find(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folders = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = folders.filter_map(Result::ok).map(|entry| entry.path().join(name));
    files.find(|path| path.is_file()).with_context(|| format!("{} has no {name}", folder.display()))
}

fn newer() -> anyhow::Result<()> {
    fetched("neovim", &format!("neovim of {NEWER}"), |folder| {
        let root = Packages { folder, release: Some(NEWER), names: &["neovim"] }.unpack()?;
        neovim(folder, &root)
    })
}

fn neovim(folder: &Path, root: &Path) -> anyhow::Result<()> {
    let before = "export VIMRUNTIME=$R/usr/share/nvim/runtime\n\
                  export LUA_CPATH=\"$(echo $R/usr/lib/*-linux-gnu/lua/5.1)/?.so;;\"\n";
    // It looks at its name, and for its parsers where it was to be installed.
    let (linker, arguments) = ("--argv0 nvim ", "--cmd \"set runtimepath+=$R/usr/lib/nvim\" ");
    let script = Script { program: "usr/bin/nvim", before, linker, arguments };
    script.write_for_other(&folder.join("nvim"), root)
}

/// Emacs looks for its files where it was to be installed, and is told where they are. So are packages, which
/// Debian keeps apart.
fn emacs(folder: &Path, root: &Path) -> anyhow::Result<()> {
    let before = "V=$(basename $(echo $R/usr/share/emacs/[0-9]*))\n\
                  D=$R/usr/share/emacs/$V\n\
                  export EMACSLOADPATH=$(find $D/lisp $R/usr/share/emacs/site-lisp/elpa-src -type d | tr '\\n' ':')\n\
                  export EMACSDATA=$D/etc EMACSDOC=$D/etc EMACSPATH=$(echo $R/usr/libexec/emacs/$V/*)\n";
    let arguments = "--dump-file=$(find $R/usr -name '*.pdmp' | head -n 1) ";
    let script = Script { program: "usr/bin/emacs-nox", before, linker: "", arguments };
    script.write_for_other(&folder.join("emacs"), root)
}
