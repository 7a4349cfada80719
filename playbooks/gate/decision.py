"""Whether one outgoing post may go now: the question, the answer, and the pure decision between them.

No clear yes is a no. The answer to one question is good for that post only and for at most `VALID_MS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated

import msgspec

from detectors.mention import PostId, Timestamp, rfc3339
from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.gate.callers import Caller
from playbooks.gate.objection import Objection, Reason
from playbooks.holds.held_post import HeldPost, hash_of_text
from playbooks.holds.hold import Hold
from playbooks.holds.planned import FIRST_YEAR, LAST_YEAR
from playbooks.labels import GateReason, PostWord, Verdict

#: How long an answer is good, counted from before the store was asked.
VALID_MS = 1_000

# `\Z`, not `$`, which also matches before a line break at the end: "x\n" is no platform, so no hold would cover it.
Brand = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
Platform = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}\Z")]
#: No NUL: a database takes none.
Label = Annotated[str, msgspec.Meta(max_length=256, pattern=r"^[^\x00]*\Z")]


class OutgoingPost(msgspec.Struct, frozen=True):
    """The post that wants to go.

    `scheduled_at` lies in the years 2000 to 2100; anything else is refused.
    """

    id: PostId
    text: str
    links: tuple[str, ...] = ()
    scheduled_at: Timestamp | None = None

    def __post_init__(self) -> None:
        """Refuse a time that nobody plans for."""
        if self.scheduled_at is not None and not FIRST_YEAR <= self.scheduled_at.year <= LAST_YEAR:
            raise ValueError(f"scheduled_at is not between the years {FIRST_YEAR} and {LAST_YEAR}")


class GateRequest(msgspec.Struct, frozen=True):
    """A scheduler's question. What it leaves out counts as held by every hold; unknown fields are ignored.

    `run` names the drill that the post belongs to, so that a drill's scheduler meets the drill's hold.
    """

    brand: Brand
    platform: Platform
    post: OutgoingPost
    account: Label | None = None
    campaign: Label | None = None
    tags: tuple[Label, ...] | None = None
    automated: bool | None = None
    actor: Label | None = None
    scheduler: Label | None = None
    run: Label | None = None


class GateAnswer(msgspec.Struct, frozen=True):
    """The gate's answer; `hold` is the oldest hold in the way."""

    decision: Verdict
    reasons: tuple[Reason, ...]
    hold: str | None
    valid_until: str


#: Whoever asks without being anybody in particular.
AUTOMATION = Caller("scheduler")
#: What the runner asks about to see that a held account is refused. It is sent nowhere, so nobody has to say a word on
#: it; it is known by its words, so that no other post can pass for it.
CHECK_TEXT = "This post is a check by Firebreak. It is never sent."


class Circumstances(msgspec.Struct, frozen=True):
    """What the gate knows of one question beside the holds; what is left out is as if nothing were the matter.

    `post` is the post itself, or one with the same text, as it was held before. `glass` is the id of a person's word
    that this very post may go once; whoever allows it for that uses the word up. `blind_for` says, in words, why
    detection counts as dead. `last_went_ms` is when the last post of the account went that had been held;
    `spacing_ms` is how long the next one waits.
    """

    caller: Caller = AUTOMATION
    post: HeldPost | None = None
    glass: str | None = None
    blind_for: str | None = None
    last_went_ms: int | None = None
    spacing_ms: int = 0


#: Nothing but the holds counts.
ORDINARY = Circumstances()


def decide(
    request: GateRequest,
    holds: Iterable[Hold],
    brands: Collection[str],
    now_ms: int,
    around: Circumstances = ORDINARY,
    policy: Sequence[Objection] = (),
) -> GateAnswer:
    """Answer `request`, given the holds in force, the configured `brands` and what else is known, as of `now_ms`.

    `policy` is what is to be said of the post itself: no hold's release and no broken glass helps against it, and it
    opens no hold. A rejection weighs more than a hold, and everything that is in the way is told.

    A hold stops every post that it covers, whether or not the question says that it is automated: "a person wrote it"
    counts only for a caller that is the crisis team. `now_ms` is the time before the holds were read, so that an allow
    never outlives a hold by more than `VALID_MS`.

    >>> post = OutgoingPost(id="1", text="Good morning")
    >>> answer = decide(GateRequest(brand="acme", platform="x", post=post), [], {"acme"}, 0)
    >>> answer.decision.value, answer.valid_until
    ('allow', '1970-01-01T00:00:01.000Z')
    """
    in_the_way = [hold for hold in holds if _covers(hold, request)]
    against = [] if request.brand in brands else [Reason(GateReason.BRAND_NOT_CONFIGURED, _unknown(request.brand))]
    held = [Reason(GateReason.HOLD_IN_FORCE, _words(hold), hold.id) for hold in in_the_way]
    if around.blind_for is not None:
        held.append(Reason(GateReason.DETECTION_DEAD, f"Nobody would see a crisis now: {around.blind_for}."))
    before = _held_before(request, around, now_ms)
    excused = _excused(request, around, held, before)
    if held and excused is None:
        against = held + against
    elif before is not None and (excused is None or excused.code is not GateReason.BREAK_GLASS):
        # While a hold is in the way, what follows it is told later.
        against.append(before)
    against += [one.reason for one in policy if one.verdict is not Verdict.ALLOW]
    taken_back = [one.reason for one in policy if one.verdict is Verdict.ALLOW]
    verdict = _verdict(against, policy)
    return GateAnswer(
        decision=verdict,
        reasons=tuple(against) or (excused or _nothing_against(request, around), *taken_back),
        hold=in_the_way[0].id if in_the_way and verdict is not Verdict.ALLOW else None,
        valid_until=rfc3339(now_ms + VALID_MS),
    )


def what_it_holds(hold: Hold) -> str:
    """What a hold holds back, in words.

    >>> what_it_holds(Hold("h", "i", "", "acme", None, "why", 1, 0, 0))
    'every automated post for acme, on every platform'
    """
    where = f"on {hold.platform}" if hold.platform else "on every platform"
    whose = "every brand" if hold.brand == EVERY_BRAND else hold.brand
    only = hold.only.in_words()
    return f"every automated post for {whose}, {where}{f', {only}' if only else ''}"


def who_opens_it(hold: Hold) -> str:
    """How many people it still takes, in words.

    >>> who_opens_it(Hold("h", "i", "", "acme", None, "why", 2, 0, 0))
    'It stays until 2 people release it; nobody has yet.'
    """
    needed = "1 person releases" if hold.releasers_needed == 1 else f"{hold.releasers_needed} people release"
    agreed = ", ".join(agreement.person for agreement in hold.agreements)
    among = f", one of {hold.one_of} among them" if hold.one_of else ""
    return f"It stays until {needed} it{among}; {f'so far: {agreed}' if agreed else 'nobody has yet'}."


def is_held_back(answer: GateAnswer) -> bool:
    """Whether the post is held because of a crisis, or for want of eyes: then it needs a person's word later.

    >>> is_held_back(GateAnswer(Verdict.HOLD, (Reason(GateReason.BRAND_NOT_CONFIGURED, ""),), None, ""))
    False
    """
    return any(reason.code in (GateReason.HOLD_IN_FORCE, GateReason.DETECTION_DEAD) for reason in answer.reasons)


def _covers(hold: Hold, request: GateRequest) -> bool:
    return hold.covers(request.brand, request.platform, request.run, request.account, request.campaign, request.tags)


def _verdict(against: Sequence[Reason], policy: Sequence[Objection]) -> Verdict:
    dropped = any(reason.code is GateReason.DROPPED for reason in against)
    if dropped or any(one.verdict is Verdict.REJECT for one in policy):
        return Verdict.REJECT
    return Verdict.HOLD if against else Verdict.ALLOW


def _excused(
    request: GateRequest, around: Circumstances, held: Sequence[Reason], before: Reason | None
) -> Reason | None:
    """Why the post may go although it is held, or was `before`; None where nothing excuses it."""
    dropped = before is not None and before.code is GateReason.DROPPED
    if around.glass is not None and (held or before) and not dropped:
        return Reason(GateReason.BREAK_GLASS, f"A person lets this post go once, although it is held ({around.glass}).")
    if held and around.caller.crisis_team and request.automated is False and _names_somebody(request.actor):
        said = f"Automated posts are held; {around.caller.name} is the crisis team, and {request.actor} wrote this."
        return Reason(GateReason.CRISIS_TEAM, said)
    return None


def _names_somebody(actor: str | None) -> bool:
    return any(char.isalnum() for char in actor or "")


def _held_before(request: GateRequest, around: Circumstances, now_ms: int) -> Reason | None:
    """What stands in the way of a post that was held before; None where nothing does."""
    post = around.post
    if post is None or (post.has_gone and post.may_go and _is_it(post, request)):
        return None
    if post.word is None and post.went_ms is not None:
        went = f"It was held, and let go once, at {rfc3339(post.went_ms)}, by a broken glass. {_ONCE}"
        return Reason(GateReason.WAS_HELD, went)
    if post.word is None:
        return Reason(GateReason.WAS_HELD, f"It was held, first at {rfc3339(post.first_ms)}, and {_NO_WORD}")
    if post.word is PostWord.DROP:
        return Reason(GateReason.DROPPED, f"It was held, and {post.person} said that it shall not go: {post.reason}")
    if not _is_its_text(post, request):
        return Reason(GateReason.TEXT_CHANGED, f"It was held, and {post.person} let another text go than this one.")
    if not _is_it(post, request):
        said = (
            f"It was held, and {post.person} let it go as it was: with other links than these, or for another account."
        )
        return Reason(GateReason.TEXT_CHANGED, said)
    if post.not_before_ms is not None and now_ms < post.not_before_ms:
        return Reason(GateReason.NOT_YET, f"It was held, and may go from {rfc3339(post.not_before_ms)} on.")
    if around.last_went_ms is not None and now_ms < (next_ms := around.last_went_ms + around.spacing_ms):
        said = f"What was held goes one after another: this account's next post at {rfc3339(next_ms)}."
        return Reason(GateReason.TOO_SOON_AFTER_ANOTHER, said)
    return None


_NO_WORD = "nobody has said yet what becomes of it: pass, edit, reschedule or drop."
_ONCE = "Once is all: to go again it needs another glass, or to be asked about under another id."


def _is_it(post: HeldPost, request: GateRequest) -> bool:
    return _is_its_text(post, request) and post.is_with(request.account, request.post.links)


def _is_its_text(post: HeldPost, request: GateRequest) -> bool:
    return post.text_hash == hash_of_text(request.post.text)


def _nothing_against(request: GateRequest, around: Circumstances) -> Reason:
    post = around.post
    if post is not None and post.may_go:
        return Reason(GateReason.PASSED_BY_PERSON, f"It was held, and {post.person} let it go: {post.reason}")
    return Reason(GateReason.NO_HOLD, f"No hold on {request.brand} covers {request.platform}.")


def _words(hold: Hold) -> str:
    return (
        f"Held since {rfc3339(hold.placed_ms)}: {what_it_holds(hold)}. {hold.reason} "
        f"{who_opens_it(hold)} Incident {hold.incident}."
    )


def _unknown(brand: str) -> str:
    return f"{brand} is not among the configured brands, so nobody is watching over it. Add it to the settings."
