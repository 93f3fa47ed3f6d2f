//! A run: what is read for it, and what it rests on.

use std::fmt::Write;

use rayon::prelude::*;

use crate::cache::{self, BUILD, Cache};
use crate::check::{Checked, Input, Options, Progress, judge};
use crate::configurations::Configurations;
use crate::discover::{Found, discover};
use crate::error::FileError;
use crate::limits::Limits;
use crate::load::{Read, SourceFile};
use crate::threads::pool;

/// The files of a run, read and not looked at yet.
pub struct Gathered {
    input: Input,
    files: Vec<Result<Read, FileError>>,
    errors: Vec<FileError>,
}

impl Gathered {
    /// Finds and reads the files.
    pub fn read(input: &Input, progress: &dyn Progress) -> Self {
        let configurations = match input {
            Input::Within(_, folders) => Configurations::within(Limits::to(folders.clone())),
            _ => Configurations::default(),
        };
        let mut all = Self { input: input.clone(), files: Vec::new(), errors: Vec::new() };
        pool().install(|| all.gather(input, &configurations));
        progress.found(all.files.len());
        all
    }

    fn gather(&mut self, input: &Input, configurations: &Configurations) {
        match input {
            Input::Within(input, _) => self.gather(input, configurations),
            Input::Texts(texts) => {
                let read = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
                    let found = Found { path: path.clone(), root: std::path::PathBuf::from(".") };
                    Read::of(&found, bytes.clone(), configurations)
                };
                self.files = texts.iter().map(read).collect();
            }
            Input::Paths(paths) => {
                let mut found = discover(paths, configurations);
                configurations.limits().narrow(&mut found);
                self.files = found.files.par_iter().map(|found| Read::new(found, configurations)).collect();
                self.errors = found.errors;
            }
        }
    }

    /// A hash of all that the outcome rests on, with what else it depends on for the caller. `None` where it rests on
    /// more: on what is known already.
    pub fn key(&self, options: &Options, more: &str) -> Option<u128> {
        let mut all = format!("{BUILD:x} {options:?} {:?} {:?} {more}\n", self.input, self.errors);
        let _ = writeln!(all, "{:?} {}", std::env::current_dir().ok(), self.input.is_whole());
        for file in &self.files {
            let Ok(read) = file else {
                let _ = writeln!(all, "{:?}", file.as_ref().err());
                continue;
            };
            let config = &read.place.config;
            if config.baseline.is_some() {
                return None;
            }
            let place = (&read.place.module_name, read.place.is_package, read.place.is_test);
            let where_it_lies = (&read.path, &read.absolute, &config.root);
            let _ = writeln!(all, "{where_it_lies:?} {place:?} {:x} {:x}", read.key, config.fingerprint);
        }
        Some(cache::key(all.as_bytes()))
    }

    /// Checks the files.
    pub fn check(self, cache: &Cache, options: &Options, progress: &dyn Progress) -> Checked {
        let input = self.input.clone();
        pool().install(|| {
            let (files, errors) = self.load(cache, progress);
            let mut checked = judge(files, errors, options);
            checked.forget_unused(&input);
            checked
        })
    }

    /// Maps the files: those that could be, and what went wrong with others.
    pub(crate) fn load(self, cache: &Cache, progress: &dyn Progress) -> (Vec<SourceFile>, Vec<FileError>) {
        let map = |file: Result<Read, FileError>| {
            let loaded = file.and_then(|read| read.map(cache, None));
            progress.done();
            loaded
        };
        let loaded: Vec<Result<SourceFile, FileError>> = self.files.into_par_iter().map(map).collect();
        cache.save();
        let (mut files, mut errors) = (Vec::new(), self.errors);
        for result in loaded {
            match result {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        (files, errors)
    }
}
