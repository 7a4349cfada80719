"""Keeping what the policy stopped, in the transaction of the answer; and taking people's words into the audit."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from playbooks.gate.audit import body_of_word
from playbooks.gate.decision import GateAnswer, GateRequest
from playbooks.labels import EditorialWord, Verdict
from playbooks.policy.check import Checked
from playbooks.policy.stopped import Given, Stopped, hash_of_post, topics_of
from playbooks.store.gate import policy_posts
from playbooks.store.gate.texts import KeptText

#: What names a text: run, brand, platform, and the hash of text and links.
Place = tuple[str, str, str, str]


class Kept(NamedTuple):
    """What is kept of a text, and what people said of it."""

    stopped: Stopped
    words: tuple[Given, ...] = ()


def place_of(request: GateRequest) -> Place:
    """What names the text of a question."""
    hashed = hash_of_post(request.post.text, request.post.links)
    return request.run or "", request.brand, request.platform, hashed


def kept_of(conn: Connection, hashes: Collection[str]) -> dict[Place, Kept]:
    """What is kept of texts with these hashes."""
    found = policy_posts.known(conn, hashes) if hashes else []
    said = policy_posts.words_of(conn, [one.id for one in found]) if found else {}
    return {
        (one.run, one.brand, one.platform, one.text_hash or ""): Kept(one, tuple(said.get(one.id, ()))) for one in found
    }


def keep_stopped(
    conn: Connection,
    request: GateRequest,
    caller: str,
    left: Checked,
    answer: GateAnswer,
    at_ms: int,
    text: KeptText,
    kept: dict[Place, Kept],
) -> None:
    """Keep that the policy stopped a text, or that it went by a person's word; `left` is what is still against it."""
    place = place_of(request)
    before = kept.get(place)
    if left.verdict is not Verdict.ALLOW:
        new = _stopped(request, caller, left, at_ms, text, place)
        told = policy_posts.note(conn, new, before.stopped if before else None)
        kept[place] = Kept(told, before.words if before else ())
    elif before is not None and answer.decision is Verdict.ALLOW and before.stopped.went_ms is None:
        policy_posts.went(conn, before.stopped.id, at_ms)


def take_words(conn: Connection, now_ms: int) -> tuple[list[str], list[EditorialWord]]:
    """The rows for the audit of all words that are in none yet, and which they are; from the commit on they count."""
    found = policy_posts.unaudited(conn)
    policy_posts.audited(conn, [given.id for given, _ in found], now_ms)
    return [body_of_word(given, stopped, now_ms) for given, stopped in found], [given.word.kind for given, _ in found]


def _stopped(request: GateRequest, caller: str, left: Checked, at_ms: int, text: KeptText, place: Place) -> Stopped:
    run, brand, platform, hashed = place
    against = tuple(finding for finding in left.findings if finding.verdict is not Verdict.ALLOW)
    return Stopped(
        id=f"stopped-{secrets.token_hex(12)}",
        run=run,
        brand=brand,
        platform=platform,
        account=request.account or "",
        post=request.post.id,
        caller=caller,
        authors=(request.actor,) if request.actor else (),
        text_ref=text.ref,
        salted_hash=text.hash,
        text_hash=hashed,
        links=request.post.links,
        findings=against,
        verdict=left.verdict,
        reasons=tuple(dict.fromkeys(finding.reason.value for finding in against)),
        topics=topics_of(left),
        first_ms=at_ms,
        last_ms=at_ms,
    )
