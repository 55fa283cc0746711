# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Runs the programs against each other inside the host, as its user, and prints what they measured as JSON lines.

The competitors take turns within each row, so that a slow moment of the machine meets them all.
"""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import time

from competition import (
    DAY, FLOOR, LIVE, SUBJECT, barrier, check_same, emit, fact, in_twenty_days, note, now, numbers, rows, store,
    systemctl, turns)
from many import measure_burn, measure_calendar, measure_crowd, measure_pending
from transfers import TRANSFERS, versions

# The rows.


def measure_submit(blocks=24, size=20):
    base = in_twenty_days()
    directories = {"swift": store("submit.subject", base), "c": store("submit.floor", base, FLOOR)}
    programs = {"swift": SUBJECT, "c": FLOOR}
    results = {}
    first = {"swift": [], "c": []}
    for mode in ("moving", "staying"):
        values = {"swift": [], "c": [], "systemd-run": []}
        competitors = ["swift", "c"] + (["systemd-run"] if mode == "moving" else [])
        for block, who in turns(blocks, *competitors):
            if who == "systemd-run":
                values[who] += numbers(
                    FLOOR, "time", 5, "/dev/null", "systemd-run", "--user", "--on-active=1h", "/bin/true")
                systemctl("stop", "run-*.timer")
                continue
            # Each block of moving ones begins where the one before ended; those that stay come after all of them.
            start = base - (block + 1) * size * 70_000_000 if mode == "moving" else base + block * 60_000_000
            durations = numbers(programs[who], "submit", directories[who], mode, size, start, f"{mode}.{block}")
            values[who] += durations[1:]
            if mode == "moving":
                first[who].append(durations[0])
        results[mode] = values
        check_same(f"task.{mode}.*", *directories.values())
    for mode, values in results.items():
        for who in [who for who in values if values[who]]:
            emit(row="submit." + mode, who=who, unit="ns", values=values[who])
    for who in first:
        emit(row="submit.first", who=who, unit="ns", values=first[who])


def measure_bulk(turns_count=15, count=10_000):
    base = in_twenty_days()
    template = store("bulk", base - DAY)
    script = f"{LIVE}/stores/rows.sql"
    with open(script, "w") as file:
        file.write(".dbconfig no_ckpt_on_close on\n")
        file.write("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -8000;\n")
        file.write("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;\nBEGIN IMMEDIATE;\n")
        file.write(f"UPDATE sequence SET next = next + {count}, latest = max(latest, {now()});\n")
        for index in range(1, count + 1):
            number, instant = index + 2, base + index * 1_000_000
            file.write(
                "INSERT OR IGNORE INTO requests (id, identifier, kind, requirements, has_earliest) "
                f"VALUES ({number}, 'task.bulk.{index}', 1, 0, 1);\n"
                "INSERT INTO occurrences (id, request, instant, eligible, submitted) "
                f"VALUES ({number}, {number}, {instant}, {instant}, {base});\n")
        file.write("COMMIT;\n")

    saved = f"{LIVE}/stores/bulk.saved"
    shutil.copytree(template, saved, ignore=shutil.ignore_patterns("*-shm"))

    def fresh(who):
        # The library's app stays where its unit says.
        directory = template if who == "swift" else f"{LIVE}/stores/bulk.{who}"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(saved, directory)
        os.chmod(directory, 0o700)
        return directory

    values = {"swift": [], "sqlite3": [], "c": []}
    for _, who in turns(turns_count, *values):
        directory = fresh(who)
        os.sync()
        if who == "swift":
            values[who] += numbers(SUBJECT, "bulk", directory, count, base)
        elif who == "c":
            values[who] += numbers(FLOOR, "bulk", directory, count, base)
        else:
            values[who] += numbers(FLOOR, "time", 1, script, "sqlite3", "-bail", directory + "/scheduling.sqlite")
    check_same("task.bulk.*", template, f"{LIVE}/stores/bulk.sqlite3", f"{LIVE}/stores/bulk.c")
    assert len(rows(template, "task.bulk.*")) == count
    for who in values:
        emit(row="bulk", who=who, unit="ns", values=values[who])


class Resident:
    """A program that stays, and runs what is due at each instant that it is told."""

    def __init__(self, program, directory, command="resident"):
        self.process = subprocess.Popen(
            [program, command, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def lateness(self):
        """Microseconds; None if the request was in the store too late to measure anything."""
        due = (now() // 1000 + 61) * 1000
        self.process.stdin.write(f"{due}\n")
        lines = [self.process.stdout.readline().strip()]
        in_time = lines == ["submitted"] and now() < due - 10_000
        lines.append(self.process.stdout.readline().strip())
        handled = int(next(line for line in lines if line != "submitted"))
        time.sleep(0.025)  # what follows a run is not to meet the other's
        return handled - due if in_time else None

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def measure_lateness(count=300):
    base = in_twenty_days()
    residents = {
        "swift": Resident(SUBJECT, store("late.subject", base)),
        "c": Resident(FLOOR, store("late.floor", base, FLOOR)),
        "main": Resident(SUBJECT, store("late.main", base), "resident-main"),
    }
    time.sleep(2)
    for resident in residents.values():
        for _ in range(3):
            resident.lateness()
    values = {who: [] for who in residents}
    for _, who in turns(count, *residents):
        values[who].append(residents[who].lateness())
    for who, resident in residents.items():
        resident.end()
        kept = [value for value in values[who] if value is not None]
        assert len(kept) > count * 9 // 10, f"{who}: only {len(kept)} of {count} requests were stored in time"
        if who != "main":
            emit(row="lateness", who=who, unit="us", values=kept)
        if who != "swift":
            emit(row="lateness.main", who="swift" if who == "main" else who, unit="us", values=kept)


def cold(program, directory):
    """Microseconds from the instant to `main`, and to the handler."""
    result = directory + "/cold"
    due = (now() // 1000 + 501) * 1000
    numbers(program, "cold-submit", directory, due)
    assert now() < due - 100_000, "the request came too late"
    time.sleep(max(0, (due - now()) / 1e6) + 0.2)
    give_up = time.monotonic() + 20
    while not os.path.exists(result):
        assert time.monotonic() < give_up, f"{program} was not started for {directory}"
        time.sleep(0.02)
    with open(result) as file:
        began, handled, pid = (int(word) for word in file.read().split())
    os.unlink(result)
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < give_up, f"{program} did not end"
        time.sleep(0.02)
    time.sleep(0.05)
    return began - due, handled - due


def measure_cold(count=120):
    base = in_twenty_days()
    programs = {
        "swift": (SUBJECT, store("cold.subject", base)),
        "c": (FLOOR, store("cold.floor", base, FLOOR)),
    }
    values = {who: [] for who in programs}
    for who in programs:
        cold(*programs[who])
    for _, who in turns(count, *programs):
        values[who].append(cold(*programs[who]))
    for who in programs:
        emit(row="cold", who=who, unit="us", values=[handled for _, handled in values[who]])
        emit(row="cold.main", who=who, unit="us", values=[began for began, _ in values[who]])


def switches(pid):
    """Context switches of each thread so far: proc(5), /proc/pid/status."""
    counts = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as status:
            counts[thread] = sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    return counts


def measure_idle(count=3, settling=12, window=10):
    residents = [Resident(SUBJECT, store(f"idle.subject{index}", now() + DAY)) for index in range(count)]
    for resident in residents:
        resident.lateness()
    time.sleep(settling)
    before = [switches(resident.process.pid) for resident in residents]
    time.sleep(window)
    after = [switches(resident.process.pid) for resident in residents]
    values = []
    for first, second in zip(before, after):
        # A thread that came or went did run.
        changed = len(first.keys() ^ second.keys())
        values.append(changed + sum(second[thread] - first[thread] for thread in first.keys() & second.keys()))
    for resident in residents:
        resident.end()
    emit(row="idle", who="swift", unit="", values=values)
    fact("idle", f"{count} programs, {settling} s after their last task, for {window} s")


def measure_simulation(turns_count=5, steps=100_000):
    """The program that `make soak` runs says at its end how fast it was."""
    if not os.path.exists(LIVE + "/bin/soak"):
        return note("simulation: there is no such program in this tree")
    values = []
    for turn in range(turns_count):
        done = subprocess.run(
            [LIVE + "/bin/soak", "--steps", str(steps), "--seed", str(1000 * turn + 1), "--failures", LIVE + "/stores"],
            stdout=subprocess.PIPE, text=True)
        if done.returncode:
            note(f"simulation: seed {1000 * turn + 1} broke a promise; `soak` tells more")
        speeds = re.findall(r"(\d+) a second", done.stdout)
        if speeds:
            values.append(int(speeds[-1]))
    emit(row="simulation", who="swift", unit="", values=values)


def first_line(path, start):
    with open(path) as file:
        return next(line.split(start, 1)[1].strip(' :=\t\n"') for line in file if line.startswith(start))


def facts():
    cpu, kernel = first_line("/proc/cpuinfo", "model name"), platform.release()
    fact("machine", f"{os.cpu_count()} × {cpu}, Linux {kernel}")
    fact("debian", first_line("/etc/os-release", "PRETTY_NAME="))
    fact("systemd", subprocess.run(["systemctl", "--version"], stdout=subprocess.PIPE, text=True).stdout.split("\n")[0])
    fact("sqlite", "SQLite " + sqlite3.sqlite_version)
    system = subprocess.run(
        ["stat", "-f", "-c", "%T", LIVE + "/stores"], stdout=subprocess.PIPE, text=True).stdout.strip()
    fact("disk", system)
    fact("virtual", subprocess.run(
        ["grep", "-c", "-w", "hypervisor", "/proc/cpuinfo"], stdout=subprocess.PIPE, text=True).stdout.strip() != "0")
    fact("date", time.strftime("%Y-%m-%d", time.gmtime()))


ROWS = {
    "submit": measure_submit, "pending": measure_pending, "bulk": measure_bulk, "lateness": measure_lateness,
    "cold": measure_cold, "burn": measure_burn, "crowd": measure_crowd, "calendar": measure_calendar,
    "simulation": measure_simulation, "idle": measure_idle, **TRANSFERS,
}
GROUPS = {"transfers": list(TRANSFERS), "scheduling": [row for row in ROWS if row not in TRANSFERS]}


def main():
    facts()
    versions()
    values = barrier()
    for row in [row for word in sys.argv[2:] or ROWS for row in GROUPS.get(word, [word])]:
        note(f"{row} …")
        start = time.monotonic()
        ROWS[row]()
        note(f"{row}: {time.monotonic() - start:.0f} s")
    emit(row="barrier", who="c", unit="ns", values=values + barrier())


main()
