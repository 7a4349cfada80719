"""The page to ops while detection is dead: nobody would see a crisis, and automated posts are held. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from detectors.mention import rfc3339
from playbooks.effects.message import Notice
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS
from playbooks.settings.gate import Otherwise

_DAY_MS = 86_400_000


def told_of_blindness(seen_ms: int | None, brands: Mapping[str, Otherwise], now_ms: int) -> list[Action]:
    """The page: one for each time that detection dies, by whichever gate sees it; none where there is no brand.

    `seen_ms` is up to when watch has seen everything, None where it was never heard of: then a page each day.
    """
    if not brands:
        return []
    since = f"day-{now_ms // _DAY_MS}" if seen_ms is None else str(seen_ms)
    page = Action(
        id=f"detection-dead:{since}",
        incident="",
        run="",
        step="detection-dead",
        action=ActionKind.PAGE,
        target=OPS,
        body=msgspec.to_builtins(_notice(seen_ms, brands)),
        at_ms=now_ms,
        due_ms=now_ms,
    )
    return [page]


def _notice(seen_ms: int | None, brands: Mapping[str, Otherwise]) -> Notice:
    held = sorted(brand for brand, says in brands.items() if says is Otherwise.HOLD)
    open_ = sorted(brand for brand, says in brands.items() if says is Otherwise.ALLOW)
    since = "Watch was never heard of" if seen_ms is None else f"Watch has seen nothing since {rfc3339(seen_ms)}"
    parts = [
        f"{since}: nobody would see a crisis now.",
        f"The gate holds automated posts meanwhile for {_some(held)}." if held else "",
        f"By their settings posts go on for {_some(open_)}." if open_ else "",
        "See that triage and watch run and that Kafka answers them; 'firebreak check' says more. Posts that are held "
        "meanwhile need a person's word each: firebreak hold list --posts.",
    ]
    text = "\n\n".join(part for part in parts if part)
    subject = "Detection is dead: nobody would see a crisis"
    return Notice(subject=subject, text=text, brand="firebreak", page="readiness")


def _some(brands: list[str]) -> str:
    more = f" and {len(brands) - 5} more" if len(brands) > 5 else ""
    return ", ".join(brands[:5]) + more
