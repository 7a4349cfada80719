"""PagerDuty's Events API v2 as it is documented: what it takes, what it answers, and which events ring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.parts.http_servers import Request

KEY = "0123456789abcdef0123456789abcdef"
SEVERITIES = {"critical", "error", "warning", "info"}
ACTIONS = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
LIMITS = {"dedup_key": 255, "summary": 1024}


@dataclass(slots=True)
class PagerDutyEvents:
    """``POST /v2/enqueue``. `alerts` is how each stands, `rings` how often people were notified of it."""

    key: str = KEY
    left: int = 1_000
    alerts: dict[str, str] = field(default_factory=dict)
    rings: dict[str, int] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> web.Response:
        """One event."""
        if request.method != "POST" or request.path != "/v2/enqueue":
            return web.json_response({"error": "not found"}, status=404)
        if self.left <= 0:
            return web.json_response({"status": "throttle exceeded"}, status=429, headers={"Retry-After": "7"})
        self.left -= 1
        event = json.loads(request.body)
        if faults := list(self._faults(event)):
            said = {"status": "invalid event", "message": "Event object is invalid", "errors": faults}
            return web.json_response(said, status=400)
        self._take(event)
        return web.json_response(
            {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, status=202
        )

    def _faults(self, event: Mapping[str, Any]) -> list[str]:
        found = []
        if event.get("routing_key") != self.key:
            found.append("'routing_key' is invalid (must be the 32-character integration key)")
        if event.get("event_action") not in ACTIONS:
            found.append("'event_action' is invalid")
        payload = event.get("payload", {})
        if event.get("event_action") == "trigger":
            found += [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload[name]]
            if payload["severity"] not in SEVERITIES:
                found.append("'payload.severity' is invalid")
        elif not event.get("dedup_key"):
            found.append("'dedup_key' is missing or blank")
        long = {"dedup_key": event.get("dedup_key", ""), "summary": payload.get("summary", "")}
        return found + [f"'{name}' is too long" for name, value in long.items() if len(value) > LIMITS[name]]

    def _take(self, event: dict[str, Any]) -> None:
        key, action = event["dedup_key"], event["event_action"]
        self.events.append(event)
        if action == "trigger" and self.alerts.get(key) in (None, "resolved"):
            self.alerts[key] = "triggered"
            self.rings[key] = self.rings.get(key, 0) + 1
        elif action != "trigger" and key in self.alerts and self.alerts[key] != "resolved":
            self.alerts[key] = ACTIONS[action]
