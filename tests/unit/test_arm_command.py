"""``firebreak arm`` and ``firebreak mute``: what they show, what they do, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from playbooks.armings.arming import DAY_MS, Arming
from playbooks.settings import StoreSettings
from playbooks.store import mutes
from playbooks.store.arming import acts_of, armed_brands, know
from playbooks.store.engine import migrate, open_store
from playbooks.wall_clock import now_ms
from streams.cli import main

SETTINGS = """
store: {{url: "sqlite:///{folder}/firebreak.db"}}
people: {{ada: {{name: Ada Lovelace, email: ada@example.org}}}}
roles: {{ops: [ada]}}
brands:
  acme: {{name: Acme}}
  bolt: {{}}
"""
SIGNED = ("--by", "ada", "--reason", "a good week")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings, and a store in which `acme` has been known for a month."""
    (tmp_path / "firebreak.yaml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/firebreak.db"))
    migrate(engine)
    know(engine, ["acme"], now_ms() - 30 * DAY_MS)
    engine.dispose()
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    """A command, with the settings in `folder`."""
    return CliRunner().invoke(main, ["--config", str(folder), *words], env={"COLUMNS": "100"})


def armed(folder: Path) -> dict[str, Arming]:
    """How the brands are armed."""
    engine = open_store(StoreSettings(url=f"sqlite:///{folder}/firebreak.db"))
    try:
        return armed_brands(engine, ["acme", "bolt"])
    finally:
        engine.dispose()


def test_without_words_every_brand_is_shown_with_what_it_would_have_done(folder: Path) -> None:
    said = run(folder, "arm")
    assert said.exit_code == 0
    assert re.search(r"acme +observe +\d{4}-\d\d-\d\d +over +0 pages, 0 holds, 0 notices", said.output)
    assert re.search(r"bolt +observe .* 7 days left", said.output)


@pytest.mark.parametrize("columns", ["80", "60", "200"])
def test_nothing_is_cut_off_however_narrow_the_terminal_is(folder: Path, columns: str) -> None:
    long = "a-brand-with-a-long-name-that-somebody-has-chosen-for-it"
    path = folder / "firebreak.yaml"
    path.write_text(path.read_text().replace("bolt:", f"{long}:").replace("Ada Lovelace", "Augusta Ada King-Noel"))
    assert run(folder, "arm", long, "page-and-hold", "--early", *SIGNED).exit_code == 0
    piped = CliRunner().invoke(main, ["--config", str(folder), "arm"], env={"COLUMNS": columns})
    [row] = [line for line in piped.output.splitlines() if long in line]
    assert re.search(r"page-and-hold +\d{4}-\d\d-\d\d +Augusta Ada King-Noel +7 days left", row)
    assert "0 pages, 0 holds, 0 notices" in piped.output
    seen = CliRunner().invoke(
        main, ["--config", str(folder), "arm"], env={"COLUMNS": columns, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
    )
    assert "…" not in seen.output
    shown = "".join(re.sub(r"\x1b\[[0-9;]*m", "", seen.output).split())
    assert all(word in shown for word in ("page-and-hold", "Augusta", "King-Noel", "notices"))


def test_a_brand_is_armed_by_a_person_with_a_reason(folder: Path) -> None:
    said = run(folder, "arm", "acme", "page", *SIGNED)
    assert (said.exit_code, said.output) == (
        0,
        "acme is armed to page from now on. Ops, the posting team and who is on call are told.\n",
    )
    assert armed(folder) == {"acme": Arming.PAGE, "bolt": Arming.OBSERVE}
    assert "nothing has changed" in run(folder, "arm", "acme", "page", *SIGNED).output
    shown = json.loads(run(folder, "arm", "acme", "--json").output)
    assert [(one["brand"], one["arming"], one["by"], one["reason"]) for one in shown] == [
        ("acme", "page", "Ada Lovelace", "a good week")
    ]


def test_a_brand_within_its_first_week_is_armed_only_by_who_says_so(folder: Path) -> None:
    said = run(folder, "arm", "bolt", "page-and-hold", *SIGNED)
    assert said.exit_code == 1
    assert "observed for its first week, with 7 days to go" in said.output
    assert armed(folder)["bolt"] is Arming.OBSERVE
    assert run(folder, "arm", "bolt", "page-and-hold", *SIGNED, "--early").exit_code == 0
    engine = open_store(StoreSettings(url=f"sqlite:///{folder}/firebreak.db"))
    assert acts_of(engine, "bolt")[0].early
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("arm", "nobody"), "there is no brand 'nobody' in the settings (known: acme, bolt)"),
        (("arm", "acme", "hold"), "'hold' is not one of 'observe', 'page', 'page-and-hold'"),
        (("arm", "acme", "page"), "--by PERSON --reason WHY"),
        (("arm", "acme", "page", "--by", "ada", "--reason", " "), "--by PERSON --reason WHY"),
        (("arm", "acme", "page", "--by", "eve", "--reason", "x"), "'eve' is not under people in the settings"),
        (("mute", "--until", "4h"), "say what is muted"),
        (("mute", "--kind", "volume", *SIGNED), "say when it ends"),
        (("mute", "--kind", "noise", "--until", "4h", *SIGNED), "'noise' is no kind of signal"),
        (("mute", "--kind", "volume", "--until", "4h"), "--by PERSON --reason WHY"),
        (("mute", "--kind", "volume", "--until", "tomorrow", *SIGNED), "'tomorrow' is neither a time from now"),
        (("mute", "--kind", "volume", "--until", "2026-12-24T18:00", *SIGNED), "neither a time from now"),
        (("mute", "--lift", "mute-1"), "--by PERSON --reason WHY"),
    ],
)
def test_used_wrongly_it_says_what_is_missing_and_changes_nothing(
    folder: Path, words: tuple[str, ...], says: str
) -> None:
    said = run(folder, *words)
    assert said.exit_code == 2
    assert says in " ".join(said.output.split())
    assert armed(folder)["acme"] is Arming.OBSERVE


def test_without_brands_there_is_nothing_to_arm(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text(f'store: {{url: "sqlite:///{tmp_path}/x.db"}}\n', encoding="utf-8")
    said = run(tmp_path, "arm")
    assert said.exit_code == 2
    assert "there are no brands in the settings" in said.output


def test_a_mute_is_set_shown_and_lifted(folder: Path) -> None:
    assert run(folder, "mute").output == "Nothing is muted.\n"
    said = run(folder, "mute", "--kind", "volume", "--brand", "acme", "--until", "4h", *SIGNED)
    assert said.exit_code == 0
    id = said.output.partition(":")[0]
    shown = run(folder, "mute").output
    assert f"{id}  signals of kind volume, for acme\n" in shown
    assert re.search(r"  until \d{4}-\d\d-\d\d \d\d:\d\d UTC, by Ada Lovelace: a good week\n", shown)
    assert run(folder, "mute", "--brand", "bolt").output == "Nothing is muted.\n"
    lifted = run(folder, "mute", "--lift", id, *SIGNED)
    assert (lifted.exit_code, "The mute is lifted" in lifted.output) == (0, True)
    again = run(folder, "mute", "--lift", id, *SIGNED)
    assert (again.exit_code, "over already" in again.output) == (1, True)
    assert json.loads(run(folder, "mute", "--json").output) == []


def test_a_mute_to_come_is_shown_with_its_beginning(folder: Path) -> None:
    said = run(folder, "mute", "--playbook", "complaint-storm", "--from", "1d", "--until", "2d", *SIGNED)
    assert said.exit_code == 0, said.output
    assert re.search(r"  from \d{4}-\d\d-\d\d \d\d:\d\d until ", run(folder, "mute").output)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--kind", "volume", "--until", "15d"), "14 days at the most"),
        (("--kind", "volume", "--until", "2020-01-01T00:00Z"), "It would be over already"),
        (("--playbook", "nothing", "--until", "4h"), "no such playbook. There are: account-takeover, backlash,"),
        (("--kind", "flood", "--playbook", "complaint-storm", "--until", "4h"), "does not fire on that kind"),
        (("--kind", "volume", "--brand", "nobody", "--until", "4h"), "in the settings. There are: acme, bolt."),
    ],
)
def test_a_mute_that_may_not_be_ends_with_one_and_its_reason(folder: Path, words: tuple[str, ...], says: str) -> None:
    said = run(folder, "mute", *words, *SIGNED)
    assert said.exit_code == 1
    assert says in said.output
    engine = open_store(StoreSettings(url=f"sqlite:///{folder}/firebreak.db"))
    assert mutes.not_over(engine, now_ms()) == []
    engine.dispose()
