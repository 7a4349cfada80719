"""The last hour of a series, small enough for twenty thousand of them: any span up to it can be summed at once."""

from __future__ import annotations

import base64
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

from detectors.bucket import BUCKET_MS

LONGEST_S: Final = 3600
#: Up to this span a step is a bucket; beyond it a minute.
FINE_S: Final = 300

_STEP_S: Final = BUCKET_MS // 1000
_COARSE_S: Final = 60
_PER_COARSE: Final = _COARSE_S // _STEP_S
_FINE: Final = FINE_S // _STEP_S
#: Totals begin anew above this, for they are kept in single precision.
_LARGE: Final = 4096.0
_SINGLE: Final = Struct("f")


class Window:
    """Running totals of counts, and of one quantity that flows evenly; a span is the difference of two of them.

    A row is kept only for a bucket that had counts, or with which the flow changed: most series are quiet, and a
    quiet bucket costs nothing. Up to `FINE_S` a span is exact. A longer one ends with the newest bucket and begins at a
    full minute (counted from the first bucket), so that it is up to 50 s longer than asked for; quantities added
    together cover the same time, which is what a comparison needs. `longest_s` is how long rows are remembered.

    >>> window = Window(1)
    >>> for value in (1, 2, 3):
    ...     window.add((value,), flow=0.5)
    >>> window.rest(2, flow=0.5)
    >>> window.last(20), window.last(40), window.last(3600)
    ([0.0, 1.0], [5.0, 2.0], [6.0, 2.5])
    """

    __slots__ = ("_longest", "_rows", "_step", "_steps", "_width")

    def __init__(self, columns: int, state: str = "", longest_s: int = LONGEST_S) -> None:
        #: The counts, the flow until then, and what flows with each step from then on.
        self._width = columns + 2
        self._longest = longest_s // _STEP_S + _PER_COARSE
        self._step = 0
        self._steps = array("i")
        self._rows = array("f")
        if state:
            raw = base64.b85decode(state)
            kept = (len(raw) // 4 - 1) // (self._width + 1)
            steps = array("i", raw[: 4 * (kept + 1)])
            self._step, self._steps = steps[0], steps[1:]
            self._rows = array("f", raw[4 * (kept + 1) :])

    def add(self, counts: Sequence[float] | None = None, flow: float = 0.0) -> None:
        """The next bucket's counts, one a column (None where all are nought), and what flowed in it."""
        self.rest(1, flow)
        if counts is not None:
            self._count(self._place(self._step), counts)

    def rest(self, buckets: int, flow: float = 0.0) -> None:
        """So many buckets without counts, in each of which so much flowed."""
        # As a row keeps it, or the next one would look like a change.
        flow = _SINGLE.unpack(_SINGLE.pack(flow))[0]
        rows = self._rows
        if flow != (rows[-1] if rows else 0.0):
            rows[(self._place(self._step) + 1) * self._width - 1] = flow
        self._step += buckets

    def correct(self, back: int, counts: Sequence[float]) -> None:
        """Add `counts` to the bucket `back` before the newest (0 is the newest itself); one out of reach is let be."""
        changed = self._step - back
        if changed < 1 or back >= self._longest - _PER_COARSE:
            return
        if back >= _FINE + _PER_COARSE:
            changed += -changed % _PER_COARSE
        self._count(self._place(changed), counts)

    def last(self, span_s: int) -> list[float]:
        """Sum of each column over the last `span_s` seconds, or over all there is, and what flowed in them."""
        return self.each_last((span_s,))[0]

    def each_last(self, spans_s: Iterable[int]) -> list[list[float]]:
        """`last` for several spans."""
        until, found = self._totals(self._step), []
        for span_s in spans_s:
            if span_s <= FINE_S:
                before = self._step - span_s // _STEP_S
            else:
                before = (self._step // _PER_COARSE - span_s // _COARSE_S) * _PER_COARSE
            since = self._totals(before)
            found.append([newer - older for newer, older in zip(until, since, strict=True)])
        return found

    def state(self) -> str:
        """Everything it knows, for `Window(columns, state)`."""
        return base64.b85encode(array("i", (self._step, *self._steps)).tobytes() + self._rows.tobytes()).decode()

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _totals(self, step: int) -> list[float]:
        """What had been counted, and what had flowed, up to and with `step`."""
        place, width = bisect_right(self._steps, step) - 1, self._width
        if place < 0:
            return [0.0] * (width - 1)
        end = (place + 1) * width - 1
        totals = self._rows[end - width + 1 : end].tolist()
        totals[-1] += self._rows[end] * (step - self._steps[place])
        return totals

    def _place(self, step: int) -> int:
        """Where the row of `step` is; it is made where there is none."""
        steps, rows, width = self._steps, self._rows, self._width
        place = bisect_right(steps, step)
        if place and steps[place - 1] == step:
            return place - 1
        made = array("f", self._totals(step))
        made.append(rows[place * width - 1] if place else 0.0)
        if place < len(steps):
            steps.insert(place, step)
            rows[place * width : place * width] = made
            return place
        steps.append(step)
        rows.extend(made)
        if place:
            self._thin(steps[place - 1], step)
        return len(steps) - 1

    def _count(self, place: int, counts: Sequence[float]) -> None:
        rows, width = self._rows, self._width
        for begins in range(place * width, len(rows), width):
            for column, count in enumerate(counts, begins):
                rows[column] += count

    def _thin(self, last: int, step: int) -> None:
        """Forget what is out of reach, and of each minute that is no longer fine all rows but its last."""
        steps, rows, width = self._steps, self._rows, self._width
        if steps[1] <= step - self._longest:
            first = bisect_right(steps, step - self._longest) - 1
            del steps[:first], rows[: first * width]
            if max(rows[: width - 1]) > _LARGE:
                self._begin_anew()
        fine, coarse = (_minutes(step - _FINE), _minutes(last - _FINE))
        if fine > coarse:
            begins, ends = (bisect_right(steps, minute * _PER_COARSE) for minute in (coarse, fine))
            for place in range(ends - 2, begins - 1, -1):
                if _minutes(steps[place] - 1) == _minutes(steps[place + 1] - 1):
                    del steps[place], rows[place * width : (place + 1) * width]

    def _begin_anew(self) -> None:
        """Totals count from the oldest row on."""
        rows, width = self._rows, self._width
        for column in range(width - 1):
            before = rows[column]
            for place in range(column, len(rows), width):
                rows[place] -= before


def _minutes(step: int) -> int:
    return step // _PER_COARSE
