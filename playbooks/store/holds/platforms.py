"""The platforms that this house has to do with, so that a hold on another one is noticed: it would hold nothing."""

from __future__ import annotations

from sqlalchemy import Engine, select

from playbooks.holds.by_hand import ByHand, as_asked
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import reading
from playbooks.store.schema import gate_texts, held_posts, policy_posts

#: So many of the newest questions are looked at, so that it is quick also where there are millions.
_NEWEST = 5_000


def known_platforms(engine: Engine, settings: PlaybookSettings) -> tuple[str, ...]:
    """The platforms that the settings name, and those that the gate was asked about, by name.

    Nobody has to name a platform, so that one is not among them does not say that it is wrong.
    """
    named = {scheduler.platform for scheduler in settings.schedulers.values()}
    for brand in settings.brands.values():
        named.update(brand.policy.limits, *(planned.platforms for planned in brand.planned))
    newest = (
        select(gate_texts.c.platform)
        .where(gate_texts.c.erased_ms.is_(None))
        .order_by(gate_texts.c.kept_ms.desc())
        .limit(_NEWEST)
        .subquery()
    )
    with reading(engine) as conn:
        for platform in (newest.c.platform, held_posts.c.platform, policy_posts.c.platform):
            named.update(conn.execute(select(platform).distinct()).scalars())
    return tuple(sorted(filter(None, named)))


def is_strange(about: ByHand, known: tuple[str, ...]) -> bool:
    """Whether a hold is on a platform that is not among those that are known.

    >>> is_strange(ByHand("acme", (), "twitter"), ("x",)), is_strange(ByHand("acme", (), "X"), ("x",))
    (True, False)
    """
    platform = as_asked(about).platform
    return platform is not None and platform not in known
