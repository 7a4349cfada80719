"""docker-compose.yml against the settings, the brokers of the tests, and the files it mounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from playbooks.labels import Role, SourceName
from playbooks.settings.section import SecretFrom
from streams.brokers import apache
from tests.parts.deployment import COMPOSE, PROMETHEUS, deployed_settings, our_services, read_yaml, services
from tests.parts.require import CHECKOUT

SETTINGS = deployed_settings()
HEALTH_PORTS = {
    "triage": SETTINGS.triage.metrics_port,
    "watch": SETTINGS.watch.metrics_port,
    "respond": SETTINGS.respond.metrics_port,
    "trainer": SETTINGS.trainer.metrics_port,
    "runner": SETTINGS.runner.metrics_port,
    "gate": SETTINGS.gate.port,
    "console": SETTINGS.console.port,
    "source-bluesky": SETTINGS.sources.bluesky.metrics_port,
    "source-webhook": SETTINGS.sources.webhook.metrics_port,
}
PROPERTIES = (CHECKOUT / "deploy" / "kafka" / "server.properties").read_text(encoding="utf-8")
KAFKA = dict(line.split("=", 1) for line in PROPERTIES.splitlines() if line and not line.startswith("#"))
DOCKERFILE = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
EVERY_SERVICE = pytest.mark.parametrize("name", services())
OUR_SERVICES = pytest.mark.parametrize("name", our_services())


def secrets_of(value: Any) -> Iterator[str]:
    """The environment variables that settings name as the places of secrets."""
    if isinstance(value, SecretFrom):
        yield from [value.env] if value.env else []
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from secrets_of(getattr(value, field))
    elif isinstance(value, dict):
        for item in value.values():
            yield from secrets_of(item)


def environment(name: str) -> dict[str, str]:
    given: dict[str, str] = services()[name].get("environment", {})
    return given


def test_every_role_and_source_is_a_service_of_its_own() -> None:
    roles = {role.value for role in Role if role is not Role.SOURCE}
    assert our_services().keys() == roles | {f"source-{source.value}" for source in SourceName}


@OUR_SERVICES
def test_a_service_of_ours_starts_what_its_name_says_with_the_mounted_settings(name: str) -> None:
    command = our_services()[name]["command"]
    started = {"triage", "watch", "respond"} & {name}
    expected = ["worker", "--role", name] if started else name.split("-")
    assert command == ["--config", "/etc/firebreak", *expected]
    assert our_services()[name]["volumes"] == ["./deploy/firebreak:/etc/firebreak:ro"]


@OUR_SERVICES
def test_a_service_of_ours_is_asked_for_its_health_where_the_settings_put_it(name: str) -> None:
    test = our_services()[name]["healthcheck"]["test"]
    assert re.findall(r"http://127\.0\.0\.1:(\d+)/healthz", test[-1]) == [str(HEALTH_PORTS[name])]


@OUR_SERVICES
def test_a_service_of_ours_may_do_no_more_than_it_must(name: str) -> None:
    service = our_services()[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["depends_on"] == {needed: {"condition": "service_healthy"} for needed in ("kafka", "postgres")}


@EVERY_SERVICE
def test_a_service_comes_back_and_says_whether_it_is_well(name: str) -> None:
    assert services()[name]["restart"] == "unless-stopped"
    assert services()[name]["healthcheck"]["test"][0] == "CMD"


@EVERY_SERVICE
def test_an_image_is_pinned_to_a_release(name: str) -> None:
    _, colon, tag = services()[name]["image"].rpartition(":")
    assert colon
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+)?", tag)


def test_our_image_and_kafkas_are_the_versions_that_the_tests_run() -> None:
    assert {service["image"] for service in our_services().values()} == {f"firebreak:{version('firebreak')}"}
    assert services()["kafka"]["image"] == f"apache/kafka:{apache.version()}"


@EVERY_SERVICE
def test_a_port_is_published_on_this_machine_only(name: str) -> None:
    for published in services()[name].get("ports", ()):
        host, outside, inside = published.split(":")
        assert host == "127.0.0.1"
        assert outside == inside


def test_published_are_the_console_the_gate_the_webhook_and_what_operators_look_at() -> None:
    published = {
        name: {int(port.rpartition(":")[2]) for port in service["ports"]}
        for name, service in services().items()
        if "ports" in service
    }
    assert published == {
        "console": {SETTINGS.console.port},
        "gate": {SETTINGS.gate.port},
        "source-webhook": {SETTINGS.sources.webhook.port},
        "kafka": {int(listeners(KAFKA["advertised.listeners"])["MACHINE"][1])},
        "prometheus": {9090},
        "grafana": {3000},
    }


def test_what_containers_ask_of_each_other_is_not_on_the_loopback() -> None:
    hosts = [SETTINGS.metrics_host, SETTINGS.gate.host, SETTINGS.console.host, SETTINGS.sources.webhook.host]
    assert hosts == ["0.0.0.0"] * 4


@EVERY_SERVICE
def test_what_is_mounted_from_the_checkout_is_there_and_cannot_be_written(name: str) -> None:
    for mount in services()[name].get("volumes", ()):
        where, _, rest = mount.partition(":")
        if where.startswith("./"):
            assert (CHECKOUT / where).exists()
            assert rest.endswith(":ro")
        else:
            assert where in read_yaml(COMPOSE)["volumes"]


def test_every_secret_of_the_settings_is_in_the_example_and_handed_to_a_service() -> None:
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    named = set(secrets_of(SETTINGS))
    handed = {key for name in our_services() for key in environment(name)}
    assert named <= set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    assert named <= handed
    assert all(SETTINGS.store.password and SETTINGS.store.password.env in environment(name) for name in our_services())


def test_a_secret_is_never_in_the_compose_file_and_its_lack_stops_the_start() -> None:
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    for name in services():
        for key, value in environment(name).items():
            if re.search("PASSWORD|TOKEN|SECRET", key):
                [variable, otherwise] = re.findall(r"^\$\{(\w+):(.*)\}$", value)[0]
                assert f"\n{variable}=\n" in example
                assert otherwise.startswith("?") or variable == "FIREBREAK_GRAFANA_TOKEN"


def test_the_example_is_shared_and_what_is_filled_in_is_not() -> None:
    assert ".env" in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "!.env" not in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8")


def listeners(text: str) -> dict[str, tuple[str, str]]:
    """Host and port of each of Kafka's listeners by name."""
    found = re.findall(r"(\w+)://([\w.]*):(\d+)", text)
    return {name: (host, port) for name, host, port in found}


def test_the_settings_name_kafka_as_it_calls_itself() -> None:
    host, port = listeners(KAFKA["advertised.listeners"])["INSIDE"]
    assert f"{host}:{port}" == SETTINGS.kafka.servers
    assert host in services()
    assert listeners(KAFKA["listeners"])["INSIDE"] == ("", port)
    assert (
        KAFKA["controller.quorum.voters"]
        == f"{KAFKA['node.id']}@{host}:{listeners(KAFKA['listeners'])['CONTROLLER'][1]}"
    )


def test_kafka_keeps_its_data_where_the_volume_is_and_makes_no_topic_by_itself() -> None:
    assert f"kafka-data:{KAFKA['log.dirs']}" in services()["kafka"]["volumes"]
    assert KAFKA["auto.create.topics.enable"] == "false"
    assert int(KAFKA["offsets.topic.replication.factor"]) == SETTINGS.kafka.replication


def test_the_broker_of_the_tests_differs_only_in_where_it_listens_and_keeps_its_data(tmp_path: Path) -> None:
    own = apache.own_properties(1, 2, tmp_path)
    changed = set(apache.with_overrides(PROPERTIES, own).splitlines()) ^ set(PROPERTIES.splitlines())
    assert {line.partition("=")[0] for line in changed} == own.keys()
    assert own.keys() == {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}


def test_the_settings_name_the_store_as_postgres_is_started() -> None:
    store, postgres = urlsplit(SETTINGS.store.url), environment("postgres")
    assert (store.hostname, store.username, store.path) == (
        "postgres",
        postgres["POSTGRES_USER"],
        f"/{postgres['POSTGRES_DB']}",
    )
    assert SETTINGS.store.password == SecretFrom(env="FIREBREAK_STORE_PASSWORD")
    assert postgres["POSTGRES_PASSWORD"] == environment("triage")["FIREBREAK_STORE_PASSWORD"]


def test_prometheus_asks_every_process_of_ours_where_the_settings_put_its_metrics() -> None:
    asked = {}
    for job in read_yaml(PROMETHEUS)["scrape_configs"]:
        [found] = job["dns_sd_configs"]
        assert found["names"] == [job["job_name"]]
        asked[job["job_name"]] = found["port"]
    assert asked == HEALTH_PORTS


def test_grafana_finds_prometheus_and_the_dashboards_where_they_are() -> None:
    provisioning = CHECKOUT / "deploy" / "grafana" / "provisioning"
    [source] = read_yaml(next((provisioning / "datasources").iterdir()))["datasources"]
    [provider] = read_yaml(next((provisioning / "dashboards").iterdir()))["providers"]
    mounts = {mount.split(":")[1] for mount in services()["grafana"]["volumes"]}
    assert urlsplit(source["url"]).hostname in services()
    assert source["jsonData"]["timeInterval"] == read_yaml(PROMETHEUS)["global"]["scrape_interval"]
    assert provider["options"]["path"] in mounts


def test_the_image_is_built_from_pinned_parts_checked_by_hash_and_does_not_run_as_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm", base) for base in bases)
    assert DOCKERFILE.count("--require-hashes") == 2
    assert re.findall(r"^USER (\d+):\d+", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert DOCKERFILE.rindex("USER") > DOCKERFILE.rindex("FROM")


def test_what_the_image_copies_is_let_in_and_there() -> None:
    let_in = re.findall(r"^!(\S+)", (CHECKOUT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert all((CHECKOUT / path).exists() for path in let_in)
    [copied] = re.findall(r"^COPY (requirements/\S+ requirements/\S+) requirements/$", DOCKERFILE, re.MULTILINE)
    assert set(copied.split()) <= set(let_in)
