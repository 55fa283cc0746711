# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What the HTTP servers share: accepting, keep-alive, the log, and the paths by which a test controls them."""
import asyncio
import json
from http import HTTPStatus

from .connection import BUFFER, Connection, Ended
from .journal import Journal
from .program import HOST, Life
from .request import Malformed, Request

Headers = list[tuple[str, str]]


class Refused(Exception):
    """A control request that makes no sense: answered with 400 and the reason."""


class Server:
    """Subclasses say what to answer in `respond`, and what a test may command in `control`."""

    def __init__(self, life: Life):
        self.life = life
        self.journal = Journal()
        self.serving: dict[asyncio.Task, Connection] = {}

    # What subclasses are.

    protocols = ["http/1.1"]

    async def respond(self, request: Request) -> bool:
        """Answers. Whether the connection may carry another request."""
        raise NotImplementedError

    async def control(self, name: str, request: Request) -> object:
        """Performs a command of the path `/__name`; what it returns is sent as JSON."""
        raise Refused(f"There is no /__{name}")

    def forget(self) -> None:
        """Back to the beginning."""

    # Serving.

    async def serve(self) -> None:
        """Until the program ends. The control port speaks no TLS, whatever the other does."""
        arguments = self.life.arguments
        context = self.life.secured(self.protocols)
        accept = self.accept
        if getattr(arguments, "handshake_stall", False):
            accept, context = self.stall, None
        main = await asyncio.start_server(accept, HOST, arguments.port, ssl=context, limit=BUFFER)
        control = await asyncio.start_server(self.accept_control, HOST, 0, limit=BUFFER)
        self.port, self.control_port = (part.sockets[0].getsockname()[1] for part in (main, control))
        self.life.ready(port=self.port, control=self.control_port)
        await self.life.ended()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.journal.connections += 1
        connection = Connection(reader, writer, self.journal.connections)
        task = asyncio.current_task()
        self.serving[task] = connection
        try:
            await self.converse(connection)
        except (Ended, OSError):
            pass
        except asyncio.CancelledError:
            # By a reset, or by the end of the program: never an error of the loop.
            pass
        finally:
            del self.serving[task]
            writer.close()

    async def stall(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.journal.connections += 1
        self.journal.tell()
        try:
            await reader.read(-1)
            writer.close()
        except (OSError, asyncio.CancelledError):
            pass

    async def accept_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, 0)
        try:
            while head := await connection.read_head():
                await self.answer_control(Request.parse(head, connection))
        except (Ended, Malformed, OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def converse(self, connection: Connection) -> None:
        while head := await connection.read_head():
            try:
                request = Request.parse(head, connection)
            except Malformed as error:
                await connection.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await connection.close()
                raise Ended from error
            if request.path.startswith("/__"):
                await self.answer_control(request)
                continue
            entry = self.journal.begin(request)
            try:
                keeps = await self.respond(request)
                if keeps and request.keeps_alive:
                    await request.body.discard()
            finally:
                self.journal.end(entry)
            if not (keeps and request.keeps_alive):
                await connection.close()
                return

    # Controlling.

    async def answer_control(self, request: Request) -> None:
        status = 200
        try:
            result = await self.shared_control(request.path[3:], request)
        except (Refused, ValueError, KeyError, TypeError) as error:
            status, result = 400, {"error": f"{type(error).__name__}: {error}"}
        await request.body.discard()
        await answer(request, status, [("Content-Type", "application/json")], json.dumps(result).encode())

    async def shared_control(self, name: str, request: Request) -> object:
        match name:
            case "log":
                numbers = {key: int(request.query.get(key, 0)) for key in ("began", "ended")}
                await self.journal.wait(**numbers)
                return self.journal.listing()
            case "reset":
                self.reset(request.connection)
                return {}
        return await self.control(name, request)

    def reset(self, keeping: Connection) -> None:
        """Forgets everything, and ends all connections but the one that commands it."""
        for task, connection in list(self.serving.items()):
            if connection is not keeping:
                connection.reset_now()
                task.cancel()
        self.journal.forget()
        self.forget()


async def body_of_command(request: Request) -> dict:
    """The JSON object that a control request carries; none of nothing."""
    content = await request.body.whole()
    command = json.loads(content) if content else {}
    if not isinstance(command, dict):
        raise Refused("A command is a JSON object")
    return command


def head(status: int, headers: Headers) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = {104: "Upload Resumption Supported", 460: "Checksum Mismatch"}.get(status, "Status")
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


async def interim(request: Request, status: int, headers: Headers) -> None:
    request.answered.append(status)
    await request.connection.write(head(status, headers))


async def answer(request: Request, status: int, headers: Headers, body: bytes = b"") -> bool:
    """A complete, correct answer. Whether the connection may carry another request."""
    request.answered.append(status)
    if status >= 200 and status != 204:
        headers = [*headers, ("Content-Length", str(len(body)))]
    if not request.keeps_alive:
        headers = [*headers, ("Connection", "close")]
    content = b"" if request.method == "HEAD" or status in (204, 304) else body
    await request.connection.write(head(status, headers) + content)
    return True


async def answer_json(request: Request, status: int, value: object, headers: Headers = []) -> bool:
    return await answer(request, status, [("Content-Type", "application/json"), *headers], json.dumps(value).encode())
