"""What a detector says of a moment: how far out of the ordinary it is, over which span, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from detectors.signal import SignalKind

#: The spans looked at, in seconds, each with how much less a longer one has to prove.
SPANS_S: Final = ((60, 0.0), (180, 0.0), (300, 0.0), (900, 0.5), (1800, 1.0), (3600, 1.5))


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One bucket of a series as detectors see it: independent voices, not posts.

    `scored` are the voices with a known negativity, `negative` those of them that are negative.
    """

    at_ms: int
    voices: float
    scored: float
    negative: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A moment against the expectation. `tail` is -log10 of its probability; at `threshold` it is worth a signal.

    `voices` and `negative` are what the span held; the shares are 0 where the detector does not look at feelings.
    """

    tail: float
    threshold: float
    span_s: int
    observed: float
    expected: float
    voices: float
    negative: float = 0.0
    negative_share: float = 0.0
    expected_negative_share: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def score(self) -> float:
        """`tail` over `threshold`: 1 is just enough."""
        return self.tail / self.threshold


@dataclass(frozen=True, slots=True)
class Level:
    """Where a series stands, for a graph: what is seen of late, what is usual, and the top of the usual band."""

    observed: float
    expected: float
    high: float


class Detector(Protocol):
    """Looks at one series. Scoring never learns; learning never looks ahead.

    `find` judges a bucket by everything learned before it, `learn` then takes the bucket in. `snapshot` is versioned
    plain data, and a detector made from it goes on as if it had never stopped.
    """

    kind: SignalKind
    version: int

    def find(self, seen: Observation) -> Finding | None:
        """The most striking span that ends with this bucket; None where there is nothing to say."""
        ...

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the windows and the baseline."""
        ...

    def level(self, at_ms: int) -> Level:
        """Where the series stands, in the detector's own unit."""
        ...

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known, so how sure the expectation is."""
        ...

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        ...
