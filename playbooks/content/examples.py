"""The examples inside a playbook: signals that must fire it and signals that must not."""

from __future__ import annotations

from typing import Any

import msgspec

from detectors.signal import Evidence, Signal, SignalKind, Term
from playbooks.content.schema import ExampleSignal, Playbook
from playbooks.content.trigger import FEWEST_SAYING_IT, EvidenceField, Match, match

WINDOW_S = 900

#: A quarter of an hour in which nothing much happens.
ORDINARY = Evidence(
    window_s=WINDOW_S,
    tail=8.0,
    threshold=6.0,
    expected_low=0.1,
    expected_high=0.3,
    mentions=40,
    negative=8,
    negative_share=0.2,
    expected_negative_share=0.2,
    authors=30,
    baseline_days=30.0,
)
_COUNTS_NEGATIVE = frozenset({SignalKind.NEGATIVITY, SignalKind.BACKLASH, SignalKind.UNANSWERED})


def signal_of(example: ExampleSignal, *, id: str = "sig-example", brand: str = "example", at_ms: int = 0) -> Signal:
    """A whole signal that has the figures of `example`, for trying a playbook out.

    Where the example says no `times_usual`, as much is usual as in an ordinary quarter of an hour.
    """
    evidence = _evidence(example)
    counts_negative = example.kind in _COUNTS_NEGATIVE
    observed = float(evidence.negative if counts_negative else evidence.mentions)
    times = example.evidence.get(EvidenceField.TIMES_USUAL)
    usual = ORDINARY.negative if counts_negative else ORDINARY.mentions
    return Signal(
        id=id,
        run="",
        brand=brand,
        platform=example.platform,
        kind=example.kind,
        at_ms=at_ms,
        since_ms=at_ms - WINDOW_S * 1000,
        severity=example.severity,
        score=evidence.tail / evidence.threshold,
        observed=observed,
        expected=observed / times if times else float(usual),
        detector="example",
        detector_version=1,
        evidence=evidence,
    )


def surprises(playbook: Playbook) -> list[tuple[str, str]]:
    """Each example that does not do what it says, as its place in the file and what it does instead."""
    found: list[tuple[str, str]] = []
    for n, example in enumerate(playbook.examples.fires):
        outcome = match(playbook.trigger, signal_of(example.signal))
        if outcome is not Match.FIRES:
            found.append((f"$.examples.fires[{n}]", f"the example {example.what!r} must fire, but: {outcome.value}"))
    for n, example in enumerate(playbook.examples.quiet):
        if match(playbook.trigger, signal_of(example.signal)) is Match.FIRES:
            found.append((f"$.examples.quiet[{n}]", f"the example {example.what!r} must not fire, but does"))
    return found


def _evidence(example: ExampleSignal) -> Evidence:
    figures: dict[str, Any] = {
        field.value: number for field, number in example.evidence.items() if field is not EvidenceField.TIMES_USUAL
    }
    if EvidenceField.LASTING in example.evidence:
        figures["lasting"] = bool(example.evidence[EvidenceField.LASTING])
    terms = tuple(Term(word, FEWEST_SAYING_IT, 0.0) for word in example.terms)
    plain = msgspec.to_builtins(ORDINARY) | figures | {"terms": msgspec.to_builtins(terms)}
    return msgspec.convert(plain, Evidence, strict=False)
