"""Signals as tests need them, and a library of one playbook that has one of everything."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import Engine

from detectors.signal import Signal, SignalKind
from playbooks.armings.arming import Armed, Arming
from playbooks.content.catalog import Library, Pinned, parse_playbook
from playbooks.content.examples import signal_of
from playbooks.content.lock_file import hash_of
from playbooks.content.schema import ExampleSignal
from playbooks.content.trigger import EvidenceField
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store.arming import arm

DATA = Path(__file__).resolve().parents[1] / "data"
PLAIN = DATA / "playbooks" / "plain.yaml"
LADDER = DATA / "playbooks" / "ladder.yaml"

#: 5 January 2026, 09:00 UTC.
MORNING_MS = 1_767_603_600_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

STORM = {
    EvidenceField.AUTHORS: 40.0,
    EvidenceField.NEGATIVE: 30.0,
    EvidenceField.NEGATIVE_SHARE: 0.6,
    EvidenceField.TIMES_USUAL: 10.0,
}


def a_signal(
    id: str = "sig-1",
    *,
    at_ms: int = MORNING_MS,
    severity: int = 3,
    brand: str = "acme",
    platform: str | None = "x",
    kind: SignalKind = SignalKind.NEGATIVITY,
    run: str = "",
    evidence: dict[EvidenceField, float] = STORM,
) -> Signal:
    """A signal that fires `complaint-storm` and `plain`, unless something is said."""
    example = ExampleSignal(kind=kind, severity=severity, platform=platform, evidence=evidence)
    return msgspec.structs.replace(signal_of(example, id=id, brand=brand, at_ms=at_ms), run=run)


def plain_library() -> Library:
    """Only the playbook of tests/data/playbooks/plain.yaml, released."""
    content = PLAIN.read_bytes()
    return Library([Pinned(parse_playbook(content.decode(), PLAIN), hash_of(content), released=True)])


def ladder_library() -> Library:
    """Only the playbook of tests/data/playbooks/ladder.yaml: who is paged one after another, and things to do."""
    content = LADDER.read_bytes()
    return Library([Pinned(parse_playbook(content.decode(), LADDER), hash_of(content), released=True)])


def house(brand: str = "acme") -> PlaybookSettings:
    """Settings with one brand, and somebody who may arm it."""
    return PlaybookSettings(brands={brand: BrandSettings()}, people={"ada": Person(name="Ada Lovelace")})


def armed(store: Engine, arming: Arming = Arming.PAGE_AND_HOLD, brand: str = "acme") -> PlaybookSettings:
    """Settings with one brand, which is armed in `store`, long ago where it is armed for the first time."""
    settings = house(brand)
    told = arm(store, brand, arming, "ada", "for a test", settings, MORNING_MS - 30 * 24 * HOUR_MS, early=True)
    assert told in (Armed.DONE, Armed.ALREADY)
    return settings
