"""Processes that the product starts import nothing from the folder they happen to be started in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from playbooks.own_python import own_module
from tests.parts.require import CHECKOUT

#: This Python is started by hand only where nothing but a file of ours runs in it: the leash, isolated by ``-I``.
BY_HAND = {"playbooks/own_python.py", "streams/brokers/child.py"}


def test_a_file_that_is_called_like_a_library_in_the_current_folder_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("click", "msgspec", "yaml"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the {name} of the current folder')\n")
    ran = subprocess.run(own_module("streams", "--help"), cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "firebreak" in ran.stdout


def test_every_process_of_our_own_is_started_so() -> None:
    found = {
        path.relative_to(CHECKOUT).as_posix()
        for package in ("playbooks", "streams")
        for path in (CHECKOUT / package).rglob("*.py")
        if re.search(r"sys\.executable", path.read_text(encoding="utf-8"))
    }
    assert found == BY_HAND
