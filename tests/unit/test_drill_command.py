"""What `firebreak drill` says where it is used wrongly, and what it lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from playbooks.settings.gate import GateSettings
from streams.cli import main
from streams.drill import command
from streams.drill.course import Order
from streams.drill.running import address_of_gate
from streams.drill.whom import Whom
from streams.settings import Settings

SETTINGS = "brands: {acme: {}, bolt: {}}\npeople: {ada: {name: Ada}}\nstore: {url: 'sqlite:////nowhere/firebreak.db'}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder with settings."""
    (tmp_path / "firebreak.yaml").write_text(SETTINGS)
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    """The exit code and everything that was said."""
    done = CliRunner().invoke(main, ["drill", *words])
    return done.exit_code, done.output


def test_without_a_name_it_lists_what_there_is() -> None:
    code, said = run()
    assert code == 0
    for word in ("A crisis, from its first mention on", "burst_behind_flood", "A harmless peak", "complaint-storm"):
        assert word in said
    assert run("--list") == (code, said)


def test_the_list_for_programs_says_what_has_to_happen() -> None:
    found = {each["name"]: each for each in json.loads(run("--list", "--json")[1])}
    assert found["praise"]["expected"] == []
    assert found["burst"]["expected"] == ["detect", "page", "acknowledge", "hold", "release"]
    assert found["bot-flood"]["kind"] == "playbook"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fire"], "there is no scenario and no playbook 'fire'"),
        (["burst", "--brand", "zed"], "--brand: there is no brand 'zed' in the settings; there are: acme, bolt"),
        (["burst", "--by", "bo"], "--by: there is nobody 'bo' under people in the settings; there are: ada"),
    ],
)
def test_what_is_used_wrongly_is_one_message(config: Path, words: list[str], said: str) -> None:
    code, found = run(*words, "--config", str(config))
    assert code == 2
    assert said in found
    assert "Traceback" not in found


def test_an_embedded_drill_is_begun_by_whom_the_settings_know_and_by_nobody_else(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Order] = []

    def kept(settings: Settings, folder: Path | None, order: Order, as_json: bool) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(command, "_run_embedded", kept)
    assert run("burst", "--embedded", "--by", "ada", "--config", str(config))[0] == 0
    assert [order.person for order in orders] == ["ada"]
    code, said = run("burst", "--embedded", "--by", "bo", "--config", str(config))
    assert (code, "there is nobody 'bo' under people" in said) == (2, True)
    code, said = run("burst", "--by", "ada")
    assert (code, "--by names somebody of the settings" in said) == (2, True)


def test_without_a_brand_there_is_nothing_to_drill(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text("people: {}\n")
    code, found = run("burst", "--config", str(tmp_path))
    assert code == 2
    assert "there are no brands in the settings" in found


def test_whom_it_reaches_is_told_before_it_begins() -> None:
    told = "\n".join(Whom({"Ada": ("email", "sms")}, ("Bo",)).lines("acme", "drill-x"))
    assert "reaches Ada by email, sms" in told
    assert "have not agreed to drills: Bo" in told
    assert "NOBODY" in "\n".join(Whom({}, ("Bo",)).lines("acme", "drill-x"))


def test_a_gate_that_listens_everywhere_is_asked_on_this_machine() -> None:
    assert address_of_gate(Settings(gate=GateSettings(host="0.0.0.0", port=9))) == "http://127.0.0.1:9"
    assert address_of_gate(Settings(gate=GateSettings(host="::1", port=9))) == "http://[::1]:9"
