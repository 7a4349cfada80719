"""Labelled posts from a CSV, for ``--learn``: ``text,label`` with negative, neutral or positive."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from detectors.text.learner import NegativityModel
from detectors.text.model import START, Weights
from streams.settings import SettingsError

_LABELS: Final = {"negative": True, "neutral": False, "positive": False}


def learned_from(path: Path | None) -> Weights:
    """The shipped model after it has learned every post of `path` once, in order; without a file the shipped model."""
    if path is None:
        return START
    model = NegativityModel()
    for text, negative in labelled_posts(path):
        model.learn(text, negative)
    return model.export()


def labelled_posts(path: Path) -> Iterator[tuple[str, bool]]:
    """Each text and whether it is negative; raises `SettingsError` that names file, line and what is allowed."""
    for number, row in rows_of(path, ("text", "label")):
        label = row["label"].strip().lower()
        if label not in _LABELS:
            raise SettingsError(f"{path}:{number}: label {label!r}; allowed are {', '.join(_LABELS)}")
        yield row["text"], _LABELS[label]


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values of each row of a CSV that has at least `columns`; raises `SettingsError`."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                found = ", ".join(reader.fieldnames or ()) or "nothing"
                raise SettingsError(f"{path}:1: the column {missing[0]!r} is missing; the first line has {found}")
            for row in reader:
                yield reader.line_num, {column: row[column] or "" for column in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise SettingsError(f"{path} cannot be read: {wrong}") from None
