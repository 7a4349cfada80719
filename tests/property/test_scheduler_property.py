"""Whatever a scheduler does, and in whatever order: held is never said where something goes, and no leak is missed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.schedulers.decisions import AccountState, Canary, judge, settle, standing, to_stop
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped
from playbooks.schedulers.slots import slots

MINUTE, UNTIL = 60_000, 10**9
FAULT = Trouble(Why.SERVER_FAULT, "X: HTTP 500")

#: What a scheduler makes of being asked to stop one post: does it, or not; says so, or not.
ANSWERS = st.sampled_from(["does it", "says so only", "does it and fails", "refuses", "is busy"])
#: What happens between two passes.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 120)),
        st.tuples(st.just("time"), st.integers(1, 60)),
        st.tuples(st.just("deleted by a person"), st.integers(0, 5)),
        st.tuples(st.just("unread"), st.integers(0, 3)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=12,
)


@dataclass
class Account:
    """A scheduler's account, and what Firebreak keeps of it."""

    now_ms: int = 0
    spots: dict[str, tuple[Spot, int]] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    seen_going: set[str] = field(default_factory=set)
    unread: int = 0

    def go_on(self, minutes: int) -> None:
        """Time goes on, and what is due goes out."""
        self.now_ms += minutes * MINUTE
        for post, (spot, due_ms) in self.spots.items():
            if spot is Spot.SCHEDULED and due_ms <= self.now_ms:
                self.spots[post] = (Spot.SENT, due_ms)
                self.sent.add(post)

    def look(self) -> Look:
        """What is listed: as in most schedulers, only what goes. Some answers do not come."""
        if self.unread > 0:
            self.unread -= 1
            return Look((), FAULT)
        return Look(tuple(Found(p, spot, due) for p, (spot, due) in self.spots.items() if spot.goes))

    def stop(self, posts: list[Found], answers: list[str]) -> dict[str, Stopped]:
        """Each gets the next of the answers."""
        came: dict[str, Stopped] = {}
        for n, post in enumerate(posts):
            answer = answers[n % len(answers)]
            if answer.startswith("does it"):
                self.spots[post.id] = (Spot.STOPPED, post.due_ms)
            said: dict[str, Stopped] = {
                "does it": Means.DRAFT,
                "says so only": Means.DRAFT,
                "does it and fails": FAULT,
                "refuses": Trouble(Why.REFUSED, "X: HTTP 400"),
                "is busy": Trouble(Why.BUSY, "X: HTTP 429", 7.0),
            }
            came[post.id] = said[answer]
        return came

    def one_pass(self, answers: list[str]) -> AccountState:
        """As `round.Round` does it, without a store."""
        look, tried = self.look(), {}
        if posts := to_stop(look.posts, UNTIL):
            self._keep(posts)
            tried = self.stop(posts, answers)
            look = self.look()
        live = {post: kept for post, kept in self.kept.items() if kept.stage.goes or kept.stage.waits}
        settled = settle(live, tried, look, UNTIL, self.now_ms)
        verdicts = dict(settled.verdicts)
        for post in settled.unclear:
            spot, due_ms = self.spots.get(post, (Spot.GONE, 0))
            verdicts[post] = standing(live[post], Found(post, spot, due_ms), tried.get(post), UNTIL, self.now_ms)
        for post, verdict in verdicts.items():
            old = self.kept[post]
            self.kept[post] = Kept("s", post, "h", verdict.stage, old.due_ms, "", {}, verdict.detail, 0, 0)
        self._keep([post for post in to_stop(look.posts, UNTIL) if post.id not in self.kept])
        stages = [kept.stage for kept in self.kept.values() if kept.stage is not Stage.GONE]
        return judge(stages, covered=True, trouble=look.trouble, unclear=False, canary=Canary.REFUSED)[0]

    def _keep(self, posts: list[Found]) -> None:
        for post in posts:
            self.seen_going.add(post.id)
            known = self.kept.get(post.id)
            if known is None or not known.stage.goes:
                self.kept[post.id] = Kept("s", post.id, "h", Stage.FOUND, post.due_ms, "", {}, "", 0, 0)


@settings(max_examples=400, deadline=None)
@given(EVENTS, st.lists(ANSWERS, min_size=1, max_size=4), st.lists(st.integers(1, 300), max_size=4))
def test_held_is_never_said_where_something_goes_and_every_leak_that_was_seen_coming_is_told(
    events: list[tuple[str, int]], answers: list[str], at_first: list[int]
) -> None:
    account = Account()
    for minutes in at_first:
        account.spots[f"p{len(account.spots)}"] = (Spot.SCHEDULED, minutes * MINUTE)
    for event, number in [*events, ("time", 1)]:
        match event:
            case "add":
                account.spots[f"p{len(account.spots)}"] = (Spot.SCHEDULED, account.now_ms + number * MINUTE)
            case "time":
                account.go_on(number)
            case "deleted by a person":
                post = f"p{number}"
                if post in account.spots and account.spots[post][0] is not Spot.SENT:
                    account.spots[post] = (Spot.GONE, account.spots[post][1])
            case "unread":
                account.unread = number
        state = account.one_pass(answers)
        goes = [post for post, (spot, _) in account.spots.items() if spot.goes]
        if state is AccountState.HELD:
            assert not goes
            assert not account.sent & account.seen_going
        if state in (AccountState.HELD, AccountState.PARTIAL, AccountState.LEAKED) and account.unread == 0:
            told = {post for post, kept in account.kept.items() if kept.stage is Stage.LEAKED}
            # What had been stopped before and was sent by hand there is a person's doing.
            assert account.sent & account.seen_going <= told | {p for p, k in account.kept.items() if k.stage.waits}


@given(
    st.lists(st.integers(0, 10_000), max_size=12),
    st.lists(st.integers(0, 10_000), max_size=8),
    st.integers(0, 5_000),
    st.integers(1, 500),
)
def test_what_is_given_back_keeps_its_distance_from_everything(
    wanted: list[int], taken: list[int], earliest: int, spacing: int
) -> None:
    given_back = slots([(f"p{n}", at) for n, at in enumerate(wanted)], taken, earliest, spacing)
    assert set(given_back) == {f"p{n}" for n in range(len(wanted))}
    times = sorted(given_back.values())
    assert all(at >= earliest for at in times)
    assert all(given_back[f"p{n}"] >= at for n, at in enumerate(wanted))
    assert all(later - sooner >= spacing for sooner, later in pairwise(times))
    assert all(abs(at - other) >= spacing for at in times for other in taken)
