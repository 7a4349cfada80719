"""The count of open incidents, on SQLite and on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from playbooks.labels import RunKind
from playbooks.store.engine import writing
from playbooks.store.incidents.open_incidents import count_open
from playbooks.store.schema import incidents


def put(store: Engine, incident: str, run: str = "", brand: str = "acme", is_open: bool = True) -> None:
    row = {
        "id": incident,
        "run": run,
        "brand": brand,
        "playbook": incident,
        "cause": incident,
        "playbook_version": "1.0.0",
        "playbook_hash": "0",
        "opened_ms": 0,
        "open": is_open,
    }
    with writing(store) as conn:
        conn.execute(insert(incidents), row)


def test_an_empty_store_has_none_open(store: Engine) -> None:
    assert not count_open(store)


def test_open_ones_are_counted_by_brand_and_kind_of_run_and_resolved_ones_are_not(store: Engine) -> None:
    put(store, "1")
    put(store, "2")
    put(store, "3", is_open=False)
    put(store, "4", brand="other")
    put(store, "5", run="drill-1")
    put(store, "6", run="drill-2")
    assert count_open(store) == {
        (RunKind.LIVE, "acme"): 2,
        (RunKind.LIVE, "other"): 1,
        (RunKind.DRILL, "acme"): 2,
    }
