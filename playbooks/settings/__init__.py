"""The settings of everything right of the signals: store, people, channels, gate, console.

Each section is a frozen struct with safe defaults; `streams.settings` reads the file and hands the sections on.
Secrets are never in the file: a `SecretFrom` says which environment variable or file holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings
from playbooks.settings.gate import GateSettings
from playbooks.settings.people import Person, RoleSettings, RotaSettings
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.settings.section import AtLeastOne, Name, Port, Positive, SecretFrom, Section


class StoreSettings(Section, frozen=True):
    """The transactional store; SQLite by default, ``postgresql+psycopg://...`` for PostgreSQL."""

    url: str = "sqlite:///firebreak.db"
    password: SecretFrom | None = None


class RunnerSettings(Section, frozen=True):
    """How the outbox is carried out."""

    poll_s: Positive = 0.5
    lease_s: Positive = 30.0
    max_attempts: AtLeastOne = 8
    first_retry_s: Positive = 2.0
    longest_retry_s: Positive = 300.0
    metrics_port: Port = 9104


class ConsoleSettings(Section, frozen=True):
    """The pages for people. `public_url` is what links in messages use; without it messages carry no link."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str | None = None
    session_h: Positive = 12.0


class GrafanaSettings(Section, frozen=True):
    """Where annotations go; absent means none are made."""

    url: str
    token: SecretFrom
    timeout_s: Positive = 5.0


class HeartbeatSettings(Section, frozen=True):
    """A service outside that pages when it no longer hears from the runner; its address, as Healthchecks has it, is the
    secret. The runner tells it every `every_s` that all is well, or what is not.
    """

    url: SecretFrom
    every_s: Annotated[float, msgspec.Meta(ge=15)] = 60.0
    timeout_s: Positive = 10.0


class ReadinessSettings(Section, frozen=True):
    """What ``firebreak check`` goes by: for how long a confirmed test message counts, and when a silent gate is odd."""

    verified_days: Positive = 90.0
    gate_quiet_min: Positive = 15.0


class PlaybookSettings(Section, frozen=True):
    """Everything that `playbooks` needs from the settings file.

    `library` is the folder of the house's own playbooks; without it, those that Firebreak brings count.
    `metrics_host` is where a process without a web server of its own shows its metrics and health: loopback, unless
    Prometheus runs elsewhere. They ask for no password.
    """

    store: StoreSettings = StoreSettings()
    people: dict[Name, Person] = {}
    roles: Mapping[Name, RoleSettings] = {}
    rotas: dict[Name, RotaSettings] = {}
    channels: ChannelSettings = ChannelSettings()
    runner: RunnerSettings = RunnerSettings()
    gate: GateSettings = GateSettings()
    console: ConsoleSettings = ConsoleSettings()
    grafana: GrafanaSettings | None = None
    heartbeat: HeartbeatSettings | None = None
    readiness: ReadinessSettings = ReadinessSettings()
    metrics_host: str = "127.0.0.1"
    library: str | None = None
    brands: dict[Name, BrandSettings] = {}
    schedulers: dict[Name, SchedulerSettings] = {}
