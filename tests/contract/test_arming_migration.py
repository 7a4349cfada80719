"""A store from before brands were armed by acts: what is in it stays, and its brands are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from playbooks.settings import StoreSettings
from playbooks.store.arming import Brand, brands
from playbooks.store.engine import migrate, open_store, reading, writing
from tests.parts.require import CHECKOUT

BEFORE = "0005"
ROWS = (
    "INSERT INTO signals (id, run, brand, at_ms, body, recorded_ms) VALUES ('s-1', '', 'acme', 1, '{}', 700)",
    "INSERT INTO signals (id, run, brand, at_ms, body, recorded_ms) VALUES ('s-2', '', 'acme', 2, '{}', 500)",
    "INSERT INTO signals (id, run, brand, at_ms, body, recorded_ms) VALUES ('s-3', 'drill-1', 'bolt', 2, '{}', 100)",
    "INSERT INTO incidents (id, run, brand, playbook, playbook_version, playbook_hash, opened_ms, open, cause) "
    "VALUES ('inc-1', '', 'acme', 'p', '1', 'h', 1, true, 'p')",
    "INSERT INTO outbox (id, incident, run, step, action, target, body, at_ms, due_ms, state, attempts) "
    "VALUES ('a-1', 'inc-1', '', 's', 'page', 'on-call', '{}', 1, 1, 'delivered', 1)",
    "INSERT INTO deliveries (outbox, attempt, recorded_ms, person, channel, outcome, detail) "
    "VALUES ('a-1', 1, 1, 'ada', 'email', 'accepted', '')",
)
ALONE = (
    "INSERT INTO outbox (id, incident, run, step, action, target, body, at_ms, due_ms, state, attempts) "
    "VALUES ('a-2', {incident}, '', 's', 'notify', 'ops', '{{}}', 1, 1, 'due', 0)"
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store with the tables of the version before, and rows in them."""
    if request.param == "sqlite":
        engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    else:
        postgres = request.getfixturevalue("postgres")
        engine = open_store(postgres.settings(postgres.new_database()))
    script = Config()
    script.set_main_option("script_location", str(CHECKOUT / "playbooks" / "store" / "migrations"))
    with writing(engine) as conn:
        script.attributes["connection"] = conn
        command.upgrade(script, BEFORE)
    with writing(engine) as conn:
        for row in ROWS:
            conn.execute(text(row.replace(":", "\\:")))
    yield engine
    engine.dispose()


def test_brands_are_known_since_they_were_first_heard_of_in_life(older: Engine) -> None:
    migrate(older)
    assert brands(older, ["acme", "bolt"]) == [Brand("acme", 500, None), Brand("bolt", None, None)]


def test_an_action_may_belong_to_no_incident_and_to_none_that_is_not_there(older: Engine) -> None:
    migrate(older)
    with writing(older) as conn:
        conn.execute(text(ALONE.format(incident="NULL")))
    with pytest.raises(IntegrityError), writing(older) as conn:
        conn.execute(text(ALONE.replace("a-2", "a-3").format(incident="'inc-9'")))


def test_what_was_there_stays_with_what_refers_to_it(older: Engine) -> None:
    migrate(older)
    migrate(older)
    with reading(older) as conn:
        sent = conn.execute(text("SELECT d.person FROM deliveries d JOIN outbox o ON o.id = d.outbox")).scalars().all()
        assert sent == ["ada"]
        if older.dialect.name == "sqlite":
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
