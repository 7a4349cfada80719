"""A file of mentions as the records of a replay: made from the file alone, so that every replay of it is the same.

`firebreak replay` sends these records to Kafka and `firebreak backtest` reads them in memory; because they are the same
records in the same partitions, both see the same signals.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from detectors.bucket import END_OF_RUN_MS
from detectors.mention import BadMention, Mention, decode_mention, encode_mention
from streams.wire import encode_heartbeat, mention_key, partition_of

#: Event time between two heartbeats of a replay.
BEAT_MS: Final = 60_000
#: How much of a line that is no mention decides where it goes.
_PLACED_BY_BYTES: Final = 64


class Line(NamedTuple):
    """One line of a file: the raw bytes, and the mention in it or None where there is none."""

    raw: bytes
    mention: Mention | None


class Sent(NamedTuple):
    """One record for `mentions`. `at_ms` is how far the replay is, in event time; heartbeats are no mentions."""

    partition: int
    key: bytes
    value: bytes
    at_ms: int
    mentions: int
    bad: int


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a file, empty ones left out.

    >>> [line.mention for line in read_lines([b"", b"rubbish"])]
    [None]
    """
    for raw in lines:
        text = raw.strip()
        if text:
            try:
                yield Line(text, decode_mention(text))
            except BadMention:
                yield Line(text, None)


def merged(files: Sequence[Iterable[Line]]) -> Iterator[Line]:
    """Several files as one stream: each keeps its own order, and where one is ahead in time the others come first."""
    if len(files) == 1:
        return iter(files[0])
    return (line for _, _, line in heapq.merge(*(_timed(file, number) for number, file in enumerate(files))))


def _timed(file: Iterable[Line], number: int) -> Iterator[tuple[int, tuple[int, int], Line]]:
    newest_ms = 0
    for place, line in enumerate(file):
        if line.mention is not None:
            newest_ms = max(newest_ms, line.mention.created_ms)
        yield newest_ms, (number, place), line


def replay_records(lines: Iterable[Line], run: str, partitions: int, latest_ms: int = END_OF_RUN_MS) -> Iterator[Sent]:
    """The records of a replay, in order, each marked with `run`.

    At each minute of event time that the newest mention reaches, every partition gets a heartbeat, and a final one at
    the end, which closes what is open and ends the run. A line that is no mention goes through as it is, so that triage
    sets it aside with its reason. So does a mention that says it is later than `latest_ms`, but time does not follow
    it: one wrong date would leave every mention after it too old.

    >>> [sent.partition for sent in replay_records([], "replay-x", 2)]
    [0, 1]
    """
    newest_ms = beaten_ms = 0
    for line in lines:
        if line.mention is None:
            yield Sent(partition_of(line.raw[:_PLACED_BY_BYTES], partitions), b"", line.raw, newest_ms, 0, 1)
            continue
        mention = msgspec.structs.replace(line.mention, run=run)
        if mention.created_ms <= latest_ms:
            newest_ms = max(newest_ms, mention.created_ms)
        reached_ms = newest_ms - newest_ms % BEAT_MS
        if reached_ms > beaten_ms:
            yield from _beats(run, reached_ms, partitions, newest_ms)
            beaten_ms = reached_ms
        key = mention_key(mention.platform, mention.id)
        yield Sent(partition_of(key, partitions), key, encode_mention(mention), newest_ms, 1, 0)
    yield from _beats(run, newest_ms, partitions, newest_ms, final=True)


def _beats(run: str, at_ms: int, partitions: int, newest_ms: int, final: bool = False) -> Iterator[Sent]:
    key, value = encode_heartbeat(run, at_ms, final)
    for partition in range(partitions):
        yield Sent(partition, key, value, newest_ms, 0, 0)
