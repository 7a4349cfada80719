"""Every detector, by kind: adding one is its module, a line here, its test and a row in docs/detection.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from detectors.finding import Detector
from detectors.kinds import flood, negativity, silence, volume
from detectors.kinds.flood import FloodSpike
from detectors.kinds.negativity import NegativitySpike
from detectors.kinds.silence import Silence
from detectors.kinds.volume import VolumeSpike
from detectors.signal import SignalKind

#: A single platform has to prove this much more (-log10) than the brand as a whole, because there are several.
_PLATFORM_EXTRA: Final = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """How to make a detector of one kind, anew or from a snapshot.

    Both take the threshold, and for a platform the whole brand's detector of that kind, from which it may borrow.
    """

    make: Callable[[float, Detector | None], Detector]
    restore: Callable[[bytes, float, Detector | None], Detector]
    threshold: float

    def threshold_for(self, platform: str | None) -> float:
        """The threshold on one platform, or for the brand as a whole."""
        return self.threshold if platform is None else self.threshold + _PLATFORM_EXTRA


DETECTORS: Final[dict[SignalKind, Entry]] = {
    SignalKind.VOLUME: Entry(VolumeSpike, VolumeSpike.restore, volume.THRESHOLD),
    SignalKind.NEGATIVITY: Entry(NegativitySpike, NegativitySpike.restore, negativity.THRESHOLD),
    SignalKind.FLOOD: Entry(FloodSpike, FloodSpike.restore, flood.THRESHOLD),
    SignalKind.SILENCE: Entry(Silence, Silence.restore, silence.THRESHOLD),
}
