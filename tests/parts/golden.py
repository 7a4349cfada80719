"""Golden files: what the code makes, kept beside it so that a change shows in review.

``pytest --write-golden`` writes all of them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """One flag for all golden files."""
    parser.addoption("--write-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """``golden(path, text)``: the file holds `text`, or is written with it under ``--write-golden``."""
    write = bool(request.config.getoption("--write-golden"))

    def check(path: Path, text: str) -> None:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        assert there == text, f"{path.name} is not what the code makes; if the change is meant: pytest --write-golden"

    return check
