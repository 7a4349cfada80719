"""What came of a person's word about posting, in words, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from playbooks.holds.hold import Release
from playbooks.holds.rights import MayRelease
from playbooks.store.holds.deeds import HoldTold

#: A word that several of the enums have means the same in each.
_WORDS: Final[Mapping[StrEnum, str]] = {
    HoldTold.DONE: "Done, and in the record under your name.",
    HoldTold.NO_PERSON: "there is no such person in the settings",
    HoldTold.NO_REASON: "say why: --reason",
    HoldTold.NO_SUCH_BRAND: "there is no such brand in the settings",
    HoldTold.NO_SUCH_ROLE: "there is no such role in the settings; somebody must be able to let go: --released-by ROLE",
    HoldTold.NO_SUCH_POST: "no such post was held; 'firebreak hold list --posts' shows which were",
    HoldTold.NOT_IN_THE_ROLES: "that person is not in a role that may",
    HoldTold.IS_PROTECTED: "the hold protects that person, so others decide",
    HoldTold.HAS_GONE: "the post has gone already",
    HoldTold.NO_TEXT: "say the text that may go: --text",
    HoldTold.NO_TIME: "say a time that is still to come: --at",
    HoldTold.NOTHING_HELD: "nothing holds such a post, so there is no glass to break",
    Release.RELEASED: "Released. Each post that was held needs a word: firebreak hold list --posts",
    Release.NEEDS_ANOTHER_PERSON: "Noted. The hold stays until another person agrees.",
    Release.NEEDS_THE_ROLE: "Noted. The hold stays until somebody agrees of the role that has to be among them: "
    "'firebreak hold list' shows it.",
    Release.ALREADY_AGREED: "that person had agreed already; it takes another",
    Release.ALREADY_RELEASED: "the hold was released already",
    Release.NO_SUCH_HOLD: "there is no such hold; 'firebreak hold list' shows which there are",
    Release.NOT_LOOKED: "it has held more posts than you say you looked at; 'firebreak hold list --posts' shows them, "
    "then say how many: --looked",
    MayRelease.HAS_AGREED: "that person had agreed already; it takes another",
    MayRelease.IS_RELEASED: "the hold was released already",
}


def told_in_words(word: StrEnum) -> str:
    """The sentence for a word.

    >>> told_in_words(HoldTold.HAS_GONE)
    'the post has gone already'
    """
    return _WORDS[word]
