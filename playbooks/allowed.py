"""What a place in a settings or playbook file may hold, in words, read off the type that the file is parsed into."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import inspect

_STEP = re.compile(r"\.([^.\[\]]+)|(\[(?:\d+|\.\.\.)\])")


def allowed_at(kind: type, where: str) -> str:
    """The keys or words allowed at msgspec's path `where` (``$.steps[0].action``); empty where they are no short list.

    >>> from playbooks.settings import PlaybookSettings
    >>> from playbooks.content.schema import Playbook
    >>> allowed_at(Playbook, "$.hold.scope")
    'allowed are brand, platform'
    >>> allowed_at(PlaybookSettings, "$.store"), allowed_at(PlaybookSettings, "$.store.url")
    ('the keys here are password, url', '')
    """
    found: inspect.Type | None = _bare(inspect.type_info(kind))
    for name, index in _STEP.findall(where):
        found = _into(found, name, index)
    if where.startswith("key") and isinstance(found, inspect.DictType):  # msgspec: at `key` in `$.place`
        found = _bare(found.key_type)
    match found:
        case inspect.StructType(fields=fields):
            return f"the keys here are {', '.join(sorted(field.encode_name for field in fields))}"
        case inspect.EnumType(cls=words):
            return f"allowed are {', '.join(_words(words))}"
        case _:
            return ""


def _into(kind: inspect.Type | None, name: str, index: str) -> inspect.Type | None:
    match kind:
        case inspect.StructType(fields=fields) if name:
            return next((_bare(field.type) for field in fields if field.encode_name == name), None)
        case inspect.DictType(value_type=value):
            return _bare(value)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item) if index:
            return _bare(item)
        case _:
            return None


def _bare(kind: inspect.Type) -> inspect.Type:
    """Without notes, and without the None of an optional value."""
    match kind:
        case inspect.Metadata(type=inner):
            return _bare(inner)
        case inspect.UnionType(types=types):
            others = [one for one in types if not isinstance(one, inspect.NoneType)]
            return _bare(others[0]) if len(others) == 1 else kind
        case _:
            return kind


def _words(words: type[Enum]) -> list[str]:
    return [str(word.value) for word in words]
