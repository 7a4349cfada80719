"""Reading a DECISIONS file back: the signals that a backtest saw, for trying playbooks out on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from detectors.signal import Signal
from playbooks.content.schema import PlaybookError
from playbooks.incidents.decisions import SignalLine


def signals_of(path: Path) -> Iterator[Signal]:
    """The signals of a DECISIONS file, in its order; raises `PlaybookError` at a line that is none of one."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                told = decode(line)
                if told.get("type") == "signal":
                    yield _signal(number, msgspec.convert(told, SignalLine, strict=False))
            except msgspec.MsgspecError as wrong:
                raise PlaybookError(path, number, f"is no line of a DECISIONS file: {wrong}") from None


def _signal(number: int, line: SignalLine) -> Signal:
    at, since = (round(datetime.fromisoformat(moment).timestamp() * 1000) for moment in (line.at, line.since))
    return Signal(
        id=f"line-{number}",
        run="",
        brand=line.brand,
        platform=line.platform,
        kind=line.kind,
        at_ms=at,
        since_ms=since,
        severity=line.severity,
        score=line.score,
        observed=line.observed,
        expected=line.expected,
        detector="",
        detector_version=0,
        evidence=line.evidence,
    )
