# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""How a protocol server departs from its protocol, for a number of requests, as a test ordered it."""
from collections.abc import Callable
from dataclasses import dataclass, field

from .connection import Ended
from .request import Request
from .server import Headers, answer, head, interim

KEYS = {"offset", "location", "status", "headers", "answer", "read", "then", "lose", "interim", "first", "trailing"}
ENDS = {"reset", "close", "drop", "answer"}


@dataclass
class Misbehaviour:
    """One order: `on` a method (or a kind of request), `skip` so many, then for `times` (0: for ever) `do` this."""

    on: str
    skip: int
    times: int
    do: dict

    @classmethod
    def parse(cls, value: dict) -> "Misbehaviour":
        unknown = (set(value) - {"on", "skip", "times", "do"}) | (set(value.get("do", {})) - KEYS)
        if unknown or not value.get("do"):
            raise ValueError(f"no such misbehaviour: {sorted(unknown)}")
        if value["do"].get("then", "answer") not in ENDS:
            raise ValueError(f"then is one of {sorted(ENDS)}")
        return cls(value.get("on", "*"), int(value.get("skip", 0)), int(value.get("times", 1)), value["do"])


@dataclass
class Misbehaviours:
    orders: list[Misbehaviour] = field(default_factory=list)

    def take(self, *kinds: str) -> dict:
        """What to do to a request of these kinds; an empty object for what is right."""
        for order in self.orders:
            if order.on != "*" and order.on not in kinds:
                continue
            if order.skip > 0:
                order.skip -= 1
                continue
            if order.times == 1:
                self.orders.remove(order)
            elif order.times > 1:
                order.times -= 1
            return order.do
        return {}


@dataclass
class Reply:
    """What a server is about to say, and what of it an order changes."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def put(self, name: str, value: str | None) -> None:
        """Replaces, or removes with none."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def altered(self, do: dict, offset: int, location: str | None) -> "Reply":
        """`answer` changes the status of what was done; `offset` and `location` are what we would say."""
        self.status = int(do.get("answer", self.status))
        if "offset" in do:
            self.put("Upload-Offset", lie(do["offset"], offset))
        if "location" in do and location is not None:
            self.put("Location", located(do["location"], location))
        for name, value in do.get("headers", {}).items():
            self.put(name, value)
        return self

    async def send(self, request: Request) -> bool:
        return await answer(request, self.status, self.headers, self.body)


def lie(order: object, offset: int) -> str | None:
    """An offset: {"plus": N}, {"minus": N}, any text, or null to leave it out."""
    match order:
        case {"plus": int(more)}:
            return str(offset + more)
        case {"minus": int(less)}:
            return str(offset - less)
        case None:
            return None
    return str(order)


def located(order: str | None, location: str) -> str | None:
    """A Location: null to leave it out, "relative" (the path), "file" (its last part), or a text with {path}."""
    path = "/" + location.split("://", 1)[-1].split("/", 1)[1]
    match order:
        case None:
            return None
        case "relative":
            return path
        case "file":
            return path.rsplit("/", 1)[1]
    return order.replace("{path}", path)


async def refused_outright(request: Request, do: dict) -> bool:
    """Answers with `status` instead of doing anything, before the body comes. Whether it did."""
    if "status" not in do:
        return False
    headers: Headers = [*do.get("headers", {}).items(), ("Connection", "close"), ("Content-Length", "0")]
    request.answered.append(int(do["status"]))
    request.body.says_continue = False
    await request.connection.write(head(int(do["status"]), headers))
    await request.connection.close()
    raise Ended


async def ended_by_order(request: Request, do: dict) -> None:
    """What `then` says, once what is to be kept was kept."""
    match do.get("then"):
        case "reset":
            await request.connection.reset()
        case "close":
            await request.connection.close()
        case "drop":
            await request.connection.drop()
        case _:
            return
    raise Ended


async def interims(request: Request, listed: list[dict]) -> None:
    """Extra interim answers, each {"status", "headers", "times"}; {n} in a value counts from 1."""
    for extra in listed:
        for n in range(1, int(extra.get("times", 1)) + 1):
            headers = [(name, str(value).replace("{n}", str(n))) for name, value in extra.get("headers", {}).items()]
            await interim(request, int(extra.get("status", 104)), headers)


async def received(request: Request, limit: int | None, keep: Callable[[bytes], None]) -> bool:
    """Keeps the body as it comes, `limit` bytes at most. Whether it came whole."""
    while limit is None or request.body.received < limit:
        piece = await request.body.read(65536 if limit is None else min(65536, limit - request.body.received))
        if not piece:
            break
        keep(piece)
    return request.body.is_complete
