"""What watching costs: many series at ten-second buckets, every detector on, with the time of River's own beside it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec
import numpy as np
import psutil
from numpy.typing import NDArray
from river import anomaly, drift

from detectors.bucket import BUCKET_MS, Cell, Digest
from detectors.text.word_numbers import as_bytes
from detectors.watch.brand_watch import BrandWatch
from streams.bench.report import machine

#: What is wanted of one worker.
BUCKET_LIMIT_MS: Final = 0.4
SERIES_LIMIT_KB: Final = 20.0
BASE_LIMIT_MB: Final = 200.0

_PLATFORMS: Final = ("x", "bluesky")
_BEGIN_MS: Final = 1_767_614_400_000
#: A series signals nothing in its first hour, and costs less.
_WARM_MIN: Final = 65
_MEASURED_MIN: Final = 10
_PER_MIN: Final = 60_000 // BUCKET_MS
_RATE_PER_MIN: Final = 0.3
_WORDS: Final = 12
_SEED: Final = 11
_RIVERS_UPDATES: Final = 5000


class RiversTime(msgspec.Struct, frozen=True):
    """A detector of River's own, and its processor time for one update, in microseconds."""

    detector: str
    us_per_update: float


class WatchReport(msgspec.Struct, frozen=True):
    """A run: `series` are brands on platforms; the whole-brand series beside them are theirs and counted with them.

    `ms_per_bucket` is the processor time for one brand's ten seconds on one platform in which somebody spoke,
    `us_per_quiet` for one in which nobody did, `ms_busy` for one of 500 mentions a minute. `of_a_core` is how much of
    a processor all series together need to keep up.
    """

    series: int
    ms_per_bucket: float
    us_per_quiet: float
    ms_busy: float
    of_a_core: float
    base_mb: float
    kb_per_series: float
    rivers: tuple[RiversTime, ...]
    machine: str

    @property
    def well(self) -> bool:
        """Whether all of it is within what is wanted."""
        return (
            max(self.ms_per_bucket, self.ms_busy) <= BUCKET_LIMIT_MS
            and self.kb_per_series <= SERIES_LIMIT_KB
            and self.base_mb <= BASE_LIMIT_MB
            and self.of_a_core < 1.0
        )


class _Spent:
    """Processor time and how often."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.times = 0

    def of(self, work: Callable[[], object], times: int) -> None:
        began = time.process_time()
        work()
        self.seconds += time.process_time() - began
        self.times += times

    @property
    def each_s(self) -> float:
        return self.seconds / max(self.times, 1)


class _Posts:
    """Made-up posts, cheap to make: no two of one author, words from a vocabulary as large as a language's."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._number = 0

    def cell(self, brand: str, platform: str, start_ms: int, posts: int) -> Cell:
        scores = np.round(self._chance.beta(1.2, 3.0, posts), 3).tolist()
        words = self._chance.zipf(1.4, (posts, _WORDS)).clip(max=2**31).tolist()
        digests = []
        for score, said in zip(scores, words, strict=True):
            self._number += 1
            digests.append(Digest(f"p{self._number}", start_ms, self._number, as_bytes(said), score))
        negative = sum(score >= 0.5 for score in scores)
        return Cell("", 0, brand, platform, start_ms, posts, posts, negative, sum(scores), digests=digests)


def watch_bench(series: int, progress: Callable[[float], None]) -> WatchReport:
    """Watch `series` brands on platforms for over an hour of their time; `progress` is told the part that is done."""
    chance = np.random.default_rng(_SEED)
    posts = _Posts(chance)
    rates = np.clip(_RATE_PER_MIN * np.exp(chance.normal(size=(series // 2, 2))), 0.02, 30.0) / _PER_MIN
    base_mb = _resident_mb()
    watches = [BrandWatch("", f"brand-{number}") for number in range(len(rates))]
    spoken, quiet = _Spent(), _Spent()
    steps = (_WARM_MIN + _MEASURED_MIN) * _PER_MIN
    for step in range(steps):
        if step == _WARM_MIN * _PER_MIN:
            spoken, quiet = _Spent(), _Spent()
        _one_bucket(watches, chance.poisson(rates), _BEGIN_MS + step * BUCKET_MS, posts, (spoken, quiet))
        progress((step + 1) / steps)
    gc.collect()
    grown_kb = (_resident_mb() - base_mb) * 1000
    return WatchReport(
        series=series,
        ms_per_bucket=round(spoken.each_s * 1e3, 4),
        us_per_quiet=round(quiet.each_s * 1e6, 2),
        ms_busy=round(_busy_s(posts) * 1e3, 4),
        of_a_core=round((spoken.seconds + quiet.seconds) / (_MEASURED_MIN * 60), 3),
        base_mb=round(base_mb, 1),
        kb_per_series=round(grown_kb / series, 2),
        rivers=tuple(rivers_times()),
        machine=machine(),
    )


def _one_bucket(
    watches: list[BrandWatch], counts: NDArray[np.int64], start_ms: int, posts: _Posts, spent: tuple[_Spent, _Spent]
) -> None:
    """Ten seconds of every brand: those of whom somebody spoke, then those of whom nobody did."""
    cells = [
        [
            posts.cell(watch.brand, name, start_ms, number)
            for name, number in zip(_PLATFORMS, row, strict=True)
            if number
        ]
        for watch, row in zip(watches, counts.tolist(), strict=True)
    ]
    some = [(watch, here) for watch, here in zip(watches, cells, strict=True) if here]
    none = [watch for watch, here in zip(watches, cells, strict=True) if not here]
    spoken, quiet = spent
    spoken.of(lambda: [watch.close(start_ms, here) for watch, here in some], len(_PLATFORMS) * len(some))
    quiet.of(partial(_silence, none, start_ms + BUCKET_MS), len(_PLATFORMS) * len(none))


def _silence(watches: list[BrandWatch], end_ms: int) -> None:
    for watch in watches:
        watch.quiet_until(end_ms)


def _busy_s(posts: _Posts) -> float:
    """One platform with 500 mentions a minute."""
    watch, spent = BrandWatch("", "busy"), _Spent()
    for step in range((_WARM_MIN + _MEASURED_MIN) * _PER_MIN):
        start_ms = _BEGIN_MS + step * BUCKET_MS
        cell = posts.cell("busy", "x", start_ms, 500 // _PER_MIN)
        if step == _WARM_MIN * _PER_MIN:
            spent = _Spent()
        spent.of(partial(watch.close, start_ms, [cell]), 1)
    return spent.each_s


def rivers_times() -> Iterator[RiversTime]:
    """River's own detectors on the counts of one series."""
    counts = np.random.default_rng(_SEED).poisson(2.0, _RIVERS_UPDATES).tolist()
    for name, update in _rivers().items():
        spent = _Spent()
        spent.of(partial(_each, update, counts), len(counts))
        yield RiversTime(name, round(spent.each_s * 1e6, 2))


def _each(update: Callable[[int], object], counts: list[int]) -> None:
    for count in counts:
        update(count)


def _rivers() -> dict[str, Callable[[int], object]]:
    """What each of River's detectors does with a count: judge it, and learn it."""
    trees, scorer = anomaly.HalfSpaceTrees(), anomaly.GaussianScorer(window_size=None)  # type: ignore[no-untyped-call]

    def grow(count: int) -> None:
        trees.score_one({"count": count})  # type: ignore[no-untyped-call]
        trees.learn_one({"count": count})  # type: ignore[no-untyped-call]

    def fit(count: int) -> None:
        scorer.score_one(None, count)  # type: ignore[no-untyped-call]
        scorer.learn_one(None, count)  # type: ignore[no-untyped-call]

    return {
        "ADWIN": drift.ADWIN(clock=1).update,  # type: ignore[no-untyped-call]
        "KSWIN": drift.KSWIN().update,
        "PageHinkley": drift.PageHinkley().update,
        "HalfSpaceTrees": grow,
        "GaussianScorer": fit,
    }


def _resident_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
