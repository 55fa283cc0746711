# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What of the script language the matrix does not show."""
import gzip
import json
import tempfile
import threading

from parts.pattern import pattern

from .peer import Answer, Raw, Running, ServerTest


class Scripted(ServerTest):
    program = "scripted"

    def play(self, *rules: dict) -> None:
        self.server.order("/__script", {"rules": list(rules)})

    def body(self, content: object) -> bytes:
        self.play({"do": {"answer": {"body": content}}})
        return self.server.ask("GET", "/").body

    def test_rules(self):
        self.play(
            {"path": "/a", "answers": [{"answer": {"body": "1"}}, {"answer": {"body": "2"}}], "then": "next"},
            {"method": "P*", "path": "/a", "do": {"answer": {"body": "put"}}},
            {"path": "/a", "when": {"X": "^y", "Z": None}, "do": {"answer": {"body": "x"}}},
            {"path": "/q[?]a=*", "do": {"answer": {"body": "query"}}},
            {"path": "/q", "do": {"answer": {"body": "plain"}}},
        )

        def said(method: str, target: str, headers: dict[str, str] = {}) -> bytes | int:
            answer = self.server.ask(method, target, headers)
            return answer.body if answer.status == 200 else answer.status

        self.assertEqual([said("GET", "/a"), said("PUT", "/a"), said("PUT", "/a")], [b"1", b"2", b"put"])
        self.assertEqual(said("GET", "/a"), 404)
        self.assertEqual(said("GET", "/a", {"X": "yes"}), b"x")
        self.assertEqual(said("GET", "/a", {"X": "yes", "Z": "1"}), 404)
        self.assertEqual([said("GET", "/q?a=1"), said("GET", "/q?b=1")], [b"query", b"plain"])

    def test_contents(self):
        self.assertEqual(self.body({"length": 100, "seed": 3, "offset": 70_000}), pattern(3, 70_000, 100))
        self.assertEqual(self.body({"base64": "AP8="}), b"\0\xff")
        self.assertEqual(self.body({"length": 5, "fill": "ab"}), b"ababa")
        self.assertEqual(self.body({"repeat": 3, "text": "{n},"}), b"1,2,3,")
        self.assertEqual(self.body(["a", ["b", {"fill": "c", "length": 2}], ""]), b"abcc")
        self.assertEqual(gzip.decompress(self.body({"gzip": {"length": 10, "seed": 1}})), pattern(1, 0, 10))
        self.assertEqual(self.body("{port} {control}"), f"{self.server.port} {self.server.control_port}".encode())
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"from a file")
            file.flush()
            self.assertEqual(self.body({"file": file.name}), b"from a file")

    def test_mistakes_are_told(self):
        for script in (
            {},
            {"rules": [{"path": "/"}]},
            {"rules": [{"do": "jump"}]},
            {"rules": [{"do": {"answer": {}, "close": True}}]},
            {"rules": [{"pfad": "/", "do": "close"}]},
            {"rules": [{"do": "close", "then": "stop"}]},
        ):
            self.server.order("/__script", script, expecting=400)
        self.play({"do": {"answer": {"body": {"unknown": 1}}}})
        answer = self.server.ask("GET", "/")
        self.assertEqual((answer.status, "No content" in answer.json()["script"]), (500, True))
        self.server.order("/__nothing", {}, expecting=400)

    def test_a_reset_loses_nothing_that_was_sent(self):
        self.play({"do": {"answer": {"body": {"seed": 1, "length": 8 << 20}, "at": [{"body": -1, "do": "reset"}]}}})
        for _ in range(5):
            answer = self.server.ask("GET", "/")
            self.assertEqual((len(answer.body), answer.ended), ((8 << 20) - 1, "reset"))

    def test_several_things_on_the_way(self):
        answer = {"body": {"seed": 1, "length": 10}, "headers": [["X", "1"]]}
        answer["at"] = [{"body": 9, "do": {"send": "!"}}, {"head": -2, "do": {"send": "Y: 2\r\n"}}, {"body": 0, "do": []}]
        self.play({"do": {"answer": answer}})
        with self.server.raw() as raw:
            raw.request("GET", "/", {"Connection": "close"})
            said = raw.answer()
            self.assertEqual((said.field("X"), said.field("Y")), ("1", "2"))
            self.assertEqual(said.body + raw.rest(), pattern(1, 0, 9) + b"!" + pattern(1, 9, 1))

    def test_head_of_what_a_get_would_say(self):
        self.play({"do": {"answer": {"body": "12345"}}})
        with self.server.raw() as raw:
            for _ in range(2):
                raw.request("HEAD", "/")
                self.assertEqual(raw.answer("HEAD").field("Content-Length"), "5")
        self.play({"do": [{"answer": {"body": "12345", "despite-head": True}}, "close"]})
        with self.server.raw() as raw:
            raw.request("HEAD", "/")
            self.assertEqual(raw.rest()[-5:], b"12345")

    def test_gates_and_waiting_for_the_log(self):
        self.play({"path": "/wait", "do": [{"wait": "go"}, {"answer": {"body": "gone"}}]})
        answers: list[Answer] = []
        thread = threading.Thread(target=lambda: answers.append(self.server.ask("GET", "/wait")))
        thread.start()
        entries = self.server.log(began=1)
        self.assertEqual((entries[0]["ended"], answers), (None, []))
        self.server.order("/__open/go", {})
        thread.join(10)
        self.assertEqual(answers[0].body, b"gone")
        self.assertEqual(self.server.log(ended=1)[0]["answered"], [200])

    def test_the_log_waits(self):
        for count in ("began=1", "ended=1"):
            self.server.order("/__reset", {})
            with Raw(self.server.control_port) as control:
                control.request("GET", f"/__log?{count}")
                control.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    control.more()
                control.socket.settimeout(10)
                self.server.ask("GET", "/")
                self.assertEqual(len(control.answer().json()["requests"]), 1)

    def test_half_close_and_drop(self):
        self.play({"method": "PUT", "do": [{"answer": {"early": True, "body": "x"}}, "half-close", {"read": "all"}]})
        with self.server.raw() as raw:
            raw.request("PUT", "/", {"Content-Length": "3"})
            self.assertEqual((raw.answer().body, raw.rest(), raw.ended), (b"x", b"", "end"))
            raw.send(b"abc")
            self.assertTrue(self.server.log(ended=1)[0]["complete"])
        self.play({"do": "drop"})
        with self.server.raw() as raw:
            raw.request("GET", "/")
            self.assertEqual((raw.rest(), raw.ended), (b"", "end"))

    def test_reads_no_more_than_it_says(self):
        self.play({"do": [{"read": 10}, {"answer": {"early": True}}, {"wait": "go"}]})
        with self.server.raw() as raw:
            raw.request("PUT", "/", {"Content-Length": "100"})
            raw.send(bytes(100))
            self.assertEqual(raw.answer().status, 200)
            self.assertEqual((self.server.log()[0]["bytes"], self.server.log()[0]["complete"]), (10, False))

    def test_a_reset_of_the_server_ends_what_stalls(self):
        self.play({"do": "stall"})
        with self.server.raw() as raw:
            raw.request("GET", "/")
            self.server.log(began=1)
            self.server.order("/__reset", {})
            self.assertEqual((raw.rest(), raw.ended), (b"", "reset"))
        self.assertEqual(self.server.log(), [])
        self.assertEqual(self.server.ask("GET", "/").status, 404)

    def test_log_of_requests_in_their_order(self):
        self.play({"do": {"answer": {}}})
        with self.server.raw() as raw:
            for name in ("a", "b"):
                raw.request("GET", f"/{name}?x=%20", {"X-Twice": "1", "x-twice": "2"})
                raw.answer()
        with self.server.raw() as raw:
            raw.send(b"nonsense\r\n\r\n")
            self.assertEqual(raw.answer().status, 400)
        first, second = self.server.log(ended=2)
        self.assertEqual((first["target"], first["headers"][1:]), ("/a?x=%20", [["X-Twice", "1"], ["x-twice", "2"]]))
        self.assertLess(first["ended"], second["began"])
        self.assertEqual(first["connection"], second["connection"])

    def test_a_script_from_a_file(self):
        with tempfile.NamedTemporaryFile("w") as file:
            json.dump({"rules": [{"do": {"answer": {"body": "filed"}}}]}, file)
            file.flush()
            server = Running("scripted", "--script", file.name)
        with Raw(server.port) as raw:
            raw.request("GET", "/")
            self.assertEqual(raw.answer().body, b"filed")
        self.assertEqual(server.stop(), 0)
