//! No configuration makes reading it fail by anything but an error.

#![no_main]

use std::path::Path;

use leakwright_engine::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let rules = Config::from_own_file(Path::new("/project/leakwright.toml"), text);
    if let Ok(config) = rules {
        config.for_file(Path::new("/project/package/module.py"));
        config.excludes(Path::new("/project/package/module.py"));
    }
    let _ = Config::from_pyproject(Path::new("/project/pyproject.toml"), text);
});
