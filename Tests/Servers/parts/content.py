# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Bodies of a known length, of which any part can be had."""
import base64
import gzip
import os
from collections.abc import Iterator

from .pattern import pattern

PIECE = 1 << 20


class Content:
    """Some bytes: a length, and `part`, which never gives more than asked."""

    length = 0

    def part(self, start: int, count: int) -> bytes:
        raise NotImplementedError

    def pieces(self, start: int, stop: int, size: int = PIECE) -> Iterator[bytes]:
        while start < stop:
            piece = self.part(start, min(size, stop - start))
            if not piece:
                return
            yield piece
            start += len(piece)

    def all(self) -> bytes:
        return b"".join(self.pieces(0, self.length))


class Literal(Content):
    def __init__(self, data: bytes):
        self.data = data
        self.length = len(data)

    def part(self, start: int, count: int) -> bytes:
        return self.data[start : start + count]


class Patterned(Content):
    def __init__(self, seed: int, length: int, offset: int = 0):
        self.seed, self.length, self.offset = seed, length, offset

    def part(self, start: int, count: int) -> bytes:
        return pattern(self.seed, self.offset + start, count)


class Filed(Content):
    """An open file, as long as it was at first."""

    def __init__(self, descriptor: int, owned: object = None):
        self.descriptor = descriptor
        # What would close the descriptor if nobody held it.
        self.owned = owned
        self.length = os.fstat(descriptor).st_size

    def part(self, start: int, count: int) -> bytes:
        return os.pread(self.descriptor, count, start)


class Slice(Content):
    def __init__(self, whole: Content, start: int, stop: int):
        self.whole, self.start, self.length = whole, start, max(0, stop - start)

    def part(self, start: int, count: int) -> bytes:
        return self.whole.part(self.start + start, min(count, self.length - start))


class Joined(Content):
    def __init__(self, contents: list[Content]):
        self.contents = contents
        self.length = sum(content.length for content in contents)

    def part(self, start: int, count: int) -> bytes:
        """Of the one in which `start` lies, which may be less than asked."""
        for content in self.contents:
            if start < content.length:
                return content.part(start, min(count, content.length - start))
            start -= content.length
        return b""


def content(value: object, substituted: dict[str, object] | None = None) -> Content:
    """What a script says a body is; see the README."""
    match value:
        case None:
            return Literal(b"")
        case str():
            for name, word in (substituted or {}).items():
                value = value.replace("{" + name + "}", str(word))
            return Literal(value.encode())
        case list():
            return Joined([content(part, substituted) for part in value])
        case {"base64": str(data)}:
            return Literal(base64.b64decode(data, validate=True))
        case {"length": int(length), "fill": str(text)}:
            repeated = text.encode() * (length // max(1, len(text.encode())) + 1)
            return Literal(repeated[:length])
        case {"length": int(length), **rest} if not set(rest) - {"seed", "offset"}:
            return Patterned(int(rest.get("seed", 0)), length, int(rest.get("offset", 0)))
        case {"gzip": inner}:
            return Literal(gzip.compress(content(inner, substituted).all(), mtime=0))
        case {"file": str(path)}:
            file = open(path, "rb")
            return Filed(file.fileno(), file)
        case {"repeat": int(count), "text": str(text)}:
            return Literal(b"".join(content(text, {**(substituted or {}), "n": n}).all() for n in range(1, count + 1)))
    raise ValueError(f"No content: {value!r}")
