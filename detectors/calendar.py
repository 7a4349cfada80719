"""Planned campaigns: when more is expected than usual. A campaign raises the expectation; it mutes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec


class Campaign(msgspec.Struct, frozen=True):
    """Something planned that will be talked about: from `from_ms` up to, not including, `to_ms`.

    `factor` is how many times the usual it brings while it lasts, at least 1. `platforms` empty means all of them.
    """

    name: str
    from_ms: int
    to_ms: int
    factor: float
    platforms: tuple[str, ...] = ()

    def concerns(self, platform: str | None) -> bool:
        """Whether a platform is part of it; the brand as a whole (None) always is."""
        return platform is None or not self.platforms or platform in self.platforms


class Calendar:
    """A brand's campaigns. Where several run at once, each brings its own part on top of the usual.

    >>> calendar = Calendar([Campaign("spring sale", 0, 60_000, 3.0), Campaign("tv spot", 0, 60_000, 2.0, ("x",))])
    >>> calendar.factor("x", 0), calendar.factor("bluesky", 0), calendar.factor("x", 60_000)
    (4.0, 3.0, 1.0)
    >>> calendar.factor_of_all({"x": 1.0, "bluesky": 3.0}, 0)
    3.25
    """

    def __init__(self, campaigns: Sequence[Campaign] = ()) -> None:
        self._campaigns = tuple(campaigns)
        self._changes = sorted({moment for one in campaigns for moment in (one.from_ms, one.to_ms)})

    def plans(self, at_ms: int) -> bool:
        """Whether any campaign runs at `at_ms`; seldom, so what follows may take its time."""
        return bool(self._campaigns) and self._changes[0] <= at_ms < self._changes[-1] and bool(self._running(at_ms))

    def factor(self, platform: str, at_ms: int) -> float:
        """How many times the usual is expected on a platform at `at_ms`; 1 where nothing is planned."""
        return 1.0 + sum(one.factor - 1.0 for one in self._running(at_ms) if one.concerns(platform))

    def factor_of_all(self, usual: Mapping[str, float], at_ms: int) -> float:
        """The same for the brand as a whole, of which `usual` is what each platform usually brings."""
        total = sum(usual.values())
        factors = {platform: self.factor(platform, at_ms) for platform in usual}
        if total <= 0:
            return max(factors.values(), default=1.0)
        return sum(share * factors[platform] for platform, share in usual.items()) / total

    def names(self, platform: str | None, from_ms: int, to_ms: int) -> tuple[str, ...]:
        """The campaigns that ran at any moment from `from_ms` up to, not including, `to_ms`, in their order."""
        return tuple(
            one.name
            for one in self._campaigns
            if one.concerns(platform) and one.from_ms < to_ms and from_ms < one.to_ms
        )

    def _running(self, at_ms: int) -> list[Campaign]:
        return [one for one in self._campaigns if one.from_ms <= at_ms < one.to_ms]


NOTHING_PLANNED: Final = Calendar()
