"""docs/settings.md, made from the settings' own types. ``python -m deploy.settings_page`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from deploy.settings_words import MEANING, SECTIONS
from playbooks.settings.section import SecretFrom, Section
from streams.settings import Settings

PATH = Path(__file__).parents[1] / "docs" / "settings.md"

_INTRO = """# Settings

`firebreak --config DIR COMMAND` (or `FIREBREAK_CONFIG=DIR`) reads `DIR/firebreak.yaml`, once, at the start. Every key
has a default, so the file holds only what is different. A key that is not known, a value of the wrong kind, a key that
stands there twice and a role that names an unknown person stop the start with one message: file, line, what was found,
what is allowed. All processes read the same file.

Secrets are never in the file. Where *secret* is allowed, say where it is kept: `{env: NAME}` for an environment
variable or `{file: PATH}` for a file. One that is missing stops the processes that need it, and no others.

In the keys, `<name>` stands for a name of your own (lower-case letters, digits, `_` and `-`). This page is made from
the settings' types (`streams/settings.py`, `playbooks/settings/`); there are no other settings.
"""
_UNITS: Final = {"_s": "s", "_h": "h", "_share": "share"}
_PORT: Final = 65_535


class Key(NamedTuple):
    """One setting: its place, its type, and its default (`msgspec.NODEFAULT` where it has to be said)."""

    path: str
    type: inspect.Type
    default: Any


def settings_page() -> str:
    """The whole page, the same text each time."""
    parts = [_INTRO]
    known = list(every_key())
    for section, words in SECTIONS.items():
        rows = [_row(key) for key in known if _section(key.path) == section]
        title = f"`{section}`" if section else "At the top"
        parts.append(
            f"## {title}\n\n{words}\n\n| key | | unit | default | allowed |\n|---|---|---|---|---|\n{''.join(rows)}"
        )
    return "\n".join(parts)


def every_key() -> Iterator[Key]:
    """Every setting there is, in the order of the types."""
    yield from _keys("", inspect.type_info(Settings))


def _keys(path: str, kind: inspect.Type) -> Iterator[Key]:
    assert isinstance(kind, inspect.StructType)
    for field in kind.fields:
        here = f"{path}.{field.encode_name}" if path else field.encode_name
        inner = _inner(field.type)
        if isinstance(inner, inspect.DictType) and (section := _struct(inner.value_type)):
            yield from _keys(f"{here}.<name>", section)
        elif isinstance(inner, inspect.DictType):
            yield Key(f"{here}.<name>", inner.value_type, None)
        elif section := _struct(inner):
            yield from _keys(here, section)
        else:
            yield Key(here, field.type, field.default)


def _section(path: str) -> str:
    found = [section for section in SECTIONS if section and path.startswith(f"{section}.")]
    return max(found, key=len, default="")


def _row(key: Key) -> str:
    unit = next((unit for suffix, unit in _UNITS.items() if key.path.endswith(suffix)), "")
    cells = (f"`{key.path}`", MEANING[key.path], unit, _default(key.default), _allowed(key.type))
    return f"| {' | '.join(cells)} |\n"


def _default(value: Any) -> str:
    match value:
        case None | ():
            return "none"
        case msgspec.NODEFAULT:
            return "must be said"
        case bool():
            return f"`{str(value).lower()}`"
        case Enum():
            return f"`{value.value}`"
        case SecretFrom():
            return f"`{{env: {value.env}}}`"
        case float() | int():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def _allowed(kind: inspect.Type) -> str:
    bare = _inner(kind)
    match bare:
        case inspect.EnumType(cls=words):
            return ", ".join(f"`{word.value}`" for word in words)
        case inspect.StructType(cls=cls) if cls is SecretFrom:
            return "secret"
        case inspect.BoolType():
            return "`true`, `false`"
        case inspect.IntType() | inspect.FloatType():
            return _number(bare)
        case inspect.VarTupleType():
            return "a list"
        case _:
            return "text"


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.le == _PORT:
        return "a port; 0 takes any that is free"
    whole = "whole number" if isinstance(kind, inspect.IntType) else "number"
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (("more than", kind.gt), ("at least", kind.ge), ("at most", kind.le))
        if bound is not None
    ]
    return f"{whole}, {' and '.join(bounds)}"


def _inner(kind: inspect.Type) -> inspect.Type:
    """Without notes, and without the None of an optional value."""
    match kind:
        case inspect.Metadata(type=inner):
            return _inner(inner)
        case inspect.UnionType(types=types):
            return _inner(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case _:
            return kind


def _struct(kind: inspect.Type) -> inspect.StructType | None:
    """A section of settings; a secret's place is a value."""
    bare = _inner(kind)
    if isinstance(bare, inspect.StructType) and issubclass(bare.cls, Section) and bare.cls is not SecretFrom:
        return bare
    return None


if __name__ == "__main__":
    PATH.write_text(settings_page(), encoding="utf-8")
