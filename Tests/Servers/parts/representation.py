# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""A resource that can be downloaded, with ranges and preconditions as RFC 9110 has them."""
import base64
import hashlib
import re
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime

from .content import Content, Literal, Patterned, Slice
from .pattern import digest
from .request import Request

Headers = list[tuple[str, str]]


@dataclass
class Representation:
    content: Content
    # With its quotes, and W/ if weak.
    etag: str | None = None
    # An IMF-fixdate.
    modified: str | None = None
    has_ranges: bool = True
    # Names of fields of the request that are not looked at, in lower case.
    ignored: set[str] = field(default_factory=set)

    def plan(self, request: Request) -> tuple[int, Headers, Content]:
        """The status, the headers without Content-Length, and what of the content is to be sent."""

        def given(name: str) -> str | None:
            return None if name.lower() in self.ignored else request.field(name)

        headers = [("Accept-Ranges", "bytes" if self.has_ranges else "none")]
        if self.etag:
            headers.append(("ETag", self.etag))
        if self.modified:
            headers.append(("Last-Modified", self.modified))
        if "sha-256" in (given("Want-Repr-Digest") or ""):
            headers.append(("Repr-Digest", f"sha-256=:{self.digest()}:"))
        nothing = Literal(b"")
        if (wanted := given("If-Match")) and not (wanted == "*" or self.is_strong and self.etag in tags(wanted)):
            return 412, headers, nothing
        if (refused := given("If-None-Match")) and self.etag:
            if refused == "*" or opaque(self.etag) in {opaque(tag) for tag in tags(refused)}:
                return 304, headers, nothing
        if (since := given("If-Unmodified-Since")) and self.modified and not given("If-Match"):
            if parsedate_to_datetime(self.modified) > parsedate_to_datetime(since):
                return 412, headers, nothing
        asked = given("Range")
        if not (asked and self.has_ranges and request.method == "GET" and self.holds(given("If-Range"))):
            return 200, headers, self.content
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.replace(" ", ""))
        total = self.content.length
        if not match or match.groups() == ("", ""):
            # Several ranges, or another unit: a server may ignore them.
            return 200, headers, self.content
        first, last = match.groups()
        if not first:
            start, stop = max(0, total - int(last)), total
        else:
            start, stop = int(first), min(total, int(last) + 1 if last else total)
        if start >= total or start >= stop:
            return 416, [*headers, ("Content-Range", f"bytes */{total}")], nothing
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{total}"))
        return 206, headers, Slice(self.content, start, stop)

    @property
    def is_strong(self) -> bool:
        return bool(self.etag) and not self.etag.startswith("W/")

    def holds(self, validator: str | None) -> bool:
        """Whether If-Range lets the range count. Only the strong comparison of a tag, or the very date."""
        if validator is None:
            return True
        return self.is_strong and validator == self.etag or validator == self.modified

    def digest(self) -> str:
        whole = self.content
        if isinstance(whole, Patterned) and whole.offset == 0:
            return base64.b64encode(digest(whole.seed, whole.length)).decode()
        running = hashlib.sha256()
        for piece in whole.pieces(0, whole.length):
            running.update(piece)
        return base64.b64encode(running.digest()).decode()


def tags(value: str) -> list[str]:
    return re.findall(r'(?:W/)?"[^"]*"', value)


def opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)
