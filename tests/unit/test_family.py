"""A brand's series rest while nobody speaks of them, and nobody can tell."""

from __future__ import annotations

import msgspec
import numpy as np

from detectors.bucket import BUCKET_MS, Cell, Digest
from detectors.watch.brand_watch import BrandWatch

BEGIN_MS = 1_767_571_200_000
#: Mentions a bucket: one platform hardly ever rests, one mostly does.
RATES = {"x": 0.5, "forum": 0.03}


def spoken(start_ms: int, platform: str, number: int, late: bool) -> Cell:
    at_ms = start_ms - 400_000 if late else start_ms
    digests = [
        Digest(f"{platform}{start_ms}{place}", at_ms, start_ms + place, b"", 0.1 + 0.8 * (place % 2))
        for place in range(number)
    ]
    return Cell(
        "", 0, "acme", platform, start_ms, number, number, digests=digests, sources={f"poll-{platform}": number}
    )


def course(buckets: int, looked_at_every_bucket: bool) -> bytes:
    """A brand's state after so many buckets, some of its mentions late."""
    chance = np.random.default_rng(4)
    watch = BrandWatch("", "acme")
    for place in range(buckets):
        start_ms = BEGIN_MS + place * BUCKET_MS
        numbers = {platform: int(chance.poisson(rate)) for platform, rate in RATES.items()}
        late = bool(chance.random() < 0.1)
        cells = [spoken(start_ms, platform, number, late) for platform, number in numbers.items() if number]
        if cells:
            watch.close(start_ms, cells)
        if looked_at_every_bucket:
            watch.quiet_until(start_ms + BUCKET_MS)
            watch.levels(None)
    watch.quiet_until(BEGIN_MS + buckets * BUCKET_MS)
    return msgspec.json.encode(watch.snapshot())


def test_a_series_that_rests_knows_to_the_last_bit_what_one_knows_that_looks_at_every_bucket() -> None:
    assert course(2000, looked_at_every_bucket=False) == course(2000, looked_at_every_bucket=True)
