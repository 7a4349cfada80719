"""Reading a rota file, strictly: the whole of it is right, or a fault names the file and the line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from playbooks.oncall.rota import Rota
from playbooks.oncall.rota_schema import Layer, Override, RotaFile, moment_of
from playbooks.oncall.zone import NoSuchZone, zone_named
from playbooks.strict_yaml import YamlFault, line_of, parse

#: YAML reads these as something else than the text they are meant to be, so the fault says how to write them.
_WRITE = {
    "found a day": "write a moment as 2026-12-24 09:00",
    "found a moment": "write a moment as 2026-12-24 09:00, without seconds",
    "found a whole number": "put a time in quotes, '17:00'",
}


def read_rota(path: Path, people: Collection[str]) -> Rota:
    """The rota in a file. `people` are the keys of everybody in the settings. Raises `YamlFault`."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise YamlFault(path, 1, f"cannot be read: {wrong}") from None
    return parse_rota(source, path, people)


def parse_rota(source: str, path: Path, people: Collection[str]) -> Rota:
    """As `read_rota`, from text; `path` is for the messages only."""
    try:
        written = parse(source, path, RotaFile)
    except YamlFault as fault:
        raise YamlFault(path, fault.line, _helped(fault.message)) from None
    for where, wrong in _faults(written, people):
        raise YamlFault(path, line_of(source, where), wrong)
    return Rota(written)


def _helped(message: str) -> str:
    ways = [way for found, way in _WRITE.items() if message.startswith("Expected text") and found in message]
    return "; ".join((message, *ways))


def _faults(rota: RotaFile, people: Collection[str]) -> Iterator[tuple[str, str]]:
    """What the types cannot say, each with its place."""
    try:
        zone_named(rota.zone)
    except NoSuchZone as wrong:
        yield "$.zone", str(wrong)
        return
    for where, moment in _moments(rota):
        try:
            moment_of(moment, zone_named(rota.zone))
        except ValueError as wrong:
            yield where, f"found {moment!r}: {wrong}"
            return
    ids = [layer.id for layer in rota.layers]
    for place, layer in enumerate(rota.layers):
        where = f"$.layers[{place}]"
        if layer.id in ids[:place]:
            yield f"{where}.id", f"two layers are called {layer.id!r}; give each a name of its own"
        yield from _strangers(f"{where}.people", f"layer {layer.id!r}", layer.people, people)
        yield from _order(f"{where}.ends", f"layer {layer.id!r}", (layer.starts, layer.ends), rota.zone)
    for place, override in enumerate(rota.overrides):
        where = f"$.overrides[{place}]"
        yield from _strangers(f"{where}.people", "an override", override.people, people)
        yield from _order(f"{where}.to", "an override", (override.begins, override.ends), rota.zone)
        yield from _stand_ins(f"{where}.instead_of", override, (*rota.layers, *rota.overrides[:place]))


def _moments(rota: RotaFile) -> Iterator[tuple[str, str]]:
    for place, layer in enumerate(rota.layers):
        yield f"$.layers[{place}].starts", layer.starts
        if layer.ends is not None:
            yield f"$.layers[{place}].ends", layer.ends
    for place, override in enumerate(rota.overrides):
        yield f"$.overrides[{place}].from", override.begins
        yield f"$.overrides[{place}].to", override.ends


def _strangers(where: str, what: str, named: Collection[str], people: Collection[str]) -> Iterator[tuple[str, str]]:
    for person in named:
        if person not in people:
            known = ", ".join(sorted(people)) or "none"
            yield where, f"{what} names {person!r}, who is not under people in the settings (known: {known})"


def _order(where: str, what: str, ends: tuple[str, str | None], zone: str) -> Iterator[tuple[str, str]]:
    begin, end = ends
    if end is not None and moment_of(end, zone_named(zone)) <= moment_of(begin, zone_named(zone)):
        yield where, f"{what} ends at {end}, which is not after it begins, {begin}"


def _stand_ins(where: str, override: Override, before: Collection[Layer | Override]) -> Iterator[tuple[str, str]]:
    if override.instead_of is None:
        return
    turned = sorted({person for part in before for person in part.people})
    if override.instead_of not in turned:
        known = ", ".join(turned)
        yield where, f"nobody takes turns here by the name {override.instead_of!r} (those who do: {known})"
    if override.instead_of in override.people:
        yield where, f"{override.instead_of!r} cannot stand in for themselves; leave out instead_of, or name another"
