"""What is published of a playbook's form: the JSON Schema, and the table of keys in docs/playbooks.md.

Both are made from the types that a file is parsed into. ``python -m deploy.playbook_page`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from playbooks.content.schema import Playbook
from playbooks.content.trigger import EvidenceField

DOCS: Final = Path(__file__).parents[1] / "docs"
SCHEMA_PATH: Final = DOCS / "playbook.schema.json"
PAGE_PATH: Final = DOCS / "playbooks.md"

_BEGIN: Final = "<!-- keys: begin -->\n"
_END: Final = "<!-- keys: end -->"


def schema_text() -> str:
    """The JSON Schema of a playbook, for editors and other programs; the same text each time."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Playbook)}
    evidence = schema["$defs"]["ExampleSignal"]["properties"]["evidence"]
    evidence["propertyNames"] = {"enum": [field.value for field in EvidenceField]}
    # The end of a text is `\Z` to Python and $ to everybody else.
    return json.dumps(schema, indent=2, ensure_ascii=False).replace(r"\\Z", "$") + "\n"


def page_text(page: str) -> str:
    """The page with its table of keys as the types are now."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = "".join(f"| `{key}` | {meaning} | {must} |\n" for key, meaning, must in every_key())
    return f"{before}{_BEGIN}| key | | |\n|---|---|---|\n{rows}{_END}{after}"


def every_key() -> Iterator[tuple[str, str, str]]:
    """Each key there is: its place, what it means, and what it holds or whether it may be left out."""
    schema = msgspec.json.schema(Playbook)
    for key in _keys(schema["$defs"], schema["$defs"]["Playbook"], ""):
        if not key[0].startswith("examples.quiet[]"):  # as those of `examples.fires`
            yield key


def _keys(known: dict[str, Any], struct: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name, field in struct["properties"].items():
        here = f"{path}.{name}" if path else name
        inner, suffix = _inner(known, field)
        must = "must be said" if name in struct.get("required", ()) else ""
        allowed = _allowed(inner)
        yield here, field.get("description", ""), "; ".join(part for part in (allowed, must) if part)
        if "properties" in inner:
            yield from _keys(known, inner, here + suffix)


def _inner(known: dict[str, Any], field: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What a field holds, or what its items hold, and how the place of those is written."""
    for other in (one for one in field.get("anyOf", ()) if one.get("type") != "null"):
        return _inner(known, other)
    if "$ref" in field:
        return known[field["$ref"].rpartition("/")[2]], ""
    if "items" in field:
        return _inner(known, field["items"])[0], "[]"
    if isinstance(field.get("additionalProperties"), dict):
        return _inner(known, field["additionalProperties"])[0], ".<name>"
    return field, ""


def _allowed(kind: dict[str, Any]) -> str:
    if "enum" in kind:
        return ", ".join(f"`{word}`" for word in kind["enum"])
    names = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
    bounds = [f"{words} {kind[key]:g}" for key, words in names.items() if key in kind]
    return f"{'whole number' if kind.get('type') == 'integer' else 'number'}, {' and '.join(bounds)}" if bounds else ""


if __name__ == "__main__":
    SCHEMA_PATH.write_text(schema_text(), encoding="utf-8")
    PAGE_PATH.write_text(page_text(PAGE_PATH.read_text(encoding="utf-8")), encoding="utf-8")
