//! Programs from Debian's packages, unpacked into a folder: nothing on the system changes, and nobody has to be
//! root.
//!
//! Packages of the release that the machine runs are unpacked with what the machine lacks, and use its own
//! libraries for the rest. Those of a newer release come with everything they need, the C library included, and
//! are started by their own dynamic linker.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::run::output_of;

/// Packages, and where they come from.
pub(crate) struct Packages<'a> {
    /// The folder they go to.
    pub(crate) folder: &'a Path,
    /// The release, by its code name; that of the machine, if there is none.
    pub(crate) release: Option<&'a str>,
    pub(crate) names: &'a [&'a str],
}

/// Packages of the C library, which the machine has, and which must fit its dynamic linker.
const ALWAYS_THERE: [&str; 3] = ["libc6", "libc-bin", "base-files"];

impl Packages<'_> {
    /// Unpacks the packages, and says where.
    pub(crate) fn unpack(&self) -> anyhow::Result<PathBuf> {
        let root = self.folder.join("root");
        let (apt, debs) = (self.folder.join("apt"), self.folder.join("debs"));
        for folder in [&root, &debs, &apt.join("lists/partial"), &apt.join("cache/archives/partial")] {
            fs::create_dir_all(folder)?;
        }
        let configuration = self.configure(&apt)?;
        let apt_get = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.env("APT_CONFIG", &configuration).current_dir(&debs).args(arguments);
            output_of(&mut command)
        };
        apt_get(&["update", "-qq"])?;
        let simulated = apt_get(&[&["install", "-s", "--no-install-recommends"], self.names].concat())?;
        let mut packages = selected(&simulated);
        if self.release.is_none() {
            packages
                .retain(|package| !ALWAYS_THERE.iter().any(|name| package.starts_with(&format!("{name}="))));
        }
        if !packages.is_empty() {
            let names: Vec<&str> = packages.iter().map(String::as_str).collect();
            apt_get(&[&["download", "-qq"], &names[..]].concat())?;
        }
        for package in fs::read_dir(&debs)? {
            output_of(Command::new("dpkg").arg("-x").arg(package?.path()).arg(&root))?;
        }
        fs::remove_dir_all(&apt)?;
        fs::remove_dir_all(&debs)?;
        Ok(root)
    }

    /// Writes a configuration that has apt keep everything it knows below a folder.
    fn configure(&self, apt: &Path) -> anyhow::Result<PathBuf> {
        let path = apt.join("apt.conf");
        let mut text = String::new();
        writeln!(text, "Dir::State::lists \"{0}/lists\"; Dir::Cache \"{0}/cache\";", apt.display())?;
        writeln!(text, "APT::Sandbox::User \"root\";")?;
        if let Some(release) = self.release {
            let sources = apt.join("release.sources");
            fs::write(&sources, source(&mirror()?, release))?;
            // Nothing counts as installed, so that everything is selected.
            fs::write(apt.join("status"), "")?;
            fs::create_dir_all(apt.join("none"))?;
            writeln!(text, "Dir::State::status \"{}/status\";", apt.display())?;
            writeln!(text, "Dir::Etc::sourcelist \"{}\"; Dir::Etc::sourceparts \"-\";", sources.display())?;
            writeln!(
                text,
                "Dir::Etc::preferences \"-\"; Dir::Etc::preferencesparts \"{}/none\";",
                apt.display()
            )?;
        }
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// A source for a release of a mirror.
fn source(mirror: &str, release: &str) -> String {
    format!(
        "Types: deb\nURIs: {mirror}\nSuites: {release}\nComponents: main\n\
         Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
}

/// The mirror of Debian that the machine uses: the first address among its sources that holds its release.
pub(crate) fn mirror() -> anyhow::Result<String> {
    let release = release()?;
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    let mut texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    texts
        .find_map(|text| mirror_in(&text, &release))
        .with_context(|| format!("no source of Debian {release} is configured"))
}

/// The address that a list of sources, in either format, has for a release.
fn mirror_in(text: &str, release: &str) -> Option<String> {
    let field = |stanza: &str, name: &str| {
        let line = stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    let stanzas = text.split("\n\n").filter_map(|stanza| {
        let is_own = field(stanza, "Suites")?.iter().any(|suite| suite == release);
        is_own.then(|| field(stanza, "URIs")?.into_iter().next()).flatten()
    });
    let lines = text.lines().filter_map(|line| {
        let mut words = line.strip_prefix("deb ")?.split_whitespace().filter(|word| !word.contains('='));
        let address = words.find(|word| word.contains("://"))?;
        (words.next() == Some(release)).then(|| address.to_owned())
    });
    stanzas.chain(lines).next()
}

/// The code name of the release that the machine runs.
fn release() -> anyhow::Result<String> {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('"').to_owned())
    };
    ensure!(
        value("ID").as_deref() == Some("debian"),
        "programs are fetched on Debian only: install them yourself"
    );
    value("VERSION_CODENAME").context("/etc/os-release names no release")
}

/// The packages that apt says it would install, with their versions.
fn selected(simulated: &str) -> Vec<String> {
    let package = |line: &str| {
        let mut words = line.strip_prefix("Inst ")?.split_whitespace();
        let name = words.next()?;
        let version = words.find_map(|word| word.strip_prefix('('))?;
        Some(format!("{name}={version}"))
    };
    simulated.lines().filter_map(package).collect()
}

/// A script that starts an unpacked program.
#[derive(Default)]
pub(crate) struct Script<'a> {
    /// The program, below the folder that packages were unpacked to.
    pub(crate) program: &'a str,
    /// Lines of the shell that come first; `$R` is the folder.
    pub(crate) before: &'a str,
    /// What the dynamic linker is told.
    pub(crate) linker: &'a str,
    /// Arguments that come first.
    pub(crate) arguments: &'a str,
}

impl Script<'_> {
    /// Writes it for a program of the release that the machine runs: with the machine's dynamic linker, and with the
    /// libraries that the machine lacks.
    pub(crate) fn write(&self, path: &Path, root: &Path) -> anyhow::Result<()> {
        let Self { program, before, arguments, .. } = self;
        let (root, triple) = (root.display(), triple()?);
        write_script(
            path,
            &format!(
                "#!/bin/sh\nR='{root}'\nL=$R/usr/lib/{triple}\n\
                 export LD_LIBRARY_PATH=$L:$L/pulseaudio${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n{before}\
                 exec $R/{program} {arguments}\"$@\"\n"
            ),
        )
    }

    /// Writes it for a program of another release: with the dynamic linker that came with it.
    pub(crate) fn write_for_other(&self, path: &Path, root: &Path) -> anyhow::Result<()> {
        let Self { program, before, linker: options, arguments } = self;
        let linker = linker(root)?;
        let (root, linker, triple) = (root.display(), linker.display(), triple()?);
        write_script(
            path,
            &format!(
                "#!/bin/sh\nR='{root}'\n{before}exec '{linker}' --library-path $R/usr/lib/{triple} {options}\
                 $R/{program} {arguments}\"$@\"\n"
            ),
        )
    }
}

fn write_script(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

pub(crate) fn triple() -> anyhow::Result<String> {
    match std::env::consts::ARCH {
        arch @ ("x86_64" | "aarch64") => Ok(format!("{arch}-linux-gnu")),
        other => bail!("programs are fetched for x86_64 and aarch64 only, not for {other}"),
    }
}

/// The dynamic linker among what was unpacked.
fn linker(root: &Path) -> anyhow::Result<PathBuf> {
    let folders = ["usr/lib64", "usr/lib", "lib64", "lib"].map(|folder| root.join(folder));
    let files =
        folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    files
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux")))
        .with_context(|| format!("{} has no dynamic linker", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_either_format() {
        let new = "Types: deb\n# a comment\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\n\n\
                   Types: deb\nURIs: http://mirror/security\nSuites: bookworm-security\n";
        let old =
            "# deb http://other bookworm main\ndeb [ signed-by=/key ] http://mirror/debian bookworm main\n";
        for text in [new, old] {
            assert_eq!(mirror_in(text, "bookworm").as_deref(), Some("http://mirror/debian"));
            assert_eq!(mirror_in(text, "trixie"), None);
        }
    }

    #[test]
    fn packages_are_read_from_a_simulation() {
        let text = "Reading package lists...\nInst libx (1.2-3 Debian:12/stable [amd64])\n\
                    Inst liby [1.0] (1.1 Debian:12/stable [amd64])\nConf libx (1.2-3 Debian:12/stable [amd64])\n";
        assert_eq!(selected(text), ["libx=1.2-3", "liby=1.1"]);
    }
}
