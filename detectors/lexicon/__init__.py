"""Word lists that the text model starts from, each with its source and licence in its first lines."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def english() -> dict[str, float]:
    """Valence of English words, -4 (worst) to 4 (best).

    >>> english()["awful"] < 0 < english()["great"]
    True
    """
    table = files(__name__).joinpath("english.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {word: float(valence) for word, valence in rows}
