"""What there is to drill: every scenario of the simulator, and every playbook of the library."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

import msgspec

from detectors.signal import Signal, signal_id
from playbooks.content.catalog import Library, Pinned, day_of
from playbooks.content.examples import signal_of
from playbooks.content.schema import ExampleSignal
from playbooks.content.trial import trials
from playbooks.drills.drill import Part
from playbooks.labels import ActionKind
from streams.demo.play import Plot
from streams.settings import SettingsError
from streams.simulation.kinds import MAKE, burst
from streams.simulation.scenario import Kind

#: Ordinary days that are played first. A week is enough for what is usual to be known by the hour.
DAYS: Final = 7
_NIGHT: Final = 3
_NOON: Final = 12

_SMALL: Final = partial(burst, platform="bluesky")

_WHAT: Final = {
    Kind.BURST: "anger that grows to eight times the usual within five minutes",
    Kind.BURST_BEHIND_FLOOD: "the same, behind a flood of copies",
    Kind.BURST_AT_NIGHT: "twelve times the night's usual, at three in the morning",
    Kind.BURST_ON_SMALL_PLATFORM: "the same as burst, on the smaller platform alone",
    Kind.CHANGE_OF_TONE: "as many posts as ever, and more and more of them angry",
    Kind.SLOW_BURN: "anger that grows for an hour and a half",
    Kind.PRAISE: "something goes viral, and nearly everybody likes it",
    Kind.GIVEAWAY: "something to win: many say much the same",
    Kind.NEWS: "the brand is in the news, and people do not mind",
    Kind.WEEKLY_PEAK: "two lively hours",
    Kind.CAMPAIGN: "a campaign: five hours of more talk",
    Kind.FLOOD: "forty young accounts post three thousand times",
}


@dataclass(frozen=True, slots=True)
class OfScenario:
    """A scenario of the simulator: mentions are played, and detectors have to find it."""

    kind: Kind

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.kind.value

    @property
    def what(self) -> str:
        """In a few words."""
        return _WHAT[self.kind]

    @property
    def plot(self) -> Plot:
        """How it is played."""
        hour = _NIGHT if self.kind is Kind.BURST_AT_NIGHT else _NOON
        return Plot(MAKE.get(self.kind, _SMALL), hour, DAYS)

    @property
    def expected(self) -> tuple[Part, ...]:
        """What has to happen: of a crisis everything, of a harmless peak nothing."""
        return tuple(Part) if self.kind.pages else ()


@dataclass(frozen=True, slots=True)
class OfPlaybook:
    """A playbook: one of its own examples stands for the signal. `by_hand`: a named person reports it."""

    pinned: Pinned
    example: ExampleSignal
    by_hand: bool

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.pinned.playbook.id

    @property
    def what(self) -> str:
        """In a few words."""
        return self.pinned.playbook.title

    @property
    def expected(self) -> tuple[Part, ...]:
        """What has to happen, by the playbook's own steps."""
        does = {step.action for step in self.pinned.playbook.steps}
        paged = (Part.PAGE, Part.ACKNOWLEDGE) if ActionKind.PAGE in does else ()
        held = (Part.HOLD, Part.RELEASE) if ActionKind.HOLD in does else ()
        return (Part.DETECT, *paged, *held)

    def signal(self, run: str, brand: str, at_ms: int) -> Signal:
        """The example as a signal of a drill, known at `at_ms`."""
        id = signal_id(run, brand, self.example.platform, self.example.kind.value, at_ms, 1)
        signal = signal_of(self.example, id=id, brand=brand, at_ms=at_ms)
        return msgspec.structs.replace(signal, run=run)


Choice = OfScenario | OfPlaybook


def choices(library: Library, today_ms: int) -> list[Choice]:
    """Everything that can be drilled today: the scenarios, crises first, then the playbooks by their names."""
    scenarios: list[Choice] = [OfScenario(kind) for kind in Kind]
    in_use = sorted(library.in_use(day_of(today_ms)), key=lambda one: one.playbook.id)
    return [*scenarios, *(found for pinned in in_use if (found := _of_playbook(library, pinned)) is not None)]


def chosen(name: str, library: Library, today_ms: int) -> Choice:
    """The scenario or playbook of that name (``burst-at-night`` is ``burst_at_night``); raises `SettingsError`."""
    known = {choice.name: choice for choice in choices(library, today_ms)}
    found = known.get(name) or known.get(name.replace("-", "_"))
    if found is not None:
        return found
    if library.versions(name):
        why = f"the playbook {name!r} cannot be drilled: no version of it is released and in use"
        raise SettingsError(f"{why}, or none of its examples opens it (firebreak playbook test {name})")
    names = ", ".join(known)
    raise SettingsError(f"there is no scenario and no playbook {name!r}; there are: {names} (firebreak drill --list)")


def must_page(choice: Choice) -> bool:
    """Whether it is right that somebody is paged."""
    match choice:
        case OfScenario():
            return choice.kind.pages
        case OfPlaybook():
            return True
        case _:
            assert_never(choice)


def _of_playbook(library: Library, pinned: Pinned) -> OfPlaybook | None:
    """By the first of its examples that the library, as it is released, opens it for; else by one that is reported."""
    fire = [trial for trial in trials(library, pinned) if trial.must_fire]
    seen = next((trial for trial in fire if pinned.playbook.id in trial.opens), None)
    reported = next((trial for trial in fire if trial.by_hand), None)
    found = seen or reported
    return None if found is None else OfPlaybook(pinned, found.example.signal, by_hand=seen is None)
