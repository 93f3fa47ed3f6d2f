//! Whatever is in the folder, what comes out is what was made, or it is made anew.

use super::*;
use std::fs;
use std::path::PathBuf;

fn entry(cache: &Cache, name: &str) -> String {
    let make = || Ok::<_, ()>(format!("made of {name}"));
    cache.entry(key(name.as_bytes()), make).unwrap()
}

fn usage(cache: &Cache) -> (usize, usize) {
    let usage = cache.usage();
    (usage.reused, usage.mapped)
}

/// A run that asks for some entries.
fn run(folder: &Path, names: &[&str]) -> (usize, usize) {
    let cache = Cache::at(folder);
    for name in names {
        assert_eq!(entry(&cache, name), format!("made of {name}"));
    }
    cache.save();
    usage(&cache)
}

fn packs(folder: &Path) -> Vec<PathBuf> {
    let own = fs::read_dir(folder.join(format!("{BUILD:032x}"))).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = own.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "pack"));
    paths
}

fn remove_packs(folder: &Path) {
    for path in packs(folder) {
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_was_made_once_is_not_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(folder::NAME);
    assert_eq!(run(&folder, &["a", "b"]), (0, 2));
    assert_eq!(run(&folder, &["a", "b"]), (2, 0));
    assert_eq!(run(&folder, &["a", "c"]), (1, 1));
    assert_eq!(run(&folder, &["c", "b"]), (2, 0));
    assert!(fs::read_to_string(folder.join(".gitignore")).unwrap().contains("\n*\n"));
    assert!(
        fs::read_to_string(folder.join("CACHEDIR.TAG")).unwrap().starts_with("Signature: 8a477f597d28d172")
    );
}

#[test]
fn a_pack_that_is_cut_short_or_changed_anywhere_is_as_none() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["a", "b"]);
    let [pack] = packs(dir.path()).try_into().unwrap();
    let whole = fs::read(&pack).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        fs::write(&pack, damaged).unwrap();
        let (_, made) = run(dir.path(), &["a", "b"]);
        assert!(made > 0, "byte {at}");
        remove_packs(dir.path());
        fs::write(&pack, &whole[..at]).unwrap();
        assert_eq!(run(dir.path(), &["a"]), (0, 1), "{at} bytes of it");
        remove_packs(dir.path());
    }
    fs::write(&pack, &whole).unwrap();
    assert_eq!(run(dir.path(), &["a", "b"]), (2, 0));
}

#[test]
fn what_was_damaged_is_made_whole() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["a", "b"]);
    let [pack] = packs(dir.path()).try_into().unwrap();
    let mut damaged = fs::read(&pack).unwrap();
    damaged[3] ^= 1;
    fs::write(&pack, damaged).unwrap();
    assert_eq!(run(dir.path(), &["a", "b"]), (1, 1));
    let all: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    for name in &all {
        run(dir.path(), &["a", "b", name]);
    }
    assert_eq!(run(dir.path(), &["a", "b"]), (2, 0));
}

#[test]
fn many_packs_become_one_with_what_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for count in 1..=names.len() {
        assert_eq!(run(dir.path(), &names[..count]), (count - 1, 1));
        assert!(packs(dir.path()).len() <= 9);
    }
    assert_eq!(run(dir.path(), &names), (30, 0));
}

#[test]
fn runs_at_the_same_time_do_not_hurt_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    std::thread::scope(|scope| {
        for offset in 0..4 {
            let (names, dir) = (&names, dir.path());
            scope.spawn(move || {
                for round in 0..12 {
                    let wanted: Vec<&str> =
                        names.iter().skip(offset + round).step_by(3).map(String::as_str).collect();
                    run(dir, &wanted);
                }
            });
        }
    });
    assert_eq!(run(dir.path(), &["100"]), (1, 0));
    let left = fs::read_dir(dir.path().join(format!("{BUILD:032x}"))).unwrap().flatten();
    assert!(
        left.map(|entry| entry.path()).all(|path| path.extension().is_some_and(|ending| ending == "pack"))
    );
}

#[test]
fn an_answer_comes_back_as_it_was_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path());
    assert_eq!(cache.answer(1), None);
    cache.keep_answer(1, b"found");
    assert_eq!(cache.answer(1).as_deref(), Some(&b"found"[..]));
    let path = dir.path().join(format!("{BUILD:032x}/{:032x}.answer", 1));
    for text in [&b"found"[..], b"", b"12345678", b"found12345678"] {
        fs::write(&path, text).unwrap();
        assert_eq!(cache.answer(1), None);
    }
    for key in 0..40 {
        cache.keep_answer(key, b"more");
    }
    assert_eq!(cache.answer(39).as_deref(), Some(&b"more"[..]));
    assert!(fs::read_dir(path.parent().unwrap()).unwrap().count() <= 16);
}

#[test]
fn a_folder_that_cannot_be_written_is_said_once_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let taken = dir.path().join("taken");
    fs::write(&taken, "a file").unwrap();
    let cache = Cache::at(&taken);
    assert_eq!(entry(&cache, "a"), "made of a");
    cache.save();
    cache.keep_answer(1, b"lost");
    assert!(cache.usage().trouble.is_some());
    assert_eq!(cache.answer(1), None);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "a file");
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "").unwrap();
    let cache = Cache::at(dir.path());
    assert_eq!(entry(&cache, "a"), "made of a");
    cache.save();
    assert!(cache.usage().trouble.unwrap().ends_with("is not a cache"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn builds_keep_apart_and_old_ones_go() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55").unwrap();
    for old in ["1", "2", "3", "4"] {
        fs::create_dir_all(dir.path().join(old)).unwrap();
        fs::write(dir.path().join(old).join("x.pack"), "of another build").unwrap();
    }
    assert_eq!(run(dir.path(), &["a"]), (0, 1));
    let builds = fs::read_dir(dir.path()).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(builds.count(), 3);
    assert_eq!(run(dir.path(), &["a"]), (1, 0));
    let [pack] = packs(dir.path()).try_into().unwrap();
    let mut other = fs::read(&pack).unwrap();
    let build = other.len() - 40;
    other[build] ^= 1;
    fs::write(&pack, other).unwrap();
    assert_eq!(run(dir.path(), &["a"]), (0, 1), "a pack of another build");
}

#[test]
fn a_cache_lies_with_the_configuration_and_is_cleared_there() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    fs::create_dir_all(top.join("a/b")).unwrap();
    fs::write(top.join("a/b/x.py"), "").unwrap();
    let of = |path: &str| folder::of(&[top.join(path)]);
    assert_eq!(of("a/b"), Some(top.join("a/b/.leakwright_cache")));
    assert_eq!(of("a/b/x.py"), None, "one file by itself");
    fs::write(top.join("a/leakwright.toml"), "").unwrap();
    for path in ["a/b/x.py", "a/b", "a"] {
        assert_eq!(of(path), Some(top.join("a/.leakwright_cache")), "{path}");
    }
    let folder = top.join("a/.leakwright_cache");
    run(&folder, &["a"]);
    assert_eq!(clear_cache(&[top.join("a/b")]).unwrap(), std::slice::from_ref(&folder));
    assert!(!folder.exists());
    fs::create_dir_all(&folder).unwrap();
    assert!(clear_cache(&[top.join("a")]).unwrap().is_empty(), "not one of ours");
}
