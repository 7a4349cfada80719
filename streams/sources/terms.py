"""Which brands a post is about: the words that a brand's `terms` look for, found as a person would find them.

A term is one of four things:

========================  =====================================================================================
``acme air``              words, next to each other: in the text, and run together as a hashtag (``#AcmeAir``)
``#acmefail``             that hashtag only
``@acme.com``             that account, named in the text; a DID (``@did:plc:...``) where the platform marks it up
``acme.com``              that domain or one below it, in a link; and as a word in the text
========================  =====================================================================================

Case, width and invisible characters make no difference, and a word is a whole word: ``acme`` is in ``Acme's``, not in
``acmesthetic``. Scripts that put no spaces between words (Chinese, Japanese, Thai, ...) are looked for anywhere. A
brand's `own_accounts` count as terms for accounts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from playbooks.settings.brands import BrandSettings
from streams.settings import SettingsError

#: Characters that change nothing a reader sees, and the apostrophe that phones write.
_UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")) | {ord("\u2019"): "'"}
_UNSPACED: Final = ("CJK ", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
_WORD: Final = re.compile(r"\w+")
_DOMAIN: Final = re.compile(r"[\w-]+(\.[\w-]+)+")
_ACCOUNT_END: Final = r"(?![\w-]|\.\w)"


class Passage(NamedTuple):
    """What of a post is looked at: its text, and what the platform says about it (hashtags without ``#``)."""

    text: str
    tags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def fold(text: str) -> str:
    """The text as it is compared: no difference of case or width, nothing invisible.

    >>> fold("Ａｃｍｅ’s AC\\u200bME")
    "acme's acme"
    """
    return unicodedata.normalize("NFKC", text.translate(_UNSEEN)).casefold()


class Terms:
    """All brands' terms, ready to be looked for in one pass.

    >>> acme = BrandSettings(terms=("acme air", "acme.com"), own_accounts=("@help.acme.com",))
    >>> terms = Terms({"acme": acme, "zenith": BrandSettings(terms=("zenith",))})
    >>> terms.brands_in(Passage("ACME Air lost my bags, Zenith never did"))
    ('acme', 'zenith')
    >>> terms.brands_in(Passage("look", links=("https://shop.acme.com/x",)))
    ('acme',)
    """

    def __init__(self, brands: Mapping[str, BrandSettings]) -> None:
        """Raises `SettingsError` for a term without a letter or digit, or where no brand has anything to look for."""
        self._words: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._anywhere: list[tuple[str, str]] = []
        self._tags: dict[str, set[str]] = {}
        self._accounts: dict[str, set[str]] = {}
        self._domains: dict[str, set[str]] = {}
        for brand, settings in brands.items():
            for number, term in enumerate(settings.terms):
                self._add(brand, fold(term).strip(), f"brands.{brand}.terms[{number}]")
            for number, account in enumerate(settings.own_accounts):
                name = fold(account).strip().removeprefix("@")
                self._add(brand, f"@{name}", f"brands.{brand}.own_accounts[{number}]")
        self._own = {account: frozenset(brands) for account, brands in _own_accounts(brands).items()}
        if not (self._words or self._anywhere):
            raise SettingsError("no brand has terms to look for; set brands.<brand>.terms")

    def brands_in(self, passage: Passage) -> tuple[str, ...]:
        """The brands that a post is about, sorted; none where it is about none."""
        text = fold(passage.text)
        found = {brand for term, brand in self._anywhere if term in text}
        for word in self._words.keys() & set(_WORD.findall(text)):
            found.update(brand for pattern, brand in self._words[word] if pattern.search(text))
        for tag in passage.tags:
            found |= self._tags.get(fold(tag).lstrip("#"), set())
        for account in passage.accounts:
            found |= self._accounts.get(fold(account), set())
        for link in passage.links:
            for domain in domains_of(link):
                found |= self._domains.get(domain, set())
        return tuple(sorted(found))

    def written_by(self, account: str) -> frozenset[str]:
        """The brands whose own account this is (a DID or a handle without ``@``)."""
        return self._own.get(fold(account), frozenset())

    def _add(self, brand: str, term: str, setting: str) -> None:
        words = _WORD.findall(term)
        if not words:
            raise SettingsError(f"{setting}: found {term!r}, a term needs at least one letter or digit")
        if term.startswith("@"):
            self._accounts.setdefault(term[1:], set()).add(brand)
        elif term.startswith("#"):
            self._tags.setdefault(term[1:], set()).add(brand)
        else:
            self._tags.setdefault("".join(term.split()), set()).add(brand)
            if _DOMAIN.fullmatch(term):
                self._domains.setdefault(term, set()).add(brand)
        if _is_unspaced(term) and not term.startswith(("@", "#")):
            self._anywhere.append((term, brand))
        else:
            self._words.setdefault(words[0], []).append((re.compile(_pattern(term)), brand))


def domains_of(link: str) -> tuple[str, ...]:
    """The host of a link and each domain above it; nothing where it is no web address.

    >>> domains_of("https://www.shop.acme.com:443/x")
    ('www.shop.acme.com', 'shop.acme.com', 'acme.com', 'com')
    """
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return ()
    labels = fold(host).rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels))) if host else ()


def _pattern(term: str) -> str:
    body = r"\s+".join(re.escape(part) for part in term.split())
    before = r"(?<![\w.@-])" if term.startswith("@") else r"(?<!\w)" if term[0] == "#" or _is_word(term[0]) else ""
    after = _ACCOUNT_END if term.startswith("@") else r"(?!\w)" if _is_word(term[-1]) else ""
    return before + body + after


def _is_word(character: str) -> bool:
    return _WORD.fullmatch(character) is not None


def _is_unspaced(term: str) -> bool:
    return any(unicodedata.name(character, "").startswith(_UNSPACED) for character in term)


def _own_accounts(brands: Mapping[str, BrandSettings]) -> dict[str, set[str]]:
    owners: dict[str, set[str]] = {}
    for brand, settings in brands.items():
        for account in settings.own_accounts:
            owners.setdefault(fold(account).strip().removeprefix("@"), set()).add(brand)
    return owners
