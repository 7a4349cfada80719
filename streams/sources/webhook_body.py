"""The body of a webhook request, read: one mention, or one on each line; what is wrong with a line is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from detectors.mention import BadMention, Fault, Mention, decode_mention

#: More lines than this do not all hold a mention in 256 KiB.
MAX_LINES: Final = 4_000
SOURCE: Final = "webhook"


class Rejected(msgspec.Struct, frozen=True):
    """A line (from 1) that is no mention, and why; `detail` holds nothing of the post."""

    line: int
    fault: Fault
    detail: str


class Batch(msgspec.Struct, frozen=True):
    """What a body holds."""

    mentions: tuple[Mention, ...]
    rejected: tuple[Rejected, ...] = ()


class TooManyLines(Exception):
    """The body has more lines than can be mentions."""


class Allowed(msgspec.Struct, frozen=True):
    """The times that triage would take at `now_ms`: others would be answered with a yes and end as dead letters."""

    now_ms: int
    future_ms: int
    horizon_ms: int

    def check(self, mention: Mention) -> None:
        """Raises `BadMention` where triage would, for a mention that came at `now_ms`.

        How old a drill's or replay's may be follows from its own time, which only triage knows.
        """
        ahead_ms = mention.created_ms - self.now_ms
        if ahead_ms > self.future_ms:
            raise BadMention(Fault.FUTURE, f"{ahead_ms // 1000} s ahead of the time here")
        if not mention.run and -ahead_ms > self.horizon_ms:
            raise BadMention(Fault.BEFORE_HORIZON, f"{-ahead_ms // 3_600_000} h old")


def read_body(body: bytes, brands: Collection[str] | None, allowed: Allowed | None = None) -> Batch:
    """The mentions in a body and the lines that are none; `brands` None takes every brand,
    `allowed` None every time.

    A mention without a `source` gets this one's name. An object written over several lines is one mention. Raises
    `TooManyLines`.

    >>> one = b'{"id":"1","platform":"x","brand":"acme","text":"hm","created_at":"2026-01-05T09:00:00Z"}'
    >>> [mention.source for mention in read_body(one, {"acme"}).mentions]
    ['webhook']
    >>> read_body(one + b"\\n[]", None).rejected[0].fault
    <Fault.NOT_AN_OBJECT: 'not_an_object'>
    """
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if len(lines) > MAX_LINES:
        raise TooManyLines
    if not lines or _is_one_value(body):
        lines = [(1, body.strip())]
    mentions: list[Mention] = []
    rejected: list[Rejected] = []
    for number, line in lines:
        try:
            mentions.append(_mention(line, brands, allowed))
        except BadMention as wrong:
            rejected.append(Rejected(number, wrong.fault, wrong.detail))
    return Batch(tuple(mentions), tuple(rejected))


def _mention(line: bytes, brands: Collection[str] | None, allowed: Allowed | None) -> Mention:
    mention = decode_mention(line)
    if brands is not None and mention.brand not in brands:
        raise BadMention(Fault.UNKNOWN_BRAND, "this brand is not in the settings")
    if allowed is not None:
        allowed.check(mention)
    return mention if mention.source is not None else msgspec.structs.replace(mention, source=SOURCE)


def _is_one_value(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
