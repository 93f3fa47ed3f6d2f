//! The image: built as its file says, and run.
//!
//! By Docker where it runs. Elsewhere, for root on Debian, by buildah, without a daemon: on images that are made from
//! packages, and that borrow the toolchain of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::place::Place;
use crate::debian;
use crate::repository;
use crate::run::{output_of, say};

/// What the image is called.
const NAME: &str = "localhost/leakwright-test";

/// The release of Debian that the image is made of.
const RELEASE: &str = "trixie";

pub(super) fn checks_what_is_mounted(place: &Place) -> anyhow::Result<()> {
    let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    if runs(Command::new("docker").arg("version")) {
        return checks(place, &Docker::build()?);
    }
    // Root of a container may not.
    let is_root = output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let may_mount = is_root && runs(Command::new("unshare").args(["--mount", "true"]));
    match Buildah::find(place) {
        Some(buildah) if may_mount => {
            buildah.build(place)?;
            checks(place, &Container::new(&buildah)?)
        }
        _ => {
            say("skipped: there is neither a Docker that runs, nor buildah for root who may mount");
            Ok(())
        }
    }
}

/// What runs the image, with a folder in the place of the code.
trait Runs {
    fn run(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<Output>;
}

fn checks(place: &Place, image: &dyn Runs) -> anyhow::Result<()> {
    let project = place.leaking("mounted")?;
    for (arguments, code, says) in [
        (&["--version"][..], 0, concat!("leakwright ", env!("CARGO_PKG_VERSION"))),
        (&[], 0, "Usage: leakwright"),
        (&["check", "--format", "concise", "."], 1, "load.py:2:14"),
        // With the git of the image, in a folder of somebody else.
        (&["check", "--diff-base", "HEAD", "."], 0, ""),
    ] {
        let output = image.run(&project, arguments)?;
        let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        ensure!(
            output.status.code() == Some(code) && said.contains(says),
            "{arguments:?} ends with {}, and says: {said}{errors}",
            output.status
        );
    }
    Ok(())
}

struct Docker;

impl Docker {
    fn build() -> anyhow::Result<Self> {
        let mut docker = Command::new("docker");
        docker.current_dir(repository()).args([
            "build",
            "--quiet",
            "--build-arg",
            "PROFILE=dev",
            "--tag",
            NAME,
        ]);
        output_of(docker.arg("."))?;
        Ok(Self)
    }
}

impl Runs for Docker {
    fn run(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut docker = Command::new("docker");
        docker.args(["run", "--rm", "--volume"]).arg(format!("{}:/code", folder.display()));
        docker.arg(NAME).args(arguments).output().context("cannot run docker")
    }
}

struct Buildah {
    /// Of Debian, unpacked.
    root: PathBuf,
    /// Where images are kept.
    state: PathBuf,
}

/// A container of the image.
struct Container<'b> {
    buildah: &'b Buildah,
    name: String,
    program: Vec<String>,
    without_arguments: Vec<String>,
}

impl Buildah {
    fn find(place: &Place) -> Option<Self> {
        let own = Self { root: place.unpacked(), state: place.path("image") };
        own.root.join("usr/bin/buildah").is_file().then_some(own)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.state.join("buildah"));
        command.current_dir(repository()).env("TMPDIR", self.state.join("temporary"));
        command.args(["--storage-driver", "vfs", "--root"]);
        command.arg(self.state.join("storage")).arg("--runroot").arg(self.state.join("run"));
        command.arg("--registries-conf").arg(self.state.join("registries.conf"));
        command
    }

    /// A command that reads images, or writes them.
    fn with_policy(&self, name: &str) -> Command {
        let mut command = self.command();
        command.arg(name).arg("--signature-policy").arg(self.state.join("policy.json"));
        command
    }

    fn build(&self, place: &Place) -> anyhow::Result<()> {
        place.empty("image")?;
        fs::create_dir(self.state.join("temporary"))?;
        fs::write(self.state.join("registries.conf"), "unqualified-search-registries = []\n")?;
        fs::write(self.state.join("policy.json"), r#"{"default": [{"type": "insecureAcceptAnything"}]}"#)?;
        // It starts itself again, without what its environment says of libraries.
        let libraries = self.root.join("usr/lib").join(debian::triple()?);
        let mut patchelf = place.program("patchelf").context("patchelf is missing")?;
        patchelf.arg("--set-rpath").arg(libraries).arg("--output").arg(self.state.join("buildah"));
        output_of(patchelf.arg(self.root.join("usr/bin/buildah")))?;

        self.make_base(place, &format!("docker.io/library/debian:{RELEASE}-slim"), "ca-certificates", &[])?;
        let variables = [
            "CARGO_HOME=/usr/local/cargo",
            "CARGO_NET_OFFLINE=true",
            // It is to be built at all.
            "CARGO_PROFILE_DEV_DEBUG=false",
            "CARGO_PROFILE_DEV_OPT_LEVEL=0",
            "PATH=/usr/local/toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ];
        let packages = "ca-certificates,gcc,libc6-dev";
        self.make_base(place, &format!("docker.io/library/rust:{RELEASE}"), packages, &variables)?;

        let toolchain = output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let registry = home.context("there is no home")?.join("registry");
        let mut build = self.with_policy("build");
        build.args(["--isolation", "chroot", "--pull-never", "--quiet", "--build-arg", "PROFILE=dev"]);
        build.arg("--build-arg").arg(format!("DEBIAN={RELEASE}"));
        build.arg("--volume").arg(format!("{}:/usr/local/toolchain:ro", toolchain.trim()));
        build.arg("--volume").arg(format!("{}:/usr/local/cargo/registry", registry.display()));
        output_of(build.args(["--tag", NAME, "."])).map(drop)
    }

    /// Makes an image of some packages.
    fn make_base(&self, place: &Place, name: &str, packages: &str, variables: &[&str]) -> anyhow::Result<()> {
        let archive = self.state.join("base.tar");
        let mut mmdebstrap = place.program("mmdebstrap").context("mmdebstrap is missing")?;
        mmdebstrap.args(["--quiet", "--variant=minbase"]).arg(format!("--include={packages}")).arg(RELEASE);
        output_of(mmdebstrap.arg(&archive).arg(debian::mirror()?))?;
        let container = output_of(self.with_policy("from").arg("scratch"))?;
        let container = container.trim();
        output_of(self.command().args(["add", "--quiet", container]).arg(&archive).arg("/"))?;
        for variable in variables {
            output_of(self.command().args(["config", "--env", variable, container]))?;
        }
        output_of(self.with_policy("commit").args(["--quiet", "--rm", container, name]))?;
        Ok(fs::remove_file(archive)?)
    }
}

impl Container<'_> {
    /// With what the image says is run: buildah itself does not heed that.
    fn new(buildah: &Buildah) -> anyhow::Result<Container<'_>> {
        let described = output_of(buildah.command().args(["inspect", "--type", "image", NAME]))?;
        let described: Value = serde_json::from_str(&described)?;
        let list = |name: &str| -> Vec<String> {
            let words = described["OCIv1"]["config"][name].as_array().into_iter().flatten();
            words.filter_map(|word| Some(word.as_str()?.to_owned())).collect()
        };
        let (program, without_arguments) = (list("Entrypoint"), list("Cmd"));
        let name = output_of(buildah.with_policy("from").args(["--pull-never", NAME]))?.trim().to_owned();
        Ok(Container { buildah, name, program, without_arguments })
    }
}

impl Runs for Container<'_> {
    fn run(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut run = self.buildah.command();
        run.args(["run", "--isolation", "chroot", "--volume"]).arg(format!("{}:/code", folder.display()));
        run.args([&self.name, "--"]).args(&self.program).args(arguments);
        if arguments.is_empty() {
            run.args(&self.without_arguments);
        }
        run.output().context("cannot run buildah")
    }
}
