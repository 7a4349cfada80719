"""Which version of the text model scores a bucket: the newest that counts from that bucket or before."""

from __future__ import annotations

from bisect import bisect_right, insort
from functools import lru_cache

from detectors.text.model import START, Scorer, Weights
from streams.wire import ModelVersion


class Models:
    """All known versions. A mention is scored by its bucket's version, so live and a replay score it alike.

    >>> models = Models()
    >>> models.add(ModelVersion(1, 60_000, Weights(bias=2.0)))
    >>> models.at(50_000).score([]) < 0.5 < models.at(60_000).score([])
    True
    """

    def __init__(self) -> None:
        self._from: list[tuple[int, int]] = []
        self._weights: dict[int, Weights] = {0: START}
        self._scorer = lru_cache(maxsize=4)(self._build)

    @property
    def newest(self) -> int:
        """Number of the newest version; 0 is what is shipped."""
        return max(self._weights)

    def add(self, model: ModelVersion) -> None:
        """Learn of a version; one that is known already changes nothing."""
        if model.version not in self._weights:
            self._weights[model.version] = model.weights
            insort(self._from, (model.from_ms, model.version))

    def version_at(self, start_ms: int) -> int:
        """Number of the version that scores the bucket that starts at `start_ms`."""
        place = bisect_right(self._from, (start_ms, max(self._weights)))
        return self._from[place - 1][1] if place else 0

    def at(self, start_ms: int) -> Scorer:
        """The scorer of the bucket that starts at `start_ms`."""
        return self._scorer(self.version_at(start_ms))

    def _build(self, version: int) -> Scorer:
        return Scorer(self._weights[version])
