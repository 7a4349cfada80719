"""The brokers for tests: one of each kind for the whole run, and an empty one where a test needs it.

Topic names are Firebreak's own, so tests that start workers want ``empty_broker`` (or ``empty_embedded_broker``);
others use names of their own (`fresh_name`) on ``broker``, which is both kinds in turn.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import pytest
from kafka.admin import KafkaAdminClient

from streams.brokers import apache, embedded
from streams.brokers.broker import Broker
from tests.parts.require import require

BOTH = ["embedded", pytest.param("apache", marks=pytest.mark.kafka)]
GONE_S = 20.0


def fresh_name(what: str) -> str:
    """A topic's or group's name that no other test has used."""
    return f"{what}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[Broker]:
    """One embedded broker for the whole run."""
    require("embedded")
    with embedded.start() as broker:
        yield broker


@pytest.fixture(scope="session")
def apache_broker() -> Iterator[Broker]:
    """One Apache Kafka for the whole run."""
    require("java", "maven")
    with apache.start() as broker:
        yield broker


@pytest.fixture(params=BOTH)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each kind of broker in turn; it may hold what other tests left."""
    found: Broker = request.getfixturevalue(f"{request.param}_broker")
    return found


@pytest.fixture
def empty_embedded_broker(embedded_broker: Broker) -> Broker:
    """The embedded broker without topics or groups."""
    embedded_broker.restart()
    return embedded_broker


@pytest.fixture
def empty_apache_broker(apache_broker: Broker) -> Broker:
    """Apache Kafka without topics or groups of ours."""
    clear(apache_broker)
    return apache_broker


@pytest.fixture(params=BOTH)
def empty_broker(request: pytest.FixtureRequest) -> Broker:
    """Each kind of broker in turn, without topics or groups of ours."""
    found: Broker = request.getfixturevalue(f"empty_{request.param}_broker")
    return found


def clear(broker: Broker) -> None:
    """Remove all topics and groups that Kafka does not keep for itself; a member that was killed is waited for."""
    with KafkaAdminClient(bootstrap_servers=broker.servers) as admin:
        deadline = time.monotonic() + GONE_S
        while left := _groups(admin) + _topics(admin):
            assert time.monotonic() < deadline, f"still there: {left}"
            if groups := _groups(admin):
                admin.delete_groups(groups)
            if topics := _topics(admin):
                admin.delete_topics(topics, raise_errors=False)
            time.sleep(0.05)


def _groups(admin: KafkaAdminClient) -> list[str]:
    return [group["group_id"] for group in admin.list_groups()]


def _topics(admin: KafkaAdminClient) -> list[str]:
    return [name for name in admin.list_topics() if not name.startswith("__")]
