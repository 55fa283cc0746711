# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The example of each row in Matrix.md does what its title says."""
import gzip
import json
import re
import time

from parts.h2_performance import StreamPerformance
from parts.pattern import pattern
from parts.performance import Performance
from parts.script import Script

from .peer import FOLDER, Answer, Running, ServerTest, certificates
from .test_certificates import trusting

BODY = pattern(1, 0, 5000)


def examples() -> dict[int, dict]:
    """The scripts, by row."""
    text = (FOLDER / "Matrix.md").read_text(encoding="utf-8")
    scripts = {}
    for section in re.split(r"^## Row ", text, flags=re.MULTILINE)[1:]:
        if block := re.search(r"```json\n(.*?)```", section, re.DOTALL):
            scripts[int(re.match(r"\d+", section).group())] = json.loads(block.group(1))
    return scripts


def example(row: int) -> dict:
    return examples()[row]


class Matrix(ServerTest):
    program = "scripted"

    def play(self, row: int) -> None:
        self.server.order("/__script", example(row))

    def get(self, path: str, **headers: str) -> Answer:
        return self.server.ask("GET", path, headers)

    def everything(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[bytes, str]:
        with self.server.raw() as raw:
            try:
                raw.request(method, path, {"Connection": "close"}, body)
            except (ConnectionResetError, BrokenPipeError):
                pass
            return raw.rest(), raw.ended

    def test_row_1(self):
        self.play(1)
        answer = self.get("/file")
        self.assertEqual((answer.field("Content-Length"), len(answer.body), answer.ended), ("100000", 60_000, "end"))
        answer = self.get("/file", **{"Range": "bytes=60000-", "If-Range": '"a"'})
        self.assertEqual((answer.status, answer.body), (206, pattern(1, 60_000, 40_000)))

    def test_row_2(self):
        self.play(2)
        with self.server.raw() as raw:
            raw.request("GET", "/file", {"Connection": "close"})
            answer = raw.answer()
            self.assertEqual((answer.field("Content-Length"), answer.body + raw.rest()), ("1000", pattern(1, 0, 1500)))

    def test_row_3(self):
        self.play(3)
        answer = self.get("/file")
        self.assertEqual((answer.field("Content-Length"), answer.field("Transfer-Encoding")), (None, None))
        self.assertEqual((answer.body, answer.ended), (pattern(1, 0, 1000), "end"))

    def test_row_4(self):
        self.play(4)
        for count in (0, 1, 4999):
            answer = self.get("/file")
            self.assertEqual((answer.body, answer.ended), (BODY[:count], "reset"))
        data, ended = self.everything("/file")
        self.assertEqual((data, ended), (b"HTTP/1.1 200 OK\r\nCon", "reset"))
        self.assertEqual(self.get("/file").body, BODY)
        for count in (0, 1, 4999):
            self.assertEqual(self.everything("/file", "PUT", BODY), (b"", "reset"))
        self.assertEqual(self.server.ask("PUT", "/file", body=BODY).status, 201)
        self.assertEqual([entry["bytes"] for entry in self.server.log(ended=9)[5:]], [0, 1, 4999, 5000])

    def test_row_5(self):
        self.play(5)
        for path, count in (("/slow-head", None), ("/slow-body", 0), ("/stall", 500)):
            with self.server.raw() as raw:
                raw.request("GET", path)
                if count is not None:
                    raw.answer("HEAD")
                    self.assertEqual(raw.take(count), pattern(1, 0, count))
                raw.socket.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    while raw.more():
                        self.assertLessEqual(len(raw.buffer), 3)
        with self.server.raw() as raw:
            raw.request("GET", "/until-told")
            raw.answer("HEAD")
            raw.take(500)
            self.server.order("/__open/go", {})
            self.assertEqual(raw.take(500), pattern(1, 500, 500))
        began = time.monotonic()
        self.assertEqual(len(self.get("/pause").body), 1000)
        self.assertGreaterEqual(time.monotonic() - began, 0.1)
        with self.server.raw() as raw:
            raw.request("PUT", "/slow-sink", body=BODY)
            while self.server.log()[-1]["bytes"] < 1000:
                pass
            raw.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                raw.more()
            self.assertEqual(self.server.log()[-1]["bytes"], 1000)

    def test_row_6(self):
        self.play(6)
        port = self.server.port
        for path, location in {
            "/loop": "/loop",
            "/plain": f"http://127.0.0.1:{port}/there",
            "/to-a-file": "file:///etc/passwd",
            "/to-gopher": f"gopher://127.0.0.1:{port}/x",
            "/other-host": f"http://localhost:{port}/there",
            "/nowhere": None,
            "/garbage": "http://[:::/%%%",
            "/a/relative": "../there?x=1",
        }.items():
            answer = self.get(path)
            self.assertEqual((answer.status, answer.field("Location")), (302, location))
        self.assertEqual([self.get("/hops").status for _ in range(22)], [302] * 21 + [200])
        self.assertEqual(self.server.ask("PUT", "/see-other", body=b"x").status, 303)
        self.assertEqual(self.server.ask("PUT", "/again", body=b"x").status, 307)
        with self.server.raw() as raw:
            raw.request("POST", "/again-early", {"Content-Length": "10"})
            self.assertEqual(raw.answer().status, 308)
            raw.send(b"0123456789")
            raw.request("PUT", "/there", body=b"x")
            self.assertEqual(raw.answer().body, b"there")
        self.assertEqual(self.get("/moved").status, 301)

    def test_row_7(self):
        self.play(7)

        def asked(path: str) -> tuple[int, str | None, bytes]:
            answer = self.get(path, **{"Range": "bytes=500-", "If-Range": '"a"'})
            return answer.status, answer.field("Content-Range"), answer.body

        whole = pattern(1, 0, 1000)
        self.assertEqual(asked("/whole"), (200, None, whole))
        self.assertEqual(asked("/wrong-start"), (206, "bytes 0-499/1000", whole[:500]))
        self.assertEqual(asked("/wrong-total"), (206, "bytes 500-999/2000", whole[500:]))
        self.assertIn(whole[500:], asked("/multipart")[2])
        self.assertEqual(asked("/complete")[:2], (416, "bytes */1000"))
        self.assertEqual(asked("/incomplete")[:2], (416, "bytes */400"))
        self.assertEqual(asked("/if-range-ignored"), (206, "bytes 500-999/1000", pattern(2, 500, 500)))
        self.assertEqual(self.get("/wrong-start").body, whole)

    def test_row_8(self):
        self.play(8)
        validators = {
            "/changes": ('"a"', 200),
            "/weak": ('W/"a"', 200),
            "/by-date": ("Mon, 01 Jan 2024 00:00:00 GMT", 206),
            "/per-node": ('"node1"', 200),
        }
        for path, (validator, status) in validators.items():
            answer = self.get(path)
            self.assertEqual((len(answer.body), answer.ended), (2000, "reset"))
            answer = self.get(path, **{"Range": "bytes=2000-", "If-Range": validator})
            self.assertEqual((path, answer.status), (path, status))
        answer = self.get("/neither")
        self.assertEqual((answer.field("ETag"), answer.field("Last-Modified")), (None, None))

    def test_row_9(self):
        self.play(9)
        answer = self.get("/ranged", Range="bytes=500-")
        self.assertEqual((answer.status, answer.field("Content-Encoding")), (206, "gzip"))
        self.assertEqual(gzip.decompress(answer.body), pattern(1, 500, 500))
        self.assertEqual(self.get("/lying").body, pattern(1, 0, 1000))

    def test_row_12(self):
        self.play(12)
        with self.server.raw() as raw:
            raw.request("PUT", "/early-413", {"Content-Length": "5000"})
            raw.send(BODY[:1000])
            self.assertEqual(raw.answer().status, 413)
            raw.send(BODY[1000:])
            self.assertEqual((raw.rest(), raw.ended), (b"", "end"))
        with self.server.raw() as raw:
            raw.request("PUT", "/early-401", {"Content-Length": "5000"})
            self.assertEqual(raw.answer().status, 401)
        with self.server.raw() as raw:
            raw.request("PUT", "/early-403", {"Content-Length": "5000"})
            self.assertEqual((raw.answer().status, raw.rest(), raw.ended), (403, b"", "reset"))
        with self.server.raw() as raw:
            raw.request("PUT", "/early-200", {"Content-Length": "5000"})
            raw.send(BODY[:1000])
            self.assertEqual(raw.answer().status, 200)
            raw.send(BODY[1000:])
            self.assertEqual(self.server.log(ended=4)[3]["complete"], True)
        expecting = {"Expect": "100-continue", "Content-Length": "5000"}
        with self.server.raw() as raw:
            raw.request("PUT", "/no-100", expecting)
            raw.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                raw.more()
            raw.send(BODY)
            self.assertEqual([answer.status for answer in raw.answers()], [201])
        with self.server.raw() as raw:
            raw.request("PUT", "/417", expecting)
            self.assertEqual([answer.status for answer in raw.answers()], [417])
        self.assertEqual(self.server.ask("PUT", "/417", body=BODY).status, 201)

    def test_row_13(self):
        self.play(13)
        with self.server.raw() as raw:
            statuses = []
            for _ in range(102):
                raw.request("GET", "/storm")
                statuses.append(raw.answer().status)
        self.assertEqual(statuses, [503] * 100 + [200] * 2)
        self.assertEqual(self.get("/with-date").field("Retry-After"), "1")
        self.assertEqual([self.get("/many").status for _ in range(7)], [429, 425, 408, 500, 502, 504, 200])

    def test_row_14(self):
        self.play(14)
        values = [self.get("/file").field("Retry-After") for _ in range(10)]
        self.assertEqual(values[:5], ["-5", "1.5", "99999999999999999999", "soon", ""])
        self.assertEqual(values[7:], ["Sun Nov  6 08:49:37 1994", "Fri, 31 Dec 9999 23:59:59 GMT", None])

    def test_row_15(self):
        self.play(15)
        self.assertEqual(len(self.get("/large").field("X-Large")), 409_600)
        self.assertEqual(len(self.get("/many").headers), 10_001)
        for path, expected in {
            "/nul": b"X-Nul: a\0b\r\n",
            "/no-colon": b"\r\nno colon in here\r\n",
            "/not-utf-8": b"X-Bad: (\xff\r\n",
            "/folded": b"X-Folded: a\r\n b\r\n",
            "/099": b"HTTP/1.1 099 Low\r\n",
            "/1000": b"HTTP/1.1 1000 High\r\n",
            "/bytes-in-status": b"HTTP/1.1 200 \xff\0\r\n",
            "/negative": b"Content-Length: -1\r\n\r\nx",
            "/duplicate": b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "/both": b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nx\r\n1\r\ny\r\n1\r\nz\r\n0\r\n\r\n",
            "/bad-chunk": b"\r\nzz\r\n" + pattern(1, 10, 10),
            "/huge-chunk": b"\r\nfffffffffffffffff\r\n" + pattern(1, 10, 10),
            "/no-last-chunk": pattern(1, 20, 10) + b"\r\n",
        }.items():
            self.assertIn(expected, self.everything(path)[0], path)
        self.assertEqual(self.everything("/0.9")[0], b"just text, as in HTTP/0.9")
        self.assertTrue(self.everything("/no-last-chunk")[0].endswith(pattern(1, 20, 10) + b"\r\n"))
        answer = self.get("/trailers")
        self.assertEqual((answer.body, answer.field("X-Trailer")), (pattern(1, 0, 30), "1"))
        for status in (103, 104):
            with self.server.raw() as raw:
                raw.request("GET", f"/flood-{status}")
                answers = raw.answers()
            self.assertEqual([answer.status for answer in answers], [status] * 1000 + [200])
        self.assertEqual(answers[999].field("Upload-Offset"), "1000")
        self.assertEqual(self.everything("/extra-answer")[0].count(b"HTTP/1.1 "), 2)

    def test_row_16(self):
        folder = certificates()
        server = Running("scripted", "--tls", folder / "good.pem", folder / "good.key")
        self.addCleanup(server.stop)
        for action, ended in (("drop", "rude"), ("close", "end")):
            script = example(16)
            script["rules"][0]["do"][1] = action
            server.order("/__script", script)
            with server.raw(trusting(folder)) as raw:
                raw.request("GET", "/file")
                answer = raw.answer()
            self.assertEqual((answer.body, answer.ended), (pattern(1, 0, 1000), ended))

    def test_row_19(self):
        self.play(19)

        def ask(method: str, query: str) -> Answer:
            return self.server.ask(method, f"/bucket/key?{query}", body=b"x" if method != "GET" else None)

        self.assertEqual([ask("PUT", "partNumber=1&X=1").status for _ in range(2)], [503, 200])
        self.assertEqual([ask("PUT", "partNumber=2&X=1").field("ETag") for _ in range(2)], [None, '"p2"'])
        self.assertIsNone(ask("PUT", "partNumber=3&X=1").field("ETag"))
        self.assertEqual(ask("GET", "uploadId=1").body.count(b"<Part>"), 1)
        self.assertIn(b"<Error>", ask("POST", "uploadId=1").body)

    def test_every_example_is_a_script(self):
        found = examples()
        self.assertEqual(sorted(found), [*range(1, 10), *range(12, 17), 18, 19])
        for row, script in found.items():
            Script.parse(script, StreamPerformance.verbs if row == 18 else Performance.verbs)
