"""What events do to a stream: waves and floods bring posts, a change of tone rewrites those that are there."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.simulation.background import KEYS, REGULARS, authors, themes
from streams.simulation.posts import NONE, Chance, Ints, Posts, among, picks
from streams.simulation.scenario import MINUTE_MS, THEMES, Floats, Flood, Scenario, Theme, Tone, Wave

#: Of a wave's posts, the share that replies to one of the first; so many are the first.
_REPLIES: Final = 0.2
_BEGINNERS: Final = 12
#: Accounts of floods are numbered from here, so many for each event.
FLOOD_AUTHORS: Final = REGULARS
ACCOUNTS_MOST: Final = 10_000
_CRISIS: Final = THEMES.index(Theme.CRISIS)
_ANGRY: Final = (_CRISIS, THEMES.index(Theme.NEGATIVE))


def wave_posts(
    chance: Chance,
    scenario: Scenario,
    wave: Wave,
    cause: int,
    stretch: int,
    start_ms: int,
    usual: Floats,
    shares: Floats,
) -> Posts | None:
    """A wave's posts in a stretch of minutes that starts at `start_ms`; None where it brings none."""
    first = (start_ms - scenario.start_ms) // MINUTE_MS
    extra = wave.above_usual(np.arange(first, first + len(usual), dtype=np.float64))
    if not extra.any():
        return None
    everywhere = [share for _, share in scenario.platforms]
    weights = [share * (wave.platform in (None, name)) for name, share in scenario.platforms]
    extra = extra * sum(weights) / sum(everywhere)
    minute = np.repeat(np.arange(len(usual)), chance.poisson(usual * extra))
    number = len(minute)
    at_ms = np.sort(start_ms + minute * MINUTE_MS + chance.integers(0, MINUTE_MS, number))
    about = among(chance, [share for _, share in wave.themes], number) if wave.themes else None
    numbers = np.array([THEMES.index(theme) for theme, _ in wave.themes], np.int64)
    posts = Posts(
        at_ms,
        stretch * KEYS + np.arange(number),
        np.full(number, cause, np.int64),
        among(chance, weights, number),
        themes(chance, shares[minute]) if about is None else numbers[about],
        authors(chance, number),
        picks(chance, number),
        np.full(number, NONE, np.int64),
        np.zeros(number, np.int64),
    )
    return _answering(chance, posts, wave.reposts)


def _answering(chance: Chance, posts: Posts, reposts: float) -> Posts:
    """Some of a wave's posts as replies to those that began it, or as reposts of them."""
    place, drawn = np.arange(posts.number), chance.random(posts.number)
    source = np.minimum(chance.integers(0, _BEGINNERS, posts.number), place)
    repost = (place >= _BEGINNERS) & (drawn < reposts)
    answer = (place >= _BEGINNERS) & (drawn < reposts + _REPLIES)
    return posts._replace(
        platform=np.where(answer, posts.platform[source], posts.platform),
        theme=np.where(repost, posts.theme[source], posts.theme),
        picks=np.where(repost, posts.picks[source], posts.picks),
        parent=np.where(answer, posts.key[source], posts.parent),
        repost=repost.astype(np.int64),
    )


def flood_posts(chance: Chance, scenario: Scenario, flood: Flood, cause: int) -> Posts:
    """A whole flood; most of it on the first platform."""
    number = flood.posts
    start_ms = scenario.start_ms + flood.after_min * MINUTE_MS
    at_ms = np.sort(start_ms + chance.integers(0, flood.minutes * MINUTE_MS, number))
    account = FLOOD_AUTHORS + (cause - 1) * ACCOUNTS_MOST + chance.integers(0, flood.accounts, number)
    return Posts(
        at_ms,
        -1 - np.arange(number),
        np.full(number, cause, np.int64),
        among(chance, [share for _, share in scenario.platforms], number),
        np.full(number, THEMES.index(Theme.FLOOD), np.int64),
        account,
        picks(chance, number),
        np.full(number, NONE, np.int64),
        np.zeros(number, np.int64),
    )


def in_tone(chance: Chance, scenario: Scenario, tone: Tone, posts: Posts, share: Ints | Floats) -> Posts:
    """Posts as they are said once the tone has changed; `share` is the usual negative share of each post's minute."""
    moved = tone.moved((posts.at_ms - scenario.start_ms) / MINUTE_MS)
    turned_share = np.clip((tone.share - share) / (1.0 - share), 0.0, 1.0) * moved
    calm = ~np.isin(posts.theme, _ANGRY) & (posts.theme != THEMES.index(Theme.FLOOD))
    turned = calm & (chance.random(posts.number) < turned_share)
    return posts._replace(
        theme=np.where(turned, _CRISIS, posts.theme),
        repost=np.where(turned, 0, posts.repost),
    )
