# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The rows of transfers: files against the programs that everybody has, and against URLSession.

All files, and the program's state, are in memory unless a row says otherwise. Everybody talks to the same server
(Tests/Servers/sink.c) in the same host.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

from competition import LIVE, emit, fact, note, turns

BIN, SERVERS = LIVE + "/bin", LIVE + "/servers"
MEMORY = "/dev/shm/transfers"
STATE = MEMORY + "/bench"
GIB, MIB = 1 << 30, 1 << 20
MANY = ((500, MIB, "large"), (2000, 4096, "small"))


class Server:
    """One of Tests/Servers: it ends when its standard input does."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{ports['port']}"

    def log(self):
        with urllib.request.urlopen(self.url + "/__log") as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def sink():
    return Server(BIN + "/sink", "--truncate")


def metered(*command, says=False):
    """Nanoseconds, microseconds of processor time and KiB at the most of a whole program; and what it says, as numbers."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as report:
        done = subprocess.run(
            [BIN + "/meter", str(writing), *map(str, command)], pass_fds=[writing], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        os.close(writing)
        assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr[-2000:]}"
        figures = [int(word) for word in report.read().split()]
    return figures + [float(word) for word in done.stdout.split()] if says else figures


class Figures:
    """What was measured in a row, of each competitor."""

    def __init__(self, row):
        self.row, self.times, self.wholes, self.cpus, self.peaks = row, {}, {}, {}, {}

    def add(self, who, whole, cpu, peak, own=None):
        """`own`: nanoseconds by the program's own clock, where it has one."""
        for column, value in (
                (self.times, round(own or whole)), (self.wholes, whole), (self.cpus, cpu), (self.peaks, peak * 1024)):
            column.setdefault(who, []).append(value)

    def emit(self):
        for part, column, unit in (
                ("", self.times, "ns"), (".whole", self.wholes, "ns"), (".cpu", self.cpus, "us"),
                (".peak", self.peaks, "bytes")):
            for who, values in column.items():
                emit(row=self.row + part, who=who, unit=unit, values=values)


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


def mover(command, *arguments, state=STATE):
    """The library's own program: what `metered` says, with its own clock."""
    *figures, own = metered(BIN + "/mover", command, state, *arguments, says=True)
    return (*figures, own)


def curl(*arguments):
    *figures, own = metered("curl", "--silent", "--fail", "--write-out", "%{time_total}\n", *arguments, says=True)
    return (*figures, own * 1e9)


def warm(server):
    """The state is there, and the service is known to systemd, as of every program but a new one."""
    empty(MEMORY + "/to")
    mover("down", f"{server.url}/4096", MEMORY + "/to", 1)


def listed(name, lines):
    with open(f"{MEMORY}/{name}", "w") as file:
        file.writelines(lines)
    return f"{MEMORY}/{name}"


def measure_down(rounds=7):
    target, figures = MEMORY + "/to", Figures("down")
    with sink() as server:
        url = f"{server.url}/{GIB}"
        competitors = {
            "swift": lambda: mover("down", url, target, 1),
            "engine": lambda: engine("down", url, target + "/0"),
            "curl": lambda: curl("--output", target + "/0", url),
            "aria2c": lambda: metered(
                "aria2c", "--quiet", "--file-allocation=none", "--max-connection-per-server=1", "--dir", target,
                "--out", "0", url),
            "wget2": lambda: metered("wget2", "--quiet", "--output-document", target + "/0", url),
            "rclone": lambda: metered("rclone", "--config", "/dev/null", "copyurl", url, target + "/0"),
            "urlsession": lambda: metered(BIN + "/urlsessionmover", "down", url, target, 1),
        }
        warm(server)
        for turn, who in turns(rounds + 1, *competitors):
            empty(target)
            measured = competitors[who]()
            assert os.path.getsize(target + "/0") == GIB, f"{who} loaded another file"
            if turn > 0:  # the first is to fetch the programs from the disk
                figures.add(who, *measured)
        empty(target)
    figures.emit()


def engine(command, *arguments):
    """The engine alone: it says seconds, bytes, CPU seconds and KiB in JSON."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as report:
        done = subprocess.run(
            [BIN + "/meter", str(writing), BIN + "/throughput", command, *map(str, arguments)], pass_fds=[writing],
            stdout=subprocess.PIPE, check=True)
        os.close(writing)
        return (*[int(word) for word in report.read().split()], json.loads(done.stdout)["seconds"] * 1e9)


def measure_up(rounds=9):
    source, figures = MEMORY + "/from", Figures("up")
    with sink() as server:
        warm(server)
        empty(source)
        curl("--output", source + "/0", f"{server.url}/{GIB}")
        url = server.url + "/up"
        competitors = {
            "swift": lambda: mover("up", source, url, 1),
            "engine": lambda: engine("up", source + "/0", url),
            "curl": lambda: curl("--output", "/dev/null", "--upload-file", source + "/0", url),
            "urlsession": lambda: metered(BIN + "/urlsessionmover", "up", source, url, 1),
        }
        # Twice before it counts: until then the kernel does not know that the file is in use.
        for turn, who in turns(rounds + 2, *competitors):
            before = server.log()["received"]
            measured = competitors[who]()
            assert server.log()["received"] - before == GIB, f"{who} sent something else"
            if turn > 1:
                figures.add(who, *measured)
        empty(source)
    figures.emit()


def measure_many(rounds=5):
    for count, size, name in MANY:
        down, up = Figures(f"many.{name}.down"), Figures(f"many.{name}.up")
        target = MEMORY + "/to"
        with sink() as server:
            url = f"{server.url}/{size}"
            files = [f"{target}/{number}" for number in range(count)]
            getting = listed("getting", (f'url = "{url}"\noutput = "{file}"\n' for file in files))
            inputs = listed("inputs", (f"{url}\n dir={target}\n out={number}\n" for number in range(count)))
            putting = listed(
                "putting", (f'url = "{server.url}/up"\nupload-file = "{file}"\noutput = "/dev/null"\n'
                            for file in files))
            parallel = ["curl", "--silent", "--fail", "--no-progress-meter", "--parallel", "--config"]
            downs = {
                "swift": lambda: metered(BIN + "/mover", "down", STATE, url, target, count),
                "curl": lambda: metered(*parallel, getting),
                "aria2c": lambda: metered(
                    "aria2c", "--quiet", "--file-allocation=none", "--max-concurrent-downloads=16",
                    "--max-connection-per-server=16", "--input-file", inputs),
                "urlsession": lambda: metered(BIN + "/urlsessionmover", "down", url, target, count),
            }
            ups = {
                "swift": lambda: metered(BIN + "/mover", "up", STATE, target, server.url + "/up", count),
                "curl": lambda: metered(*parallel, putting),
                "urlsession": lambda: metered(BIN + "/urlsessionmover", "up", target, server.url + "/up", count),
            }
            warm(server)
            for turn, who in turns(rounds + 1, *downs):
                empty(target)
                measured = downs[who]()
                sizes = [os.path.getsize(file) for file in files]
                assert sizes == [size] * count, f"{who} loaded other files"
                if turn > 0:
                    down.add(who, *measured)
            for turn, who in turns(rounds + 2, *ups):
                before = server.log()
                measured = ups[who]()
                after = server.log()
                sent = after["received"] - before["received"], after["requests"] - before["requests"]
                assert sent == (count * size, count), f"{who} sent {sent}"
                if turn > 1:
                    up.add(who, *measured)
            empty(target)
        down.emit()
        up.emit()


def measure_durable(rounds=7):
    """On the disk that the stores of the other rows are on."""
    target, state, figures = LIVE + "/stores/to", LIVE + "/stores/disk", Figures("durable")
    with sink() as server:
        url = f"{server.url}/{GIB}"

        def durable_curl():
            began = time.monotonic_ns()
            whole, cpu, peak, _ = curl("--output", target + "/0", url)
            subprocess.run(["sync", target + "/0"], check=True)
            return time.monotonic_ns() - began, cpu, peak

        competitors = {
            "engine.durable": lambda: engine("durable", url, target + "/0"),
            "engine": lambda: engine("reserved", url, target + "/0"),
            "swift": lambda: mover("down", url, target, 1, state=state),
            "curl.sync": durable_curl,
            "curl": lambda: curl("--output", target + "/0", url),
        }
        empty(target)
        mover("down", f"{server.url}/4096", target, 1, state=state)
        for turn, who in turns(rounds + 1, *competitors):
            empty(target)
            os.sync()  # nobody waits for what another one left to be written
            measured = competitors[who]()
            if turn > 0:
                figures.add(who, *measured)
        empty(target)
    figures.emit()


def measure_memory(rounds=5, active=6, queued=10_000):
    target, crowded = MEMORY + "/to", MEMORY + "/crowded"
    peaks = {}
    with sink() as server:
        warm(server)
        empty(crowded)
        metered(BIN + "/mover", "queue", crowded, queued)
        programs = {
            "bare": lambda: metered(BIN + "/bare"),
            "one": lambda: mover("down", f"{server.url}/{256 * MIB}", target, 1),
            "active": lambda: mover("down", f"{server.url}/{256 * MIB}", target, active),
            "queued": lambda: mover("down", f"{server.url}/{256 * MIB}", target, 1, state=crowded),
        }
        for _, name in turns(rounds, *programs):
            empty(target)
            peaks.setdefault(name, []).append(programs[name]()[2] * 1024)
        empty(target)
    for name, values in peaks.items():
        emit(row="memory." + name, who="swift", unit="bytes", values=values)
    fact("memory.active", active)


def wait_until(condition, what):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.001)


def killed(began, go_on):
    """Kills the process at about 40 %, starts it anew, and returns nanoseconds until `go_on()`."""
    os.kill(began.pid, signal.SIGKILL)
    began.wait()
    start = time.monotonic_ns()
    heir = go_on()
    return time.monotonic_ns() - start, heir


def measure_killed(rounds=5):
    target, source = MEMORY + "/to", MEMORY + "/from"
    down, up, twice = [], [], []
    start = lambda *words: subprocess.Popen([BIN + "/mover", *words], stdout=subprocess.DEVNULL)  # noqa: E731
    with sink() as server:
        warm(server)
        for _ in range(rounds):
            empty(target)
            words = ["down", STATE, f"{server.url}/{GIB}", target, "1"]
            before = server.log()
            first = start(*words)
            wait_until(lambda: server.log()["sent"] - before["sent"] > GIB * 4 // 10, "nothing was loaded")

            def again():
                heir = start(*words)
                wait_until(lambda: server.log()["requests"] - before["requests"] > 1, "nobody asked again")
                return heir

            took, heir = killed(first, again)
            assert heir.wait(timeout=60) == 0 and os.path.getsize(target + "/0") == GIB
            down.append(took)
        empty(source)
        curl("--output", source + "/0", f"{server.url}/{256 * MIB}")
    for _ in range(rounds):
        with Server(SERVERS + "/tusd") as server:
            words = ["tus", STATE, source + "/0", server.url + "/files/"]

            def patches():
                return [request for request in server.log()["requests"] if request["method"] == "PATCH"]

            first = start(*words)
            wait_until(lambda: sum(request["bytes"] for request in patches()) > 100 * MIB, "nothing was sent")

            def again():
                heir = start(*words)
                wait_until(lambda: len(patches()) > 1, "nobody sent on")
                return heir

            took, heir = killed(first, again)
            assert heir.wait(timeout=60) == 0
            up.append(took)
            twice.append(sum(request["bytes"] for request in patches()) - 256 * MIB)
    empty(target)
    empty(source)
    emit(row="killed.down", who="swift", unit="ns", values=down)
    emit(row="killed.up", who="swift", unit="ns", values=up)
    emit(row="killed.twice", who="swift", unit="bytes", values=twice)


def measure_queue(rounds=7, count=10_000):
    state = MEMORY + "/queue"
    empty(state)
    shutil.rmtree(state)
    parts = {"begin": [], "open": [], "attach": [], "list": []}
    parts["begin"] += metered(BIN + "/mover", "queue", state, count, says=True)[3:]
    for _ in range(rounds):
        *_, opened, attached, listed_in = metered(BIN + "/mover", "launch", state, count, says=True)
        for name, value in (("open", opened), ("attach", opened + attached), ("list", listed_in)):
            parts[name].append(value)
    for name, values in parts.items():
        emit(row="queue." + name, who="swift", unit="ns", values=values)


def within_memory(measure):
    def run():
        os.makedirs(MEMORY, exist_ok=True)
        try:
            measure()
        finally:
            shutil.rmtree(MEMORY, ignore_errors=True)
    return run


def versions():
    for program, words in (("curl", ["--version"]), ("aria2c", ["--version"]), ("wget2", ["--version"]),
                           ("rclone", ["--config", "/dev/null", "version"])):
        if shutil.which(program) is None:
            note(f"{program} is missing")
            continue
        said = subprocess.run([program, *words], stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]
        fact("version." + program, said)


TRANSFERS = {
    "down": within_memory(measure_down), "up": within_memory(measure_up), "many": within_memory(measure_many),
    "durable": within_memory(measure_durable), "memory": within_memory(measure_memory),
    "killed": within_memory(measure_killed), "queue": within_memory(measure_queue),
}
