# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from parts.pattern import pattern

from .peer import FOLDER, PATIENCE, Running


class Sink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = Path(cls.folder.name) / "sink"
        subprocess.run([FOLDER / "build-sink", cls.program], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def start(self, *arguments: str) -> Running:
        # An absolute path stands for itself.
        server = Running(str(self.program), *arguments)
        self.addCleanup(lambda: self.assertEqual(server.stop(), 0))
        return server

    def test_discards_and_counts(self):
        for arguments in ([], ["--truncate"]):
            server = self.start(*arguments)
            with server.raw() as raw:
                for length in (0, 1, 100_000, 3_000_000):
                    raw.request("PUT", "/x", {"Expect": "100-continue"}, bytes(length))
                    self.assertEqual([answer.status for answer in raw.answers()], [100, 200])
                raw.request("GET", "/__log")
                self.assertEqual(raw.answer().json(), {"requests": 4, "received": 3_100_001, "sent": 0})

    def test_requests_that_come_at_once(self):
        with self.start().raw() as raw:
            raw.send(b"PUT /x HTTP/1.1\r\ncontent-length:  5\r\n\r\nhelloGET /10 HTTP/1.1\r\n\r\nHEAD /7 HTTP/1.1\r\n\r\n")
            self.assertEqual(raw.answer().status, 200)
            self.assertEqual(raw.answer().body, pattern(0, 0, 10))
            answer = raw.answer("HEAD")
            self.assertEqual((answer.field("Content-Length"), answer.body), ("7", b""))

    def test_a_head_in_pieces(self):
        with self.start().raw() as raw:
            for byte in b"PUT /x HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab":
                raw.send(bytes([byte]))
            self.assertEqual((raw.answer().status, raw.rest(), raw.ended), (200, b"", "end"))

    def test_sends_the_pattern(self):
        server = self.start()
        self.assertEqual(server.ask("GET", "/20000000").body, pattern(0, 0, 20_000_000))
        for asked, start, stop in (("bytes=5-", 5, 1000), ("bytes=5-9", 5, 10), ("bytes=990-2000", 990, 1000)):
            answer = server.ask("GET", "/1000", {"Range": asked})
            self.assertEqual((answer.status, answer.body), (206, pattern(0, start, stop - start)))
            self.assertEqual(answer.field("Content-Range"), f"bytes {start}-{stop - 1}/1000")
        self.assertEqual(server.ask("GET", "/1000", {"Range": "bytes=1000-"}).status, 416)

    def test_refusals(self):
        server = self.start()
        self.assertEqual(server.ask("PUT", "/x", {"Transfer-Encoding": "chunked"}, b"0\r\n\r\n").status, 411)
        self.assertEqual(server.ask("GET", "/other").status, 404)

    def test_many_connections(self):
        server = self.start()
        raws = [server.raw() for _ in range(300)]
        for raw in raws:
            raw.request("PUT", "/x", {"Content-Length": "3"})
        for raw in raws:
            raw.send(b"abc")
        self.assertEqual({raw.answer().status for raw in raws}, {200})
        for raw in raws:
            raw.socket.close()

    def test_ends_with_sigterm(self):
        server = self.start()
        with server.raw():
            os.kill(server.process.pid, signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), 0)
