"""The runner and people in two roles: one message by each road, nobody missed, and the ledger says why."""

from __future__ import annotations

from collections import Counter

import msgspec
from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import Stage
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind, DeliveryOutcome
from playbooks.settings import StoreSettings
from tests.parts.due_actions import action, entries, put, states
from tests.parts.messages import NOTICE
from tests.parts.running import runner_settings, running, until
from tests.parts.signals import a_signal
from tests.parts.smtp import Mailbox, smtp_server

ROLES = {"on-call": ("ada", "bob"), "executives": ("ada", "otto"), "ops": ("otto",)}


def said(id: str, kind: ActionKind, role: str, step: str, **changes: object) -> Action:
    """One of the actions of a signal."""
    body = msgspec.to_builtins(replace(NOTICE, signal=a_signal(), **changes))
    return msgspec.structs.replace(action(id, kind, role, body=body), step=step)


async def mailed(store: Engine, settings: StoreSettings, mailbox: Mailbox, *actions: Action) -> Counter[str]:
    """How many mails everybody has when all of it is over."""
    put(store, *actions)
    ended = (OutboxState.DELIVERED, OutboxState.RECORDED, OutboxState.PARTLY, OutboxState.FAILED)
    async with running(runner_settings(settings, mailbox, roles=ROLES)):
        await until(lambda: all(state in ended for state in states(store).values()))
    return Counter(str(mail["To"]).partition(" ")[0] for mail in mailbox.mails)


async def test_who_is_paged_and_told_of_one_signal_has_the_page_only(
    store: Engine, store_settings: StoreSettings
) -> None:
    page = said("inc-1:page:1", ActionKind.PAGE, "on-call", "page")
    tell = said("inc-1:a-tell:1", ActionKind.NOTIFY, "executives", "tell")
    async with smtp_server(Mailbox()) as mailbox:
        assert await mailed(store, store_settings, mailbox, tell, page) == {"Ada": 1, "Bob": 1, "Otto": 1}
    assert [mail["Importance"] for mail in mailbox.mails if str(mail["To"]).startswith("Ada")] == ["high"]
    (why,) = [one.detail for one in entries(store, tell.id) if one.person == "ada"]
    assert why == "not sent twice: has the page to on-call by the same road"


async def test_an_all_clear_comes_once_to_each(store: Engine, store_settings: StoreSettings) -> None:
    clear = [
        said(f"inc-1:over:1:{n}", ActionKind.NOTIFY, role, "over", stage=Stage.RESOLVED)
        for n, role in enumerate(("executives", "on-call"))
    ]
    async with smtp_server(Mailbox()) as mailbox:
        assert await mailed(store, store_settings, mailbox, *clear) == {"Ada": 1, "Bob": 1, "Otto": 1}


async def test_levels_of_two_escalations_that_fall_due_together_page_nobody_twice(
    store: Engine, store_settings: StoreSettings
) -> None:
    on_call = said("inc-1:page-on-call:1:up2", ActionKind.PAGE, "executives", "page-on-call")
    board = said("inc-1:page-board:1:up1", ActionKind.PAGE, "executives", "page-board", each=True)
    later = replace(board, at_ms=on_call.at_ms + 38, due_ms=on_call.due_ms)
    async with smtp_server(Mailbox()) as mailbox:
        assert await mailed(store, store_settings, mailbox, on_call, later) == {"Ada": 1, "Otto": 1}


async def test_whom_the_page_does_not_reach_the_notice_does(store: Engine, store_settings: StoreSettings) -> None:
    page = said("inc-1:page:1", ActionKind.PAGE, "on-call", "page")
    tell = said("inc-1:tell:1", ActionKind.NOTIFY, "executives", "tell")
    async with smtp_server(Mailbox(scripted={"ada@example.org": ["550 5.1.1 no such user"]})) as mailbox:
        found = await mailed(store, store_settings, mailbox, page, tell)
    assert found["Ada"] == 1
    (refused, *_) = [one for one in entries(store, page.id) if one.person == "ada" and one.outcome != "sending"]
    assert refused.outcome is DeliveryOutcome.FAILED
    assert [one.outcome for one in entries(store, tell.id) if one.person == "ada"][-1] is DeliveryOutcome.ACCEPTED
