# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""Bytes that can be computed at any offset: what every server here sends, and what a test expects.

All numbers are unsigned and wrap at 64 bits.

    mix(seed, n):  z = seed + (n + 1) * 0x9E3779B97F4A7C15
                   z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
                   z = (z ^ (z >> 27)) * 0x94D049BB133111EB
                   z ^ (z >> 31)

The table of a seed has 65,536 bytes: bytes 8k to 8k+7 are mix(seed, k), little-endian, for k from 0 to 8,191.
The pattern is made of pages of 65,536 bytes. With m = mix(~seed, p), page p begins with the eight bytes of m,
little-endian, and its byte j, for j from 8 on, is table[(j + m) mod 65,536]: the table, turned. So no two pages
are alike, and a page is one or two copies out of the table.
"""
import hashlib
import struct
from functools import lru_cache

MASK = (1 << 64) - 1
PAGE = 65536


def mix(seed: int, number: int) -> int:
    z = (seed + (number + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@lru_cache(maxsize=64)
def table(seed: int) -> bytes:
    words = [mix(seed, index) for index in range(PAGE // 8)]
    # Twice, so that a turned page is one slice.
    return struct.pack(f"<{len(words)}Q", *words) * 2


def page(seed: int, number: int) -> bytes:
    turn = mix(~seed & MASK, number)
    start = turn % PAGE
    return turn.to_bytes(8, "little") + table(seed)[start + 8 : start + PAGE]


def pattern(seed: int, offset: int, count: int) -> bytes:
    """The bytes from `offset` on."""
    pieces = []
    while count > 0:
        number, start = divmod(offset, PAGE)
        piece = page(seed & MASK, number)[start : start + count]
        pieces.append(piece)
        offset += len(piece)
        count -= len(piece)
    return b"".join(pieces)


@lru_cache(maxsize=256)
def digest(seed: int, length: int, algorithm: str = "sha256") -> bytes:
    """The digest of the first `length` bytes."""
    running = hashlib.new(algorithm)
    for offset in range(0, length, PAGE):
        running.update(pattern(seed, offset, min(PAGE, length - offset)))
    return running.digest()
