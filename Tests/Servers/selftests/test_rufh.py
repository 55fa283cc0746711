# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import base64
import hashlib

from parts.pattern import pattern

from .peer import Answer, Running, ServerTest

DATA = pattern(6, 0, 10_000)


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


class ResumableTest(ServerTest):
    program = "rufh"
    interop: str | None = "8"

    @property
    def version(self) -> dict[str, str]:
        return {"Upload-Draft-Interop-Version": self.interop} if self.interop else {}

    def control(self, **command: object) -> dict:
        return self.server.order("/__control", command)

    def misbehave(self, on: str, times: int = 1, **do: object) -> None:
        self.control(misbehave=[{"on": on, "times": times, "do": do}])

    def complete(self, value: bool) -> dict[str, str]:
        return {"Upload-Complete": "?1" if value else "?0"}

    def create(self, body: bytes = DATA, complete: bool = True, **headers: str) -> list[Answer]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.server.raw() as raw:
            raw.request("POST", "/movie", {**self.version, **self.complete(complete), **named}, body)
            return raw.answers()

    def empty(self) -> str:
        """Creates an upload without bytes; its path."""
        answer = self.create(b"", False, Upload_Length=str(len(DATA)))[-1]
        self.assertEqual(answer.status, 201)
        return "/" + answer.field("Location").split("/", 3)[3]

    def head(self, path: str = "/uploads/r1", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.ask("HEAD", path, {**self.version, **named})

    def patch(self, offset: int, body: bytes, complete: bool, path: str = "/uploads/r1", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        standing = {**self.version, **self.complete(complete), "Content-Type": "application/partial-upload"}
        return self.server.ask("PATCH", path, {**standing, "Upload-Offset": str(offset), **named}, body)

    def broken_off(self, count: int, expect: str = "Location") -> str:
        """Creates an upload, of which only `count` bytes come; its URL from the 104."""
        with self.server.raw() as raw:
            headers = {**self.version, **self.complete(True), "Content-Length": str(len(DATA))}
            raw.request("POST", "/movie", headers)
            first = raw.answer()
            raw.send(DATA[:count])
        self.assertEqual(first.status, 104)
        self.server.log(ended=1)
        return first.field(expect)


class Interop8(ResumableTest):
    def test_whole(self):
        first, last = self.create(Upload_Length="10000")
        self.assertEqual((first.status, first.field("Location")), (104, "http://localhost/uploads/r1"))
        self.assertEqual(first.field("Upload-Draft-Interop-Version"), "8")
        self.assertEqual((last.status, last.field("Upload-Complete"), last.field("Upload-Offset")), (200, "?1", None))
        self.assertEqual(last.json(), {"length": 10_000, "sha256": hashlib.sha256(DATA).hexdigest()})

    def test_resumes_where_it_broke_off(self):
        self.assertEqual(self.broken_off(3000), "http://localhost/uploads/r1")
        answer = self.head()
        said = [answer.field(f"Upload-{name}") for name in ("Offset", "Complete", "Length")]
        self.assertEqual((answer.status, said, answer.field("Cache-Control")), (204, ["3000", "?0", "10000"], "no-store"))
        answer = self.patch(3000, DATA[3000:], True)
        self.assertEqual((answer.status, answer.json()["sha256"]), (200, hashlib.sha256(DATA).hexdigest()))
        self.assertEqual(self.head().field("Upload-Complete"), "?1")
        self.assertEqual(self.server.ask("GET", "/uploads/r1").body, DATA)

    def test_in_parts(self):
        path = self.empty()
        answer = self.patch(0, DATA[:4000], False, path)
        self.assertEqual((answer.status, answer.field("Upload-Offset"), answer.field("Upload-Complete")), (204, "4000", "?0"))
        self.assertEqual(self.patch(4000, DATA[4000:], True, path).field("Upload-Complete"), "?1")

    def test_another_version_is_an_ordinary_upload(self):
        for version in ({}, {"Upload-Draft-Interop-Version": "6"}):
            with self.server.raw() as raw:
                raw.request("POST", "/movie", {**self.complete(True), **version}, DATA)
                answers = raw.answers()
            self.assertEqual([(answer.status, answer.field("Location")) for answer in answers], [(200, None)])
        self.assertEqual(self.control()["uploads"], [])

    def test_mismatches(self):
        path = self.empty()
        self.patch(0, DATA[:10], False, path)
        answer = self.patch(0, DATA[:10], False, path)
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (409, "10"))
        problem = answer.json()
        self.assertTrue(problem["type"].endswith("#mismatching-upload-offset"))
        self.assertEqual((problem["expected-offset"], problem["provided-offset"]), (10, 0))
        self.assertEqual(self.patch(10, DATA, True, path).status, 400)
        self.assertEqual(self.patch(10, b"x", False, path, Content_Type="text/plain").status, 415)
        self.assertEqual(self.head(path, Upload_Offset="1").status, 400)
        self.assertEqual(self.head("/uploads/none").status, 404)
        self.patch(10, DATA[10:], True, path)
        answer = self.patch(10_000, b"", True, path)
        self.assertEqual((answer.status, answer.json()["type"].split("#")[1]), (400, "completed-upload"))

    def test_cancellation(self):
        path = self.empty()
        self.assertEqual(self.server.ask("DELETE", path).status, 204)
        self.assertEqual(self.head(path).status, 404)

    def test_limits(self):
        self.control(limits={"max-size": 20_000, "max-append-size": 4000, "min-append-size": 100, "max-age": 60})
        said = "max-size=20000, max-append-size=4000, min-append-size=100, max-age=60"
        answers = self.create(b"", False)
        self.assertEqual([answer.field("Upload-Limit") for answer in answers], [said, said])
        self.assertEqual(self.server.ask("OPTIONS", "/movie").field("Upload-Limit"), said)
        self.assertEqual(self.head().field("Upload-Limit"), said)
        answer = self.patch(0, DATA[:4001], False)
        self.assertEqual((answer.status, answer.field("Upload-Limit")), (413, said))
        self.assertEqual(self.patch(0, DATA[:99], False).status, 400)
        self.assertEqual(self.patch(0, DATA[:99], True).status, 200)
        self.assertEqual(self.create(bytes(20_001))[-1].status, 413)
        with self.server.raw() as raw:
            raw.request("POST", "/movie", {**self.version, **self.complete(True), "Transfer-Encoding": "chunked"})
            raw.send(b"4e21\r\n" + bytes(20_001) + b"\r\n0\r\n\r\n")
            self.assertEqual(raw.answers()[-1].status, 413)
        self.server.order("/__reset", {})
        self.assertEqual(self.server.ask("OPTIONS", "/movie").field("Upload-Limit"), "min-size=0")

    def test_digests(self):
        answers = self.create(Repr_Digest=digest(DATA), Want_Repr_Digest="sha-256=1")
        self.assertEqual((answers[-1].status, answers[-1].field("Repr-Digest")), (200, digest(DATA)))
        answer = self.create(Repr_Digest=digest(b"other"))[-1]
        self.assertEqual((answer.status, answer.field("Upload-Complete")), (400, "?1"))
        path = self.empty()
        answer = self.patch(0, DATA[:10], False, path, Content_Digest=digest(b"other"))
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (400, "0"))
        self.assertEqual(self.patch(0, DATA[:10], False, path, Content_Digest=digest(DATA[:10])).status, 204)

    def test_a_new_request_ends_the_one_that_appends(self):
        path = self.empty()
        with self.server.raw() as raw:
            headers = {**self.complete(True), "Content-Type": "application/partial-upload", "Upload-Offset": "0"}
            raw.request("PATCH", path, {**self.version, **headers, "Content-Length": "10000"})
            raw.send(DATA[:500])
            while self.server.log(began=2)[1]["bytes"] < 500:
                pass
            self.assertEqual(self.head(path).field("Upload-Offset"), "500")
            self.assertEqual((raw.rest(), raw.ended), (b"", "reset"))

    def test_what_the_target_says(self):
        self.control(target={"status": 422, "body": "no movie", "headers": {"X-Why": "format"}})
        answer = self.create()[-1]
        self.assertEqual((answer.status, answer.body, answer.field("X-Why")), (422, b"no movie", "format"))
        self.assertEqual(answer.field("Upload-Complete"), "?1")

    def test_expectation(self):
        answers = self.create(Expect="100-continue")
        self.assertEqual([answer.status for answer in answers], [104, 100, 200])


class OtherDrafts(ResumableTest):
    """Each starts its own server."""

    @classmethod
    def setUpClass(cls):
        cls.server = Running("rufh", "--interop", "3")

    def start(self, interop: str, *arguments: str) -> None:
        self.server.stop()
        type(self).server = Running("rufh", "--interop", interop, *arguments)
        type(self).interop = None if interop == "final" else interop

    def complete(self, value: bool) -> dict[str, str]:
        if self.interop == "3":
            return {"Upload-Incomplete": "?0" if value else "?1"}
        return super().complete(value)

    def test_3(self):
        self.start("3", "--limits", "max-size=100000")
        self.assertIsNotNone(self.broken_off(3000))
        answer = self.head()
        self.assertEqual((answer.field("Upload-Offset"), answer.field("Upload-Incomplete")), ("3000", "?1"))
        self.assertEqual((answer.field("Upload-Length"), answer.field("Upload-Limit")), (None, None))
        answer = self.patch(3000, DATA[3000:5000], False, Content_Type="application/octet-stream")
        self.assertEqual((answer.status, answer.field("Upload-Incomplete")), (201, "?1"))
        answer = self.patch(5000, DATA[5000:], True)
        self.assertEqual((answer.status, answer.field("Upload-Incomplete")), (201, "?0"))
        self.assertEqual(answer.field("Upload-Offset"), "10000")

    def test_5(self):
        self.start("5")
        self.assertIsNotNone(self.broken_off(3000))
        self.assertEqual(self.head().field("Upload-Complete"), "?0")
        self.assertEqual(self.patch(3000, DATA[3000:], True, Content_Type="x/y").status, 201)

    def test_6(self):
        self.start("6", "--limits", "max-size=100000,max-age=60", "--progress", "4000")
        answers = self.create(Upload_Length="10000")
        self.assertEqual([answer.field("Upload-Offset") for answer in answers], [None, "4000", "8000", "10000"])
        self.assertEqual(answers[0].field("Upload-Limit"), "max-size=100000, expires=60")
        self.assertEqual({answer.field("Upload-Draft-Interop-Version") for answer in answers[:-1]}, {"6"})
        self.assertIsNone(answers[1].field("Location"))

    def test_7(self):
        self.start("7", "--location", "relative")
        self.assertEqual(self.broken_off(3000), "/uploads/r1")
        self.assertEqual(self.patch(3000, DATA[3000:4000], False).status, 204)

    def test_final(self):
        self.start("final")
        first, last = self.create()
        self.assertEqual((first.status, first.field("Upload-Draft-Interop-Version")), (104, None))
        self.assertEqual(last.field("Upload-Complete"), "?1")


class MisbehavioursOfResumable(ResumableTest):
    def test_104_then_500(self):
        self.misbehave("create", read=4000, answer=500)
        with self.server.raw() as raw:
            raw.request("POST", "/movie", {**self.version, **self.complete(True), "Content-Length": "10000"})
            raw.send(DATA[:4000])
            self.assertEqual([answer.status for answer in raw.answers()], [104, 500])
        self.assertEqual(self.head().field("Upload-Offset"), "4000")

    def test_104_of_another_version_or_none(self):
        self.misbehave("create", first={"headers": {"Upload-Draft-Interop-Version": "7"}})
        self.assertEqual(self.create()[0].field("Upload-Draft-Interop-Version"), "7")
        self.misbehave("create", first=None)
        self.assertEqual([answer.status for answer in self.create()], [200])

    def test_two_locations(self):
        self.misbehave("create", location="http://elsewhere.example{path}")
        first, last = self.create(b"", False)
        self.assertEqual(first.field("Location"), "http://localhost/uploads/r1")
        self.assertEqual(last.field("Location"), "http://elsewhere.example/uploads/r1")
        self.misbehave("create", interim=[{"headers": {**self.version, "Location": "/uploads/r9"}}])
        self.assertEqual(len({answer.field("Location") for answer in self.create()[:2]}), 2)

    def test_flood_of_104(self):
        self.misbehave("create", interim=[{"times": 1000, "headers": {**self.version, "Upload-Offset": "{n}"}}])
        answers = self.create()
        self.assertEqual(([answer.status for answer in answers]), [104] * 1001 + [200])
        self.assertEqual(answers[1000].field("Upload-Offset"), "1000")

    def test_104_after_the_final_answer(self):
        self.misbehave("create", trailing=[{"headers": {**self.version, "Upload-Offset": "1"}}])
        with self.server.raw() as raw:
            raw.request("POST", "/movie", {**self.version, **self.complete(True)}, DATA)
            self.assertEqual([raw.answer().status for _ in range(3)], [104, 200, 104])

    def test_completeness_that_contradicts_the_status(self):
        self.misbehave("create", answer=403)
        answer = self.create()[-1]
        self.assertEqual((answer.status, answer.field("Upload-Complete")), (403, "?1"))
        self.misbehave("create", headers={"Upload-Complete": "?0"})
        answer = self.create()[-1]
        self.assertEqual((answer.status, answer.field("Upload-Complete")), (200, "?0"))

    def test_413_with_and_without_limits(self):
        path = self.empty()
        for limit in ({"Upload-Limit": "max-append-size=1000, min-append-size=10"}, {}):
            self.misbehave("append", status=413, headers=limit)
            answer = self.patch(0, DATA, True, path)
            self.assertEqual((answer.status, answer.field("Upload-Limit")), (413, limit.get("Upload-Limit")))

    def test_limits_that_make_no_sense(self):
        self.control(limits={"max-append-size": 1})
        path = self.empty()
        self.assertEqual([self.patch(n, DATA[n : n + 1], False, path).status for n in range(3)], [204] * 3)
        self.misbehave("create", first={"headers": {"Upload-Limit": 'max-size="many"'}})
        self.assertEqual(self.create()[0].field("Upload-Limit"), 'max-size="many"')
        self.misbehave("create", first={"headers": {"Upload-Limit": "max-size=5"}})
        self.assertEqual([answer.field("Upload-Limit") for answer in self.create()][0], "max-size=5")

    def test_offsets(self):
        path = self.empty()
        for order, said in (({"plus": 10}, "10"), ("-1", "-1"), (None, None)):
            self.misbehave("HEAD", offset=order)
            self.assertEqual(self.head(path).field("Upload-Offset"), said)
        self.misbehave("append", lose=100)
        self.assertEqual(self.patch(0, DATA[:500], False, path).field("Upload-Offset"), "400")

    def test_forgets_an_upload(self):
        path = self.empty()
        self.control(forget="r1")
        self.assertEqual(self.head(path).status, 404)
