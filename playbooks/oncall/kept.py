"""A calendar as it was last read, which counts on while its server does not answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """A calendar's text and what its server said to know it by. `read_ms` is when the server last vouched for it."""

    body: str
    etag: str
    last_modified: str
    read_ms: int
