"""Real Apache Kafka in KRaft mode, from the jars on Maven Central: for the fault tests and the benchmark.

It runs from a checkout: `deploy/kafka/pom.xml` pins the version, `deploy/kafka/server.properties` is the very file that
the containers run with, and only listeners, quorum and directories are its own. The jars (54 MB) are fetched once into
``.cache/kafka-<version>``.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from streams.brokers.broker import LOOPBACK, Broker, BrokerUnreachable, free_port

_CHECKOUT = Path(__file__).resolve().parents[2]
_POM = _CHECKOUT / "deploy" / "kafka" / "pom.xml"
_PROPERTIES = _CHECKOUT / "deploy" / "kafka" / "server.properties"
JAVA = 17
"""The oldest Java that Kafka 4 runs on."""

_READY_S = 90.0
_FORMAT_S = 60.0
_FETCH_S = 900.0


def start() -> Broker:
    """Start Apache Kafka on a spare loopback port, with an empty data folder of its own; it answers on return.

    Its data outlives `Broker.stop`, `Broker.kill` and `Broker.restart`, and goes with `Broker.close`. Raises
    `BrokerUnreachable` where Java, Maven or the jars are not to be had.
    """
    classpath = f"{jars()}{os.sep}*"
    folder = Path(tempfile.mkdtemp(prefix="firebreak-kafka-"))
    properties = folder / "server.properties"
    controller_port = free_port()

    def command(port: int) -> list[str]:
        if not properties.exists():
            own = own_properties(port, controller_port, folder / "data")
            properties.write_text(with_overrides(_PROPERTIES.read_text(encoding="utf-8"), own), encoding="utf-8")
            _format(classpath, properties)
        return ["java", "-Xmx1g", "-cp", classpath, "kafka.Kafka", str(properties)]

    try:
        return Broker("Apache Kafka", command, folder, _READY_S)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def own_properties(port: int, controller_port: int, data: Path) -> dict[str, str]:
    """What this broker cannot share with the one in the containers: where it listens and where its data is."""
    return {
        "listeners": f"INSIDE://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"INSIDE://{LOOPBACK}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "log.dirs": str(data),
    }


def with_overrides(properties: str, overrides: dict[str, str]) -> str:
    """A Java properties text with some values replaced; each key must be there, so that a renamed one is noticed.

    >>> with_overrides("# where\\nlog.dirs=/data\\nnode.id=1", {"log.dirs": "/tmp/x"})
    '# where\\nlog.dirs=/tmp/x\\nnode.id=1'
    """
    missing = dict(overrides)
    lines = []
    for line in properties.split("\n"):
        key = line.partition("=")[0].strip()
        lines.append(f"{key}={missing.pop(key)}" if key in missing else line)
    if missing:
        raise ValueError(f"not among the properties: {', '.join(sorted(missing))}")
    return "\n".join(lines)


def jars(cache: Path = _CHECKOUT / ".cache") -> Path:
    """The folder of the broker's jars under `cache`; fetched by Maven the first time, whole or not at all.

    Two programs that need them at once do not meet: the second waits for the first, and finds them there.
    """
    if java_version() < JAVA or shutil.which("mvn") is None:
        found = f"Java {java_version() or 'is not there'}, Maven {'is' if shutil.which('mvn') else 'is not'} there"
        raise BrokerUnreachable(
            f"Apache Kafka cannot be started here: it needs Java {JAVA} or later and Maven, found: {found}; "
            f"on Debian or Ubuntu: apt-get install openjdk-{JAVA}-jre-headless maven"
        )
    wanted = cache / f"kafka-{version()}"
    if wanted.is_dir():
        return wanted
    cache.mkdir(exist_ok=True)
    with (cache / f"{wanted.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            _fetch(wanted)
    return wanted


def java_version() -> int:
    """The main version of the Java on the PATH; 0 where there is none."""
    if shutil.which("java") is None:
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0


def version() -> str:
    """The version of Kafka that the pom pins."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", _POM.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{_POM} has no property kafka.version")
    return found[1]


def _fetch(wanted: Path) -> None:
    half_made = Path(tempfile.mkdtemp(prefix=f"{wanted.name}.", dir=wanted.parent))
    command = [
        *("mvn", "--batch-mode", "--quiet", "--strict-checksums", f"--file={_POM}"),
        *("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={half_made}"),
    ]
    try:
        _run(command, "fetching Kafka's jars with Maven", _FETCH_S)
        half_made.chmod(0o755)
        half_made.rename(wanted)
    finally:
        shutil.rmtree(half_made, ignore_errors=True)


def _format(classpath: str, properties: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With the equals sign: the id may begin with a dash.
    command = ["java", "-cp", classpath, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
    _run([*command, "-c", str(properties)], "preparing Kafka's data folder", _FORMAT_S)


def _run(command: list[str], doing: str, within_s: float) -> None:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=within_s, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise BrokerUnreachable(f"{doing} took longer than {within_s:g} s; is there a way to Maven Central?") from None
    if ended.returncode:
        said = "\n".join((ended.stdout + ended.stderr).splitlines()[-8:])
        raise BrokerUnreachable(f"{doing} failed with exit code {ended.returncode}: {said}")
