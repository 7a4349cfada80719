"""Whether the pages that playbooks order reach somebody now, and who is on call for the days ahead. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from detectors.run import Live
from playbooks.content.catalog import Library
from playbooks.content.staffing import unstaffed
from playbooks.effects.message import AddressOf
from playbooks.labels import ActionKind, Channel
from playbooks.oncall.people import DAY_MS, Reach, reach, role_gaps
from playbooks.oncall.rotas import Rotas
from playbooks.oncall.stretch import Stretch
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import moment, sentence, span
from playbooks.settings import PlaybookSettings

AHEAD_DAYS = 14
#: Gaps that are named one by one; the rest is counted.
GAPS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Roads:
    """The channels that are set up, and those among them that were found not to work, each with why."""

    addresses: Mapping[Channel, AddressOf]
    broken: Mapping[Channel, str]

    @property
    def working(self) -> dict[Channel, AddressOf]:
        """The channels that nothing is known to be wrong with."""
        return {channel: address for channel, address in self.addresses.items() if channel not in self.broken}


def people_findings(
    settings: PlaybookSettings, library: Library, armed: Collection[str], rotas: Rotas, roads: Roads, now_ms: int
) -> Iterator[Finding]:
    """What is found about the people whom playbooks page. `armed` are the brands that may page at all."""
    first, later = paged_roles(library)
    yield from _now(settings, armed, first, rotas, roads, now_ms)
    for role in (role for role in later if role not in first):
        if role in settings.roles and not reach(Live(), role, settings, roads.working, rotas, now_ms).to_send:
            text = f"An escalation that gets as far as the role {role!r} would find nobody there now."
            yield _look(Reason.LEVEL_EMPTY, text, f"Put somebody into roles.{role} who can be reached.")
    for lacking in unstaffed(library, settings):
        yield _look(Reason.ROLE_UNSTAFFED, sentence(lacking), "Name people for it under roles in the settings.")
    yield from _ahead(settings, dict.fromkeys((*first, *later)), rotas, now_ms)
    for trouble in rotas.troubles:
        text = sentence(str(trouble))
        yield _look(Reason.ROTA_IN_TROUBLE, text, "Mend the rota; what was read of it last counts for a while.")


def paged_roles(library: Library) -> tuple[list[str], list[str]]:
    """The roles that a page goes to at first, and those that it climbs to while nobody acknowledges.

    In order of how many playbooks name them: what concerns most is told first.

    >>> from playbooks.content.catalog import load_library
    >>> paged_roles(load_library())[0][0]
    'on-call'
    """
    first: Counter[str] = Counter()
    later: Counter[str] = Counter()
    for playbook in (pinned.playbook for pinned in library.newest()):
        first.update({step.to for step in playbook.steps if step.action is ActionKind.PAGE and step.to is not None})
        for escalation in playbook.escalations.values():
            later.update({escalation.last_resort, *(level.to for level in escalation.levels)})
    return [role for role, _ in first.most_common()], [role for role, _ in later.most_common()]


def paged_now(settings: PlaybookSettings, library: Library, rotas: Rotas, roads: Roads, now_ms: int) -> list[str]:
    """The names of everybody whom a page reaches at first, as things stand; each once."""
    found: dict[str, None] = {}
    for role in paged_roles(library)[0]:
        for contact in reach(Live(), role, settings, roads.working, rotas, now_ms).to_send:
            found[contact.name] = None
    return list(found)


def _now(
    settings: PlaybookSettings, armed: Collection[str], roles: Iterable[str], rotas: Rotas, roads: Roads, now_ms: int
) -> Iterator[Finding]:
    of = _brands(armed, settings)
    for role in roles:
        found = reach(Live(), role, settings, roads.working, rotas, now_ms)
        if found.to_send or not armed:
            continue
        why = "; ".join(dict.fromkeys(_reasons(role, found, settings, rotas, roads, now_ms)))
        yield Finding(
            weight=Weight.FAILS,
            area=Area.PEOPLE,
            reason=Reason.NOBODY_TO_PAGE,
            text=f"A page{of} to the role {role!r} reaches nobody: {why}.",
            to_do=f"Put somebody into roles.{role} who can be reached by a channel that works.",
        )


def _reasons(
    role: str, found: Reach, settings: PlaybookSettings, rotas: Rotas, roads: Roads, now_ms: int
) -> Iterator[str]:
    if any(not miss.person for miss in found.missed):
        yield from (miss.why.in_words(role, miss.person) for miss in found.missed)
        return
    if not roads.addresses:
        yield "no channel to people is set up (channels.email, channels.twilio, channels.slack, ...)"
        return
    for contact in reach(Live(), role, settings, roads.addresses, rotas, now_ms).to_send:
        yield f"{contact.name} by {contact.channel.value}: {roads.broken[contact.channel]}"
    have = {contact.person for contact in reach(Live(), role, settings, roads.addresses, rotas, now_ms).to_send}
    yield from (miss.why.in_words(role, miss.person) for miss in found.missed if miss.person not in have)


def _ahead(settings: PlaybookSettings, roles: Iterable[str], rotas: Rotas, now_ms: int) -> Iterator[Finding]:
    covered = []
    for role in roles:
        if role not in settings.roles:
            continue
        gaps = role_gaps(role, settings, rotas, now_ms, now_ms + AHEAD_DAYS * DAY_MS)
        if not gaps:
            covered.append(role)
            continue
        text = f"In the next {AHEAD_DAYS} days nobody is on call as {role!r} {_told(gaps)}."
        yield _look(Reason.GAP_AHEAD, text, "See 'firebreak oncall', and close the gap in the rota.")
    if covered:
        text = f"Somebody is on call for the next {AHEAD_DAYS} days: {', '.join(covered)}."
        yield Finding(weight=Weight.WELL, area=Area.PEOPLE, reason=Reason.COVERED, text=text)


def _told(gaps: list[Stretch]) -> str:
    named = [f"from {moment(gap.from_ms)} for {span(gap.to_ms - gap.from_ms)}" for gap in gaps[:GAPS_NAMED]]
    more = len(gaps) - len(named)
    return ", ".join(named) + (f", and {more} times more" if more else "")


def _brands(armed: Collection[str], settings: PlaybookSettings) -> str:
    names = [settings.brands[brand].name or brand if brand in settings.brands else brand for brand in sorted(armed)]
    return f" about {', '.join(names)}" if names else ""


def _look(reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=Weight.LOOK, area=Area.PEOPLE, reason=reason, text=text, to_do=to_do)
