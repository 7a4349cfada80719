"""Whether so much of what comes in is rubbish that ops should know, and dead letters be sampled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from detectors.signal import Evidence, Signal, SignalKind, signal_id
from playbooks.labels import MentionOutcome

_WINDOW_MS: Final = 60_000
#: While too much is rubbish, one dead letter in so many is kept.
KEEP_ONE_IN: Final = 100
#: Firebreak itself, as the brand that its own troubles are about. No configured brand may have this name.
SYSTEM_BRAND: Final = "firebreak"
_SEVERITY: Final = 3
_VERSION: Final = 2


def that_count(outcomes: Mapping[MentionOutcome, int]) -> int:
    """How many records of a fold the share is of: who sends a good mention again and again hides no bad ones.

    >>> that_count({MentionOutcome.REPEAT: 900, MentionOutcome.DEAD: 30, MentionOutcome.ACCEPTED: 70})
    100
    """
    return sum(number for outcome, number in outcomes.items() if outcome is not MentionOutcome.REPEAT)


@dataclass(slots=True)
class DeadShare:
    """Counts records and dead letters of one triage worker, a minute of Kafka's time at a time.

    `most` is the share above which ops are told, `of_at_least` the records a minute must have before a share means
    anything. Records are counted as `that_count` says.

    >>> share = DeadShare(most=0.2, of_at_least=10)
    >>> share.add(0, records=8, dead=8), share.add(1000, records=8, dead=8), share.add(2000, records=8, dead=8)
    (False, True, False)
    >>> share.sampling
    True
    """

    most: float
    of_at_least: int
    sampling: bool = False
    start_ms: int = 0
    newest_ms: int = 0
    records: int = 0
    dead: int = 0
    told: bool = False

    def add(self, at_ms: int, records: int, dead: int) -> bool:
        """Count a fold whose newest record Kafka took at `at_ms`; True where ops are to be told now, once a minute."""
        if at_ms >= self.start_ms + _WINDOW_MS:
            self.sampling = self._too_much()
            self.start_ms = at_ms - at_ms % _WINDOW_MS
            self.records = self.dead = 0
            self.told = False
        self.newest_ms = max(self.newest_ms, at_ms)
        self.records += records
        self.dead += dead
        if self.told or not self._too_much():
            return False
        self.sampling = self.told = True
        return True

    def signal(self) -> Signal:
        """What ops are told: a signal about Firebreak itself, with what this worker has counted so far.

        Nothing is expected, so there is no band; `threshold` is the share that is put up with.
        """
        share = self.dead / self.records
        at_ms = max(self.newest_ms, self.start_ms + 1)
        return Signal(
            id=signal_id("", SYSTEM_BRAND, None, SignalKind.DEAD_LETTERS, self.start_ms, _VERSION),
            run="",
            brand=SYSTEM_BRAND,
            platform=None,
            kind=SignalKind.DEAD_LETTERS,
            at_ms=at_ms,
            since_ms=self.start_ms,
            severity=_SEVERITY,
            score=round(share / self.most, 3),
            observed=float(self.dead),
            expected=0.0,
            detector=type(self).__name__,
            detector_version=_VERSION,
            evidence=Evidence(
                window_s=math.ceil((at_ms - self.start_ms) / 1000),
                tail=0.0,
                threshold=self.most,
                expected_low=0.0,
                expected_high=0.0,
                mentions=self.records,
                negative=0,
                negative_share=0.0,
                expected_negative_share=0.0,
                authors=0,
                baseline_days=0.0,
            ),
        )

    def _too_much(self) -> bool:
        return self.records >= self.of_at_least and self.dead > self.most * self.records
