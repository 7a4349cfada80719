"""The last hour of a series, small enough for twenty thousand of them: any span up to it can be summed at once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.bucket import BUCKET_MS

LONGEST_S: Final = 3600
#: Up to this span a step is a bucket; beyond it a minute.
FINE_S: Final = 300

_STEP_S: Final = BUCKET_MS // 1000
_COARSE_S: Final = 60
_PER_COARSE: Final = _COARSE_S // _STEP_S
_FINE: Final = FINE_S // _STEP_S + 1
_COARSE: Final = LONGEST_S // _COARSE_S + 1


class Window:
    """Running totals of several quantities, a step a bucket; a span is the difference of two of them.

    Up to `FINE_S` a span is exact. A longer one ends with the newest bucket and begins at a full minute (counted from
    the first bucket), so that it is up to 50 s longer than asked for; quantities added together cover the same time,
    which is what a comparison needs.

    >>> window = Window(2)
    >>> for value in (1, 2, 3):
    ...     window.add((value, 10 * value))
    >>> window.last(20), window.last(3600)
    ([5.0, 50.0], [6.0, 60.0])
    """

    __slots__ = ("_coarse", "_columns", "_fine", "_step", "_total")

    def __init__(self, columns: int, state: str = "") -> None:
        self._columns = columns
        self._step = 0
        rows = np.zeros((_FINE + _COARSE + 1, columns))
        if state:
            saved = np.frombuffer(base64.b85decode(state), dtype="<f8")
            self._step = int(saved[0])
            rows[:] = saved[1:].reshape(rows.shape)
        self._fine: NDArray[np.float64] = rows[:_FINE]
        self._coarse: NDArray[np.float64] = rows[_FINE:-1]
        self._total: NDArray[np.float64] = rows[-1]

    def add(self, values: Sequence[float] | None = None) -> None:
        """The next bucket's values, one a column; None where all are nought."""
        if values is not None:
            self._total += values
        self._step += 1
        self._fine[self._step % _FINE] = self._total
        if self._step % _PER_COARSE == 0:
            self._coarse[self._step // _PER_COARSE % _COARSE] = self._total

    def correct(self, back: int, values: Sequence[float]) -> None:
        """Add `values` to the bucket `back` before the newest (0 is the newest itself); one out of reach is let be."""
        changed = self._step - back
        if changed < 1 or back * _STEP_S >= LONGEST_S:
            return
        self._total += values
        for step in range(max(changed, self._step - _FINE + 1), self._step + 1):
            self._fine[step % _FINE] += values
        first = -(-changed // _PER_COARSE)
        for minute in range(max(first, self._step // _PER_COARSE - _COARSE + 1), self._step // _PER_COARSE + 1):
            self._coarse[minute % _COARSE] += values

    def last(self, span_s: int) -> list[float]:
        """Sum of each column over the last `span_s` seconds, or over all there is."""
        if span_s <= FINE_S:
            before, ring = self._step - span_s // _STEP_S, self._fine
        else:
            before, ring = self._step // _PER_COARSE - span_s // _COARSE_S, self._coarse
        sums: list[float] = (self._total - ring[before % len(ring)] if before > 0 else self._total).tolist()
        return sums

    def state(self) -> str:
        """Everything it knows, for `Window(columns, state)`."""
        rows = np.concatenate((self._fine, self._coarse, self._total[None, :]))
        return base64.b85encode(np.concatenate(([float(self._step)], rows.ravel())).astype("<f8").tobytes()).decode()
