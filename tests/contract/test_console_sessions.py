"""Signing in to the console, in the store: on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, select

from playbooks.store import schema
from playbooks.store.engine import reading
from playbooks.store.sessions import (
    Link,
    anybody_signed_in,
    end_session,
    find_link,
    issue_link,
    session_person,
    use_link,
)

NOW_MS = 1_770_000_000_000
HOUR_MS = 3_600_000


def test_a_link_signs_in_once(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    session = use_link(store, link, "ada", NOW_MS + 1, HOUR_MS)
    assert session is not None
    assert session_person(store, session, NOW_MS + 2) == "ada"
    assert use_link(store, link, "ada", NOW_MS + 3, HOUR_MS) is None
    assert find_link(store, link, NOW_MS + 3) is None


def test_looking_at_a_link_does_not_use_it_up(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    for _ in range(3):
        assert find_link(store, link, NOW_MS + 1) == Link("ada", NOW_MS + HOUR_MS)
    assert use_link(store, link, "ada", NOW_MS + 1, HOUR_MS)


def test_a_link_and_a_session_expire(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    assert find_link(store, link, NOW_MS + HOUR_MS) is None
    assert use_link(store, link, "ada", NOW_MS + HOUR_MS, HOUR_MS) is None
    session = use_link(store, link, "ada", NOW_MS + HOUR_MS - 1, HOUR_MS) or ""
    assert session_person(store, session, NOW_MS + 2 * HOUR_MS - 2) == "ada"
    assert session_person(store, session, NOW_MS + 2 * HOUR_MS - 1) is None


def test_a_link_for_one_person_signs_in_nobody_else(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    assert use_link(store, link, "bo", NOW_MS, HOUR_MS) is None
    assert use_link(store, link, "ada", NOW_MS, HOUR_MS)


def test_a_link_for_anybody_takes_the_name_it_is_opened_with(store: Engine) -> None:
    link = issue_link(store, "", NOW_MS, HOUR_MS)
    assert session_person(store, use_link(store, link, "bo", NOW_MS, HOUR_MS) or "", NOW_MS) == "bo"


def test_a_new_link_ends_the_one_before(store: Engine) -> None:
    first, for_bo = issue_link(store, "ada", NOW_MS, HOUR_MS), issue_link(store, "bo", NOW_MS, HOUR_MS)
    issue_link(store, "ada", NOW_MS, HOUR_MS)
    assert find_link(store, first, NOW_MS) is None
    assert find_link(store, for_bo, NOW_MS) is not None


def test_a_link_is_no_session_and_a_session_no_link(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    assert session_person(store, link, NOW_MS) is None
    session = use_link(store, link, "ada", NOW_MS, HOUR_MS) or ""
    assert find_link(store, session, NOW_MS) is None


def test_signing_out_ends_the_session_for_everybody_who_has_it(store: Engine) -> None:
    session = use_link(store, issue_link(store, "ada", NOW_MS, HOUR_MS), "ada", NOW_MS, HOUR_MS) or ""
    assert anybody_signed_in(store, NOW_MS + 1)
    end_session(store, session, NOW_MS + 1)
    assert session_person(store, session, NOW_MS + 2) is None
    assert not anybody_signed_in(store, NOW_MS + 2)


def test_one_link_opened_by_many_at_once_signs_in_one(store: Engine) -> None:
    link = issue_link(store, "", NOW_MS, HOUR_MS)
    with ThreadPoolExecutor(6) as pool:
        sessions = list(pool.map(lambda who: use_link(store, link, who, NOW_MS, HOUR_MS), ["ada", "bo", "cy"] * 2))
    assert sum(session is not None for session in sessions) == 1


def test_the_store_knows_no_secret(store: Engine) -> None:
    link = issue_link(store, "ada", NOW_MS, HOUR_MS)
    session = use_link(store, link, "ada", NOW_MS, HOUR_MS) or ""
    with reading(store) as conn:
        kept = repr(conn.execute(select(schema.console_tokens)).all())
    assert link not in kept
    assert session not in kept


def test_what_has_expired_is_forgotten(store: Engine) -> None:
    issue_link(store, "ada", NOW_MS, HOUR_MS)
    issue_link(store, "bo", NOW_MS + HOUR_MS, HOUR_MS)
    with reading(store) as conn:
        assert conn.execute(select(schema.console_tokens.c.person)).scalars().all() == ["bo"]
