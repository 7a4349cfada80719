"""Where a chain of the audit was cut: what stood before it was old enough to go (``gate.audit_days``). Pure.

A cut is a sealed checkpoint: how far the chain was pruned, and the hash of the last row that went. The chain goes on
verifying from there, because the next row names that hash. Rows that somebody takes out by hand leave no such
checkpoint, or one that does not bear the seal.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence

import msgspec

from playbooks.gate.audit import AuditFault, AuditFinding, Head, Row, Seal


class Cut(msgspec.Struct, frozen=True):
    """Rows up to `n` of a chain went at `at_ms`; `hash` is that of row `n`. `seal` is over all of it."""

    chain: str
    n: int
    hash: str
    at_ms: int
    seal: str


def cut_after(row: Row, at_ms: int, seal: Seal) -> Cut:
    """The checkpoint that stands for `row` and all before it.

    >>> from playbooks.gate.audit import seal_with
    >>> is_ours(cut_after(Row("c", 7, "{}", "", "ab"), 0, seal_with(None)), seal_with(None))
    True
    """
    return Cut(row.chain, row.n, row.hash, at_ms, _sealed(row.chain, row.n, row.hash, at_ms, seal))


def begins(cuts: Iterable[Cut], seal: Seal) -> tuple[dict[str, Head], list[AuditFinding]]:
    """After which row each chain that was cut begins, and what is wrong with cuts that Firebreak did not make.

    >>> begins([Cut("c", 7, "ab", 0, "made by hand")], lambda content: "another")[1][0].words
    'the cut after row 7 does not bear the seal: it was made by hand, or with another key'
    """
    after: dict[str, Head] = {}
    wrong = []
    for cut in cuts:
        if is_ours(cut, seal):
            after[cut.chain] = Head(cut.chain, cut.n, cut.hash)
        else:
            words = f"the cut after row {cut.n} does not bear the seal: it was made by hand, or with another key"
            wrong.append(AuditFinding(cut.chain, cut.n, AuditFault.BAD_CUT, words))
    return after, wrong


def is_ours(cut: Cut, seal: Seal) -> bool:
    """Whether Firebreak made the cut: whether it bears the seal."""
    return hmac.compare_digest(cut.seal.encode(), _sealed(cut.chain, cut.n, cut.hash, cut.at_ms, seal).encode())


def old(rows: Sequence[Row], before_ms: int) -> Sequence[Row]:
    """Those of a chain's first rows that are from before a moment: up to the first one that is not.

    >>> rows = [Row("c", n, '{"at_ms": %d}' % at_ms, "", "") for n, at_ms in enumerate([1, 2, 9, 3])]
    >>> [row.n for row in old(rows, 5)]
    [0, 1]
    """
    return rows[: next((n for n, row in enumerate(rows) if _at_ms(row) >= before_ms), len(rows))]


def told(cuts: Iterable[Cut]) -> int:
    """How many rows went by these cuts.

    >>> told([Cut("a", 9, "", 0, ""), Cut("b", 0, "", 0, "")])
    11
    """
    return sum(cut.n + 1 for cut in cuts)


class _Timed(msgspec.Struct):
    at_ms: int


def _at_ms(row: Row) -> int:
    try:
        return msgspec.json.decode(row.body, type=_Timed).at_ms
    except msgspec.DecodeError:
        return 1 << 62  # not one of ours: it stays, and verifying says so


def _sealed(chain: str, n: int, hash: str, at_ms: int, seal: Seal) -> str:
    return seal(f"cut\n{chain}\n{n}\n{hash}\n{at_ms}".encode())
