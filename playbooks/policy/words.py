"""The lists that posts are read for: ours in English, a kept library's in other languages.

Ours (``words/english.tsv``) says of each word what it is and how strong a sign. Those of other languages come from
glin-profanity (MIT): they are flat lists, so each word counts as obscenity that is held by itself, except those of
``words/ordinary.tsv``, which people also say when they mean nothing by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from detectors.lexicon import function_words
from detectors.text.languages import Language
from playbooks.policy.tags import SHORTEST_STRONG, cut
from playbooks.settings.brands import PostLanguage


class Kind(StrEnum):
    """What a listed word is a sign of. `GROUP` names people, and is none by itself; `HARMLESS` only looks like one."""

    SLUR = "slur"
    OBSCENITY = "obscenity"
    HARASSMENT = "harassment"
    THREAT = "threat"
    HATE = "hate"
    GROUP = "group"
    SELF_HARM = "self_harm"
    TRAGEDY = "tragedy"
    HARMLESS = "harmless"


class Listed(NamedTuple):
    """What a list says of a word: log-odds in coarse steps. At `ALONE` a post is held, at `REFUSED` it is rejected."""

    kind: Kind
    strength: float


class Hit(NamedTuple):
    """A listed word or phrase as it stands in a post, and what the list says of it."""

    words: str
    listed: Listed


ALONE: Final = 4.0
REFUSED: Final = 6.0
_SHORTEST_OPENING: Final = 3
_Phrase = tuple[str, ...]


class WordList:
    """Words and phrases to be met in a post; the longest phrase wins.

    >>> words = WordList([("go_away", Listed(Kind.HARASSMENT, 2.0)), ("fool*", Listed(Kind.HARASSMENT, 1.0))])
    >>> [hit.words for hit in words.hits(["go", "away", "foolish", "go"])]
    ['go away', 'foolish']
    >>> words.tag("goaway"), words.unmask("f.ol")
    (('go', 'away'), None)
    """

    def __init__(self, entries: Iterable[tuple[str, Listed]]) -> None:
        self._whole: dict[_Phrase, Listed] = {}
        self._opening: dict[_Phrase, Listed] = {}
        for written, listed in entries:
            phrase = tuple(written.rstrip("*").split("_"))
            (self._opening if written.endswith("*") else self._whole).setdefault(phrase, listed)
        both = [*self._whole, *self._opening]
        self._longest = max(map(len, both))
        # Most words begin nothing that is listed; they are told at once.
        self._first = {phrase[0] for phrase in (*self._whole, *(one for one in self._opening if len(one) > 1))}
        self._stems = {phrase[0][:_SHORTEST_OPENING] for phrase in self._opening if len(phrase) == 1}
        self._tags = {"".join(phrase): phrase for phrase in both if len(phrase) > 1}
        endings = ("", "s", "ed", "er", "ing")
        self._parts = (
            frozenset(
                (
                    *(word for phrase in self._whole for word in phrase),
                    *(phrase[-1] + end for phrase in self._opening for end in endings),
                )
            )
            | _between()
        )
        self._hidden = _by_length(
            phrase[0] for phrase in both if len(phrase) == 1 and self._listed(phrase).strength >= ALONE
        )

    def hits(self, words: Sequence[str]) -> Iterator[Hit]:
        """What of the list stands in `words`, in order, none of them counted twice."""
        at = 0
        while at < len(words):
            if words[at] not in self._first and words[at][:_SHORTEST_OPENING] not in self._stems:
                at += 1
                continue
            for end in range(min(len(words), at + self._longest), at, -1):
                phrase = tuple(words[at:end])
                if listed := self._whole.get(phrase) or self._opened(phrase):
                    yield Hit(" ".join(phrase), listed)
                    at = end
                    break
            else:
                at += 1

    def tag(self, tag: str) -> _Phrase:
        """The words of a hashtag without capitals, where it is a listed phrase or holds something strong; else the
        hashtag.

        >>> word_list().tag("killalljews"), word_list().tag("classaction")
        (('kill', 'all', 'jews'), ('classaction',))
        """
        if phrase := self._tags.get(tag):
            return phrase
        words = cut(tag, self._parts)
        strong = (hit for hit in self.hits(words) if hit.listed.strength >= ALONE)
        return words if any(" " in hit.words or len(hit.words) >= SHORTEST_STRONG for hit in strong) else (tag,)

    def unmask(self, pattern: str) -> str | None:
        """The strong word that fits `pattern`, in which `.` stands for any letter; None where none does.

        At least half of the letters have to be there, the first among them, so that a row of stars hides nothing.
        """
        if "." not in pattern:
            phrase = (pattern,)
            listed = self._whole.get(phrase) or self._opened(phrase)
            return pattern if listed and listed.strength >= ALONE else None
        if pattern[0] == "." or 2 * pattern.count(".") > len(pattern):
            return None
        fitting = (word for word in self._hidden.get(len(pattern), ()) if _fits(word, pattern))
        return next(fitting, None)

    def _listed(self, phrase: _Phrase) -> Listed:
        return self._whole.get(phrase) or self._opening[phrase]

    def _opened(self, phrase: _Phrase) -> Listed | None:
        *before, last = phrase
        for end in range(len(last), _SHORTEST_OPENING - 1, -1):
            if listed := self._opening.get((*before, last[:end])):
                return listed
        return None


@cache
def _between() -> frozenset[str]:
    """Words that stand between listed ones."""
    return function_words()[Language.ENGLISH]


@cache
def word_list(languages: tuple[PostLanguage, ...] = (PostLanguage.ENGLISH,)) -> WordList:
    """The list of some languages; English, in which the whole world swears, is always among them."""
    entries = list(_english())
    refused = {word.rstrip("*") for word, listed in entries if listed.strength >= REFUSED}
    for language in languages:
        if language is not PostLanguage.ENGLISH:
            # What ours refuses is not made less by a flat list that knows no kinds.
            entries += [(word, Listed(Kind.OBSCENITY, ALONE)) for word in _of_library(language) if word not in refused]
    return WordList(entries)


def _english() -> Iterator[tuple[str, Listed]]:
    for kind, strength, words in _rows("english.tsv"):
        listed = Listed(Kind(kind), float(strength))
        yield from ((word, listed) for word in words.split())


def _of_library(language: PostLanguage) -> Iterator[str]:
    # Imported here: it takes a quarter of a second, and most brands speak English.
    from glin_profanity.data.dictionary import dictionary

    ordinary = {word for tag, words in _rows("ordinary.tsv") if tag == language for word in words.split()}
    for entry in dictionary.get_words(language.name.lower()):
        word = "_".join(entry.lower().replace("-", " ").split())
        if word not in ordinary:
            yield word


def _rows(name: str) -> Iterator[tuple[str, ...]]:
    table = files(__name__.rpartition(".")[0]).joinpath("words", name).read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            yield tuple(line.split("\t"))


def _by_length(words: Iterable[str]) -> Mapping[int, list[str]]:
    table: dict[int, list[str]] = {}
    for word in words:
        table.setdefault(len(word), []).append(word)
    return table


def _fits(word: str, pattern: str) -> bool:
    return all(hidden in (".", letter) for letter, hidden in zip(word, pattern, strict=True))
