# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import base64
import hashlib
import os
import signal
import unittest

from parts.pattern import pattern

from .peer import PATIENCE, Running, ServerTest


class Downloads(ServerTest):
    program = "origin"

    def test_whole(self):
        answer = self.server.ask("GET", "/bytes/100000?seed=4")
        self.assertEqual((answer.status, answer.body), (200, pattern(4, 0, 100_000)))
        self.assertEqual(answer.field("Accept-Ranges"), "bytes")
        self.assertEqual(answer.field("ETag"), '"4-100000-1"')
        self.assertEqual(answer.field("Last-Modified"), "Mon, 01 Jan 2024 00:00:00 GMT")

    def test_head_says_the_same_without_a_body(self):
        answer = self.server.ask("HEAD", "/bytes/123")
        self.assertEqual((answer.status, answer.field("Content-Length"), answer.body), (200, "123", b""))

    def test_ranges(self):
        whole = pattern(0, 0, 1000)
        for asked, expected, said in (
            ("bytes=0-0", whole[:1], "bytes 0-0/1000"),
            ("bytes=990-", whole[990:], "bytes 990-999/1000"),
            ("bytes=-10", whole[990:], "bytes 990-999/1000"),
            ("bytes=5-5000", whole[5:], "bytes 5-999/1000"),
        ):
            answer = self.server.ask("GET", "/bytes/1000", {"Range": asked})
            self.assertEqual((answer.status, answer.body, answer.field("Content-Range")), (206, expected, said))
        answer = self.server.ask("GET", "/bytes/1000", {"Range": "bytes=1000-"})
        self.assertEqual((answer.status, answer.field("Content-Range"), answer.body), (416, "bytes */1000", b""))
        for ignored in ("bytes=0-1,5-6", "lines=1-2", "bytes=-"):
            self.assertEqual(self.server.ask("GET", "/bytes/1000", {"Range": ignored}).status, 200)
        self.assertEqual(self.server.ask("GET", "/bytes/1000?ranges=no", {"Range": "bytes=1-"}).status, 200)

    def test_if_range_compares_strongly(self):
        def status(target: str, validator: str) -> int:
            return self.server.ask("GET", target, {"Range": "bytes=1-", "If-Range": validator}).status

        self.assertEqual(status("/bytes/9", '"0-9-1"'), 206)
        self.assertEqual(status("/bytes/9", '"other"'), 200)
        self.assertEqual(status("/bytes/9?etag=weak", 'W/"0-9-1"'), 200)
        self.assertEqual(status("/bytes/9?etag=none", "Mon, 01 Jan 2024 00:00:00 GMT"), 206)
        self.assertEqual(status("/bytes/9", "Mon, 01 Jan 2024 00:00:01 GMT"), 200)

    def test_preconditions(self):
        def status(**headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return self.server.ask("GET", "/bytes/9", named).status

        self.assertEqual(status(If_Match='"0-9-1"'), 200)
        self.assertEqual(status(If_Match='"x"'), 412)
        self.assertEqual(status(If_None_Match='W/"0-9-1"'), 304)
        self.assertEqual(status(If_Unmodified_Since="Sun, 31 Dec 2023 00:00:00 GMT"), 412)

    def test_validators_on_demand(self):
        answer = self.server.ask("GET", "/bytes/9?etag=weak&modified=none")
        self.assertEqual((answer.field("ETag"), answer.field("Last-Modified")), ('W/"0-9-1"', None))
        answer = self.server.ask("GET", "/bytes/9?etag=none&modified=0")
        self.assertEqual(
            (answer.field("ETag"), answer.field("Last-Modified")), (None, "Thu, 01 Jan 1970 00:00:00 GMT")
        )

    def test_a_new_version_has_other_validators(self):
        self.server.order("/__control", {"version": 2})
        answer = self.server.ask("GET", "/bytes/9", {"Range": "bytes=1-", "If-Range": '"0-9-1"'})
        self.assertEqual((answer.status, answer.field("ETag")), (200, '"0-9-2"'))
        self.server.order("/__control", {"vers": 2}, expecting=400)

    def test_digest_of_the_whole_when_wanted(self):
        answer = self.server.ask("GET", "/bytes/1000?seed=2", {"Want-Repr-Digest": "sha-256=1", "Range": "bytes=5-"})
        expected = base64.b64encode(hashlib.sha256(pattern(2, 0, 1000)).digest()).decode()
        self.assertEqual((answer.status, answer.field("Repr-Digest")), (206, f"sha-256=:{expected}:"))
        self.assertIsNone(self.server.ask("GET", "/bytes/1000").field("Repr-Digest"))

    def test_rate_bounds_the_speed(self):
        self.server.ask("GET", "/bytes/30000?rate=100000")
        entry = self.server.log(ended=1)[0]
        self.assertGreaterEqual(entry["lasted"], 0.28)

    def test_one_connection_carries_many_requests(self):
        with self.server.raw() as raw:
            for _ in range(3):
                raw.request("GET", "/bytes/10")
                self.assertEqual(raw.answer().status, 200)
            raw.request("PUT", "/up", body=b"abc")
            self.assertEqual(raw.answer().json()["length"], 3)
        self.assertEqual(len({entry["connection"] for entry in self.server.log(ended=4)}), 1)

    def test_other_paths_and_methods(self):
        self.assertEqual(self.server.ask("GET", "/other").status, 404)
        self.assertEqual(self.server.ask("DELETE", "/bytes/1").status, 405)


class Uploads(ServerTest):
    program = "origin"

    def test_says_what_came(self):
        data = pattern(9, 0, 250_000)
        for method in ("PUT", "POST"):
            answer = self.server.ask(method, "/anything", {"Expect": "100-continue"}, data)
            expected = {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            self.assertEqual((answer.status, answer.json()), (201, expected))
        self.assertEqual(self.server.log()[0]["answered"], [100, 201])

    def test_chunked_with_trailers(self):
        with self.server.raw() as raw:
            raw.request("PUT", "/x", {"Transfer-Encoding": "chunked"})
            raw.send("3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n")
            self.assertEqual(raw.answer().json()["length"], 5)
            raw.request("GET", "/bytes/1")
            self.assertEqual(raw.answer().status, 200)

    def test_a_body_that_breaks_off_is_in_the_log(self):
        with self.server.raw() as raw:
            raw.request("PUT", "/x", {"Content-Length": "100"})
            raw.send(b"abc")
            self.server.log(began=1)
        entry = self.server.log(ended=1)[0]
        self.assertEqual(
            (entry["bytes"], entry["sha256"], entry["complete"], entry["answered"]),
            (3, hashlib.sha256(b"abc").hexdigest(), False, []),
        )

    def test_status_on_demand(self):
        self.assertEqual(self.server.ask("PUT", "/x?status=507", body=b"abc").status, 507)


class Life(unittest.TestCase):
    def test_ends_with_sigterm_while_a_request_is_open(self):
        server = Running("origin")
        with server.raw() as raw:
            raw.request("GET", "/bytes/1000000?rate=10")
            raw.answer("HEAD")
            os.kill(server.process.pid, signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), 0)
        self.assertEqual(server.process.stdout.read(), b"")
        server.process.stdin.close()
        server.process.stdout.close()

    def test_a_port_that_is_taken(self):
        server = Running("origin")
        second = Running("origin", "--port", server.port, complains=True)
        self.assertEqual(second.facts, {})
        self.assertEqual(second.stop(), 1)
        self.assertEqual(server.stop(), 0)
