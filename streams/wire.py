"""What travels over Kafka: the topics, their keys and partitions, and the records, decoded and encoded in one place.

Everything is JSON (msgspec), state included: readable with kcat, and nothing in a message can run. Mentions themselves
are defined in `detectors.mention`; the records here are Firebreak's own.

Record keys say what a record is, so that a compacted topic keeps the newest of each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from aiokafka.partitioner import murmur2

from detectors.bucket import Cell, RunName
from detectors.signal import Signal, TakenDown
from detectors.text.model import Weights
from playbooks.labels import SampleOrigin


class Topic(StrEnum):
    """Every topic. Whoever makes topics, the compose file and the docs read them from here."""

    MENTIONS = "mentions"
    DEAD = "mentions.dead"
    BUCKETS = "buckets"
    TRIAGE_STATE = "triage-state"
    WATCH_STATE = "watch-state"
    SIGNALS = "signals"
    MODELS = "models"
    SAMPLES = "samples"
    CORRECTIONS = "corrections"
    HOLDS = "holds"


class BadRecord(Exception):
    """A record of Firebreak's own topics that cannot be read: somebody else wrote it. The message holds none of it."""


class StateMismatch(Exception):
    """State of another version than this program reads; the message says both and what to do."""


class _OnlyVersion(msgspec.Struct):
    version: int


T = TypeVar("T")
_version = msgspec.json.Decoder(_OnlyVersion)


def check_version(raw: bytes, wanted: int, topic: str) -> None:
    """Raises `StateMismatch` where a record of state is of another version, `BadRecord` where it has none."""
    found = read_record(_version, raw).version
    if found != wanted:
        raise StateMismatch(
            f"the topic {topic} holds state of version {found}, this program reads {wanted}: run the version that "
            "wrote it, or delete the topic to begin anew"
        )


def read_record(decoder: msgspec.json.Decoder[T], raw: bytes | None) -> T:
    """What is in a record's value; raises `BadRecord`."""
    try:
        return decoder.decode(raw or b"")
    except UnicodeDecodeError as wrong:
        raise BadRecord(f"not UTF-8: {wrong.reason}") from None
    except RecursionError:
        raise BadRecord("nested too deeply") from None
    except msgspec.DecodeError as wrong:
        raise BadRecord(str(wrong)) from None


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's own clients choose it (murmur2).

    >>> partition_of(b"x:1", 4) == partition_of(b"x:1", 4)
    True
    """
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def mention_key(platform: str, post: str) -> bytes:
    """Key of a mention: one post is always in one partition, so that repeats meet.

    >>> mention_key("x", "42")
    b'x:42'
    """
    return f"{platform}:{post}".encode("utf-8", "replace")


# --- heartbeats: records in `mentions` that only move time ------------------------------------------------------

HEARTBEAT_KEY: Final = b"\x00heartbeat"


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat", tag_field="type"):
    """Says that a partition's time is `at_ms` (milliseconds since 1970 UTC) for one run, though nobody spoke.

    `final` ends a replay or drill: all its buckets close, and its state is forgotten.
    """

    run: RunName
    at_ms: int
    final: bool = False


_heartbeat = msgspec.json.Decoder(Heartbeat)
_encode = msgspec.json.Encoder().encode


def encode_heartbeat(run: str, at_ms: int, final: bool = False) -> tuple[bytes, bytes]:
    """Key and value of a heartbeat record; one goes to each partition of `mentions`."""
    return HEARTBEAT_KEY, _encode(Heartbeat(run, at_ms, final))


def decode_heartbeat(value: bytes | None) -> Heartbeat:
    """The heartbeat in a record's value; raises `BadRecord` where it is none."""
    return read_record(_heartbeat, value)


# --- buckets: cells and markers ----------------------------------------------------------------------------------


class Marker(msgspec.Struct, frozen=True, tag="m", array_like=True):
    """An input partition's word: every cell of a bucket whose end and grace lie at or before `at_ms` is sent."""

    run: RunName
    partition: int
    at_ms: int


BucketRecord = Cell | Marker
_bucket_record: msgspec.json.Decoder[BucketRecord] = msgspec.json.Decoder(BucketRecord)


def cell_key(cell: Cell) -> bytes:
    """Key of a cell's record: run, input partition, brand, platform, bucket; the first cell of a key counts.

    >>> cell_key(Cell("", 3, "acme", "x", 10_000))
    b'|3|acme|x|10000'
    """
    return f"{cell.run}|{cell.partition}|{cell.brand}|{cell.platform}|{cell.start_ms}".encode()


def encode_bucket_record(record: BucketRecord) -> bytes:
    """Value of a record in `buckets`."""
    return _encode(record)


def decode_bucket_record(value: bytes | None) -> BucketRecord:
    """What `encode_bucket_record` wrote; raises `BadRecord`."""
    return read_record(_bucket_record, value)


# --- state -------------------------------------------------------------------------------------------------------

TRIAGE_STATE_VERSION: Final = 1


class TriageRun(msgspec.Struct, frozen=True):
    """One run's part of a triage partition's state: its time, when a record last came, and the ids it remembers."""

    run: str
    time_ms: int
    seen_ms: int
    recent: bytes


class TriageState(msgspec.Struct, frozen=True):
    """Where a triage partition starts again, and what it knew there. `offset` is the first record to read."""

    version: int
    partition: int
    offset: int
    runs: tuple[TriageRun, ...]


_triage_state = msgspec.json.Decoder(TriageState)


def encode_triage_state(state: TriageState) -> bytes:
    """Value of a record in `triage-state`; its key is the partition."""
    return _encode(state)


def decode_triage_state(value: bytes) -> TriageState:
    """What `encode_triage_state` wrote; raises `BadRecord`, and `StateMismatch` for another version's."""
    check_version(value, TRIAGE_STATE_VERSION, Topic.TRIAGE_STATE.value)
    return read_record(_triage_state, value)


# --- signals -----------------------------------------------------------------------------------------------------

_signal = msgspec.json.Decoder(Signal)
_taken_down = msgspec.json.Decoder(TakenDown)


class _Typed(msgspec.Struct):
    type: str = ""


_typed = msgspec.json.Decoder(_Typed)


def encode_signal(signal: Signal) -> bytes:
    """Value of a record in `signals`; its key is the brand."""
    return _encode(signal)


def encode_taken_down(gone: TakenDown) -> bytes:
    """Value of a record in `signals`, among the brand's signals: one that came before may quote these posts."""
    return _encode(gone)


def decode_signal(value: bytes | None) -> Signal:
    """What `encode_signal` wrote; raises `BadRecord`."""
    return read_record(_signal, value)


def decode_told(value: bytes | None) -> Signal | TakenDown:
    """What `encode_signal` or `encode_taken_down` wrote; raises `BadRecord`."""
    is_gone = read_record(_typed, value).type == "taken_down"
    return read_record(_taken_down, value) if is_gone else decode_signal(value)


# --- what the text model learns from, and its versions -----------------------------------------------------------


class Sample(msgspec.Struct, frozen=True):
    """A text and whether it is negative, for the trainer."""

    text: str
    negative: bool
    origin: SampleOrigin = SampleOrigin.DISTANT


class ModelVersion(msgspec.Struct, frozen=True):
    """A version of the text model. It scores mentions of buckets that start at or after `from_ms`."""

    version: int
    from_ms: int
    weights: Weights


_sample = msgspec.json.Decoder(Sample)
_model = msgspec.json.Decoder(ModelVersion)


def encode_sample(sample: Sample) -> bytes:
    """Value of a record in `samples` or `corrections`."""
    return _encode(sample)


def decode_sample(value: bytes | None) -> Sample:
    """What `encode_sample` wrote; raises `BadRecord`."""
    return read_record(_sample, value)


def encode_model(model: ModelVersion) -> bytes:
    """Value of a record in `models`; its key is the version."""
    return _encode(model)


def decode_model(value: bytes | None) -> ModelVersion:
    """What `encode_model` wrote; raises `BadRecord`."""
    return read_record(_model, value)


# --- dead letters ------------------------------------------------------------------------------------------------


#: More of an original than this is not kept, so that a dead letter always fits into its topic.
MAX_ORIGINAL_BYTES: Final = 1024 * 1024


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that is no mention: why, where it stood, and the original bytes (base64 in the JSON)."""

    reason: str
    detail: str
    source: str | None
    topic: str
    partition: int
    offset: int
    original: bytes


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """Value of a record in `mentions.dead`; where the original is too long for it, its beginning, and so it says."""
    size = len(letter.original)
    if size > MAX_ORIGINAL_BYTES:
        detail = f"{letter.detail} (the first {MAX_ORIGINAL_BYTES} of {size} bytes)"
        letter = msgspec.structs.replace(letter, original=letter.original[:MAX_ORIGINAL_BYTES], detail=detail)
    return _encode(letter)
