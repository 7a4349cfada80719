"""Answers of one gate process: each batch is one transaction that decides, and writes the audit's rows of its chain.

Nothing is kept between two batches but how far the chain reaches and which texts are kept already; after a failure both
are read anew. One batch at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine

from playbooks.gate.audit import Head, Seal
from playbooks.gate.decision import GateAnswer
from playbooks.gate.rules import GateRules
from playbooks.labels import EditorialWord
from playbooks.store.engine import writing, writing_soon
from playbooks.store.gate import audit
from playbooks.store.gate.decisions import Asked, answer_all, seen_until_ms
from playbooks.store.gate.pruning import TEXTS_KNOWN_MS
from playbooks.store.gate.stopping import take_words
from playbooks.store.gate.texts import KeptText

#: So many texts are known again without being kept anew.
TEXTS: Final = 10_000
#: How long it counts what was known of detection.
ASK_DETECTION_MS: Final = 500


class Answering:
    """Answers questions in the store; `chain` names the process's audit, whose rows are sealed with `seal`."""

    def __init__(self, engine: Engine, rules: GateRules, chain: str, seal: Seal) -> None:
        self._engine = engine
        self._rules = rules
        self._chain = chain
        self._seal = seal
        self._head: Head | None = None
        self._texts: dict[str, KeptText] = {}
        self._texts_ms = 0
        self._seen: tuple[int, int | None] = (-ASK_DETECTION_MS, None)

    def answer(self, asked: Sequence[Asked]) -> list[GateAnswer]:
        """Answer questions together, in one commit."""
        head, texts = self._head, self._texts
        # Until the commit nothing is sure: after a failure both are read anew.
        self._head, self._texts = None, {}
        now_ms = max(one.at_ms for one in asked)
        with writing_soon(self._engine) as conn:
            seen_ms = self._seen_ms(conn, now_ms)
            told = answer_all(conn, asked, self._rules, seen_ms, texts)
            head = self._append(conn, head, [one.body for one in told], now_ms)
        self._head, self._texts = head, texts
        if len(texts) >= TEXTS or not 0 <= now_ms - self._texts_ms < TEXTS_KNOWN_MS:
            self._texts, self._texts_ms = {}, now_ms
        if any(one.must_last for one in told):
            # A later answer follows from it, so a power cut must not undo it.
            with writing(self._engine) as conn:
                audit.touch(conn, self._chain, now_ms)
        return [one.answer for one in told]

    def take_words(self, now_ms: int) -> list[EditorialWord]:
        """Take what people said of stopped posts into the audit, from when on it counts; which words they were."""
        head, self._head = self._head, None
        with writing(self._engine) as conn:
            bodies, words = take_words(conn, now_ms)
            head = self._append(conn, head, bodies, now_ms)
        self._head = head
        return words

    def _append(self, conn: Connection, head: Head | None, bodies: Sequence[str], now_ms: int) -> Head:
        head = head or audit.head_of(conn, self._chain)
        head = head or audit.begin(conn, self._chain, now_ms, self._seal)
        return audit.append(conn, head, bodies, now_ms, self._seal)

    def _seen_ms(self, conn: Connection, now_ms: int) -> int | None:
        """Up to when watch has seen everything; asked for again after a while, short against any time that counts."""
        asked_ms, seen_ms = self._seen
        if self._rules.dead_after_ms is not None and not 0 <= now_ms - asked_ms < ASK_DETECTION_MS:
            seen_ms = seen_until_ms(conn, now_ms)
            self._seen = now_ms, seen_ms
        return seen_ms
