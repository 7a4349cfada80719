"""Incidents and erasure by command, over a real store: what is said, what is done, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, update

from detectors.signal import Post
from playbooks.content.catalog import load_library
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import Acknowledged, AcknowledgedBy
from playbooks.labels import Judgement
from playbooks.settings import StoreSettings
from playbooks.store import schema
from playbooks.store.engine import writing
from playbooks.store.incidents.deeds import acknowledge, resolve
from playbooks.store.incidents.incidents import incident_history, incident_view, list_incidents, take_signal
from streams.cli import main
from tests.parts.signals import MORNING_MS, a_signal, armed

POST = Post("at://did:plc:ada/1", "bluesky", MORNING_MS - 5_000, 0.9, "Leaks acid. \x1b[31mNever again!", "ada_l")
Run = Callable[..., Result]


@pytest.fixture
def incident(store: Engine) -> str:
    """An incident with a post that is quoted."""
    plain = a_signal()
    signal = msgspec.structs.replace(plain, evidence=msgspec.structs.replace(plain.evidence, posts=(POST,)))
    take_signal(store, signal, load_library(), armed(store), MORNING_MS)
    return list_incidents(store)[0].id


@pytest.fixture
def run(store_settings: StoreSettings, tmp_path: Path) -> Run:
    """`firebreak --config ...` with these words."""
    folder = tmp_path / "config"
    folder.mkdir()
    password = f"\n  password: {{file: {store_settings.password.file}}}" if store_settings.password else ""
    (folder / "firebreak.yaml").write_text(
        f"store:\n  url: {store_settings.url}{password}\n"
        "brands: {acme: {name: Acme Parcels}}\n"
        "people: {ada: {name: Ada Lovelace, email: ada@example.org}}\n"
        "roles: {on-call: [ada]}\n"
    )

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(folder), *words])

    return call


def view(store: Engine, incident: str) -> IncidentView:
    found = incident_view(store, incident)
    assert found
    return found


def test_incidents_are_listed_and_shown_with_posts_as_plain_text(run: Run, incident: str) -> None:
    listed = run("incident", "list")
    assert (listed.exit_code, incident in listed.output) == (0, True), listed.output
    shown = run("incident", "show", incident).output
    assert "Acme Parcels" in shown
    assert "bluesky ada_l: “Leaks acid. [31mNever again!”" in shown
    assert "\x1b" not in shown
    told = json.loads(run("incident", "show", incident, "--json").output)
    assert (told["incident"], told["state"], told["posts"][0]["handle"]) == (incident, "opened", "ada_l")
    assert run("incident", "show", incident, "--review").output.startswith("# Acme Parcels")
    assert [row["incident"] for row in json.loads(run("incident", "list", "--json").output)] == [incident]


def test_what_is_a_drill_says_so_first(run: Run, store: Engine) -> None:
    take_signal(store, a_signal(run="drill-fire"), load_library(), armed(store), MORNING_MS)
    (drill,) = list_incidents(store)
    assert f"{drill.id}  DRILL drill-fire: acme" in run("incident", "list").output
    assert run("incident", "show", drill.id).output.startswith("DRILL drill-fire: An exercise.")
    assert run("incident", "list", "--run", "drill-other").output == "No incident is open.\n"


def test_what_people_do_is_done_under_their_name(run: Run, store: Engine, incident: str) -> None:
    by = ("--by", "ada", "--reason", "So it is.")
    assert run("incident", "acknowledge", incident, "--by", "ada").output == f"Ada Lovelace has {incident}.\n"
    assert any(row.entry == Acknowledged(AcknowledgedBy.COMMAND) for row in incident_history(store, incident))
    assert run("incident", "note", incident, *by).exit_code == 0
    assert run("incident", "contain", incident, *by).exit_code == 0
    entries = len(incident_history(store, incident))
    again = run("incident", "contain", incident, *by)
    assert (again.exit_code, "it is so already" in again.output) == (1, True)
    assert len(incident_history(store, incident)) == entries, "nothing is written down twice"
    assert view(store, incident).state is IncidentState.CONTAINED
    assert run("incident", "verdict", incident, "false", *by).exit_code == 0
    assert view(store, incident).judgement is Judgement.FALSE
    assert "is over" in run("incident", "resolve", incident, *by).output
    assert run("incident", "list").output == "No incident is open.\n"
    assert incident in run("incident", "list", "--all").output
    assert "resolved by Ada Lovelace" in run("incident", "list", "--all").output
    assert run("incident", "reopen", incident, *by).exit_code == 0
    assert view(store, incident).state is IncidentState.REOPENED
    assert {row.actor for row in incident_history(store, incident)} == {"respond", "clock", "ada"}


def test_an_incident_is_opened_by_hand_and_two_are_merged(run: Run, store: Engine, incident: str) -> None:
    by = ("--by", "ada")
    opened = run("incident", "open", "acme", "impersonation", "--severity", "4", "--what", "Somebody poses as us.", *by)
    assert opened.exit_code == 0, opened.output
    other = opened.output.split()[0]
    merged = run("incident", "merge", incident, other, *by, "--reason", "The same parcels.")
    assert merged.output == f"{incident} goes on as {other}.\n"
    assert view(store, incident).merged_into == other
    assert f"merged into {other}" in run("incident", "show", incident).output
    assert run("incident", "merge", incident, other, *by, "--reason", "Again.").exit_code == 1


def test_reporting_what_is_graver_says_that_the_incident_is_moved_and_who_is_paged(run: Run, incident: str) -> None:
    words = ("--severity", "3", "--what", "A customer is in hospital.", "--by", "ada")
    told = run("incident", "open", "acme", "safety-incident", *words)
    assert told.exit_code == 0, told.output
    assert told.output == (
        f"{incident} was open and went by complaint-storm: it is moved to safety-incident, by Ada Lovelace.\n"
        "Paged: on-call, executives.\n"
    )
    milder = run("incident", "open", "acme", "tone-shift", *words).output
    assert "by safety-incident, which is graver: the report joined it.\nNobody is paged anew for it." in milder


def test_an_incident_is_moved_to_another_playbook_by_name_and_version(run: Run, store: Engine, incident: str) -> None:
    by = ("--by", "ada", "--reason", "It fits.")
    moved = run("incident", "move", incident, "safety-incident@2.0.0", *by)
    assert moved.output == f"{incident} goes by safety-incident@2.0.0 from here on.\nPaged: on-call, executives.\n"
    assert (view(store, incident).playbook, view(store, incident).version) == ("safety-incident", "2.0.0")
    unknown = run("incident", "move", incident, "storm", *by)
    assert unknown.exit_code == 1
    assert "no playbook 'storm' in use; in use are: account-takeover@" in unknown.output


def test_who_only_acknowledged_is_not_said_to_have_ended_it(run: Run, store: Engine, incident: str) -> None:
    acknowledge(store, incident, "ada", MORNING_MS + 1)
    resolve(store, incident, "bo", "over", MORNING_MS + 2)
    listed = run("incident", "list", "--all").output
    assert "resolved by bo" in listed
    assert "Ada" not in listed
    assert json.loads(run("incident", "show", incident, "--json").output)["resolved_by"] == "bo"


def test_an_incident_is_not_merged_into_itself(run: Run, incident: str) -> None:
    told = run("incident", "merge", incident, incident, "--by", "ada", "--reason", "x")
    assert (told.exit_code, "cannot be merged into itself" in told.output) == (1, True)


def test_a_report_about_a_brand_that_is_only_observed_says_that_nobody_is_paged(run: Run) -> None:
    told = run(
        "incident", "open", "acme", "impersonation", "--severity", "4", "--what", "They pose as us.", "--by", "ada"
    )
    assert told.exit_code == 0
    assert "NOT PAGED, NOBODY IS: this brand is only observed." in told.output


def test_a_report_names_a_platform_as_the_gate_is_asked_for_it_or_is_refused(run: Run, store: Engine) -> None:
    words = ("--severity", "4", "--what", "They pose as us.", "--by", "ada")
    for wrong in ("X Y", "", "ü"):
        refused = run("incident", "open", "acme", "tone-shift", "--platform", wrong, *words)
        assert (refused.exit_code, "no platform can be called" in refused.output) == (1, True), refused.output
    assert list_incidents(store) == []
    assert run("incident", "open", "acme", "tone-shift", "--platform", " X ", *words).exit_code == 0
    assert list_incidents(store)[0].signal.platform == "x"


def test_what_is_too_long_for_the_log_is_refused_and_not_cut(run: Run, store: Engine, incident: str) -> None:
    by, entries = ("--by", "ada"), len(incident_history(store, incident))
    long, whole = "One of many words. " * 500, "n" * 2_000
    for refused in (
        run("incident", "open", "acme", "impersonation", "--severity", "4", "--what", long, *by),
        run("incident", "note", incident, "--reason", long, *by),
        run("incident", "move", incident, "safety-incident", "--reason", long, *by),
    ):
        assert refused.exit_code == 2
        assert "has 9,499 characters, and at most 2,000 are kept" in refused.output
    assert (len(incident_history(store, incident)), len(list_incidents(store))) == (entries, 1)
    assert run("incident", "note", incident, "--reason", whole, *by).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("incident", "resolve", "inc-none", "--by", "ada", "--reason", "x"), 1, "there is no such incident"),
        (("incident", "resolve", "inc-none", "--by", "bo", "--reason", "x"), 2, "'bo' is not under people"),
        (("incident", "resolve", "inc-none", "--reason", "x"), 2, "--by PERSON --reason WHY"),
        (("incident", "note", "inc-none", "--by", "ada"), 2, "--by PERSON --reason WHY"),
        (("incident", "show", "inc-none"), 1, "there is no such incident"),
        (
            ("incident", "open", "nobody", "x", "--severity", "3", "--what", "y", "--by", "ada"),
            1,
            "brand 'nobody' in the settings (there: acme)",
        ),
        (
            ("incident", "open", "acme", "x", "--severity", "3", "--what", "y", "--by", "ada"),
            1,
            "safety-incident, tone-shift",
        ),
        (("incident", "open", "acme", "x", "--severity", "3", "--what", " ", "--by", "ada"), 2, "--what"),
        (("incident", "move", "inc-none", "x", "--by", "ada", "--reason", "y"), 1, "there is no such incident"),
        (("incident", "merge", "inc-1", "inc-1", "--by", "ada", "--reason", "y"), 1, "there is no such incident"),
        (("incident", "verify", "inc-none"), 1, "there is no such incident"),
        (("erase", "--author", "nobody", "--by", "ada", "--reason", "x"), 1, "nothing was erased"),
        (("erase", "--by", "ada", "--reason", "x"), 2, "one of --post, --author and --older-than"),
        (("erase", "--author", "a", "--older-than", "3", "--by", "ada", "--reason", "x"), 2, "say one of"),
        (("erase", "--post", "1", "--by", "ada", "--reason", "x"), 2, "is not PLATFORM:ID"),
        (("erase", "--author", "@", "--by", "ada", "--reason", "x"), 2, "say a handle"),
        (("erase", "--older-than", "3", "--platform", "x", "--by", "ada", "--reason", "x"), 2, "goes with --author"),
        (("erase", "--author", "a", "--reason", "x"), 2, "--by PERSON"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    told = run(*words)
    assert told.exit_code == code, told.output
    assert said in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    "which", [("--post", f"bluesky:{POST.id}"), ("--author", "@Ada_L"), ("--older-than", "1")], ids=lambda one: one[0]
)
def test_a_post_is_erased_and_the_log_still_verifies(run: Run, incident: str, which: tuple[str, str]) -> None:
    by = ("--by", "ada", "--reason", "Asked for.")
    assert run("erase", *which, *by).output == "1 post is erased. Older backups still have them.\n"
    shown = run("incident", "show", incident).output
    assert "erased" in shown
    assert "by Ada Lovelace: Asked for." in shown
    assert "ada_l" not in run("incident", "show", incident, "--json").output
    verified = run("incident", "verify")
    assert (verified.exit_code, "1 posts quoted, 1 of them erased" in verified.output) == (0, True), verified.output


def test_a_log_that_is_not_what_was_written_ends_with_exit_code_1(run: Run, store: Engine, incident: str) -> None:
    assert run("incident", "verify").exit_code == 0
    with writing(store) as conn:
        conn.execute(update(schema.posts).values(text="Lovely."))
    told = run("incident", "verify", incident)
    assert (told.exit_code, "is not what was written" in told.output) == (1, True)
    assert json.loads(run("incident", "verify", "--json").output)[0]["incident"] == incident
