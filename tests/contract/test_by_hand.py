"""Incidents that people open and move by hand, each a named act in the log."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, Pinned, parse_playbook
from playbooks.content.lock_file import hash_of
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import Noted, PlaybookChanged
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings
from playbooks.store import schema
from playbooks.store.engine import reading
from playbooks.store.incidents import deeds
from playbooks.store.incidents.deeds import Report, Told
from playbooks.store.incidents.incidents import incident_history, incident_view, take_signal
from tests.parts.signals import LADDER, MORNING_MS, PLAIN, a_signal, armed

HOSTILE = "<script>alert(1)</script>"


def library() -> Library:
    """Two playbooks of one cause: the plain one, and the ladder, which comes before it and may be reported by hand."""
    ladder = LADDER.read_text(encoding="utf-8").replace("kinds: [negativity]", "kinds: [negativity, reported]")
    ladder = ladder.replace("min_severity: 2", "min_severity: 5", 1).replace(
        "severity: 3, platform", "severity: 5, platform"
    )
    sources = (
        (PLAIN, PLAIN.read_text(encoding="utf-8") + "cause: anger\n"),
        (LADDER, ladder + "cause: anger\nprecedence: 10\n"),
    )
    return Library(
        [Pinned(parse_playbook(text, path), hash_of(text.encode()), released=True) for path, text in sources]
    )


LIBRARY = library()
ABOUT = Report("acme", "ladder", 4, f"The shop's card reader is down. {HOSTILE}", platform="x")


def report(store: Engine, about: Report = ABOUT, settings: PlaybookSettings | None = None) -> tuple[Told, str]:
    """Ada reports."""
    return deeds.report(store, about, "ada", "Ada Lovelace", LIBRARY, settings or armed(store), MORNING_MS)


def view_of(store: Engine, incident: str) -> IncidentView:
    """The incident now."""
    found = incident_view(store, incident)
    assert found
    return found


def test_what_somebody_reports_opens_an_incident_and_pages_with_their_words(store: Engine) -> None:
    told, incident = report(store)
    assert told is Told.DONE
    view = view_of(store, incident)
    assert (view.playbook, view.severity, view.signal.kind.value) == ("ladder", 4, "reported")
    notes = [(row.actor, row.entry.text) for row in incident_history(store, incident) if isinstance(row.entry, Noted)]
    assert notes == [("ada", ABOUT.what)]
    with reading(store) as conn:
        pages = conn.execute(select(schema.outbox).where(schema.outbox.c.action == "page")).mappings().all()
    assert pages
    assert all(page["body"]["text"].startswith("Ada Lovelace reports: The shop's card reader") for page in pages)
    assert all("Reported by hand, on x, severity 4 of 5." in page["body"]["text"] for page in pages)


@pytest.mark.parametrize(
    ("about", "told"),
    [
        (Report("nobody", "ladder", 3, "x"), Told.NO_SUCH_BRAND),
        (Report("acme", "plain", 3, "x"), Told.NO_SUCH_PLAYBOOK),
        (Report("acme", "else", 3, "x"), Told.NO_SUCH_PLAYBOOK),
        (Report("acme", "ladder", 3, "  "), Told.NO_REASON),
    ],
    ids=["a brand nobody configured", "a playbook that is not reported by hand", "no such playbook", "no words"],
)
def test_what_cannot_be_reported_opens_nothing(store: Engine, about: Report, told: Told) -> None:
    assert report(store, about) == (told, "")
    with reading(store) as conn:
        assert conn.execute(select(schema.incidents)).first() is None


def test_a_report_about_a_brand_that_is_only_observed_pages_nobody(store: Engine) -> None:
    _, incident = report(store, settings=armed(store, Arming.OBSERVE))
    assert view_of(store, incident).playbook == "ladder"
    with reading(store) as conn:
        actions = set(conn.execute(select(schema.outbox.c.action)).scalars())
    assert actions <= {ActionKind.ANNOTATE.value}


def test_a_report_joins_the_open_incident_of_its_cause_and_makes_it_worse(store: Engine) -> None:
    take_signal(store, a_signal(severity=3), LIBRARY, armed(store), MORNING_MS)
    _, incident = report(store)
    view = view_of(store, incident)
    assert (view.playbook, view.severity, view.outranked_by) == ("plain", 4, ("ladder",))
    assert len(view.planned("page")) == 2


def test_moving_an_incident_is_a_named_act_and_plans_what_is_new(store: Engine) -> None:
    take_signal(store, a_signal(severity=3), LIBRARY, armed(store), MORNING_MS)
    with reading(store) as conn:
        incident = conn.execute(select(schema.incidents.c.id)).scalar_one()

    def move(reason: str, to: str = "ladder") -> Told:
        return deeds.move(store, incident, "ada", reason, to, LIBRARY, {"acme"}, MORNING_MS + 1)

    assert move("  ") is Told.NO_REASON
    assert move("it grew", "else") is Told.NO_SUCH_PLAYBOOK
    assert move("it grew", "plain") is Told.ALREADY
    assert move("it grew") is Told.DONE
    view = view_of(store, incident)
    assert (view.playbook, view.version, view.cause) == ("ladder", "1.0.0", "anger")
    assert view.planned("board"), "what only the new one asks for is planned"
    assert len(view.planned("page")) == 1, "what both ask for is not planned twice"
    moves = [row for row in incident_history(store, incident) if isinstance(row.entry, PlaybookChanged)]
    assert [(row.actor, row.entry.reason) for row in moves if isinstance(row.entry, PlaybookChanged)] == [
        ("ada", "it grew")
    ]
    with reading(store) as conn:
        row = conn.execute(select(schema.incidents)).mappings().one()
    assert (row["playbook"], row["playbook_hash"], row["cause"]) == ("ladder", view.hash, "anger")
