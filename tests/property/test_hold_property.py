"""A hold opens by its people and by nothing else, and what a caller leaves out is held."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.gate.decision import GateRequest, OutgoingPost, decide
from playbooks.holds.hold import Hold, Release
from playbooks.labels import Verdict
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from playbooks.store.holds.holds import agree_release, holds_for, read_hold
from tests.parts.holding import PLACED_MS, hold, put

BRANDS = ("acme", "other")
PLATFORMS = ("x", "bluesky")
PEOPLE = ("ada", "bo", "cy")

run_ids = st.sampled_from(["", "drill-1", "drill-2", "replay-1"])
holds = st.builds(
    hold,
    st.uuids().map(lambda found: f"hold-{found}"),
    run=run_ids,
    brand=st.sampled_from(BRANDS),
    platform=st.none() | st.sampled_from(PLATFORMS),
    people=st.integers(1, 3),
)
brands = st.none() | st.sampled_from(BRANDS)
platforms = st.none() | st.sampled_from(PLATFORMS)


@given(value=holds, brand=brands, platform=platforms, run_id=st.none() | run_ids)
def test_leaving_a_field_out_never_opens_a_hold(
    value: Hold, brand: str | None, platform: str | None, run_id: str | None
) -> None:
    if value.covers(brand, platform, run_id):
        assert value.covers(None, platform, run_id)
        assert value.covers(brand, None, run_id)
        assert value.covers(None, None, run_id)


@given(value=holds, brand=brands, platform=platforms, run_id=st.none() | run_ids)
def test_a_live_hold_covers_what_it_names_whatever_run_is_claimed(
    value: Hold, brand: str | None, platform: str | None, run_id: str | None
) -> None:
    live = msgspec.structs.replace(value, run="")
    named = brand in (None, live.brand) and (live.platform is None or platform in (None, live.platform))
    assert live.covers(brand, platform, run_id) == named


@given(in_force=st.lists(holds, max_size=6), now_ms=st.integers(0, 2**42), platform=st.sampled_from(PLATFORMS))
def test_no_time_turns_a_hold_into_an_allow(in_force: list[Hold], now_ms: int, platform: str) -> None:
    request = GateRequest(brand="acme", platform=platform, post=OutgoingPost(id="1", text=""))
    covered = any(value.covers("acme", platform, None) for value in in_force)
    answer = decide(request, in_force, BRANDS, now_ms)
    assert (answer.decision is Verdict.ALLOW) is (not covered)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people_needed=st.integers(1, 3),
    one_of=st.sampled_from(["", "executives"]),
    words=st.lists(
        st.tuples(
            st.sampled_from([*PEOPLE, "", "Ada", "ada "]),
            st.sampled_from(["all calm", "", "  \n"]),
            st.integers(0, 2**42),
            st.sampled_from([(), ("on-call",), ("executives", "on-call")]),
        ),
        max_size=8,
    ),
)
def test_a_hold_opens_only_when_enough_different_people_and_one_of_its_role_gave_a_reason(
    people_needed: int,
    one_of: str,
    words: list[tuple[str, str, int, tuple[str, ...]]],
    migrated_sqlite: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    shutil.copyfile(migrated_sqlite, path)
    store = open_store(StoreSettings(url=f"sqlite:///{path}"))
    try:
        placed = msgspec.structs.replace(hold(people=people_needed), one_of=one_of)
        put(store, placed)
        agreed: dict[str, tuple[str, ...]] = {}
        opened = False
        for person, reason, now_ms, roles in words:
            outcome = agree_release(store, "hold-1", person, reason, PLACED_MS + now_ms, 0, roles)
            put(store, placed)  # the same signal again changes nothing
            if person in PEOPLE and reason.strip() and not opened:
                agreed.setdefault(person, roles)
            among = not one_of or any(one_of in roles for roles in agreed.values())
            opened = len(agreed) >= people_needed and among
            assert (holds_for(store, "acme", "x", None) == []) is opened
            found = read_hold(store, "hold-1")
            assert found is not None
            assert {one.person: one.roles for one in found.agreements} == agreed
            assert outcome is not Release.RELEASED or opened
    finally:
        store.dispose()
