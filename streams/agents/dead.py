"""A record of Firebreak's own topics that cannot be used: somebody else wrote it, or the store never takes it."""

from __future__ import annotations

import logging

from detectors.mention import Fault
from playbooks import telemetry
from streams.agents.taking import NotTaken
from streams.deciding.gather import Record as Read
from streams.produce import Record
from streams.wire import BadRecord, DeadLetter, Topic, encode_dead_letter

log = logging.getLogger(__name__)


def dead_record(topic: Topic, partition: int, record: Read, wrong: BadRecord) -> Record:
    """The dead letter for `record`, counted and logged."""
    reason = Fault.NOT_TAKEN if isinstance(wrong, NotTaken) else Fault.WRONG_SHAPE
    telemetry.DEAD_LETTERS.labels(reason=reason).inc()
    log.error("%s partition %d offset %d is set aside: %s", topic, partition, record.offset, wrong)
    letter = DeadLetter(
        reason=reason.value,
        detail=str(wrong),
        source=None,
        topic=topic.value,
        partition=partition,
        offset=record.offset,
        original=record.value or b"",
    )
    return Record(0, letter.reason.encode(), encode_dead_letter(letter), Topic.DEAD)
