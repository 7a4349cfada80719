"""Incidents that people open and move by hand, each a named act in the log."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, Pinned, load_library, parse_playbook
from playbooks.content.lock_file import hash_of
from playbooks.content.schema import HoldScope, HoldTerms
from playbooks.holds.hold import Release
from playbooks.incidents import moving as moving_rules
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.called import with_names
from playbooks.incidents.incident import HoldView, IncidentState, IncidentView
from playbooks.incidents.log_entry import HoldTermsRaised, PlannedBecause, PlaybookChanged, ReleaseAgreed, Reported
from playbooks.incidents.wording import paged_again
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store import schema, timers
from playbooks.store.engine import reading
from playbooks.store.holds import holds
from playbooks.store.incidents import moving, reporting
from playbooks.store.incidents.deeds import Told, acknowledge
from playbooks.store.incidents.incidents import incident_history, incident_view, take_signal, wake
from playbooks.store.incidents.merging import merge
from playbooks.store.incidents.reporting import Answer, Came, Report
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
OWN = load_library()
FIRST = LIBRARY.all()[0].playbook
ABOUT = Report("acme", "ladder", 4, f"The shop's card reader is down. {HOSTILE}", platform="x")


def report(store: Engine, about: Report = ABOUT, settings: PlaybookSettings | None = None) -> Answer:
    """Ada reports."""
    return reporting.report(store, about, "ada", "Ada Lovelace", LIBRARY, settings or armed(store), MORNING_MS)


def view_of(store: Engine, incident: str) -> IncidentView:
    """The incident now."""
    found = incident_view(store, incident)
    assert found
    return found


def test_what_somebody_reports_opens_an_incident_and_pages_with_their_words(store: Engine) -> None:
    came = report(store)
    assert (came.told, came.came, came.paged, came.why_not) == (Told.DONE, Came.OPENED, ("on-call", "board"), ())
    incident = came.incident
    view = view_of(store, incident)
    assert (view.playbook, view.severity, view.signal.kind.value) == ("ladder", 4, "reported")
    said = [(row.actor, row.entry.what) for row in incident_history(store, incident) if isinstance(row.entry, Reported)]
    assert said == [("ada", ABOUT.what)]
    assert [(one.person, one.what) for one in view.reports] == said
    with reading(store) as conn:
        pages = conn.execute(select(schema.outbox).where(schema.outbox.c.action == "page")).mappings().all()
    assert pages
    assert all(page["body"]["text"].startswith("Ada Lovelace reports: The shop's card reader") for page in pages)
    assert all("Reported by a person, on x, at " in page["body"]["text"] for page in pages)


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
    assert report(store, about) == Answer(told)
    with reading(store) as conn:
        assert conn.execute(select(schema.incidents)).first() is None


def test_a_report_about_a_brand_that_is_only_observed_pages_nobody(store: Engine) -> None:
    came = report(store, settings=armed(store, Arming.OBSERVE))
    assert view_of(store, came.incident).playbook == "ladder"
    assert (came.paged, came.why_not) == ((), (ActionDecision.BRAND_OBSERVES,)), "whoever reports it has to know"
    with reading(store) as conn:
        actions = set(conn.execute(select(schema.outbox.c.action)).scalars())
    assert actions <= {ActionKind.ANNOTATE.value}


def test_moving_an_incident_is_a_named_act_and_plans_what_is_new(store: Engine) -> None:
    take_signal(store, a_signal(severity=3), LIBRARY, armed(store), MORNING_MS)
    with reading(store) as conn:
        incident = conn.execute(select(schema.incidents.c.id)).scalar_one()

    def move(reason: str, to: str = "ladder") -> Told:
        return moving.move(store, incident, "ada", reason, to, LIBRARY, {"acme"}, MORNING_MS + 1).told

    assert move("  ") is Told.NO_REASON
    assert move("it grew", "else") is Told.NO_SUCH_PLAYBOOK
    assert move("it grew", "plain") is Told.ALREADY
    assert move("it grew") is Told.DONE
    view = view_of(store, incident)
    assert (view.playbook, view.version, view.cause) == ("ladder", "1.0.0", "anger")
    assert view.planned("board"), "what only the new one asks for is planned"
    assert len(view.planned("page")) == 2, "the graver one's page says something else, so it goes out"
    moves = [row for row in incident_history(store, incident) if isinstance(row.entry, PlaybookChanged)]
    assert [(row.actor, row.entry.reason) for row in moves if isinstance(row.entry, PlaybookChanged)] == [
        ("ada", "it grew")
    ]
    with reading(store) as conn:
        row = conn.execute(select(schema.incidents)).mappings().one()
    assert (row["playbook"], row["playbook_hash"], row["cause"]) == ("ladder", view.hash, "anger")


def severe(store: Engine, arming: Arming = Arming.PAGE_AND_HOLD) -> str:
    """A milder incident of the library that Firebreak brings: many complain, it is held, and ada has it."""
    take_signal(store, a_signal(severity=3), OWN, armed(store, arming), MORNING_MS)
    with reading(store) as conn:
        incident: str = conn.execute(select(schema.incidents.c.id)).scalar_one()
    assert acknowledge(store, incident, "ada", MORNING_MS + 1) is Told.DONE
    return incident


def hurt(store: Engine, severity: int = 3, arming: Arming = Arming.PAGE_AND_HOLD) -> Answer:
    """Bo reports that somebody is hurt."""
    about = Report("acme", "safety-incident", severity, "A customer is in hospital.")
    return reporting.report(store, about, "bo", "Bo", OWN, armed(store, arming), MORNING_MS + 2)


def test_reporting_what_is_graver_moves_the_open_incident_and_pages_the_executives(store: Engine) -> None:
    incident = severe(store)
    before = view_of(store, incident)
    assert (before.playbook, before.holds[0].releasers_needed) == ("complaint-storm", 1)
    came = hurt(store)
    assert (came.told, came.came, came.incident, came.before) == (Told.DONE, Came.MOVED, incident, "complaint-storm")
    assert came.paged == ("on-call", "executives"), "whoever had it knows of something milder"
    view = view_of(store, incident)
    assert (view.playbook, view.state, view.has_it) == ("safety-incident", IncidentState.OPENED, frozenset())
    moves = [row for row in incident_history(store, incident) if isinstance(row.entry, PlaybookChanged)]
    assert [row.actor for row in moves] == ["bo"], "it is an act of a named person"
    with reading(store) as conn:
        pages = conn.execute(select(schema.outbox).where(schema.outbox.c.target == "executives")).mappings().all()
    page = next(one["body"] for one in pages if one["action"] == "page")
    assert page["text"].startswith("Bo reports: A customer is in hospital.")
    assert "somebody may be hurt" in page["subject"]
    (task,) = view.planned("reach-those-who-are-hurt")
    assert task.decision is ActionDecision.FOR_PEOPLE


def test_after_a_move_the_hold_goes_by_the_stricter_terms(store: Engine) -> None:
    incident = severe(store)
    hurt(store)
    (hold,) = holds.holds_of_incident(store, incident)
    assert (hold.releasers_needed, hold.one_of) == (2, "executives")
    assert hold.reason.startswith("Somebody may be hurt."), "whoever is held back reads why"
    (seen,) = view_of(store, incident).holds
    assert (seen.releasers_needed, seen.one_of, seen.released_by) == (2, "executives", ("on-call", "executives"))
    raised = [row.entry for row in incident_history(store, incident) if isinstance(row.entry, HoldTermsRaised)]
    assert [(one.hold, one.releasers_needed, one.one_of) for one in raised] == [(hold.id, 2, "executives")]
    with reading(store) as conn:
        told = conn.execute(select(schema.outbox).where(schema.outbox.c.target == "posting-team")).mappings().all()
    assert any("until 2 people (on-call or executives; one of executives" in one["body"]["text"] for one in told)


def test_reporting_what_is_milder_joins_and_takes_nothing_back(store: Engine) -> None:
    first = hurt(store)
    assert first.came is Came.OPENED
    about = Report("acme", "employee-post", 3, "One of us wrote something.")
    came = reporting.report(store, about, "ada", "Ada", OWN, armed(store), MORNING_MS + 5)
    assert (came.came, came.playbook, came.incident) == (Came.JOINED, "safety-incident", first.incident)
    view = view_of(store, first.incident)
    assert (view.playbook, view.holds[0].releasers_needed, len(view.reports)) == ("safety-incident", 2, 2)


def test_moving_to_what_is_milder_leaves_the_hold_as_strict_as_it_was(store: Engine) -> None:
    incident = hurt(store).incident
    pages = len(view_of(store, incident).planned("page-on-call"))
    came = moving.move(store, incident, "ada", "nobody is", "complaint-storm", OWN, {"acme"}, MORNING_MS + 9)
    assert came.told is Told.DONE
    view = view_of(store, incident)
    assert (view.playbook, view.holds[0].releasers_needed, view.holds[0].one_of) == ("complaint-storm", 2, "executives")
    assert len(view.planned("page-on-call")) == pages, "nobody is paged because it is less bad than was thought"


def test_whoever_moves_it_and_has_it_has_it_still(store: Engine) -> None:
    incident = severe(store)
    came = moving.move(store, incident, "ada", "hospital", "safety-incident", OWN, {"acme"}, MORNING_MS + 9)
    assert came.plan is not None
    assert came.plan.paged == ("on-call", "executives")
    view = view_of(store, incident)
    assert (view.state, view.has_it) == (IncidentState.ACKNOWLEDGED, frozenset({"ada"}))


def test_a_version_can_be_named(store: Engine) -> None:
    incident = severe(store)
    for to, told in (
        ("complaint-storm@9.0.0", Told.NO_SUCH_PLAYBOOK),
        ("complaint-storm@1.0.0", Told.DONE),
        ("complaint-storm", Told.DONE),
    ):
        assert moving.move(store, incident, "ada", "it fits", to, OWN, {"acme"}, MORNING_MS + 9).told is told
    assert view_of(store, incident).version != "1.0.0"


def test_a_graver_report_about_a_brand_that_is_only_observed_moves_it_and_says_that_nobody_is_paged(
    store: Engine,
) -> None:
    incident = severe(store, Arming.OBSERVE)
    came = hurt(store, arming=Arming.OBSERVE)
    assert (came.came, came.incident, came.paged) == (Came.MOVED, incident, ())
    assert came.why_not == (ActionDecision.BRAND_OBSERVES,)


def test_when_the_brand_is_armed_what_the_move_asked_for_is_done(store: Engine) -> None:
    incident = severe(store, Arming.OBSERVE)
    hurt(store, arming=Arming.OBSERVE)
    settings = armed(store)
    wake_all(store, settings, MORNING_MS + 60_000)
    pages = {action.target for action in view_of(store, incident).actions if action.kind is ActionKind.PAGE}
    due = {
        action.target
        for action in view_of(store, incident).actions
        if action.kind is ActionKind.PAGE and action.decision is ActionDecision.DUE
    }
    assert due == pages == {"on-call", "executives"}


def wake_all(store: Engine, settings: PlaybookSettings, now_ms: int) -> None:
    """Wake every timer that is due."""
    for timer in timers.due(store, now_ms, 100):
        assert wake(store, timer, OWN, settings.brands, lambda role: frozenset(), now_ms)


def test_a_hold_in_force_is_let_go_by_new_terms_from_the_start(store: Engine) -> None:
    """Whoever agreed did so when nobody knew that somebody may be hurt."""
    incident = severe(store)
    about = Report("acme", "employee-post", 3, "One of us wrote something.")
    reporting.report(store, about, "bo", "Bo", OWN, armed(store), MORNING_MS + 2)
    (hold,) = holds.holds_of_incident(store, incident)
    now = MORNING_MS + 3
    assert holds.agree_release(store, hold.id, "ada", "calm", now, 0, ("on-call",)) is Release.NEEDS_ANOTHER_PERSON
    hurt(store)
    assert holds.agree_release(store, hold.id, "bo", "calm", now, 0, ("on-call",)) is Release.NEEDS_ANOTHER_PERSON
    assert holds.agree_release(store, hold.id, "ada", "calm", now, 0, ("on-call",)) is Release.NEEDS_THE_ROLE
    assert holds.agree_release(store, hold.id, "cy", "looked", now, 0, ("executives",)) is Release.RELEASED
    said = [row.actor for row in incident_history(store, incident) if isinstance(row.entry, ReleaseAgreed)]
    assert said == ["ada", "bo", "ada", "cy"], "the log keeps who had agreed before"


@pytest.mark.parametrize(
    ("terms", "raised"),
    [
        (HoldTerms(HoldScope.BRAND, 1, ("on-call",)), None),
        (HoldTerms(HoldScope.BRAND, 1, ("on-call", "ops", "legal")), None),
        (HoldTerms(HoldScope.BRAND, 2, ("on-call", "legal")), (2, ("on-call", "legal"), "")),
        (HoldTerms(HoldScope.BRAND, 1, ("legal",), one_of="legal"), (1, ("legal",), "legal")),
    ],
    ids=["as they are", "easier", "more people", "a role"],
)
def test_terms_only_get_stricter(terms: HoldTerms, raised: tuple[int, tuple[str, ...], str] | None) -> None:
    found = moving_rules.raised_terms(HoldView("h", "acme", None, 1, ("on-call",), 0), terms)
    assert (found and (found.releasers_needed, found.released_by, found.one_of)) == raised


def test_whoever_is_paged_later_reads_who_reported_it_first(store: Engine) -> None:
    """The next level of the escalation knows nothing yet."""
    incident = report(store).incident
    page = paged_again(view_of(store, incident), FIRST, FIRST.steps[0], PlannedBecause.NOT_ACKNOWLEDGED, 5)
    told = with_names(page, {"ada": Person(name="Ada Lovelace")}, {"acme": BrandSettings(name="Acme Parcels")})
    assert told.text.split("\n\n")[:2] == [
        "Nobody has acknowledged for 5 minutes, so you are paged.",
        f"Ada Lovelace reported: {ABOUT.what}",
    ]
    assert told.subject.startswith("Acme Parcels on x: ")
    assert told.brand_name == "Acme Parcels"


def test_what_is_reported_of_a_merged_cause_opens_an_incident_of_its_own(store: Engine) -> None:
    """The other goes by another cause: whether what is reported is graver cannot be told, so nobody is left out."""
    incident = severe(store)
    about = Report("acme", "impersonation", 4, "Somebody poses as us.")
    other = reporting.report(store, about, "bo", "Bo", OWN, armed(store), MORNING_MS + 2).incident
    assert merge(store, incident, other, "ada", "the same people", MORNING_MS + 3) is Told.DONE
    came = hurt(store)
    assert (came.came, came.paged) == (Came.OPENED, ("on-call", "executives"))
    assert came.incident not in (incident, other)
