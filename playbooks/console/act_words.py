"""What the page behind a link in a message says: what is so of the incident, and what there is to ask. Pure.

It is read by somebody who was woken, perhaps twice, and who does not know what others have done meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from playbooks.console import words
from playbooks.delivery.standing import Line as LedgerLine
from playbooks.incidents.incident import IncidentState, IncidentView, PlannedAction
from playbooks.incidents.log_entry import Logged, MergedInto, Resolved, ResolvedBy
from playbooks.incidents.next_in_line import Level
from playbooks.incidents.still_asked import Members
from playbooks.labels import DeliveryOutcome
from playbooks.store.delivery.call_next import Line

Named = Callable[[str], str]

_GOT = frozenset({DeliveryOutcome.ACCEPTED, DeliveryOutcome.DELIVERED, DeliveryOutcome.READ})


class Asks(msgspec.Struct, frozen=True):
    """What the page says and, where there is something to ask, its button; `seen` goes along with that."""

    heading: str
    facts: tuple[str, ...]
    button: str = ""
    seen: str = ""


def acknowledging(
    view: IncidentView, log: Sequence[Logged], person: str, name_of: Named, each: Sequence[tuple[str, str]]
) -> Asks:
    """The page of an acknowledge link; `each` are the roles of which everybody has to acknowledge, in words."""
    waiting = tuple(f"Each of {role} has to acknowledge. {said}" for role, said in each)
    if view.state is IncidentState.RESOLVED:
        return Asks("It is over", (ended(view, log, name_of),))
    mine = next((one for one in view.acknowledged if one.person == person), None)
    if mine is not None:
        since = f"You have had it since {words.hour(mine.at_ms)}; nothing more is needed here."
        return Asks("You have it already", (since, *waiting))
    if not view.acknowledged and not view.state.asks_for_somebody:
        return Asks("Do you have it?", ("It is contained: it does not spread any more.", *waiting), "I have it too")
    if view.acknowledged:
        return Asks("Do you have it too?", (*who_has_it(view, name_of), *waiting), "I have it too")
    return Asks("Do you have it?", ("Nobody has it yet.", *waiting), "I have it")


def calling(line: Line, log: Sequence[Logged], ledger: Iterable[LedgerLine], name_of: Named, members: Members) -> Asks:
    """The page of a link that calls the next person: who has it, who was called already, who would be next."""
    view = line.view
    if view.state is IncidentState.RESOLVED:
        return Asks("It is over", (ended(view, log, name_of), "Nobody is called for it any more."))
    reached = _reached(ledger)
    first = tuple(_called(action, reached, name_of) for action in line.first if reached.get(action.id))
    before = (*first, *(_called(action, reached, name_of) for action in line.called))
    paged = {one: each.due_ms for each in (*line.first, *line.called) for one in reached.get(each.id, ())}
    has = who_has_it(view, name_of) or ("Nobody has it yet.",)
    if not line.next:
        return Asks("There is nobody further to call", (*has, *before, "Sign in to the console to do more."))
    by_itself = not view.acknowledged
    following = tuple(_would_be(level, name_of, members, paged, by_itself=by_itself) for level in line.next)
    if view.acknowledged:
        return Asks("Somebody has it", (*has, *before, *following), "Page the next one all the same", line.seen)
    heading = "Call one more?" if line.called else "Call the next person?"
    if all(_again(level, members, paged) for level in line.next):
        return Asks("Page them again?", (*has, *before, *following), "Page them again now", line.seen)
    return Asks(heading, (*has, *before, *following), "Call the next person now", line.seen)


def who_has_it(view: IncidentView, name_of: Named) -> tuple[str, ...]:
    """A sentence for each who has it, since when."""
    return tuple(f"{name_of(one.person)} has it since {words.hour(one.at_ms)}." for one in view.acknowledged)


def ended(view: IncidentView, log: Sequence[Logged], name_of: Named) -> str:
    """Who ended it, when and why; of one that was merged, that it went on elsewhere."""
    for row in reversed(log):
        match row.entry:
            case Resolved(how=ResolvedBy.PERSON):
                return f"{name_of(row.actor)} ended it at {words.hour(row.at_ms)}: {row.entry.reason}"
            case Resolved():
                return f"It ended by itself at {words.hour(row.at_ms)}: {row.entry.reason}."
            case MergedInto():
                return f"It went on as another incident, {row.entry.incident}, and that one is over too."
            case _:
                continue
    return f"It ended at {words.hour(view.resolved_ms)}." if view.resolved_ms is not None else "It has ended."


def _called(action: PlannedAction, reached: dict[str, tuple[str, ...]], name_of: Named) -> str:
    people, at = reached.get(action.id, ()), words.hour(action.due_ms)
    if not people:
        return f"The role {action.target} was called at {at} already; no message has reached anybody there yet."
    return f"{_and([name_of(one) for one in people])} ({action.target}) {_was(people)} paged at {at} already."


def _again(level: Level, members: Members, paged: Mapping[str, int]) -> bool:
    there = members(level.role)
    return bool(there) and there <= paged.keys()


def _would_be(level: Level, name_of: Named, members: Members, paged: Mapping[str, int], *, by_itself: bool) -> str:
    there = sorted(members(level.role))
    who = f"{_and([name_of(one) for one in there])} ({level.role})" if there else f"the role {level.role}, now empty"
    when = f", by itself at {words.hour(level.due_ms)}" if by_itself else ""
    if not _again(level, members, paged):
        return f"Next: {who}{when}."
    last = words.hour(max(paged[one] for one in there))
    return f"Next, once more: {who}{when}; last paged at {last}."


def _reached(ledger: Iterable[LedgerLine]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for line in ledger:
        if line.entry.outcome in _GOT and line.entry.person:
            found.setdefault(line.entry.outbox, {})[line.entry.person] = None
    return {action: tuple(people) for action, people in found.items()}


def _was(people: Sequence[str]) -> str:
    return "was" if len(people) == 1 else "were"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
