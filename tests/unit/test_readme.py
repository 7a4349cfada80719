"""What README and the other documents say is so: commands, options, links, settings and paths."""

from __future__ import annotations

import ast
import re
import shlex
from itertools import takewhile
from pathlib import Path

import click
import pytest

from playbooks.labels import Role
from streams.app import PROCESSES, WORKER_ROLES
from streams.cli import main
from streams.settings import FILE_NAME, read_settings
from tests.parts.documents import DOCUMENTS, README, anchors, blocks, commands, links, named, spans, text_of
from tests.parts.require import CHECKOUT

CONTEXT = click.Context(main)
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
FOLDERS = ("streams", "detectors", "playbooks", "deploy", "docs", "tests", "requirements")
SHOWN = [(path, line) for path in DOCUMENTS for line in dict.fromkeys(commands(path))]


def is_placeholder(word: str) -> bool:
    """A word that stands for one of the reader's own: FILE, DIR, NAME."""
    return word.isupper() or word == "..."


def fault_of(line: str) -> str | None:
    """What is wrong with a command line, None where it would be understood."""
    program, *words = shlex.split(line)
    if program == "make":
        return None if words[0] in TARGETS else f"no target {words[0]!r}"
    name = next((word for word in skip_config(words) if not word.startswith("-")), "")
    if not name or is_placeholder(name):
        return unknown_options(main, words)
    command = main.get_command(CONTEXT, name)
    if command is None:
        return f"no command {name!r}"
    rest = words[words.index(name) + 1 :]
    if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        part, rest = command.get_command(CONTEXT, rest[0]), rest[1:]
        if part is None:
            return f"no command {name} {words[words.index(name) + 1]!r}"
        command = part
    return unknown_options(command, rest) or unknown_choice(command, rest)


def skip_config(words: list[str]) -> list[str]:
    """The words without ``--config DIR``."""
    return words[2:] if words[:1] == ["--config"] else words


def unknown_options(command: click.Command, words: list[str]) -> str | None:
    known = {option for part in (command, main) for found in part.get_params(CONTEXT) for option in found.opts}
    unknown = [word for word in words if word.startswith("-") and word != "-" and word.partition("=")[0] not in known]
    return f"{command.name} has no {unknown[0]}" if unknown else None


def unknown_choice(command: click.Command, words: list[str]) -> str | None:
    """What stands in the place of an argument that takes none but some words, and is none of them."""
    arguments = [part for part in command.params if isinstance(part, click.Argument)]
    given = takewhile(lambda word: not word.startswith("-"), words)
    for argument, word in zip(arguments, given, strict=False):
        if isinstance(argument.type, click.Choice) and not is_placeholder(word) and word not in argument.type.choices:
            return f"{command.name} takes no {word!r}"
    return None


@pytest.mark.parametrize(("path", "line"), SHOWN, ids=lambda value: named(value) if isinstance(value, Path) else value)
def test_every_command_that_is_shown_is_there_with_its_options(path: Path, line: str) -> None:
    assert fault_of(line) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("firebreak cook", "no command 'cook'"),
        ("firebreak worker --rôle watch", "worker has no --rôle"),
        ("firebreak --config DIR source smoke", "source takes no 'smoke'"),
        ("firebreak arm acme everything", "arm takes no 'everything'"),
        ("firebreak --confg DIR COMMAND", "main has no --confg"),
        ("make cake", "no target 'cake'"),
    ],
)
def test_a_command_that_is_not_there_is_noticed(line: str, fault: str) -> None:
    assert fault_of(line) == fault


def test_the_two_commands_and_every_process_are_shown() -> None:
    shown = "\n".join(commands(README))
    wanted = ["make demo", "make test", "firebreak worker", *(f"firebreak {name}" for name in PROCESSES)]
    assert [command for command in wanted if command not in shown] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    faults = []
    for link in links(path):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            faults.append(link)
    assert faults == []


def test_every_document_stands_in_the_list_of_documents() -> None:
    index = CHECKOUT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    own = {path for path in DOCUMENTS if path.parent == index.parent} | set(index.parent.glob("*.json"))
    assert {path.name for path in own - listed} == {index.name, "detection-figures.json"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_path_that_is_named_is_there(path: Path) -> None:
    named_paths = [span for span in spans(path) if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", span)]
    assert [span for span in named_paths if not (CHECKOUT / span).exists()] == []


def test_the_settings_that_are_shown_are_right(tmp_path: Path) -> None:
    shown = [block for path in DOCUMENTS for block in blocks(path, "yaml")]
    assert shown
    for block in sorted(shown, key=lambda block: not block.text.startswith("zone:")):
        if block.text.startswith("zone:"):  # the rota file that the settings beside it name
            (tmp_path / "rota.yaml").write_text(block.text, encoding="utf-8")
            continue
        (tmp_path / FILE_NAME).write_text(block.text, encoding="utf-8")
        read_settings(tmp_path)


def test_the_code_that_is_shown_is_python() -> None:
    shown = [block for path in DOCUMENTS for block in blocks(path, "python")]
    assert shown
    for block in shown:
        ast.parse(block.text)


def test_the_picture_of_the_flow_is_drawn_once_and_has_every_role() -> None:
    drawn = [block.text for path in DOCUMENTS for block in blocks(path, "mermaid")]
    assert len(drawn) == 1
    assert [role.value for role in Role if role.value not in drawn[0]] == []
    assert set(WORKER_ROLES) <= {role.value for role in Role}


def test_readme_says_what_it_is_in_three_sentences() -> None:
    first = text_of(README).partition("\n\n")[2].partition("\n\n")[0]
    assert first.count(". ") + first.count(".\n") == 2
    assert first.endswith(".")
