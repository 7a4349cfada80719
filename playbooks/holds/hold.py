"""A hold on posting: what it covers, who has agreed to its release, and what comes of a person's word. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from detectors.run import Drill, Live, Replay, run_of
from playbooks.content.hold_scope import ALL_POSTS, EVERY_BRAND, Narrowing


class Agreement(msgspec.Struct, frozen=True):
    """One person's word that a hold may go, and why; `roles` are those that they were in when they said so."""

    person: str
    reason: str
    at_ms: int
    roles: tuple[str, ...] = ()


class Hold(msgspec.Struct, frozen=True):
    """Posting is held for `brand` (`EVERY_BRAND` is all of them), on one platform or (`platform` None) on all.

    `only` narrows it to accounts, campaigns or tags. `protects` is a person who may not release it, `placed_by` the one
    who placed it by hand, empty where a playbook did. `one_of` is a role of which one of those who agree has to be,
    empty where anybody who may is as good as another.
    `placed_ms` is the event time of what caused it, `recorded_ms` the wall clock of the commit. `released_ms` stays
    None until `releasers_needed` different people have agreed.
    """

    id: str
    incident: str
    run: str
    brand: str
    platform: str | None
    reason: str
    releasers_needed: int
    placed_ms: int
    recorded_ms: int
    released_ms: int | None = None
    agreements: tuple[Agreement, ...] = ()
    only: Narrowing = ALL_POSTS
    protects: str = ""
    placed_by: str = ""
    one_of: str = ""

    @property
    def in_force(self) -> bool:
        """Whether it still holds posts back. Only people change this; time does not."""
        return self.released_ms is None

    @property
    def lacks(self) -> str:
        """The role of which nobody has agreed yet though one of them has to; empty where that is not so.

        >>> Hold("h", "i", "", "acme", None, "why", 2, 0, 0, one_of="executives").lacks
        'executives'
        """
        return "" if any(self.one_of in each.roles for each in self.agreements) else self.one_of

    @property
    def people_missing(self) -> int:
        """How many people still have to agree.

        >>> Hold("h", "i", "", "acme", None, "why", 2, 0, 0).people_missing
        2
        """
        return max(self.releasers_needed - len(self.agreements), 1 if self.lacks else 0)

    def covers(
        self,
        brand: str | None,
        platform: str | None,
        run_id: str | None,
        account: str | None = None,
        campaign: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> bool:
        """Whether it holds back a post of `brand` on `platform` that belongs to `run_id` (None or "" is life).

        A field that is None matches every hold. A live hold covers posts of every run; a drill's hold covers only
        posts that name that drill; a replay's hold covers nothing.

        >>> hold = Hold("h", "i", "", "acme", None, "why", 1, 0, 0)
        >>> hold.covers("acme", "x", None), hold.covers(None, None, None), hold.covers("other", "x", None)
        (True, True, False)
        """
        match run_of(self.run):
            case Live():
                right_run = True
            case Drill(id=drill):
                right_run = drill == run_id
            case Replay():
                right_run = False
        right_brand = brand is None or self.brand in (brand, EVERY_BRAND)
        right_platform = platform is None or self.platform is None or platform == self.platform
        among = self.only.covers(account, campaign, tags)
        return self.in_force and right_run and right_brand and right_platform and among


class Release(StrEnum):
    """What came of a person's word that a hold may go."""

    RELEASED = "released"
    NEEDS_ANOTHER_PERSON = "needs_another_person"
    NEEDS_THE_ROLE = "needs_the_role"
    ALREADY_AGREED = "already_agreed"
    ALREADY_RELEASED = "already_released"
    NO_SUCH_HOLD = "no_such_hold"
    NO_PERSON = "no_person"
    NO_REASON = "no_reason"
    NOT_LOOKED = "not_looked"
    IS_PROTECTED = "is_protected"
