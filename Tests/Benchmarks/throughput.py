#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""throughput.py THROUGHPUT [ROUNDS] - the raw engine beside curl, files in memory, alternating in every round.

THROUGHPUT is the release executable of that name. Prints one line of JSON for each row: medians of seconds, CPU seconds and
peak memory (KiB), and the ratio of our speed to curl's. Needs root for the priority, a C compiler and curl.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

SIZE = 1 << 30
SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Servers")
NICE = ["nice", "-n", "-15"]


def ours(*arguments):
    said = subprocess.run([*NICE, program, *arguments], check=True, capture_output=True, text=True).stdout
    values = json.loads(said)
    return values["seconds"], values["cpu"], values["peak"]


def curls(*arguments):
    # The shell forks small, so that the peak is curl's own and not this interpreter's.
    said = subprocess.run(
        [*NICE, "/bin/sh", "-c", 'curl --silent --fail --write-out "%{time_total} %{http_code}" "$@" & wait $!; cat /proc/$$/stat', "sh",
         *arguments], check=True, capture_output=True, text=True).stdout
    time, rest = said.split(" ", 1)
    # cutime and cstime of the shell, in ticks (proc(5)): fields 16 and 17.
    fields = re.sub(r"^.*\)", "", rest.split("\n")[-2] if "\n" in rest else rest).split()
    return float(time), (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK"), 0


def row(name, rounds, ourselves, peer):
    figures = {"ours": [], "curl": []}
    ourselves(), peer()  # warm
    for _ in range(rounds):
        figures["ours"].append(ourselves())
        figures["curl"].append(peer())
    line = {"row": name, "rounds": rounds}
    for who, values in figures.items():
        seconds, cpu, peak = (statistics.median(column) for column in zip(*values))
        line[who] = {"seconds": round(seconds, 3), "cpu": round(cpu, 3), "peak": peak,
                     "range": [round(min(v[0] for v in values), 3), round(max(v[0] for v in values), 3)]}
    line["speed"] = round(line["curl"]["seconds"] / line["ours"]["seconds"], 2)
    print(json.dumps(line), flush=True)


program = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch:
    sink = os.path.join(scratch, "sink")
    subprocess.run([os.path.join(SERVERS, "build-sink"), sink], check=True)
    server = subprocess.Popen(
        [*NICE, sink, "--prepare", str(SIZE), "--truncate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = json.loads(server.stdout.readline())["port"]
    base, file, mine, theirs = f"http://127.0.0.1:{port}", *(os.path.join(scratch, n) for n in ("file", "mine", "theirs"))
    try:
        idle = ours("idle")
        print(json.dumps({"row": "idle", "ours": {"cpu": round(idle[1], 3), "peak": idle[2]}}), flush=True)

        def fresh(path, action, *arguments):
            if os.path.exists(path):
                os.unlink(path)
            return action(*arguments)

        row("down", rounds, lambda: fresh(mine, ours, "down", f"{base}/{SIZE}", mine),
            lambda: fresh(theirs, curls, "-o", theirs, f"{base}/{SIZE}"))
        subprocess.run(["cmp", mine, theirs], check=True)
        os.rename(theirs, file)
        os.unlink(mine)
        row("up", rounds, lambda: ours("up", file, f"{base}/up"),
            lambda: curls("-o", "/dev/null", "-T", file, f"{base}/up"))
        print(json.dumps({"row": "up, 8 at once", "ours": {"peak": ours("up", file, f"{base}/up", "8")[2]}}), flush=True)
    finally:
        server.stdin.close()
        server.wait()
