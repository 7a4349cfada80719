"""The outcome of simulated streams as a table, with the published rules beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.yardsticks.simulated_lives import CLASSES, IN_TIME_MIN
from tests.yardsticks.simulated_rules import Rule
from tests.yardsticks.simulated_scoring import Labels
from tests.yardsticks.simulated_streams import Outcome, median_min


def table(outcomes: Mapping[Labels, Outcome]) -> str:
    """Every class of crisis, every source of labels and every published rule, as Markdown."""
    any_outcome = next(iter(outcomes.values()))
    heads = [labels.value for labels in outcomes] + [rule.value for rule in Rule]
    lines = [
        "| crisis | number | aim, min | " + " | ".join(heads) + " |",
        "|---|--:|--:|" + "--:|" * len(heads),
    ]
    for of in CLASSES:
        number = len(any_outcome.minutes(of))
        if not number:
            continue
        cells = [_cell(outcome.minutes(of)) for outcome in outcomes.values()]
        courses = [course for course in any_outcome.courses if course.of == of]
        cells += [_cell([course.rules[rule] for course in courses]) for rule in Rule]
        lines.append(f"| {of.name} | {number} | {of.median_min:g} | " + " | ".join(cells) + " |")
    seen = [f"{outcome.seen} of {len(outcome.courses)}" for outcome in outcomes.values()]
    for rule in Rule:
        found = sum(course.rules[rule] is not None for course in any_outcome.courses)
        seen.append(f"{found} of {len(any_outcome.courses)}")
    lines.append(f"| paged within {IN_TIME_MIN} min | | 95 % | " + " | ".join(seen) + " |")
    false = [f"{one.false_a_week:.3f} ({len(one.false_pages)} in {one.weeks:.0f})" for one in outcomes.values()]
    false += [f"{any_outcome.rule_pages[rule] / max(any_outcome.weeks, 1):.2f}" for rule in Rule]
    lines.append("| false pages a brand and week | | 0.03 | " + " | ".join(false) + " |")
    return "\n".join(lines)


def harmless(outcome: Outcome) -> str:
    """What was on when somebody was falsely paged, beside how much of it there was."""
    during = Counter(page.during for page in outcome.false_pages)
    lines = ["| during | false pages | of |", "|---|--:|--:|"]
    for kind in sorted({*during, *outcome.peaks}):
        lines.append(f"| {kind} | {during[kind]} | {outcome.peaks.get(kind, '')} |")
    lines.append(f"| a brand's first week | {outcome.first_week_pages} | |")
    return "\n".join(lines)


def _cell(minutes: list[float | None]) -> str:
    """Median minutes, and how many were seen."""
    seen = sum(one is not None for one in minutes)
    return f"{median_min(minutes):.1f} ({seen})" if minutes else ""
