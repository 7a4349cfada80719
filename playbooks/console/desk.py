"""What every page needs at hand: the store, the settings, the playbooks, the time, the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine

from detectors.mention import rfc3339
from detectors.run import run_of
from playbooks.console import words
from playbooks.console.markdown import to_html
from playbooks.content.catalog import Library
from playbooks.delivery.told_times import zone_of
from playbooks.effects.plain_text import one_line, paragraph
from playbooks.incidents.approved import whom
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.still_asked import asked_each
from playbooks.incidents.unwrapped import unwrapped
from playbooks.oncall.people import rights, who_is_asked
from playbooks.oncall.rotas import NO_ROTAS, Rotas
from playbooks.readiness.check import Probe
from playbooks.settings import PlaybookSettings
from playbooks.store.same_file import SameFile
from playbooks.wall_clock import Clock, now_ms

HERE = Path(__file__).parent
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}

#: Ids as we make them; anything else in an address names nothing, and PostgreSQL would not take every character.
ID = "[A-Za-z0-9._:-]{1,128}"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking. `person` is their key in the settings, empty where no people are configured: they may only look.

    `csrf` goes into each form and comes back with it; `session` is the cookie's secret.
    """

    person: str
    name: str
    csrf: str = field(repr=False)
    session: str = field(repr=False)


class Said(msgspec.Struct, frozen=True):
    """What came of the last thing the viewer did, to be shown on the next page."""

    text: str
    good: bool = True


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages refer to; `path` changes with its content, so that browsers may keep it."""

    path: str
    content: bytes
    content_type: str


class Desk:
    """Made once when the console starts. `rotas` gives them as they are known now; `probes` ask what we cannot."""

    def __init__(
        self,
        engine: Engine,
        settings: PlaybookSettings,
        library: Library,
        clock: Clock = now_ms,
        rotas: Callable[[], Rotas] = lambda: NO_ROTAS,
        probes: Sequence[Probe] = (),
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.library = library
        self.clock = clock
        self.rotas = rotas
        self.probes = probes
        self.same_file = SameFile(engine)
        self.assets = {path.name: _asset(path) for path in sorted((HERE / "static").iterdir())}
        self._templates = _templates(self.assets)

    def page(
        self,
        template: str,
        values: Mapping[str, object],
        viewer: Viewer | None = None,
        status: int = 200,
        said: Said | None = None,
    ) -> web.Response:
        """A page made from `template`, which sees `values` beside `viewer` and `said`."""
        always = {"world": None, "here": "", "zone": _zone_words(), "zone_name": words.zone_shown().key}
        html = self._templates.get_template(template).render({**always, **values, "viewer": viewer, "said": said})
        return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")

    def name_of(self, person: str) -> str:
        """What a person is called; their key where the settings no longer know them."""
        known = self.settings.people.get(person)
        return known.name if known else person

    def roles(self) -> dict[str, tuple[str, ...]]:
        """Who may do what each role may."""
        return rights(self.settings, self.rotas(), self.clock())

    def zone_of(self, person: str) -> ZoneInfo:
        """The zone in which times are told to a person: theirs, or UTC."""
        return zone_of(person, self.settings.people)

    def asked_each(self, view: IncidentView) -> list[tuple[str, str]]:
        """Each role of which everybody has to acknowledge an incident, and in words who has and who is still asked."""
        there = who_is_asked(run_of(view.run), self.settings, self.rotas(), self.clock())
        return [(each.role, each.in_words(self.name_of)) for each in asked_each(view, there)]

    def brand_name(self, brand: str) -> str:
        """What a brand is called."""
        known = self.settings.brands.get(brand)
        return known.name if known and known.name else brand


DESK = web.AppKey("desk", Desk)


def _zone_words() -> str:
    zone = words.zone_shown().key
    return "All times are UTC." if zone == "UTC" else f"Times are those of {zone}; those of UTC are shown on hover."


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = sha256(content).hexdigest()[:12]
    return Asset(f"/static/{path.stem}.{digest}{path.suffix}", content, TYPES[path.suffix])


def _templates(assets: Mapping[str, Asset]) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = lambda name: assets[name].path
    made.filters |= {
        "clock": words.clock,
        "day": words.day,
        "figure": words.figure,
        "hour": words.hour,
        "iso": rfc3339,
        "markdown": to_html,
        "moment": words.moment,
        "one_line": one_line,
        "percent": words.percent,
        "plain": paragraph,
        "span": words.span,
        "unwrapped": unwrapped,
        "utc": words.utc,
        "whom": whom,
    }
    return made
