"""Who copies: accounts made or driven for it, or people who happen to say the same words.

An entry to a prize draw, a quoted line and a repost are copies by their words, and nobody's trick. What tells a flood
that was made from people who repeat each other is who wrote it: accounts that are young, or few that post again and
again. Both are shares of all posts of the time, held against the share of copies, so that the ordinary posts beside a
flood do not hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from detectors.voices.count import TIRADE
from detectors.voices.minutes import Tally

#: Copies are made where young accounts, or those that do not stop, could have written so much of them.
_PART: Final = 0.25
#: Ages are known where so many of the posts have one.
_KNOWN: Final = 0.5


class Copiers(StrEnum):
    """Who stands behind copies, as far as can be seen.

    `ACCOUNTS` are young ones, or ones that post again and again; `PEOPLE` are many with a history, each with a post or
    two; `NOBODY_KNOWS` are many with a post or two, whose age the platform does not say.
    """

    ACCOUNTS = "accounts"
    PEOPLE = "people"
    NOBODY_KNOWS = "nobody_knows"


def copiers_of(tally: Tally, posters: Iterable[int]) -> Copiers:
    """Who copies where `tally` came, and `posters` are the posts of each account of late, heard or not.

    Raising `_PART` takes more floods for people. At a quarter a flood is still seen for one where three of four copies
    are bought from old accounts, and a giveaway is none where one entry in five is by a young account.

    >>> giveaway = Tally(posts=300.0, copies=90.0, aged=300.0, young=6.0)
    >>> copiers_of(giveaway, [1] * 280 + [2] * 10).value
    'people'
    >>> copiers_of(Tally(posts=300.0, copies=90.0, aged=300.0, young=80.0), [1] * 300).value
    'accounts'
    >>> copiers_of(Tally(posts=300.0, copies=90.0), [60, 40, *[1] * 200]).value
    'accounts'
    >>> copiers_of(Tally(posts=300.0, copies=90.0), [1] * 300).value
    'nobody_knows'
    """
    enough = _PART * tally.copies
    young = tally.young / max(tally.aged, _KNOWN * tally.posts, 1.0) * tally.posts
    counts = [*posters]
    busy = sum(count for count in counts if count >= TIRADE) / max(sum(counts), 1) * tally.posts
    if max(young, busy) >= enough:
        return Copiers.ACCOUNTS
    return Copiers.PEOPLE if tally.aged >= _KNOWN * tally.posts else Copiers.NOBODY_KNOWS
