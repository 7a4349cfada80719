"""What is wrong with a rota file is said with its line, before anything starts; what is right reads as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.oncall.rota_file import read_rota
from playbooks.strict_yaml import YamlFault
from streams.settings import SettingsError, read_settings
from tests.parts.signals import DATA

BAD = DATA / "bad" / "rotas"
PEOPLE = ("ada", "bo")

#: Each file, the line of its fault, and what the message must hold.
SAID = {
    "day-that-does-not-exist": (5, "found '2026-02-30 09:00': day is out of range for month"),
    "empty": (1, "missing required field `zone`"),
    "ends-before-it-starts": (7, "layer 'always' ends at 2026-01-05 08:00, which is not after it begins"),
    "hand-over-at-no-time": (6, "Expected a list of at least 1 at layers[0].hand_over.at"),
    "hand-over-in-no-week": (6, ">= 1 at layers[0].hand_over.weeks; found '0'"),
    "key-on": (6, "unknown field `on` at layers[0].hand_over; the keys here are at, days, weeks"),
    "layer-twice": (7, "two layers are called 'always'; give each a name of its own"),
    "no-hand-over": (3, "missing required field `hand_over` at layers[0]"),
    "no-layers": (2, "Expected a list of at least 1 at layers"),
    "nobody-in-a-layer": (4, "Expected a list of at least 1 at layers[0].people"),
    "override-by-nobody": (8, "Expected a list of at least 1 at overrides[0].people"),
    "override-ends-before-it-begins": (8, "ends at 2026-12-23 09:00, which is not after it begins, 2026-12-24 09:00"),
    "override-instead-of-a-stranger": (8, "nobody takes turns here by the name 'cy' (those who do: ada, bo)"),
    "override-instead-of-themselves": (8, "'ada' cannot stand in for themselves"),
    "override-over-a-change-of-clocks-that-is-empty": (8, "not after it begins, 2026-03-29 02:10"),
    "starts-on-a-day": (5, "found a day at layers[0].starts; write a moment as 2026-12-24 09:00"),
    "starts-with-seconds": (
        5,
        "found a moment at layers[0].starts; write a moment as 2026-12-24 09:00, without seconds",
    ),
    "tag": (1, "could not determine a constructor for the tag"),
    "time-that-no-clock-shows": (6, "Expected a time from '00:00' to '23:59' at layers[0].hand_over.at[0]"),
    "time-without-quotes": (6, "put a time in quotes, '17:00'"),
    "unknown-key": (7, "unknown field `handover` at layers[0]; the keys here are ends, hand_over, hours"),
    "unknown-person": (4, "layer 'always' names 'zoe', who is not under people in the settings (known: ada, bo)"),
    "unknown-weekday": (6, "'montag' at layers[0].hand_over.days[0]; allowed are monday, tuesday"),
    "zone-that-does-not-exist": (1, "'Europe/Atlantis' is no time zone; write one of the IANA names"),
    "zone-that-is-a-path": (1, "'../../etc/passwd' is no time zone"),
}


def test_every_bad_rota_has_its_message() -> None:
    assert {path.stem for path in BAD.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_bad_rota_is_refused_with_its_line_and_in_words(name: str) -> None:
    line, words = SAID[name]
    with pytest.raises(YamlFault) as fault:
        read_rota(BAD / f"{name}.yaml", PEOPLE)
    assert (fault.value.line, words in fault.value.message) == (line, True), str(fault.value)
    assert "regex" not in fault.value.message


def test_a_rota_file_that_is_not_there_or_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("zone: é".encode("latin-1"))
    for name in ("gone.yaml", "latin.yaml", "."):
        with pytest.raises(YamlFault, match="cannot be read"):
            read_rota(tmp_path / name, PEOPLE)


RIGHT = """people: {ada: {name: Ada}}
rotas:
  comms:
    file: rota.yaml
"""
ROTA = "zone: UTC\nlayers: [{id: a, people: [ada], starts: 2026-01-05 09:00, hand_over: {at: ['09:00']}}]\n"


def _read(folder: Path, settings: str, rota: str = ROTA) -> str:
    """What is said of these settings; empty where they are right."""
    (folder / "firebreak.yaml").write_text(settings, encoding="utf-8")
    (folder / "rota.yaml").write_text(rota, encoding="utf-8")
    try:
        read_settings(folder)
    except SettingsError as wrong:
        return str(wrong)
    return ""


def test_a_rota_file_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    assert _read(tmp_path, RIGHT) == ""
    assert read_settings(tmp_path).rotas["comms"].file == str(tmp_path / "rota.yaml")


def test_a_rota_file_with_a_fault_stops_the_start_with_its_own_line(tmp_path: Path) -> None:
    assert _read(tmp_path, RIGHT, ROTA.replace("[ada]", "[zoe]")).startswith(f"{tmp_path / 'rota.yaml'}:2: layer 'a'")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("roles: {on-call: [zoe]}", "firebreak.yaml:1: role 'on-call' names 'zoe', who is not under people"),
        ("roles: {on-call: {rota: comms}}", "firebreak.yaml:1: role 'on-call' is of the rota 'comms', not under rotas"),
        ("roles:\n  on-call: [{rota: x}]", "firebreak.yaml:2: role 'on-call' is of the rota 'x'"),
        ("roles: {on-call: {rotor: comms}}", "unknown field `rotor`"),
        ("rotas: {comms: {}}", "firebreak.yaml:1: rota 'comms' must have either a file or a calendar"),
        ("rotas: {comms: {file: a, ical: {file: b}}}", "must have either a file or a calendar"),
        ("rotas: {comms: {ical: {}}}", "must have either a file or an address"),
        ("rotas: {comms: {ical: {url: 'https://a', file: b}}}", "must have either a file or an address"),
        ("rotas: {comms: {ical: {url: 'ftp://a/hush'}}}", "is no webcal, http or https address"),
        ("rotas: {comms: {ical: {url: 'https://[hush'}}}", "is no webcal, http or https address"),
        ("rotas: {comms: {ical: {url: 'https://a/{secret}'}}}", "has {secret} in it: say where the secret is"),
        ("rotas: {comms: {ical: {url: 'https://a', username: u}}}", "a username needs its password"),
        ("rotas: {comms: {ical: {file: a, secret: {env: A}}}}", "needs neither secret nor username"),
        ("rotas: {comms: {ical: {url: 'https://a', secret: hush}}}", "write {env: NAME} or {file: PATH}"),
        ("rotas: {comms: {ical: {url: 'https://a', poll_s: 3600, keep_h: 1}}}", "raise keep_h over poll_s"),
        ("rotas: {comms: {ical: {url: 'https://a', zone: Mars/Olympus}}}", "'Mars/Olympus' is no time zone"),
        ("rotas: {comms: {ical: {url: 'https://a', day_begins: 9}}}", "Expected text, found a whole number"),
        ("people: {ada: {name: Ada, zone: Mars/Olympus}}", "firebreak.yaml:1: 'Mars/Olympus' is no time zone"),
        ("people: {ada: {name: Ada, quiet: {from: '22:00'}}}", "missing required field `to`"),
        ("people: {ada: {name: Ada, quiet: {from: '7:00', to: '22:00'}}}", "Expected a time from '00:00' to '23:59'"),
    ],
)
def test_settings_about_who_is_on_call_are_refused_in_words(tmp_path: Path, settings: str, says: str) -> None:
    said = _read(tmp_path, settings)
    assert says in said, said
    assert "hush" not in said
