"""What triage decides by, from the settings."""

from __future__ import annotations

import pytest

from streams.rules import rules_of
from streams.settings import Settings, SettingsError, TriageSettings
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import TriageRun, TriageState, encode_triage_state
from tests.parts.stream_records import DAY, MIN


def test_the_defaults() -> None:
    rules = rules_of(Settings(brands={}))
    assert (rules.brands, rules.future_ms, rules.horizon_ms) == (frozenset(), 5 * MIN, 7 * DAY)
    assert rules_of(Settings(any_brand=True)).brands is None


def test_a_memory_that_would_not_fit_into_a_checkpoint_stops_the_start_and_says_which_settings() -> None:
    with pytest.raises(SettingsError, match=r"triage.recent_ids is 100000 and triage.runs_at_once is 12"):
        rules_of(Settings(triage=TriageSettings(recent_ids=100_000)))


def test_the_largest_checkpoint_that_the_defaults_allow_fits_into_its_topic() -> None:
    triage = TriageSettings()
    runs = [
        TriageRun(f"{number:0120}", 10**15, 10**15, bytes(8 * triage.recent_ids))
        for number in range(triage.runs_at_once + 1)
    ]
    ended = [TriageRun(f"{number:0120}", 2**62, 10**15, b"") for number in range(64)]
    state = encode_triage_state(TriageState(1, 3, 10**12, (*runs, *ended)))
    assert len(state) < LARGEST_RECORD_BYTES - 64 * 1024
