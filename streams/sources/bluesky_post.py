"""A post of Bluesky's, a record ``app.bsky.feed.post``, as mentions: one for each brand that it is about.

Anybody can write any record, so every field is looked at as if it could hold anything; only the text must be there.
What a post is about is taken from its text, its hashtags (facets and ``tags``), the accounts it names (facets carry
their DIDs), and the domains of its links (facets and the card of an embed).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from detectors.mention import MAX_TEXT_CHARS, Author, Mention
from streams.sources.terms import Passage, Terms

PLATFORM: Final = "bluesky"
SOURCE: Final = "bluesky"
POSTS: Final = "app.bsky.feed.post"

MAX_LINKS: Final = 20
#: A post that says it is older than this is one brought over from elsewhere; Bluesky shows it as archived.
ARCHIVED_US: Final = 24 * 3_600 * 1_000_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LANG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_LINK: Final = re.compile(r"https?://[^\s\x00-\x1f]{1,2000}")
_POST_ID: Final = re.compile(r"at://[^\s\x00-\x1f]{1,500}")


class Passed(StrEnum):
    """Why something in good order is passed over."""

    OTHER_KIND = "other_kind"
    OTHER_COLLECTION = "other_collection"
    NO_BRAND = "no_brand"
    ARCHIVED = "archived"


class BadPost(Exception):
    """The record is no post; the message holds nothing of what it says."""


def read_post(post: str, author: str, record: Any, seen_us: int, terms: Terms) -> tuple[Mention, ...] | Passed:
    """The mentions in `record`, the post with the id `post` by the account `author` (a DID).

    `seen_us` is when Jetstream saw it (microseconds since 1970 UTC). It is the event time where the post's own time is
    unreadable or later: a clock set wrong, or a wish to be seen later. Raises `BadPost`.

    >>> from playbooks.settings.brands import BrandSettings
    >>> record = {"text": "Acme lost my bags", "createdAt": "2026-01-05T09:00:00Z", "langs": ["en"]}
    >>> terms = Terms({"acme": BrandSettings(terms=("acme",))})
    >>> found = read_post("at://did:plc:a/app.bsky.feed.post/1", "did:plc:a", record, 1_767_603_601_000_000, terms)
    >>> [(mention.brand, mention.lang, mention.created_ms) for mention in found]
    [('acme', 'en', 1767603600000)]
    """
    text = _get(record, "text")
    if not isinstance(text, str):
        raise BadPost("a post without text")
    created_us = microseconds(_get(record, "createdAt"))
    if created_us is None or created_us > seen_us:
        created_us = seen_us
    if created_us < seen_us - ARCHIVED_US:
        return Passed.ARCHIVED
    passage = _passage(record, text)
    brands = terms.brands_in(passage)
    if not brands:
        return Passed.NO_BRAND
    own = terms.written_by(author)
    shared: dict[str, Any] = {
        "text": text[:MAX_TEXT_CHARS].replace("\0", "\ufffd"),
        "author": Author(id=author),
        "lang": next((lang for lang in _texts(_items(_get(record, "langs"))) if _LANG.fullmatch(lang)), None),
        "url": f"https://bsky.app/profile/{author}/post/{post.rpartition('/')[2]}",
        "links": passage.links,
        "reply_to": next(filter(_POST_ID.fullmatch, _texts([_get(record, "reply", "parent", "uri")])), None),
        "source": SOURCE,
    }
    at = _moment(created_us)
    return tuple(Mention(post, PLATFORM, brand, at, own=brand in own, **shared) for brand in brands)


def deletion(post: str, brand: str, at_us: int) -> Mention:
    """The mention that says a post about `brand` is gone, as of `at_us` (microseconds since 1970 UTC)."""
    return Mention(post, PLATFORM, brand, _moment(at_us), source=SOURCE, deleted=True)


def microseconds(value: Any) -> int | None:
    """Microseconds since 1970 UTC of an RFC 3339 time with an offset; None where `value` is none.

    >>> microseconds("1970-01-01T00:00:01.5Z"), microseconds("1970-01-01T00:00:01"), microseconds(["now"])
    (1500000, None, None)
    """
    if not isinstance(value, str):
        return None
    try:
        moment = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return None if moment.tzinfo is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)


def _passage(record: Any, text: str) -> Passage:
    features = [feature for facet in _items(_get(record, "facets")) for feature in _items(_get(facet, "features"))]
    embeds = (_get(record, "embed"), _get(record, "embed", "media"))
    links = _texts([_get(feature, "uri") for feature in features] + [_get(one, "external", "uri") for one in embeds])
    return Passage(
        text,
        tags=_texts([_get(feature, "tag") for feature in features] + _items(_get(record, "tags"))),
        accounts=_texts(_get(feature, "did") for feature in features),
        links=tuple(dict.fromkeys(filter(_LINK.fullmatch, links)))[:MAX_LINKS],
    )


def _get(value: Any, *path: str) -> Any:
    """What stands at `path`; None where the way does not lead there."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))
