# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""A program's life: arguments, one line of JSON when it is ready, and its end with standard input or SIGTERM."""
import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
import threading
from asyncio import sslproto
from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"


class AlertingProtocol(sslproto.SSLProtocol):
    """asyncio drops the alert that says why a handshake failed; a client has to hear it to tell the reasons apart."""

    def _on_handshake_complete(self, error: BaseException | None) -> None:
        if error is not None:
            self._process_outgoing()
        super()._on_handshake_complete(error)


sslproto.SSLProtocol = AlertingProtocol


class Program:
    """Serves until standard input closes or SIGTERM or SIGINT comes."""

    def __init__(self, documentation: str):
        self.parser = argparse.ArgumentParser(
            description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self.parser.add_argument("--port", type=int, default=0, help="0 takes a free one")

    def takes_tls(self) -> None:
        """Adds the arguments of a server that can speak TLS."""
        self.parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files")
        self.parser.add_argument("--client-ca", metavar="CA", help="demand a certificate of this authority")
        self.parser.add_argument(
            "--handshake-stall", action="store_true", help="accept connections and never say anything (with --tls)"
        )

    def run(self, serve: Callable[["Life"], Awaitable[None]], arguments: list[str] | None = None) -> None:
        """Parses the arguments, and calls `serve`, which has to call `ready` and then `ended`."""
        life = Life(self.parser.parse_args(arguments))
        try:
            asyncio.run(life.live(serve))
        except KeyboardInterrupt:
            pass
        # Not through the interpreter's end: it would wait for the thread that reads standard input.
        sys.stdout.flush()
        os._exit(life.status)


class Life:
    """One run of a program."""

    def __init__(self, arguments: argparse.Namespace):
        self.arguments = arguments
        self.status = 0
        self.on_line: Callable[[str], None] = lambda line: None

    async def live(self, serve: Callable[["Life"], Awaitable[None]]) -> None:
        self.over = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.report)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.over.set)
        try:
            await serve(self)
        except OSError as error:
            print(error, file=sys.stderr)
            self.status = 1

    def ready(self, **facts: object) -> None:
        """Prints the one line, and begins to watch standard input."""
        print(json.dumps(facts), flush=True)
        threading.Thread(target=self.watch, args=[asyncio.get_running_loop()], daemon=True).start()

    async def ended(self) -> None:
        await self.over.wait()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        rest = b""
        while True:
            try:
                data = os.read(0, 65536)
            except OSError:
                data = b""
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(self.on_line, line.decode(errors="replace"))
        loop.call_soon_threadsafe(self.over.set)

    @staticmethod
    def report(loop: asyncio.AbstractEventLoop, context: dict) -> None:
        """A peer that breaks off or fails a handshake is what these programs are for; all else is a mistake."""
        error = context.get("exception")
        if not isinstance(error, (OSError, ssl.SSLError, asyncio.CancelledError)):
            loop.default_exception_handler(context)

    def secured(self, protocols: list[str]) -> ssl.SSLContext | None:
        """What --tls and --client-ca ask for."""
        if not getattr(self.arguments, "tls", None):
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.arguments.tls)
        context.set_alpn_protocols(protocols)
        if self.arguments.client_ca:
            context.load_verify_locations(self.arguments.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context
