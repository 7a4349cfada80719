"""Following the topic `models`: every version that was ever published first, then each new one as it comes."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from playbooks import telemetry
from playbooks.background import beside
from playbooks.labels import Role, WaitCause
from streams.deciding.models import Models
from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import BadRecord, Topic, decode_model

log = logging.getLogger(__name__)

_RETRY_S: Final = 1.0
_PLACE: Final = TopicPartition(Topic.MODELS.value, 0)


@asynccontextmanager
async def following_models(kafka: KafkaSettings, models: Models) -> AsyncIterator[None]:
    """Keep `models` current while the block runs; the block begins when all that is published is known."""
    caught_up = asyncio.Event()
    async with beside(_follow(kafka, models, caught_up), "follow-models"):
        await caught_up.wait()
        yield


async def _follow(kafka: KafkaSettings, models: Models, caught_up: asyncio.Event) -> None:
    while True:
        try:
            await _read(kafka, models, caught_up)
        except (KafkaError, OSError) as away:
            telemetry.SURROUNDINGS_WAITS.labels(role=Role.TRIAGE, cause=WaitCause.MODEL).inc()
            log.warning("waiting for the text model's versions: %s", type(away).__name__)
            await asyncio.sleep(_RETRY_S)


async def _read(kafka: KafkaSettings, models: Models, caught_up: asyncio.Event) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers,
        client_id=f"firebreak-models-{uuid.uuid4().hex[:8]}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign([_PLACE])
        await consumer.seek_to_beginning(_PLACE)
        end = (await consumer.end_offsets([_PLACE]))[_PLACE]
        while True:
            if await consumer.position(_PLACE) >= end:
                caught_up.set()
            for records in (await consumer.getmany(_PLACE, timeout_ms=500)).values():
                for record in records:
                    _add(models, record.value)
    finally:
        await consumer.stop()


def _add(models: Models, value: bytes | None) -> None:
    if value is None:
        return
    try:
        models.add(decode_model(value))
    except BadRecord as wrong:
        log.error("a record in %s is no model version and is passed over: %s", Topic.MODELS.value, wrong)
