"""What every adapter does. Its contract suite is tests/contract/test_schedulers.py, which every one of them passes.

An adapter decides nothing about holds and keeps nothing: it reads, stops, gives back and takes away, says what the
other side answered, and raises nothing for what the other side or the network does. It repeats nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from playbooks.schedulers.post import Found, Look, Means, Trouble

#: What came of stopping one post: how it was stopped, as far as the scheduler says so, or why not.
Stopped = Means | Trouble


@dataclass(frozen=True, slots=True)
class Traits:
    """What is special about a scheduler. `check_s`: how often it can be asked without its limits being used up.

    `locked_s`: how shortly before its time a post can no longer be changed there. `lead_s`: how far ahead a post must
    be scheduled at least. `drafts`: whether it has drafts to give a post back as.
    """

    check_s: float
    locked_s: float = 0.0
    lead_s: float = 60.0
    drafts: bool = True


class Scheduler(Protocol):
    """One account in one scheduler."""

    @property
    def traits(self) -> Traits:
        """What is special about it."""

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Every post of the account that would go out by `until_ms`, and whatever else of it comes with the answer.

        All pages are read. Where one cannot be, what was read before it is handed over with the trouble. `first_only`
        is for who only wants to know whether it can be read: then one request is made for posts, and no more.
        """

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Where posts stand now, by their ids; `Spot.GONE` where the scheduler does not have one."""

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Stop `posts`, in this order; what came of each. A yes proves nothing: whoever asks reads it back."""

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """Schedule a stopped post for `due_ms`, or (None) have it as a draft; its id, which may be a new one.

        A deleted one is made anew from its `body`, where `post.spot` is `GONE`.
        """

    async def drop(self, post: Found) -> Trouble | None:
        """See to it that a stopped post never goes out: what is only put off is deleted, a draft stays one."""
