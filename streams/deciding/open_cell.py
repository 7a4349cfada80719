"""A cell while its bucket is open: mentions go in as digests, beyond a bound as a sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
import xxhash

from detectors.bucket import (
    MAX_DELETED,
    MAX_DIGESTS,
    MAX_HANDLE_CHARS,
    MAX_LINKS,
    MAX_QUOTED_CHARS,
    MAX_SOURCES,
    MAX_TERMS,
    Cell,
    Digest,
)
from detectors.mention import Mention
from detectors.text.model import NEGATIVE_CUT
from detectors.voices.links import links_of
from detectors.voices.sketch import People
from detectors.voices.weight import is_negative, weight_of_age
from detectors.voices.words import LOOKED_AT, telling, words_of

_DAY_MS: Final = 86_400_000
#: Of so many negative posts the words are told: four people's are enough to say what a cell is about.
_QUOTED: Final = 4
#: Links told apart in a cell.
_LINKS_MOST: Final = 200


class _Said(NamedTuple):
    """How a post begins, and who wrote it."""

    text: str
    handle: str


@dataclass(slots=True)
class OpenCell:
    """A cell, and the number of the fold that holds its first mention."""

    cell: Cell
    first_fold: int
    _numbers: list[int] = field(default_factory=list)
    #: Of the numbers of a full sample, until the one that has it goes.
    _largest: int | None = None
    _said: dict[str, _Said] = field(default_factory=dict)
    _links: Counter[str] = field(default_factory=Counter)
    _everybody: People | None = None
    _negative: People | None = None

    def name(self, source: str | None) -> None:
        """Something arrived by way of this connector."""
        sources = self.cell.sources
        if source in sources:
            sources[source] += 1
        elif source and len(sources) < MAX_SOURCES:
            sources[source] = 1

    def delete(self, post: str) -> None:
        """A post is gone from its platform."""
        if len(self.cell.deleted) < MAX_DELETED:
            self.cell.deleted.append(post)

    def count(self, own: bool, negativity: float | None, late: bool) -> None:
        """Count a mention; the brand's own posts are counted apart."""
        cell = self.cell
        if own:
            cell.own += 1
            return
        cell.mentions += 1
        if negativity is not None:
            cell.scored += 1
            cell.negative += negativity >= NEGATIVE_CUT
            cell.negativity_sum += negativity
        cell.late += late

    def keep(self, number: int, digest: Digest) -> None:
        """Keep a digest; beyond the bound those with the smallest numbers stay: the same sample on any machine."""
        digests, numbers = self.cell.digests, self._numbers
        if len(digests) < MAX_DIGESTS:
            digests.append(digest)
            numbers.append(number)
            return
        self._count_author(digest)
        self.cell.sampled = True
        if self._largest is None:
            self._largest = max(numbers)
        if number < self._largest:
            place = numbers.index(self._largest)
            numbers[place] = number
            digests[place] = digest
            self._largest = None

    def quote(self, digest: Digest, mention: Mention, body: str) -> None:
        """Remember a post's links, and where it is negative how it begins, until it is known which are quoted."""
        if digest.own:
            return
        if len(self._said) < MAX_DIGESTS and is_negative(digest):
            handle = mention.author.handle if mention.author else None
            self._said[digest.id] = _Said(body[:LOOKED_AT], (handle or "")[:MAX_HANDLE_CHARS])
        for link in links_of(mention.links, body):
            if link in self._links or len(self._links) < _LINKS_MOST:
                self._links[link] += 1

    def closed(self) -> Cell:
        """The cell as it is sent."""
        cell = self.cell
        quoted = sorted((digest for digest in cell.digests if digest.id in self._said), key=_worth_quoting)[:_QUOTED]
        told = {digest.id: self._quoted(digest, MAX_TERMS // len(quoted)) for digest in quoted}
        cell.digests = [told.get(digest.id, digest) for digest in cell.digests]
        cell.links = sorted(self._links.items(), key=lambda shared: (-shared[1], shared[0]))[:MAX_LINKS]
        if self._everybody is not None and self._negative is not None:
            cell.authors, cell.negative_authors = self._everybody.state(), self._negative.state()
        return cell

    def _quoted(self, digest: Digest, terms: int) -> Digest:
        said = self._said[digest.id]
        return msgspec.structs.replace(
            digest,
            terms=" ".join(telling(words_of(said.text), terms)),
            text=said.text[:MAX_QUOTED_CHARS],
            handle=said.handle,
        )

    def _count_author(self, digest: Digest) -> None:
        """There are more than can be listed: from here on authors are counted by sketch."""
        digests = [digest]
        if self._everybody is None or self._negative is None:
            self._everybody, self._negative = People(), People()
            digests += self.cell.digests
        known = [one for one in digests if one.author and not one.own]
        self._everybody.add(one.author for one in known)
        self._negative.add(one.author for one in known if is_negative(one))


def _worth_quoting(digest: Digest) -> tuple[float, int, float, str]:
    """Old accounts before young ones, then what most people may have seen: a flood shall not speak for everybody."""
    seen_by = digest.reach or digest.followers or 0
    return -weight_of_age(digest.account_age_d), -seen_by, -(digest.negativity or 0.0), digest.id


def _answered(mention: Mention) -> int:
    post = mention.reply_to or mention.repost_of
    return xxhash.xxh3_64_intdigest(f"{mention.platform}\x1f{post}".encode()) if post else 0


def digest_of(mention: Mention, at_ms: int, words: bytes, negativity: float | None, late_ms: int) -> Digest:
    """As much of a mention as detection needs."""
    author = mention.author
    followers = age_d = None
    number = 0
    if author is not None:
        who = author.id or author.handle
        if who:
            number = xxhash.xxh3_64_intdigest(f"{mention.platform}\x1f{who}".encode())
        followers = author.followers
        if author.created_at is not None:
            age_d = max(0, (at_ms - int(author.created_at.timestamp() * 1000)) // _DAY_MS)
    return Digest(
        mention.id,
        at_ms,
        number,
        words,
        negativity,
        followers,
        age_d,
        mention.reach,
        late_ms,
        mention.own,
        _answered(mention),
    )
