"""The airline posts of the yardsticks as mentions; nothing of them is in this project, so where they are not: skip."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

from tests.parts.require import YARDSTICKS, require

AIRLINES = ("southwest", "united", "virgin-america")


def airline_lines() -> Iterator[bytes]:
    """One mention a line, in the order of the file; rows without a time are left out."""
    require("yardsticks")
    with (YARDSTICKS / "airline" / "posts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["created_at"]:
                yield json.dumps(_mention(row)).encode()


def _mention(row: dict[str, str]) -> dict[str, object]:
    return {
        "id": row["id"],
        "platform": "x",
        "brand": row["airline"].lower().replace(" ", "-"),
        "author": {"id": row["author"]},
        "text": row["text"],
        "created_at": row["created_at"],
    }
