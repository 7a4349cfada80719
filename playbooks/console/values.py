"""What the templates show, as plain values: made from the store's values by pure functions, apart from all HTML."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import assert_never

import msgspec

from detectors.run import Drill, Live, Replay, run_of
from detectors.signal import Evidence, Signal, SignalKind
from playbooks.console import words
from playbooks.console.quotes import Quote
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.why import ODD_SHARE, copies_and_young
from playbooks.labels import Judgement


class Tone(StrEnum):
    """How a piece of the page looks; the word is a class of the style sheet."""

    PLAIN = ""
    STRONG = "strong"
    ALARM = "alarm"
    HELD = "held"
    CALM = "calm"
    DRILL = "drill"
    REPLAY = "replay"


class World(msgspec.Struct, frozen=True):
    """The drill or replay a page belongs to, to be said at its top."""

    kind: Tone
    id: str
    meaning: str


class Chip(msgspec.Struct, frozen=True):
    """A few words about a state."""

    text: str
    tone: Tone


class Fact(msgspec.Struct, frozen=True):
    """A name and what it is."""

    name: str
    value: str


class Card(msgspec.Struct, frozen=True):
    """An incident in the list, and the top of its page."""

    id: str
    brand: str
    title: str
    summary: str
    opened_ms: int
    open: bool
    chips: tuple[Chip, ...]
    world: Tone
    playbook: str
    version: str
    hash: str
    may_acknowledge: bool
    may_resolve: bool
    may_contain: bool = False
    may_reopen: bool = False
    may_move_to: str = ""
    may_judge: bool = False
    judged: str = ""


class Finding(msgspec.Struct, frozen=True):
    """Why a signal was raised. Widths are in hundredths of the longest bar."""

    heading: str
    sentence: str
    unit: str
    usual: str
    observed: float
    expected: float
    low: float
    high: float
    observed_width: float
    expected_width: float
    high_width: float
    facts: tuple[Fact, ...]
    posts: list[Quote]


def world_of(run_id: str) -> World | None:
    """What must be said at the top of every page of a run; None in life.

    >>> world_of("drill-7").kind
    <Tone.DRILL: 'drill'>
    """
    run = run_of(run_id)
    match run:
        case Live():
            return None
        case Drill(id=name):
            return World(Tone.DRILL, name, "An exercise. Nothing here has really happened.")
        case Replay(id=name):
            return World(Tone.REPLAY, name, "The past, played again. Nobody was paged and nothing was held.")
        case _:
            assert_never(run)


def card(
    view: IncidentView,
    brand: str,
    acknowledged_by: str,
    may_act: bool,
    *,
    viewer: str = "",
    unreached: bool = False,
) -> Card:
    """An incident as the viewer sees it. `brand` and `acknowledged_by` are the names to show, `viewer` is the viewer's
    key in the settings; `unreached` says that its pages reached nobody.
    """
    world = world_of(view.run)
    return Card(
        id=view.id,
        brand=brand,
        title=view.title,
        summary=words.what_happens(view.signal, brand),
        opened_ms=view.opened_ms,
        open=view.state is not IncidentState.RESOLVED,
        chips=(*_chips(view, acknowledged_by), *([Chip("Nobody could be reached", Tone.ALARM)] if unreached else [])),
        world=world.kind if world else Tone.PLAIN,
        playbook=view.playbook,
        version=view.version,
        hash=view.hash,
        may_acknowledge=may_act and _asks(view, viewer) and not isinstance(run_of(view.run), Replay),
        may_resolve=may_act and view.state is not IncidentState.RESOLVED and not isinstance(run_of(view.run), Replay),
        may_contain=may_act and _spreads(view) and not isinstance(run_of(view.run), Replay),
        may_move_to=view.outranked_by[-1] if may_act and view.outranked_by and _spreads(view) else "",
        may_judge=may_act and not isinstance(run_of(view.run), Replay),
        judged=view.judgement.value if view.judgement is not Judgement.UNJUDGED else "",
        may_reopen=_may_reopen(view, may_act=may_act),
    )


def _may_reopen(view: IncidentView, *, may_act: bool) -> bool:
    """Whether the viewer may open it again; what stood for a hold placed by hand has no playbook to go on with."""
    over = view.state is IncidentState.RESOLVED and not isinstance(run_of(view.run), Replay)
    return may_act and over and bool(view.hash)


def finding(signal: Signal, quoted: list[Quote]) -> Finding:
    """A signal's evidence in words and bars; `quoted` are its posts."""
    seen = signal.evidence
    longest = max(signal.observed, signal.expected, seen.expected_high) or 1.0
    return Finding(
        heading="Why",
        sentence=_sentence(signal),
        unit=words.what_is_counted(signal.kind),
        usual="Expected" if signal.kind is SignalKind.DEAD_LETTERS else "Usual at this hour",
        observed=signal.observed,
        expected=signal.expected,
        low=seen.expected_low,
        high=seen.expected_high,
        observed_width=_width(signal.observed, longest),
        expected_width=_width(signal.expected, longest),
        high_width=_width(seen.expected_high, longest),
        facts=tuple(_facts(signal)),
        posts=quoted,
    )


def _width(value: float, longest: float) -> float:
    return round(100 * value / longest, 2)


def _sentence(signal: Signal) -> str:
    if signal.kind is SignalKind.DEAD_LETTERS:
        return "A large share of what the sources bring cannot be read. Detection goes on with the rest."
    if signal.kind is SignalKind.SILENCE:
        return "Until it is heard again, a crisis there is seen by nobody."
    return f"By chance alone that would happen {words.how_unlikely(signal.evidence.tail, signal.evidence.window_s)}."


def _facts(signal: Signal) -> list[Fact]:
    seen = signal.evidence
    sample = ", counted from a sample" if seen.sampled else ""
    facts = [
        Fact("Since", words.moment(signal.since_ms)),
        Fact("Noticed", f"{words.moment(signal.at_ms)}, {words.span((signal.at_ms - signal.since_ms) / 1000)} later"),
        Fact("Where", f"Source {seen.source}" if seen.source else signal.platform or "All platforms together"),
        Fact("Looked at", f"{words.span(seen.window_s)}: {seen.mentions:,} mentions{sample}"),
    ]
    if seen.campaigns:
        facts.append(Fact("Planned", f"{', '.join(seen.campaigns)}: {seen.planned:.3g} times the usual is expected"))
    if seen.late:
        facts.append(Fact("Came late", f"{seen.late:,} mentions, counted at the time they were written"))
    if signal.kind is SignalKind.SILENCE:
        facts.append(Fact("Brand known for", words.span(seen.baseline_days * 86_400)))
    elif signal.kind is not SignalKind.DEAD_LETTERS:
        facts += [
            Fact("Different people", f"{seen.authors:,}{_reaching(seen)}"),
            Fact(
                "Negative",
                f"{seen.negative:,} mentions, {words.percent(seen.negative_share)}; "
                f"usually {words.percent(seen.expected_negative_share)}",
            ),
            Fact("Scored by", f"text model {seen.text_model}" if seen.text_model else "text model as shipped"),
            Fact("Brand known for", words.span(seen.baseline_days * 86_400)),
        ]
    return [
        *facts,
        *_told(seen),
        Fact("Strength", f"{signal.score:.1f} times what it takes"),
        Fact("Found by", f"{signal.detector}, version {signal.detector_version}"),
    ]


def _reaching(seen: Evidence) -> str:
    return f", whom {seen.reach:,} may have heard" if seen.reach else ""


def _told(seen: Evidence) -> Iterator[Fact]:
    """What the posts themselves tell, as text."""
    if seen.terms:
        yield Fact("New in the complaints", ", ".join(f"{term.text} ({term.people})" for term in seen.terms))
    if seen.links:
        yield Fact("Shared most", ", ".join(f"{shared.link} ({shared.posts})" for shared in seen.links))
    if max(seen.duplicate_share, seen.young_share, seen.largest_author_share) >= ODD_SHARE:
        yield Fact(
            "Odd",
            f"{copies_and_young(seen)}; the busiest account wrote {words.percent(seen.largest_author_share)}",
        )
    if seen.unscored:
        yield Fact("Not scored", f"{seen.unscored:,} mentions, in languages that are counted but not read")


def _chips(view: IncidentView, acknowledged_by: str) -> Iterator[Chip]:
    world = world_of(view.run)
    if world:
        yield Chip(world.kind.value.upper(), world.kind)
    yield _state(view, acknowledged_by)
    yield Chip(f"Severity {view.severity} of 5", Tone.PLAIN)
    if view.held:
        yield _held(view)
    if view.judgement is not Judgement.UNJUDGED:
        yield Chip("False alarm" if view.judgement is Judgement.FALSE else "Real", Tone.PLAIN)


def _spreads(view: IncidentView) -> bool:
    return view.state not in (IncidentState.CONTAINED, IncidentState.RESOLVED)


def _asks(view: IncidentView, viewer: str) -> bool:
    """Whether the viewer may still say that they have it: nobody has it, or everybody in a role has to say so."""
    if view.state is IncidentState.RESOLVED or viewer in view.has_it:
        return False
    return view.state.asks_for_somebody or any(action.each for action in view.actions)


def _state(view: IncidentView, acknowledged_by: str) -> Chip:
    match view.state:
        case IncidentState.OPENED | IncidentState.REOPENED if isinstance(run_of(view.run), Replay):
            return Chip("Open in the replay", Tone.PLAIN)
        case IncidentState.OPENED if not view.pages and _is_muted(view):
            return Chip("Muted: nobody was paged", Tone.PLAIN)
        case IncidentState.OPENED if not view.pages:
            return Chip("Only observed: nobody was paged", Tone.PLAIN)
        case IncidentState.OPENED:
            return Chip("Nobody has it yet", Tone.ALARM)
        case IncidentState.REOPENED:
            return Chip("Open again: nobody has it yet", Tone.ALARM)
        case IncidentState.CONTAINED:
            return Chip("Contained", Tone.CALM)
        case IncidentState.ACKNOWLEDGED:
            return Chip(f"{acknowledged_by} has it", Tone.CALM)
        case IncidentState.RESOLVED if view.merged_into:
            return Chip("Merged into another", Tone.PLAIN)
        case IncidentState.RESOLVED:
            return Chip("Over", Tone.PLAIN)
        case _:
            assert_never(view.state)


def _is_muted(view: IncidentView) -> bool:
    return any(action.decision is ActionDecision.MUTED for action in view.actions)


def _held(view: IncidentView) -> Chip:
    run = run_of(view.run)
    match run:
        case Live():
            return Chip("Posting held", Tone.HELD)
        case Drill():
            return Chip("The drill's posts held", Tone.HELD)
        case Replay():
            return Chip("Would be held", Tone.PLAIN)
        case _:
            assert_never(run)
