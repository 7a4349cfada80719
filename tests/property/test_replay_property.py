"""The records of a replay: made from the file alone, whatever is in it and however it is read."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from detectors.mention import decode_mention
from streams.sources.jsonl import BEAT_MS, Sent, read_lines, replay_records
from streams.sources.lines import CUT_BYTES, Lines
from streams.wire import HEARTBEAT_KEY, Heartbeat, decode_heartbeat
from tests.parts.mentions import line

PARTITIONS = 3
BEGIN_MS = 1_424_000_000_000

_lines = st.lists(
    st.builds(line, st.integers(0, 50), st.integers(BEGIN_MS, BEGIN_MS + 20 * BEAT_MS))
    | st.binary(max_size=10).map(lambda raw: raw.replace(b"\n", b"")),
    max_size=30,
)


class Pipe(BytesIO):
    """Gives its bytes in pieces of the sizes that are said, then as they come."""

    def __init__(self, whole: bytes, sizes: list[int]) -> None:
        super().__init__(whole)
        self._sizes: Iterator[int] = iter(sizes)

    def read1(self, size: int | None = -1, /) -> bytes:
        """At most the next size said."""
        return super().read1(next(self._sizes, size))


def records(raw: list[bytes]) -> list[Sent]:
    return list(replay_records(read_lines(raw), "replay-x", PARTITIONS))


@given(_lines)
def test_the_same_file_gives_the_same_records(raw: list[bytes]) -> None:
    assert records(raw) == records(raw)


@given(_lines)
def test_every_line_is_one_record_and_mentions_are_marked(raw: list[bytes]) -> None:
    sent = [record for record in records(raw) if record.key != HEARTBEAT_KEY]
    lines = [one for one in raw if one.strip()]
    assert len(sent) == len(lines)
    assert sum(record.mentions + record.bad for record in sent) == len(lines)
    for record, one in zip(sent, lines, strict=True):
        if record.mentions:
            marked = decode_mention(record.value)
            assert marked.run == "replay-x"
            assert (marked.id, marked.created_at) == (decode_mention(one).id, decode_mention(one).created_at)
        else:
            assert record.value == one.strip()


def _beats(sent: list[Sent], partition: int) -> list[Heartbeat]:
    mine = [record for record in sent if record.partition == partition and record.key == HEARTBEAT_KEY]
    return [decode_heartbeat(record.value) for record in mine]


@given(_lines)
def test_every_partition_hears_the_same_time_which_only_grows_and_ends_once(raw: list[bytes]) -> None:
    sent = records(raw)
    beats = _beats(sent, 0)
    assert all(_beats(sent, partition) == beats for partition in range(PARTITIONS))
    assert [beat.at_ms for beat in beats] == sorted(beat.at_ms for beat in beats)
    assert [beat.final for beat in beats] == [False] * (len(beats) - 1) + [True]
    times = [decode_mention(record.value).created_ms for record in sent if record.mentions]
    assert {beat.at_ms for beat in beats[:-1]} <= {time - time % BEAT_MS for time in times}
    assert beats[-1].at_ms == max(times, default=0)


@given(_lines)
def test_a_mention_never_comes_before_the_heartbeat_of_its_minute(raw: list[bytes]) -> None:
    heard = dict.fromkeys(range(PARTITIONS), 0)
    for record in records(raw):
        if record.key == HEARTBEAT_KEY:
            heard[record.partition] = decode_heartbeat(record.value).at_ms
        elif record.mentions:
            created_ms = decode_mention(record.value).created_ms
            assert heard[record.partition] >= created_ms - created_ms % BEAT_MS


@given(_lines, st.integers(BEGIN_MS + 30 * BEAT_MS, 2**42), st.data())
def test_a_mention_from_the_future_goes_through_and_moves_no_time(
    raw: list[bytes], wrong_ms: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(raw)))
    latest_ms = BEGIN_MS + 30 * BEAT_MS - 1
    spoilt = [*raw[:place], line(99, wrong_ms), *raw[place:]]
    sent = list(replay_records(read_lines(spoilt), "replay-x", PARTITIONS, latest_ms))
    without = [record for record in sent if record.mentions == 0 or decode_mention(record.value).id != "99"]
    assert without == records(raw)
    assert len(sent) == len(without) + 1


@given(_lines, st.lists(st.integers(1, 40), max_size=100))
def test_lines_are_the_same_however_the_pipe_cuts_them(raw: list[bytes], sizes: list[int]) -> None:
    whole = b"\n".join(raw)
    assert list(Lines(Pipe(whole, sizes))) == list(Lines(BytesIO(whole)))
    assert [one for one in Lines(BytesIO(whole)) if one] == [one for one in raw if one]


@given(_lines, st.integers(1, 40))
def test_a_line_is_never_waited_for_that_is_there_already(raw: list[bytes], size: int) -> None:
    lines = Lines(Pipe(b"\n".join(raw), [size] * 10_000))
    found = []
    while True:
        while lines.waits:
            lines.read()
        if (one := next(lines, None)) is None:
            break
        found.append(one)
    assert [one for one in found if one] == [one for one in raw if one]


def test_a_line_longer_than_a_record_is_cut_where_it_is_still_too_long() -> None:
    whole = b"a" * (3 * CUT_BYTES) + b"\nshort\n" + b"b" * (2 * CUT_BYTES)
    assert [len(one) for one in Lines(BytesIO(whole))] == [CUT_BYTES, 5, CUT_BYTES]
