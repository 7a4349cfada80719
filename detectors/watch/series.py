"""One series, a brand on a platform or as a whole: every detector looks at each of its buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from detectors.bucket import BUCKET_MS
from detectors.estimators.seasonal import SharesRate
from detectors.finding import Detector, Finding, Level, Observation
from detectors.kinds.registry import DETECTORS
from detectors.kinds.silence import Silence
from detectors.signal import SignalKind
from detectors.watch.alarm import AlarmState, advance
from detectors.watch.severity import NOBODY


class DetectorState(msgspec.Struct):
    """A detector's snapshot with its alarm."""

    kind: SignalKind
    version: int
    alarm: AlarmState
    state: msgspec.Raw


class SeriesState(msgspec.Struct):
    """A series as plain data; `platform` None is the brand as a whole."""

    platform: str | None
    detectors: list[DetectorState]


@dataclass(slots=True)
class Watched:
    """A detector, and what was signalled of its findings."""

    detector: Detector
    alarm: AlarmState = field(default_factory=AlarmState)


class Series:
    """The detectors of one series; `whole` is the series of the whole brand, of which a platform's is a part.

    A detector that `state` does not know, or knows in another version, learns anew.
    """

    def __init__(self, platform: str | None, whole: Series | None = None, state: SeriesState | None = None) -> None:
        self.platform = platform
        #: Up to where it has taken in what came, and up to where nothing is found if nobody speaks, as far as is known.
        self.taken_ms = 0
        self.patient_ms = 0
        kept = {one.kind: one for one in state.detectors} if state else {}
        self._watched = {kind: _watched(kind, platform, whole, kept.get(kind)) for kind in DETECTORS}
        #: Those of what is said; silence is told of by itself, and has no alarm that dies away.
        self._speech = [one for kind, one in self._watched.items() if kind is not SignalKind.SILENCE]
        silence = self.of(SignalKind.SILENCE)
        assert isinstance(silence, Silence)
        self.silence = silence
        # What is usual is learned once; while it is silent, by the one that knows that an outage is not the usual.
        for one in self._speech:
            if isinstance(one.detector, SharesRate):
                one.detector.share(silence.rate)

    def of(self, kind: SignalKind) -> Detector:
        """The detector of a kind."""
        return self._watched[kind].detector

    def is_alarmed(self, kind: SignalKind) -> bool:
        """Whether something of this kind was signalled and is not over."""
        return self._watched[kind].alarm.severity > 0

    def find(self, seen: Observation) -> Iterator[tuple[Watched, Finding | None]]:
        """What each detector of voices says of a bucket; each learns it once its finding was looked at."""
        for watched in self._speech:
            yield watched, watched.detector.find(seen)
            watched.detector.learn(seen)

    def listen(self, seen: Observation) -> Finding | None:
        """What there is to say of silence; once when it begins to be one, and it is over with the next that arrives."""
        self.taken_ms = seen.at_ms + BUCKET_MS
        self.patient_ms = 0
        return self.silence.listen(seen)

    def quiet(self, seen: Observation) -> Finding | None:
        """Ten seconds in which nobody spoke: a nought to learn, and nothing to find but the silence itself."""
        self._rest(seen, 1)
        return self.listen(seen)

    def rest(self, seen: Observation, buckets: int) -> None:
        """So many quiet buckets of one step at once, of which `seen` is the first, and in which there is no silence.

        To the last bit the same as one by one, and a good deal quicker.
        """
        self._rest(seen, buckets)
        self.silence.rest(seen, buckets)
        self.taken_ms = seen.at_ms + buckets * BUCKET_MS

    def _rest(self, seen: Observation, buckets: int) -> None:
        for watched in self._speech:
            advance(watched.alarm, None, NOBODY, seen.at_ms + buckets * BUCKET_MS)
            watched.detector.rest(seen, buckets)

    def begin(self, at_ms: int) -> None:
        """Go over to the step of five minutes of `at_ms`, if that is a new one; the whole brand goes first."""
        self.silence.rate.begin(at_ms)

    def correct(self, late: Observation) -> None:
        """Take in what came too late for its bucket, at its own time."""
        for watched in self._watched.values():
            watched.detector.correct(late)

    def levels(self, at_ms: int) -> dict[SignalKind, Level]:
        """Where the series stands, by detector."""
        return {kind: watched.detector.level(at_ms) for kind, watched in self._watched.items()}

    def snapshot(self) -> SeriesState:
        """Everything it knows."""
        return SeriesState(self.platform, [_state(watched) for watched in self._watched.values()])


def _watched(kind: SignalKind, platform: str | None, whole: Series | None, kept: DetectorState | None) -> Watched:
    entry = DETECTORS[kind]
    threshold = entry.threshold_for(platform)
    watched = Watched(entry.make(threshold, whole.of(kind) if whole else None))
    if kept is not None:
        watched.alarm = kept.alarm
        if kept.version == watched.detector.version:
            watched.detector = entry.restore(bytes(kept.state), threshold, whole.of(kind) if whole else None)
    return watched


def _state(watched: Watched) -> DetectorState:
    detector = watched.detector
    return DetectorState(detector.kind, detector.version, watched.alarm, msgspec.Raw(detector.snapshot()))
