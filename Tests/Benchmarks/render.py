# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Judges what `measure.py` printed, and writes it down: render.py RESULTS.jsonl [PERFORMANCE.md]"""

import json
import sys

import render_transfers

facts, samples = {}, {}
for line in open(sys.argv[1]):
    line = json.loads(line)
    if "fact" in line:
        facts[line["fact"]] = line["value"]
    else:
        scale = {"ns": 1e6, "us": 1e3, "bytes": 2**20, "": 1}[line["unit"]]
        samples[line["row"], line["who"]] = sorted(value / scale for value in line["values"])


def quantile(values, share):
    """Nearest rank: a value that was measured."""
    return values[max(0, -(-len(values) * share // 100) - 1)]


def milliseconds(value):
    if value < 0.1:
        return f"{value * 1000:.2f} µs"
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms"


class Limit:
    """One line of the table: `row` by Swift, which may have so much of its unit at the most, each time."""

    def __init__(self, title, row, goal, text):
        self.title, self.goal, self.text = title, goal, text
        self.ours = samples.get((row, "swift"))

    @property
    def measured(self):
        return bool(self.ours)

    def cells(self):
        verdict = "–" if self.goal is None else "met" if max(self.ours) <= self.goal else "**missed**"
        goal = "–" if self.goal is None else "0" if self.goal == 0 else "≤ " + self.text(self.goal)
        both = f"{self.text(quantile(self.ours, 50))} / {self.text(quantile(self.ours, 99))}"
        return [self.title, "–", both if self.goal != 0 else self.text(max(self.ours)), "–", "–", goal, verdict,
                str(len(self.ours))]


class Row:
    """One line of the table: `row` by Swift against `peer`, which may take `goal` times as long or must take as long."""

    def __init__(self, title, row, peer, name, goal, shares=(50,), faster=False):
        self.title, self.name, self.goal, self.shares, self.faster = title, name, goal, shares, faster
        self.ours, self.theirs = samples.get((row, "swift")), samples.get((row, peer))

    @property
    def measured(self):
        return bool(self.ours and self.theirs)

    def ratio(self, share):
        ours, theirs = quantile(self.ours, share), quantile(self.theirs, share)
        return theirs / ours if self.faster else ours / theirs

    @property
    def verdict(self):
        if self.goal is None:
            return "–"
        passes = [self.ratio(share) >= self.goal if self.faster else self.ratio(share) <= self.goal
                  for share in self.shares]
        return "met" if all(passes) else "**missed**"

    def cells(self):
        def both(values):
            tail = quantile(values, 99)
            return f"{milliseconds(quantile(values, 50))} / {milliseconds(tail)}"

        times = " faster" if self.faster else ""
        goal = "–" if self.goal is None else f"{'≥' if self.faster else '≤'} {self.goal:g}×" + (
            ", p50 and p99" if len(self.shares) > 1 else "")
        return [self.title, self.name, both(self.ours), both(self.theirs),
                f"{self.ratio(50):.2f}× / {self.ratio(99):.2f}×{times}", goal, self.verdict, str(len(self.ours))]


ROWS = [
    Row("`submit`, the wake-up moves", "submit.moving", "c", "C, same commit and D-Bus calls", 1.25),
    Row("", "submit.moving", "systemd-run", "`systemd-run --user --on-active=1h`", 3, faster=True),
    Row("`submit`, the wake-up stays", "submit.staying", "c", "C, same commit", 1.25),
    Row("`submit`, 100,000 requests pending", "submit.pending", "few", "the same, 100 pending", 1.5),
    Row("`submit`, the first of a process", "submit.first", "c", "C, same commit and D-Bus calls", None),
    Row("`submit(contentsOf:)`, 10,000 requests", "bulk", "sqlite3", "`sqlite3` shell, one transaction", 1.5),
    Row("", "bulk", "c", "C, prepared statements", None),
    Row("lateness of a task in a resident program", "lateness", "c", "C, timerfd, same claim commit", 1.25, (50, 99)),
    Row("… of a handler on the main actor", "lateness.main", "c", "the same", None),
    Row("10,000 due tasks, run by a program that starts", "burn", "c", "C, same rows, a commit for 16", 2),
    Row("cold wake, due until the handler runs", "cold", "c", "C, same unit, commits and bus calls", 1.5),
    Row("… of which until `main`", "cold.main", "c", "C, same unit", None),
    Row("next instant of a calendar schedule", "calendar", "foundation", "`Calendar.nextDate(after:matching:…)`", 20,
        faster=True),
]
LIMITS = [
    Limit("1,000,000 pending: opened, and what is due runs", "crowd", 1000, milliseconds),
    Limit("… memory that this adds to the program", "crowd.memory", 64, lambda value: f"{value:.1f} MiB"),
    Limit("resident program, nothing due for 10 s", "idle", 0, lambda value: f"{value:.0f} wake-ups"),
    Limit("steps of the simulated world, a second", "simulation", None, lambda value: f"{value:,.0f}"),
]
HEAD = ["What", "Against", "Swift p50 / p99", "Peer p50 / p99", "Ratio p50 / p99", "Goal", "", "Samples"]


def table():
    lines = [HEAD, ["---"] * len(HEAD)] + [row.cells() for row in ROWS + LIMITS if row.measured]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def document():
    barrier = samples["barrier", "c"]
    virtual = " in a virtual machine" if facts.get("virtual") else ""
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Copyright (c) 2026 the swift-background authors -->

# Performance

Written by `make bench` (`Tests/Benchmarks/run`) on {facts['date']}; do not edit it by hand. The times are those of one
machine on one day: read the ratios.

Machine: {facts['machine']}{virtual}; {facts['debian']}, {facts['systemd']}, {facts['sqlite']}, {facts['swift']}; the
stores on {facts['disk']}. **The disk's barrier** (`fdatasync` after 4 KiB more in a file), which every durable commit
pays at least once: p50 {milliseconds(quantile(barrier, 50))}, p99 {milliseconds(quantile(barrier, 99))}, before and after
the rows.

{table()}

A goal is for the p50 unless it says otherwise. Rows without a goal are there to say where time goes.

## How it is measured

The programs run in a host of their own (`Tests/Host/testhost`: systemd, D-Bus, logind and polkit of this machine in
namespaces) as an ordinary user with a lingering user manager, in release, the Swift one with the static standard library.
Its package depends on the product `Scheduling` as a user's would (`Tests/Benchmarks/Package.swift`). The C programs
(`Tests/Benchmarks/Floor/`) do the same work by hand, with nothing around it: the same statements, settings and schema on a
store that the library made, the same calls through the same libsystemd, and a unit that is the library's own text with
another `ExecStart=`. After `submit` and `submit(contentsOf:)` the stores are compared, and different rows end the run.

The competitors take turns, and who begins a turn changes, so that a slow moment of disk or processor meets them all.

- **`submit`, the wake-up moves**: each request is earlier than all before. C: start the transient timer, wait for its
  `JobRemoved`, commit the request with the new wake-up, stop the old timer. 24 turns of a fresh process with 20 requests
  each; the first request of a process, which opens the store and connects, has a row of its own. `systemd-run` is timed
  from its start to its end; it keeps nothing on disk.
- **`submit`, the wake-up stays**: each request is later than the first; one commit and no call.
- **`submit(contentsOf:)`**: 10,000 requests into a fresh copy of a store. The shell reads two `INSERT` for each request
  from a file, in one transaction; its start is included. A p99 of few samples is their maximum.
- **`submit`, 100,000 requests pending**: later than the first and in the middle of what is pending, in two stores that
  differ in how much that is.
- **10,000 due tasks**: a program opens a store in which they have been due for a minute, and runs them by `run()`, at most
  16 at once, with handlers that do nothing and belong to no actor; until `run()` has returned. C: a commit records the ends of 16 and claims the
  next 16, which are then called one after the other; it reads nothing twice, and takes no locks of logind, arms no
  wake-up, starts no threads. No competitor runs anything before its claim is on disk; afterwards both stores hold one
  row of history for each task and no request.
- **1,000,000 pending**: from before the store is opened by `run()` until the handler of the one task that is due runs; the
  memory is the most that was ever resident, less what was before.
- **Calendar schedule**: 400 instants in a row of “every day at 7:30 in Europe/Warsaw”, by `CalendarSchedule` and by
  Foundation, in one process (`Tests/Benchmarks/Instants`); they have to be the same instants.
- **Simulated world**: the program of `make soak`, in memory; a step is one move of the world with every promise checked
  after it.
- **Lateness**: from the instant that was asked for until the clock read on the handler's first line, in a program that
  stays in `run()`. C: an absolute `timerfd` on `CLOCK_REALTIME`, a look for what is due, the claim's commit, the clock.
- **Cold wake**: from the instant that systemd's timer was set to until the handler runs, in a program that systemd starts
  for it. Before its handler both programs send `READY=1`, open the store, become an owner (a commit), listen to logind, and
  claim (a commit). C asks logind its five questions one after another, by the functions that sd-bus has for them; the library
  asks them at once. Both ask for the two delay locks right after the handler has begun.
- **Idle**: voluntary and involuntary context switches of all threads in `/proc/PID/task/*/status`, before and after:
  {facts.get('idle', 'not measured')}. A thread that came or went would count too.

## How to read it

- A durable commit costs one barrier: no `submit` is faster than the disk. On a disk with a slow barrier all ratios of
  `submit` go towards 1.
- Cold wake is mostly systemd and the kernel starting a process; the row until `main` says how much.
- Idle is zero as long as nothing in the program uses Dispatch's shared pool (a global or concurrent queue, an async
  function that is not bound to an actor, hence also a task's async handler). From its first use libdispatch looks after
  that pool once a second, for as long as the process lives. The library itself stays out of it.

## What is not measured

- A power cut, and disks without a write cache; another file system than the one above.
- The system manager (as root, the library uses it in the same way), and Dispatch timers where there is no systemd.
- A first task after a long sleep of a resident program, when Dispatch has to start threads again.
- A cold page cache: the program and the store are in memory here.
- Many apps at once. systemd holds one timer for each app, and starts what is due at the same instant one after the other.
"""


for text in ([table()] if any(row.measured for row in ROWS + LIMITS) else [], [render_transfers.tables(samples, facts)]):
    print(*text, sep="\n")
if len(sys.argv) > 2:
    with open(sys.argv[2], "w") as file:
        file.write(document() + "\n" + render_transfers.section(samples, facts))
