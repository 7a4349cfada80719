"""What a new version changes is said, whatever it is, with the weight that its number must have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import fields, replace

from detectors.signal import SignalKind
from playbooks.content.catalog import load_library, parse_playbook
from playbooks.content.changes import Weight, changes, least_version, weight_of
from playbooks.content.schema import (
    Audience,
    Deprecated,
    Escalation,
    Example,
    HoldScope,
    HoldTerms,
    Level,
    Playbook,
    Statement,
    Step,
)
from playbooks.content.trigger import Condition, EvidenceField, Trigger
from playbooks.labels import ActionKind
from tests.parts.signals import DATA

FULL_PATH = DATA / "playbooks" / "full.yaml"
FULL = parse_playbook(FULL_PATH.read_text(encoding="utf-8"), FULL_PATH)
STEPS = {step.id: step for step in FULL.steps}
ESCALATION = FULL.escalations["nobody"]
STATEMENT = FULL.statements[0]
HOLD = FULL.hold


def said(new: Playbook, old: Playbook = FULL) -> dict[str, list[str]]:
    """What is said, by whom it is for."""
    found: dict[str, list[str]] = {}
    for change in changes(old, new):
        found.setdefault(change.whom, []).append(change.words)
    return found


def with_step(which: str, /, **changed: Any) -> Playbook:
    steps = tuple(replace(step, **changed) if step.id == which else step for step in FULL.steps)
    return replace(FULL, steps=steps)


def with_trigger(**changed: Any) -> Playbook:
    return replace(FULL, trigger=replace(FULL.trigger, **changed))


def with_escalation(**changed: Any) -> Playbook:
    return replace(FULL, escalations={"nobody": replace(ESCALATION, **changed)})


def with_statement(**changed: Any) -> Playbook:
    return replace(FULL, statements=(replace(STATEMENT, **changed),))


def with_hold(**changed: Any) -> Playbook:
    assert HOLD
    return replace(FULL, hold=replace(HOLD, **changed))


BY_ITSELF, ASKED, WORDS = Weight.BY_ITSELF, Weight.ASKED, Weight.WORDS

#: By the type and its field: another value of it, and how much that weighs.
CASES: list[tuple[type, str, Playbook, Weight]] = [
    (Trigger, "kinds", with_trigger(kinds=(SignalKind.NEGATIVITY, SignalKind.BACKLASH)), BY_ITSELF),
    (Trigger, "min_severity", with_trigger(min_severity=4), BY_ITSELF),
    (Trigger, "platforms", with_trigger(platforms=()), BY_ITSELF),
    (Trigger, "conditions", with_trigger(conditions=FULL.trigger.conditions[:1]), BY_ITSELF),
    (Trigger, "terms", with_trigger(terms=("leak",)), BY_ITSELF),
    (Trigger, "quiet_h", with_trigger(quiet_h=3.0), BY_ITSELF),
    (Step, "id", with_step("page", id="page-first"), BY_ITSELF),
    (Step, "action", with_step("page-executives", action=ActionKind.NOTIFY, each=False), BY_ITSELF),
    (Step, "words", with_step("page", words="Please look now."), WORDS),
    (Step, "to", with_step("page", to="executives"), BY_ITSELF),
    (Step, "after_min", with_step("page", after_min=5), BY_ITSELF),
    (Step, "with_hold", with_step("tell-posting-team", with_hold=False), BY_ITSELF),
    (Step, "again_when_worse", with_step("tell-posting-team", again_when_worse=True), BY_ITSELF),
    (Step, "deadline_min", with_step("look", deadline_min=20), ASKED),
    (Step, "options", with_step("choose", options=("This", "Neither")), ASKED),
    (Step, "say", with_step("speak", say="other"), ASKED),
    (Step, "each", with_step("page-executives", each=False), BY_ITSELF),
    (Step, "escalation", with_step("page", escalation=None), BY_ITSELF),
    (Escalation, "levels", with_escalation(levels=ESCALATION.levels[:1]), BY_ITSELF),
    (Escalation, "last_resort", with_escalation(last_resort="on-call"), BY_ITSELF),
    (Escalation, "every_min", with_escalation(every_min=20), BY_ITSELF),
    (Escalation, "repeat", with_escalation(repeat=4), BY_ITSELF),
    (Level, "to", with_escalation(levels=(replace(ESCALATION.levels[0], to="executives"),)), BY_ITSELF),
    (Level, "after_min", with_escalation(levels=(replace(ESCALATION.levels[0], after_min=7),)), BY_ITSELF),
    (HoldTerms, "scope", with_hold(scope=HoldScope.BRAND), BY_ITSELF),
    (HoldTerms, "releasers", with_hold(releasers=1), BY_ITSELF),
    (HoldTerms, "released_by", with_hold(released_by=("on-call",)), BY_ITSELF),
    (HoldTerms, "one_of", with_hold(one_of="executives"), BY_ITSELF),
    (HoldTerms, "accounts", with_hold(accounts=("acme-help",)), BY_ITSELF),
    (HoldTerms, "campaigns", with_hold(campaigns=("spring",)), BY_ITSELF),
    (HoldTerms, "tags", with_hold(tags=("sale",)), BY_ITSELF),
    (HoldTerms, "ask_again_min", with_hold(ask_again_min=30), BY_ITSELF),
    (Statement, "id", with_statement(id="other"), ASKED),
    (Statement, "audience", with_statement(audience=Audience.PRESS), ASKED),
    (Statement, "words", with_statement(words="We know."), ASKED),
    (Statement, "approved_by", with_statement(approved_by="Grace"), ASKED),
    (Statement, "approved_on", with_statement(approved_on=date(2026, 2, 1)), ASKED),
    (Statement, "platforms", with_statement(platforms=()), ASKED),
    (Statement, "lang", with_statement(lang="da"), ASKED),
    (Playbook, "title", replace(FULL, title="Something else"), WORDS),
    (Playbook, "purpose", replace(FULL, purpose="Something else."), WORDS),
    (Playbook, "owner", replace(FULL, owner="Others"), WORDS),
    (Playbook, "review_by", replace(FULL, review_by=date(2027, 2, 1)), WORDS),
    (Playbook, "trigger", with_trigger(min_severity=1), BY_ITSELF),
    (Playbook, "roles", replace(FULL, roles=FULL.roles | {"on-call": "Looks away."}), ASKED),
    (Playbook, "steps", replace(FULL, steps=FULL.steps[:-1]), ASKED),
    (Playbook, "runbook", replace(FULL, runbook="# Look\n\nThen do not decide.\n"), WORDS),
    (
        Playbook,
        "examples",
        replace(
            FULL, examples=replace(FULL.examples, quiet=(Example(what="b", signal=FULL.examples.quiet[0].signal),))
        ),
        WORDS,
    ),
    (Playbook, "hold", replace(FULL, hold=None), BY_ITSELF),
    (Playbook, "cause", replace(FULL, cause=None), BY_ITSELF),
    (Playbook, "precedence", replace(FULL, precedence=3), BY_ITSELF),
    (Playbook, "escalations", replace(FULL, escalations={}), BY_ITSELF),
    (Playbook, "ack_expires_min", replace(FULL, ack_expires_min=None), BY_ITSELF),
    (Playbook, "statements", replace(FULL, statements=()), ASKED),
    (Playbook, "deprecated", replace(FULL, deprecated=None), BY_ITSELF),
    (
        Deprecated,
        "on",
        replace(FULL, deprecated=Deprecated(on=date(2027, 1, 1), use="other", why="There is a better one.")),
        BY_ITSELF,
    ),
    (
        Deprecated,
        "use",
        replace(FULL, deprecated=Deprecated(on=date(2026, 12, 1), use="another", why="There is a better one.")),
        BY_ITSELF,
    ),
]
#: What is no change of what anybody does: who they are, when and why, and what is told of them elsewhere.
NOT_TOLD = {
    (Playbook, "id"),
    (Playbook, "version"),
    (Playbook, "changelog"),
    (Playbook, "approvals"),
    (Deprecated, "why"),
}


@pytest.mark.parametrize(
    ("new", "weight"), [case[2:] for case in CASES], ids=[f"{kind.__name__}.{field}" for kind, field, *_ in CASES]
)
def test_every_change_is_told_with_its_weight(new: Playbook, weight: Weight) -> None:
    found = changes(FULL, new)
    assert weight_of(found) is weight
    assert found, "a change that nobody is told of"
    assert changes(new, FULL), "nor of the way back"


def test_no_key_of_a_playbook_is_left_out() -> None:
    kinds = (Trigger, Step, Escalation, Level, HoldTerms, Statement, Playbook, Deprecated)
    everything = {(kind, field.name) for kind in kinds for field in fields(kind)}
    assert {(kind, field) for kind, field, *_ in CASES} | NOT_TOLD == everything


@pytest.mark.parametrize("one", load_library().all(), ids=lambda one: f"{one.playbook.id}-{one.playbook.version}")
def test_a_version_changes_nothing_against_itself(one: Any) -> None:
    assert changes(one.playbook, one.playbook) == []


@pytest.mark.parametrize(
    ("new", "whom", "words"),
    [
        (with_trigger(min_severity=3), "everybody", "fires less often: from severity 3 on, not 2"),
        (with_trigger(min_severity=1), "everybody", "fires more often: from severity 1 on, not 2"),
        (
            with_trigger(platforms=("x",)),
            "everybody",
            "fires less often: no longer on the platform bluesky",
        ),
        (
            with_trigger(terms=()),
            "everybody",
            "fires more often: on whatever people say, not only on rising words: leak, broken",
        ),
        (
            with_trigger(conditions=(Condition(field=EvidenceField.AUTHORS, at_least=9), *FULL.trigger.conditions[1:])),
            "everybody",
            "fires otherwise: authors must be at least 9, not at least 5",
        ),
        (
            with_step("page", after_min=5),
            "on-call",
            "on-call is paged after 5 minutes, then by the escalation nobody; before, on-call is paged at once, "
            "then by the escalation nobody (page)",
        ),
        (
            with_step("look", deadline_min=20),
            "on-call",
            "task look for on-call, within 20 minutes; before, task look for on-call, within 15 minutes",
        ),
        (with_hold(released_by=("on-call",)), "executives", "may no longer let posts go"),
        (
            with_hold(releasers=1),
            "posting-team",
            "what is held is the posts on the signal's platform, until one person of on-call, executives let go, "
            "asked after 240 minutes whether it is still needed; before, the posts on the signal's platform, until 2 "
            "different people of on-call, executives let go, asked after 240 minutes whether it is still needed",
        ),
        (
            replace(FULL, statements=()),
            "everybody",
            "the approved words for public on x in en are gone; do not use them (we-know)",
        ),
        (replace(FULL, ack_expires_min=None), "everybody", "an acknowledgement lasts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_said_in_words_to_those_whom_it_concerns(new: Playbook, whom: str, words: str) -> None:
    assert words in said(new)[whom]


def test_both_who_is_asked_no_more_and_who_is_asked_now_are_told() -> None:
    found = said(with_step("look", to="executives"))
    assert any("for executives" in line for line in found["on-call"])
    assert found["on-call"] == found["executives"]


def test_line_breaks_are_no_change() -> None:
    assert changes(FULL, with_step("page", words="Please\nlook.\n")) == []


@pytest.mark.parametrize(
    ("weight", "least"), [(WORDS, "2.1.1"), (ASKED, "2.2.0"), (BY_ITSELF, "3.0.0")], ids=lambda value: str(value)
)
def test_the_number_says_how_much_changed(weight: Weight, least: str) -> None:
    assert least_version("2.1.0", weight) == least
