"""The page Readiness: the answer first, for people who are signed in, with a stranger's words as words."""

from __future__ import annotations

import asyncio
import re

import msgspec
from sqlalchemy import Engine, delete

from detectors.signal import SignalKind
from playbooks.armings.arming import Arming
from playbooks.armings.mute import Wanted
from playbooks.console.readiness import KEPT_MS
from playbooks.content.catalog import load_library
from playbooks.effects.asked import Asked
from playbooks.effects.outcome import Delivered, Failed, FailedReason
from playbooks.labels import Channel, Role
from playbooks.readiness.finding import Reason
from playbooks.readiness.look import look_at
from playbooks.readiness.waiting import waiting_findings
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings
from playbooks.store.arming import arm
from playbooks.store.delivery.channel_answers import read_answers, write_answers
from playbooks.store.engine import writing
from playbooks.store.incidents.deeds import acknowledge
from playbooks.store.mutes import mute
from playbooks.store.pulses import Pulse, write_pulse
from playbooks.store.schema import outbox
from tests.parts.console import HOUR_MS, NOW_MS, SETTINGS, Clock, browsing, crisis, page

PEOPLE = {key: msgspec.structs.replace(person, email=f"{key}@example.org") for key, person in SETTINGS.people.items()}
REACHED = msgspec.structs.replace(
    SETTINGS,
    people=PEOPLE,
    roles={**SETTINGS.roles, "ops": ("bo",)},
    channels=ChannelSettings(email=EmailSettings()),
)


def answer(html: str) -> str:
    found = re.search(r'<p class="verdict">(\w+)</p>\s*<p>(.*?)</p>', html)
    assert found is not None
    return f"{found[1]}: {found[2]}"


def all_well(store: Engine, now_ms: int) -> None:
    """Acme is armed, every process was just heard, and nothing waits."""
    arm(store, "acme", Arming.PAGE, "ada", "for a test", SETTINGS, now_ms, early=True)
    with writing(store) as conn:
        conn.execute(delete(outbox))  # the news of the arming
    for role in (Role.WATCH, Role.RESPOND, Role.RUNNER, Role.GATE, Role.CONSOLE):
        write_pulse(store, Pulse(role, "one", now_ms, now_ms, now_ms))
    write_answers(store, [Asked(Channel.EMAIL, Delivered("the mail server lets us in"))], now_ms)


async def test_who_is_not_signed_in_is_told_nothing(store: Engine) -> None:
    async with browsing(store, None, Clock()) as client:
        html = await page(client, "/readiness", 401)
    assert "Would this page anyone" not in html


async def test_the_answer_is_a_yes_where_all_is_well_and_what_is_in_order_is_folded_away(store: Engine) -> None:
    await asyncio.to_thread(all_well, store, NOW_MS)
    async with browsing(store, "ada", Clock(), REACHED) as client:
        html = await page(client, "/readiness")
    assert answer(html) == "Yes: A page would go out now, to Ada Lovelace and Bo Diddley."
    assert "email: the mail server lets us in." in html[html.index("<details>") :]


async def test_the_console_asks_no_channel_and_says_what_the_runner_heard(store: Engine) -> None:
    refused = Asked(Channel.EMAIL, Failed(FailedReason.BAD_CREDENTIALS, "SMTP 535"))
    await asyncio.to_thread(all_well, store, NOW_MS)
    await asyncio.to_thread(write_answers, store, [refused], NOW_MS)
    clock = Clock()
    async with browsing(store, "ada", clock, REACHED) as client:
        assert answer(await page(client, "/readiness")).startswith("No: A page about Acme Airways to the role")
        # The page shows one check to everybody for a few seconds, and then a new one.
        await asyncio.to_thread(all_well, store, NOW_MS + KEPT_MS)
        clock.now_ms += KEPT_MS - 1
        assert answer(await page(client, "/readiness")).startswith("No")
        clock.now_ms += 1
        assert answer(await page(client, "/readiness")).startswith("Yes")


async def test_what_the_runner_heard_long_ago_says_nothing_any_more(store: Engine) -> None:
    await asyncio.to_thread(all_well, store, NOW_MS - HOUR_MS)
    async with browsing(store, "ada", Clock(), REACHED) as client:
        html = await page(client, "/readiness")
    assert answer(html).startswith("No: The watch is not running")
    assert "The runner has not said lately whether these channels let us in: email." in html


async def test_a_strangers_words_stay_words(store: Engine) -> None:
    reason = "<script>alert(1)</script>"
    wanted = Wanted(None, SignalKind.VOLUME, None, NOW_MS - 1, NOW_MS + HOUR_MS, reason)
    library = load_library()
    assert (await asyncio.to_thread(mute, store, wanted, "cy", library, SETTINGS, NOW_MS))[1]
    async with browsing(store, "cy", Clock()) as client:
        html = await page(client, "/readiness")
    assert "said: &lt;script&gt;alert(1)" in html
    assert "<script" not in html


async def test_who_is_no_person_of_the_settings_may_look_and_not_be_tested(store: Engine) -> None:
    nobody = PlaybookSettings(brands=SETTINGS.brands)
    async with browsing(store, "", Clock(), nobody) as client:
        html = await page(client, "/readiness")
    assert "You may look, but not be tested" in html
    assert "/readiness/test" not in html


def test_an_incident_that_nobody_has_and_what_is_past_its_limit_are_told_until_somebody_does_it(store: Engine) -> None:
    incident = crisis(store)

    def told(now_ms: int) -> set[Reason]:
        kept = look_at(store, SETTINGS, now_ms).kept
        assert kept is not None
        return {found.reason for found in waiting_findings(kept.due, kept.open, now_ms)}

    assert Reason.UNACKNOWLEDGED in told(NOW_MS)
    assert Reason.OVERDUE not in told(NOW_MS)
    acknowledge(store, incident, "ada", NOW_MS)
    assert Reason.UNACKNOWLEDGED not in told(NOW_MS)
    assert Reason.OVERDUE in told(NOW_MS + 8 * HOUR_MS)


def test_a_drills_incident_is_nobodys_trouble(store: Engine) -> None:
    crisis(store, run="drill-1")
    kept = look_at(store, SETTINGS, NOW_MS).kept
    assert kept is not None
    assert kept.open == ()


def test_answers_read_back_as_they_were_and_a_channel_that_is_gone_is_gone(store: Engine) -> None:
    refused = Asked(Channel.EMAIL, Failed(FailedReason.BAD_CREDENTIALS, "SMTP 535"))
    missing, untold = Asked(Channel.SMS, missing="it is not set"), Asked(Channel.SLACK)
    write_answers(store, [refused, missing, untold], NOW_MS)
    assert read_answers(store, NOW_MS) == {Channel.EMAIL: refused, Channel.SMS: missing, Channel.SLACK: untold}
    assert read_answers(store, NOW_MS + 1) == {}
    write_answers(store, [untold], NOW_MS)
    assert read_answers(store, NOW_MS) == {Channel.SLACK: untold}
