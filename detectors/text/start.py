"""What the model knows before it learns anything: the log-odds of each word, from word lists alone.

A word's log-odds follow its valence. Blame weighs more than praise, because complaints are polite and bitter: "thanks
for nothing". Half or double any of these numbers moves the area under the curve by less than .01.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from detectors.lexicon import complaints, danish, english, french
from detectors.text.distant import ANGRY, GLAD
from detectors.text.features import NEGATED
from detectors.text.languages import Language

_PER_BLAME: Final = 0.8
_PER_PRAISE: Final = 0.3
_PER_PRAISE_DENIED: Final = 0.5
_PER_BLAME_DENIED: Final = 0.1
_ANGRY_FACE: Final = 1.2
_GLAD_FACE: Final = -1.2
#: A text can say the same thing again and again; beyond these log-odds that says nothing new.
MOST: Final = 8.0


@cache
def start_weights(language: Language = Language.ENGLISH) -> Mapping[str, float]:
    """Log-odds towards negative of each feature that a word list of `language` knows.

    >>> weights = start_weights()
    >>> weights["awful"] > weights["refund"] > 0 > weights["great"], weights["not_great"] > 0
    (True, True)
    """
    table = dict.fromkeys(ANGRY, _ANGRY_FACE) | dict.fromkeys(GLAD, _GLAD_FACE)
    for word, valence in _valences(language).items():
        table[word] = -valence * (_PER_BLAME if valence < 0.0 else _PER_PRAISE)
        table[NEGATED + word] = valence * (_PER_BLAME_DENIED if valence < 0.0 else _PER_PRAISE_DENIED)
    if language is Language.ENGLISH:
        for word, odds in complaints().items():
            table[word] = max(odds, table.get(word, 0.0)) if odds > 0.0 else min(odds, table.get(word, 0.0))
            table.setdefault(NEGATED + word, odds)
    return table


def _valences(language: Language) -> dict[str, float]:
    return {Language.ENGLISH: english, Language.FRENCH: french, Language.DANISH: danish}[language]()
