"""Broken glass on a page: who let a held post go, why, and whether that was used."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from playbooks.store.gate.break_glass import Broken


class GlassRow(msgspec.Struct, frozen=True):
    """One word; `used_ms` is when the post went by it, None where it did not. `good`: it still may."""

    person: str
    reason: str
    made_ms: int
    expires_ms: int
    used_ms: int | None
    good: bool


def glass_rows(broken: Iterable[Broken], name_of: Callable[[str], str], now_ms: int) -> tuple[GlassRow, ...]:
    """The words that were given for a post.

    >>> (row,) = glass_rows([Broken("p", "ada", "A warning", 0, 10, None)], str.title, now_ms=5)
    >>> row.person, row.good
    ('Ada', True)
    """
    return tuple(
        GlassRow(
            person=name_of(one.person),
            reason=one.reason,
            made_ms=one.made_ms,
            expires_ms=one.expires_ms,
            used_ms=one.used_ms,
            good=one.used_ms is None and now_ms < one.expires_ms,
        )
        for one in broken
    )
