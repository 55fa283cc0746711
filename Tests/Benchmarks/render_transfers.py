# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The rows of transfers, judged, and what is to be said of them."""

NAMES = {
    "swift": "**the library**", "engine": "its engine alone", "engine.durable": "its engine alone, durable",
    "curl": "`curl`", "curl.sync": "`curl -o`, then `sync FILE`", "aria2c": "`aria2c`", "wget2": "`wget2`",
    "rclone": "`rclone copyurl`", "urlsession": "URLSession",
}
HEAD = ["What", "Who", "Time p50 (min–max)", "Whole process", "CPU", "Peak", "The library is", "Goal", "", "Samples"]
FASTER = 1.0
# Who is to be slower, and how many times at least.
RACES = [
    ("download, 1 GiB", "down", {"curl": 1.8, "aria2c": FASTER, "wget2": FASTER, "rclone": FASTER, "urlsession": 3}),
    ("upload, 1 GiB", "up", {"curl": 1.2, "urlsession": 8}),
    ("download, 500 files of 1 MiB", "many.large.down", {"curl": FASTER, "aria2c": FASTER, "urlsession": FASTER}),
    ("upload, 500 files of 1 MiB", "many.large.up", {"curl": FASTER, "urlsession": FASTER}),
    ("download, 2,000 files of 4 KiB", "many.small.down", {"curl": FASTER, "aria2c": FASTER, "urlsession": FASTER}),
    ("upload, 2,000 files of 4 KiB", "many.small.up", {"curl": FASTER, "urlsession": FASTER}),
]


def middle(values):
    return values[max(0, -(-len(values) // 2) - 1)]


def seconds(milliseconds):
    return f"{milliseconds / 1000:.3f} s"


def verdict(is_met):
    return "met" if is_met else "**missed**"


class Races:
    def __init__(self, samples):
        self.samples = samples

    def figure(self, row, who):
        return middle(self.samples[row, who])

    def line(self, title, row, who, times, goal):
        times_text = "–" if times is None else f"{times:.2f}× as fast"
        if goal is None:
            wanted, judged = "–", "–"
        else:
            wanted, judged = ("faster" if goal == FASTER else f"≥ {goal:g}×"), verdict(
                times > goal if goal == FASTER else times >= goal)
        values = self.samples[row, who]
        spread = f"{seconds(middle(values))} ({values[0] / 1000:.3f}–{values[-1] / 1000:.3f})"
        return [title, NAMES[who], spread, seconds(self.figure(row + ".whole", who)),
                seconds(self.figure(row + ".cpu", who)), f"{self.figure(row + '.peak', who):.0f} MiB", times_text,
                wanted, judged, str(len(values))]

    def race(self, title, row, goals):
        present = [who for name, who in self.samples if name == row]
        if "swift" not in present:
            return []
        ours = self.figure(row, "swift")
        lines = []
        for who in sorted(present, key=list(NAMES).index):
            times = None if who == "swift" else self.figure(row, who) / ours
            lines.append(self.line("" if lines else title, row, who, times, goals.get(who)))
        return lines

    def durable(self):
        if ("durable", "engine") not in self.samples:
            return []
        plain = self.figure("durable", "engine")
        lines = []
        for who in ("engine", "engine.durable", "swift", "curl", "curl.sync"):
            cells = self.line("" if lines else "download, 1 GiB, to a real disk", "durable", who, None, None)
            slower = 100 * (self.figure("durable", who) / plain - 1)
            if who != "engine":
                cells[6] = f"takes {slower:+.0f} % against the engine, not durable"
            if who == "engine.durable":
                cells[7], cells[8] = "≤ +15 %", verdict(slower <= 15)
            lines.append(cells)
        return lines


def limits(samples, facts):
    """(title, text, goal, is met) of what is measured against a number."""
    mebibytes = lambda value: f"{value:.1f} MiB"  # noqa: E731
    milliseconds = lambda value: f"{value:.0f} ms"  # noqa: E731
    found = []

    def add(title, row, goal, text, shift=0.0):
        values = samples.get((row, "swift"))
        if values:
            wanted = None if goal is None else goal + shift
            found.append((title, f"{text(middle(values))} (at most {text(values[-1])})",
                          "–" if wanted is None else "0" if wanted == 0 else "≤ " + text(wanted),
                          "–" if wanted is None else verdict(values[-1] <= wanted), str(len(values))))

    bare = middle(samples.get(("memory.bare", "swift"), [0]))
    active = facts.get("memory.active", 0)
    add("memory, an empty Swift process with Foundation", "memory.bare", None, mebibytes)
    add("… that moves one transfer", "memory.one", 8 + 2, mebibytes, bare)
    add(f"… that moves {active}", "memory.active", 8 + 2 * active, mebibytes, bare)
    add("… that moves one, 10,000 more are queued", "memory.queued", 8 + 2, mebibytes, bare)
    add("download, `kill -9` until it is asked for the rest", "killed.down", 1000, milliseconds)
    add("upload by tus, `kill -9` until bytes flow again", "killed.up", 1000, milliseconds)
    add("… bytes that the server took twice", "killed.twice", 0, lambda value: f"{value:.0f}")
    add("10,000 transfers, begun in one batch", "queue.begin", None, milliseconds)
    add("10,000 queued: opened", "queue.open", None, milliseconds)
    add("… opened, and all attached to again", "queue.attach", 500, milliseconds)
    add("… listed", "queue.list", 500, milliseconds)
    return found


def table(lines):
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables(samples, facts):
    races = Races(samples)
    lines = [line for race in RACES for line in races.race(*race)] + races.durable()
    text = []
    if lines:
        text.append(table([HEAD, ["---"] * len(HEAD)] + lines))
    measured = limits(samples, facts)
    if measured:
        text.append(table([["What", "Measured p50", "Goal", "", "Samples"], ["---"] * 5] + measured))
    return "\n\n".join(text)


def section(samples, facts):
    versions = "; ".join(facts[name] for name in sorted(facts) if name.startswith("version."))
    return f"""## Transfers

{tables(samples, facts)}

### How transfers are measured

`make bench`; these rows alone: `Tests/Benchmarks/run transfers`, or their names. Against: {versions}; URLSession of the Swift
above, with completion handlers, which is its fastest way. The library's program (`Tests/Benchmarks/Sources/Mover`) has what
the public products offer, in release, its defaults untouched; *its engine alone* is libcurl with our callbacks, without the
store, the machines and the scheduler (`Tests/Benchmarks/Throughput`). All run in the host of the rows above, as its user.

- **In memory** are the files on both sides, and the store; each competitor takes its turn in each round, and who begins
  changes. The first rounds are not counted.
- **The server** is `Tests/Servers/sink.c`, one thread, in the same host, for everybody. Downloads are sent from 128 KiB that
  stay in the processor's cache: nginx with `sendfile` from memory spends half a second of processor on 1 GiB, and then
  the server is what is measured. Uploads are thrown away in the kernel (`MSG_TRUNC`).
- **Time** is by the program's own clock where it has one: the library's from `begin…` until the handler is called, when the
  file is whole, verified, in its place and its end on the books; curl's `time_total`; the engine's from its order to its
  end. The others', and all of *many*, are whole processes. *Whole process* is that for all of them: the library's
  opens two stores, asks systemd for a wake-up and takes it back, and at its end the kernel takes some 25 ms to let go
  of its inotify descriptors.
- **500 and 2,000 files**: one batch for each program: `begin(contentsOf:)`, `curl --parallel` with a list (50 at once),
  `aria2c -i` with 16 at once, URLSession with all tasks resumed at once (6 at once, as the library).
- **Durable**: on the disk of the stores; before each turn `sync`. The engine alone with and without durability, the file's
  space reserved in both, because only there the same program can do both: the library is always durable.
- **Memory**: the most that was ever resident (`wait4`), of 256 MiB for each transfer. The goal is the empty process and
  8 MiB, and 2 MiB for each active transfer.
- **Killed**: at about 40 % of 1 GiB, or of 256 MiB by tus; from the kill to the request of the same program started anew
  at the server. *Twice* is what the server's log adds up to in all PATCH requests, less the file.
- **10,000 queued**: downloads that are due in a month, each begun again under its identifier, as a program does in every
  launch.

### What the figures come from

- **A large download** takes as long as the kernel copies it twice: from the socket, and into the page cache, which
  allocates a page for every 4 KiB in memory. Two threads do one each; `curl` does both in one, in pieces of 16 KiB.
- **A large upload** is one read and one send in every program, so little can be won; what is won lies in what waits in the
  kernel (`TCP_NOTSENT_LOWAT`) staying in the processor's cache. It comes or does not, hence the spread.
- **Many small files** cost the library some 0.2 ms each, and `curl` 0.05 to 0.1 ms. For each of them three words go on
  the books (it gets its name, its end, that it was taken), in commits that all share that came meanwhile: two commits for
  three files. It is opened, synced, verified and named by a thread that may wait for disks, and told by one that may wait for
  the program, so it goes some eight times from one thread to another. To begin it, to write what was asked for and who is
  told, takes 0.04 ms alone, which is all that `curl` needs; `curl` keeps no books.
- **Memory**: some 29 MiB of a program that moves one transfer are pages of its code and of libraries, which every program
  of the host shares; 6 MiB are its own. 10,000 queued add 4 MiB: the index of what waits, and SQLite's cache.
"""
