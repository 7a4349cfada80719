"""Where a stream is taken up again after a stop, and when posts must be missing from it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Gap(StrEnum):
    """Why a source could not go on where it stopped, so that posts may be missing."""

    OLD_CURSOR = "the place to read on from is older than the server keeps"
    FUTURE_CURSOR = "the place to read on from lies in the future; a clock is wrong"
    LATE_START = "the server went on later than it was asked to"
    SERVER_SAID_SO = "the server says that it keeps nothing so old"


class Resume(NamedTuple):
    """From where to ask (microseconds since 1970 UTC; None: from now on), and what is then missing."""

    ask_us: int | None
    gap: Gap | None = None


def resume(cursor_us: int | None, now_us: int, max_age_us: int, ahead_us: int, rewind_us: int) -> Resume:
    """Where to go on that has read up to `cursor_us`: a little before it, for what was under way then.

    What is read twice is dropped downstream. A larger `rewind_us` reads more again and bears more disorder. A server's
    clock may be ahead of ours by `ahead_us`.

    >>> resume(None, 100, 50, 10, 5), resume(90, 100, 50, 10, 5)
    (Resume(ask_us=None, gap=None), Resume(ask_us=85, gap=None))
    >>> resume(40, 100, 50, 10, 5).gap.name, resume(111, 100, 50, 10, 5).gap.name
    ('OLD_CURSOR', 'FUTURE_CURSOR')
    """
    if cursor_us is None:
        return Resume(None)
    if cursor_us < now_us - max_age_us:
        return Resume(None, Gap.OLD_CURSOR)
    if cursor_us > now_us + ahead_us:
        return Resume(None, Gap.FUTURE_CURSOR)
    return Resume(cursor_us - rewind_us)


def starts_late(asked_us: int | None, first_us: int, tolerated_us: int) -> bool:
    """Whether a server that was asked for `asked_us` began so much later that it must have left something out.

    >>> starts_late(None, 90, 5), starts_late(80, 84, 5), starts_late(80, 90, 5)
    (False, False, True)
    """
    return asked_us is not None and first_us > asked_us + tolerated_us
