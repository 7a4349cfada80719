"""The mention: one public post about a brand, decoded once at the edge and trusted from there on."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from detectors.pattern_words import in_words

MAX_RECORD_BYTES = 256 * 1024
MAX_TEXT_CHARS = 10_000

# `\Z` and not `$`, which also matches before a line break at the end.
PlatformName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}\Z")]
BrandName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
RunId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{1,120}\Z")]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Link = Annotated[str, msgspec.Meta(max_length=4096)]
Links = Annotated[tuple[Link, ...], msgspec.Meta(max_length=64)]
# No platform gives an id a line break or another control character; it would stand in log lines and on pages.
PostId = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class Fault(StrEnum):
    """Why a record is not a mention. The same word is the metric label, the log field and the dead letter's reason."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    NOT_AN_OBJECT = "not_an_object"
    WRONG_SHAPE = "wrong_shape"
    CONTROL_CHARACTER = "control_character"
    UNKNOWN_BRAND = "unknown_brand"
    FUTURE = "future"
    BEFORE_HORIZON = "before_horizon"
    TOO_MANY_RUNS = "too_many_runs"
    TOO_MANY_BRANDS = "too_many_brands"
    RUN_ENDED = "run_ended"
    NOT_TAKEN = "not_taken"


class BadMention(Exception):
    """A record that cannot be a mention; it goes to the dead letters with `fault` and `detail`.

    `detail` is for a person and holds no text of the post.
    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault = fault
        self.detail = detail


class Author(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who wrote a post, as far as the platform says."""

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: Count | None = None
    created_at: Timestamp | None = None
    verified: bool | None = None
    bot: bool | None = None


class Mention(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One public post about one brand.

    `platform`, `id` and `brand` together identify it: a post about two brands is two mentions. `created_at` is event
    time and carries an offset. `run` is the drill or replay it belongs to; absent means live. `deleted` says the post
    is gone from its platform, and then needs no text. Unknown fields are ignored.

    >>> raw = b'{"id":"1","platform":"x","brand":"acme","text":"hm","created_at":"2026-01-05T09:00:00Z"}'
    >>> decode_mention(raw).brand
    'acme'
    """

    id: PostId
    platform: PlatformName
    brand: BrandName
    created_at: Timestamp
    text: Text | msgspec.UnsetType = msgspec.UNSET
    author: Author | None = None
    lang: Label | None = None
    url: Link | None = None
    links: Links = ()
    reply_to: PostId | None = None
    repost_of: PostId | None = None
    reach: Count | None = None
    own: bool = False
    source: Label | None = None
    run: RunId | None = None
    deleted: bool = False

    @property
    def created_ms(self) -> int:
        """Event time in milliseconds since 1970 UTC."""
        return int(self.created_at.timestamp() * 1000)

    @property
    def body(self) -> str:
        """The text; empty for a deletion that came without one."""
        return self.text if isinstance(self.text, str) else ""


_decode = msgspec.json.Decoder(Mention).decode
encode_mention = msgspec.json.Encoder().encode


def decode_mention(raw: bytes | None) -> Mention:
    """Turn a record's value into a `Mention`, or raise `BadMention` that says what is wrong with it.

    >>> decode_mention(b"[]")
    Traceback (most recent call last):
    detectors.mention.BadMention: not_an_object: found array, a mention is one JSON object
    """
    if not raw:
        raise BadMention(Fault.EMPTY, "the record has no value")
    if len(raw) > MAX_RECORD_BYTES:
        raise BadMention(Fault.TOO_LARGE, f"{len(raw)} bytes, allowed are {MAX_RECORD_BYTES}")
    try:
        mention = _decode(raw)
    except msgspec.ValidationError as wrong:
        raise _shape_fault(str(wrong)) from None
    except msgspec.DecodeError as wrong:
        raise BadMention(Fault.NOT_JSON, str(wrong)) from None
    except UnicodeDecodeError as wrong:
        raise BadMention(Fault.NOT_UTF8, f"byte {wrong.start}: {wrong.reason}") from None
    except RecursionError:
        raise BadMention(Fault.WRONG_SHAPE, "nested too deeply") from None
    if mention.text is msgspec.UNSET and not mention.deleted:
        raise BadMention(Fault.WRONG_SHAPE, "Object missing required field `text`")
    if b"\\u0000" in raw:
        _refuse_nul(mention)
    return mention


def _shape_fault(message: str) -> BadMention:
    if message.startswith("Expected `object`") and "at `$" not in message:
        found = message.rpartition("got ")[2].strip("`")
        return BadMention(Fault.NOT_AN_OBJECT, f"found {found}, a mention is one JSON object")
    return BadMention(Fault.WRONG_SHAPE, in_words(message))


def _refuse_nul(mention: Mention) -> None:
    # No store or terminal takes a NUL; the check runs only where the raw record could hold one.
    if _holds_nul(msgspec.to_builtins(mention)):
        raise BadMention(Fault.CONTROL_CHARACTER, "a NUL character in one of the fields")


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(map(_holds_nul, value.values()))
        case list() | tuple():
            return any(map(_holds_nul, value))
        case _:
            return False


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware datetime.

    >>> to_ms(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000
    """
    return int(moment.timestamp() * 1000)


def rfc3339(at_ms: int) -> str:
    """A moment in milliseconds as RFC 3339 in UTC, as every output prints it.

    >>> rfc3339(1500)
    '1970-01-01T00:00:01.500Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
