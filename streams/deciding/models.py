"""Which version of the text model scores a bucket: the newest that counts from that bucket or before."""

from __future__ import annotations

from bisect import bisect_right, insort
from functools import lru_cache
from typing import Final

from detectors.text.model import START, Scorer, Weights
from streams.wire import ModelVersion

#: So many versions are kept, in the topic and in memory: hours of learning, far more than a bucket can be late.
KEPT: Final = 64


class Models:
    """The newest versions. A mention is scored by its bucket's version, so live and a replay score it alike.

    A bucket before the oldest version that is kept is scored by that one, as long as there was one before it.

    >>> models = Models()
    >>> models.add(ModelVersion(1, 60_000, Weights(bias=2.0)))
    >>> models.at(50_000).score([]) < 0.5 < models.at(60_000).score([])
    True
    """

    def __init__(self) -> None:
        self._from: list[tuple[int, int]] = []
        self._weights: dict[int, Weights] = {}
        self._scorer = lru_cache(maxsize=4)(self._build)

    @property
    def newest(self) -> int:
        """Number of the newest version; 0 is what is shipped."""
        return max(self._weights, default=0)

    def add(self, model: ModelVersion) -> None:
        """Learn of a version; one that is known already changes nothing."""
        if model.version in self._weights:
            return
        self._weights[model.version] = model.weights
        insort(self._from, (model.from_ms, model.version))
        if len(self._weights) > KEPT:
            oldest = min(self._weights)
            del self._weights[oldest]
            self._from = [(from_ms, version) for from_ms, version in self._from if version != oldest]

    def version_at(self, start_ms: int) -> int:
        """Number of the version that scores the bucket that starts at `start_ms`."""
        place = bisect_right(self._from, (start_ms, self.newest))
        if place:
            return self._from[place - 1][1]
        oldest = min(self._weights, default=0)
        return oldest if oldest > 1 else 0

    def at(self, start_ms: int) -> Scorer:
        """The scorer of the bucket that starts at `start_ms`."""
        return self._scorer(self.version_at(start_ms))

    def _build(self, version: int) -> Scorer:
        return Scorer(self._weights.get(version, START), version)
