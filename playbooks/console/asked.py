"""What an incident has asked of people so far, and what nobody has said to have done: a fold over its log. Pure."""

from __future__ import annotations

from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import ActionPlanned, LogEntry, Opened, PlaybookChanged, StepDone


class AskedOfPeople:
    """Tasks, decisions and statements, in the order in which they were asked for; `follow` takes the log's entries.

    >>> from playbooks.labels import ActionKind
    >>> asked = AskedOfPeople()
    >>> asked.follow(ActionPlanned("a", "ask", ActionKind.TASK, "on-call", ActionDecision.FOR_PEOPLE, 0))
    >>> [one.step for one in asked.left]
    ['ask']
    >>> asked.follow(StepDone("a", "ask"))
    >>> asked.left
    []
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], ActionPlanned] = {}
        self._playbook = ""
        self._done: set[str] = set()

    def follow(self, entry: LogEntry) -> None:
        """The next entry of the log. What a playbook asked for stays asked for when it is moved to another."""
        match entry:
            case ActionPlanned() if entry.decision is ActionDecision.FOR_PEOPLE:
                self._asked[self._playbook, entry.step] = entry
            case StepDone():
                self._done.add(entry.action)
            case Opened() | PlaybookChanged():
                self._playbook = entry.playbook
            case _:
                pass

    @property
    def all(self) -> list[ActionPlanned]:
        """Everything that is asked for, each step as its playbook asked for it last."""
        return list(self._asked.values())

    @property
    def left(self) -> list[ActionPlanned]:
        """What of it nobody has said to have done."""
        return [one for one in self.all if one.action not in self._done]
