"""What a person reads who has written something wrong into the settings: words, not types or patterns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detectors.mention import BadMention, Fault, decode_mention
from playbooks.strict_yaml import YamlFault, parse
from streams.settings import Settings
from tests.parts.mentions import line


def said(source: str) -> str:
    with pytest.raises(YamlFault) as wrong:
        parse(source, Path("firebreak.yaml"), Settings)
    return str(wrong.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("brands:\n  Best: {}", "1 to 64 of a-z, 0-9, _ and -"),
        ("gate: {token: hunter2}", "write {env: NAME} or {file: PATH}; found text at gate.token"),
        ("sources: {webhook: {secret: hunter2}}", "write {env: NAME} or {file: PATH}; found text at"),
        ("gate: {port: many}", "Expected a whole number, found text at gate.port"),
        ("people: {ada: {name: 7}}", "Expected text, found a whole number at people.ada.name"),
        ("roles: {ops: ada}", "Expected keys with values or a list, found text at roles.ops"),
        ("brands: []", "Expected keys with values, found a list at brands"),
        ("people: {ada: {name: Ada, email: 7}}", "Expected text or nothing, found a whole number at people.ada.email"),
    ],
)
def test_settings_faults_are_in_words(source: str, words: str) -> None:
    found = said(source)
    assert words in found
    assert "hunter2" not in found
    assert "regex" not in found
    assert "`" not in found


@pytest.mark.parametrize("character", ["\n", "\x1b", "\x7f", "\x85", "\x00"])
@pytest.mark.parametrize("field", ["id", "reply_to", "repost_of"])
def test_an_id_holds_no_control_character(field: str, character: str) -> None:
    fields: dict[str, Any] = {field: f"a{character}b"}
    with pytest.raises(BadMention, match="text without control characters") as wrong:
        decode_mention(line(1, **fields))
    assert wrong.value.fault is Fault.WRONG_SHAPE


def test_the_fault_of_a_mention_names_the_letters_that_are_allowed() -> None:
    with pytest.raises(BadMention, match="Expected 1 to 32 of a-z, 0-9, _ and - - at"):
        decode_mention(line(1, platform="X!"))
