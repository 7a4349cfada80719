"""A scenario as mentions: its posts put into words, with their authors, links and answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from detectors.mention import Author, Mention
from streams.simulation.people import people_of
from streams.simulation.posts import NONE, ONCE, Posts
from streams.simulation.scenario import THEMES, Scenario, Theme
from streams.simulation.stream import posts_of
from streams.simulation.texts import Phrases, Texts

SOURCE: Final = "simulated"
PHRASES: Final = Phrases()
#: Of every so many posts, one carries a link; of those about news or from a flood, more.
_LINK_ONE_IN: Final = dict.fromkeys(Theme, 12) | {Theme.NEWS: 2, Theme.FLOOD: 1}


class Told(NamedTuple):
    """A mention and the truth about it: what it is about, and 0 for an ordinary post or 1 + the place of its event."""

    theme: Theme
    cause: int
    mention: Mention


def simulate(scenario: Scenario, texts: Texts = PHRASES) -> Iterator[Mention]:
    """The mentions of a scenario, in order of time; the same scenario always gives the same.

    >>> from itertools import islice
    >>> day = Scenario("acme", start_ms=1_760_000_000_000, minutes=60)
    >>> first = list(islice(simulate(day), 5))
    >>> first == list(islice(simulate(day), 5)), {mention.brand for mention in first}
    (True, {'acme'})
    """
    return (told.mention for told in tell(scenario, texts))


def tell(scenario: Scenario, texts: Texts = PHRASES) -> Iterator[Told]:
    """As `simulate`, and what each mention is: the truth that a detector is never shown."""
    for posts in posts_of(scenario):
        yield from mentions_of(posts, scenario, texts)


def mentions_of(posts: Posts, scenario: Scenario, texts: Texts = PHRASES) -> Iterator[Told]:
    """Posts of a scenario as mentions."""
    names = [name for name, _ in scenario.platforms]
    prefix = scenario.run or "sim"
    people = people_of(posts, scenario.seed, scenario.start_ms)
    columns = (column.tolist() for column in (*posts, *people))
    for at_ms, key, cause, platform, theme_at, author, picks, parent, repost, since_ms, followers in zip(
        *columns, strict=True
    ):
        theme = THEMES[theme_at]
        id = f"{prefix}-{cause}-{key}"
        above = None if parent == NONE else f"{prefix}-{cause}-{parent}"
        mention = Mention(
            id=id,
            platform=names[platform],
            brand=scenario.brand,
            created_at=_moment(at_ms),
            text=texts.text(theme, picks, scenario.brand),
            author=Author(
                id=f"a{author}" if author != ONCE else f"o{cause}.{key}",
                followers=followers,
                created_at=_moment(since_ms),
            ),
            lang="en",
            links=_links(theme, picks, cause),
            reply_to=None if repost else above,
            repost_of=above if repost else None,
            source=SOURCE,
            run=scenario.run,
        )
        yield Told(theme, cause, mention)


def _links(theme: Theme, picks: int, cause: int) -> tuple[str, ...]:
    """Events speak of one story, everybody else of their own."""
    if picks // 7 % _LINK_ONE_IN[theme]:
        return ()
    story = picks // 91 % (3 if cause else 100_000)
    return (f"https://{'story' if cause else 'page'}.example/{cause}/{story}",)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
