"""Rules that others publish, on the same streams: counts alone, looked at once a minute."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Sums = NDArray[np.float64]
Raised = NDArray[np.bool_]

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY
_LEAST: Final = 10
#: Raised again within so many minutes it is the same page.
_SAME_PAGE_MIN: Final = 120


class Rule(StrEnum):
    """The published rules."""

    THREE_HOURS = "last hour against 12 h, yesterday and last week (x2, at least 10)"
    WEEK_MEAN = "last hour above the 7-day hourly mean + 300 %"
    EARLIER_WEEKS = "same hour in earlier weeks + 100 % (at least 10)"
    DAY_MEAN = "24 h mean above the 7-day mean + 2 sd"
    FIVE_MINUTES = "5-minute count above the 24 h mean + 3 sd"


def raised(rule: Rule, counts: Counts) -> Raised:
    """Whether `rule` is met at the end of each minute; `counts` are the mentions of every minute."""
    return _RULES[rule](counts)


def pages(raised_at: Raised) -> list[int]:
    """The minutes at which a page would follow: raised, and not within the two hours before.

    >>> pages(np.array([False, True, True, False, True]))
    [1]
    """
    minutes = np.flatnonzero(raised_at)
    first = np.concatenate(([True], np.diff(minutes) > _SAME_PAGE_MIN)) if len(minutes) else np.zeros(0, bool)
    return [int(minute) for minute in minutes[first]]


def _last(counts: Counts | Sums, span: int, back: int = 0) -> Sums:
    """Sum over the `span` minutes that end `back` minutes ago, for each minute; NaN where that is before the start."""
    total = np.concatenate(([0.0], np.cumsum(counts, dtype=np.float64)))
    end = np.arange(1, len(counts) + 1) - back
    begin = end - span
    found = total[np.maximum(end, 0)] - total[np.maximum(begin, 0)]
    return np.where(begin >= 0, found, np.nan)


def _three_hours(counts: Counts) -> Raised:
    hour = _last(counts, _HOUR)
    against = (_last(counts, 12 * _HOUR, _HOUR) / 12, _last(counts, _HOUR, _DAY), _last(counts, _HOUR, _WEEK))
    met = hour >= _LEAST
    for usual in against:
        met &= hour >= 2.0 * usual
    return met


def _week_mean(counts: Counts) -> Raised:
    return np.asarray(_last(counts, _HOUR) > 4.0 * _last(counts, _WEEK, _HOUR) / (_WEEK / _HOUR))


def _earlier_weeks(counts: Counts) -> Raised:
    hour = _last(counts, _HOUR)
    last_week, week_before = _last(counts, _HOUR, _WEEK), _last(counts, _HOUR, 2 * _WEEK)
    earlier = np.where(np.isnan(week_before), last_week, (last_week + week_before) / 2.0)
    return np.asarray((hour >= _LEAST) & (hour > 2.0 * earlier))


def _day_mean(counts: Counts) -> Raised:
    hours = np.nan_to_num(_last(counts, _HOUR))
    day = _last(counts, _DAY) / 24
    mean = _last(hours, _WEEK) / _WEEK
    square = _last(hours * hours, _WEEK) / _WEEK
    return np.asarray(day > mean + 2.0 * np.sqrt(np.maximum(square - mean * mean, 0.0)))


def _five_minutes(counts: Counts) -> Raised:
    five = _last(counts, 5)
    known = np.nan_to_num(five)
    mean = _last(known, _DAY, 5) / _DAY
    square = _last(known * known, _DAY, 5) / _DAY
    return np.asarray(five > mean + 3.0 * np.sqrt(np.maximum(square - mean * mean, 0.0)))


_RULES: Final[dict[Rule, Callable[[Counts], Raised]]] = {
    Rule.THREE_HOURS: _three_hours,
    Rule.WEEK_MEAN: _week_mean,
    Rule.EARLIER_WEEKS: _earlier_weeks,
    Rule.DAY_MEAN: _day_mean,
    Rule.FIVE_MINUTES: _five_minutes,
}
