"""Word lists that the text model starts from, each with its source and licence beside it.

`english()`, `french()` and `danish()` say how a word feels; `complaints()` which words people complain with;
`function_words()` tell languages apart. VADER's lists and ours are tables of our own making; AFINN's are shipped
unchanged, as their licence likes it best.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

#: AFINN goes from -5 to 5, VADER from -4 to 4.
_AFINN_TO_VADER: Final = 0.8
#: A word that one of two lists leaves out was no clear case to those who wrote it.
_ONE_LIST_ALONE: Final = 0.9


@cache
def english() -> dict[str, float]:
    """Valence of English words, -4 (worst) to 4 (best): VADER and AFINN joined, their mean where both know a word.

    >>> english()["awful"] < 0 < english()["great"]
    True
    """
    vader, afinn = _valences("english.tsv"), _afinn("AFINN-en-165.txt")
    joined = {word: _ONE_LIST_ALONE * valence for word, valence in (vader | afinn).items()}
    return joined | {word: (vader[word] + afinn[word]) / 2 for word in vader.keys() & afinn.keys()}


@cache
def french() -> dict[str, float]:
    """Valence of French words, -4 to 4.

    >>> french()["horrible"] < 0 < french()["merveilleux"]
    True
    """
    return _valences("french.tsv")


@cache
def danish() -> dict[str, float]:
    """Valence of Danish words, -4 to 4.

    >>> danish()["elendig"] < 0 < danish()["fantastisk"]
    True
    """
    return _afinn("AFINN-da-32.txt")


@cache
def complaints() -> dict[str, float]:
    """Log-odds towards negative of the words and signs that people complain with, whatever the trade.

    >>> complaints()["refund"], complaints()["stuck"]
    (0.5, 0.8)
    """
    return _odds("complaints.tsv")


@cache
def french_complaints() -> dict[str, float]:
    """Log-odds towards negative of the words that people complain with in French.

    >>> french_complaints()["horrible"]
    1.2
    """
    return _odds("plaintes.tsv")


@cache
def function_words() -> dict[str, frozenset[str]]:
    """Words that stand in most sentences of a language, by its BCP 47 tag; no English ones in another language.

    >>> "the" in function_words()["en"], "nicht" in function_words()["de"]
    (True, True)
    """
    return {tag: frozenset(words.split()) for tag, words in _rows("function_words.tsv")}


def _odds(name: str) -> dict[str, float]:
    return {word: float(odds) for odds, words in _rows(name) for word in words.split()}


def _valences(name: str) -> dict[str, float]:
    return {word: float(valence) for word, valence in _rows(name)}


def _afinn(name: str) -> dict[str, float]:
    # Phrases of several words are left out: a text is read word by word.
    return {word: _AFINN_TO_VADER * float(valence) for word, valence in _rows(name) if " " not in word}


def _rows(name: str) -> Iterator[tuple[str, str]]:
    table = files(__name__).joinpath(name).read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            first, _, second = line.partition("\t")
            yield first, second
