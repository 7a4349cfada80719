"""Whether anybody an action is for has the same from another action of the moment: in another role, or as another."""

from __future__ import annotations

from collections.abc import Sequence

from playbooks.delivery.one_message import Twice, is_end_of_merged, is_level, told_twice
from playbooks.effects.message import Notice, Stage
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind
from playbooks.oncall.people import Contact, in_role
from playbooks.oncall.rotas import Rotas
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery.beside import beside
from playbooks.store.patient_store import PatientStore


async def in_two_roles(
    due: DueAction,
    notice: Notice,
    contacts: Sequence[Contact],
    settings: PlaybookSettings,
    rotas: Rotas,
    store: PatientStore,
    now_ms: int,
) -> Twice:
    """The contact points that are not sent to, or not yet. The store is asked only where it may matter."""
    people = {contact.person for contact in contacts if contact.person}
    if due.action not in (ActionKind.PAGE, ActionKind.NOTIFY) or not people or not due.incident:
        return Twice()
    there = in_role(settings, rotas, now_ms)
    also = {(role, person) for role in settings.roles if role != due.target for person in there(role) & people}
    if is_level(due) or is_end_of_merged(due):
        also |= {(due.target, person) for person in people}
    # Who is in no role any more may have been in two.
    if not also and notice.stage is Stage.OPEN:
        return Twice()
    others = await store.do(lambda engine: beside(engine, due))
    return told_twice(due, notice, [contact.point for contact in contacts], others, also)
