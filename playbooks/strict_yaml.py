"""YAML read strictly: into a typed value or an error that names file and line, what was found and what is allowed."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml
from yaml.composer import Composer

from detectors.pattern_words import in_words
from playbooks.allowed import allowed_at

T = TypeVar("T")

#: What the types of a file are called by those who write one.
_TYPES = {
    "object": "keys with values",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "datetime": "a moment",
    "date": "a day",
}
_A_SECRETS_KEYS = "the keys here are env, file"
#: YAML also has octal numbers (010 is 8) and numbers to the base of sixty (1:30 is 90), which nobody means.
_PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
#: No file of ours comes near; a few aliases of aliases would fill any memory.
_MOST_VALUES = 100_000
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


_Quick: Any = None
if yaml.__with_libyaml__:
    # Ten times as fast. Composed in Python all the same: in C, a file that is nested deeply enough ends the process.
    class _Quick(Composer, yaml.CSafeLoader):  # type: ignore[no-redef]
        def __init__(self, source: str) -> None:
            yaml.CSafeLoader.__init__(self, source)
            Composer.__init__(self)


class YamlFault(Exception):
    """A file does not say what it must; `path` and `line` (from 1) say where."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


def load(path: Path, kind: type[T]) -> T:
    """Read `path` as `kind` (a msgspec struct), refusing unknown and repeated keys, anchors that loop, and tags.

    Raises `YamlFault`; an unreadable file is one too.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise YamlFault(path, 1, f"cannot be read: {wrong}") from None
    return parse(source, path, kind)


def parse(source: str, path: Path, kind: type[T]) -> T:
    """As `load`, from text; `path` is for the messages only."""
    try:
        node = _composed(source)
        data = _Constructor(source, path).build(node) if node is not None else {}
    except RecursionError:
        raise YamlFault(path, 1, "nested far too deeply") from None
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise YamlFault(path, line, _unreadable(wrong)) from None
    except yaml.YAMLError as wrong:
        raise YamlFault(path, 1, str(wrong).splitlines()[0]) from None
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as wrong:
        raise _mistake(node, path, kind, _with_names(data, kind, str(wrong))) from None


def _unreadable(wrong: yaml.MarkedYAMLError) -> str:
    """What keeps a text from being YAML; what PyYAML says in two halves is put together."""
    problem = wrong.problem or "is not YAML"
    if problem.startswith("but "):
        return f"{wrong.context}, {problem}"
    return f"{problem}; indent with spaces, not with tabs" if r"'\t'" in problem else problem


def line_of(source: str, where: str) -> int:
    """The line, from 1, of what stands at `where` (``$.steps[0].to``) in YAML that has been read; its parent's else.

    >>> line_of("steps:\\n  - id: one\\n    to: two", "$.steps[0].to")
    3
    """
    return _place(_composed(source), where).line


def _composed(source: str) -> yaml.Node | None:
    """What is written, as nodes. Where libyaml finds a fault, PyYAML's own reader is asked, which has words for it."""
    if _Quick is not None:
        try:
            return yaml.compose(source, Loader=_Quick)
        except yaml.YAMLError:
            pass
    return yaml.compose(source, Loader=yaml.SafeLoader)


def _mistake(node: yaml.Node | None, path: Path, kind: type, said: str) -> YamlFault:
    message, _, where = said.partition(" - at `")
    where = where.rstrip("`")
    if wrong_key := re.fullmatch(r"key` (.*) in `(.*)", where):
        name, where = wrong_key.groups()
        line = _place(node, f"{where}.{name}").line
        parts = [
            f"{_plainly(message, '')} at {_place(node, where).name}",
            "" if "enum" in message else f"found {name!r}",
        ]
        return YamlFault(path, line, "; ".join(part for part in (*parts, allowed_at(kind, f"key in {where}")) if part))
    place = _place(node, where)
    line = place.line
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        line = _place(node, f"{where}.{unknown[1]}").line
    allowed = allowed_at(kind, where)
    words = _plainly(message, allowed)
    parts = [f"{words} at {place.name}" if place.name else words]
    if quotes := _quotes(message, place):
        parts.append(quotes)
    # A value is repeated only where its pattern or bounds are the matter: elsewhere it may be a misplaced secret.
    if place.value is not None and re.search("matching regex| [<>]=? ", message):
        parts.append(f"found {place.value!r}")
    if unknown or message.startswith("Invalid enum value"):
        parts.append(allowed)
    return YamlFault(path, line, "; ".join(part for part in parts if part))


def _plainly(message: str, allowed: str) -> str:
    """A fault in words for somebody who knows the file and not the program. `allowed` is what may stand there."""
    wrong_type = re.fullmatch(r"Expected `(.*)`, got `(.*)`", message)
    if not wrong_type:
        return in_words(message)
    found = _TYPES.get(wrong_type[2], wrong_type[2])
    if allowed == _A_SECRETS_KEYS:
        return f"A secret is never in the file: write {{env: NAME}} or {{file: PATH}}; found {found}"
    wanted = [_TYPES.get(name, name) for name in wrong_type[1].split(" | ")]
    return f"Expected {' or '.join(wanted)}, found {found}"


def _quotes(message: str, place: _Place) -> str:
    """What helps where text is wanted and YAML read something else, as it does with +4930123456, 7 or no."""
    wrong_type = re.fullmatch(r"Expected `(.*)`, got `(int|float|bool)`", message)
    if not wrong_type or "str" not in wrong_type[1].split(" | ") or place.value is None:
        return ""
    key = place.name.rpartition(".")[2]
    return f"without quotes YAML takes it for {_TYPES[wrong_type[2]]}: put it in quotes, {key}: '...'"


def _with_names(data: Any, kind: type, said: str) -> str:
    """What msgspec said, with the name of a key where it has only ``[...]`` or ``key``: found by trying each alone."""
    message, _, where = said.partition(" - at `")
    before = where.removeprefix("key` in `").partition("[...]")[0].rstrip("`")
    if "[...]" not in where and not where.startswith("key`"):
        return said
    steps = [int(index) if index else name for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", before)]
    for name, value in _at(data, steps).items():
        alone = _said(_put(data, steps, {name: value}), kind)
        if alone is not None and alone.startswith(message):
            named = said.replace("[...]", f".{name}", 1).replace("key` in", f"key` {name} in", 1)
            return _with_names(data, kind, named) if "[...]" in named else named
    return said


def _said(data: Any, kind: type) -> str | None:
    try:
        msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as wrong:
        return str(wrong)
    return None


def _at(data: Any, steps: list[int | str]) -> dict[str, Any]:
    for step in steps:
        data = data[step]
    return data if isinstance(data, dict) else {}


def _put(data: Any, steps: list[int | str], value: Any) -> Any:
    """`data` with something else at a place, made anew down to there."""
    if not steps:
        return value
    made = data.copy()
    made[steps[0]] = _put(data[steps[0]], steps[1:], value)
    return made


class _Place(NamedTuple):
    """A place in a file: its line from 1, its name as a person would say it, and the text of a plain value there."""

    line: int
    name: str
    value: str | None


class _Constructor:
    """Builds plain values from the node tree, refusing what a person did not mean to write."""

    def __init__(self, source: str, path: Path) -> None:
        self._loader = yaml.SafeLoader(source)
        self._path = path
        self._open: set[int] = set()
        self._built = 0

    def build(self, node: yaml.Node) -> Any:
        self._built += 1
        if self._built > _MOST_VALUES:
            raise YamlFault(self._path, node.start_mark.line + 1, f"more than {_MOST_VALUES} values, by its aliases")
        if id(node) in self._open:
            raise YamlFault(self._path, node.start_mark.line + 1, "an alias that contains itself")
        self._open.add(id(node))
        try:
            match node:
                case yaml.MappingNode() | yaml.SequenceNode() if node.tag not in _PLAIN:
                    raise YamlFault(self._path, node.start_mark.line + 1, f"found the tag {node.tag!r}; leave it out")
                case yaml.MappingNode():
                    return self._mapping(node)
                case yaml.SequenceNode():
                    return [self.build(child) for child in node.value]
                case _:
                    return self._scalar(node)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.Node) -> Any:
        line = node.start_mark.line + 1
        try:
            value = self._loader.construct_object(node, deep=True)
        except ValueError as wrong:  # a date such as 2026-02-30
            raise YamlFault(self._path, line, f"found {node.value!r}: {wrong}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise YamlFault(self._path, line, f"found {node.value!r}, which is no number")
        if type(value) is int and not _PLAIN_INT.fullmatch(node.value):
            quoted = f"put a time in quotes, {node.value!r}, and " if ":" in node.value else ""
            said = f"found {node.value!r}, which YAML takes for {value}; {quoted}write a number in plain digits"
            if not quoted:
                said += ", and text (a telephone number) in quotes"
            raise YamlFault(self._path, line, said)
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise YamlFault(self._path, key.start_mark.line + 1, "found '<<'; write the keys out")
            name = key.value if _is_word(key) else self.build(key)
            line = key.start_mark.line + 1
            if not isinstance(name, str):
                raise YamlFault(self._path, line, f"a key must be text, found {name!r}; quote it")
            if name in found:
                raise YamlFault(self._path, line, f"key {name!r} stands here twice")
            found[name] = self.build(value)
        return found


def _is_word(key: yaml.Node) -> bool:
    """Whether a key is a word that YAML 1.1 takes for true or false, such as `on`: as a key it is itself."""
    return key.tag == "tag:yaml.org,2002:bool" and key.value.lower() not in ("true", "false")


def _place(node: yaml.Node | None, where: str) -> _Place:
    """What msgspec's path (``$.steps[0].kind``) points to; its nearest parent where it is missing."""
    line = node.start_mark.line + 1 if node is not None else 1
    name = ""
    for key, index in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", where):
        if isinstance(node, yaml.MappingNode) and key:
            for child_key, child in node.value:
                if child_key.value == key:
                    line, node = child_key.start_mark.line + 1, child
                    break
            else:
                return _Place(line, name, None)
            name = f"{name}.{key}" if name else key
        elif isinstance(node, yaml.SequenceNode) and index.isdigit() and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
            name = f"{name}[{index}]"
    return _Place(line, name, node.value if isinstance(node, yaml.ScalarNode) else None)
