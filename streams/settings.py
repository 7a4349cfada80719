"""The settings file: read once at the start, whole or not at all.

``firebreak --config DIR`` reads ``DIR/firebreak.yaml``. Unknown keys, wrong values and missing secrets stop the start
with one message that says what was found, what is allowed, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from playbooks.oncall.check import beside, rota_faults
from playbooks.oncall.contact_points import contact_faults
from playbooks.policy.rule_faults import policy_faults
from playbooks.schedulers.needs import scheduler_faults
from playbooks.settings import PlaybookSettings
from playbooks.settings.addresses import address_faults
from playbooks.settings.section import AtLeastOne, Name, Port, Positive, SecretFrom, Section
from playbooks.settings.web_address import address_fault
from playbooks.store.engine import holds_password
from playbooks.strict_yaml import YamlFault, line_of, load
from streams.deciding.dead_share import SYSTEM_BRAND

FILE_NAME = "firebreak.yaml"

Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


#: What was a setting once, as the fault about it begins, and what is done instead.
RETIRED = {
    "Object contains unknown field `arming` at brands.": (
        "; how far Firebreak may go for a brand is an act of a named person now: take the line out, then say "
        "'firebreak arm BRAND page --by PERSON --reason WHY', or arm it on the console's page \"Brands\""
    ),
}


class SettingsError(Exception):
    """The settings are wrong; the operator must mend them. One message: what, where, what to do."""


class KafkaSettings(Section, frozen=True):
    """Brokers, and the shape that topics are made with and checked against.

    `mentions_partitions` bounds the number of triage workers, `brands_partitions` that of watch and respond workers.
    Neither can be changed on a running system. Retention is in hours.
    """

    servers: str = "127.0.0.1:9092"
    mentions_partitions: AtLeastOne = 4
    brands_partitions: AtLeastOne = 4
    replication: AtLeastOne = 1
    mentions_retention_h: AtLeastOne = 24 * 7
    dead_retention_h: AtLeastOne = 24 * 14
    buckets_retention_h: AtLeastOne = 24 * 2
    signals_retention_h: AtLeastOne = 24 * 30


class TriageSettings(Section, frozen=True):
    """How mentions become cells.

    `future_s`: a mention further ahead of its record's Kafka time is refused. `horizon_h`: one older than this is
    refused. `recent_ids`: how many ids a partition remembers for dropping repeats. `idle_heartbeat_s`: a partition
    silent for so long is given a heartbeat. `dead_share`: above this share of bad records in a minute ops are paged
    and dead letters are sampled. `runs_at_once`: drills and replays beside life; each remembers as many ids, and all of
    them have to fit into one checkpoint.
    """

    future_s: NotNegative = 300.0
    horizon_h: Positive = 24.0 * 7
    recent_ids: AtLeastOne = 50_000
    idle_heartbeat_s: Positive = 2.0
    checkpoint_s: Positive = 2.0
    dead_share: Share = 0.2
    dead_share_of_at_least: AtLeastOne = 200
    runs_at_once: AtLeastOne = 12
    run_idle_s: Positive = 600.0
    metrics_port: Port = 9101


class WatchSettings(Section, frozen=True):
    """How buckets become signals. `snapshot_s` is how often a brand's state is written, staggered over brands."""

    snapshot_s: Positive = 120.0
    forget_brand_h: Positive = 24.0 * 60
    metrics_port: Port = 9102


class RespondSettings(Section, frozen=True):
    """How signals become incidents."""

    metrics_port: Port = 9103


class TrainerSettings(Section, frozen=True):
    """How the text model learns. A version counts from the first bucket at least `lead_s` ahead."""

    publish_s: Positive = 300.0
    lead_s: NotNegative = 60.0
    metrics_port: Port = 9105


class BlueskySettings(Section, frozen=True):
    """The public Jetstream; an address that ends in ``network.bsky.jetstream.subscribeEvents`` is read as v2.

    `max_cursor_age_h`: an older cursor is reported as a gap and not asked for. `rewind_s`: how far before the cursor to
    go on. `gap_s`: a server that goes on later than asked by more than this has left something out. `remembered_posts`:
    how many posts a deletion can still be found for, at about 0.5 kB each. `late_s`: how much later than it was written
    a post may come.
    """

    url: str = "wss://jetstream2.us-east.bsky.network/subscribe"
    max_cursor_age_h: Positive = 24.0
    rewind_s: NotNegative = 5.0
    gap_s: Positive = 60.0
    remembered_posts: AtLeastOne = 100_000
    late_s: NotNegative = 30.0
    metrics_port: Port = 9106


class WebhookSourceSettings(Section, frozen=True):
    """Mentions by signed HTTP POST. A request whose timestamp is off by more than `replay_window_s` is refused.

    `late_s` is how much later than it was written a mention may come: whoever posts to it knows.
    """

    host: str = "127.0.0.1"
    port: Port = 8082
    secret: SecretFrom = SecretFrom(env="FIREBREAK_WEBHOOK_SECRET")
    replay_window_s: Positive = 300.0
    late_s: NotNegative = 300.0
    metrics_port: Port = 9107


class OtherSourceSettings(Section, frozen=True):
    """A producer of mentions that is not one of ours, by the name it writes into `source`: how late it may be."""

    late_s: NotNegative


class SourceSettings(Section, frozen=True):
    """The sources there are. `lease_s`: how long another instance waits after one was killed before it takes over.

    `other` are those that write to Kafka, or to the webhook, under a name of their own.
    """

    lease_s: Positive = 15.0
    bluesky: BlueskySettings = BlueskySettings()
    webhook: WebhookSourceSettings = WebhookSourceSettings()
    other: dict[Name, OtherSourceSettings] = msgspec.field(default_factory=dict)


class Settings(PlaybookSettings, frozen=True):
    """The whole file."""

    kafka: KafkaSettings = KafkaSettings()
    triage: TriageSettings = TriageSettings()
    watch: WatchSettings = WatchSettings()
    respond: RespondSettings = RespondSettings()
    trainer: TrainerSettings = TrainerSettings()
    sources: SourceSettings = SourceSettings()
    any_brand: bool = False


def read_settings(folder: Path | None) -> Settings:
    """The settings in `folder`, or the defaults where no folder is named; raises `SettingsError`."""
    if folder is None:
        return Settings()
    path = folder / FILE_NAME
    if not path.is_file():
        raise SettingsError(f"{path} is not there; make it, or name the folder that holds it with --config DIR")
    try:
        settings = load(path, Settings)
        settings = replace(settings, rotas=beside(folder, settings.rotas))
        if settings.library is not None:
            settings = replace(settings, library=str(folder / settings.library))
        _check(path, settings)
    except YamlFault as fault:
        taught = next((words for begins, words in RETIRED.items() if fault.message.startswith(begins)), "")
        raise SettingsError(f"{fault}{taught}") from None
    return settings


def _check(path: Path, settings: Settings) -> None:
    """What the types cannot say."""
    source = path.read_text(encoding="utf-8")
    faults = (rota_faults, contact_faults, address_faults, _bluesky, scheduler_faults, policy_faults)
    for where, wrong in (fault for faults_of in faults for fault in faults_of(settings)):
        raise SettingsError(f"{path}:{line_of(source, where)}: {wrong}")
    for name, brand in settings.brands.items():
        for place, planned in enumerate(brand.planned):
            if planned.ends <= planned.begins:
                line = line_of(source, f"$.brands.{name}.planned[{place}].to")
                raise SettingsError(
                    f"{path}:{line}: the campaign '{planned.name}' of {name} ends at {planned.ends.isoformat()}, "
                    f"which is not after it begins, {planned.begins.isoformat()}; put `to` after `from`"
                )
    if holds_password(settings.store.url):
        raise SettingsError(
            f"{path}:{line_of(source, '$.store.url')}: store.url holds a password; take it out, and name its place "
            "under store.password: write {env: NAME} or {file: PATH}"
        )
    if SYSTEM_BRAND in settings.brands:
        line = line_of(source, f"$.brands.{SYSTEM_BRAND}")
        raise SettingsError(
            f"{path}:{line}: no brand may be called '{SYSTEM_BRAND}', the name under which Firebreak tells of its own "
            "troubles; call it otherwise"
        )


def _bluesky(settings: Settings) -> Iterator[tuple[str, str]]:
    if wrong := address_fault(settings.sources.bluesky.url, schemes=("ws", "wss")):
        yield "$.sources.bluesky.url", f"sources.bluesky.url {wrong}"
