"""Labelled posts from a CSV, for ``--learn`` and for analysts' corrections: ``text,label`` with negative, neutral or
positive."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from detectors.mention import MAX_TEXT_CHARS
from detectors.text.learner import NegativityModel
from detectors.text.model import START, Weights
from streams.settings import SettingsError

T = TypeVar("T")

#: What a person may say of a post, and whether the post is then negative.
LABELS: Final = {"negative": True, "neutral": False, "positive": False}

_TELL_EVERY: Final = 1000
#: A longer value is a mark that was forgotten; a text is cut at the length of a mention, as elsewhere.
_LONGEST_VALUE: Final = 10_000_000
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")


def learned_from(path: Path | None) -> Weights:
    """The shipped model after it has learned the posts of `path`; without a file the shipped model.

    It is what the trainer makes of the same posts as corrections. Shows on a terminal how far it is.
    """
    if path is None:
        return START
    posts = list(labelled_posts(path))
    model = NegativityModel()
    with learning_shown(len(posts)) as tell:
        model.learn_all(posts, tell)
    return model.export()


@contextmanager
def learning_shown(number: int) -> Iterator[Callable[[float], None]]:
    """Shows on a terminal how far learning from so many posts is: what it yields is told the share that is done."""
    console = Console(stderr=True)
    columns = (TextColumn("Learning {task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"from {number} posts", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def texts_shown(found: Iterator[T]) -> Iterator[T]:
    """The same, one after the other; a terminal shows how many there were so far."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed} texts"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        for number, each in enumerate(found, 1):
            yield each
            if number % _TELL_EVERY == 0:
                bar.update(task, completed=number)


def labelled_posts(path: Path, labels: Mapping[str, bool] = LABELS) -> Iterator[tuple[str, bool]]:
    """Each text and what its label in `labels` stands for; of `LABELS`, whether it is negative.

    Raises `SettingsError` that names file, line and what is allowed.
    """
    none_yet = True
    for number, row in rows_of(path, ("text", "label")):
        label = row["label"].strip().lower()
        if label not in labels:
            raise SettingsError(f"{path}:{number}: label {row['label'][:40]!r}; allowed are {', '.join(labels)}")
        none_yet = False
        yield row["text"][:MAX_TEXT_CHARS], labels[label]
    if none_yet:
        raise SettingsError(f"{path}: there is no post in it; it has a line text,label and below it one line a post")


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values of each row of a CSV that has at least `columns`; raises `SettingsError`."""
    try:
        csv.field_size_limit(_LONGEST_VALUE)
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            try:
                yield from _rows(reader, path, columns)
            except csv.Error as wrong:
                raise SettingsError(f"{path}:{reader.reader.line_num}: this is no CSV: {wrong}") from None
    except OSError as wrong:
        raise SettingsError(f"{path} cannot be read: {wrong.strerror}") from None


def _rows(reader: csv.DictReader[str], path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    header = reader.fieldnames or ()
    for column in columns:
        if column not in header:
            found = ", ".join(header) or "nothing"
            raise SettingsError(f"{path}:1: the column {column!r} is missing; the first line has {found[:200]}")
    for row in reader:
        values = {column: row[column] for column in columns}
        for column, value in values.items():
            if value is None:
                raise SettingsError(f"{path}:{reader.line_num}: this line ends before the column {column!r}")
            if _NOT_UTF8.search(value):
                raise SettingsError(f"{path}:{reader.line_num}: the column {column!r} is not UTF-8")
        yield reader.line_num, values
