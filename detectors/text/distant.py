"""Labels that a text brings along: an emoji that leaves no doubt says whether the text is negative."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_ANGRY: Final = frozenset("\U0001f621\U0001f620\U0001f92c\U0001f624\U0001f44e\U0001f4a9\U0001f92e")
_GLAD: Final = frozenset("\U0001f60d\U0001f60a\U0001f601\U0001f970\U0001f44f\U0001f389\U0001f64c\u2764")


def distant_label(found: Iterable[str]) -> bool | None:
    """Whether a text with these features is negative, as far as its emoji say so; None where they do not, or disagree.

    >>> distant_label(["late", "again", "\U0001f621"]), distant_label(["late"])
    (True, None)
    """
    present = set(found)
    angry, glad = not _ANGRY.isdisjoint(present), not _GLAD.isdisjoint(present)
    return None if angry == glad else angry
