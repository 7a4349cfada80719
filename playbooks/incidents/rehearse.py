"""The planner without a store: signals in, the lines of a DECISIONS file out, nothing written and nobody reached.

A backtest and a live system decide by the same `plan.decide`; this module only keeps in memory what the store keeps in
tables.
"""

from __future__ import annotations

import heapq
from collections import defaultdict

import msgspec

from detectors.mention import rfc3339
from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.incidents import plan
from playbooks.incidents.action import Action
from playbooks.incidents.decisions import ActionLine, IncidentLine, action_line
from playbooks.incidents.incident import IncidentView, advance
from playbooks.incidents.log_entry import RESPOND, Logged, Outranked
from playbooks.labels import ActionKind, SignalDecision


class Tally(msgspec.Struct):
    """How much there has been so far. `pages` counts due pages: one for each time a role is paged."""

    signals: int = 0
    incidents: int = 0
    pages: int = 0


class Rehearsal:
    """Takes signals in order of their time and says what would be done about each.

    Every brand is armed to page and to hold, as in every replay. The clock is the signals' own.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._open: defaultdict[tuple[str, str], dict[str, IncidentView]] = defaultdict(dict)
        self._seen: set[str] = set()
        self._coming: list[tuple[int, int, Action]] = []
        self._planned = 0
        self.tally = Tally()

    def take(self, signal: Signal) -> list[IncidentLine | ActionLine]:
        """The lines that follow from `signal`, in order of time, after those of delayed actions that fell due first.

        A repeat gives no new ones.
        """
        lines = self._fallen_due(signal.at_ms, included=False)
        if signal.id not in self._seen:
            self._seen.add(signal.id)
            self.tally.signals += 1
            lines += self._decide(signal)
        return lines + self._fallen_due(signal.at_ms, included=True)

    def finish(self) -> list[IncidentLine | ActionLine]:
        """The lines of actions that are still to come; there are no more signals."""
        return self._fallen_due(None, included=True)

    def view(self, run: str, brand: str, playbook: str) -> IncidentView | None:
        """The open incident of a run, brand and playbook."""
        return next((view for view in self._open[run, brand].values() if view.playbook == playbook), None)

    def _decide(self, signal: Signal) -> list[IncidentLine | ActionLine]:
        known = self._open[signal.run, signal.brand]
        decided = plan.decide(signal, self._library, known, Arming.PAGE_AND_HOLD, signal.at_ms)
        lines: list[IncidentLine | ActionLine] = []
        for each in decided.plans:
            view = self._follow(each, known, signal)
            opens = each.decision is SignalDecision.OPENED
            self.tally.incidents += opens
            self.tally.pages += sum(action.action is ActionKind.PAGE for action in each.due)
            for action in each.due:
                self._planned += 1
                heapq.heappush(self._coming, (action.at_ms, self._planned, action))
            if opens or each.pages or each.hold:
                lines.append(_incident_line(view, signal, each))
        return lines

    def _follow(self, each: plan.Plan, known: dict[str, IncidentView], signal: Signal) -> IncidentView:
        view = next((one for one in known.values() if one.id == each.incident), None)
        for entry in each.entries:
            view = advance(view, each.incident, Logged(0, signal.at_ms, signal.at_ms, RESPOND, entry))
        assert view is not None, "a plan has at least one entry"
        known[view.cause] = view
        return view

    def _fallen_due(self, until_ms: int | None, *, included: bool) -> list[IncidentLine | ActionLine]:
        lines: list[IncidentLine | ActionLine] = []
        while self._coming:
            at_ms = self._coming[0][0]
            if until_ms is not None and (at_ms > until_ms or (at_ms == until_ms and not included)):
                break
            lines.append(action_line(heapq.heappop(self._coming)[2]))
        return lines


def _incident_line(view: IncidentView, signal: Signal, each: plan.Plan) -> IncidentLine:
    return IncidentLine(
        at=rfc3339(signal.at_ms),
        brand=view.brand,
        incident=view.id,
        playbook=view.playbook,
        version=view.version,
        kind=signal.kind,
        severity=view.severity,
        pages=each.pages,
        holds=each.hold is not None,
        outranked_by=next((entry.playbook for entry in each.entries if isinstance(entry, Outranked)), ""),
    )
