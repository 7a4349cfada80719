"""All rotas as they are known at some moment: plain values, made anew whenever a file or a calendar changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, assert_never

from playbooks.oncall.stretch import Stretch


class RotaTrouble(StrEnum):
    """What is wrong with a rota. Ops are told; who is on call follows from what was read last."""

    FILE_NOT_READ = "file_not_read"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    NOT_A_CALENDAR = "not_a_calendar"
    TAKES_TOO_MUCH = "takes_too_much"
    EVENT_LEFT_OUT = "event_left_out"

    @property
    def in_words(self) -> str:
        """For ops."""
        match self:
            case RotaTrouble.FILE_NOT_READ:
                return "its file cannot be read"
            case RotaTrouble.UNREACHABLE:
                return "there is no connection to its calendar's server"
            case RotaTrouble.NO_ANSWER:
                return "its calendar's server gives no whole answer in time"
            case RotaTrouble.REFUSED:
                return "its calendar's server refuses it"
            case RotaTrouble.REDIRECTED:
                return "its calendar's server sends to another place that is not followed"
            case RotaTrouble.TOO_LARGE:
                return "its calendar is too large"
            case RotaTrouble.NOT_A_CALENDAR:
                return "what its address gives is no calendar"
            case RotaTrouble.TAKES_TOO_MUCH:
                return "its calendar takes more time or memory to read than it is given"
            case RotaTrouble.EVENT_LEFT_OUT:
                return "an event of its calendar is left out"
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something ops must mend. `detail` is plain text on one line, without secrets."""

    rota: str
    why: RotaTrouble
    detail: str = ""

    def __str__(self) -> str:
        return f"rota {self.rota!r}: {self.why.in_words}{f': {self.detail}' if self.detail else ''}"


class Schedule(Protocol):
    """Who is on call when."""

    def people_near(self, at_ms: int, days_ms: int) -> frozenset[str]:
        """Who stands in it, by their keys: all whom it names, or, where it has no end, those about a moment."""
        ...

    def stretches(self, from_ms: int, to_ms: int) -> Sequence[Stretch]:
        """Who is on call between two moments, in order; where nobody is, nothing is there."""
        ...


@dataclass(frozen=True, slots=True)
class Turns:
    """A schedule that is written out. It says nothing of what lies outside of what was read."""

    written: tuple[Stretch, ...]

    def people_near(self, at_ms: int, days_ms: int) -> frozenset[str]:
        """Everybody who has a turn at most so far off."""
        about = self.stretches(at_ms - days_ms, at_ms + days_ms)
        return frozenset(person for each in about for person in each.people)

    def stretches(self, from_ms: int, to_ms: int) -> list[Stretch]:
        """The turns that touch what lies between two moments."""
        return [each for each in self.written if each.from_ms < to_ms and each.to_ms > from_ms]


@dataclass(frozen=True, slots=True)
class Known:
    """A rota that has been read. `counts_until_ms` is when what was read is too old to go by; None where never."""

    schedule: Schedule
    counts_until_ms: int | None = None

    def counts_at(self, at_ms: int) -> bool:
        """Whether it may still be gone by."""
        return self.counts_until_ms is None or at_ms < self.counts_until_ms


@dataclass(frozen=True, slots=True)
class Rotas:
    """The rotas by name. One that is not here could not be read; `troubles` say why, and what else is wrong."""

    known: Mapping[str, Known] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


#: Where no rota has been read.
NO_ROTAS = Rotas()
