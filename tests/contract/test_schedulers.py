"""What every adapter for a scheduler does, against a server that behaves as its API documents, faults included."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from playbooks.readiness.ask_schedulers import ask_schedulers
from playbooks.readiness.schedulers import AskedAccount
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.registry import ADAPTERS, open_scheduler
from playbooks.schedulers.scheduler import Scheduler
from playbooks.settings.schedulers import SchedulerKind
from playbooks.settings.section import SecretFrom
from tests.parts.schedulers.every import SERVERS
from tests.parts.schedulers.facebook import FacebookServer
from tests.parts.schedulers.hootsuite import HootsuiteServer
from tests.parts.schedulers.server import DAY_MS, MINUTE_MS, TOKEN, TOKEN_VARIABLE, Server, serving

AHEAD_MS = 14 * DAY_MS


@pytest.fixture(params=list(SERVERS), ids=lambda kind: kind.value)
async def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    async with serving(SERVERS[request.param]()) as served:
        yield served


def opened(server: Server) -> Scheduler:
    return open_scheduler("ours", server.settings(timeout_s=20.0), server.clock)


def going(look: Look, server: Server) -> set[str]:
    """What would go out within the two weeks that are held."""
    return {post.id for post in look.posts if post.spot.goes and post.due_ms <= server.their_ms + AHEAD_MS}


async def looked(server: Server, adapter: Scheduler) -> Look:
    return await adapter.look(server.now_ms + AHEAD_MS)


async def stopped(server: Server, adapter: Scheduler) -> dict[str, Means | Trouble]:
    """Look, and stop whatever goes, the soonest first."""
    look = await looked(server, adapter)
    posts = sorted((post for post in look.posts if post.spot.goes), key=lambda post: post.due_ms)
    return dict(await adapter.stop(posts, server.now_ms))


def why(came: object) -> Why:
    assert isinstance(came, Trouble), came
    return came.why


def test_every_kind_has_its_server_here() -> None:
    assert set(SERVERS) == set(ADAPTERS) == set(SchedulerKind)


async def test_everything_scheduled_is_listed_once_with_its_time_and_its_words(server: Server) -> None:
    ids = server.add(10, 20, 60 * 24 * 13, text="Spring sale")
    look = await looked(server, opened(server))
    assert look.trouble is None
    assert {post.id for post in look.posts} == set(ids)
    assert len(look.posts) == 3
    by_id = {post.id: post for post in look.posts}
    assert abs(by_id[ids[1]].due_ms - (server.their_ms + 20 * MINUTE_MS)) < 1000
    assert by_id[ids[0]].text == "Spring sale"


async def test_five_thousand_scheduled_posts_are_read_page_by_page(server: Server) -> None:
    ids = server.add(*(10 + n for n in range(5_000)))
    look = await looked(server, opened(server))
    assert look.trouble is None
    assert sorted(post.id for post in look.posts) == sorted(ids)


async def test_whether_it_can_be_read_is_asked_by_one_request_which_changes_nothing(server: Server) -> None:
    ids = server.add(*(10 + n for n in range(1_000)))
    look = await opened(server).look(server.now_ms, first_only=True)
    assert look.trouble is None
    assert len([request for request in server.requests if request.path != "/oauth2/token"]) == 1
    assert {post.id for post in (await looked(server, opened(server))).posts} == set(ids)


async def test_what_was_stopped_does_not_go_out_at_its_time(server: Server) -> None:
    ids = server.add(4, 30, 60 * 24)
    came = await stopped(server, opened(server))
    assert set(came) == set(ids)
    assert all(isinstance(each, Means) for each in came.values()), came
    assert server.until(server.now_ms + 13 * DAY_MS) == []


async def test_a_read_back_shows_that_nothing_goes(server: Server) -> None:
    server.add(30, 60)
    adapter = opened(server)
    await stopped(server, adapter)
    look = await looked(server, adapter)
    assert look.trouble is None
    assert going(look, server) == set()


async def test_a_yes_without_effect_is_seen_in_the_read_back(server: Server) -> None:
    ids = server.add(30, 60)
    server.no_effect = True
    adapter = opened(server)
    await stopped(server, adapter)
    assert going(await looked(server, adapter), server) == set(ids)


async def test_a_failed_answer_after_the_change_was_made_is_told_and_read_back(server: Server) -> None:
    server.add(30)
    server.acts_then_500 = True
    adapter = opened(server)
    (came,) = (await stopped(server, adapter)).values()
    assert why(came) is Why.SERVER_FAULT
    assert going(await looked(server, adapter), server) == set()


async def test_when_it_asks_to_be_left_alone_the_rest_is_not_asked_for(server: Server) -> None:
    server.add(*range(10, 70))
    adapter = opened(server)
    look = await looked(server, adapter)
    server.busy_after = len(server.requests) + 2
    came = await adapter.stop(sorted(look.posts, key=lambda post: post.due_ms), server.now_ms)
    busy = [each for each in came.values() if isinstance(each, Trouble)]
    assert len(came) == 60
    if len(server.requests) > server.busy_after:  # the webhook stops a hundred by one question
        assert {each.why for each in busy} == {Why.BUSY}
        assert len(server.requests) <= server.busy_after + 4


async def test_how_long_it_asks_to_be_left_alone_is_handed_on(server: Server) -> None:
    server.add(10)
    server.busy_after = 0
    look = await looked(server, opened(server))
    assert look.trouble is not None
    assert look.trouble.why is Why.BUSY
    assert look.trouble.after_s == (None if server.kind is SchedulerKind.FACEBOOK else 7.0)


async def test_a_token_that_is_taken_back_in_the_middle_is_told_with_what_was_read_before(server: Server) -> None:
    server.add(*range(10, 510))
    server.revoked_after = 2
    look = await looked(server, opened(server))
    if server.kind is SchedulerKind.POSTIZ:  # the whole of it is one answer
        assert look.trouble is None
        look = await opened(server).look(server.now_ms)
        look = await opened(server).look(server.now_ms)
    assert look.trouble is not None
    assert look.trouble.why is Why.BAD_CREDENTIALS
    if server.kind not in (SchedulerKind.POSTIZ, SchedulerKind.HOOTSUITE):
        assert 0 < len(look.posts) < 500


async def test_a_post_that_can_no_longer_be_changed_is_told_and_the_others_are_stopped(server: Server) -> None:
    late, early = server.add(2, 60)
    server.locked_s = 180.0
    came = await stopped(server, opened(server))
    assert why(came[late]) in (Why.REFUSED, Why.TOO_LATE)
    assert isinstance(came[early], Means)
    assert server.until(server.now_ms + DAY_MS) == [late]


async def test_how_far_the_clocks_are_apart_is_known(server: Server) -> None:
    server.ahead_ms = -7 * 60 * MINUTE_MS
    server.add(10)
    look = await looked(server, opened(server))
    assert look.ahead_ms is not None
    assert abs(look.ahead_ms - server.ahead_ms) <= 1500


@pytest.mark.parametrize("ahead_min", [-90, -4, 4, 90])
async def test_clocks_that_are_apart_let_nothing_through(server: Server, ahead_min: int) -> None:
    server.ahead_ms = ahead_min * MINUTE_MS
    server.add(4, 8, 60)
    await stopped(server, opened(server))
    assert server.until(server.now_ms + 10 * DAY_MS) == []


async def test_where_a_post_stands_is_read_by_its_id(server: Server) -> None:
    out, waits, away = server.add(1, 60, 90)
    adapter = opened(server)
    await looked(server, adapter)
    server.until(server.now_ms + 2 * MINUTE_MS)
    server.posts[away].state = "deleted"
    found = await adapter.where([out, waits, away])
    spots = {post: each.spot for post, each in found.items() if isinstance(each, Found)}
    # Mastodon has nothing of a scheduled status that went out; Postiz had it in yesterday's list.
    sent = Spot.GONE if server.kind is SchedulerKind.MASTODON else Spot.SENT
    assert spots == {out: sent, waits: Spot.SCHEDULED, away: Spot.GONE}


async def test_where_a_post_stands_is_unknown_while_nothing_answers(server: Server) -> None:
    (post,) = server.add(10)
    server.down = True
    (found,) = (await opened(server).where([post])).values()
    assert why(found) is Why.SERVER_FAULT


async def test_given_back_it_goes_at_its_new_time_and_once(server: Server) -> None:
    (post,) = server.add(4, text="Spring sale")
    adapter = opened(server)
    look = await looked(server, adapter)
    came = await adapter.stop(look.posts, server.now_ms)
    kept = next(each for each in look.posts if each.id == post)
    gone = came[post] is Means.DELETE
    kept = Found(kept.id, Spot.GONE if gone else Spot.STOPPED, kept.due_ms, kept.text, kept.body)
    new = kept.due_ms if server.kind is SchedulerKind.POSTIZ else server.their_ms + 60 * MINUTE_MS
    made = [await adapter.restore(kept, new, server.now_ms) for _ in range(2)]
    assert all(isinstance(each, str) for each in made), made
    if server.kind is not SchedulerKind.MASTODON:  # which tells a repeat by its key; the server here does not
        assert made[0] == made[1]
        assert server.until(server.now_ms + 59 * MINUTE_MS) == ([post] if server.kind is SchedulerKind.POSTIZ else [])
        assert server.until(server.now_ms + 2 * MINUTE_MS) == ([] if server.kind is SchedulerKind.POSTIZ else [made[0]])


async def test_without_a_time_nothing_is_scheduled(server: Server) -> None:
    server.add(60)
    adapter = opened(server)
    (post,) = (await looked(server, adapter)).posts
    came = await adapter.stop([post], server.now_ms)
    spot = Spot.GONE if came[post.id] is Means.DELETE else Spot.STOPPED
    await adapter.restore(Found(post.id, spot, post.due_ms, post.text, post.body), None, server.now_ms)
    assert server.until(server.now_ms + 13 * DAY_MS) == []


async def test_what_was_dropped_never_goes_out(server: Server) -> None:
    server.add(60)
    adapter = opened(server)
    (post,) = (await looked(server, adapter)).posts
    came = await adapter.stop([post], server.now_ms)
    spot = Spot.GONE if came[post.id] is Means.DELETE else Spot.STOPPED
    assert await adapter.drop(Found(post.id, spot, post.due_ms)) is None
    assert server.until(server.now_ms + 800 * DAY_MS) == []


async def test_no_answer_at_all_is_told(server: Server) -> None:
    server.url = "http://127.0.0.1:9"
    look = await looked(server, opened(server))
    assert look.trouble is not None
    assert look.trouble.why is Why.UNREACHABLE


@pytest.mark.parametrize("fault", ["down", "revoked", "busy", "locked"])
async def test_no_secret_and_nothing_of_theirs_is_in_what_people_read(server: Server, fault: str) -> None:
    (post,) = server.add(2, text="Words of the post")
    adapter = opened(server)
    look = await looked(server, adapter)
    server.down = fault == "down"
    server.revoked_after = 0 if fault == "revoked" else None
    server.busy_after = 0 if fault == "busy" else None
    server.locked_s = 3_600.0 if fault == "locked" else 0.0
    told = [(await looked(server, adapter)).trouble, *(await adapter.stop(look.posts, server.now_ms)).values()]
    troubles = [each for each in told if isinstance(each, Trouble)]
    assert troubles
    for trouble in troubles:
        for word in (TOKEN, "Words of the post", "html", f" {post}", "invalid", "Sorry"):
            assert word not in trouble.answer
        assert "\n" not in trouble.answer


async def test_before_a_hold_needs_it_each_account_says_whether_it_lets_us_in(server: Server) -> None:
    server.add(10)
    accounts = {"ours": server.settings(), "theirs": replace(server.settings(), token=SecretFrom(env="NOT_THERE"))}
    well = await ask_schedulers(accounts, server.clock)
    assert well["ours"] == AskedAccount()
    assert "schedulers.theirs.token: the environment variable NOT_THERE is not set" in well["theirs"].missing
    server.revoked_after = 0
    revoked = (await ask_schedulers({"ours": server.settings()}, server.clock))["ours"]
    assert why(revoked.trouble) is Why.BAD_CREDENTIALS
    assert TOKEN not in repr(revoked)


def of_kind(kind: SchedulerKind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [kind], indirect=True, ids=[kind.value])


@of_kind(SchedulerKind.FACEBOOK)
@pytest.mark.parametrize("code", [4, 17, 32, 613, 80001])
async def test_facebooks_codes_for_too_many_requests_say_busy(server: Server, code: int) -> None:
    assert isinstance(server, FacebookServer)
    server.busy_code, server.busy_after = code, 0
    look = await looked(server, opened(server))
    assert look.trouble is not None
    assert look.trouble.why is Why.BUSY


@of_kind(SchedulerKind.POSTIZ)
async def test_postiz_gives_a_post_no_other_time_and_never_sends_it_at_once(server: Server) -> None:
    server.add(60)
    adapter = opened(server)
    (post,) = (await looked(server, adapter)).posts
    await adapter.stop([post], server.now_ms)
    server.until(server.now_ms + 2 * 60 * MINUTE_MS)  # its own time is over
    came = await adapter.restore(post, server.now_ms + 60 * MINUTE_MS, server.now_ms)
    assert why(came) is Why.REFUSED
    assert server.state(post.id) == "draft"


@of_kind(SchedulerKind.MASTODON)
async def test_what_is_in_mastodons_queue_is_deleted_and_what_is_not_is_put_off(server: Server) -> None:
    soon, later = server.add(4, 30)
    assert await stopped(server, opened(server)) == {soon: Means.DELETE, later: Means.POSTPONE}


@of_kind(SchedulerKind.HOOTSUITE)
async def test_hootsuite_signs_in_again_when_its_hour_is_over(server: Server) -> None:
    assert isinstance(server, HootsuiteServer)
    server.add(60)
    adapter = opened(server)
    await looked(server, adapter)
    server.tokens += 1  # the old token is worth nothing now
    look = await looked(server, adapter)
    assert (look.trouble, len(look.posts)) == (None, 1)
