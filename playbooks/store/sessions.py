"""Who is signed in to the console, and the links by which people sign in.

A link is a secret that works once and for a while; it becomes a session, a secret that a browser keeps in a cookie.
The store knows only hashes of both, so a copy of the store lets nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, select, update

from playbooks.store import schema
from playbooks.store.engine import reading, writing

_tokens = schema.console_tokens


class Purpose(StrEnum):
    """What a token is good for."""

    LINK = "link"
    SESSION = "session"


class Link(msgspec.Struct, frozen=True):
    """A link that still works. `person` is whom it is for; empty: whoever of the configured people opens it."""

    person: str
    expires_ms: int


def issue_link(engine: Engine, person: str, now_ms: int, valid_ms: int) -> str:
    """A new one-time link for `person`, good for `valid_ms`; returns its secret, which is kept nowhere.

    Links for the same person that nobody has used stop working, so that at most one is about.
    """
    with writing(engine) as conn:
        _forget_expired(conn, now_ms)
        unused = and_(_tokens.c.purpose == Purpose.LINK, _tokens.c.person == person, _tokens.c.used_ms.is_(None))
        conn.execute(delete(_tokens).where(unused))
        return _issue(conn, Purpose.LINK, person, now_ms + valid_ms)


def find_link(engine: Engine, secret: str, now_ms: int) -> Link | None:
    """The link, if it still works; looking at it does not use it up."""
    query = select(_tokens.c.person, _tokens.c.expires_ms).where(_works(secret, Purpose.LINK, now_ms))
    with reading(engine) as conn:
        row = conn.execute(query).first()
    return Link(row.person, row.expires_ms) if row else None


def use_link(engine: Engine, secret: str, person: str, now_ms: int, session_ms: int) -> str | None:
    """Sign `person` in: the link is used up, the session's secret is returned; None where the link does not work.

    A link that is for somebody signs in nobody else.
    """
    with writing(engine) as conn:
        for_them = and_(_works(secret, Purpose.LINK, now_ms), _tokens.c.person.in_(["", person]))
        if conn.execute(update(_tokens).where(for_them).values(used_ms=now_ms)).rowcount != 1:
            return None
        return _issue(conn, Purpose.SESSION, person, now_ms + session_ms)


def session_person(engine: Engine, secret: str, now_ms: int) -> str | None:
    """Whose session it is, or None where it is over or never was."""
    with reading(engine) as conn:
        return conn.execute(select(_tokens.c.person).where(_works(secret, Purpose.SESSION, now_ms))).scalar()


def end_session(engine: Engine, secret: str, now_ms: int) -> None:
    """Sign out: the session works no more, whoever still has its secret."""
    with writing(engine) as conn:
        conn.execute(update(_tokens).where(_works(secret, Purpose.SESSION, now_ms)).values(used_ms=now_ms))


def anybody_signed_in(engine: Engine, now_ms: int) -> bool:
    """Whether any session is going on."""
    going_on = and_(_tokens.c.purpose == Purpose.SESSION, _tokens.c.used_ms.is_(None), _tokens.c.expires_ms > now_ms)
    with reading(engine) as conn:
        return conn.execute(select(_tokens.c.person).where(going_on).limit(1)).first() is not None


def _works(secret: str, purpose: Purpose, now_ms: int) -> ColumnElement[bool]:
    return and_(
        _tokens.c.token_hash == _hash(secret),
        _tokens.c.purpose == purpose,
        _tokens.c.used_ms.is_(None),
        _tokens.c.expires_ms > now_ms,
    )


def _issue(conn: Connection, purpose: Purpose, person: str, expires_ms: int) -> str:
    secret = secrets.token_urlsafe(32)
    conn.execute(
        insert(_tokens).values(
            token_hash=_hash(secret), purpose=purpose, person=person, expires_ms=expires_ms, used_ms=None
        )
    )
    return secret


def _forget_expired(conn: Connection, now_ms: int) -> None:
    conn.execute(delete(_tokens).where(_tokens.c.expires_ms <= now_ms))


def _hash(secret: str) -> str:
    # The secrets are 256 random bits, so a plain hash cannot be searched back.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
