"""What the agent saw and heard, read from files."""

import itertools
from collections.abc import Callable, Iterator

handlers: list[Callable[[], None]] = []
light_handlers: list[Callable[[], None]] = []
last_frame = b""


def watch(path: str) -> None:
    """Keeps the whole frame for as long as the handler, which only asks how long it is."""
    with open(path, "rb") as file:
        frame = file.read() * 100
    handlers.append(lambda: print(path, len(frame)))  # leak LW403


def watch_lightly(path: str) -> None:
    """Keeps the number."""
    with open(path, "rb") as file:
        size = len(file.read()) * 100
    light_handlers.append(lambda: print(path, size))


def checksum(path: str) -> int:
    """Leaves the last frame behind until the next call."""
    global last_frame
    with open(path, "rb") as file:
        last_frame = file.read()  # leak LW405 (information)
    return hash(last_frame)


def local_checksum(path: str) -> int:
    """Lets the frame go with the call."""
    with open(path, "rb") as file:
        frame = file.read()
    return hash(frame)


def spoken(path: str) -> Iterator[tuple[str, list[str]]]:
    """Holds every line of the transcript, because one half is read before the other."""
    with open(path, encoding="utf-8") as file:
        first, second = itertools.tee(line.split() for line in file)
        speakers = [words[0] for words in first]  # leak LW106 (information)
        yield from zip(speakers, second)


def spoken_by_line(path: str) -> Iterator[tuple[str, list[str]]]:
    """Holds a line at a time."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            yield words[0], words
