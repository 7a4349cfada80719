"""Respond and the store: an outage is waited for, a signal that can never be taken is set aside and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from detectors.mention import Fault
from detectors.signal import Signal, TakenDown
from playbooks.content.schema import PlaybookError
from playbooks.labels import SignalDecision
from playbooks.store.engine import StoreUnreachable
from streams.agents import taking
from streams.agents.dead import dead_record
from streams.agents.taking import TRIES, NotTaken, Taker
from streams.deciding.gather import Record
from streams.wire import BadRecord, Topic
from tests.parts.signals import a_signal

GONE = PlaybookError(Path("complaint-storm/1.0.0.yaml"), 1, "an open incident was opened with it; put that file back")


class Store:
    """Raises what it is told, one after the other, and then takes everything; `waits` is what was waited for."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.taken: list[str] = []
        self.waits: list[list[str]] = []

    def take(self, signals: Sequence[Signal]) -> list[SignalDecision]:
        """Take signals, or not."""
        if self.faults:
            raise self.faults.pop(0)
        self.taken += [signal.id for signal in signals]
        return [SignalDecision.OPENED for _ in signals]

    def erase(self, gone: TakenDown) -> int:
        """Erase posts, or not."""
        if self.faults:
            raise self.faults.pop(0)
        return len(gone.posts)


@pytest.fixture
def front_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], Taker]:
    """A taker in front of a store, whose pauses take no time."""

    def made(store: Store) -> Taker:
        taker = Taker(store.take, store.erase)

        async def no_pause(*_: object) -> None:
            store.waits.append(taker.not_ready())

        monkeypatch.setattr(taking, "pause", no_pause)
        return taker

    return made


def broken(kind: type[IntegrityError | ProgrammingError | DataError], said: str) -> Exception:
    return kind("INSERT", {}, Exception(f"{said}\nDETAIL: what was to be written"))


def test_an_outage_is_waited_for_and_said_to_be_one(front_of: Callable[[Store], Taker]) -> None:
    store = Store(*[StoreUnreachable("away")] * 10)
    taker = front_of(store)
    assert asyncio.run(taker.take(a_signal())) is SignalDecision.OPENED
    assert store.waits == [["the store does not answer (StoreUnreachable)"]] * 10
    assert taker.not_ready() == []


def test_a_store_that_answers_and_refuses_everything_is_waited_for_in_other_words(
    front_of: Callable[[Store], Taker],
) -> None:
    store = Store(*[broken(ProgrammingError, 'column "body" does not exist')] * 10)
    asyncio.run(front_of(store).take(a_signal()))
    [said] = store.waits[0]
    assert "answers and refuses" in said
    assert 'column "body" does not exist' in said
    assert "DETAIL" not in said


def test_a_signal_that_breaks_a_rule_is_set_aside_after_a_few_tries_and_the_next_is_taken(
    front_of: Callable[[Store], Taker],
) -> None:
    store = Store(*[broken(IntegrityError, "CHECK constraint failed: severity")] * TRIES)
    taker = front_of(store)
    with pytest.raises(NotTaken, match=r"CHECK constraint failed: severity$"):
        asyncio.run(taker.take(a_signal("sig-1")))
    assert len(store.waits) == TRIES - 1
    asyncio.run(taker.take(a_signal("sig-2")))
    assert store.taken == ["sig-2"]


def test_two_that_met_once_are_no_fault_of_the_signal(front_of: Callable[[Store], Taker]) -> None:
    store = Store(broken(IntegrityError, "UNIQUE constraint failed"))
    asyncio.run(front_of(store).take(a_signal("sig-1")))
    assert store.taken == ["sig-1"]


def test_a_playbook_that_is_gone_holds_up_its_brand_alone_and_readiness_says_so(
    front_of: Callable[[Store], Taker],
) -> None:
    store = Store(GONE)
    taker = front_of(store)
    with pytest.raises(NotTaken, match=r"complaint-storm/1\.0\.0\.yaml.*put that file back"):
        asyncio.run(taker.take(a_signal("sig-1", brand="acme")))
    asyncio.run(taker.take(a_signal("sig-2", brand="other")))
    [said] = taker.not_ready()
    assert "brand acme" in said
    assert "put that file back" in said
    asyncio.run(taker.take(a_signal("sig-3", brand="acme")))
    assert taker.not_ready() == []
    assert store.taken == ["sig-2", "sig-3"]


@pytest.mark.parametrize(("wrong", "reason"), [(NotTaken("x"), Fault.NOT_TAKEN), (BadRecord("x"), Fault.WRONG_SHAPE)])
def test_a_dead_letter_says_whether_it_could_be_read(wrong: BadRecord, reason: Fault) -> None:
    assert dead_record(Topic.SIGNALS, 0, Record(0, 0, b"", b"{}"), wrong).key == reason.value.encode()


@pytest.mark.parametrize("fault", [StoreUnreachable("away"), GONE, OverflowError(), broken(IntegrityError, "twice")])
async def test_what_is_in_the_way_of_several_signals_is_left_for_each_to_say(
    front_of: Callable[[Store], Taker], fault: Exception
) -> None:
    store = Store(fault)
    taker = front_of(store)
    some = [a_signal("sig-1"), a_signal("sig-2")]
    assert await taker.take_together(some) is None
    assert store.taken == []
    assert await taker.take_together(some) == [SignalDecision.OPENED] * 2


def test_what_is_gone_waits_for_the_store_like_any_signal(front_of: Callable[[Store], Taker]) -> None:
    store = Store(*[StoreUnreachable("away")] * 3)
    taker = front_of(store)
    assert asyncio.run(taker.take_down(TakenDown("", "acme", "x", ("1", "2"), 0))) == 2
    assert store.waits == [["the store does not answer (StoreUnreachable)"]] * 3
    assert taker.not_ready() == []


def test_what_is_gone_and_no_store_takes_is_set_aside(front_of: Callable[[Store], Taker]) -> None:
    with pytest.raises(NotTaken):
        asyncio.run(front_of(Store(broken(DataError, "no such text"))).take_down(TakenDown("", "acme", "x", ("1",), 0)))
