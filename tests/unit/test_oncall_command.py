"""``firebreak oncall``: what is shown, what is red, and how it ends."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from playbooks.oncall.drawn import drawn
from playbooks.oncall.outlook import Outlook, as_json, outlook
from playbooks.oncall.rota_file import parse_rota
from playbooks.oncall.rota_schema import moment_of
from playbooks.oncall.rotas import NO_ROTAS, Known, Rotas, RotaTrouble, Trouble
from playbooks.oncall.zone import zone_named
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import OfRota, Person
from streams.cli import main
from tests.parts.calendars import calendar, event
from tests.parts.documents import text_of
from tests.parts.require import CHECKOUT

BERLIN = zone_named("Europe/Berlin")
SETTINGS = PlaybookSettings(
    people={"ada": Person(name="Ada [red]\x1b[31m"), "bo": Person(name="Bo")},
    roles={"on-call": OfRota(rota="comms"), "ops": ("bo",)},
)
WEEKS = """
zone: Europe/Berlin
layers:
  - {id: weeks, people: [ada, bo], starts: 2026-10-19 09:00, hand_over: {at: ["09:00"], days: [monday]}}
"""
WORKDAYS = """
zone: Europe/Berlin
layers:
  - id: days
    people: [ada, bo]
    starts: 2026-10-19 09:00
    hand_over: {at: ["18:00"]}
    hours: [{from: "09:00", to: "00:00"}]
"""
NINE_TO_FIVE = WEEKS.replace("hand_over", 'hours: [{from: "09:00", to: "17:00"}], hand_over')


def rotas(text: str) -> Rotas:
    """One rota."""
    return Rotas({"comms": Known(parse_rota(text, Path("rota.yaml"), SETTINGS.people))})


def at(text: str) -> int:
    """A moment by the clocks of Berlin."""
    return moment_of(text, BERLIN)


def shown(text: str, begin: str, role: str = "on-call") -> str:
    """What a terminal shows that has no colours."""
    names = {key: person.name for key, person in SETTINGS.people.items()}
    return drawn_as_text(outlook(role, SETTINGS, rotas(text), at(begin), 14), names)


def drawn_as_text(of: Outlook, names: dict[str, str]) -> str:
    """An outlook on a terminal that has no colours."""
    screen = Console(file=io.StringIO(), width=100, highlight=False)
    screen.print(drawn(of, names))
    file = screen.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def test_now_and_next_and_the_week_are_drawn() -> None:
    assert shown(WEEKS, "2026-10-23 10:30") == "\n".join(
        [
            "on-call  from rota comms; times in Europe/Berlin",
            "  now   Ada [red][31m (ada) until Mon 26 Oct 09:00",
            "  next  Bo (bo) from Mon 26 Oct 09:00",
            "",
            "              Fri 23   Sat 24   Sun 25   Mon 26   Tue 27   Wed 28   Thu 29",
            "Ada [red][31m ···█████ ████████ ████████ ███····· ········ ········ ········",
            "Bo            ········ ········ ········ ···█████ ████████ ████████ ████████",
            "",
            "from              until             hours  who",
            "Fri 23 Oct 10:30  Mon 26 Oct 09:00   71.5  Ada [red][31m (ada)",
            "Mon 26 Oct 09:00  Mon 02 Nov 09:00    168  Bo (bo)",
            "Mon 02 Nov 09:00  Fri 06 Nov 09:30   96.5  Ada [red][31m (ada)",
            "",
        ]
    )


def test_the_picture_in_the_document_is_what_is_drawn() -> None:
    people = {"ada": Person(name="Ada Lovelace"), "bo": Person(name="Bo")}
    settings = PlaybookSettings(people=people, roles={"on-call": OfRota(rota="comms")})
    begin = at("2026-10-23 18:00")
    found = drawn_as_text(outlook("on-call", settings, rotas(WORKDAYS), begin, 3), {"ada": "Ada Lovelace", "bo": "Bo"})
    assert f"```text\n{found}```" in text_of(CHECKOUT / "docs" / "oncall.md"), found


def test_gaps_are_drawn_and_counted() -> None:
    found = shown(NINE_TO_FIVE, "2026-10-23 18:00")
    assert "  now   nobody: nobody is on call in the role 'on-call' now" in found
    assert "  14 gaps, 224 h in which nobody is on call" in found
    assert re.search(r"^nobody {14}!!( !!!  !!!){6}$", found, re.MULTILINE)
    assert re.search(r"^Fri 23 Oct 18:00  Sat 24 Oct 09:00 +15  nobody$", found, re.MULTILINE)
    assert re.search(r"^Sat 24 Oct 17:00  Sun 25 Oct 09:00 +17  nobody$", found, re.MULTILINE)


def test_gaps_are_red_and_turns_are_not() -> None:
    screen = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard", no_color=False)
    screen.print(drawn(outlook("on-call", SETTINGS, rotas(NINE_TO_FIVE), at("2026-10-23 18:00"), 2), {}))
    file = screen.file
    assert isinstance(file, io.StringIO)
    rows = [line for line in file.getvalue().splitlines() if re.search(r"\d\d:\d\d.*\d\d:\d\d", line)]
    assert rows
    for row in rows:
        assert ("\x1b[1;31m" in row) == ("nobody" in row)


def test_the_json_has_moments_people_gaps_and_troubles() -> None:
    with_trouble = Rotas(rotas(NINE_TO_FIVE).known, (Trouble("comms", RotaTrouble.NO_ANSWER),))
    found = json.loads(
        as_json([outlook("on-call", SETTINGS, with_trouble, at("2026-10-23 18:00"), 1)], with_trouble, SETTINGS)
    )
    assert found == {
        "roles": [
            {
                "role": "on-call",
                "rotas": ["comms"],
                "from": "2026-10-23T16:00:00.000Z",
                "to": "2026-10-24T16:00:00.000Z",
                "on_call": [],
                "why_nobody": "nobody_on_call",
                "next": {
                    "from": "2026-10-24T07:00:00.000Z",
                    "to": "2026-10-24T15:00:00.000Z",
                    "people": [{"person": "ada", "name": "Ada [red]\x1b[31m"}],
                },
                "turns": [
                    {
                        "from": "2026-10-24T07:00:00.000Z",
                        "to": "2026-10-24T15:00:00.000Z",
                        "people": [{"person": "ada", "name": "Ada [red]\x1b[31m"}],
                    }
                ],
                "gaps": [
                    {"from": "2026-10-23T16:00:00.000Z", "to": "2026-10-24T07:00:00.000Z"},
                    {"from": "2026-10-24T15:00:00.000Z", "to": "2026-10-24T16:00:00.000Z"},
                ],
            }
        ],
        "troubles": [{"rota": "comms", "why": "no_answer", "detail": ""}],
    }


def test_a_rota_that_was_never_read_is_one_gap() -> None:
    found = outlook("on-call", SETTINGS, NO_ROTAS, 0, 14)
    assert (len(found.gaps), found.turns, found.next) == (1, (), None)


HEAD = "people: {ada: {name: Ada, email: ada@example.org}, bo: {name: Bo}}\n"


def run(folder: Path, settings: str, *words: str) -> Result:
    """The command with these settings."""
    (folder / "firebreak.yaml").write_text(HEAD + settings, encoding="utf-8")
    return CliRunner().invoke(main, ["--config", str(folder), "oncall", *words])


def test_it_ends_with_0_where_somebody_is_always_on_call_and_with_1_where_there_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "rota.yaml").write_text(WEEKS, encoding="utf-8")
    settings = "rotas: {comms: {file: rota.yaml}}\nroles: {on-call: {rota: comms}, executives: []}"
    covered = run(tmp_path, settings, "--role", "on-call", "--json")
    assert (covered.exit_code, json.loads(covered.output)["roles"][0]["gaps"]) == (0, [])
    assert run(tmp_path, settings).exit_code == 1, "nobody is in the role executives"
    (tmp_path / "rota.yaml").write_text(NINE_TO_FIVE, encoding="utf-8")
    assert run(tmp_path, settings, "--role", "on-call").exit_code == 1


def test_a_calendar_in_a_file_is_read_and_what_is_left_out_of_it_is_shown(tmp_path: Path) -> None:
    always = event("Ada", ";VALUE=DATE:20200101", None, "RRULE:FREQ=DAILY")
    (tmp_path / "a.ics").write_text(calendar(always), encoding="utf-8")
    settings = "rotas: {comms: {ical: {file: a.ics}}}\nroles: {on-call: {rota: comms}}"
    found = run(tmp_path, settings, "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["roles"][0]["on_call"] == [{"person": "ada", "name": "Ada"}]
    stranger = event("Zoe", ";VALUE=DATE:20200101", None, "RRULE:FREQ=DAILY")
    (tmp_path / "a.ics").write_text(calendar(always, stranger), encoding="utf-8")
    said = run(tmp_path, settings)
    assert said.exit_code == 1
    assert "'Zoe' on" in said.output
    assert "names nobody who is under people" in " ".join(said.output.split())


@pytest.mark.parametrize("source", ["rotas: {comms: {ical: {file: a.ics}}}", "rotas: {comms: {file: rota.yaml}}"])
def test_a_whole_year_can_be_looked_ahead_by_rota_and_by_calendar(tmp_path: Path, source: str) -> None:
    always = event("Ada", ";VALUE=DATE:20200101", None, "RRULE:FREQ=DAILY")
    (tmp_path / "a.ics").write_text(calendar(always), encoding="utf-8")
    (tmp_path / "rota.yaml").write_text(WEEKS, encoding="utf-8")
    found = run(tmp_path, f"{source}\nroles: {{on-call: {{rota: comms}}}}", "--days", "366", "--json")
    assert (found.exit_code, json.loads(found.output)["roles"][0]["gaps"]) == (0, [])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--role", "gone"), "there is no role 'gone' in the settings (known: on-call)"),
        (("--zone", "Mars/Olympus"), "'Mars/Olympus' is no time zone"),
        (("--days", "0"), "0.01<=x<=366"),
    ],
)
def test_what_is_used_wrongly_is_said_and_ends_with_2(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    found = run(tmp_path, "roles: {on-call: [ada]}", *words)
    assert (found.exit_code, says in found.output) == (2, True), found.output


def test_settings_without_roles_have_nobody_to_show(tmp_path: Path) -> None:
    found = run(tmp_path, "")
    assert found.exit_code == 2
    assert "there are no roles in the settings" in found.output
