"""Drives Emacs through the scenario, in a terminal, where its timers and its redisplay run as for a user.

usage: run.py eglot|lsp-mode, with EMACS and what the other drivers have in the environment. Prints the Test Anything
Protocol.
"""

import fcntl
import os
import pty
import struct
import sys
import termios
from pathlib import Path

HERE = Path(__file__).parent
SIZE = struct.pack("HHHH", 40, 120, 0, 0)


def main(client: str) -> int:
    results = Path(os.environ["LEAKWRIGHT_WORK"]) / "results.tap"
    results.touch()
    emacs = os.environ["EMACS"]
    environment = {**os.environ, "TERM": "xterm-256color", "LEAKWRIGHT_RESULTS": str(results)}
    process, terminal = pty.fork()
    if process == 0:
        os.execve(emacs, [emacs, "-Q", "-nw", "-l", str(HERE / f"run-{client}.el")], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, SIZE)
    with results.open(encoding="utf-8") as lines:
        while read(terminal):
            print(lines.read(), end="", flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        print(lines.read(), end="", flush=True)
    return code


def read(terminal: int) -> bytes:
    """What is written to the terminal; nothing once Emacs has ended, which is an error here."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
