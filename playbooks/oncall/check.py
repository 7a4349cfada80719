"""What of the settings has to do with who is on call, and cannot be said by types: checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from playbooks.oncall.rota_file import read_rota
from playbooks.oncall.zone import NoSuchZone, zone_named
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import CalendarSettings, OfRota, RotaSettings
from playbooks.settings.web_address import address_fault

SCHEMES = ("webcal", "http", "https")
#: Where a secret is put into an address.
SECRET = "{secret}"  # noqa: S105


def beside(folder: Path, rotas: Mapping[str, RotaSettings]) -> dict[str, RotaSettings]:
    """The rotas with their files' paths as seen from anywhere; they were written as seen from `folder`.

    >>> beside(Path("/etc/firebreak"), {"comms": RotaSettings(file="rota.yaml")})["comms"].file
    '/etc/firebreak/rota.yaml'
    """
    return {name: _beside(folder, rota) for name, rota in rotas.items()}


def rota_faults(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with people's zones, roles and rotas, each with its place in the settings (``$.roles.on-call``).

    Reads the rota files. Raises `YamlFault` where one of them is wrong, which has a place of its own.
    """
    yield from _zones(settings)
    yield from _roles(settings)
    for name, rota in settings.rotas.items():
        yield from _rota(f"$.rotas.{name}", name, rota)
    for rota in settings.rotas.values():
        if rota.file is not None and rota.ical is None:
            read_rota(Path(rota.file), settings.people)


def _beside(folder: Path, rota: RotaSettings) -> RotaSettings:
    ical = rota.ical
    if ical is not None and ical.file is not None:
        ical = replace(ical, file=str(folder / ical.file))
    return replace(rota, file=None if rota.file is None else str(folder / rota.file), ical=ical)


def _zones(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    zones = [(f"$.people.{key}.zone", person.zone) for key, person in settings.people.items()]
    zones += [
        (f"$.rotas.{name}.ical.zone", rota.ical.zone)
        for name, rota in settings.rotas.items()
        if rota.ical is not None and rota.ical.zone is not None
    ]
    for where, zone in zones:
        try:
            zone_named(zone)
        except NoSuchZone as wrong:
            yield where, str(wrong)


def _roles(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    for role, parts in settings.roles.items():
        for part in (parts,) if isinstance(parts, OfRota) else parts:
            if isinstance(part, OfRota) and part.rota not in settings.rotas:
                known = ", ".join(sorted(settings.rotas)) or "none"
                yield f"$.roles.{role}", f"role '{role}' is of the rota '{part.rota}', not under rotas (known: {known})"
            if isinstance(part, str) and part not in settings.people:
                known = ", ".join(sorted(settings.people)) or "none"
                yield f"$.roles.{role}", f"role '{role}' names '{part}', who is not under people (known: {known})"


def _rota(where: str, name: str, rota: RotaSettings) -> Iterator[tuple[str, str]]:
    if (rota.file is None) == (rota.ical is None):
        yield where, f"rota '{name}' must have either a file or a calendar: write {{file: PATH}} or {{ical: {{...}}}}"
    if rota.ical is not None:
        yield from _calendar(f"{where}.ical", name, rota.ical)


def _calendar(where: str, name: str, ical: CalendarSettings) -> Iterator[tuple[str, str]]:
    if ical.poll_s >= ical.keep_h * 3600:
        yield where, f"the calendar of rota '{name}' would be too old before it is read again; raise keep_h over poll_s"
    if (ical.url is None) == (ical.file is None):
        yield where, f"the calendar of rota '{name}' must have either a file or an address: write file or url"
    if ical.url is None:
        if ical.secret is not None or ical.username is not None:
            yield where, f"the calendar of rota '{name}' is a file and needs neither secret nor username"
        return
    if SECRET in ical.url and ical.secret is None:
        yield f"{where}.url", f"the address has {SECRET} in it: say where the secret is, under secret"
    if ical.url != SECRET and (wrong := address_fault(ical.url.replace(SECRET, "secret"), schemes=SCHEMES)):
        instead = "; a login's name goes under username, its password under secret" if "login" in wrong else ""
        yield f"{where}.url", f"the address of the calendar of rota '{name}' {wrong}{instead}"
    if ical.username is not None and ical.secret is None:
        yield f"{where}.username", "a username needs its password: say where it is, under secret"
