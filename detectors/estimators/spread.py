"""How much more a count varies than chance alone would have it, learned on each of several time scales."""

from __future__ import annotations

import math
from array import array
from functools import cache
from typing import Final

#: The scales on which overdispersion is learned; between them it is interpolated.
SCALES_S: Final = (60, 300, 900, 3600)
#: What is believed of five minutes before anything is seen, how it fades with longer spans, and how long it counts.
_BELIEF: Final = 0.1
_FADES: Final = 0.35
_BELIEF_S: Final = 2 * 86_400.0
_MEMORY_S: Final = 14 * 86_400.0
#: Counts below this add little to the evidence about a belief: a handful of posts must not decide it.
_LEAST: Final = 1.0
#: A span above so many times the expectation is learned as if it were that: one crisis must not hide the next.
_CLIP: Final = 3.0
#: No stream is steadier than this.
FLOOR: Final = 0.01
_PER_SCALE: Final = 5


class Spread:
    """Overdispersion of counts over a minute to an hour: variance = expected + overdispersion * expected^2.

    By the method of moments on each scale: sum of (count - expected)^2 - expected over the sum of expected^2, with a
    belief worth two days and a memory of 14 days.

    >>> spread = Spread(10)
    >>> for bucket in range(7 * 8640):
    ...     spread.learn(4.0 if bucket // 6 % 2 else 0.0, 2.0)
    >>> spread.of(60) > 0.5, spread.of(3600) < 0.02
    (True, True)
    """

    __slots__ = ("_found", "_rows", "_scales", "_sums", "buckets")

    def __init__(self, bucket_s: int) -> None:
        self._scales, self._rows = _scales(bucket_s)
        self.buckets = 0
        #: Of each scale: count and expectation of the span that is under way; excess, squares, and sum of expectations.
        self._sums = array("d", bytes(8 * _PER_SCALE * len(self._scales)))
        self._found = array("d", map(self._overdispersion, range(len(self._scales))))

    def learn(self, count: float, expected: float) -> None:
        """Take in the next bucket."""
        self.buckets += 1
        self._sums[0] += count
        self._sums[1] += expected
        self._end_spans(0)

    def rest(self, buckets: int, expected: float) -> None:
        """Take in so many buckets without a count."""
        sums, shortest = self._sums, self._rows[0]
        for _ in range(buckets):
            self.buckets += 1
            sums[1] += expected
            if self.buckets % shortest == 0:
                self._end_spans(0)

    def _end_spans(self, first: int) -> None:
        """Learn each scale's span that ends with the newest bucket, from the scale `first` on."""
        sums, rows = self._sums, self._rows
        for scale, length in enumerate(rows[first:], first):
            if self.buckets % length:
                return
            at = scale * _PER_SCALE
            whole, usual = sums[at], sums[at + 1]
            sums[at] = sums[at + 1] = 0.0
            if scale + 1 < len(rows):
                sums[at + _PER_SCALE] += whole
                sums[at + _PER_SCALE + 1] += usual
            self._learn_span(scale, whole, usual)

    def learn_step(self, count: float, expected: float, step_s: int) -> None:
        """Take in a whole step at once, for the scales that are not shorter; not together with `learn`."""
        first = next((scale for scale, span_s in enumerate(self._scales) if span_s >= step_s), None)
        if first is None:
            return
        self.buckets += step_s // (self._scales[0] // self._rows[0])
        sums = self._sums
        sums[first * _PER_SCALE] += count
        sums[first * _PER_SCALE + 1] += expected
        self._end_spans(first)

    def of(self, span_s: int) -> float:
        """The overdispersion of a count over `span_s` seconds."""
        scales, found = self._scales, self._found
        if span_s <= scales[0]:
            return found[0]
        for place in range(1, len(scales)):
            if span_s <= scales[place]:
                part = math.log(span_s / scales[place - 1]) / math.log(scales[place] / scales[place - 1])
                return float(found[place - 1] ** (1.0 - part) * found[place] ** part)
        return found[-1]

    @property
    def state(self) -> bytes:
        """Everything it knows but `buckets`, for `resume`."""
        return self._sums.tobytes()

    def resume(self, state: bytes, buckets: int) -> None:
        """Go on from there."""
        self._sums = array("d", state)
        self.buckets = buckets
        self._found = array("d", map(self._overdispersion, range(len(self._scales))))

    def _learn_span(self, scale: int, count: float, expected: float) -> None:
        sums, at = self._sums, scale * _PER_SCALE
        keep = 1.0 - self._scales[scale] / _MEMORY_S if self._scales[scale] < _MEMORY_S else 0.0
        off = min(count, _CLIP * expected + _CLIP) - expected
        sums[at + 2] = sums[at + 2] * keep + off * off - expected
        sums[at + 3] = sums[at + 3] * keep + expected * expected
        sums[at + 4] = sums[at + 4] * keep + 1.0
        self._found[scale] = self._overdispersion(scale)

    def _overdispersion(self, scale: int) -> float:
        sums, at, span_s = self._sums, scale * _PER_SCALE, self._scales[scale]
        excess, squares, spans = sums[at + 2], sums[at + 3], sums[at + 4]
        belief = _BELIEF * (300.0 / span_s) ** _FADES
        weight = _BELIEF_S / span_s * max(squares / spans if spans else 0.0, _LEAST)
        return float(max((belief * weight + excess) / (weight + squares), FLOOR))


@cache
def _scales(bucket_s: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The scales for such buckets, and how many buckets each has; of all series the same two."""
    scales = tuple(span for span in SCALES_S if span >= bucket_s) or (bucket_s,)
    return scales, tuple(max(1, span // bucket_s) for span in scales)
