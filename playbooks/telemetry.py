"""The metric vocabulary: every metric of every process, and nothing else.

Write to the objects below; label values are enum members or come through `brand_label`. A process calls `start` once
with its roles: only then, and only for those roles, are metrics shown, each label value from 0, so that a panel shows
0 and not "no data", and a missing metric means a missing process.

Cardinality is bounded: a brand that nobody configured never becomes a label (`OTHER`), nor do more than 24 platforms.
Figures of one brand carry `run_kind`, so that a drill or a replay never draws over life; several drills at once share
one figure, which is enough for a graph (the incident's page has the exact ones).

>>> from playbooks.labels import MentionOutcome
>>> MENTIONS.labels(outcome=MentionOutcome.ACCEPTED).inc(2000)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from types import MappingProxyType
from weakref import WeakKeyDictionary

from prometheus_client import REGISTRY, CollectorRegistry, Gauge
from prometheus_client.metrics import MetricWrapperBase

from detectors.mention import Fault
from detectors.signal import SignalKind
from playbooks.armings.arming import Arming
from playbooks.labels import (
    ActionKind,
    Channel,
    ConsolePage,
    DeliveryOutcome,
    EditorialWord,
    GateReason,
    HeartbeatOutcome,
    Judgement,
    MentionOutcome,
    Role,
    RunKind,
    SampleOrigin,
    SignalDecision,
    SourceName,
    StatusClass,
    Verdict,
    WaitCause,
)
from playbooks.oncall.rotas import RotaTrouble
from playbooks.schedulers.decisions import AccountState
from playbooks.vocabulary import ENTERED, Labels, Metric, Named, Unit, counter, gauge, histogram, score_histogram

EVERY = tuple(Role)
KAFKA_READERS = (Role.TRIAGE, Role.WATCH, Role.RESPOND, Role.TRAINER)

# --- triage

MENTIONS = counter(
    "firebreak_mentions_total", [Role.TRIAGE], "Mentions read, by what became of them.", {"outcome": MentionOutcome}
)
LATE_MENTIONS = counter(
    "firebreak_late_mentions_total",
    [Role.TRIAGE],
    "Accepted mentions whose own bucket was already closed; they travel in the bucket open then, with both times.",
)
DEAD_LETTERS = counter(
    "firebreak_dead_letters_total",
    KAFKA_READERS,
    "Records that are no mention, or (from watch, respond and trainer) none of Firebreak's own, by what is wrong.",
    {"reason": Fault},
)
DEAD_LETTERS_SAMPLED = counter(
    "firebreak_dead_letters_sampled_total",
    [Role.TRIAGE],
    "Bad records that were counted but not kept, because too large a share of all records is bad.",
)
CELLS_SENT = counter("firebreak_cells_sent_total", [Role.TRIAGE], "Cells delivered to the topic buckets.")
PARTITION_TIME = gauge(
    "firebreak_partition_time_seconds",
    [Role.TRIAGE],
    Unit.MOMENT,
    "Event time of an input partition in the live run; behind the clock by how far triage is behind.",
    {"partition": Named.PARTITION},
)
NEGATIVITY = score_histogram(
    "firebreak_negativity_score",
    [Role.TRIAGE],
    tuple(step / 10 for step in range(1, 11)),
    "Negativity of scored mentions, where very many come of a sample of them; higher is worse.",
)

# --- watch

BUCKETS_CLOSED = counter("firebreak_buckets_closed_total", [Role.WATCH], "Buckets closed and shown to the detectors.")
BUCKET_CLOSE = histogram(
    "firebreak_bucket_close_seconds",
    [Role.WATCH],
    (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0),
    "Work to close one bucket: bring its cells together, run the detectors.",
)
_PER_SERIES: Labels = {"brand": Named.BRAND, "platform": Named.PLATFORM, "run_kind": RunKind}
BRAND_MENTIONS = gauge(
    "firebreak_brand_mentions_per_minute",
    [Role.WATCH],
    Unit.PER_MINUTE,
    "Mentions of a brand, as the detector of volume last saw them.",
    _PER_SERIES,
)
BRAND_EXPECTED = gauge(
    "firebreak_brand_expected_per_minute",
    [Role.WATCH],
    Unit.PER_MINUTE,
    "Mentions of a brand that its baseline expects for this hour.",
    _PER_SERIES,
)
BRAND_EXPECTED_HIGH = gauge(
    "firebreak_brand_expected_high_per_minute",
    [Role.WATCH],
    Unit.PER_MINUTE,
    "Upper end of the 95 % band round the expected mentions.",
    _PER_SERIES,
)
BRAND_NEGATIVE_SHARE = gauge(
    "firebreak_brand_negative_share",
    [Role.WATCH],
    Unit.SHARE,
    "Share of a brand's scored mentions that are negative, as the detector of negativity last saw it.",
    _PER_SERIES,
)
BRAND_EXPECTED_NEGATIVE_SHARE = gauge(
    "firebreak_brand_expected_negative_share",
    [Role.WATCH],
    Unit.SHARE,
    "Negative share that the brand's baseline expects.",
    _PER_SERIES,
)
BRAND_MISSED = gauge(
    "firebreak_brand_missed_mentions",
    [Role.WATCH],
    Unit.COUNT,
    "Mentions of a brand that should have come since the last one; 0 as soon as something comes.",
    _PER_SERIES,
)
SIGNALS = counter(
    "firebreak_signals_total",
    [Role.WATCH],
    "Signals raised, by what is out of the ordinary.",
    {"kind": SignalKind, "run_kind": RunKind},
)
SNAPSHOTS = counter("firebreak_snapshots_total", [Role.WATCH], "Snapshots of a brand's state delivered.")
WATERMARK = gauge(
    "firebreak_watermark_seconds",
    [Role.WATCH],
    Unit.MOMENT,
    "Event time up to which buckets are closed: the smallest marker over the input partitions.",
    {"run_kind": RunKind},
)

# --- respond

SIGNALS_TAKEN = counter(
    "firebreak_signals_taken_total",
    [Role.RESPOND],
    "Signals taken into the store, by what was decided.",
    {"decision": SignalDecision, "run_kind": RunKind},
)
INCIDENTS_OPEN = gauge(
    "firebreak_incidents_open",
    [Role.RESPOND],
    Unit.COUNT,
    "Incidents open now.",
    {"brand": Named.BRAND_OR_OTHER, "run_kind": RunKind},
)

INCIDENTS_PAGED_WEEK = gauge(
    "firebreak_incidents_paged_week",
    [Role.RESPOND],
    Unit.COUNT,
    "Incidents of life that paged and opened in the last seven days, by what people say that they were.",
    {"brand": Named.BRAND_OR_OTHER, "judgement": Judgement},
)

# --- runner

BRAND_ARMING = gauge(
    "firebreak_brand_arming",
    [Role.RUNNER],
    Unit.COUNT,
    "1 for how far Firebreak may go for a brand now, 0 for the others.",
    {"brand": Named.BRAND, "arming": Arming},
)
MUTES_IN_FORCE = gauge("firebreak_mutes_in_force", [Role.RUNNER], Unit.COUNT, "Mutes in force now.")

DELIVERIES = counter(
    "firebreak_deliveries_total",
    [Role.RUNNER],
    "Attempts to carry out an action, by what came of them.",
    {"action": ActionKind, "channel": Channel, "outcome": DeliveryOutcome, "run_kind": RunKind},
)
OUTBOX_DUE = gauge("firebreak_outbox_due", [Role.RUNNER], Unit.COUNT, "Actions that are due and not yet carried out.")
OUTBOX_OLDEST_DUE = gauge(
    "firebreak_outbox_oldest_due_seconds",
    [Role.RUNNER],
    Unit.SECONDS,
    "How long the oldest action that is due has waited; 0 where none is due.",
)
DELIVERY_DELAY = histogram(
    "firebreak_delivery_delay_seconds",
    [Role.RUNNER],
    (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0),
    "From the moment an action was due to the other side's yes.",
)
UNREACHABLE_ROLES = counter(
    "firebreak_unreachable_roles_total",
    [Role.RUNNER],
    "Actions for a role that nobody could be reached for: nobody in it, or nobody with a channel.",
)
ROTA_TROUBLES = gauge(
    "firebreak_rota_troubles",
    [Role.RUNNER],
    Unit.COUNT,
    "What is wrong with rotas now, by what it is; what was read of them before counts on for a while.",
    {"why": RotaTrouble},
)
CHAIN_WELL = gauge(
    "firebreak_chain_well",
    [Role.RUNNER],
    Unit.COUNT,
    "1 while a mention that comes now would page somebody, as far as the runner sees: watch, respond and it get on.",
)
HEARTBEATS = counter(
    "firebreak_heartbeats_total",
    [Role.RUNNER],
    "What the service outside was told by the runner, and whether it took it.",
    {"outcome": HeartbeatOutcome},
)

SCHEDULER_ACCOUNTS = gauge(
    "firebreak_scheduler_accounts",
    [Role.RUNNER],
    Unit.COUNT,
    "Accounts in schedulers, by what their last read-back shows.",
    {"state": AccountState},
)
SCHEDULED_POSTS_GOING = gauge(
    "firebreak_scheduled_posts_going",
    [Role.RUNNER],
    Unit.COUNT,
    "Posts in schedulers that a hold covers and that would still go out.",
)
SCHEDULED_POSTS_LEAKED = gauge(
    "firebreak_scheduled_posts_leaked",
    [Role.RUNNER],
    Unit.COUNT,
    "Posts that went out of schedulers while a hold that is in force covered them.",
)

# --- gate

GATE_DECISIONS = counter(
    "firebreak_gate_decisions_total",
    [Role.GATE],
    "Answers to schedulers, by answer and reason.",
    {"decision": Verdict, "reason": GateReason},
)
GATE_DECISION_TIME = histogram(
    "firebreak_gate_decision_seconds",
    [Role.GATE],
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0),
    "Time the gate took for an answer.",
)
POLICY_TIME = histogram(
    "firebreak_gate_policy_seconds",
    [Role.GATE],
    (0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0),
    "Time the gate took to read a post for the policy, part of the time for its answer.",
)
EDITORIAL_WORDS = counter(
    "firebreak_gate_editorial_words_total",
    [Role.GATE],
    "Words of people about posts that the policy held, as they were written into the gate's audit.",
    {"word": EditorialWord},
)
BREAK_GLASS_USED = counter(
    "firebreak_gate_break_glass_total",
    [Role.GATE],
    "Posts that went although they were held, by a person's word for that one post.",
)
DETECTION_DEAD = gauge(
    "firebreak_gate_detection_dead",
    [Role.GATE],
    Unit.COUNT,
    "1 while watch has seen nothing for so long that automated posts are held for it, 0 otherwise.",
)
HOLDS_IN_FORCE = gauge(
    "firebreak_holds_in_force",
    [Role.GATE],
    Unit.COUNT,
    "Holds in force now.",
    {"brand": Named.BRAND_OR_OTHER, "run_kind": RunKind},
)

# --- console

CONSOLE_REQUESTS = counter(
    "firebreak_console_requests_total",
    [Role.CONSOLE],
    "Requests to the console.",
    {"page": ConsolePage, "status": StatusClass},
)

# --- sources

_BY_SOURCE: Labels = {"source": SourceName}
SOURCE_MENTIONS = counter(
    "firebreak_source_mentions_total", [Role.SOURCE], "Mentions that Kafka has acknowledged.", _BY_SOURCE
)
SOURCE_BAD_FRAMES = counter(
    "firebreak_source_bad_frames_total", [Role.SOURCE], "Frames or requests that a source could not read.", _BY_SOURCE
)
SOURCE_GAPS = counter(
    "firebreak_source_gaps_total",
    [Role.SOURCE],
    "Times a source could not go on where it stopped, so that posts may be missing.",
    _BY_SOURCE,
)
SOURCE_RECONNECTS = counter(
    "firebreak_source_reconnects_total", [Role.SOURCE], "Times a source had to connect again.", _BY_SOURCE
)
SOURCE_LAG = gauge(
    "firebreak_source_lag_seconds",
    [Role.SOURCE],
    Unit.SECONDS,
    "How far behind the clock the last frame read was written.",
    _BY_SOURCE,
)

# --- trainer

MODEL_VERSION = gauge(
    "firebreak_model_version", [Role.TRAINER], Unit.VERSION, "The newest version of the text model that is published."
)
SAMPLES_LEARNED = counter(
    "firebreak_samples_learned_total",
    [Role.TRAINER],
    "Texts the model has learned from, by where they came from.",
    {"origin": SampleOrigin},
)

# --- every process

BUILD_INFO = gauge(
    "firebreak_build_info",
    EVERY,
    Unit.ONE,
    "A process with this role is there, in this version.",
    {"version": Named.VERSION, "role": Role},
)
SURROUNDINGS_WAITS = counter(
    "firebreak_surroundings_waits_total",
    EVERY,
    "Waits for something outside that is missing, one a try; nothing is acknowledged meanwhile.",
    {"role": Role, "cause": WaitCause},
)
EVENT_LOOP_LAG = gauge(
    "firebreak_event_loop_lag_seconds",
    EVERY,
    Unit.SECONDS,
    "The longest that the event loop kept a timer waiting in the last seconds.",
)
FOLDS_HELD = gauge(
    "firebreak_folds_held", KAFKA_READERS, Unit.COUNT, "Folds read and not yet acknowledged.", {"role": Role}
)
RECORDS_PROCESSED = counter(
    "firebreak_records_processed_total", KAFKA_READERS, "Records read from Kafka and worked on.", {"role": Role}
)
LAST_COMMIT = gauge(
    "firebreak_last_commit_seconds",
    KAFKA_READERS,
    Unit.MOMENT,
    "When the process last acknowledged a record; its own start where it never did.",
    {"role": Role},
)

#: All of the above by name: what docs/metrics.md and the dashboard are made from and checked against.
VOCABULARY: Mapping[str, Metric] = MappingProxyType(ENTERED)

# --- writing

ALL = "ALL"
OTHER = "OTHER"
MAX_PLATFORMS = 24

_BRAND_GAUGES = (
    BRAND_MENTIONS,
    BRAND_EXPECTED,
    BRAND_EXPECTED_HIGH,
    BRAND_NEGATIVE_SHARE,
    BRAND_EXPECTED_NEGATIVE_SHARE,
    BRAND_MISSED,
)
_brands: set[str] = set()
_platforms: set[str] = set()
_shown: WeakKeyDictionary[CollectorRegistry, set[str]] = WeakKeyDictionary()


def start(
    roles: Iterable[Role],
    *,
    brands: Iterable[str] = (),
    registry: CollectorRegistry = REGISTRY,
) -> None:
    """Show the metrics of `roles`, each label value from 0; `brands` become known to `brand_label`.

    May be called again, with other roles or brands; what is counted already stays.
    """
    wanted, release = frozenset(roles), version("firebreak")
    _brands.update(brands)
    named = {
        Named.BRAND: {*_brands},
        Named.BRAND_OR_OTHER: {*_brands, OTHER},
        Named.PLATFORM: {ALL},
    }
    shown = _shown.setdefault(registry, set())
    for metric in VOCABULARY.values():
        if metric.roles & wanted:
            _start_labels(metric, metric.roles & wanted, named)
            if metric.name not in shown:
                registry.register(metric.instrument)
                shown.add(metric.name)
    for role in wanted:
        BUILD_INFO.labels(version=release, role=role).set(1)
    for role in wanted.intersection(KAFKA_READERS):
        LAST_COMMIT.labels(role=role).set_to_current_time()


def brand_label(brand: str) -> str:
    """The brand's label value: its name where it is configured, `OTHER` where not.

    >>> brand_label("nobody-configured-this")
    'OTHER'
    """
    return brand if brand in _brands else OTHER


@dataclass(frozen=True, slots=True)
class BrandReading:
    """What the detectors last saw of a brand on a platform: rates a minute, shares in 0..1, and what fails to come."""

    mentions_per_minute: float
    expected_per_minute: float
    expected_high_per_minute: float
    negative_share: float
    expected_negative_share: float
    missed_mentions: float = 0.0


def show_brand(run_kind: RunKind, brand: str, platform: str | None, reading: BrandReading) -> None:
    """Put a reading on the gauges; `platform` None is the brand as a whole. A brand nobody configured has none.

    One gauge cannot show several brands, so there is no `OTHER` here; nor is there for the 25th platform, which still
    counts in the brand as a whole.
    """
    if brand not in _brands or not _platform_has_room(platform):
        return
    labels = {"brand": brand, "platform": ALL if platform is None else platform, "run_kind": run_kind}
    BRAND_MENTIONS.labels(**labels).set(reading.mentions_per_minute)
    BRAND_EXPECTED.labels(**labels).set(reading.expected_per_minute)
    BRAND_EXPECTED_HIGH.labels(**labels).set(reading.expected_high_per_minute)
    BRAND_NEGATIVE_SHARE.labels(**labels).set(reading.negative_share)
    BRAND_EXPECTED_NEGATIVE_SHARE.labels(**labels).set(reading.expected_negative_share)
    BRAND_MISSED.labels(**labels).set(reading.missed_mentions)


def hide_brands() -> None:
    """Put every brand's gauges to 0. Called before all brands are shown again, so that one that has gone to another
    worker does not stay behind with its last reading."""
    for gauge_of in _BRAND_GAUGES:
        for sample in next(iter(gauge_of.collect())).samples:
            gauge_of.labels(**sample.labels).set(0)


def show_counts(of: Gauge, counts: Mapping[tuple[RunKind, str], int]) -> None:
    """Set `INCIDENTS_OPEN` or `HOLDS_IN_FORCE` whole: by run kind and brand, and 0 for what `counts` leaves out."""
    sums = {(kind, label): 0 for kind in RunKind for label in (*_brands, OTHER)}
    for (kind, brand), count in counts.items():
        sums[kind, brand_label(brand)] += count
    for (kind, label), count in sums.items():
        of.labels(brand=label, run_kind=kind).set(count)


def show_judged(counts: Mapping[tuple[str, Judgement], int]) -> None:
    """Set `INCIDENTS_PAGED_WEEK` whole: by brand and judgement, and 0 for what `counts` leaves out."""
    sums = {(label, judgement): 0 for label in (*_brands, OTHER) for judgement in Judgement}
    for (brand, judgement), count in counts.items():
        sums[brand_label(brand), judgement] += count
    for (label, judgement), count in sums.items():
        INCIDENTS_PAGED_WEEK.labels(brand=label, judgement=judgement).set(count)


def _platform_has_room(platform: str | None) -> bool:
    if platform is None or platform in _platforms:
        return True
    if len(_platforms) >= MAX_PLATFORMS:
        return False
    _platforms.add(platform)
    return True


def _start_labels(metric: Metric, roles: frozenset[Role], named: Mapping[Named, set[str]]) -> None:
    if isinstance(metric.instrument, MetricWrapperBase) and metric.labels:
        for values in product(*_values(metric, roles, named)):
            metric.instrument.labels(*values)


def _values(metric: Metric, roles: frozenset[Role], named: Mapping[Named, set[str]]) -> Iterator[list[str]]:
    for label, values in metric.labels.items():
        if isinstance(values, Named):
            yield sorted(named.get(values, ()))
        else:
            yield [value for value in metric.enum_values(label) if values is not Role or value in roles]
