"""What platforms refuse: posts that are too long, or with too many hashtags, each counted as the platform counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found

_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_TAG: Final = re.compile(r"(?<![\w&/])#(?=\w*[^\W\d_])\w+")
_HANDLE: Final = re.compile(r"(?<![\w/])@(\w+)@[\w.-]+\w")
#: A link is shortened, so it counts alike however long it is.
_LINK_COUNTS: Final = 23
_JOINER: Final = "\u200d"
#: Code points that count single on X; all others count double (twitter-text's configuration, version 3).
_SINGLE: Final = (range(0x10FF + 1), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_SKINS: Final = range(0x1F3FB, 0x1F400)
_EMOJI_FROM: Final = 0x1F000


class Limit(NamedTuple):
    """The most that a platform takes, and how it counts; None where it has no limit of that kind."""

    chars: int | None
    tags: int | None
    count: Callable[[str], int]


def graphemes(text: str) -> int:
    """Characters as a reader counts them: marks, joined emoji and flags are one with what they belong to.

    Source of the idea: Unicode Standard Annex 29; Hangul syllables and Indic conjuncts are not put together, so what is
    counted is never too few.

    >>> graphemes("e\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1f0")
    5
    """
    if text.isascii():
        return len(text)
    count, flag, before = 0, False, ""
    for sign in text:
        number = ord(sign)
        second_of_flag = number in _FLAGS and flag
        belongs = unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf") or number in _SKINS
        if not (belongs or before == _JOINER or second_of_flag):
            count += 1
        flag = number in _FLAGS and not second_of_flag
        before = sign
    return count


def on_x(text: str) -> int:
    """Characters as X counts them: a link is 23, an emoji 2, letters of most of Asia 2 each.

    >>> on_x("go https://a-long-address.example/with/a/path"), on_x("\U0001f468\u200d\U0001f469"), on_x("\u6771\u4eac")
    (26, 2, 4)
    """
    links = len(_LINK.findall(text))
    count, joined, bare = links * _LINK_COUNTS, False, _LINK.sub("", text)
    if bare.isascii():
        return count + len(bare)
    for sign in unicodedata.normalize("NFC", bare):
        number = ord(sign)
        if sign == _JOINER or 0xFE00 <= number <= 0xFE0F or number in _SKINS:
            joined = sign == _JOINER
            continue
        if not (joined and number >= _EMOJI_FROM):
            count += 1 if any(number in single for single in _SINGLE) else 2
        joined = False
    return count - sum(2 for _ in re.finditer(r"[\U0001f1e6-\U0001f1ff]{2}", text))


def on_mastodon(text: str) -> int:
    """Characters as Mastodon counts them: a link is 23, and of a handle the server does not count.

    >>> on_mastodon("hi @jo@social.example https://a-long-address.example/with/a/path")
    30
    """
    links = len(_LINK.findall(text))
    return graphemes(_HANDLE.sub(r"@\1", _LINK.sub("", text))) + links * _LINK_COUNTS


#: What platforms take of an ordinary account. A server or a paid account may take more: `limits` of a brand's policy.
LIMITS: Final[Mapping[str, Limit]] = {
    "x": Limit(280, None, on_x),
    "bluesky": Limit(300, None, graphemes),
    "mastodon": Limit(500, None, on_mastodon),
    "threads": Limit(500, 1, graphemes),
    "facebook": Limit(63_206, None, len),
    "instagram": Limit(2_200, 30, len),
    "linkedin": Limit(3_000, None, len),
    "pinterest": Limit(500, None, len),
    "tiktok": Limit(2_200, None, len),
    "youtube": Limit(5_000, 60, len),
}
#: Other names of platforms.
_ALSO: Final[Mapping[str, str]] = {"twitter": "x"}
_UNKNOWN: Final = Limit(None, None, graphemes)


def known_as(platform: str) -> str:
    """The name under which a platform's limits stand.

    >>> known_as("twitter"), known_as("x")
    ('x', 'x')
    """
    return _ALSO.get(platform, platform)


def over_the_limit(text: str, platform: str, chars: int | None = None, tags: int | None = None) -> Iterator[Finding]:
    """What the platform would refuse; `chars` and `tags` stand in for the platform's own numbers.

    >>> [finding.text for finding in over_the_limit("x" * 281, "x")]
    ['It is longer than the platform takes. (281 of at most 280 on x)']
    """
    limit = LIMITS.get(known_as(platform), _UNKNOWN)
    most_chars = limit.chars if chars is None else chars
    most_tags = limit.tags if tags is None else tags
    if most_chars is not None and (counted := limit.count(text)) > most_chars:
        yield found(PolicyReason.TOO_LONG, Verdict.REJECT, f"{counted:,} of at most {most_chars:,} on {platform}")
    if most_tags is not None and (number := len(_TAG.findall(text))) > most_tags:
        yield found(PolicyReason.TOO_MANY_TAGS, Verdict.REJECT, f"{number} of at most {most_tags} on {platform}")
