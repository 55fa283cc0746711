# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""One connection through the proxy, with its faults."""
import asyncio
from dataclasses import dataclass

from .connection import Connection, Ended

ENDS = ("reset", "close", "half-close", "blackhole")


@dataclass(frozen=True)
class Faults:
    latency: float = 0
    rate: float = 0
    # After how many bytes of one direction `how` happens.
    up: int | None = None
    down: int | None = None
    how: str = "reset"
    is_blackhole: bool = False

    @classmethod
    def parse(cls, value: dict) -> "Faults":
        cut = value.get("cut", {})
        unknown = (set(value) - {"latency", "rate", "cut", "blackhole"}) | (set(cut) - {"up", "down", "how"})
        if unknown:
            raise ValueError(f"unknown faults: {sorted(unknown)}")
        how = cut.get("how", "reset")
        if how not in ENDS:
            raise ValueError(f"how is one of {ENDS}")
        return cls(
            float(value.get("latency", 0)),
            float(value.get("rate", 0)),
            cut.get("up"),
            cut.get("down"),
            how,
            bool(value.get("blackhole", False)),
        )


class Relay:
    def __init__(self, client: Connection, faults: Faults):
        self.client = client
        self.faults = faults
        self.server: Connection | None = None
        self.came = {"up": 0, "down": 0}
        self.went = {"up": 0, "down": 0}
        self.end_was: str | None = None
        self.swallows = faults.is_blackhole

    def counters(self) -> dict:
        return {"number": self.client.number, "in": self.came, "out": self.went, "ended": self.end_was}

    async def run(self, target: tuple[str, int]) -> None:
        try:
            reader, writer = await asyncio.open_connection(*target)
        except OSError:
            self.end_was = "unreachable"
            self.client.reset_now()
            return
        self.server = Connection(reader, writer, self.client.number)
        ways = [
            asyncio.create_task(self.carry("up", self.client, self.server, self.faults.up)),
            asyncio.create_task(self.carry("down", self.server, self.client, self.faults.down)),
        ]
        try:
            await asyncio.gather(*ways)
            self.end_was = self.end_was or "done"
        except Ended:
            # One side is gone: the other must hear of it, and by a reset, as the first ended without a good-bye.
            self.end_was = self.end_was or "broken"
            for connection in (self.client, self.server):
                connection.reset_now()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for connection in (self.client, self.server):
                connection.writer.close()

    async def carry(self, way: str, source: Connection, target: Connection, stop: int | None) -> None:
        """From one side to the other until that ends, or until the cut."""
        # Bytes that are on their way, each with the instant at which it arrives.
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)
        delivery = asyncio.create_task(self.deliver(way, line, target, stop))
        reading = asyncio.create_task(self.take(way, source, line))
        try:
            done, _ = await asyncio.wait({delivery, reading}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in (delivery, reading):
                task.cancel()
            await asyncio.gather(delivery, reading, return_exceptions=True)

    async def take(self, way: str, source: Connection, line: asyncio.Queue) -> None:
        clock = asyncio.get_running_loop()
        while True:
            try:
                data = await source.reader.read(65536)
            except OSError as error:
                if not self.swallows:
                    raise Ended from error
                data = b""
            self.came[way] += len(data)
            await line.put((clock.time() + self.faults.latency, data))
            if not data:
                return

    async def deliver(self, way: str, line: asyncio.Queue, target: Connection, stop: int | None) -> None:
        clock = asyncio.get_running_loop()
        # Whether this direction has ended for the target: what still comes is thrown away.
        is_cut = stop == 0
        if is_cut:
            await self.end(self.faults.how, way)
        while True:
            due, data = await line.get()
            if is_cut or self.swallows:
                if not data:
                    return
                continue
            if due > clock.time():
                await asyncio.sleep(due - clock.time())
            if not data:
                await target.half_close()
                return
            if stop is not None:
                data = data[: max(0, stop - self.went[way])]
            await self.pass_on(way, data, target)
            if stop is not None and self.went[way] >= stop:
                is_cut = True
                await self.end(self.faults.how, way)

    async def pass_on(self, way: str, data: bytes, target: Connection) -> None:
        size = max(1, int(self.faults.rate / 20)) if self.faults.rate else len(data)
        for start in range(0, len(data), max(1, size)):
            piece = data[start : start + size]
            await target.write(piece)
            self.went[way] += len(piece)
            if self.faults.rate:
                await asyncio.sleep(len(piece) / self.faults.rate)

    async def end(self, how: str, way: str = "down") -> None:
        """What was passed on has arrived before."""
        if how not in ENDS:
            raise ValueError(f"an end is one of {ENDS}")
        if self.end_was is not None:
            return
        self.end_was = how
        target = self.server if way == "up" else self.client
        if target is not None and how != "blackhole":
            try:
                await target.acknowledged()
            except Ended:
                pass
        sides = [side for side in (self.client, self.server) if side is not None]
        match how:
            case "blackhole":
                self.swallows = True
            case "half-close":
                # Only the direction that was cut ends; the other one goes on.
                if target is not None:
                    await target.half_close()
            case "close":
                # Both hear that it is over, and what they still say is taken: close(2) could become a reset.
                self.swallows = True
                for side in sides:
                    await side.half_close()
            case "reset":
                for side in sides:
                    side.reset_now()
