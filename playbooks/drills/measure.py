"""From what the store, the ledger and the gate know of a drill to its figures.

Time: until a signal the drill is played faster than life, so what counts is event time; from the signal on, people and
machines act, and what counts is the clock on the wall. Each figure is the sum of the two: the seconds after the first
mention of the crisis at which it would have happened in life.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from playbooks.delivery.standing import Line
from playbooks.drills.drill import Figures, Posts, Result
from playbooks.gate.answer import Outcome
from playbooks.holds.hold import Hold
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentView, PlannedAction
from playbooks.labels import ActionKind, DeliveryOutcome

_GOT = frozenset({DeliveryOutcome.ACCEPTED, DeliveryOutcome.DELIVERED, DeliveryOutcome.READ})
_TO_PEOPLE = frozenset({ActionKind.PAGE, ActionKind.NOTIFY})
_NO_ANSWER = frozenset(Outcome) - {Outcome.ALLOWED, Outcome.HELD, Outcome.REJECTED}


class Pace(msgspec.Struct, frozen=True):
    """How the crisis is played: the event time `from_ms` at `wall_ms` on the wall, then `speed` times life.

    `first_ms` is the event time of the first mention of the crisis, from which everything is counted.
    """

    first_ms: int
    from_ms: int
    wall_ms: int
    speed: float

    def wall_of(self, at_ms: int) -> float:
        """When, on the wall, an event time was played.

        >>> Pace(first_ms=0, from_ms=1_000, wall_ms=500_000, speed=10.0).wall_of(61_000)
        506000.0
        """
        return self.wall_ms + (at_ms - self.from_ms) / self.speed

    def life_s(self, known_ms: int, wall_ms: int) -> float:
        """Seconds in life from the first mention to something that followed at `wall_ms` from what was known at the
        event time `known_ms`.

        >>> Pace(first_ms=0, from_ms=0, wall_ms=500_000, speed=10.0).life_s(60_000, 506_250)
        60.25
        """
        after_s = max(0.0, wall_ms - self.wall_of(known_ms)) / 1000
        return round((known_ms - self.first_ms) / 1000 + after_s, 3)


class Asked(msgspec.Struct, frozen=True):
    """What the canary scheduler was told about a post on one platform: asked and answered when, by the wall clock."""

    asked_ms: int
    at_ms: int
    platform: str
    outcome: Outcome
    hold: str | None = None


class Known(msgspec.Struct, frozen=True):
    """What the store knows of a drill: its incidents, oldest first, and of each the ledger and the holds."""

    incidents: Sequence[IncidentView] = ()
    ledger: Mapping[str, Sequence[Line]] = {}
    holds: Sequence[Hold] = ()


def measure(known: Known, asked: Sequence[Asked], pace: Pace | None, playbook: str | None = None) -> Result:
    """What came of a drill so far, not yet judged. `pace` is None while nothing of the crisis was played.

    `playbook` is what is drilled, where that is a playbook.
    """
    posts, view = _posts(asked), the_incident(known.incidents, playbook)
    reached, on_paper = _people(known, _GOT), _people(known, {DeliveryOutcome.RECORDED})
    if view is None or pace is None:
        return Result(Figures(), posts, reached=reached, on_paper=on_paper)

    def life_s(wall_ms: int | None) -> float | None:
        return None if wall_ms is None or pace is None else pace.life_s(view.opened_ms, wall_ms)

    holds = [hold for hold in known.holds if hold.incident == view.id]
    ledger = known.ledger.get(view.id, ())
    figures = Figures(
        detect_s=life_s(view.recorded_ms),
        page_s=life_s(_first_page_ms(ledger)),
        acknowledge_s=life_s(_acknowledged_ms(view, ledger)),
        hold_s=life_s(_held_ms(asked, holds)),
        release_s=life_s(_released_ms(holds)),
        posts_slipped=_slipped(asked, holds),
    )
    return Result(
        figures,
        posts,
        incident=view.id,
        playbook=view.playbook,
        version=view.version,
        reached=reached,
        on_paper=on_paper,
    )


def the_incident(incidents: Iterable[IncidentView], playbook: str | None = None) -> IncidentView | None:
    """The incident that a drill is about: the first that pages, else the first; None where there is none.

    Where a playbook is drilled, only those of it are looked at.
    """
    found = [view for view in incidents if playbook in (None, view.playbook)]
    return next((view for view in found if view.pages), found[0] if found else None)


def waited_for(view: IncidentView, ledger: Sequence[Line]) -> frozenset[str]:
    """Who was reached by a page that asks each of them, and has not acknowledged."""
    return _each_reached(view, ledger) - view.has_it


def _acknowledged_ms(view: IncidentView, ledger: Sequence[Line]) -> int | None:
    """When the last of those acknowledged who were asked; None while somebody is waited for, or nobody has."""
    if not view.acknowledged or waited_for(view, ledger):
        return None
    each = _each_reached(view, ledger)
    asked_each = [one.at_ms for one in view.acknowledged if one.person in each]
    return max(asked_each) if asked_each else min(one.at_ms for one in view.acknowledged)


def _each_reached(view: IncidentView, ledger: Iterable[Line]) -> frozenset[str]:
    pages = {action.id for action in view.actions if _is_page(action) and action.each}
    return frozenset(line.entry.person for line in ledger if line.entry.outbox in pages and line.entry.outcome in _GOT)


def _is_page(action: PlannedAction) -> bool:
    return action.kind is ActionKind.PAGE and action.decision is ActionDecision.DUE


def _first_page_ms(ledger: Iterable[Line]) -> int | None:
    pages = (line.entry for line in ledger if line.action is ActionKind.PAGE)
    return min((entry.recorded_ms for entry in pages if entry.outcome in _GOT and entry.person), default=None)


def _held_ms(asked: Iterable[Asked], holds: Iterable[Hold]) -> int | None:
    """When the gate first named one of these holds. A hold of life may be in the way too: that is another."""
    ids = {hold.id for hold in holds}
    return min((one.at_ms for one in asked if one.outcome is Outcome.HELD and one.hold in ids), default=None)


def _released_ms(holds: Sequence[Hold]) -> int | None:
    """When the last hold was let go; None where one is in force, or there was none."""
    released = [hold.released_ms for hold in holds if hold.released_ms is not None]
    return max(released) if released and len(released) == len(holds) else None


def _slipped(asked: Sequence[Asked], holds: Sequence[Hold]) -> int | None:
    """Posts that were asked for after the decision to hold them, before it was let go, and were allowed."""
    if not holds or not any(one.outcome not in _NO_ANSWER for one in asked):
        return None
    return sum(one.outcome is Outcome.ALLOWED and any(_covers(hold, one) for hold in holds) for one in asked)


def _covers(hold: Hold, asked: Asked) -> bool:
    in_time = hold.recorded_ms < asked.asked_ms and (hold.released_ms is None or asked.at_ms < hold.released_ms)
    return in_time and hold.platform in (None, asked.platform)


def _posts(asked: Sequence[Asked]) -> Posts:
    unanswered = sum(one.outcome in _NO_ANSWER for one in asked)
    allowed = sum(one.outcome is Outcome.ALLOWED for one in asked)
    return Posts(len(asked), allowed, len(asked) - allowed - unanswered, unanswered)


def _people(known: Known, outcomes: Iterable[DeliveryOutcome]) -> tuple[str, ...]:
    wanted = frozenset(outcomes)
    lines = (line for ledger in known.ledger.values() for line in ledger if line.action in _TO_PEOPLE)
    return tuple(sorted({one.entry.person for one in lines if one.entry.outcome in wanted and one.entry.person}))
