"""Which of a person's contact points a message goes to: a page to all, a notice by telephone only for want of another.

Pure. The roads that ring (a call, a pager) wake people, and a notice can wait; somebody who can be reached by nothing
else gets it there all the same. That an incident is acknowledged is told only to pagers that keep incidents of their
own, so that they stop ringing; that it is over is told to everybody who was told, and calls nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from playbooks.effects.message import Stage
from playbooks.labels import ActionKind, Channel
from playbooks.oncall.people import Contact

#: They wake people.
RINGING = frozenset({Channel.VOICE, Channel.PAGERDUTY})
#: They keep an incident or an alert of their own, which somebody has to close.
STATEFUL = frozenset({Channel.PAGERDUTY, Channel.ALERTMANAGER})


def by_roads(contacts: Iterable[Contact], action: ActionKind, stage: Stage) -> tuple[Contact, ...]:
    """Those of `contacts` that the message goes to.

    >>> ada = [Contact("ada", "Ada", channel, "") for channel in (Channel.VOICE, Channel.EMAIL)]
    >>> [contact.channel.value for contact in by_roads(ada, ActionKind.PAGE, Stage.OPEN)]
    ['voice', 'email']
    >>> [contact.channel.value for contact in by_roads(ada, ActionKind.NOTIFY, Stage.OPEN)]
    ['email']
    >>> by_roads(ada, ActionKind.NOTIFY, Stage.ACKNOWLEDGED)
    ()
    """
    known = tuple(contacts)
    match stage:
        case Stage.ACKNOWLEDGED:
            return tuple(contact for contact in known if contact.channel in STATEFUL)
        case Stage.RESOLVED:
            return _unless_there_is_another(known, RINGING - STATEFUL)
        case Stage.OPEN:
            return known if action is ActionKind.PAGE else _unless_there_is_another(known, RINGING)
        case _:
            assert_never(stage)


def _unless_there_is_another(contacts: tuple[Contact, ...], avoided: frozenset[Channel]) -> tuple[Contact, ...]:
    otherwise = {contact.person for contact in contacts if contact.channel not in avoided}
    return tuple(contact for contact in contacts if contact.channel not in avoided or contact.person not in otherwise)
