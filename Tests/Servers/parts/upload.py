# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What was uploaded so far: bytes in a file without a name, which is gone with the process."""
import hashlib
import os
import tempfile
from typing import IO

from .content import Filed


class Upload:
    def __init__(self, name: str, length: int | None = None):
        self.name = name
        # What it will be, if that is known.
        self.length = length
        self.file: IO[bytes] = tempfile.TemporaryFile()
        self.offset = 0
        self.is_complete = False
        # Requests that append right now.
        self.writers = 0
        # Descriptive values from the creation.
        self.metadata: str | None = None
        self.expires: float | None = None
        self.facts: dict = {}

    def append(self, data: bytes) -> None:
        os.pwrite(self.file.fileno(), data, self.offset)
        self.offset += len(data)

    def cut(self, offset: int) -> None:
        """Forgets all from there on."""
        os.ftruncate(self.file.fileno(), offset)
        self.offset = offset

    def digest(self, algorithm: str = "sha256", start: int = 0) -> "hashlib._Hash":
        running = hashlib.new(algorithm)
        while piece := os.pread(self.file.fileno(), 1 << 20, start):
            running.update(piece)
            start += len(piece)
        return running

    def content(self) -> Filed:
        return Filed(self.file.fileno(), self.file)

    def state(self) -> dict:
        """For /__control."""
        return {
            "name": self.name,
            "offset": self.offset,
            "length": self.length,
            "complete": self.is_complete,
            "sha256": self.digest().hexdigest(),
            "metadata": self.metadata,
            **self.facts,
        }
