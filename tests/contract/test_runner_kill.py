"""Runners killed with SIGKILL at every boundary between due, sending, sent and recorded, and in the middle of work.

Nobody is missed, and nobody is sent more than the ledger says was perhaps sent twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest
from sqlalchemy import Engine

from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import idempotency_key
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.settings import PlaybookSettings, StoreSettings
from tests.parts.due_actions import action, entries, put, states, words
from tests.parts.running import QUICK, halted, kill, runner_process, runner_settings, until
from tests.parts.smtp import Mailbox, smtp_server

#: Long enough for a kill to come before it, short enough for the next runner to take over soon.
LEASE_S = 3.0


def quick_to_take_over(store: StoreSettings, mailbox: Mailbox) -> PlaybookSettings:
    return runner_settings(store, mailbox, runner=msgspec.structs.replace(QUICK, lease_s=LEASE_S, max_attempts=9))


async def finishes(settings: PlaybookSettings, store: Engine) -> None:
    """Another runner takes over and brings everything to its end."""
    async with runner_process(settings):
        await until(lambda: set(states(store).values()) == {OutboxState.DELIVERED}, within_s=60)


@pytest.mark.parametrize(
    ("halts_before", "mails", "ledger"),
    [
        ("claim_due", 1, ["sending", "accepted"]),
        ("begin", 1, ["sending", "accepted"]),
        ("record", 2, ["sending", "perhaps", "sending", "accepted"]),
        ("settle", 1, ["sending", "accepted"]),
    ],
    ids=["due", "claimed", "sent", "recorded"],
)
async def test_killed_between_two_steps(
    store: Engine, store_settings: StoreSettings, halts_before: str, mails: int, ledger: list[str]
) -> None:
    put(store, action(target="executives"))
    async with smtp_server(Mailbox()) as mailbox:
        settings = quick_to_take_over(store_settings, mailbox)
        async with runner_process(settings, halts_before=halts_before) as runner:
            await halted(runner)
            await kill(runner)
        await finishes(settings, store)
    assert [word for *_, word in words(entries(store))] == ledger
    assert len(mailbox.mails) == mails
    assert len(set(mailbox.keys())) == 1


async def test_killed_while_the_server_has_not_taken_the_mail(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action(target="executives"))
    async with smtp_server(Mailbox(before_data=asyncio.Event())) as mailbox:
        settings = quick_to_take_over(store_settings, mailbox)
        async with runner_process(settings) as runner:
            await mailbox.at_data.wait()
            await kill(runner)
        assert states(store)["act-1"] is OutboxState.SENDING
        mailbox.before_data = None
        await finishes(settings, store)
    assert [word for *_, word in words(entries(store))] == ["sending", "perhaps", "sending", "accepted"]
    assert len(mailbox.mails) == 1


async def test_killed_while_the_server_has_taken_the_mail_and_not_said_so(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(target="executives"))
    async with smtp_server(Mailbox(after_data=asyncio.Event())) as mailbox:
        settings = quick_to_take_over(store_settings, mailbox)
        async with runner_process(settings) as runner:
            await mailbox.taken.wait()
            await kill(runner)
        mailbox.after_data = None
        await finishes(settings, store)
    found = entries(store)
    assert [word for *_, word in words(found)] == ["sending", "perhaps", "sending", "accepted"]
    assert "sent perhaps twice, with the same idempotency key" in found[1].detail
    assert mailbox.keys() == [f"<{idempotency_key('act-1', 'otto', Channel.EMAIL)}@example.org>"] * 2


async def test_a_runner_killed_again_and_again_misses_nobody_and_doubles_no_more_than_it_says(
    store: Engine, store_settings: StoreSettings
) -> None:
    actions = [f"act-{n}" for n in range(60)]
    put(store, *(action(each, target="executives") for each in actions))
    async with smtp_server(Mailbox()) as mailbox:
        settings = quick_to_take_over(store_settings, mailbox)
        for round_ in range(1, 5):
            async with runner_process(settings) as runner:
                await until(lambda sent=11 * round_: len(mailbox.mails) >= sent)  # type: ignore[misc]
                await kill(runner)
        await finishes(settings, store)
    nobody_missed_and_doubles_said(store, mailbox, actions)


@pytest.mark.parametrize("killed", [0, 1])
async def test_two_runners_share_the_work_and_one_of_them_is_killed(
    store: Engine, store_settings: StoreSettings, killed: int
) -> None:
    actions = [f"act-{n}" for n in range(120)]
    async with smtp_server(Mailbox(before_data=asyncio.Event())) as mailbox:
        settings = quick_to_take_over(store_settings, mailbox)
        async with runner_process(settings) as one, runner_process(settings) as other:
            put(store, *(action(each, target="executives") for each in actions))
            await until(lambda: mailbox.connections >= 40)  # more than one of them has room for
            assert mailbox.before_data is not None
            mailbox.before_data.set()
            await until(lambda: len(mailbox.mails) >= 10)
            await kill((one, other)[killed])
            await until(lambda: set(states(store).values()) == {OutboxState.DELIVERED}, within_s=60)
    nobody_missed_and_doubles_said(store, mailbox, actions)


def nobody_missed_and_doubles_said(store: Engine, mailbox: Mailbox, actions: list[str]) -> None:
    came = Counter(mailbox.keys())
    perhaps = Counter(each.outbox for each in entries(store) if each.outcome is DeliveryOutcome.PERHAPS)
    keys = {each: f"<{idempotency_key(each, 'otto', Channel.EMAIL)}@example.org>" for each in actions}
    assert [each for each in actions if came[keys[each]] == 0] == []
    assert [each for each in actions if came[keys[each]] > 1 + perhaps[each]] == []
    assert came.keys() == set(keys.values())
