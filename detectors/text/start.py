"""What the model knows before it learns anything: the log-odds of each word, from word lists alone.

A word's log-odds follow its valence. Blame weighs more than praise, because complaints are polite and bitter: "thanks
for nothing". Half or double any of these numbers moves the area under the curve by less than .01.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from detectors.lexicon import complaints, danish, english, french, french_complaints
from detectors.text.distant import ANGRY, GLAD
from detectors.text.features import NEGATED
from detectors.text.languages import Language
from detectors.text.spelling import DRAWN_OUT, listed

_PER_BLAME: Final = 0.8
_PER_PRAISE: Final = 0.3
_PER_PRAISE_DENIED: Final = 0.5
#: So that two of them outweigh the two denials they are said with: "not bad, I do not hate it".
_PER_BLAME_DENIED: Final = 0.2
#: How much more a word says whose letters were drawn out.
_DRAWN_OUT_TIMES: Final = 1.25
_ANGRY_FACE: Final = 1.2
_GLAD_FACE: Final = -1.2
#: Faces that say how somebody feels, and are no sure label of a text. Rolling eyes, unamused, facepalm, disappointed,
#: frowning, confused, confounded, persevering, worried, nauseated, angry cat, middle finger, expressionless; sad:
#: pensive, crying, broken heart. Crying loudly, weary and tired are left out: they laugh and long as often as they cry.
_SOUR: Final = (
    "\U0001f644\U0001f612\U0001f926\U0001f61e\U0001f641\u2639\U0001f615\U0001f616\U0001f623"
    "\U0001f61f\U0001f922\U0001f63e\U0001f595\U0001f611"
)
_SAD: Final = "\U0001f614\U0001f622\U0001f494"
#: Grinning, smiling, blowing a kiss, hugging, partying, sunglasses, hearts, OK, biceps, folded hands.
_PLEASED: Final = (
    "\U0001f600\U0001f603\U0001f604\U0001f618\U0001f917\U0001f973\U0001f60e\u263a\U0001f495\U0001f496\U0001f499"
    "\U0001f49a\U0001f49b\U0001f49c\U0001f9e1\U0001f44c\U0001f4aa\U0001f64f"
)
_SOUR_FACE: Final = 1.0
_PLEASED_FACE: Final = -0.6
_FACES: Final = {
    **dict.fromkeys(_PLEASED, _PLEASED_FACE),
    **dict.fromkeys(_SAD, _SOUR_FACE),
    **dict.fromkeys(_SOUR, _SOUR_FACE),
    **dict.fromkeys(ANGRY, _ANGRY_FACE),
    **dict.fromkeys(GLAD, _GLAD_FACE),
}
#: A text can say the same thing again and again; beyond these log-odds that says nothing new.
MOST: Final = 8.0


@cache
def start_weights(language: Language = Language.ENGLISH) -> Mapping[str, float]:
    """Log-odds towards negative of each feature that a word list of `language` knows.

    >>> weights = start_weights()
    >>> weights["awful"] > weights["refund"] > 0 > weights["great"], weights["not_great"] > 0
    (True, True)
    """
    table: dict[str, float] = {}
    for word, valence in _valences(language).items():
        table[word] = -valence * (_PER_BLAME if valence < 0.0 else _PER_PRAISE)
        table[NEGATED + word] = valence * (_PER_BLAME_DENIED if valence < 0.0 else _PER_PRAISE_DENIED)
    for word, odds in _complaints(language).items():
        table[word] = max(odds, table.get(word, 0.0)) if odds > 0.0 else min(odds, table.get(word, 0.0))
        table.setdefault(NEGATED + word, odds)
    for word in listed(language):
        table[DRAWN_OUT + word] = _DRAWN_OUT_TIMES * table[word]
        table[NEGATED + DRAWN_OUT + word] = _DRAWN_OUT_TIMES * table[NEGATED + word]
    return table | _FACES


def _complaints(language: Language) -> dict[str, float]:
    lists = {Language.ENGLISH: complaints, Language.FRENCH: french_complaints}
    return lists[language]() if language in lists else {}


def _valences(language: Language) -> dict[str, float]:
    return {Language.ENGLISH: english, Language.FRENCH: french, Language.DANISH: danish}[language]()
