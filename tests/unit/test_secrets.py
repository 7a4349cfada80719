"""Secrets that are not there or could be guessed: the message names the settings key and the place, never a value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from playbooks.effects.slack import Slack
from playbooks.gate.service import run_gate
from playbooks.readiness.heartbeat import Heartbeat
from playbooks.settings import HeartbeatSettings, PlaybookSettings
from playbooks.settings.channels import SlackSettings
from playbooks.settings.gate import GateSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from streams.settings import SettingsError, read_settings


def slack(place: SecretFrom) -> object:
    return Slack(SlackSettings(webhook=place), has_public_url=False)


def heartbeat(place: SecretFrom) -> object:
    return Heartbeat(HeartbeatSettings(url=place))


def test_a_secret_that_is_not_there_is_told_with_its_settings_key() -> None:
    with pytest.raises(MissingSecret, match=r"^grafana\.token: the environment variable NOT_SET is not set or empty"):
        SecretFrom(env="NOT_SET").read("grafana.token")
    with pytest.raises(MissingSecret, match=r"^grafana\.token: the file /nowhere/x, which should hold a secret"):
        SecretFrom(file="/nowhere/x").read("grafana.token")
    with pytest.raises(MissingSecret, match=r"^grafana\.token: say where the secret is: write {env: NAME} or {file"):
        SecretFrom().read("grafana.token")


def test_a_gate_does_not_start_with_a_token_that_could_be_guessed(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("sesame\n")
    settings = PlaybookSettings(gate=GateSettings(token=SecretFrom(file=str(token))))
    with pytest.raises(MissingSecret, match=r"gate\.token: .* is shorter than 16 characters") as wrong:
        asyncio.run(run_gate(settings, asyncio.Event()))
    assert "sesame" not in str(wrong.value)


@pytest.mark.parametrize("open_it", [slack, heartbeat])
@pytest.mark.parametrize("held", ["sesame", "javascript:sesame", "https://hooks.example.org/se same", "ftp://sesame/"])
def test_what_should_be_a_secret_address_and_is_none_stops_the_start_and_is_not_repeated(
    open_it: Callable[[SecretFrom], object], held: str, tmp_path: Path
) -> None:
    place = tmp_path / "address"
    place.write_text(held)
    with pytest.raises(MissingSecret, match=f"what the file {place} holds is no http or https address") as wrong:
        open_it(SecretFrom(file=str(place)))
    assert "same" not in str(wrong.value).removeprefix(str(place))
    place.write_text("https://ada:sesame@hooks.example.org/x?create=1\n")
    open_it(SecretFrom(file=str(place)))


def test_a_password_in_the_address_of_the_store_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text("store:\n  url: postgresql://ada:sesame@db/x\n")
    with pytest.raises(SettingsError, match=r"firebreak\.yaml:2: store\.url holds a password") as wrong:
        read_settings(tmp_path)
    assert "sesame" not in str(wrong.value)
