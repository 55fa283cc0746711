# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import struct
import unittest

from parts.h2_performance import ERRORS
from parts.h2_session import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, RST_STREAM, SETTINGS
from parts.h2_session import WINDOW_UPDATE
from parts.hpack import TABLE, Decoder, encoded
from parts.pattern import pattern

from .peer import Raw, Running, ServerTest, certificates
from .test_certificates import trusting
from .test_matrix import example


class HeaderBlocks(unittest.TestCase):
    def test_examples_of_the_rfc(self):
        """RFC 7541, C.3 (plain) and C.4 (Huffman): three requests on one connection."""
        host = (":authority", "www.example.com")
        expected = [
            [(":method", "GET"), (":scheme", "http"), (":path", "/"), host],
            [(":method", "GET"), (":scheme", "http"), (":path", "/"), host, ("cache-control", "no-cache")],
            [(":method", "GET"), (":scheme", "https"), (":path", "/index.html"), host, ("custom-key", "custom-value")],
        ]
        for blocks in (
            (
                "828684410f7777772e6578616d706c652e636f6d",
                "828684be58086e6f2d6361636865",
                "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            ),
            (
                "828684418cf1e3c2e5f23a6ba0ab90f4ff",
                "828684be5886a8eb10649cbf",
                "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            ),
        ):
            decoder = Decoder()
            self.assertEqual([decoder.decode(bytes.fromhex(block)) for block in blocks], expected)

    def test_what_we_write_can_be_read(self):
        fields = [(":status", "200"), ("x", "y" * 300), ("empty", "")]
        self.assertEqual(Decoder().decode(encoded(fields)), fields)
        self.assertEqual(len(TABLE), 61)


class Client:
    """Just enough of HTTP/2."""

    def __init__(self, raw: Raw):
        self.raw = raw
        self.decoder = Decoder()
        self.next = 1
        raw.send(PREFACE + self.frame(SETTINGS, 0, 0, b""))

    @staticmethod
    def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
        stream, self.next = self.next, self.next + 2
        fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        flags = END_HEADERS | (END_STREAM if body is None else 0)
        self.raw.send(self.frame(HEADERS, flags, stream, encoded(fields)))
        if body is not None:
            self.raw.send(self.frame(DATA, END_STREAM, stream, body))
        return stream

    def take(self) -> tuple[int, int, int, bytes]:
        """The next frame; none at the end."""
        head = self.raw.take(9)
        if len(head) < 9:
            raise EOFError(self.raw.ended)
        payload = self.raw.take(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:], "big"), payload

    def answer(self) -> tuple[int | None, bytes, object]:
        """Status, body and what ended it: "end", ("rst", NAME), ("goaway", last, NAME)."""
        status, body = None, b""
        while True:
            kind, flags, stream, payload = self.take()
            if kind == HEADERS:
                status = int(dict(self.decoder.decode(payload))[":status"])
            elif kind == DATA:
                body += payload
                if payload:
                    for number in (0, stream):
                        self.raw.send(self.frame(WINDOW_UPDATE, 0, number, struct.pack(">I", len(payload))))
            elif kind == RST_STREAM:
                return status, body, ("rst", ERRORS[int.from_bytes(payload, "big")])
            elif kind == GOAWAY:
                last, error = struct.unpack(">II", payload[:8])
                return status, body, ("goaway", last, ERRORS[error])
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                return status, body, "end"


class ScriptedH2(ServerTest):
    program = "scripted-h2"

    def setUp(self):
        super().setUp()
        self.server.order("/__script", example(18))
        self.raw = self.server.raw()
        self.addCleanup(self.raw.socket.close)
        self.client = Client(self.raw)

    def get(self, path: str, **headers: str) -> tuple[int | None, bytes, object]:
        self.client.ask("GET", path, **headers)
        return self.client.answer()

    def test_goaway_within_a_body(self):
        self.assertEqual(self.get("/goaway"), (200, pattern(1, 0, 40_000), ("goaway", 0, "NO_ERROR")))
        self.assertEqual((self.raw.rest(), self.raw.ended), (b"", "end"))
        with self.server.raw() as raw:
            client = Client(raw)
            client.ask("GET", "/goaway", range="bytes=40000-", if_range='"a"')
            self.assertEqual(client.answer(), (206, pattern(1, 40_000, 60_000), "end"))

    def test_streams_that_are_refused(self):
        self.assertEqual(self.get("/refused"), (None, b"", ("rst", "REFUSED_STREAM")))
        self.assertEqual(self.get("/refused"), (200, b"served", "end"))
        self.assertEqual(self.get("/calm"), (None, b"", ("rst", "ENHANCE_YOUR_CALM")))
        self.assertEqual(self.get("/rst-within"), (200, pattern(1, 0, 40_000), ("rst", "INTERNAL_ERROR")))
        self.assertEqual(self.get("/goaway-calm")[2], ("goaway", 0, "ENHANCE_YOUR_CALM"))

    def test_floods(self):
        for path, kind in (("/settings-flood", SETTINGS), ("/ping-flood", 6)):
            self.client.ask("GET", path)
            count = 0
            while (frame := self.client.take())[0] != HEADERS:
                count += frame[0] == kind and not frame[1] & ACK
            self.assertIn(count, (5000, 5001))
            self.assertEqual(self.client.answer()[1], b"served")

    def test_more_than_the_window(self):
        self.server.order("/__script", {"rules": [{"do": {"serve": {"body": {"seed": 1, "length": 1_000_000}}}}]})
        self.assertEqual(self.get("/"), (200, pattern(1, 0, 1_000_000), "end"))

    def test_the_window_of_the_client_is_obeyed(self):
        self.server.order("/__script", {"rules": [{"do": {"serve": {"body": {"seed": 1, "length": 1_000_000}}}}]})
        self.client.ask("GET", "/")
        came = 0
        while came < 65_535:
            kind, _, _, payload = self.client.take()
            came += len(payload) if kind == DATA else 0
        self.assertEqual(came, 65_535)
        self.raw.socket.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.client.take()

    def test_uploads(self):
        self.client.ask("PUT", "/up", b"hello")
        self.assertEqual(self.client.answer(), (201, b"", "end"))
        entry = self.server.log(ended=1)[0]
        self.assertEqual((entry["method"], entry["target"], entry["bytes"], entry["complete"]), ("PUT", "/up", 5, True))
        self.client.ask("PUT", "/early-413", b"x")
        self.assertEqual(self.client.answer(), (413, b"", "end"))
        self.assertEqual(self.client.answer()[2], ("rst", "NO_ERROR"))

    def test_a_frame_that_is_too_large(self):
        self.client.ask("GET", "/too-large-frame")
        sizes = []
        while not sizes:
            kind, _, _, payload = self.client.take()
            if kind == DATA:
                sizes.append(len(payload))
        self.assertEqual(sizes, [20_000])

    def test_a_window_of_nothing(self):
        server = Running("scripted-h2", "--window", "0")
        self.addCleanup(server.stop)
        with Raw(server.port) as raw:
            kind, _, _, payload = Client(raw).take()
        self.assertEqual((kind, struct.unpack_from(">HI", payload)), (SETTINGS, (4, 0)))

    def test_over_tls_by_alpn(self):
        folder = certificates()
        server = Running("scripted-h2", "--tls", folder / "good.pem", folder / "good.key")
        self.addCleanup(server.stop)
        server.order("/__script", {"rules": [{"do": {"serve": {"body": "secret"}}}]})
        context = trusting(folder)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with server.raw(context) as raw:
            self.assertEqual(raw.socket.selected_alpn_protocol(), "h2")
            client = Client(raw)
            client.ask("GET", "/")
            self.assertEqual(client.answer(), (200, b"secret", "end"))
