"""Numbers with their noun, for people."""

from __future__ import annotations


def count(number: int, what: str) -> str:
    """A number and what it counts.

    >>> count(1, "page"), count(2, "page")
    ('1 page', '2 pages')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
