"""Frames of Bluesky's Jetstream, read: each is mentions, a deletion, a notice, something to pass over, or bad.

Two wire formats, both as Jetstream's own documentation has them (github.com/bluesky-social/jetstream: docs/README.md
and lexicons/network/bsky/jetstream/subscribeEvents.json); which one a server speaks follows from the address:

- **v1**, ``/subscribe``: ``{"did", "time_us", "kind": "commit", "commit": {"operation", "collection", "rkey",
  "record"}}``, ``kind`` also ``identity`` and ``account``.
- **v2**, ``/xrpc/network.bsky.jetstream.subscribeEvents``: ``{"$type": "message", "payload": {"$type":
  "network.bsky.jetstream.subscribeEvents#commit", "seq", "did", "time", "witnessedAt", "operation", ...}}``; besides
  ``#commit`` there are ``#identity``, ``#account``, ``#sync`` and ``#info``, and ``{"$type": "error"}`` frames.

Frames are plain JSON: compression (zstd) is never asked for, the posts of the whole network are about 100 kB/s.
The cursor is the moment at which Jetstream saw an event, in microseconds (``time_us``; in v2 ``witnessedAt``): both
formats resume from it, and on any instance.

Everything here is a function of its arguments; nothing is trusted that a frame says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from detectors.mention import MAX_RECORD_BYTES, Mention
from streams.sources.bluesky_post import POSTS, BadPost, Passed, microseconds, read_post
from streams.sources.terms import Terms

SUBSCRIBE_EVENTS: Final = "network.bsky.jetstream.subscribeEvents"

MAX_FRAME_BYTES: Final = MAX_RECORD_BYTES
#: How far a frame's time may be ahead of our clock; a server that is further off is not believed.
AHEAD_US: Final = 300 * 1_000_000
#: Jetstream began in 2024, the network opened in 2023.
EARLIEST_US: Final = 1_672_531_200_000_000
#: Account states in which its posts may no longer be shown.
GONE_STATES: Final = frozenset({"deleted", "takendown", "suspended", "deactivated"})

_DID: Final = re.compile(r"did:[a-z0-9]{1,16}:[A-Za-z0-9._:%-]{1,256}")
_RKEY: Final = re.compile(r"[A-Za-z0-9._:~-]{1,128}")


class Bad(StrEnum):
    """What is wrong with a frame."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    WRONG_TIME = "wrong_time"


@dataclass(frozen=True, slots=True)
class Mentions:
    """A post, once for each brand it is about."""

    post: str
    author: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class PostGone:
    """A post was deleted by its author."""

    post: str


@dataclass(frozen=True, slots=True)
class AuthorGone:
    """An account is deleted, suspended or the like: none of its posts may be shown."""

    author: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The server says something about the stream; `OutdatedCursor` means that posts are missing."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's last word (`ConsumerTooSlow` and others); it closes the connection after it."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Nothing for us."""

    reason: Passed


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Not a frame of Jetstream's. `detail` holds nothing of what the frame says."""

    reason: Bad
    detail: str


Content = Mentions | PostGone | AuthorGone | Notice | Refusal | PassedOver | BadFrame


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame says, and when Jetstream saw it; notices and bad frames have no time."""

    content: Content
    time_us: int | None = None


class _Commit(msgspec.Struct):
    operation: str
    collection: str
    rkey: str
    record: Any = None


class _Account(msgspec.Struct):
    active: bool = True
    status: str | None = None


class _Payload(msgspec.Struct):
    """The payload of a v2 message; which fields are there depends on its type."""

    type: str = msgspec.field(name="$type")
    did: str = ""
    time: str = ""
    witnessed: str | None = msgspec.field(name="witnessedAt", default=None)
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: Any = None
    account: _Account | None = None
    name: str = ""
    message: str = ""


class _Envelope(msgspec.Struct):
    """A frame of either version."""

    type: str | None = msgspec.field(name="$type", default=None)
    did: str = ""
    time_us: int = 0
    kind: str = ""
    commit: _Commit | None = None
    account: _Account | None = None
    payload: _Payload | None = None
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    """An event, whichever version it came in."""

    did: str
    time_us: int
    kind: str
    commit: _Commit | None
    account: _Account | None


class _WrongShape(Exception):
    """The frame is JSON, but not one of Jetstream's."""


_decode = msgspec.json.Decoder(_Envelope).decode


def speaks_v2(address: str) -> bool:
    """Whether the server at this address sends v2 frames."""
    return urlsplit(address).path.rstrip("/").endswith(SUBSCRIBE_EVENTS)


def subscribe_url(address: str, cursor_us: int | None) -> str:
    """Where to connect for posts and account states from `cursor_us` on (None: from now on).

    >>> subscribe_url("wss://host/subscribe", 1725911162329308)
    'wss://host/subscribe?wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=262144&cursor=1725911162329308'
    """
    if speaks_v2(address):
        wanted = [("kinds", "commit"), ("kinds", "account"), ("collections", POSTS)]
    else:
        wanted = [("wantedCollections", POSTS)]
    wanted.append(("maxMessageSizeBytes", str(MAX_FRAME_BYTES)))
    if cursor_us is not None:
        wanted.append(("cursor", str(cursor_us)))
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *wanted])))


def read_frame(raw: bytes, terms: Terms, now_us: int) -> Frame:
    """What a frame says to somebody who looks for `terms`.

    `now_us` (wall clock, microseconds since 1970 UTC) only bounds the frame's own time. Never raises.

    >>> from playbooks.settings.brands import BrandSettings
    >>> terms = Terms({"acme": BrandSettings(terms=("acme",))})
    >>> read_frame(b'{"did":"did:plc:a","time_us":1725911162329308,"kind":"identity"}', terms, 1725911162400000)
    Frame(content=PassedOver(reason=<Passed.OTHER_KIND: 'other_kind'>), time_us=1725911162329308)
    """
    if len(raw) > MAX_FRAME_BYTES:
        return Frame(BadFrame(Bad.TOO_LARGE, f"{len(raw)} bytes"))
    try:
        envelope = _decode(raw)
        notice = _notice(envelope)
        if notice is not None:
            return Frame(notice)
        event = _event(envelope)
        if not EARLIEST_US <= event.time_us <= now_us + AHEAD_US:
            return Frame(BadFrame(Bad.WRONG_TIME, f"time {event.time_us} us, the clock says {now_us} us"))
        return Frame(_content(event, terms), event.time_us)
    except msgspec.ValidationError as wrong:
        return Frame(BadFrame(Bad.WRONG_SHAPE, str(wrong)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        return Frame(BadFrame(Bad.NOT_JSON, type(wrong).__name__))
    except (_WrongShape, BadPost) as wrong:
        return Frame(BadFrame(Bad.WRONG_SHAPE, str(wrong)))


def _notice(envelope: _Envelope) -> Notice | Refusal | None:
    if envelope.type == "error":
        return Refusal(envelope.error, envelope.message)
    payload = envelope.payload
    if payload is not None and payload.type == f"{SUBSCRIBE_EVENTS}#info":
        return Notice(payload.name, payload.message)
    return None


def _event(envelope: _Envelope) -> _Event:
    if envelope.type is None:
        return _Event(envelope.did, envelope.time_us, envelope.kind, envelope.commit, envelope.account)
    payload = envelope.payload
    if envelope.type != "message" or payload is None:
        raise _WrongShape("neither a message nor an error")
    lexicon, _, kind = payload.type.partition("#")
    if lexicon != SUBSCRIBE_EVENTS:
        raise _WrongShape("a message of another lexicon")
    commit = _Commit(payload.operation, payload.collection, payload.rkey, payload.record) if kind == "commit" else None
    time_us = microseconds(payload.witnessed or payload.time)
    if time_us is None:
        raise _WrongShape("its time is no RFC 3339 time")
    return _Event(payload.did, time_us, kind, commit, payload.account)


def _content(event: _Event, terms: Terms) -> Content:
    if not _DID.fullmatch(event.did):
        raise _WrongShape("its did is none")
    match event.kind:
        case "commit" if event.commit is not None:
            return _commit(event, event.commit, terms)
        case "account" if event.account is not None:
            gone = not event.account.active and event.account.status in GONE_STATES
            return AuthorGone(event.did) if gone else PassedOver(Passed.OTHER_KIND)
        case "commit" | "account" | "":
            raise _WrongShape(f"its kind {event.kind!r} is not borne out")
        case _:
            return PassedOver(Passed.OTHER_KIND)


def _commit(event: _Event, commit: _Commit, terms: Terms) -> Content:
    if commit.collection != POSTS:
        return PassedOver(Passed.OTHER_COLLECTION)
    if not _RKEY.fullmatch(commit.rkey):
        raise _WrongShape("its record key is none")
    post = f"at://{event.did}/{POSTS}/{commit.rkey}"
    match commit.operation:
        case "delete":
            return PostGone(post)
        case "create" | "update":
            read = read_post(post, event.did, commit.record, event.time_us, terms)
            return PassedOver(read) if isinstance(read, Passed) else Mentions(post, event.did, read)
        case _:
            raise _WrongShape("its operation is none of create, update, delete")
