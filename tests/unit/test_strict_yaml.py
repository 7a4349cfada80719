"""YAML is read by libyaml where it is there, and says the same as PyYAML's own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from playbooks import strict_yaml
from playbooks.strict_yaml import YamlFault, parse
from tests.parts.require import CHECKOUT

FILES = sorted(
    path
    for folder in ("playbooks/library", "tests/data", "deploy")
    for path in (CHECKOUT / folder).rglob("*.y*ml")
    if path.stat().st_size
)


def plainly(node: yaml.Node | None) -> Any:
    """What a node says and in which line, down to its leaves."""
    match node:
        case yaml.MappingNode():
            said: Any = [(plainly(key), plainly(value)) for key, value in node.value]
        case yaml.SequenceNode():
            said = [plainly(each) for each in node.value]
        case yaml.ScalarNode():
            said = node.value
        case _:
            return None
    return node.tag, node.start_mark.line, said


def composed(source: str, loader: Any) -> Any:
    try:
        return plainly(yaml.compose(source, Loader=loader))
    except (yaml.YAMLError, RecursionError):
        return "a fault"


def test_both_readers_see_the_same_in_every_file_of_ours_the_bad_ones_too() -> None:
    sources = {path: path.read_text(encoding="utf-8", errors="replace") for path in FILES}
    differ = [
        path
        for path, source in sources.items()
        if composed(source, strict_yaml._Quick) != composed(source, yaml.SafeLoader)
    ]
    assert differ == []
    assert len(FILES) > 100


@pytest.mark.parametrize("nested", ["[", "- ", "{a: ", "? "])
def test_what_is_nested_far_too_deeply_is_told_and_does_not_end_the_process(nested: str) -> None:
    with pytest.raises(YamlFault, match="nested far too deeply"):
        parse(nested * 100_000, Path("x.yaml"), dict)
