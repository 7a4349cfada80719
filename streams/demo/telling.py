"""Progress of the demo on stderr: a display that moves on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

#: What is being done just now, and which part of it is done (0..1) where that is known.
Tell = Callable[[str, float | None], None]

LINE_EVERY_S: Final = 5.0


class Telling:
    """Tells of one step after another. `console` is where; whether that is a terminal decides how."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, what: str) -> Iterator[Tell]:
        """Tell of one step while the block runs, and leave its last word standing."""
        if self._console.is_terminal:
            with _bar(self._console) as bar:
                yield _moving(bar, bar.add_task(what, total=None, detail=""))
        else:
            lines = _Lines(self._console, what)
            yield lines.tell
            lines.last()


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/green]"),
        TextColumn("{task.description:<13}", markup=False),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        console=console,
    )


def _moving(bar: Progress, task: TaskID) -> Tell:
    def tell(detail: str, part: float | None) -> None:
        bar.update(task, detail=detail, total=None if part is None else 1.0, completed=part or 0.0)

    return tell


class _Lines:
    """At most a line every few seconds, and always the first and the last word."""

    def __init__(self, console: Console, what: str) -> None:
        self._console = console
        self._what = what
        self._began = time.monotonic()
        self._again_at = 0.0
        self._said = self._latest = ""

    def tell(self, detail: str, part: float | None) -> None:
        """Say `detail` where it is new and the last line is old enough."""
        self._latest = detail
        if time.monotonic() >= self._again_at:
            self.last()

    def last(self) -> None:
        """Say what was not said yet."""
        if self._latest == self._said:
            return
        self._said = self._latest
        self._again_at = time.monotonic() + LINE_EVERY_S
        after = f"{time.monotonic() - self._began:.0f} s"
        line = f"{self._what}: {self._latest} ({after})"
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)
