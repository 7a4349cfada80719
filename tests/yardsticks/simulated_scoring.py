"""How negative a simulated post is taken to be: by the text model, or by the truth, as it is or with errors."""

from __future__ import annotations

import csv
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import xxhash

from detectors.text.features import features
from detectors.text.model import START, Scorer, Weights
from detectors.voices.words import word_numbers_of
from streams.labelled import learned_from
from streams.simulation.scenario import Mood
from streams.simulation.telling import Told
from streams.simulation.texts import Phrases, Texts, TextsByMood
from tests.parts.require import YARDSTICKS, require

#: As many words of a text as triage looks at for copies.
_MOST_WORDS: Final = 32
_FLIPPED_SHARE: Final = 0.3
_SURE: Final = 0.95


class Labels(StrEnum):
    """Where the negativity of a post comes from."""

    COLD = "cold text model"
    LEARNED = "learned text model"
    PERFECT = "perfect labels"
    FLIPPED = "30 % of labels flipped"


class Read(NamedTuple):
    """A text as detection sees it: the numbers of its words, and its negativity by the two text models."""

    numbers: bytes
    cold: float
    learned: float


class Reader:
    """Reads texts, each of them once."""

    def __init__(self, learned: Weights = START) -> None:
        self._cold = Scorer(START)
        self._learned = Scorer(learned)
        self._known: dict[str, Read] = {}

    def read(self, text: str) -> Read:
        """What detection sees of `text`."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found, numbers = features(text), word_numbers_of(text, _MOST_WORDS)
            known = Read(numbers, self._cold.score(found), self._learned.score(found))
            self._known[text] = known
        return known

    def negativity(self, told: Told, labels: Labels) -> float:
        """How negative the post is taken to be."""
        if labels is Labels.COLD:
            return self.read(told.mention.body).cold
        if labels is Labels.LEARNED:
            return self.read(told.mention.body).learned
        negative = told.theme.mood is Mood.NEGATIVE
        if labels is Labels.FLIPPED:
            negative ^= flips(told.mention.id)
        return _SURE if negative else 1.0 - _SURE


def flips(id: str) -> bool:
    """Whether this post is one of the three in ten whose label is wrong."""
    return xxhash.xxh3_64_intdigest(id.encode()) % 1000 < 1000 * _FLIPPED_SHARE


class Words(NamedTuple):
    """What simulated people say, and a model that has learned from other texts of the same kind."""

    name: str
    texts: Texts
    learned: Weights


@cache
def airline_words() -> Words:
    """One half of the airline posts to speak with, and a model that has learned from the other half."""
    require("yardsticks")
    with (YARDSTICKS / "airline" / "posts.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["id"], row["text"], row["airline_sentiment"]) for row in csv.DictReader(file)]
    spoken: dict[Mood, list[str]] = {mood: [] for mood in Mood}
    with TemporaryDirectory() as folder:
        other = Path(folder) / "other-half.csv"
        with other.open("w", encoding="utf-8", newline="") as target:
            write: Callable[[tuple[str, str]], object] = csv.writer(target).writerow
            write(("text", "label"))
            for id, text, label in rows:
                if xxhash.xxh3_64_intdigest(id.encode()) % 2:
                    spoken[Mood(label)].append(text)
                else:
                    write((text, label))
        return Words("airline posts", TextsByMood(spoken), learned_from(other))


def own_words() -> Words:
    """The product's own phrases, with the model as it is shipped."""
    return Words("own phrases", Phrases(), START)
