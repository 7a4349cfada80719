"""Which playbook takes which signal, over the whole library, as it is once every draft is released."""

from __future__ import annotations

import re
from datetime import date

import pytest
from msgspec.structs import replace

from detectors.signal import Signal, SignalKind, Term
from playbooks.content.catalog import Library, Pinned, load_library
from playbooks.content.examples import signal_of
from playbooks.content.rules.beside import faults_beside
from playbooks.content.rules.triggers import COUNTED
from playbooks.content.schema import Deprecated, ExampleSignal, Playbook
from playbooks.content.trial import as_released, taken_by, trials
from playbooks.content.trigger import EvidenceField
from playbooks.labels import ActionKind
from tests.parts.documents import rows
from tests.parts.require import CHECKOUT
from tests.parts.signals import plain_library

LIBRARY = as_released(load_library())
PLAYBOOKS = {one.playbook.id: one.playbook for one in LIBRARY.newest()}
E = EvidenceField

STORM: dict[EvidenceField, float] = {
    E.MENTIONS: 160,
    E.NEGATIVE: 120,
    E.NEGATIVE_SHARE: 0.75,
    E.AUTHORS: 100,
    E.TIMES_USUAL: 15,
    E.REACH: 5_000,
}


def seen(
    kind: SignalKind = SignalKind.NEGATIVITY,
    severity: int = 4,
    evidence: dict[EvidenceField, float] | None = None,
    terms: tuple[str, ...] = (),
    platform: str | None = "x",
) -> Signal:
    """A storm of complaints, unless something is said."""
    figures = STORM if evidence is None else evidence
    return signal_of(ExampleSignal(kind=kind, severity=severity, platform=platform, evidence=figures, terms=terms))


def opened(signal: Signal, library: Library = LIBRARY) -> list[str]:
    return [one.playbook.id for one in library.firing(signal)]


def test_every_example_opens_the_playbook_it_stands_in_and_no_other_of_its_cause() -> None:
    faults = [
        f"{trial.playbook.id}: {trial.example.what}: {trial.fault}"
        for pinned in LIBRARY.newest()
        for trial in trials(LIBRARY, pinned)
        if trial.fault
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("signal", "takes"),
    [
        (seen(), ["complaint-storm"]),
        (seen(evidence=STORM | {E.TIMES_USUAL: 2.5}), ["tone-shift"]),
        (seen(severity=2), []),
        (seen(severity=5, evidence=STORM | {E.AUTHORS: 400, E.REACH: 2e6}), ["viral-outrage"]),
        (seen(severity=5, evidence=STORM | {E.AUTHORS: 400, E.REACH: 2e6, E.YOUNG_SHARE: 0.9}), ["complaint-storm"]),
        (seen(terms=("hospital",)), ["safety-incident"]),
        (seen(terms=("#hospital",)), ["safety-incident"]),
        (seen(severity=5, evidence=STORM | {E.AUTHORS: 400, E.REACH: 2e6}, terms=("burned",)), ["safety-incident"]),
        (seen(terms=("dead", "sick", "crash", "fire")), ["complaint-storm"]),
        (seen(SignalKind.BACKLASH), ["backlash"]),
        (seen(SignalKind.UNANSWERED), ["unanswered-complaints"]),
        (seen(SignalKind.FLOOD), ["bot-flood"]),
        (seen(SignalKind.FLOOD, 1), []),
        (seen(SignalKind.TAKEOVER), ["account-takeover"]),
        (seen(SignalKind.IMPERSONATION), ["impersonation"]),
        (seen(SignalKind.SILENCE, 3), ["source-silence"]),
        (seen(SignalKind.DEAD_LETTERS, 3), ["dead-letters"]),
        (seen(SignalKind.VOLUME, 5), []),
        (seen(SignalKind.REPORTED, 5), []),
    ],
    ids=lambda value: ", ".join(value) or "none" if isinstance(value, list) else f"{value.kind} {value.severity}",
)
def test_which_playbook_takes_which_signal(signal: Signal, takes: list[str]) -> None:
    assert opened(signal) == takes


def test_every_kind_of_signal_but_bare_numbers_is_taken_by_some_playbook() -> None:
    asked = {kind for playbook in PLAYBOOKS.values() for kind in playbook.trigger.kinds}
    assert asked == set(SignalKind) - {SignalKind.VOLUME}


def test_a_word_that_two_people_say_calls_no_executive() -> None:
    signal = seen(terms=("hospital",))
    few = replace(signal, evidence=replace(signal.evidence, terms=(Term("hospital", 2, 0.0),)))
    assert opened(few) == ["complaint-storm"]


def test_whatever_the_first_complaint_storm_paged_for_is_still_paged() -> None:
    before = load_library().version("complaint-storm", "1.0.0")
    assert before
    old = Library([replace(before, released=True)])
    figures: dict[EvidenceField, tuple[float, ...]] = {
        E.AUTHORS: (1, 5, 6, 200),
        E.NEGATIVE_SHARE: (0.1, 0.3, 0.9),
        E.NEGATIVE: (5, 6, 300),
        E.TIMES_USUAL: (0.5, 3.9, 4, 90),
    }
    for severity in range(1, 6):
        for n in range(4 * 3 * 3 * 4):
            chosen = dict[EvidenceField, float]()
            for field, values in figures.items():
                n, place = divmod(n, len(values))
                chosen[field] = values[place]
            signal = seen(severity=severity, evidence=chosen)
            pages = any(s.action is ActionKind.PAGE for name in opened(signal) for s in PLAYBOOKS[name].steps)
            assert pages == bool(opened(signal, old)), (severity, chosen)


@pytest.mark.parametrize("kind", sorted(COUNTED))
def test_no_figure_of_one_author_holds_or_pages_anything(kind: SignalKind) -> None:
    loud = dict.fromkeys(EvidenceField, 1000000.0) | {E.NEGATIVE_SHARE: 1.0, E.AUTHORS: 4.0}
    loud |= {E.DUPLICATE_SHARE: 0.0, E.YOUNG_SHARE: 0.0, E.LARGEST_AUTHOR_SHARE: 1.0}
    assert opened(seen(kind, 5, loud, terms=("explosion",))) == []


def test_the_library_agrees_with_itself() -> None:
    assert list(faults_beside(list(PLAYBOOKS.values()))) == []


def test_only_a_named_person_opens_the_employees_post() -> None:
    assert PLAYBOOKS["employee-post"].trigger.kinds == (SignalKind.REPORTED,)
    assert "employee-post" in [one.playbook.id for one in LIBRARY.reportable(date(2026, 12, 1))]
    assert "source-silence" not in [one.playbook.id for one in LIBRARY.reportable(date(2026, 12, 1))]


def _plain(**changed: object) -> Playbook:
    (one,) = plain_library().newest()
    return replace(one.playbook, **changed)


def _library(*playbooks: Playbook) -> Library:
    return Library(Pinned(playbook, playbook.id, released=True) for playbook in playbooks)


def test_of_one_cause_the_highest_precedence_opens_whatever_the_order() -> None:
    low, high = _plain(id="a-low", cause="anger", precedence=1), _plain(id="b-high", cause="anger", precedence=2)
    for both in ((low, high), (high, low)):
        assert opened(seen(), _library(*both)) == ["b-high"]
    assert opened(seen(), _library(low, _plain(id="c-other"))) == ["a-low", "c-other"]


def test_a_deprecated_playbook_opens_nothing_from_its_day_on_by_the_signals_clock() -> None:
    gone = _plain(deprecated=Deprecated(on=date(2026, 3, 1), use="other", why="There is another."))
    library = _library(gone)
    midnight_ms = 1_772_323_200_000  # 1 March 2026, 00:00 UTC
    assert opened(replace(seen(), at_ms=midnight_ms - 1), library) == ["plain"]
    assert opened(replace(seen(), at_ms=midnight_ms), library) == []


def test_the_same_cause_and_precedence_is_refused() -> None:
    said = [fault.message for _, fault in faults_beside([_plain(id="a", cause="c"), _plain(id="b", cause="c")])]
    assert said == [
        "a and b have the cause 'c' and the precedence 0, so nothing says which of them opens; give one of them another"
    ]


def test_a_lower_playbook_that_holds_nothing_would_take_in_what_should_hold() -> None:
    soft = _plain(id="soft", cause="c", hold=None)
    hard = _plain(id="hard", cause="c", precedence=5)
    ((told, fault),) = faults_beside([hard, soft])
    assert told.id == "soft"
    assert fault.message.startswith("hard has the same cause and holds posts, soft does not")
    assert list(faults_beside([replace(hard, precedence=0), replace(soft, precedence=5)])) == []


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "which is not in the library"),
        ([Deprecated(on=date(2026, 1, 1), use="plain", why="x")], "deprecated itself"),
    ],
)
def test_what_stands_in_for_a_deprecated_playbook_is_there_and_in_use(others: list[Deprecated], said: str) -> None:
    gone = _plain(deprecated=Deprecated(on=date(2026, 3, 1), use="other", why="There is another."))
    found = [fault for one, fault in faults_beside([gone, *(_plain(id="other", deprecated=o) for o in others)])
             if one.id == "plain"]  # fmt: skip
    assert [said in fault.message for fault in found] == [True]


def test_an_example_that_does_what_it_must_not_is_a_fault() -> None:
    plain = _plain()
    swapped = replace(plain, examples=replace(plain.examples, fires=plain.examples.quiet, quiet=plain.examples.fires))
    library = _library(swapped)
    found = [trial.fault for trial in trials(library, library.newest()[0])]
    assert found == ["must fire, but: evidence_short", "must not fire, but does"]


def test_signals_are_counted_by_the_playbook_that_takes_them() -> None:
    counted = taken_by(LIBRARY, [seen(), seen(), seen(SignalKind.FLOOD), seen(SignalKind.VOLUME)])
    assert counted == {"complaint-storm": 2, "bot-flood": 1, "": 1}


def test_the_table_of_the_library_says_what_its_files_say() -> None:
    table = {row[0].strip("`"): row for row in rows(CHECKOUT / "docs" / "playbooks.md", "| playbook | opens on")}
    assert set(table) == set(PLAYBOOKS)
    for name, playbook in PLAYBOOKS.items():
        _, _, cause, by_itself, _ = table[name]
        said = f"`{playbook.cause}`" + (f", {playbook.precedence}" if playbook.precedence else "")
        assert cause == (said if playbook.cause else "its own"), name
        acts = {step.action for step in playbook.steps}
        assert (ActionKind.PAGE in acts) == ("pages" in by_itself), name
        assert (ActionKind.HOLD in acts) == bool(re.search(r"holds the (brand|platform)", by_itself)), name
        if playbook.hold:
            assert f"holds the {playbook.hold.scope.value}" in by_itself, name
            assert (playbook.hold.releasers == 2) == ("two let go" in by_itself), name
