"""What Firebreak keeps of a post that it found in a scheduler while a hold covered it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from playbooks.schedulers.post import Found, Spot


class Stage(StrEnum):
    """What became of a post under a hold, as far as it was read back.

    `FOUND`: it would go out, and nothing is proven yet. `REFUSED`: it was tried to stop it, and it would still go out.
    `LEAKED`: it went out. `GONE`: somebody took it away. The last two are what people decided.
    """

    FOUND = "found"
    STOPPED = "stopped"
    DELETED = "deleted"
    REFUSED = "refused"
    LEAKED = "leaked"
    GONE = "gone"
    RESTORED = "restored"
    DROPPED = "dropped"

    @property
    def goes(self) -> bool:
        """Whether it would still go out, for all that is known.

        >>> Stage.FOUND.goes, Stage.STOPPED.goes
        (True, False)
        """
        return self in (Stage.FOUND, Stage.REFUSED)

    @property
    def waits(self) -> bool:
        """Whether it is held back, and waits for a person's word.

        >>> Stage.DELETED.waits, Stage.LEAKED.waits
        (True, False)
        """
        return self in (Stage.STOPPED, Stage.DELETED)


class Wish(StrEnum):
    """What a person wants of a post that was held back."""

    SCHEDULE = "schedule"
    DRAFT = "draft"
    DROP = "drop"


class Kept(msgspec.Struct, frozen=True):
    """One post. `due_ms` is when it was to go out, or (restored) goes; `body` is what it takes to make it anew.

    `hold` is the hold under which it was found. `detail` says for people why it stands as it does. `put_off_ms` is when
    it would go out now, where it is only put off. `new_post` is its id where it was made anew.
    """

    scheduler: str
    post: str
    hold: str
    stage: Stage
    due_ms: int
    text: str
    body: dict[str, Any]
    detail: str
    found_ms: int
    changed_ms: int
    wish: Wish | None = None
    wish_ms: int | None = None
    wish_by: str | None = None
    wish_reason: str | None = None
    new_post: str | None = None
    put_off_ms: int | None = None

    def as_found(self) -> Found:
        """As the scheduler had it: what an adapter makes it anew from."""
        spot = Spot.GONE if self.stage is Stage.DELETED else Spot.STOPPED
        return Found(self.post, spot, self.due_ms, self.text, self.body)
