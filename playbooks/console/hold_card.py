"""A hold on a page: what it means, who may open it, and whether the viewer is one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from detectors.run import Drill, Live, Replay, run_of
from playbooks.console.values import Tone, world_of
from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.holds.hold import Agreement, Hold
from playbooks.holds.rights import MayRelease, may_release, releasers


class HoldCard(msgspec.Struct, frozen=True):
    """One hold as the viewer sees it. `opens` says what it takes, `why_not` why the viewer cannot do it.

    A replay's holds nothing back, so there is nothing to open.
    """

    id: str
    incident: str
    title: str
    reason: str
    meaning: str
    opens: str
    agreements: tuple[Agreement, ...]
    in_force: bool
    may_release: bool
    why_not: str
    button: str
    placed_ms: int
    world: Tone
    posts: int = 0
    may_say: bool = False


class Rights(msgspec.Struct, frozen=True):
    """What is known about who may open a hold: its roles, who is in which role, what people are called."""

    released_by: tuple[str, ...]
    roles: Mapping[str, Iterable[str]]
    names: Mapping[str, str]

    def named(self, people: Iterable[str]) -> str:
        """People by what they are called.

        >>> Rights((), {}, {"ada": "Ada L."}).named(["ada", "bo", "cy"])
        'Ada L., bo or cy'
        """
        called = [self.names.get(person, person) for person in people]
        return " or ".join(filter(None, [", ".join(called[:-1]), *called[-1:]]))


def hold_card(hold: Hold, brand: str, viewer: str, rights: Rights, posts: int = 0) -> HoldCard:
    """`hold` as `viewer` sees it; `brand` is what the brand is called, `posts` is how many posts it has held."""
    may = may_release(hold, viewer, rights.released_by, rights.roles)
    missing = hold.people_missing
    world = world_of(hold.run)
    real = not isinstance(run_of(hold.run), Replay)
    return HoldCard(
        id=hold.id,
        incident=hold.incident,
        title=_title(hold, brand),
        reason=hold.reason,
        meaning=_meaning(hold, brand),
        opens=_opens(hold, missing, rights) if real else "",
        agreements=tuple(Agreement(rights.named([one.person]), one.reason, one.at_ms) for one in hold.agreements),
        in_force=hold.in_force,
        may_release=real and may is MayRelease.YES,
        why_not=_why_not(may, rights, hold) if real else "",
        button="Release: let posting go on" if _is_last(hold, viewer, rights) else "Agree to the release",
        placed_ms=hold.placed_ms,
        world=world.kind if world else Tone.PLAIN,
        posts=posts,
        may_say=real and viewer != hold.protects and viewer in releasers(rights.released_by, rights.roles),
    )


def _title(hold: Hold, brand: str) -> str:
    whose = "every brand" if hold.brand == EVERY_BRAND else brand
    only = hold.only.in_words()
    place = (f"{whose} on {hold.platform}" if hold.platform else whose) + (f", {only}" if only else "")
    if not hold.in_force:
        return f"Posting for {place} is no longer held by this incident"
    run = run_of(hold.run)
    match run:
        case Live():
            return f"Automated posts for {place} are held"
        case Drill():
            return f"Drill: posts for {place} are held in the exercise"
        case Replay():
            return f"Replay: automated posts for {place} would be held"
        case _:
            assert_never(run)


def _meaning(hold: Hold, brand: str) -> str:
    only = hold.only.in_words()
    where = (f"on {hold.platform}" if hold.platform else "on every platform") + (f", {only}," if only else "")
    brand = "every brand" if hold.brand == EVERY_BRAND else brand
    if not hold.in_force:
        return "Nothing that was held is sent by itself: look at each post before it goes."
    run = run_of(hold.run)
    match run:
        case Live():
            return (
                f"Whoever asks the gate for {brand} {where} gets a no with this reason; what falls due meanwhile "
                "is not posted. Posts that do not ask the gate are not stopped: boosted posts, advertisements, posts "
                "scheduled inside a platform's own app."
            )
        case Drill():
            return f"An exercise: only posts of this drill are held. Real posts for {brand} are not touched by it."
        case Replay():
            return "A replay: this is what would have been held. No post is stopped by it."
        case _:
            assert_never(run)


def _opens(hold: Hold, missing: int, rights: Rights) -> str:
    people = releasers(rights.released_by, rights.roles)
    if hold.one_of and not list(rights.roles.get(hold.one_of, ())):
        return (
            f"One of those who open this hold has to be in the role {hold.one_of}, and the settings name nobody there. "
            "Name people under roles."
        )
    if len(people) < hold.releasers_needed:
        roles = " or ".join(rights.released_by) or "no role"
        return (
            f"It takes {_people(hold.releasers_needed)} in {roles} to open this hold, and the settings name "
            f"{len(people) or 'nobody'}. Name people under roles."
        )
    more = "more " if hold.agreements else ""
    agree = f"1 {more}person agrees" if missing <= 1 else f"{missing} {more}different people agree"
    return f"It stays until {agree}{_among(hold, rights)}; time does not open it."


def _among(hold: Hold, rights: Rights) -> str:
    """Who has to be among them, where nobody of those has agreed yet."""
    if not hold.lacks:
        return ""
    return f", one of {hold.lacks} among them ({rights.named(rights.roles.get(hold.lacks, ()))})"


def _is_last(hold: Hold, viewer: str, rights: Rights) -> bool:
    """Whether the hold goes when the viewer agrees."""
    return hold.people_missing <= 1 and (not hold.lacks or viewer in rights.roles.get(hold.lacks, ()))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _why_not(may: MayRelease, rights: Rights, hold: Hold) -> str:
    match may:
        case MayRelease.YES | MayRelease.IS_RELEASED:
            return ""
        case MayRelease.HAS_AGREED:
            return f"You have agreed. It now needs {f'somebody of {hold.lacks}' if hold.lacks else 'another person'}."
        case MayRelease.IS_PROTECTED:
            return "It protects you, so others release it."
        case MayRelease.NOT_IN_THE_ROLES:
            people = rights.named(releasers(rights.released_by, rights.roles)) or "Nobody yet"
            return f"Who may release it: {people}."
        case _:
            assert_never(may)
