"""What triage decides by, taken from the settings."""

from __future__ import annotations

from streams.gather import TriageRules
from streams.settings import Settings


def rules_of(settings: Settings) -> TriageRules:
    """The rules as one frozen value, in milliseconds."""
    return TriageRules(
        brands=None if settings.any_brand else frozenset(settings.brands),
        future_ms=int(settings.triage.future_s * 1000),
        horizon_ms=int(settings.triage.horizon_h * 3_600_000),
        recent_ids=settings.triage.recent_ids,
        runs_at_once=settings.triage.runs_at_once,
        run_idle_ms=int(settings.triage.run_idle_s * 1000),
    )
