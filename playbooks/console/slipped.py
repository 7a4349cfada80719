"""What a review says of accounts in schedulers: how far each was held in the end, and what went out all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from playbooks.console import words
from playbooks.console.account_words import account_read
from playbooks.incidents.log_entry import AccountRead, Logged, PostLeaked


def slipped(history: Iterable[Logged]) -> Sequence[str]:
    """The sentences: of each account what was read back last, then each post that went out; none where none is known.

    >>> from playbooks.incidents.log_entry import RUNNER
    >>> leak = PostLeaked("main", "acme on x, in Buffer (main)", "61f3", 1_770_000_000_000)
    >>> slipped([Logged(1, 0, 1_770_000_065_000, RUNNER, leak)])
    ['acme on x, in Buffer (main): the post 61f3, due at 02:40:00, went out; known since 02:41:05.']
    """
    last: dict[str, AccountRead] = {}
    leaks = []
    for row in history:
        match row.entry:
            case AccountRead():
                last[row.entry.account] = row.entry
            case PostLeaked() as post:
                due, known = words.clock(post.due_ms), words.clock(row.recorded_ms)
                leaks.append(f"{post.called}: the post {post.post}, due at {due}, went out; known since {known}.")
    return [*(account_read(entry)[0] for _, entry in sorted(last.items())), *leaks]
