"""Debian's Alertmanager, started on a spare port with a receiver of the test's, and ended."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streams.brokers.broker import free_port
from tests.parts.ending import end
from tests.parts.require import require

START_S = 20.0


@contextmanager
def running_alertmanager(folder: Path, webhook: str, known: dict[str, Any] | None = None) -> Iterator[str]:
    """An Alertmanager that tells `webhook` at once, or is set up as `known` says; hands in its address once ready."""
    require("alertmanager")
    receiver = {"name": "test", "webhook_configs": [{"url": webhook, "send_resolved": True}]}
    waits = {"group_wait": "50ms", "group_interval": "100ms", "repeat_interval": "1h", "group_by": ["..."]}
    settings = folder / "alertmanager.yml"
    known = known or {"route": {"receiver": "test", **waits}, "receivers": [receiver]}
    settings.write_text(json.dumps(known), encoding="utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "alertmanager.log").open("wb") as log:
        server = subprocess.Popen(
            [
                "prometheus-alertmanager",
                f"--config.file={settings}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(server, url, folder / "alertmanager.log")
        yield url
    finally:
        end(server)


def alerts(url: str) -> list[dict[str, Any]]:
    """The alerts that fire."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=1):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"Alertmanager did not start:\n{log.read_text(encoding='utf-8')}")
