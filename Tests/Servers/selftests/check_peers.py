# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What the README says was verified of the servers of others. Not among the ordinary tests: `peers install` comes first."""
import base64
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from parts.pattern import pattern
from parts.peer_installation import program

from .peer import FOLDER, Running, ServerTest

DATA = pattern(8, 0, 300_000)
PRESIGN = """
import boto3, sys
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=sys.argv[1], aws_access_key_id="testing", aws_secret_access_key="testing",
    region_name="us-east-1", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
for operation, parameters in eval(sys.argv[2]):
    print(s3.generate_presigned_url(operation, Params=parameters, ExpiresIn=600))
"""


class PeerTest(ServerTest):
    peer = ""
    options: list[str] = []

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = Running("peers", "start", cls.peer, cls.folder.name, *cls.options)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def setUp(self):
        pass


class Nginx(PeerTest):
    peer = "nginx"

    @classmethod
    def setUpClass(cls):
        cls.rufh = Running("rufh")
        cls.options = ["--proxy", f"127.0.0.1:{cls.rufh.port}"]
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.rufh.stop()

    def curl(self, *arguments: str) -> str:
        command = ["curl", "--silent", "--show-error", "--fail", "--cacert", self.server.facts["ca"], *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout

    def test_put_range_validators_delete(self):
        self.assertEqual(self.server.ask("PUT", "/a/file", body=DATA).status, 201)
        self.assertEqual(self.server.ask("PUT", "/a/file", {"Expect": "100-continue"}, DATA).status, 204)
        answer = self.server.ask("GET", "/a/file")
        self.assertEqual(answer.body, DATA)
        for validator, status in ((answer.field("ETag"), 206), ('"other"', 200), (answer.field("Last-Modified"), 206)):
            part = self.server.ask("GET", "/a/file", {"Range": "bytes=1000-", "If-Range": validator})
            self.assertEqual((part.status, part.body), (status, DATA[1000:] if status == 206 else DATA))
        answer = self.server.ask("GET", "/a/file", {"Range": "bytes=300000-"})
        self.assertEqual((answer.status, answer.field("Content-Range")), (416, "bytes */300000"))
        self.assertEqual(self.server.ask("DELETE", "/a/file").status, 204)

    def test_http_2_over_tls(self):
        url = f"https://localhost:{self.server.facts['tls']}/by-h2"
        with tempfile.NamedTemporaryFile() as file:
            file.write(DATA)
            file.flush()
            written = self.curl("--http2", "--upload-file", file.name, "--write-out", "%{http_version} %{http_code}", url)
            self.assertEqual(written, "2 201")
        with tempfile.NamedTemporaryFile() as file:
            written = self.curl("--http2", "--range", "5-", "--output", file.name, "--write-out", "%{http_code}", url)
            self.assertEqual((written, file.read()), ("206", DATA[5:]))

    def test_a_proxy_that_does_not_know_104(self):
        """The first 104 is passed on as if it were final, with the rest of the stream raw behind it."""
        headers = {"Upload-Draft-Interop-Version": "8", "Upload-Complete": "?1", "Connection": "close"}
        with self.server.raw() as raw:
            raw.request("POST", "/proxied/movie", headers, DATA)
            everything = raw.rest()
        self.assertTrue(everything.startswith(b"HTTP/1.1 104 "))
        self.assertIn(b"Server: nginx", everything.split(b"\r\n\r\n")[0])

    def test_careful_resumable_upload_through_the_proxy(self):
        self.rufh.order("/__control", {"misbehave": [{"on": "create", "do": {"first": None}}]})
        headers = {"Upload-Draft-Interop-Version": "8", "Upload-Complete": "?0"}
        answer = self.server.ask("POST", "/proxied/movie", headers, b"")
        # nginx puts its own prefix there.
        path = "/" + answer.field("Location").split("/", 3)[3]
        self.assertTrue(path.startswith("/proxied/uploads/"), path)
        headers |= {"Content-Type": "application/partial-upload", "Upload-Offset": "0", "Upload-Complete": "?1"}
        answer = self.server.ask("PATCH", path, headers, DATA)
        self.assertEqual((answer.status, answer.json()["length"]), (200, len(DATA)))


class TusPyServer(PeerTest):
    peer = "tuspyserver"
    names = ",".join(f"{name} {base64.b64encode(b'x').decode()}" for name in ("filename", "filetype"))

    def create(self) -> str:
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(DATA)), "Upload-Metadata": self.names}
        answer = self.server.ask("POST", "/files/", headers, b"")
        self.assertEqual(answer.status, 201)
        return "/" + answer.field("Location").split("/", 3)[3]

    def test_append_offset_conflict(self):
        path = self.create()
        headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        half = len(DATA) // 2
        answer = self.server.ask("PATCH", path, {**headers, "Upload-Offset": "0"}, DATA[:half])
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (204, str(half)))
        self.assertEqual(self.server.ask("PATCH", path, {**headers, "Upload-Offset": "5"}, b"x").status, 409)
        answer = self.server.ask("HEAD", path, {"Tus-Resumable": "1.0.0"})
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (200, str(half)))
        answer = self.server.ask("PATCH", path, {**headers, "Upload-Offset": str(half)}, DATA[half:])
        self.assertEqual((answer.status, answer.field("Upload-Offset")), (204, str(len(DATA))))
        stored = Path(self.server.facts["files"]) / path.rsplit("/", 1)[1]
        self.assertEqual(stored.read_bytes(), DATA)

    def test_keeps_what_came_of_an_append_that_broke_off(self):
        path = self.create()
        headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        with self.server.raw() as raw:
            raw.request("PATCH", path, {**headers, "Content-Length": str(len(DATA))})
            raw.send(DATA[:100_000])
        # It has no log to wait for: asked until it knows.
        offset = 0
        for _ in range(200):
            offset = int(self.server.ask("HEAD", path, {"Tus-Resumable": "1.0.0"}).field("Upload-Offset") or 0)
            if offset:
                break
        self.assertTrue(0 < offset <= 100_000, offset)


class Moto(PeerTest):
    peer = "moto"

    def presigned(self, *operations: tuple[str, dict]) -> list[str]:
        url = f"http://127.0.0.1:{self.server.port}"
        command = [program("python"), "-c", PRESIGN, url, repr(operations)]
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        return [line.removeprefix(url) for line in output.splitlines()]

    def test_presigned_put_and_range(self):
        self.assertEqual(self.server.ask("PUT", "/one", body=b"").status, 200)
        key = {"Bucket": "one", "Key": "movie"}
        put, get = self.presigned(("put_object", key), ("get_object", key))
        self.assertEqual(self.server.ask("PUT", put, body=DATA).status, 200)
        answer = self.server.ask("GET", get, {"Range": "bytes=1000-"})
        self.assertEqual((answer.status, answer.body), (206, DATA[1000:]))

    def test_parts(self):
        self.server.ask("PUT", "/two", body=b"")
        created = self.server.ask("POST", "/two/movie?uploads", body=b"")
        upload = re.search(rb"<UploadId>(.*?)</UploadId>", created.body).group(1).decode()
        parts = [pattern(1, 0, 5 << 20), pattern(2, 0, 1000)]
        key = {"Bucket": "two", "Key": "movie", "UploadId": upload}
        urls = self.presigned(*(("upload_part", {**key, "PartNumber": number}) for number in (1, 2)))
        tags = [self.server.ask("PUT", url, body=part).field("ETag") for url, part in zip(urls, parts)]
        listed = self.server.ask("GET", f"/two/movie?uploadId={upload}")
        self.assertEqual(listed.body.count(b"<PartNumber>"), 2)
        document = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in enumerate(tags, 1))
        body = f"<CompleteMultipartUpload>{document}</CompleteMultipartUpload>".encode()
        self.assertIn(b"<ETag>", self.server.ask("POST", f"/two/movie?uploadId={upload}", body=body).body)
        self.assertEqual(self.server.ask("GET", "/two/movie").body, b"".join(parts))


class Httpbin(PeerTest):
    peer = "httpbin"

    def test_echo_redirect_status_authentication(self):
        answer = self.server.ask("PUT", "/put", {"X-Mine": "1"}, b"abc")
        self.assertEqual((answer.json()["data"], answer.json()["headers"]["X-Mine"]), ("abc", "1"))
        answer = self.server.ask("GET", "/redirect-to?url=/get&status_code=307")
        self.assertEqual((answer.status, answer.field("Location")), (307, "/get"))
        self.assertEqual(self.server.ask("GET", "/status/503").status, 503)
        self.assertEqual(self.server.ask("GET", "/basic-auth/a/b").status, 401)
        good = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
        self.assertEqual(self.server.ask("GET", "/basic-auth/a/b", good).status, 200)
        answer = self.server.ask("GET", "/range/1000", {"Range": "bytes=990-"})
        self.assertEqual((answer.status, len(answer.body)), (206, 10))


class Rclone(PeerTest):
    peer = "rclone"

    def test_put_range_propfind(self):
        self.assertEqual(self.server.ask("PUT", "/file", body=DATA).status, 201)
        answer = self.server.ask("GET", "/file")
        self.assertEqual(answer.body, DATA)
        part = self.server.ask("GET", "/file", {"Range": "bytes=1000-", "If-Range": answer.field("ETag")})
        self.assertEqual((part.status, part.body), (206, DATA[1000:]))
        self.assertEqual(self.server.ask("PROPFIND", "/", {"Depth": "1"}).status, 207)


class Installation(unittest.TestCase):
    def test_says_nothing_when_nothing_is_missing(self):
        done = subprocess.run([FOLDER / "peers", "install"], capture_output=True, check=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
