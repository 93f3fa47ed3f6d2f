//! What a check costs, and whether it costs more than it did.
//!
//! The figures depend on the machine and on what else runs there. The guard does not: it counts instructions
//! of a check of files that it writes itself, of some and of twice as many.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::repository;
use crate::run::say;

/// What `cargo xtask bench` is asked.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder that is checked; the standard library of `python3`, if none is given.
    folder: Option<PathBuf>,

    /// How often each way is run.
    #[arg(long, default_value_t = 3)]
    rounds: u32,

    /// Count instructions instead, with valgrind, and fail if there are more than there were, or if twice the files
    /// take much more than twice as many.
    #[arg(long)]
    guard: bool,

    /// With `--guard`, keep what is counted now.
    #[arg(long, requires = "guard")]
    update: bool,
}

/// What was counted when it was last kept, in millions.
#[derive(Deserialize, Serialize)]
struct Counted {
    /// For a check of [`FILES`] files, less one of no file.
    instructions: u64,
}

/// How many files the guard checks.
const FILES: usize = 150;

/// How many percent more instructions there may be.
const MARGIN: u64 = 5;

/// How many percent of the first half the second half of the files may take. Attributes of one name on objects of unknown
/// class are looked at once for each holder of that name, and here all files have the same names.
const MAX_GROWTH: u64 = 150;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.guard { guard(options.update) } else { measure(options) }
}

fn measure(options: &Options) -> anyhow::Result<()> {
    let program = program()?;
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => standard_library()?,
    };
    let script = include_str!("bench.py");
    let rounds = options.rounds.max(1).to_string();
    let status =
        Command::new("python3").args(["-c", script]).arg(program).arg(folder).arg(rounds).status()?;
    ensure!(status.success(), "the script failed");
    Ok(())
}

fn standard_library() -> anyhow::Result<PathBuf> {
    let print = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = Command::new("python3").args(["-c", print]).output().context("there is no python3")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// The program, built as it is given to users.
fn program() -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(repository()).args(["build", "--quiet", "--release", "--package", "leakwright"]);
    ensure!(cargo.status()?.success(), "the program does not build");
    Ok(repository().join("target/release").join(format!("leakwright{}", std::env::consts::EXE_SUFFIX)))
}

fn guard(update: bool) -> anyhow::Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        say("valgrind is not installed: nothing was counted");
        return Ok(());
    }
    let program = program()?;
    let start = count(&program, 0)?;
    let once = count(&program, FILES)?.saturating_sub(start);
    let again = count(&program, 2 * FILES)?.saturating_sub(start + once);
    say(&format!(
        "{once} million instructions for {FILES} files, {again} for as many more, {start} to begin"
    ));
    if again * 100 > once * MAX_GROWTH {
        bail!("twice the files take far more than twice the work");
    }
    let kept = repository().join("xtask/instructions.toml");
    if update {
        return Ok(fs::write(kept, toml::to_string(&Counted { instructions: once })?)?);
    }
    let known: Counted = toml::from_str(&fs::read_to_string(kept)?)?;
    if once * 100 > known.instructions * (100 + MARGIN) {
        bail!(
            "there were {} million: find out why, or keep the new number with `--update`",
            known.instructions
        );
    }
    Ok(())
}

/// Millions of instructions of a check of so many files.
fn count(program: &Path, files: usize) -> anyhow::Result<u64> {
    let folder = std::env::temp_dir().join(format!("leakwright-bench-{}-{files}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for number in 0..files.max(1) {
        let text = if files == 0 { String::new() } else { module(number) };
        fs::write(folder.join(format!("module{number}.py")), text)?;
    }
    let counts = folder.join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", counts.display()));
    valgrind.arg(program).args(["check", "--no-cache", "--exit-zero", "--format", "json"]).arg(&folder);
    let output = valgrind.env("RAYON_NUM_THREADS", "1").output()?;
    let text =
        fs::read_to_string(&counts).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned());
    fs::remove_dir_all(&folder)?;
    let text = text?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    Ok(total.context("valgrind counted nothing")?.trim().parse::<u64>()? / 1_000_000)
}

/// A file with what whole projects are asked about: callbacks and who takes them back, caches and who clears them,
/// containers, resources, tasks.
fn module(number: usize) -> String {
    let mut text =
        format!("import asyncio, functools, logging\nfrom module{} import Bus{0} as Other\n", number / 2);
    let _ = write!(
        text,
        r#"
log = logging.getLogger(__name__)
registry{number} = {{}}

class Bus{number}:
    def __init__(self):
        self.handlers = []
        self.seen = {{}}

    def subscribe(self, handler):
        self.handlers.append(handler)

    def unsubscribe(self, handler):
        self.handlers.remove(handler)

    def handle(self, event):
        self.seen[event.id] = event
        for handler in self.handlers:
            handler(event)

class Listener{number}:
    def __init__(self, bus, other):
        self.bus = bus
        bus.subscribe(self.on_event{number})
        other.add_listener(self.on_change)

    def on_event{number}(self, event):
        registry{number}[event.id] = self

    def on_change(self, event):
        log.info("changed %s", event)

    def close(self):
        self.bus.unsubscribe(self.on_event{number})

@functools.lru_cache(maxsize=None)
def load{number}(path):
    stream = open(path)
    return stream.read()

async def serve{number}(queue):
    while True:
        event = await queue.get()
        asyncio.create_task(Other().handle(event))
        if event.last:
            load{number}.cache_clear()
"#
    );
    text
}
