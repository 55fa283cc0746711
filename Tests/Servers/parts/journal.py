# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What a server has seen, in the order in which it happened."""
import asyncio
import time

from .request import Request


class Journal:
    def __init__(self) -> None:
        self.started = time.monotonic()
        self.connections = 0
        self.changed = asyncio.Event()
        self.forget()

    def forget(self) -> None:
        self.requests: list[dict] = []
        self.open: dict[int, Request] = {}
        self.order = 0
        self.tell()

    def tell(self) -> None:
        """Wakes those who wait for a count."""
        self.changed.set()
        self.changed = asyncio.Event()

    def next(self) -> int:
        self.order += 1
        return self.order

    def begin(self, request: Request) -> dict:
        entry = {
            "number": len(self.requests) + 1,
            "connection": request.connection.number,
            "client": request.connection.client,
            "method": request.method,
            "target": request.target,
            "version": request.version,
            "headers": request.headers,
            "began": self.next(),
            "ended": None,
            "at": round(time.monotonic() - self.started, 6),
        }
        self.requests.append(entry)
        self.open[entry["number"]] = request
        self.tell()
        return entry

    def end(self, entry: dict) -> None:
        entry["ended"] = self.next()
        entry["lasted"] = round(time.monotonic() - self.started - entry["at"], 6)
        request = self.open.pop(entry["number"], None)
        if request is not None:
            entry.update(self.facts(request))
        self.tell()

    @staticmethod
    def facts(request: Request) -> dict:
        return {
            "bytes": request.body.received,
            "sha256": request.body.digest.hexdigest(),
            "complete": request.body.is_complete,
            "answered": list(request.answered),
        }

    def listing(self) -> dict:
        requests = [
            {**entry, **self.facts(self.open[entry["number"]])} if entry["number"] in self.open else entry
            for entry in self.requests
        ]
        return {"connections": self.connections, "requests": requests}

    async def wait(self, began: int, ended: int) -> None:
        """Until so many requests have begun, and so many have ended."""
        while len(self.requests) < began or len(self.requests) - len(self.open) < ended:
            await self.changed.wait()
