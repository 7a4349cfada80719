"""Everything at once: ten thousand signals of one crisis, hundreds of incidents, a real runner and mail server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine

from playbooks.effects.message import idempotency_key
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState
from playbooks.labels import ActionKind, Channel, SignalDecision
from playbooks.settings import RunnerSettings, StoreSettings
from playbooks.store.incidents.incidents import incident_history, list_incidents, take_signals
from playbooks.wall_clock import now_ms
from streams.bench.paging import paging_bench
from tests.parts.due_actions import states
from tests.parts.running import runner_process, runner_settings, until
from tests.parts.signals import a_signal, armed, plain_library
from tests.parts.smtp import Mailbox, smtp_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIGNALS = 10_000
#: At which of them it gets worse.
WORSE = {0: 3, 2_500: 4, 7_000: 5}
TOGETHER = 25


async def test_ten_thousand_signals_of_one_crisis_are_one_incident_and_one_page_a_person_and_step(
    store: Engine, store_settings: StoreSettings
) -> None:
    library, known = plain_library(), armed(store)
    severity, some, since_ms = 0, [], now_ms()
    for n in range(SIGNALS):
        severity = WORSE.get(n, severity)
        some.append(a_signal(f"sig-{n}", severity=severity, at_ms=since_ms + n))
    decided: Counter[SignalDecision] = Counter()
    async with smtp_server(Mailbox()) as mailbox:
        settings = msgspec.structs.replace(
            runner_settings(store_settings, mailbox, runner=RunnerSettings(metrics_port=0)), brands=known.brands
        )
        async with runner_process(settings):
            for first in range(0, SIGNALS, TOGETHER):
                decided.update(take_signals(store, some[first : first + TOGETHER], library, known, now_ms()))
            (view,) = list_incidents(store)
            pages = [a.id for a in view.actions if a.kind is ActionKind.PAGE and a.decision is ActionDecision.DUE]
            await until(lambda: all(states(store)[page] == "delivered" for page in pages), within_s=120)
    assert decided == {SignalDecision.OPENED: 1, SignalDecision.RAISED: 2, SignalDecision.JOINED: SIGNALS - 3}
    assert (view.state, view.severity, view.signals) == (IncidentState.OPENED, 5, SIGNALS)
    assert pages == [f"{view.id}:page:{n}" for n in (1, 2, 3)]
    keys = {
        f"<{idempotency_key(page, person, Channel.EMAIL)}@example.org>" for page in pages for person in ("ada", "bob")
    }
    sent = mailbox.keys()
    came = Counter(key for key in sent if key in keys)
    assert came == dict.fromkeys(keys, 1)
    assert [logged.n for logged in incident_history(store, view.id)][-1] >= SIGNALS


def test_of_hundreds_of_incidents_at_once_each_is_paged_once(store_settings: StoreSettings, tmp_path: Path) -> None:
    found = paging_bench(store_settings, tmp_path, incidents=250, brands=100)
    assert (found.missing, found.doubled) == (0, 0)
    # On two processors of its own it is a few seconds (`firebreak bench --paging`); here others work beside it.
    assert found.first_page_s < 60
