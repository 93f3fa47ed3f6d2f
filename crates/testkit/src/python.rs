//! The Python that judges what fixes write.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// A Python interpreter of this machine.
#[derive(Clone, Debug)]
pub struct Python {
    path: PathBuf,
}

/// The machine's Python; `None` where there is none, said once. Continuous integration has to have
/// one, or what it says of fixes would mean nothing.
pub fn python() -> Option<&'static Python> {
    static PYTHON: OnceLock<Option<Python>> = OnceLock::new();
    let found = PYTHON.get_or_init(|| {
        let works = |name: &str| {
            let output =
                Command::new(name).args(["-c", "import sys; print(sys.version_info >= (3, 9))"]).output();
            output.is_ok_and(|output| output.stdout.starts_with(b"True"))
        };
        let path = ["python3", "python"].into_iter().find(|name| works(name)).map(PathBuf::from);
        if path.is_none() {
            eprintln!("SKIPPED: no Python 3.9 or later here; what fixes write is not executed");
        }
        path.map(|path| Python { path })
    });
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "continuous integration needs a Python");
    found.as_ref()
}

impl Python {
    /// Runs a program text in a directory.
    pub fn run(&self, program: &str, directory: &Path) -> Output {
        let mut child = Command::new(&self.path)
            .arg("-")
            .current_dir(directory)
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut stdin = child.stdin.take().expect("there is a pipe");
        stdin.write_all(program.as_bytes()).expect("Python reads its program");
        drop(stdin);
        child.wait_with_output().expect("Python ends")
    }

    /// What a program prints; panics with what it says if it fails.
    pub fn print(&self, program: &str, directory: &Path) -> String {
        let output = self.run(program, directory);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "Python failed:\n{errors}\non:\n{program}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The folder of the standard library.
    pub fn standard_library(&self) -> PathBuf {
        let printed = self.print("import sysconfig; print(sysconfig.get_path('stdlib'))", Path::new("."));
        PathBuf::from(printed.trim())
    }

    /// Files, of those given, that do not compile, with the reason.
    pub fn uncompilable(&self, files: &[PathBuf]) -> Vec<String> {
        let list: Vec<String> = files.iter().map(|path| format!("{:?}", path.to_string_lossy())).collect();
        let program = format!(
            "import warnings\nwarnings.simplefilter('ignore')\n\
             for path in [{}]:\n    try:\n        compile(open(path, 'rb').read(), path, 'exec')\n    \
             except (SyntaxError, ValueError) as error:\n        print(path, error)\n",
            list.join(", ")
        );
        self.print(&program, Path::new(".")).lines().map(str::to_owned).collect()
    }
}
