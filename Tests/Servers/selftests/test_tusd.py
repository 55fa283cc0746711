# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import base64
import hashlib

from parts.pattern import pattern

from .peer import Answer, Running, ServerTest

DATA = pattern(5, 0, 10_000)
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {**TUS, "Content-Type": "application/offset+octet-stream"}


class TusTest(ServerTest):
    program = "tusd"

    def control(self, **command: object) -> dict:
        return self.server.order("/__control", {name.replace("_", "-"): value for name, value in command.items()})

    def upload(self, number: int = 0) -> dict:
        return self.control()["uploads"][number]

    def misbehave(self, on: str, times: int = 1, skip: int = 0, **do: object) -> None:
        self.control(misbehave=[{"on": on, "times": times, "skip": skip, "do": do}])

    def create(self, length: int | None = len(DATA), body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        size = {"Upload-Length": str(length)} if length is not None else {}
        return self.server.ask("POST", "/files/", {**(OCTETS if body else TUS), **size, **named}, body)

    def head(self, path: str = "/files/u1") -> Answer:
        return self.server.ask("HEAD", path, TUS)

    def patch(self, offset: int, body: bytes, path: str = "/files/u1", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.ask("PATCH", path, {**OCTETS, "Upload-Offset": str(offset), **named}, body)


class Protocol(TusTest):
    def test_options(self):
        answer = self.server.ask("OPTIONS", "/files/")
        self.assertEqual((answer.status, answer.field("Tus-Version")), (204, "1.0.0"))
        self.assertIn("concatenation", answer.field("Tus-Extension"))
        self.assertEqual(answer.field("Tus-Checksum-Algorithm"), "sha1,sha256")

    def test_create_and_append(self):
        answer = self.create(Upload_Metadata="filename YQ==,empty")
        location = "http://localhost/files/u1"
        self.assertEqual((answer.status, answer.field("Location")), (201, location))
        self.assertEqual(self.patch(0, DATA[:4000]).field("Upload-Offset"), "4000")
        answer = self.head()
        self.assertEqual(
            [answer.field(name) for name in ("Upload-Offset", "Upload-Length", "Upload-Metadata", "Cache-Control")],
            ["4000", "10000", "filename YQ==,empty", "no-store"],
        )
        answer = self.patch(4000, DATA[4000:])
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (204, "10000"))
        self.assertEqual(self.server.ask("GET", "/files/u1").body, DATA)
        self.assertEqual(self.upload()["sha256"], hashlib.sha256(DATA).hexdigest())
        self.assertTrue(self.upload()["complete"])

    def test_an_upload_without_bytes_is_complete(self):
        self.create(0)
        self.assertTrue(self.upload()["complete"])

    def test_creation_with_upload(self):
        answer = self.create(body=DATA[:100], Expect="100-continue")
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (201, "100"))
        self.assertEqual(self.server.log()[0]["answered"], [100, 201])

    def test_length_that_comes_later(self):
        self.assertEqual(self.create(None, Upload_Defer_Length="1").status, 201)
        self.assertEqual(self.head().field("Upload-Defer-Length"), "1")
        self.assertEqual(self.patch(0, DATA[:10]).status, 204)
        self.assertEqual(self.patch(10, DATA[10:], Upload_Length="10000").status, 204)
        self.assertTrue(self.upload()["complete"])
        self.assertEqual(self.create(10, Upload_Defer_Length="1").status, 400)

    def test_keeps_what_came_of_an_append_that_broke_off(self):
        self.create()
        with self.server.raw() as raw:
            raw.request("PATCH", "/files/u1", {**OCTETS, "Upload-Offset": "0", "Content-Length": "10000"})
            raw.send(DATA[:3000])
        self.server.log(ended=2)
        self.assertEqual(self.head().field("Upload-Offset"), "3000")

    def test_refusals(self):
        self.create()
        self.assertEqual(self.patch(5, b"x").status, 409)
        self.assertEqual(self.patch(0, b"x", Content_Type="text/plain").status, 415)
        self.assertEqual(self.patch(0, bytes(10_001)).status, 413)
        self.assertEqual(self.head("/files/none").status, 404)
        answer = self.server.ask("HEAD", "/files/u1", {"Tus-Resumable": "0.2.2"})
        self.assertEqual((answer.status, answer.field("Tus-Version")), (412, "1.0.0"))
        self.assertEqual(self.upload()["offset"], 0)

    def test_max_size(self):
        self.control(max_size=100)
        self.assertEqual(self.create(101).status, 413)
        self.assertEqual(self.create(100).status, 201)
        self.assertEqual(self.server.ask("OPTIONS", "/files/").field("Tus-Max-Size"), "100")

    def test_checksums(self):
        self.create()
        for name in ("sha1", "sha256"):
            good = base64.b64encode(hashlib.new(name, DATA[:10]).digest()).decode()
            bad = base64.b64encode(hashlib.new(name, b"other").digest()).decode()
            offset = self.upload()["offset"]
            answer = self.patch(offset, DATA[:10], Upload_Checksum=f"{name} {bad}")
            self.assertEqual((answer.status, self.upload()["offset"]), (460, offset))
            self.assertEqual(self.patch(offset, DATA[:10], Upload_Checksum=f"{name} {good}").status, 204)
        self.assertEqual(self.patch(20, DATA[:10], Upload_Checksum="crc32 AAAA").status, 400)
        self.assertEqual(self.patch(20, DATA[:10], Upload_Checksum="sha1 ====").status, 400)

    def test_a_checksummed_append_that_broke_off_leaves_nothing(self):
        self.create()
        digest = base64.b64encode(hashlib.sha1(DATA).digest()).decode()
        with self.server.raw() as raw:
            headers = {"Upload-Offset": "0", "Content-Length": "10000", "Upload-Checksum": f"sha1 {digest}"}
            raw.request("PATCH", "/files/u1", {**OCTETS, **headers})
            raw.send(DATA[:3000])
        self.server.log(ended=2)
        self.assertEqual(self.upload()["offset"], 0)

    def test_termination(self):
        self.create()
        self.assertEqual(self.server.ask("DELETE", "/files/u1", TUS).status, 204)
        self.assertEqual(self.head().status, 410)

    def test_concatenation(self):
        for number, part in enumerate((DATA[:4000], DATA[4000:]), 1):
            self.create(len(part), Upload_Concat="partial")
            self.patch(0, part, f"/files/u{number}")
        answer = self.create(None, Upload_Concat="final;/files/u1 http://localhost/files/u2")
        self.assertEqual(answer.status, 201)
        answer = self.head("/files/u3")
        self.assertEqual((answer.field("Upload-Length"), answer.field("Upload-Concat")[:5]), ("10000", "final"))
        self.assertEqual(self.server.ask("GET", "/files/u3").body, DATA)
        self.assertEqual(self.patch(0, b"x", "/files/u3").status, 403)
        self.assertEqual(self.create(5, Upload_Concat="final;/files/u1").status, 400)

    def test_expiration(self):
        self.control(expires=3600)
        self.assertRegex(self.create().field("Upload-Expires"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertIsNotNone(self.patch(0, DATA[:10]).field("Upload-Expires"))
        self.control(expire="u1")
        self.assertEqual(self.head().status, 410)

    def test_locks(self):
        self.create()
        self.control(lock=2)
        self.assertEqual([self.head().status, self.patch(0, DATA).status, self.head().status], [423, 423, 200])
        with self.server.raw() as raw:
            raw.request("PATCH", "/files/u1", {**OCTETS, "Upload-Offset": "0", "Content-Length": "10"})
            self.server.log(began=5)
            self.assertEqual(self.head().status, 423)

    def test_method_override(self):
        self.create()
        headers = {**OCTETS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        self.assertEqual(self.server.ask("POST", "/files/u1", headers, DATA).status, 204)

    def test_arguments(self):
        server = Running("tusd", "--max-size", "10", "--extensions", "creation", "--location", "file")
        self.addCleanup(server.stop)
        headers = {**TUS, "Upload-Length": "10"}
        self.assertEqual(server.ask("POST", "/files/", headers).field("Location"), "u1")
        self.assertEqual(server.ask("POST", "/files/", {**TUS, "Upload-Length": "11"}).status, 413)
        self.assertEqual(server.ask("DELETE", "/files/u1", TUS).status, 405)


class MisbehavioursOfTus(TusTest):
    def test_offsets(self):
        self.create()
        self.patch(0, DATA[:4000])
        for order, said in (
            ({"plus": 100}, "4100"),
            ({"minus": 100}, "3900"),
            ("-1", "-1"),
            ("99999999999999999999", "99999999999999999999"),
            ("many", "many"),
            (None, None),
        ):
            self.misbehave("HEAD", offset=order)
            self.assertEqual(self.head().field("Upload-Offset"), said)
        self.assertEqual(self.head().field("Upload-Offset"), "4000")
        self.misbehave("PATCH", offset={"plus": 1})
        self.assertEqual(self.patch(4000, DATA[4000:4001]).field("Upload-Offset"), "4002")

    def test_forgets_what_it_acknowledged(self):
        self.create()
        self.patch(0, DATA[:4000])
        self.control(lose={"u1": 1000})
        self.assertEqual(self.head().field("Upload-Offset"), "3000")
        self.misbehave("PATCH", lose=500)
        self.assertEqual(self.patch(3000, DATA[3000:4000]).field("Upload-Offset"), "3500")

    def test_statuses(self):
        self.create()
        for status in (403, 404, 410, 500):
            self.misbehave("HEAD", status=status)
            self.assertEqual(self.head().status, status)
        self.misbehave("PATCH", times=0, status=409)
        self.assertEqual([self.patch(0, DATA).status for _ in range(4)], [409] * 4)
        self.assertEqual(self.upload()["offset"], 0)
        self.misbehave("PATCH", answer=200)
        answer = self.patch(0, DATA)
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (200, "10000"))
        self.misbehave("PATCH", status=412, headers={"Tus-Version": "2.0.0"})
        self.assertEqual(self.patch(0, DATA).field("Tus-Version"), "2.0.0")

    def test_locations(self):
        for order, said in (
            (None, None),
            ("relative", "/files/u2"),
            ("file", "u3"),
            ("http://elsewhere.example{path}", "http://elsewhere.example/files/u4"),
        ):
            self.misbehave("POST", location=order)
            answer = self.create()
            self.assertEqual((answer.status, answer.field("Location")), (201, said))

    def test_breaks_off_after_so_many_bytes(self):
        self.create()
        self.misbehave("PATCH", read=2500, then="reset")
        with self.server.raw() as raw:
            raw.request("PATCH", "/files/u1", {**OCTETS, "Upload-Offset": "0", "Content-Length": "10000"})
            raw.send(DATA[:2500])
            self.assertEqual((raw.rest(), raw.ended), (b"", "reset"))
        self.assertEqual(self.head().field("Upload-Offset"), "2500")

    def test_the_answer_is_lost(self):
        self.misbehave("POST", then="close")
        with self.server.raw() as raw:
            raw.request("POST", "/files/", {**TUS, "Upload-Length": "5"})
            self.assertEqual((raw.rest(), raw.ended), (b"", "end"))
        self.assertEqual(len(self.control()["uploads"]), 1)

    def test_counts(self):
        self.create()
        self.misbehave("HEAD", skip=1, times=2, status=500)
        self.assertEqual([self.head().status for _ in range(4)], [200, 500, 500, 200])

    def test_expiry_in_the_past(self):
        self.misbehave("POST", headers={"Upload-Expires": "Sun, 06 Nov 1994 08:49:37 GMT"})
        self.assertEqual(self.create().field("Upload-Expires"), "Sun, 06 Nov 1994 08:49:37 GMT")

    def test_orders_without_sense_are_refused(self):
        for order in ({"do": {"ofset": 1}}, {"do": {}}, {"do": {"status": 1}, "count": 1}):
            self.server.order("/__control", {"misbehave": [order]}, expecting=400)
