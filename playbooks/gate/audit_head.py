"""Whether the audit's heads bear the seal: a head that was moved back by hand to hide rows cut off does not. Pure.

What a seal cannot tell: a head that was once right, put back with its old seal, and a chain that is gone with its head
and that no later chain names. Only heads that were put away elsewhere show those.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable

import msgspec

from playbooks.gate.audit import AuditFault, AuditFinding, Head, Seal


class SealedHead(msgspec.Struct, frozen=True):
    """How far a chain reaches, and the seal over that; empty where an older version of Firebreak wrote it."""

    chain: str
    n: int
    hash: str
    seal: str


def head_seal(head: Head, seal: Seal) -> str:
    """The seal of a head.

    >>> from playbooks.gate.audit import seal_with
    >>> len(head_seal(Head("c", 7, "ab"), seal_with(None)))
    64
    """
    return seal(f"head\n{head.chain}\n{head.n}\n{head.hash}".encode())


def unsealed(
    heads: Iterable[SealedHead], seal: Seal, vouched: Collection[Head] = (), since_seals: Collection[str] = ()
) -> list[AuditFinding]:
    """Heads that do not bear the seal.

    Heads of older versions bear none: those are good where a sealed row or cut names them just so (`vouched`), unless
    the chain itself says that its head is sealed (`since_seals`).

    >>> by_hand = SealedHead("c", 7, "ab", "")
    >>> unsealed([by_hand], str)[0].words
    'the head at row 7 does not bear the seal: it was moved by hand, or written with another key or by an older version'
    >>> unsealed([by_hand], str, vouched=[Head("c", 7, "ab")])
    []
    """
    found = []
    for one in heads:
        head = Head(one.chain, one.n, one.hash)
        older = not one.seal and one.chain not in since_seals and head in vouched
        if not older and not hmac.compare_digest(one.seal.encode(), head_seal(head, seal).encode()):
            words = (
                f"the head at row {one.n} does not bear the seal: "
                "it was moved by hand, or written with another key or by an older version"
            )
            found.append(AuditFinding(one.chain, one.n, AuditFault.BAD_HEAD, words))
    return found
