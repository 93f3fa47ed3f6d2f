"""What a check costs: processor seconds, seconds on the clock and resident memory, as medians of some runs."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

program, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
cache = pathlib.Path(tempfile.mkdtemp()) / "cache"


def run(*args):
    started = time.monotonic()
    process = subprocess.Popen([program, "check", "--quiet", "--format", "json", *args, folder], stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss / 1024


def forget_answers():
    for answer in cache.glob("*/*.answer"):
        answer.unlink()


def cold():
    return run("--no-cache")


def facts():
    forget_answers()
    return run("--cache-dir", str(cache))


def warm():
    return run("--cache-dir", str(cache))


print("| check | processor s | clock s | resident MB | of cold |")
print("|---|---|---|---|---|")
baseline = None
run("--cache-dir", str(cache))
for name, way in [("cold", cold), ("facts known", facts), ("nothing new", warm)]:
    runs = [way() for _ in range(rounds)]
    cpu, clock, memory = (statistics.median(column) for column in zip(*runs))
    baseline = baseline or cpu
    print(f"| {name} | {cpu:.2f} | {clock:.2f} | {memory:.0f} | {cpu / baseline:.0%} |")
size = sum(file.stat().st_size for file in cache.rglob("*.pack"))
print(f"\nfacts on disk: {size / 1e6:.0f} MB")
shutil.rmtree(cache.parent)
