"""What came of a person's word about posting, in words, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from detectors.mention import rfc3339
from playbooks.effects.plain_text import one_line
from playbooks.holds.by_hand import ByHand, as_asked
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
    HoldTold.OTHER_TEXT: "the post was held with another text, and only the one that was held may go: leave --text out",
    HoldTold.NO_TIME: "say a time that is still to come: --at",
    HoldTold.NOTHING_HELD: "nothing holds such a post, so there is no glass to break",
    HoldTold.NO_PLATFORM: "that cannot be a platform, so nothing would be held: one is written in a-z, 0-9, _ and -, "
    "such as x; without --platform it is held on every one",
    HoldTold.NO_NAME: "that is no name of an account, a campaign or a tag, so nothing would be held",
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


def strange_platform(about: ByHand, known: Sequence[str]) -> str:
    """What is said where a hold is on a platform that is not among those that are known.

    >>> strange_platform(ByHand("acme", (), "twitter"), ["x"])  # doctest: +ELLIPSIS
    "Careful: nothing here has asked about the platform 'twitter' so far, so it may hold nothing. Known here: x. ..."
    """
    return (
        f"Careful: nothing here has asked about the platform {as_asked(about).platform!r} so far, so it may hold "
        f"nothing. Known here: {', '.join(known)}. Without --platform it is held on every one."
    )


def too_few(needed: int, may: Sequence[str]) -> str:
    """What is said where a hold needs more people than there are; `may` are those who may let it go.

    >>> too_few(3, ["ada", "bo"])
    'Careful: it takes 3 people to let go, and only 2 may: ada, bo. Name more under roles, or nobody can open it.'
    """
    only = f"only {len(may)} may: {', '.join(may)}" if may else "nobody may"
    return f"Careful: it takes {needed} people to let go, and {only}. Name more under roles, or nobody can open it."


def looked_at_more(looked: int, held: int) -> str:
    """What is said to somebody who has looked at more posts than there are.

    >>> looked_at_more(99, 1)
    'it has held 1 so far, so nobody looked at 99: firebreak hold list --posts shows them, then say how many: --looked'
    """
    shows = "firebreak hold list --posts shows them, then say how many: --looked"
    return f"it has held {held} so far, so nobody looked at {looked}: {shows}"


def post_line(post: Mapping[str, Any]) -> str:
    """A held post on a line: by what a word on it names it, by what its scheduler calls it, and when it was due."""
    account = f" of {one_line(post['account'], 60)}" if post["account"] else ""
    due = f"due {rfc3339(post['scheduled_ms'])}" if post["scheduled_ms"] is not None else "no time given"
    text = one_line(post["text"], 120) if post["text"] is not None else "(erased)"
    where = f"{post['brand']} on {post['platform']}{account}"
    return f"{post['key']}: post {one_line(post['post'], 80)}, {where}, {due}, {post['word'] or 'no word yet'}: {text}"
