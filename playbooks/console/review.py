"""The review of an incident: one Markdown document of what happened, when, and what came of it, to be talked about.

Everything in it is measured or was written down at the time; what people say of it afterwards has its place at the end.
Text from outside is escaped, so that no note becomes a heading or a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, assert_never

from playbooks.console import words
from playbooks.console.asked import AskedOfPeople
from playbooks.console.ledger_rows import ledger_rows
from playbooks.console.slipped import slipped
from playbooks.console.timeline import timeline
from playbooks.console.values import world_of
from playbooks.delivery.standing import Line
from playbooks.effects.plain_text import one_line
from playbooks.holds.hold import Hold
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import ActionPlanned, Logged
from playbooks.labels import ActionKind, DeliveryOutcome, Judgement

Named = Callable[[str], str]

_MEANS_SOMETHING: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
_REACHED: Final = frozenset({DeliveryOutcome.ACCEPTED, DeliveryOutcome.DELIVERED, DeliveryOutcome.READ})
_NEVER: Final = "not"


def review(
    view: IncidentView,
    history: Sequence[Logged],
    ledger: Sequence[Line],
    holds: Sequence[Hold],
    brand: str,
    name_of: Named,
) -> str:
    """The document. `brand` is what the brand is called, `name_of` gives what a person is called."""
    parts = (
        _head(view, brand, name_of),
        "## Measured\n\n" + _table(("what", "when (UTC)", "after the first sign of it"), _moments(view, ledger, holds)),
        "## What happened\n\n" + _happened(history, brand, name_of),
        "## What people were to do\n\n" + _to_do(view, history, name_of),
        "## What was held\n\n" + _held(holds, name_of, history),
        "## Who was told\n\n" + _told(ledger, name_of),
        _afterwards(view),
    )
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text from outside as Markdown that shows it as it is, in one line.

    >>> escaped("# see [this](http://x.example)\\nnow")
    '\\\\# see \\\\[this\\\\]\\\\(http://x\\\\.example\\\\) now'
    """
    return _MEANS_SOMETHING.sub(r"\\\1", one_line(text, 2_000))


_AFTERWARDS: Final = """## To be talked about

- {first}Was it as severe as it was taken for?
- What was known when, and what was guessed?
- What did people wait for? What did they have to look for?
- Which words of the playbook helped, and which were missing? (`firebreak playbook new` begins the next version.)
- What is done by whom until when?"""


def _afterwards(view: IncidentView) -> str:
    """The questions for the talk afterwards; whether it was real is not asked again where somebody has said."""
    return _AFTERWARDS.format(first="" if view.judged_by else "Was it real? ")


def _head(view: IncidentView, brand: str, name_of: Named) -> str:
    world = world_of(view.run)
    pinned = f"Playbook {view.playbook} {view.version}, file `{view.hash[:12]}`." if view.hash else "No playbook."
    what = f"\n\n**{world.kind.value.upper()}**: {world.meaning}" if world else ""
    return (
        f"# {escaped(brand)}: {escaped(view.title)}\n\n"
        f"Incident `{view.id}`, {words.moment(view.opened_ms)}. Severity {view.severity} of 5 at its worst, "
        f"{view.signals} {'signal' if view.signals == 1 else 'signals'}. "
        f"{pinned}{what}\n\n"
        f"{escaped(words.what_happens(view.signal, brand))}{_judged(view, name_of)}"
    )


def _judged(view: IncidentView, name_of: Named) -> str:
    match view.judgement:
        case Judgement.UNJUDGED:
            return ""
        case Judgement.REAL:
            return f"\n\n{escaped(name_of(view.judged_by))} says that it was real."
        case Judgement.FALSE:
            return f"\n\n{escaped(name_of(view.judged_by))} says that it was a false alarm."
        case _:
            assert_never(view.judgement)


def _moments(view: IncidentView, ledger: Sequence[Line], holds: Sequence[Hold]) -> Iterator[tuple[str, str, str]]:
    since_ms = min(view.signal.since_ms, view.opened_ms)
    yield "first sign of it", words.clock(since_ms), ""
    yield from (
        _moment(what, at_ms, since_ms)
        for what, at_ms in (
            ("signal, incident opened", view.opened_ms),
            ("somebody reached by a page", _first_page_ms(ledger)),
            ("acknowledged", view.acknowledged_ms),
            ("posts held", min((hold.placed_ms for hold in holds), default=None)),
            ("posts released", _all_released_ms(holds)),
            ("ended", view.resolved_ms),
        )
    )


def _moment(what: str, at_ms: int | None, since_ms: int) -> tuple[str, str, str]:
    if at_ms is None:
        return what, _NEVER, ""
    return what, words.clock(at_ms), words.span(max(0, at_ms - since_ms) / 1000)


def _first_page_ms(ledger: Iterable[Line]) -> int | None:
    pages = (line.entry for line in ledger if line.action is ActionKind.PAGE)
    return min((entry.recorded_ms for entry in pages if entry.outcome in _REACHED), default=None)


def _all_released_ms(holds: Sequence[Hold]) -> int | None:
    released = [hold.released_ms for hold in holds if hold.released_ms is not None]
    return max(released) if released and len(released) == len(holds) else None


def _happened(history: Sequence[Logged], brand: str, name_of: Named) -> str:
    return "\n".join(
        f"- {words.clock(line.at_ms)}: {escaped(line.text)}{f' “{escaped(line.quote)}”' if line.quote else ''}"
        for line in timeline(history, brand, name_of)
    )


def _to_do(view: IncidentView, history: Sequence[Logged], name_of: Named) -> str:
    """Everything that was asked of people, and what became of it, what nobody did too."""
    asked = AskedOfPeople()
    for row in history:
        asked.follow(row.entry)
    rows = [
        (escaped(one.step), one.kind.value, escaped(one.target), _by_when(one), _became(view, one, name_of))
        for one in asked.all
    ]
    return _table(("what", "kind", "for", "to be done by (UTC)", "what became of it"), rows) if rows else "Nothing."


def _by_when(asked: ActionPlanned) -> str:
    return words.clock(asked.deadline_ms) if asked.deadline_ms is not None else ""


def _became(view: IncidentView, asked: ActionPlanned, name_of: Named) -> str:
    done = view.done_of(asked.action)
    if done is None or done.is_overdue:
        return "**not done**, as far as anybody said" + (", and overdue" if done is not None else "")
    late = asked.deadline_ms is not None and done.at_ms > asked.deadline_ms
    said = "; ".join(filter(None, (done.option, done.note)))
    who = f"{escaped(name_of(done.person))}, {words.clock(done.at_ms)}{' (late)' if late else ''}"
    return f"{who}: {escaped(said)}" if said else who


def _held(holds: Sequence[Hold], name_of: Named, history: Sequence[Logged]) -> str:
    if not holds:
        return "Nothing."
    in_schedulers = (f"- {escaped(sentence)}" for sentence in slipped(history))
    return "\n".join([*(_hold(hold, name_of) for hold in holds), *in_schedulers])


def _hold(hold: Hold, name_of: Named) -> str:
    where = escaped(hold.platform) if hold.platform else "every platform"
    let_go = "; ".join(f"{escaped(name_of(one.person))}: “{escaped(one.reason)}”" for one in hold.agreements)
    if hold.released_ms is None:
        return f"- Automated posts on {where}, from {words.clock(hold.placed_ms)}; still held. {let_go}".rstrip()
    return f"- Automated posts on {where}, {words.clock(hold.placed_ms)} to {words.clock(hold.released_ms)}. {let_go}"


def _told(ledger: Sequence[Line], name_of: Named) -> str:
    rows = [
        (words.clock(row.at_ms), escaped(row.who), escaped(row.what), row.outcome, escaped(row.detail))
        for row in ledger_rows(ledger, name_of)
    ]
    return _table(("when (UTC)", "who", "what", "outcome", "answer"), rows) if rows else "Nobody."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
