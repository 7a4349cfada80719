"""A drill touches nothing of life: no baseline, no post, nobody who did not agree; whatever comes between what."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.run import Drill
from playbooks.labels import Channel
from playbooks.oncall.people import reach
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import Person
from streams.deciding.closing import PartitionWatch
from streams.deciding.gather import Gathered, Record
from streams.deciding.watch_state import BrandSnapshot, encode_snapshot
from streams.wire import BucketRecord
from tests.parts.holding import hold
from tests.parts.stream_records import T0, S, Sent, accepted, beat, joined, on_tape, said, triage

Place = tuple[str, int, str, str, int]

RUN = "drill-burst-1"
TEXTS = ("I love it", "this is a disgrace, never again", "hm")
PEOPLE = ("ada", "bo", "cy", "dee")
ADDRESSES = {Channel.EMAIL: lambda person: person.email, Channel.SMS: lambda person: person.sms}

moments = st.integers(0, 900).map(lambda second: T0 + second * S)
in_life = st.builds(
    lambda number, at_ms, text, brand: said(number, at_ms, recorded_ms=T0 + 1000 * S, text=text, brand=brand),
    st.integers(0, 30),
    moments,
    st.sampled_from(TEXTS),
    st.sampled_from(["acme", "bolt"]),
) | st.builds(lambda at_ms: beat(at_ms, recorded_ms=T0 + 1000 * S), moments)
in_drill = st.builds(
    lambda number, at_ms, text: said(number, at_ms, recorded_ms=T0 + 1000 * S, text=text, run=RUN),
    st.integers(0, 30),
    moments,
    st.sampled_from(TEXTS),
) | st.builds(lambda at_ms, final: beat(at_ms, RUN, final, recorded_ms=T0 + 1000 * S), moments, st.booleans())
ENDS = beat(T0 + 1000 * S, recorded_ms=T0 + 1000 * S)


def gathered(sent: Sequence[Sent], fold: int) -> Gathered:
    """What triage brings of these records, some at once."""
    made, tape = triage(), on_tape([*sent, ENDS])
    return joined(made.fold(_fold(tape, at, fold)) for at in range(0, len(tape), fold))


def _fold(tape: list[Record], at: int, size: int) -> list[Record]:
    return tape[at : at + size]


def of_life(found: Gathered) -> tuple[dict[Place, bytes], dict[tuple[str, int], int]]:
    """The cells and the last markers that belong to no run, as watch accepts them."""
    taken = accepted([found])
    cells = {place: cell for place, cell in taken.cells.items() if not place[0]}
    return cells, {place: at_ms for place, at_ms in taken.markers.items() if not place[0]}


def baselines(found: Gathered) -> list[bytes]:
    """What the watch remembers of life's brands afterwards, apart from where in its topic it stands."""
    watch = PartitionWatch(1)
    records: list[BucketRecord] = [*found.cells, *found.markers]
    for offset, record in enumerate(records):
        watch.take(offset, record)
    parts = [watch.snapshot(run, brand) for run, brand in watch.parts() if not run and brand]
    return [encode_snapshot(replace(part, position=0)) for part in parts if isinstance(part, BrandSnapshot)]


@settings(deadline=None)
@given(
    tape=st.lists(st.tuples(st.booleans(), in_life, in_drill), max_size=40),
    fold=st.integers(1, 20),
)
def test_life_is_gathered_and_remembered_as_if_there_were_no_drill(
    tape: list[tuple[bool, Sent, Sent]], fold: int
) -> None:
    mixed = [life if is_life else drill for is_life, life, drill in tape]
    alone = [life for is_life, life, _ in tape if is_life]
    with_drill, without = gathered(mixed, fold), gathered(alone, fold)
    assert of_life(with_drill) == of_life(without)
    assert baselines(with_drill) == baselines(without)


@given(st.dictionaries(st.sampled_from(PEOPLE), st.booleans()), st.lists(st.sampled_from(PEOPLE), unique=True))
def test_a_drill_is_sent_to_those_who_agreed_and_written_down_for_the_others(
    agreed: dict[str, bool], role: list[str]
) -> None:
    people = {
        key: Person(name=key, email=f"{key}@example.org", sms="+15005550006", drills=yes) for key, yes in agreed.items()
    }
    house = PlaybookSettings(people=people, roles={"on-call": tuple(key for key in role if key in people)})
    found = reach(Drill(RUN), "on-call", house, ADDRESSES)
    assert {contact.person for contact in found.to_send} == {key for key in role if agreed.get(key)}
    assert {contact.person for contact in found.to_record} == {key for key in role if agreed.get(key) is False}


@given(
    st.sampled_from(["", "drill-other", "replay-1", None]),
    st.sampled_from(["acme", "bolt", None]),
    st.sampled_from(["x", "bluesky", None]),
    st.none() | st.sampled_from(["x", "bluesky"]),
)
def test_a_hold_of_a_drill_covers_no_post_that_does_not_name_the_drill(
    run: str | None, brand: str | None, platform: str | None, held: str | None
) -> None:
    placed = hold(run=RUN, platform=held)
    assert not placed.covers(brand, platform, run)
    assert placed.covers("acme", held, RUN)
