"""How brokers start and end: on a port of their own, never outliving the program, never half made."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from streams.brokers import apache, embedded
from streams.brokers.broker import Broker, BrokerUnreachable, answers, free_port
from streams.brokers.child import Child
from streams.settings import KafkaSettings
from streams.topics import ensure_topics
from tests.parts.require import require
from tests.parts.waiting import wait_until


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """An embedded broker of this test alone."""
    require("embedded")
    with embedded.start() as broker:
        yield broker


def test_a_started_broker_answers_and_a_closed_one_leaves_nothing(own_broker: Broker) -> None:
    assert answers("127.0.0.1", own_broker.port)
    assert own_broker.folder.is_dir()
    own_broker.close()
    assert not psutil.pid_exists(own_broker.pid)
    assert not own_broker.folder.exists()
    assert not answers("127.0.0.1", own_broker.port)


def test_closing_twice_and_stopping_what_has_crashed_is_harmless(own_broker: Broker) -> None:
    psutil.Process(own_broker.pid).kill()
    wait_until(lambda: not own_broker.running, "the broker has crashed")
    own_broker.stop()
    own_broker.close()
    own_broker.close()


def test_the_embedded_broker_comes_back_on_its_port_and_empty(own_broker: Broker) -> None:
    settings = KafkaSettings(servers=own_broker.servers)
    made = ensure_topics(settings)
    own_broker.kill()
    assert not own_broker.running
    own_broker.restart()
    assert settings.servers == own_broker.servers
    assert ensure_topics(settings) == made


def test_ctrl_c_in_the_terminal_does_not_reach_a_broker(own_broker: Broker) -> None:
    assert os.getpgid(own_broker.pid) != os.getpgid(0)


def test_a_broker_ends_with_the_program_that_started_it_even_by_sigkill() -> None:
    require("embedded")
    program = (
        "import time; from streams.brokers import embedded; broker = embedded.start(); "
        "print(broker.pid, broker.folder, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid, folder = started.stdout.readline().split()
        assert psutil.pid_exists(int(pid))
        started.send_signal(signal.SIGKILL)
        started.wait()
    wait_until(lambda: not psutil.pid_exists(int(pid)), "the broker has ended")
    wait_until(lambda: not Path(folder).exists(), "its folder is gone")


def test_nothing_is_left_of_a_program_that_was_killed_while_it_ended_a_server(tmp_path: Path) -> None:
    folder = tmp_path / "firebreak-broker"
    folder.mkdir()
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    program = (
        "import os, sys, time; from pathlib import Path; from streams.brokers.child import Child; "
        f"child = Child([sys.executable, '-c', {stubborn!r}], Path({str(folder)!r}), Path({str(folder / 'log')!r}))\n"
        "while 'up' not in child.last_words(): time.sleep(0.02)\n"
        "print(child.pid, flush=True); child.stop()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        wait_until(lambda: psutil.Process(started.pid).status() == psutil.STATUS_SLEEPING, "it waits for its server")
        started.send_signal(signal.SIGKILL)
        started.wait()
    wait_until(lambda: not psutil.pid_exists(pid), "the server has ended")
    wait_until(lambda: not folder.exists(), "its folder is gone")


def test_where_there_is_no_program_for_the_platform_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", "/nowhere/tansu")
    with pytest.raises(BrokerUnreachable, match=r"no program for \w+ on \w+; run Apache Kafka .* kafka\.servers"):
        embedded.start()


def test_a_broker_that_does_not_come_up_is_ended_and_its_last_words_are_told(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo no room on the disk; exit 3"]
    with pytest.raises(BrokerUnreachable, match=r"the test broker did not come up .*no room on the disk"):
        Broker("test", lambda port: command, tmp_path, ready_s=5)


def test_a_broker_that_stays_silent_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnreachable, match=r"within 0\.2 s"):
        Broker("test", lambda port: ["/bin/sleep", "60"], tmp_path, ready_s=0.2)
    left = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in left if str(tmp_path) in command]


def test_a_command_that_does_not_want_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.brokers.child.ASK_S", 0.2)
    child = Child(["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], tmp_path, tmp_path / "log")
    wait_until(lambda: "deaf" in child.last_words(), "the child is up")
    child.stop()
    assert not child.running
    assert not psutil.pid_exists(child.pid)


def test_a_command_that_is_not_there_is_told_in_its_log(tmp_path: Path) -> None:
    child = Child(["/nowhere/broker"], tmp_path, tmp_path / "log")
    assert child.pid == 0
    child.stop()
    assert "No such file or directory: '/nowhere/broker'" in child.last_words()


def test_a_free_port_is_free_and_not_one_that_outgoing_connections_use() -> None:
    ports = [free_port() for _ in range(20)]
    assert all(20_000 <= port < 32_000 for port in ports)
    with socket.create_server(("127.0.0.1", ports[0])):
        assert free_port() != ports[0]


def test_something_else_on_the_port_is_not_taken_for_a_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            link, _ = server.accept()
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            link.close()

        threading.Thread(target=reply, daemon=True).start()
        assert not answers("127.0.0.1", server.getsockname()[1])


@pytest.mark.slow
def test_apache_kafka_keeps_its_data_over_a_crash(empty_apache_broker: Broker) -> None:
    settings = KafkaSettings(servers=empty_apache_broker.servers)
    assert ensure_topics(settings)
    empty_apache_broker.kill()
    empty_apache_broker.restart()
    assert ensure_topics(settings) == []


@pytest.fixture
def slow_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `mvn` that fetches one jar in half a second and notes that it was asked."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\necho asked >> {tmp_path}/asked\nsleep 0.5\n"
        'for word; do case "$word" in -DoutputDirectory=*) touch "${word#*=}/kafka.jar";; esac; done\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def test_two_programs_that_need_the_jars_at_once_fetch_them_once(slow_maven: Path) -> None:
    require("java")
    cache = slow_maven / "cache"
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(apache.jars, [cache, cache])
    assert first == second == cache / f"kafka-{apache.version()}"
    assert [path.name for path in first.iterdir()] == ["kafka.jar"]
    assert (slow_maven / "asked").read_text().split() == ["asked"]


def test_jars_that_could_not_be_fetched_leave_nothing_half_made(slow_maven: Path) -> None:
    require("java")
    (slow_maven / "bin" / "mvn").write_text("#!/bin/sh\necho Could not transfer artifact >&2\nexit 1\n")
    with pytest.raises(BrokerUnreachable, match=r"fetching Kafka's jars .* exit code 1: Could not transfer artifact"):
        apache.jars(slow_maven / "cache")
    assert [path.suffix for path in (slow_maven / "cache").iterdir()] == [".lock"]


def test_without_java_or_maven_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnreachable, match="needs Java 17 or later and Maven, found: Java is not there, Maven is"):
        apache.jars(tmp_path)


def test_a_java_that_is_too_old_is_named(slow_maven: Path) -> None:
    java = slow_maven / "bin" / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.24\" 2024-07-16' >&2\n")
    java.chmod(0o755)
    with pytest.raises(BrokerUnreachable, match="needs Java 17 or later and Maven, found: Java 11, Maven is there"):
        apache.jars(slow_maven)
    assert not (slow_maven / "asked").exists()


def test_a_property_that_is_to_be_replaced_must_be_there() -> None:
    with pytest.raises(ValueError, match=r"not among the properties: log\.dir"):
        apache.with_overrides("log.dirs=/data", {"log.dir": "/tmp/x"})
