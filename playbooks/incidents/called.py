"""People and brands in what is sent: written down by their keys, and called by their names when it goes out. Pure.

Whoever decides knows keys; what people and brands are called stands in the settings, and the runner has those.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.effects.message import Notice
from playbooks.effects.plain_text import one_line
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person

_LONGEST_NAME = 80
#: None is called anything else than its key.
NO_BRANDS: Final[Mapping[str, BrandSettings]] = MappingProxyType({})
#: The place, in subject and text, of what the notice's brand is called. No person's key looks like it.
THE_BRAND: Final = "{the brand}"


def called(person: str) -> str:
    """A person's place in a text; the notice names them under `named`.

    >>> called("ada")
    '{ada}'
    """
    return f"{{{person}}}"


def with_names(notice: Notice, people: Mapping[str, Person], brands: Mapping[str, BrandSettings] = NO_BRANDS) -> Notice:
    """The notice with its brand and everybody whom it names called by their names; by their keys, where the settings do
    not know them any more.

    >>> with_names(Notice("{ada} has it", "", named=("ada",)), {"ada": Person(name="Ada Lovelace")}).subject
    'Ada Lovelace has it'
    """
    brand = brand_called(notice.brand, brands)
    subject, text = notice.subject.replace(THE_BRAND, brand), notice.text.replace(THE_BRAND, brand)
    for person in notice.named:
        name = name_of(person, people)
        subject, text = subject.replace(called(person), name), text.replace(called(person), name)
    return replace(notice, subject=subject, text=text, named=(), brand_name=brand)


def brand_called(brand: str, brands: Mapping[str, BrandSettings]) -> str:
    """What a brand is called, on one line.

    >>> brand_called("acme", {"acme": BrandSettings(name="Acme Parcels")}), brand_called("*", {})
    ('Acme Parcels', 'every brand')
    """
    if brand == EVERY_BRAND:
        return "every brand"
    known = brands.get(brand)
    return one_line(known.name, _LONGEST_NAME) if known and known.name else brand


def name_of(person: str, people: Mapping[str, Person]) -> str:
    """What a person is called, on one line.

    >>> name_of("ada", {"ada": Person(name="Ada")}), name_of("bo", {})
    ('Ada', 'bo')
    """
    known = people.get(person)
    return one_line(known.name, _LONGEST_NAME) if known else person
