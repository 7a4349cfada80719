"""What an installed Firebreak reads besides its modules is packed with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.parts.require import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
PACKED = PROJECT["tool"]["setuptools"]["package-data"]


@pytest.mark.parametrize("package", ["detectors", "playbooks", "streams"])
def test_every_file_beside_the_modules_is_named_as_package_data(package: str) -> None:
    folder: Path = CHECKOUT / package
    beside = {path for path in folder.rglob("*.*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert beside == {path for pattern in PACKED.get(package, ()) for path in folder.glob(pattern)
                      if path.is_file() and path.suffix not in (".py", ".pyc")}  # fmt: skip


def test_the_licences_of_what_is_packed_are_packed() -> None:
    assert [name for name in PROJECT["project"]["license-files"] if not (CHECKOUT / name).is_file()] == []
