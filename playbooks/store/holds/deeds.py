"""What people do about posts that are held: say what becomes of one, or let one go all the same.

Each is one transaction, under the person's name, in the log of the incident that the hold stands in. `person` is a key
of the settings' people; the caller has made sure that it is they. `roles` are the people with each role's rights.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine

from playbooks.effects.plain_text import paragraph
from playbooks.holds.glass_notice import Broken, Standing, told_of_glass
from playbooks.holds.held_post import MINUTE_MS, HeldPost, hash_of_text, post_key, spaced
from playbooks.holds.hold import Hold
from playbooks.holds.rights import releasers
from playbooks.holds.unasked import hash_unasked
from playbooks.incidents.log_entry import GlassBroken, LogEntry, PostDecided
from playbooks.labels import PostWord
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.gate import break_glass as glasses
from playbooks.store.gate import held_posts
from playbooks.store.gate import texts as gate_texts
from playbooks.store.gate.break_glass import Glass
from playbooks.store.holds.holds import MAX_REASON_CHARS, in_force_for, read_holds
from playbooks.store.incidents import log as incident_log

Roles = Mapping[str, Iterable[str]]


class HoldTold(StrEnum):
    """What came of a person's word about posting."""

    DONE = "done"
    NO_PERSON = "no_person"
    NO_REASON = "no_reason"
    NO_SUCH_BRAND = "no_such_brand"
    NO_SUCH_ROLE = "no_such_role"
    NO_SUCH_POST = "no_such_post"
    NOT_IN_THE_ROLES = "not_in_the_roles"
    IS_PROTECTED = "is_protected"
    HAS_GONE = "has_gone"
    NO_TEXT = "no_text"
    OTHER_TEXT = "other_text"
    NO_TIME = "no_time"
    NOTHING_HELD = "nothing_held"
    NO_PLATFORM = "no_platform"
    NO_NAME = "no_name"
    STRANGE_PLATFORM = "strange_platform"


class PostSaid(msgspec.Struct, frozen=True):
    """A person's word on a held post: with the new text in an edit, the time in a reschedule."""

    word: PostWord
    text: str = ""
    at_ms: int | None = None


class ThisPost(msgspec.Struct, frozen=True):
    """One post, as its caller names it, with the text that may go.

    `account` and `links` count for a post that nobody has asked about; where it was held, those of the held one do.
    """

    brand: str
    platform: str
    post: str
    text: str
    run: str = ""
    account: str = ""
    links: tuple[str, ...] = ()


def say_of_post(
    engine: Engine,
    key: str,
    said: PostSaid,
    person: str,
    reason: str,
    settings: PlaybookSettings,
    roles: Roles,
    now_ms: int,
) -> HoldTold:
    """Say what becomes of a held post. A later word stands in for an earlier one, until the post has gone.

    What may go gets a time no nearer to another's of its account than the settings say; a hold that is in force holds
    it all the same.
    """
    reason = plain_reason(reason)
    if not reason:
        return HoldTold.NO_REASON
    if said.word is PostWord.EDIT and not said.text.strip():
        return HoldTold.NO_TEXT
    if said.word is PostWord.RESCHEDULE and (said.at_ms is None or said.at_ms < now_ms):
        return HoldTold.NO_TIME
    with writing(engine) as conn:
        post = held_posts.read_post(conn, key)
        if post is None:
            return HoldTold.NO_SUCH_POST
        holds = read_holds(conn, held_posts.holds_of(conn, key))
        standing = _standing(conn, holds)
        may = _may(person, holds, standing, settings, roles)
        if may is not HoldTold.DONE:
            return may
        if post.has_gone:
            return HoldTold.HAS_GONE
        decided = _decided(conn, post, said, person, reason, settings, now_ms)
        held_posts.decide(conn, decided)
        entry = PostDecided(post.post, post.platform, said.word.value, reason)
        _log(conn, standing, entry, person, now_ms)
    return HoldTold.DONE


def break_glass(
    engine: Engine, this: ThisPost, person: str, reason: str, settings: PlaybookSettings, roles: Roles, now_ms: int
) -> tuple[HoldTold, int]:
    """Let one post go, once, although it is held; what came of it, and until when it may go.

    Only people in the roles of ``gate.break_glass`` may, and none that a hold in its way protects. Ops and the roles
    that may release those holds are paged at once. Where the post was held it is let go with the text that was held,
    and no other; one that nobody has asked about only with the text, the account and the links that are said here.
    """
    reason, terms = plain_reason(reason), settings.gate.break_glass
    if person not in releasers(terms.roles, roles):
        return HoldTold.NOT_IN_THE_ROLES, 0
    if not reason:
        return HoldTold.NO_REASON, 0
    key = post_key(this.run, this.brand, this.platform, this.post)
    with writing(engine) as conn:
        known = held_posts.read_post(conn, key)
        held = [hold for hold in in_force_for(conn, [this.brand]) if hold.covers(this.brand, this.platform, this.run)]
        if any(hold.protects == person for hold in held):
            return HoldTold.IS_PROTECTED, 0
        if not held and known is None:
            return HoldTold.NOTHING_HELD, 0
        bound = _bound_to(conn, this, known)
        if isinstance(bound, HoldTold):
            return bound, 0
        expires_ms = now_ms + int(terms.valid_min * MINUTE_MS)
        glass = Glass(f"glass-{secrets.token_hex(8)}", key, bound, person, reason, now_ms, expires_ms)
        glasses.add(conn, glass)
        standing = _standing(conn, held)
        unasked = known is None
        _log(conn, standing, GlassBroken(this.post, this.platform, reason, expires_ms, unasked), person, now_ms)
        name = settings.people[person].name
        broken = Broken(glass.id, name, reason, this.brand, this.platform, this.post, expires_ms, unasked)
        outbox.add(conn, told_of_glass(broken, standing, now_ms))
    return HoldTold.DONE, expires_ms


def _bound_to(conn: Connection, this: ThisPost, known: HeldPost | None) -> str | HoldTold:
    """The hash that the glass is bound to, or why there is none."""
    if known is None:
        return hash_unasked(this.text, this.account, this.links) if this.text else HoldTold.NO_TEXT
    if known.text_hash is None or not gate_texts.texts_in(conn, [known.text_ref]).get(known.text_ref):
        return HoldTold.NO_TEXT
    if this.text and hash_of_text(this.text) != known.text_hash:
        return HoldTold.OTHER_TEXT
    return known.text_hash


def _decided(
    conn: Connection,
    post: HeldPost,
    said: PostSaid,
    person: str,
    reason: str,
    settings: PlaybookSettings,
    now_ms: int,
) -> HeldPost:
    decided = msgspec.structs.replace(post, word=said.word, person=person, reason=reason, said_ms=now_ms)
    if said.word is PostWord.DROP:
        return msgspec.structs.replace(decided, not_before_ms=None)
    if said.word is PostWord.EDIT:
        text = gate_texts.TextOf(post.key, post.platform, post.post, post.account, said.text)
        (kept,) = gate_texts.keep(conn, [text], now_ms)
        decided = msgspec.structs.replace(decided, text_ref=kept.ref, text_hash=hash_of_text(said.text))
    asked_ms = said.at_ms if said.at_ms is not None else max(now_ms, post.scheduled_ms or 0)
    went_ms = held_posts.last_went_ms(conn, post)
    taken = [*held_posts.times_given(conn, post), *([went_ms] if went_ms is not None else [])]
    (at_ms,) = spaced([asked_ms], taken, int(settings.gate.spacing_min * MINUTE_MS))
    return msgspec.structs.replace(decided, not_before_ms=at_ms)


def _may(
    person: str, holds: Sequence[Hold], standing: Sequence[Standing], settings: PlaybookSettings, roles: Roles
) -> HoldTold:
    """Whether a person may give the word on a post that these holds held."""
    if person not in settings.people:
        return HoldTold.NO_PERSON
    if any(hold.protects == person for hold in holds):
        return HoldTold.IS_PROTECTED
    # What no hold held was held for want of detection.
    for may in [one.released_by for one in standing] or [settings.gate.released_by]:
        if person not in releasers(may, roles):
            return HoldTold.NOT_IN_THE_ROLES
    return HoldTold.DONE


def _standing(conn: Connection, holds: Sequence[Hold]) -> list[Standing]:
    """Where each hold stands; nobody else appends to those incidents until the transaction ends."""
    incidents = sorted({hold.incident for hold in holds})
    for incident in incidents:
        incident_log.lock(conn, incident)
    known = {one.id: one for view in incident_log.views(conn, incidents).values() for one in view.holds}
    return [Standing(hold.incident, hold.run, known[hold.id].released_by if hold.id in known else ()) for hold in holds]


def _log(conn: Connection, standing: Sequence[Standing], entry: LogEntry, person: str, now_ms: int) -> None:
    for incident in sorted({one.incident for one in standing}):
        incident_log.append(conn, incident, [entry], actor=person, at_ms=now_ms, recorded_ms=now_ms)


def plain_reason(reason: str) -> str:
    """A person's reason as it is kept; empty where they gave none."""
    return paragraph(reason).strip()[:MAX_REASON_CHARS]
