# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""In what the drafts of Resumable Uploads for HTTP differ."""
import base64
import hashlib
import re
from dataclasses import dataclass

from .request import Request


@dataclass(frozen=True)
class Draft:
    """One interop version; none is the final one."""

    interop: int | None

    @property
    def level(self) -> int:
        return self.interop or 99

    def speaks(self, request: Request) -> bool:
        """Whether the client means this very draft: otherwise its request is an ordinary one."""
        said = request.field("Upload-Draft-Interop-Version")
        return said is None if self.interop is None else said == str(self.interop)

    @property
    def version_field(self) -> list[tuple[str, str]]:
        return [] if self.interop is None else [("Upload-Draft-Interop-Version", str(self.interop))]

    # Interop 3 says whether the upload is incomplete; all others say whether it is complete.

    @property
    def completeness(self) -> str:
        return "Upload-Incomplete" if self.level < 4 else "Upload-Complete"

    def completes(self, request: Request) -> bool | None:
        """None without the field, or if it is no boolean."""
        value = {"?1": True, "?0": False}.get(request.field(self.completeness) or "")
        return value if value is None or self.level >= 4 else not value

    def completeness_field(self, is_complete: bool) -> tuple[str, str]:
        says = is_complete if self.level >= 4 else not is_complete
        return self.completeness, "?1" if says else "?0"

    # From interop 6 on.

    @property
    def has_patch_type(self) -> bool:
        return self.level >= 6

    @property
    def has_length_and_limits(self) -> bool:
        return self.level >= 6

    @property
    def has_problems(self) -> bool:
        return self.level >= 6

    @property
    def reports_progress(self) -> bool:
        return self.level >= 6

    def limit_name(self, name: str) -> str:
        return "expires" if name == "max-age" and self.level < 7 else name

    # From interop 7 on the answer to the last part is the target's own, and says that the upload is complete.

    @property
    def final_is_of_the_target(self) -> bool:
        return self.level >= 7

    @property
    def appended(self) -> int:
        return 204 if self.level >= 7 else 201


PROBLEMS = "https://iana.org/assignments/http-problem-types#"
ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512"}


def digests(field: str | None) -> list[tuple[str, bytes]]:
    """Of a Repr-Digest or a Content-Digest those that we know."""
    found = []
    for name, text in re.findall(r"([a-z0-9-]+)=:([A-Za-z0-9+/=]*):", field or ""):
        if name in ALGORITHMS:
            found.append((ALGORITHMS[name], base64.b64decode(text)))
    return found


def digest_field(running: "hashlib._Hash") -> str:
    return f"sha-256=:{base64.b64encode(running.digest()).decode()}:"
