"""Answers of one gate process: each batch is one transaction that decides, and writes the audit's rows of its chain.

Nothing is kept between two batches but how far the chain reaches and which texts are kept already; after a failure both
are read anew. One batch at a time. Where a backup was put in the store's place meanwhile, a new chain begins.
"""

from __future__ import annotations

import logging
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

log = logging.getLogger(__name__)

#: So many texts are known again without being kept anew.
TEXTS: Final = 10_000
#: How long it counts what was known of detection.
ASK_DETECTION_MS: Final = 500


class Answering:
    """Answers questions in the store; `chain` names the process's audit, whose rows are sealed with `seal`."""

    def __init__(self, engine: Engine, rules: GateRules, chain: str, seal: Seal) -> None:
        self._engine = engine
        self._rules = rules
        self._process = self._chain = chain
        self._seal = seal
        self._head: Head | None = None
        #: How far it came last, which lasts beyond failures; and in which of its chains, from 1.
        self._reached: Head | None = None
        self._left: Head | None = None
        self._chains = 1
        self._texts: dict[str, KeptText] = {}
        self._texts_ms = 0
        self._seen: tuple[int, int | None] = (-ASK_DETECTION_MS, None)

    def answer(self, asked: Sequence[Asked]) -> list[GateAnswer]:
        """Answer questions together, in one commit."""
        try:
            return self._answer(asked)
        except audit.NotAsLeft as restored:
            self._begin_anew(restored.left)
            return self._answer(asked)

    def _answer(self, asked: Sequence[Asked]) -> list[GateAnswer]:
        head, texts = self._head, self._texts
        # Until the commit nothing is sure: after a failure both are read anew.
        self._head, self._texts = None, {}
        now_ms = max(one.at_ms for one in asked)
        with writing_soon(self._engine) as conn:
            seen_ms = self._seen_ms(conn, now_ms)
            told = answer_all(conn, asked, self._rules, seen_ms, texts)
            head = self._append(conn, head, [one.body for one in told], now_ms)
        self._head, self._reached, self._texts = head, head, texts
        if len(texts) >= TEXTS or not 0 <= now_ms - self._texts_ms < TEXTS_KNOWN_MS:
            self._texts, self._texts_ms = {}, now_ms
        if any(one.must_last for one in told):
            # A later answer follows from it, so a power cut must not undo it.
            with writing(self._engine) as conn:
                audit.touch(conn, self._chain, now_ms)
        return [one.answer for one in told]

    def take_words(self, now_ms: int) -> list[EditorialWord]:
        """Take what people said of stopped posts into the audit, from when on it counts; which words they were."""
        try:
            return self._take_words(now_ms)
        except audit.NotAsLeft as restored:
            self._begin_anew(restored.left)
            return self._take_words(now_ms)

    def _take_words(self, now_ms: int) -> list[EditorialWord]:
        head, self._head = self._head, None
        with writing(self._engine) as conn:
            bodies, words = take_words(conn, now_ms)
            head = self._append(conn, head, bodies, now_ms)
        self._head = self._reached = head
        return words

    def _begin_anew(self, left: Head) -> None:
        """Go on in a new chain, for the store does not know how the old one went on; what was kept is read anew."""
        log.warning(
            "the store was put back: the audit goes on in a new chain", extra={"chain": left.chain, "n": left.n}
        )
        self._chains += 1
        self._chain = f"{self._process}-{self._chains}"
        self._head, self._reached, self._left, self._texts = None, None, left, {}
        self._seen = (-ASK_DETECTION_MS, None)

    def _append(self, conn: Connection, head: Head | None, bodies: Sequence[str], now_ms: int) -> Head:
        head = head or audit.head_of(conn, self._chain)
        if self._reached is not None and (head is None or head.n < self._reached.n):
            raise audit.NotAsLeft(self._reached)
        head = head or audit.begin(conn, self._chain, now_ms, self._seal, self._left)
        return audit.append(conn, head, bodies, now_ms, self._seal)

    def _seen_ms(self, conn: Connection, now_ms: int) -> int | None:
        """Up to when watch has seen everything; asked for again after a while, short against any time that counts."""
        asked_ms, seen_ms = self._seen
        if self._rules.dead_after_ms is not None and not 0 <= now_ms - asked_ms < ASK_DETECTION_MS:
            seen_ms = seen_until_ms(conn, now_ms)
            self._seen = now_ms, seen_ms
        return seen_ms
