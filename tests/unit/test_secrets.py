"""Secrets that are not there or could be guessed: the message names the settings key and the place, never a value."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playbooks.gate.service import run_gate
from playbooks.settings import PlaybookSettings
from playbooks.settings.gate import GateSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from streams.settings import SettingsError, read_settings


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


def test_a_password_in_the_address_of_the_store_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text("store:\n  url: postgresql://ada:sesame@db/x\n")
    with pytest.raises(SettingsError, match=r"firebreak\.yaml:2: store\.url holds a password") as wrong:
        read_settings(tmp_path)
    assert "sesame" not in str(wrong.value)
