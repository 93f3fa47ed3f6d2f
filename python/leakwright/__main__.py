"""Runs the program that the package was installed with: ``python -m leakwright``."""

import os
import subprocess
import sys
import sysconfig


def find_program() -> str:
    """The path of the program; raises FileNotFoundError where the installation has lost it."""
    name = "leakwright" + (sysconfig.get_config_var("EXE") or "")
    schemes = [sysconfig.get_default_scheme() if sys.version_info >= (3, 10) else None]
    schemes += [scheme for scheme in sysconfig.get_scheme_names() if scheme.endswith("_user")]
    folders = [sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts") for scheme in schemes]
    # `pip install --target` puts programs beside packages.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for folder in folders:
        program = os.path.join(folder, name)
        if os.path.isfile(program):
            return program
    raise FileNotFoundError(f"{name} is in none of: {', '.join(folders)}")


def main() -> int:
    program = find_program()
    arguments = [program, *sys.argv[1:]]
    if os.name == "posix":
        os.execv(program, arguments)
    return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
