"""How much a post counts by itself: by the age of its account, by who is behind it, and by the second it fell on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from detectors.bucket import BUCKET_MS, Digest
from detectors.text.model import NEGATIVE_CUT

#: An account is young up to this age, in days, and weighs from a tenth (just made) to the whole.
YOUNG_D: Final = 30
_NEWBORN: Final = 0.1
#: An account that is at least so old, with at least so many followers, is somebody's. Both are for sale, hence damped.
_ESTABLISHED_D: Final = 90
_ESTABLISHED_FOLLOWERS: Final = 25
#: So many posts in a second are never too many.
CROWD: Final = 8


def is_negative(digest: Digest) -> bool:
    """Whether a mention counts as negative."""
    return digest.negativity is not None and digest.negativity >= NEGATIVE_CUT


def weight_of_age(age_d: int | None) -> float:
    """How much an account of this age weighs, in days; one of unknown age is ordinary.

    Accounts are made by the hundred for a flood, and seldom kept for a month first; a straight line, because nothing
    better is known.

    >>> weight_of_age(0), weight_of_age(15), weight_of_age(400), weight_of_age(None)
    (0.1, 0.55, 1.0, 1.0)
    """
    if age_d is None or age_d >= YOUNG_D:
        return 1.0
    return _NEWBORN + (1.0 - _NEWBORN) * age_d / YOUNG_D


def is_established(digest: Digest) -> bool:
    """Whether an account is known to be somebody's: of age and followed, as far as the platform says either.

    >>> is_established(Digest("1", 0, 1, b"", None)), is_established(Digest("1", 0, 1, b"", None, 300, 900))
    (False, True)
    """
    age_d, followers = digest.account_age_d, digest.followers
    if age_d is None and followers is None:
        return False
    return (age_d is None or age_d >= _ESTABLISHED_D) and (followers is None or followers >= _ESTABLISHED_FOLLOWERS)


def is_new(digest: Digest) -> bool:
    """Whether an account is known to be too young to be established.

    >>> is_new(Digest("1", 0, 1, b"", None)), is_new(Digest("1", 0, 1, b"", None, 300, 40))
    (False, True)
    """
    return digest.account_age_d is not None and digest.account_age_d < _ESTABLISHED_D


def shares_of_seconds(posts: Sequence[Digest], start_ms: int) -> dict[int, float]:
    """Seconds into which more posts crowd than chance brings, and the share of them that it would have brought.

    A bucket's posts fall on its seconds like Poisson's; beyond the mean and six standard deviations somebody's clock
    did it. Full minutes are left out: some sources know no seconds.
    """
    end_ms = start_ms + BUCKET_MS
    seconds = Counter(digest.at_ms // 1000 for digest in posts if start_ms <= digest.at_ms < end_ms)
    mean = seconds.total() * 1000 / BUCKET_MS
    most = max(CROWD, mean + 6.0 * math.sqrt(mean))
    return {second: most / posts for second, posts in seconds.items() if posts > most and second % 60}
