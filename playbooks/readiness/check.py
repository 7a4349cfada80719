"""The whole check: everything is asked at once, then one answer is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from playbooks.content.catalog import OWN_LIBRARY, Library, day_of, read_library
from playbooks.content.schema import PlaybookError
from playbooks.effects.asked import Asked
from playbooks.labels import Channel
from playbooks.oncall.rotas import Rotas
from playbooks.readiness.ask_channels import ask_channels, clocks_of
from playbooks.readiness.ask_schedulers import ask_schedulers
from playbooks.readiness.brands import armed_brands, brand_findings
from playbooks.readiness.channels import channel_findings
from playbooks.readiness.contacts import contact_findings, points_of
from playbooks.readiness.finding import Area, Check, Finding, Reason, Weight, concluded
from playbooks.readiness.heartbeat import heartbeat_findings
from playbooks.readiness.library import library_findings
from playbooks.readiness.look import Kept, Looked, look, look_at
from playbooks.readiness.people import Roads, paged_now, people_findings
from playbooks.readiness.processes import gate_findings, process_findings
from playbooks.readiness.reachability import channels_for_people
from playbooks.readiness.schedulers import AskedAccount, scheduler_findings
from playbooks.readiness.surroundings import clock_findings, disk_findings, store_findings
from playbooks.readiness.waiting import waiting_findings
from playbooks.settings import PlaybookSettings
from playbooks.wall_clock import Clock

#: Asks what this package may not know of: Kafka.
Probe = Callable[[], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was asked. `elsewhere` is what probes found.

    `accounts` is what schedulers said that were asked from here; those that were not are not in it.
    """

    looked: Looked
    asked: Sequence[Asked]
    rotas: Rotas
    library: Library
    faults: Sequence[PlaybookError]
    elsewhere: Sequence[Finding]
    accounts: Mapping[str, AskedAccount] = field(default_factory=dict)


async def check(settings: PlaybookSettings, rotas: Rotas, clock: Clock, probes: Sequence[Probe] = ()) -> Check:
    """Ask everything, and answer. Nothing is sent to anybody.

    Of a channel whose secret is not here (the runner has it, and perhaps nobody else) the runner's own answer counts.
    """
    library, faults = await asyncio.to_thread(_library, settings)
    probing = asyncio.gather(*(probe() for probe in probes))
    looked, asked, accounts, found = await asyncio.gather(
        asyncio.to_thread(look, settings, clock()),
        ask_channels(settings, clock),
        ask_schedulers(settings.schedulers, clock),
        probing,
    )
    answers = looked.kept.answers if looked.kept else {}
    known = [answers.get(one.channel, one) if one.missing else one for one in asked]
    elsewhere = [finding for findings in found for finding in findings]
    return judged(settings, Facts(looked, known, rotas, library, faults, elsewhere, accounts), clock())


async def check_from_afar(
    engine: Engine, settings: PlaybookSettings, rotas: Rotas, clock: Clock, probes: Sequence[Probe] = ()
) -> Check:
    """As `check`, but no channel is asked from here: what the runner heard of them lately counts.

    For a process that stands open to people, has not the channels' secrets, and is looked at as often as one likes.
    """
    library, faults = await asyncio.to_thread(_library, settings)
    probing = asyncio.gather(*(probe() for probe in probes))
    looked, found = await asyncio.gather(asyncio.to_thread(look_at, engine, settings, clock()), probing)
    answers = looked.kept.answers if looked.kept else {}
    elsewhere = [finding for findings in found for finding in findings]
    elsewhere += _not_heard_of(sorted(set(channels_for_people(settings)) - set(answers)))
    return judged(settings, Facts(looked, list(answers.values()), rotas, library, faults, elsewhere), clock())


def judged(settings: PlaybookSettings, facts: Facts, now_ms: int) -> Check:
    """The answer that follows from the facts at `now_ms`. Pure."""
    broken = {one.channel: one.broken for one in facts.asked if one.broken}
    roads = Roads(channels_for_people(settings), broken)
    findings = _findings(settings, facts, roads, now_ms)
    return concluded(findings, now_ms, paged_now(settings, facts.library, facts.rotas, roads, now_ms))


def _findings(settings: PlaybookSettings, facts: Facts, roads: Roads, now_ms: int) -> Iterator[Finding]:
    yield from store_findings(facts.looked.store)
    yield from disk_findings(facts.looked.disk)
    yield from clock_findings((*facts.looked.clocks, *clocks_of(facts.asked)))
    yield from channel_findings(facts.asked)
    yield from library_findings(facts.library, facts.faults, day_of(now_ms))
    kept = facts.looked.kept
    # Without the store it is not known which are armed, and a page is worth more than a quiet answer.
    armed = armed_brands(kept.armed) if kept else sorted(settings.brands)
    yield from people_findings(settings, facts.library, armed, facts.rotas, roads, now_ms)
    yield from scheduler_findings(settings.schedulers, kept.accounts if kept else None, facts.accounts, now_ms)
    yield from _kept(settings, kept, roads, now_ms) if kept else _not_looked_at(settings, now_ms)
    yield from facts.elsewhere
    if not any(found.area is Area.KAFKA for found in facts.elsewhere):
        yield from _kafka_not_asked()


def _kept(settings: PlaybookSettings, kept: Kept, roads: Roads, now_ms: int) -> Iterator[Finding]:
    names = {key: brand.name for key, brand in settings.brands.items() if brand.name}
    by = settings.readiness
    yield from brand_findings(kept.armed, names, kept.mutes, now_ms)
    yield from contact_findings(points_of(settings, roads.addresses), kept.tests, by.verified_days, now_ms)
    yield from process_findings(kept.pulses, now_ms)
    yield from gate_findings(kept.pulses, by.gate_quiet_min, now_ms)
    yield from waiting_findings(kept.due, kept.open, now_ms)
    yield from heartbeat_findings(settings.heartbeat, kept.pulses, now_ms)


def _not_looked_at(settings: PlaybookSettings, now_ms: int) -> Iterator[Finding]:
    if not settings.brands:
        yield from brand_findings({}, {}, (), now_ms)
    text = "Without the store nothing is known of processes, arming, mutes, test messages and incidents."
    yield Finding(weight=Weight.UNKNOWN, area=Area.STORE, reason=Reason.NOT_LOOKED_AT, text=text)


def _not_heard_of(channels: Sequence[Channel]) -> list[Finding]:
    if not channels:
        return []
    text = f"The runner has not said lately whether these channels let us in: {', '.join(channels)}."
    to_do = "See that the runner is there; 'firebreak check' asks them itself."
    return [Finding(weight=Weight.UNKNOWN, area=Area.CHANNELS, reason=Reason.NOT_LOOKED_AT, text=text, to_do=to_do)]


def _kafka_not_asked() -> Iterator[Finding]:
    text = "Kafka was not asked from here; what watch says of its last marker tells of it too."
    yield Finding(weight=Weight.UNKNOWN, area=Area.KAFKA, reason=Reason.KAFKA_NOT_ASKED, text=text)


def _library(settings: PlaybookSettings) -> tuple[Library, list[PlaybookError]]:
    try:
        return read_library(OWN_LIBRARY if settings.library is None else Path(settings.library))
    except PlaybookError as wrong:
        return Library(()), [wrong]
