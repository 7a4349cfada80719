"""The posts of a finding as the page shows them: quoted where it is known what they say, or that they were erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from detectors.signal import Post
from playbooks.console import words
from playbooks.store.incidents.posts import Quoted

Named = Callable[[str], str]


class Quote(msgspec.Struct, frozen=True):
    """One post. `erased` is the sentence that stands in its place where it is gone; `id` is the platform's own."""

    platform: str
    at_ms: int
    negativity: float | None
    id: str = ""
    who: str = ""
    text: str = ""
    erased: str = ""


def quotes(posts: Iterable[Post], known: Mapping[str, Quoted], name_of: Named) -> list[Quote]:
    """What there is to show of each post; of one that the store does not know, its reference."""
    return [_quote(post, known.get(post.id), name_of) for post in posts]


def _quote(post: Post, found: Quoted | None, name_of: Named) -> Quote:
    if found is None:
        return Quote(post.platform, post.at_ms, post.negativity, id=post.id)
    if found.erased_ms is not None:
        erased = f"Erased by {name_of(found.erased_by)}, {words.moment(found.erased_ms)}: {found.why}"
        return Quote(post.platform, post.at_ms, post.negativity, erased=erased)
    return Quote(post.platform, post.at_ms, post.negativity, found.post, found.handle, found.text)
