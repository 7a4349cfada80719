"""What is deployed, put to the programs that will read it, as far as they run without containers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from streams.brokers import apache
from streams.settings import TriageSettings
from tests.parts.deployment import PROMETHEUS, SETTINGS, our_services, read_yaml, services
from tests.parts.prometheus import rule_files, rule_queries
from tests.parts.require import CHECKOUT, require

PACKAGES = ("detectors", "playbooks", "streams")
RULES = [rule for path in rule_files() for group in read_yaml(path)["groups"] for rule in group["rules"]]


def promtool(*words: str | Path) -> None:
    require("promtool")
    ended = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_prometheus_takes_its_settings_and_rules() -> None:
    promtool("check", "config", PROMETHEUS)
    promtool("check", "rules", *rule_files())


def test_alerts_fire_where_they_should_and_are_quiet_where_they_should() -> None:
    promtool("test", "rules", CHECKOUT / "tests" / "data" / "prometheus" / "rules_test.yml")


def test_every_alert_is_tried() -> None:
    tried = (CHECKOUT / "tests" / "data" / "prometheus" / "rules_test.yml").read_text(encoding="utf-8")
    untried = {rule["alert"] for rule in RULES if rule["alert"] not in tried}
    assert untried == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_means_and_whether_to_wake_somebody(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in ("page", "look", "heartbeat")
    assert len(rule["annotations"]["summary"]) > 20
    assert len(rule["annotations"]["description"]) > 60


def test_dead_letters_wake_somebody_from_the_share_on_at_which_they_are_sampled() -> None:
    [asked] = [asked.expr for asked in rule_queries() if "DeadLetters" in asked.where]
    assert f"> {TriageSettings().dead_share}" in asked
    assert f">= {TriageSettings().dead_share_of_at_least}" in asked


@pytest.mark.parametrize("name", our_services())
def test_a_service_starts_with_the_settings_and_secrets_it_is_given_and_misses_only_the_others(name: str) -> None:
    service = our_services()[name]
    assert service["command"][:2] == ["--config", "/etc/firebreak"]
    ended = subprocess.run(
        [sys.executable, "-m", "streams", "--config", SETTINGS, *service["command"][2:]],
        env={"PATH": "/usr/bin:/bin"} | dict.fromkeys(service["environment"], "made-up-and-long-enough"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Outside the containers' network nobody answers to those names.
    assert ended.stderr.startswith(("firebreak: no Kafka at kafka:9092", "firebreak: the store postgresql+psycopg://"))
    assert ended.stderr.count("\n") == 1
    assert ended.returncode == 2


@pytest.mark.kafka
def test_the_official_kafka_image_takes_the_mounted_properties_as_they_are(tmp_path: Path) -> None:
    require("java", "maven")
    mounted, defaults, final, data = (tmp_path / name for name in ("mounted", "defaults", "final", "data"))
    for folder in (mounted, defaults, final, data):
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (defaults / name).touch()
    properties = CHECKOUT / "deploy" / "kafka" / "server.properties"
    shutil.copy(properties, mounted)
    folders = [f"--default-configs-dir={defaults}", f"--mounted-configs-dir={mounted}", f"--final-configs-dir={final}"]
    # The class that the image runs first: it brings the settings together and formats the data folder.
    ended = subprocess.run(
        ["java", "-cp", f"{apache.jars()}/*", "kafka.docker.KafkaDockerWrapper", "setup", *folders],
        env={
            "PATH": "/usr/bin:/bin",
            "CLUSTER_ID": services()["kafka"]["environment"]["CLUSTER_ID"],
            "KAFKA_LOG_DIRS": str(data),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (data / "meta.properties").exists()
    assert (final / "server.properties").read_text().startswith(properties.read_text())


def test_the_image_gets_every_file_of_the_program(tmp_path: Path) -> None:
    for name in PACKAGES:
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, tmp_path)
    there = {str(path.relative_to(tmp_path)) for name in PACKAGES for path in (tmp_path / name).rglob("*.*")}
    # As deploy/Dockerfile has it.
    build = 'from setuptools.build_meta import build_wheel; build_wheel("dist")'
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as packed:
        assert there - set(packed.namelist()) == set()
