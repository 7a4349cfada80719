"""What waits for a person's word though no hold holds it any more: a list of where to give it."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from playbooks.console.desk import Desk
from playbooks.holds.hold import Hold
from playbooks.schedulers.naming import account_called
from playbooks.store.engine import reading
from playbooks.store.gate import held_posts
from playbooks.store.holds.holds import read_holds
from playbooks.store.schedules.posts import WAITING, kept_posts


def what_waits(desk: Desk, holds: Collection[Hold]) -> list[tuple[str, str]]:
    """Addresses of pages, and what waits there. What the holds in force hold, `holds`, stands with them."""
    ours = {hold.id for hold in holds}
    with reading(desk.engine) as conn:
        unwatched = len(held_posts.without_hold(conn))
        released = {hold: n for hold, n in held_posts.undecided(conn).items() if hold not in ours}
        known = {hold.id: hold for hold in read_holds(conn, list(released))}
    found = [("/held", f"{_posts(unwatched)} held while detection was dead")] if unwatched else []
    for id, hold in known.items():
        whose = desk.brand_name(hold.brand)
        found.append((f"/holds/{quote(id, safe='')}/posts", f"{_posts(released[id])} of {whose}, after the release"))
    for name, settings in desk.settings.schedulers.items():
        posts = [post for post in kept_posts(desk.engine, name, WAITING).values() if post.hold not in ours]
        undecided = sum(post.wish is None for post in posts)
        if undecided:
            called = account_called(name, settings)
            found.append((f"/schedulers/{quote(name, safe='')}", f"{_posts(undecided)} held back in {called}"))
    return found


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"
