# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Runs the competitors of a row in turns, and prints what they measured as JSON lines."""

import json
import os
import sqlite3
import subprocess
import sys
import time

LIVE = sys.argv[1]
SUBJECT, FLOOR = LIVE + "/bin/subject", LIVE + "/bin/floor"
DAY = 86_400_000_000


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def emit(**line):
    print(json.dumps(line), flush=True)


def fact(name, value):
    emit(fact=name, value=value)


def now():
    """Microseconds of the wall clock."""
    return time.time_ns() // 1000


def in_twenty_days():
    """A whole second, which a floating-point date holds exactly."""
    return now() // 1_000_000 * 1_000_000 + 20 * DAY


def numbers(*command):
    """What a program prints; a program that fails ends everything."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def systemctl(*words):
    subprocess.run(["systemctl", "--user", *words], check=True, stdout=subprocess.DEVNULL)


def store(name, base, launches=SUBJECT):
    """A store that the library made, with one request at `base` and its wake-up armed. `launches` is what the unit that
    the library wrote is to start: for a C program its line `ExecStart=` is changed, and nothing else."""
    directory = f"{LIVE}/stores/{name}"
    numbers(SUBJECT, "submit", directory, "moving", 0, base, "init")
    if launches != SUBJECT:
        unit = os.path.expanduser(f"~/.local/share/systemd/user/app-background-bench.{name}@.service")
        with open(unit) as file:
            text = file.read()
        assert SUBJECT in text
        with open(unit, "w") as file:
            file.write(text.replace(SUBJECT, launches))
        systemctl("daemon-reload")
    return directory


def rows(directory, pattern):
    with sqlite3.connect(f"file:{directory}/scheduling.sqlite?mode=ro", uri=True) as database:
        return database.execute(
            "SELECT identifier, kind, requirements, has_earliest, begun, instant, eligible, state, attempts, waiting "
            "FROM requests r JOIN occurrences o ON o.request = r.id WHERE identifier GLOB ? ORDER BY identifier",
            (pattern,)).fetchall()


def check_same(pattern, *directories):
    """Who did less than the others would be faster."""
    first = rows(directories[0], pattern)
    assert first, f"{directories[0]} has no rows"
    for other in directories[1:]:
        assert rows(other, pattern) == first, f"{directories[0]} and {other} hold different rows"


def turns(count, *competitors):
    """Each competitor once a turn, and who is first changes."""
    for turn in range(count):
        shift = turn % len(competitors)
        for competitor in competitors[shift:] + competitors[:shift]:
            yield turn, competitor


def barrier():
    return numbers(FLOOR, "barrier", LIVE + "/stores", 200)
