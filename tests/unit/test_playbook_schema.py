"""What is published of a playbook's form is what the code reads: the JSON Schema, and the table on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from deploy import playbook_page
from playbooks.content.catalog import OWN_LIBRARY
from tests.parts.golden import Golden
from tests.parts.signals import DATA

SCHEMA: dict[str, Any] = json.loads(playbook_page.schema_text())
CHECKER = Draft202012Validator(SCHEMA, format_checker=FormatChecker(("date",)))
RIGHT = sorted([*OWN_LIBRARY.glob("*/*.yaml"), *(DATA / "playbooks").glob("*.yaml")])
BAD = sorted((DATA / "bad" / "playbooks").glob("*.yaml"))
#: What msgspec says where a type does not allow something, so where the schema does not either.
OF_TYPES = re.compile(
    r"Expected |unknown field|missing required|Invalid enum|such as 1\.0\.2|one line of|1 to 64 of|>= |<= "
)


def told(path: Path) -> list[str]:
    """What the schema says is wrong with a file, as an editor would."""
    plain = json.loads(json.dumps(_named(yaml.safe_load(path.read_text())), default=str))
    return [error.message for error in CHECKER.iter_errors(plain)]


def _named(value: Any) -> Any:
    """With the key `on` as it is written: YAML 1.1 takes it for true."""
    match value:
        case dict():
            return {"on" if key is True else key: _named(one) for key, one in value.items()}
        case list():
            return [_named(one) for one in value]
        case _:
            return value


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_schema_is_what_the_types_say(golden: Golden) -> None:
    golden(playbook_page.SCHEMA_PATH, playbook_page.schema_text())


def test_the_table_of_keys_is_what_the_types_say(golden: Golden) -> None:
    golden(playbook_page.PAGE_PATH, playbook_page.page_text(playbook_page.PAGE_PATH.read_text(encoding="utf-8")))


def test_every_key_has_a_meaning() -> None:
    assert [key for key, meaning, _ in playbook_page.every_key() if not meaning.strip()] == []


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_right_playbook_is_right_by_the_schema(path: Path) -> None:
    assert told(path) == []


def test_what_the_types_refuse_the_schema_refuses() -> None:
    refused = [path for path in BAD if OF_TYPES.search(path.read_text().splitlines()[0]) and _is_yaml(path)]
    assert len(refused) > 25
    assert [path.stem for path in refused if not told(path)] == []


def _is_yaml(path: Path) -> bool:
    try:
        return isinstance(yaml.safe_load(path.read_text()), dict)
    except (yaml.YAMLError, ValueError):  # a day that does not exist
        return False
