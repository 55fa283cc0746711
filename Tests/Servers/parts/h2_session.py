# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Frames of HTTP/2 (RFC 9113): one connection, its streams, and how much each side may send."""
import asyncio
import hashlib
import struct
from collections.abc import Awaitable, Callable

from .connection import Connection, Ended
from .hpack import Decoder, Undecodable, encoded
from .request import Request

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
INITIAL_WINDOW, MAX_CONCURRENT = 4, 3
FRAME = 16384
DEFAULT_WINDOW = 65535


class StreamBody:
    """As the body of a request has it, but its bytes come in frames, and are granted when they were read."""

    def __init__(self, stream: "Stream"):
        self.stream = stream
        self.received = 0
        self.digest = hashlib.sha256()
        self.is_complete = False
        self.says_continue = False
        self.waiting = b""
        self.has_ended = False

    async def read(self, limit: int = 65536) -> bytes:
        while not self.waiting and not self.has_ended:
            await self.stream.moved()
        data, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.received += len(data)
        self.digest.update(data)
        self.is_complete = self.has_ended and not self.waiting
        if data:
            await self.stream.grant(len(data))
        return data

    async def discard(self) -> None:
        while await self.read():
            pass


class Stream:
    def __init__(self, session: "Session", number: int):
        self.session, self.number = session, number
        self.body = StreamBody(self)
        self.window = session.peer_window
        self.task: asyncio.Task | None = None

    async def moved(self) -> None:
        """Until a frame came that could concern us."""
        if self.session.is_over:
            raise Ended
        await self.session.changed.wait()

    async def grant(self, count: int) -> None:
        if self.session.grants:
            for number in (0, self.number):
                await self.session.send(WINDOW_UPDATE, 0, number, struct.pack(">I", count))

    async def send_headers(self, fields: list[tuple[str, str]], ends: bool) -> None:
        await self.session.send(HEADERS, END_HEADERS | (END_STREAM if ends else 0), self.number, encoded(fields))

    async def send_data(self, data: bytes) -> None:
        """As much at a time as the client allows."""
        while data:
            room = min(self.window, self.session.window, FRAME)
            if room <= 0:
                await self.moved()
                continue
            piece, data = data[:room], data[room:]
            self.window -= len(piece)
            self.session.window -= len(piece)
            await self.session.send(DATA, 0, self.number, piece)

    async def end(self) -> None:
        await self.session.send(DATA, END_STREAM, self.number, b"")


class Session:
    """One connection. `serve` gets each request as a task of its own."""

    def __init__(self, connection: Connection, window: int, serve: Callable[[Request, Stream], Awaitable[None]]):
        self.connection, self.serve = connection, serve
        # What a client may send before anything was read; with 0 nothing is ever granted.
        self.initial_window = window
        self.grants = window > 0
        self.window = self.peer_window = DEFAULT_WINDOW
        self.decoder = Decoder()
        self.streams: dict[int, Stream] = {}
        self.changed = asyncio.Event()
        self.is_over = False

    async def send(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
        await self.connection.write(head + payload)

    def tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def run(self) -> None:
        try:
            if await self.connection.reader.readexactly(len(PREFACE)) != PREFACE:
                return
            await self.send(SETTINGS, 0, 0, struct.pack(">HIHI", INITIAL_WINDOW, self.initial_window, MAX_CONCURRENT, 100))
            while True:
                head = await self.connection.reader.readexactly(9)
                payload = await self.connection.reader.readexactly(int.from_bytes(head[:3], "big"))
                number = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                if head[3] == GOAWAY:
                    return
                try:
                    await self.take(head[3], head[4], number, payload)
                except Ended:
                    # We say nothing any more, but what the client says is taken until it ends.
                    pass
                self.tell()
        except (asyncio.IncompleteReadError, OSError, Undecodable, Ended):
            pass
        finally:
            self.is_over = True
            self.tell()
            for stream in list(self.streams.values()):
                if stream.task is not None:
                    stream.task.cancel()

    async def take(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        stream = self.streams.get(number)
        match kind:
            case 4 if not flags & ACK:
                for place in range(0, len(payload), 6):
                    name, value = struct.unpack_from(">HI", payload, place)
                    if name == INITIAL_WINDOW:
                        for one in self.streams.values():
                            one.window += value - self.peer_window
                        self.peer_window = value
                await self.send(SETTINGS, ACK, 0, b"")
            case 6 if not flags & ACK:
                await self.send(PING, ACK, 0, payload)
            case 8:
                more = int.from_bytes(payload, "big")
                if number == 0:
                    self.window += more
                elif stream is not None:
                    stream.window += more
            case 1:
                await self.begin(flags, number, payload)
            case 0 if stream is not None:
                data = unpadded(flags, payload)
                stream.body.waiting += data
                stream.body.has_ended = bool(flags & END_STREAM)
            case 3 if stream is not None and stream.task is not None:
                stream.task.cancel()

    async def begin(self, flags: int, number: int, payload: bytes) -> None:
        block = unpadded(flags, payload)
        if flags & PRIORITY:
            block = block[5:]
        is_whole = flags & END_HEADERS
        while not is_whole:
            head = await self.connection.reader.readexactly(9)
            block += await self.connection.reader.readexactly(int.from_bytes(head[:3], "big"))
            is_whole = head[4] & END_HEADERS
        fields = self.decoder.decode(block)
        if number in self.streams:
            # Trailers.
            self.streams[number].body.has_ended = True
            return
        stream = self.streams[number] = Stream(self, number)
        stream.body.has_ended = bool(flags & END_STREAM)
        stream.body.is_complete = stream.body.has_ended
        pseudo = {name: value for name, value in fields if name.startswith(":")}
        headers = [(name, value) for name, value in fields if not name.startswith(":")]
        request = Request(self.connection, pseudo.get(":method", ""), pseudo.get(":path", ""), "HTTP/2", headers)
        request.body = stream.body
        stream.task = asyncio.create_task(self.perform(request, stream))

    async def perform(self, request: Request, stream: Stream) -> None:
        try:
            await self.serve(request, stream)
        except (Ended, OSError, asyncio.CancelledError):
            pass
        finally:
            self.streams.pop(stream.number, None)


def unpadded(flags: int, payload: bytes) -> bytes:
    return payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
