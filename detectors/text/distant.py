"""Labels that a text brings along: an emoji or a face that leaves no doubt says whether the text is negative.

Source of the idea: Go, Bhayani and Huang, "Twitter sentiment classification using distant supervision", 2009.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Angry, pouting, swearing, snorting, thumbs down, pile of poo, vomiting; unhappy faces.
ANGRY: Final = frozenset(
    (
        *"\U0001f621\U0001f620\U0001f92c\U0001f624\U0001f44e\U0001f4a9\U0001f92e",
        *(":(", ":-(", ":'("),
    )
)
#: Heart eyes, smiling, beaming, hearts, clapping, party, raised hands, heart, thumbs up, star eyes; happy faces.
GLAD: Final = frozenset(
    (
        *"\U0001f60d\U0001f60a\U0001f601\U0001f970\U0001f44f\U0001f389\U0001f64c\u2764\U0001f44d\U0001f929",
        *(":)", ":-)", "<3"),
    )
)


def distant_label(found: Iterable[str]) -> bool | None:
    """Whether a text with these features is negative, as far as its emoji say so; None where they do not, or disagree.

    >>> distant_label(["late", "again", "\U0001f621"]), distant_label(["late"])
    (True, None)
    """
    present = set(found)
    angry, glad = not ANGRY.isdisjoint(present), not GLAD.isdisjoint(present)
    return None if angry == glad else angry


def unlabelled(found: Iterable[str]) -> list[str]:
    """The features without those that a label is made from: learning from these would teach the label itself.

    >>> unlabelled(["late", "again", "\U0001f621"])
    ['late', 'again']
    """
    return [feature for feature in found if feature not in ANGRY and feature not in GLAD]
