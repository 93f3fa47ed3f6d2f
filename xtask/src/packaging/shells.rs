//! What shells and manuals are given.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use super::place::Place;
use crate::run::{output_of, say};

pub(super) fn complete(place: &Place) -> anyhow::Result<()> {
    let program = place.installed()?;
    // Bash: the function that it calls offers what fits.
    let ask = r#"
        source <("$LEAKWRIGHT" completions bash)
        offered() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leakwright leakwright "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"; echo "${COMPREPLY[@]}"; }
        offered leakwright che
        offered leakwright check --diff-
        offered leakwright check --format sar
    "#;
    let mut bash = Command::new("bash");
    let said = output_of(bash.args(["--noprofile", "--norc", "-c", ask]).env("LEAKWRIGHT", &program))?;
    ensure!(said == "check\n--diff-base\nsarif\n", "bash is offered: {said}");
    let script = |shell: &str| -> anyhow::Result<PathBuf> {
        let path = place.path(&format!("leakwright.{shell}"));
        fs::write(&path, output_of(Command::new(&program).args(["completions", shell]))?)?;
        Ok(path)
    };
    let fish_script = script("fish")?;
    if let Some(mut fish) = place.program("fish") {
        let ask = "source $argv[1]; complete -C 'leakwright che'; complete -C 'leakwright check --diff-'; \
                   complete -C 'leakwright check --format sar'";
        let said = output_of(fish.args(["--no-config", "--command", ask]).arg(fish_script))?;
        let offered: Vec<&str> = said.lines().filter_map(|line| line.split('\t').next()).collect();
        ensure!(offered == ["check", "--diff-base", "sarif"], "fish is offered: {said}");
    } else {
        say("skipped: fish is not here");
    }
    let zsh_script = script("zsh")?;
    if let Some(mut zsh) = place.program("zsh") {
        // Completions of zsh run while somebody types: it is asked whether it understands them.
        output_of(zsh.args(["--no-rcs", "-n"]).arg(zsh_script))?;
    } else {
        say("skipped: zsh is not here");
    }
    Ok(())
}

pub(super) fn have_manual_pages(place: &Place) -> anyhow::Result<()> {
    let folder = place.empty("man")?;
    output_of(Command::new(place.installed()?).args(["man", "--out"]).arg(&folder))?;
    let help = output_of(Command::new(place.installed()?).arg("--help"))?;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    ensure!(names.len() > 10, "commands in: {help}");
    let pages: Vec<String> = names.iter().map(|name| format!("leakwright-{name}.1")).collect();
    for page in pages.iter().map(String::as_str).chain(["leakwright.1"]) {
        let path = folder.join(page);
        let text = fs::read_to_string(&path).with_context(|| page.to_owned())?;
        ensure!(text.contains(".TH leakwright"), "{page} has no title");
        if Command::new("groff").arg("--version").output().is_ok() {
            let output = Command::new("groff").args(["-man", "-ww", "-z"]).arg(&path).output()?;
            let faults = String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(faults.is_empty(), "{page}: {faults}");
        }
    }
    Ok(())
}
