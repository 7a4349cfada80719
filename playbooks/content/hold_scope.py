"""What a hold covers beyond brand and platform: every brand, or only some accounts, campaigns or tags. Pure.

Names are compared as people write them: without the case of letters, a leading ``@`` or ``#``, white space round them,
and what cannot be seen. An account may be written with its server, or as the address of its page. What a caller leaves
out, or leaves empty, matches every hold: missing means held.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import msgspec

#: In place of a brand: the hold covers all of them. No brand can be called so.
EVERY_BRAND = "*"
#: A name that has a path and no white space is the address of an account's page.
_ADDRESS = re.compile(r"^\S+/\S*\Z")


def plain(name: str) -> str:
    """A name of an account, a campaign or a tag as it is compared.

    >>> plain(" @Acme_News\\u200b "), plain("#Sale"), plain("@")
    ('acme_news', 'sale', '')
    """
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if unicodedata.category(char) != "Cf")
    return seen.strip().lstrip("@#").strip().casefold()


def account_forms(name: str) -> tuple[str, str]:
    """An account as it is written, with its server if that is there, and its bare name.

    >>> account_forms("@Acme@social.example"), account_forms("https://x.example/Acme_News/?lang=en")
    (('acme@social.example', 'acme'), ('acme_news', 'acme_news'))
    """
    whole = plain(name)
    if _ADDRESS.search(whole):
        whole = whole.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1].lstrip("@")
    return whole, whole.split("@", 1)[0]


class Narrowing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Only posts of these accounts, of these campaigns, with one of these tags; an empty list leaves it open.

    Several lists must all match: a hold on an account and a tag holds the posts of that account with that tag.
    """

    accounts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing is left out."""
        return not (self.accounts or self.campaigns or self.tags)

    def covers(self, account: str | None, campaign: str | None, tags: Iterable[str] | None) -> bool:
        """Whether a post of `account` and `campaign` with `tags` is among those; None means that it is not known.

        >>> only = Narrowing(accounts=("acme_news",), tags=("sale",))
        >>> only.covers("@Acme_News", None, None), only.covers("acme_news", None, ["winter"])
        (True, False)
        """
        return (
            _of_account(self.accounts, account)
            and _one_of(self.campaigns, None if campaign is None else [campaign])
            and _one_of(self.tags, tags)
        )

    def is_as_wide_as(self, other: Narrowing) -> bool:
        """Whether everything that `other` covers is covered.

        >>> Narrowing().is_as_wide_as(Narrowing(tags=("sale",))), Narrowing(tags=("sale",)).is_as_wide_as(Narrowing())
        (True, False)
        """
        pairs = ((self.accounts, other.accounts), (self.campaigns, other.campaigns), (self.tags, other.tags))
        return all(not mine or (theirs and _plain(theirs) <= _plain(mine)) for mine, theirs in pairs)

    def in_words(self) -> str:
        """For people: empty where nothing is left out.

        >>> Narrowing(accounts=("acme_news",), tags=("sale", "winter")).in_words()
        'of the account acme_news, tagged sale or winter'
        """
        words = (("of the account", self.accounts), ("of the campaign", self.campaigns), ("tagged", self.tags))
        return ", ".join(f"{what} {' or '.join(names)}" for what, names in words if names)


#: Nothing is left out.
ALL_POSTS = Narrowing()


def _one_of(held: tuple[str, ...], asked: Iterable[str] | None) -> bool:
    if not held or asked is None:
        return True
    names = _plain(asked)
    # A list without a name says as little as none; a name that is empty is not known, whatever stands beside it.
    return not names or "" in names or bool(names & _plain(held))


def _of_account(held: tuple[str, ...], asked: str | None) -> bool:
    if not held or asked is None:
        return True
    whole, bare = account_forms(asked)
    # Two servers may each have an account of that name; where one of the two sides names none, it may be the other's.
    return not bare or any(whole in (name, short) or bare == name for name, short in map(account_forms, held))


def _plain(names: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(name) for name in names)
