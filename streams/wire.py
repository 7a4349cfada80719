"""What travels over Kafka: the topics, their keys and partitions, and the records, decoded and encoded in one place.

Everything is JSON (msgspec), state included: readable with kcat, and nothing in a message can run. Mentions themselves
are defined in `detectors.mention`; the records here are Firebreak's own.

Record keys say what a record is, so that a compacted topic keeps the newest of each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from aiokafka.partitioner import murmur2

from detectors.bucket import Cell
from detectors.signal import Signal
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

    run: str
    at_ms: int
    final: bool = False


_heartbeat = msgspec.json.Decoder(Heartbeat)
_encode = msgspec.json.Encoder().encode


def encode_heartbeat(run: str, at_ms: int, final: bool = False) -> tuple[bytes, bytes]:
    """Key and value of a heartbeat record; one goes to each partition of `mentions`."""
    return HEARTBEAT_KEY, _encode(Heartbeat(run, at_ms, final))


def decode_heartbeat(value: bytes) -> Heartbeat:
    """The heartbeat in a record's value; raises `msgspec.DecodeError` (or its `ValidationError`) where it is none."""
    return _heartbeat.decode(value)


# --- buckets: cells and markers ----------------------------------------------------------------------------------


class Marker(msgspec.Struct, frozen=True, tag="m", array_like=True):
    """An input partition's word: every cell of a bucket whose end and grace lie at or before `at_ms` is sent."""

    run: str
    partition: int
    at_ms: int


BucketRecord = Cell | Marker
_bucket_record = msgspec.json.Decoder(BucketRecord)


def encode_bucket_record(record: BucketRecord) -> bytes:
    """Value of a record in `buckets`."""
    return _encode(record)


def decode_bucket_record(value: bytes) -> BucketRecord:
    """What `encode_bucket_record` wrote."""
    record: BucketRecord = _bucket_record.decode(value)
    return record


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
    """What `encode_triage_state` wrote."""
    return _triage_state.decode(value)


# --- signals -----------------------------------------------------------------------------------------------------

_signal = msgspec.json.Decoder(Signal)


def encode_signal(signal: Signal) -> bytes:
    """Value of a record in `signals`; its key is the brand."""
    return _encode(signal)


def decode_signal(value: bytes) -> Signal:
    """What `encode_signal` wrote."""
    return _signal.decode(value)


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


def decode_sample(value: bytes) -> Sample:
    """What `encode_sample` wrote."""
    return _sample.decode(value)


def encode_model(model: ModelVersion) -> bytes:
    """Value of a record in `models`; its key is the version."""
    return _encode(model)


def decode_model(value: bytes) -> ModelVersion:
    """What `encode_model` wrote."""
    return _model.decode(value)


# --- dead letters ------------------------------------------------------------------------------------------------


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
    """Value of a record in `mentions.dead`."""
    return _encode(letter)
