# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""One accepted connection, and the ways in which it can end."""
import array
import asyncio
import fcntl
import os
import socket
import struct
import termios

# A request's head has to fit, and about twice as much of a body is taken in before it is asked for.
BUFFER = 256 * 1024


class Ended(Exception):
    """We ended the connection, or the peer broke it off: nothing more can be said on it."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int):
        self.reader = reader
        self.writer = writer
        self.number = number
        self.is_secure = writer.get_extra_info("ssl_object") is not None
        certificate = writer.get_extra_info("peercert") or {}
        # Whom the client's certificate names.
        self.client = next((v for part in certificate.get("subject", ()) for k, v in part if k == "commonName"), None)

    async def read(self, limit: int) -> bytes:
        """At most `limit` bytes, and none at the end."""
        try:
            return await self.reader.read(limit)
        except (OSError, EOFError):
            return b""

    async def read_line(self) -> bytes:
        try:
            return await self.reader.readuntil(b"\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Ended from error

    async def read_head(self) -> bytes | None:
        """A message's head with its empty line; none when the peer is done, or sent half of one."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return None
        return head.lstrip(b"\r\n")

    async def write(self, data: bytes) -> None:
        """Returns when the kernel has room for more."""
        if self.writer.is_closing():
            raise Ended
        try:
            self.writer.write(data)
        except RuntimeError as error:
            # Our direction has ended already.
            raise Ended from error
        await self.drained()

    async def drained(self) -> None:
        try:
            await self.writer.drain()
        except OSError as error:
            raise Ended from error

    async def acknowledged(self) -> None:
        """Returns when the peer's kernel has every byte that was written: a reset would throw away the others."""
        descriptor = self.writer.get_extra_info("socket").fileno()
        transports = [self.writer.transport]
        if self.is_secure:
            # The encrypted bytes wait in the transport below.
            transports.append(self.writer.transport._ssl_protocol._transport)
        queue = array.array("i", [0])
        while descriptor >= 0 and not self.writer.is_closing():
            fcntl.ioctl(descriptor, termios.TIOCOUTQ, queue)
            if queue[0] == 0 and not any(transport.get_write_buffer_size() for transport in transports):
                return
            # The kernel tells nobody when this queue is empty.
            await asyncio.sleep(0.001)
        raise Ended

    async def half_close(self) -> None:
        """Ends our direction, and lets the peer's stand."""
        if self.writer.can_write_eof():
            self.writer.write_eof()
            await self.drained()
        else:
            # TLS as asyncio has it knows no such state; the socket below does.
            await self.acknowledged()
            raw = socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno()))
            raw.shutdown(socket.SHUT_WR)
            raw.close()

    async def close(self) -> None:
        """Ends as a good server does: our direction first, and what still comes is thrown away until the peer ends.

        With TLS, close_notify goes out.
        """
        try:
            if self.writer.can_write_eof():
                await self.half_close()
                async with asyncio.timeout(5):
                    while await self.read(65536):
                        pass
        except (Ended, OSError, TimeoutError, RuntimeError):
            pass
        self.writer.close()

    async def drop(self) -> None:
        """close(2) and nothing else: no close_notify, and a reset should anything that came be unread."""
        await self.acknowledged()
        self.writer.transport.abort()

    async def reset(self) -> None:
        """RST, after the peer's kernel has acknowledged all that was written."""
        await self.acknowledged()
        self.reset_now()

    def reset_now(self) -> None:
        raw = self.writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
