"""Debian's Prometheus for tests: started on a spare port, pointed at processes, and asked what the dashboard asks.

A query that falls back to 0 always answers, so `assert_queries_answer` asks it twice: as a person sees it, and without
the fallback, which must find what it names unless the process that would write it is not there.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.grafana.queries import without_fallback
from playbooks.labels import Role
from playbooks.telemetry import VOCABULARY
from tests.parts.ending import end
from tests.parts.require import CHECKOUT, require

START_S = 20.0
DASHBOARD = CHECKOUT / "deploy" / "grafana" / "dashboards" / "firebreak.json"
RULES = CHECKOUT / "deploy" / "prometheus"
#: What Grafana would put in for the person who looks.
SHOWN: Mapping[str, str] = {
    "brand": "acme",
    "platform": "ALL",
    "run_kind": "live",
    "__rate_interval": "1m",
    "__range": "1h",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, where it stands, and the labels that its legend names. `alert` is true for a rule, which is quiet."""

    where: str
    expr: str
    legend_labels: frozenset[str] = frozenset()
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One line of an answer."""

    labels: dict[str, str]
    value: float


def scrape(targets: Mapping[str, Sequence[str]], rules: Sequence[Path] = (), tells: Sequence[str] = ()) -> str:
    """Prometheus's settings: each job's ``host:port`` targets, scraped every second. JSON is YAML.

    `tells` are the Alertmanagers that it tells of alerts, ``host:port`` each.
    """
    jobs = [{"job_name": job, "static_configs": [{"targets": list(where)}]} for job, where in targets.items()]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    alerting = {"alertmanagers": [{"static_configs": [{"targets": list(tells)}]}]}
    known = {"global": every, "rule_files": [str(path) for path in rules], "scrape_configs": jobs}
    return json.dumps(known | ({"alerting": alerting} if tells else {}))


@contextmanager
def running_prometheus(
    folder: Path, targets: Mapping[str, Sequence[str]], rules: Sequence[Path] = (), tells: Sequence[str] = ()
) -> Iterator[str]:
    """A Prometheus with its data in `folder`; hands in its address once it answers, and ends it."""
    require("prometheus")
    settings, log = folder / "prometheus.yml", folder / "prometheus.log"
    settings.write_text(scrape(targets, rules, tells), encoding="utf-8")
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={settings}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--log.format=json",
                # How soon an alert is told again; four times that is how long it lives when Prometheus is gone.
                "--rules.alert.resend-delay=1s",
            ],
            stdout=output,
            stderr=output,
        )
    try:
        yield _address(server, log)
    finally:
        end(server)


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r'"address":"(127\.0\.0\.1:\d+)".*"msg":"Listening on"', log.read_text(encoding="utf-8"))
        if found and _ready(f"http://{found[1]}"):
            return f"http://{found[1]}"
        time.sleep(0.05)
    raise RuntimeError(f"Prometheus did not start:\n{log.read_text(encoding='utf-8')}")


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(url: str, expr: str) -> list[Series]:
    """The answer to an instant query; raises `AssertionError` with Prometheus's words where it is refused."""
    request = urllib.request.Request(f"{url}/api/v1/query", urllib.parse.urlencode({"query": expr}).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer = json.load(reply)
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"Prometheus refuses {expr!r}: {json.load(refused).get('error')}") from None
    data = answer["data"]
    if data["resultType"] == "scalar":
        return [Series({}, float(data["result"][1]))]
    return [Series(each["metric"], float(each["value"][1])) for each in data["result"]]


def dashboard_queries(path: Path = DASHBOARD) -> list[Asked]:
    """Every query of a dashboard's panels and variables."""
    board = json.loads(path.read_text(encoding="utf-8"))
    asked = [
        Asked(panel["title"], target["expr"], frozenset(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])))
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]
    for variable in board["templating"]["list"]:
        values = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"])
        if values:
            asked.append(Asked(f"variable {variable['name']}", values[1], frozenset({values[2]})))
    return asked


def rule_files() -> list[Path]:
    """The rule files that Prometheus is deployed with."""
    return sorted(path for path in RULES.glob("**/*.y*ml") if "groups" in (_yaml(path) or {}))


def rule_queries() -> list[Asked]:
    """Every expression of the deployed rules."""
    return [
        Asked(f"rule {rule.get('alert') or rule['record']}", rule["expr"], alert=True)
        for path in rule_files()
        for group in _yaml(path)["groups"]
        for rule in group["rules"]
    ]


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def metric_names(expr: str) -> set[str]:
    """The metrics that an expression reads.

    >>> sorted(metric_names('sum by (role) (rate(a_total{x="b"}[1m])) > 0 and on (instance) c or vector(0)'))
    ['a_total', 'c']
    """
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expr)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    words = re.findall(r"(?<![\w.$])([a-zA-Z_:][\w:]*)(?!\w*\s*\()", bare)
    return set(words) - {"and", "or", "unless", "bool", "offset", "inf", "nan", "group_left", "group_right"}


def resolve(expr: str, shown: Mapping[str, str]) -> str:
    """`expr` with Grafana's variables filled in.

    >>> resolve('a{brand="$brand"}[$__rate_interval]', SHOWN)
    'a{brand="acme"}[1m]'
    """
    return re.sub(r"\$(\w+)", lambda name: shown[name[1]], expr)


def assert_queries_answer(
    url: str,
    queries: Iterable[Asked],
    *,
    shown: Mapping[str, str] = SHOWN,
    absent: frozenset[Role] = frozenset(),
    within_s: float = 30.0,
) -> None:
    """Every query gives numbers, and finds what it names; asked again until then, then all faults are told at once.

    `absent` are the roles that no scraped process has: what only they write may be missing behind a fallback to 0.
    """
    left = list(queries)
    deadline = time.monotonic() + within_s
    while True:
        faults = {asked: fault for asked in left if (fault := _fault(url, asked, shown, absent))}
        if not faults or time.monotonic() > deadline:
            break
        left = list(faults)
        time.sleep(0.25)
    assert not faults, "\n".join(f"{asked.where}: {fault}\n    {asked.expr}" for asked, fault in faults.items())


def _fault(url: str, asked: Asked, shown: Mapping[str, str], absent: frozenset[Role]) -> str | None:
    expr = resolve(asked.expr, shown)
    seen = ask(url, expr)
    missing = [name for name in metric_names(expr) if not _may_miss(name, absent) and not ask(url, f"count({name})")]
    if missing:
        return f"nobody writes {', '.join(sorted(missing))}"
    if asked.alert:
        return None
    if not seen:
        return "no data"
    if any(series.value != series.value for series in seen):
        return "not a number"
    if any(_may_miss(name, absent) for name in metric_names(expr)) or _asks_for_one_of(expr, absent):
        return None
    found = ask(url, without_fallback(expr))
    if not found:
        return "nothing without the fallback to 0"
    unnamed = {label for series in found for label in asked.legend_labels - series.labels.keys()}
    return f"the legend names {', '.join(sorted(unnamed))}, which the answer has not" if unnamed else None


def _may_miss(name: str, absent: frozenset[Role]) -> bool:
    return any(name in metric.series and metric.roles <= absent for metric in VOCABULARY.values())


def _asks_for_one_of(expr: str, absent: frozenset[Role]) -> bool:
    return any(f'role="{role}"' in expr for role in absent)
