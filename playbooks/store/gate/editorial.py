"""What people do about texts that the policy stopped: an editor lets one go, an approver approves a topic in it.

Each is one transaction, under the person's name; a gate writes the word into its audit before it opens anything.
`person` is a key of the settings' people; the caller has made sure that it is they. `roles` are the people with each
role's rights.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Engine

from playbooks.gate.rules import called
from playbooks.holds.rights import releasers
from playbooks.labels import EditorialWord
from playbooks.policy.override import Told, Word, refused_to_approve, refused_to_let_go
from playbooks.policy.stopped import Given, Stopped
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings, PolicySettings
from playbooks.store.engine import writing
from playbooks.store.gate import policy_posts
from playbooks.store.holds.deeds import plain_reason

Roles = Mapping[str, Iterable[str]]
_Refused = Callable[[Stopped, PolicySettings], Told | None]


def let_go(
    engine: Engine, id: str, person: str, reason: str, settings: PlaybookSettings, roles: Roles, now_ms: int
) -> Told:
    """An editor lets exactly this text go, as to everything that was found in it so far."""
    reason = plain_reason(reason)

    def refused(stopped: Stopped, rules: PolicySettings) -> Told | None:
        return refused_to_let_go(
            stopped.standing,
            called(person, settings),
            reason,
            is_editor=is_among(person, rules.editors, roles),
            may_pass_rejected=rules.override_rejected,
        )

    word = Word(EditorialWord.LET_GO, person, _name(person, settings), reason)
    return _say(engine, id, word, settings, refused, now_ms)


def approve(
    engine: Engine, id: str, topic: str, person: str, reason: str, settings: PlaybookSettings, roles: Roles, now_ms: int
) -> Told:
    """An approver of the topic approves it in exactly this text."""
    reason = plain_reason(reason)

    def refused(stopped: Stopped, rules: PolicySettings) -> Told | None:
        known = rules.topics.get(topic)
        may = known is not None and is_among(person, known.approvers, roles)
        return refused_to_approve(stopped.standing, topic, called(person, settings), reason, is_approver=may)

    word = Word(EditorialWord.APPROVE, person, _name(person, settings), reason, topic=topic)
    return _say(engine, id, word, settings, refused, now_ms)


def is_among(person: str, names: Iterable[str], roles: Roles) -> bool:
    """Whether a person is named, or in a role that is.

    >>> is_among("ada", ["legal"], {"legal": ["ada"]}), is_among("bo", ["ada"], {})
    (True, False)
    """
    listed = list(names)
    return person in listed or person in releasers(listed, roles)


def _say(engine: Engine, id: str, word: Word, settings: PlaybookSettings, refused: _Refused, now_ms: int) -> Told:
    if word.person not in settings.people:
        return Told.NO_PERSON
    with writing(engine) as conn:
        stopped = policy_posts.read_stopped(conn, id)
        if stopped is None:
            return Told.NO_SUCH_POST
        rules = settings.brands.get(stopped.brand, BrandSettings()).policy
        if (no := refused(stopped, rules)) is not None:
            return no
        if stopped.text_hash is None:
            return Told.ERASED
        policy_posts.add_word(conn, _given(stopped, word, now_ms))
    return Told.DONE


def _given(stopped: Stopped, word: Word, now_ms: int) -> Given:
    seen = stopped.reasons if word.kind is EditorialWord.LET_GO else ()
    told = Word(word.kind, word.person, word.name, word.reason, seen, word.topic)
    return Given(f"word-{secrets.token_hex(8)}", stopped.id, told, stopped.verdict, now_ms)


def _name(person: str, settings: PlaybookSettings) -> str:
    known = settings.people.get(person)
    return known.name if known else person
