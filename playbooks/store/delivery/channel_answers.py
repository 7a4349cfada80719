"""What each channel said when the runner last asked whether it would take a message."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Engine, delete, insert, select

from playbooks.effects.asked import Asked
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.labels import Channel
from playbooks.store.engine import reading, writing
from playbooks.store.schema import channel_answers


def write_answers(engine: Engine, asked: Iterable[Asked], now_ms: int) -> None:
    """Put these answers in place of all that were there: a channel that is set up no more is gone."""
    rows = [{"channel": one.channel.value, "at_ms": now_ms, **_row(one)} for one in asked]
    with writing(engine) as conn:
        conn.execute(delete(channel_answers))
        if rows:
            conn.execute(insert(channel_answers), rows)


def read_answers(engine: Engine, not_before_ms: int) -> dict[Channel, Asked]:
    """The answers that are not older than that, by channel; without what their clocks said."""
    known = {channel.value for channel in Channel}
    query = select(channel_answers).where(channel_answers.c.at_ms >= not_before_ms)
    with reading(engine) as conn:
        rows = conn.execute(query).mappings().all()
    return {
        Channel(row["channel"]): _asked(Channel(row["channel"]), row["kind"], row["reason"], row["answer"])
        for row in rows
        if row["channel"] in known
    }


def _row(asked: Asked) -> dict[str, str]:
    if asked.missing:
        return {"kind": "missing", "reason": "", "answer": asked.missing}
    match asked.outcome:
        case None:
            return {"kind": "not_asked", "reason": "", "answer": ""}
        case Delivered(answer=answer):
            return {"kind": "accepted", "reason": "", "answer": answer}
        case Retry(reason=reason, answer=answer):
            return {"kind": "retry", "reason": reason.value, "answer": answer}
        case Failed(reason=why, answer=answer):
            return {"kind": "failed", "reason": why.value, "answer": answer}


def _asked(channel: Channel, kind: str, reason: str, answer: str) -> Asked:
    if kind == "missing":
        return Asked(channel, missing=answer)
    return Asked(channel, _outcome(kind, reason, answer))


def _outcome(kind: str, reason: str, answer: str) -> Outcome | None:
    match kind:
        case "accepted":
            return Delivered(answer)
        case "retry":
            return Retry(msgspec.convert(reason, RetryReason), answer)
        case "failed":
            return Failed(msgspec.convert(reason, FailedReason), answer)
        case _:
            return None
