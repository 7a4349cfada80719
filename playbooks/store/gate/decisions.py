"""Deciding about posts: everything that bears on them is read, and what follows is written, in one transaction.

The store's write lock is held meanwhile (on SQLite), so a hold that is in force is seen, and the audit has the decision
before its answer leaves. Several questions that came together are one commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select

from detectors.mention import to_ms
from playbooks.content.hold_scope import plain
from playbooks.gate.audit import body_of
from playbooks.gate.callers import Caller
from playbooks.gate.decision import CHECK_TEXT, Circumstances, GateAnswer, GateRequest, decide, is_held_back
from playbooks.gate.objection import Objection, objections
from playbooks.gate.rules import GateRules
from playbooks.holds.held_post import HeldPost, as_read, hash_of_links, hash_of_text, post_key, strictest
from playbooks.holds.hold import Hold
from playbooks.holds.unasked import hash_unasked
from playbooks.labels import GateReason, Role, Verdict
from playbooks.policy.check import Checked
from playbooks.policy.override import after
from playbooks.store.gate import break_glass, held_posts
from playbooks.store.gate import texts as gate_texts
from playbooks.store.gate.break_glass import Glass
from playbooks.store.gate.stopping import Kept, Place, keep_stopped, kept_of, place_of
from playbooks.store.gate.texts import KeptText, TextOf
from playbooks.store.holds.holds import in_force_for
from playbooks.store.pulses import FRESH_MS
from playbooks.store.schema import pulses


class Asked(msgspec.Struct, frozen=True):
    """One question: who asks, and when it was read (`at_ms`), from which an answer's time counts.

    `checked` is what the policy found in the post, `against` what else is known against it already.
    """

    request: GateRequest
    caller: Caller
    at_ms: int
    against: tuple[Objection, ...] = ()
    checked: Checked = Checked(Verdict.ALLOW, ())

    @property
    def key(self) -> str:
        """What names the post."""
        return self.key_in(self.request.run or "")

    def key_in(self, run: str) -> str:
        """What would name the post in that run."""
        return post_key(run, self.request.brand, self.request.platform, self.request.post.id)

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs whose held posts bear on it: its own, and life, whatever run a caller says."""
        return tuple(dict.fromkeys((self.request.run or "", "")))

    @property
    def text_of(self) -> TextOf:
        """The post's text, and whose it is."""
        request = self.request
        return TextOf(self.key, request.platform, request.post.id, request.account or "", request.post.text)


class Told(msgspec.Struct, frozen=True):
    """An answer, and the row for the audit. `must_last`: a later answer follows from it, so it must be on the disk."""

    answer: GateAnswer
    body: str
    must_last: bool


class Desk(msgspec.Struct, frozen=True):
    """What bears on the questions that are answered together; what goes by one answer changes it for the next."""

    holds: Sequence[Hold]
    held: dict[str, HeldPost]
    by_text: Mapping[tuple[str, str, str, str], Sequence[HeldPost]]
    glasses: dict[tuple[str, str], Glass]
    stopped: dict[Place, Kept]


def answer_all(
    conn: Connection, asked: Sequence[Asked], rules: GateRules, seen_ms: int | None, texts: dict[str, KeptText]
) -> list[Told]:
    """Answer questions in their order. `seen_ms` is up to when watch has seen everything.

    `texts` are those that were kept before, by key and hash; new ones are added.
    """
    desk = _read(conn, asked)
    _keep(conn, asked, texts)
    return [_answer(conn, one, desk, rules, seen_ms, texts[_text_key(one)]) for one in asked]


def seen_until_ms(conn: Connection, now_ms: int) -> int | None:
    """Up to when watch has seen everything there was: of the watch processes that live, the slowest.

    Where none lives, up to when the last one had; None where there never was one.
    """
    query = select(pulses.c.at_ms, pulses.c.reached_ms).where(
        pulses.c.role == Role.WATCH.value, pulses.c.reached_ms.is_not(None)
    )
    rows = [(at_ms, min(at_ms, reached_ms)) for at_ms, reached_ms in conn.execute(query)]
    alive = [reached_ms for at_ms, reached_ms in rows if now_ms - at_ms <= FRESH_MS]
    return min(alive) if alive else max((reached_ms for _, reached_ms in rows), default=None)


def _read(conn: Connection, asked: Sequence[Asked]) -> Desk:
    keys = {one.key_in(run) for one in asked for run in one.runs}
    # Posts without a text are not known by it: they would all be the same.
    hashes = {hash_of_text(one.request.post.text) for one in asked if as_read(one.request.post.text)}
    holds = in_force_for(conn, {one.request.brand for one in asked})
    found = held_posts.known(conn, keys)
    by_text: dict[tuple[str, str, str, str], list[HeldPost]] = {}
    for hashed, post in held_posts.with_texts(conn, hashes):
        if not _is_over(post, hashed):
            by_text.setdefault((post.run, post.brand, post.platform, hashed), []).append(post)
    # Nobody breaks the glass before something is held.
    glasses = break_glass.unused(conn, keys, max(one.at_ms for one in asked)) if holds or found else []
    return Desk(
        holds=holds,
        held={post.key: post for post in found},
        by_text=by_text,
        glasses={(glass.post, glass.text_hash): glass for glass in reversed(glasses)},
        stopped=kept_of(conn, {place_of(one.request)[-1] for one in asked if one.checked.findings}),
    )


def _answer(conn: Connection, one: Asked, desk: Desk, rules: GateRules, seen_ms: int | None, text: KeptText) -> Told:
    request = one.request
    hashed = hash_of_text(request.post.text)
    post = _held_before(one, desk, hashed)
    glass = _glass(one, desk, hashed)
    glass = glass or _unasked(one, desk)
    around = Circumstances(
        caller=one.caller,
        post=post,
        glass=glass.id if glass else None,
        blind_for=rules.blind_for(request.brand, seen_ms, one.at_ms),
        last_went_ms=held_posts.last_went_ms(conn, post) if post and post.may_go and not post.has_gone else None,
        spacing_ms=rules.spacing_ms,
    )
    left = _after_words(one, desk, rules)
    against = (*one.against, *objections(left))
    answer = decide(request, desk.holds, rules.brands, one.at_ms, around, against)
    if _by_glass(answer) and not _use_up(conn, one, desk, glass):
        # Another gate was quicker.
        around = msgspec.structs.replace(around, glass=None)
        answer = decide(request, desk.holds, rules.brands, one.at_ms, around, against)
    must_last = _follow(conn, one, answer, desk, around, text)
    if one.checked.findings and request.post.text != CHECK_TEXT:
        keep_stopped(conn, request, one.caller.name, left, answer, one.at_ms, text, desk.stopped)
    used = around.glass if _by_glass(answer) else None
    body = body_of(request, one.caller.name, answer, one.at_ms, (text.ref, text.hash), used)
    return Told(answer, body, must_last)


def _held_before(one: Asked, desk: Desk, hashed: str) -> HeldPost | None:
    """The post as it was held before, or one with its text: a word on the post itself counts before one on its text."""
    found: list[HeldPost] = []
    for run in one.runs:
        own = desk.held.get(one.key_in(run))
        same_text = desk.by_text.get((run, one.request.brand, one.request.platform, hashed), ())
        found += [own] if own else same_text
    return strictest(found, hashed)


def _glass(one: Asked, desk: Desk, hashed: str) -> Glass | None:
    """A person's word that this post may go once: with the links that were held, for the account that was."""
    own = desk.held.get(one.key)
    if own is not None and not own.is_with(one.request.account, one.request.post.links):
        return None
    return desk.glasses.get((one.key, hashed))


def _unasked(one: Asked, desk: Desk) -> Glass | None:
    """A person's word that was given before anybody asked about the post: for its account and its links, too."""
    if not desk.glasses:
        return None
    request = one.request
    return desk.glasses.get((one.key, hash_unasked(request.post.text, request.account, request.post.links)))


def _by_glass(answer: GateAnswer) -> bool:
    return answer.decision is Verdict.ALLOW and answer.reasons[0].code is GateReason.BREAK_GLASS


def _use_up(conn: Connection, one: Asked, desk: Desk, glass: Glass | None) -> bool:
    """Use a word up, in the store and for the questions that are answered with this one; False where it was."""
    if glass is None:
        return False
    desk.glasses.pop((glass.post, glass.text_hash), None)
    if not break_glass.use(conn, glass.id, one.at_ms):
        return False
    held_posts.went(conn, one.key, one.at_ms)
    if (post := desk.held.get(one.key)) is not None and not post.has_gone:
        desk.held[one.key] = msgspec.structs.replace(post, went_ms=one.at_ms)
    return True


def _after_words(one: Asked, desk: Desk, rules: GateRules) -> Checked:
    """What is left against a post after what people said of this very text; only what stands in the audit counts."""
    request, kept = one.request, desk.stopped.get(place_of(one.request)) if one.checked.findings else None
    words = [given.word for given in kept.words if given.audited_ms is not None] if kept else []
    may = rules.may_pass_rejected(request.brand)
    if not words:
        return one.checked
    return after(one.checked, words, request.actor, may_pass_rejected=may, called=rules.called)


def _follow(
    conn: Connection, one: Asked, answer: GateAnswer, desk: Desk, around: Circumstances, text: KeptText
) -> bool:
    """Write down what an answer means for later ones; whether it means anything."""
    if answer.decision is not Verdict.ALLOW:
        if not is_held_back(answer) or one.request.post.text == CHECK_TEXT:
            return False
        holds = [reason.hold for reason in answer.reasons if reason.hold is not None]
        # What no drill's hold alone holds is held in life, whatever run its caller says.
        in_drill = bool(holds) and all(hold.run for hold in desk.holds if hold.id in holds) and not around.blind_for
        return held_posts.note(conn, _held(one, text, (one.request.run or "") if in_drill else ""), holds)
    if answer.reasons[0].code is GateReason.PASSED_BY_PERSON and around.post is not None:
        held_posts.went(conn, around.post.key, one.at_ms)
        return True
    return _by_glass(answer)


def _held(one: Asked, text: KeptText, run: str) -> HeldPost:
    request = one.request
    return HeldPost(
        key=one.key_in(run),
        run=run,
        brand=request.brand,
        platform=request.platform,
        account=plain(request.account or ""),
        post=request.post.id,
        caller=one.caller.name,
        text_ref=text.ref,
        text_hash=hash_of_text(request.post.text),
        first_ms=one.at_ms,
        last_ms=one.at_ms,
        scheduled_ms=to_ms(request.post.scheduled_at) if request.post.scheduled_at else None,
        links_hash=hash_of_links(request.post.links),
    )


def _keep(conn: Connection, asked: Sequence[Asked], texts: dict[str, KeptText]) -> None:
    new = {_text_key(one): one for one in asked if _text_key(one) not in texts}
    kept = gate_texts.keep(conn, [one.text_of for one in new.values()], max(one.at_ms for one in asked))
    texts.update(zip(new, kept, strict=True))


def _text_key(one: Asked) -> str:
    # The audit has each text as it was asked about, to the letter.
    return f"{one.key}:{hashlib.sha256(one.request.post.text.encode()).hexdigest()}"


def _is_over(post: HeldPost, hashed: str) -> bool:
    """Whether it holds no other post with that text: it went with it, by a person's word or by a broken glass."""
    return post.has_gone and (post.word is None or post.text_hash == hashed)
