"""Cells and buckets: ten seconds of event time, counted.

A **cell** is what one input partition saw of a bucket; a **bucket** is ten seconds of one brand on one platform (or,
with `platform` null, of the brand as a whole), made from the cells of all input partitions.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from detectors.mention import BrandName, PlatformName

BUCKET_MS = 10_000
GRACE_MS = 1_000
MAX_DIGESTS = 500
MAX_DELETED = 2_000
MAX_SOURCES = 16
MAX_TERMS = 20
MAX_LINKS = 5
#: So much of a post is shown to people.
MAX_QUOTED_CHARS = 280
MAX_HANDLE_CHARS = 100

#: Marks the end of a run: no bucket of it can come after.
END_OF_RUN_MS = 2**62

#: The id of a run; empty for life.
RunName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{0,120}\Z")]
#: From year 1 to year 9999, so that every bucket's time can be written as a date.
BucketStart = Annotated[int, msgspec.Meta(ge=-62_135_596_800_000, le=253_402_300_790_000, multiple_of=BUCKET_MS)]

#: A sketch of authors, or nothing.
SketchBytes = Annotated[bytes, msgspec.Meta(max_length=8192)]


class Digest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One mention, as much of it as detection needs: hashes for the author and the words.

    `words` are the numbers of its first words (`detectors.text.word_numbers`).
    `negativity` is in 0..1, higher is worse, None where the language is not scored. `author` 0 means unknown.
    `late_ms` is how far behind its partition's time the mention arrived, 0 where its own bucket was still open.
    `answers` is the post that it replies to or repeats, as a hash, 0 where it answers none. `terms` are for a few
    negative mentions of a cell the words that say what they are about, with blanks between, `text` how they begin and
    `handle` who wrote them, to be shown to people; no detector looks at these two.
    """

    id: str
    at_ms: int
    author: int
    words: bytes
    negativity: float | None
    followers: int | None = None
    account_age_d: int | None = None
    reach: int | None = None
    late_ms: int = 0
    own: bool = False
    answers: int = 0
    terms: str = ""
    text: str = ""
    handle: str = ""


class Cell(msgspec.Struct, array_like=True, tag="c"):
    """One input partition's part of a bucket: exact counts and sums, and digests up to a bound.

    `mentions` counts all, `scored` those with a negativity, `negative` those at or above the cut, `negativity_sum` the
    scores. Where more than `MAX_DIGESTS` came, `digests` is a sample (the smallest id hashes, so the same on any
    machine) and `sampled` says so. `deleted` names posts that are gone, at most `MAX_DELETED`: with longer ids a cell
    would not fit into its topic. `sources` counts all that arrived, deletions and own posts too, by the connector that
    brought it, where mentions name one; beyond `MAX_SOURCES` the rest is not told apart. A sampled cell carries
    sketches of all its authors and of the negative ones (`detectors.voices.sketch`). `links` are the most shared, as
    people may see them, with the number of posts, at most `MAX_LINKS`; the digests have at most `MAX_TERMS` terms.
    `text_model` is the version that scored it.
    """

    run: RunName
    partition: int
    brand: BrandName
    platform: PlatformName
    start_ms: BucketStart
    mentions: int = 0
    scored: int = 0
    negative: int = 0
    negativity_sum: float = 0.0
    late: int = 0
    own: int = 0
    digests: list[Digest] = []
    sampled: bool = False
    deleted: list[str] = []
    sources: dict[str, int] = {}
    authors: SketchBytes = b""
    negative_authors: SketchBytes = b""
    links: list[tuple[str, int]] = []
    text_model: int = 0


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """Ten seconds of one brand on one platform, or of the whole brand where `platform` is None.

    Times are milliseconds since 1970 UTC; the bucket covers `start_ms` up to, not including, `start_ms + BUCKET_MS`.
    `unlisted` are the sketches of authors, all and negative ones, of the cells that are samples.
    """

    run: str
    brand: str
    platform: str | None
    start_ms: int
    mentions: int
    scored: int
    negative: int
    negativity_sum: float
    late: int
    digests: tuple[Digest, ...]
    sampled: bool
    links: tuple[tuple[str, int], ...] = ()
    unlisted: tuple[tuple[bytes, bytes], ...] = ()
    text_model: int = 0

    @property
    def end_ms(self) -> int:
        """First moment after the bucket."""
        return self.start_ms + BUCKET_MS

    @property
    def known_at_ms(self) -> int:
        """When a live system knows the bucket whole: its end plus the grace for what is under way."""
        return self.end_ms + GRACE_MS


def bucket_start(at_ms: int) -> int:
    """Start of the bucket that holds `at_ms`.

    >>> bucket_start(12_345)
    10000
    """
    return at_ms - at_ms % BUCKET_MS


def combine(cells: list[Cell], run: str, brand: str, platform: str | None, start_ms: int) -> Bucket:
    """Bring the cells of one bucket together; an empty list is ten seconds in which nobody spoke.

    The order of the cells does not matter: sums are taken in partition order, digests are sorted by time and id.

    >>> combine([], "", "acme", None, 0).mentions
    0
    """
    ordered = sorted(cells, key=lambda cell: (cell.platform, cell.partition))
    digests = sorted((digest for cell in ordered for digest in cell.digests), key=lambda d: (d.at_ms, d.id))
    return Bucket(
        run=run,
        brand=brand,
        platform=platform,
        start_ms=start_ms,
        mentions=sum(cell.mentions for cell in ordered),
        scored=sum(cell.scored for cell in ordered),
        negative=sum(cell.negative for cell in ordered),
        negativity_sum=sum(cell.negativity_sum for cell in ordered),
        late=sum(cell.late for cell in ordered),
        digests=tuple(digests),
        sampled=any(cell.sampled for cell in ordered),
        links=tuple(link for cell in ordered for link in cell.links),
        unlisted=tuple((cell.authors, cell.negative_authors) for cell in ordered if cell.authors),
        text_model=max((cell.text_model for cell in ordered), default=0),
    )
