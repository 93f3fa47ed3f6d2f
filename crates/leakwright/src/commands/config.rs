//! `leakwright config`.

use std::fmt::Write;

use anyhow::Context;
use leakwright_engine::{Config, Configurations};

use super::Exit;
use crate::args::ConfigArgs;
use crate::terminal;

pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<Exit> {
    let absolute = std::path::absolute(&args.path).context("cannot find the path")?;
    let metadata = std::fs::metadata(&absolute).with_context(|| args.path.display().to_string())?;
    let directory =
        if metadata.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
    let origin = Configurations::default().nearest(directory)?;
    let from = origin.path.as_ref().map_or_else(
        || "# defaults: no configuration above this path".to_owned(),
        |path| format!("# from {}", path.display()),
    );
    let excluded = if origin.config.excludes(&absolute) { "# this path is excluded\n" } else { "" };
    terminal::print(&format!("{from}\n{excluded}{}", settings(&origin.config)));
    Ok(Exit::Clean)
}

fn settings(config: &Config) -> String {
    let mut out = String::new();
    let codes: Vec<String> =
        config.rules.iter().map(|rule| format!("\"{}\"", rule.metadata().code)).collect();
    let src: Vec<String> = config.src.iter().map(|dir| format!("\"{}\"", dir.display())).collect();
    let _ = writeln!(out, "select = [{}]", codes.join(", "));
    let _ = writeln!(out, "min-confidence = \"{}\"", format!("{:?}", config.min_confidence).to_lowercase());
    let _ = writeln!(out, "preset = \"{}\"", format!("{:?}", config.preset).to_lowercase());
    let _ = writeln!(out, "src = [{}]", src.join(", "));
    let _ = writeln!(out, "deque-maxlen = {}", config.settings.deque_maxlen);
    let _ = writeln!(out, "cache-maxsize = {}", config.settings.cache_maxsize);
    for resource in &config.resources {
        let _ = writeln!(out, "# own resource: {}", resource.constructor);
    }
    out
}
