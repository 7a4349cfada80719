"""A record of Firebreak's own topics that cannot be read: somebody else wrote it, so it is set aside."""

from __future__ import annotations

import logging

from detectors.mention import Fault
from playbooks import telemetry
from streams.gather import Record as Read
from streams.produce import Record
from streams.wire import BadRecord, DeadLetter, Topic, encode_dead_letter

log = logging.getLogger(__name__)


def dead_record(topic: Topic, partition: int, record: Read, wrong: BadRecord) -> Record:
    """The dead letter for `record`, counted and logged."""
    telemetry.DEAD_LETTERS.labels(reason=Fault.WRONG_SHAPE).inc()
    log.error("%s partition %d offset %d cannot be read: %s", topic, partition, record.offset, wrong)
    letter = DeadLetter(
        reason=Fault.WRONG_SHAPE.value,
        detail=str(wrong),
        source=None,
        topic=topic.value,
        partition=partition,
        offset=record.offset,
        original=record.value or b"",
    )
    return Record(0, letter.reason.encode(), encode_dead_letter(letter), Topic.DEAD)
