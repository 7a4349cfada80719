"""The bench from its start to its exit code: what it needs, a Kafka, the runs, and the figures."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from playbooks.settings import StoreSettings
from playbooks.store.engine import StoreUnreachable
from streams.bench.display import Shown, show_memory, show_paging, show_report, show_watch
from streams.bench.job import READERS, ReaderName
from streams.bench.paging import PagingFailed, paging_bench
from streams.bench.report import memory_report, report
from streams.bench.runner import Outcome, Plan, ReaderFailed, run_plan
from streams.bench.watching import watch_bench
from streams.brokers import apache
from streams.supervise import USED_WRONGLY

_FOUND_SOMETHING = 1


class BenchStopped(click.ClickException):
    """The bench cannot go on: one message, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it as every command says what is wrong."""
        click.echo(f"firebreak: {self.message}", file=file, err=True)


def side_by_side(names: Iterable[str], mentions: int, partitions: int, rounds: int, as_json: bool) -> int:
    """Compare readers; the exit code."""
    plan = Plan(tuple(ReaderName(name) for name in dict.fromkeys(names)), mentions, partitions, rounds)
    need_packages(plan.readers)
    found = report(plan, _run(plan))
    if as_json:
        _print_json(found)
    else:
        show_report(Console(), found)
    return 0 if found.same_cells else _FOUND_SOMETHING


def memory_bench(mentions: int, partitions: int, sample_every: int, as_json: bool) -> int:
    """Follow the memory of Firebreak's triage; the exit code."""
    plan = Plan((ReaderName.FIREBREAK,), mentions, partitions, 1, sample_every)
    found = memory_report(plan, _run(plan)[0])
    if as_json:
        _print_json({"memory": found})
    else:
        show_memory(Console(), found)
    return 0 if found.well else _FOUND_SOMETHING


def cost_of_watching(series: int, as_json: bool) -> int:
    """Watch many series; the exit code."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"watching {series:,} series for 75 minutes of their time", total=1.0)
        found = watch_bench(series, lambda done: progress.update(task, completed=done))
    if as_json:
        _print_json({"watch": found})
    else:
        show_watch(Console(), found)
    return 0 if found.well else _FOUND_SOMETHING


def pages_at_once(store_url: str | None, as_json: bool) -> int:
    """500 incidents at once for 200 brands; the exit code."""
    with TemporaryDirectory(prefix="firebreak-paging-") as folder:
        store = StoreSettings(url=store_url or f"sqlite:///{folder}/store.db")
        try:
            found = paging_bench(store, Path(folder), incidents=500, brands=200)
        except (PagingFailed, StoreUnreachable) as failed:
            raise BenchStopped(str(failed), _FOUND_SOMETHING) from None
    if as_json:
        _print_json({"paging": found})
    else:
        show_paging(Console(), found)
    return 0 if found.well else _FOUND_SOMETHING


def need_packages(readers: Iterable[ReaderName]) -> None:
    """Raises `BenchStopped` where a reader's package is not installed."""
    missing = [READERS[name].package for name in readers if not READERS[name].installed]
    if missing:
        raise BenchStopped(
            f"not installed here: {', '.join(missing)}. `make bench` installs what it compares with "
            "(requirements/bench.lock.txt) and starts it; --reader NAME leaves the others out",
            USED_WRONGLY,
        )


def _run(plan: Plan) -> Sequence[Outcome]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        starting = progress.add_task("starting Apache Kafka", total=1)
        with apache.start() as broker:
            progress.advance(starting)
            try:
                return run_plan(plan, broker.servers, Shown(progress, plan))
            except ReaderFailed as failed:
                raise BenchStopped(str(failed), _FOUND_SOMETHING) from None


def _print_json(found: object) -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
