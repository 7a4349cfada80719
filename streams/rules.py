"""What triage and watch decide by, taken from the settings."""

from __future__ import annotations

from typing import Final

from detectors.calendar import Calendar, Campaign
from detectors.mention import to_ms
from detectors.rules import WatchRules
from playbooks.settings.brands import PlannedSettings
from streams.deciding.gather import TriageRules
from streams.settings import Settings, SettingsError
from streams.sources.bluesky_post import SOURCE as BLUESKY
from streams.sources.webhook_body import SOURCE as WEBHOOK
from streams.topics import LARGEST_RECORD_BYTES

#: An id in a checkpoint: eight bytes, in base64. The rest of a checkpoint is small.
_ID_BYTES: Final = 8 * 4 / 3
_IDS_MOST: Final = int((LARGEST_RECORD_BYTES - 256 * 1024) / _ID_BYTES)


def rules_of(settings: Settings) -> TriageRules:
    """The rules as one frozen value, in milliseconds; raises `SettingsError` where a checkpoint would be too large."""
    triage = settings.triage
    ids = triage.recent_ids * (triage.runs_at_once + 1)
    if ids > _IDS_MOST:
        raise SettingsError(
            f"triage.recent_ids is {triage.recent_ids} and triage.runs_at_once is {triage.runs_at_once}: a checkpoint "
            f"would hold up to {ids} ids, allowed are {_IDS_MOST}; make one of them smaller"
        )
    return TriageRules(
        brands=None if settings.any_brand else frozenset(settings.brands),
        future_ms=int(triage.future_s * 1000),
        horizon_ms=int(triage.horizon_h * 3_600_000),
        recent_ids=triage.recent_ids,
        runs_at_once=triage.runs_at_once,
        run_idle_ms=int(triage.run_idle_s * 1000),
    )


def watch_rules_of(settings: Settings) -> WatchRules:
    """The brands' calendars, and how late each source may be; the same for life, a replay and a backtest."""
    sources = settings.sources
    late_s = {BLUESKY: sources.bluesky.late_s, WEBHOOK: sources.webhook.late_s}
    late_s |= {name: other.late_s for name, other in sources.other.items()}
    return WatchRules(
        calendars={
            brand: Calendar([_campaign(planned) for planned in known.planned])
            for brand, known in settings.brands.items()
            if known.planned
        },
        late_ms={name: int(seconds * 1000) for name, seconds in late_s.items()},
    )


def _campaign(planned: PlannedSettings) -> Campaign:
    return Campaign(planned.name, to_ms(planned.begins), to_ms(planned.ends), planned.factor, planned.platforms)
