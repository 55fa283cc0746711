# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
import hashlib
import unittest

from parts.pattern import MASK, PAGE, digest, pattern


def mix(seed: int, number: int) -> int:
    """splitmix64, written a second time."""
    z = (seed + 0x9E3779B97F4A7C15 * (number + 1)) & MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ z >> shift) * factor & MASK
    return z ^ z >> 31


def byte(seed: int, index: int) -> int:
    """One byte by the words of the README."""
    page, j = divmod(index, 65536)
    m = mix(seed ^ MASK, page)
    if j < 8:
        return m >> 8 * j & 255
    k = (j + m) % 65536
    return mix(seed, k // 8) >> 8 * (k % 8) & 255


class Pattern(unittest.TestCase):
    def test_known_first_words_of_splitmix64(self):
        self.assertEqual(mix(1234567, 0), 6457827717110365317)
        self.assertEqual(mix(1234567, 1), 3203168211198807973)

    def test_each_byte_is_what_the_definition_says(self):
        for seed in (0, 7, MASK):
            for index in (0, 7, 8, 9, 4095, PAGE - 1, PAGE, PAGE + 8, 5 * PAGE + 12345, (1 << 40) + 3):
                self.assertEqual(pattern(seed, index, 1)[0], byte(seed, index), (seed, index))

    def test_parts_make_up_the_whole(self):
        whole = pattern(3, 0, 3 * PAGE)
        for start, count in ((0, 1), (1, PAGE), (PAGE - 1, 2), (PAGE, 8), (12345, 2 * PAGE)):
            self.assertEqual(pattern(3, start, count), whole[start : start + count])
        self.assertEqual(pattern(3, 100, 0), b"")

    def test_pages_and_seeds_differ(self):
        pages = {pattern(1, number * PAGE, PAGE) for number in range(50)}
        self.assertEqual(len(pages), 50)
        self.assertNotEqual(pattern(1, 0, 100), pattern(2, 0, 100))

    def test_digest(self):
        self.assertEqual(digest(5, 200_001), hashlib.sha256(pattern(5, 0, 200_001)).digest())
        # A fixed point for other languages: SHA-256 of the first 200,000 bytes of seed 1.
        self.assertEqual(digest(1, 200_000).hex(), "06c65b5c0e2d6727087a634471eba8b2cebb7efca76af704f24afa6ee707f300")
