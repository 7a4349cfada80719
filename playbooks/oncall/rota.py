"""A rota: layers over each other, and overrides over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from playbooks.oncall.rota_schema import Override, RotaFile, moment_of
from playbooks.oncall.stretch import Stretch, laid, within
from playbooks.oncall.turns import turns
from playbooks.oncall.zone import zone_named


@dataclass(frozen=True, slots=True)
class Rota:
    """What a rota file says of any moment."""

    written: RotaFile

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its people read it."""
        return zone_named(self.written.zone)

    def people_near(self, _at_ms: int = 0, _days_ms: int = 0) -> frozenset[str]:
        """Everybody who stands in it, whenever their turn is."""
        named = {person for layer in self.written.layers for person in layer.people}
        return frozenset(named.union(*(override.people for override in self.written.overrides)))

    def stretches(self, from_ms: int, to_ms: int) -> list[Stretch]:
        """Who is on call between two moments, in order; where nobody is, nothing is there."""
        layers = [turns(layer, self.zone, from_ms, to_ms) for layer in reversed(self.written.layers)]
        found = laid(layers)
        for override in self.written.overrides:
            found = self._overridden(found, override, from_ms, to_ms)
        return found

    def _overridden(self, found: list[Stretch], override: Override, from_ms: int, to_ms: int) -> list[Stretch]:
        begin = max(from_ms, moment_of(override.begins, self.zone))
        end = min(to_ms, moment_of(override.ends, self.zone))
        if begin >= end:
            return found
        if override.instead_of is None:
            return laid([[Stretch(begin, end, override.people)], found])
        stand_in = [
            replace(each, people=tuple({*each.people, *override.people} - {override.instead_of}))
            for each in within(found, begin, end)
            if override.instead_of in each.people
        ]
        return laid([stand_in, found])
