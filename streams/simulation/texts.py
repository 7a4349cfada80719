"""The words of simulated posts: the product's own phrases, or texts from a file, by mood."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from streams.simulation import phrases
from streams.simulation.scenario import Mood, Theme

_SLOTS: Final = (
    ("subject", phrases.SUBJECTS),
    ("when", phrases.WHENS),
    ("who", phrases.WHOS),
    ("number", phrases.NUMBERS),
    ("thing", phrases.THINGS),
    ("leaked", phrases.LEAKED),
    ("data", phrases.DATA),
    ("bad", phrases.BAD),
    ("angry", phrases.ANGRY),
    ("lies", phrases.LIES),
)
_SAYINGS: Final[Mapping[Theme, Sequence[str]]] = {
    Theme.NEUTRAL: phrases.NEUTRAL,
    Theme.POSITIVE: (*phrases.POSITIVE, *phrases.QUIET_PRAISE),
    Theme.NEGATIVE: (*phrases.NEGATIVE, *phrases.PLAIN_COMPLAINTS),
    Theme.CRISIS: (*phrases.CRISIS, *phrases.PLAIN_CRISIS),
    Theme.PRAISE: phrases.PRAISE,
    Theme.GIVEAWAY: phrases.GIVEAWAY,
    Theme.NEWS: phrases.NEWS,
    Theme.FLOOD: phrases.FLOOD,
}


class Texts(Protocol):
    """Puts posts into words."""

    def text(self, theme: Theme, picks: int, brand: str) -> str:
        """The words of a post about `theme`; the same `picks` choose the same words."""
        ...


class Phrases:
    """Sentences put together from parts, some million different ones.

    >>> Phrases().text(Theme.NEUTRAL, 0, "acme")
    'does anybody know when the app opens on sunday?'
    """

    def text(self, theme: Theme, picks: int, brand: str) -> str:
        """The words of a post about `theme`; the same `picks` choose the same words."""
        picks, saying = _picked(picks, _SAYINGS[theme])
        if theme is not Theme.FLOOD:
            picks, opener = _picked(picks, phrases.OPENERS)
            picks, closer = _picked(picks, phrases.CLOSERS)
            saying = opener + saying + closer
        words = {"brand": brand}
        for slot, choices in _SLOTS:
            picks, words[slot] = _picked(picks, choices)
        return saying.format_map(words)


class TextsByMood:
    """Texts from outside, chosen by mood: a crisis speaks with the negative ones. Floods keep their template."""

    def __init__(self, texts: Mapping[Mood, Sequence[str]]) -> None:
        missing = [mood.value for mood in Mood if not texts.get(mood)]
        if missing:
            raise ValueError(f"no text is {', '.join(missing)}")
        self._texts = {mood: tuple(texts[mood]) for mood in Mood}
        self._phrases = Phrases()

    def text(self, theme: Theme, picks: int, brand: str) -> str:
        """The words of a post about `theme`; the same `picks` choose the same words."""
        if theme is Theme.FLOOD:
            return self._phrases.text(theme, picks, brand)
        return _picked(picks, self._texts[theme.mood])[1]

    @classmethod
    def read(cls, path: Path) -> TextsByMood:
        """The texts of a CSV with the columns ``text,label``, a label being a `Mood`; others raise `ValueError`."""
        found: dict[Mood, list[str]] = {mood: [] for mood in Mood}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found[Mood(row["label"])].append(row["text"])
        return cls(found)


def _picked(picks: int, choices: Sequence[str]) -> tuple[int, str]:
    """One of `choices`, and what is left to choose by."""
    rest, place = divmod(picks, len(choices))
    return rest, choices[place]
