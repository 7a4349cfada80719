"""Leases and cursors, on every store: one owner at a time, and a place to read on from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from playbooks.store import cursors, leases
from playbooks.store.leases import Holder

LEASE_MS = 1_000


def test_a_lease_nobody_has_is_taken(store: Engine) -> None:
    assert leases.acquire(store, "source:bluesky", "a", 0, LEASE_MS)
    assert leases.holder(store, "source:bluesky") == Holder("a", LEASE_MS)


def test_a_second_owner_waits_until_the_lease_has_run_out(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    assert not leases.acquire(store, "n", "b", LEASE_MS - 1, LEASE_MS)
    assert leases.acquire(store, "n", "b", LEASE_MS, LEASE_MS)


def test_a_lost_lease_is_not_renewed(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    leases.acquire(store, "n", "b", LEASE_MS, LEASE_MS)
    assert not leases.renew(store, "n", "a", LEASE_MS + 1, LEASE_MS)
    assert leases.holder(store, "n") == Holder("b", 2 * LEASE_MS)


def test_renewing_puts_the_end_off(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    assert leases.renew(store, "n", "a", 900, LEASE_MS)
    assert not leases.acquire(store, "n", "b", 1_899, LEASE_MS)


def test_a_lease_that_ran_out_and_that_nobody_took_is_still_its_owners(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    assert leases.renew(store, "n", "a", 5 * LEASE_MS, LEASE_MS)


def test_a_released_lease_is_free_at_once(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    leases.release(store, "n", "a")
    assert leases.holder(store, "n") is None
    assert leases.acquire(store, "n", "b", 1, LEASE_MS)


def test_releasing_somebody_elses_lease_does_nothing(store: Engine) -> None:
    leases.acquire(store, "n", "a", 0, LEASE_MS)
    leases.release(store, "n", "b")
    assert leases.holder(store, "n") == Holder("a", LEASE_MS)


def test_leases_of_different_names_do_not_touch(store: Engine) -> None:
    assert leases.acquire(store, "n", "a", 0, LEASE_MS)
    assert leases.acquire(store, "m", "b", 0, LEASE_MS)


def test_of_many_that_come_at_once_one_gets_the_lease(store: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: leases.acquire(store, "n", f"owner-{n}", 0, LEASE_MS), range(8)))
    assert got.count(True) == 1


_steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["acquire", "renew", "release"]), st.integers(0, 400)),
    max_size=30,
)


@pytest.fixture
def names() -> list[str]:
    """Lease names used so far, so that each example has one of its own."""
    return []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_steps)
def test_no_two_owners_ever_have_a_lease_at_the_same_time(
    store: Engine, names: list[str], steps: list[tuple[str, str, int]]
) -> None:
    name = f"n{len(names)}"
    names.append(name)
    now_ms, ends = 0, {"a": 0, "b": 0, "c": 0}
    for owner, step, later_ms in steps:
        now_ms += later_ms
        match step:
            case "acquire" if leases.acquire(store, name, owner, now_ms, LEASE_MS):
                ends[owner] = now_ms + LEASE_MS
            case "renew" if leases.renew(store, name, owner, now_ms, LEASE_MS):
                ends[owner] = now_ms + LEASE_MS
            case "release":
                leases.release(store, name, owner)
                ends[owner] = 0
            case _:
                pass
        assert sum(end > now_ms for end in ends.values()) <= 1


def test_a_source_that_was_never_read_has_no_cursor(store: Engine) -> None:
    assert cursors.read_cursor(store, "bluesky") is None


def test_the_last_cursor_written_is_the_one_read(store: Engine) -> None:
    cursors.write_cursor(store, "bluesky", "1725911162329308", 5)
    cursors.write_cursor(store, "bluesky", "1725911162329309", 6)
    assert cursors.read_cursor(store, "bluesky") == cursors.Cursor("1725911162329309", 6)


def test_each_source_has_a_cursor_of_its_own(store: Engine) -> None:
    cursors.write_cursor(store, "bluesky", "1", 5)
    cursors.write_cursor(store, "other", "2", 6)
    assert cursors.read_cursor(store, "bluesky") == cursors.Cursor("1", 5)
