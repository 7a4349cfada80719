"""Holding accounts in schedulers, pass by pass, on both stores and against the server of each kind, with its faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from detectors.signal import SignalKind
from playbooks.console.review import review
from playbooks.console.timeline import timeline
from playbooks.incidents.log_entry import RUNNER, AccountRead, PostLeaked
from playbooks.schedulers.decisions import AccountState, Canary
from playbooks.schedulers.kept import Stage, Wish
from playbooks.schedulers.post import Why
from playbooks.schedulers.registry import has_drafts, open_scheduler
from playbooks.settings.schedulers import SchedulerKind
from playbooks.store.incidents.incidents import incident_history, incident_view
from playbooks.store.incidents.verifying import verify
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.store.schedules.posts import Asked
from tests.parts.console import crisis
from tests.parts.schedulers.every import NAME, SERVERS, SPACING_MS, World
from tests.parts.schedulers.mastodon import MastodonServer
from tests.parts.schedulers.server import BEGIN_MS, DAY_MS, MINUTE_MS, TOKEN, TOKEN_VARIABLE, serving

KINDS = list(SERVERS)
DRAFTS = [SchedulerKind.BUFFER, SchedulerKind.POSTIZ, SchedulerKind.WORDPRESS, SchedulerKind.WEBHOOK]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.value)
async def world(request: pytest.FixtureRequest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    async with serving(SERVERS[request.param]()) as server:
        made = World(store, server)
        yield made
        made.close()


def only(*kinds: SchedulerKind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", kinds, indirect=True, ids=lambda kind: kind.value)


async def test_everything_scheduled_is_stopped_and_proven_in_one_pass(world: World) -> None:
    ids = world.server.add(4, 30, 60 * 24)
    world.hold()
    account = await world.look()
    assert (account.state, account.stopped, account.going, account.leaked) == (AccountState.HELD, 3, 0, 0)
    assert account.proven_ms == BEGIN_MS
    assert {world.stage(post) for post in ids} <= {Stage.STOPPED, Stage.DELETED}
    assert world.server.until(BEGIN_MS + 13 * DAY_MS) == []
    assert world.told() == []


async def test_a_post_is_kept_with_its_words_before_it_is_touched(world: World) -> None:
    (post,) = world.server.add(30, text="Spring sale")
    world.server.down = False
    world.hold()
    world.server.acts_then_500 = True
    await world.look()
    kept = world.kept()[post]
    assert (kept.text, kept.hold) == ("Spring sale", "hold-1")
    assert abs(kept.due_ms - (BEGIN_MS + 30 * MINUTE_MS)) < 1000
    assert kept.stage in (Stage.STOPPED, Stage.DELETED)


async def test_what_is_scheduled_while_the_hold_lasts_is_caught_by_the_next_pass(world: World) -> None:
    world.hold()
    assert await world.state() is AccountState.HELD
    (post,) = world.server.add(45)
    assert await world.state() is AccountState.HELD
    assert world.stage(post) in (Stage.STOPPED, Stage.DELETED)


async def test_a_yes_without_effect_is_never_taken_for_held_and_the_person_on_call_gets_the_list(world: World) -> None:
    (post,) = world.server.add(90, text="Spring sale")
    world.server.no_effect = True
    world.hold()
    account = await world.look()
    assert (account.state, account.going) == (AccountState.PARTIAL, 1)
    ((role, text),) = world.told()
    assert role == "on-call"
    assert "Spring sale" in text
    assert "2026-09-21T" in text  # its time
    assert post in text
    assert [role for role, _ in world.told("notify")] == ["posting-team"]


async def test_the_same_is_told_once_and_that_all_is_stopped_after_all(world: World) -> None:
    world.server.add(90)
    world.server.no_effect = True
    world.hold()
    for _ in range(3):
        world.server.now_ms += MINUTE_MS
        await world.look()
    assert len(world.told()) == 1
    world.server.no_effect = False
    assert await world.state() is AccountState.HELD
    assert "is stopped now" in world.told("notify")[-1][1]


async def test_what_goes_out_all_the_same_has_leaked_and_stays_so(world: World) -> None:
    late, early = world.server.add(2, 60)
    world.server.locked_s = 180.0
    world.hold()
    assert await world.state() is AccountState.PARTIAL
    assert world.stage(early) in (Stage.STOPPED, Stage.DELETED)
    assert world.server.until(BEGIN_MS + 3 * MINUTE_MS) == [late]
    account = await world.look()
    assert (account.state, account.leaked, account.going) == (AccountState.LEAKED, 1, 0)
    assert await world.state() is AccountState.LEAKED
    assert "WENT OUT" in world.told()[-1][1]
    assert len(world.told()) == 2


async def test_a_post_that_a_person_took_away_in_time_is_no_leak(world: World) -> None:
    (post,) = world.server.add(600)
    world.server.no_effect = True
    world.hold()
    await world.look()
    world.server.no_effect = False
    world.server.posts[post].state = "deleted"
    assert await world.state() is AccountState.HELD
    assert world.stage(post) is Stage.GONE


async def test_an_account_that_cannot_be_read_is_unknown_and_told_when_it_lasts(world: World) -> None:
    world.server.add(600)
    world.hold()
    world.server.down = True
    assert await world.state() is AccountState.UNKNOWN
    assert world.told() == []
    world.server.now_ms += 5 * MINUTE_MS
    account = await world.look()
    assert (account.state, account.why, account.proven_ms) == (AccountState.UNKNOWN, Why.SERVER_FAULT, None)
    assert len(world.told()) == 1
    world.server.down = False
    assert await world.state() is AccountState.HELD


async def test_a_revoked_token_is_told_at_once_also_while_nothing_is_held(world: World) -> None:
    world.server.revoked_after = 0
    assert await world.state() is AccountState.OPEN
    assert [role for role, _ in world.told("notify")] == ["ops"]
    world.hold()
    account = await world.look()
    assert (account.state, account.why) == (AccountState.UNKNOWN, Why.BAD_CREDENTIALS)
    assert len(world.told()) == 1


async def test_a_token_revoked_between_reading_and_stopping_is_not_taken_for_held(world: World) -> None:
    world.server.add(600, 700)
    world.hold()
    await world.look()
    world.server.add(800)
    world.server.revoked_after = len(world.server.requests) + 1
    account = await world.look()
    assert account.state is AccountState.UNKNOWN
    assert await world.state() is AccountState.UNKNOWN


async def test_limits_are_kept_to_and_what_is_left_is_stopped_later(world: World) -> None:
    if isinstance(world.server, MastodonServer):
        world.server.daily_limit = 300
    world.server.add(*range(60, 130))
    world.server.busy_after, world.server.busy_for = 6, 3
    world.hold()
    first = await world.look()
    assert first.state in (AccountState.UNKNOWN, AccountState.PARTIAL, AccountState.HELD)
    assert first.next_ms - world.server.now_ms <= 900_000
    for _ in range(9):
        world.server.now_ms = BEGIN_MS + MINUTE_MS
        last = await world.look()
    assert (last.state, last.going) == (AccountState.HELD, 0)


@pytest.mark.parametrize("ahead_min", [-600, -3, 3, 600])
async def test_clocks_that_are_apart_neither_leak_nor_cry_wolf(world: World, ahead_min: int) -> None:
    world.server.ahead_ms = ahead_min * MINUTE_MS
    world.server.add(8, 60)
    world.hold()
    assert await world.state() is AccountState.HELD
    assert world.server.until(BEGIN_MS + 2 * 60 * MINUTE_MS) == []
    assert await world.state() is AccountState.HELD
    assert world.told() == []


async def test_another_process_goes_on_where_one_was_killed(world: World) -> None:
    world.server.add(60, 70)
    world.hold()
    await world.look()
    world.restart()
    account = await world.look()
    assert (account.state, account.stopped) == (AccountState.HELD, 2)


async def test_a_drills_hold_and_a_replays_are_for_nobody_here(world: World) -> None:
    # `Round` is handed holds of life alone; the keeper sees to that (test_scheduler_keeper.py).
    (post,) = world.server.add(60)
    assert await world.state() is AccountState.OPEN
    assert world.server.state(post) == "scheduled"
    assert world.kept() == {}


async def test_after_the_release_nothing_goes_out_by_itself(world: World) -> None:
    world.server.add(4, 30, 60)
    world.hold()
    await world.look()
    world.release()
    account = await world.look()
    assert (account.state, account.stopped) == (AccountState.OPEN, 3)
    for day in range(1, 120):
        assert world.server.until(BEGIN_MS + day * DAY_MS) == []
        await world.look()


async def test_what_a_person_wants_is_given_back_with_its_distance_and_read_back(world: World) -> None:
    ids = world.server.add(30, 31, 32)
    world.hold()
    await world.look()
    world.release()
    await world.look()
    kept = world.kept()
    exact = world.server.kind is SchedulerKind.POSTIZ
    for post in ids[:1] if exact else ids:
        at_ms = kept[post].due_ms if exact else world.server.their_ms
        asked = scheduled_posts.wish(
            world.store, NAME, {post: at_ms}, Wish.SCHEDULE, "ada", "It is over", world.server.now_ms
        )
        assert asked is Asked.DONE
    await world.look()
    back = [post for post in world.kept().values() if post.stage is Stage.RESTORED]
    assert len(back) == (1 if exact else 3)
    times = sorted(post.due_ms for post in back)
    assert all(later - sooner >= SPACING_MS for sooner, later in pairwise(times))
    out = [world.server.until(BEGIN_MS + minute * MINUTE_MS) for minute in range(1, 90)]
    assert sum(len(each) for each in out) == len(back)
    assert max(len(each) for each in out) == 1


async def test_nothing_is_given_back_while_another_hold_covers_it(world: World) -> None:
    (post,) = world.server.add(30)
    world.hold("hold-1")
    world.hold("hold-2")
    await world.look()
    world.release("hold-1")
    due_ms = world.kept()[post].due_ms
    scheduled_posts.wish(world.store, NAME, {post: due_ms}, Wish.SCHEDULE, "ada", "Now", world.server.now_ms)
    assert await world.state() is AccountState.HELD
    assert world.stage(post) in (Stage.STOPPED, Stage.DELETED)
    assert world.server.until(BEGIN_MS + DAY_MS) == []


async def test_what_is_dropped_never_goes_out(world: World) -> None:
    (post,) = world.server.add(30)
    world.hold()
    await world.look()
    world.release()
    scheduled_posts.wish(world.store, NAME, {post: None}, Wish.DROP, "ada", "Not now", world.server.now_ms)
    await world.look()
    assert world.stage(post) is Stage.DROPPED
    assert world.server.until(BEGIN_MS + 800 * DAY_MS) == []


@only(SchedulerKind.MASTODON, SchedulerKind.FACEBOOK)
async def test_where_there_are_no_drafts_a_wish_for_one_leaves_the_post_put_off(world: World) -> None:
    (post,) = world.server.add(30)
    world.hold()
    await world.look()
    world.release()
    scheduled_posts.wish(world.store, NAME, {post: None}, Wish.DRAFT, "ada", "Later", world.server.now_ms)
    await world.look()
    kept = world.kept()[post]
    assert (kept.stage, kept.wish) == (Stage.STOPPED, None)
    assert "no drafts" in kept.detail


@only(SchedulerKind.HOOTSUITE)
async def test_what_waits_for_an_approval_is_rejected(world: World) -> None:
    (post,) = world.server.add(60, state="pending")
    world.hold()
    assert await world.state() is AccountState.HELD
    assert world.server.state(post) == "rejected"
    assert world.stage(post) is Stage.STOPPED


@only(SchedulerKind.HOOTSUITE)
async def test_a_message_made_anew_and_not_answered_well_is_made_once(world: World) -> None:
    ids = world.server.add(60, 61)
    world.hold()
    await world.look()
    world.release()
    await world.look()
    for post in ids:
        scheduled_posts.wish(world.store, NAME, {post: BEGIN_MS + DAY_MS}, Wish.SCHEDULE, "ada", "Now", BEGIN_MS)
    world.server.acts_then_500 = True
    await world.look()
    world.server.acts_then_500 = False
    for _ in range(2):
        await world.look()
    assert {world.stage(post) for post in ids} == {Stage.RESTORED}
    assert [each.state for each in world.server.posts.values()] == ["deleted", "deleted", "scheduled", "scheduled"]


@only(*DRAFTS)
async def test_what_a_person_schedules_again_after_the_release_is_theirs(world: World) -> None:
    (post,) = world.server.add(600)
    world.hold()
    await world.look()
    world.release()
    await world.look()
    world.server.posts[post].state = "scheduled"
    await world.look()
    assert world.stage(post) is Stage.RESTORED
    assert world.server.until(BEGIN_MS + 601 * MINUTE_MS) == [post]


async def test_a_gate_that_allows_the_canary_is_told_at_once(world: World) -> None:
    world.hold()
    world.canary = Canary.ALLOWED
    account = await world.look()
    assert (account.state, account.why) == (AccountState.PARTIAL, Why.GATE_OPEN)
    assert "THE GATE ALLOWED" in world.told()[0][1]


async def test_everything_that_was_done_stands_in_the_log(world: World) -> None:
    (post,) = world.server.add(30)
    world.hold()
    await world.look()
    entries = [(each.post, each.entry) for each in scheduled_posts.scheduler_history(world.store, NAME)]
    assert entries[0] == (post, "found")
    assert entries[1] in ((post, "stopped"), (post, "deleted"))
    assert entries[2] == ("", "held")


async def test_words_of_a_post_are_shown_as_text(world: World) -> None:
    world.server.add(90, text="@channel see http://evil.example/x")
    world.server.no_effect = True
    world.hold()
    await world.look()
    assert "＠channel see http[:]//evil[.]example/x" in world.told()[0][1]


async def test_what_was_given_back_is_held_again_by_the_next_hold(world: World) -> None:
    (post,) = world.server.add(600)
    world.hold()
    await world.look()
    world.release()
    await world.look()
    due_ms = world.kept()[post].due_ms
    scheduled_posts.wish(world.store, NAME, {post: due_ms}, Wish.SCHEDULE, "ada", "Now", BEGIN_MS)
    await world.look()
    assert world.stage(post) is Stage.RESTORED
    world.hold("hold-2")
    assert await world.state() is AccountState.HELD
    (held,) = [each for each in world.kept().values() if each.stage in (Stage.STOPPED, Stage.DELETED)]
    assert held.hold == "hold-2"
    assert world.server.until(BEGIN_MS + DAY_MS) == []


@pytest.mark.slow
@only(SchedulerKind.WORDPRESS)
async def test_five_thousand_posts_are_kept_stopped_and_proven(world: World) -> None:
    world.server.add(*(30 + n for n in range(5_000)))
    world.hold()
    account = await world.look()
    assert (account.state, account.stopped, account.going) == (AccountState.HELD, 5_000, 0)


async def test_a_draft_is_offered_where_the_scheduler_has_any(world: World) -> None:
    settings = world.server.settings()
    assert has_drafts(settings.kind) is open_scheduler(NAME, settings, world.server.clock).traits.drafts


# --- what the incident knows of it ------------------------------------------------------------------------------------


@only(SchedulerKind.WORDPRESS)
async def test_states_and_leaks_are_in_the_incidents_log_timeline_and_review_with_their_times(world: World) -> None:
    late, _ = world.server.add(2, 60, text="Secret words")
    world.server.locked_s = 180.0
    incident = crisis(world.store)
    assert await world.state() is AccountState.PARTIAL
    assert await world.state() is AccountState.PARTIAL, "and nothing new"
    world.server.until(BEGIN_MS + 3 * MINUTE_MS)
    assert await world.state() is AccountState.LEAKED
    log = [row for row in incident_history(world.store, incident) if row.actor == RUNNER]
    assert [type(row.entry) for row in log] == [AccountRead, PostLeaked, AccountRead]
    read, leak = log[0].entry, log[1].entry
    assert isinstance(read, AccountRead)
    assert isinstance(leak, PostLeaked)
    assert (read.state, read.going, read.stopped) == ("partial", 1, 1)
    assert (leak.post, leak.due_ms, log[1].at_ms) == (late, BEGIN_MS + 2 * MINUTE_MS, BEGIN_MS + 3 * MINUTE_MS)
    assert "Secret words" not in str(log), "a log is for ever, and words can be erased"
    lines = [line.text for line in timeline(log, "Acme", str)]
    assert any(line.startswith("WENT OUT while acme on x, in WordPress (ours) was held: the post") for line in lines)
    view = incident_view(world.store, incident)
    assert view is not None
    assert "the post 1, due at" in review(view, log, [], world.in_force(), "Acme", str)
    assert [each.faults for each in verify(world.store, [incident])] == [()]


@only(SchedulerKind.WORDPRESS)
async def test_each_incident_whose_hold_covers_the_account_hears_of_a_leak(world: World) -> None:
    world.server.add(2)
    world.server.locked_s = 180.0
    first = crisis(world.store)
    second = crisis(world.store, kind=SignalKind.FLOOD)
    await world.look()
    world.server.until(BEGIN_MS + 3 * MINUTE_MS)
    await world.look()
    for incident in {first, second}:
        entries = [row.entry for row in incident_history(world.store, incident)]
        assert any(isinstance(entry, PostLeaked) for entry in entries), incident


@only(SchedulerKind.WORDPRESS)
async def test_what_leaked_before_another_hold_came_is_told_once(world: World) -> None:
    world.server.add(2)
    world.server.locked_s = 180.0
    incident = crisis(world.store)
    await world.look()
    world.server.until(BEGIN_MS + 3 * MINUTE_MS)
    for _ in range(3):
        await world.look()
    entries = [row.entry for row in incident_history(world.store, incident)]
    assert sum(isinstance(entry, PostLeaked) for entry in entries) == 1


@only(SchedulerKind.WORDPRESS)
async def test_a_gate_that_lets_the_check_go_is_in_the_log_and_told_at_once(world: World) -> None:
    incident = crisis(world.store)
    world.canary = Canary.ALLOWED
    assert await world.state() is AccountState.PARTIAL
    ((role, text),) = world.told()
    assert role == "on-call"
    assert "THE GATE ALLOWED" in text
    log = [row for row in incident_history(world.store, incident) if row.actor == RUNNER]
    assert [line.text for line in timeline(log, "Acme", str)] == [
        "Held in part: acme on x, in WordPress (ours); the gate let the check go. 0 posts held back."
    ]
