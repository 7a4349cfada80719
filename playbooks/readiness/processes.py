"""Whether the processes that a page needs are alive and get on, by what they last said of themselves. Pure.

Watch says up to which event time it has closed every bucket. That time moves by markers that triage sends, with or
without mentions, and by nothing else; so it tells of triage, of Kafka and of watch at once, and a chain that only looks
alive is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from playbooks.labels import Role
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import moment, span
from playbooks.store.pulses import FRESH_MS, Pulse

#: Markers come every few seconds, also while nobody says anything.
STANDS_STILL_MS = 180_000
#: The processes, and whether a page needs them.
NEEDED = {Role.WATCH: True, Role.RESPOND: True, Role.RUNNER: True, Role.GATE: False, Role.CONSOLE: False}
_WITHOUT = {
    Role.WATCH: "no signal can be raised",
    Role.RESPOND: "no incident opens and nothing is held",
    Role.RUNNER: "nothing that is due is sent",
    Role.GATE: "schedulers get no answer, so no automated post goes out",
    Role.CONSOLE: "nobody can acknowledge or release on its pages",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """The rows of one role: those of processes that are alive, and the last that was heard of any."""

    role: Role
    alive: tuple[Pulse, ...]
    last: Pulse | None


def heard(pulses: Iterable[Pulse], role: Role, now_ms: int) -> Heard:
    """What is known of a role at `now_ms`."""
    rows = sorted((pulse for pulse in pulses if pulse.role is role), key=lambda pulse: pulse.at_ms)
    alive = tuple(pulse for pulse in rows if now_ms - pulse.at_ms <= FRESH_MS)
    return Heard(role, alive, rows[-1] if rows else None)


def process_findings(pulses: Sequence[Pulse], now_ms: int) -> Iterator[Finding]:
    """What is found about each process that a page, or its end, needs."""
    for role in NEEDED:
        yield from _of_role(heard(pulses, role, now_ms), now_ms)


def chain_troubles(pulses: Sequence[Pulse], now_ms: int) -> list[str]:
    """Why a mention that comes now might page nobody, as far as the processes tell; empty where all is well."""
    return [found.text for found in process_findings(pulses, now_ms) if found.weight is Weight.FAILS]


def gate_findings(pulses: Iterable[Pulse], quiet_min: float, now_ms: int) -> Iterator[Finding]:
    """Whether anybody asks the gate: a scheduler that does not would post through a hold.

    >>> asked = Pulse(Role.GATE, "g", 60_000, 0, reached_ms=50_000)
    >>> [found.reason.value for found in gate_findings([asked], 15, 60_000)]
    ['gate_asked']
    """
    asked = max(
        (one.reached_ms for one in pulses if one.role is Role.GATE and one.reached_ms is not None), default=None
    )
    if asked is not None and now_ms - asked <= quiet_min * 60_000:
        text = f"The gate was last asked {span(max(0, now_ms - asked))} ago."
        yield Finding(weight=Weight.WELL, area=Area.GATE, reason=Reason.GATE_ASKED, text=text)
        return
    since = "yet" if asked is None else f"since {moment(asked)}"
    yield Finding(
        weight=Weight.LOOK,
        area=Area.GATE,
        reason=Reason.GATE_NOT_ASKED,
        text=f"No scheduler has asked the gate {since}: one that does not ask would post through a hold.",
        to_do="See that whatever posts for the brands asks the gate first.",
    )


def _of_role(found: Heard, now_ms: int) -> Iterator[Finding]:
    weight = Weight.FAILS if NEEDED[found.role] else Weight.LOOK
    name = found.role.value
    if not found.alive:
        last = "has never been heard" if found.last is None else f"was last heard {moment(found.last.at_ms)}"
        text = f"The {name} is not running (it {last}): {_WITHOUT[found.role]}."
        yield _process(weight, Reason.NOT_RUNNING, text, f"Start it ({command_of(found.role)}), or see why it ends.")
        return
    troubled = [pulse for pulse in found.alive if pulse.troubles]
    for pulse in troubled:
        text = f"The {name} {pulse.process} cannot do its work: {'; '.join(pulse.troubles)}."
        # Another that is well does it meanwhile.
        worst = weight if len(troubled) == len(found.alive) else Weight.LOOK
        yield _process(worst, Reason.IN_TROUBLE, text, "Mend what it says it lacks.")
    if troubled:
        return
    if found.role is Role.WATCH and (slow := _stands_still(found, now_ms)):
        yield slow
        return
    several = f" ({len(found.alive)} of them)" if len(found.alive) > 1 else ""
    behind = _behind(found, now_ms) if found.role is Role.WATCH else ""
    yield _process(Weight.WELL, Reason.RUNNING, f"The {name} is running{several}{behind}.", "")


def _stands_still(found: Heard, now_ms: int) -> Finding | None:
    reached = [pulse.reached_ms for pulse in found.alive]
    slowest = min((one for one in reached if one is not None), default=None)
    began = min(pulse.started_ms for pulse in found.alive)
    if slowest is None and now_ms - began <= STANDS_STILL_MS:
        return None  # it has only just begun
    if slowest is not None and now_ms - slowest <= STANDS_STILL_MS:
        return None
    how = "no marker has reached watch" if slowest is None else f"watch has closed nothing after {moment(slowest)}"
    text = f"Detection stands still: {how}. Is triage running, and does Kafka answer it?"
    return _process(Weight.FAILS, Reason.STANDS_STILL, text, f"Look at triage first ({command_of(Role.TRIAGE)}).")


def _behind(found: Heard, now_ms: int) -> str:
    reached = [pulse.reached_ms for pulse in found.alive if pulse.reached_ms is not None]
    return f"; its last marker is {span(max(0, now_ms - min(reached)))} old" if reached else "; it has just begun"


def command_of(role: Role) -> str:
    """The command that starts a role.

    >>> command_of(Role.WATCH), command_of(Role.GATE)
    ('firebreak worker', 'firebreak gate')
    """
    return "firebreak worker" if role in (Role.TRIAGE, Role.WATCH, Role.RESPOND) else f"firebreak {role.value}"


def _process(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.PROCESSES, reason=reason, text=text, to_do=to_do)
