"""Test messages to contact points: sent, and confirmed by the person who got one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Engine, func, insert, select, update

from playbooks.labels import Channel
from playbooks.store.engine import reading, writing
from playbooks.store.schema import contact_tests

#: How the id of every test begins.
TEST_PREFIX = "test-"
#: The words for a test that waits for the runner, and for one that is under way; then comes the ledger's own.
ASKED = "asked"
SENDING = "sending"


class ContactTest(msgspec.Struct, frozen=True):
    """One test message. `code` is what it carried; `outcome` what the channel said; `confirmed_ms` is None until the
    person has said that it came.
    """

    id: str
    person: str
    channel: Channel
    address_hash: str
    code: str
    sent_ms: int
    outcome: str
    detail: str
    confirmed_ms: int | None = None


def note_test(engine: Engine, test: ContactTest) -> None:
    """Write down a test message before it is sent."""
    row = {**msgspec.structs.asdict(test), "channel": test.channel.value}
    with writing(engine) as conn:
        conn.execute(insert(contact_tests).values(row))


def take_asked(engine: Engine, now_ms: int) -> list[ContactTest]:
    """The tests that somebody asked for and nobody has sent yet; each is given to one caller."""
    asked = contact_tests.c.outcome == ASKED
    taken = update(contact_tests).where(asked).values(outcome=SENDING, sent_ms=now_ms).returning(*contact_tests.c)
    with writing(engine) as conn:
        return [_test(row) for row in conn.execute(taken).mappings()]


def note_place(engine: Engine, test: str, address_hash: str) -> None:
    """Write down where it goes, as who sends it knows: they have the secrets, who asked for it perhaps not."""
    with writing(engine) as conn:
        conn.execute(update(contact_tests).where(contact_tests.c.id == test).values(address_hash=address_hash))


def note_outcome(engine: Engine, test: str, outcome: str, detail: str) -> None:
    """Write down what the channel said of it."""
    with writing(engine) as conn:
        values = {"outcome": outcome, "detail": detail}
        conn.execute(update(contact_tests).where(contact_tests.c.id == test).values(values))


def confirm(engine: Engine, test: str, now_ms: int) -> bool:
    """The person has it; False where there is no such test. Said twice, the first time counts."""
    given = {"confirmed_ms": func.coalesce(contact_tests.c.confirmed_ms, now_ms)}
    with writing(engine) as conn:
        return conn.execute(update(contact_tests).where(contact_tests.c.id == test).values(given)).rowcount == 1


def newest_tests(engine: Engine) -> tuple[ContactTest, ...]:
    """Every test, the newest first."""
    with reading(engine) as conn:
        query = select(contact_tests).order_by(contact_tests.c.sent_ms.desc(), contact_tests.c.id)
        rows = conn.execute(query).mappings().all()
    return tuple(_test(row) for row in rows)


def _test(row: Mapping[Any, Any]) -> ContactTest:
    return msgspec.convert({name: row[name] for name in ContactTest.__struct_fields__}, ContactTest)
