"""What a metric is: its name, kind, labels, unit and who writes it. The metrics themselves are in `telemetry`.

A metric is made by `counter`, `gauge`, `histogram` or `score_histogram`, which also enter it in the vocabulary; from
that table come the started label values, docs/metrics.md and the check of every dashboard and alert. None is
registered with Prometheus until `telemetry.start` says which roles the process has: a gate that showed an outbox of 0
would hide that no runner is alive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import accumulate

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from playbooks.labels import Role

# A second series for each counter that only says when it began; no panel needs it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Kind(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Unit(StrEnum):
    """What one is one of."""

    COUNT = "count"
    PER_MINUTE = "mentions a minute"
    SHARE = "share, 0..1"
    SCORE = "score, 0..1"
    SECONDS = "seconds"
    MOMENT = "moment, seconds since 1970 UTC"
    ONE = "always 1"
    VERSION = "version number"


class Named(Enum):
    """Labels whose values are no enum: each is bounded by the settings, never by what somebody sends."""

    BRAND = "configured brands"
    BRAND_OR_OTHER = "configured brands, `OTHER` for the rest"
    PLATFORM = "the first 24 platforms seen, `ALL` for the brand as a whole"
    PARTITION = "numbers of the topic's partitions"
    VERSION = "this program's version"


Labels = Mapping[str, type[StrEnum] | Named]
NO_LABELS: Labels = {}


class ScoreHistogram(Collector):
    """A histogram that takes a whole fold at once: one bisection a bound, no lock.

    Written by one thread; a scrape in the middle of a fold may miss the rest of it until the next.

    >>> scores = ScoreHistogram("x", "Scores.", (0.5, 1.0))
    >>> scores.observe_many([0.25, 0.25, 0.75])
    >>> [sample.value for sample in next(iter(scores.collect())).samples]
    [2, 3, 3, 3, 1.25]
    """

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe_many(self, values: Iterable[float]) -> None:
        """Count each value in the first bucket whose bound is not below it."""
        ordered = sorted(values)
        passed = 0
        for place, bound in enumerate(self._bounds):
            reached = bisect_right(ordered, bound)
            self._counts[place] += reached - passed
            passed = reached
        self._counts[-1] += len(ordered) - passed
        self._sum += sum(ordered)

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """What a scrape reads; the name is the one Collector asks for."""
        bounds = [*(str(bound) for bound in self._bounds), "+Inf"]
        buckets = list(zip(bounds, accumulate(self._counts), strict=True))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=self._sum)


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the vocabulary. `roles` are those whose processes write it; `instrument` is what they write to."""

    name: str
    kind: Kind
    unit: Unit
    labels: Labels
    roles: frozenset[Role]
    help: str
    instrument: MetricWrapperBase | ScoreHistogram

    @property
    def series(self) -> tuple[str, ...]:
        """The names a query may use: a histogram has three.

        >>> from playbooks.telemetry import VOCABULARY
        >>> VOCABULARY["firebreak_bucket_close_seconds"].series[0]
        'firebreak_bucket_close_seconds_bucket'
        """
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)

    def enum_values(self, label: str) -> tuple[StrEnum, ...]:
        """The values that a label of an enum can have, of roles only the metric's own; none for a `Named` one."""
        values = self.labels[label]
        if isinstance(values, Named):
            return ()
        return tuple(value for value in values if values is not Role or value in self.roles)


#: Every metric that was made; whole once `telemetry` is imported, which shows it as `telemetry.VOCABULARY`.
ENTERED: dict[str, Metric] = {}

#: What Prometheus and its client library show of every process without our doing; dashboards and alerts may use it.
AMBIENT = {
    "up": "1 where Prometheus reached the process, 0 where not",
    "process_resident_memory_bytes": "memory of the process",
    "process_cpu_seconds_total": "processor time of the process",
    "process_open_fds": "open files and connections of the process",
    "process_start_time_seconds": "when the process started",
}


def counter(name: str, roles: Iterable[Role], help_text: str, labels: Labels = NO_LABELS) -> Counter:
    """Something that is counted and only grows; the name ends in ``_total``."""
    made = Counter(name, help_text, tuple(labels), registry=None)
    _enter(Metric(name, Kind.COUNTER, Unit.COUNT, labels, frozenset(roles), help_text, made))
    return made


def gauge(name: str, roles: Iterable[Role], unit: Unit, help_text: str, labels: Labels = NO_LABELS) -> Gauge:
    """Something that goes up and down."""
    made = Gauge(name, help_text, tuple(labels), registry=None)
    _enter(Metric(name, Kind.GAUGE, unit, labels, frozenset(roles), help_text, made))
    return made


def histogram(name: str, roles: Iterable[Role], bounds: Sequence[float], help_text: str) -> Histogram:
    """How long something took, in seconds, in buckets up to each of `bounds`."""
    made = Histogram(name, help_text, buckets=bounds, registry=None)
    _enter(Metric(name, Kind.HISTOGRAM, Unit.SECONDS, NO_LABELS, frozenset(roles), help_text, made))
    return made


def score_histogram(name: str, roles: Iterable[Role], bounds: Sequence[float], help_text: str) -> ScoreHistogram:
    """How scores are spread, fold by fold."""
    made = ScoreHistogram(name, help_text, bounds)
    _enter(Metric(name, Kind.HISTOGRAM, Unit.SCORE, NO_LABELS, frozenset(roles), help_text, made))
    return made


def _enter(metric: Metric) -> None:
    if metric.name in ENTERED:
        raise ValueError(f"the metric {metric.name} is there twice")
    ENTERED[metric.name] = metric
