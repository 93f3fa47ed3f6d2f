//! The cache: nothing is worked out twice, and nothing is different for it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use leakwright_engine::{NoProgress, Workspace};
use leakwright_testkit::{leakwright, python};

const LEAK: &str = "def f(p):\n    g = open(p)\n    return g.read()\n";

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = leakwright(dir);
    command.env_remove("LEAKWRIGHT_NO_CACHE").args(args);
    command
}

fn output(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

/// What a check with the cache says of the cache.
fn check(dir: &Path, args: &[&str]) -> String {
    let output = output(dir, &[&["check", "--verbose"], args].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().find_map(|line| line.strip_prefix("cache: ")).unwrap_or(&said).to_owned()
}

#[test]
fn what_has_not_changed_is_not_worked_out_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in ["a", "b", "c"] {
        fs::write(dir.join(format!("{name}.py")), format!("# {name}\n{LEAK}")).unwrap();
    }
    assert_eq!(check(dir, &[]), "0 files from the cache, 3 mapped");
    assert_eq!(check(dir, &[]), "nothing has changed");
    assert_eq!(check(dir, &["--format", "json"]), "3 files from the cache, 0 mapped");
    fs::write(dir.join("b.py"), format!("# changed\n{LEAK}")).unwrap();
    assert_eq!(check(dir, &[]), "2 files from the cache, 1 mapped");
    fs::write(dir.join("leakwright.toml"), "ignore = ['LW1']\n").unwrap();
    assert_eq!(check(dir, &[]), "3 files from the cache, 0 mapped", "the configuration is another");
    assert_eq!(check(dir, &[]), "nothing has changed");
    fs::write(dir.join(".gitignore"), "c.py\n").unwrap();
    assert_eq!(check(dir, &[]), "2 files from the cache, 0 mapped", "there are other files");
    fs::write(dir.join("d.py"), format!("# a\n{LEAK}")).unwrap();
    assert_eq!(check(dir, &[]), "3 files from the cache, 0 mapped", "one is a copy");
    assert_eq!(check(dir, &["--no-cache"]), "0 files from the cache, 0 mapped");
    assert_eq!(check(dir, &["--cache-dir", "elsewhere"]), "0 files from the cache, 3 mapped");
    assert!(dir.join("elsewhere/CACHEDIR.TAG").is_file());

    let cleaned = String::from_utf8(output(dir, &["clean"]).stdout).unwrap();
    assert!(cleaned.starts_with("Removed ") && cleaned.contains(".leakwright_cache"), "{cleaned}");
    assert!(!dir.join(".leakwright_cache").exists());
    assert_eq!(String::from_utf8(output(dir, &["clean"]).stdout).unwrap(), "There is no cache.\n");
    assert_eq!(check(dir, &[]), "0 files from the cache, 3 mapped");
}

#[test]
fn an_answer_that_was_kept_is_given_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("a.py"), LEAK).unwrap();
    fs::write(dir.join("broken.py"), format!("{LEAK}def g(:\n")).unwrap();
    fs::write(dir.join("useless.py"), "x = 1  # leakwright: ignore[LW301] nothing here\n").unwrap();
    let ways: [&[&str]; 6] = [
        &["check"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--exit-zero", "--quiet"],
        &["scan", "--format", "concise"],
        &["check", "missing.py", "."],
    ];
    for args in ways {
        let first = output(dir, args);
        let uncached = output(dir, &[args, &["--no-cache"]].concat());
        assert_eq!(first, uncached, "{args:?}");
        assert_eq!(output(dir, args), first, "{args:?}");
    }
    output(dir, &["check", "--output-file", "first.txt"]);
    output(dir, &["check", "--output-file", "first.txt"]);
    let written = fs::read(dir.join("first.txt")).unwrap();
    output(dir, &["check", "--no-cache", "--output-file", "second.txt"]);
    assert_eq!(written, fs::read(dir.join("second.txt")).unwrap());
    // With a baseline, what is shown rests on more than the files.
    output(dir, &["baseline", "--output", "known.json"]);
    let compared = ["check", "--baseline", "known.json"];
    assert_eq!(output(dir, &compared).status.code(), Some(0));
    fs::write(dir.join("known.json"), "{\"schema\": 1, \"findings\": []}").unwrap();
    assert_eq!(output(dir, &compared).status.code(), Some(1));
}

#[test]
fn real_files_are_judged_the_same_whether_or_not_they_come_from_the_cache() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for package in ["asyncio", "concurrent", "logging", "multiprocessing", "email", "unittest"] {
        copy(&python.standard_library().join(package), &dir.join(package));
    }
    let args = ["check", "--format", "json"];
    let uncached = output(dir, &[&args[..], &["--no-cache"]].concat());
    assert!(uncached.stdout.len() > 1000, "there is something to find");
    assert_eq!(output(dir, &args), uncached);
    let changed = dir.join("asyncio/queues.py");
    let text = fs::read_to_string(&changed).unwrap();
    fs::write(&changed, format!("{text}\n\n{LEAK}")).unwrap();
    assert!(check(dir, &["--format", "json"]).ends_with(" 1 mapped"));
    let uncached = output(dir, &[&args[..], &["--no-cache"]].concat());
    assert_eq!(output(dir, &args), uncached);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if target.extension().is_some_and(|ending| ending == "py") {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn processes_share_a_cache_and_whatever_lies_in_it_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for n in 0..40 {
        fs::write(dir.join(format!("m{n}.py")), format!("# {n}\n{LEAK}")).unwrap();
    }
    let args = ["check", "--format", "json"];
    let expected = output(dir, &[&args[..], &["--no-cache"]].concat()).stdout;
    for _ in 0..3 {
        let mut running = Vec::new();
        for _ in 0..4 {
            running.push(command(dir, &args).stdout(std::process::Stdio::piped()).spawn().unwrap());
        }
        for process in running {
            assert_eq!(process.wait_with_output().unwrap().stdout, expected);
        }
        // All that is kept is cut in the middle.
        for build in fs::read_dir(dir.join(".leakwright_cache")).unwrap().flatten() {
            for entry in fs::read_dir(build.path()).into_iter().flatten().flatten() {
                let bytes = fs::read(entry.path()).unwrap();
                fs::write(entry.path(), &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        assert_eq!(output(dir, &args).stdout, expected);
        assert_eq!(output(dir, &args).stdout, expected);
    }
}

#[test]
fn where_nothing_can_be_kept_all_else_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.py"), LEAK).unwrap();
    fs::write(dir.path().join(".leakwright_cache"), "somebody's file").unwrap();
    let said = check(dir.path(), &[]);
    assert!(said.starts_with("0 files from the cache, 1 mapped; nothing can be kept: "), "{said}");
    let quiet = output(dir.path(), &["check"]);
    assert_eq!((quiet.status.code(), quiet.stderr.len()), (Some(1), 0));
    assert_eq!(fs::read_to_string(dir.path().join(".leakwright_cache")).unwrap(), "somebody's file");
    let mut text = command(dir.path(), &["check", "-"]);
    text.stdin(std::process::Stdio::null());
    assert_eq!(text.output().unwrap().status.code(), Some(0));
}

#[test]
fn a_folder_that_is_opened_again_maps_what_has_changed_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(dir.path().join(format!("{name}.py")), format!("# {name}\n{LEAK}")).unwrap();
    }
    let open = || {
        let folder = Workspace::new(dir.path().to_owned());
        folder.scan(&[], true, &NoProgress);
        let usage = folder.usage();
        (usage.reused, usage.mapped)
    };
    assert_eq!(open(), (0, 3));
    fs::write(dir.path().join("b.py"), "x = 1\n").unwrap();
    assert_eq!(open(), (2, 1));
    assert_eq!(open(), (3, 0));
    assert_eq!(check(dir.path(), &[]), "3 files from the cache, 0 mapped", "both use the same");
}
