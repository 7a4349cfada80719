"""A file that is written whole or not at all, and never over what is being read."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from streams.settings import SettingsError


def refuse_to_overwrite(out: Path, read: Iterable[Path]) -> None:
    """Raises `SettingsError` where `out` is one of the files to `read` (``-`` is the standard input), by any name."""
    try:
        there = out.stat()
    except OSError:
        return  # what is not there is nobody's input; why it cannot be made is told where it is opened
    if not stat.S_ISREG(there.st_mode):
        return
    for file in read:
        with suppress(OSError, ValueError):
            found = os.fstat(sys.stdin.fileno()) if str(file) == "-" else file.stat()
            if os.path.samestat(there, found):
                raise SettingsError(
                    f"--out {out} is the same file as the input {file}, which would be lost; name another file"
                )


@contextmanager
def written_whole(out: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes `out`'s place at the end of the block; what stood there stays until then.

    Where the block raises, `out` is as it was. A pipe or a device is written to as it is. Raises `OSError`, which names
    `out`.
    """
    if out.exists() and not out.is_file():
        with out.open("wb") as device:
            yield device
        return
    whole = out.resolve()
    part = whole.with_name(f".{whole.name[:200]}.{os.getpid()}.part")
    try:
        target = part.open("xb")
    except OSError as wrong:
        raise OSError(wrong.errno, wrong.strerror, str(out)) from None
    try:
        with target:
            yield target
        part.replace(whole)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def table_written_whole(out: Path) -> Iterator[TextIO]:
    """As `written_whole`, for the rows of a CSV: UTF-8, lines end as they are written."""
    with written_whole(out) as target:
        text = io.TextIOWrapper(target, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # it writes what it still holds; the file is not its own to close
