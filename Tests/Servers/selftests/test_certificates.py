# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import ssl
import unittest

from .peer import Raw, Running, certificates


def trusting(folder, client: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if client:
        context.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    return context


class Certificates(unittest.TestCase):
    def setUp(self):
        self.folder = certificates()

    def start(self, name: str, *arguments: str) -> Running:
        server = Running("origin", "--tls", self.folder / f"{name}.pem", self.folder / f"{name}.key", *arguments)
        self.addCleanup(server.stop)
        return server

    def verdict(self, name: str) -> str:
        with self.assertRaises(ssl.SSLCertVerificationError) as caught:
            self.start(name).raw(trusting(self.folder))
        return caught.exception.verify_message

    def test_good(self):
        for host in ("localhost", "127.0.0.1"):
            with self.start("good").raw(trusting(self.folder), host) as raw:
                raw.request("GET", "/bytes/10", {"Connection": "close"})
                self.assertEqual(len(raw.answer().body), 10)
                self.assertEqual((raw.rest(), raw.ended), (b"", "end"))

    def test_each_bad_one_is_bad_in_its_own_way(self):
        self.assertEqual(self.verdict("expired"), "certificate has expired")
        self.assertEqual(self.verdict("early"), "certificate is not yet valid")
        self.assertIn("Hostname mismatch", self.verdict("wrong-host"))
        self.assertIn("self-signed", self.verdict("self-signed"))

    def test_client_certificates(self):
        server = self.start("good", "--client-ca", self.folder / "ca.pem")
        with server.raw(trusting(self.folder, "client")) as raw:
            raw.request("GET", "/bytes/10")
            self.assertEqual(raw.answer().status, 200)
        self.assertEqual(server.log()[0]["client"], "Test client")
        for client, alert in ((None, "CERTIFICATE_REQUIRED"), ("stranger", "UNKNOWN_CA")):
            with self.assertRaises(ssl.SSLError) as caught, server.raw(trusting(self.folder, client)) as raw:
                # TLS 1.3: the refusal comes with the first read.
                raw.more()
            self.assertIn(alert, str(caught.exception))
        self.assertEqual(len(server.log()), 1)

    def test_a_handshake_that_stalls(self):
        server = self.start("good", "--handshake-stall")
        with Raw(server.port) as raw:
            raw.send(b"\x16\x03\x01\x00\x05hello")
            raw.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                raw.more()
        self.assertEqual(server.order("/__log")["connections"], 1)
