"""Each malformed scheduler has its message: the line, what was found, what is allowed; and never a secret."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from playbooks.schedulers.needs import NEEDS
from playbooks.schedulers.registry import ADAPTERS, open_scheduler
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from streams.settings import SettingsError, read_settings
from tests.parts.require import CHECKOUT

BAD = CHECKOUT / "tests" / "data" / "bad" / "schedulers"

SAID = {
    "address-that-is-none": (3, "schedulers.ours.url is no http or https address"),
    "brand-that-is-not-there": (3, "is of the brand 'acne', which is not there (acme)"),
    "buffer-without-its-channel": (3, "says no 'channel'; buffer needs token, organization, channel"),
    "further-ahead-than-two-weeks": (3, "at schedulers.ours.ahead_h"),
    "half-an-app": (3, "says one of 'user' and 'member'; to sign in as the app it needs both"),
    "password-in-the-address": (3, "schedulers.ours.url holds a login; write one like https://host, without it"),
    "token-in-the-file": (3, "write {env: NAME} or {file: PATH}; found text at schedulers.ours.token"),
    "unknown-kind": (3, "at schedulers.ours.kind"),
}

RIGHT = """brands: {acme: {}}
schedulers:
  blog: {kind: wordpress, brand: acme, platform: blog, url: "https://blog.example.org", user: ed, token: {env: WP}}
  page: {kind: facebook, brand: acme, platform: facebook, account: "@acme", channel: "104", token: {env: FB}}
"""


def test_every_bad_scheduler_has_its_message() -> None:
    assert {path.stem for path in BAD.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_bad_scheduler_stops_the_start_with_its_line_and_in_words(name: str, tmp_path: Path) -> None:
    shutil.copy(BAD / f"{name}.yaml", tmp_path / "firebreak.yaml")
    line, words = SAID[name]
    with pytest.raises(SettingsError) as wrong:
        read_settings(tmp_path)
    assert f"firebreak.yaml:{line}:" in str(wrong.value)
    assert words in str(wrong.value)
    assert "abcdef" not in str(wrong.value)
    assert "ed:" not in str(wrong.value)


def test_right_ones_are_taken(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text(RIGHT)
    assert set(read_settings(tmp_path).schedulers) == {"blog", "page"}


def test_each_kind_has_an_adapter_and_says_what_it_needs() -> None:
    assert set(NEEDS) == set(ADAPTERS) == set(SchedulerKind)


def test_a_token_that_is_not_there_stops_the_start_and_names_its_setting() -> None:
    settings = SchedulerSettings(kind=SchedulerKind.POSTIZ, brand="acme", token=SecretFrom(env="NOT_SET_ANYWHERE"))
    with pytest.raises(MissingSecret, match=r"schedulers\.ours\.token"):
        open_scheduler("ours", settings, lambda: 0)


def test_what_each_kind_needs_stands_in_the_document() -> None:
    page = (CHECKOUT / "docs" / "schedulers.md").read_text(encoding="utf-8")
    for kind, needs in NEEDS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind.value}` |"))
        assert all(f"`{need}`" in row for need in needs), row
