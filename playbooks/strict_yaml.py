"""YAML read strictly: into a typed value or an error that names file and line, what was found and what is allowed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

T = TypeVar("T")


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
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        data = _Constructor(source, path).build(node) if node is not None else {}
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise YamlFault(path, line, wrong.problem or "is not YAML") from None
    except yaml.YAMLError as wrong:
        raise YamlFault(path, 1, str(wrong).splitlines()[0]) from None
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as wrong:
        message, _, where = str(wrong).partition(" - at `")
        line, name = _line_of(node, where.rstrip("`"))
        hint = f" at {name}" if name else ""
        raise YamlFault(path, line, f"{message}{hint}{_allowed(message, kind)}") from None


class _Constructor:
    """Builds plain values from the node tree, refusing what a person did not mean to write."""

    def __init__(self, source: str, path: Path) -> None:
        self._loader = yaml.SafeLoader(source)
        self._path = path
        self._open: set[int] = set()

    def build(self, node: yaml.Node) -> Any:
        if id(node) in self._open:
            raise YamlFault(self._path, node.start_mark.line + 1, "an alias that contains itself")
        self._open.add(id(node))
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node)
                case yaml.SequenceNode():
                    return [self.build(child) for child in node.value]
                case _:
                    return self._loader.construct_object(node, deep=True)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self.build(key)
            line = key.start_mark.line + 1
            if not isinstance(name, str):
                raise YamlFault(self._path, line, f"a key must be text, found {name!r}; quote it")
            if name in found:
                raise YamlFault(self._path, line, f"key {name!r} stands here twice")
            found[name] = self.build(value)
        return found


def _line_of(node: yaml.Node | None, where: str) -> tuple[int, str]:
    """Line and name of what msgspec's path (``$.steps[0].kind``) points to; its nearest parent where it is missing."""
    line = node.start_mark.line + 1 if node is not None else 1
    name = ""
    for key, index in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", where):
        if isinstance(node, yaml.MappingNode) and key:
            for child_key, child in node.value:
                if child_key.value == key:
                    line, node = child_key.start_mark.line + 1, child
                    break
            else:
                break
            name = f"{name}.{key}" if name else key
        elif isinstance(node, yaml.SequenceNode) and index.isdigit() and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
            name = f"{name}[{index}]"
    return line, name


def _allowed(message: str, kind: type) -> str:
    """For an unknown key at the top: the keys there are."""
    if not message.startswith("Object contains unknown field"):
        return ""
    fields = getattr(kind, "__struct_encode_fields__", ())
    return f"; the keys of this file are {', '.join(sorted(fields))}" if fields else ""
