"""What a person sees of the bench: progress while it runs, a table at its end."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from streams.bench.job import READERS, ReaderName
from streams.bench.paging import LIMIT_S, PagingReport
from streams.bench.report import FLAT_WITHIN, WANTED, MemoryReport, Report, rate
from streams.bench.runner import Outcome, Plan
from streams.bench.watching import BASE_LIMIT_MB, BUCKET_LIMIT_MS, SERIES_LIMIT_KB, WatchReport


class Shown:
    """Progress on a terminal."""

    def __init__(self, progress: Progress, plan: Plan) -> None:
        self._progress = progress
        self._plan = plan
        self._writing = progress.add_task("writing mentions", total=plan.mentions)
        self._reading = progress.add_task("reading them", total=len(plan.readers) * plan.rounds)

    def wrote(self, mentions: int) -> None:
        """So many more mentions are written."""
        self._progress.advance(self._writing, mentions)

    def begins(self, reader: ReaderName, round_number: int) -> None:
        """A reader begins."""
        where = f"round {round_number + 1} of {self._plan.rounds}: {READERS[reader].what}"
        self._progress.update(self._reading, description=where)

    def ended(self, outcome: Outcome) -> None:
        """A reader ended."""
        self._progress.console.print(
            f"round {outcome.round_number + 1}: {READERS[outcome.reader].what}: {rate(outcome):,.0f} mentions/s, "
            f"{outcome.reading.rss_mb:.0f} MB, {outcome.cells.count:,} cells"
        )
        self._progress.advance(self._reading)


def show_report(console: Console, report: Report) -> None:
    """The table of a run."""
    table = Table(
        title=f"{report.mentions:,} mentions, {report.partitions} partitions, rounds: {report.rounds}",
        caption=report.machine,
        box=SIMPLE,
        pad_edge=False,
    )
    for column in ("reader", "mentions/s", "low-high", "CPU us", "peak MB", "Firebreak is"):
        table.add_column(column, justify="left" if column == "reader" else "right", no_wrap=True)
    for name, figures in report.readers.items():
        rates, times = report.mentions_per_s[name], report.firebreak_times.get(name)
        table.add_row(
            name.value,
            f"{figures.mentions_per_s:,}",
            f"{rates.low:,.0f}-{rates.high:,.0f}",
            f"{report.cpu_us_per_mention[name].mid:.1f}",
            f"{figures.rss_mb:.0f}",
            f"{times.mid:.2f} x ({times.low:.2f}-{times.high:.2f})" if times else "",
        )
    console.print(table)
    wanted = ", ".join(f"{times:g} x {name}" for name, times in WANTED.items() if name in report.firebreak_times)
    if wanted:
        console.print(f"Wanted of Firebreak: at least {wanted}. CPU is processor time a mention.")
    if report.same_cells:
        console.print(f"All made the same {next(iter(report.cells.values())).count:,} cells.")
        return
    console.print("The readers did not make the same cells, so the figures do not compare:")
    for name, cells in report.cells.items():
        console.print(f"  {READERS[name].what}: {cells.count:,} cells, checksum {cells.checksum}")


def show_memory(console: Console, report: MemoryReport) -> None:
    """The memory of a long run."""
    title = f"memory of a triage worker over {report.mentions:,} mentions"
    table = Table(title=title, caption=report.machine, box=SIMPLE, pad_edge=False, min_width=len(title))
    table.add_column("records", justify="right")
    table.add_column("resident, MB", justify="right")
    for sample in report.samples:
        table.add_row(f"{sample.records:,}", f"{sample.rss_mb:.1f}")
    console.print(table)
    console.print(f"Peak {report.peak_mb:.1f} MB, allowed are {report.limit_mb:.0f} MB.")
    console.print(
        f"{'Flat' if report.flat else 'Not flat'}: from the third quarter to the last it changed by "
        f"{report.growth:+.1%}, allowed are {FLAT_WITHIN:+.0%}."
    )


def show_watch(console: Console, found: WatchReport) -> None:
    """The table of what watching costs."""
    table = Table(title=f"watching {found.series:,} series", caption=found.machine, box=SIMPLE, pad_edge=False)
    for column in ("what", "cost", "wanted at most"):
        table.add_column(column, justify="left" if column == "what" else "right")
    wanted = f"{BUCKET_LIMIT_MS} ms"
    table.add_row("a bucket of a brand on a platform, somebody spoke", f"{found.ms_per_bucket:.3f} ms", wanted)
    table.add_row("the same at 500 mentions a minute", f"{found.ms_busy:.3f} ms", wanted)
    table.add_row("the same, nobody spoke", f"{found.us_per_quiet / 1000:.3f} ms", wanted)
    table.add_row("all series, of a processor", f"{found.of_a_core:.0%}", "100%")
    table.add_row("memory of a series", f"{found.kb_per_series:.1f} KB", f"{SERIES_LIMIT_KB:.0f} KB")
    table.add_row("memory of the process without series", f"{found.base_mb:.0f} MB", f"{BASE_LIMIT_MB:.0f} MB")
    for one in found.rivers:
        table.add_row(f"beside it: an update of River's {one.detector}", f"{one.us_per_update / 1000:.4f} ms", "")
    console.print(table)


def show_paging(console: Console, found: PagingReport) -> None:
    """The table of how soon people were paged."""
    title = f"{found.incidents} incidents at once, {found.brands} brands"
    table = Table(title=title, caption=found.machine, box=SIMPLE, pad_edge=False)
    for column in ("what", "found", "wanted at most"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row("the last signal is in the store", f"{found.taken_s:.1f} s", "")
    table.add_row("the first page of an incident, the middle one", f"{found.median_first_page_s:.1f} s", "")
    table.add_row("the first page of an incident, the last one", f"{found.first_page_s:.1f} s", f"{LIMIT_S:.0f} s")
    table.add_row(f"the last of {found.mails} mails", f"{found.all_s:.1f} s", "")
    table.add_row("pages that came twice", str(found.doubled), "0")
    table.add_row("pages that did not come", str(found.missing), "0")
    console.print(table)
