"""Posts quoted beside the log: kept by reference, erased for good, and the log verifies all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import JSON, Connection, Engine, column, insert, select, table, text, update
from sqlalchemy.exc import DBAPIError

from detectors.signal import Post, Signal, TakenDown, without_words
from playbooks.incidents.log_entry import Opened, SeverityRaised
from playbooks.settings import StoreSettings
from playbooks.store import schema
from playbooks.store.engine import open_store, reading, writing
from playbooks.store.incidents.erasing import Author, Before, OnePost, What, erase, take_down
from playbooks.store.incidents.incidents import incident_view, list_incidents, take_signal
from playbooks.store.incidents.posts import Quoted, quoted
from playbooks.store.incidents.verifying import verify
from playbooks.store.migrated import upgrade
from tests.parts.postgres import Postgres
from tests.parts.signals import MORNING_MS, a_signal, armed, plain_library

NOW_MS = MORNING_MS + 2_500
HANDLE, SAYS = "@Ada_Furious", "My parcel leaks acid. Never again!"
ADA = Post("at://did:plc:ada/1", "bluesky", MORNING_MS - 5_000, 0.9, SAYS, HANDLE)
BO = Post("22", "x", MORNING_MS - 4_000, 0.8, "Leaks.", "bo")
NAMED = Post("33", "x", MORNING_MS - 3_000, 0.7)
#: What nobody may find anywhere once it is erased.
ADAS = (HANDLE, SAYS, ADA.id, "did:plc:ada")


def quoting(*posts: Post, id: str = "sig-1", severity: int = 3) -> Signal:
    signal = a_signal(id, severity=severity)
    return msgspec.structs.replace(signal, evidence=msgspec.structs.replace(signal.evidence, posts=posts))


def taken(store: Engine, signal: Signal) -> str:
    take_signal(store, signal, plain_library(), armed(store), NOW_MS)
    return list_incidents(store)[0].id


def shown(store: Engine, incident: str) -> list[Quoted]:
    view = incident_view(store, incident)
    assert view
    refs = [post.id for post in view.signal.evidence.posts]
    found = quoted(store, refs)
    return [found[ref] for ref in refs]


def everything(store: Engine, *, but: str = "") -> str:
    """Every row of every table as text."""
    with reading(store) as conn:
        return "\n".join(
            repr(tuple(row))
            for each in schema.metadata.sorted_tables
            if each.name != but
            for row in conn.execute(select(each))
        )


def test_log_outbox_and_signals_have_a_post_by_reference_only(store: Engine) -> None:
    incident = taken(store, quoting(ADA, BO, NAMED))
    elsewhere = everything(store, but="posts")
    assert [word for word in ADAS if word in elsewhere] == []
    assert [(one.platform, one.post, one.handle, one.text) for one in shown(store, incident)] == [
        ("bluesky", ADA.id, HANDLE, SAYS),
        ("x", "22", "bo", "Leaks."),
        ("x", "33", "", ""),
    ]
    (verified,) = verify(store)
    assert (verified.faults, verified.posts, verified.erased) == ((), 3, 0)


def test_the_same_post_in_a_later_signal_has_the_same_reference(store: Engine) -> None:
    before = shown(store, taken(store, quoting(ADA)))
    after = shown(store, taken(store, quoting(ADA, BO, id="sig-2", severity=5)))
    assert before[0] == after[0]
    assert len(after) == 2


def test_nothing_is_kept_of_posts_that_the_log_does_not_quote(store: Engine) -> None:
    taken(store, quoting(BO))
    taken(store, quoting(ADA, id="sig-2"))
    assert [word for word in ADAS if word in everything(store)] == []
    assert verify(store)[0].faults == ()


def test_a_reference_says_nothing_to_whoever_tries_handles(store: Engine) -> None:
    first = taken(store, quoting(ADA))
    other = taken(store, msgspec.structs.replace(quoting(ADA, id="sig-2"), brand="other"))
    assert first != other
    assert shown(store, first)[0].ref != shown(store, other)[0].ref


@pytest.mark.parametrize(
    "what",
    [
        OnePost("bluesky", ADA.id),
        Author("ada_furious"),
        Author("@ADA_Furious", "bluesky"),
        Before(ADA.at_ms + 1),
    ],
    ids=["by post", "by author", "by author on a platform", "by age"],
)
def test_what_is_erased_is_nowhere_and_the_log_still_verifies(store: Engine, what: What) -> None:
    incident = taken(store, quoting(ADA, BO))
    assert erase(store, what, "cy", "asked by the author", NOW_MS + 1) == 1
    gone, kept = shown(store, incident)
    assert (gone.post, gone.handle, gone.text) == ("", "", "")
    assert (gone.erased_ms, gone.erased_by, gone.why) == (NOW_MS + 1, "cy", "asked by the author")
    assert kept.text == "Leaks."
    left = everything(store)
    assert [word for word in ADAS if word in left] == []
    (verified,) = verify(store)
    assert (verified.faults, verified.posts, verified.erased) == ((), 2, 1)


@pytest.mark.parametrize(
    "what",
    [OnePost("x", ADA.id), Author("ada"), Author("ada_furious", "x"), Before(ADA.at_ms)],
    ids=["other platform", "part of a handle", "handle elsewhere", "not older"],
)
def test_nothing_else_is_erased(store: Engine, what: What) -> None:
    taken(store, quoting(ADA, BO))
    assert erase(store, what, "cy", "why", NOW_MS) == 0
    assert SAYS in everything(store)
    with reading(store) as conn:
        assert conn.execute(select(schema.erasures)).all() == []


def test_a_post_that_is_gone_from_its_platform_is_shown_no_more(store: Engine) -> None:
    incident = taken(store, quoting(ADA, BO))
    assert take_down(store, TakenDown("", "acme", "bluesky", ("unknown", ADA.id), NOW_MS), NOW_MS + 1) == 1
    gone, kept = shown(store, incident)
    assert (gone.text, gone.erased_ms, gone.erased_by, gone.why) == (
        "",
        NOW_MS + 1,
        "its platform",
        "It was deleted there.",
    )
    assert kept.text == "Leaks."
    assert [word for word in ADAS if word in everything(store)] == []
    assert verify(store)[0].faults == ()


@pytest.mark.parametrize(
    "gone",
    [
        TakenDown("drill:1", "acme", "bluesky", (ADA.id,), NOW_MS),
        TakenDown("", "other", "bluesky", (ADA.id,), NOW_MS),
        TakenDown("", "acme", "x", (ADA.id,), NOW_MS),
        TakenDown("", "acme", "bluesky", ("at://did:plc:ada/2", "nul\x00"), NOW_MS),
    ],
    ids=["in a drill", "about another brand", "on another platform", "other posts"],
)
def test_what_is_gone_elsewhere_takes_nothing_along(store: Engine, gone: TakenDown) -> None:
    taken(store, quoting(ADA, BO))
    assert take_down(store, gone, NOW_MS) == 0
    assert SAYS in everything(store)
    with reading(store) as conn:
        assert conn.execute(select(schema.erasures)).all() == []


def test_an_erased_post_that_comes_again_stays_erased(store: Engine) -> None:
    incident = taken(store, quoting(ADA))
    erase(store, OnePost("bluesky", ADA.id), "cy", "asked", NOW_MS)
    same_moment = msgspec.structs.replace(BO, at_ms=ADA.at_ms, platform="bluesky")
    taken(store, quoting(ADA, same_moment, id="sig-2", severity=5))
    gone, new = shown(store, incident)
    assert (gone.text, gone.erased_ms) == ("", NOW_MS)
    assert new.text == "Leaks."
    assert SAYS not in everything(store)


def test_a_post_changed_behind_the_programs_back_is_noticed(store: Engine) -> None:
    incident = taken(store, quoting(ADA, BO))
    with writing(store) as conn:
        conn.execute(update(schema.posts).where(schema.posts.c.post == "22").values(text="They are lovely."))
    (verified,) = verify(store)
    assert (verified.incident, len(verified.faults)) == (incident, 1)
    assert "is not what was written" in verified.faults[0]


def test_a_post_emptied_or_taken_out_without_anybodys_word_is_noticed(store: Engine) -> None:
    taken(store, quoting(ADA, BO))
    with writing(store) as conn:
        empty = {"salt": None, "post": None, "handle": None, "text": None}
        conn.execute(update(schema.posts).where(schema.posts.c.post == "22").values(empty))
        conn.execute(schema.posts.delete().where(schema.posts.c.post == ADA.id))
    (verified,) = verify(store)
    assert sorted(fault.partition(" is ")[2] for fault in verified.faults) == [
        "gone, and nobody erased it",
        "not what was written",
    ]


@pytest.mark.parametrize("change", ["who", "what", "when", "gone", "order"])
def test_an_entry_that_was_changed_is_noticed_where_it_was(store: Engine, change: str) -> None:
    taken(store, quoting(ADA))
    log = schema.incident_log
    with writing(store) as conn:
        _still_triggers(conn)
        match change:
            case "who":
                conn.execute(update(log).where(log.c.n == 2).values(actor="mallory"))
            case "what":
                body = conn.execute(select(log.c.body).where(log.c.n == 2)).scalar_one()
                conn.execute(update(log).where(log.c.n == 2).values(body=body | {"due_ms": 1}))
            case "when":
                conn.execute(update(log).where(log.c.n == 2).values(at_ms=1))
            case "gone":
                conn.execute(log.delete().where(log.c.n == 2))
            case _:
                for before, after in ((2, 99), (3, 2), (99, 3)):
                    conn.execute(update(log).where(log.c.n == before).values(n=after))
    (verified,) = verify(store)
    assert [fault[:8] for fault in verified.faults] == ["entry 2 "]


def _still_triggers(conn: Connection) -> None:
    """As somebody does who owns the database."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("ALTER TABLE incident_log DISABLE TRIGGER USER"))
        return
    for change in ("update", "delete"):
        conn.execute(text(f"DROP TRIGGER incident_log_refuses_{change}"))


def test_there_is_nothing_to_say_of_an_incident_that_there_is_not(store: Engine) -> None:
    (verified,) = verify(store, ["inc-none"])
    assert verified.faults == ("there is no such incident",)


@pytest.fixture
def old_store(request: pytest.FixtureRequest, store: Engine, tmp_path: Path) -> Iterator[Engine]:
    """A store of the schema before posts stood apart, with an incident of two entries, a signal and an action."""
    if store.dialect.name == "sqlite":
        settings = StoreSettings(url=f"sqlite:///{tmp_path}/old.db")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        settings = server.settings(server.new_database())
    engine = open_store(settings)
    with writing(engine) as conn:
        upgrade(conn, "0006")
        for name, row in OLD:
            columns = [column(key, JSON if key == "body" else None) for key in row]
            conn.execute(insert(table(name, *columns)).values(row))
    yield engine
    engine.dispose()


INCIDENT = {
    "id": "inc-1", "run": "", "brand": "acme", "playbook": "plain", "playbook_version": "1.0.0",
    "playbook_hash": "h", "cause": "plain", "opened_ms": MORNING_MS, "open": True,
}  # fmt: skip
OPENED = msgspec.to_builtins(Opened("", "acme", "plain", "1.0.0", "h", "Plain", without_words(quoting(ADA, BO))))
WORSE = msgspec.to_builtins(SeverityRaised(3, 5, without_words(quoting(ADA, id="sig-2", severity=5))))
BODY = msgspec.to_builtins(without_words(quoting(ADA, BO)))
LOGGED = {"incident": "inc-1", "at_ms": MORNING_MS, "recorded_ms": NOW_MS, "actor": "respond"}
OLD: list[tuple[str, dict[str, Any]]] = [
    ("incidents", INCIDENT),
    ("incident_log", LOGGED | {"n": 1, "entry": "opened", "body": OPENED}),
    ("incident_log", LOGGED | {"n": 2, "entry": "severity_raised", "body": WORSE}),
    ("incident_log", LOGGED | {"n": 3, "entry": "acknowledged", "body": {"entry": "acknowledged", "how": "link"}}),
    ("signals", {"id": "sig-1", "run": "", "brand": "acme", "at_ms": 1, "body": BODY, "recorded_ms": 1}),
    (
        "outbox",
        {
            "id": "a", "incident": "inc-1", "run": "", "step": "s", "action": "page", "target": "t", "at_ms": 1,
            "due_ms": 1, "state": "due", "attempts": 0, "body": {"subject": "s", "text": "t", "signal": BODY},
        },
    ),
]  # fmt: skip


def test_a_store_from_before_has_its_posts_apart_and_its_log_hashed(old_store: Engine) -> None:
    with writing(old_store) as conn:
        upgrade(conn)
    (verified,) = verify(old_store)
    assert (verified.incident, verified.faults, verified.entries, verified.posts) == ("inc-1", (), 3, 2)
    assert [one.post for one in shown(old_store, "inc-1")] == [ADA.id]
    assert ADA.id not in everything(old_store, but="posts")
    with pytest.raises(DBAPIError, match="is append-only"), writing(old_store) as conn:
        conn.execute(update(schema.incident_log).values(actor="somebody else"))
