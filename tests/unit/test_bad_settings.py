"""What would only fail when somebody is to be reached stops the start: addresses that are none, names of two lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streams.settings import SettingsError, read_settings
from tests.parts.require import CHECKOUT

BAD = CHECKOUT / "tests" / "data" / "bad" / "settings"

_NONE = "is no http or https address"
_ONE_LINE = "one line of 1 to 200 characters"
_ONE_EMAIL = "one e-mail address, such as ada@example.org"

#: Each file, the line of its fault, and what the message must hold.
SAID = {
    "bluesky-at-no-address": (3, ["sources.bluesky.url is no ws or wss address; write one like wss://host"]),
    "brand-with-control-character": (3, [_ONE_LINE, r"at brands.acme.name; found 'Acme\x1b[31m'"]),
    "calendar-at-no-address": (4, ["rota 'comms' is no webcal, http or https address"]),
    "calendar-with-a-space": (4, ["it holds a space, a line break or a sign that no address holds"]),
    "calendar-with-login": (4, ["holds a login", "under username, its password under secret"]),
    "campaign-with-line-break": (4, [_ONE_LINE, r"at brands.acme.planned[0].name; found 'Big\nsale'"]),
    "console-that-is-a-script": (2, [f"console.public_url {_NONE}", "found 'javascript:alert(1)'"]),
    "console-with-line-break": (
        2,
        [f"console.public_url {_NONE}: it holds", r"found 'https://fire.example.org/\nevil'"],
    ),
    "console-with-login": (2, ["console.public_url holds a login; write one like https://host, without it"]),
    "console-with-query": (2, ["nothing of it may stand after ? or #", "write 'https://fire.example.org/'"]),
    "console-without-scheme": (2, [f"console.public_url {_NONE}", "found 'fire.example.org'"]),
    "email-of-two": (2, [_ONE_EMAIL, "found 'ada@example.org, bo@example.org'"]),
    "email-that-is-none": (2, [_ONE_EMAIL, "at people.ada.email; found 'nonsense'"]),
    "email-with-line-break": (4, [_ONE_EMAIL, r"found 'ada@example.org\nBcc: all@example.org'"]),
    "grafana-at-no-address": (2, [f"grafana.url {_NONE}"]),
    "name-of-spaces": (2, [_ONE_LINE, "with something to see in it", "found '  '"]),
    "name-that-is-a-word-for-false": (2, ["found true or false at people.no.name", "put it in quotes, name: '...'"]),
    "name-turned-round": (2, [_ONE_LINE, r"found 'Ada\u202eecalevoL'"]),
    "name-with-line-break": (2, [_ONE_LINE, r"at people.ada.name; found 'Ada\nLovelace'"]),
    "pagerduty-at-no-address": (4, [f"channels.pagerduty.url {_NONE}"]),
    "scheduler-account-with-line-break": (3, [_ONE_LINE, "at schedulers.ours.account"]),
    "sender-that-is-none": (2, ["channels.email.sender is no e-mail address; found 'firebreak'"]),
    "sender-with-line-break": (2, ["channels.email.sender is no e-mail address", r"'Fire\nbreak"]),
    "telephone-number-in-octal": (4, ["found '04712345'", "text (a telephone number) in quotes"]),
    "telephone-number-without-quotes": (4, ["found a whole number at people.ada.sms", "put it in quotes, sms: '...'"]),
    "term-with-line-break": (3, [_ONE_LINE, "at brands.acme.terms[1]"]),
    "twilio-at-no-address": (5, [f"channels.twilio.url {_NONE}, it begins with 'ftp:'"]),
    "webhook-of-a-person-that-is-none": (2, [f"people.ada.webhook {_NONE}, it begins with 'javascript:'"]),
    "webhook-of-a-person-with-login": (2, ["people.ada.webhook holds a login"]),
}


def test_every_bad_settings_file_has_its_message() -> None:
    assert {path.stem for path in BAD.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_bad_settings_stop_the_start_with_their_line_and_in_words(name: str, tmp_path: Path) -> None:
    shutil.copy(BAD / f"{name}.yaml", tmp_path / "firebreak.yaml")
    line, words = SAID[name]
    with pytest.raises(SettingsError) as wrong:
        read_settings(tmp_path)
    said = str(wrong.value)
    assert f"firebreak.yaml:{line}: " in said
    assert [each for each in words if each not in said] == []
    assert "regex" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "source",
    [
        "people: {ada: {name: 'Zoë O’Hara-Müller 王', email: zoe+fire@mail.example.co.uk}}",
        "people: {ada: {name: Ada, webhook: 'https://hooks.example.org:8443/a/b?token=1&x=%20#f'}}",
        "people: {ada: {name: Ada, webhook: 'http://[::1]:8080/'}}",
        "console: {public_url: 'http://127.0.0.1:8080/firebreak/'}",
        "channels: {email: {host: mail.example.org, sender: 'Firebreak <fire@example.org>'}}",
        "channels: {email: {host: mail.example.org, sender: root@localhost}}",
        "brands: {acme: {name: 'Acme & Söhne', terms: [acme, '#acme', アクメ]}}",
        "rotas: {comms: {ical: {url: '{secret}', secret: {env: CALENDAR}}}}",
        "rotas: {comms: {ical: {url: 'webcal://calendar.example.org/{secret}/a.ics', secret: {env: CALENDAR}}}}",
    ],
)
def test_what_people_really_write_is_taken(source: str, tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text(source, encoding="utf-8")
    read_settings(tmp_path)
