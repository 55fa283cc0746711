# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Does to one request of HTTP/2 what a script says."""
import asyncio
import struct

from .connection import Ended
from .content import Content, content
from .h2_session import GOAWAY, PING, RST_STREAM, SETTINGS, Session, Stream
from .performance import Performance
from .representation import Representation
from .request import Request

VERBS = {"headers", "data", "end", "serve", "read", "goaway", "rst", "settings", "pings", "frame", "wait", "repeat"}
WORDS = {"close", "drop", "reset", "stall", "end"}
ERRORS = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
]


class StreamPerformance(Performance):
    verbs = VERBS | WORDS

    def __init__(self, request: Request, stream: Stream, gates: dict[str, asyncio.Event], words: dict[str, object]):
        super().__init__(request, gates, words)
        self.stream = stream
        self.session: Session = stream.session

    async def do_headers(self, value: dict, action: dict) -> None:
        status = int(value.get("status", 200))
        self.request.answered.append(status)
        fields = [(":status", str(status)), *((name.lower(), text) for name, text in value.get("fields", []))]
        await self.stream.send_headers(fields, bool(value.get("end", False)))

    async def do_data(self, value: object, action: dict) -> None:
        await self.send_content(content(value, self.words))

    async def send_content(self, whole: Content) -> None:
        for piece in whole.pieces(0, whole.length, 65536):
            await self.stream.send_data(piece)

    async def do_end(self, _: object, action: dict) -> None:
        await self.stream.end()

    async def do_serve(self, value: dict, action: dict) -> None:
        """As a good server would; with `stop` only so many bytes, and the stream stays open."""
        await self.request.body.discard()
        whole = Representation(
            content(value["body"], self.words),
            value.get("etag"),
            value.get("modified"),
            value.get("ranges", True),
            {name.lower() for name in value.get("ignore", [])},
        )
        status, headers, part = whole.plan(self.request)
        self.request.answered.append(status)
        headers = [(":status", str(status)), *((name.lower(), text) for name, text in headers)]
        headers.append(("content-length", str(part.length)))
        if self.request.method == "HEAD" or part.length == 0:
            await self.stream.send_headers(headers, True)
            return
        await self.stream.send_headers(headers, False)
        stop = min(part.length, int(value.get("stop", part.length)))
        for piece in part.pieces(0, stop, 65536):
            await self.stream.send_data(piece)
        if "stop" not in value:
            await self.stream.end()

    async def do_close(self, _: object, action: dict) -> None:
        """Only our direction: the session reads on until the client ends."""
        if self.connection.is_secure:
            self.connection.writer.close()
        else:
            await self.connection.half_close()
        raise Ended

    async def do_goaway(self, value: dict, action: dict) -> None:
        """`last`: the last stream that counts, "this" or a number; if missing, 0."""
        last = value.get("last", 0)
        last = self.stream.number if last == "this" else int(last)
        payload = struct.pack(">II", last, error(value.get("error", 0))) + value.get("debug", "").encode()
        await self.session.send(GOAWAY, 0, 0, payload)

    async def do_rst(self, value: object, action: dict) -> None:
        await self.session.send(RST_STREAM, 0, self.stream.number, struct.pack(">I", error(value)))
        raise Ended

    async def do_settings(self, count: int, action: dict) -> None:
        for _ in range(count):
            await self.session.send(SETTINGS, 0, 0, b"")

    async def do_pings(self, count: int, action: dict) -> None:
        for number in range(count):
            await self.session.send(PING, 0, 0, number.to_bytes(8, "big"))

    async def do_frame(self, value: dict, action: dict) -> None:
        number = value.get("stream", self.stream.number)
        payload = content(value.get("payload"), self.words).all()
        await self.session.send(int(value["type"]), int(value.get("flags", 0)), int(number), payload)


def error(value: object) -> int:
    return ERRORS.index(value) if isinstance(value, str) else int(value)
