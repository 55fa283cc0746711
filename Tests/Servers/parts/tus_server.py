# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""tus 1.0.0, as its specification has it."""
import base64
import hashlib
import time

from .connection import Ended
from .misbehaviour import (
    Misbehaviour,
    Misbehaviours,
    Reply,
    ended_by_order,
    interims,
    located,
    received,
    refused_outright,
)
from .program import Life
from .representation import date
from .request import Request
from .server import Refused, Server, body_of_command, head
from .upload import Upload

VERSION = "1.0.0"
EXTENSIONS = [
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "termination",
    "concatenation",
]
ALGORITHMS = ("sha1", "sha256")
OCTETS = "application/offset+octet-stream"
PREFIX = "/files/"


class Failed(Exception):
    """A request that is answered with this status."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str]):
        self.reply = Reply(status, [("Tus-Resumable", VERSION), *headers], reason.encode() + b"\n")


class TusServer(Server):
    def __init__(self, life: Life):
        super().__init__(life)
        self.extensions = [name for name in life.arguments.extensions.split(",") if name]
        self.forget()

    def forget(self) -> None:
        self.uploads: dict[str, Upload] = {}
        # Names of uploads that are no more.
        self.gone: set[str] = set()
        self.count = 0
        self.misbehaviours = Misbehaviours()
        self.locks = 0
        self.max_size = self.life.arguments.max_size
        self.expires = self.life.arguments.expires

    # Control.

    async def control(self, name: str, request: Request) -> object:
        """{"misbehave": [...]}, {"lock": N}, {"expire": NAME | true}, {"expires": S}, {"max-size": N}, {"lose": {...}}"""
        if name != "control":
            return await super().control(name, request)
        command = await body_of_command(request)
        unknown = set(command) - {"misbehave", "lock", "expire", "expires", "max-size", "lose"}
        if unknown:
            raise Refused(f"No such command: {sorted(unknown)}")
        if "misbehave" in command:
            self.misbehaviours = Misbehaviours([Misbehaviour.parse(order) for order in command["misbehave"]])
        self.locks = int(command.get("lock", self.locks))
        self.max_size = command.get("max-size", self.max_size)
        self.expires = command.get("expires", self.expires)
        if "expire" in command:
            for upload in self.uploads.values():
                if command["expire"] in (True, upload.name):
                    upload.expires = time.time() - 1
        for name, count in command.get("lose", {}).items():
            upload = self.uploads[name]
            upload.cut(max(0, upload.offset - int(count)))
        return {"uploads": [upload.state() for upload in self.uploads.values()], "gone": sorted(self.gone)}

    # Requests.

    async def respond(self, request: Request) -> bool:
        method = request.field("X-HTTP-Method-Override") or request.method
        do = self.misbehaviours.take(method)
        await refused_outright(request, do)
        await interims(request, do.get("interim", []))
        try:
            reply = await self.perform(method, request, do)
        except Failed as failure:
            reply = failure.reply
            request.body.says_continue = False
            if not request.body.is_complete:
                # Nothing of the body is wanted.
                reply.headers += [("Connection", "close"), ("Content-Length", str(len(reply.body)))]
                request.answered.append(reply.status)
                body = b"" if method == "HEAD" else reply.body
                await request.connection.write(head(reply.status, reply.headers) + body)
                return False
        return await reply.send(request)

    async def perform(self, method: str, request: Request, do: dict) -> Reply:
        if method == "OPTIONS":
            return self.options()
        if method == "GET":
            upload = self.find(request)
            return Reply(200, [("Tus-Resumable", VERSION)], upload.content().all())
        if request.field("Tus-Resumable") != VERSION:
            raise Failed(412, "Tus-Resumable", ("Tus-Version", VERSION))
        match method:
            case "POST" if request.path in (PREFIX, PREFIX[:-1]) and "creation" in self.extensions:
                return await self.create(request, do)
            case "HEAD":
                return self.tell(self.free(self.find(request))).altered(do, self.find(request).offset, None)
            case "PATCH":
                return await self.append(request, do)
            case "DELETE" if "termination" in self.extensions:
                upload = self.free(self.find(request))
                del self.uploads[upload.name]
                self.gone.add(upload.name)
                return Reply(204, [("Tus-Resumable", VERSION)]).altered(do, 0, None)
        raise Failed(405, "no such method here")

    def options(self) -> Reply:
        headers = [
            ("Tus-Resumable", VERSION),
            ("Tus-Version", VERSION),
            ("Tus-Extension", ",".join(self.extensions)),
        ]
        if "checksum" in self.extensions:
            headers.append(("Tus-Checksum-Algorithm", ",".join(ALGORITHMS)))
        if self.max_size is not None:
            headers.append(("Tus-Max-Size", str(self.max_size)))
        return Reply(204, headers)

    def find(self, request: Request) -> Upload:
        name = request.path.removeprefix(PREFIX)
        upload = self.uploads.get(name)
        if upload is None:
            raise Failed(410 if name in self.gone else 404, "no such upload")
        if upload.expires is not None and upload.expires < time.time() and not upload.is_complete:
            del self.uploads[name]
            self.gone.add(name)
            raise Failed(410, "expired")
        return upload

    def free(self, upload: Upload) -> Upload:
        """Not while somebody writes, nor while a test says so."""
        if self.locks > 0:
            self.locks -= 1
            raise Failed(423, "locked by order")
        if upload.writers:
            raise Failed(423, "another request writes")
        return upload

    def tell(self, upload: Upload) -> Reply:
        headers = [("Tus-Resumable", VERSION), ("Cache-Control", "no-store")]
        if upload.facts.get("concat") != "final" or upload.is_complete:
            headers.append(("Upload-Offset", str(upload.offset)))
        if upload.length is not None:
            headers.append(("Upload-Length", str(upload.length)))
        else:
            headers.append(("Upload-Defer-Length", "1"))
        if upload.metadata is not None:
            headers.append(("Upload-Metadata", upload.metadata))
        if "concat" in upload.facts:
            headers.append(("Upload-Concat", upload.facts["concat-field"]))
        return Reply(200, headers + self.expiry(upload))

    def expiry(self, upload: Upload) -> list[tuple[str, str]]:
        if upload.expires is None or upload.is_complete:
            return []
        return [("Upload-Expires", date(upload.expires))]

    # Creation.

    async def create(self, request: Request, do: dict) -> Reply:
        upload = Upload(f"u{self.count + 1}", self.announced(request))
        upload.metadata = request.field("Upload-Metadata")
        self.join(upload, request)
        if self.expires is not None and "expiration" in self.extensions:
            upload.expires = time.time() + self.expires
        carries = request.body.length != 0 and not upload.is_complete
        if carries and "creation-with-upload" not in self.extensions:
            raise Failed(400, "no creation-with-upload here")
        if carries and request.field("Content-Type") != OCTETS:
            raise Failed(415, "Content-Type")
        self.count += 1
        self.uploads[upload.name] = upload
        if carries:
            await self.take(upload, request, do)
        await ended_by_order(request, do)
        upload.is_complete = upload.is_complete or upload.offset == upload.length
        scheme = "https" if request.connection.is_secure else "http"
        location = f"{scheme}://{request.field('Host')}{PREFIX}{upload.name}"
        kind = self.life.arguments.location
        said = location if kind == "absolute" else located(kind, location)
        headers = [("Tus-Resumable", VERSION), ("Location", said), *self.expiry(upload)]
        if carries:
            headers.append(("Upload-Offset", str(upload.offset)))
        return Reply(201, headers).altered(do, upload.offset, location)

    def announced(self, request: Request) -> int | None:
        length, deferred = request.field("Upload-Length"), request.field("Upload-Defer-Length")
        if (request.field("Upload-Concat") or "").startswith("final"):
            if length is not None:
                raise Failed(400, "Upload-Length of a final upload")
            return None
        if deferred is not None:
            if deferred != "1" or length is not None or "creation-defer-length" not in self.extensions:
                raise Failed(400, "Upload-Defer-Length")
            return None
        return self.checked_length(length)

    def checked_length(self, text: str | None) -> int:
        if text is None or not text.isdecimal():
            raise Failed(400, "Upload-Length")
        if self.max_size is not None and int(text) > self.max_size:
            raise Failed(413, "larger than Tus-Max-Size", ("Tus-Max-Size", str(self.max_size)))
        return int(text)

    def join(self, upload: Upload, request: Request) -> None:
        """Upload-Concat."""
        concat = request.field("Upload-Concat")
        if concat is None:
            return
        if "concatenation" not in self.extensions:
            raise Failed(400, "no concatenation here")
        kind, _, listed = concat.partition(";")
        upload.facts = {"concat": kind, "concat-field": concat}
        if kind == "partial":
            return
        if kind != "final" or not listed:
            raise Failed(400, "Upload-Concat")
        parts = [self.uploads.get(url.rsplit("/", 1)[-1]) for url in listed.split()]
        if any(part is None or part.facts.get("concat") != "partial" or not part.is_complete for part in parts):
            raise Failed(400, "a part is missing or incomplete")
        for part in parts:
            for piece in part.content().pieces(0, part.offset):
                upload.append(piece)
        upload.length = upload.offset
        upload.is_complete = True
        if self.max_size is not None and upload.length > self.max_size:
            raise Failed(413, "larger than Tus-Max-Size")

    # Bytes.

    async def append(self, request: Request, do: dict) -> Reply:
        upload = self.find(request)
        if upload.facts.get("concat") == "final":
            raise Failed(403, "a final upload cannot be changed")
        if request.field("Content-Type") != OCTETS:
            raise Failed(415, "Content-Type")
        self.free(upload)
        offset = request.field("Upload-Offset")
        if offset is None or not offset.isdecimal():
            raise Failed(400, "Upload-Offset")
        if int(offset) != upload.offset:
            raise Failed(409, f"at {upload.offset}, not {offset}")
        if upload.length is None and (length := request.field("Upload-Length")) is not None:
            upload.length = self.checked_length(length)
        await self.take(upload, request, do)
        if "lose" in do:
            upload.cut(max(0, upload.offset - int(do["lose"])))
        upload.is_complete = upload.offset == upload.length
        await ended_by_order(request, do)
        headers = [("Tus-Resumable", VERSION), ("Upload-Offset", str(upload.offset)), *self.expiry(upload)]
        return Reply(204, headers).altered(do, upload.offset, None)

    async def take(self, upload: Upload, request: Request, do: dict) -> None:
        """Keeps what came also when the rest does not; but with a checksum all or nothing."""
        start, wanted = upload.offset, self.checksum(request)
        if upload.length is not None and start + (request.body.length or 0) > upload.length:
            raise Failed(413, "more than Upload-Length")
        upload.writers += 1
        try:
            whole = await received(request, do.get("read"), upload.append)
        except Ended:
            if wanted:
                upload.cut(start)
            raise
        finally:
            upload.writers -= 1
        if upload.length is not None and upload.offset > upload.length:
            upload.cut(start)
            raise Failed(413, "more than Upload-Length")
        if wanted and whole and upload.digest(wanted[0], start).digest() != wanted[1]:
            upload.cut(start)
            raise Failed(460, "checksum mismatch")

    def checksum(self, request: Request) -> tuple[str, bytes] | None:
        field = request.field("Upload-Checksum")
        if field is None or "checksum" not in self.extensions:
            return None
        algorithm, _, text = field.partition(" ")
        try:
            digest = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise Failed(400, "Upload-Checksum") from error
        if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm).digest_size:
            raise Failed(400, "Upload-Checksum")
        return algorithm, digest
