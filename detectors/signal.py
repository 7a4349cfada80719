"""The signal: something about a brand is out of the ordinary, with the evidence for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec
import xxhash

from detectors.reason import Reason


class SignalKind(StrEnum):
    """What is out of the ordinary. The same word is the topic's field, the metric label and the playbook's trigger.

    `UNANSWERED` to `TAKEOVER` come from programs that watch a brand's own accounts, `REPORTED` from a named person.
    """

    VOLUME = "volume"
    NEGATIVITY = "negativity"
    FLOOD = "flood"
    SILENCE = "silence"
    DEAD_LETTERS = "dead_letters"
    UNANSWERED = "unanswered"
    BACKLASH = "backlash"
    IMPERSONATION = "impersonation"
    TAKEOVER = "takeover"
    REPORTED = "reported"


class Post(msgspec.Struct, frozen=True, omit_defaults=True):
    """A leading post: how it begins and who wrote it, where that is known.

    `text` and `handle` are for people alone and go no further than the table from which they can be erased: log, ledger
    and messages have the post by reference only.
    """

    id: str
    platform: str
    at_ms: int
    negativity: float | None = None
    text: str = ""
    handle: str = ""


class Term(msgspec.Struct, frozen=True):
    """A word of the window's complaints: how many people said it, and in which share of complaints it usually is."""

    text: str
    people: int
    usual: float


class SharedLink(msgspec.Struct, frozen=True):
    """A link as host and path, and how many posts of the window shared it."""

    link: str
    posts: int


class Evidence(msgspec.Struct, frozen=True):
    """Why a signal was raised, for a person and for a playbook's conditions.

    `window_s` is the span looked at, `tail` -log10 of the probability of so much under the expectation,
    `threshold` what it was held against, `expected_low` and `expected_high` the 95 % band of `expected`.
    `mentions` and `negative` count the independent voices of the window (not the copies), `negative_share` is of those
    that were scored, `authors` are the distinct people heard; of a flood `negative` and `negative_share` are of its
    copies, and `authors` all accounts that posted. `baseline_days` says how long the brand has been known, so how sure
    the expectation is. `late` are those mentions of the window that came too late for their
    bucket. `planned` is how many times the usual the calendar expects, already part of `expected`, and `campaigns` why.
    `source` is the connector that a silence is about, where it is about one.

    `terms` are the rising words of the complaints, `links` the most shared ones. `duplicate_share` is the share of all
    posts, copies too, that are no voices of their own; `young_share` that of young accounts among those whose age is
    known; `largest_author_share` that of the busiest account, of ten to twenty minutes. `reach` is the sum of the
    reach, or else the following, of the distinct people heard; `unscored` are posts in languages that are not scored.
    `reasons` say why it is as severe as it is; `lasting` that the mood has changed for good, as far as can be seen.
    `text_model` is the version that scored the last of the mentions, 0 as shipped. `detector` and `detector_version`
    are the signal's, for those who have the evidence alone.
    """

    window_s: int
    tail: float
    threshold: float
    expected_low: float
    expected_high: float
    mentions: int
    negative: int
    negative_share: float
    expected_negative_share: float
    authors: int
    baseline_days: float
    posts: tuple[Post, ...] = ()
    sampled: bool = False
    late: int = 0
    planned: float = 1.0
    campaigns: tuple[str, ...] = ()
    source: str | None = None
    terms: tuple[Term, ...] = ()
    links: tuple[SharedLink, ...] = ()
    duplicate_share: float = 0.0
    young_share: float = 0.0
    largest_author_share: float = 0.0
    reach: int = 0
    unscored: int = 0
    reasons: tuple[Reason, ...] = ()
    lasting: bool = False
    text_model: int = 0
    detector: str = ""
    detector_version: int = 0


class Signal(msgspec.Struct, frozen=True):
    """One detector's finding about one brand, on one platform or (`platform` null) as a whole.

    `at_ms` is the event time at which a live system knows it: the close of the bucket plus the grace. `since_ms` is
    when it began. `severity` is 1 (worth a look) to 5 (the whole company), `score` is `evidence.tail` over
    `evidence.threshold`, so 1 is just enough. `observed` and `expected` are in the detector's own unit, which
    `detector` names.
    """

    id: str
    run: str
    brand: str
    platform: str | None
    kind: SignalKind
    at_ms: int
    since_ms: int
    severity: int
    score: float
    observed: float
    expected: float
    detector: str
    detector_version: int
    evidence: Evidence


class TakenDown(msgspec.Struct, frozen=True, tag_field="type", tag="taken_down"):
    """Posts about a brand that are gone from their platform by `at_ms`: what is open no longer shows them."""

    run: str
    brand: str
    platform: str
    posts: tuple[str, ...]
    at_ms: int


def without_words(signal: Signal) -> Signal:
    """The signal with its posts named and not quoted."""
    posts = tuple(msgspec.structs.replace(post, text="", handle="") for post in signal.evidence.posts)
    return msgspec.structs.replace(signal, evidence=msgspec.structs.replace(signal.evidence, posts=posts))


def signal_id(run: str, brand: str, platform: str | None, kind: str, start_ms: int, version: int) -> str:
    """The id of a finding: the same finding made twice, by a restart or a repeat, has the same id.

    >>> signal_id("", "acme", None, "volume", 0, 1)
    'sig-290e066b8eac'
    """
    key = "\x1f".join((run, brand, platform or "", kind, str(start_ms), str(version)))
    return "sig-" + xxhash.xxh3_64_hexdigest(key.encode())[:12]
