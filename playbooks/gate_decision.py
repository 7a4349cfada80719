"""Whether one outgoing post may go now: the question, the answer, and the pure decision between them.

No clear yes is a no. The answer to one question is good for that post only and for at most `VALID_MS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

import msgspec

from detectors.mention import PostId, Timestamp, rfc3339
from playbooks.labels import GateReason, Verdict
from playbooks.store.holds import Hold

#: How long an answer is good, counted from before the store was asked.
VALID_MS = 1_000

# `\Z`, not `$`, which also matches before a line break at the end: "x\n" is no platform, so no hold would cover it.
Brand = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
Platform = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}\Z")]
Label = Annotated[str, msgspec.Meta(max_length=256)]


class OutgoingPost(msgspec.Struct, frozen=True):
    """The post that wants to go."""

    id: PostId
    text: str
    links: tuple[str, ...] = ()
    scheduled_at: Timestamp | None = None


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


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason: a code for programs, words for the person who looks at the scheduler, the hold it speaks of."""

    code: GateReason
    text: str
    hold: str | None = None


class GateAnswer(msgspec.Struct, frozen=True):
    """The gate's answer; `hold` is the oldest hold in the way."""

    decision: Verdict
    reasons: tuple[Reason, ...]
    hold: str | None
    valid_until: str


def decide(request: GateRequest, holds: Iterable[Hold], brands: Collection[str], now_ms: int) -> GateAnswer:
    """Answer `request`, given the holds in force and the configured `brands`, as of `now_ms`.

    A hold stops every post that it covers, whether or not the caller says that it is automated: the gate is asked by
    machines, and "a person wrote it" is the caller's word only. `now_ms` is the time before the holds were read, so
    that an allow never outlives a hold by more than `VALID_MS`.

    >>> post = OutgoingPost(id="1", text="Good morning")
    >>> answer = decide(GateRequest(brand="acme", platform="x", post=post), [], {"acme"}, 0)
    >>> answer.decision.value, answer.valid_until
    ('allow', '1970-01-01T00:00:01.000Z')
    """
    in_the_way = [hold for hold in holds if hold.covers(request.brand, request.platform, request.run)]
    reasons = [Reason(GateReason.HOLD_IN_FORCE, _words(hold), hold.id) for hold in in_the_way]
    if request.brand not in brands:
        reasons.append(Reason(GateReason.BRAND_NOT_CONFIGURED, _unknown_brand(request.brand)))
    verdict = Verdict.HOLD if reasons else Verdict.ALLOW
    if not reasons:
        reasons.append(Reason(GateReason.NO_HOLD, f"No hold on {request.brand} covers {request.platform}."))
    return GateAnswer(
        decision=verdict,
        reasons=tuple(reasons),
        hold=in_the_way[0].id if in_the_way else None,
        valid_until=rfc3339(now_ms + VALID_MS),
    )


def what_it_holds(hold: Hold) -> str:
    """What a hold holds back, in words.

    >>> what_it_holds(Hold("h", "i", "", "acme", None, "why", 1, 0, 0))
    'every automated post for acme, on every platform'
    """
    where = f"on {hold.platform}" if hold.platform else "on every platform"
    return f"every automated post for {hold.brand}, {where}"


def who_opens_it(hold: Hold) -> str:
    """How many people it still takes, in words.

    >>> who_opens_it(Hold("h", "i", "", "acme", None, "why", 2, 0, 0))
    'It stays until 2 people release it; nobody has yet.'
    """
    needed = "1 person releases" if hold.releasers_needed == 1 else f"{hold.releasers_needed} people release"
    agreed = ", ".join(agreement.person for agreement in hold.agreements)
    return f"It stays until {needed} it; {f'so far: {agreed}' if agreed else 'nobody has yet'}."


def _words(hold: Hold) -> str:
    return (
        f"Held since {rfc3339(hold.placed_ms)}: {what_it_holds(hold)}. {hold.reason} "
        f"{who_opens_it(hold)} Incident {hold.incident}."
    )


def _unknown_brand(brand: str) -> str:
    return f"{brand} is not among the configured brands, so nobody is watching over it. Add it to the settings."
