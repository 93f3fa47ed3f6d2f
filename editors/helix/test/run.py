"""Drives Helix through the scenario, with the configuration that the README shows, in a terminal of tmux.

Needs HELIX, TMUX_PROGRAM, LEAKWRIGHT, LEAKWRIGHT_FIXTURES and LEAKWRIGHT_WORK in the environment. Prints the Test
Anything Protocol.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

FIXTURES = Path(os.environ["LEAKWRIGHT_FIXTURES"])
WORK = Path(os.environ["LEAKWRIGHT_WORK"])
PROJECT = WORK / "project"
SCENARIO = json.loads((FIXTURES / "scenario.json").read_text(encoding="utf-8"))
WITHIN = 15

# What may stand in the menu of actions, from above.
ACTION = re.compile(r"(Use `|Keep the last|Limit the cache|Open `|Open it|Fix all|Suppress |Open the page)")


class Helix:
    """An editor in a terminal."""

    def __init__(self) -> None:
        self.tmux = [os.environ["TMUX_PROGRAM"], "-S", str(WORK / "tmux"), "-f", os.devnull]
        path = f"{Path(os.environ['LEAKWRIGHT']).parent}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path}
        readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
        languages, config = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
        folder = WORK / "config/helix"
        folder.mkdir(parents=True)
        (folder / "languages.toml").write_text(languages, encoding="utf-8")
        (folder / "config.toml").write_text(config, encoding="utf-8")

    def start(self, file: str) -> None:
        log = shlex.quote(str(WORK / "helix.log"))
        command = f"exec {shlex.quote(os.environ['HELIX'])} -v --log {log} {shlex.quote(file)}"
        self.run("new-session", "-d", "-x", "140", "-y", "40", "-c", str(PROJECT), command)

    def run(self, *arguments: str) -> str:
        command = [*self.tmux, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=self.environment)
        return done.stdout

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def command(self, text: str) -> None:
        """A typable command, such as `write`."""
        self.type(f":{text}")
        self.wait(f"the command {text} is typed", lambda screen: f":{text}" in screen)
        self.keys("Enter")

    def leave(self, shown: str) -> None:
        """Leaves a mode or a window, which shows something. Keys may come only then: together with the key that
        leaves it they would mean something else."""
        self.keys("Escape")
        self.hides(shown)

    def open(self, file: str) -> None:
        self.command(f"open {file}")
        # The status line has the file's name.
        self.wait(f"{file} is shown", lambda screen: re.search(rf"NOR\s.*{re.escape(file)}", screen))

    def save(self, file: str, text: str) -> None:
        self.command("write!")
        wait(f"{file} is written", lambda: read(file) == text, lambda: read(file))

    def wait(self, what: str, ask: Callable[[str], object]) -> str:
        seen = ""

        def asked() -> bool:
            nonlocal seen
            seen = self.screen()
            return bool(ask(seen))

        wait(what, asked, lambda: f"\n{seen}")
        return seen

    def shows(self, text: str) -> str:
        return self.wait(f"{text!r} is shown", lambda screen: text in screen)

    def hides(self, text: str) -> None:
        self.wait(f"{text!r} is gone", lambda screen: text not in screen)

    def end(self) -> None:
        subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)


def wait(what: str, ask: Callable[[], object], seen: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN
    while not ask():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {WITHIN} s; saw {seen()}")
        time.sleep(0.03)


def read(file: str) -> str:
    """The text of a file; empty while there is none, as there may be for a moment when it is written."""
    try:
        return (PROJECT / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def fixed(file: str) -> str:
    return (FIXTURES / "fixed" / Path(file).name).read_text(encoding="utf-8")


def beginning(message: str) -> str:
    """As much of a message as surely fits beside a line."""
    return message[:40]


def server_process() -> int | None:
    """The server that works in our project."""
    for entry in Path("/proc").iterdir():
        try:
            is_server = b"leakwright\0server" in (entry / "cmdline").read_bytes()
            if entry.name.isdigit() and is_server and (entry / "cwd").readlink() == PROJECT.resolve():
                return int(entry.name)
        except OSError:
            continue
    return None


def choose(helix: Helix, title: str) -> None:
    """Chooses an action for what is at the cursor."""
    helix.keys("Space", "a")
    screen = helix.shows(title)
    offered = [line for line in screen.splitlines() if ACTION.search(line)]
    wanted = next(index for index, line in enumerate(offered) if title in line)
    helix.keys(*["Down"] * wanted, "Enter")
    helix.hides(title)


def quick_fix(helix: Helix, fix: dict) -> None:
    helix.open(fix["file"])
    helix.shows(beginning(fix["message"]))
    helix.command(f"goto {fix['start'][0] + 1}")
    helix.keys("g", "h", "]", "d")
    choose(helix, fix["title"])
    helix.hides(beginning(fix["message"]))
    helix.save(fix["file"], fixed(fix["file"]))


def tests(helix: Helix) -> list[tuple[str, Callable[[], None]]]:
    deque, cache, resource = SCENARIO["fixes"]
    not_open, fix_all, silencing = SCENARIO["notOpen"], SCENARIO["fixAll"], SCENARIO["silencing"]
    its_message = "`_searches` only ever grows"

    def inline_warning() -> None:
        helix.start(deque["file"])
        helix.shows(beginning(deque["message"]))
        # What `]d` selects is the range.
        helix.keys("]", "d")
        selection = WORK / "selection"
        helix.command(f"pipe-to cat > {selection}")
        wanted = read(deque["file"]).splitlines()[deque["start"][0]][deque["start"][1] : deque["end"][1]]
        is_there = lambda: selection.exists() and selection.read_text(encoding="utf-8") == wanted  # noqa: E731
        wait(f"{wanted!r} is selected", is_there, lambda: selection.exists() and selection.read_text("utf-8"))

    def hover() -> None:
        helix.keys("Space", "k")
        # Wrapped, as the window is narrow.
        helix.wait("hover is shown", lambda screen: "Recommendation" in screen and "in the project" in screen)
        helix.leave("Recommendation")

    def other_files() -> None:
        helix.keys("Space", "D")
        screen = helix.wait("all findings are listed", lambda screen: its_message in screen)
        for part in (not_open["code"], cache["code"], resource["code"]):
            assert part in screen, f"{part} is not listed:\n{screen}"
        (WORK / "screen-workspace.txt").write_text(screen, encoding="utf-8")
        helix.leave(its_message)

    def silenced() -> None:
        before = read(silencing["file"])
        helix.open(silencing["file"])
        helix.keys("g", "e", "o")
        helix.shows(" INS ")
        helix.type(silencing["text"].rstrip("\n"))
        helix.leave(" INS ")
        helix.save(silencing["file"], before + silencing["text"])
        helix.open(deque["file"])
        helix.hides(beginning(deque["message"]))
        helix.open(cache["file"])
        helix.shows(beginning(cache["message"]))
        helix.open(silencing["file"])
        helix.keys("u")
        helix.save(silencing["file"], before)
        helix.open(deque["file"])
        helix.shows(beginning(deque["message"]))

    def fixed_all() -> None:
        helix.open(fix_all["file"])
        helix.shows("a file is opened and dropped")
        helix.keys("g", "g", "]", "d")
        choose(helix, f"Fix all {fix_all['code']} in this file")
        helix.hides("a file is opened and dropped")
        helix.save(fix_all["file"], fixed(fix_all["file"]))

    def killed() -> None:
        helix.open(not_open["file"])
        helix.shows(its_message)
        first = server_process()
        assert first, "no server runs"
        os.kill(first, signal.SIGKILL)
        wait("the server ends", lambda: server_process() != first, server_process)
        helix.command("lsp-restart")
        wait("another server runs", lambda: server_process() not in (None, first), server_process)
        helix.shows(its_message)
        helix.keys("%")
        helix.command("pipe sed s/append/index/")
        helix.hides(its_message)

    return [
        ("what is found is shown beside its line, on its range", inline_warning),
        ("hover says why it leaks", hover),
        ("a file that is not open has its findings", other_files),
        ("pyproject.toml silences a rule", silenced),
        ("the quick fix makes a deque with a limit", lambda: quick_fix(helix, deque)),
        ("the quick fix limits a cache", lambda: quick_fix(helix, cache)),
        ("the quick fix closes a file", lambda: quick_fix(helix, resource)),
        ("all of a rule is fixed in a file", fixed_all),
        ("a server that was killed is started again by :lsp-restart", killed),
    ]


def main() -> int:
    helix = Helix()
    failed = 0
    try:
        for number, (name, test) in enumerate(listed := tests(helix), start=1):
            start = time.monotonic()
            try:
                test()
                milliseconds = round((time.monotonic() - start) * 1000)
                print(f"ok {number} - Helix: {name} # {milliseconds} ms", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {number} - Helix: {name}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}", flush=True)
                helix.keys("Escape")
        print(f"1..{len(listed)}")
    finally:
        helix.end()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
