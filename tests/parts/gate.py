"""The gate as tests need it: its rules, its callers, and a program that asks."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from playbooks.gate.callers import Caller, Callers
from playbooks.gate.reader import Check
from playbooks.gate.rules import GateRules
from playbooks.gate.service import Gate
from playbooks.secret import Secret
from playbooks.settings.brands import PolicySettings
from playbooks.settings.gate import Otherwise
from playbooks.wall_clock import Clock, now_ms

TOKEN = "a-token-of-the-gate"
CRISIS_TOKEN = "a-token-of-the-crisis-team"
SCHEDULER = Caller("scheduler")
CRISIS_TEAM = Caller("newsroom", crisis_team=True)
SPACING_MS = 600_000


def rules(
    brands: Iterable[str] = ("acme", "other"),
    dead_after_ms: int | None = None,
    says: Otherwise = Otherwise.HOLD,
    spacing_ms: int = SPACING_MS,
    policy: PolicySettings | None = None,
) -> GateRules:
    """What the gate goes by; without `dead_after_ms` nobody looks whether detection lives. `policy` is each brand's."""
    named = tuple(brands)
    read_for = dict.fromkeys(named, policy) if policy else {}
    return GateRules(dict.fromkeys(named, says), spacing_ms, dead_after_ms, read_for)


def a_gate(engine: Engine, clock: Clock = now_ms, of: GateRules | None = None, check: Check | None = None) -> Gate:
    """A gate over a store; `check` reads posts in place of the policy."""
    return Gate(engine, of or rules(), clock, check=check)


def callers(token: str = TOKEN) -> Callers:
    """A scheduler with `token`, and a crisis team."""
    return Callers.of([(Secret(token), SCHEDULER), (Secret(CRISIS_TOKEN), CRISIS_TEAM)])
