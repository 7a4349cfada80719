"""``firebreak backtest``: mentions from a file through triage, detectors and planner, without Kafka or effects."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, cast

import click
import msgspec
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from detectors.mention import rfc3339
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal
from detectors.text.model import START, Weights
from detectors.watch.brand_watch import BrandWatch
from playbooks.content.catalog import library_of
from playbooks.incidents.decisions import SummaryLine, signal_line
from playbooks.incidents.rehearse import Rehearsal
from streams.counted import count
from streams.deciding.closing import PartitionWatch
from streams.deciding.gather import PartitionTriage, Record, TriageRules
from streams.deciding.models import Models
from streams.pictures.course import Course
from streams.pictures.drawing import write_pictures
from streams.rules import rules_of, watch_rules_of
from streams.settings import Settings, SettingsError, read_settings
from streams.sources.jsonl import Line, merged, read_lines, replay_records
from streams.sources.lines import Lines
from streams.whole_file import refuse_to_overwrite, written_whole
from streams.wire import BucketRecord, ModelVersion

_FOLD: Final = 2000
_TELL_EVERY: Final = 2000
RUN: Final = "replay-backtest"
#: What is so much older than a mention before it is in no window and no baseline any more.
_TOO_LATE_MS: Final = 3_600_000
#: From this part of such mentions on, what was decided says nothing about the file.
_UNSORTED: Final = 0.5
#: The exit code where no line of the input is a mention, or most of them came too late to be looked at.
FOUND_WRONG: Final = 1


@dataclass(slots=True)
class Pipeline:
    """Triage and watch in memory: records in, signals out, in order of the time at which a live system would know."""

    rules: TriageRules
    partitions: int
    weights: Weights = START
    watch_rules: WatchRules = NO_RULES
    on_closed: Callable[[BrandWatch], None] | None = None
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    mentions: int = 0
    bad: int = 0
    too_late: int = 0
    at_ms: int = 0

    def signals(self, lines: Iterable[Line], run: str = RUN) -> Iterator[Signal]:
        """Every signal that the mentions in `lines` give."""
        models = Models()
        if self.weights != START:
            models.add(ModelVersion(1, 0, self.weights))
        triages = [PartitionTriage(number, self.rules, models.at) for number in range(self.partitions)]
        watch = PartitionWatch(self.partitions, rules=self.watch_rules, on_closed=self.on_closed)
        waiting: list[list[Record]] = [[] for _ in triages]
        offsets = [0] * self.partitions
        position = held = 0
        latest_ms = self.now_ms + self.rules.future_ms
        for sent in replay_records(self._timed(lines, latest_ms), run, self.partitions, latest_ms):
            waiting[sent.partition].append(Record(offsets[sent.partition], self.now_ms, sent.key, sent.value))
            offsets[sent.partition] += 1
            self.mentions += sent.mentions
            self.bad += sent.bad
            self.at_ms = sent.at_ms
            held += 1
            if held == _FOLD:
                yield from self._close(triages, watch, waiting, position)
                position, held = watch.next_offset, 0
        yield from self._close(triages, watch, waiting, position)

    def _timed(self, lines: Iterable[Line], latest_ms: int) -> Iterator[Line]:
        """The same lines, while those are counted that come too late to be looked at."""
        newest_ms = 0
        for line in lines:
            if line.mention is not None and line.mention.created_ms <= latest_ms:
                newest_ms = max(newest_ms, line.mention.created_ms)
                self.too_late += newest_ms - line.mention.created_ms > _TOO_LATE_MS
            yield line

    @staticmethod
    def _close(
        triages: list[PartitionTriage], watch: PartitionWatch, waiting: list[list[Record]], position: int
    ) -> Iterator[Signal]:
        found: list[Signal] = []
        for triage, records in zip(triages, waiting, strict=True):
            gathered = triage.fold(records)
            records.clear()
            made: list[BucketRecord] = [*gathered.cells, *gathered.markers]
            for record in made:
                found += watch.take(position, record).signals
                position += 1
        yield from sorted(found, key=lambda signal: (signal.at_ms, signal.brand, signal.platform or "", signal.kind))


@click.command("backtest", short_help="Say what it would have done with a file of mentions.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="DECISIONS, as JSONL.")
@click.option("--learn", type=click.Path(path_type=Path, dir_okay=False), help="Labelled posts (text,label) first.")
@click.option("--plot", type=click.Path(path_type=Path, file_okay=False), help="A picture per incident goes here.")
@click.pass_context
def backtest_command(
    ctx: click.Context, files: tuple[Path, ...], out: Path, learn: Path | None, plot: Path | None
) -> None:
    """Show what Firebreak would have done with mentions from JSONL files (or -), and reach nobody.

    The same triage, detectors and planner as a running system, as fast as it goes; the clock is the mentions'. Each
    brand counts as armed to page and to hold; without --config every brand is taken.

    Lines are taken in the order in which they would have arrived, so the oldest mention comes first. What comes more
    than an hour after a newer one is too late to be looked at, and is counted on stderr; where that is most of the
    file, the exit code is 1.
    """
    refuse_to_overwrite(out, (*files, *([learn] if learn else ())))
    settings = read_settings(ctx.obj) if ctx.obj else Settings(any_brand=True)
    rehearsal = Rehearsal(library_of(settings))
    from streams.labelled import learned_from

    pipeline = Pipeline(
        rules_of(settings), settings.kafka.mentions_partitions, learned_from(learn), watch_rules_of(settings)
    )
    course = Course() if plot else None
    pipeline.on_closed = course.watched if course else None
    began = time.monotonic()
    try:
        with ExitStack() as opened, written_whole(out) as target:
            lines = merged([read_lines(_opened(file, opened)) for file in files])
            _write(pipeline, rehearsal, lines, target, course)
            tally = rehearsal.tally
            seconds = round(time.monotonic() - began, 3)
            _line(target, SummaryLine(pipeline.mentions, seconds, tally.signals, tally.incidents, tally.pages))
        if course and plot:
            write_pictures(course, plot)
    except OSError as wrong:
        raise SettingsError(f"{wrong.filename or out} cannot be used: {wrong.strerror}") from None
    found = ", ".join((count(tally.signals, "signal"), count(tally.incidents, "incident"), count(tally.pages, "page")))
    read = what_was_read(pipeline.mentions, pipeline.bad)
    click.echo(f"{read}, in {seconds:.1f} s: {found}. {out} has the decisions.", err=True)
    if pipeline.too_late:
        click.echo(what_came_too_late(pipeline.too_late, pipeline.mentions), err=True)
    if not pipeline.mentions or pipeline.too_late >= _UNSORTED * pipeline.mentions:
        sys.exit(FOUND_WRONG)


def what_was_read(mentions: int, bad: int) -> str:
    """How many lines were mentions and how many were none.

    >>> what_was_read(3343, 0), what_was_read(1, 2), what_was_read(0, 0)
    ('3343 mentions, every line was one', '1 mention, 2 lines were none', 'No mention, the input has no lines')
    """
    if not mentions and not bad:
        return "No mention, the input has no lines"
    none = f"{count(bad, 'line')} {'was' if bad == 1 else 'were'} none" if bad else "every line was one"
    return f"{count(mentions, 'mention')}, {none}"


def what_came_too_late(too_late: int, mentions: int) -> str:
    """That mentions were not looked at, and what to do about it.

    >>> what_came_too_late(11, 12)[:76]
    '11 of 12 mentions came more than an hour after a newer one: too late to be l'
    """
    return (
        f"{too_late} of {count(mentions, 'mention')} came more than an hour after a newer one: too late to be looked "
        "at, so the decisions are not those of a system that saw them in time. If the file is not in order of time, "
        "sort it, the oldest first, and try again: jq -sc 'sort_by(.created_at)[]' FILE > SORTED "
        "(as long as all its times have the same offset)"
    )


def _write(
    pipeline: Pipeline, rehearsal: Rehearsal, lines: Iterator[Line], target: BinaryIO, course: Course | None
) -> None:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.fields[at]}  {task.completed} mentions  {task.fields[signals]} signals"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None, at="", signals=0)

        def watched() -> Iterator[Line]:
            for number, line in enumerate(lines):
                if number % _TELL_EVERY == 0:
                    at = rfc3339(pipeline.at_ms)[:16] if pipeline.at_ms else ""
                    bar.update(task, completed=pipeline.mentions, at=at, signals=rehearsal.tally.signals)
                yield line

        for signal in pipeline.signals(watched()):
            _line(target, signal_line(signal))
            if course:
                course.signalled(signal)
            for decided in rehearsal.take(signal):
                _line(target, decided)
                if course:
                    course.decided(decided)
        for decided in rehearsal.finish():
            _line(target, decided)


def _line(target: BinaryIO, value: object) -> None:
    target.write(msgspec.json.encode(value) + b"\n")


def _opened(file: Path, opened: ExitStack) -> Iterable[bytes]:
    if str(file) == "-":
        return Lines(cast(BufferedReader, sys.stdin.buffer))
    return Lines(opened.enter_context(file.open("rb")))
