# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Resumable Uploads for HTTP: upload resources, and the resource that they are for."""
import json

from .connection import Connection, Ended
from .draft import PROBLEMS, Draft, digest_field, digests
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
from .request import Request
from .server import Headers, Refused, Server, body_of_command, head, interim
from .upload import Upload

PREFIX = "/uploads/"
LIMITS = ("max-size", "min-size", "max-append-size", "min-append-size", "max-age")


class Failed(Exception):
    def __init__(self, status: int, problem: str, headers: Headers = [], **members: object):
        document = {"type": PROBLEMS + problem, "title": problem, **members}
        kind = ("Content-Type", "application/problem+json")
        self.reply = Reply(status, [kind, *headers], json.dumps(document).encode())


class ResumableServer(Server):
    def __init__(self, life: Life):
        super().__init__(life)
        interop = life.arguments.interop
        self.draft = Draft(None if interop == "final" else int(interop))
        self.given = dict(pair.split("=") for pair in life.arguments.limits.split(",") if pair)
        self.limits = self.checked({name: int(value) for name, value in self.given.items()})
        self.forget()

    def forget(self) -> None:
        self.uploads: dict[str, Upload] = {}
        self.count = 0
        self.misbehaviours = Misbehaviours()
        self.limits = self.checked({name: int(value) for name, value in self.given.items()})
        # What the resource says to what was uploaded to it; without a body, what came.
        self.target: dict = {}
        # Connections that append, by the upload's name.
        self.appending: dict[str, Connection] = {}

    @staticmethod
    def checked(limits: dict) -> dict:
        if set(limits) - set(LIMITS):
            raise ValueError(f"limits are {LIMITS}")
        return limits

    async def control(self, name: str, request: Request) -> object:
        """{"misbehave": [...]}, {"limits": {...}}, {"target": {"status", "headers", "body"}}, {"forget": NAME}"""
        if name != "control":
            return await super().control(name, request)
        command = await body_of_command(request)
        unknown = set(command) - {"misbehave", "limits", "target", "forget"}
        if unknown:
            raise Refused(f"No such command: {sorted(unknown)}")
        if "misbehave" in command:
            self.misbehaviours = Misbehaviours([Misbehaviour.parse(order) for order in command["misbehave"]])
        self.limits = self.checked(command.get("limits", self.limits))
        self.target = command.get("target", self.target)
        if "forget" in command:
            del self.uploads[command["forget"]]
        return {"uploads": [upload.state() for upload in self.uploads.values()]}

    # Requests.

    async def respond(self, request: Request) -> bool:
        upload = self.uploads.get(request.path.removeprefix(PREFIX)) if request.path.startswith(PREFIX) else None
        is_part = request.path.startswith(PREFIX)
        kind = {"PATCH": "append"}.get(request.method, request.method) if is_part else "create"
        do = self.misbehaviours.take(kind)
        await refused_outright(request, do)
        try:
            if is_part and upload is None:
                raise Failed(404, "no-such-upload")
            reply = await (self.to_upload(upload, request, do) if is_part else self.to_target(request, do))
        except Failed as failure:
            reply = failure.reply
            for name, value in do.get("headers", {}).items():
                reply.put(name, value)
            if not request.body.is_complete:
                request.body.says_continue = False
                reply.headers += [("Connection", "close"), ("Content-Length", str(len(reply.body)))]
                request.answered.append(reply.status)
                await request.connection.write(head(reply.status, reply.headers) + reply.body)
                return False
        keeps = await reply.send(request)
        await interims(request, do.get("trailing", []))
        return keeps

    async def to_target(self, request: Request, do: dict) -> Reply:
        if request.method == "OPTIONS":
            return Reply(204, [self.limit_field(always=True)] if self.draft.has_length_and_limits else [])
        if request.method in ("GET", "HEAD", "DELETE"):
            raise Failed(404, "nothing-here")
        completes = self.draft.completes(request)
        if completes is None or not self.draft.speaks(request):
            # An ordinary upload, which cannot be resumed.
            upload = Upload("ordinary")
            await received(request, None, upload.append)
            return self.of_target(upload)
        if request.field("Upload-Offset") is not None:
            raise Failed(400, "unexpected-upload-offset")
        upload = Upload(f"r{self.count + 1}")
        upload.facts = {"digest": request.field("Repr-Digest"), "wanted": request.field("Want-Repr-Digest")}
        self.learn_length(upload, request, completes)
        size = upload.length
        if size is not None and not self.limits.get("min-size", 0) <= size <= self.limits.get("max-size", size):
            raise Failed(413 if size > self.limits.get("min-size", 0) else 400, "limits", self.limit_fields())
        self.count += 1
        self.uploads[upload.name] = upload
        scheme = "https" if request.connection.is_secure else "http"
        location = f"{scheme}://{request.field('Host')}{PREFIX}{upload.name}"
        kind = self.life.arguments.location
        said = location if kind == "absolute" else located(kind, location)
        await self.announce(request, said, do)
        await interims(request, do.get("interim", []))
        return await self.take(upload, request, completes, do, [("Location", said)], location)

    async def announce(self, request: Request, location: str, do: dict) -> None:
        """The first 104; `first` is null for none, or {"status", "headers"} that change it."""
        order = do.get("first", {})
        if order is None:
            return
        first = Reply(104, [*self.draft.version_field, ("Location", location), *self.limit_fields()])
        for name, value in order.get("headers", {}).items():
            first.put(name, value)
        await interim(request, int(order.get("status", 104)), first.headers)

    async def to_upload(self, upload: Upload, request: Request, do: dict) -> Reply:
        # Whoever appended before is taken for dead: the offset that we tell has to stay.
        if (before := self.appending.pop(upload.name, None)) is not None:
            before.reset_now()
        match request.method:
            case "HEAD":
                if any(request.field(name) for name in ("Upload-Offset", self.draft.completeness, "Upload-Length")):
                    raise Failed(400, "unexpected-fields")
                headers = [("Upload-Offset", str(upload.offset)), self.draft.completeness_field(upload.is_complete)]
                if upload.length is not None and self.draft.has_length_and_limits:
                    headers.append(("Upload-Length", str(upload.length)))
                headers += [*self.limit_fields(), ("Cache-Control", "no-store")]
                return Reply(204, headers).altered(do, upload.offset, None)
            case "GET":
                return Reply(200, [], upload.content().all())
            case "DELETE":
                del self.uploads[upload.name]
                return Reply(204).altered(do, 0, None)
            case "PATCH":
                return await self.append(upload, request, do)
        raise Failed(405, "method", [("Allow", "HEAD, PATCH, DELETE")])

    async def append(self, upload: Upload, request: Request, do: dict) -> Reply:
        if self.draft.has_patch_type and request.field("Content-Type") != "application/partial-upload":
            raise Failed(415, "content-type")
        completes, offset = self.draft.completes(request), request.field("Upload-Offset")
        if completes is None or offset is None or not offset.isdecimal():
            raise Failed(400, "missing-fields")
        right = [("Upload-Offset", str(upload.offset)), self.draft.completeness_field(upload.is_complete)]
        if upload.is_complete:
            raise Failed(400, "completed-upload", right)
        if int(offset) != upload.offset:
            members = {"expected-offset": upload.offset, "provided-offset": int(offset)}
            raise Failed(409, "mismatching-upload-offset", right, **members)
        self.learn_length(upload, request, completes)
        size = request.body.length or 0
        if size > self.limits.get("max-append-size", size):
            raise Failed(413, "limits", self.limit_fields())
        if not completes and size < self.limits.get("min-append-size", 0):
            raise Failed(400, "limits", self.limit_fields())
        await interims(request, do.get("interim", []))
        return await self.take(upload, request, completes, do, [], None)

    def learn_length(self, upload: Upload, request: Request, completes: bool) -> None:
        lengths = {upload.length} - {None}
        if completes and request.body.length is not None:
            lengths.add(upload.offset + request.body.length)
        said = request.field("Upload-Length")
        if said is not None and self.draft.has_length_and_limits:
            if not said.isdecimal():
                raise Failed(400, "upload-length")
            lengths.add(int(said))
        if len(lengths) > 1:
            raise Failed(400, "inconsistent-upload-length")
        upload.length = next(iter(lengths), None)

    # Bytes.

    async def take(
        self, upload: Upload, request: Request, completes: bool, do: dict, headers: Headers, location: str | None
    ) -> Reply:
        start, connection = upload.offset, request.connection
        step, told = self.life.arguments.progress, start
        self.appending[upload.name] = connection

        def keep(piece: bytes) -> None:
            if self.appending.get(upload.name) is not connection:
                # Another request came meanwhile, and was told an offset.
                raise Ended
            upload.append(piece)

        try:
            if step and self.draft.reports_progress:
                while upload.offset - start < do.get("read", 1 << 62):
                    limit = min(step - (upload.offset - told), do.get("read", 1 << 62) - (upload.offset - start))
                    piece = await request.body.read(min(65536, limit))
                    if not piece:
                        break
                    keep(piece)
                    if upload.offset - told == step:
                        told = upload.offset
                        await interim(request, 104, [*self.draft.version_field, ("Upload-Offset", str(told))])
                whole = request.body.is_complete
            else:
                whole = await received(request, do.get("read"), keep)
        except Ended:
            if request.field("Content-Digest"):
                upload.cut(start)
            raise
        finally:
            if self.appending.get(upload.name) is connection:
                del self.appending[upload.name]
        self.check(upload, request, start, whole)
        if upload.offset > self.limits.get("max-size", upload.offset):
            raise Failed(413, "limits", self.limit_fields())
        if whole and completes:
            self.check_whole(upload)
            upload.is_complete = True
        if "lose" in do:
            upload.cut(max(0, upload.offset - int(do["lose"])))
        await ended_by_order(request, do)
        if upload.is_complete:
            reply = self.of_target(upload)
            reply.headers += [*headers, self.draft.completeness_field(True)]
            if not self.draft.final_is_of_the_target:
                reply.headers.append(("Upload-Offset", str(upload.offset)))
        else:
            offset = ("Upload-Offset", str(upload.offset))
            reply = Reply(201 if headers else self.draft.appended)
            reply.headers = [*headers, offset, self.draft.completeness_field(False), *self.limit_fields()]
        return reply.altered(do, upload.offset, location)

    def check(self, upload: Upload, request: Request, start: int, whole: bool) -> None:
        """Content-Digest is of this request's content: what does not match it is not kept."""
        for algorithm, wanted in digests(request.field("Content-Digest")):
            if whole and upload.digest(algorithm, start).digest() != wanted:
                upload.cut(start)
                raise Failed(400, "digest-mismatching-values", [("Upload-Offset", str(start))])

    def check_whole(self, upload: Upload) -> None:
        for algorithm, wanted in digests(upload.facts["digest"]):
            if upload.digest(algorithm).digest() != wanted:
                del self.uploads[upload.name]
                raise Failed(400, "digest-mismatching-values", [self.draft.completeness_field(True)])

    def of_target(self, upload: Upload) -> Reply:
        """What the resource says that got the whole."""
        status = int(self.target.get("status", 200 if self.draft.final_is_of_the_target else 201))
        came = {"length": upload.offset, "sha256": upload.digest().hexdigest()}
        body = self.target.get("body", json.dumps(came))
        reply = Reply(status, list(self.target.get("headers", {}).items()), body.encode())
        if upload.facts.get("wanted"):
            reply.headers.append(("Repr-Digest", digest_field(upload.digest())))
        return reply

    # Limits.

    def limit_field(self, always: bool = False) -> tuple[str, str]:
        limits = self.limits or ({"min-size": 0} if always else {})
        return "Upload-Limit", ", ".join(f"{self.draft.limit_name(name)}={value}" for name, value in limits.items())

    def limit_fields(self) -> Headers:
        return [self.limit_field()] if self.limits and self.draft.has_length_and_limits else []
