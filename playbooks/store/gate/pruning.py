"""Old rows of the gate's audit go, a few at a time, and each time a sealed cut is written in the same transaction.

The database lets a row go only where its chain's cut is at or behind it, and a cut only move on.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update

from playbooks.gate.audit import Row, Seal
from playbooks.gate.audit_cut import Cut, cut_after, old
from playbooks.store.engine import reading, writing_soon
from playbooks.store.schema import gate_audit, gate_chains, gate_cuts, gate_texts, held_posts, held_texts, policy_posts

#: So many rows go in one transaction: answers wait for it meanwhile.
AT_ONCE = 100
#: For so long the gate may know a text again without keeping it anew, so a text outlives its age by this.
TEXTS_KNOWN_MS = 3_600_000


def cuts_in(conn: Connection) -> list[Cut]:
    """Where each chain was cut that was, by chain."""
    rows = conn.execute(select(gate_cuts).order_by(gate_cuts.c.chain)).mappings()
    return [Cut(**row) for row in rows]


def prune(engine: Engine, before_ms: int, now_ms: int, seal: Seal, at_once: int = AT_ONCE) -> int:
    """Take away rows of decisions from before a moment, at most `at_once` of each chain, and texts; how many rows.

    Each chain is a transaction of its own. Call it again until nothing goes.
    """
    with reading(engine) as conn:
        chains = _longer_than_their_cut(conn)
    gone = 0
    for chain in chains:
        with writing_soon(engine) as conn:
            gone += _prune_chain(conn, chain, before_ms, now_ms, seal, at_once)
    with writing_soon(engine) as conn:
        _prune_texts(conn, before_ms - TEXTS_KNOWN_MS, at_once)
    return gone


def _longer_than_their_cut(conn: Connection) -> list[str]:
    joined = gate_chains.outerjoin(gate_cuts, gate_cuts.c.chain == gate_chains.c.chain)
    longer = (gate_cuts.c.n.is_(None)) | (gate_cuts.c.n < gate_chains.c.n)
    return list(conn.execute(select(gate_chains.c.chain).select_from(joined).where(longer)).scalars())


def _prune_chain(conn: Connection, chain: str, before_ms: int, now_ms: int, seal: Seal, at_once: int) -> int:
    first = select(gate_audit).where(gate_audit.c.chain == chain).order_by(gate_audit.c.n).limit(at_once)
    gone = old([Row(**row) for row in conn.execute(first).mappings()], before_ms)
    if not gone:
        return 0
    cut = cut_after(gone[-1], now_ms, seal)
    values = msgspec.structs.asdict(cut)
    # Two gates may do it at once: who comes second finds the cut there, or further on.
    mine = (gate_cuts.c.chain == chain, gate_cuts.c.n <= cut.n)
    if not conn.execute(update(gate_cuts).where(*mine).values(values)).rowcount:
        if conn.execute(select(gate_cuts.c.n).where(gate_cuts.c.chain == chain)).first() is not None:
            return 0
        conn.execute(insert(gate_cuts).values(values))
    return conn.execute(delete(gate_audit).where(gate_audit.c.chain == chain, gate_audit.c.n <= cut.n)).rowcount


def _prune_texts(conn: Connection, before_ms: int, at_once: int) -> None:
    """What the gate was asked about goes with the rows; the texts of posts that were held, or that people
    have to read, stay with those posts.
    """
    of_held = select(held_posts.c.text_ref).union(select(held_texts.c.text_ref), select(policy_posts.c.text_ref))
    old_ones = select(gate_texts.c.ref).where(gate_texts.c.kept_ms < before_ms, gate_texts.c.ref.not_in(of_held))
    conn.execute(delete(gate_texts).where(gate_texts.c.ref.in_(old_ones.limit(at_once))))
