"""Carrying out one due action: whom it is for, the sends, what came of them, and what follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from detectors.run import Drill, Live, Replay, Run, run_of
from playbooks import telemetry
from playbooks.delivery.addressed import Note, Whom, never_told, whom
from playbooks.delivery.backoff import wait_s
from playbooks.delivery.follow_up import follow_ups, nobody_on_call
from playbooks.delivery.late_failure import wakes_nobody
from playbooks.delivery.ledger_words import given_up, in_words, word_of
from playbooks.delivery.one_message import LOOK_MS
from playbooks.delivery.roads import STATEFUL
from playbooks.delivery.standing import Entry, Line, Point, entry_of, sends_to, sent_before, stands
from playbooks.delivery.told_times import with_local_times, zone_of
from playbooks.effects.action_link import MIN_SECRET_CHARS
from playbooks.effects.message import (
    Acting,
    AddressOf,
    Effect,
    Message,
    Notice,
    Reachable,
    Reference,
    Stage,
    idempotency_key,
    links_of,
    read_notice,
)
from playbooks.effects.outcome import Delivered, Outcome, Retry, RetryReason
from playbooks.incidents.action import DueAction
from playbooks.incidents.called import with_names
from playbooks.labels import ActionKind, Channel, DeliveryOutcome, run_kind
from playbooks.oncall.people import OPS, Contact, Later, Nobody, heard_now, members, reach
from playbooks.oncall.rotas import NO_ROTAS, Rotas
from playbooks.running.in_two_roles import in_two_roles
from playbooks.running.ledger_writer import LedgerWriter
from playbooks.running.once_reached import once_reached, was_told
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.delivery.outbox import REPEATS, Again, Begin, Begun, Settle
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock

#: The part of a lease within which a send must be over, so that nobody else begins it meanwhile.
LEASE_SHARE = 0.8
#: How soon it is looked again whether somebody is on call after all.
LOOK_AGAIN_MS = 60_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """One send and what came of it."""

    entry: Entry
    outcome: Outcome


class Carrier:
    """Carries out actions that are claimed. `chance` gives random numbers in 0..1 for the waits between tries.

    `rotas` gives them as they are known now. Raises `MissingSecret` where the secret for links in messages is named and
    not there.
    """

    def __init__(
        self,
        settings: PlaybookSettings,
        store: PatientStore,
        effects: Mapping[Channel, Effect],
        clock: Clock,
        chance: Callable[[], float],
        rotas: Callable[[], Rotas] = lambda: NO_ROTAS,
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = LedgerWriter(store, clock)
        self._effects = effects
        self._clock = clock
        self._chance = chance
        self._rotas = rotas
        links = settings.channels.links
        self._link_secret = links.secret.read("channels.links.secret", at_least=MIN_SECRET_CHARS) if links else None

    async def carry_out(self, due: DueAction) -> None:
        """Do what `due` asks for, once, and write down what came of it.

        Raises `LeaseLost` where another runner has it by now, `StoreUnreachable` only while the process stops.
        """
        run, notice = run_of(due.run), _readable(due, self._settings)
        addresses = {channel: effect.address for channel, effect in self._effects.items()}
        earlier = await self._earlier(due, notice)
        found = whom(due, run, notice.stage, self._settings, addresses, self._rotas(), self._clock())
        if notice.to_the_told and not isinstance(run, Replay) and not was_told(earlier, due.target):
            found = Whom((), [never_told(due)])
        if found.queued_until_ms is not None:
            await self._queue(due, notice, found.notes, found.queued_until_ms)
            return
        contacts, notes = (*found.contacts, *self._once_reached(due, run, notice, earlier, addresses)), found.notes
        contacts = tuple(contact for contact in contacts if notice.is_for(contact.person))
        later: tuple[Later, ...] = ()
        if due.action is ActionKind.NOTIFY:
            silent = () if notice.stage is Stage.OPEN else STATEFUL
            contacts, later = heard_now(contacts, self._settings, self._clock(), silent)
        now_ms = self._clock()
        twice = await in_two_roles(due, notice, contacts, self._settings, self._rotas(), self._store, now_ms)
        contacts, notes = tuple(each for each in contacts if each.point not in twice.points), [*notes, *twice.notes]
        if not contacts and any(note.outcome is DeliveryOutcome.FAILED for note in notes):
            telemetry.UNREACHABLE_ROLES.inc()
        begun = await self._begin(due, contacts, notes)
        self._count(due, run, begun.written)
        to_send = [contact for contact in contacts if contact.point in begun.points]
        before = sent_before(line.entry for line in earlier if notice.stage is not Stage.OPEN)
        sent = await self._send_all(due, run, notice, to_send, before)
        self._count(due, run, [each.entry for each in sent])
        entries = [*begun.known, *begun.written, *(each.entry for each in sent)]
        asked = {each.entry.point: each.outcome.after_s for each in sent if isinstance(each.outcome, Retry)}
        addressed = [contact.point for contact in contacts]
        await self._settle(due, notice, entries, addressed, asked, later, waits=bool(twice.waiting))

    async def _queue(self, due: DueAction, notice: Notice, notes: Sequence[Note], until_ms: int) -> None:
        """Nobody is on call just now: it waits for whoever comes, and ops hear of it at once, and once."""
        now_ms = self._clock()
        begun = await self._begin(due, (), notes)
        self._count(due, run_of(due.run), begun.written)
        told = self._ops_without(due, ()) and due.target != OPS
        follow = [nobody_on_call(due, notice, until_ms, now_ms)] if told else []
        # Looked at again before that: somebody may be put on call meanwhile.
        wait = Again(min(until_ms, now_ms + LOOK_AGAIN_MS), on_purpose=True)
        await self._ledger.settle(Settle(due, wait, (), follow))

    async def _begin(self, due: DueAction, contacts: Sequence[Contact], notes: Sequence[Note]) -> Begun:
        points = [contact.point for contact in contacts]
        words = [entry_of(due, note.point, note.outcome, note.detail, self._clock()) for note in notes]
        most = self._settings.runner.max_attempts
        return await self._ledger.begin(Begin(due, points, words, most))

    async def _send_all(
        self,
        due: DueAction,
        run: Run,
        notice: Notice,
        contacts: Sequence[Contact],
        before: Mapping[Point, tuple[str, ...]],
    ) -> list[Sent]:
        match run:
            case Live() | Drill():
                sends = (
                    self._send(due, contact.point, self._message(run, due, notice, contact, before))
                    for contact in contacts
                )
                ended = await asyncio.gather(*sends, return_exceptions=True)
            case Replay():
                return []
            case _:
                assert_never(run)
        for fault in ended:
            if isinstance(fault, BaseException):
                raise fault
        return [each for each in ended if isinstance(each, Sent)]

    async def _earlier(self, due: DueAction, notice: Notice) -> list[Line]:
        """The incident's ledger but for this action, for a message that closes what was sent before."""
        if notice.stage is Stage.OPEN and not notice.to_the_told:
            return []
        lines = await self._store.do(lambda engine: outbox.ledger(engine, due.incident))
        return [line for line in lines if line.entry.outbox != due.id]

    def _once_reached(
        self,
        due: DueAction,
        run: Run,
        notice: Notice,
        earlier: Sequence[Line],
        addresses: Mapping[Channel, AddressOf],
    ) -> tuple[Contact, ...]:
        """Who hears the all-clear though their shift has ended; in a drill only who still agrees to drills."""
        if notice.stage is not Stage.RESOLVED:
            return ()
        known = self._settings.people
        people = {key: each for key, each in known.items() if each.drills} if isinstance(run, Drill) else known
        now_in_it = members(due.target, self._settings, self._rotas(), self._clock())
        there = () if isinstance(now_in_it, Nobody) else now_in_it
        return once_reached(earlier, due.target, there, people, addresses)

    def _message(
        self,
        run: Reachable,
        due: DueAction,
        notice: Notice,
        contact: Contact,
        before: Mapping[Point, tuple[str, ...]],
    ) -> Message:
        return Message(
            key=idempotency_key(due.id, contact.person, contact.channel),
            run=run,
            action=due.action,
            person=contact.name,
            address=contact.address,
            notice=with_local_times(notice, zone_of(contact.person, self._settings.people)),
            links=links_of(self._settings.console.public_url, notice, self._acting(due, notice, contact)),
            at_ms=due.at_ms,
            sending_ms=self._clock(),
            reference=Reference(due.id, due.attempt, contact.person),
            earlier=before.get(contact.point, ()),
        )

    def _acting(self, due: DueAction, notice: Notice, contact: Contact) -> Acting | None:
        """By the time at which the page was due, so that every try carries the same links."""
        links, asked = self._settings.channels.links, due.action is ActionKind.PAGE and notice.stage is Stage.OPEN
        if links is None or self._link_secret is None or not asked:
            return None
        return Acting(contact.person, due.due_ms // 1000 + int(links.valid_h * 3600), self._link_secret)

    async def _send(self, due: DueAction, point: Point, message: Message) -> Sent:
        outcome = await self._outcome(due, point, message)
        now_ms = self._clock()
        entry = entry_of(due, point, word_of(outcome), in_words(outcome, point[1], repeats=REPEATS[due.action]), now_ms)
        await self._ledger.record(entry)
        if isinstance(outcome, Delivered):
            telemetry.DELIVERY_DELAY.observe(max(0, now_ms - due.due_ms) / 1000)
        return Sent(entry, outcome)

    async def _outcome(self, due: DueAction, point: Point, message: Message) -> Outcome:
        lease_s = self._settings.runner.lease_s
        left_s = (due.lease_until_ms - self._clock()) / 1000 - (1 - LEASE_SHARE) * lease_s
        try:
            async with asyncio.timeout(left_s):
                return await self._effects[point[1]].send(message)
        except TimeoutError:
            return Retry(RetryReason.NO_ANSWER, "no answer within the lease")
        except Exception as fault:
            # The rim: an effect that breaks must not keep the others from being sent.
            _log.error("action %r by %s: the effect broke with %s", due.id, point[1].value, type(fault).__name__)
            return Retry(RetryReason.OWN_FAULT, f"the effect broke with {type(fault).__name__}")

    async def _settle(
        self,
        due: DueAction,
        notice: Notice,
        entries: Sequence[Entry],
        addressed: Sequence[Point],
        asked: Mapping[Point, float | None],
        later: Sequence[Later],
        *,
        waits: bool,
    ) -> None:
        most, now_ms = self._settings.runner.max_attempts, self._clock()
        standing = stands(entries, addressed, max_attempts=most, repeats=REPEATS[due.action])
        last = [given_up(due, point, most, now_ms) for point in sorted(standing.given_up)]
        if standing.again:
            again = Again(now_ms + int(1000 * self._wait_s(entries, standing.again, asked)))
            await self._ledger.settle(Settle(due, again, last))
            return
        if waits:
            await self._ledger.settle(Settle(due, Again(now_ms + LOOK_MS), last))
            return
        if later:
            # The same action, for whoever is in the role then; those who have it do not get it again.
            wait = Again(min(each.until_ms for each in later), on_purpose=True)
            await self._ledger.settle(Settle(due, wait, last))
            return
        words = [*entries, *last]
        if due.action is ActionKind.PAGE and standing.missed:
            _tell_missed(due, notice, words)
        has_ops, graphs = self._ops_without(due, standing.missed), Channel.GRAFANA in self._effects
        people = self._settings.people
        follow = follow_ups(due, notice, standing, words, has_ops=has_ops, graphs=graphs, now_ms=now_ms, people=people)
        unheard = due.action is ActionKind.PAGE and wakes_nobody(words)
        await self._ledger.settle(Settle(due, standing.state, last, follow, unheard))

    def _ops_without(self, due: DueAction, missed: Collection[str]) -> bool:
        """Whether somebody for ops can be reached who was not missed just now: to page those again is in vain."""
        addresses = {channel: effect.address for channel, effect in self._effects.items()}
        found = reach(run_of(due.run), OPS, self._settings, addresses, self._rotas(), self._clock())
        return any(contact.person not in missed for contact in (*found.to_send, *found.to_record))

    def _wait_s(self, entries: Sequence[Entry], again: Iterable[Point], asked: Mapping[Point, float | None]) -> float:
        first_s, longest_s = self._settings.runner.first_retry_s, self._settings.runner.longest_retry_s
        sends = sends_to(entries)
        return min(wait_s(sends[point], self._chance(), first_s, longest_s, asked.get(point)) for point in again)

    def _count(self, due: DueAction, run: Run, entries: Sequence[Entry]) -> None:
        kind = run_kind(run)
        for entry in entries:
            labels = {"action": due.action, "channel": entry.channel, "outcome": entry.outcome, "run_kind": kind}
            telemetry.DELIVERIES.labels(**labels).inc()


def _readable(due: DueAction, settings: PlaybookSettings) -> Notice:
    """What is to be sent, with people and brands called by their names."""
    return with_names(read_notice(due.body, due.id), settings.people, settings.brands)


def _tell_missed(due: DueAction, notice: Notice, entries: Iterable[Entry]) -> None:
    failed = {
        f"{entry.person or 'nobody'} by {entry.channel.value}: {entry.detail}"
        for entry in entries
        if entry.outcome is DeliveryOutcome.FAILED
    }
    place = (due.incident, notice.brand, due.target)
    _log.error("the page of incident %r, brand %r, to %r failed for good: %r", *place, sorted(failed))
