"""What events do to a stream: waves and floods bring posts, a change of tone rewrites those that are there."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.simulation.background import REGULARS, authors, themes
from streams.simulation.posts import NONE, Chance, Ints, Posts, among, picks
from streams.simulation.scenario import MINUTE_MS, THEMES, Floats, Flood, Scenario, Theme, Tone, Wave
from streams.simulation.stretch import Stretch

#: Of a wave's posts, the share that replies to one of the first; so many are the first.
_REPLIES: Final = 0.2
_BEGINNERS: Final = 12
#: Accounts of floods are numbered from here, so many for each event.
FLOOD_AUTHORS: Final = REGULARS
ACCOUNTS_MOST: Final = 10_000
_CRISIS: Final = THEMES.index(Theme.CRISIS)
_ANGRY: Final = (_CRISIS, THEMES.index(Theme.NEGATIVE))


def wave_posts(chance: Chance, stretch: Stretch, scenario: Scenario, wave: Wave, cause: int) -> Posts | None:
    """A wave's posts in a stretch; None where it brings none."""
    first = (stretch.start_ms - scenario.start_ms) // MINUTE_MS
    extra = wave.above_usual(np.arange(first, first + len(stretch.usual), dtype=np.float64))
    if not extra.any():
        return None
    everywhere = [share for _, share in scenario.platforms]
    there = [share * (wave.platform in (None, name)) for name, share in scenario.platforms]
    rate = stretch.usual * extra * sum(there) / sum(everywhere)
    minute = np.repeat(np.arange(len(rate)), chance.poisson(rate))
    number = len(minute)
    at_ms = np.sort(stretch.start_ms + minute * MINUTE_MS + chance.integers(0, MINUTE_MS, number))
    about = _about(chance, wave, stretch.share_at(at_ms))
    posts = Posts(
        at_ms,
        stretch.first_key + np.arange(number),
        np.full(number, cause, np.int64),
        among(chance, there, number),
        about,
        authors(chance, number),
        picks(chance, number),
        np.full(number, NONE, np.int64),
        np.zeros(number, np.int64),
    )
    return _answering(chance, posts, wave.reposts)


def _about(chance: Chance, wave: Wave, shares: Floats) -> Ints:
    """What each of a wave's posts is about; `shares` are the usual negative shares at their moments."""
    if not wave.themes:
        return themes(chance, shares)
    numbers = np.array([THEMES.index(theme) for theme, _ in wave.themes], np.int64)
    return numbers[among(chance, [share for _, share in wave.themes], len(shares))]


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


def flood_posts(chance: Chance, stretch: Stretch, scenario: Scenario, flood: Flood, cause: int) -> Posts:
    """A flood's posts in a stretch; `chance` must be the same for all stretches, because the flood is drawn whole."""
    number = flood.posts
    start_ms = scenario.start_ms + flood.after_min * MINUTE_MS
    at_ms = np.sort(start_ms + chance.integers(0, flood.minutes * MINUTE_MS, number))
    account = FLOOD_AUTHORS + (cause - 1) * ACCOUNTS_MOST + chance.integers(0, flood.accounts, number)
    whole = Posts(
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
    return whole.rows((at_ms >= stretch.start_ms) & (at_ms < stretch.end_ms))


def in_tone(chance: Chance, stretch: Stretch, scenario: Scenario, tone: Tone, posts: Posts) -> Posts:
    """Posts of a stretch as they are said once the tone has changed."""
    share = stretch.share_at(posts.at_ms)
    moved = tone.moved((posts.at_ms - scenario.start_ms) / MINUTE_MS)
    turned_share = np.clip((tone.share - share) / (1.0 - share), 0.0, 1.0) * moved
    calm = ~np.isin(posts.theme, _ANGRY) & (posts.theme != THEMES.index(Theme.FLOOD))
    turned = calm & (chance.random(posts.number) < turned_share)
    return posts._replace(
        theme=np.where(turned, _CRISIS, posts.theme),
        repost=np.where(turned, 0, posts.repost),
    )
