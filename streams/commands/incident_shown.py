"""Incidents as lines of a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine

from detectors.mention import rfc3339
from playbooks.console import words
from playbooks.console.ledger_rows import ledger_rows
from playbooks.console.review import review
from playbooks.console.timeline import timeline
from playbooks.console.values import world_of
from playbooks.delivery.standing import Line
from playbooks.effects.plain_text import one_line
from playbooks.holds.hold import Hold
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import Logged
from playbooks.incidents.still_asked import AskedEach
from playbooks.store.delivery import outbox
from playbooks.store.holds.holds import holds_of_incident
from playbooks.store.incidents import posts
from playbooks.store.incidents.incidents import as_it_stands, incident_history, incident_view
from playbooks.store.incidents.posts import Quoted

Named = Callable[[str], str]


class Shown(msgspec.Struct, frozen=True):
    """Everything there is to show of an incident."""

    view: IncidentView
    history: list[Logged]
    ledger: list[Line]
    holds: list[Hold]
    posts: list[Quoted]
    stands: IncidentView


def read(engine: Engine, incident: str) -> Shown | None:
    """What the store knows of an incident, None where there is none."""
    view = incident_view(engine, incident)
    if view is None:
        return None
    quoted = posts.quoted(engine, [post.id for post in view.signal.evidence.posts])
    return Shown(
        view=view,
        history=incident_history(engine, incident),
        ledger=outbox.ledger(engine, incident),
        holds=holds_of_incident(engine, incident),
        posts=list(quoted.values()),
        stands=as_it_stands(engine, view),
    )


def in_list(found: Iterable[IncidentView], name_of: Named) -> Iterator[str]:
    """Two lines for each incident: narrow enough for a telephone's terminal, and an id that can be copied."""
    for view in found:
        judged = f", {view.judgement.value}" if view.judged_by else ""
        world = world_of(view.run)
        mark = f"{world.kind.upper()} {world.id}: " if world else ""
        yield f"{view.id}  {mark}{view.brand}: {one_line(view.title, 60)}"
        yield f"    {words.moment(view.opened_ms)}, severity {view.severity} of 5, {state_of(view, name_of)}{judged}"


def state_of(view: IncidentView, name_of: Named) -> str:
    """Where it stands, in a few words: who ended it, or who has it."""
    if view.merged_into:
        return f"merged into {view.merged_into}"
    held = ", posting held" if view.held else ""
    who = ", ".join(name_of(one.person) for one in view.acknowledged)
    match view.state:
        case IncidentState.RESOLVED:
            who = name_of(view.resolved_by) if view.resolved_by else "itself"
            return f"resolved by {who}{held}"
        case IncidentState.CONTAINED if who:
            return f"contained, {who} {'has' if len(view.acknowledged) == 1 else 'have'} it{held}"
        case state:
            return f"{state.value}{f' by {who}' if who else ''}{held}"


def as_rows(found: Iterable[IncidentView]) -> list[dict[str, Any]]:
    """The incidents as plain data; times are RFC 3339 in UTC."""
    return [_row(view) for view in found]


def as_json_of(known: Shown, asked: Sequence[AskedEach] = ()) -> dict[str, Any]:
    """One incident as plain data: how it stands, its log, posts, holds, whom it was sent to, who is asked."""
    return _row(known.view) | {
        "log": known.history,
        "holds": known.holds,
        "posts": known.posts,
        "ledger": known.ledger,
        "asked_each": asked,
    }


def in_lines(known: Shown, brand: str, name_of: Named, asked: Sequence[AskedEach] = ()) -> Iterator[str]:
    """One incident for a person to read; `asked` are the steps that ask each of several people."""
    view = known.view
    if (world := world_of(view.run)) is not None:
        yield f"{world.kind.upper()} {world.id}: {world.meaning}"
    yield f"{brand}: {one_line(view.title)} ({view.id})"
    yield f"{state_of(view, name_of)}; severity {view.severity} of 5; {view.playbook} {view.version}"
    for one in view.reports:
        yield one_line(f"{name_of(one.person)} reported, {words.moment(one.at_ms)}: “{one.what}”", 2_200)
    for each in asked:
        yield f"each of {each.role} has to acknowledge. {each.in_words(name_of)}"
    if view.judged_by:
        yield f"{view.judgement.value}, says {name_of(view.judged_by)}"
    yield from _part(
        "What happened", (_line(line.at_ms, line.text, line.quote) for line in _timeline(known, brand, name_of))
    )
    yield from _part("Posts that stand out", (_post(post, name_of) for post in known.posts))
    yield from _part("Holds", (_hold(hold) for hold in known.holds))
    yield from _part("Who was told", _told(known, name_of))


def review_of(known: Shown, brand: str, name_of: Named) -> str:
    """The review document, as the console gives it."""
    return review(known.view, known.history, known.ledger, known.holds, brand, name_of)


def _timeline(known: Shown, brand: str, name_of: Named) -> list[Any]:
    return list(timeline(known.history, brand, name_of))


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield heading
        yield from (f"  {line}" for line in found)


def _line(at_ms: int, text: str, quote: str) -> str:
    return one_line(f"{words.clock(at_ms)}  {text}{f' “{quote}”' if quote else ''}", 400)


def _post(post: Quoted, name_of: Named) -> str:
    when = words.clock(post.at_ms)
    if post.erased_ms is not None:
        why = one_line(post.why, 200)
        return f"{when}  {post.platform}: erased {words.moment(post.erased_ms)} by {name_of(post.erased_by)}: {why}"
    said = f" “{one_line(post.text, 300)}”" if post.text else ""
    return f"{when}  {post.platform} {one_line(post.handle or post.post, 100)}:{said or ' named only'}"


def _hold(hold: Hold) -> str:
    where = hold.platform or "every platform"
    ends = f"released {words.moment(hold.released_ms)}" if hold.released_ms is not None else "in force"
    return f"{hold.id}  {where}, from {words.moment(hold.placed_ms)}, {ends}"


def _told(known: Shown, name_of: Named) -> Iterator[str]:
    for row in ledger_rows(known.ledger, name_of):
        detail = f": {row.detail}" if row.detail else ""
        yield one_line(f"{words.clock(row.at_ms)}  {row.who}, {row.what}, {row.outcome}{detail}", 300)


def _row(view: IncidentView) -> dict[str, Any]:
    return {
        "incident": view.id,
        "run": view.run,
        "brand": view.brand,
        "title": view.title,
        "playbook": view.playbook,
        "version": view.version,
        "state": view.state.value,
        "severity": view.severity,
        "signals": view.signals,
        "opened": rfc3339(view.opened_ms),
        "acknowledged_by": sorted(view.has_it),
        "acknowledged": rfc3339(view.acknowledged_ms) if view.acknowledged_ms is not None else None,
        "resolved": rfc3339(view.resolved_ms) if view.resolved_ms is not None else None,
        "resolved_by": view.resolved_by or None,
        "held": view.held,
        "merged_into": view.merged_into,
        "merged": [one.incident for one in view.merged],
        "verdict": view.judgement.value,
    }
