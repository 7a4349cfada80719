"""What a detector says of a moment: how far out of the ordinary it is, over which span, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from detectors.signal import SignalKind

#: The spans looked at, in seconds, each with how much less a longer one has to prove.
SPANS_S: Final = ((60, 0.0), (180, 0.0), (300, 0.0), (900, 0.5), (1800, 1.0), (3600, 1.5))

#: Scores of 0..1 are counted in so many equal parts.
BINS: Final = 8
NO_BINS: Final = (0.0,) * BINS


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One bucket of a series as detectors see it: independent voices, not posts.

    `scored` are the voices with a known negativity, `negative` those of them that are negative, and `bins` how many of
    them fall into each of `BINS` equal parts of 0..1. `copies` are posts that are no voice of their own, and
    `negative_copies` the negative ones of them; `mistaken` are negative voices, of this bucket or earlier ones, that
    have turned out to be the first of a flood's copies. `planned` is how many times the usual the calendar expects now.
    `arrived` are the mentions that came in with the bucket, whatever their own time is and whoever wrote them. All of
    these are counts, whole or weighted; `late_ms` is how late its sources may be.
    """

    at_ms: int
    voices: float = 0.0
    scored: float = 0.0
    negative: float = 0.0
    bins: tuple[float, ...] = NO_BINS
    copies: float = 0.0
    planned: float = 1.0
    arrived: float = 0.0
    late_ms: int = 0
    negative_copies: float = 0.0
    mistaken: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A moment against the expectation. `tail` is -log10 of its probability; at `threshold` it is worth a signal.

    `voices` and `negative` are what the span held; the shares are 0 where the detector does not look at feelings.
    `severity` is the detector's own word on how bad that is; without it the score and the people decide.
    `lasting` says that the mood has changed for good, as far as can be seen.
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
    severity: int | None = None
    lasting: bool = False

    @property
    def score(self) -> float:
        """`tail` over `threshold`: 1 is just enough."""
        return self.tail / self.threshold


@dataclass(frozen=True, slots=True)
class Level:
    """Where a series stands, for a graph: what is seen of late, what is usual, and the usual band.

    `unknown` says that there is nothing to take `observed` from: of voices that nobody raised there is no share.
    """

    observed: float
    expected: float
    high: float
    low: float = 0.0
    unknown: bool = False


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

    def rest(self, seen: Observation, buckets: int) -> None:
        """`learn` of so many buckets without a word at once, all in one step of five minutes; `seen` is the first."""
        ...

    def correct(self, late: Observation) -> None:
        """Take in what came too late for its bucket, at its own time; what is out of reach is let be."""
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
