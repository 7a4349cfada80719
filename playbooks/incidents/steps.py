"""The steps of one playbook for one signal: which are planned now, which of those are due, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import msgspec

from detectors.run import Drill, Live, Replay, run_of
from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.hold_scope import ALL_POSTS, Narrowing
from playbooks.content.schema import HoldScope, HoldTerms, Playbook, Step
from playbooks.incidents import wording
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.for_the_queue import for_the_queue
from playbooks.incidents.hold_lease import lease_wake
from playbooks.incidents.incident import HoldView, IncidentView
from playbooks.incidents.log_entry import ActionPlanned, HoldPlaced, LogEntry, PlannedBecause
from playbooks.incidents.timers import Deadline, Wake, first_wake
from playbooks.labels import ActionKind

MINUTE_MS = 60_000

#: Somebody is really asked: Firebreak does it, or people are to.
_ASKED = (ActionDecision.DUE, ActionDecision.FOR_PEOPLE)


class HoldOrder(msgspec.Struct, frozen=True):
    """A hold to be placed. `reason` is for whoever is held back."""

    id: str
    brand: str
    platform: str | None
    reason: str
    releasers_needed: int
    only: Narrowing = ALL_POSTS
    one_of: str = ""


class PlannedStep(msgspec.Struct, frozen=True):
    """One step: the action, whether it is due, what goes into the log, and the hold where it is one."""

    action: Action
    decision: ActionDecision
    entries: tuple[LogEntry, ...]
    hold: HoldOrder | None
    wakes: tuple[Wake, ...] = ()


def plan_steps(
    incident: str,
    view: IncidentView | None,
    signal: Signal,
    playbook: Playbook,
    arming: Arming,
    now_ms: int,
    *,
    outranked: bool = False,
    anew: bool = False,
    muted: bool = False,
    why: PlannedBecause | None = None,
) -> list[PlannedStep]:
    """The steps that `signal` calls for; `view` is the incident before it, None where it opens one.

    `outranked` says that it fired a playbook that comes before this one: that is worse, whatever its severity. `anew`
    says that a person moved the incident to this playbook, and that it is graver: every step is planned, whatever was
    done before. `muted` says that nothing is to be done about it now, `why` what calls for the steps where it is not
    the signal.

    An opening plans every step. Afterwards a step is planned again where it got worse (pages, annotations, notices
    that say so, a hold that people had let go), and where it could not be done before and now can: the brand was
    armed meanwhile, or a mute has ended.
    """
    steps = _Steps(incident, view, signal, playbook, arming, now_ms, outranked, anew, muted, why)
    return [steps.plan(step) for step in playbook.steps if steps.is_planned(step)]


@dataclass(frozen=True)
class _Steps:
    incident: str
    view: IncidentView | None
    signal: Signal
    playbook: Playbook
    arming: Arming
    now_ms: int
    outranked: bool
    anew: bool
    muted: bool
    why: PlannedBecause | None

    def is_planned(self, step: Step) -> bool:
        """Whether the signal calls for this step, be it due or not."""
        before = self.view.planned(step.id) if self.view else []
        if not before:
            return True
        is_due = self._decision(step) in _ASKED
        if step.action is ActionKind.HOLD:
            return is_due and (self._never_held or (self._worse and not self._is_held))
        if self.anew:
            return True
        not_done = before[-1].decision not in _ASKED
        return (is_due and not_done) or (self._worse and step.repeats) or (step.with_hold and self._holds_now)

    def plan(self, step: Step) -> PlannedStep:
        """The step as an action, with what the log says of it."""
        action, decision = self._action(step), self._decision(step)
        wakes = self._wakes(step, action, decision)
        planned = ActionPlanned(
            action.id,
            step.id,
            step.action,
            action.target,
            decision,
            action.due_ms,
            with_hold=step.with_hold,
            deadline_ms=next((wake.due_ms for wake in wakes if isinstance(wake.timer, Deadline)), None),
            each=step.each,
            why=self.why,
        )
        terms = self.playbook.hold
        if terms is None or step.action is not ActionKind.HOLD or decision is not ActionDecision.DUE:
            return PlannedStep(action, decision, (planned,), None, wakes)
        order = HoldOrder(
            action.id,
            self.signal.brand,
            self._platform,
            step.words.strip(),
            terms.releasers,
            terms.only,
            terms.one_of or "",
        )
        lease = lease_wake(action.incident, action.run, order.id, terms.ask_again_min, action.due_ms)
        return PlannedStep(action, decision, (planned, _placed(order, terms)), order, lease)

    def _wakes(self, step: Step, action: Action, decision: ActionDecision) -> tuple[Wake, ...]:
        """Timers, where somebody is really asked: nobody answers a replay."""
        if decision not in _ASKED or isinstance(run_of(self.signal.run), Replay):
            return ()
        return first_wake(action, step, self.playbook)

    def _decision(self, step: Step) -> ActionDecision:
        match self.arming, step.action:
            case _, ActionKind.ANNOTATE:
                return ActionDecision.DUE
            case Arming.OBSERVE, _:
                return ActionDecision.BRAND_OBSERVES
            case _ if self.muted:
                return ActionDecision.MUTED
            case _ if step.action.is_for_people:
                return ActionDecision.FOR_PEOPLE
            case Arming.PAGE, ActionKind.HOLD:
                return ActionDecision.BRAND_NOT_ARMED_TO_HOLD
            case _ if step.with_hold and not (self._holds_now or self._is_held):
                return ActionDecision.NOTHING_HELD
            case _:
                return ActionDecision.DUE

    def _action(self, step: Step) -> Action:
        signal = self.signal
        times = len(self.view.planned(step.id)) if self.view else 0
        notice = wording.notice(self.incident, self.playbook, step, signal, worse=self._worse)
        if step.each:
            notice = msgspec.structs.replace(notice, each=True)
        if step.with_hold and self.playbook.hold is not None:
            notice = for_the_queue(notice, self.playbook.hold, self._platform)
        if self.view is not None:
            notice = wording.with_report(notice, self.view)
        if self.why is not None and self.view is not None:
            notice = wording.said_late(notice, self.why, max(0, self.now_ms - self.view.recorded_ms) // MINUTE_MS)
        delay_ms = step.after_min * MINUTE_MS
        return Action(
            id=f"{self.incident}:{step.id}:{times + 1}",
            incident=self.incident,
            run=signal.run,
            step=step.id,
            action=step.action,
            target=step.to or signal.brand,
            body=msgspec.to_builtins(notice),
            at_ms=(signal.at_ms if self.why is None else self.now_ms) + delay_ms,
            due_ms=_due_ms(signal, self.now_ms, delay_ms),
        )

    @cached_property
    def _worse(self) -> bool:
        return self.view is not None and (self.outranked or self.anew or self.signal.severity > self.view.severity)

    @cached_property
    def _holds_now(self) -> bool:
        """Whether this signal places a hold."""
        holds = (step for step in self.playbook.steps if step.action is ActionKind.HOLD)
        return any(self.is_planned(step) and self._decision(step) is ActionDecision.DUE for step in holds)

    @property
    def _platform(self) -> str | None:
        """What a hold would hold: one platform, or (None) the brand."""
        terms = self.playbook.hold
        return self.signal.platform if terms and terms.scope is HoldScope.PLATFORM else None

    @property
    def _is_held(self) -> bool:
        holds = self.view.holds if self.view else ()
        return any(hold.in_force and self._is_wide_enough(hold) for hold in holds)

    @property
    def _never_held(self) -> bool:
        holds = self.view.holds if self.view else ()
        return not any(self._is_wide_enough(hold) for hold in holds)

    def _is_wide_enough(self, hold: HoldView) -> bool:
        terms = self.playbook.hold
        wanted = terms.only if terms else ALL_POSTS
        return hold.platform in (None, self._platform) and hold.only.is_as_wide_as(wanted)


def _due_ms(signal: Signal, now_ms: int, delay_ms: int) -> int:
    run = run_of(signal.run)
    match run:
        case Live() | Drill():
            return now_ms + delay_ms
        case Replay():
            return now_ms  # nothing is sent, only recorded
        case _:
            assert_never(run)


def _placed(order: HoldOrder, terms: HoldTerms) -> HoldPlaced:
    return HoldPlaced(
        order.id,
        order.brand,
        order.platform,
        order.releasers_needed,
        terms.released_by,
        only=order.only,
        ask_again_min=terms.ask_again_min,
        one_of=order.one_of,
    )
