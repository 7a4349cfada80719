"""The gate's audit: every decision a row, each row sealed with the one before, and how a broken chain is told.

What people say of posts that the policy stopped are rows, too, before any decision goes by it.

Each gate process writes a chain of its own. Its first row names how far every other chain reached then; how far each
chain reaches stands beside it too, its *head*. So a row that was changed, taken out, put in, or cut off at the end is
found, and so is a whole chain that is gone. What is older than ``gate.audit_days`` goes, and leaves a sealed cut
(`audit_cut.py`). Pure; the rows are read and written by `store/gate/audit.py`.

Without a key the seal is a plain SHA-256: it finds what was done to rows, but somebody who rewrites the whole store can
make it anew. With a key (``gate.audit_key``) it is an HMAC, which nobody makes who has the store alone. Heads bear the
seal, too (`audit_head.py`). What no seal shows is an older store put back, or the newest chain gone as a whole: only
heads that were put away elsewhere do (`firebreak audit heads`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby

import msgspec

from playbooks.gate.decision import GateAnswer, GateRequest
from playbooks.policy.stopped import Given, Stopped
from playbooks.secret import Secret

#: What a row is sealed with: bytes to hexadecimal digits.
Seal = Callable[[bytes], str]
#: So many faults of a chain are told one by one.
TOLD = 20


class Row(msgspec.Struct, frozen=True):
    """Row `n` of a chain, from 0; `prev` is the hash of the row before, empty in the first."""

    chain: str
    n: int
    body: str
    prev: str
    hash: str


class Head(msgspec.Struct, frozen=True):
    """How far a chain reaches: its last row's number and hash."""

    chain: str
    n: int
    hash: str


class Begun(msgspec.Struct, frozen=True, tag="begun", tag_field="row"):
    """The first row of a chain: when the process began, and how far the other chains reached."""

    at_ms: int
    heads: tuple[Head, ...]
    #: Whether this chain's own head bears a seal (`audit_head.py`); chains of older versions do not say it.
    sealed: bool = False
    #: How far this process had come in the chain before, which the store does not have so any more: a backup was put in
    #: its place meanwhile.
    left: Head | None = None


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked. The text stands elsewhere under `text_ref`; `text_hash` is of its salt and itself."""

    brand: str
    platform: str
    post: str
    text_ref: str
    text_hash: str
    account: str | None = None
    campaign: str | None = None
    tags: tuple[str, ...] | None = None
    automated: bool | None = None
    actor: str | None = None
    scheduler: str | None = None
    run: str | None = None


class Decision(msgspec.Struct, frozen=True, omit_defaults=True, tag="decision", tag_field="row"):
    """One decision: who asked what, and what was answered. `glass` is the word that was used up by it."""

    at_ms: int
    caller: str
    asked: Question
    decision: str
    reasons: tuple[str, ...]
    hold: str | None = None
    glass: str | None = None


class Word(msgspec.Struct, frozen=True, omit_defaults=True, tag="word", tag_field="row"):
    """What a person said of a text that the policy stopped, before any decision goes by it.

    `word` is "let_go", with the codes in `found` before them, or "approve", with the topic. `text_hash` is the audit's.
    """

    at_ms: int
    said_ms: int
    id: str
    word: str
    person: str
    reason: str
    brand: str
    platform: str
    text_ref: str
    text_hash: str
    found: tuple[str, ...] = ()
    topic: str = ""
    run: str = ""


class AuditFault(StrEnum):
    """What is wrong with a row, or with a chain."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"
    BROKEN = "broken"
    CHAIN_GONE = "chain_gone"
    BAD_CUT = "bad_cut"
    BAD_HEAD = "bad_head"


class AuditFinding(msgspec.Struct, frozen=True):
    """One fault: in which chain, at which row, and in words."""

    chain: str
    n: int
    fault: AuditFault
    words: str


def seal_with(key: Secret | None) -> Seal:
    """The seal: an HMAC where there is a key, a plain hash where there is none.

    >>> seal_with(None)(b"")[:8]
    'e3b0c442'
    """
    if key is None:
        return lambda content: hashlib.sha256(content).hexdigest()
    secret = key.reveal().encode()
    return lambda content: hmac.new(secret, content, hashlib.sha256).hexdigest()


def text_hash(salt: str, text: str) -> str:
    """What the audit has of a text: nobody can guess it back once the salt is erased.

    >>> text_hash("a", "Hello") == text_hash("b", "Hello")
    False
    """
    return hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest()


def body_of(
    request: GateRequest, caller: str, answer: GateAnswer, at_ms: int, text: tuple[str, str], glass: str | None
) -> str:
    """The row's body for a decision; `text` is the reference and the hash of the post's text."""
    asked = Question(
        brand=request.brand,
        platform=request.platform,
        post=request.post.id,
        text_ref=text[0],
        text_hash=text[1],
        account=request.account,
        campaign=request.campaign,
        tags=request.tags,
        automated=request.automated,
        actor=request.actor,
        scheduler=request.scheduler,
        run=request.run,
    )
    reasons = tuple(reason.code.value for reason in answer.reasons)
    decision = Decision(at_ms, caller, asked, answer.decision.value, reasons, answer.hold, glass)
    return msgspec.json.encode(decision).decode()


def body_of_word(given: Given, stopped: Stopped, at_ms: int) -> str:
    """The row's body for a person's word about a text."""
    word = Word(
        at_ms=at_ms,
        said_ms=given.said_ms,
        id=given.id,
        word=given.word.kind.value,
        person=given.word.person,
        reason=given.word.reason,
        brand=stopped.brand,
        platform=stopped.platform,
        text_ref=stopped.text_ref,
        text_hash=stopped.salted_hash,
        found=given.word.reasons,
        topic=given.word.topic,
        run=stopped.run,
    )
    return msgspec.json.encode(word).decode()


def linked(chain: str, n: int, prev: str, bodies: Iterable[str], seal: Seal) -> Iterator[Row]:
    """Rows of a chain that follow row `n` - 1, whose hash is `prev`.

    >>> [row.n for row in linked("c", 0, "", ["{}", "{}"], seal_with(None))]
    [0, 1]
    """
    for number, body in enumerate(bodies, n):
        row = Row(chain, number, body, prev, _sealed(chain, prev, body, seal))
        prev = row.hash
        yield row


def verify(
    rows: Iterable[Row],
    heads: Mapping[str, Head],
    seal: Seal,
    kept: Iterable[Head] = (),
    begins: Mapping[str, Head] | None = None,
) -> list[AuditFinding]:
    """Everything that is wrong with the audit; empty where nothing is.

    `rows` come by chain and number. `heads` are those of the store, beyond which nothing may stand; `kept` are some
    that were put away before: the chains may have grown since, but must still hold those rows. `begins` says after
    which row a chain begins that was cut, where Firebreak cut it.
    """
    begins = begins or {}
    found: list[AuditFinding] = []
    reached: dict[str, Head] = dict(begins)
    named: list[tuple[str, Head]] = []
    at_head = {(head.chain, head.n): head.hash for head in begins.values()}
    must = [*heads.values(), *kept]
    wanted = {(head.chain, head.n) for head in must}
    for chain, of_chain in groupby(rows, lambda row: row.chain):
        check = _Chain(chain, seal, begins.get(chain))
        for row in of_chain:
            check.take(row)
            if row.n == 0:
                named += [(chain, head) for head in begun(row.body).heads]
            if (chain, row.n) in wanted:
                at_head[chain, row.n] = row.hash
        found += check.told()
        reached[chain] = Head(chain, check.n - 1, check.prev)
    found += _beyond(heads, reached.values())
    for head in dict.fromkeys(must):
        found += _against_head(head, reached.get(head.chain), at_head.get((head.chain, head.n)))
    for by, head in named:
        if head.chain not in reached and head.chain not in heads:
            words = f"the chain is gone; {by} began when it reached row {head.n}"
            found.append(AuditFinding(head.chain, head.n, AuditFault.CHAIN_GONE, words))
    return found


class _Chain:
    """One chain, row by row."""

    def __init__(self, chain: str, seal: Seal, after: Head | None) -> None:
        self.n = after.n + 1 if after else 0
        self.prev = after.hash if after else ""
        self._before = ""
        self._chain = chain
        self._seal = seal
        self._found: list[AuditFinding] = []
        self._untold = 0

    def take(self, row: Row) -> None:
        """Look at the next row."""
        if row.n < self.n:
            self._tell(row.n, AuditFault.INSERTED, f"row {row.n} stands before the cut")
            return
        if row.n > self.n:
            missing = f"row {self.n}" if row.n == self.n + 1 else f"rows {self.n} to {row.n - 1}"
            self._tell(self.n, AuditFault.MISSING, f"{missing} missing")
        elif row.prev != self.prev:
            self._does_not_follow(row)
        if row.hash != _sealed(row.chain, row.prev, row.body, self._seal):
            self._tell(row.n, AuditFault.CHANGED, f"row {row.n} was changed")
        self.n, self._before, self.prev = row.n + 1, self.prev, row.hash

    def told(self) -> list[AuditFinding]:
        """What was found."""
        if self._untold:
            more = f"and {self._untold} more faults"
            return [*self._found, AuditFinding(self._chain, self.n - 1, AuditFault.BROKEN, more)]
        return self._found

    def _does_not_follow(self, row: Row) -> None:
        if row.n and row.prev == self._before:
            self._tell(row.n - 1, AuditFault.INSERTED, f"row {row.n - 1} was put in: the next follows the one before")
        else:
            words = f"row {row.n} does not follow row {row.n - 1}: that one was changed, or one between was taken out"
            self._tell(row.n, AuditFault.BROKEN, words)

    def _tell(self, n: int, fault: AuditFault, words: str) -> None:
        if len(self._found) < TOLD:
            self._found.append(AuditFinding(self._chain, n, fault, words))
        else:
            self._untold += 1


def _sealed(chain: str, prev: str, body: str, seal: Seal) -> str:
    # Not the number: a row that was put in is then told from those behind it, which still follow one another.
    return seal(f"{chain}\n{prev}\n{body}".encode())


def begun(body: str) -> Begun:
    """What a chain's first row says; nothing where it is not one."""
    try:
        return msgspec.json.decode(body, type=Begun)
    except msgspec.DecodeError:
        return Begun(0, ())


def _beyond(heads: Mapping[str, Head], reached: Iterable[Head]) -> list[AuditFinding]:
    """Rows that stand behind a chain's head, and chains without one: nobody who wrote them moved the head."""
    return [
        AuditFinding(last.chain, last.n, AuditFault.INSERTED, f"rows up to {last.n} stand behind the chain's head")
        for last in reached
        if last.chain not in heads or last.n > heads[last.chain].n
    ]


def _against_head(head: Head, last: Head | None, there: str | None) -> list[AuditFinding]:
    if last is None:
        words = f"the whole chain is missing, rows 0 to {head.n}"
        return [AuditFinding(head.chain, 0, AuditFault.CUT_OFF, words)]
    if last.n < head.n:
        words = f"rows {last.n + 1} to {head.n} were cut off at the end"
        return [AuditFinding(head.chain, last.n + 1, AuditFault.CUT_OFF, words)]
    if there is not None and there != head.hash:
        return [AuditFinding(head.chain, head.n, AuditFault.CHANGED, f"row {head.n} is another than the head names")]
    return []
