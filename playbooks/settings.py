"""The settings of everything right of the signals: store, people, channels, gate, console.

Each section is a frozen struct with safe defaults; `streams.settings` reads the file and hands the sections on.
Secrets are never in the file: a `SecretFrom` says which environment variable or file holds one.
"""

from __future__ import annotations

import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from detectors.mention import PlatformName
from playbooks.secret import Secret

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
#: A moment, RFC 3339 with an offset.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
#: A length of time or a rate that must be more than nothing, and a number of things of which there is at least one.
Positive = Annotated[float, msgspec.Meta(gt=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]


class MissingSecret(Exception):
    """A secret that a setting names is not there; the message names the variable or file, never a value."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every settings section: frozen, and an unknown key is an error."""


class SecretFrom(Section, frozen=True):
    """Where a secret is kept: ``env: NAME`` or ``file: PATH`` (surrounding white space is cut off)."""

    env: str | None = None
    file: str | None = None

    def read(self, setting: str, *, at_least: int = 1) -> Secret:
        """The secret itself; `setting` is its key, for the message.

        Raises `MissingSecret` where it is not there or empty, or has fewer than `at_least` characters.
        """
        if self.env is not None:
            value = os.environ.get(self.env, "")
            place = f"the environment variable {self.env}"
        elif self.file is not None:
            place = f"the file {self.file}"
            try:
                value = Path(self.file).read_text(encoding="utf-8").strip()
            except OSError as wrong:
                raise MissingSecret(
                    f"{setting}: {place}, which should hold a secret, cannot be read: {wrong.strerror}"
                ) from None
        else:
            raise MissingSecret(f"{setting}: say where the secret is: write {{env: NAME}} or {{file: PATH}}")
        if not value:
            raise MissingSecret(
                f"{setting}: {place} is not set or empty; put the secret there, or name another place in the settings"
            )
        if len(value) < at_least:
            raise MissingSecret(
                f"{setting}: what {place} holds is shorter than {at_least} characters, so it could be guessed; "
                "make one with 'openssl rand -hex 24'"
            )
        return Secret(value)


class Arming(StrEnum):
    """How far Firebreak may go for a brand."""

    OBSERVE = "observe"
    PAGE = "page"
    PAGE_AND_HOLD = "page-and-hold"


class StoreSettings(Section, frozen=True):
    """The transactional store; SQLite by default, ``postgresql+psycopg://...`` for PostgreSQL."""

    url: str = "sqlite:///firebreak.db"
    password: SecretFrom | None = None


class Person(Section, frozen=True):
    """Somebody who may be reached. `drills` says they agreed to be reached by drills."""

    name: str
    email: str | None = None
    webhook: str | None = None
    drills: bool = False


class EmailSettings(Section, frozen=True):
    """The SMTP server that pages and notices go out through."""

    host: str = "127.0.0.1"
    port: Port = 25
    sender: str = "firebreak@localhost"
    tls: bool = False
    username: str | None = None
    password: SecretFrom | None = None
    timeout_s: Positive = 10.0


class WebhookSettings(Section, frozen=True):
    """A signed webhook (HMAC-SHA256) that pages and notices go out through."""

    secret: SecretFrom
    timeout_s: Positive = 10.0


class ChannelSettings(Section, frozen=True):
    """The channels there are; each is absent until it is set."""

    email: EmailSettings | None = None
    webhook: WebhookSettings | None = None


class RunnerSettings(Section, frozen=True):
    """How the outbox is carried out."""

    poll_s: Positive = 0.5
    lease_s: Positive = 30.0
    max_attempts: AtLeastOne = 8
    first_retry_s: Positive = 2.0
    longest_retry_s: Positive = 300.0
    metrics_port: Port = 9104


class GateSettings(Section, frozen=True):
    """What schedulers ask before they post. Loopback unless said otherwise."""

    host: str = "127.0.0.1"
    port: Port = 8081
    token: SecretFrom = SecretFrom(env="FIREBREAK_GATE_TOKEN")


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


class PlannedSettings(Section, frozen=True):
    """A campaign in a brand's calendar; `factor` is how many times the usual it brings. It mutes nothing."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    factor: Annotated[float, msgspec.Meta(ge=1, le=1000)]
    platforms: tuple[PlatformName, ...] = ()


class BrandSettings(Section, frozen=True):
    """One configured brand. `terms` are what sources look for in posts, `planned` is its calendar of campaigns."""

    name: str | None = None
    arming: Arming = Arming.OBSERVE
    terms: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    planned: tuple[PlannedSettings, ...] = ()


class PlaybookSettings(Section, frozen=True):
    """Everything that `playbooks` needs from the settings file.

    `metrics_host` is where a process without a web server of its own shows its metrics and health: loopback, unless
    Prometheus runs elsewhere. They ask for no password.
    """

    store: StoreSettings = StoreSettings()
    people: dict[Name, Person] = {}
    roles: dict[Name, tuple[Name, ...]] = {}
    channels: ChannelSettings = ChannelSettings()
    runner: RunnerSettings = RunnerSettings()
    gate: GateSettings = GateSettings()
    console: ConsoleSettings = ConsoleSettings()
    grafana: GrafanaSettings | None = None
    metrics_host: str = "127.0.0.1"
    brands: dict[Name, BrandSettings] = {}
