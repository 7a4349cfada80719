"""PromQL that shows 0 where a process is missing or nothing has happened yet, instead of an empty panel.

Whether the process is there at all is the first row's question; a graph that says "no data" in the middle of a crisis
only makes people doubt the graph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FALLBACK = " or on() vector(0)"
_NUMBER_GUARD = " >= 0"


@dataclass(frozen=True, slots=True)
class Query:
    """One line, or group of lines, of a panel; `legend` names labels as ``{{label}}``."""

    expr: str
    legend: str


def zero(expr: str, legend: str) -> Query:
    """`expr`, or 0 where no such series is.

    >>> zero("sum(firebreak_outbox_due)", "due").expr
    '(sum(firebreak_outbox_due)) or on() vector(0)'
    """
    return Query(f"({expr}){FALLBACK}", legend)


def number(expr: str, legend: str) -> Query:
    """`expr` of a quotient or quantile, or 0 where nothing was counted, which gives no number (NaN)."""
    return zero(f"({expr}){_NUMBER_GUARD}", legend)


def quantile(q: float, metric: str, legend: str) -> Query:
    """A quantile of a histogram over the last minutes, 0 where nothing was measured."""
    return number(f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket[$__rate_interval])))", legend)


def without_fallback(expr: str) -> str:
    """What `zero` and `number` were given: a test must see that it answers by itself.

    >>> without_fallback(number("a / b", "").expr), without_fallback(zero("up", "").expr), without_fallback("up")
    ('a / b', 'up', 'up')
    """
    bare = re.fullmatch(rf"\((.*)\){re.escape(FALLBACK)}", expr)
    if bare is None:
        return expr
    guarded = re.fullmatch(rf"\((.*)\){re.escape(_NUMBER_GUARD)}", bare[1])
    return guarded[1] if guarded else bare[1]
