"""The topic `holds` on a real broker: there within a second of the commit, and released; the newest record counts."""

from __future__ import annotations

import asyncio
import time

import msgspec
from sqlalchemy import Engine, update

from playbooks.labels import Role
from playbooks.store import schema
from playbooks.store.engine import writing
from playbooks.store.holds import holds
from streams.brokers.broker import Broker
from streams.holds_topic import HoldRecord, publish_holds
from streams.produce import MentionProducer
from streams.settings import KafkaSettings
from streams.topics import ensure_topics
from streams.wire import Topic
from tests.parts.due_actions import INCIDENT, put
from tests.parts.topic_records import records_of


def place(store: Engine, hold_id: str) -> None:
    put(store)
    with writing(store) as conn:
        holds.place(
            conn,
            hold_id=hold_id,
            incident=INCIDENT,
            run="",
            brand="acme",
            platform=None,
            reason="A storm",
            releasers_needed=1,
            placed_ms=1_000,
            recorded_ms=1_000,
        )


async def newest(kafka: KafkaSettings) -> dict[str, HoldRecord]:
    """What a job knows that has read the topic from its beginning."""
    found = (await records_of(kafka, Topic.HOLDS))[0]
    told = [msgspec.json.decode(record.value, type=HoldRecord) for record in found if record.value is not None]
    return {each.hold: each for each in told}


async def test_a_hold_is_told_within_a_second_and_its_release_too(store: Engine, empty_embedded_broker: Broker) -> None:
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    await asyncio.to_thread(ensure_topics, kafka)
    async with MentionProducer(kafka, Role.RESPOND) as producer:
        telling = asyncio.create_task(publish_holds(store, producer, lambda: 10_000))
        try:
            place(store, "hold-1")
            begun = time.monotonic()
            while "hold-1" not in await newest(kafka):
                assert time.monotonic() - begun < 5
            assert (await newest(kafka))["hold-1"].in_force
            with writing(store) as conn:
                conn.execute(update(schema.holds).values(released_ms=5_000))
            while (await newest(kafka))["hold-1"].in_force:
                assert time.monotonic() - begun < 10
        finally:
            telling.cancel()
    async with MentionProducer(kafka, Role.RESPOND) as producer:
        again = asyncio.create_task(publish_holds(store, producer, lambda: 10_000))
        while len(found := (await records_of(kafka, Topic.HOLDS))[0]) < 3:  # said again at its start
            assert time.monotonic() - begun < 20
        again.cancel()
    assert found[-1].value == found[-2].value
    assert not (await newest(kafka))["hold-1"].in_force
