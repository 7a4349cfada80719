"""The runner on SQLite and on PostgreSQL, with a real mail server and a real HTTP server as the other side."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import Message
from playbooks.effects.outcome import Outcome
from playbooks.effects.registry import EFFECTS
from playbooks.health import serve_health
from playbooks.labels import ActionKind, Channel
from playbooks.settings import GrafanaSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import open_store
from tests.parts.due_actions import action, entries, put, states, words
from tests.parts.http_servers import Grafana, serving_grafana
from tests.parts.postgres import Postgres
from tests.parts.running import QUICK, ROLES, runner_settings, running, until
from tests.parts.signals import armed
from tests.parts.smtp import Mailbox, smtp_server

DELIVERED, FAILED, PARTLY = OutboxState.DELIVERED, OutboxState.FAILED, OutboxState.PARTLY


async def ends(store: Engine, state: OutboxState, action_id: str = "act-1") -> None:
    await until(lambda: states(store).get(action_id) is state)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_page_reaches_everybody_in_the_role_once(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    assert sorted(str(mail["To"]) for mail in mailbox.mails) == ["Ada <ada@example.org>", "Bob <bob@example.org>"]
    assert sorted(words(entries(store))) == [
        (1, "ada", "email", "accepted"),
        (1, "ada", "email", "sending"),
        (1, "bob", "email", "accepted"),
        (1, "bob", "email", "sending"),
    ]


async def test_what_is_not_due_yet_waits(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action("now"), action("later", due_ms=2**50))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED, "now")
    assert states(store)["later"] is OutboxState.DUE
    assert len(mailbox.mails) == 2


async def test_a_page_links_to_the_incident_at_the_public_address(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox:
        async with running(runner_settings(store_settings, mailbox, public_url="https://fire.example.org/")):
            await ends(store, DELIVERED)
    assert "https://fire.example.org/incidents/inc-1" in mailbox.mails[0].get_content()


async def test_a_drill_reaches_only_those_who_agreed_and_says_so(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action(run="drill-7"))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    (mail,) = mailbox.mails
    assert mail["To"] == "Ada <ada@example.org>"
    assert mail["Subject"].startswith("DRILL: ")
    assert (1, "bob", "email", "recorded") in words(entries(store))


async def test_a_replay_reaches_nobody_and_records_what_it_would_have_sent(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(run="replay-7"), action("hold", ActionKind.HOLD, run="replay-7"))
    put(store, action("graph", ActionKind.ANNOTATE, run="replay-7"))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await until(lambda: set(states(store).values()) == {OutboxState.RECORDED})
    assert mailbox.connections == 0
    assert {word for *_, word in words(entries(store))} == {"recorded"}
    assert words(entries(store, "act-1")) == [(1, "ada", "email", "recorded"), (1, "bob", "email", "recorded")]


async def test_who_was_not_reached_is_tried_again_and_the_others_are_left_alone(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action())
    mailbox = Mailbox(scripted={"bob@example.org": ["450 4.2.0 later", "451 4.3.0 later"]})
    async with smtp_server(mailbox), running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    assert (len(mailbox.to("ada@example.org")), len(mailbox.to("bob@example.org"))) == (1, 1)
    assert [entry for entry in words(entries(store)) if entry[1] == "bob"] == [
        (1, "bob", "email", "sending"),
        (1, "bob", "email", "retry"),
        (2, "bob", "email", "sending"),
        (2, "bob", "email", "retry"),
        (3, "bob", "email", "sending"),
        (3, "bob", "email", "accepted"),
    ]


async def test_after_so_many_tries_an_action_has_failed_and_ops_are_paged(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action())
    mailbox = Mailbox(scripted={f"{who}@example.org": ["450 4.2.0 later"] * 9 for who in ("ada", "bob")})
    async with smtp_server(mailbox), running(runner_settings(store_settings, mailbox)):
        await ends(store, FAILED)
        await until(lambda: mailbox.mails)
    (told,) = mailbox.mails
    assert told["To"] == "Otto <otto@example.org>"
    assert "Not reached: Ada, Bob" in told["Subject"]
    assert "SMTP 450 4.2.0" in told.get_content()
    assert (
        sum(word == (n, "ada", "email", "sending") for word in words(entries(store, "act-1")) for n in (1, 2, 3)) == 3
    )


async def test_a_refusal_is_not_tried_again_and_some_reached_is_partly(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action())
    mailbox = Mailbox(scripted={"bob@example.org": ["550 5.1.1 no such user"]})
    async with smtp_server(mailbox), running(runner_settings(store_settings, mailbox)):
        await ends(store, PARTLY)
        await until(lambda: mailbox.to("otto@example.org"))
    assert "Not reached: Bob" in mailbox.to("otto@example.org")[0]["Subject"]
    assert mailbox.to("bob@example.org") == []


@pytest.mark.parametrize("role", ["empty", "not-there"])
async def test_nobody_reachable_is_said_counted_and_told_to_ops(
    store: Engine, store_settings: StoreSettings, role: str
) -> None:
    before = counted("firebreak_unreachable_roles_total")
    put(store, action(target=role))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, FAILED)
        await until(lambda: mailbox.mails)
    assert counted("firebreak_unreachable_roles_total") == before + 1
    (entry,) = entries(store, "act-1")
    assert (entry.channel.value, entry.outcome.value) == ("none", "failed")
    assert entry.detail.startswith("nobody_reachable: ")
    assert f"the role '{role}'" in mailbox.mails[0]["Subject"]


async def test_a_page_that_failed_for_good_is_an_error_in_the_log(
    store: Engine, store_settings: StoreSettings, caplog: pytest.LogCaptureFixture
) -> None:
    put(store, action(target="empty"))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await until(lambda: "ERROR" in {record.levelname for record in caplog.records})
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "failed for good" in told
    assert "'acme'" in told
    assert "nobody is in the role" in told


async def test_who_was_just_missed_is_not_paged_again_as_the_one_who_runs_firebreak(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(target="on-call"))
    roles = {**ROLES, "on-call": ("otto",)}
    async with smtp_server(Mailbox(rcpt="550 no such user")) as mailbox:
        async with running(runner_settings(store_settings, mailbox, roles=roles)):
            await ends(store, FAILED)
    assert list(states(store)) == ["act-1"]


async def test_a_runner_whose_pages_reach_nobody_says_so_at_its_start_and_is_not_ready(
    store: Engine, store_settings: StoreSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Callable[[], list[str]]] = []

    def serve(host: str, port: int, ready: Callable[[], list[str]], setting: str) -> object:
        asked.append(ready)
        return serve_health(host, port, ready, setting)

    monkeypatch.setattr("playbooks.running.runner.serve_health", serve)
    caplog.set_level("INFO")
    settings = runner_settings(store_settings, Mailbox())
    armed(store)
    async with running(msgspec.structs.replace(settings, channels=ChannelSettings(), brands={"acme": BrandSettings()})):
        await until(lambda: asked)
        said = asked[0]()
    assert any("'acme'" in why and "'on-call'" in why and "no channel to people is set up" in why for why in said)
    begun = "the runner has started; acme is armed to page and hold; no channel is set up, so nobody is reached"
    assert begun in caplog.messages
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert set(said) <= set(warned)


async def test_without_a_role_for_ops_a_failure_is_still_written_down(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(target="gone"))
    roles = {name: people for name, people in ROLES.items() if name != "ops"}
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox, roles=roles)):
        await ends(store, FAILED)
    assert list(states(store)) == ["act-1"]


async def test_a_hold_is_only_written_down(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action(kind=ActionKind.HOLD, target="acme"))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    assert words(entries(store)) == [(1, "", "none", "delivered")]
    assert mailbox.connections == 0


async def test_a_body_that_cannot_be_read_still_pages(store: Engine, store_settings: StoreSettings) -> None:
    put(store, action(body={"subject": ["no"], "incident": "inc-1"}))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    assert "cannot be read" in mailbox.mails[0]["Subject"]


async def test_a_silent_server_means_perhaps_and_another_try_with_the_same_key(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(target="executives"))
    mailbox = Mailbox(after_data=asyncio.Event())
    async with smtp_server(mailbox), running(runner_settings(store_settings, mailbox, timeout_s=0.5)):
        await until(lambda: any(word == "perhaps" for *_, word in words(entries(store))))
        assert mailbox.after_data is not None
        mailbox.after_data.set()
        await ends(store, DELIVERED)
    assert len(mailbox.keys()) >= 2
    assert len(set(mailbox.keys())) == 1
    assert len(mailbox.keys()) - 1 <= sum(word == "perhaps" for *_, word in words(entries(store)))


@pytest.fixture
def grafana_token(monkeypatch: pytest.MonkeyPatch) -> SecretFrom:
    monkeypatch.setenv("GRAFANA_TOKEN", "grafana-token")
    return SecretFrom(env="GRAFANA_TOKEN")


async def test_a_slow_grafana_and_a_slow_notice_hold_up_no_page(
    store: Engine, store_settings: StoreSettings, grafana_token: SecretFrom
) -> None:
    put(store, *(action(f"graph-{n}", ActionKind.ANNOTATE) for n in range(6)))
    mailbox, slow = Mailbox(), Mailbox(before_data=asyncio.Event())
    async with serving_grafana(Grafana(slow=asyncio.Event())) as grafana, smtp_server(mailbox), smtp_server(slow):
        graphs = GrafanaSettings(url=grafana.url, token=grafana_token, timeout_s=30.0)
        patient = msgspec.structs.replace(QUICK, lease_s=90.0)
        settings = runner_settings(store_settings, slow, grafana=graphs, runner=patient, timeout_s=60.0)
        async with running(settings):
            put(store, *(action(f"notice-{n}", ActionKind.NOTIFY, "executives") for n in range(50)))
            await until(lambda: slow.connections >= 16)  # as many notices as may be under way hang now
            put(store, action("page", target="on-call"))
            await until(lambda: entries(store, "page"))  # the page goes out all the same
            assert slow.before_data is not None
            assert grafana.slow is not None
            grafana.slow.set()
            slow.before_data.set()
            await until(lambda: set(states(store).values()) == {DELIVERED})


async def test_graphs_show_page_and_hold_and_what_was_planned(
    store: Engine, store_settings: StoreSettings, grafana_token: SecretFrom
) -> None:
    put(store, action(), action("hold", ActionKind.HOLD, "acme"), action("graph", ActionKind.ANNOTATE, "acme"))
    async with serving_grafana(Grafana()) as grafana, smtp_server(Mailbox()) as mailbox:
        graphs = GrafanaSettings(url=grafana.url, token=grafana_token)
        async with running(runner_settings(store_settings, mailbox, grafana=graphs)):
            await until(lambda: len(grafana.annotations) == 3)
            await until(lambda: set(states(store).values()) == {DELIVERED})
    assert sorted(made["tags"][1] for made in grafana.annotations) == ["hold", "page", "page"]


@pytest.mark.parametrize("status", [401, 500])
async def test_a_grafana_that_refuses_is_noted_and_nothing_more(
    store: Engine, store_settings: StoreSettings, grafana_token: SecretFrom, status: int
) -> None:
    put(store, action(kind=ActionKind.ANNOTATE, target="acme"))
    async with serving_grafana(Grafana(status=status)) as grafana, smtp_server(Mailbox()) as mailbox:
        graphs = GrafanaSettings(url=grafana.url, token=grafana_token)
        async with running(runner_settings(store_settings, mailbox, grafana=graphs)):
            await until(lambda: states(store)["act-1"] in (DELIVERED, FAILED))
    assert mailbox.mails == []
    assert [word for *_, word in words(entries(store))] == ["sending", "failed" if status == 401 else "perhaps"]


async def test_what_is_under_way_is_finished_when_the_process_is_told_to_stop(
    store: Engine, store_settings: StoreSettings
) -> None:
    put(store, action(target="executives"), action("next", target="executives", due_ms=2**50))
    mailbox = Mailbox(before_data=asyncio.Event())
    async with smtp_server(mailbox), running(runner_settings(store_settings, mailbox)) as stop:
        await mailbox.at_data.wait()
        stop.set()
        assert mailbox.before_data is not None
        mailbox.before_data.set()
    assert states(store)["act-1"] is DELIVERED
    assert len(mailbox.mails) == 1


class Broken:
    """An effect with a fault of its own."""

    channel = Channel.WEBHOOK

    def address(self, person: Person) -> str | None:
        return "anywhere"

    async def send(self, message: Message) -> Outcome:
        raise ZeroDivisionError(message.address)


async def test_an_effect_that_breaks_keeps_nobody_from_being_reached_by_another(
    store: Engine, store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EFFECTS, Channel.WEBHOOK, lambda _: Broken())
    put(store, action(target="executives"))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await ends(store, DELIVERED)
    assert len(mailbox.mails) == 1
    broken = [entry for entry in entries(store) if entry.channel is Channel.WEBHOOK]
    assert [entry.outcome.value for entry in broken] == [*("sending", "perhaps") * 3, "failed"]
    assert broken[1].detail.startswith("own_fault: the effect broke with ZeroDivisionError")


async def test_a_file_that_is_taken_away_is_waited_for(tmp_path: Path, migrated_sqlite: Path) -> None:
    path, away = tmp_path / "store.db", tmp_path / "away.db"
    shutil.copyfile(migrated_sqlite, path)
    settings = StoreSettings(url=f"sqlite:///{path}")
    store = open_store(settings)
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(settings, mailbox)):
        put(store, action("first"))
        await ends(store, DELIVERED, "first")
        before = counted("firebreak_surroundings_waits_total", role="runner", cause="store")
        path.rename(away)
        await until(lambda: counted("firebreak_surroundings_waits_total", role="runner", cause="store") > before)
        away.rename(path)
        put(store, action())
        await ends(store, DELIVERED)
    store.dispose()


async def test_a_store_that_goes_away_is_waited_for(postgres: Postgres, port: int) -> None:
    name = postgres.new_database("empty_store")
    settings = postgres.settings(name)
    store = open_store(settings)
    before = counted("firebreak_surroundings_waits_total", role="runner", cause="store")
    put(store, action("first", target="executives"))
    store.dispose()
    shown = msgspec.structs.replace(QUICK, metrics_port=port)
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(settings, mailbox, runner=shown)):
        await until(lambda: len(mailbox.mails) == 1)
        assert await readiness(port) == 200
        await asyncio.to_thread(cut_off, postgres, name)
        await until(lambda: counted("firebreak_surroundings_waits_total", role="runner", cause="store") > before + 1)
        assert await readiness(port) == 503
        postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        put(store, action("second", target="executives"))
        await ends(store, DELIVERED, "second")
        await ends(store, DELIVERED, "first")
    perhaps = sum(word == "perhaps" for *_, word in words(entries(store)))
    store.dispose()
    assert 2 <= len(mailbox.mails) <= 2 + perhaps


async def readiness(port: int) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status


def cut_off(postgres: Postgres, name: str) -> None:
    postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def test_many_pages_at_once_all_arrive_once(store: Engine, store_settings: StoreSettings) -> None:
    put(store, *(action(f"act-{n}", target="executives") for n in range(80)))
    async with smtp_server(Mailbox()) as mailbox, running(runner_settings(store_settings, mailbox)):
        await until(lambda: set(states(store).values()) == {DELIVERED}, within_s=60)
    assert len(mailbox.keys()) == len(set(mailbox.keys())) == 80
