# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import socket
import time

from parts.pattern import pattern

from .peer import Raw, Running, ServerTest


class Proxy(ServerTest):
    program = "proxy"

    @classmethod
    def setUpClass(cls):
        cls.origin = Running("origin")
        cls.server = Running("proxy", "--to", f"127.0.0.1:{cls.origin.port}")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.origin.stop()

    def faults(self, count: object = "each", **faults: object) -> None:
        self.server.order("/__control", {"faults": faults, "for": count})

    def counters(self) -> list[dict]:
        return self.server.order("/__control")["connections"]

    def download(self, length: int) -> tuple[bytes, str]:
        """All that came, head and body, and how it ended."""
        try:
            with self.server.raw() as raw:
                raw.request("GET", f"/bytes/{length}?seed=1", {"Connection": "close"})
                return raw.rest(), raw.ended
        except (ConnectionResetError, BrokenPipeError):
            # So quick that the request did not go out.
            return b"", "reset"

    def test_passes_everything_on(self):
        answer = self.server.ask("GET", "/bytes/1000000?seed=1")
        self.assertEqual(answer.body, pattern(1, 0, 1_000_000))
        answer = self.server.ask("PUT", "/x", body=pattern(2, 0, 300_000))
        self.assertEqual(answer.json()["length"], 300_000)
        counters = self.counters()
        self.assertEqual(len(counters), 2)
        self.assertGreater(counters[0]["out"]["down"], 1_000_000)
        self.assertGreater(counters[1]["out"]["up"], 300_000)

    def test_cuts_downwards_after_exactly_so_many_bytes(self):
        for how, ended in (("reset", "reset"), ("close", "end"), ("half-close", "end")):
            for count in (0, 1, 500, 200_000):
                self.faults("next", cut={"down": count, "how": how})
                data, end = self.download(1_000_000)
                self.assertEqual((len(data), end), (count, ended), how)
        self.assertEqual(self.download(1000)[1], "end")

    def test_cuts_upwards_after_exactly_so_many_bytes(self):
        self.origin.order("/__reset", {})
        self.faults("next", cut={"up": 5000})
        head = b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
        with self.server.raw() as raw:
            raw.send(head + bytes(100_000 - len(head)))
            raw.rest()
            self.assertEqual(raw.ended, "reset")
        entry = self.origin.log(ended=1)[0]
        self.assertEqual((entry["bytes"], entry["complete"]), (5000 - len(head), False))
        self.assertEqual(self.counters()[0]["out"]["up"], 5000)

    def test_half_close_upwards_lets_the_answer_come(self):
        request = b"GET /bytes/1000?seed=1 HTTP/1.1\r\nHost: a\r\n\r\n"
        self.faults("next", cut={"up": len(request), "how": "half-close"})
        with self.server.raw() as raw:
            raw.send(request + b"GET /never HTTP/1.1\r\n\r\n")
            self.assertEqual(raw.answer().body, pattern(1, 0, 1000))
            self.assertEqual(raw.rest(), b"")

    def test_faults_for_a_number_of_connections(self):
        self.faults(2, cut={"down": 0})
        self.assertEqual([self.download(10)[1] for _ in range(3)], ["reset", "reset", "end"])

    def test_blackhole_takes_and_gives_nothing(self):
        self.faults(blackhole=True)
        with self.server.raw() as raw:
            raw.request("GET", "/bytes/10")
            raw.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                raw.more()
        self.assertEqual(self.counters()[0]["out"], {"up": 0, "down": 0})

    def test_blackhole_after_so_many_bytes(self):
        self.faults(cut={"down": 300, "how": "blackhole"})
        with self.server.raw() as raw:
            raw.request("GET", "/bytes/100000")
            self.assertEqual(len(raw.take(300)), 300)
            raw.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                raw.more()

    def test_refuses_and_takes_again(self):
        self.server.order("/__control", {"refuse": True})
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.server.port), timeout=5)
        self.server.order("/__control", {"refuse": False})
        self.assertEqual(self.server.ask("GET", "/bytes/10").status, 200)

    def test_ends_what_is_open(self):
        for how, ended in (("reset", "reset"), ("close", "end")):
            with self.server.raw() as raw:
                raw.request("GET", "/bytes/10")
                raw.answer()
                self.server.order("/__control", {"now": how})
                self.assertEqual((raw.rest(), raw.ended), (b"", ended))

    def test_latency_and_rate_take_time(self):
        self.faults("next", latency=0.15)
        began = time.monotonic()
        self.download(10)
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.faults("next", rate=200_000)
        began = time.monotonic()
        self.assertGreater(len(self.download(60_000)[0]), 60_000)
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_orders_on_standard_input(self):
        proxy = Running("proxy", "--to", f"127.0.0.1:{self.origin.port}")
        proxy.process.stdin.write(b'{"faults": {"cut": {"down": 7}}}\n')
        proxy.process.stdin.flush()
        # The order and the connection race: the counters say when it was obeyed.
        lengths = []
        while 7 not in lengths:
            with Raw(proxy.port) as raw:
                raw.request("GET", "/bytes/10", {"Connection": "close"})
                lengths.append(len(raw.rest()))
        self.assertEqual(proxy.stop(), 0)

    def test_wrong_orders_are_refused(self):
        for order in ({"fault": {}}, {"faults": {"slow": 1}}, {"faults": {"cut": {"how": "kindly"}}}, {"now": "x"}):
            if "now" in order:
                self.download(1)
            self.server.order("/__control", order, expecting=400)

    def test_a_server_that_is_not_there(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            proxy = Running("proxy", "--to", f"127.0.0.1:{unused.getsockname()[1]}")
            with self.assertRaises(ConnectionResetError), Raw(proxy.port) as raw:
                self.assertEqual((raw.rest(), raw.ended), (b"", "reset"))
                raise ConnectionResetError
            proxy.stop()
