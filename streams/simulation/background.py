"""The ordinary stream: what is said on days on which nothing happens, replies and reposts among it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.simulation.mood_of_day import NOISE_SHAPE
from streams.simulation.posts import NONE, ONCE, Chance, Ints, Posts, among, picks, together
from streams.simulation.scenario import MINUTE_MS, THEMES, Floats, Theme
from streams.simulation.stretch import Stretch

#: A quarter of the posts are written by so many regulars, the rest by people who post once.
REGULARS: Final = 3_000
REGULAR_SHARE: Final = 0.25
#: Share of positive posts.
POSITIVE: Final = 0.3
#: Natural cascades: every post draws so many replies and reposts on the mean. Most draw none, a few dozens: how many a
#: post may expect is Pareto distributed with this tail, cut off at the largest.
OFFSPRING: Final = 0.2
OFFSPRING_TAIL: Final = 1.5
OFFSPRING_MOST: Final = 150.0
GENERATIONS: Final = 4
#: Of the offspring, the share that repeats the post word for word; the others reply in a mood of their own.
REPOSTS: Final = 0.4
#: Minutes until a reply: log-normal, with this median and spread of the logarithm.
REPLY_MEDIAN_MIN: Final = 8.0
REPLY_SPREAD: Final = 1.2


def ordinary(chance: Chance, stretch: Stretch, platforms: Sequence[float]) -> Posts:
    """The posts that begin in a stretch, and all that follow from them, some of it after its end.

    Posts that are nobody's answer come at less than the usual rate, by what their cascades add.
    """
    minutes = len(stretch.usual)
    rate = stretch.usual * (1.0 - OFFSPRING) * chance.gamma(NOISE_SHAPE, 1.0 / NOISE_SHAPE, minutes)
    minute = np.repeat(np.arange(minutes), chance.poisson(rate))
    at_ms = stretch.start_ms + minute * MINUTE_MS + chance.integers(0, MINUTE_MS, len(minute))
    number = len(at_ms)
    roots = Posts(
        at_ms,
        stretch.first_key + np.arange(number),
        np.zeros(number, np.int64),
        among(chance, platforms, number),
        themes(chance, stretch.share_at(at_ms)),
        authors(chance, number),
        picks(chance, number),
        np.full(number, NONE, np.int64),
        np.zeros(number, np.int64),
    )
    generations = [roots]
    for _ in range(GENERATIONS):
        first_key = stretch.first_key + sum(found.number for found in generations)
        generations.append(_answers(chance, stretch, generations[-1], first_key))
    return together(generations)


def themes(chance: Chance, shares: Floats) -> Ints:
    """Themes as on any day, with these negative shares."""
    drawn = chance.random(len(shares))
    positive = np.where(drawn < shares + POSITIVE, THEMES.index(Theme.POSITIVE), THEMES.index(Theme.NEUTRAL))
    return np.where(drawn < shares, THEMES.index(Theme.NEGATIVE), positive)


def authors(chance: Chance, number: int) -> Ints:
    """Regulars, and people who post once."""
    regular = chance.random(number) < REGULAR_SHARE
    return np.where(regular, chance.integers(0, REGULARS, number), ONCE)


def _answers(chance: Chance, stretch: Stretch, posts: Posts, first_key: int) -> Posts:
    """One generation of replies and reposts to `posts`."""
    least = OFFSPRING * (OFFSPRING_TAIL - 1.0) / OFFSPRING_TAIL
    expected = np.minimum(least * (1.0 + chance.pareto(OFFSPRING_TAIL, posts.number)), OFFSPRING_MOST)
    parents = posts.rows(np.repeat(np.arange(posts.number), chance.poisson(expected)))
    number = parents.number
    delay_min = REPLY_MEDIAN_MIN * np.exp(chance.normal(0.0, REPLY_SPREAD, number))
    at_ms = parents.at_ms + (delay_min * MINUTE_MS).astype(np.int64) + 1
    repost = chance.random(number) < REPOSTS
    return Posts(
        at_ms,
        first_key + np.arange(number),
        parents.cause,
        parents.platform,
        np.where(repost, parents.theme, themes(chance, stretch.share_at(at_ms))),
        authors(chance, number),
        np.where(repost, parents.picks, picks(chance, number)),
        parents.key,
        repost.astype(np.int64),
    )
