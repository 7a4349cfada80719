"""The demo's play and progress, without starting it."""

from __future__ import annotations

import io
import socket
from contextlib import closing
from itertools import islice

import pytest
from rich.console import Console

from streams.brokers.broker import LOOPBACK, free_port
from streams.demo.play import Player, Script, script
from streams.demo.ports import Ports
from streams.demo.telling import Telling
from streams.produce import MentionProducer, Record
from streams.settings import KafkaSettings
from streams.simulation.telling import simulate
from streams.wire import HEARTBEAT_KEY

HOUR_MS = 3_600_000
MONDAY_MS = 1_767_571_200_000
SOME_TIMES = [MONDAY_MS, MONDAY_MS + 9 * HOUR_MS + 1_234_567, MONDAY_MS + 125 * HOUR_MS + 59_999]


def played(play: Script) -> list[tuple[int, str, str]]:
    """The first mentions, by what would differ if the play did."""
    first = islice(simulate(play.scenario), 2000)
    return [(mention.created_ms - play.crisis_ms, mention.platform, mention.body) for mention in first]


def test_the_play_is_the_same_at_any_time_of_any_day() -> None:
    first, *others = [played(script("acme", "drill-demo-1", 1, now_ms)) for now_ms in SOME_TIMES]
    assert all(other == first for other in others)


@pytest.mark.parametrize("now_ms", SOME_TIMES)
def test_the_crisis_lies_in_the_past_at_a_half_hour_after_two_whole_weeks(now_ms: int) -> None:
    play = script("acme", "drill-demo-1", 1, now_ms)
    assert play.crisis_ms % (HOUR_MS // 2) == 0
    assert HOUR_MS <= now_ms - play.crisis_ms < 2 * HOUR_MS
    assert play.live_ms - play.scenario.start_ms == 14 * 24 * HOUR_MS


class Taken(MentionProducer):
    """A producer that keeps what it is given."""

    def __init__(self, kafka: KafkaSettings) -> None:
        super().__init__(kafka)
        self.records: list[Record] = []

    async def send(self, records: object) -> None:
        """Keep `records`."""
        assert isinstance(records, list)
        self.records += records


async def test_what_lies_before_the_crisis_is_played_whole_with_time_moving_in_every_partition() -> None:
    kafka = KafkaSettings(mentions_partitions=3)
    play = script("acme", "drill-demo-1", 1, MONDAY_MS)
    player, producer, told = Player(play, kafka), Taken(kafka), []
    await player.history(producer, lambda: told.append(player.at_ms))
    beats = [record for record in producer.records if record.key == HEARTBEAT_KEY]
    assert len(producer.records) - len(beats) == player.mentions > 40_000
    assert {record.partition for record in beats} == {0, 1, 2}
    assert player.first_crisis_ms is None
    assert told == sorted(told)


def test_a_step_is_told_by_its_first_and_its_last_word_where_nothing_can_move() -> None:
    out = io.StringIO()
    with Telling(Console(file=out, width=20)).step("Learning [what]") as tell:
        for day in range(15):
            tell(f"{day} of 14 days, and so on and on", day / 14)
    assert out.getvalue().splitlines() == [
        "Learning [what]: 0 of 14 days, and so on and on (0 s)",
        "Learning [what]: 14 of 14 days, and so on and on (0 s)",
    ]


def test_a_port_that_is_free_is_taken_and_one_that_is_not_is_passed_by() -> None:
    wanted = free_port()
    with closing(Ports()) as first, closing(Ports()) as second:
        assert first.near(wanted) == wanted
        assert second.near(wanted) != wanted, "another demo is about to listen there"
    with closing(Ports()) as later, socket.create_server((LOOPBACK, wanted)):
        assert later.near(wanted) != wanted, "somebody listens there"
