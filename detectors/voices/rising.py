"""Rising terms: the words of a window's complaints that the brand's complaints do not usually have."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

import msgspec
import numpy as np

from detectors.signal import Term

#: Words share so many places: a word that is never heard looks as usual as its place's others, about one in a hundred.
_PLACES: Final = 1024
#: Complaints remembered; at so many the past counts half.
_MEMORY: Final = 4096
#: Before anything is known a word is in so many of a hundred complaints, and that is believed like so many of them.
_USUAL: Final = 0.02
_BELIEF: Final = 20.0
#: A term is said by at least so many people, and so many times as often as usual.
_FEWEST: Final = 2
_LIFT: Final = 3.0
_SHOWN: Final = 5


class UsualState(msgspec.Struct):
    """The background as plain data."""

    complaints: int = 0
    places: str = ""


class Usual:
    """How many of a brand's complaints have a word, by hash, so that no word is kept.

    >>> usual = Usual()
    >>> for _ in range(50):
    ...     usual.learn(["parcel", "late"])
    >>> [(term.text, term.people) for term in usual.rising([["parcel", "leak"], ["parcel", "leak"]], ())]
    [('leak', 2)]
    """

    __slots__ = ("_complaints", "_places")

    def __init__(self, state: UsualState | None = None) -> None:
        self._complaints = state.complaints if state else 0
        self._places = np.zeros(_PLACES, "<u2")
        if state and state.places:
            self._places[:] = np.frombuffer(base64.b85decode(state.places), "<u2")

    def learn(self, terms: Iterable[str]) -> None:
        """Take in a complaint's terms."""
        if self._complaints >= _MEMORY:
            self._complaints >>= 1
            self._places >>= 1
        self._complaints += 1
        for place in {_place(term) for term in terms}:
            self._places[place] += 1

    def rising(self, complaints: Sequence[Sequence[str]], known: Iterable[str]) -> tuple[Term, ...]:
        """What most of these complaints have and usual ones do not, the most telling first; `known` words are none."""
        people = Counter(term for terms in complaints for term in set(terms))
        for word in known:
            del people[word], people[f"#{word}"]
        found: list[tuple[float, Term]] = []
        for text, count in people.items():
            share, usual = count / len(complaints), self._share(text)
            if count >= _FEWEST and share >= _LIFT * usual:
                found.append((-count * math.log(share / usual), Term(text, count, round(usual, 3))))
        return tuple(term for _, term in sorted(found, key=lambda one: (one[0], one[1].text))[:_SHOWN])

    def state(self) -> UsualState:
        """Everything it knows."""
        places = base64.b85encode(self._places.tobytes()).decode() if self._complaints else ""
        return UsualState(self._complaints, places)

    def _share(self, term: str) -> float:
        return (float(self._places[_place(term)]) + _BELIEF * _USUAL) / (self._complaints + _BELIEF)


def _place(term: str) -> int:
    return crc32(term.encode()) % _PLACES
