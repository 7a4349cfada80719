"""Lines of a file or a pipe, as they come: none is held back until more come, and none is longer than a record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol

from detectors.mention import MAX_RECORD_BYTES

_READ_BYTES: Final = 256 * 1024
#: One byte more than a mention may have, so that a cut line is still seen to be too long.
CUT_BYTES: Final = MAX_RECORD_BYTES + 1


class Readable(Protocol):
    """A binary file or pipe; `read1` returns what is there, and waits only where nothing is."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""

    def fileno(self) -> int:
        """Its number for the operating system."""


class Lines(Iterator[bytes]):
    """An iterator over lines without their line breaks; longer ones are cut to `CUT_BYTES`.

    Who must not wait calls `read` while `waits` and takes lines only then.

    >>> from io import BytesIO
    >>> list(Lines(BytesIO(b"one" + bytes([10]) + b"two")))
    [b'one', b'two']
    """

    def __init__(self, file: Readable) -> None:
        self.file = file
        self._whole: deque[bytes] = deque()
        self._begun = b""
        self._ended = False

    @property
    def waits(self) -> bool:
        """Whether the next line is not there yet."""
        return not self._whole and not self._ended

    def read(self) -> None:
        """Read what is there; waits only where nothing is."""
        chunk = self.file.read1(_READ_BYTES)
        first, *more = chunk.split(b"\n")
        self._begun = (self._begun + first)[:CUT_BYTES]
        for begun in more:
            self._whole.append(self._begun)
            self._begun = begun
        if not chunk:
            self._ended = True
            if self._begun:
                self._whole.append(self._begun)

    def __next__(self) -> bytes:
        while self.waits:
            self.read()
        if not self._whole:
            raise StopIteration
        return self._whole.popleft()
