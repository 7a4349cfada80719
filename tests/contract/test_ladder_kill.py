"""Runners and the store killed with SIGKILL while an escalation climbs: nobody is missed, and doubles are said."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest
from sqlalchemy import Engine, select

from playbooks.content.lock_file import LOCK_NAME, add_to_lock
from playbooks.delivery.standing import Entry, OutboxState
from playbooks.effects.message import idempotency_key
from playbooks.incidents.ladder import ladder
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.incidents.incidents import list_incidents, take_signal
from playbooks.wall_clock import now_ms
from tests.parts.due_actions import action, entries, put, states
from tests.parts.postgres import killable_postgres
from tests.parts.running import QUICK, halted, kill, runner_process, runner_settings, until
from tests.parts.signals import LADDER, a_signal, armed, ladder_library
from tests.parts.smtp import Mailbox, smtp_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Two hours, the longest ladder, in a few seconds. A lease is three of them.
SPEED = 1800.0
LIBRARY = ladder_library()
FOLDER = LIBRARY.all()[0]
EVERYBODY: dict[str, tuple[str, ...]] = {
    "on-call": ("ada",),
    "second": ("bob",),
    "board": ("otto",),
    "duty-phone": ("bob",),
    "ops": ("otto",),
}


def fast_settings(store: StoreSettings, mailbox: Mailbox, library: str) -> PlaybookSettings:
    runner = msgspec.structs.replace(QUICK, lease_s=3.0 * SPEED, max_attempts=9)
    settings = runner_settings(store, mailbox, runner=runner, roles=EVERYBODY)
    return msgspec.structs.replace(settings, brands={"acme": BrandSettings()}, library=library)


def wanted(incident: str) -> set[str]:
    """Every page of the ladders, up to the last resort."""
    playbook, found = FOLDER.playbook, set()
    for step in playbook.steps:
        if step.escalation is not None:
            page = f"{incident}:{step.id}:1"
            rungs = ladder(step, playbook.escalations[step.escalation])
            found |= {page, *(f"{page}:up{n}" for n in range(1, len(rungs) + 1))}
    return found


def ended(store: Engine, pages: set[str]) -> bool:
    with reading(store) as conn:
        # A level that falls due together with another gives way to it, which is recorded.
        over = (OutboxState.DELIVERED.value, OutboxState.RECORDED.value)
        query = select(schema.outbox.c.id).where(schema.outbox.c.state.in_(over))
        return pages <= set(conn.execute(query).scalars())


def ledger(store: Engine, incident: str) -> list[Entry]:
    return [line.entry for line in outbox.ledger(store, incident)]


def nobody_missed_and_doubles_said(mailbox: Mailbox, found: list[Entry], pages: set[str]) -> None:
    """Each page came, to each it is for, once and once more for each time that the ledger says perhaps.

    Where two levels fell due together, one gave way to the other for whoever is in both: they have the other's.
    """
    came = Counter(mailbox.keys())
    perhaps = Counter((entry.outbox, entry.person) for entry in found if entry.outcome is DeliveryOutcome.PERHAPS)
    sent = {(entry.outbox, entry.person) for entry in found if entry.outbox in pages and entry.person}
    assert {page for page, _ in sent} == pages
    gave_way = {
        (entry.outbox, entry.person)
        for entry in found
        if entry.outcome is DeliveryOutcome.RECORDED and (entry.outbox, entry.person) in sent
    }
    assert {person for _, person in gave_way} <= {person for _, person in sent - gave_way}
    for page, person in sent - gave_way:
        times = came[f"<{idempotency_key(page, person, Channel.EMAIL)}@example.org>"]
        assert 1 <= times <= 1 + perhaps[page, person], (page, person, times)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the playbook, as a runner reads it."""
    folder = tmp_path_factory.mktemp("library")
    place = folder / "ladder" / f"{FOLDER.playbook.version}.yaml"
    place.parent.mkdir()
    place.write_bytes(LADDER.read_bytes())
    (folder / LOCK_NAME).write_text("{}")
    add_to_lock(folder, f"ladder/{place.name}", FOLDER.hash)
    return str(folder)


@pytest.mark.parametrize("halts_before", ["wake", "add", "claim_due", "begin", "record", "settle"])
async def test_a_runner_killed_at_a_boundary_of_an_escalation_leaves_nobody_out(
    store: Engine, store_settings: StoreSettings, library: str, halts_before: str
) -> None:
    since_ms = now_ms()
    take_signal(store, a_signal(at_ms=since_ms), LIBRARY, armed(store), since_ms)
    incident = list_incidents(store)[0].id
    pages = wanted(incident)
    async with smtp_server(Mailbox()) as mailbox:
        settings = fast_settings(store_settings, mailbox, library)
        async with runner_process(settings, halts_before=halts_before, speed=SPEED, since_ms=since_ms) as runner:
            await halted(runner)
            await kill(runner)
        async with runner_process(settings, speed=SPEED, since_ms=since_ms):
            await until(lambda: ended(store, pages), within_s=90)
    nobody_missed_and_doubles_said(mailbox, ledger(store, incident), pages)


async def test_two_runners_climb_an_escalation_and_are_killed_again_and_again(
    store: Engine, store_settings: StoreSettings, library: str
) -> None:
    since_ms = now_ms()
    take_signal(store, a_signal(at_ms=since_ms), LIBRARY, armed(store), since_ms)
    incident = list_incidents(store)[0].id
    pages = wanted(incident)
    async with smtp_server(Mailbox()) as mailbox:
        settings = fast_settings(store_settings, mailbox, library)
        for goal in (1, 3, 6):
            async with (
                runner_process(settings, speed=SPEED, since_ms=since_ms) as one,
                runner_process(settings, speed=SPEED, since_ms=since_ms) as other,
            ):
                await until(lambda goal=goal: len(mailbox.mails) >= goal, within_s=60)  # type: ignore[misc]
                await kill(one)
                await kill(other)
        async with runner_process(settings, speed=SPEED, since_ms=since_ms):
            await until(lambda: ended(store, pages), within_s=90)
    nobody_missed_and_doubles_said(mailbox, ledger(store, incident), pages)


@pytest.mark.postgres
async def test_a_store_that_is_killed_while_pages_go_out_loses_none_and_doubles_none_unsaid() -> None:
    with killable_postgres() as server:
        place = server.postgres.settings(server.postgres.new_database())
        store = open_store(place)
        migrate(store)
        actions = [f"act-{n}" for n in range(60)]
        put(store, *(action(each, target="executives") for each in actions))
        async with smtp_server(Mailbox()) as mailbox:
            patient = msgspec.structs.replace(QUICK, lease_s=3.0, max_attempts=9)
            async with runner_process(runner_settings(place, mailbox, runner=patient)):
                for goal in (5, 20, 40):
                    await until(lambda goal=goal: len(mailbox.mails) >= goal, within_s=60)  # type: ignore[misc]
                    await asyncio.to_thread(server.kill)
                    await asyncio.to_thread(server.start)
                store.dispose()
                await until(lambda: set(states(store).values()) == {OutboxState.DELIVERED}, within_s=90)
        nobody_missed_and_doubles_said(mailbox, entries(store), set(actions))
        store.dispose()
