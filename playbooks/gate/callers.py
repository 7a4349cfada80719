"""Who asks the gate: told by the token alone, never by what the question claims."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from playbooks.secret import Secret
from playbooks.settings.gate import GateSettings
from playbooks.settings.section import MissingSecret

#: Schedulers send the token with every question; a shorter one could be guessed.
TOKEN_CHARS = 16
#: The name of whoever has the token under ``gate.token``.
SCHEDULER = "scheduler"


class Caller(msgspec.Struct, frozen=True):
    """Somebody with a token. `crisis_team`: what people of theirs write may go while automated posts are held."""

    name: str
    crisis_team: bool = False


@dataclass(frozen=True, slots=True)
class Callers:
    """The tokens there are, and whose each is."""

    _known: tuple[tuple[bytes, Caller], ...] = field(repr=False)

    @staticmethod
    def of(known: Sequence[tuple[Secret, Caller]]) -> Callers:
        """The callers with these tokens; raises `ValueError` where two have the same."""
        hashed = tuple((_hash(token.reveal()), caller) for token, caller in known)
        if len({token for token, _ in hashed}) < len(hashed):
            raise ValueError("two callers have the same token")
        return Callers(hashed)

    def with_token(self, token: str) -> Caller | None:
        """Whose token it is. Every one is compared, so that the time taken tells nothing."""
        asked, found = _hash(token), None
        for known, caller in self._known:
            if hmac.compare_digest(asked, known):
                found = caller
        return found


def callers_of(gate: GateSettings) -> Callers:
    """The callers of the settings; raises `MissingSecret` where a token is missing, short, or given to two."""
    known = [(gate.token.read("gate.token", at_least=TOKEN_CHARS), Caller(SCHEDULER))]
    for name, each in gate.callers.items():
        token = each.token.read(f"gate.callers.{name}.token", at_least=TOKEN_CHARS)
        known.append((token, Caller(name, each.crisis_team)))
    try:
        return Callers.of(known)
    except ValueError:
        names = ", ".join(["gate.token", *(f"gate.callers.{name}" for name in gate.callers)])
        raise MissingSecret(f"two of {names} have the same token, so nobody could say who asks; make another") from None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
