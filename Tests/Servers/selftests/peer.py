# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""A client that hides nothing: raw sockets, and the programs of this folder as child processes."""
import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
# Nothing here takes so long; a test that hangs fails.
PATIENCE = 10


@dataclass
class Answer:
    version: str
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    # What ended the body: "length", "end" of the connection, "reset", or "none" if it could have none.
    ended: str = "none"

    def field(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self) -> dict:
        return json.loads(self.body)


class Raw:
    """A socket, and what came on it."""

    def __init__(self, port: int, secure: ssl.SSLContext | None = None, host: str = "localhost"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        if secure is not None:
            self.socket = secure.wrap_socket(self.socket, server_hostname=host, suppress_ragged_eofs=False)
        self.buffer = b""
        # How it ended: "end", "reset" or "rude", which is an end without close_notify.
        self.ended: str | None = None

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def request(self, method: str, target: str, headers: dict[str, str] = {}, body: bytes | None = None) -> None:
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers.items())]
        if body is not None and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))

    def more(self) -> bool:
        try:
            data = self.socket.recv(65536)
            self.ended = None if data else "end"
        except (ConnectionResetError, BrokenPipeError):
            data, self.ended = b"", "reset"
        except ssl.SSLEOFError:
            data, self.ended = b"", "rude"
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count and self.more():
            pass
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self.more():
                raise EOFError(f"{self.ended} after {self.buffer!r}")
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def rest(self) -> bytes:
        while self.more():
            pass
        taken, self.buffer = self.buffer, b""
        return taken

    def answer(self, method: str = "GET") -> Answer:
        """One message with its body, which may be shorter than was said."""
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *reason = first.split(" ", 2)
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        answer = Answer(version, int(status), "".join(reason), headers)
        if answer.status < 200 or answer.status in (204, 304) or method == "HEAD":
            return answer
        if (length := answer.field("Content-Length")) is not None:
            answer.body = self.take(int(length))
            answer.ended = "length" if len(answer.body) == int(length) else str(self.ended)
        elif answer.field("Transfer-Encoding") == "chunked":
            while size := int(self.until(b"\r\n"), 16):
                answer.body += self.take(size)
                self.until(b"\r\n")
            while line := self.until(b"\r\n").decode():
                answer.headers.append(tuple(part.strip() for part in line.split(":", 1)))
            answer.ended = "length"
        else:
            answer.body, answer.ended = self.rest(), str(self.ended)
        return answer

    def answers(self, method: str = "GET") -> list[Answer]:
        """The interim ones, and the final one."""
        found = [self.answer(method)]
        while found[-1].status < 200:
            found.append(self.answer(method))
        return found


class Running:
    """A program of this folder."""

    def __init__(self, name: str, *arguments: str, complains: bool = False):
        # A complaint that is expected is not shown.
        stderr = subprocess.DEVNULL if complains else None
        command = [str(FOLDER / name), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        line = self.process.stdout.readline()
        self.facts = json.loads(line) if line else {}
        self.port = self.facts.get("port", 0)
        self.control_port = self.facts.get("control", 0)

    def stop(self) -> int:
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return status

    def order(self, path: str, value: object = None, expecting: int = 200) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=PATIENCE)
        body = None if value is None else json.dumps(value)
        connection.request("GET" if value is None else "POST", path, body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status != expecting:
            raise AssertionError(f"{path}: {answer.status} {content!r}")
        return json.loads(content)

    def log(self, ended: int = 0, began: int = 0) -> list[dict]:
        return self.order(f"/__log?ended={ended}&began={began}")["requests"]

    def raw(self, secure: ssl.SSLContext | None = None, host: str = "localhost") -> Raw:
        return Raw(self.port, secure, host)

    def ask(self, method: str, target: str, headers: dict[str, str] = {}, body: bytes | None = None) -> Answer:
        """On a connection of its own; the final answer."""
        with self.raw() as raw:
            raw.request(method, target, headers, body)
            return raw.answers(method)[-1]


class ServerTest(unittest.TestCase):
    """Tests of one program, which runs once for all of a class, and is reset before each."""

    program = ""
    arguments: list[str] = []

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Running(cls.program, *cls.arguments)

    @classmethod
    def tearDownClass(cls) -> None:
        status = cls.server.stop()
        assert status == 0, f"{cls.program} ended with {status}"

    def setUp(self) -> None:
        self.server.order("/__reset", {})


_certificates: tempfile.TemporaryDirectory | None = None


def certificates() -> Path:
    """Made once for all tests."""
    global _certificates
    if _certificates is None:
        _certificates = tempfile.TemporaryDirectory()
        subprocess.run([FOLDER / "certificates", _certificates.name], check=True)
    return Path(_certificates.name)
