//! The documents as a site.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};

use super::place::Place;
use crate::repository;
use crate::run::output_of;

pub(super) fn is_built(place: &Place) -> anyhow::Result<()> {
    let out = place.empty("site")?;
    let mut mdbook: Command = place.tool("mdbook");
    let output =
        mdbook.args(["build", "docs", "--dest-dir"]).arg(&out).output().context("cannot run mdbook")?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ensure!(
        output.status.success() && !said.contains("WARN") && !said.contains("ERROR"),
        "mdbook says: {said}"
    );
    let listed = output_of(Command::new("git").current_dir(repository()).args(["ls-files", "docs/*.md"]))?;
    let documents =
        listed.lines().filter_map(|path| path.strip_prefix("docs/")).filter(|path| *path != "SUMMARY.md");
    let mut found = 0;
    for document in documents {
        let page = document.replace("README.md", "index.html").replace(".md", ".html");
        let text = fs::read_to_string(out.join(&page)).with_context(|| format!("no page for {document}"))?;
        ensure!(text.contains("<main>"), "{page} is empty");
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            let path = out.join(&page).with_file_name("").join(target);
            ensure!(path.exists(), "{page} links to {link}");
        }
        found += 1;
    }
    ensure!(found > 30, "{found} pages");
    let index = fs::read_dir(&out)?.filter_map(Result::ok).find(|entry| {
        let path = entry.path();
        let is_script = path.extension().is_some_and(|ending| ending == "js");
        is_script && entry.file_name().to_string_lossy().starts_with("searchindex")
    });
    let index = fs::read_to_string(index.context("there is no search")?.path())?;
    ensure!(index.contains("unbounded-collection"), "the search knows no rule");
    Ok(())
}
