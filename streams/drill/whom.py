"""Whom a drill may reach, told before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectors.run import run_of
from playbooks.content.catalog import Library
from playbooks.labels import ActionKind
from playbooks.oncall.keeper import RotaKeeper
from playbooks.oncall.people import reach
from playbooks.readiness.reachability import channels_for_people
from playbooks.wall_clock import now_ms
from streams.settings import Settings

_TO_PEOPLE = frozenset({ActionKind.PAGE, ActionKind.NOTIFY})


@dataclass(frozen=True, slots=True)
class Whom:
    """By name: who is reached, with their channels, and who is only written down. `roles` are those that are asked."""

    reached: dict[str, tuple[str, ...]]
    on_paper: tuple[str, ...]

    @property
    def anybody(self) -> bool:
        """Whether it reaches anybody."""
        return bool(self.reached)

    def lines(self, brand: str, run: str) -> Iterator[str]:
        """For whoever runs it."""
        yield f"Drill {run} for brand {brand}. Every message of it begins with DRILL."
        for name, channels in self.reached.items():
            yield f"  reaches {name} by {', '.join(channels)}"
        if self.on_paper:
            yield f"  writes down only, for they have not agreed to drills: {', '.join(self.on_paper)}"
        if not self.reached:
            yield "  reaches NOBODY: nobody who would be paged has `drills: true` and a channel that is set up"


async def who_is_reached(settings: Settings, library: Library, run: str, at_ms: int) -> Whom:
    """Who is in the roles that playbooks page and tell, just now, and whom of them a drill may reach."""
    keeper = RotaKeeper(settings, now_ms, None)
    await keeper.open()
    await keeper.look()
    addresses, rotas = channels_for_people(settings), keeper.rotas()
    found = [reach(run_of(run), role, settings, addresses, rotas, at_ms) for role in _roles(library)]
    reached: dict[str, dict[str, None]] = {}
    for contact in (contact for each in found for contact in each.to_send):
        reached.setdefault(contact.name, {})[contact.channel.value] = None
    on_paper = dict.fromkeys(contact.name for each in found for contact in each.to_record)
    return Whom({name: tuple(channels) for name, channels in reached.items()}, tuple(on_paper))


def _roles(library: Library) -> list[str]:
    steps = (step for pinned in library.newest() for step in pinned.playbook.steps)
    return sorted({step.to for step in steps if step.action in _TO_PEOPLE and step.to is not None})
