"""The settings of everything right of the signals: store, people, channels, gate, console.

Each section is a frozen struct with safe defaults; `streams.settings` reads the file and hands the sections on.
Secrets are never in the file: a `SecretFrom` says which environment variable or file holds one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
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
#: What a clock shows, ``08:30``; midnight is ``00:00``. In YAML it stands in quotes.
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
#: A length of time or a rate that must be more than nothing, and a number of things of which there is at least one.
Positive = Annotated[float, msgspec.Meta(gt=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
#: A telephone number as the whole world dials it (E.164).
PhoneNumber = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{5,14}\Z")]
#: A member of a Slack workspace, and a user of PagerDuty.
SlackMember = Annotated[str, msgspec.Meta(pattern=r"^[UW][A-Z0-9]{4,20}\Z")]
PagerDutyUser = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{4,20}\Z")]


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


class StoreSettings(Section, frozen=True):
    """The transactional store; SQLite by default, ``postgresql+psycopg://...`` for PostgreSQL."""

    url: str = "sqlite:///firebreak.db"
    password: SecretFrom | None = None


class QuietHours(Section, frozen=True):
    """From when until when, by the clocks where a person is, no notice shall wake them. A page does all the same."""

    begins: ClockTime = msgspec.field(name="from")
    ends: ClockTime = msgspec.field(name="to")


class OfRota(Section, frozen=True):
    """In a role: whoever is on call in a rota."""

    rota: Name


#: Who is in a role: people always, and those of rotas while they are on call.
RoleSettings = tuple[Name | OfRota, ...] | OfRota


class CalendarSettings(Section, frozen=True):
    """An iCalendar file, or one at an address (`url`; ``webcal`` is read as ``https``), whose events are turns.

    `secret` stands in for ``{secret}`` in the address; where the address has none, it goes along as a bearer token, or,
    with `username`, as a password. `only`: events whose title holds this text count, in any case of letters. `zone` and
    `day_begins` are for events that are of days and not of moments. `keep_h`: for how long the last copy counts when
    the calendar cannot be read any more.
    """

    url: str | None = None
    file: str | None = None
    secret: SecretFrom | None = None
    username: str | None = None
    only: str | None = None
    zone: str | None = None
    day_begins: ClockTime = "00:00"
    poll_s: Positive = 300.0
    timeout_s: Positive = 10.0
    keep_h: Positive = 72.0


class RotaSettings(Section, frozen=True):
    """Who is on call when: by a rota file, or by a calendar."""

    file: str | None = None
    ical: CalendarSettings | None = None


class Person(Section, frozen=True):
    """Somebody who may be reached. `drills` says they agreed to be reached by drills.

    `zone` is where their day is, for `quiet` and for times that are written to them.

    `sms` and `voice` are telephone numbers, `slack` is their member id. `pagerduty` and `apprise` are names of a
    service and of a target under `channels`, `alertmanager` is the receiver their alerts are labelled with.
    `pagerduty_user` is who they are there, so that what they acknowledge there counts here.
    """

    name: str
    email: str | None = None
    sms: PhoneNumber | None = None
    voice: PhoneNumber | None = None
    slack: SlackMember | None = None
    pagerduty: Name | None = None
    pagerduty_user: PagerDutyUser | None = None
    alertmanager: Name | None = None
    apprise: Name | None = None
    webhook: str | None = None
    drills: bool = False
    zone: str = "UTC"
    quiet: QuietHours | None = None


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


class TwilioSettings(Section, frozen=True):
    """Twilio, which sends texts and calls people. Texts come from `sms_from`, calls from `voice_from`.

    `account` is the account's SID, `token` its auth token: with it we sign in, and check that a report is Twilio's.
    """

    account: Annotated[str, msgspec.Meta(pattern=r"^AC[0-9a-f]{32}\Z")]
    token: SecretFrom
    sms_from: PhoneNumber | None = None
    voice_from: PhoneNumber | None = None
    url: str = "https://api.twilio.com"
    timeout_s: Positive = 10.0


class SlackSettings(Section, frozen=True):
    """One channel of a Slack workspace: an incoming webhook, whose whole address is the secret.

    `signing_secret` is the app's: with it a press on the button in a message counts as an acknowledgement.
    """

    webhook: SecretFrom
    signing_secret: SecretFrom | None = None
    timeout_s: Positive = 10.0


class PagerDutySettings(Section, frozen=True):
    """PagerDuty's Events API. Each of the `services` is the integration key of one.

    `webhook_secret` is that of a webhook subscription: with it an acknowledgement made there counts here.
    """

    services: dict[Name, SecretFrom]
    webhook_secret: SecretFrom | None = None
    url: str = "https://events.pagerduty.com"
    timeout_s: Positive = 10.0


class AlertmanagerSettings(Section, frozen=True):
    """A Prometheus Alertmanager. `username` and `password`, or `token`, are for what stands before it."""

    url: str
    username: str | None = None
    password: SecretFrom | None = None
    token: SecretFrom | None = None
    firing_h: Positive = 24.0
    timeout_s: Positive = 10.0


class AppriseSettings(Section, frozen=True):
    """Everything else, by Apprise. Each of the `targets` is an address of Apprise's, which is a secret as a whole."""

    targets: dict[Name, SecretFrom]
    timeout_s: Positive = 20.0


class LinkSettings(Section, frozen=True):
    """Links in messages by which people acknowledge and escalate without signing in, and how long they work."""

    secret: SecretFrom
    valid_h: Positive = 24.0


class ChannelSettings(Section, frozen=True):
    """The channels there are; each is absent until it is set."""

    email: EmailSettings | None = None
    twilio: TwilioSettings | None = None
    slack: SlackSettings | None = None
    pagerduty: PagerDutySettings | None = None
    alertmanager: AlertmanagerSettings | None = None
    apprise: AppriseSettings | None = None
    webhook: WebhookSettings | None = None
    links: LinkSettings | None = None


class RunnerSettings(Section, frozen=True):
    """How the outbox is carried out."""

    poll_s: Positive = 0.5
    lease_s: Positive = 30.0
    max_attempts: AtLeastOne = 8
    first_retry_s: Positive = 2.0
    longest_retry_s: Positive = 300.0
    metrics_port: Port = 9104


class Otherwise(StrEnum):
    """What the gate says where it does not know enough."""

    HOLD = "hold"
    ALLOW = "allow"


class CallerSettings(Section, frozen=True):
    """Somebody who asks the gate with a token of their own."""

    token: SecretFrom
    crisis_team: bool = False


class BreakGlassSettings(Section, frozen=True):
    """Who may let one held post go, once, and for how long that is good. Without `roles` nobody may."""

    roles: tuple[Name, ...] = ()
    valid_min: Positive = 15.0


class GateSettings(Section, frozen=True):
    """What schedulers ask before they post. Loopback unless said otherwise.

    `releasers` and `released_by` say who lets go of what was held by hand, or while detection was dead.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    token: SecretFrom = SecretFrom(env="FIREBREAK_GATE_TOKEN")
    callers: dict[Name, CallerSettings] = {}
    releasers: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    released_by: tuple[Name, ...] = ("on-call",)
    ask_again_min: Annotated[int, msgspec.Meta(ge=5, le=10_080)] = 240
    spacing_min: Positive = 10.0
    detection_dead_min: Positive = 10.0
    without_text: Otherwise = Otherwise.HOLD
    break_glass: BreakGlassSettings = BreakGlassSettings()
    audit_key: SecretFrom | None = None


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


class PlannedSettings(Section, frozen=True):
    """A campaign in a brand's calendar; `factor` is how many times the usual it brings. It mutes nothing."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    factor: Annotated[float, msgspec.Meta(ge=1, le=1000)]
    platforms: tuple[PlatformName, ...] = ()


class PostLanguage(StrEnum):
    """A language that outgoing posts are read in, by its BCP 47 tag."""

    ENGLISH = "en"
    DANISH = "da"
    DUTCH = "nl"
    FRENCH = "fr"
    GERMAN = "de"
    ITALIAN = "it"
    PORTUGUESE = "pt"
    SPANISH = "es"
    SWEDISH = "sv"


#: A word or phrase of a post; with a `*` at its end, every word that begins so.
PostWords = Annotated[str, msgspec.Meta(min_length=2, max_length=80, pattern=r"^[^*]+\*?\Z")]


class TopicSettings(Section, frozen=True):
    """Something that is approved before it is posted: the words it is known by, and the people or roles who approve."""

    words: Annotated[tuple[PostWords, ...], msgspec.Meta(min_length=1)]
    approvers: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]


class LimitSettings(Section, frozen=True):
    """The most characters and hashtags that a platform takes of this brand, where it is not what it takes of others."""

    chars: AtLeastOne | None = None
    tags: Annotated[int, msgspec.Meta(ge=0)] | None = None


class PolicySettings(Section, frozen=True):
    """What outgoing posts of a brand are read for beside what no brand says (docs/policy.md).

    `domains` are the brand's own, `contacts` the addresses and telephone numbers that it gives out, `words` those that
    it does not use, each with the reason. `editors` are people or roles who may let a post go all the same.
    """

    languages: tuple[PostLanguage, ...] = (PostLanguage.ENGLISH,)
    domains: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    words: dict[PostWords, str] = {}
    topics: dict[Name, TopicSettings] = {}
    limits: dict[PlatformName, LimitSettings] = {}
    editors: tuple[Name, ...] = ()


class BrandSettings(Section, frozen=True):
    """One configured brand. `terms` are what sources look for in posts, `planned` is its calendar of campaigns."""

    name: str | None = None
    terms: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    when_detection_is_dead: Otherwise = Otherwise.HOLD
    planned: tuple[PlannedSettings, ...] = ()
    policy: PolicySettings = PolicySettings()


class SchedulerKind(StrEnum):
    """The schedulers that posts can be held in."""

    BUFFER = "buffer"
    MASTODON = "mastodon"
    POSTIZ = "postiz"
    WORDPRESS = "wordpress"
    HOOTSUITE = "hootsuite"
    FACEBOOK = "facebook"
    WEBHOOK = "webhook"


class SchedulerSettings(Section, frozen=True):
    """One account in one scheduler, and what holds cover it: those of its brand, platform and account.

    Which of `url`, `token`, `user`, `organization`, `channel` and `member` a kind needs stands in docs/schedulers.md.
    `check_s`: how often the account is read back while it is held; each kind has its own. `ahead_h`: posts that are due
    later than so far ahead are left alone until they come nearer.
    """

    kind: SchedulerKind
    brand: Name
    platform: PlatformName | None = None
    account: str | None = None
    url: str | None = None
    token: SecretFrom | None = None
    user: str | None = None
    organization: str | None = None
    channel: str | None = None
    member: str | None = None
    check_s: Positive | None = None
    ahead_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 14)] = 24.0 * 14
    timeout_s: Positive = 10.0


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
