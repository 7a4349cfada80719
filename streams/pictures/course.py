"""What a backtest leaves behind to be drawn: how each series went, minute by minute, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from detectors.finding import Level
from detectors.mention import to_ms
from detectors.signal import Signal, SignalKind
from detectors.watch.brand_watch import BrandWatch
from playbooks.incidents.decisions import ActionLine, IncidentLine

MINUTE_MS: Final = 60_000
_NOTHING: Final = Level(0.0, 0.0, 0.0)

Place = tuple[str, str | None]


class Row(NamedTuple):
    """A series at a moment: voices and copies a minute over five minutes, and the negative share over fifteen."""

    at_ms: int
    voices: Level
    share: Level
    copies: Level = _NOTHING


@dataclass(slots=True)
class Incident:
    """An incident as it is drawn; `platform` is where it was first seen, None for the brand as a whole."""

    id: str
    brand: str
    platform: str | None
    playbook: str
    kind: SignalKind
    since_ms: int
    seen_ms: int
    severity: int
    worse_ms: list[tuple[int, int]] = field(default_factory=list)
    paged_ms: list[int] = field(default_factory=list)

    @property
    def last_ms(self) -> int:
        """The last that happened in it."""
        return max([self.seen_ms, *self.paged_ms, *(at_ms for at_ms, _ in self.worse_ms)])


class Course:
    """Gathers while a backtest runs: hand in every watch after each of its buckets, every signal, every decision."""

    def __init__(self) -> None:
        self.rows: defaultdict[Place, list[Row]] = defaultdict(list)
        self.signals: list[Signal] = []
        self.incidents: dict[str, Incident] = {}
        self._latest: dict[tuple[str, int], Signal] = {}

    def watched(self, watch: BrandWatch) -> None:
        """Note where a brand's series stand, once a minute."""
        at_ms = watch.next_ms
        whole = self.rows[watch.brand, None]
        if whole and at_ms < whole[-1].at_ms + MINUTE_MS:
            return
        for platform in watch.platforms:
            levels = watch.levels(platform)
            kinds = (SignalKind.VOLUME, SignalKind.NEGATIVITY, SignalKind.FLOOD)
            row = Row(at_ms, *(levels.get(kind, _NOTHING) for kind in kinds))
            self.rows[watch.brand, platform].append(row)

    def signalled(self, signal: Signal) -> None:
        """Note a signal; what is decided about it comes next."""
        self.signals.append(signal)
        self._latest[signal.brand, signal.at_ms] = signal

    def decided(self, line: IncidentLine | ActionLine) -> None:
        """Note a decision."""
        if isinstance(line, ActionLine):
            return
        at_ms = to_ms(datetime.fromisoformat(line.at))
        known = self.incidents.get(line.incident)
        if known is None:
            signal = self._latest[line.brand, at_ms]
            known = self.incidents[line.incident] = Incident(
                line.incident,
                line.brand,
                signal.platform,
                line.playbook,
                line.kind,
                signal.since_ms,
                at_ms,
                line.severity,
            )
        elif line.severity > known.severity:
            known.severity = line.severity
            known.worse_ms.append((at_ms, line.severity))
        if line.pages:
            known.paged_ms.append(at_ms)
