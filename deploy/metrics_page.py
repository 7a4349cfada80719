"""docs/metrics.md, made from the vocabulary. ``python -m deploy.metrics_page`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from playbooks import telemetry
from playbooks.labels import Role
from playbooks.telemetry import VOCABULARY
from playbooks.vocabulary import AMBIENT, Metric, Named

PATH = Path(__file__).parents[1] / "docs" / "metrics.md"

_INTRO = f"""# Metrics

Every process shows `/metrics` for Prometheus beside `/healthz` (it runs) and `/readyz` (it can do its work; 503 with
the reasons where not). This page is made from the vocabulary in `playbooks/telemetry.py`; there are no other metrics.

A process shows the metrics of its own roles only, so a metric that is missing means a process that is missing. Each
value of a label is shown from the start, as 0. The number of series is bounded: a brand that is not in the settings is
counted as `OTHER`, and a platform beyond the first {telemetry.MAX_PLATFORMS} is counted in its brand as a whole
(`platform="ALL"`). What speaks of one brand carries `run_kind`, so that a drill or a replay never draws over life.
"""


def metrics_page() -> str:
    """The whole page, the same text each time."""
    parts = [_INTRO]
    for role in Role:
        own = [metric for metric in VOCABULARY.values() if role in metric.roles and not _shared(metric)]
        parts.append(_table(f"The role {role.value}", own))
    parts.append(_table("Several roles", [metric for metric in VOCABULARY.values() if _shared(metric)]))
    parts.append("## From Prometheus and its client library\n\n| name | |\n|---|---|\n" + _ambient())
    return "\n".join(parts)


def _shared(metric: Metric) -> bool:
    return len(metric.roles) > 1


def _table(title: str, metrics: Iterable[Metric]) -> str:
    rows = "".join(_table_row(metric) for metric in metrics)
    return f"## {title}\n\n| name | kind | unit | labels | what it says |\n|---|---|---|---|---|\n{rows}"


def _table_row(metric: Metric) -> str:
    cells = (f"`{metric.name}`", metric.kind.value, metric.unit.value, _labels(metric), metric.help + _who(metric))
    return f"| {' | '.join(cells)} |\n"


def _labels(metric: Metric) -> str:
    return "; ".join(
        f"`{label}`: " + (values.value if isinstance(values, Named) else _listed(metric.enum_values(label)))
        for label, values in metric.labels.items()
    )


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _who(metric: Metric) -> str:
    if not _shared(metric) or metric.roles == frozenset(Role):
        return ""
    return f" ({', '.join(role.value for role in Role if role in metric.roles)})"


def _ambient() -> str:
    return "".join(f"| `{name}` | {meaning} |\n" for name, meaning in AMBIENT.items())


if __name__ == "__main__":
    PATH.write_text(metrics_page(), encoding="utf-8")
