"""The parts of the report: what each measures, what is wanted of it, and what others reach on the same work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from detectors.kinds.negativity import THRESHOLD
from streams.bench.report import machine
from streams.bench.watching import BUCKET_LIMIT_MS, SERIES_LIMIT_KB, watch_bench
from tests.parts.require import YARDSTICKS
from tests.yardsticks import nab_figures, negativity_figures, policy_figures
from tests.yardsticks.airline_weeks import airline_weeks
from tests.yardsticks.simulated_information import limits
from tests.yardsticks.simulated_kept import play_or_recall
from tests.yardsticks.simulated_lives import CLASSES, REPORTED_SEEDS, Life, full, quick
from tests.yardsticks.simulated_scoring import Labels, airline_words
from tests.yardsticks.simulated_streams import Outcome, median_min, outcome_of
from tests.yardsticks.simulated_table import harmless, table

Told = Callable[[str], None]


class Line(msgspec.Struct, frozen=True):
    """One figure: what it is, ours, what is wanted and whether it is reached, and what others reach."""

    what: str
    ours: str
    wanted: str
    reached: bool
    others: str = ""


class Part(msgspec.Struct, frozen=True):
    """A yardstick's figures, and the details as Markdown."""

    title: str
    lines: tuple[Line, ...]
    detail: str


def at_least(what: str, ours: float, wanted: float, others: str = "", shown: str = "{:.3f}") -> Line:
    """A figure of which more is better."""
    return Line(what, shown.format(ours), "at least " + shown.format(wanted), ours >= wanted, others)


def at_most(what: str, ours: float, wanted: float, others: str = "", shown: str = "{:.3f}") -> Line:
    """A figure of which less is better."""
    return Line(what, shown.format(ours), "at most " + shown.format(wanted), ours <= wanted, others)


@cache
def _peers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((YARDSTICKS / "peers.json").read_text("utf-8"))
    return found


def _rows(yardstick: str) -> dict[str, list[float]]:
    """What the peers reach, a row each."""
    return {name: row for name, row in _peers()[yardstick].items() if isinstance(row, list) and name != "columns"}


def counts(told: Told) -> Part:
    """Real counts of brand mentions, five minutes a row."""
    told("the five series")
    found = nab_figures.nab_figures()
    peers = _rows("nab_realTweets")

    def others(column: int) -> str:
        return ", ".join(f"{name} {row[column]:g}" for name, row in peers.items())

    rows = ["| on slightly other data | score | instants hit | false episodes a day |", "|---|--:|--:|--:|"]
    for other in nab_figures.stability():
        told(other.what)
        rows.append(
            f"| {other.what} | {other.score:.1f} | {other.strict} of {other.instants} | {other.false_a_day:.3f} |"
        )
    seen = ["| sudden event, a 1 % sample of posts | minutes to the alarm | alarms before |", "|---|--:|--:|"]
    for onset in nab_figures.onsets_seen():
        minutes = "not seen" if onset.minutes is None else f"{onset.minutes:.0f}"
        seen.append(f"| {onset.event.replace('_', ' ')} | {minutes} | {onset.before} |")
    return Part(
        "Volume on real counts of brand mentions (NAB)",
        (
            at_least("score", found.score, 82.0, others(0), "{:.1f}"),
            at_least(f"instants hit of {found.instants}", found.strict, 15, others(1), "{:.0f}"),
            at_most("false episodes a series and day", found.false_a_day, 0.08, others(2)),
        ),
        "\n".join([*rows, "", *seen]),
    )


def texts(told: Told) -> Part:
    """Negativity of single posts."""
    told("the text model, on four halves")
    found = negativity_figures.figures()
    peers = _peers()["negativity_airline"]
    lists = _rows("negativity_airline")

    def others(column: int) -> str:
        return ", ".join(f"{name} {row[column]:g}" for name, row in lists.items())

    hourly = ", ".join(
        f"{name} {value:g}" for name, value in peers["correlation_of_hourly_negative_share_with_truth"].items()
    )
    calibration = negativity_figures.miscalibration(found.reliability_learned)
    return Part(
        "Negativity of a text",
        (
            at_least(
                "area under the curve, nothing learned, airline posts",
                min(found.cold, *found.cold_halves),
                0.80,
                f"VADER here {found.vader:.3f}",
            ),
            at_least(
                "ahead of VADER on posts about anything",
                found.elsewhere_cold - found.elsewhere_vader,
                0.03,
                f"VADER here {found.elsewhere_vader:.3f}",
            ),
            at_least("area, nine tenths of this half of the set learned", found.learned_most, 0.92, others(0)),
            at_least("area, half of this half learned, the worst of the splits", min(found.learned), 0.92),
            at_least("posts a second", found.posts_per_s, 15_000, others(3), "{:,.0f}"),
            at_least("hourly negative share, correlation with the truth", found.hourly_learned, 0.80, hourly),
            at_most("scores off from the truth, one half learned", calibration, 0.05),
        ),
        negativity_figures.table(found),
    )


def airlines(told: Told) -> Part:
    """An ordinary week of three airlines."""
    told("three airlines' week, cold and after learning")
    found = airline_weeks()

    def pages(how: str, of: Mapping[str, int]) -> Line:
        shown = ", ".join(f"{airline} {number}" for airline, number in of.items())
        most = max(of.values())
        return Line(f"pages an airline, {how}", shown, "at most 1 each", most <= 1)

    return Part(
        "An ordinary week of three airlines",
        (pages("nothing learned", found.cold), pages("the posts without a time learned", found.learned)),
        f"{found.posts:,} real posts with their times; nothing in that week was a crisis.",
    )


def policy(told: Told) -> Part:
    """The outgoing-post check."""
    told("the outgoing-post check, cold and on three fifths")
    found = policy_figures.figures()
    peers = _peers()["policy"]
    offensive, hate = (
        "on the parts kept apart: " + ", ".join(f"{name} {value:g}" for name, value in peers[of].items())
        for of in ("offensive", "hate")
    )
    cold = {of: min(found.cold[f"{of} train"], found.cold[f"{of} val"]) for of in ("offensive", "hate")}
    return Part(
        "Outgoing posts",
        (
            at_least("offensive, nothing learned, macro-F1, the worse part", cold["offensive"], 0.70, offensive),
            at_least("hate, nothing learned, macro-F1, the worse part", cold["hate"], 0.58, hate),
            at_least("offensive, the training part learned, macro-F1", found.learned, 0.77, offensive),
            at_most("well-meant posts held", found.well_meant, 0.02, shown="{:.1%}"),
        ),
        policy_figures.table(found),
    )


def streams(told: Told) -> Part:
    """Simulated crises and ordinary weeks, with the text model, perfect labels, and labels full of errors."""

    def played(lives: Sequence[Life], *of: Labels) -> dict[Labels, Outcome]:
        words = airline_words()
        return {labels: outcome_of(lives, words, labels, told, 2, play_or_recall) for labels in of}

    whole = played(full(REPORTED_SEEDS), Labels.LEARNED)
    part = played(quick(REPORTED_SEEDS), Labels.COLD, Labels.PERFECT, Labels.FLIPPED)
    learned, cold = whole[Labels.LEARNED], part[Labels.COLD]
    return Part(
        "Crises and ordinary weeks, simulated",
        (*_medians(learned), *_totals(learned), *_totals(cold, "nothing learned, a part of it: ")),
        f"{table(whole)}\n\n{harmless(learned)}\n\nWith other labels, a part of it:\n\n{table(part)}\n\n"
        f"What one post says of a change of tone, and how quick that lets any detector be that asks for {THRESHOLD:g} "
        f"powers of ten:\n\n{limits(airline_words(), THRESHOLD)}",
    )


def _medians(found: Outcome) -> list[Line]:
    return [
        at_most(f"median minutes to the page: {of.name}", median_min(found.minutes(of)), of.median_min, "", "{:.1f}")
        for of in CLASSES
    ]


def _totals(found: Outcome, how: str = "") -> list[Line]:
    peers = _rows("vendor_rules_simulated")
    seen = "; ".join(f"{name}: {row[0]} of 20" for name, row in peers.items())
    false = "; ".join(f"{name}: {row[2]:g}" for name, row in peers.items())
    share = found.seen / len(found.courses)
    return [
        at_least(f"{how}crises paged within two hours", share, 0.95, seen, "{:.2f}"),
        at_most(f"{how}false pages a brand and week", found.false_a_week, 0.03, false),
    ]


def watching(told: Told) -> Part:
    """What watching costs."""
    told("20,000 series for 75 minutes of their time")
    found = watch_bench(20_000, lambda done: None)
    rivers = ", ".join(f"River's {one.detector} {one.us_per_update / 1000:.4f}" for one in found.rivers)
    return Part(
        "Cost of watching 20,000 series",
        (
            at_most("ms a bucket in which somebody spoke", found.ms_per_bucket, BUCKET_LIMIT_MS, rivers),
            at_most("ms a bucket at 500 mentions a minute", found.ms_busy, BUCKET_LIMIT_MS),
            at_most("of a processor, all series", found.of_a_core, 1.0, shown="{:.0%}"),
            at_most("KB a series", found.kb_per_series, SERIES_LIMIT_KB, shown="{:.1f}"),
        ),
        f"Measured on {machine()}; `firebreak bench --watch`.",
    )


PARTS: Final[dict[str, Callable[[Told], Part]]] = {
    "counts": counts,
    "texts": texts,
    "airlines": airlines,
    "policy": policy,
    "streams": streams,
    "watching": watching,
}
