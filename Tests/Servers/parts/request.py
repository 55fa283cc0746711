# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""A request as it came, and its body as it comes."""
import hashlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from .connection import Connection, Ended

PIECE = 65536


class Malformed(Exception):
    """What the client sent is no HTTP/1.1 request."""


@dataclass
class Request:
    connection: Connection
    method: str
    target: str
    version: str
    # In their order, as they were written.
    headers: list[tuple[str, str]]
    # The status of each answer, interim ones too.
    answered: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path, _, query = self.target.partition("?")
        self.query = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        self.body = Body(self)

    @classmethod
    def parse(cls, head: bytes, connection: Connection) -> "Request":
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            raise Malformed(first)
        headers = []
        for line in lines:
            if not line:
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise Malformed(line)
            headers.append((name, value.strip(" \t")))
        return cls(connection, *words, headers)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def field(self, name: str) -> str | None:
        """A field's lines as one, as RFC 9110 joins them."""
        values = self.all(name)
        return ", ".join(values) if values else None

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    @property
    def keeps_alive(self) -> bool:
        options = (self.field("Connection") or "").lower()
        return "close" not in options and (self.version == "HTTP/1.1" or "keep-alive" in options)


class Body:
    """Counts and digests what of a body was taken from the connection."""

    def __init__(self, request: Request):
        self.request = request
        self.received = 0
        self.digest = hashlib.sha256()
        # Whether the first read answers an expectation with 100.
        self.says_continue = True
        self.chunk = 0
        self.is_chunked = (request.field("Transfer-Encoding") or "").lower().endswith("chunked")
        length = request.field("Content-Length")
        if length is not None and not length.isdecimal():
            raise Malformed(f"Content-Length: {length}")
        self.length = None if self.is_chunked else int(length or 0)
        self.is_complete = self.length == 0

    async def read(self, limit: int = PIECE) -> bytes:
        """At most `limit` bytes, and none when the body was complete; `Ended` if it breaks off."""
        if self.is_complete or limit <= 0:
            return b""
        await self.invite()
        if self.is_chunked and self.chunk == 0 and not await self.begin_chunk():
            return b""
        left = self.chunk if self.is_chunked else self.length - self.received
        data = await self.request.connection.read(min(limit, left))
        if not data:
            raise Ended
        self.received += len(data)
        self.digest.update(data)
        if self.is_chunked:
            self.chunk -= len(data)
            if self.chunk == 0:
                await self.request.connection.read_line()
        elif self.received == self.length:
            self.is_complete = True
        return data

    async def begin_chunk(self) -> bool:
        line = await self.request.connection.read_line()
        try:
            self.chunk = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise Ended from error
        if self.chunk:
            return True
        while (await self.request.connection.read_line()).strip():
            pass
        self.is_complete = True
        return False

    async def invite(self) -> None:
        expects = (self.request.field("Expect") or "").lower() == "100-continue"
        if expects and self.says_continue:
            self.says_continue = False
            self.request.answered.append(100)
            await self.request.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def discard(self) -> None:
        """Reads what is left."""
        while await self.read():
            pass

    async def whole(self) -> bytes:
        pieces = []
        while piece := await self.read():
            pieces.append(piece)
        return b"".join(pieces)
