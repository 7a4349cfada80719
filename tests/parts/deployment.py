"""What is deployed: the compose file, and the settings it starts every process with, to compare or to use."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from streams.settings import Settings, read_settings
from tests.parts.require import CHECKOUT

COMPOSE = CHECKOUT / "docker-compose.yml"
PROMETHEUS = CHECKOUT / "deploy" / "prometheus" / "prometheus.yml"
SETTINGS = CHECKOUT / "deploy" / "firebreak"


@cache
def read_yaml(path: Path) -> Any:
    """A YAML file as plain values, read once."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    found: dict[str, Any] = read_yaml(COMPOSE)["services"]
    return found


def our_services() -> dict[str, Any]:
    """Those that are Firebreak's own processes."""
    return {name: service for name, service in services().items() if service["image"].startswith("firebreak:")}


def deployed_settings() -> Settings:
    """The settings that every process is deployed with. Servers, store and secrets are those of the containers."""
    return read_settings(SETTINGS)
