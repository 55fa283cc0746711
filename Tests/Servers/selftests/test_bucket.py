# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import hashlib
import re

from parts.pattern import pattern

from .peer import ServerTest


class Multipart(ServerTest):
    program = "bucket"

    def begin(self) -> str:
        answer = self.server.ask("POST", "/movie?uploads")
        return re.search(rb"<UploadId>(.*)</UploadId>", answer.body).group(1).decode()

    def put(self, upload: str, number: int, content: bytes) -> str:
        answer = self.server.ask("PUT", f"/movie?uploadId={upload}&partNumber={number}", {}, content)
        self.assertEqual(answer.field("ETag"), f'"{hashlib.md5(content).hexdigest()}"')
        return answer.field("ETag")

    def test_parts_are_put_together(self):
        upload, whole = self.begin(), pattern(1, 0, 3000)
        tags = [self.put(upload, number + 1, whole[number * 1000 : number * 1000 + 1000]) for number in range(3)]
        listing = self.server.ask("GET", f"/movie?uploadId={upload}&part-number-marker=1").body
        self.assertEqual(re.findall(rb"<PartNumber>(\d)</PartNumber>", listing), [b"2", b"3"])
        self.assertIn(b"<Size>1000</Size>", listing)
        named = "".join(
            f"<Part><PartNumber>{n + 1}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in enumerate(tags)
        )
        answer = self.server.ask("POST", f"/movie?uploadId={upload}", {}, named.encode())
        self.assertIn(b"CompleteMultipartUploadResult", answer.body)
        digest = hashlib.sha256(whole).hexdigest()
        self.assertEqual(
            self.server.order("/__control"), {"objects": {"movie": {"length": 3000, "sha256": digest}}, "uploads": {}}
        )
        self.assertEqual(self.server.ask("GET", f"/movie?uploadId={upload}").status, 404)

    def test_a_wrong_tag_is_refused(self):
        upload = self.begin()
        self.put(upload, 1, b"abc")
        named = b'<Part><PartNumber>1</PartNumber><ETag>"no"</ETag></Part>'
        answer = self.server.ask("POST", f"/movie?uploadId={upload}", {}, named)
        self.assertEqual((answer.status, b"InvalidPart" in answer.body), (400, True))
        self.assertEqual(self.server.ask("DELETE", f"/movie?uploadId={upload}").status, 204)
        self.assertEqual(self.server.order("/__control")["uploads"], {})
