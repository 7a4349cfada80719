"""People in what is sent: written down by their keys, and called by their names when it goes out. Pure.

Whoever decides knows keys; what people are called stands in the settings, and the runner has those.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from playbooks.effects.message import Notice
from playbooks.effects.plain_text import one_line
from playbooks.settings.people import Person

_LONGEST_NAME = 80


def called(person: str) -> str:
    """A person's place in a text; the notice names them under `named`.

    >>> called("ada")
    '{ada}'
    """
    return f"{{{person}}}"


def with_names(notice: Notice, people: Mapping[str, Person]) -> Notice:
    """The notice with everybody whom it names called by their name; by their key whom the settings no longer know.

    >>> with_names(Notice("{ada} has it", "", named=("ada",)), {"ada": Person(name="Ada Lovelace")}).subject
    'Ada Lovelace has it'
    """
    subject, text = notice.subject, notice.text
    for person in notice.named:
        name = name_of(person, people)
        subject, text = subject.replace(called(person), name), text.replace(called(person), name)
    return replace(notice, subject=subject, text=text, named=())


def name_of(person: str, people: Mapping[str, Person]) -> str:
    """What a person is called, on one line.

    >>> name_of("ada", {"ada": Person(name="Ada")}), name_of("bo", {})
    ('Ada', 'bo')
    """
    known = people.get(person)
    return one_line(known.name, _LONGEST_NAME) if known else person
