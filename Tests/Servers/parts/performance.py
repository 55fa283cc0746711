# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Does to one request what a script says."""
import asyncio
import json

from .connection import Connection, Ended
from .content import Content, Joined, Literal, content
from .representation import Representation
from .request import Request
from .script import VERBS, Wrong, actions
from .server import head, interim

LATIN = "latin-1"


class Performance:
    verbs = VERBS

    def __init__(self, request: Request, gates: dict[str, asyncio.Event], words: dict[str, object]):
        self.request = request
        self.connection: Connection = request.connection
        self.gates = gates
        # What {name} stands for in text.
        self.words = words

    async def run(self, listed: list[dict]) -> None:
        for action in listed:
            verb = next(key for key in action if key in self.verbs)
            await getattr(self, "do_" + verb.replace("-", "_"))(action[verb], action)

    # Words.

    async def do_continue(self, _: object, action: dict) -> None:
        self.request.body.says_continue = False
        await interim(self.request, 100, [])

    async def do_close(self, _: object, action: dict) -> None:
        await self.connection.close()
        raise Ended

    async def do_drop(self, _: object, action: dict) -> None:
        await self.connection.drop()
        raise Ended

    async def do_reset(self, _: object, action: dict) -> None:
        await self.connection.reset()
        raise Ended

    async def do_half_close(self, _: object, action: dict) -> None:
        await self.connection.half_close()

    async def do_stall(self, value: object, action: dict) -> None:
        if value is True:
            await asyncio.Event().wait()
        await asyncio.sleep(float(value))

    async def do_wait(self, name: str, action: dict) -> None:
        await self.gates.setdefault(name, asyncio.Event()).wait()

    async def do_repeat(self, count: int, action: dict) -> None:
        for n in range(1, count + 1):
            self.words["n"] = n
            await self.run(action["do"])

    # The request's body.

    async def do_read(self, value: object, action: dict) -> None:
        body = self.request.body
        stop = None if value == "all" else body.received + int(value)
        rate = action.get("rate")
        if action.get("silent"):
            body.says_continue = False
        while stop is None or body.received < stop:
            limit = 65536 if stop is None else min(65536, stop - body.received)
            data = await body.read(limit if rate is None else max(1, min(limit, int(rate / 20))))
            if not data:
                return
            if rate is not None:
                await asyncio.sleep(len(data) / rate)

    # Bytes.

    async def do_send(self, value: object, action: dict) -> None:
        await self.stream(content(value, self.words), action, 0)

    async def do_interim(self, value: dict, action: dict) -> None:
        self.request.answered.append(int(value.get("status", 103)))
        await self.connection.write(self.head(value, None))

    async def do_answer(self, value: dict, action: dict) -> None:
        """Reads the request's body first, unless it is to answer early."""
        if value.get("early"):
            self.request.body.says_continue = False
        else:
            await self.request.body.discard()
        body = content(value.get("body"), self.words)
        status = value.get("status", 200)
        declared: object = body.length
        if "chunked" in value:
            declared = None
            body = self.chunked(body, value["chunked"], value.get("trailers", []))
        if "length" in value:
            declared = value["length"]
        beginning = Literal(self.head(value, declared, chunked="chunked" in value))
        if isinstance(status, int):
            self.request.answered.append(status)
        hides = self.request.method == "HEAD" and not value.get("despite-head")
        whole = beginning if hides else Joined([beginning, body])
        await self.stream(whole, value, beginning.length)

    async def do_serve(self, value: dict, action: dict) -> None:
        """As a good server would, but for what is overridden."""
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
        headers.append(("Content-Length", str(part.length)))
        for name, text in value.get("headers", {}).items():
            headers = [(key, old) for key, old in headers if key.lower() != name.lower()]
            if text is not None:
                headers.append((name, text))
        beginning = Literal(head(status, headers))
        hides = self.request.method == "HEAD"
        await self.stream(beginning if hides else Joined([beginning, part]), value, beginning.length)

    def head(self, value: dict, declared: object, chunked: bool = False) -> bytes:
        if "head" in value:
            return content(value["head"], self.words).all()
        first = value.get("status-line")
        if first is None:
            begin = head(int(value.get("status", 200)), [])[:-4].decode(LATIN)
            version, status, reason = begin.split(" ", 2)
            first = f"{value.get('version', version)} {status} {value.get('reason', reason)}"
        lines = [self.line(first)]
        lines += [self.line(header) for header in value.get("headers", [])]
        names = {line.split(b":")[0].strip().lower() for line in lines}
        if chunked and b"transfer-encoding" not in names:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        if declared is not None and b"content-length" not in names:
            lines.append(f"Content-Length: {declared}\r\n".encode(LATIN))
        return b"".join(lines) + b"\r\n"

    def line(self, value: object) -> bytes:
        """A header: ["Name", "value"], a whole line as text, or content of any kind, taken as it is."""
        match value:
            case [str(name), str(text)]:
                return self.filled(f"{name}: {text}\r\n")
            case str(text):
                return self.filled(f"{text}\r\n")
        return content(value, self.words).all()

    def filled(self, text: str) -> bytes:
        for name, word in self.words.items():
            text = text.replace("{" + name + "}", str(word))
        return text.encode(LATIN if text.isascii() else "utf-8")

    def chunked(self, body: Content, framing: object, trailers: list) -> Content:
        """`framing`: bytes in a chunk, or an object with size, sizes (texts in place of sizes, by number), end."""
        if not isinstance(framing, dict):
            framing = {"size": framing}
        size = int(framing.get("size") or 65536)
        lies = {int(number): text for number, text in framing.get("sizes", {}).items()}
        parts: list[Content] = []
        for number, piece in enumerate(body.pieces(0, body.length, size), 1):
            said = lies.get(number, f"{len(piece):x}")
            parts += [Literal(f"{said}\r\n".encode(LATIN)), Literal(piece), Literal(b"\r\n")]
        if framing.get("end", True):
            parts += [Literal(b"0\r\n"), *(Literal(self.line(trailer)) for trailer in trailers), Literal(b"\r\n")]
        return Joined(parts)

    # Sending, with what happens on the way.

    async def stream(self, whole: Content, options: dict, body_start: int) -> None:
        """`at` says what happens where: a byte of the body, or of the head; negative ones count from their end."""
        rate = options.get("rate")
        events = []
        for event in options.get("at", []):
            if "head" in event:
                place = int(event["head"])
                place += body_start if place < 0 else 0
            else:
                place = int(event["body"])
                place += whole.length if place < 0 else body_start
            if not 0 <= place <= whole.length:
                raise Wrong(f"There is no byte {event!r}")
            events.append((place, actions(event["do"]), event))
        sent = 0
        for place, listed, event in sorted(events, key=lambda event: event[0]):
            await self.send(whole, sent, place, rate)
            sent = place
            await self.run(listed)
            rate = event.get("rate", rate)
        await self.send(whole, sent, whole.length, rate)

    async def send(self, whole: Content, start: int, stop: int, rate: float | None) -> None:
        if rate is None:
            for piece in whole.pieces(start, stop):
                await self.connection.write(piece)
            return
        clock = asyncio.get_running_loop()
        began, sent = clock.time(), 0
        for piece in whole.pieces(start, stop, max(1, int(rate / 20))):
            await self.connection.write(piece)
            sent += len(piece)
            await asyncio.sleep(max(0, began + sent / rate - clock.time()))


def explanation(error: Exception) -> bytes:
    """The body of the 500 that tells a test that its script is wrong."""
    return json.dumps({"script": f"{type(error).__name__}: {error}"}).encode()
