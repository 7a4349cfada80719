"""Rules about what fires a playbook: that it can be met at all, and that no crisis can be bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from detectors.signal import SignalKind
from playbooks.content.rules.fault import Faults, RuleFault
from playbooks.content.schema import Playbook
from playbooks.content.trigger import Condition, EvidenceField
from playbooks.labels import ActionKind

#: Kinds that count what people say, so that whoever can pay for posts can raise them.
COUNTED: Final = frozenset({SignalKind.VOLUME, SignalKind.NEGATIVITY, SignalKind.BACKLASH})
#: Kinds that anybody can raise alone, with copies, with accounts made for it, or with questions nobody can answer.
MADE_BY_ANYBODY: Final = frozenset({SignalKind.FLOOD, SignalKind.IMPERSONATION, SignalKind.UNANSWERED})
FEWEST_AUTHORS: Final = 5
STERN: Final = frozenset({ActionKind.PAGE, ActionKind.HOLD})


def _no_crisis_can_be_bought(playbook: Playbook) -> Faults:
    trigger = playbook.trigger
    stern = any(step.action in STERN for step in playbook.steps)
    if not stern or COUNTED.isdisjoint(trigger.kinds):
        return
    if not _asks(trigger.conditions, EvidenceField.AUTHORS, FEWEST_AUTHORS):
        yield RuleFault(
            "$.trigger",
            f"it pages or holds on counted mentions, so one busy author could fire it: "
            f"add a condition on authors, at_least {FEWEST_AUTHORS} or more",
        )
    if not _asks(trigger.conditions, EvidenceField.NEGATIVE_SHARE, 0.01):
        yield RuleFault(
            "$.trigger",
            "it pages or holds on counted mentions, and a volume alone never makes a crisis: "
            "add a condition on negative_share, at_least above 0",
        )


def _no_hold_can_be_bought(playbook: Playbook) -> Faults:
    if playbook.hold is None:
        return
    for n, kind in enumerate(playbook.trigger.kinds):
        if kind in MADE_BY_ANYBODY:
            yield RuleFault(
                f"$.trigger.kinds[{n}]",
                f"found {kind.value}, which anybody can raise with money, in a playbook that holds posts; "
                "page and tell people instead, or leave the hold out",
            )


def _unanswered_people_are_several(playbook: Playbook) -> Faults:
    pages = any(step.action is ActionKind.PAGE for step in playbook.steps)
    unanswered = SignalKind.UNANSWERED in playbook.trigger.kinds
    if pages and unanswered and not _asks(playbook.trigger.conditions, EvidenceField.AUTHORS, FEWEST_AUTHORS):
        yield RuleFault(
            "$.trigger",
            "it pages on unanswered complaints, so one person who asks and asks could fire it: "
            f"add a condition on authors, at_least {FEWEST_AUTHORS} or more",
        )


def _each_thing_is_asked_once(playbook: Playbook) -> Faults:
    trigger = playbook.trigger
    for key, asked in (("kinds", trigger.kinds), ("platforms", trigger.platforms), ("terms", trigger.terms)):
        for twice in _twice(asked):
            yield RuleFault(f"$.trigger.{key}", f"{twice} is there twice; leave one out")


def _terms_are_as_the_evidence_has_them(playbook: Playbook) -> Faults:
    for n, term in enumerate(playbook.trigger.terms):
        if term != term.lower() or term.startswith("#"):
            plain = term.lower().removeprefix("#")
            yield RuleFault(f"$.trigger.terms[{n}]", f"found {term!r}, which never rises; write {plain!r}")


def _conditions_bound_each_figure_once(playbook: Playbook) -> Faults:
    times = Counter(condition.field for condition in playbook.trigger.conditions)
    for n, condition in enumerate(playbook.trigger.conditions):
        where = f"$.trigger.conditions[{n}]"
        if times[condition.field] > 1:
            yield RuleFault(where, f"{condition.field.value} is bounded twice; say both bounds in one condition")
        least, most = condition.at_least, condition.at_most
        if least is None and most is None:
            yield RuleFault(where, f"{condition.field.value} has no bound; say at_least, at_most or both")
        if least is not None and most is not None and least > most:
            yield RuleFault(
                where, f"{condition.field.value} can never be so: at_least {least:g} is more than at_most {most:g}"
            )


def _terms_have_complaints_to_rise_in(playbook: Playbook) -> Faults:
    counted = COUNTED | {SignalKind.UNANSWERED, SignalKind.FLOOD}
    if playbook.trigger.terms and counted.isdisjoint(playbook.trigger.kinds):
        yield RuleFault("$.trigger.terms", "none of its kinds is about what people say, so no word rises; leave it out")


def _precedence_is_among_others(playbook: Playbook) -> Faults:
    if playbook.precedence and playbook.cause is None:
        yield RuleFault("$.precedence", "it counts only among playbooks of one cause; say `cause`, or leave it out")


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _no_crisis_can_be_bought,
    _no_hold_can_be_bought,
    _unanswered_people_are_several,
    _each_thing_is_asked_once,
    _conditions_bound_each_figure_once,
    _terms_are_as_the_evidence_has_them,
    _terms_have_complaints_to_rise_in,
    _precedence_is_among_others,
)


def _asks(conditions: tuple[Condition, ...], field: EvidenceField, least: float) -> bool:
    return any(c.field is field and c.at_least is not None and c.at_least >= least for c in conditions)


def _twice(asked: Iterable[str]) -> list[str]:
    return [str(one) for one, times in Counter(asked).items() if times > 1]
