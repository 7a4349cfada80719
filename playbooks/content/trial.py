"""Trying playbooks out: what each example does, and which playbook of the whole library takes a signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from detectors.signal import Signal, SignalKind
from playbooks.content.catalog import Library, Pinned
from playbooks.content.examples import signal_of
from playbooks.content.schema import Example, Playbook
from playbooks.content.trigger import Match, match


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one example: `found` by its own playbook's trigger, `opens` by the whole library.

    `must_fire` is what the example says. What a named person reports opens what they say, so nothing opens by itself.
    """

    playbook: Playbook
    example: Example
    must_fire: bool
    found: Match
    opens: tuple[str, ...]

    @property
    def by_hand(self) -> bool:
        """Whether only a person opens an incident with it."""
        return self.example.signal.kind is SignalKind.REPORTED

    @property
    def fault(self) -> str | None:
        """What is wrong, None where all is as it should be."""
        if self.must_fire and self.found is not Match.FIRES:
            return f"must fire, but: {self.found.value}"
        if not self.must_fire and self.found is Match.FIRES:
            return "must not fire, but does"
        if self.must_fire and not self.by_hand and self.playbook.id not in self.opens:
            return f"fires, but another playbook of its cause comes before it: {', '.join(self.opens)}"
        return None


def as_released(library: Library) -> Library:
    """The library as it would be if each playbook's newest version, draft or not, were released."""
    newest = {one.playbook.id: one for one in library.all()}
    return Library(replace(one, released=True) for one in newest.values())


def trials(library: Library, pinned: Pinned) -> Iterator[Trial]:
    """Every example of one playbook, tried alone and against the library as it is released."""
    playbook = pinned.playbook
    for must_fire, examples in ((True, playbook.examples.fires), (False, playbook.examples.quiet)):
        for example in examples:
            signal = signal_of(example.signal)
            opens = tuple(one.playbook.id for one in library.firing(signal))
            yield Trial(playbook, example, must_fire, match(playbook.trigger, signal), opens)


def taken_by(library: Library, signals: Iterable[Signal]) -> Counter[str]:
    """How many of these signals each playbook would open an incident for, were none open; `""` those that open none."""
    counted: Counter[str] = Counter()
    for signal in signals:
        counted.update([one.playbook.id for one in library.firing(signal)] or [""])
    return counted
