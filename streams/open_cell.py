"""A cell while its bucket is open: mentions go in as digests, beyond a bound as a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import xxhash

from detectors.bucket import MAX_DELETED, MAX_DIGESTS, Cell, Digest
from detectors.mention import Mention
from detectors.text.model import NEGATIVE_CUT

_DAY_MS: Final = 86_400_000


@dataclass(slots=True)
class OpenCell:
    """A cell, and the number of the fold that holds its first mention."""

    cell: Cell
    first_fold: int
    _numbers: list[int] = field(default_factory=list)

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
        self.cell.sampled = True
        largest = max(numbers)
        if number < largest:
            place = numbers.index(largest)
            numbers[place] = number
            digests[place] = digest


def digest_of(mention: Mention, at_ms: int, words: tuple[int, ...], negativity: float | None, late_ms: int) -> Digest:
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
        mention.reply_to is not None,
    )
