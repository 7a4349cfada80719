"""What of a pass over an account belongs into the log of the incident whose hold covers it. Pure.

The words of a post never do: a log is for ever. They stand with the post (`scheduled_posts`), and can be erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playbooks.incidents.log_entry import AccountRead, LogEntry, PostLeaked
from playbooks.schedulers.account import Account
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.naming import account_called
from playbooks.settings.schedulers import SchedulerSettings


def news_for_the_log(
    name: str,
    settings: SchedulerSettings,
    before: Account | None,
    after: Account,
    kept_before: Mapping[str, Kept],
    leaked: Iterable[Kept],
) -> list[LogEntry]:
    """How the account stands, where that is not what it was; and each post that is newly known to have gone out."""
    called = account_called(name, settings)
    found: list[LogEntry] = [
        PostLeaked(name, called, post.post, post.due_ms)
        for post in sorted(leaked, key=lambda post: (post.due_ms, post.post))
        if post.post not in kept_before or kept_before[post.post].stage is not Stage.LEAKED
    ]
    stood = (before.state, before.hold, before.going, before.canary) if before else None
    if stood != (after.state, after.hold, after.going, after.canary):
        detail = after.detail
        found.append(AccountRead(name, called, after.state.value, after.going, after.stopped, detail))
    return found
