"""Who simulated people are: how long their accounts have existed, and how many follow them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from streams.simulation.background import REGULARS
from streams.simulation.happenings import FLOOD_AUTHORS
from streams.simulation.posts import ONCE, Ints, Posts
from streams.simulation.scenario import Floats

DAY_MS: Final = 86_400_000
#: Age of an account in days: log-normal with this median and spread of the logarithm; those of a flood are younger.
_AGE_MEDIAN_D: Final = 1_400.0
_AGE_SPREAD: Final = 0.9
_YOUNG_D: Final = 20.0
#: Followers: Pareto distributed.
_FOLLOWERS: Final = 50.0
_FOLLOWERS_TAIL: Final = 1.2
_FOLLOWERS_MOST: Final = 5_000_000
_YOUNG_FOLLOWERS: Final = 30.0


class People(NamedTuple):
    """For each post, when its author's account was opened, and the author's followers."""

    since_ms: Ints
    followers: Ints


def people_of(posts: Posts, seed: int, start_ms: int) -> People:
    """The authors of `posts`. A regular or an account of a flood is the same person at each post."""
    # Two numbers in 0..1 for each person: of the author's number, or of the post where the author posts once.
    who = np.where(posts.author == ONCE, posts.picks, posts.author + (seed + 1) * 1_000_003)
    first, second = _spread(who, 1), _spread(who, 2)
    young = posts.author >= FLOOD_AUTHORS
    assert REGULARS <= FLOOD_AUTHORS
    age_d = np.where(young, _YOUNG_D * first, _AGE_MEDIAN_D * np.exp(_AGE_SPREAD * _normal(first)))
    followers = np.where(
        young, _YOUNG_FOLLOWERS * second, _FOLLOWERS * ((1.0 - second) ** (-1.0 / _FOLLOWERS_TAIL) - 1.0)
    )
    opened = np.where(posts.author == ONCE, posts.at_ms, start_ms) - (age_d * DAY_MS).astype(np.int64)
    return People(opened // 1000 * 1000, np.minimum(followers, _FOLLOWERS_MOST).astype(np.int64))


def _spread(who: Ints, salt: int) -> Floats:
    """A number in 0..1 for each person, evenly spread (the finaliser of SplitMix64, Steele et al. 2014)."""
    mixed = who.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53, dtype=np.float64)


def _normal(even: Floats) -> Floats:
    """Evenly spread numbers as normally distributed ones."""
    return np.asarray(ndtri(np.clip(even, 1e-9, 1.0 - 1e-9)), dtype=np.float64)
