# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The rows in which very much is pending, or due at once."""

import os
import shutil
import sqlite3

from competition import DAY, FLOOR, LIVE, SUBJECT, emit, in_twenty_days, now, numbers, rows, store, turns


def fill(directory, name, count, base):
    """Requests of one second after the other from `base` on, as the library would have written them."""
    with sqlite3.connect(f"{directory}/scheduling.sqlite") as database:
        database.execute("PRAGMA cache_size = -200000")
        (number,) = database.execute("SELECT next FROM sequence").fetchone()
        database.execute("UPDATE sequence SET next = next + ?, latest = max(latest, ?)", (count, now()))
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
        database.execute(
            "INSERT INTO requests (id, identifier, kind, requirements, has_earliest) "
            + many + "SELECT i - 1 + ?2, 'task.' || ?3 || '.' || i, 1, 0, 1 FROM n", (count, number, name))
        database.execute(
            "INSERT INTO occurrences (id, request, instant, eligible, submitted) "
            + many + "SELECT i - 1 + ?2, i - 1 + ?2, ?3 + i * 1000000, ?3 + i * 1000000, ?4 FROM n",
            (count, number, base, now()))
    database.close()
    os.sync()


def measure_pending(blocks=24, size=20, many=100_000):
    base = in_twenty_days()
    directories = {"few": store("pending.few", base), "swift": store("pending.many", base)}
    for who, count in (("few", 100), ("swift", many)):
        fill(directories[who], "before", count, base)
    values = {who: [] for who in directories}
    for block, who in turns(blocks, *directories):
        # In the middle of what is pending.
        durations = numbers(
            SUBJECT, "submit", directories[who], "staying", size, base + many // 2 * 1_000_000, f"more.{block}")
        values[who] += durations[1:]
    assert len(rows(directories["swift"], "task.before.*")) == many
    for who in values:
        emit(row="submit.pending", who=who, unit="ns", values=values[who])


def measure_crowd(turns_count=7, count=1_000_000):
    base = in_twenty_days()
    directory = store("crowd", base)
    fill(directory, "crowd", count, base)
    os.sync()  # nobody's commit is to wait until the disk has a million rows of ours
    durations, memory = [], []
    for _ in range(turns_count):
        make_due(directory, "task.first", base)
        duration, added = numbers(SUBJECT, "crowded", directory)
        durations.append(duration)
        memory.append(added)
    emit(row="crowd", who="swift", unit="ns", values=durations)
    emit(row="crowd.memory", who="swift", unit="bytes", values=memory)


def make_due(directory, pattern, base):
    """As if the program had not run since: what it submitted long ago is due by now. Whatever matches runs once more."""
    due = now() - 60_000_000
    with sqlite3.connect(f"{directory}/scheduling.sqlite") as database:
        found = database.execute("SELECT 1 FROM requests WHERE identifier GLOB ? LIMIT 1", (pattern,)).fetchone()
        if not found:
            (number,) = database.execute("UPDATE sequence SET next = next + 1 RETURNING next - 1").fetchone()
            database.execute(
                "INSERT INTO requests (id, identifier, kind, requirements, has_earliest) VALUES (?, ?, 1, 0, 1)",
                (number, pattern))
            database.execute(
                "INSERT INTO occurrences (id, request, instant, eligible, submitted) VALUES (?1, ?1, ?2, ?2, ?2)",
                (number, base))
        database.execute(
            "UPDATE occurrences SET instant = ?1 + id, eligible = ?1 + id, submitted = ?1 "
            "WHERE request IN (SELECT id FROM requests WHERE identifier GLOB ?2)", (due, pattern))
        # Nor has the manager that held its wake-up.
        database.execute("UPDATE wakeup SET generation = 'gone'")
    database.close()


def measure_burn(turns_count=9, count=10_000, room=16):
    base = in_twenty_days()
    template = store("burn", base - DAY)
    numbers(SUBJECT, "bulk", template, count, base)
    make_due(template, "task.bulk.*", base)
    saved = f"{LIVE}/stores/burn.saved"
    shutil.copytree(template, saved, ignore=shutil.ignore_patterns("*-shm"))
    values = {"swift": [], "c": []}
    for _, who in turns(turns_count, *values):
        # The library's app stays where its unit says.
        directory = template if who == "swift" else f"{LIVE}/stores/burn.c"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(saved, directory)
        os.chmod(directory, 0o700)
        os.sync()
        if who == "swift":
            values[who] += numbers(SUBJECT, "burn", directory, count)
        else:
            values[who] += numbers(FLOOR, "burn", directory, count, room)
        with sqlite3.connect(f"file:{directory}/scheduling.sqlite?mode=ro", uri=True) as database:
            (left,) = database.execute("SELECT count(*) FROM requests WHERE identifier GLOB 'task.bulk.*'").fetchone()
            (done,) = database.execute(
                "SELECT count(DISTINCT identifier) FROM history WHERE outcome = 1 AND identifier GLOB 'task.bulk.*'"
            ).fetchone()
        database.close()
        assert (left, done) == (0, count), f"{who}: {left} are left, {done} are done"
    for who in values:
        emit(row="burn", who=who, unit="ns", values=values[who])


def measure_calendar(rounds=40):
    values = numbers(LIVE + "/bin/instants", rounds)
    emit(row="calendar", who="swift", unit="ns", values=values[0::2])
    emit(row="calendar", who="foundation", unit="ns", values=values[1::2])
